//! The one place where the mock reads the clock, and how Upbit writes a time. Nothing in `venue` calls it.

use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, Zoned};
use std::time::{SystemTime, UNIX_EPOCH};

/// Hours that Korean time is ahead of UTC; Upbit writes its times in it.
const KOREA_HOURS: i8 = 9;

/// Milliseconds since the Unix epoch; 0 if the machine's clock stands before it.
#[expect(
    clippy::disallowed_methods,
    reason = "the rim: every handler takes its time from here and hands it on"
)]
pub(crate) fn now_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_millis()).ok())
        .unwrap_or(0)
}

fn zoned(ms: i64, zone: TimeZone) -> Zoned {
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(zone)
}

/// `2026-11-20T19:00:00+09:00`, as in orders and transfers.
pub(crate) fn korean(ms: i64) -> String {
    korean_as(ms, "%Y-%m-%dT%H:%M:%S%:z")
}

/// Korean time in a `strftime` pattern.
pub(crate) fn korean_as(ms: i64, pattern: &str) -> String {
    zoned(ms, TimeZone::fixed(Offset::constant(KOREA_HOURS))).strftime(pattern).to_string()
}

/// UTC in a `strftime` pattern.
pub(crate) fn utc_as(ms: i64, pattern: &str) -> String {
    zoned(ms, TimeZone::UTC).strftime(pattern).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_upbit_writes_them() {
        let ms = 1_523_342_543_000;
        assert_eq!(korean(ms), "2018-04-10T15:42:23+09:00");
        assert_eq!(utc_as(ms, "%Y%m%d %H%M%S"), "20180410 064223");
    }
}
