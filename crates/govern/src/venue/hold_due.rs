//! When a hold must have been looked at: in hours, as most venues say it, or in minutes where they are played in short days.

use super::Clocks;
use std::fmt;

/// How long a hold waits for its review, in whole minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HoldDue(u32);

impl HoldDue {
    /// In minutes.
    #[must_use]
    pub const fn minutes(self) -> u32 {
        self.0
    }

    /// In microseconds.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0 as i64 * 60_000_000
    }
}

impl fmt::Display for HoldDue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, unit) =
            if self.0.is_multiple_of(60) { (self.0 / 60, "hour") } else { (self.0, "minute") };
        write!(f, "{count} {unit}{}", if count == 1 { "" } else { "s" })
    }
}

impl Clocks {
    /// How long a hold waits for its review: as hours or as minutes say it.
    #[must_use]
    pub fn hold_due(&self) -> HoldDue {
        match (self.hold_due_minutes, self.hold_due_hours) {
            (Some(minutes), _) => HoldDue(minutes.get()),
            // One of them stands there: checked at the door.
            (None, hours) => HoldDue(hours.map_or(1, |hours| hours.get()) * 60),
        }
    }

    /// What is wrong with how it is said: the field and the sentence.
    pub(super) fn hold_due_said_once(&self) -> Result<(), (&'static str, String)> {
        match (self.hold_due_hours, self.hold_due_minutes) {
            (Some(_), Some(_)) => Err((
                "clocks.hold_due_minutes",
                "stands beside `hold_due_hours`, and both say the same thing; keep one of them".to_owned(),
            )),
            (None, None) => Err((
                "clocks.hold_due_hours",
                "is missing; say in hours, or as `hold_due_minutes`, by when a hold must have been looked at"
                    .to_owned(),
            )),
            _ => Ok(()),
        }
    }
}
