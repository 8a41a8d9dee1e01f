//! The ladder: which points and facts earn which measure, who may act alone, and what is only proposed.
//!
//! [`ladder::step`] is one pure function, called by govern and by replay alike: facts in, a plan out. [`Policy`] is a versioned
//! file; stages and thresholds stand there and nowhere in code. Conditions are CEL ([`condition`]).
//!
//! Never here: reading state, a clock, IO. What a detector's parameters mean is detection's; they are carried as they are.

#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

pub mod cases;
pub mod condition;
pub mod diff;
pub mod explain;
mod file;
pub mod ladder;
pub mod lint;
mod parse;
mod places;
pub mod policy;
mod position;
mod run_cases;

pub use ladder::{Approve, BudgetBook, BudgetLeft, Outcome, Reasoned, Standing, Step};
pub use places::Places;
pub use policy::{Bilingual, Policy};
pub use position::{PolicyErrors, Problem};
pub use run_cases::{CaseResult, run_cases, short};
