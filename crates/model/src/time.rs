//! Instants and dates as the wire writes them.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// An instant: microseconds since 1970-01-01T00:00:00Z.
///
/// On the wire RFC 3339 ending in `Z`, read with up to six decimals, written with exactly six. Always within
/// [`Timestamp::MIN`] and [`Timestamp::MAX`], so that what is written can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// Text that is not an instant of the wire.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Another zone than UTC, or none.
    #[error("time `{0}` must end in `Z` (UTC)")]
    NotUtc(String),
    /// More than six decimals.
    #[error("time `{0}` has more than six decimals; microseconds are the finest unit")]
    TooFine(String),
    /// Not RFC 3339, or no such instant.
    #[error("`{0}` is not a time such as 2026-05-28T09:00:00.000000Z")]
    Malformed(String),
}

impl Timestamp {
    /// 0001-01-01T00:00:00Z.
    pub const MIN: Self = Self(-62_135_596_800 * 1_000_000);
    /// 9999-12-30T22:00:00Z, beyond which calendars of other zones have five-digit years.
    pub const MAX: Self = Self(253_402_207_200 * 1_000_000);

    /// From microseconds since the epoch, saturating.
    #[must_use]
    pub const fn from_micros(us: i64) -> Self {
        if us < Self::MIN.0 {
            Self::MIN
        } else if us > Self::MAX.0 {
            Self::MAX
        } else {
            Self(us)
        }
    }

    /// From whole seconds since the epoch; `None` outside the calendar.
    #[must_use]
    pub fn from_seconds(seconds: i64) -> Option<Self> {
        let us = seconds.checked_mul(1_000_000)?;
        (Self::MIN.0..=Self::MAX.0).contains(&us).then_some(Self(us))
    }

    /// From milliseconds since the epoch, saturating.
    #[must_use]
    pub const fn from_millis(ms: i64) -> Self {
        Self::from_micros(ms.saturating_mul(1000))
    }

    /// Microseconds since the epoch.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// This instant moved by microseconds, saturating.
    #[must_use]
    pub const fn plus_micros(self, us: i64) -> Self {
        Self::from_micros(self.0.saturating_add(us))
    }

