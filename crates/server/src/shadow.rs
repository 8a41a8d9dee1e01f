//! What would have been refused and went on: counted from gates' lines in the merged log, by cause, segment and effect, hour by hour.
//!
//! A refusal that did not hold says so (`enforced` false). Counts and the place in the log up to which they stand are one value,
//! [`Counted`]: whoever reads the log hands in lines with the place behind them, keeps that value, and brings it back after a restart, so
//! that no line counts twice or not at all. Bounded: so many hours, each with as many counts as there are words for, and a cache of
//! segments that is emptied when it is full. Never here: the log, the disk.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use sumun_model::wire::Line;
use sumun_model::wire::event::Verdict;
use sumun_model::{AccountId, Effect, Reason, Segment, Timestamp};
use sumun_store::tables::ACCOUNTS;
use sumun_store::{Store, StoreError};

const HOUR_US: i64 = 3_600_000_000;
/// Hours kept: four weeks, the longest that a stage is watched before the next.
const HOURS: i64 = 24 * 28;
/// Accounts whose segment is remembered. Emptied with each new hour, so that a change of segment shows.
const ACCOUNTS_MAX: usize = 100_000;

/// One refusal that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shadowed {
    at: Timestamp,
    reason: Reason,
    effect: Effect,
    account: Option<AccountId>,
}

impl Shadowed {
    /// What this line of a source says of it; nothing unless a gate refused and the refusal did not hold.
    #[must_use]
    pub fn of(source: &str, line: &Line) -> Option<Self> {
        // What the exchange's own front answered is no verdict of a gate.
        let Line::Access(access) = line else { return None };
        if !source.starts_with("gate:")
            || access.verdict != Some(Verdict::Deny)
            || access.enforced != Some(false)
        {
            return None;
        }
        Some(Self {
            at: access.ts,
            reason: access.reason?,
            // An unknown route counts as one.
            effect: access.effect.unwrap_or(Effect::Transfer),
            account: access.account.clone(),
        })
    }
}

/// What is counted apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cause {
    /// The gate's reason.
    pub reason: Reason,
    /// None: no account, or none that is known here.
    pub segment: Option<Segment>,
    /// What the request would have done.
    pub effect: Effect,
}

/// All that was counted, and up to where, as it outlives a process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counted {
    /// Counted from then on; what gates say of earlier counts as then.
    pub since: Timestamp,
    /// Every line of the log below this offset is in here.
    pub next: u64,
    causes: Vec<Cause>,
    /// Numbers of hours since 1970, each with places in `causes` and how often.
    hours: Vec<(i64, Vec<(usize, u64)>)>,
}

impl Counted {
    /// Nothing yet.
    #[must_use]
    pub const fn none(since: Timestamp, next: u64) -> Self {
        Self { since, next, causes: Vec::new(), hours: Vec::new() }
    }
}

#[derive(Debug, Default)]
struct Hour {
    number: i64,
    counts: BTreeMap<Cause, u64>,
}

#[derive(Debug)]
struct Kept {
    since: Timestamp,
    next: u64,
    hours: VecDeque<Hour>,
    segments: HashMap<AccountId, Segment>,
    segments_of: i64,
}

/// The counts.
#[derive(Debug)]
pub struct Shadow {
    kept: Mutex<Kept>,
}

