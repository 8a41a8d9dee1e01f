//! One key's own rate and habits of change: how surprising is it that it changed just now.

use crate::mark::Mark;
use serde::{Deserialize, Serialize};
use sumun_model::{EventId, Timestamp};

/// Changes whose time of day is remembered.
const TIMES_MAX: usize = 12;
/// Seconds by which a key counts as observed before its first line: a new key's rate is not yet known to be low.
const PRIOR_S: f64 = 86_400.0;
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
    /// Kind and second of the day, the latest last.
    times: Vec<(u8, u32)>,
    /// Its changes that could have been together with another's.
    pub(super) tries: u32,
    /// Cause of the latest change.
    pub(super) event: Option<EventId>,
    pub(super) said: Option<Timestamp>,
}

fn second_of_day(at: Timestamp) -> u32 {
    u32::try_from(at.as_micros().div_euclid(1_000_000).rem_euclid(86_400)).unwrap_or(0)
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

    /// The chance of a change of this kind within `window_s` before or after an instant: by its rate so far, or by how often such
    /// a change came at this time of the day, whichever is higher. Millionths, at least one.
    pub(super) fn chance_ppm(&self, kind: u8, now: Timestamp, window_s: u32) -> u32 {
        let count = self.counts.get(usize::from(kind)).copied().unwrap_or(0);
        #[expect(clippy::cast_precision_loss, reason = "an age in seconds")]
        let age_s = (now.micros_since(self.first).max(0) / 1_000_000) as f64;
        let rate = (f64::from(count) + PRIOR_CHANGES) / (age_s + PRIOR_S);
        let by_rate = 1.0 - libm::exp(-rate * 2.0 * f64::from(window_s));

        let second = second_of_day(now);
        let near = |other: u32| {
            let apart = second.abs_diff(other);
            apart.min(86_400 - apart) <= window_s
        };
        let (mut all, mut same) = (0_u32, 0_u32);
        for (_, other) in self.times.iter().filter(|(other, _)| *other == kind) {
            all += 1;
            same += u32::from(near(*other));
        }
        let by_habit = if same == 0 { 0.0 } else { f64::from(same + 1) / f64::from(all + 1) };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a million")]
        let ppm = libm::round(by_rate.max(by_habit) * 1e6) as u32;
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
        self.times.push((kind, second_of_day(now)));
    }

    /// Whether a record explains that these two act as one: the same customer, operator or approved vendor.
    pub(super) fn is_explained_with(&self, other: &Self) -> bool {
        self.who == other.who
            || (self.operator.is_some() && self.operator == other.operator)
            || (self.vendor.is_some() && self.vendor == other.vendor)
    }
}
