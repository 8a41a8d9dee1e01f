//! When something happens in the run: a line's place in the log, or a whole second on the way to it (WIRE 4).

use serde::{Deserialize, Serialize};
use sumun_model::Timestamp;

/// Microseconds in a second.
pub(crate) const SECOND_US: i64 = 1_000_000;
/// Microseconds in a minute: feedback takes effect at whole minutes.
pub(crate) const MINUTE_US: i64 = 60 * SECOND_US;
/// Microseconds in an hour: population figures are reduced at whole hours.
pub(crate) const HOUR_US: i64 = 60 * MINUTE_US;

/// A place in the order of everything: the line's position, and before the line itself the seconds it lets pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Moment {
    /// The line's position in the log.
    pub(crate) position: u64,
    /// The whole second that fires, in seconds since 1970; `i64::MAX` for the line itself.
    second: i64,
}

impl Moment {
    /// The line itself.
    pub(crate) const fn line(position: u64) -> Self {
        Self { position, second: i64::MAX }
    }

    /// A whole second on the way to a line.
    pub(crate) const fn second(position: u64, second: i64) -> Self {
        Self { position, second }
    }

    /// The second, if it is one.
    pub(crate) const fn as_second(self) -> Option<i64> {
        if self.second == i64::MAX { None } else { Some(self.second) }
    }
}

/// A moment with its engine time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct At {
    pub(crate) moment: Moment,
    pub(crate) now: Timestamp,
}

/// The first whole second at or after an instant, and after `now`.
pub(crate) fn due_second(at: Timestamp, now: Timestamp) -> i64 {
    let ceiling = |us: i64| us.div_euclid(SECOND_US) + i64::from(us.rem_euclid(SECOND_US) != 0);
    ceiling(at.as_micros()).max(now.as_micros().div_euclid(SECOND_US) + 1)
}

/// A line raised engine time.
#[derive(Clone, Copy, Debug)]
struct Rise {
    position: u64,
    from_us: i64,
    to_us: i64,
}

/// The rises of a segment, in order and without gaps.
#[derive(Debug, Default)]
pub(crate) struct Rises(Vec<Rise>);

impl Rises {
    pub(crate) fn push(&mut self, position: u64, from: Timestamp, to: Timestamp) {
        self.0.push(Rise { position, from_us: from.as_micros(), to_us: to.as_micros() });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// At which moment a second fires; `None` if it is not passed in this segment.
    pub(crate) fn of_second(&self, second: i64) -> Option<At> {
        let us = second.checked_mul(SECOND_US)?;
        let rise = self.0.get(self.0.partition_point(|rise| rise.to_us < us))?;
        (rise.from_us < us)
            .then(|| At { moment: Moment::second(rise.position, second), now: Timestamp::from_micros(us) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_fires_with_the_line_that_passes_it() {
        let mut rises = Rises::default();
        let t = |us| Timestamp::from_micros(us);
        rises.push(7, t(500_000), t(2_000_000));
        rises.push(9, t(2_000_000), t(4_500_000));
        let position = |second| rises.of_second(second).map(|at| at.moment.position);
        assert_eq!(
            [position(0), position(1), position(2), position(3), position(4), position(5)],
            [None, Some(7), Some(7), Some(9), Some(9), None]
        );
        assert!(Moment::second(9, 4) < Moment::line(9));
        assert!(Moment::line(7) < Moment::second(9, 3));
        assert_eq!(due_second(t(1_500_000), t(0)), 2);
        assert_eq!(due_second(t(1_000_000), t(1_000_000)), 2);
    }
}
