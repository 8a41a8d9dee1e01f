//! One world: told by a thread of its own, taken by the engine, and what every key of it met.
//!
//! Memory is by keys and by what is on its way between the threads; the world goes when its records are made.

use super::MEASURES;
use super::fit::Samples;
use super::judge::{Met, Noted, Watched};
use super::naive::{Naive, RULES};
use super::record::{FalseAlarm, Reached, Record, WorldNumbers};
use crate::findings::{LadderJudge, Setup};
use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, PoisonError};
use sumun_detect::{Engine, Input, Measures};
use sumun_model::wire::{KeyLine, Line};
use sumun_model::{KeyId, Lang, Prefix, Timestamp};
use sumun_policy::Approve;
use sumun_policy::policy::rank;
use sumun_sim::population::{Options, OptionsError, Role, Truth, World};

/// Lines handed over at once.
const BATCH: usize = 4_096;
/// Batches on their way.
const AHEAD: usize = 4;
const DAY_US: i64 = 86_400_000_000;

/// What a world came to.
#[derive(Debug, Default)]
pub struct Told {
    /// Every key.
    pub records: Vec<Record>,
    /// The rest.
    pub numbers: WorldNumbers,
    /// Measures on keys that were honest then.
    pub alarms: Vec<FalseAlarm>,
    /// Strengths by day, for a fit.
    pub samples: Samples,
}

/// A key while its world is told.
struct Watch {
    truth: Truth,
    first_line: Option<Timestamp>,
    born: bool,
    edited: bool,
    known: Vec<Prefix>,
    /// Requests since the first misuse, by time; of honest keys since their first line.
    requests: Vec<i64>,
    naive: [Option<Reached>; RULES],
    naive_before: [bool; RULES],
}

impl Watch {
    fn new(truth: &Truth) -> Self {
        Self {
            truth: truth.clone(),
            first_line: None,
            born: false,
            edited: false,
            known: Vec::new(),
            requests: Vec::new(),
            naive: [None; RULES],
            naive_before: [false; RULES],
        }
    }

    /// From when measures are right; of honest keys: from when they are counted.
    fn from(&self) -> Option<Timestamp> {
        self.truth.from.or(self.first_line)
    }

    fn key_line(&mut self, line: &KeyLine, start: Timestamp) {
        let listed = line.allowlist.iter().flatten().map(|entry| entry.prefix());
        if self.first_line.is_none() {
            self.first_line = Some(line.ts);
            self.born = line.ts > start;
            self.known = listed.collect();
            return;
        }
        for prefix in listed {
            if !self.known.contains(&prefix) {
                // The first address of a key without any is its birth, not an edit.
                self.edited |= !self.known.is_empty();
                self.known.push(prefix);
            }
        }
    }

    fn request(&mut self, at: Timestamp) {
        if self.from().is_some_and(|from| at >= from) {
            self.requests.push(at.as_micros());
        }
    }

    fn reached(&self, at: Timestamp) -> Option<Reached> {
        let from = self.from()?;
        let requests = self.requests.partition_point(|request| *request <= at.as_micros());
        (at >= from).then(|| Reached {
            after_us: at.micros_since(from),
            requests: u64::try_from(requests).unwrap_or(u64::MAX),
        })
    }

    fn naive_alarm(&mut self, rule: usize, at: Timestamp) {
        let reached = self.reached(at);
        let before = self.truth.from.is_some_and(|from| at < from);
        if let Some(seen) = self.naive_before.get_mut(rule) {
            *seen |= before;
        }
        if let Some(first) = self.naive.get_mut(rule).filter(|first| first.is_none()) {
            *first = reached;
        }
    }

    fn record(&self, seed: u64, end: Timestamp, met: &[Met]) -> Record {
        let mut record = Record {
            seed,
            kind: self.truth.kind,
            story: self.truth.story,
            role: self.truth.role,
            skill: self.truth.skill,
            watched_s: self.first_line.map_or(0, |first| end.micros_since(first) / 1_000_000),
            born: self.born,
            edited: self.edited,
            reached: [None; MEASURES],
            before: [false; MEASURES],
            ended_by_machine: false,
            naive: self.naive,
            naive_before: self.naive_before,
        };
        for one in met {
            let reached = self.reached(one.at);
            let strictness = usize::from(rank(Some(one.measure)));
            let ranks = record.reached.iter_mut().zip(&mut record.before).take(strictness);
            for (first, before) in ranks {
                match reached {
                    Some(reached) => *first = first.or(Some(reached)),
                    None => *before = true,
                }
            }
            record.ended_by_machine |= strictness == MEASURES && one.by_machine && reached.is_some();
        }
        record
    }

