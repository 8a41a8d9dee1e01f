//! Knowing a repeat: the same (source, type, id) within ten minutes of engine time of its first copy (WIRE 1).
//!
//! Ids are held as 64 bits by the fixed seed. Among a million ids in a window two different ones meet with a chance of 1 : 3 × 10⁷.

use crate::mark::SEED;
use hashbrown::HashSet;
use siphasher::sip::SipHasher13;
use std::collections::VecDeque;
use std::hash::Hasher;
use sumun_model::Timestamp;

use super::moment::MINUTE_US;

/// How long a first copy is remembered.
const WINDOW_US: i64 = 10 * MINUTE_US;

/// The ids of a partition.
#[derive(Debug, Default)]
pub(crate) struct Repeats {
    known: HashSet<u64>,
    order: VecDeque<(Timestamp, u64)>,
}

impl Repeats {
    /// Whether this is a repeat; a first copy is remembered.
    pub(crate) fn is_repeat(
        &mut self,
        now: Timestamp,
        source: Option<&str>,
        kind: &str,
        id: &str,
        cap: u32,
    ) -> bool {
        while let Some((first, hash)) = self.order.front() {
            if now.micros_since(*first) <= WINDOW_US && self.order.len() <= cap as usize {
                break;
            }
            self.known.remove(hash);
            self.order.pop_front();
        }
        let hash = hash(source, kind, id);
        if !self.known.insert(hash) {
            return true;
        }
        self.order.push_back((now, hash));
        false
    }

    /// For a snapshot, oldest first.
    pub(crate) fn save(&self) -> Vec<(Timestamp, u64)> {
        self.order.iter().copied().collect()
    }

    /// From a snapshot.
    pub(crate) fn restore(saved: Vec<(Timestamp, u64)>) -> Self {
        Self { known: saved.iter().map(|(_, hash)| *hash).collect(), order: saved.into() }
    }
}

fn hash(source: Option<&str>, kind: &str, id: &str) -> u64 {
    let mut hasher = SipHasher13::new_with_keys(SEED.0, SEED.1);
    let source = source.unwrap_or_default();
    hasher.write_u64(source.len() as u64);
    hasher.write(source.as_bytes());
    hasher.write_u64(kind.len() as u64);
    hasher.write(kind.as_bytes());
    hasher.write(id.as_bytes());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn as_a_list_of_first_copies_would_say(
            steps in prop::collection::vec((0i64..200, 0u8..3, 0u8..2, 0u8..6), 0..200),
        ) {
            let mut repeats = Repeats::default();
            let mut first: Vec<(i64, (u8, u8, u8))> = Vec::new();
            let mut now = 0;
            for (seconds, source, kind, id) in steps {
                now += seconds * 1_000_000;
                let name = (source, kind, id);
                let expected = first.iter().any(|(at, known)| *known == name && now - at <= 600_000_000);
                if !expected {
                    first.push((now, name));
                }
                let text = format!("i{id}");
                let source = (source > 0).then(|| format!("s{source}"));
                let kind = ["access", "order"][usize::from(kind)];
                let found = repeats.is_repeat(Timestamp::from_micros(now), source.as_deref(), kind, &text, 1000);
                prop_assert_eq!(found, expected);
            }
        }
    }

    #[test]
    fn the_cap_drops_the_oldest_first() {
        let mut repeats = Repeats::default();
        let now = Timestamp::from_micros(0);
        for i in 0..10 {
            assert!(!repeats.is_repeat(now, None, "access", &format!("a{i}"), 4));
        }
        assert!(repeats.order.len() <= 5);
        assert!(repeats.is_repeat(now, None, "access", "a9", 4));
        assert!(!repeats.is_repeat(now, None, "access", "a1", 4));
    }
}
