//! Benchmarks: what each part costs beside the plainest thing that could stand in its place.
//!
//! Every figure is a ratio to a baseline measured in the same run, by turns, so that a busy or slow machine moves both.
//! Nothing here is a test: a missed budget is printed, never an error. Keys, secrets and requests are made up from
//! a fixed seed; sockets are loopback ones; every loop has a bound.
//!
//! [`decide`]: a decision beside the bare signature check of [`bare`] · [`table`]: memory, loading, changes · [`http`]:
//! decision service and proxy beside the same stack without the gate · [`spool`]: records beside plain
//! appending · [`record`]: ledger, governed changes and verification beside the bare libraries · [`cutoff`]: from a commit to
//! its effect at fifty gates · [`detect`]: lines a second and bytes a key of detection, event to effect · [`console`]: pages over
//! a million keys, and memory while many watch · [`assess`]: reports on exports of a million keys, held against their truth. [`report`] prints. [`child`] runs
//! what needs a process of its own.

pub mod assess;
pub mod bare;
pub mod child;
pub mod clock;
pub mod console;
pub mod cutoff;
pub mod decide;
pub mod detect;
pub mod http;
pub mod keys;
pub mod machine;
pub mod random;
pub mod record;
pub mod report;
pub mod requests;
pub mod spool;
pub mod table;
