//! The loop closes: from a request at the gate to a measure on its key, to the owner and back, by the built program alone.
//!
//! `world` is `sumun serve` with the policy of `policies/test.toml` before a mock exchange, with its people signed in; `bots` are
//! unmodified client libraries on one key, each at an address of its own; `times` measures from what was recorded, never by a
//! clock of the test; `record` reads ledger, log and replay. The tests with clients are in `real_client`, whose name puts them
//! in the lane that needs Python packages. `framing` needs no server: made-up lines through `sumun replay`.
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
#[allow(dead_code, reason = "several test binaries share it; each uses what it needs")]
mod driver;
#[path = "../record_clients/exchange.rs"]
#[allow(dead_code, reason = "as above")]
mod exchange;
#[path = "../record/house.rs"]
#[allow(dead_code, reason = "as above")]
mod house;
#[path = "../record_clients/rest.rs"]
#[allow(dead_code, reason = "as above")]
mod rest;
#[path = "../real_clients/table.rs"]
#[allow(dead_code, reason = "as above")]
mod table;
#[path = "../real_clients/waiting.rs"]
mod waiting;

mod bots;
mod framing;
mod keys;
mod real_client;
mod record;
mod times;
mod world;