impl Shadow {
    pub(crate) fn since(since: Timestamp) -> Self {
        let kept = Kept {
            since,
            next: 0,
            hours: VecDeque::new(),
            segments: HashMap::new(),
            segments_of: number(since),
        };
        Self { kept: Mutex::new(kept) }
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Goes on from what was counted before; what is here is forgotten.
    pub fn restore(&self, counted: &Counted) {
        let mut hours = BTreeMap::<i64, Hour>::new();
        for (number, counts) in &counted.hours {
            let hour = hours.entry(*number).or_insert_with(|| Hour { number: *number, ..Hour::default() });
            for (cause, count) in counts {
                let Some(cause) = counted.causes.get(*cause) else { continue };
                let sum = hour.counts.entry(*cause).or_default();
                *sum = sum.saturating_add(*count);
            }
        }
        let mut kept = self.kept();
        (kept.since, kept.next) = (counted.since, counted.next);
        kept.hours = hours.into_values().collect();
    }

    /// All of it, to be kept.
    pub fn counted(&self) -> Counted {
        let kept = self.kept();
        let causes: BTreeSet<Cause> =
            kept.hours.iter().flat_map(|hour| hour.counts.keys().copied()).collect();
        let causes: Vec<Cause> = causes.into_iter().collect();
        let hours = kept.hours.iter().map(|hour| {
            let place = |(cause, count): (&Cause, &u64)| Some((causes.binary_search(cause).ok()?, *count));
            (hour.number, hour.counts.iter().filter_map(place).collect())
        });
        let hours = hours.collect();
        Counted { since: kept.since, next: kept.next, causes, hours }
    }

    /// The offset of the line to be counted next.
    pub fn next(&self) -> u64 {
        self.kept().next
    }

    /// Counts these where they happened, each by the segment that its account has now. They are all there is below this offset.
    ///
    /// # Errors
    /// Segments cannot be looked up: nothing was counted, and the place is where it was.
    pub async fn note(
        &self,
        shadowed: Vec<Shadowed>,
        next: u64,
        store: &Store,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let unknown: Vec<String> =
            self.unknown(&shadowed, now).into_iter().map(|account| account.as_str().to_owned()).collect();
        let rows = if unknown.is_empty() { Vec::new() } else { store.get_many(&ACCOUNTS, &unknown).await? };
        let mut found = HashMap::new();
        for row in rows {
            let text = |column: &str| row.get(column).and_then(serde_json::Value::as_str);
            if let (Some(Ok(account)), Some(Ok(segment))) =
                (text("account").map(AccountId::new), text("segment").map(str::parse))
            {
                found.insert(account, segment);
            }
        }
        self.count(shadowed, next, found, now);
        Ok(())
    }

    /// Accounts whose segment is not remembered.
    fn unknown(&self, shadowed: &[Shadowed], now: Timestamp) -> BTreeSet<AccountId> {
        let mut kept = self.kept();
        if kept.segments_of != number(now) || kept.segments.len() >= ACCOUNTS_MAX {
            (kept.segments, kept.segments_of) = (HashMap::new(), number(now));
        }
        let accounts = shadowed.iter().filter_map(|one| one.account.as_ref());
        accounts.filter(|account| !kept.segments.contains_key(*account)).cloned().collect()
    }

    fn count(&self, shadowed: Vec<Shadowed>, next: u64, found: HashMap<AccountId, Segment>, now: Timestamp) {
        let mut kept = self.kept();
        kept.next = next;
        kept.segments.extend(found);
        let oldest = number(now).saturating_sub(HOURS).saturating_add(1);
        while kept.hours.front().is_some_and(|hour| hour.number < oldest) {
            kept.hours.pop_front();
        }
        for one in shadowed {
            let wanted = number(one.at.max(kept.since)).min(number(now));
            if wanted < oldest {
                continue;
            }
            let segment = one.account.as_ref().and_then(|account| kept.segments.get(account)).copied();
            let cause = Cause { reason: one.reason, segment, effect: one.effect };
            let at = kept.hours.partition_point(|hour| hour.number < wanted);
            if kept.hours.get(at).is_none_or(|hour| hour.number != wanted) {
                kept.hours.insert(at, Hour { number: wanted, ..Hour::default() });
            }
            if let Some(hour) = kept.hours.get_mut(at) {
                let count = hour.counts.entry(cause).or_default();
                *count = count.saturating_add(1);
            }
        }
    }

    /// What was counted since the hour of this instant, the most frequent first, and since when that is.
    pub(crate) fn report(&self, since: Option<Timestamp>, now: Timestamp) -> (Timestamp, Vec<(Cause, u64)>) {
        let kept = self.kept();
        let oldest = number(now).saturating_sub(HOURS).saturating_add(1);
        let first = since.map_or(oldest, |since| number(since).max(oldest));
        let mut sums = BTreeMap::<Cause, u64>::new();
        for (cause, count) in
            kept.hours.iter().filter(|hour| hour.number >= first).flat_map(|hour| &hour.counts)
        {
            let sum = sums.entry(*cause).or_default();
            *sum = sum.saturating_add(*count);
        }
        let mut sums: Vec<_> = sums.into_iter().collect();
        sums.sort_by_key(|(cause, count)| (std::cmp::Reverse(*count), *cause));
        (kept.since.max(Timestamp::from_micros(first.saturating_mul(HOUR_US))), sums)
    }
}

fn number(at: Timestamp) -> i64 {
    at.as_micros().div_euclid(HOUR_US)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_micros((500_000 + hours) * HOUR_US + 1)
    }

