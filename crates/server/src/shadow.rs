//! What would have been refused and went on: counted as gates' lines are taken in, by cause, segment and effect, hour by hour.
//!
//! A refusal that did not hold says so (`enforced` false). In this process only, and anew with it; the report says since when. Bounded:
//! so many hours, each with as many counts as there are words for, and a cache of segments that is emptied when it is full.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use sumun_model::wire::Line;
use sumun_model::wire::event::Verdict;
use sumun_model::{AccountId, Effect, Reason, Segment, Timestamp};
use sumun_store::Store;
use sumun_store::tables::ACCOUNTS;

const HOUR_US: i64 = 3_600_000_000;
/// Hours kept: four weeks, the longest that a stage is watched before the next.
const HOURS: i64 = 24 * 28;
/// Accounts whose segment is remembered. Emptied with each new hour, so that a change of segment shows.
const ACCOUNTS_MAX: usize = 100_000;

/// One refusal that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shadowed {
    at: Timestamp,
    reason: Reason,
    effect: Effect,
    account: Option<AccountId>,
}

impl Shadowed {
    /// What this line says of it; nothing unless a refusal did not hold.
    pub(crate) fn of(line: &Line) -> Option<Self> {
        let Line::Access(access) = line else { return None };
        if access.verdict != Some(Verdict::Deny) || access.enforced != Some(false) {
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cause {
    pub(crate) reason: Reason,
    /// None: no account, or none that is known here.
    pub(crate) segment: Option<Segment>,
    pub(crate) effect: Effect,
}

#[derive(Debug, Default)]
struct Hour {
    number: i64,
    counts: BTreeMap<Cause, u64>,
}

#[derive(Debug, Default)]
struct Kept {
    hours: VecDeque<Hour>,
    segments: HashMap<AccountId, Option<Segment>>,
    segments_of: i64,
}

/// All that was counted.
#[derive(Debug)]
pub(crate) struct Shadow {
    began: Timestamp,
    kept: Mutex<Kept>,
}

impl Shadow {
    pub(crate) fn since(began: Timestamp) -> Self {
        Self { began, kept: Mutex::default() }
    }

    /// Counts these where they happened. An account that cannot be looked up now counts as unknown.
    pub(crate) async fn note(&self, shadowed: Vec<Shadowed>, store: &Store, now: Timestamp) {
        if shadowed.is_empty() {
            return;
        }
        let unknown = self.unknown(&shadowed, now);
        let mut found: HashMap<AccountId, Option<Segment>> =
            unknown.iter().map(|account| (account.clone(), None)).collect();
        let ids: Vec<String> = unknown.iter().map(|account| account.as_str().to_owned()).collect();
        let rows = if ids.is_empty() { Ok(Vec::new()) } else { store.get_many(&ACCOUNTS, &ids).await };
        let whole = rows.is_ok();
        for row in rows.unwrap_or_default() {
            let text = |column: &str| row.get(column).and_then(serde_json::Value::as_str);
            if let (Some(Ok(account)), Some(Ok(segment))) =
                (text("account").map(AccountId::new), text("segment").map(str::parse))
            {
                found.insert(account, Some(segment));
            }
        }
        self.count(shadowed, &found, whole, now);
    }

    /// Accounts whose segment is not remembered.
    fn unknown(&self, shadowed: &[Shadowed], now: Timestamp) -> BTreeSet<AccountId> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.segments_of != number(now) || kept.segments.len() >= ACCOUNTS_MAX {
            (kept.segments, kept.segments_of) = (HashMap::new(), number(now));
        }
        let accounts = shadowed.iter().filter_map(|one| one.account.as_ref());
        accounts.filter(|account| !kept.segments.contains_key(*account)).cloned().collect()
    }

    fn count(
        &self,
        shadowed: Vec<Shadowed>,
        found: &HashMap<AccountId, Option<Segment>>,
        whole: bool,
        now: Timestamp,
    ) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = number(now).saturating_sub(HOURS).saturating_add(1);
        while kept.hours.front().is_some_and(|hour| hour.number < oldest) {
            kept.hours.pop_front();
        }
        for one in shadowed {
            let wanted = number(one.at.max(self.began)).min(number(now));
            if wanted < oldest {
                continue;
            }
            let segment = one.account.as_ref().and_then(|account| {
                found.get(account).or_else(|| kept.segments.get(account)).copied().flatten()
            });
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
        if whole {
            kept.segments.extend(found.iter().map(|(account, segment)| (account.clone(), *segment)));
        }
    }

    /// What was counted since the hour of this instant, the most frequent first, and since when that is.
    pub(crate) fn report(&self, since: Option<Timestamp>, now: Timestamp) -> (Timestamp, Vec<(Cause, u64)>) {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
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
        (self.began.max(Timestamp::from_micros(first.saturating_mul(HOUR_US))), sums)
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
        let found: HashMap<_, _> = [(AccountId::new("A1").unwrap(), Some(Segment::Retail))].into();
        let noted = vec![
            one(1, Reason::KeyHeld, Some("A1")),
            one(1, Reason::KeyHeld, Some("A1")),
            one(1, Reason::KeyHeld, Some("A2")),
            one(2, Reason::UnknownKey, None),
            // From before this process began: counted as of its beginning. Ahead of our clock: as now.
            one(-9, Reason::Replayed, None),
            one(99, Reason::Replayed, None),
        ];
        shadow.count(noted, &found, true, at(2));
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
        shadow.count(Vec::new(), &found, true, at(2));
        assert!(shadow.unknown(&[one(2, Reason::KeyHeld, Some("A1"))], at(2)).is_empty());
        // What is older than the oldest hour is gone.
        shadow.count(vec![one(HOURS + 2, Reason::KeyHeld, None)], &HashMap::new(), true, at(HOURS + 2));
        assert_eq!(shadow.report(None, at(HOURS + 2)).1, [(cause(Reason::KeyHeld, None), 1)]);
    }
}
