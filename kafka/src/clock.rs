//! The one place of this program that reads clocks.

use std::time::Instant;
use sumun_model::Timestamp;

/// Now, by the wall clock.
pub(crate) fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "the rim: time enters the bridge here and nowhere else")]
    let now = std::time::SystemTime::now();
    let us = match now.duration_since(std::time::UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_micros()).unwrap_or(i64::MAX),
        Err(before) => -i64::try_from(before.duration().as_micros()).unwrap_or(i64::MAX),
    };
    Timestamp::from_micros(us)
}

/// Now, by a clock that nobody sets.
pub(crate) fn tick() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "the rim: time enters the bridge here and nowhere else")]
    Instant::now()
}
