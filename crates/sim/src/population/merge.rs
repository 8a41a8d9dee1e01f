//! Telling a world: unit by unit, slice by slice, merged by time.
//!
//! Of two lines at one instant the one of the lower unit comes first, then the one made first; a unit's number is its
//! own branch's, so that a clean unit's lines keep their order and their text whoever else is there. All but `seq`: that
//! counts what its producer sent, whoever it is about.

use super::lines::{sign, tick};
use super::out::Out;
use super::plan::{Proof, Unit};
use super::{MINUTE, SLICE, Scene, Us, state};
use std::collections::{BTreeMap, VecDeque};
use sumun_model::wire::{Line, to_json};

/// So long nobody says anything before the clock does.
const QUIET: Us = 5 * MINUTE;

/// Where a line stands among all: its instant, state before events, unit, number in the unit.
type Place = (Us, u8, u64, u64);

/// A world's lines in time order.
#[derive(Debug)]
pub struct Lines {
    scene: Scene,
    units: Vec<Unit>,
    /// The next slice to be made.
    next: Us,
    /// Made, and not yet due.
    later: Vec<(Place, Line)>,
    ready: VecDeque<(Us, Line)>,
    last: Us,
    sequences: BTreeMap<String, u64>,
    ended: bool,
}

impl Lines {
    pub(super) fn new(scene: Scene, units: Vec<Unit>) -> Self {
        let start = scene.start;
        let mut lines = Self {
            next: start,
            later: Vec::new(),
            ready: state::opening(&scene).into_iter().map(|line| (start, line)).collect(),
            last: start,
            sequences: BTreeMap::new(),
            ended: false,
            scene,
            units: Vec::new(),
        };
        for mut unit in units {
            lines.make(&mut unit, |unit, scene, out| unit.opening(scene, out));
            lines.units.push(unit);
        }
        lines
    }

    /// Runs something that makes lines of a unit.
    fn make(&mut self, unit: &mut Unit, run: impl FnOnce(&Unit, &Scene, &mut Out<'_>)) {
        let (mut events, mut made) = (unit.events, Vec::new());
        run(unit, &self.scene, &mut Out::new(&self.scene, &unit.name, &mut events, &mut made));
        unit.events = events;
        for (at, line) in made {
            self.keep(unit, at, line);
        }
    }

    fn keep(&mut self, unit: &mut Unit, at: Us, line: Line) {
        if (self.scene.start..self.scene.end).contains(&at) {
            let rank = match line {
                Line::Account(_) => 0,
                Line::Delegation(_) => 1,
                Line::Key(_) => 2,
                _ => 3,
            };
            self.later.push(((at, rank, unit.order, unit.lines), line));
            unit.lines += 1;
        }
    }

    fn slice(&mut self) {
        let (from, until) = (self.next, self.next + SLICE);
        self.next = until;
        let mut units = std::mem::take(&mut self.units);
        for unit in &mut units {
            self.make(unit, |unit, scene, out| {
                unit.changes(scene, from, out);
                for driver in &unit.drivers {
                    if let Some(key) = unit.keys.get(driver.key) {
                        driver.slice(key, from, out);
                    }
                }
                for person in &unit.people {
                    person.slice(from, out);
                }
                for noise in &unit.noise {
                    if let Some(key) = unit.keys.get(noise.key) {
                        noise.slice(key, from, out);
                    }
                }
                let here = |proof: &&Proof| (from..until).contains(&proof.at);
                for (number, proof) in (0..).zip(&unit.proofs).filter(|(_, proof)| here(proof)) {
                    if let Some(key) = unit.keys.get(proof.key) {
                        proof.line(key, number, out);
                    }
                }
            });
            while unit.once.last().is_some_and(|(at, _)| *at < until) {
                if let Some((at, line)) = unit.once.pop() {
                    self.keep(unit, at, line);
                }
            }
        }
        self.units = units;
        self.later.sort_unstable_by_key(|(place, _)| *place);
        let due = self.later.partition_point(|((at, ..), _)| *at < until);
        self.ready.extend(self.later.drain(..due).map(|((at, ..), line)| (at, line)));
    }

    fn signed(&mut self, at: Us, mut line: Line) -> Line {
        self.last = at;
        let sequences = &mut self.sequences;
        sign(&mut line, |producer| match sequences.get_mut(producer) {
            Some(last) => {
                *last += 1;
                *last
            }
            None => {
                sequences.insert(producer.to_owned(), 1);
                1
            }
        });
        line
    }
}

impl Iterator for Lines {
    type Item = Line;

    fn next(&mut self) -> Option<Line> {
        while self.ready.is_empty() && self.next < self.scene.end {
            self.slice();
        }
        let due = self.ready.front().map_or(self.scene.end, |(at, _)| *at);
        if due - self.last > QUIET {
            let at = self.last + QUIET;
            return Some(self.signed(at, tick(at)));
        }
        if let Some((at, line)) = self.ready.pop_front() {
            return Some(self.signed(at, line));
        }
        // The end is told too, so that whoever waits for time hears it.
        if self.ended {
            return None;
        }
        self.ended = true;
        let end = self.scene.end;
        Some(self.signed(end, tick(end)))
    }
}

/// A world's lines as JSON.
#[derive(Debug)]
pub struct JsonLines(Lines);

impl JsonLines {
    pub(super) const fn new(lines: Lines) -> Self {
        Self(lines)
    }
}

impl Iterator for JsonLines {
    type Item = Result<String, serde_json::Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|line| to_json(&line))
    }
}
