//! What time alone changes: lapses, time-outs, quiet, and when the clock must ask again. And the day's budget.

use super::reasons::Grounds;
use super::walk::Walk;
use super::{Approve, BudgetLeft, Proposal};
use crate::Policy;
use crate::condition::{Reading, rounded};
use crate::policy::rank;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use sumun_model::score::{terms, total};
use sumun_model::{Measure, MilliNats, Mode, Phase, ScoreKind, Segment, Timestamp, Weights};

/// How far ahead the crossing below half is looked for, in seconds: four hundred days.
const AHEAD_S: i64 = 400 * 86_400;

impl Walk<'_> {
    /// Lapses and time-outs.
    pub(super) fn what_is_due(&mut self) {
        if self.standing.due.is_none_or(|due| self.now < due) {
            return;
        }
        match self.standing.measure {
            Some(Measure::Hold) => {
                self.settle();
                self.standing.remember(Measure::Hold, self.now);
                self.leave(Grounds::ladder("ladder.lapsed", Some(Measure::Hold)));
            }
            Some(Measure::Reverify) if !self.standing.timed_out => {
                self.standing.timed_out = true;
                // Stays cut; two persons decide. In replay nobody can, so nothing is said (WIRE 5).
                if self.approve == Approve::People {
                    self.propose_after_time_out();
                }
            }
            _ => {}
        }
    }

    fn propose_after_time_out(&mut self) {
        if self.standing.proposal.as_ref().is_some_and(|open| open.measure == Measure::Expire) {
            return;
        }
        let score = self.standing.score.unwrap_or(ScoreKind::Sharing);
        let grounds = Grounds::timed_out(&self.standing);
        let step = self.told(Measure::Expire, Phase::Enter, Mode::Propose, score, grounds);
        self.standing.proposal = Some(Proposal {
            measure: Measure::Expire,
            rule: "ladder.timed_out".to_owned(),
            at: self.now,
            score,
            points: step.points,
            signals: step.signals.clone(),
            for_budget: false,
        });
        self.steps.push(step);
    }

    /// `monitor` and `warn` end when the total has long been below half of the entering probability. True if one ended.
    pub(super) fn quiet(&mut self) -> bool {
        let Some(measure @ (Measure::Monitor | Measure::Warn)) = self.standing.measure else { return false };
        if !self.below() || self.still_earned(measure) {
            self.standing.below_since = None;
            return false;
        }
        self.standing.below_since.get_or_insert(self.now);
        if self.quiet_at().is_none_or(|at| self.now < at) {
            return false;
        }
        if measure == Measure::Warn && self.standing.acknowledged.is_none() {
            return false;
        }
        self.settle();
        self.standing.remember(measure, self.now);
        self.leave(Grounds::ladder("ladder.quiet", Some(measure)));
        true
    }

    fn below(&self) -> bool {
        let kind = self.standing.score.unwrap_or(ScoreKind::Sharing);
        self.scope().points(kind) <= below_half(self.standing.entry, &self.policy.weights)
    }

    /// Whether a rule of this measure or a stricter one still holds on what is not settled.
    fn still_earned(&self, measure: Measure) -> bool {
        let scope = self.scope();
        let rules = self.ladder.rules.iter().filter(|rule| rank(Some(rule.measure)) >= rank(Some(measure)));
        rules.into_iter().any(|rule| scope.read(&rule.when) == Reading::Met)
    }

    /// When the measure in force ends if it stays as quiet.
    fn quiet_at(&self) -> Option<Timestamp> {
        let windows = &self.ladder.windows;
        let after = |at: Option<Timestamp>, seconds: i64| {
            at.map(|at| at.plus_micros(seconds.saturating_mul(1_000_000)))
        };
        let quiet = after(self.standing.below_since, windows.quiet_s)?;
        let period = match self.standing.measure {
            Some(Measure::Monitor) => after(self.standing.since, windows.monitor_period_s)?,
            _ => quiet,
        };
        Some(quiet.max(period))
    }

    /// A proposal whose grounds are gone is withdrawn: the total is below half of what it was, or the measure is in force.
    pub(super) fn withdraw(&mut self) {
        let Some(open) = &self.standing.proposal else { return };
        if open.rule == "ladder.timed_out" && self.standing.timed_out {
            return;
        }
        let met = self
            .ladder
            .rules
            .iter()
            .any(|rule| rule.id == open.rule && self.scope().read(&rule.when) == Reading::Met);
        let faded = self.scope().points(open.score) <= below_half(open.points, &self.policy.weights);
        if rank(Some(open.measure)) <= rank(self.standing.measure) || (faded && !met) {
            self.standing.proposal = None;
        }
    }

    /// The next instant after now at which this key must be looked at though nothing happens, rounded up to a whole second.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        if self.standing.measure == Some(Measure::Expire) {
            return None;
        }
        let standing = &self.standing;
        let mut found: Vec<Timestamp> = Vec::new();
        found.extend(standing.due.filter(|_| !standing.timed_out));
        if let (Some(_), Some(since)) = (standing.measure, standing.since) {
            let asked = self.ladder.seconds_asked.iter();
            let asked = asked.filter(|(under, _)| under.is_none() || *under == standing.measure);
            found.extend(asked.map(|(_, s)| since.plus_micros(s.saturating_mul(1_000_000))));
        }
        if matches!(standing.measure, Some(Measure::Monitor | Measure::Warn)) {
            let waits = standing.measure == Some(Measure::Warn) && standing.acknowledged.is_none();
            match standing.below_since {
                Some(_) if waits => {}
                Some(_) => found.extend(self.quiet_at()),
                None => found.extend(self.looked_at_again()),
            }
        }
        if standing.proposal.as_ref().is_some_and(|open| open.for_budget) {
            let day_us = self.policy.ladder.day_s.saturating_mul(1_000_000);
            let next = (self.policy.ladder.day_of(self.now) + 1).saturating_mul(day_us);
            found.push(Timestamp::from_micros(next));
        }
        found.into_iter().map(whole_second).filter(|at| *at > self.now).min()
    }

    /// The first whole second at which the total will be below half, evidence staying as it is: by bisection. Where it is below
    /// already and only a rule still holds, an eighth of the quiet time from now.
    fn looked_at_again(&self) -> Option<Timestamp> {
        let again = whole_second(
            self.now.plus_micros((self.ladder.windows.quiet_s / 8).max(1).saturating_mul(1_000_000)),
        );
        if self.below() {
            return Some(again);
        }
        let kind = self.standing.score.unwrap_or(ScoreKind::Sharing);
        let bound = below_half(self.standing.entry, &self.policy.weights);
        let evidence = self.scope().evidence().to_vec();
        let start = whole_second(self.now);
        let at = |s: i64| start.plus_micros(s.saturating_mul(1_000_000));
        let below = |s: i64| total(&terms(&evidence, &self.policy.weights, kind, at(s))) <= bound;
        if !below(AHEAD_S) {
            return None;
        }
        let (mut above, mut under) = (0, AHEAD_S);
        while under - above > 1 {
            let middle = above + (under - above) / 2;
            if below(middle) { under = middle } else { above = middle }
        }
        Some(at(under))
    }
}

