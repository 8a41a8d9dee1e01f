//! What the tests share: the product's policies, made-up keys, and a clock that asks when the ladder said it would.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses its part")]

use std::collections::BTreeMap;
use sumun_model::{
    Act, ActKind, Assessment, Cause, Evidence, Family, FindingId, Hard, KeyState, Segment, Timestamp,
};
use sumun_policy::ladder::step;
use sumun_policy::{Approve, BudgetLeft, Outcome, Policy, Standing};

/// 2026-06-01T00:00:00Z.
pub const START_S: i64 = 1_780_272_000;

pub fn policy_text(name: &str) -> String {
    let path = format!("{}/../../policies/{name}.toml", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).expect("the policy file")
}

pub fn policy(name: &str) -> Policy {
    Policy::parse(&policy_text(name)).unwrap_or_else(|errors| panic!("{name}: {errors}"))
}

pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(START_S + seconds).expect("a time")
}

pub fn piece(family: Family, llr_milli: i32, seconds: i64, id: u64) -> Evidence {
    let mut bytes = [0; 16];
    bytes[8..].copy_from_slice(&id.to_be_bytes());
    Evidence {
        detector: format!("case.{family}@1"),
        code: format!("case_{id}"),
        family,
        cause: Cause::Lent,
        llr_milli,
        at: at(seconds),
        signal: FindingId::of(bytes),
        days: 1,
    }
}

pub fn assessment(segment: Option<Segment>) -> Assessment {
    Assessment {
        key: "K1".parse().expect("a key"),
        account: "A1".parse().expect("an account"),
        customer: None,
        replaces: None,
        segment,
        state: Some(KeyState::Active),
        at: at(0),
        position: 1,
        evidence: Vec::new(),
        hard: BTreeMap::new(),
        acts: Vec::new(),
        facts: BTreeMap::new(),
        cluster: None,
    }
}

/// A key with its policy, walked through time.
pub struct Walked {
    pub policy: Policy,
    pub approve: Approve,
    pub standing: Standing,
    pub assessment: Assessment,
    pub due: Option<Timestamp>,
    pub budget: BudgetLeft,
}

impl Walked {
    pub fn new(policy: Policy, segment: Option<Segment>, approve: Approve) -> Self {
        let budget = BudgetLeft::UNBOUNDED;
        Self {
            policy,
            approve,
            standing: Standing::default(),
            assessment: assessment(segment),
            due: None,
            budget,
        }
    }

    pub fn ask(&mut self, now: Timestamp) -> Outcome {
        let outcome = step(&self.policy, &self.standing, &self.assessment, now, self.approve, self.budget);
        assert!(
            outcome.next_due.is_none_or(|due| due > now),
            "due at {:?}, asked at {now}",
            outcome.next_due
        );
        self.standing = outcome.standing.clone();
        self.due = outcome.next_due;
        outcome
    }

    /// Everything the clock asks up to this instant, with when.
    pub fn clock(&mut self, until: Timestamp) -> Vec<(Timestamp, Outcome)> {
        self.assessment.acts.clear();
        let mut told = Vec::new();
        for round in 0.. {
            let Some(due) = self.due.filter(|due| *due <= until) else { break };
            assert!(round < 20_000, "the clock is asked without end");
            told.push((due, self.ask(due)));
        }
        told
    }

    /// Something happens.
    pub fn happens(
        &mut self,
        seconds: i64,
        evidence: &[Evidence],
        hard: &[Hard],
        acts: &[ActKind],
    ) -> (Vec<(Timestamp, Outcome)>, Outcome) {
        let now = at(seconds);
        let before = self.clock(now);
        for new in evidence {
            self.assessment.evidence.retain(|old| (&old.detector, &old.code) != (&new.detector, &new.code));
            self.assessment.evidence.push(new.clone());
        }
        self.assessment.evidence.sort_by(|a, b| (&a.detector, &a.code).cmp(&(&b.detector, &b.code)));
        for kind in hard {
            self.assessment.hard.insert(*kind, format!("r{seconds}"));
        }
        self.assessment.at = now;
        self.assessment.acts = acts.iter().map(|kind| Act { kind: *kind, at: now, event: None }).collect();
        (before, self.ask(now))
    }
}
