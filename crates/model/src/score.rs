//! From evidence to points: families, decay, totals, and the posterior (detectors.md 3, WIRE 4).
//!
//! Pure arithmetic over whole numbers and `libm`, so that every machine gets the same. A piece of evidence keeps its strength and
//! its instant; what it is worth now is computed from those and never stored, so nothing drifts by being looked at.
//!
//! Within a family, the strongest piece counts wholly and the second with a share; each has decayed from its own instant. A
//! family's term is rounded, the total is the sum of the rounded terms, so every explanation adds up.

use crate::Timestamp;
use crate::finding::{Cause, Family, FindingId, MilliNats, Risk, ScoreKind, Term};
use serde::{Deserialize, Serialize};

/// Smallest log likelihood ratio of one signal, in thousandths.
pub const LLR_MILLI_MIN: i32 = -2_000;
/// Largest log likelihood ratio of one signal, in thousandths.
pub const LLR_MILLI_MAX: i32 = 4_000;

/// One detector's present word on one key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Detector and version.
    pub detector: String,
    /// The signal's reason code.
    pub code: String,
    /// Its family.
    pub family: Family,
    /// What it believes.
    pub cause: Cause,
    /// ln P(x|misuse) / P(x|clean), in thousandths, within [`LLR_MILLI_MIN`]..=[`LLR_MILLI_MAX`].
    pub llr_milli: i32,
    /// When it was seen; decays from here.
    pub at: Timestamp,
    /// The signal that said it.
    pub signal: FindingId,
    /// On how many different days of engine time (UTC) this detector spoke within the last 32.
    pub days: u8,
}

/// How a family weighs and fades.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FamilyWeight {
    /// α, in thousandths; never negative, so that no sign flips.
    pub alpha_milli: u32,
    /// Seconds in which evidence loses half its strength.
    pub half_life_s: u32,
}

/// α, decay, family rule and prior: the numbers of a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weights {
    /// By [`Family::index`].
    pub families: [FamilyWeight; Family::COUNT],
    /// Share of the second strongest piece of a family, in thousandths.
    pub second_milli: u32,
    /// Most that a family's strength can be, thousandths.
    pub cap_milli: u32,
    /// Prior share of misused keys, in millionths.
    pub prior_ppm: u32,
}

impl Default for Weights {
    /// detectors.md 3: α 0.8, 7 days (policy and market 30), 0.3, 4.5, π 0.002.
    fn default() -> Self {
        const DAY_S: u32 = 86_400;
        let mut families = [FamilyWeight { alpha_milli: 800, half_life_s: 7 * DAY_S }; Family::COUNT];
        for slow in [Family::Policy, Family::Market] {
            if let Some(weight) = families.get_mut(slow.index()) {
                weight.half_life_s = 30 * DAY_S;
            }
        }
        Self { families, second_milli: 300, cap_milli: 4_500, prior_ppm: 2_000 }
    }
}

impl Weights {
    /// How this family weighs.
    #[must_use]
    pub fn of(&self, family: Family) -> FamilyWeight {
        self.families.get(family.index()).copied().unwrap_or(FamilyWeight { alpha_milli: 0, half_life_s: 1 })
    }

    /// Points of one signal by itself: 1000 · α · llr, before the family rule.
    #[must_use]
    pub fn points(&self, family: Family, llr_milli: i32) -> MilliNats {
        round(f64::from(self.of(family).alpha_milli) * f64::from(llr_milli) / 1000.0)
    }

    /// ln(π / (1 − π)), nats.
    #[must_use]
    pub fn logit_prior(&self) -> f64 {
        let prior = f64::from(self.prior_ppm.clamp(1, 999_999)) / 1e6;
        libm::log(prior / (1.0 - prior))
    }

    /// The posterior for a total: logistic(logit π + total / 1000).
    #[must_use]
    pub fn risk(&self, total: MilliNats) -> Risk {
        #[expect(clippy::cast_precision_loss, reason = "a total is some ten thousand milli-nats")]
        let logit = self.logit_prior() + total as f64 / 1000.0;
        let p = 1.0 / (1.0 + libm::exp(-logit));
        let ten_thousandths = round(p * 10_000.0).clamp(0, 10_000);
        Risk(u16::try_from(ten_thousandths).unwrap_or(10_000))
    }
}

/// The families of a total, in the order of [`Family::ALL`] (detectors.md 3).
#[must_use]
pub const fn families_of(kind: ScoreKind) -> &'static [Family] {
    match kind {
        ScoreKind::Sharing => &[
            Family::Origin,
            Family::Client,
            Family::Lifecycle,
            Family::Auth,
            Family::Behaviour,
            Family::Operator,
            Family::Coordination,
            Family::Policy,
        ],
        ScoreKind::Market => &[Family::Coordination, Family::Market],
    }
}

/// What share is left after `age_us` microseconds, given the half-life: 2^(−age / half-life), at most 1.
fn decay(age_us: i64, half_life_s: u32) -> f64 {
    if age_us <= 0 {
        return 1.0;
    }
    #[expect(clippy::cast_precision_loss, reason = "an age in microseconds is exact up to 285 years")]
    let age_s = age_us as f64 / 1e6;
    libm::exp2(-age_s / f64::from(half_life_s.max(1)))
}

