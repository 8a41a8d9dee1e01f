//! One call of the ladder: what is told, what people did, what is due, what the rules say.

use super::reasons::{self, Grounds};
use super::{Approve, BudgetLeft, Outcome, Proposal, Standing, Step};
use crate::Policy;
use crate::condition::{Reading, Scope};
use crate::policy::{ActBy, Rule, SegmentLadder, rank};
use std::collections::BTreeSet;
use sumun_model::score::families_of;
use sumun_model::{Assessment, FindingId, KeyState, Measure, Mode, Phase, ScoreKind, Timestamp};

/// Most steps up in one call: each is stricter than the last, and there are five.
const CLIMBS_MAX: usize = 6;

/// What follows for this key now.
///
/// Pure: same arguments, same outcome. `now` is engine time; it is never before the assessment's.
#[must_use]
pub fn step(
    policy: &Policy,
    standing: &Standing,
    assessment: &Assessment,
    now: Timestamp,
    approve: Approve,
    budget: BudgetLeft,
) -> Outcome {
    let dead = matches!(assessment.state, Some(KeyState::Expired | KeyState::Rejected));
    if standing.measure == Some(Measure::Expire) || dead {
        return Outcome { standing: standing.clone(), steps: Vec::new(), next_due: None, spent: 0 };
    }
    let mut walk = Walk {
        policy,
        ladder: policy.segment(assessment.segment),
        assessment,
        now,
        approve,
        left: budget.0,
        spent: 0,
        standing: standing.clone(),
        steps: Vec::new(),
    };
    walk.notice_days();
    walk.tell_taken_over();
    for act in &assessment.acts {
        // What comes behind an end changes nothing.
        if walk.standing.measure == Some(Measure::Expire) {
            break;
        }
        walk.act(act);
    }
    walk.what_is_due();
    walk.climb();
    if walk.quiet() {
        walk.climb();
    }
    walk.withdraw();
    let next_due = walk.next_due();
    Outcome { standing: walk.standing, steps: walk.steps, next_due, spent: walk.spent }
}

pub(super) struct Walk<'a> {
    pub(super) policy: &'a Policy,
    pub(super) ladder: &'a SegmentLadder,
    pub(super) assessment: &'a Assessment,
    pub(super) now: Timestamp,
    pub(super) approve: Approve,
    pub(super) left: Option<u32>,
    pub(super) spent: u32,
    pub(super) standing: Standing,
    pub(super) steps: Vec<Step>,
}

/// What the rules ask for, if anything.
enum Asked {
    Enter(Measure, ScoreKind, Grounds, Mode),
    Propose(Proposal, Grounds),
}

