//! A population as an exchange would export it: tables and access logs in two formats, one of them damaged, with their truth.
//!
//! [`write`] streams: lines are made, merged by time and written as they come; memory goes by keys, never by lines. The same code makes
//! the small pair of the tests and the big one of `cargo xtask bench assess`. [`check`] holds a report's JSON against the [`Truth`].
//!
//! `plain` holds tables in UTF-8 and nginx's JSON; `damaged` holds Envoy's JSON, written by the same requests, with what real exports
//! suffer: see [`damage`]. Ids are hashed as `docs/adopt/assess.md` asks. Never here: anything that knows how the report is made.

pub mod check;
pub mod damage;
mod log;
mod names;
mod tables;
mod tell;
mod truth;

pub use log::{envoy, nginx};
pub use names::Names;
pub use tables::{KeyRow, Tongue, accounts, keys, networks, sessions, vendors};
pub use tell::{Options, Progress, write};
pub use truth::{Pool, Truth};
