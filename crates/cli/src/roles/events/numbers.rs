//! The numbers that a source gives its lines (`seq`): which are missing, which came again, and where it began to count anew.
//!
//! A sender hands in lines of several sources (`source` of a line), and each of them counts for itself. Nothing here knows what a line
//! says: two lines of one number are told apart by their times alone.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use sumun_model::Timestamp;
use sumun_server::events::Numbered;

/// Missing numbers of a source that may still come: lines that are decided at once are written in any order.
pub(super) const LATE_MAX: usize = 1024;
/// Sources counted apart of one sender's log. What others number is not looked at, and how many lines that were is told.
pub(super) const APART_MAX: usize = 64;
/// So far below the first number of a source another one may still be a line that was overtaken, numbers and microseconds.
const BEFORE_MAX: u64 = 64;
const BEFORE_US_MAX: i64 = 1_000_000;

/// Of all sources of one sender's log.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Numbers {
    /// By the name that lines bear; those without one under none.
    apart: BTreeMap<String, Run>,
    /// Lines with a number of sources that are not counted apart.
    unnumbered: u64,
}

/// Of one source, since it began to count.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Run {
    first: u64,
    last: u64,
    /// Time of its first line, and the newest of all.
    began: Option<Timestamp>,
    newest: Option<Timestamp>,
    /// Of the missing numbers the latest.
    late: BTreeSet<u64>,
    /// Over all it ever counted.
    missing: u64,
    repeated: u64,
    restarted: u64,
}

/// Over all sources of a sender's log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sums {
    pub(super) missing: u64,
    pub(super) repeated: u64,
    pub(super) restarted: u64,
    pub(super) unnumbered: u64,
}

impl Numbers {
    /// A line of this number came. False if it is the first whose source is not counted apart.
    pub(super) fn note(&mut self, source: &str, seq: u64, ts: Timestamp) -> bool {
        if let Some(run) = self.apart.get_mut(source) {
            run.note(seq, ts);
        } else if self.apart.len() < APART_MAX {
            self.apart.insert(source.to_owned(), Run::begun(seq, ts));
        } else {
            self.unnumbered = self.unnumbered.saturating_add(1);
            return self.unnumbered > 1;
        }
        true
    }

    /// Goes on from what an older build kept, which knew one source of a log.
    pub(super) fn go_on(
        &mut self,
        source: &str,
        last: u64,
        late: BTreeSet<u64>,
        (missing, repeated): (u64, u64),
    ) {
        let first = late.first().copied().unwrap_or(last).min(last);
        let run = Run { first, last, late, missing, repeated, ..Run::default() };
        self.apart.insert(source.to_owned(), run);
    }

    pub(super) fn sums(&self) -> Sums {
        let begun = Sums { unnumbered: self.unnumbered, ..Sums::default() };
        self.apart.values().fold(begun, |sums, run| Sums {
            missing: sums.missing.saturating_add(run.missing),
            repeated: sums.repeated.saturating_add(run.repeated),
            restarted: sums.restarted.saturating_add(run.restarted),
            ..sums
        })
    }

    pub(super) fn told(&self) -> Vec<Numbered> {
        let told = self.apart.iter().map(|(source, run)| Numbered {
            source: source.clone(),
            seq: run.last,
            missing: run.missing,
            repeated: run.repeated,
            restarted: run.restarted,
        });
        told.collect()
    }
}

impl Run {
    fn begun(seq: u64, ts: Timestamp) -> Self {
        Self { first: seq, last: seq, began: Some(ts), newest: Some(ts), ..Self::default() }
    }

    /// A line of this number came. One that was missed until now is neither missing nor a repeat.
    fn note(&mut self, seq: u64, ts: Timestamp) {
        let newer = self.newest.is_some_and(|newest| ts > newest);
        if seq > self.last {
            // From before it began to count anew.
            if self.restarted > 0 && self.began.is_some_and(|began| ts < began) {
                self.repeated = self.repeated.saturating_add(1);
                return;
            }
            self.missing = self.missing.saturating_add(seq - self.last - 1);
            let first = seq.saturating_sub(LATE_MAX as u64).max(self.last.saturating_add(1));
            self.miss(first..seq);
            self.last = seq;
        } else if self.late.remove(&seq) {
            self.missing = self.missing.saturating_sub(1);
        } else if seq < self.first && self.overtaken(seq, ts) {
            self.missing = self.missing.saturating_add(self.first - seq - 1);
            self.miss(seq.saturating_add(1)..self.first);
            self.first = seq;
        } else if seq < self.first || newer {
            // A number that was never given out, or another event under one that was.
            self.restarted = self.restarted.saturating_add(1);
            (self.first, self.last, self.began) = (seq, seq, Some(ts));
            self.late.clear();
        } else {
            self.repeated = self.repeated.saturating_add(1);
        }
        self.newest = self.newest.max(Some(ts));
    }

