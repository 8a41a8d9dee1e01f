//! Days of some seconds each, counted from when the population began.

use crate::cast::Day;
use crate::clock::Since;
use std::time::Duration;

/// How time passes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    began: Since,
    day_s: f64,
}

impl Pace {
    /// From this moment on.
    pub(crate) fn from_now(day_s: f64) -> Self {
        Self { began: Since::now(), day_s }
    }

    /// The present moment.
    pub(crate) fn today(self) -> Day {
        self.began.seconds() / self.day_s
    }

    /// So much of a day.
    pub(crate) fn days(self, days: Day) -> Duration {
        Duration::try_from_secs_f64((days * self.day_s).max(0.0)).unwrap_or(Duration::MAX)
    }

    /// Waits for a moment; returns at once if it is over.
    pub(crate) async fn until(self, day: Day) {
        tokio::time::sleep(self.days(day - self.today())).await;
    }
}
