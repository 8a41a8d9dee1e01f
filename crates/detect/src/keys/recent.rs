//! A small set of marks with when each was last seen: the window most detectors of one key need.
//!
//! Bounded: a new mark in a full set takes the place of the one seen longest ago. Exact as long as a key has no more values than
//! the set has places; beyond that it forgets the oldest, so a flood can make old values look new, never new ones look old.

use crate::mark::Mark;
use serde::{Deserialize, Serialize};

/// At most `N` marks, 16 bytes each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recent<const N: usize> {
    marks: Vec<(Mark, i64)>,
}

impl<const N: usize> Recent<N> {
    /// Notes a mark at an instant (microseconds). When it was last seen before, if the set remembers it.
    pub fn touch(&mut self, mark: Mark, at: i64) -> Option<i64> {
        if let Some((_, last)) = self.marks.iter_mut().find(|(known, _)| *known == mark) {
            return Some(std::mem::replace(last, at));
        }
        if self.marks.len() < N {
            self.marks.push((mark, at));
        } else if let Some(oldest) = self.marks.iter_mut().min_by_key(|(_, last)| *last) {
            *oldest = (mark, at);
        }
        None
    }

    /// When a mark was last seen.
    #[must_use]
    pub fn last(&self, mark: Mark) -> Option<i64> {
        self.marks.iter().find(|(known, _)| *known == mark).map(|(_, last)| *last)
    }

    /// How many were seen at or after an instant.
    #[must_use]
    pub fn since(&self, from: i64) -> usize {
        self.marks.iter().filter(|(_, last)| *last >= from).count()
    }

    /// Whether both sets hold one and the same mark, seen at or after an instant.
    #[must_use]
    pub fn shares<const M: usize>(&self, other: &Recent<M>, from: i64) -> bool {
        self.marks.iter().any(|(mark, last)| *last >= from && other.last(*mark).is_some_and(|at| at >= from))
    }

    /// How many places are taken.
    #[must_use]
    pub fn len(&self) -> usize {
        self.marks.len()
    }

    /// Nothing seen yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_window_counts_what_a_list_of_all_events_counts(
            events in prop::collection::vec((0u32..8, 0i64..50), 0..80),
            window in 0i64..200,
        ) {
            let mut set = Recent::<8>::default();
            let (mut all, mut now) = (Vec::new(), 0);
            for (mark, step) in events {
                now += step;
                let before = all.iter().rev().find(|(m, _)| *m == mark).map(|(_, at)| *at);
                prop_assert_eq!(set.touch(Mark(mark), now), before);
                all.push((mark, now));
                let naive: std::collections::BTreeSet<_> =
                    all.iter().filter(|(_, at)| *at >= now - window).map(|(m, _)| m).collect();
                prop_assert_eq!(set.since(now - window), naive.len());
            }
        }
    }

    #[test]
    fn a_million_marks_take_no_more_room_than_its_places() {
        let mut set = Recent::<8>::default();
        for n in 0..1_000_000 {
            set.touch(Mark(n), i64::from(n));
        }
        assert_eq!(set.len(), 8);
        assert_eq!(set.last(Mark(999_999)), Some(999_999));
    }
}
