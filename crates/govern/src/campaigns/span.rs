//! A length of time as people write it: `30d`, `12h`, `45m`, `20s`.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Longest one, in seconds: ten years.
const SECONDS_MAX: u32 = 10 * 365 * 86_400;

/// Units, the longest first.
const UNITS: [(&str, u32); 4] = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];

/// A length of time, in whole seconds; at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(u32);

impl Span {
    /// Thirty days.
    pub const DAYS_30: Self = Self(30 * 86_400);

    /// So many seconds; none if that is nothing, or more than ten years.
    #[must_use]
    pub const fn seconds(seconds: u32) -> Option<Self> {
        if seconds == 0 || seconds > SECONDS_MAX { None } else { Some(Self(seconds)) }
    }

    /// Reads `14d`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (_, unit) = UNITS.iter().find(|(word, _)| text.ends_with(word))?;
        let digits = text.get(..text.len().checked_sub(1)?)?;
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        Self::seconds(digits.parse::<u32>().ok()?.checked_mul(*unit)?)
    }

    /// In microseconds.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0 as i64 * 1_000_000
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = UNITS.iter().find(|(_, unit)| self.0.is_multiple_of(*unit));
        let (word, unit) = fits.copied().unwrap_or(("s", 1));
        write!(f, "{}{word}", self.0 / unit)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::parse(&text).ok_or_else(|| {
            serde::de::Error::custom(
                "a length of time is a number and one of d, h, m, s, such as `14d`; ten years at most",
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_read_and_written_the_same() {
        for text in ["14d", "1d", "36h", "45m", "20s", "3650d"] {
            assert_eq!(Span::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Span::parse("48h").unwrap().to_string(), "2d");
        for text in ["", "d", "0s", "-1d", "14", "1w", "3651d", "99999999999d", "1.5d", "+1d", "1é"] {
            assert_eq!(Span::parse(text), None, "{text}");
        }
    }
}
