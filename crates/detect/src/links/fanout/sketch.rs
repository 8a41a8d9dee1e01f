//! How many different customers an address had, once there are too many to name: HyperLogLog per day.
//!
//! p = 10: 1,024 registers of one byte, standard error 1.04 / √1024 = 3.25 % (detectors.md 0). One sketch per UTC day, [`DAYS`] of
//! them, so at most 8 KiB per shared address, and only there. Never here: exact sets.

use serde::{Deserialize, Serialize};
use sumun_model::Timestamp;

const P: u32 = 10;
const REGISTERS: usize = 1 << P;
/// Days kept: seven and the one that runs.
const DAYS: usize = 8;
const DAY_US: i64 = 86_400_000_000;

/// One sketch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Sketch(Vec<u8>);

impl Sketch {
    fn empty() -> Self {
        Self(vec![0; REGISTERS])
    }

    fn add(&mut self, hash: u64) {
        let rank = u8::try_from((hash << P | (1 << (P - 1))).leading_zeros() + 1).unwrap_or(u8::MAX);
        let register = usize::try_from(hash >> (64 - P)).unwrap_or(0);
        if let Some(held) = self.0.get_mut(register) {
            *held = (*held).max(rank);
        }
    }

    fn merge(&mut self, other: &Self) {
        for (held, more) in self.0.iter_mut().zip(&other.0) {
            *held = (*held).max(*more);
        }
    }

    /// Flajolet's estimate with linear counting below 2.5 m; a 64-bit hash needs no correction above.
    fn count(&self) -> u32 {
        #[expect(clippy::cast_precision_loss, reason = "1,024")]
        let m = REGISTERS as f64;
        let sum: f64 = self.0.iter().map(|rank| libm::exp2(-f64::from(*rank))).sum();
        let estimate = 0.7213 / (1.0 + 1.079 / m) * m * m / sum;
        let empty = self.0.iter().filter(|rank| **rank == 0).count();
        let estimate = if estimate <= 2.5 * m && empty > 0 {
            #[expect(clippy::cast_precision_loss, reason = "at most 1,024")]
            let empty = empty as f64;
            m * libm::log(m / empty)
        } else {
            estimate
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "saturates; never negative"
        )]
        let count = libm::round(estimate) as u32;
        count
    }
}

/// Sketches of the latest days, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Days(Vec<(i64, Sketch)>);

impl Days {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn add(&mut self, hash: u64, at: Timestamp) {
        let day = at.as_micros().div_euclid(DAY_US);
        let place = match self.0.binary_search_by_key(&day, |(day, _)| *day) {
            Ok(place) => place,
            Err(place) => {
                if self.0.len() >= DAYS && place == 0 {
                    return;
                }
                self.0.insert(place, (day, Sketch::empty()));
                if self.0.len() > DAYS {
                    self.0.remove(0);
                    place.saturating_sub(1)
                } else {
                    place
                }
            }
        };
        if let Some((_, sketch)) = self.0.get_mut(place) {
            sketch.add(hash);
        }
    }

    /// How many in the days that began after `from`: never more than in the window, so that nobody is accused by rounding up.
    pub(super) fn count_since(&self, from: Timestamp) -> u32 {
        let mut union: Option<Sketch> = None;
        for (_, sketch) in self.0.iter().filter(|(day, _)| day.saturating_mul(DAY_US) > from.as_micros()) {
            match &mut union {
                Some(union) => union.merge(sketch),
                None => union = Some(sketch.clone()),
            }
        }
        union.map_or(0, |sketch| sketch.count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mark::hash64;

    #[test]
    fn the_estimate_stays_within_four_standard_errors() {
        for n in [33_u32, 100, 1_000, 2_600, 10_000, 200_000] {
            let mut sketch = Sketch::empty();
            for customer in 0..n {
                sketch.add(hash64(format!("c:{customer}").as_bytes()));
            }
            let error = (f64::from(sketch.count()) - f64::from(n)).abs() / f64::from(n);
            assert!(error < 4.0 * 0.0325, "{n}: {}", sketch.count());
        }
        assert_eq!(Sketch::empty().count(), 0);
    }

    #[test]
    fn days_beyond_the_window_do_not_count_and_the_room_is_fixed() {
        let mut days = Days::default();
        let at = |day: i64| Timestamp::from_micros(day * DAY_US + 1);
        for day in 0..30 {
            for customer in 0..50 {
                days.add(hash64(format!("{day} {customer}").as_bytes()), at(day));
            }
        }
        assert_eq!(days.0.len(), DAYS);
        days.add(1, at(3));
        assert_eq!(days.0.len(), DAYS);
        let last_two = days.count_since(at(27));
        assert!((90..=110).contains(&last_two), "{last_two}");
    }
}