    fn alarm(&self, seed: u64, met: &Met) -> Option<FalseAlarm> {
        let honest = self.truth.from.is_none_or(|from| met.at < from);
        honest.then(|| FalseAlarm {
            seed,
            key: met.key.to_string(),
            kind: self.truth.kind.as_str(),
            role: self.truth.role.as_str(),
            measure: met.measure.as_str(),
            at: met.at.to_string(),
            rule: met.rule.clone(),
            points: met.points,
            evidence: met.evidence.clone(),
        })
    }
}

/// Tells a world and watches it.
///
/// # Errors
/// The options make no world.
pub fn run(setup: &Setup, options: &Options, shards: NonZeroUsize) -> Result<Told, OptionsError> {
    let world = World::new(options)?;
    let (start, end) = (options.start, options.start.plus_micros(i64::from(options.days) * DAY_US));
    // In the order of the truth's table, so that a report is the same each time.
    let order: Vec<KeyId> = world.truth().map(|truth| truth.key.clone()).collect();
    let mut keys: HashMap<KeyId, Watch> =
        world.truth().map(|truth| (truth.key.clone(), Watch::new(truth))).collect();
    let noted = Arc::new(Mutex::new(Noted::default()));
    let mut engine = engine(setup, shards, &noted);
    let mut naive = Naive::default();
    let mut told = Told::default();
    let (sender, receiver) = sync_channel::<Vec<Line>>(AHEAD);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let mut lines = world.lines();
            loop {
                let batch: Vec<Line> = lines.by_ref().take(BATCH).collect();
                if batch.is_empty() || sender.send(batch).is_err() {
                    return;
                }
            }
        });
        for batch in receiver {
            for line in &batch {
                look(line, &mut keys, &mut naive, start);
            }
            let first = told.numbers.lines + 1;
            told.numbers.lines += batch.len() as u64;
            // What comes out is noted by the judge.
            drop(engine.feed((first..).zip(batch).map(|(position, line)| Input { position, line })));
        }
    });
    drop(engine);
    let noted = std::mem::take(&mut *noted.lock().unwrap_or_else(PoisonError::into_inner));
    finish(&mut told, &order, &keys, noted, options, end);
    Ok(told)
}

fn engine(setup: &Setup, shards: NonZeroUsize, noted: &Arc<Mutex<Noted>>) -> Engine {
    let ladder = LadderJudge::new(Arc::clone(&setup.policy), Approve::All, Lang::En);
    let judge = Box::new(Watched::new(ladder, Arc::clone(&setup.policy), Arc::clone(noted)));
    let options = sumun_detect::Options { shards, measures: Measures::Derive, ..Default::default() };
    let (params, weights) = (setup.params.clone(), setup.weights.clone());
    Engine::new(params, weights, Arc::clone(&setup.data), judge, options, &setup.also(Approve::All))
}

fn look(line: &Line, keys: &mut HashMap<KeyId, Watch>, naive: &mut Naive, start: Timestamp) {
    match line {
        Line::Key(line) => {
            if let Some(watch) = keys.get_mut(&line.key) {
                watch.key_line(line, start);
            }
        }
        Line::Access(line) => {
            if let Some(watch) = line.key.as_ref().and_then(|key| keys.get_mut(key)) {
                watch.request(line.ts);
            }
            for (rule, key) in naive.line(line) {
                if let Some(watch) = keys.get_mut(&key) {
                    watch.naive_alarm(rule, line.ts);
                }
            }
        }
        _ => {}
    }
}

fn finish(
    told: &mut Told,
    order: &[KeyId],
    keys: &HashMap<KeyId, Watch>,
    noted: Noted,
    options: &Options,
    end: Timestamp,
) {
    let mut by_key: HashMap<&KeyId, Vec<Met>> = HashMap::new();
    told.numbers.warnings_by_day = vec![0; usize::try_from(options.days).unwrap_or(0)];
    for met in &noted.met {
        let day = met.at.micros_since(options.start) / DAY_US;
        let day = usize::try_from(day).ok().and_then(|day| told.numbers.warnings_by_day.get_mut(day));
        if let Some(day) = day.filter(|_| met.measure == sumun_model::Measure::Warn) {
            *day += 1;
        }
        let Some(watch) = keys.get(&met.key) else { continue };
        told.alarms.extend(watch.alarm(options.seed, met));
        by_key.entry(&met.key).or_default().push(met.clone());
    }
    for key in order {
        let Some(watch) = keys.get(key) else { continue };
        let met = by_key.remove(key).unwrap_or_default();
        told.records.push(watch.record(options.seed, end, &met));
        if watch.truth.role != Role::Framer {
            let from = watch.truth.from.map(Timestamp::as_micros);
            let first = watch.first_line.map_or(end, |first| first);
            told.samples.add(noted.days.get(key), first.as_micros(), end.as_micros(), from);
        }
    }
    told.numbers.keys = order.len() as u64;
}
