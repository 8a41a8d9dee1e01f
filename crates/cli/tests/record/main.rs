//! The record, end to end on the built program: a folder is made, a control plane and its gate run, people sign in, a key is
//! asked for, approved, issued, used and ended, and a stranger checks the ledger.
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
mod backfill;
mod canary;
mod commands;
mod house;
mod imports;
mod live;
mod locked;
mod mail;
mod making;
mod mirror;
mod nonsense;
mod plane;
mod postgres;
mod second;
mod shadow;
mod tampering;
mod tap;
mod whole;
