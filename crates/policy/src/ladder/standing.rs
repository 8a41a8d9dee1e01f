//! What a standing remembers, and how it goes over to another key.

use super::Standing;
use crate::policy::rank;
use serde::{Deserialize, Serialize};
use sumun_model::{Evidence, Family, FindingId, KeyId, Measure, MilliNats, ScoreKind, Timestamp};

/// Most earlier episodes kept: the latest. Sixteen is more than two years of quarterly ones.
const REPEATS_MAX: usize = 16;
/// Days within which a family counts as seen.
const DAYS_KEPT: i64 = 32;

/// A measure that waits for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proposal {
    /// What is proposed.
    pub measure: Measure,
    /// By which rule.
    pub rule: String,
    /// Since when. With measure and rule it names the proposal: an approval must be of exactly this one.
    pub at: Timestamp,
    /// By which total.
    pub score: ScoreKind,
    /// That total then.
    pub points: MilliNats,
    /// Signals relied on.
    pub signals: Vec<FindingId>,
    /// Proposed only because the day's budget was spent.
    pub for_budget: bool,
}

/// A proposal that people refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// What was refused; stricter ones neither.
    pub measure: Measure,
    /// When.
    pub at: Timestamp,
    /// Signals it had relied on.
    pub signals: Vec<FindingId>,
    /// Hard evidence it had relied on.
    pub hard: Vec<String>,
}

/// An earlier episode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    /// The measure it ended from.
    pub measure: Measure,
    /// When it began.
    pub from: Timestamp,
    /// When it ended.
    pub to: Timestamp,
}

/// Days on which a family was seen: a bit a day, the lowest the last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// The last day.
    pub day: i64,
    /// That day and the 31 before.
    pub bits: u32,
}

impl Seen {
    /// Marks a day.
    pub(crate) const fn mark(&mut self, day: i64) {
        if self.bits == 0 || day - self.day >= DAYS_KEPT {
            *self = Self { day, bits: 1 };
        } else if day > self.day {
            self.bits = (self.bits << (day - self.day)) | 1;
            self.day = day;
        } else if self.day - day < DAYS_KEPT {
            self.bits |= 1 << (self.day - day);
        }
    }

    /// The bits as of a later day.
    const fn as_of(self, day: i64) -> u32 {
        let past = day - self.day;
        if past >= DAYS_KEPT {
            0
        } else if past <= 0 {
            self.bits
        } else {
            self.bits << past
        }
    }
}

/// An open measure that another key of the same customer starts with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Follow {
    /// The measure.
    pub measure: Measure,
    /// Where it comes from: everything the new key's standing takes over.
    pub standing: Standing,
}

/// The open measure of a standing, for a new key of the same account or customer (DESIGN 4); none: nothing follows.
///
/// An expiry does not follow: it ended one key. What led to it is remembered by [`Standing::inherit`].
#[must_use]
pub fn follows(standing: &Standing) -> Option<Follow> {
    let measure = standing.measure.filter(|measure| *measure != Measure::Expire)?;
    Some(Follow { measure, standing: standing.clone() })
}

impl Follow {
    /// The standing that a new key of the same customer begins with. Its first step tells the measure.
    #[must_use]
    pub fn begin(&self, from: &KeyId) -> Standing {
        let mut begun = self.standing.inherit(from);
        if begun.measure == Some(Measure::Reverify) {
            // The new key is asked anew, and has all the time for it.
            (begun.due, begun.timed_out) = (None, false);
        }
        begun
    }
}

impl Standing {
    /// The standing of a key that takes this one's place: measure, windows and memory go over; proposals and what waited do not.
    ///
    /// After an expiry the successor begins with no measure and its memory: a key reinstated is a new start that is not forgotten.
    #[must_use]
    pub fn inherit(&self, from: &KeyId) -> Self {
        let mut taken = Self { proposal: None, from: Some(from.to_string()), ..self.clone() };
        if self.measure == Some(Measure::Expire) {
            let ended = self.since.unwrap_or(Timestamp::MIN);
            taken.remember(Measure::Expire, ended);
            taken.leave();
        }
        taken.untold = taken.measure.is_some();
        taken
    }

    /// Whether this is the proposal that waits: ask before an approval is made an act.
    #[must_use]
    pub fn waits_for(&self, measure: Measure, rule: &str, at: Timestamp) -> bool {
        self.proposal.as_ref().is_some_and(|p| p.measure == measure && p.rule == rule && p.at == at)
    }

    /// Whole seconds that the measure in force has lasted.
    #[must_use]
    pub fn seconds_in_measure(&self, now: Timestamp) -> i64 {
        match (self.measure, self.since) {
            (Some(_), Some(since)) => now.micros_since(since).max(0) / 1_000_000,
            _ => 0,
        }
    }

    /// Whether the warning's window ended without an acknowledgement.
    #[must_use]
    pub fn warning_ignored(&self, now: Timestamp) -> bool {
        self.measure == Some(Measure::Warn)
            && self.acknowledged.is_none()
            && self.due.is_some_and(|due| now >= due)
    }

    pub(crate) fn repeated_after_warning(&self, evidence: &[Evidence]) -> bool {
        self.measure == Some(Measure::Warn)
            && self.acknowledged.is_some_and(|at| evidence.iter().any(|e| e.llr_milli > 0 && e.at > at))
    }

    /// Earlier episodes that went as far as this measure or farther, within the memory.
    #[must_use]
    pub fn repeats(&self, measure: Measure, now: Timestamp, memory_s: i64) -> i64 {
        let back = now.plus_micros(memory_s.saturating_mul(-1_000_000));
        let found =
            self.repeats.iter().filter(|r| rank(Some(r.measure)) >= rank(Some(measure)) && r.to >= back);
        i64::try_from(found.count()).unwrap_or(i64::MAX)
    }

    /// On how many days, up to this one, any of these families was seen.
    pub(crate) fn days_seen(&self, families: &[Family], day: i64) -> i64 {
        let last = self.seen.values().map(|seen| seen.day).max().unwrap_or(day).max(day);
        let bits = families
            .iter()
            .filter_map(|family| self.seen.get(family))
            .fold(0, |bits, seen| bits | seen.as_of(last));
        i64::from(bits.count_ones())
    }

    /// Notes an episode's end.
    pub(crate) fn remember(&mut self, measure: Measure, now: Timestamp) {
        self.repeats.push(Repeat { measure, from: self.episode.unwrap_or(now), to: now });
        if self.repeats.len() > REPEATS_MAX {
            self.repeats.remove(0);
        }
    }

    /// Forgets the measure in force; memory and what was settled stay.
    pub(crate) fn leave(&mut self) {
        self.measure = None;
        self.since = None;
        self.rule = String::new();
        self.score = None;
        self.entry = 0;
        self.signals = Vec::new();
        self.due = None;
        self.below_since = None;
        self.acknowledged = None;
        self.identity_proved = None;
        self.control_proved = None;
        self.control_failures = 0;
        self.last_failure = None;
        self.timed_out = false;
        self.episode = None;
        self.untold = false;
    }
}