    fn one(hours: i64, reason: Reason, account: Option<&str>) -> Shadowed {
        let account = account.map(|account| AccountId::new(account).unwrap());
        Shadowed { at: at(hours), reason, effect: Effect::Order, account }
    }

    #[test]
    fn refusals_that_did_not_hold_are_counted_by_cause_and_segment_where_they_happened() {
        let shadow = Shadow::since(at(0));
        let found: HashMap<_, _> = [(AccountId::new("A1").unwrap(), Segment::Retail)].into();
        let noted = vec![
            one(1, Reason::KeyHeld, Some("A1")),
            one(1, Reason::KeyHeld, Some("A1")),
            one(1, Reason::KeyHeld, Some("A2")),
            one(2, Reason::UnknownKey, None),
            // From before it was counted: as of the beginning. Ahead of our clock: as now.
            one(-9, Reason::Replayed, None),
            one(99, Reason::Replayed, None),
        ];
        shadow.count(noted, 6, found.clone(), at(2));
        let cause = |reason, segment| Cause { reason, segment, effect: Effect::Order };
        let (since, counts) = shadow.report(None, at(2));
        assert_eq!(since, at(0));
        assert_eq!(
            counts,
            [
                (cause(Reason::Replayed, None), 2),
                (cause(Reason::KeyHeld, Some(Segment::Retail)), 2),
                (cause(Reason::UnknownKey, None), 1),
                (cause(Reason::KeyHeld, None), 1),
            ]
        );
        let (since, counts) = shadow.report(Some(at(2)), at(2));
        assert_eq!((since, counts.len()), (Timestamp::from_micros(at(2).as_micros() - 1), 2));
        // A segment once found is remembered for the hour.
        assert!(
            shadow.unknown(&[one(2, Reason::KeyHeld, Some("A1"))], at(2)).len() == 1,
            "another hour began"
        );
        shadow.count(Vec::new(), 7, found, at(2));
        assert!(shadow.unknown(&[one(2, Reason::KeyHeld, Some("A1"))], at(2)).is_empty());
        // What is older than the oldest hour is gone.
        shadow.count(vec![one(HOURS + 2, Reason::KeyHeld, None)], 8, HashMap::new(), at(HOURS + 2));
        assert_eq!(shadow.report(None, at(HOURS + 2)).1, [(cause(Reason::KeyHeld, None), 1)]);
    }

    #[test]
    fn what_was_counted_goes_on_in_another_process() {
        let shadow = Shadow::since(at(0));
        let found: HashMap<_, _> = [(AccountId::new("A1").unwrap(), Segment::Retail)].into();
        let noted = vec![one(1, Reason::KeyHeld, Some("A1")), one(3, Reason::UnknownKey, None)];
        shadow.count(noted, 41, found, at(3));
        let kept = serde_json::to_string(&shadow.counted()).unwrap();
        let again = Shadow::since(at(3));
        again.restore(&serde_json::from_str(&kept).unwrap());
        assert_eq!((again.next(), again.report(None, at(3))), (41, shadow.report(None, at(3))));
        assert_eq!(again.counted(), shadow.counted());
        // What stands there already is no more than what is added to it.
        for shadow in [&shadow, &again] {
            shadow.count(vec![one(3, Reason::UnknownKey, None)], 42, HashMap::new(), at(3));
        }
        assert_eq!((again.next(), again.report(None, at(3))), (42, shadow.report(None, at(3))));
    }
}
