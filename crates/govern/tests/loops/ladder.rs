//! A ladder that does what the fact `want` says: a plain model of the real one, and findings to set it off.

use crate::bench::{Bench, START_US};
use std::collections::BTreeMap;
use std::sync::Arc;
use sumun_govern::detection::{Findings, PlacedSignal};
use sumun_govern::policies::{InForce, Ladder};
use sumun_model::assessment::{ActKind, Assessment, ClusterOf, Fact};
use sumun_model::finding::{Phase, Risk, ScoreKind, Signal, Subject};
use sumun_model::{Cause, FindingId, Measure, Mode, Segment, Timestamp, Value};
use sumun_policy::ladder::Proposal;
use sumun_policy::{Outcome, Reasoned, Standing, Step};

pub(crate) const SECOND: i64 = 1_000_000;

/// How long a hold lasts here.
pub(crate) const HOLD_US: i64 = 30 * SECOND;

struct Told;

fn step(measure: Measure, phase: Phase, mode: Mode, said: &Assessment, until: Option<Timestamp>) -> Step {
    let because = |code: &str| Reasoned { code: code.into(), values: BTreeMap::new() };
    Step {
        measure,
        phase,
        mode,
        rule: "told".into(),
        score: ScoreKind::Sharing,
        points: 4_200,
        terms: Vec::new(),
        risk: Risk(7_000),
        cause: if said.facts.contains_key("leaked") { Cause::Leaked } else { Cause::Lent },
        signals: said.facts.get("signal").map(id_of).into_iter().collect(),
        lesser: because("lesser.too_slow"),
        why: because("rule.told"),
        until,
    }
}

fn id_of(fact: &Fact) -> FindingId {
    match fact {
        Fact::Text(text) => text.parse().unwrap(),
        _ => panic!("no id"),
    }
}

fn word(said: &Assessment, name: &str) -> Option<String> {
    match said.facts.get(name)? {
        Fact::Text(text) => Some(text.clone()),
        _ => None,
    }
}

impl Ladder for Told {
    fn step(&self, standing: &Standing, said: &Assessment, now: Timestamp) -> Outcome {
        let mut after = standing.clone();
        let mut steps = Vec::new();
        let enter = |after: &mut Standing, steps: &mut Vec<Step>, measure| {
            let until = (measure == Measure::Hold).then(|| now.plus_micros(HOLD_US));
            (after.measure, after.due, after.proposal) = (Some(measure), until, None);
            steps.push(step(measure, Phase::Enter, Mode::Act, said, until));
        };
        if std::mem::take(&mut after.untold)
            && let Some(measure) = after.measure
        {
            let told = step(measure, Phase::Enter, Mode::Act, said, after.due);
            steps.push(Step { rule: "ladder.follows".into(), ..told });
        }
        for act in &said.acts {
            match act.kind {
                ActKind::Lifted | ActKind::Exonerated | ActKind::Acknowledged => {
                    if let Some(measure) = after.measure.take() {
                        steps.push(step(measure, Phase::Leave, Mode::Act, said, None));
                    }
                    return Outcome { standing: after, steps, next_due: None, spent: 0 };
                }
                ActKind::Approved => {
                    if let Some(open) = after.proposal.take() {
                        enter(&mut after, &mut steps, open.measure);
                    }
                }
                ActKind::Refused => after.proposal = None,
                _ => {}
            }
        }
        if after.due.is_some_and(|due| due <= now) {
            let measure = after.measure.take().unwrap();
            after.due = None;
            steps.push(step(measure, Phase::Leave, Mode::Act, said, None));
            return Outcome { standing: after, steps, next_due: None, spent: 0 };
        }
        if let Some(measure) = word(said, "want").map(|want| want.parse::<Measure>().unwrap())
            && Some(measure) > after.measure
        {
            if word(said, "mode").as_deref() == Some("propose") {
                if after.proposal.is_none() && said.acts.is_empty() {
                    after.proposal = Some(Proposal {
                        measure,
                        rule: "told".into(),
                        at: now,
                        score: ScoreKind::Sharing,
                        points: 4_200,
                        signals: Vec::new(),
                        for_budget: false,
                    });
                    steps.push(step(measure, Phase::Enter, Mode::Propose, said, None));
                }
            } else {
                enter(&mut after, &mut steps, measure);
            }
        }
        Outcome { next_due: after.due, standing: after, steps, spent: 0 }
    }

    fn spend(&self, _: Option<Segment>, _: Timestamp, _: u32) {}
}

/// A control plane whose ladder does what it is told.
pub(crate) async fn bench() -> Bench {
    let bench = Bench::new().await;
    bench.govern.hold_policy(InForce {
        policy: "told@1".into(),
        digest: "ab".repeat(32),
        alerts_per_day: 10,
        ladder: Arc::new(Told),
    });
    bench
}

/// A signal about this key.
pub(crate) fn signal(n: u8, position: u64, key: &str) -> PlacedSignal {
    PlacedSignal {
        position,
        signal: Signal {
            id: FindingId::of([n; 16]),
            ts: Timestamp::from_micros(START_US),
            detector: "key.concurrent_origins@1".into(),
            subject: Subject::Key { key: key.parse().unwrap(), account: "A1".parse().unwrap() },
            cause: Cause::Lent,
            points: 3_200,
            code: "returns_between_origins".into(),
            values: BTreeMap::from([("returns".into(), Value::Int(4))]),
            baseline: None,
            evidence: vec!["a1".parse().unwrap()],
            because: String::new(),
        },
    }
}

/// What detection says of this key: the measure it makes the ladder take.
pub(crate) fn assessment(position: u64, key: &str, facts: &[(&str, &str)]) -> Assessment {
    Assessment {
        key: key.parse().unwrap(),
        account: "A1".parse().unwrap(),
        customer: Some("C1".parse().unwrap()),
        replaces: None,
        segment: Some(Segment::Retail),
        state: None,
        at: Timestamp::from_micros(START_US),
        position,
        evidence: Vec::new(),
        hard: BTreeMap::new(),
        acts: Vec::new(),
        facts: facts.iter().map(|(name, word)| ((*name).into(), Fact::Text((*word).into()))).collect(),
        cluster: None,
    }
}

/// The same, as a member of a cluster.
pub(crate) fn clustered(assessment: Assessment, n: u8) -> Assessment {
    Assessment { cluster: Some(ClusterOf { cluster: FindingId::of([n; 16]), members: 2 }), ..assessment }
}

/// A batch of one signal and one assessment that relies on it.
pub(crate) fn batch(n: u8, position: u64, key: &str, facts: &[(&str, &str)]) -> Findings {
    let id = FindingId::of([n; 16]).to_string();
    let facts: Vec<_> = facts.iter().copied().chain([("signal", id.as_str())]).collect();
    Findings { signals: vec![signal(n, position, key)], assessments: vec![assessment(position, key, &facts)] }
}
