//! The one place where the project's commands read a clock. Only to tell a person how long a step took.

use std::fmt;
use std::time::Instant;

/// A started stopwatch; displays as seconds with one decimal.
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    #[expect(clippy::disallowed_methods, reason = "the rim of a developer's command; prints durations only")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// Seconds since.
    pub(crate) fn seconds(&self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}

impl fmt::Display for Stopwatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} s", self.0.elapsed().as_secs_f64())
    }
}
