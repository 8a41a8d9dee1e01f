//! The one place where this crate reads a clock.

use std::time::{Instant, SystemTime, UNIX_EPOCH};
use sumun_gate::Now;
use sumun_model::Timestamp;

/// The machine's clocks.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    start: Instant,
}

/// Where `Now::monotonic_us` starts: far enough from zero that a window never reaches below it.
const MONOTONIC_START_US: u64 = 1 << 40;

impl SystemClock {
    /// Starts the monotonic clock.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the rim's own clock")]
    #[expect(clippy::new_without_default, reason = "a default that reads a clock would surprise")]
    pub fn new() -> Self {
        Self { start: Instant::now() }
    }

    /// Reads both clocks.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the rim's own clock")]
    pub fn now(&self) -> Now {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let wall = Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX));
        Now { wall, monotonic_us: self.monotonic_us() }
    }

    /// Reads the monotonic clock alone: half the cost, for whoever only asks how long something took.
    #[must_use]
    pub fn monotonic_us(&self) -> u64 {
        let elapsed = u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX);
        MONOTONIC_START_US.saturating_add(elapsed)
    }
}
