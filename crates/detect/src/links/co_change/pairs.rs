//! Pairs of keys that changed together, and which of them stand.
//!
//! A pair's strength is the sum of its occasions' surprise, less what each change of one without the other says against it, less
//! ln of the number of keys it was found among. Never here: which changes are together.

use super::Params;
use super::micros;
use crate::links::aged::Aged;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use sumun_model::{KeyId, Timestamp};

/// Most keys followed from one to the next.
const GROUP_MAX: usize = 64;

/// Two keys, the lesser id first.
pub(super) type PairKey = (KeyId, KeyId);

/// What is known of two keys' changes together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pair {
    /// Changes together.
    hits: u32,
    /// Occasions: hits well apart.
    pub(super) occasions: u32,
    last_occasion: Option<Timestamp>,
    surprise_milli: i64,
    /// Tries of each at the first hit, that one left out.
    base: (u32, u32),
    /// Hits in which the first, or the second, went clearly first.
    leads: (u32, u32),
}

/// One change together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit {
    pub(super) at: Timestamp,
    /// By how much the second key of the pair was later; negative if it was the earlier.
    pub(super) lag_us: i64,
    /// By the keys' own rates and habits, and by the share of all keys that changed just then, whichever is less.
    pub(super) surprise_milli: i64,
    /// By the keys' own rates and habits alone.
    pub(super) own_milli: i64,
    /// Tries of both so far, this one among them.
    pub(super) tries: (u32, u32),
}

impl Pair {
    fn hit(&mut self, params: &Params, hit: Hit) {
        if self.hits == 0 {
            self.base = (hit.tries.0.saturating_sub(1), hit.tries.1.saturating_sub(1));
        }
        self.hits += 1;
        if hit.lag_us >= micros(params.lead_s) {
            self.leads.0 += 1;
        } else if hit.lag_us <= -micros(params.lead_s) {
            self.leads.1 += 1;
        }
        if hit.own_milli >= i64::from(params.surprise_min_milli)
            && self.last_occasion.is_none_or(|last| hit.at.micros_since(last) >= micros(params.apart_s))
        {
            self.occasions += 1;
            self.last_occasion = Some(hit.at);
            self.surprise_milli += hit.surprise_milli;
        }
    }

    /// Thousandths of a nat in favour of one operator.
    pub(super) fn llr_milli(&self, params: &Params, tries: (u32, u32), among: u32) -> i64 {
        let alone = |tries: u32, base: u32| tries.saturating_sub(base).saturating_sub(self.hits);
        let misses = alone(tries.0, self.base.0).max(alone(tries.1, self.base.1));
        #[expect(clippy::cast_possible_truncation, reason = "thousandths of ln of a number of keys")]
        let among = libm::round(1000.0 * libm::log(f64::from(among.max(1)))) as i64;
        self.surprise_milli - i64::from(params.miss_milli) * i64::from(misses) - among
    }

    /// Whether the first, and the second, may be accused by it: not whoever always went first.
    pub(super) fn accuses(&self) -> (bool, bool) {
        (self.leads.0 < self.hits, self.leads.1 < self.hits)
    }
}

/// All pairs, and a graph of those that stand.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Pairs {
    pairs: Aged<PairKey, Pair>,
    ties: BTreeMap<KeyId, BTreeSet<KeyId>>,
}

/// The two as a pair's key, and whether they were turned round.
pub(super) fn ordered(a: &KeyId, b: &KeyId) -> (PairKey, bool) {
    if a <= b { ((a.clone(), b.clone()), false) } else { ((b.clone(), a.clone()), true) }
}

impl Pairs {
    /// Adds a hit; says whether the pair stands now.
    pub(super) fn hit(&mut self, params: &Params, key: &PairKey, hit: Hit, among: u32) -> bool {
        let pair = self.pairs.touch(key, hit.at, Pair::default);
        pair.hit(params, hit);
        let stands = pair.occasions >= params.repeats_min
            && pair.llr_milli(params, hit.tries, among) >= i64::from(params.pair_min_milli);
        if stands {
            self.ties.entry(key.0.clone()).or_default().insert(key.1.clone());
            self.ties.entry(key.1.clone()).or_default().insert(key.0.clone());
        } else {
            self.untie(key);
        }
        stands
    }

    pub(super) fn get(&self, a: &KeyId, b: &KeyId) -> Option<(&Pair, bool)> {
        let (key, turned) = ordered(a, b);
        Some((self.pairs.get(&key)?, turned))
    }

    fn untie(&mut self, key: &PairKey) {
        for (a, b) in [(&key.0, &key.1), (&key.1, &key.0)] {
            if let Some(tied) = self.ties.get_mut(a) {
                tied.remove(b);
                if tied.is_empty() {
                    self.ties.remove(a);
                }
            }
        }
    }

    /// The keys tied to this one.
    pub(super) fn tied(&self, key: &KeyId) -> impl Iterator<Item = &KeyId> {
        self.ties.get(key).into_iter().flatten()
    }

    /// All keys that ties lead to from this one, itself among them.
    pub(super) fn group(&self, from: &KeyId) -> BTreeSet<KeyId> {
        let mut group = BTreeSet::from([from.clone()]);
        let mut open = vec![from.clone()];
        while let Some(key) = open.pop() {
            for next in self.tied(&key) {
                if group.len() >= GROUP_MAX {
                    return group;
                }
                if group.insert(next.clone()) {
                    open.push(next.clone());
                }
            }
        }
        group
    }

    /// Forgets pairs quiet since `until`, and the longest quiet beyond `most`.
    pub(super) fn forget(&mut self, until: Timestamp, most: usize) {
        while let Some((key, _)) = self.pairs.pop_until(until) {
            self.untie(&key);
        }
        while self.pairs.len() > most {
            let Some((key, _)) = self.pairs.pop_oldest() else { return };
            self.untie(&key);
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.pairs.len()
    }

    #[cfg(test)]
    pub(super) fn ties(&self) -> usize {
        self.ties.len()
    }
}
