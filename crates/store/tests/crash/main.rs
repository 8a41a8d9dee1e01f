//! Kills a program that uses the store at every step it takes on its disk, and asks what is left: changes without entries,
//! entries without changes, answers that were given and are gone, a feed that skips.
//!
//! `program` is what dies: this test binary, started again. `report` is what it said before; `check` is what must hold
//! afterwards, whatever happened; `campaign` walks the steps. `SUMUN_CAMPAIGN_CASES` multiplies the cases.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests may panic, and their names say what they are"
)]

#[path = "../../../../tests/faults/mod.rs"]
mod faults;

mod campaign;
mod check;
mod program;
mod report;
mod work;
