//! The demo's rim of time: the one place that reads the machine's clocks.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use sumun_model::Timestamp;

/// Now, as the wire writes it.
#[expect(clippy::disallowed_methods, reason = "the rim: everything else is given the time")]
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// Whole seconds since 1970.
pub(crate) fn seconds() -> u64 {
    u64::try_from(now().as_micros() / 1_000_000).unwrap_or_default()
}

/// So many days from now, as the API takes it.
pub(crate) fn in_days(days: i64) -> String {
    now().plus_micros(days * 86_400 * 1_000_000).to_string()
}

/// Hours, minutes and seconds of the day in UTC, for people's eyes.
pub(crate) fn of_day() -> String {
    let text = now().to_string();
    text.get(11..19).unwrap_or_default().to_owned()
}

/// Counts from a beginning, whatever becomes of the wall clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Since(Instant);

impl Since {
    /// From this moment on.
    #[expect(clippy::disallowed_methods, reason = "the rim: everything else is given the time")]
    pub(crate) fn now() -> Self {
        Self(Instant::now())
    }

    /// How long ago that was.
    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }

    /// In seconds.
    pub(crate) fn seconds(self) -> f64 {
        self.elapsed().as_secs_f64()
    }
}
