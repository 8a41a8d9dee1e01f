//! A policy as it is in force: everything checked, conditions compiled, segments resolved.
//!
//! Made by [`Policy::parse`] from one TOML file ([`crate::file`] is its written form). Never here: what the ladder does with it.

use crate::condition::{Condition, Facts};
use crate::places::Places;
use std::collections::BTreeMap;
use sumun_model::{Hard, Lang, Measure, ScoreKind, Segment, Timestamp, Weights};

/// Seconds of a day.
pub const DAY_S: i64 = 86_400;

/// A sentence in both languages.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bilingual {
    /// Korean.
    pub ko: String,
    /// English.
    pub en: String,
}

impl Bilingual {
    /// In this language.
    #[must_use]
    pub fn in_lang(&self, lang: Lang) -> &str {
        match lang {
            Lang::Ko => &self.ko,
            Lang::En => &self.en,
        }
    }
}

/// One version of a venue's policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Its id, such as `default`.
    pub id: String,
    /// Its version.
    pub version: u32,
    /// Its title.
    pub title: Bilingual,
    /// Who answers for it.
    pub owner: String,
    /// Why this version exists.
    pub reason: Bilingual,
    /// α, half-lives, family rule and prior.
    pub weights: Weights,
    /// Detectors' parameters as written; detection reads them strictly.
    pub detectors: toml::Table,
    /// Alerts a day.
    pub budget: Budget,
    /// The venue's windows, where a segment has none of its own.
    pub ladder: Windows,
    /// Hard evidence that may end a key by machine.
    pub hard: Vec<Hard>,
    /// What a direct jump to expiry needs (R98).
    pub high_risk: Condition,
    /// Facts of detection's, declared with their types.
    pub facts: Facts,
    /// Rules for keys of no known segment, and of segments that have none of their own.
    pub default: SegmentLadder,
    /// Rules by segment, inherited rules included.
    pub segments: BTreeMap<Segment, SegmentLadder>,
    /// The file's own cases.
    pub tests: Vec<crate::cases::Case>,
    /// Where the file says what the linter speaks of.
    pub places: Places,
}

/// Windows of the ladder, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    /// What a day is: 86,400, less where a demo compresses time.
    pub day_s: i64,
    /// Shortest time under `monitor`.
    pub monitor_period_s: i64,
    /// How long the total must stay below half of the entering probability before `monitor` or `warn` ends.
    pub quiet_s: i64,
    /// Time to acknowledge a warning.
    pub warn_ack_s: i64,
    /// A hold lapses after this.
    pub hold_due_s: i64,
    /// Time to prove identity and control.
    pub reverify_timeout_s: i64,
    /// How long earlier episodes are remembered.
    pub memory_s: i64,
}

impl Windows {
    /// Which day an instant belongs to.
    #[must_use]
    pub const fn day_of(&self, at: Timestamp) -> i64 {
        at.as_micros().div_euclid(self.day_s.saturating_mul(1_000_000))
    }

    /// When a measure that begins now is due, if it ever is.
    #[must_use]
    pub const fn due(&self, measure: Measure, now: Timestamp) -> Option<Timestamp> {
        let seconds = match measure {
            Measure::Warn => self.warn_ack_s,
            Measure::Hold => self.hold_due_s,
            Measure::Reverify => self.reverify_timeout_s,
            Measure::Monitor | Measure::Expire => return None,
        };
        Some(now.plus_micros(seconds.saturating_mul(1_000_000)))
    }
}

/// How many alerts a day a machine may raise by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Measures whose beginning counts.
    pub counts: Vec<Measure>,
    /// For a segment without a number of its own.
    pub alerts_per_day: u32,
    /// By segment.
    pub segments: BTreeMap<Segment, u32>,
}

/// The ladder of one segment.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentLadder {
    /// Rules, strictest measure first, then in the order of the file.
    pub rules: Vec<Rule>,
    /// Windows.
    pub windows: Windows,
    /// Instants, in seconds after a measure began, at which a rule may begin to hold by time alone; with the measure it must be.
    pub seconds_asked: Vec<(Option<Measure>, i64)>,
}

/// Who acts on a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActBy {
    /// Policy by itself.
    Machine,
    /// People, two of them for an expiry.
    Propose,
}

/// One rule: a measure, and the condition that earns it.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Its id, unique within a segment.
    pub id: String,
    /// What it earns.
    pub measure: Measure,
    /// When.
    pub when: Condition,
    /// Who acts.
    pub act: ActBy,
    /// Which total is printed.
    pub score: ScoreKind,
    /// Why, for analysts.
    pub reason: Bilingual,
    /// What was seen, for the owner; none: told by the families of the evidence.
    pub owner: Option<Bilingual>,
    /// Where it is written.
    pub line: usize,
    /// Column of its id.
    pub column: usize,
    /// Inherited from `[segments.default]`.
    pub inherited: bool,
}

impl Policy {
    /// Id and version, as findings carry it: `default@3`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}@{}", self.id, self.version)
    }

    /// The ladder of a segment.
    #[must_use]
    pub fn segment(&self, segment: Option<Segment>) -> &SegmentLadder {
        segment.and_then(|segment| self.segments.get(&segment)).unwrap_or(&self.default)
    }

    /// Alerts a day of a segment.
    #[must_use]
    pub fn alerts_per_day(&self, segment: Option<Segment>) -> u32 {
        segment
            .and_then(|segment| self.budget.segments.get(&segment))
            .copied()
            .unwrap_or(self.budget.alerts_per_day)
    }
}

/// How strict a measure is, from 1; none is 0.
#[must_use]
pub const fn rank(measure: Option<Measure>) -> u8 {
    match measure {
        None => 0,
        Some(Measure::Monitor) => 1,
        Some(Measure::Warn) => 2,
        Some(Measure::Hold) => 3,
        Some(Measure::Reverify) => 4,
        Some(Measure::Expire) => 5,
    }
}
