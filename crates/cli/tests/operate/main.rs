//! What an operator relies on: a gate does not care who reads what it prints, signals do what the documents say, and the
//! documents' examples work as written.
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

mod documents;
mod printing;
mod rotation;
mod signals;
