//! Every name a condition may use, its type, and what it stands for.
//!
//! Names of detection's facts (`key.returns_30m`) are declared in the policy file itself, under `[facts]`, with their type; all
//! others stand here. Never here: their values.

use std::collections::BTreeMap;
use sumun_model::{Cause, Family, Hard, Measure, ScoreKind, Segment};

/// The type of a name or a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Type {
    /// Yes or no.
    Bool,
    /// A whole number; points are milli-nats.
    Int,
    /// A probability: compared only with a written-out decimal such as `0.30`, which is turned into points by the file's prior.
    Probability,
    /// A word.
    Text,
}

impl Type {
    /// As the policy file writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Probability => "probability",
            Self::Text => "text",
        }
    }
}

/// Facts that a policy file declares, by name.
pub type Facts = BTreeMap<String, Type>;

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Var {
    /// A total, milli-nats.
    Points(ScoreKind),
    /// A total, to be compared as a probability.
    Probability(ScoreKind),
    /// Days on which families of a total were seen.
    Days(ScoreKind),
    /// A family's term, milli-nats.
    Family(Family),
    /// Days on which a family was seen.
    FamilyDays(Family),
    /// One kind of hard evidence.
    Hard(Hard),
    /// Any hard evidence.
    AnyHard,
    /// Kind of customer.
    Segment,
    /// The measure in force, or `none`.
    Measure,
    /// Seconds since it began; 0 without one.
    InMeasureS,
    /// The warning in force was acknowledged.
    Acknowledged,
    /// The warning's window ended without an acknowledgement.
    WarningIgnored,
    /// Evidence came after the warning was acknowledged.
    RepeatedAfterWarning,
    /// The time for re-verification ran out.
    TimedOut,
    /// Control tests failed since re-verification began.
    ControlFailures,
    /// Earlier episodes, within the memory, that went as far as this or farther.
    Repeats(Measure),
    /// Keys of the cluster; 0 without one.
    ClusterMembers,
    /// What is most believed.
    Cause,
    /// A fact of detection's.
    Fact(String, Type),
}

/// What a function stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// `families_over(n)`: families with at least n points, of one total or of both.
    FamiliesOver(Option<ScoreKind>),
    /// `caused_by("leaked")`: points of the evidence that believes so, strongest piece of each family.
    CausedBy,
    /// `seen("detector or code")`: points of the strongest piece of that detector or code; 0 without one.
    Seen,
    /// `days_of("detector or code")`: days on which it spoke; 0 without one.
    DaysOf,
}

/// A name with its type and meaning, for documentation and for "did you mean".
#[derive(Clone, Copy, Debug)]
pub struct Declared {
    /// As written.
    pub name: &'static str,
    /// Its type.
    pub kind: Type,
    /// What it stands for.
    pub means: &'static str,
}

const fn declared(name: &'static str, kind: Type, means: &'static str) -> Declared {
    Declared { name, kind, means }
}

/// Names that every policy has. `*` stands for each word of a closed list.
pub const BUILT_IN: &[Declared] = &[
    declared("sharing.points", Type::Int, "total of the sharing score, milli-nats"),
    declared("sharing.p", Type::Probability, "the same, as a probability"),
    declared("sharing.days", Type::Int, "days on which evidence of sharing was seen, within 32"),
    declared("market.points", Type::Int, "total of the market score, milli-nats"),
    declared("market.p", Type::Probability, "the same, as a probability"),
    declared("market.days", Type::Int, "days on which evidence of market abuse was seen, within 32"),
    declared("family.*", Type::Int, "points of a family, such as `family.origin`"),
    declared("days.*", Type::Int, "days on which a family was seen, such as `days.auth`"),
    declared("hard.*", Type::Bool, "hard evidence, such as `hard.owner_denies`; `hard.any`"),
    declared("segment", Type::Text, "kind of customer"),
    declared("purpose", Type::Text, "what the owner said the key is for"),
    declared("measure", Type::Text, "the measure in force, or `none`"),
    declared("in_measure_s", Type::Int, "seconds since it began"),
    declared("acknowledged", Type::Bool, "the warning in force was acknowledged"),
    declared("warning_ignored", Type::Bool, "its window ended without an acknowledgement"),
    declared("repeated_after_warning", Type::Bool, "evidence came after the acknowledgement"),
    declared("timed_out", Type::Bool, "the time for re-verification ran out"),
    declared("control_failures", Type::Int, "control tests failed since re-verification began"),
    declared("repeats.*", Type::Int, "earlier episodes that went as far as this measure or farther"),
    declared("cluster.members", Type::Int, "keys of its cluster, 0 without one"),
    declared("cause", Type::Text, "what is most believed"),
];

