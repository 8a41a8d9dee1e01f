//! The ladder as detection's judge: what each key stands at, what is due when, and the day's budget.
//!
//! Asked in output order by one thread (WIRE 4), so that the budget is spent in that order. Every decision is
//! [`sumun_policy::ladder::step`]'s; this keeps its standings between calls and puts its steps into findings. Live, govern does the
//! same with rows of the store.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use sumun_detect::judge::Judge;
use sumun_model::{Assessment, FindingId, KeyId, KeyState, Lang, Measure, MeasureFinding, Timestamp};
use sumun_policy::ladder::{follows, step};
use sumun_policy::policy::rank;
use sumun_policy::{Approve, BudgetBook, Outcome, Policy, Standing, Step, explain};

/// One key's place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Kept {
    standing: Standing,
    /// The last assessment, its acts taken out: what the clock is asked with.
    assessment: Assessment,
    next_due: Option<Timestamp>,
}

/// Everything that is kept.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Standings {
    keys: BTreeMap<KeyId, Kept>,
    book: BudgetBook,
}

/// The ladder over all keys.
pub struct LadderJudge {
    policy: Arc<Policy>,
    policy_name: String,
    approve: Approve,
    lang: Lang,
    is: Standings,
    due: BTreeSet<(Timestamp, KeyId)>,
    /// Keys under an open measure, by customer, else account: a new key of theirs begins under it (DESIGN 4).
    open: BTreeMap<String, BTreeSet<KeyId>>,
}

/// Whose a key is, as far as a measure follows.
fn whose(assessment: &Assessment) -> String {
    assessment
        .customer
        .as_ref()
        .map_or_else(|| format!("account {}", assessment.account), |customer| format!("customer {customer}"))
}

/// Detection tells only of a key that was just made.
fn is_birth(assessment: &Assessment) -> bool {
    assessment.evidence.is_empty()
        && assessment.hard.is_empty()
        && assessment.acts.is_empty()
        && assessment.facts.is_empty()
        && assessment.cluster.is_none()
        && assessment.replaces.is_none()
}

impl LadderJudge {
    /// Of a policy. `approve` says what becomes of proposals, `lang` in which words findings give their reasons.
    #[must_use]
    pub fn new(policy: Arc<Policy>, approve: Approve, lang: Lang) -> Self {
        Self {
            policy_name: policy.name(),
            policy,
            approve,
            lang,
            is: Standings::default(),
            due: BTreeSet::new(),
            open: BTreeMap::new(),
        }
    }

    /// Where a key stands, with the assessment it was last judged by.
    #[must_use]
    pub fn standing(&self, key: &KeyId) -> Option<(&Standing, &Assessment)> {
        self.is.keys.get(key).map(|kept| (&kept.standing, &kept.assessment))
    }

    /// The standing a key begins with.
    fn first(&self, assessment: &Assessment) -> Standing {
        if let Some(old) = &assessment.replaces {
            return self.is.keys.get(old).map(|kept| kept.standing.inherit(old)).unwrap_or_default();
        }
        let strictest = self.open.get(&whose(assessment)).into_iter().flatten().max_by_key(|key| {
            let standing = self.is.keys.get(*key).map(|kept| rank(kept.standing.measure));
            (standing, std::cmp::Reverse(*key))
        });
        match strictest.filter(|_| is_birth(assessment)) {
            Some(from) => self
                .is
                .keys
                .get(from)
                .and_then(|kept| follows(&kept.standing))
                .map(|follow| follow.begin(from))
                .unwrap_or_default(),
            None => Standing::default(),
        }
    }

    fn judge(&mut self, standing: &Standing, assessment: &Assessment, now: Timestamp) -> Vec<MeasureFinding> {
        let budget = self.is.book.left(&self.policy, assessment.segment, now);
        let Outcome { standing, steps, next_due, spent } =
            step(&self.policy, standing, assessment, now, self.approve, budget);
        self.is.book.spend(&self.policy, assessment.segment, now, spent);
        let findings = steps.iter().map(|step| self.finding(step, assessment, now)).collect();
        self.keep(standing, assessment, next_due);
        findings
    }

    fn keep(&mut self, standing: Standing, assessment: &Assessment, next_due: Option<Timestamp>) {
        let key = &assessment.key;
        if standing == Standing::default() && next_due.is_none() && is_birth(assessment) {
            return;
        }
        if let Some(kept) = self.is.keys.get(key) {
            if let Some(due) = kept.next_due {
                self.due.remove(&(due, key.clone()));
            }
            // The account may be another customer's by now: who had it before is not answerable for it.
            let before = whose(&kept.assessment);
            self.shut(&before, key);
        }
        if let Some(due) = next_due {
            self.due.insert((due, key.clone()));
        }
        let ended = assessment.state.is_some_and(KeyState::is_terminal);
        if standing.measure.is_some_and(|measure| measure != Measure::Expire) && !ended {
            self.open.entry(whose(assessment)).or_default().insert(key.clone());
        }
        let assessment = Assessment { acts: Vec::new(), ..assessment.clone() };
        self.is.keys.insert(key.clone(), Kept { standing, assessment, next_due });
    }

    /// A key's measure is no longer open with a customer.
    fn shut(&mut self, whose: &str, key: &KeyId) {
        if let Some(under) = self.open.get_mut(whose) {
            under.remove(key);
            if under.is_empty() {
                self.open.remove(whose);
            }
        }
    }

    fn finding(&self, step: &Step, assessment: &Assessment, now: Timestamp) -> MeasureFinding {
        MeasureFinding {
            // The engine knows what caused it and makes the id of that.
            id: FindingId::of([0; 16]),
            ts: now,
            key: assessment.key.clone(),
            account: assessment.account.clone(),
            cluster: assessment.cluster.as_ref().map(|of| of.cluster),
            measure: step.measure,
            phase: step.phase,
            mode: step.mode,
            score: step.score,
            points: step.points,
            terms: step.terms.clone(),
            risk: step.risk,
            signals: step.signals.clone(),
            policy: self.policy_name.clone(),
            lesser: explain::lesser(step, self.lang),
            because: explain::because(step, self.lang),
        }
    }
}

impl Judge for LadderJudge {
    fn assess(&mut self, assessment: &Assessment) -> Vec<MeasureFinding> {
        let standing = match self.is.keys.get(&assessment.key) {
            Some(kept) => kept.standing.clone(),
            None => self.first(assessment),
        };
        self.judge(&standing, assessment, assessment.at)
    }

    fn due(&mut self, now: Timestamp) -> Vec<MeasureFinding> {
        let mut findings = Vec::new();
        while self.due.first().is_some_and(|(due, _)| *due <= now) {
            let Some((_, key)) = self.due.pop_first() else { break };
            let Some(kept) = self.is.keys.get(&key).cloned() else { continue };
            findings.extend(self.judge(&kept.standing, &kept.assessment, now));
        }
        findings
    }

    fn next_due(&self) -> Option<Timestamp> {
        self.due.first().map(|(due, _)| *due)
    }

    fn measure(&self, key: &KeyId) -> Option<Measure> {
        self.is.keys.get(key)?.standing.measure
    }

    fn save(&self) -> Vec<u8> {
        // Maps by text and plain values: writing them as JSON cannot fail.
        serde_json::to_vec(&self.is).unwrap_or_default()
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), String> {
        let is: Standings = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        self.due.clear();
        self.open.clear();
        self.is = Standings { keys: BTreeMap::new(), book: is.book };
        for kept in is.keys.into_values() {
            self.keep(kept.standing, &kept.assessment, kept.next_due);
        }
        Ok(())
    }
}
