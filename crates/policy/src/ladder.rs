//! The ladder as one pure function: [`step`].
//!
//! Called with every new assessment (its acts inside) and at [`Outcome::next_due`] with the last one (its acts emptied). It takes
//! as many steps as follow. What the caller keeps between calls is the [`Standing`]; nothing else is remembered anywhere.
//!
//! What it never does, whatever the policy file says: leave `expire`; expire by machine on risk alone; enter a measure that the
//! owner is told of anew on signals that people or the clock have already settled: what came since must earn it by itself.

mod acts;
mod clock;
mod effects;
mod reasons;
mod standing;
mod walk;

pub use clock::BudgetBook;
pub use standing::{Follow, Proposal, Refusal, Repeat, Seen, follows};
pub use walk::step;

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use sumun_model::{
    Cause, Family, FindingId, Measure, MilliNats, Mode, Phase, Risk, ScoreKind, Term, Timestamp, Value,
};

/// What becomes of a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approve {
    /// It counts as approved at once: `replay --approve all`.
    All,
    /// It is told and has no effect: `replay --approve none`.
    None,
    /// It waits for people, whose decision comes as an act: live.
    People,
}

/// How many alerts of this key's segment a machine may still raise today; see [`BudgetBook`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetLeft(pub Option<u32>);

impl BudgetLeft {
    /// No bound: tests, single questions.
    pub const UNBOUNDED: Self = Self(None);
}

/// A sentence in structure: a code of policy's own texts and what is filled in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reasoned {
    /// Which sentence.
    pub code: String,
    /// What is filled in.
    pub values: BTreeMap<String, Value>,
}

/// Where a key stands on the ladder, its history included. Kept by the caller between steps; opaque but for what it shows.
///
/// Bounded: signals by the pieces of one assessment, episodes to sixteen; about 2 KiB at most.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Standing {
    /// The measure in force.
    pub measure: Option<Measure>,
    /// Since when.
    pub since: Option<Timestamp>,
    /// By which rule.
    pub rule: String,
    /// By which total.
    pub score: Option<ScoreKind>,
    /// That total when it began.
    pub entry: MilliNats,
    /// Signals it began on, oldest first.
    pub signals: Vec<FindingId>,
    /// When it lapses, is due, or times out.
    pub due: Option<Timestamp>,
    /// Since when the total has stayed below half of the entering probability.
    pub below_since: Option<Timestamp>,
    /// When the warning in force was acknowledged.
    pub acknowledged: Option<Timestamp>,
    /// When identity was proved since re-verification began.
    pub identity_proved: Option<Timestamp>,
    /// When control was proved since re-verification began.
    pub control_proved: Option<Timestamp>,
    /// Control tests failed since re-verification began.
    pub control_failures: u8,
    /// The event that told the last failure.
    pub last_failure: Option<String>,
    /// The time for re-verification ran out.
    pub timed_out: bool,
    /// What waits for people.
    pub proposal: Option<Proposal>,
    /// What people refused last, and on which signals.
    pub refused: Option<Refusal>,
    /// Signals already settled: they earn no measure that the owner is told of any more, until a cut stands on what came since.
    pub settled: BTreeSet<FindingId>,
    /// Hard evidence already settled likewise; an end may still follow from it.
    pub settled_hard: BTreeSet<String>,
    /// Signals that people cleared: they no longer count at all.
    pub cleared: BTreeSet<FindingId>,
    /// Hard evidence that people cleared.
    pub cleared_hard: BTreeSet<String>,
    /// Earlier episodes, oldest first.
    pub repeats: Vec<Repeat>,
    /// When the present episode began.
    pub episode: Option<Timestamp>,
    /// On which days each family was seen.
    pub seen: BTreeMap<Family, Seen>,
    /// The key it took its measure over from.
    pub from: Option<String>,
    /// A measure taken over has not been told yet.
    pub untold: bool,
}

/// One step of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Which measure.
    pub measure: Measure,
    /// Begins or ends.
    pub phase: Phase,
    /// By policy itself, or asked of people.
    pub mode: Mode,
    /// The rule of the policy that earned it; `ladder.…` where the ladder itself did.
    pub rule: String,
    /// By which total.
    pub score: ScoreKind,
    /// That total.
    pub points: MilliNats,
    /// Its terms.
    pub terms: Vec<Term>,
    /// The posterior.
    pub risk: Risk,
    /// What is most believed.
    pub cause: Cause,
    /// Signals relied on, oldest first.
    pub signals: Vec<FindingId>,
    /// Why a lesser measure would not do.
    pub lesser: Reasoned,
    /// Why.
    pub why: Reasoned,
    /// When it lapses, is due, or times out, if it does.
    pub until: Option<Timestamp>,
}

/// What one call decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Where the key stands afterwards.
    pub standing: Standing,
    /// The steps, in order. An escalation prints only the new `enter` (WIRE 5); a way down prints `leave`, then `enter`.
    pub steps: Vec<Step>,
    /// When the clock next asks something of this key; later than `now`.
    pub next_due: Option<Timestamp>,
    /// Alerts spent of the budget.
    pub spent: u32,
}
