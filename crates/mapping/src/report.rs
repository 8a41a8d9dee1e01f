//! What a run counted: what came of how many lines, what was refused and why, what was never filled. Bounded, and a value: people
//! are told by [`crate::told`], programs get it as JSON.

use crate::addresses::Addresses;
use crate::hide;
use crate::lines::Ended;
use crate::mapping::Mapping;
use crate::refusal::{Code, Refusal};
use serde::Serialize;
use std::collections::BTreeMap;
use sumun_model::Timestamp;

/// Line numbers kept of one kind of refusal.
const FIRST_MAX: usize = 5;
/// Different names kept of unknown fields, and of unknown paths.
const NAMES_MAX: usize = 256;
/// Longest example, in characters.
const EXAMPLE_CHARS: usize = 60;
/// An event further behind the latest is kept by detection, but moves nothing (WIRE 4).
pub const LATE_US: i64 = 5 * 60 * 1_000_000;
/// A forward step that is told as a gap.
pub const GAP_US: i64 = 60 * 60 * 1_000_000;

/// How many lines filled each field, by `type.name`: counted by place, as this is done for every field of every line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filled(Vec<(String, u64)>);

impl Filled {
    /// How many lines filled a field; `None` where the mapping names none such.
    #[must_use]
    pub fn get(&self, field: &str) -> Option<u64> {
        self.iter().find(|(name, _)| *name == field).map(|(_, count)| count)
    }

    /// Every field and its count.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().map(|(name, count)| (name.as_str(), *count))
    }

    pub(crate) fn count(&mut self, place: usize) {
        if let Some((_, count)) = self.0.get_mut(place) {
            *count += 1;
        }
    }
}

impl Serialize for Filled {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_map(self.iter())
    }
}

/// Where a line stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The input's name.
    pub input: String,
    /// Line, from 1.
    pub line: u64,
}

/// One input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InputReport {
    /// Its name.
    pub name: String,
    /// Lines read.
    pub lines: u64,
    /// How it ended.
    pub ended: Ended,
}

/// One kind of refusal, or of values left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Why.
    pub code: Code,
    /// The wire's field; empty when it is the line as a whole.
    pub field: String,
    /// How many.
    pub count: u64,
    /// The first places.
    pub first: Vec<Place>,
    /// What the first was like.
    pub example: String,
}

/// A name that nothing here knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unknown {
    /// The name.
    pub name: String,
    /// In how many lines.
    pub count: u64,
    /// The first value; credentials are hidden.
    pub example: String,
}

/// Which condition of the mapping was not met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// A `when`.
    When,
    /// A field that `needs` names had no value.
    Needs,
}

/// Records that gave no line, and are no fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// The line type.
    #[serde(rename = "type")]
    pub word: &'static str,
    /// The field the condition is about.
    pub field: String,
    /// Which kind of condition.
    pub because: Because,
    /// How many.
    pub count: u64,
}

/// Times that do not follow each other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Jumps {
    /// How many.
    pub count: u64,
    /// The first place.
    pub first: Option<Place>,
    /// The widest, microseconds.
    pub widest_us: i64,
}

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The mapping's name.
    pub mapping: String,
    /// Inputs, in order.
    pub inputs: Vec<InputReport>,
    /// Records read: lines, but for empty ones, comments and headers.
    pub records: u64,
    /// Empty lines and comments.
    pub passed_over: u64,
    /// Lines of the wire made, by type.
    pub made: BTreeMap<&'static str, u64>,
    /// Records that gave no line of a type because a condition was not met.
    pub skipped: Vec<Skipped>,
    /// Records, or lines of a record, refused.
    pub refused: u64,
    /// By reason.
    pub refusals: Vec<Tally>,
    /// Values that could not be read, where the mapping says to leave them out.
    pub emptied: Vec<Tally>,
    /// Fields of the source that the mapping neither reads nor ignores.
    pub unknown_fields: Vec<Unknown>,
    /// Paths that the path table does not hold: `METHOD path`.
    pub unknown_paths: Vec<Unknown>,
    /// Unknown names beyond those kept.
    pub names_not_kept: u64,
    /// Lines with bytes that are no text, which were replaced.
    pub replaced: u64,
    /// Lines equal to one of the last 65,536.
    pub repeated: u64,
    /// Events more than five minutes behind the latest.
    pub late: Jumps,
    /// Steps forward of more than an hour.
    pub gaps: Jumps,
    /// Whose addresses these are.
    pub addresses: Addresses,
    /// How many lines filled a field, by `type.name`.
    pub filled: Filled,
    /// The earliest time of an event.
    pub from: Option<Timestamp>,
    /// The latest time of an event.
    pub to: Option<Timestamp>,
}

