//! What a condition says now: true, false or unknown.
//!
//! Three values as Kleene has them: `false && unknown` is false, `true && unknown` is unknown. A rule applies only where its
//! condition is true.

use super::{Argument, Condition, Function, Source, Value, Var};
use crate::Policy;
use crate::ladder::Standing;
use std::borrow::Cow;
use std::collections::BTreeMap;
use sumun_model::score::{families_of, strength_milli, terms, total};
use sumun_model::{
    Assessment, Cause, Evidence, Fact, Family, FindingId, Hard, Measure, MilliNats, ScoreKind, Term,
    Timestamp, Weights,
};

/// The points at which the posterior reaches `p`: 1000 · (logit p − logit π), rounded to whole milli-nats.
#[must_use]
pub fn p_to_points(p: f64, weights: &Weights) -> MilliNats {
    rounded(1000.0 * (libm::log(p / (1.0 - p)) - weights.logit_prior()))
}

#[expect(clippy::cast_possible_truncation, reason = "saturates; within tens of thousands by the bounds of p")]
pub(crate) fn rounded(x: f64) -> MilliNats {
    libm::round(x) as MilliNats
}

/// A condition's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// True.
    Met,
    /// False.
    NotMet,
    /// Something it needs is not known; never taken for true.
    Unknown,
}

impl From<Option<bool>> for Reading {
    fn from(found: Option<bool>) -> Self {
        match found {
            Some(true) => Self::Met,
            Some(false) => Self::NotMet,
            None => Self::Unknown,
        }
    }
}

/// Everything names stand for at one moment, computed once.
#[derive(Clone, Debug)]
pub struct Scope<'a> {
    policy: &'a Policy,
    standing: &'a Standing,
    assessment: &'a Assessment,
    now: Timestamp,
    evidence: Cow<'a, [Evidence]>,
    sharing: Vec<Term>,
    market: Vec<Term>,
    hard: BTreeMap<Hard, String>,
}

impl<'a> Scope<'a> {
    /// Of this moment. Evidence that people cleared is left out.
    #[must_use]
    pub fn of(
        policy: &'a Policy,
        standing: &'a Standing,
        assessment: &'a Assessment,
        now: Timestamp,
    ) -> Self {
        Self::without(
            policy,
            standing,
            assessment,
            now,
            &|signal| standing.cleared.contains(signal),
            &|mark| standing.cleared_hard.contains(mark),
        )
    }

    /// Of this moment, by what came since people or the clock last settled something: what is settled is left out too.
    #[must_use]
    pub fn of_unsettled(
        policy: &'a Policy,
        standing: &'a Standing,
        assessment: &'a Assessment,
        now: Timestamp,
    ) -> Self {
        let signal = |id: &FindingId| standing.cleared.contains(id) || standing.settled.contains(id);
        let hard = |mark: &str| standing.cleared_hard.contains(mark) || standing.settled_hard.contains(mark);
        Self::without(policy, standing, assessment, now, &signal, &hard)
    }

    fn without(
        policy: &'a Policy,
        standing: &'a Standing,
        assessment: &'a Assessment,
        now: Timestamp,
        gone: &dyn Fn(&FindingId) -> bool,
        gone_hard: &dyn Fn(&str) -> bool,
    ) -> Self {
        let evidence = if assessment.evidence.iter().any(|piece| gone(&piece.signal)) {
            Cow::Owned(assessment.evidence.iter().filter(|piece| !gone(&piece.signal)).cloned().collect())
        } else {
            Cow::Borrowed(assessment.evidence.as_slice())
        };
        let of = |kind| terms(&evidence, &policy.weights, kind, now);
        let (sharing, market) = (of(ScoreKind::Sharing), of(ScoreKind::Market));
        let mut hard: BTreeMap<Hard, String> = assessment
            .hard
            .iter()
            .filter(|(kind, proof)| !gone_hard(&hard_mark(**kind, proof)))
            .map(|(kind, proof)| (*kind, proof.clone()))
            .collect();
        if standing.measure == Some(Measure::Reverify) && standing.control_failures >= 2 {
            let proof = standing.last_failure.clone().unwrap_or_default();
            hard.entry(Hard::ControlFailedTwice).or_insert(proof);
        }
        Self { policy, standing, assessment, now, evidence, sharing, market, hard }
    }

    /// What a condition says.
    #[must_use]
    pub fn read(&self, condition: &Condition) -> Reading {
        self.truth(&condition.root).into()
    }

    /// The terms of a total.
    #[must_use]
    pub fn terms(&self, kind: ScoreKind) -> &[Term] {
        match kind {
            ScoreKind::Sharing => &self.sharing,
            ScoreKind::Market => &self.market,
        }
    }

    /// A total.
    #[must_use]
    pub fn points(&self, kind: ScoreKind) -> MilliNats {
        total(self.terms(kind))
    }

    /// Evidence that counts.
    #[must_use]
    pub fn evidence(&self) -> &[Evidence] {
        self.evidence.as_ref()
    }

    /// Hard evidence that counts, with its proof.
    #[must_use]
    pub const fn hard(&self) -> &BTreeMap<Hard, String> {
        &self.hard
    }

    /// A family's points now.
    #[must_use]
    pub fn family(&self, family: Family) -> MilliNats {
        let of = |terms: &[Term]| terms.iter().find(|term| term.family == family).map(|term| term.points);
        of(&self.sharing).or_else(|| of(&self.market)).unwrap_or(0)
    }

