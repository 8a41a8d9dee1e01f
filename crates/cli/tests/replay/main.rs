//! `sumun replay` and `sumun explain` as a person runs them.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests may panic, and their names say what they are"
)]

#[path = "../support/mod.rs"]
mod support;

mod equal;
mod explained;
mod lines;
mod world;
