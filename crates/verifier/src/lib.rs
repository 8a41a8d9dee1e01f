//! Checks a published ledger offline, from its documents alone (`docs/ledger-format.md`).
//!
//! Start with [`folder`] for a whole log, [`proof`] for one entry. Small enough to read in one sitting: that is its
//! worth. It shares no code with `ledger`, so a mistake in one is not repeated in the other. Everything is checked from
//! the signature downwards, so a fault is blamed on the file that was changed.
//!
//! Never here: writing, networks, databases (`store` compares its rows with what [`Verification`] yields), and what a
//! payload means: only its form is checked. Nothing panics on any bytes, and memory does not grow with the log.

#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

mod advice;
mod entry;
pub mod fault;
mod files;
pub mod folder;
mod form;
mod json;
mod leftovers;
mod note;
#[cfg(test)]
mod oracle;
mod piece;
pub mod proof;
mod reading;
mod report;
mod tiles;

pub use advice::Advice;
pub use entry::{Entry, PAYLOAD_MAX, Payload};
pub use fault::{Fault, FaultKind, Place};
pub use folder::{Verification, verify_folder};
pub use proof::{Disclosed, Proven, verify_proof};
pub use report::Report;
