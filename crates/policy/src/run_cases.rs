//! Runs a policy file's own cases.

use crate::Policy;
use crate::ladder::{Approve, BudgetLeft, Standing, Step, step};
use crate::position::Problem;
use std::collections::BTreeMap;
use sumun_model::{
    AccountId, Act, Assessment, ClusterOf, FindingId, KeyId, KeyState, Measure, Mode, Phase, Timestamp,
};

/// Whether a step is written as cases write them: `enter warn act`, `enter expire propose`, `leave hold`.
#[must_use]
pub(crate) fn well_formed(text: &str) -> bool {
    let mut words = text.split(' ');
    let phase = words.next().is_some_and(|word| word.parse::<Phase>().is_ok());
    let measure = words.next().is_some_and(|word| word.parse::<Measure>().is_ok());
    let mode = words.next().is_none_or(|word| word.parse::<Mode>().is_ok());
    phase && measure && mode && words.next().is_none()
}

/// A step as cases write it.
#[must_use]
pub fn short(step: &Step) -> String {
    format!("{} {} {}", step.phase, step.measure, step.mode)
}

/// What became of one case.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct CaseResult {
    /// Its name.
    pub name: String,
    /// Steps of every moment, in short.
    pub steps: Vec<Vec<String>>,
    /// What was expected and did not happen, or the reverse.
    pub problems: Vec<Problem>,
}

/// Runs every case. Proposals wait for people, as live.
#[must_use]
pub fn run_cases(policy: &Policy) -> Vec<CaseResult> {
    policy.tests.iter().map(|case| run_case(policy, case)).collect()
}

fn run_case(policy: &Policy, case: &crate::cases::Case) -> CaseResult {
    let mut result = CaseResult { name: case.name.clone(), steps: Vec::new(), problems: Vec::new() };
    let (Ok(key), Ok(account)) = ("K1".parse::<KeyId>(), "A1".parse::<AccountId>()) else { return result };
    let mut assessment = Assessment {
        key,
        account,
        customer: None,
        replaces: None,
        segment: case.segment,
        state: Some(KeyState::Active),
        at: Timestamp::MIN,
        position: 0,
        evidence: Vec::new(),
        hard: BTreeMap::new(),
        acts: Vec::new(),
        facts: BTreeMap::new(),
        cluster: None,
    };
    let mut standing = Standing::default();
    let mut due: Option<Timestamp> = None;
    for moment in &case.moments {
        let now = Timestamp::from_seconds(moment.at_s).unwrap_or(Timestamp::MIN);
        let mut steps: Vec<Step> = Vec::new();
        assessment.acts = Vec::new();
        // What the clock asks between two moments happens, as it would live, and is told with the later moment.
        for _ in 0..10_000 {
            let Some(at) = due.filter(|at| *at < now) else { break };
            let outcome = step(policy, &standing, &assessment, at, Approve::People, BudgetLeft::UNBOUNDED);
            (standing, due) = (outcome.standing, outcome.next_due);
            steps.extend(outcome.steps);
        }
        assessment.at = now;
        assessment.position += 1;
        if let Some(evidence) = &moment.evidence {
            for piece in evidence {
                assessment
                    .evidence
                    .retain(|old| (&old.detector, &old.code) != (&piece.detector, &piece.code));
                assessment.evidence.push(piece.clone());
            }
            assessment.evidence.sort_by(|a, b| (&a.detector, &a.code).cmp(&(&b.detector, &b.code)));
        }
        for hard in &moment.hard {
            assessment.hard.insert(*hard, format!("case {}", moment.at_s));
        }
        assessment.facts.extend(moment.facts.clone());
        if moment.cluster > 0 {
            assessment.cluster = Some(ClusterOf { cluster: FindingId::of([9; 16]), members: moment.cluster });
        }
        assessment.acts = moment.acts.iter().map(|kind| Act { kind: *kind, at: now, event: None }).collect();
        let outcome = step(policy, &standing, &assessment, now, Approve::People, BudgetLeft::UNBOUNDED);
        (standing, due) = (outcome.standing, outcome.next_due);
        steps.extend(outcome.steps);
        let said: Vec<String> = steps.iter().map(short).collect();
        let found = |wanted: &str| {
            said.iter().any(|s| s == wanted || s.strip_prefix(wanted).is_some_and(|r| r.starts_with(' ')))
        };
        let told = if said.is_empty() { "nothing".to_owned() } else { said.join(", ") };
        let mut problem = |message: String| {
            let at = moment.at_s;
            let message = format!("`{}` at {at} s: {message}; what followed: {told}", case.name);
            result.problems.push(Problem { line: moment.line, column: moment.column, message });
        };
        moment
            .must
            .iter()
            .filter(|w| !found(w))
            .for_each(|w| problem(format!("`{w}` must follow and did not")));
        moment
            .must_not
            .iter()
            .filter(|w| found(w))
            .for_each(|w| problem(format!("`{w}` must not follow and did")));
        result.steps.push(said);
    }
    result
}
