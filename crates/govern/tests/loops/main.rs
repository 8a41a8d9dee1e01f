//! The loop from a finding to a measure and back, in process: an SQLite file, a clock that the tests move, a ladder that does what
//! it is told.

#[path = "../keys/bench.rs"]
#[allow(dead_code, reason = "shared with the tests of keys")]
mod bench;
mod findings;
mod ladder;
mod policies;
mod staffed;
#[path = "../support/world.rs"]
mod world;
