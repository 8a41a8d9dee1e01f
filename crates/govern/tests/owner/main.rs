//! What is asked of owners, through the service, on SQLite: what gates saw becomes questions, proofs and results.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

#[allow(dead_code, reason = "the keys' tests use all of it")]
#[path = "../keys/bench.rs"]
mod bench;

mod addresses;
mod letters;
mod questions;
mod seen;
mod verification;

#[path = "../support/world.rs"]
mod world;
