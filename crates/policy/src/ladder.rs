//! The ladder as one pure function.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use sumun_model::{
    Cause, FindingId, Measure, MilliNats, Mode, Phase, Risk, ScoreKind, Term, Timestamp, Value,
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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standing {
    /// The measure in force.
    pub measure: Option<Measure>,
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
    /// The rule of the policy that earned it.
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
    /// The steps, in order; a replacement prints only the new `enter` (WIRE 5).
    pub steps: Vec<Step>,
    /// When the clock next asks something of this key.
    pub next_due: Option<Timestamp>,
}
