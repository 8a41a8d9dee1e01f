//! The engine against the contract: same lines, same findings, however they are cut, threaded, stopped and taken up again.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests may panic, and their names say what they are"
)]

mod bounds;
mod crowded;
mod equal;
mod golden;
mod naive;
mod rules;
mod stage;
