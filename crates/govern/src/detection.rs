//! What detection finds, and what follows: signals and assessments come in, the ladder of the policy in force decides, and its
//! steps become real in the same change.
//!
//! [`intake`] takes a batch in, [`act`] what people did, [`due`] what the clock asks; all three are a [`turn`] of one key.
//! [`effects`] is what a turn writes: the key's row, feed, measure, notice, approval, task.
//!
//! Classes of entries: `signal.taken` (signals without an assessment of a key known here), `key.assessed` (nothing shows),
//! `measure.watched` (monitoring begins or ends), `measure.proposed` (people are asked), `measure.entered` and `measure.left`
//! (the owner may know), `approval.decided` (people said no to a proposal, or nobody came; what was proposed is in it). Never here: a threshold, and who may act alone: that is the policy's.

pub mod act;
mod backfilled;
mod decided;
pub mod due;
mod effects;
pub mod intake;
mod moved;
pub mod signal;
pub mod standing;
mod taking;
mod telling;
mod turn;

pub use backfilled::Backfilled;
pub(crate) use decided::{cases_named, frozen};
pub use intake::{Findings, Taken};
pub use signal::PlacedSignal;
pub use standing::StandingRow;
pub(crate) use telling::seen;
pub(crate) use turn::Input;
pub use turn::Turned;

use crate::actor::Actor;

/// Who acts when detection and policy do.
#[must_use]
pub fn detect_actor() -> Actor {
    Actor::system("detect")
}