/// The total at which the posterior is half of what it is at `points`. Where that lies near or below the prior, which evidence only
/// nears and never reaches, a quarter of the points; never below 0, where nothing speaks against the key.
pub(crate) fn below_half(points: MilliNats, weights: &Weights) -> MilliNats {
    #[expect(clippy::cast_precision_loss, reason = "a total is some ten thousand milli-nats")]
    let logit = weights.logit_prior() + points as f64 / 1000.0;
    // P/2 has the odds 1 / (1 + 2·e^−logit).
    let half = -libm::log(1.0 + 2.0 * libm::exp(-logit));
    rounded(1000.0 * (half - weights.logit_prior()) - 0.5).max(points / 4).max(0)
}

fn whole_second(at: Timestamp) -> Timestamp {
    let us = at.as_micros();
    let up = us.rem_euclid(1_000_000);
    if up == 0 { at } else { Timestamp::from_micros(us - up + 1_000_000) }
}

/// What of the day's alerts is spent, by segment. One per run, asked in output order (WIRE 4).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BudgetBook {
    day: Option<i64>,
    spent: BTreeMap<String, u32>,
}

impl BudgetBook {
    /// What is left for this segment at this moment.
    #[must_use]
    pub fn left(&self, policy: &Policy, segment: Option<Segment>, now: Timestamp) -> BudgetLeft {
        let all = policy.alerts_per_day(segment);
        let today = self.day == Some(policy.ladder.day_of(now));
        let spent = if today { self.spent.get(name(segment)).copied().unwrap_or(0) } else { 0 };
        BudgetLeft(Some(all.saturating_sub(spent)))
    }

    /// Notes what an outcome spent.
    pub fn spend(&mut self, policy: &Policy, segment: Option<Segment>, now: Timestamp, spent: u32) {
        let day = policy.ladder.day_of(now);
        if self.day != Some(day) {
            self.day = Some(day);
            self.spent.clear();
        }
        if spent > 0 {
            let entry = self.spent.entry(name(segment).to_owned()).or_default();
            *entry = entry.saturating_add(spent);
        }
    }
}

const fn name(segment: Option<Segment>) -> &'static str {
    match segment {
        Some(segment) => segment.as_str(),
        None => "default",
    }
}
