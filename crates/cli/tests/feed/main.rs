//! A gate that follows the feed, as a real process, against a small server that speaks it.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests may panic, wait for real processes, and their names say what they are"
)]

#[path = "../support/mod.rs"]
mod support;

#[path = "../crash/stage/mod.rs"]
mod stage;

mod alone;
mod cut;
mod enrol;
mod kills;
mod lies;
mod ramp;
mod server;
mod world;
