//! What the tests share: a made-up judge, lines by hand, worlds of the simulator, and findings as text.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use sumun_detect::judge::Judge;
use sumun_detect::network::NoData;
use sumun_detect::{Engine, Input, Options, Output, Params};
use sumun_model::wire::{Origin, parse_line};
use sumun_model::{
    Assessment, Finding, FindingId, KeyId, Measure, MeasureFinding, Mode, Phase, ScoreKind, Timestamp,
    Weights, score,
};
use sumun_sim::population::{Options as WorldOptions, World};

/// How long the made-up judge holds a key, seconds.
pub(crate) const HOLD_S: i64 = 95;

/// A judge that holds a key at the first evidence of a thousand points, lets it go after [`HOLD_S`], and ends it the third time.
#[derive(Debug, Default)]
pub(crate) struct Strict {
    keys: BTreeMap<KeyId, (Assessment, Option<Timestamp>, u32)>,
}

impl Strict {
    fn finding(assessment: &Assessment, measure: Measure, phase: Phase, now: Timestamp) -> MeasureFinding {
        let weights = Weights::default();
        let terms = score::terms(&assessment.evidence, &weights, ScoreKind::Sharing, now);
        let points = score::total(&terms);
        MeasureFinding {
            id: FindingId::of([0; 16]),
            ts: now,
            key: assessment.key.clone(),
            account: assessment.account.clone(),
            cluster: assessment.cluster.as_ref().map(|of| of.cluster),
            measure,
            phase,
            mode: Mode::Act,
            score: ScoreKind::Sharing,
            points,
            terms,
            risk: weights.risk(points),
            signals: assessment.signals(ScoreKind::Sharing),
            policy: "strict@1".to_owned(),
            lesser: String::new(),
            because: String::new(),
        }
    }
}

impl Judge for Strict {
    fn assess(&mut self, a: &Assessment) -> Vec<MeasureFinding> {
        let points = score::total(&score::terms(&a.evidence, &Weights::default(), ScoreKind::Sharing, a.at));
        let (kept, held, times) = self.keys.entry(a.key.clone()).or_insert_with(|| (a.clone(), None, 0));
        *kept = a.clone();
        if points < 1_000 || held.is_some() || *times >= 3 {
            return Vec::new();
        }
        *times += 1;
        if *times >= 3 {
            return vec![Self::finding(a, Measure::Expire, Phase::Enter, a.at)];
        }
        *held = Some(a.at.plus_micros(HOLD_S * 1_000_000));
        vec![Self::finding(a, Measure::Hold, Phase::Enter, a.at)]
    }

    fn due(&mut self, now: Timestamp) -> Vec<MeasureFinding> {
        let mut findings = Vec::new();
        for (assessment, held, _) in self.keys.values_mut() {
            if held.is_some_and(|until| until <= now) {
                *held = None;
                findings.push(Self::finding(assessment, Measure::Hold, Phase::Leave, now));
            }
        }
        findings
    }

    fn next_due(&self) -> Option<Timestamp> {
        self.keys.values().filter_map(|(_, held, _)| *held).min()
    }

    fn measure(&self, key: &KeyId) -> Option<Measure> {
        match self.keys.get(key)? {
            (_, _, 3) => Some(Measure::Expire),
            (_, Some(_), _) => Some(Measure::Hold),
            _ => None,
        }
    }

    fn save(&self) -> Vec<u8> {
        let rows: Vec<_> = self.keys.values().collect();
        serde_json::to_vec(&rows).unwrap()
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), String> {
        let rows: Vec<(Assessment, Option<Timestamp>, u32)> =
            serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        self.keys = rows.into_iter().map(|row| (row.0.key.clone(), row)).collect();
        Ok(())
    }
}

/// Parameters under which a small world has something to say.
pub(crate) fn params() -> Params {
    Params::default()
}

pub(crate) fn options(shards: usize) -> Options {
    Options { shards: NonZeroUsize::new(shards).unwrap(), alone_below: 8, ..Options::default() }
}

pub(crate) fn engine(options: Options) -> Engine {
    Engine::new(
        params(),
        Weights::default(),
        Arc::new(NoData),
        Box::new(Strict::default()),
        options,
        b"tests",
    )
}

/// Lines of text, numbered from 1.
pub(crate) fn lines(text: &str) -> Vec<Input> {
    text.lines()
        .filter(|line| !line.trim().is_empty())
        .zip(1..)
        .map(|(line, position)| Input {
            position,
            line: parse_line(Origin { source_name: "test", line: position }, line.trim())
                .unwrap_or_else(|error| panic!("{error}")),
        })
        .collect()
}

/// A world of the simulator.
pub(crate) fn world(seed: u64, days: u32, clean: u32, bad: u32, activity_permille: u32) -> Vec<Input> {
    let start = "2026-01-05T00:00:00Z".parse().unwrap();
    let options = WorldOptions { activity_permille, ..WorldOptions::new(seed, start, days, clean, bad) };
    World::new(&options).unwrap().lines().zip(1..).map(|(line, position)| Input { position, line }).collect()
}

/// Findings as the wire has them, one line each.
pub(crate) fn text(outputs: Vec<Output>) -> String {
    let mut text = String::new();
    for output in outputs {
        let finding = match output {
            Output::Signal(signal) => Finding::Signal(signal),
            Output::Measure(measure) => Finding::Measure(measure),
            Output::Assessment { assessment, .. } => {
                text.push_str(&serde_json::to_string(&assessment).unwrap());
                text.push('\n');
                continue;
            }
        };
        text.push_str(&serde_json::to_string(&finding).unwrap());
        text.push('\n');
    }
    text
}

/// All lines through one engine, `batch` at a time.
pub(crate) fn run(engine: &mut Engine, lines: &[Input], batch: usize) -> String {
    lines.chunks(batch).map(|chunk| text(engine.feed(chunk.to_vec()))).collect()
}
