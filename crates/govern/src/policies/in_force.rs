//! The policy in force, read once and kept: what decides about keys now.

use super::row::{PolicyRow, PolicyState, digest};
use crate::govern::{Govern, store_refusal};
use crate::refusal::{Refusal, RefusalKind};
use serde_json::json;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use sumun_model::assessment::Assessment;
use sumun_model::{Segment, Timestamp};
use sumun_policy::explain::{Explanation, why};
use sumun_policy::ladder::{BudgetBook, step};
use sumun_policy::lint::{Lint, Severity, lint};
use sumun_policy::{Approve, Bilingual, Outcome, Policy, Problem, Standing, run_cases};
use sumun_store::Filter;
use sumun_store::tables::POLICIES;

/// Faults of a policy that a refusal names.
const FAULTS_TOLD: usize = 3;

/// What decides: facts in, a plan out.
pub trait Ladder: Send + Sync {
    /// What follows for one key now; acts stand in the assessment.
    fn step(&self, standing: &Standing, assessment: &Assessment, now: Timestamp) -> Outcome;

    /// Notes what a step that was made real spent of the day's alerts.
    fn spend(&self, segment: Option<Segment>, now: Timestamp, spent: u32);

    /// Why a key stands where it stands, every rule met or not; none of a ladder that is no policy.
    fn explain(&self, _: &Standing, _: &Assessment, _: Timestamp) -> Option<Explanation> {
        None
    }

    /// What a rule of this id says, of whichever segment; none if there is none.
    fn rule_reason(&self, _: &str) -> Option<Bilingual> {
        None
    }
}

/// A policy with what is spent of its day. The day's count starts anew with the process.
struct Counting {
    policy: Policy,
    book: Mutex<BudgetBook>,
}

impl Ladder for Counting {
    fn step(&self, standing: &Standing, assessment: &Assessment, now: Timestamp) -> Outcome {
        let left = {
            let book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
            book.left(&self.policy, assessment.segment, now)
        };
        // Engine time never runs back behind what was found.
        step(&self.policy, standing, assessment, now.max(assessment.at), Approve::People, left)
    }

    fn spend(&self, segment: Option<Segment>, now: Timestamp, spent: u32) {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        book.spend(&self.policy, segment, now, spent);
    }

    fn explain(&self, standing: &Standing, assessment: &Assessment, now: Timestamp) -> Option<Explanation> {
        Some(why(&self.policy, standing, assessment, now.max(assessment.at)))
    }

    fn rule_reason(&self, id: &str) -> Option<Bilingual> {
        let segments = std::iter::once(None).chain(Segment::ALL.iter().copied().map(Some));
        let mut rules = segments.flat_map(|segment| &self.policy.segment(segment).rules);
        rules.find(|rule| rule.id == id).map(|rule| rule.reason.clone())
    }
}

/// A policy in force.
#[derive(Clone)]
pub struct InForce {
    /// Its id and version, such as `default@3`.
    pub policy: String,
    /// Hex SHA-256 over its text.
    pub digest: String,
    /// How many alerts a day a machine may raise where a segment has no number of its own.
    pub alerts_per_day: u32,
    /// What it decides.
    pub ladder: Arc<dyn Ladder>,
}

impl fmt::Debug for InForce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InForce")
            .field("policy", &self.policy)
            .field("digest", &self.digest)
            .finish_non_exhaustive()
    }
}

impl Govern {
    /// The policy in force.
    ///
    /// # Errors
    /// `policy_missing` until one was put in force.
    pub fn policy(&self) -> Result<Arc<InForce>, Refusal> {
        let held = self.policy.read().unwrap_or_else(PoisonError::into_inner).clone();
        held.ok_or_else(|| {
            Refusal::new(
                RefusalKind::Unavailable,
                "policy_missing",
                "no policy is in force, so nothing can be decided about a key",
                "adopt the shipped one with `sumun init`, or have one activated by two persons",
            )
            .after_s(5)
        })
    }

