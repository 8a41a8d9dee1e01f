//! One key's own rate and habits of change: how surprising is it that it changed just now.

use crate::mark::Mark;
use serde::{Deserialize, Serialize};
use sumun_model::{EventId, Timestamp};

/// Changes whose times are remembered.
const TIMES_MAX: usize = 16;
/// Seconds by which a key counts as observed before its first line.
const PRIOR_S: f64 = 3_600.0;
/// How far apart the beginnings of two nights may lie.
const NEAR_S: i64 = 3_600;
/// Changes of each kind counted as seen before the first.
const PRIOR_CHANGES: f64 = 0.5;

/// What is known of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Known {
    first: Timestamp,
    /// Whose it is.
    pub(super) who: u64,
    pub(super) retail: bool,
    /// Operator on record.
    pub(super) operator: Option<u64>,
    /// Approved vendor on record.
    pub(super) vendor: Option<u64>,
    pub(super) network: Option<Mark>,
    /// Whether that network is one of homes.
    pub(super) home: bool,
    counts: [u32; 5],
    /// Kind and second, the latest last.
    times: Vec<(u8, i64)>,
    /// Its surprising changes that could have been together with another's: a habit kept alone says nothing.
    pub(super) tries: u32,
    /// Cause of the latest change.
    pub(super) event: Option<EventId>,
    pub(super) said: Option<Timestamp>,
}

fn second(at: Timestamp) -> i64 {
    at.as_micros().div_euclid(1_000_000)
}

/// Seconds between two seconds of a clock that begins anew after `period`.
fn apart(a: i64, b: i64, period: i64) -> i64 {
    let apart = (a - b).rem_euclid(period);
    apart.min(period - apart)
}

impl Known {
    pub(super) fn new(first: Timestamp) -> Self {
        Self {
            first,
            who: 0,
            retail: false,
            operator: None,
            vendor: None,
            network: None,
            home: false,
            counts: [0; 5],
            times: Vec::new(),
            tries: 0,
            event: None,
            said: None,
        }
    }

    /// The chance of a change of this kind within `window_s` before or after an instant, millionths, at least one: by its rate so far,
    /// or by its habits, whichever is highest. Habits are a time of the day, a minute of the hour, and the gap since the last one:
    /// two timetables of one period that once met go on meeting, which says nothing. A key younger than `known_after_s` has no
    /// rate yet: nothing about it surprises.
    pub(super) fn chance_ppm(&self, kind: u8, now: Timestamp, window_s: u32, known_after_s: u32) -> u32 {
        let count = self.counts.get(usize::from(kind)).copied().unwrap_or(0);
        let age_s = now.micros_since(self.first).max(0) / 1_000_000;
        if age_s < i64::from(known_after_s) {
            return 1_000_000;
        }
        #[expect(clippy::cast_precision_loss, reason = "an age in seconds")]
        let rate = (f64::from(count) + PRIOR_CHANGES) / (age_s as f64 + PRIOR_S);
        let by_rate = 1.0 - libm::exp(-rate * 2.0 * f64::from(window_s));

        let (now_s, window) = (second(now), i64::from(window_s));
        let times: Vec<i64> =
            self.times.iter().filter(|(other, _)| *other == kind).map(|(_, at)| *at).collect();
        let share = |same: usize, all: usize| {
            #[expect(clippy::cast_precision_loss, reason = "at most 16")]
            let share = (same + 1) as f64 / (all + 1) as f64;
            if same == 0 { 0.0 } else { share }
        };
        let at_clock = |period: i64| {
            let same = times.iter().filter(|at| apart(now_s, **at, period) <= window).count();
            share(same, times.len())
        };
        let gaps: Vec<i64> = times.iter().zip(times.iter().skip(1)).map(|(a, b)| b - a).collect();
        let by_gap = times.last().map_or(0.0, |last| {
            let gap = now_s - last;
            share(gaps.iter().filter(|other| (gap - **other).abs() <= window).count(), gaps.len())
        });
        // Nights begin within the hour rather than within the minute: there, the habit is spread over it.
        let near = times.iter().filter(|at| apart(now_s, **at, 86_400) <= NEAR_S).count();
        #[expect(clippy::cast_precision_loss, reason = "seconds of a window and an hour")]
        let of_night = share(near, times.len()) * (window as f64 / NEAR_S as f64).min(1.0);
        let by_clock = at_clock(86_400).max(at_clock(3_600)).max(of_night);
        let chance = by_rate.max(by_clock).max(by_gap);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a million")]
        let ppm = libm::round(chance * 1e6) as u32;
        ppm.max(1)
    }

    /// It changed.
    pub(super) fn changed(&mut self, kind: u8, now: Timestamp) {
        if let Some(count) = self.counts.get_mut(usize::from(kind)) {
            *count = count.saturating_add(1);
        }
        if self.times.len() >= TIMES_MAX {
            self.times.remove(0);
        }
        self.times.push((kind, second(now)));
    }

    /// Whether a record explains that these two act as one: the same customer, operator or approved vendor.
    pub(super) fn is_explained_with(&self, other: &Self) -> bool {
        self.who == other.who
            || (self.operator.is_some() && self.operator == other.operator)
            || (self.vendor.is_some() && self.vendor == other.vendor)
    }
}
