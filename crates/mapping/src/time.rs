//! Instants as foreign logs write them: RFC 3339 with any offset, epochs in four units, `strftime` with a zone.
//!
//! A zone is a fixed offset; Korea's has been one since 1988. No table of zones with summer time is carried: such logs are mapped by
//! their offset. Finer than microseconds is cut off, never rounded.

use crate::expr::quoted;
use crate::refusal::Code;
use jiff::Timestamp as Instant;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::Offset;
use rust_decimal::Decimal;
use sumun_model::{Date, Timestamp};

/// 2009-01-01: before it there was no exchange, so a time there is a wrong unit.
const FIRST_US: i64 = 1_230_768_000_000_000;
/// 2100-01-01: beyond it likewise.
const LAST_US: i64 = 4_102_444_800_000_000;

/// 2026-11-20T00:00:05Z, the time that examples show; seconds.
const EXAMPLE_S: i64 = 1_795_132_805;

/// How a time is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TimeFormat {
    Rfc3339,
    /// Microseconds in one unit, as a fraction for nanoseconds.
    Epoch(Unit),
    Strftime {
        format: String,
        zone: Option<Offset>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Seconds,
    Millis,
    Micros,
    Nanos,
}

impl TimeFormat {
    /// Reads the mapping's words for it.
    pub(crate) fn of(word: &str, zone: Option<&str>) -> Result<Self, String> {
        let zone = zone.map(offset).transpose()?;
        let format = match word {
            "rfc3339" => Self::Rfc3339,
            "s" => Self::Epoch(Unit::Seconds),
            "ms" => Self::Epoch(Unit::Millis),
            "us" => Self::Epoch(Unit::Micros),
            "ns" => Self::Epoch(Unit::Nanos),
            format if format.contains('%') => {
                let says = ["%z", "%:z", "%Q", "%s"].iter().any(|part| format.contains(part));
                if !says && zone.is_none() && format.contains("%H") {
                    return Err(format!(
                        "time format `{format}` says no zone; add `zone = \"Asia/Seoul\"` or another offset"
                    ));
                }
                return Ok(Self::Strftime { format: format.to_owned(), zone });
            }
            _ => {
                return Err(format!(
                    "`{word}` is no time format; there are `rfc3339`, `s`, `ms`, `us`, `ns`, and formats such as `%d/%b/%Y:%H:%M:%S %z`"
                ));
            }
        };
        match zone {
            None => Ok(format),
            Some(_) => Err(format!("times written as `{word}` say their zone themselves; take `zone` away")),
        }
    }

    /// Reads an instant.
    pub(crate) fn instant(&self, text: &str) -> Result<Timestamp, (Code, String)> {
        let us = match self {
            Self::Rfc3339 => {
                let instant: Option<Instant> = text.parse().ok();
                instant.map(Instant::as_microsecond)
            }
            Self::Epoch(unit) => epoch(text, *unit),
            Self::Strftime { format, zone } => strftime(format, *zone, text),
        };
        let us = us.ok_or_else(|| (Code::BadTime, format!("{}, {}", quoted(text), self.shown())))?;
        if (FIRST_US..LAST_US).contains(&us) {
            return Ok(Timestamp::from_micros(us));
        }
        Err((Code::WrongUnit, format!("{}, {}: {}", quoted(text), self.shown(), Timestamp::from_micros(us))))
    }

    /// Reads a calendar day.
    pub(crate) fn date(&self, text: &str) -> Result<Date, (Code, String)> {
        let bad = || (Code::BadTime, format!("{}, {}", quoted(text), self.shown()));
        let day = match self {
            Self::Strftime { format, .. } => {
                let parsed = BrokenDownTime::parse(format, text).map_err(|_| bad())?;
                parsed.to_date().map_err(|_| bad())?.to_string()
            }
            _ => self.instant(text)?.to_string().chars().take(10).collect(),
        };
        day.parse().map_err(|_| bad())
    }

    fn shown(&self) -> String {
        match self {
            Self::Rfc3339 => "RFC 3339".to_owned(),
            Self::Epoch(Unit::Seconds) => "`s`".to_owned(),
            Self::Epoch(Unit::Millis) => "`ms`".to_owned(),
            Self::Epoch(Unit::Micros) => "`us`".to_owned(),
            Self::Epoch(Unit::Nanos) => "`ns`".to_owned(),
            Self::Strftime { format, zone } => match example(format, *zone) {
                Some(example) => format!("`{format}`, such as `{example}`"),
                None => format!("`{format}`"),
            },
        }
    }
}

/// A time as a format writes it.
fn example(format: &str, zone: Option<Offset>) -> Option<String> {
    let zone = zone.unwrap_or(Offset::UTC).to_time_zone();
    let zoned = Instant::from_second(EXAMPLE_S).ok()?.to_zoned(zone);
    jiff::fmt::strtime::format(format, &zoned).ok()
}

