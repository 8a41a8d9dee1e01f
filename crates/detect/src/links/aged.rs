//! A map whose oldest entry can always be told: what every bounded table of the link stage is made of.
//!
//! Age is an instant given by the caller, ties go by key, so eviction is the same in every run. Never here: a limit; the caller
//! knows how much it may hold and what to do with what leaves.
//!
//! A touch costs one look-up: the queue keeps the instant an entry was queued at, which is never later than its own, and whoever asks for
//! the oldest puts those that were touched since back to where they belong.

use hashbrown::HashMap;
use hashbrown::hash_map::EntryRef;
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hash;
use sumun_model::Timestamp;

/// Entries by key, and by the instant they were last touched.
#[derive(Clone, Debug)]
pub(crate) struct Aged<K, V> {
    map: HashMap<K, (Timestamp, V)>,
    /// Every key once, at the instant of some touch of it.
    queue: BTreeSet<(Timestamp, K)>,
}

impl<K, V> Default for Aged<K, V> {
    fn default() -> Self {
        Self { map: HashMap::new(), queue: BTreeSet::new() }
    }
}

impl<K: Ord + Clone + Hash, V> Aged<K, V> {
    pub(crate) fn len(&self) -> usize {
        self.map.len()
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.map.get(key).map(|(_, value)| value)
    }

    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.map.get_mut(key).map(|(_, value)| value)
    }

    /// When it was last touched.
    pub(crate) fn at(&self, key: &K) -> Option<Timestamp> {
        self.map.get(key).map(|(at, _)| *at)
    }

    /// The entry, made if it is missing, touched at `at` unless it was touched later.
    pub(crate) fn touch(&mut self, key: &K, at: Timestamp, make: impl FnOnce() -> V) -> &mut V {
        let (held, value) = match self.map.entry_ref(key) {
            EntryRef::Occupied(entry) => entry.into_mut(),
            EntryRef::Vacant(entry) => {
                self.queue.insert((at, key.clone()));
                entry.insert_with_key(key.clone(), (at, make()))
            }
        };
        *held = at.max(*held);
        value
    }

    /// Takes out the oldest if it was last touched at or before `until`.
    pub(crate) fn pop_until(&mut self, until: Timestamp) -> Option<(K, V)> {
        loop {
            // Whatever is queued later was touched later.
            if self.queue.first()?.0 > until {
                return None;
            }
            let (queued, key) = self.queue.pop_first()?;
            let at = self.at(&key)?;
            if at > queued {
                self.queue.insert((at, key));
                continue;
            }
            let (_, value) = self.map.remove(&key)?;
            return Some((key, value));
        }
    }

    pub(crate) fn pop_oldest(&mut self) -> Option<(K, V)> {
        self.pop_until(Timestamp::MAX)
    }

    /// Every entry with its instant, in no order: for sums alone.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, Timestamp, &V)> {
        self.map.iter().map(|(key, (at, value))| (key, *at, value))
    }
}

impl<K: Serialize + Ord, V: Serialize> Serialize for Aged<K, V> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut entries: Vec<_> = self.map.iter().collect();
        entries.sort_unstable_by_key(|(key, _)| *key);
        let mut map = s.serialize_map(Some(entries.len()))?;
        for (key, entry) in entries {
            map.serialize_entry(key, entry)?;
        }
        map.end()
    }
}

impl<'de, K: Deserialize<'de> + Ord + Clone + Hash, V: Deserialize<'de>> Deserialize<'de> for Aged<K, V> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let map = BTreeMap::<K, (Timestamp, V)>::deserialize(d)?;
        let queue = map.iter().map(|(key, (at, _))| (*at, key.clone())).collect();
        Ok(Self { map: map.into_iter().collect(), queue })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_oldest_leaves_first_and_a_snapshot_changes_nothing(
            touches in prop::collection::vec((0u8..12, 0i64..40), 0..80), until in 0i64..40,
        ) {
            let mut aged = Aged::<u8, u32>::default();
            let mut naive = BTreeMap::<u8, i64>::new();
            for (key, at) in &touches {
                *aged.touch(key, Timestamp::from_micros(*at), || 0) += 1;
                let held = naive.entry(*key).or_insert(*at);
                *held = (*held).max(*at);
            }
            let bytes = postcard::to_stdvec(&aged).unwrap();
            let mut aged: Aged<u8, u32> = postcard::from_bytes(&bytes).unwrap();
            let mut expected: Vec<_> = naive.iter().filter(|(_, at)| **at <= until).map(|(k, at)| (*at, *k)).collect();
            expected.sort_unstable();
            let popped: Vec<_> = std::iter::from_fn(|| aged.pop_until(Timestamp::from_micros(until)))
                .map(|(key, _)| (naive[&key], key)).collect();
            prop_assert_eq!(popped, expected);
            prop_assert!(aged.iter().all(|(key, at, _)| at.as_micros() == naive[key] && at.as_micros() > until));
        }
    }
}
