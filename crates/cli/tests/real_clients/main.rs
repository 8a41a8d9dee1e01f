//! Unmodified exchange client libraries through the built gate to a mock exchange: what they can do, what a refusal looks
//! like to them, what is on record afterwards.
//!
//! `stage` sets up the mock, the gate's process and its keys file; `driver` runs a library in a process of its own;
//! `records` reads the event log back; `table` is the checked-in table of refusals. The tests are in `real_client`,
//! whose name puts them in the lane that needs Python packages.
//!
//! Never calls the gate's code: everything goes over sockets, files, commands and signals, as for a person.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests may panic, their names say what they are, and their deadlines need a clock"
)]

mod driver;
mod gate_process;
mod real_client;
mod records;
mod stage;
mod table;
mod waiting;
