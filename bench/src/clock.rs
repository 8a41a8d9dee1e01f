//! The one place where the benchmarks read a clock.

use rustix::time::{ClockId, clock_gettime};
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

/// A watch that runs only while processor time is spent: what others on a shared machine take does not show.
#[derive(Clone, Copy, Debug)]
pub struct Cpu {
    of: ClockId,
    start_ns: i128,
}

impl Cpu {
    /// Of the calling thread.
    #[must_use]
    pub fn thread() -> Self {
        Self::of(ClockId::ThreadCPUTime)
    }

    /// Of all threads of this process, ended ones too.
    #[must_use]
    pub fn process() -> Self {
        Self::of(ClockId::ProcessCPUTime)
    }

    fn of(of: ClockId) -> Self {
        Self { of, start_ns: read_ns(of) }
    }

    /// Seconds spent since.
    #[must_use]
    pub fn elapsed_s(&self) -> f64 {
        (read_ns(self.of) - self.start_ns) as f64 / 1e9
    }
}

fn read_ns(of: ClockId) -> i128 {
    let time = clock_gettime(of);
    i128::from(time.tv_sec) * 1_000_000_000 + i128::from(time.tv_nsec)
}
