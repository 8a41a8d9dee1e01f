//! Unmodified exchange client libraries, with keys that were asked for, approved, issued and ended through REST: what they
//! can do, how they notice the end on every gate, and what of it is proved.
//!
//! `world` is a mock exchange, a control plane and gates as processes; `rest` speaks the API and keeps every answer;
//! `keys` has keys made as people would; `receipts` checks what gates signed and what the ledger proves; `leaks` looks for
//! secrets. The tests are in `real_client`, whose name puts them in the lane that needs Python packages.
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

#[path = "../real_clients/driver.rs"]
#[allow(dead_code, reason = "two test binaries share it; each uses what it needs")]
mod driver;
#[path = "../record/house.rs"]
#[allow(dead_code, reason = "as above")]
mod house;
#[path = "../record/plane.rs"]
mod plane;
#[path = "../real_clients/table.rs"]
#[allow(dead_code, reason = "as above")]
mod table;
#[path = "../real_clients/waiting.rs"]
mod waiting;

mod exchange;
mod gate;
mod keys;
mod leaks;
mod real_client;
mod receipts;
mod rest;
mod world;
