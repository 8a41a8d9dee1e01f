//! Foreign logs and tables into the wire, as mapping files say.
//!
//! A [`Mapping`] is one TOML file, checked: where a record's fields stand (CSV, JSON lines, a text pattern), and which lines of the wire
//! ([`sumun_model::wire`]) are made of them. [`Run`] reads inputs by it, line by line in bounded memory, gives each row with what came of
//! it, and counts ([`Report`]); [`needs`] says which detectors rest on what was never filled, [`told`] says all of it to people.
//! [`ready`] has mappings for usual logs and path tables for exchanges.
//!
//! Never here: a clock, a file (readers are handed in), a guess. What cannot be read in one way is refused, counted, and the reading
//! goes on. Ids come hashed with a secret the exchange keeps, and stay as they come. Why TOML: ADR 0021.

#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

mod address;
mod addresses;
mod beside;
mod build;
mod expr;
mod fields;
mod file;
mod hide;
mod lines;
mod mapping;
pub mod needs;
mod paths;
mod problem;
pub mod ready;
mod record;
mod refusal;
mod report;
mod request;
mod run;
mod time;
pub mod told;

pub use addresses::Addresses;
pub use beside::{Beside, BesideError};
pub use file::Bilingual;
pub use hide::line as shown;
pub use lines::{Ended, Unusable};
pub use mapping::Mapping;
pub use paths::{PathTable, Route};
pub use problem::{MappingErrors, Problem};
pub use refusal::{Code, Refusal};
pub use report::{
    Because, Filled, GAP_US, InputReport, Jumps, LATE_US, Place, Report, Skipped, Tally, Unknown,
};
pub use run::{Row, Run};