    /// Whether a number below the first may be one that came late.
    fn overtaken(&self, seq: u64, ts: Timestamp) -> bool {
        let near = self.newest.is_none_or(|newest| ts.micros_since(newest) <= BEFORE_US_MAX);
        near && self.first - seq <= BEFORE_MAX
    }

    fn miss(&mut self, numbers: std::ops::Range<u64>) {
        self.late.extend(numbers);
        while self.late.len() > LATE_MAX {
            self.late.pop_first();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000 + ms)
    }

    /// Missing, repeated, restarted.
    fn counted(numbers: impl IntoIterator<Item = (u64, i64)>) -> (u64, u64, u64) {
        let mut all = Numbers::default();
        for (seq, ms) in numbers {
            all.note("", seq, at(ms));
        }
        let sums = all.sums();
        (sums.missing, sums.repeated, sums.restarted)
    }

    fn at_once(numbers: impl IntoIterator<Item = u64>) -> (u64, u64, u64) {
        counted(numbers.into_iter().map(|seq| (seq, 0)))
    }

    #[test]
    fn a_line_that_comes_late_is_neither_missing_nor_a_repeat() {
        assert_eq!(at_once([1, 3, 2, 4]), (0, 0, 0));
        assert_eq!(at_once([3, 1, 2, 4]), (0, 0, 0), "nor one that was overtaken by the first");
        assert_eq!(at_once([1, 3, 2, 4, 4, 7, 5, 9, 5]), (2, 2, 0));
        // Of a long hole only its end may still come; nothing grows with it.
        let far = 10 + 5 * LATE_MAX as u64;
        assert_eq!(at_once([1, far, far - 1, 2]), (far - 3, 1, 0));
    }

    #[test]
    fn in_any_order_within_reach_the_count_is_that_of_the_set() {
        // 1 to 600 without every seventh, each eleventh twice, and blocks of eight turned round.
        let mut numbers: Vec<u64> = (1..=600).filter(|n| n % 7 != 0).collect();
        numbers.extend((2..600).filter(|n| n % 11 == 0 && n % 7 != 0));
        numbers[1..].sort_unstable();
        for block in numbers[1..].chunks_mut(8) {
            block.reverse();
        }
        let twice = (2..600).filter(|n| n % 11 == 0 && n % 7 != 0).count() as u64;
        assert_eq!(at_once(numbers), (600 / 7, twice, 0));
    }

    #[test]
    fn a_source_that_counts_anew_repeats_nothing_and_what_it_misses_then_shows() {
        let since = |ms: i64, numbers: &[u64]| numbers.iter().copied().zip(ms..).collect::<Vec<_>>();
        // Far below all it ever gave out, whatever the times say.
        assert_eq!(at_once([100, 101, 102, 1, 2, 3, 5]), (1, 0, 1));
        assert_eq!(counted(since(0, &[100, 101, 102, 1, 2, 3, 5])), (1, 0, 1));
        // From the very number that it began with, and in its midst: other events, as their times are later.
        assert_eq!(counted(since(0, &[1, 2, 3, 4, 1, 2, 4])), (1, 0, 1));
        assert_eq!(counted(since(0, &[1, 2, 4, 5, 2, 3, 4, 5, 6])), (1, 0, 1));
        // The same lines once more, out of another file: repeats.
        assert_eq!(counted([since(0, &[1, 2, 3]), since(0, &[1, 2, 3]), since(9, &[4])].concat()), (0, 3, 0));
        // Lines of before it began anew that come again.
        let again = [since(0, &[8, 9, 10]), since(20_000, &[1, 2]), since(1, &[9, 10]), since(30_000, &[3])];
        assert_eq!(counted(again.concat()), (0, 2, 1));
    }

    #[test]
    fn each_source_counts_for_itself_and_only_so_many_are_kept_apart() {
        let mut numbers = Numbers::default();
        for (source, seq) in
            [("edge4", 1), ("edge5", 1), ("edge4", 2), ("edge5", 2), ("edge5", 3), ("edge4", 3), ("edge4", 5)]
        {
            assert!(numbers.note(source, seq, at(0)));
        }
        assert_eq!(numbers.sums(), Sums { missing: 1, ..Sums::default() });
        let told: Vec<_> = numbers.told().into_iter().map(|one| (one.source, one.seq, one.missing)).collect();
        assert_eq!(told, [("edge4".to_owned(), 5, 1), ("edge5".to_owned(), 3, 0)]);
        let said: Vec<bool> = (0..APART_MAX + 2).map(|n| numbers.note(&format!("n{n}"), 1, at(0))).collect();
        assert_eq!(said.iter().filter(|known| !**known).count(), 1, "said once");
        assert_eq!((numbers.sums().unnumbered, numbers.told().len()), (4, APART_MAX));
    }
}
