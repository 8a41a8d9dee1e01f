//! The limiter of failed verifications: a flood of garbage must cost little and lock nobody out.
//!
//! Failures are counted per (source neighbourhood, key id): a /24 or /48. The caller never asks for a source on
//! the key's allowlist, so that an owner cannot be locked out by whoever shares his network. Memory is bounded in
//! two generations a shard: when the current one is full it takes the place of the one before, which is
//! forgotten. Forgetting can only let a flood through to the signature check.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use sumun_model::Prefix;

/// Counters kept in all: 64 Ki sources × keys failing within one window; about 3 MiB.
pub const COUNTERS_MAX: usize = 64 * 1024;
const SHARDS: usize = 16;
const GENERATION_MAX: usize = COUNTERS_MAX / SHARDS / 2;

#[derive(Clone, Copy)]
struct Window {
    since_us: u64,
    failures: u32,
}

#[derive(Default)]
struct Generations {
    current: HashMap<u64, Window>,
    previous: HashMap<u64, Window>,
}

impl Generations {
    fn get(&self, id: u64) -> Option<Window> {
        self.current.get(&id).or_else(|| self.previous.get(&id)).copied()
    }
}

/// Counts failed verifications.
pub struct Failures {
    shards: Box<[Mutex<Generations>]>,
    hasher: RandomState,
    max: u32,
    window_us: u64,
}

impl Failures {
    /// A limiter that trips at `max` failures within `window_us`; `max` 0 never trips.
    #[must_use]
    pub fn new(max: u32, window_us: u64) -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self { shards, hasher: RandomState::new(), max, window_us }
    }

    fn slot(&self, source: IpAddr, key: &str) -> (MutexGuard<'_, Generations>, u64) {
        let id = self.hasher.hash_one((Prefix::neighbourhood(source), key));
        let index = (id >> 32) as usize % SHARDS;
        #[expect(clippy::indexing_slicing, reason = "INVARIANT: index is taken modulo the number of shards")]
        let shard = self.shards[index].lock().unwrap_or_else(PoisonError::into_inner);
        (shard, id)
    }

    fn runs(&self, window: &Window, now_us: u64) -> bool {
        now_us.saturating_sub(window.since_us) < self.window_us
    }

    /// Whether this source has failed too often for this key.
    #[must_use]
    pub fn tripped(&self, source: IpAddr, key: &str, now_us: u64) -> bool {
        if self.max == 0 {
            return false;
        }
        let (shard, id) = self.slot(source, key);
        shard.get(id).is_some_and(|w| self.runs(&w, now_us) && w.failures >= self.max)
    }

    /// Counts one failure.
    pub fn count(&self, source: IpAddr, key: &str, now_us: u64) {
        if self.max == 0 {
            return;
        }
        let (mut shard, id) = self.slot(source, key);
        let mut window = shard
            .get(id)
            .filter(|w| self.runs(w, now_us))
            .unwrap_or(Window { since_us: now_us, failures: 0 });
        window.failures = window.failures.saturating_add(1);
        if shard.current.len() >= GENERATION_MAX && !shard.current.contains_key(&id) {
            shard.previous = std::mem::take(&mut shard.current);
        }
        shard.current.insert(id, window);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(n: u32) -> IpAddr {
        IpAddr::V4(std::net::Ipv4Addr::from(n))
    }

    #[test]
    fn trips_per_source_and_key_and_forgets_after_the_window() {
        let failures = Failures::new(3, 1_000);
        let (here, there) = (ip(0x0a00_0001), ip(0x0b00_0001));
        for _ in 0..3 {
            assert!(!failures.tripped(here, "K1", 5));
            failures.count(here, "K1", 5);
        }
        assert!(failures.tripped(ip(0x0a00_00ff), "K1", 6), "same /24");
        assert!(!failures.tripped(here, "K2", 6));
        assert!(!failures.tripped(there, "K1", 6));
        assert!(!failures.tripped(here, "K1", 1_005));
    }

    #[test]
    fn memory_is_bounded_under_a_flood_from_everywhere() {
        let failures = Failures::new(3, 1_000_000);
        for n in 0..200_000_u32 {
            failures.count(ip(n << 8), "K1", u64::from(n));
        }
        let counters = |shard: &Mutex<Generations>| {
            let shard = shard.lock().unwrap();
            shard.current.len() + shard.previous.len()
        };
        assert!(failures.shards.iter().map(counters).sum::<usize>() <= COUNTERS_MAX);
    }
}
