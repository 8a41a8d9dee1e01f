//! Populations: seeded worlds of honest and dishonest users of exchange keys, as lines of the wire with ground truth.
//!
//! Start at [`World::new`]; [`World::truth`] is the table an evaluation compares with, [`World::lines`] the wire in time
//! order. [`mix`] says which stories there are and how often; each story is a file under `clean` or `bad`, put
//! together on the workbench `cast` into a `plan`, of which `drive`, `people` and `noise` make lines slice by slice.
//!
//! Pure: no IO, no clock, and no chance but the seed's; whole numbers only, so that a world is the same byte for byte on
//! every machine. It was committed and frozen before any detector was tuned, and knows nothing of what detectors look at
//! (ADR 0014). The world does not answer measures: a key that detection would end goes on here.

#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

mod bad;
mod cast;
mod clean;
mod clients;
mod drive;
mod gate;
mod habit;
mod lines;
mod markets;
mod merge;
pub mod mix;
mod names;
mod noise;
mod options;
mod out;
mod owners;
mod people;
mod places;
mod plan;
mod state;
#[cfg(test)]
mod tests;
mod tree;
mod truth;
mod weather;
mod world;

pub use merge::{JsonLines, Lines};
pub use mix::Kind;
pub use options::{ACTIVITY_PERMILLE_MAX, DAYS_MAX, KEYS_MAX, Options, OptionsError};
pub use truth::{Role, Skill, Truth};
pub use world::World;

use weather::Weather;

/// Microseconds since 1970, or a number of them.
type Us = i64;

const MS: Us = 1000;
const SECOND: Us = 1000 * MS;
const MINUTE: Us = 60 * SECOND;
const HOUR: Us = 60 * MINUTE;
const DAY: Us = 24 * HOUR;
/// How much is generated at once. Lines of one slice are the most that is in memory, with what follows of its orders.
const SLICE: Us = 20 * MINUTE;

/// What all stories of a world share.
#[derive(Debug)]
struct Scene {
    start: Us,
    end: Us,
    /// In thousandths.
    activity: u64,
    ja4_percent: u64,
    price_salt: u64,
    weather: Weather,
}
