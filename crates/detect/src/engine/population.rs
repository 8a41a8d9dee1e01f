//! How common a value is among all keys: counted per partition, put together in partition order each event hour (WIRE 4).

use crate::mark::Mark;
use crate::seen::{Population, Seen};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Most values a partition counts within an hour.
const HOUR_VALUES_MAX: usize = 4_096;

/// What a partition counted since the last reduction.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Tally {
    keys: u64,
    sessions: u64,
    counts: BTreeMap<Mark, u64>,
}

impl Tally {
    /// A session of a key began.
    pub(crate) fn session(&mut self, seen: &Seen<'_>, first: bool) {
        self.keys += u64::from(first);
        self.sessions += 1;
        let country = seen.network.country.as_deref().map(Mark::of);
        let values = BTreeSet::from([
            Some(seen.network.operator_mark()),
            country,
            Some(Mark::of(&seen.client.family)),
            Some(seen.client_mark),
        ]);
        for value in values.into_iter().flatten() {
            if self.counts.len() < HOUR_VALUES_MAX || self.counts.contains_key(&value) {
                *self.counts.entry(value).or_default() += 1;
            }
        }
    }

    /// Adds it to the whole and begins anew.
    pub(crate) fn reduce_into(&mut self, whole: &mut Population) {
        let tally = std::mem::take(self);
        whole.keys += tally.keys;
        whole.sessions += tally.sessions;
        for (value, count) in tally.counts {
            let known = whole.counts.entry(value).or_insert_with(|| {
                whole.distinct += 1;
                0
            });
            *known += count;
        }
    }
}

/// Drops the rarest values beyond the cap, the highest mark first among equals.
pub(crate) fn cut(whole: &mut Population, values_max: u32) {
    let Some(beyond) = whole.counts.len().checked_sub(values_max as usize).filter(|n| *n > 0) else { return };
    let mut by_rarity: Vec<_> =
        whole.counts.iter().map(|(mark, count)| (*count, std::cmp::Reverse(*mark))).collect();
    by_rarity.sort_unstable();
    for (_, mark) in by_rarity.into_iter().take(beyond) {
        whole.counts.remove(&mark.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rarest_go_first_and_count_as_having_been() {
        let mut tally = Tally { keys: 2, sessions: 5, ..Tally::default() };
        tally.counts = BTreeMap::from([(Mark(1), 3), (Mark(2), 1), (Mark(3), 1)]);
        let mut whole = Population::default();
        tally.reduce_into(&mut whole);
        assert_eq!((whole.keys, whole.sessions, whole.distinct), (2, 5, 3));
        cut(&mut whole, 2);
        assert_eq!(whole.counts, BTreeMap::from([(Mark(1), 3), (Mark(2), 1)]));
        assert_eq!(whole.distinct, 3);
        assert_eq!(tally.sessions, 0);
    }
}
