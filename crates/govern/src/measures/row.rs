//! A measure's row.

use super::said::reason_in_both;
use crate::refusal::Refusal;
use crate::row::{image, replace, typed};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use sumun_model::finding::{Baseline, Risk, ScoreKind, Term};
use sumun_model::{Cause, FindingId, MilliNats, Mode};
use sumun_policy::Reasoned;
use sumun_store::tables::MEASURES;
use sumun_store::{Image, RowWrite};

/// The word of a suspension among the measures' words: it is a state of the key, and staff's own.
pub const SUSPEND: &str = "suspend";

/// Where a measure stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeasureState {
    /// Policy asks people; nothing happens until they agree.
    Proposed,
    /// It holds. A forced end holds for ever.
    InForce,
    /// It held, and does no more.
    Ended,
    /// People said no.
    Refused,
    /// It was proposed, and is no longer wanted.
    Withdrawn,
}

/// When a gate obeyed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Obeyed {
    /// Which gate.
    pub gate: String,
    /// When its receipt came, by govern's clock, microseconds since 1970.
    pub at_us: i64,
}

/// How a measure ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndedBy {
    /// Who, or what.
    pub by: String,
    /// Why, in structure.
    pub why: Reasoned,
}

/// What a measure rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasureBody {
    /// The customer whom it follows.
    pub customer: Option<String>,
    /// Signals relied on, oldest first.
    pub signals: Vec<FindingId>,
    /// What each was compared with; null: there was nothing to compare with.
    pub baselines: BTreeMap<String, Option<Baseline>>,
    /// Policy id and version; none for a measure of staff's own.
    pub policy: Option<String>,
    /// Hex SHA-256 over the policy's text.
    pub policy_digest: Option<String>,
    /// The rule that earned it.
    pub rule: Option<String>,
    /// By which total.
    pub score: Option<ScoreKind>,
    /// That total.
    pub points: Option<MilliNats>,
    /// Its terms.
    pub terms: Vec<Term>,
    /// The posterior.
    pub risk: Option<Risk>,
    /// What is most believed.
    pub cause: Option<Cause>,
    /// Why a lesser measure would not do.
    pub lesser: Reasoned,
    /// Why.
    pub why: Reasoned,
    /// What the owner keeps (R187).
    pub spared: String,
    /// When the suspicion arose: the engine time of what was last relied on.
    pub suspected_us: i64,
    /// When it was decided.
    pub decided_us: i64,
    /// When each gate obeyed.
    pub obeyed: Vec<Obeyed>,
    /// How it ended.
    pub ended: Option<EndedBy>,
}

/// A measure as the table holds it. Times are microseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasureRow {
    /// Its id.
    pub measure_id: String,
    /// On which key.
    pub key: String,
    /// Of which account.
    pub account: String,
    /// In which case.
    pub case_id: String,
    /// Which: a measure's word, or [`SUSPEND`].
    pub measure: String,
    /// By policy or staff at once, or asked of people.
    pub mode: Mode,
    /// Where it stands.
    pub state: MeasureState,
    /// Who decided it.
    pub by: String,
    /// The approval that it waits for, or rests on.
    pub approval: Option<String>,
    /// Since when.
    pub began_us: i64,
    /// Until when at the latest, if there is such a time.
    pub until_us: Option<i64>,
    /// When it ended.
    pub ended_us: Option<i64>,
    /// When every gate enrolled then had obeyed.
    pub effect_us: Option<i64>,
    /// What it rests on.
    pub body: MeasureBody,
    /// The row's version.
    pub version: i64,
}

impl MeasureRow {
    /// Reads a row.
    ///
    /// # Errors
    /// `row_unreadable`.
    pub fn of(row: &Image) -> Result<Self, Refusal> {
        typed(&MEASURES, row)
    }

    /// The write that makes it.
    #[must_use]
    pub fn first_write(&self) -> RowWrite {
        replace(&MEASURES, None, image(self))
    }

    /// The write that puts this in the place of itself as it was read.
    #[must_use]
    pub fn next_write(&self) -> RowWrite {
        let mut before = Image::new();
        before.insert("version".to_owned(), json!(self.version));
        replace(&MEASURES, Some(&before), image(self))
    }

    /// From the newest signal it relies on until every gate had obeyed, microseconds. The one definition of it: whoever shows a figure of
    /// this name shows this.
    #[must_use]
    pub fn suspicion_to_effect_us(&self) -> Option<i64> {
        let effect = self.effect_us.filter(|_| !self.body.signals.is_empty())?;
        Some(effect.saturating_sub(self.body.suspected_us).max(0))
    }

    /// The same from the decision, of policy or of the last person needed.
    #[must_use]
    pub fn decision_to_effect_us(&self) -> Option<i64> {
        Some(self.effect_us?.saturating_sub(self.body.decided_us).max(0))
    }

    /// Why, in the words of whoever took it, or in those of the rule.
    #[must_use]
    pub fn why_in_words(&self) -> String {
        match self.body.why.values.get("text") {
            Some(text) => text.to_string(),
            None => reason_in_both(&self.body.why),
        }
    }

    /// Ended now, in this state.
    #[must_use]
    pub fn ended(mut self, state: MeasureState, by: &str, why: Reasoned, now_us: i64) -> Self {
        (self.state, self.ended_us) = (state, Some(now_us));
        self.body.ended = Some(EndedBy { by: by.to_owned(), why });
        self
    }
}

/// A reason in somebody's own words, among reasons in structure.
#[must_use]
pub fn own_words(text: &str) -> Reasoned {
    Reasoned { code: "own_words".to_owned(), values: BTreeMap::from([("text".to_owned(), text.into())]) }
}

/// What every measure leaves the owner (R178, R187).
pub const SPARED: &str = "the owner's other keys, manual access and withdrawals";
