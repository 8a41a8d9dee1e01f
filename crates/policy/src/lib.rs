//! The ladder: which points and facts earn which measure, who may act alone, and what is only proposed.
//!
//! [`ladder::step`] is one pure function, called by govern and by replay alike: facts in, a plan out. [`Policy`] is a versioned
//! file; stages and thresholds stand there and nowhere in code.
//!
//! Never here: reading state, a clock, IO. What a detector's parameters mean is detection's; they are carried as they are.

#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

pub mod ladder;

pub use ladder::{Approve, Outcome, Reasoned, Standing, Step};
