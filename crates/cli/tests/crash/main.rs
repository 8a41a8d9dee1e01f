//! Kills the real gate, at any instant, and asks what is left: of its event log, its spool, the nonces it saw, its keys.
//!
//! `SUMUN_CAMPAIGN_CASES` multiplies the rounds, `SUMUN_CRASH_SEED` repeats a run; the seed is printed.
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

mod accounts;
mod campaign;
mod keys;
mod load;
mod nonces;
mod stage;
mod tails;
