//! What befalls the damaged export, by the number of a request: the same in every run, and counted.
//!
//! Bytes that are no text in a user agent · lines written twice · a clock half a year ahead for one line or five · a node two hours
//! behind · rubbish between lines · a stream of gzip that breaks off. The tables beside it are in CP949, or begin with a byte order mark.

use sumun_model::Timestamp;

/// A clock that leapt is so far ahead.
const LEAP_US: i64 = 180 * 86_400_000_000;
/// A node that lags is so far behind.
const LAG_US: i64 = -2 * 3_600_000_000;

/// What befalls one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// Nothing.
    None,
    /// Its time is of a clock far ahead.
    Leapt,
    /// Its time is of a clock behind.
    Lagging,
    /// It is there twice.
    Twice,
    /// Its user agent has bytes in CP949.
    Bytes,
    /// A line that is none stands before it.
    Rubbish,
}

/// Of the request with that number, from 0.
#[must_use]
pub const fn of(number: u64) -> Damage {
    // Beginnings are left alone: every log has to show where its time is before anybody can leap.
    let place = number % 100_000;
    match number {
        0..600 => Damage::None,
        _ if place == 900 || (place >= 1_500 && place < 1_505) => Damage::Leapt,
        _ if number.is_multiple_of(701) => Damage::Lagging,
        _ if number.is_multiple_of(97) => Damage::Twice,
        _ if number.is_multiple_of(5_003) => Damage::Bytes,
        _ if number.is_multiple_of(10_007) => Damage::Rubbish,
        _ => Damage::None,
    }
}

impl Damage {
    /// The time as the log has it.
    #[must_use]
    pub const fn at(self, at: Timestamp) -> Timestamp {
        match self {
            Self::Leapt => at.plus_micros(LEAP_US),
            Self::Lagging => at.plus_micros(LAG_US),
            _ => at,
        }
    }
}