#[expect(clippy::cast_possible_truncation, reason = "saturates; a NaN becomes 0 and none arises")]
fn round(x: f64) -> MilliNats {
    libm::round(x) as MilliNats
}

/// A family's strength now, in thousandths of a nat before α.
#[must_use]
pub fn strength_milli(evidence: &[Evidence], family: Family, weights: &Weights, now: Timestamp) -> f64 {
    let half_life = weights.of(family).half_life_s;
    let (mut first, mut second, mut any) = (f64::NEG_INFINITY, f64::NEG_INFINITY, false);
    for piece in evidence.iter().filter(|piece| piece.family == family) {
        let value = f64::from(piece.llr_milli) * decay(now.micros_since(piece.at), half_life);
        any = true;
        if value > first {
            (first, second) = (value, first);
        } else if value > second {
            second = value;
        }
    }
    if !any {
        return 0.0;
    }
    let share = if second > 0.0 { second * f64::from(weights.second_milli) / 1000.0 } else { 0.0 };
    (first + share).min(f64::from(weights.cap_milli))
}

/// The terms of a total now, those of 0 left out.
#[must_use]
pub fn terms(evidence: &[Evidence], weights: &Weights, kind: ScoreKind, now: Timestamp) -> Vec<Term> {
    families_of(kind)
        .iter()
        .map(|family| {
            let strength = strength_milli(evidence, *family, weights, now);
            let points = round(f64::from(weights.of(*family).alpha_milli) * strength / 1000.0);
            Term { family: *family, points }
        })
        .filter(|term| term.points != 0)
        .collect()
}

/// The sum of the terms.
#[must_use]
pub fn total(terms: &[Term]) -> MilliNats {
    terms.iter().map(|term| term.points).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn piece(family: Family, llr_milli: i32, at: i64) -> Evidence {
        Evidence {
            detector: "key.x@1".into(),
            code: "x".into(),
            family,
            cause: Cause::Unknown,
            llr_milli,
            at: Timestamp::from_millis(at * 1000),
            signal: FindingId::of([0; 16]),
            days: 1,
        }
    }

    #[test]
    fn the_worked_example_of_the_catalogue() {
        let weights = Weights::default();
        let evidence = [
            piece(Family::Origin, 2_400, 0),
            piece(Family::Origin, 2_000, 0),
            piece(Family::Auth, 2_500, 0),
            piece(Family::Behaviour, 600, 0),
        ];
        let terms = terms(&evidence, &weights, ScoreKind::Sharing, Timestamp::from_millis(0));
        assert_eq!(terms.iter().map(|t| t.points).collect::<Vec<_>>(), [2400, 2000, 480]);
        assert_eq!(weights.risk(total(&terms)).to_string(), "0.2087");
        // The catalogue's thresholds, which it rounds to whole milli-nats.
        for (points, risk) in [(3268, "0.0500"), (5365, "0.2999"), (6618, "0.6000"), (9157, "0.9500")] {
            assert_eq!(weights.risk(points).to_string(), risk);
        }
    }

    #[test]
    fn strength_halves_in_a_half_life_and_a_guard_lowers() {
        let weights = Weights::default();
        let week = Timestamp::from_millis(7 * 86_400_000);
        let terms_at = |evidence: &[Evidence]| terms(evidence, &weights, ScoreKind::Sharing, week);
        assert_eq!(terms_at(&[piece(Family::Origin, 2_000, 0)])[0].points, 800);
        assert_eq!(terms_at(&[piece(Family::Operator, -2_000, 7 * 86_400)])[0].points, -1600);
        assert_eq!(terms_at(&[]), []);
    }

    proptest! {
        #[test]
        fn the_total_is_the_sum_of_its_terms_whatever_the_order(
            pieces in prop::collection::vec((0usize..Family::COUNT, -2000i32..=4000, 0i64..1_000_000), 0..12),
            now in 0i64..2_000_000,
        ) {
            let weights = Weights::default();
            let now = Timestamp::from_millis(now * 1000);
            let mut evidence: Vec<_> = pieces.iter().map(|(f, l, at)| piece(Family::ALL[*f], *l, *at)).collect();
            let forward = terms(&evidence, &weights, ScoreKind::Sharing, now);
            evidence.reverse();
            prop_assert_eq!(&forward, &terms(&evidence, &weights, ScoreKind::Sharing, now));
            prop_assert!(forward.iter().all(|t| t.points <= 3_600));
            prop_assert_eq!(total(&forward), forward.iter().map(|t| t.points).sum::<i64>());
        }

        #[test]
        fn the_posterior_rises_with_the_total(a in -20_000i64..20_000, b in -20_000i64..20_000) {
            let weights = Weights::default();
            let (low, high) = (a.min(b), a.max(b));
            prop_assert!(weights.risk(low) <= weights.risk(high));
        }
    }
}
