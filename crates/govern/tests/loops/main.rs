//! The loop from a finding to a measure and back, in process: an SQLite file, a clock that the tests move, a ladder that does what
//! it is told.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

#[path = "../keys/bench.rs"]
#[allow(dead_code, reason = "shared with the tests of keys")]
mod bench;
mod cases;
mod effect;
mod findings;
mod grounds;
mod ladder;
mod policies;
mod reverified;
mod staffed;
#[path = "../support/world.rs"]
mod world;
