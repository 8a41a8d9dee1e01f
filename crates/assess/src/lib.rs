//! A readiness report from exports alone: what the keys are, how they are used, what detection finds, what the ladder would do (R188).
//!
//! [`assess`] reads tables and logs by mappings, runs them through the engine it is handed and counts beside it; the [`Report`] it gives
//! goes to programs as JSON and to people as one printable page ([`html::page`]). Ids are hashed with a key the exchange keeps and
//! stay as they come; nothing here ever needs the true ones.
//!
//! Memory goes by keys, accounts, addresses (to a bound) and days, never by lines. Never here: a clock, a file, a network, an
//! action: the ladder is run dry. [`LadderJudge`] stands here because replay and assessment both need policy as detection's judge.

#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

mod census;
mod conclude;
pub mod fit;
mod found;
pub mod html;
mod hygiene;
mod judge;
pub mod points;
mod recent;
pub mod report;
mod run;
mod shared;
mod source;
mod stream;
pub mod told;

pub use census::{ADDRESSES_MAX, DAYS_MAX, KEYS_PER_ADDRESS};
pub use judge::LadderJudge;
pub use report::Report;
pub use run::{Bounds, Progress, With, assess};
pub use source::{AssessError, Input, Role, Source};
