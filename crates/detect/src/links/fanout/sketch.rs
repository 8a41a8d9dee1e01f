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

    /// Says whether it learnt something.
    fn add(&mut self, hash: u64) -> bool {
        let rank = u8::try_from((hash << P | (1 << (P - 1))).leading_zeros() + 1).unwrap_or(u8::MAX);
        let register = usize::try_from(hash >> (64 - P)).unwrap_or(0);
        match self.0.get_mut(register) {
            Some(held) if rank > *held => {
                *held = rank;
                true
            }
            _ => false,
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
pub(super) struct Days {
    days: Vec<(i64, Sketch)>,
    /// Counts since a day, as long as no sketch has changed: reading one costs 1,024 steps per day, and a hot address is read often.
    counted: Vec<(i64, u32)>,
}

impl Days {
    pub(super) fn is_empty(&self) -> bool {
        self.days.is_empty()
    }

    pub(super) fn add(&mut self, hash: u64, at: Timestamp) {
        let day = at.as_micros().div_euclid(DAY_US);
        let place = match self.days.binary_search_by_key(&day, |(day, _)| *day) {
            Ok(place) => place,
            Err(0) if self.days.len() >= DAYS => return,
            Err(place) => {
                self.days.insert(place, (day, Sketch::empty()));
                if self.days.len() > DAYS {
                    self.days.remove(0);
                    place.saturating_sub(1)
                } else {
                    place
                }
            }
        };
        if let Some((_, sketch)) = self.days.get_mut(place)
            && sketch.add(hash)
        {
            self.counted.clear();
        }
    }

    /// How many in the days that began after `from`: never more than in the window, so that nobody is accused by rounding up.
    pub(super) fn count_since(&mut self, from: Timestamp) -> u32 {
        let first = from.as_micros().div_euclid(DAY_US) + 1;
        if let Some((_, count)) = self.counted.iter().find(|(day, _)| *day == first) {
            return *count;
        }
        let mut union = Sketch::empty();
        for (_, sketch) in self.days.iter().filter(|(day, _)| *day >= first) {
            union.merge(sketch);
        }
        let count = union.count();
        if self.counted.len() > 2 {
            self.counted.clear();
        }
        self.counted.push((first, count));
        count
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
        assert_eq!(days.days.len(), DAYS);
        days.add(1, at(3));
        assert_eq!(days.days.len(), DAYS);
        let last_two = days.count_since(at(27));
        assert!((90..=110).contains(&last_two), "{last_two}");
    }
}
