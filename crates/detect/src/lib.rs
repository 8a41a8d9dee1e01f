//! Detection: lines of the wire in log order become signals, and assessments of keys.
//!
//! Start with [`seen`] for what a detector is shown, [`emit`] for what it may say, then one file of [`keys`] (detectors of one
//! key) or [`links`] (detectors of things that several keys share). [`judge`] is where the caller's ladder stands.
//!
//! Deterministic (WIRE 4): the same lines with the same parameters and data give the same findings, whatever the number of threads or
//! the size of batches, and after any stop and restore. Never here: a clock, IO, randomness, a measure, or a threshold of policy.

#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

pub mod emit;
pub mod engine;
pub mod judge;
pub mod keys;
pub mod links;
pub mod mark;
pub mod network;
pub mod seen;

pub use engine::{Counts, Engine, Input, Measures, Options, Output, Params};
