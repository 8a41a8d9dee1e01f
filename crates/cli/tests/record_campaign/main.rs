//! The built control plane and its gate on a disk that fails, and their API tried by a stranger's tool.
//!
//! `campaign`: keys are asked for, approved, issued, narrowed and ended through REST while the process dies at any of its
//! steps; what was answered must stand, and what ended must stay ended. `postgres` and `alone`: the same with control planes and
//! gates as processes of their own (`apart`). `real_client`: `schemathesis` reads the API's own
//! description and tries to find an answer that is not in it. `seeds` is what it tries
//! them on. `rest` is the little HTTP both need.
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

#[path = "../record/house.rs"]
#[allow(dead_code, reason = "several test binaries share it; each uses what it needs")]
mod house;

#[path = "../../../../tests/faults/mod.rs"]
mod faults;

mod alone;
mod apart;
mod campaign;
mod postgres;
mod real_client;
mod rest;
mod seeds;