impl Walk<'_> {
    pub(super) fn scope(&self) -> Scope<'_> {
        Scope::of(self.policy, &self.standing, self.assessment, self.now)
    }

    fn notice_days(&mut self) {
        for piece in self.assessment.evidence.iter().filter(|piece| piece.llr_milli > 0) {
            let seen = self.standing.seen.entry(piece.family).or_default();
            seen.mark(self.policy.ladder.day_of(piece.at));
        }
        // What is no longer among the evidence cannot be relied on, so it need not be remembered.
        let present: BTreeSet<FindingId> =
            self.assessment.evidence.iter().map(|piece| piece.signal).collect();
        self.standing.settled.retain(|signal| present.contains(signal));
        self.standing.cleared.retain(|signal| present.contains(signal));
        if !self.standing.settled_hard.is_empty() {
            let hard = self.assessment.hard.iter();
            let proved: BTreeSet<_> = hard.map(|(k, p)| crate::condition::hard_mark(*k, p)).collect();
            self.standing.settled_hard.retain(|mark| proved.contains(mark));
        }
    }

    fn tell_taken_over(&mut self) {
        let Some(measure) = self.standing.measure.filter(|_| self.standing.untold) else { return };
        self.standing.untold = false;
        if measure == Measure::Reverify && self.standing.due.is_none() {
            self.standing.due = self.ladder.windows.due(measure, self.now);
        }
        let kind = self.standing.score.unwrap_or(ScoreKind::Sharing);
        let from = self.standing.from.clone().unwrap_or_default();
        let grounds = Grounds::taken_over(measure, &from);
        let step = self.told(measure, Phase::Enter, Mode::Act, kind, grounds);
        self.steps.push(Step { until: self.standing.due, ..step });
    }

    /// Rules from the strictest measure down; as many steps as follow.
    pub(super) fn climb(&mut self) {
        for _ in 0..CLIMBS_MAX {
            let mut entered = false;
            for asked in self.asked() {
                match asked {
                    Asked::Enter(measure, kind, grounds, mode) => {
                        self.enter(measure, kind, grounds, mode);
                        entered = true;
                    }
                    Asked::Propose(proposal, grounds) => self.propose(proposal, grounds),
                }
            }
            if !entered {
                return;
            }
        }
    }

    /// At most one proposal (the strictest) and one measure to enter (the strictest below it).
    fn asked(&self) -> Vec<Asked> {
        let scope = self.scope();
        let mut found = Vec::new();
        let mut proposed = false;
        for rule in &self.ladder.rules {
            if rank(Some(rule.measure)) <= rank(self.standing.measure) {
                break;
            }
            if scope.read(&rule.when) != Reading::Met || self.barred(rule, &scope) {
                continue;
            }
            let grounds = || reasons::of_rule(rule, self, &scope);
            match self.who_acts(rule, &scope) {
                None => {}
                Some(Who::Machine) => {
                    found.push(Asked::Enter(rule.measure, rule.score, grounds(), Mode::Act));
                    break;
                }
                Some(Who::People { .. }) if self.approve == Approve::All => {
                    found.push(Asked::Enter(rule.measure, rule.score, grounds().approved(), Mode::Act));
                    break;
                }
                Some(Who::People { for_budget }) if !proposed => {
                    proposed = true;
                    let proposal = Proposal {
                        measure: rule.measure,
                        rule: rule.id.clone(),
                        at: self.now,
                        score: rule.score,
                        points: scope.points(rule.score),
                        signals: self.relied_on(&self.grounds_of(rule.measure), rule.score),
                        for_budget,
                    };
                    found.push(Asked::Propose(proposal, grounds()));
                }
                Some(Who::People { .. }) => {}
            }
        }
        // What a machine does by itself needs no proposal beside it.
        let entered = found.iter().find_map(|asked| match asked {
            Asked::Enter(measure, ..) => Some(rank(Some(*measure))),
            Asked::Propose(..) => None,
        });
        found.retain(|asked| match asked {
            Asked::Propose(proposal, _) => {
                entered.is_none_or(|entered| rank(Some(proposal.measure)) > entered)
            }
            Asked::Enter(..) => true,
        });
        found
    }

    /// Who may act on a rule that is met; none: nobody, its high-risk test is not met.
    fn who_acts(&self, rule: &Rule, scope: &Scope<'_>) -> Option<Who> {
        let people = Who::People { for_budget: false };
        if rule.measure == Measure::Expire {
            let proved = scope.hard().keys().any(|hard| self.policy.hard.contains(hard));
            let jump = self.standing.measure != Some(Measure::Reverify);
            if jump && !proved && scope.read(&self.policy.high_risk) != Reading::Met {
                return None;
            }
            // Risk alone never ends a key by machine, whatever the file says (DESIGN 4).
            return Some(if rule.act == ActBy::Machine && proved { Who::Machine } else { people });
        }
        if rule.act == ActBy::Propose {
            return Some(people);
        }
        let counts = self.policy.budget.counts.contains(&rule.measure);
        if counts && self.left.is_some_and(|left| self.spent >= left) {
            return Some(Who::People { for_budget: true });
        }
        Some(Who::Machine)
    }

    /// A measure that the owner is told of does not begin anew on what is settled already: what came since must meet its rule by
    /// itself. Days on which a kind was seen, and earlier episodes, still count: who was told before needs less.
    fn barred(&self, rule: &Rule, scope: &Scope<'_>) -> bool {
        if rule.measure == Measure::Monitor {
            return false;
        }
        let marks = || scope.hard().iter().map(|(kind, proof)| crate::condition::hard_mark(*kind, proof));
        if let Some(refused) = &self.standing.refused
            && rank(Some(rule.measure)) >= rank(Some(refused.measure))
        {
            let fresh = self.relied_on(scope, rule.score).iter().any(|s| !refused.signals.contains(s))
                || marks().any(|mark| !refused.hard.contains(&mark));
            if !fresh {
                return true;
            }
        }
        let Some(since) = self.since_settled(rule.measure, scope) else { return false };
        let nothing_new = since.hard().is_empty() && self.relied_on(&since, rule.score).is_empty();
        nothing_new || since.read(&rule.when) != Reading::Met
    }

    /// What alone may earn this measure, where something is settled; none: all that is known.
    fn since_settled(&self, measure: Measure, scope: &Scope<'_>) -> Option<Scope<'_>> {
        let standing = &self.standing;
        // A cut in force stands on something of its own already, and rising from it on all that is known is what the ladder is. A warning
        // is not enough for that: else a small new signal would bring the same cut back by way of it.
        let told = measure != Measure::Monitor && rank(standing.measure) < rank(Some(Measure::Hold));
        let settled = !standing.settled.is_empty() || !standing.settled_hard.is_empty();
        // An end may always follow from hard evidence.
        let proved = measure == Measure::Expire && !scope.hard().is_empty();
        (told && settled && !proved)
            .then(|| Scope::of_unsettled(self.policy, standing, self.assessment, self.now))
    }

    /// On what a measure that begins now rests.
    pub(super) fn grounds_of(&self, measure: Measure) -> Scope<'_> {
        let scope = self.scope();
        self.since_settled(measure, &scope).unwrap_or(scope)
    }

    /// Signals that raise a total, oldest first.
    pub(super) fn relied_on(&self, scope: &Scope<'_>, kind: ScoreKind) -> Vec<FindingId> {
        let families = families_of(kind);
        let of = |any: bool| {
            let pieces =
                scope.evidence().iter().filter(|p| p.llr_milli > 0 && (any || families.contains(&p.family)));
            let mut found: Vec<_> = pieces.map(|piece| (piece.at, piece.signal)).collect();
            found.sort_unstable();
            found.dedup();
            found.into_iter().map(|(_, signal)| signal).collect::<Vec<_>>()
        };
        let found = of(false);
        if found.is_empty() { of(true) } else { found }
    }
}

enum Who {
    Machine,
    People { for_budget: bool },
}