fn epoch(text: &str, unit: Unit) -> Option<i64> {
    let number = Decimal::from_str_exact(text).ok()?;
    let us = match unit {
        Unit::Seconds => number.checked_mul(Decimal::from(1_000_000))?,
        Unit::Millis => number.checked_mul(Decimal::from(1000))?,
        Unit::Micros => number,
        Unit::Nanos => number.checked_div(Decimal::from(1000))?,
    };
    us.trunc().try_into().ok()
}

fn strftime(format: &str, zone: Option<Offset>, text: &str) -> Option<i64> {
    let parsed = BrokenDownTime::parse(format, text).ok()?;
    let instant = match zone {
        Some(zone) if parsed.offset().is_none() => zone.to_timestamp(parsed.to_datetime().ok()?).ok()?,
        _ => parsed.to_timestamp().ok()?,
    };
    Some(instant.as_microsecond())
}

/// A fixed offset by its name or its figures.
fn offset(zone: &str) -> Result<Offset, String> {
    let korea = matches!(zone, "Asia/Seoul" | "KST");
    if korea {
        return Offset::from_hours(9).map_err(|error| error.to_string());
    }
    if matches!(zone, "UTC" | "Z") {
        return Ok(Offset::UTC);
    }
    let bad =
        || format!("zone `{zone}` is not known; write `Asia/Seoul`, `UTC`, or an offset such as `+09:00`");
    let (sign, figures) = match zone.split_at_checked(1) {
        Some(("+", rest)) => (1, rest),
        Some(("-", rest)) => (-1, rest),
        _ => return Err(bad()),
    };
    let figures: String = figures.chars().filter(|c| *c != ':').collect();
    let (hours, minutes) = figures.split_at_checked(2).ok_or_else(bad)?;
    let number = |text: &str| text.parse::<i32>().ok().filter(|n| (0..60).contains(n) && text.len() == 2);
    let (hours, minutes) = (number(hours).ok_or_else(bad)?, number(minutes).ok_or_else(bad)?);
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).map_err(|_| bad())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_of_writing_reads_to_one_instant() {
        let at: Timestamp = "2026-11-20T00:00:05.123Z".parse().unwrap();
        let whole: Timestamp = "2026-11-20T00:00:05Z".parse().unwrap();
        for (word, zone, text, wanted) in [
            ("rfc3339", None, "2026-11-20T09:00:05.123+09:00", at),
            ("rfc3339", None, "2026-11-20T00:00:05.123000999Z", at),
            ("s", None, "1795132805.123", at),
            ("s", None, "1795132805", whole),
            ("ms", None, "1795132805123", at),
            ("us", None, "1795132805123000", at),
            ("ns", None, "1795132805123000999", at),
            ("%d/%b/%Y:%H:%M:%S %z", None, "20/Nov/2026:09:00:05 +0900", whole),
            ("%Y-%m-%d %H:%M:%S%.f", Some("Asia/Seoul"), "2026-11-20 09:00:05.123", at),
            ("%Y-%m-%d %H:%M:%S", Some("+09:00"), "2026-11-20 09:00:05", whole),
            ("%Y%m%d%H%M%S", Some("UTC"), "20261120000005", whole),
        ] {
            let format = TimeFormat::of(word, zone).unwrap();
            assert_eq!(format.instant(text), Ok(wanted), "{word} {text}");
        }
    }

    #[test]
    fn a_wrong_unit_is_told_as_one() {
        let said = |word: &str, text: &str| TimeFormat::of(word, None).unwrap().instant(text).unwrap_err();
        assert_eq!(
            said("ms", "1795132805"),
            (Code::WrongUnit, "`1795132805`, `ms`: 1970-01-21T18:38:52.805000Z".to_owned())
        );
        assert_eq!(said("s", "1795132805123").0, Code::WrongUnit);
        assert_eq!(said("s", "yesterday"), (Code::BadTime, "`yesterday`, `s`".to_owned()));
    }

    #[test]
    fn what_is_dubious_is_refused_with_what_to_do() {
        let no_zone = TimeFormat::of("%Y-%m-%d %H:%M:%S", None).unwrap_err();
        assert!(no_zone.contains("Asia/Seoul"), "{no_zone}");
        let city = TimeFormat::of("%Y-%m-%d %H:%M:%S", Some("Europe/Paris")).unwrap_err();
        assert!(city.contains("+09:00"), "{city}");
        let korea = TimeFormat::of("%Y-%m-%d %H:%M:%S", Some("KST")).unwrap();
        assert_eq!(
            korea.instant("2027-06-30").unwrap_err().1,
            "`2027-06-30`, `%Y-%m-%d %H:%M:%S`, such as `2026-11-20 09:00:05`"
        );
        assert!(TimeFormat::of("iso", None).is_err());
        assert!(TimeFormat::of("ms", Some("KST")).is_err());
        for bad in ["+9", "+09:61", "09:00", "+24:00:00x"] {
            assert!(offset(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn days_by_their_own_format() {
        assert_eq!(
            TimeFormat::of("%Y%m%d", None).unwrap().date("20250302").unwrap().to_string(),
            "2025-03-02"
        );
        assert_eq!(
            TimeFormat::of("ms", None).unwrap().date("1795132805123").unwrap().to_string(),
            "2026-11-20"
        );
    }
}
