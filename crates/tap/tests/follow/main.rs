//! The follower against a naive model: random writes, rotations of every kind, and a crash at every step. Every line is taken once, but
//! for those that were destroyed before anybody could read them; and then a hole is told.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may panic, and their names say what they are"
)]

mod disk;
mod memory;
mod model;
