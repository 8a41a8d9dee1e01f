//! A map whose oldest entry is always known: what every bounded table of the link stage is made of.
//!
//! Age is an instant given by the caller, ties go by key, so eviction is the same in every run. Never here: a limit; the caller
//! knows how much it may hold and what to do with what leaves.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::{BTreeMap, BTreeSet};
use sumun_model::Timestamp;

/// Entries by key, and by the instant they were last touched.
#[derive(Clone, Debug)]
pub(crate) struct Aged<K, V> {
    map: BTreeMap<K, (Timestamp, V)>,
    by_age: BTreeSet<(Timestamp, K)>,
}

impl<K, V> Default for Aged<K, V> {
    fn default() -> Self {
        Self { map: BTreeMap::new(), by_age: BTreeSet::new() }
    }
}

impl<K: Ord + Clone, V> Aged<K, V> {
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
        let (held, value) = self.map.entry(key.clone()).or_insert_with(|| {
            self.by_age.insert((at, key.clone()));
            (at, make())
        });
        if at > *held {
            self.by_age.remove(&(*held, key.clone()));
            self.by_age.insert((at, key.clone()));
            *held = at;
        }
        value
    }

    /// Takes out the oldest if it was last touched at or before `until`.
    pub(crate) fn pop_until(&mut self, until: Timestamp) -> Option<(K, V)> {
        if self.by_age.first()?.0 > until {
            return None;
        }
        self.pop_oldest()
    }

    pub(crate) fn pop_oldest(&mut self) -> Option<(K, V)> {
        let (_, key) = self.by_age.pop_first()?;
        let (_, value) = self.map.remove(&key)?;
        Some((key, value))
    }

    /// Every entry with its instant, by key.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, Timestamp, &V)> {
        self.map.iter().map(|(key, (at, value))| (key, *at, value))
    }
}

impl<K: Serialize + Ord, V: Serialize> Serialize for Aged<K, V> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        self.map.serialize(s)
    }
}

impl<'de, K: Deserialize<'de> + Ord + Clone, V: Deserialize<'de>> Deserialize<'de> for Aged<K, V> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let map = BTreeMap::<K, (Timestamp, V)>::deserialize(d)?;
        let by_age = map.iter().map(|(key, (at, _))| (*at, key.clone())).collect();
        Ok(Self { map, by_age })
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
