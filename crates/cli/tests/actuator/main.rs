//! Acting at an exchange that keeps its own gateway, end to end on the built program: the mock exchange has a key API and a log of its own,
//! and no request of its clients ever passes our gate.
//!
//! `exchange` is that mock, `world` is `sumun serve` with a tap on its log and an actuator on its key API.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests may panic, wait for real processes, and their names say what they are"
)]

#[path = "../crash/stage/mod.rs"]
mod stage;
#[path = "../support/mod.rs"]
mod support;

#[path = "../record/house.rs"]
#[allow(dead_code, reason = "several test binaries share it; each uses what it needs")]
mod house;
#[path = "../record_clients/rest.rs"]
#[allow(dead_code, reason = "as above")]
mod rest;
#[path = "../real_clients/waiting.rs"]
#[allow(dead_code, reason = "as above")]
mod waiting;

mod checking;
mod cuts;
mod exchange;
mod faults;
mod told;
mod world;
