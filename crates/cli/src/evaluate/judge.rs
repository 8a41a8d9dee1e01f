//! The ladder, with somebody looking over its shoulder: every measure with the rule that earned it, and every key's strengths by day.

use crate::findings::LadderJudge;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use sumun_detect::judge::Judge;
use sumun_model::score::strength_milli;
use sumun_model::{Assessment, Family, KeyId, Measure, MeasureFinding, Phase, ScoreKind, Timestamp, Weights};
use sumun_policy::Policy;
use sumun_policy::policy::ActBy;

const DAY_US: i64 = 86_400_000_000;

/// A measure that began.
#[derive(Clone, Debug)]
pub(crate) struct Met {
    pub(crate) key: KeyId,
    pub(crate) at: Timestamp,
    pub(crate) measure: Measure,
    pub(crate) rule: String,
    /// Policy lets a machine do it.
    pub(crate) by_machine: bool,
    pub(crate) points: i64,
    pub(crate) evidence: Vec<String>,
}

/// Strengths of a key's families, thousandths of a nat before α: the greatest of a day.
pub(crate) type Strengths = [i16; Family::COUNT];

/// What was seen in a world.
#[derive(Debug, Default)]
pub(crate) struct Noted {
    pub(crate) met: Vec<Met>,
    pub(crate) days: HashMap<KeyId, BTreeMap<i64, Strengths>>,
}

/// The ladder, watched.
pub(crate) struct Watched {
    ladder: LadderJudge,
    policy: Arc<Policy>,
    noted: Arc<Mutex<Noted>>,
}

impl Watched {
    pub(crate) fn new(ladder: LadderJudge, policy: Arc<Policy>, noted: Arc<Mutex<Noted>>) -> Self {
        Self { ladder, policy, noted }
    }

    fn note(&self, found: &[MeasureFinding]) {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        for finding in found.iter().filter(|finding| finding.phase == Phase::Enter) {
            let Some((standing, assessment)) = self.ladder.standing(&finding.key) else { continue };
            // Of several steps at one moment the last one's rule is kept; a forced end is always the last.
            let rule =
                self.policy.segment(assessment.segment).rules.iter().find(|rule| rule.id == standing.rule);
            let by_machine = rule.is_none_or(|rule| rule.act == ActBy::Machine);
            let evidence = assessment.evidence.iter().map(|piece| {
                format!("{} {} {} days {}", piece.family, piece.code, piece.llr_milli, piece.days)
            });
            noted.met.push(Met {
                key: finding.key.clone(),
                at: finding.ts,
                measure: finding.measure,
                rule: standing.rule.clone(),
                by_machine,
                points: finding.points,
                evidence: evidence.collect(),
            });
        }
    }

    fn note_strengths(&self, assessment: &Assessment) {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        let day = assessment.at.as_micros().div_euclid(DAY_US);
        let now = strengths(assessment, &self.policy.weights);
        let days = noted.days.entry(assessment.key.clone()).or_default();
        let kept = days.entry(day).or_insert(now);
        for (kept, now) in kept.iter_mut().zip(now) {
            *kept = (*kept).max(now);
        }
    }
}

fn strengths(assessment: &Assessment, weights: &Weights) -> Strengths {
    let mut all = [0; Family::COUNT];
    for family in sumun_model::score::families_of(ScoreKind::Sharing) {
        let strength = strength_milli(&assessment.evidence, *family, weights, assessment.at);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a strength is within -2,000 and its cap, some thousands"
        )]
        let strength = libm::round(strength).clamp(-30_000.0, 30_000.0) as i16;
        if let Some(place) = all.get_mut(family.index()) {
            *place = strength;
        }
    }
    all
}

impl Judge for Watched {
    fn assess(&mut self, assessment: &Assessment) -> Vec<MeasureFinding> {
        let found = self.ladder.assess(assessment);
        self.note_strengths(assessment);
        self.note(&found);
        found
    }

    fn due(&mut self, now: Timestamp) -> Vec<MeasureFinding> {
        let found = self.ladder.due(now);
        self.note(&found);
        found
    }

    fn next_due(&self) -> Option<Timestamp> {
        self.ladder.next_due()
    }

    fn measure(&self, key: &KeyId) -> Option<Measure> {
        self.ladder.measure(key)
    }

    fn save(&self) -> Vec<u8> {
        self.ladder.save()
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.ladder.restore(bytes)
    }
}
