//! What gates answered lately, counted as their lines are taken in: sixty spans of ten seconds, and nothing older. Beside it how many
//! requests the exchange's own logs told of, so that nobody takes a gateway that only taps watch for one without traffic.
//!
//! In this process only, and anew with it; the overview says since when. A line counts where it happened, not where it came, so that
//! what a gate sends late does not look like a rush.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use sumun_model::wire::Line;
use sumun_model::wire::event::Verdict;
use sumun_model::{Reason, Timestamp};

/// Length of a bucket.
pub(crate) const BUCKET_S: u32 = 10;
const BUCKET_US: i64 = 10_000_000;
/// Buckets kept.
const BUCKETS: i64 = 60;

/// One request that was told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answered {
    at: Timestamp,
    by: By,
}

/// Who decided it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    /// A gate that passed it on.
    Allowed,
    /// A gate that refused it, and why.
    Refused(Option<Reason>),
    /// The exchange's own gateway.
    Elsewhere,
}

impl Answered {
    /// What this line says of it; nothing unless a gate tells of a request.
    pub(crate) fn of(line: &Line) -> Option<Self> {
        let Line::Access(access) = line else { return None };
        // In shadow mode a refusal is recorded, and the request passes.
        let refused = access.verdict? == Verdict::Deny && access.enforced != Some(false);
        let by = if refused { By::Refused(access.reason) } else { By::Allowed };
        Some(Self { at: access.ts, by })
    }

    /// What this line of the exchange says of it; nothing unless it tells of a request.
    pub(crate) fn elsewhere(line: &Line) -> Option<Self> {
        let Line::Access(access) = line else { return None };
        Some(Self { at: access.ts, by: By::Elsewhere })
    }
}

/// Verdicts of one span of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bucket {
    /// Its number since 1970.
    number: i64,
    pub(crate) allowed: u64,
    pub(crate) refused: u64,
    /// Requests that no gate decided.
    pub(crate) elsewhere: u64,
    reasons: BTreeMap<Reason, u64>,
}

impl Bucket {
    /// When it began.
    pub(crate) fn began(&self) -> Timestamp {
        Timestamp::from_micros(self.number.saturating_mul(BUCKET_US))
    }
}

/// Verdicts lately. Bounded: so many buckets, each with as many reasons as there are words for.
#[derive(Debug)]
pub(crate) struct Verdicts {
    began: Timestamp,
    buckets: Mutex<VecDeque<Bucket>>,
}

/// All of it at one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Counted from here on.
    pub(crate) since: Timestamp,
    /// Oldest first, without gaps; the last one still grows.
    pub(crate) buckets: Vec<Bucket>,
    /// The most frequent first.
    pub(crate) reasons: Vec<(Reason, u64)>,
}

impl Verdicts {
    pub(crate) fn since(began: Timestamp) -> Self {
        Self { began, buckets: Mutex::default() }
    }

    /// Counts these. What is older than the oldest bucket is not.
    pub(crate) fn note(&self, answered: impl Iterator<Item = Answered>, now: Timestamp) {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        roll(&mut buckets, number(self.began), number(now));
        for one in answered {
            // A gate's clock may be ahead of ours: what happens now is counted now.
            let wanted = number(one.at).min(number(now));
            let Some(bucket) = buckets.iter_mut().rev().find(|bucket| bucket.number == wanted) else {
                continue;
            };
            let counted = match one.by {
                By::Allowed => &mut bucket.allowed,
                By::Refused(_) => &mut bucket.refused,
                By::Elsewhere => &mut bucket.elsewhere,
            };
            *counted = counted.saturating_add(1);
            if let By::Refused(Some(reason)) = one.by {
                *bucket.reasons.entry(reason).or_default() += 1;
            }
        }
    }

    /// As it stands.
    pub(crate) fn tally(&self, now: Timestamp) -> Tally {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        roll(&mut buckets, number(self.began), number(now));
        let buckets: Vec<Bucket> = buckets.iter().cloned().collect();
        let mut sums = BTreeMap::<Reason, u64>::new();
        for (reason, count) in buckets.iter().flat_map(|bucket| &bucket.reasons) {
            *sums.entry(*reason).or_default() += count;
        }
        let mut reasons: Vec<_> = sums.into_iter().collect();
        reasons.sort_by_key(|(reason, count)| (std::cmp::Reverse(*count), *reason));
        let oldest = buckets.first().map_or(self.began, Bucket::began);
        Tally { since: self.began.max(oldest), buckets, reasons }
    }
}

fn number(at: Timestamp) -> i64 {
    at.as_micros().div_euclid(BUCKET_US)
}

/// Begins what buckets there are since the last one, and forgets the oldest.
fn roll(buckets: &mut VecDeque<Bucket>, began: i64, now: i64) {
    let oldest = now.saturating_sub(BUCKETS).saturating_add(1).max(began);
    while buckets.front().is_some_and(|bucket| bucket.number < oldest) {
        buckets.pop_front();
    }
    // A clock that was set back adds nothing: what is there stays until it is old.
    let next = buckets.back().map_or(oldest, |last| last.number.saturating_add(1)).max(oldest);
    for number in next..=now {
        buckets.push_back(Bucket { number, ..Bucket::default() });
    }
    while buckets.len() > usize::try_from(BUCKETS).unwrap_or(usize::MAX) {
        buckets.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: i64) -> Timestamp {
        Timestamp::from_seconds(1_800_000_000 + s).unwrap()
    }

    fn told(verdicts: &Verdicts, now: i64) -> (i64, Vec<(u64, u64)>) {
        let tally = verdicts.tally(at(now));
        let since = tally.since.micros_since(at(0)) / 1_000_000;
        (since, tally.buckets.iter().map(|bucket| (bucket.allowed, bucket.refused)).collect())
    }

    fn refused(s: i64) -> Answered {
        Answered { at: at(s), by: By::Refused(Some(Reason::Replayed)) }
    }

    #[test]
    fn a_line_counts_where_it_happened_and_as_long_as_that_is_kept() {
        let verdicts = Verdicts::since(at(5));
        assert_eq!(told(&verdicts, 5), (5, vec![(0, 0)]));
        let allowed = Answered { by: By::Allowed, ..refused(7) };
        let elsewhere = Answered { by: By::Elsewhere, ..refused(8) };
        // From before this process; of now; late; ahead of our clock.
        verdicts.note(
            [refused(-9), allowed, elsewhere, refused(14), refused(3), refused(99)].into_iter(),
            at(21),
        );
        assert_eq!(told(&verdicts, 21), (5, vec![(1, 1), (0, 1), (0, 1)]));
        assert_eq!(verdicts.tally(at(21)).reasons, [(Reason::Replayed, 3)]);
        let elsewhere: Vec<u64> = verdicts.tally(at(21)).buckets.iter().map(|one| one.elsewhere).collect();
        assert_eq!(elsewhere, [1, 0, 0]);
        let (since, buckets) = told(&verdicts, 615);
        assert_eq!((since, buckets.len(), buckets.first()), (20, 60, Some(&(0, 1))));
        // A clock set back takes nothing away; a long silence leaves nothing.
        assert_eq!(told(&verdicts, 25).1.len(), 60);
        let (since, buckets) = told(&verdicts, 1_000_000);
        assert_eq!((since, buckets.len()), (999_410, 60));
        assert!(buckets.iter().all(|bucket| *bucket == (0, 0)));
        assert_eq!(verdicts.tally(at(1_000_000)).reasons, []);
    }
}