impl Report {
    pub(crate) fn of(mapping: &Mapping) -> Self {
        let filled = Filled(mapping.fields().map(|field| (field.to_owned(), 0)).collect());
        let made = mapping.types().map(|word| (word, 0)).collect();
        Self { mapping: mapping.name.clone(), filled, made, ..Self::default() }
    }

    /// Lines of the wire made in all.
    #[must_use]
    pub fn lines_made(&self) -> u64 {
        self.made.values().sum()
    }

    /// Whether every input was read to its end.
    #[must_use]
    pub fn whole(&self) -> bool {
        self.inputs.iter().all(|input| matches!(input.ended, Ended::Whole | Ended::Stopped))
    }

    pub(crate) fn refuse(&mut self, refusal: &Refusal, place: impl FnOnce() -> Place) {
        self.refused += 1;
        tally(&mut self.refusals, refusal, place);
    }

    pub(crate) fn empty(&mut self, refusal: &Refusal, place: impl FnOnce() -> Place) {
        tally(&mut self.emptied, refusal, place);
    }

    pub(crate) fn skip(&mut self, word: &'static str, field: &str, because: Because) {
        let same =
            |known: &&mut Skipped| known.word == word && known.field == field && known.because == because;
        match self.skipped.iter_mut().find(same) {
            Some(known) => known.count += 1,
            None => self.skipped.push(Skipped { word, field: field.to_owned(), because, count: 1 }),
        }
    }

    pub(crate) fn unknown_field(&mut self, name: &str, value: &str) {
        let example = || hide::value(name, value, EXAMPLE_CHARS);
        self.names_not_kept += u64::from(!note(&mut self.unknown_fields, name, example));
    }

    pub(crate) fn unknown_path(&mut self, method: &str, path: &str, target: impl FnOnce() -> String) {
        let name = hide::line(&format!("{method} {}", generic(path)), 120);
        self.names_not_kept += u64::from(!note(&mut self.unknown_paths, &name, target));
    }

    pub(crate) fn time(&mut self, at: Timestamp, place: impl FnOnce() -> Place) {
        if let Some(latest) = self.to {
            let ahead = at.micros_since(latest);
            if -ahead > LATE_US {
                jump(&mut self.late, -ahead, place);
            } else if ahead > GAP_US {
                jump(&mut self.gaps, ahead, place);
            }
        }
        self.from = Some(self.from.map_or(at, |from| from.min(at)));
        self.to = Some(self.to.map_or(at, |to| to.max(at)));
    }
}

fn jump(jumps: &mut Jumps, us: i64, place: impl FnOnce() -> Place) {
    jumps.count += 1;
    jumps.widest_us = jumps.widest_us.max(us);
    if jumps.first.is_none() {
        jumps.first = Some(place());
    }
}

fn tally(list: &mut Vec<Tally>, refusal: &Refusal, place: impl FnOnce() -> Place) {
    let room = list.len() < NAMES_MAX;
    let found = list.iter().position(|tally| tally.code == refusal.code && tally.field == refusal.field);
    match found.and_then(|at| list.get_mut(at)) {
        Some(tally) => {
            tally.count += 1;
            if tally.first.len() < FIRST_MAX {
                tally.first.push(place());
            }
        }
        // Codes are a closed list and fields are the wire's: the list is bounded by both, and by this for `ext`.
        None if room => list.push(Tally {
            code: refusal.code,
            field: refusal.field.clone(),
            count: 1,
            first: vec![place()],
            example: refusal.detail.chars().take(200).collect(),
        }),
        None => {}
    }
}

/// Whether the name is kept.
fn note(list: &mut Vec<Unknown>, name: &str, example: impl FnOnce() -> String) -> bool {
    if let Some(known) = list.iter_mut().find(|known| known.name == name) {
        known.count += 1;
        return true;
    }
    let room = list.len() < NAMES_MAX;
    if room {
        list.push(Unknown { name: name.to_owned(), count: 1, example: example() });
    }
    room
}

/// A path with what looks like an id taken out, so that a thousand orders are one path.
fn generic(path: &str) -> String {
    let segments = path.split('/').map(|segment| {
        let figures = segment.bytes().filter(u8::is_ascii_digit).count();
        let id = segment.len() >= 32 || (segment.len() > 3 && figures * 2 > segment.len());
        if id { "{id}" } else { segment }
    });
    segments.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_in_paths_are_one_path() {
        assert_eq!(generic("/orders/67732576"), "/orders/{id}");
        assert_eq!(generic("/v2.1/order/limit"), "/v2.1/order/limit");
        assert_eq!(generic("/a/1b4e28ba-2fa1-11d2-883f-0016d3cca427"), "/a/{id}");
        assert_eq!(generic("/v1/candles/minutes/5"), "/v1/candles/minutes/5");
    }
}
