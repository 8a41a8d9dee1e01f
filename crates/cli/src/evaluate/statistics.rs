//! Bounds: Poisson, quantiles, precision at a base rate, and the bootstrap over stories.
//!
//! Chance comes from a seed, so the same records give the same bounds.

/// Resamples of a bootstrap.
pub const RESAMPLES: usize = 1_000;
/// Where its draws begin.
const BOOTSTRAP_SEED: u64 = 0x5eed;

/// The one-sided 95 % upper bound of a Poisson mean of which `n` were seen: the mean at which seeing `n` or fewer has a chance of 5 %.
/// 2.996 for none seen, hence "0 in n proves only 3/n".
#[must_use]
pub fn poisson_upper(n: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts of keys are far below 2^53")]
    let seen = n as f64;
    let (mut low, mut high) = (seen, seen + 4.0 * seen.sqrt() + 10.0);
    for _ in 0..80 {
        let middle = f64::midpoint(low, high);
        if at_most(n, middle) > 0.05 { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// The chance that a Poisson variable of this mean is at most `n`.
fn at_most(n: u64, mean: f64) -> f64 {
    // In logarithms, so that large means do not vanish.
    let mut log_term = -mean;
    let mut sum = libm::exp(log_term);
    for k in 1..=n {
        #[expect(clippy::cast_precision_loss, reason = "counts of keys are far below 2^53")]
        let k = k as f64;
        log_term += libm::log(mean / k);
        sum += libm::exp(log_term);
    }
    sum
}

/// The value below which this share of them lies: the smallest that at least so many do not exceed. `None`: there are none.
#[must_use]
pub fn quantile<T: Copy + Ord>(values: &[T], permille: usize) -> Option<T> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let place = (sorted.len() * permille).div_ceil(1000).max(1) - 1;
    sorted.get(place).copied()
}

/// Of keys with the measure, the share that is misused, where `base` of all keys are: `recall` of the misused meet it, and
/// `false_rate` of the clean.
#[must_use]
pub fn precision(base: f64, recall: f64, false_rate: f64) -> Option<f64> {
    let (right, wrong) = (base * recall, (1.0 - base) * false_rate);
    (right + wrong > 0.0).then(|| right / (right + wrong))
}

/// What one story adds: how many keys (of misused ones) or key-months (of clean ones), and how many met the measure.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Share {
    /// Those that met it.
    pub met: f64,
    /// All.
    pub of: f64,
}

impl Share {
    /// All stories together.
    #[must_use]
    pub fn sum(stories: &[Self]) -> Self {
        stories.iter().fold(Self::default(), |sum, one| Self { met: sum.met + one.met, of: sum.of + one.of })
    }

    /// As a fraction; 0 of nothing.
    #[must_use]
    pub fn rate(&self) -> f64 {
        if self.of > 0.0 { self.met / self.of } else { 0.0 }
    }
}

/// A number with its 95 % bounds.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Bounded {
    /// As found.
    pub is: f64,
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
}

/// Precision at a base rate, with bounds: stories are drawn anew with replacement, misused and clean apart. The lower bound also holds for
/// the Poisson bound of the false rate, since a resample of none is none.
#[must_use]
pub fn bounded_precision(base: f64, bad: &[Share], clean: &[Share]) -> Option<Bounded> {
    let (recall, wrong) = (Share::sum(bad), Share::sum(clean));
    let is = precision(base, recall.rate(), wrong.rate())?;
    let mut draws = Draws(BOOTSTRAP_SEED);
    let mut found: Vec<f64> = (0..RESAMPLES)
        .filter_map(|_| {
            let (recall, wrong) = (draws.resample(bad), draws.resample(clean));
            precision(base, recall.rate(), wrong.rate())
        })
        .collect();
    found.sort_by(f64::total_cmp);
    let at = |permille: usize| found.get(found.len() * permille / 1000).copied().unwrap_or(is);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of keys")]
    let upper = poisson_upper(wrong.met.max(0.0) as u64) / wrong.of.max(1.0);
    let with_bound = precision(base, recall.rate(), upper).unwrap_or(0.0);
    Some(Bounded { is, low: at(25).min(with_bound), high: at(975).max(is) })
}

/// SplitMix64: small, known, and enough to draw stories.
struct Draws(u64);

impl Draws {
    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn resample(&mut self, stories: &[Share]) -> Share {
        let mut sum = Share::default();
        for _ in 0..stories.len() {
            let place = (u128::from(self.next()) * stories.len() as u128) >> 64;
            let one = usize::try_from(place).ok().and_then(|place| stories.get(place));
            let one = one.copied().unwrap_or_default();
            sum = Share { met: sum.met + one.met, of: sum.of + one.of };
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn poisson_bounds_of_the_tables() {
        // Half the 95 % point of chi-square with 2n + 2 degrees of freedom.
        for (n, bound) in [(0, 2.996), (1, 4.744), (2, 6.296), (5, 10.513), (10, 16.962), (100, 118.079)] {
            assert!((poisson_upper(n) - bound).abs() < 0.001, "{n}: {}", poisson_upper(n));
        }
    }

    #[test]
    fn quantiles_by_hand() {
        assert_eq!(quantile::<i64>(&[], 500), None);
        assert_eq!(quantile(&[3, 1, 2], 500), Some(2));
        assert_eq!(quantile(&[4, 3, 1, 2], 500), Some(2));
        assert_eq!(quantile(&[5, 1, 2, 3, 4, 6, 7, 8, 9, 10], 900), Some(9));
        assert_eq!(quantile(&[7], 900), Some(7));
    }

    #[test]
    fn precision_by_hand() {
        // Of 1,000 keys 5 are misused; 4 of them are met, and 1 of the 995 others.
        let found = precision(0.005, 0.8, 1.0 / 995.0).unwrap();
        assert!((found - 0.8).abs() < 1e-12, "{found}");
        assert_eq!(precision(0.005, 0.0, 0.0), None);
        assert_eq!(precision(0.005, 0.1, 0.0), Some(1.0));
    }

    #[test]
    fn bounds_hold_the_number_and_repeat() {
        let bad: Vec<_> = (0..50).map(|n| Share { met: f64::from(u8::from(n % 2 == 0)), of: 1.0 }).collect();
        let clean: Vec<_> = (0..5_000).map(|n| Share { met: f64::from(u8::from(n == 7)), of: 1.0 }).collect();
        let found = bounded_precision(0.005, &bad, &clean).unwrap();
        assert!(found.low < found.is && found.is <= found.high && found.high <= 1.0, "{found:?}");
        assert_eq!(bounded_precision(0.005, &bad, &clean), Some(found));
        // None seen: the bound still speaks of what was not proved.
        let none = vec![Share { met: 0.0, of: 1.0 }; 1_000];
        let found = bounded_precision(0.005, &bad, &none).unwrap();
        assert_eq!(found.is, 1.0);
        assert!((found.low - 0.005 * 0.5 / (0.005 * 0.5 + 0.995 * 0.002_995_7)).abs() < 1e-4, "{found:?}");
    }
}