    /// Microseconds from `earlier` to this instant; negative if this one is the earlier.
    #[must_use]
    pub const fn micros_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl FromStr for Timestamp {
    type Err = TimeError;

    fn from_str(s: &str) -> Result<Self, TimeError> {
        if let Some(us) = usual(s.as_bytes()) {
            return Ok(Self(us));
        }
        let shown = || s.chars().take(64).collect::<String>();
        let Some(body) = s.strip_suffix('Z') else { return Err(TimeError::NotUtc(shown())) };
        // `jiff` also reads a space or a lower-case `t` between date and time; the wire does not.
        if body.as_bytes().get(10) != Some(&b'T') {
            return Err(TimeError::Malformed(shown()));
        }
        if body.split_once(['.', ',']).is_some_and(|(_, fraction)| fraction.len() > 6) {
            return Err(TimeError::TooFine(shown()));
        }
        let instant: jiff::Timestamp = s.parse().map_err(|_| TimeError::Malformed(shown()))?;
        let us = instant.as_microsecond();
        if !(Self::MIN.0..=Self::MAX.0).contains(&us) {
            return Err(TimeError::Malformed(shown()));
        }
        Ok(Self(us))
    }
}

/// The form that nearly every line has, `2026-05-28T09:00:00.000000Z` with or without decimals, of a day that every month has.
/// `None`: to be read with the calendar.
fn usual(text: &[u8]) -> Option<i64> {
    let (fixed, rest) = text.split_at_checked(19)?;
    let &[y1, y2, y3, y4, b'-', mo1, mo2, b'-', d1, d2, b'T', h1, h2, b':', mi1, mi2, b':', s1, s2] = fixed
    else {
        return None;
    };
    let digit = |b: u8| b.is_ascii_digit().then(|| i64::from(b - b'0'));
    let two = |a: u8, b: u8| Some(digit(a)? * 10 + digit(b)?);
    let (year, month, day) = (two(y1, y2)? * 100 + two(y3, y4)?, two(mo1, mo2)?, two(d1, d2)?);
    let (hour, minute, second) = (two(h1, h2)?, two(mi1, mi2)?, two(s1, s2)?);
    let in_range = (1970..=9000).contains(&year)
        && (1..=12).contains(&month)
        && (1..=28).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    if !in_range {
        return None;
    }
    let decimals = match rest {
        b"Z" => &[][..],
        [b'.', decimals @ .., b'Z'] if (1..=6).contains(&decimals.len()) => decimals,
        _ => return None,
    };
    let mut us = 0;
    for place in 0..6 {
        us = us * 10 + decimals.get(place).map_or(Some(0), |b| digit(*b))?;
    }
    // Days since 1970 by years that begin in March (Hinnant, "chrono-compatible low-level date algorithms").
    let (y, m) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let days = y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719_468;
    Some((((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000_000 + us)
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(instant) => write!(f, "{instant:.6}"),
            // No value is outside the calendar; should one be, it must not pass for a time.
            Err(_) => Err(fmt::Error),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        crate::text::parsed(d)
    }
}

/// A calendar day, `YYYY-MM-DD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(jiff::civil::Date);

impl FromStr for Date {
    type Err = TimeError;
    fn from_str(s: &str) -> Result<Self, TimeError> {
        let malformed = || TimeError::Malformed(s.chars().take(64).collect());
        if s.len() != 10 {
            return Err(malformed());
        }
        s.parse().map(Self).map_err(|_| malformed())
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        crate::text::parsed(d)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_up_to_microseconds_and_writes_six_decimals() {
        let t: Timestamp = "2026-05-28T09:00:00.25Z".parse().unwrap();
        assert_eq!(t.to_string(), "2026-05-28T09:00:00.250000Z");
        assert_eq!(Timestamp::from_millis(0).to_string(), "1970-01-01T00:00:00.000000Z");
    }

    #[test]
    fn whatever_it_was_made_of_it_can_be_read_back() {
        for us in [i64::MIN, -1, 0, 1, 1_795_176_099_912_000_000, 253_402_214_399_000_000, i64::MAX] {
            let time = Timestamp::from_micros(us);
            assert_eq!(time.to_string().parse(), Ok(time), "{us}");
        }
        assert_eq!(Timestamp::MIN.to_string(), "0001-01-01T00:00:00.000000Z");
        assert_eq!(Timestamp::MAX.to_string(), "9999-12-30T22:00:00.000000Z");
        assert_eq!(Timestamp::from_seconds(1_795_176_099_912), None);
    }

    #[test]
    fn the_usual_form_is_read_as_the_calendar_reads_it() {
        let mut seconds = 0_i64;
        while seconds < 221_845_392_000 {
            for fraction in ["", ".000001", ".25", ".999999"] {
                let whole = jiff::Timestamp::from_second(seconds).unwrap();
                let text = whole.to_string().replace('Z', &format!("{fraction}Z"));
                let by_calendar = text.parse::<jiff::Timestamp>().unwrap().as_microsecond();
                assert_eq!(text.parse::<Timestamp>().unwrap().as_micros(), by_calendar, "{text}");
                let day: i8 = text[8..10].parse().unwrap();
                assert_eq!(usual(text.as_bytes()).is_some(), day <= 28, "{text}");
            }
            seconds += 86_400 * 171 + 3_671;
        }
        for unusual in
            ["2026-02-28T24:00:00Z", "2026-02-28T09:00:60Z", "2026-02-28T09:00:00.Z", "0000-01-01T00:00:00Z"]
        {
            assert_eq!(usual(unusual.as_bytes()), None, "{unusual}");
        }
    }

    #[test]
    fn what_is_not_of_the_wire_is_refused() {
        for bad in [
            "2026-05-28T09:00:00+09:00",
            "2026-05-28 09:00:00Z",
            "2026-05-28T09:00:00.1234567Z",
            "2026-02-30T09:00:00Z",
            "Z",
            "",
            "2026-05-28T09:00:00z",
        ] {
            assert!(bad.parse::<Timestamp>().is_err(), "{bad}");
        }
        assert!("2026-5-28".parse::<Date>().is_err());
        assert!("20260528".parse::<Date>().is_err());
        assert!("2026-05-28".parse::<Date>().is_ok());
    }
}
