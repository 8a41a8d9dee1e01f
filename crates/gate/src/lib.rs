//! The decision: may this request pass?
//!
//! [`Gate::decide`] takes a request and an instant and returns a [`Decision`]: a value that follows from them, the key
//! table and what is remembered. Start with [`decide`](mod@decide), which reads top to bottom in the gate's order; then
//! [`table`] for how key state is held, [`replay`] and [`failures`] for what is remembered between requests.
//!
//! Never here: awaiting, logging, a clock, randomness (but for the seeds of hash tables, which decide nothing), a
//! socket or a file. The rim reads the clock, forwards, and writes down what the decision says must be written.

#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

pub mod allowlist;
pub mod decide;
mod enforce;
pub mod entry;
pub mod failures;
mod held_id;
pub mod policy;
pub mod rate;
pub mod replay;
pub mod status;
pub mod stream;
pub mod table;

pub use allowlist::Allowlist;
pub use decide::{Answer, Decision, Gate, Now, Permit, Request};
pub use enforce::Bypass;
pub use entry::{KeyEntry, KeySpec};
pub use policy::GatePolicy;
pub use replay::{NonceMark, ReplayMemory};
pub use status::Status;
pub use stream::StreamHold;
pub use table::{Change, KeyTable, Revival};
