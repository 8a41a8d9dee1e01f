//! The one place where the benchmarks read a clock.

use std::time::{Duration, Instant};
use sumun_gate::Now;
use sumun_model::Timestamp;

/// A running stopwatch.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts it.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Time since the start.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    /// Nanoseconds since the start, shared among `count` of something.
    #[must_use]
    pub fn ns_each(&self, count: usize) -> f64 {
        self.elapsed().as_secs_f64() * 1e9 / count.max(1) as f64
    }
}

/// A fixed instant to decide at: what is decided here must not depend on the day.
#[must_use]
pub const fn fixed_now() -> Now {
    Now { wall: Timestamp::from_millis(1_800_000_000_000), monotonic_us: 1 << 41 }
}

/// The wall clock, for stores that are measured.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "a store's sequencer needs the time of day")]
pub fn wall() -> Timestamp {
    let since =
        std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
