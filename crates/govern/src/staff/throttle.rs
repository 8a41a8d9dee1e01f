//! Who has tried too often: failures per user at a source and per source, each with a wait that doubles. Of a user as a whole only
//! a short one, from which sources he signed in from before are free: nobody locks somebody else out.
//!
//! Held in memory: after a restart everybody starts anew, which costs an attacker a restart. Bounded: the oldest is forgotten.

use std::collections::{HashMap, HashSet};
use sumun_model::Timestamp;

/// Failures that cost nothing: people mistype.
const FREE: u32 = 5;
/// The first wait, in microseconds: one second; it doubles.
const WAIT_FIRST_US: i64 = 1_000_000;
/// The longest wait: fifteen minutes.
const WAIT_MAX_US: i64 = 15 * 60 * 1_000_000;
/// The longest wait for a user as a whole: two seconds, so that many sources together guess little.
const WAIT_OF_ALL_MAX_US: i64 = 2_000_000;
/// What a subject begins with that is a user as a whole.
pub(super) const OF_ALL: &str = "all:";
/// After so long without a failure, all is forgotten: a day.
const FORGOTTEN_AFTER_US: i64 = 24 * 3600 * 1_000_000;
/// Most subjects remembered.
const SUBJECTS_MAX: usize = 65_536;

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    last: Timestamp,
}

impl Failures {
    fn until(self) -> Timestamp {
        let Some(beyond) = self.count.checked_sub(FREE) else { return Timestamp::MIN };
        let wait = WAIT_FIRST_US.checked_shl(beyond).filter(|wait| (1..=WAIT_MAX_US).contains(wait));
        self.last.plus_micros(if beyond > 20 { WAIT_MAX_US } else { wait.unwrap_or(WAIT_MAX_US) })
    }
}

/// Failures by subject, such as `user:alice` or `source:203.0.113.7`.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    failures: HashMap<String, Failures>,
    /// Users at sources from which they have signed in.
    known: HashSet<String>,
}

impl Throttle {
    /// Until when this subject must wait; `None` if it need not.
    pub(super) fn until(&self, subject: &str, now: Timestamp) -> Option<Timestamp> {
        let failures = self.failures.get(subject)?;
        let until = if subject.starts_with(OF_ALL) {
            failures.until().min(failures.last.plus_micros(WAIT_OF_ALL_MAX_US))
        } else {
            failures.until()
        };
        Some(until).filter(|until| *until > now)
    }

    /// One more failure.
    pub(super) fn failed(&mut self, subject: &str, now: Timestamp) {
        let old = self.failures.get(subject).filter(|old| now.micros_since(old.last) < FORGOTTEN_AFTER_US);
        let count = old.map_or(1, |old| old.count.saturating_add(1));
        if old.is_none() && self.failures.len() >= SUBJECTS_MAX {
            self.failures.retain(|_, old| now.micros_since(old.last) < FORGOTTEN_AFTER_US);
            if self.failures.len() >= SUBJECTS_MAX
                && let Some(oldest) =
                    self.failures.iter().min_by_key(|(_, old)| old.last).map(|(name, _)| name.clone())
            {
                self.failures.remove(&oldest);
            }
        }
        self.failures.insert(subject.to_owned(), Failures { count, last: now });
    }

    /// What was counted as a failure beforehand was none.
    pub(super) fn undone(&mut self, subject: &str) {
        if let Some(failures) = self.failures.get_mut(subject) {
            failures.count = failures.count.saturating_sub(1);
        }
    }

    /// It went well: its failures are forgotten.
    pub(super) fn succeeded(&mut self, subject: &str) {
        self.failures.remove(subject);
        if self.known.len() >= SUBJECTS_MAX {
            self.known.clear();
        }
        self.known.insert(subject.to_owned());
    }

    /// Whether this one has gone well before.
    pub(super) fn knows(&self, subject: &str) -> bool {
        self.known.contains(subject)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_and_end() {
        let mut throttle = Throttle::default();
        let mut now = Timestamp::from_millis(0);
        let mut waits = Vec::new();
        for _ in 0..18 {
            throttle.failed("user:alice", now);
            let until = throttle.until("user:alice", now);
            waits.push(until.map_or(0, |until| until.micros_since(now) / 1_000_000));
            now = until.unwrap_or(now);
        }
        assert_eq!(waits, [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900]);
        assert_eq!(throttle.until("user:bob", now), None);
        throttle.succeeded("user:alice");
        throttle.failed("user:alice", now);
        assert_eq!(throttle.until("user:alice", now), None);
    }

    #[test]
    fn only_so_many_are_remembered() {
        let mut throttle = Throttle::default();
        for n in 0..SUBJECTS_MAX + 10 {
            throttle.failed(&format!("source:{n}"), Timestamp::from_millis(i64::try_from(n).unwrap()));
        }
        assert_eq!(throttle.failures.len(), SUBJECTS_MAX);
        assert!(!throttle.failures.contains_key("source:0"));
    }
}
