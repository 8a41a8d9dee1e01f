//! Fitting α to training worlds: non-negative logistic regression of misuse on the families' strengths, by key-day (DESIGN 6).
//!
//! A key-day is a key on one day with the greatest strength of each family that day; what was said earlier decays until it is said
//! again. The intercept is fitted and thrown away: how many keys of the worlds are misused is the evaluator's choice, and policy has
//! a prior of its own. Each α is drawn a little to the catalogue's start, so that a family that says nothing here keeps it.

use super::judge::Strengths;
use std::collections::BTreeMap;
use sumun_model::score::families_of;
use sumun_model::{Family, ScoreKind, Weights};

/// Strengths are counted in steps of this many thousandths of a nat.
const STEP: i16 = 50;
/// The catalogue's α.
const START: f64 = 0.8;
/// How many key-days the catalogue's word is worth.
const RIDGE: f64 = 20.0;
/// Sweeps over the families; far more than it takes.
const SWEEPS: usize = 200;
/// A family counts as one kind of evidence from so many points on, as the shipped rules have it.
const FAMILY_POINTS: f64 = 800.0;
const DAY_US: i64 = 86_400_000_000;

/// A key's days on which anything was said of it.
#[derive(Clone, Debug)]
struct KeyDays {
    bad: bool,
    days: Vec<Strengths>,
}

/// What is fitted to.
#[derive(Clone, Debug, Default)]
pub struct Samples {
    /// Key-days by strengths in steps: clean, misused.
    rows: BTreeMap<Strengths, (u64, u64)>,
    keys: Vec<KeyDays>,
    clean_key_days: u64,
    clean: u64,
    bad: u64,
}

impl Samples {
    /// A key's days between two instants. Misused from `from` on: days before it and the day itself tell nothing.
    pub(crate) fn add(
        &mut self,
        said: Option<&BTreeMap<i64, Strengths>>,
        first_us: i64,
        end_us: i64,
        from: Option<i64>,
    ) {
        let bad = from.is_some();
        *(if bad { &mut self.bad } else { &mut self.clean }) += 1;
        let begin = from.map_or(first_us.div_euclid(DAY_US), |from| from.div_euclid(DAY_US) + 1);
        let mut now: Strengths = [0; Family::COUNT];
        let mut days = Vec::new();
        let end = (end_us - 1).div_euclid(DAY_US);
        for day in first_us.div_euclid(DAY_US)..=end {
            decay(&mut now);
            if let Some(new) = said.and_then(|said| said.get(&day)) {
                for (now, new) in now.iter_mut().zip(new) {
                    // A word that takes back is the last word.
                    *now = if *new <= 0 { *new } else { (*now).max(*new) };
                }
            }
            if day < begin {
                continue;
            }
            let row = now.map(|strength| strength / STEP);
            let (clean, misused) = self.rows.entry(row).or_default();
            *(if bad { misused } else { clean }) += 1;
            self.clean_key_days += u64::from(!bad);
            if now.iter().any(|strength| *strength > 0) {
                days.push(now);
            }
        }
        if !days.is_empty() {
            self.keys.push(KeyDays { bad, days });
        }
    }

    /// With those of another world.
    pub fn join(&mut self, other: Self) {
        for (row, (clean, bad)) in other.rows {
            let sum = self.rows.entry(row).or_default();
            *sum = (sum.0 + clean, sum.1 + bad);
        }
        self.keys.extend(other.keys);
        self.clean_key_days += other.clean_key_days;
        self.clean += other.clean;
        self.bad += other.bad;
    }
}

/// A day's decay: the half-life is a week (a month for policy).
fn decay(strengths: &mut Strengths) {
    let weights = Weights::default();
    for (family, strength) in Family::ALL.iter().zip(strengths) {
        let days = f64::from(weights.of(*family).half_life_s) / 86_400.0;
        #[expect(clippy::cast_possible_truncation, reason = "smaller than what it was")]
        let left = libm::round(f64::from(*strength) * libm::exp2(-1.0 / days)) as i16;
        *strength = left;
    }
}

/// What came of a fit.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Fitted {
    /// α by family of the sharing score, thousandths.
    pub alpha_milli: BTreeMap<&'static str, u32>,
    /// Key-days of clean keys, and of misused ones after the first day of misuse.
    pub key_days: (u64, u64),
    /// Of those, on which the family said anything that accuses: clean, misused.
    pub spoke: BTreeMap<&'static str, (u64, u64)>,
    /// What thresholds would have met.
    pub thresholds: Vec<Threshold>,
}

/// A threshold, and which keys would have passed it on some day.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Threshold {
    /// As a probability in ten-thousandths, at the policy's prior.
    pub p: f64,
    /// The same in points.
    pub points: i64,
    /// Clean keys per 10,000 key-months: with one family or more, with two.
    pub clean_per_10k: (f64, f64),
    /// Share of misused keys.
    pub recall: (f64, f64),
}

/// Probabilities asked about.
const ASKED: [f64; 11] = [0.05, 0.10, 0.15, 0.20, 0.30, 0.40, 0.50, 0.60, 0.80, 0.95, 0.99];

fn nats(strength: i16) -> f64 {
    f64::from(strength) / 1000.0
}

#[expect(clippy::cast_precision_loss, reason = "counts of key-days are far below 2^53")]
fn real(n: u64) -> f64 {
    n as f64
}

