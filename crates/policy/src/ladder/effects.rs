//! What a step changes in the standing, and how it is told.

use super::reasons::Grounds;
use super::walk::Walk;
use super::{Proposal, Step};
use crate::policy::rank;
use sumun_model::{Hard, Measure, Mode, Phase, ScoreKind};

impl Walk<'_> {
    pub(super) fn propose(&mut self, proposal: Proposal, grounds: Grounds) {
        let open = self.standing.proposal.as_ref();
        if open.is_some_and(|open| rank(Some(open.measure)) >= rank(Some(proposal.measure))) {
            return;
        }
        let step = self.told(proposal.measure, Phase::Enter, Mode::Propose, proposal.score, grounds);
        self.steps.push(step);
        self.standing.proposal = Some(proposal);
    }

    pub(super) fn enter(&mut self, measure: Measure, kind: ScoreKind, grounds: Grounds, mode: Mode) {
        if self.policy.budget.counts.contains(&measure) && !grounds.by_people {
            self.spent += 1;
        }
        let rule = grounds.rule.clone();
        let until = self.ladder.windows.due(measure, self.now);
        let step = Step { until, ..self.told(measure, Phase::Enter, mode, kind, grounds) };
        let standing = &mut self.standing;
        let episode = standing.episode;
        let proposal = standing.proposal.take().filter(|open| rank(Some(open.measure)) > rank(Some(measure)));
        let ending =
            (measure == Measure::Expire).then(|| (standing.control_failures, standing.last_failure.clone()));
        standing.leave();
        if let Some((failures, event)) = ending {
            (standing.control_failures, standing.last_failure) = (failures, event);
        }
        standing.proposal = proposal;
        standing.measure = Some(measure);
        standing.since = Some(self.now);
        standing.rule = rule;
        standing.score = Some(kind);
        standing.entry = step.points;
        standing.signals = step.signals.clone();
        standing.due = until;
        standing.episode = Some(episode.unwrap_or(self.now));
        self.steps.push(step);
    }

    /// The measure in force ends. What it leaves behind is the caller's to say.
    pub(super) fn leave(&mut self, grounds: Grounds) {
        // Nothing leaves an expiry.
        let Some(measure) = self.standing.measure.filter(|measure| *measure != Measure::Expire) else {
            return;
        };
        let kind = self.standing.score.unwrap_or(ScoreKind::Sharing);
        let step = self.told(measure, Phase::Leave, Mode::Act, kind, grounds);
        self.steps.push(step);
        self.standing.leave();
    }

    /// All signals of now count as settled.
    pub(super) fn settle(&mut self) {
        let signals: Vec<_> = self.assessment.evidence.iter().map(|piece| piece.signal).collect();
        self.standing.settled.extend(signals);
        let hard: Vec<_> =
            self.scope().hard().iter().map(|(k, p)| crate::condition::hard_mark(*k, p)).collect();
        self.standing.settled_hard.extend(hard);
    }

    /// All signals and hard evidence of now no longer count.
    pub(super) fn clear(&mut self) {
        let signals: Vec<_> =
            self.assessment.evidence.iter().filter(|p| p.llr_milli > 0).map(|piece| piece.signal).collect();
        self.standing.cleared.extend(signals);
        let hard = self.assessment.hard.iter().map(|(k, proof)| crate::condition::hard_mark(*k, proof));
        self.standing.cleared_hard.extend(hard);
    }

    /// A step as it is told now.
    pub(super) fn told(
        &self,
        measure: Measure,
        phase: Phase,
        mode: Mode,
        kind: ScoreKind,
        grounds: Grounds,
    ) -> Step {
        let scope = self.scope();
        let terms = scope.terms(kind).to_vec();
        let points = sumun_model::score::total(&terms);
        let begins = phase == Phase::Enter;
        let mut signals = if begins {
            self.relied_on(&self.grounds_of(measure), kind)
        } else {
            self.relied_on(&scope, kind)
        };
        let mut why = grounds.why;
        if begins && signals.is_empty() {
            // What was seen has faded since: it goes on from what the measure in force began on.
            signals.clone_from(&self.standing.signals);
        }
        if begins && measure != Measure::Monitor && signals.is_empty() && scope.hard().is_empty() {
            why.values.insert("unfounded".to_owned(), "none".into());
        }
        Step {
            measure,
            phase,
            mode,
            rule: grounds.rule,
            score: kind,
            points,
            risk: self.policy.weights.risk(points),
            terms,
            cause: scope.cause(kind),
            signals,
            lesser: grounds.lesser,
            why,
            until: None,
        }
    }

    /// Whether hard evidence of a kind counts now.
    pub(super) fn proved(&self, hard: Hard) -> bool {
        self.scope().hard().contains_key(&hard)
    }
}