    /// Points of one piece now, alone.
    pub(crate) fn piece(&self, piece: &Evidence) -> MilliNats {
        let strength =
            strength_milli(std::slice::from_ref(piece), piece.family, &self.policy.weights, self.now);
        rounded(f64::from(self.policy.weights.of(piece.family).alpha_milli) * strength / 1000.0)
    }

    /// Points by what is believed: the strongest piece of each family.
    pub(crate) fn caused_by(&self, cause: Cause) -> MilliNats {
        let mut strongest: BTreeMap<Family, MilliNats> = BTreeMap::new();
        for piece in self.evidence.iter().filter(|piece| piece.cause == cause) {
            let points = self.piece(piece);
            let best = strongest.entry(piece.family).or_insert(points);
            *best = points.max(*best);
        }
        strongest.values().sum()
    }

    /// What is most believed by the evidence of a total.
    #[must_use]
    pub fn cause(&self, kind: ScoreKind) -> Cause {
        let families = families_of(kind);
        let mut sums: BTreeMap<Cause, MilliNats> = BTreeMap::new();
        for piece in self.evidence.iter().filter(|piece| families.contains(&piece.family)) {
            *sums.entry(piece.cause).or_default() += self.piece(piece);
        }
        sums.remove(&Cause::Unknown);
        let best = sums.values().copied().max().unwrap_or(0);
        if best <= 0 {
            return Cause::Unknown;
        }
        sums.into_iter().find(|(_, points)| *points == best).map_or(Cause::Unknown, |(cause, _)| cause)
    }

    fn days(&self, families: &[Family]) -> i64 {
        let counted = self.standing.days_seen(families, self.policy.ladder.day_of(self.now));
        let told = if self.policy.ladder.day_s == crate::policy::DAY_S {
            let pieces = self.evidence.iter().filter(|e| families.contains(&e.family) && e.llr_milli > 0);
            pieces.map(|e| i64::from(e.days)).max().unwrap_or(0)
        } else {
            0
        };
        counted.max(told)
    }
}

impl Source for Scope<'_> {
    fn value(&self, var: &Var) -> Option<Value> {
        let standing = self.standing;
        Some(match var {
            Var::Points(kind) | Var::Probability(kind) => Value::Int(self.points(*kind)),
            Var::Days(kind) => Value::Int(self.days(families_of(*kind))),
            Var::Family(family) => Value::Int(self.family(*family)),
            Var::FamilyDays(family) => Value::Int(self.days(&[*family])),
            Var::Hard(hard) => Value::Bool(self.hard.contains_key(hard)),
            Var::AnyHard => Value::Bool(!self.hard.is_empty()),
            Var::Segment => Value::Text(self.assessment.segment?.to_string()),
            Var::Measure => Value::Text(standing.measure.map_or("none", Measure::as_str).to_owned()),
            Var::InMeasureS => Value::Int(standing.seconds_in_measure(self.now)),
            Var::Acknowledged => Value::Bool(standing.acknowledged.is_some()),
            Var::WarningIgnored => Value::Bool(standing.warning_ignored(self.now)),
            Var::RepeatedAfterWarning => Value::Bool(standing.repeated_after_warning(&self.evidence)),
            Var::TimedOut => Value::Bool(standing.timed_out),
            Var::ControlFailures => Value::Int(i64::from(standing.control_failures)),
            Var::Repeats(measure) => {
                Value::Int(standing.repeats(*measure, self.now, self.policy.ladder.memory_s))
            }
            Var::ClusterMembers => {
                Value::Int(self.assessment.cluster.as_ref().map_or(0, |c| i64::from(c.members)))
            }
            Var::Cause => Value::Text(self.cause(ScoreKind::Sharing).to_string()),
            Var::Fact(name, kind) => match (self.assessment.facts.get(name)?, kind) {
                (Fact::Bool(b), super::Type::Bool) => Value::Bool(*b),
                (Fact::Int(n), super::Type::Int) => Value::Int(*n),
                (Fact::Text(text), super::Type::Text) => Value::Text(text.clone()),
                _ => return None,
            },
        })
    }

    fn call(&self, function: Function, argument: &Argument) -> Option<Value> {
        let spoke = |piece: &&Evidence, word: &str| {
            piece.code == word || piece.detector == word || piece.detector.split('@').next() == Some(word)
        };
        let n = match (function, argument) {
            (Function::FamiliesOver(kind), Argument::Int(least)) => {
                let families = kind.map_or(Family::ALL, families_of);
                let over = families.iter().filter(|family| self.family(**family) >= *least).count();
                i64::try_from(over).ok()?
            }
            (Function::CausedBy, Argument::Text(word)) => self.caused_by(word.parse().ok()?),
            (Function::Seen, Argument::Text(word)) => {
                self.evidence.iter().filter(|e| spoke(e, word)).map(|e| self.piece(e)).max().unwrap_or(0)
            }
            (Function::DaysOf, Argument::Text(word)) => {
                self.evidence.iter().filter(|e| spoke(e, word)).map(|e| i64::from(e.days)).max().unwrap_or(0)
            }
            _ => return None,
        };
        Some(Value::Int(n))
    }
}

/// A mark of one proof of hard evidence.
pub(crate) fn hard_mark(kind: Hard, proof: &str) -> String {
    format!("{kind}:{proof}")
}