/// Fits.
#[must_use]
pub fn fit(samples: &Samples, weights: &Weights) -> Fitted {
    let families = families_of(ScoreKind::Sharing);
    let rows: Vec<([f64; Family::COUNT], f64, f64)> = samples
        .rows
        .iter()
        .map(|(row, (clean, bad))| (row.map(|step| nats(step * STEP)), real(*clean), real(*bad)))
        .collect();
    let mut intercept = 0.0;
    let mut alpha = [START; Family::COUNT];
    for _ in 0..SWEEPS {
        let (gradient, curve) = slope(&rows, intercept, &alpha, |_| 1.0);
        intercept -= (gradient / curve.max(1e-9)).clamp(-1.0, 1.0);
        for family in families {
            let place = family.index();
            let x = |row: &[f64; Family::COUNT]| row.get(place).copied().unwrap_or_default();
            let (gradient, curve) = slope(&rows, intercept, &alpha, x);
            let now = alpha.get(place).copied().unwrap_or(START);
            let step = (gradient + 2.0 * RIDGE * (now - START)) / (curve + 2.0 * RIDGE);
            if let Some(place) = alpha.get_mut(place) {
                *place = (now - step.clamp(-0.5, 0.5)).max(0.0);
            }
        }
    }
    let of = |family: &Family| alpha.get(family.index()).copied().unwrap_or(START);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative, and small")]
    let milli = |alpha: f64| libm::round(alpha * 1000.0) as u32;
    let spoke = |family: &Family| {
        let here = samples.rows.iter().filter(|(row, _)| row.get(family.index()).is_some_and(|s| *s > 0));
        here.fold((0, 0), |sum, (_, (clean, bad))| (sum.0 + clean, sum.1 + bad))
    };
    let all = samples.rows.values().fold((0, 0), |sum, (clean, bad)| (sum.0 + clean, sum.1 + bad));
    Fitted {
        alpha_milli: families.iter().map(|family| (family.as_str(), milli(of(family)))).collect(),
        key_days: all,
        spoke: families.iter().map(|family| (family.as_str(), spoke(family))).collect(),
        thresholds: ASKED.iter().map(|p| threshold(samples, weights, &alpha, *p)).collect(),
    }
}

/// First and second derivative of the log loss along one direction.
fn slope(
    rows: &[([f64; Family::COUNT], f64, f64)],
    intercept: f64,
    alpha: &[f64; Family::COUNT],
    x: impl Fn(&[f64; Family::COUNT]) -> f64,
) -> (f64, f64) {
    rows.iter().fold((0.0, 0.0), |(gradient, curve), (row, clean, bad)| {
        let logit = intercept + row.iter().zip(alpha).map(|(strength, alpha)| strength * alpha).sum::<f64>();
        let p = 1.0 / (1.0 + libm::exp(-logit));
        let x = x(row);
        (gradient + x * ((clean + bad) * p - bad), curve + x * x * (clean + bad) * p * (1.0 - p))
    })
}

fn threshold(samples: &Samples, weights: &Weights, alpha: &[f64; Family::COUNT], p: f64) -> Threshold {
    let points = (libm::log(p / (1.0 - p)) - weights.logit_prior()) * 1000.0;
    // By number of families asked for (one, two): clean, misused keys.
    let mut over = [(0_u64, 0_u64); 2];
    for key in &samples.keys {
        for (families, count) in over.iter_mut().enumerate() {
            let passed = key.days.iter().any(|day| {
                let terms = day.iter().zip(alpha).map(|(strength, alpha)| f64::from(*strength) * alpha);
                let strong = terms.clone().filter(|term| *term >= FAMILY_POINTS).count();
                strong > families && terms.sum::<f64>() >= points
            });
            if passed && key.bad {
                count.1 += 1;
            } else if passed {
                count.0 += 1;
            }
        }
    }
    let months = real(samples.clean_key_days) / 30.0;
    let rate = |n: u64| real(n) / months.max(1e-9) * 10_000.0;
    let recall = |n: u64| real(n) / real(samples.bad).max(1.0);
    let [one, two] = over;
    #[expect(clippy::cast_possible_truncation, reason = "some thousands")]
    let points = libm::round(points) as i64;
    Threshold { p, points, clean_per_10k: (rate(one.0), rate(two.0)), recall: (recall(one.1), recall(two.1)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(family: Family, strength: i16) -> Strengths {
        let mut row = [0; Family::COUNT];
        row[family.index()] = strength;
        row
    }

    #[test]
    fn a_family_that_tells_is_kept_and_one_that_misleads_is_cut() {
        let mut samples = Samples::default();
        // `auth` speaks of misused keys only, `client` of clean ones more often.
        for n in 0..4_000 {
            let said = BTreeMap::from([(
                0,
                if n % 4 == 0 { day(Family::Client, 2_000) } else { [0; Family::COUNT] },
            )]);
            samples.add(Some(&said), 0, DAY_US, None);
        }
        for n in 0..400 {
            let said =
                BTreeMap::from([(0, if n % 2 == 0 { day(Family::Auth, 2_000) } else { [0; Family::COUNT] })]);
            samples.add(Some(&said), 0, DAY_US, Some(-1));
        }
        let fitted = fit(&samples, &Weights::default());
        assert_eq!(fitted.alpha_milli["client"], 0);
        assert!(fitted.alpha_milli["auth"] > 1_000, "{fitted:?}");
        assert_eq!(fitted.alpha_milli["origin"], 800, "what says nothing keeps the catalogue's");
        assert_eq!(fitted.key_days, (4_000, 400));
        assert_eq!(fitted.spoke["auth"], (0, 200));
    }

    #[test]
    fn strengths_decay_until_said_again() {
        let mut samples = Samples::default();
        let said = BTreeMap::from([(0, day(Family::Origin, 2_000))]);
        samples.add(Some(&said), 0, 8 * DAY_US, None);
        let days = &samples.keys[0].days;
        assert_eq!(days.len(), 8);
        assert!((995..=1_005).contains(&days[7][Family::Origin.index()]), "{days:?}");
    }
}
