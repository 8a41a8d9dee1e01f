//! Rates: one generic cell rate per key and group, in one atomic word.
//!
//! The generic cell rate algorithm (ITU-T I.371) keeps a single instant, the theoretical arrival time of the next
//! request, so that a limit is exact under concurrency with one compare-and-swap and eight bytes.

use std::sync::atomic::{AtomicU64, Ordering};

/// Microseconds in a second.
const SECOND_US: u64 = 1_000_000;

/// A limit of so many requests a second on average, all of which may come at once: a burst and the flow behind it may
/// come close to twice as many within one second, as with any limit that lets a whole second's worth through at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PerSecond(pub u32);

/// The state of one limit for one key.
#[derive(Debug, Default)]
pub struct Rate(AtomicU64);

impl Rate {
    /// A copy of the state, for an entry that takes another's place.
    #[must_use]
    pub fn carried(&self) -> Self {
        Self(AtomicU64::new(self.0.load(Ordering::Relaxed)))
    }

    /// Takes one request's worth at `now_us` of a monotonic clock. Returns how many more would pass right now,
    /// or `None` if this one does not.
    pub fn take(&self, limit: PerSecond, now_us: u64) -> Option<u32> {
        if limit.0 == 0 {
            return Some(u32::MAX);
        }
        let step = (SECOND_US / u64::from(limit.0)).max(1);
        let mut arrival = self.0.load(Ordering::Relaxed);
        loop {
            let next = arrival.max(now_us) + step;
            let ahead = next - now_us;
            if ahead > SECOND_US {
                return None;
            }
            match self.0.compare_exchange_weak(arrival, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Some(u32::try_from((SECOND_US - ahead) / step).unwrap_or(u32::MAX)),
                Err(current) => arrival = current,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::sync::Arc;

    #[test]
    fn a_burst_of_the_limit_then_a_steady_flow() {
        let rate = Rate::default();
        let at = 5_000_000;
        assert_eq!((0..12).filter(|_| rate.take(PerSecond(12), at).is_some()).count(), 12);
        assert_eq!(rate.take(PerSecond(12), at), None);
        assert!(rate.take(PerSecond(12), at + SECOND_US / 12).is_some());
        assert_eq!(rate.take(PerSecond(12), at + SECOND_US / 12), None);
    }

    #[test]
    fn exact_when_many_threads_ask_at_once() {
        let rate = Arc::new(Rate::default());
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let rate = Arc::clone(&rate);
                std::thread::spawn(move || {
                    (0..100).filter(|_| rate.take(PerSecond(30), 7_000_000).is_some()).count()
                })
            })
            .collect();
        assert_eq!(threads.into_iter().map(|t| t.join().unwrap()).sum::<usize>(), 30);
    }

    proptest! {
        /// Never more than two limits' worth in any second, and a quiet second restores the whole burst.
        #[test]
        fn bounded_in_every_window(limit in 1u32..50, gaps in prop::collection::vec(0u64..80_000, 1..400)) {
            let rate = Rate::default();
            let mut now = 10_000_000;
            let mut passed = Vec::new();
            for gap in gaps {
                now += gap;
                if rate.take(PerSecond(limit), now).is_some() { passed.push(now); }
            }
            for (i, start) in passed.iter().enumerate() {
                let within = passed[i..].iter().take_while(|t| **t < start + SECOND_US).count();
                prop_assert!(within <= 2 * limit as usize, "{within} in one second with a limit of {limit}");
            }
            now += 2 * SECOND_US;
            prop_assert_eq!((0..limit).filter(|_| rate.take(PerSecond(limit), now).is_some()).count(), limit as usize);
        }
    }
}