/// The fact behind `purpose`.
pub(crate) const PURPOSE: &str = "key.purpose";

impl Var {
    /// What a name stands for, if it is declared.
    #[must_use]
    pub fn of(name: &str, facts: &Facts) -> Option<Self> {
        if let Some(kind) = facts.get(name) {
            return Some(Self::Fact(name.to_owned(), *kind));
        }
        let word = name.split_once('.');
        Some(match (name, word) {
            ("segment", _) => Self::Segment,
            ("purpose", _) => Self::Fact(PURPOSE.to_owned(), Type::Text),
            ("measure", _) => Self::Measure,
            ("in_measure_s", _) => Self::InMeasureS,
            ("acknowledged", _) => Self::Acknowledged,
            ("warning_ignored", _) => Self::WarningIgnored,
            ("repeated_after_warning", _) => Self::RepeatedAfterWarning,
            ("timed_out", _) => Self::TimedOut,
            ("control_failures", _) => Self::ControlFailures,
            ("cluster.members", _) => Self::ClusterMembers,
            ("cause", _) => Self::Cause,
            ("hard.any", _) => Self::AnyHard,
            (_, Some(("family", word))) => Self::Family(word.parse().ok()?),
            (_, Some(("days", word))) => Self::FamilyDays(word.parse().ok()?),
            (_, Some(("hard", word))) => Self::Hard(word.parse().ok()?),
            (_, Some(("repeats", word))) => Self::Repeats(word.parse().ok()?),
            (_, Some((score, word))) => {
                let score: ScoreKind = score.parse().ok()?;
                match word {
                    "points" => Self::Points(score),
                    "p" => Self::Probability(score),
                    "days" => Self::Days(score),
                    _ => return None,
                }
            }
            _ => return None,
        })
    }

    /// Its type.
    #[must_use]
    pub const fn kind(&self) -> Type {
        match self {
            Self::Points(_)
            | Self::Days(_)
            | Self::Family(_)
            | Self::FamilyDays(_)
            | Self::InMeasureS
            | Self::ControlFailures
            | Self::Repeats(_)
            | Self::ClusterMembers => Type::Int,
            Self::Probability(_) => Type::Probability,
            Self::Hard(_)
            | Self::AnyHard
            | Self::Acknowledged
            | Self::WarningIgnored
            | Self::RepeatedAfterWarning
            | Self::TimedOut => Type::Bool,
            Self::Segment | Self::Measure | Self::Cause => Type::Text,
            Self::Fact(_, kind) => *kind,
        }
    }

    /// The words it can be, if they are a closed list.
    #[must_use]
    pub fn words(&self) -> Option<Vec<&'static str>> {
        match self {
            Self::Segment => Some(Segment::ALL.iter().map(|w| w.as_str()).collect()),
            Self::Measure => {
                Some(std::iter::once("none").chain(Measure::ALL.iter().map(|w| w.as_str())).collect())
            }
            Self::Cause => Some(Cause::ALL.iter().map(|w| w.as_str()).collect()),
            Self::Fact(name, _) if name == PURPOSE => {
                Some(sumun_model::Purpose::ALL.iter().map(|w| w.as_str()).collect())
            }
            _ => None,
        }
    }
}

/// Every name written out, for "did you mean".
pub(crate) fn all(facts: &Facts) -> Vec<String> {
    let starred: [(&str, Vec<&str>); 4] = [
        ("family.", Family::ALL.iter().map(|w| w.as_str()).collect()),
        ("days.", Family::ALL.iter().map(|w| w.as_str()).collect()),
        ("hard.", Hard::ALL.iter().map(|w| w.as_str()).chain(["any"]).collect()),
        ("repeats.", Measure::ALL.iter().map(|w| w.as_str()).collect()),
    ];
    let mut names: Vec<String> =
        BUILT_IN.iter().map(|d| d.name).filter(|n| !n.ends_with('*')).map(ToOwned::to_owned).collect();
    for (before, words) in starred {
        names.extend(words.iter().map(|word| format!("{before}{word}")));
    }
    names.extend(facts.keys().cloned());
    names
}
