//! What an evaluation knows of one key when its world has ended.

use super::MEASURES;
use super::naive::RULES;
use sumun_sim::population::{Kind, Role, Skill};

/// How long it took, from the first misuse (for honest keys: from the key's first line).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    /// Microseconds.
    pub after_us: i64,
    /// Requests that named the key.
    pub requests: u64,
}

/// One key's month.
#[derive(Clone, Debug)]
pub struct Record {
    /// The world.
    pub seed: u64,
    /// Its kind.
    pub kind: Kind,
    /// Which telling of the story; keys of one are not independent of each other.
    pub story: u64,
    /// Its part in it.
    pub role: Role,
    /// How well its operator hides.
    pub skill: Option<Skill>,
    /// How long it was watched, seconds.
    pub watched_s: i64,
    /// The key's first line came after the world's first instant.
    pub born: bool,
    /// An address was added to it within the world.
    pub edited: bool,
    /// By rank: the first measure as strict or stricter, at or after the first misuse.
    pub reached: [Option<Reached>; MEASURES],
    /// By rank: whether it met one before the first misuse, while it was still honest.
    pub before: [bool; MEASURES],
    /// Ended by the machine alone.
    pub ended_by_machine: bool,
    /// By rule of the baseline.
    pub naive: [Option<Reached>; RULES],
    /// By rule of the baseline, before the first misuse.
    pub naive_before: [bool; RULES],
}

impl Record {
    /// The baseline's first alarm.
    #[must_use]
    pub fn naive_first(&self) -> Option<Reached> {
        self.naive.iter().flatten().copied().min_by_key(|reached| reached.after_us)
    }

    /// Keys of one story, whatever customers they belong to, are drawn together.
    #[must_use]
    pub fn group(&self) -> (u64, bool, u64) {
        (self.seed, self.kind.is_bad(), self.story)
    }
}

/// A measure that an honest key met, or a dishonest one before its misuse: for whoever looks into it.
#[derive(Clone, Debug, serde::Serialize)]
pub struct FalseAlarm {
    /// The world.
    pub seed: u64,
    /// The key.
    pub key: String,
    /// Its kind.
    pub kind: &'static str,
    /// Its part.
    pub role: &'static str,
    /// Which measure.
    pub measure: &'static str,
    /// When.
    pub at: String,
    /// The rule that earned it.
    pub rule: String,
    /// Points of the sharing score.
    pub points: i64,
    /// What was said of the key, with strength in thousandths and days.
    pub evidence: Vec<String>,
}

/// What a world adds beside its keys.
#[derive(Clone, Debug, Default)]
pub struct WorldNumbers {
    /// Lines told.
    pub lines: u64,
    /// Warnings that began, by day of the world.
    pub warnings_by_day: Vec<u64>,
    /// Keys.
    pub keys: u64,
}
