//! What people did, and what it changes.

use super::reasons::Grounds;
use super::standing::Refusal;
use super::walk::Walk;
use crate::policy::rank;
use sumun_model::{Act, ActKind, Measure, Mode, ScoreKind};

impl Walk<'_> {
    pub(super) fn act(&mut self, act: &Act) {
        let measure = self.standing.measure;
        match act.kind {
            ActKind::Acknowledged if measure == Some(Measure::Warn) => {
                self.standing.acknowledged.get_or_insert(act.at);
            }
            ActKind::IdentityVerified if measure == Some(Measure::Reverify) => {
                self.standing.identity_proved = Some(act.at);
                self.proved_both();
            }
            ActKind::ControlProved if measure == Some(Measure::Reverify) => {
                self.standing.control_proved = Some(act.at);
                self.proved_both();
            }
            ActKind::ControlFailed if measure == Some(Measure::Reverify) => {
                self.standing.control_proved = None;
                self.standing.control_failures = self.standing.control_failures.saturating_add(1);
                self.standing.last_failure = act.event.as_ref().map(ToString::to_string);
            }
            ActKind::Approved => self.approved(),
            ActKind::Refused => {
                if let Some(open) = self.standing.proposal.take() {
                    let hard =
                        self.scope().hard().iter().map(|(k, p)| crate::condition::hard_mark(*k, p)).collect();
                    self.standing.refused =
                        Some(Refusal { measure: open.measure, at: act.at, signals: open.signals, hard });
                }
            }
            ActKind::Lifted => {
                self.settle();
                self.standing.proposal = None;
                self.leave(Grounds::ladder("ladder.lifted", measure));
            }
            ActKind::Exonerated => {
                self.standing.proposal = None;
                // Episodes that this evidence led to are no longer held against the key.
                let since = self.assessment.evidence.iter().map(|piece| piece.at).min();
                self.standing.repeats.retain(|repeat| since.is_some_and(|since| repeat.to < since));
                self.leave(Grounds::ladder("ladder.exonerated", measure));
                self.clear();
            }
            // Outside of their measure these change nothing here; detection hears them as lines of the log.
            ActKind::Acknowledged
            | ActKind::IdentityVerified
            | ActKind::ControlProved
            | ActKind::ControlFailed
            | ActKind::OwnerConfirms
            | ActKind::OwnerDenies => {}
        }
    }

    /// Identity and control are proved: what led here is answered, and the key is watched for a while.
    fn proved_both(&mut self) {
        if self.standing.identity_proved.is_none() || self.standing.control_proved.is_none() {
            return;
        }
        let kind = self.standing.score.unwrap_or(ScoreKind::Sharing);
        self.leave(Grounds::ladder("ladder.proved", Some(Measure::Reverify)));
        self.standing.proposal = None;
        self.clear();
        self.enter(
            Measure::Monitor,
            kind,
            Grounds::ladder("ladder.after_proof", Some(Measure::Monitor)),
            Mode::Act,
        );
    }

    /// Two persons decided for what waits.
    fn approved(&mut self) {
        let Some(open) = self.standing.proposal.take() else { return };
        if rank(Some(open.measure)) > rank(self.standing.measure) {
            let grounds = Grounds::approved_proposal(&open, self.standing.measure);
            self.enter(open.measure, open.score, grounds, Mode::Act);
        }
    }
}
