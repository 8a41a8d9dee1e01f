//! A readiness report from exports alone: what the keys are, how they are used, what detection finds, what the ladder would do.

#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

mod judge;

pub use judge::LadderJudge;
