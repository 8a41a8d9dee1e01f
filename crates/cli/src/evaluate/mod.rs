//! `sumun evaluate`: made-up worlds, run through detection and the ladder, compared with what is true of each key.
//!
//! [`world`] tells one world and notes what every key met ([`record`]); [`naive`] is the three-rule baseline that watches the same
//! lines; [`report`] makes numbers of the records, [`print`] tables of the numbers. [`statistics`] holds the bounds.
//!
//! Never here: a rule or a weight. Detection never sees the truth; it stands under `ext`, which the engine does not read.

pub mod fit;
mod judge;
pub mod naive;
pub mod print;
pub mod record;
pub mod report;
pub mod seeds;
pub mod statistics;
mod words;
pub mod world;

/// Measures in rising order of strictness; index = rank − 1.
pub const MEASURES: usize = 5;
/// Names of the ranks, mildest first.
pub const MEASURE_WORDS: [&str; MEASURES] = ["monitor", "warn", "hold", "reverify", "expire"];