    /// Puts this policy in force in this process. What the record says is [`Govern::reload_policy`]'s to read.
    pub fn hold_policy(&self, policy: InForce) {
        *self.policy.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(policy));
    }

    /// Puts in force what the record holds as active, if that is another one than what is.
    ///
    /// # Errors
    /// `store_unavailable`; `row_unreadable` or `policy_bad`, and then what is in force stays.
    pub async fn reload_policy(&self) -> Result<(), Refusal> {
        let Some(row) = self.active_policy().await? else { return Ok(()) };
        if self.policy().is_ok_and(|held| held.digest == row.digest) {
            return Ok(());
        }
        self.hold_policy(read(&row.text)?);
        Ok(())
    }

    /// The row of the active policy, if there is one.
    pub(crate) async fn active_policy(&self) -> Result<Option<PolicyRow>, Refusal> {
        let equals = vec![("state", json!(PolicyState::Active))];
        let filter = Filter { equals, limit: 1, ..Filter::default() };
        let rows = self.store.list(&POLICIES, &filter).await.map_err(store_refusal)?;
        rows.first().map(PolicyRow::of).transpose()
    }
}

/// Reads a policy's text; every fault of it is named.
///
/// # Errors
/// `policy_bad`.
pub fn read(text: &str) -> Result<InForce, Refusal> {
    let policy = Policy::parse(text).map_err(|faults| bad(&faults.to_string()))?;
    Ok(InForce {
        policy: policy.name(),
        digest: digest(text),
        alerts_per_day: policy.budget.alerts_per_day,
        ladder: Arc::new(Counting { policy, book: Mutex::new(BudgetBook::default()) }),
    })
}

/// What detection would refuse of a policy file's `[detectors]`, with places in the whole text.
pub type DetectorCheck = fn(&str) -> Vec<Problem>;

/// The policy of this text, if it can be read, and everything wrong or dubious about it, in the order of the file.
pub(crate) fn problems_of(text: &str, detectors: DetectorCheck) -> (Option<Policy>, Vec<Lint>) {
    let grave = |problem: Problem, code: &'static str| Lint {
        line: problem.line,
        column: problem.column,
        severity: Severity::Error,
        code,
        message: problem.message,
    };
    let mut found: Vec<Lint> =
        detectors(text).into_iter().map(|problem| grave(problem, "detectors_bad")).collect();
    let policy = match Policy::parse(text) {
        Ok(policy) => {
            found.extend(lint(&policy));
            let failed = run_cases(&policy).into_iter().flat_map(|case| case.problems);
            found.extend(failed.map(|problem| grave(problem, "test_failed")));
            Some(policy)
        }
        Err(faults) => {
            // A file that is no TOML is one problem, not two.
            found.retain(|known| !faults.0.iter().any(|fault| fault.message == known.message));
            found.extend(faults.0.into_iter().map(|problem| grave(problem, "unreadable")));
            None
        }
    };
    found.sort();
    (policy, found)
}

/// Refuses what may not come into force though it can be read: an error of the linter, a parameter that detection refuses, or a test
/// of the file's own that fails.
///
/// # Errors
/// `policy_bad`, `policy_unsound`.
pub(crate) fn check_sound(text: &str, detectors: DetectorCheck) -> Result<(), Refusal> {
    let policy = Policy::parse(text).map_err(|faults| bad(&faults.to_string()))?;
    let (_, found) = problems_of(text, detectors);
    let mut faults: Vec<String> = found
        .into_iter()
        .filter(|found| found.severity == Severity::Error)
        .map(|found| format!("{}:{}: {} [{}]", found.line, found.column, found.message, found.code))
        .collect();
    if faults.is_empty() {
        return Ok(());
    }
    let beyond = faults.len().saturating_sub(FAULTS_TOLD);
    faults.truncate(FAULTS_TOLD);
    if beyond > 0 {
        faults.push(format!("{beyond} more"));
    }
    Err(Refusal::new(
        RefusalKind::Invalid,
        "policy_unsound",
        format!("policy `{}` may not come into force: {}", policy.name(), faults.join("; ")),
        "correct the file; `sumun policy check FILE` tells every fault with line and column",
    )
    .at("/text"))
}

/// The text is no policy.
pub(crate) fn bad(faults: &str) -> Refusal {
    Refusal::new(
        RefusalKind::Invalid,
        "policy_bad",
        faults,
        "correct the file; `sumun policy check FILE` reads it without proposing it",
    )
    .at("/text")
}
