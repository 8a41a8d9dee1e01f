//! Replay memory: which nonces were used.
//!
//! A nonce is remembered as a 64-bit keyed hash of (key id, nonce), in two generations a shard: when the current
//! one is full it becomes the previous one and the one before is forgotten. At least the latest
//! `nonces_max` uses of the whole gate, give or take the spread over shards, are remembered, at most twice as many.
//!
//! **Bound.** An Upbit token never expires by itself, so no finite memory can refuse every replay for ever. What a
//! forgotten nonce allows is one more use of that very request, from a registered address of its key, while the
//! key lives: a nonce is recorded only where signature, status and address passed. The size in
//! requests is configuration; a foreign holder can neither burn the owner's nonces nor push them out. A false
//! refusal needs two nonces with one hash: at 2^23 remembered, less than one request in 10^12.
//!
//! Never here: the disk. The rim writes each [`NonceMark`] before the request goes on, and at start gives them
//! back in order with [`ReplayMemory::restore`].

use siphasher::sip::SipHasher13;
use std::hash::{Hash, Hasher};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

const SHARD_BITS: u32 = 6;
const SHARDS: usize = 1 << SHARD_BITS;

/// The keyed hash of one use of a nonce. Printed in hexadecimal it is the wire's `nonce`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NonceMark(pub u64);

/// A slot without a mark.
const FREE: u64 = 0;

/// The marks of one shard, both generations in one table: nearly every look-up reads a single cache line.
///
/// Open addressing with linear probing, never more than half full. The low bits of a mark are the shard's number, the
/// same for all marks here; in their place stands the generation, so that a word holds both and is never [`FREE`].
struct Generations {
    /// A power of two of them.
    words: Vec<u64>,
    /// The current one: 1 or 2; the previous one is the other.
    generation: u64,
    current: usize,
    previous: usize,
}

impl Default for Generations {
    fn default() -> Self {
        Self { words: vec![FREE; 16], generation: 1, current: 0, previous: 0 }
    }
}

impl Generations {
    /// Where the mark stands, or would; and what stands there now.
    fn find(&self, mark: u64) -> (usize, u64) {
        let last = self.words.len() - 1;
        let mut at = (mark >> SHARD_BITS) as usize & last;
        // Ends, as half of the slots are free.
        loop {
            let word = self.words.get(at).copied().unwrap_or(FREE);
            if word == FREE || (word ^ mark) >> SHARD_BITS == 0 {
                return (at, word);
            }
            at = (at + 1) & last;
        }
    }

    fn contains(&self, mark: NonceMark) -> bool {
        self.find(mark.0).1 != FREE
    }

    /// Whether the mark is new; if so it is remembered in the current generation.
    fn insert(&mut self, mark: NonceMark, max: usize) -> bool {
        let (mut at, word) = self.find(mark.0);
        if word != FREE {
            return false;
        }
        let full = self.current >= max;
        if full {
            self.turn();
        }
        // Also after a turn: the generation that stays may fill its half by itself.
        let crowded = (self.current + self.previous + 1) * 2 > self.words.len();
        if crowded {
            self.rebuild(self.words.len() * 2, |_| true);
        }
        if full || crowded {
            at = self.find(mark.0).0;
        }
        self.put(at, mark.0 >> SHARD_BITS << SHARD_BITS | self.generation);
        self.current += 1;
        true
    }

    /// The current generation becomes the previous one; the one before is forgotten.
    fn turn(&mut self) {
        let kept = self.generation;
        self.rebuild(self.words.len(), |word| word % SHARDS as u64 == kept);
        self.generation = 3 - kept;
        self.previous = std::mem::take(&mut self.current);
    }

    /// Places the marks to be kept anew, in so many slots.
    fn rebuild(&mut self, slots: usize, keeps: impl Fn(u64) -> bool) {
        let kept: Vec<u64> =
            self.words.iter().copied().filter(|word| *word != FREE && keeps(*word)).collect();
        self.words.fill(FREE);
        self.words.resize(slots, FREE);
        for word in kept {
            self.put(self.find(word).0, word);
        }
    }

    fn put(&mut self, at: usize, word: u64) {
        if let Some(slot) = self.words.get_mut(at) {
            *slot = word;
        }
    }
}

/// What came of a look-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Never used as far as is remembered.
    New,
    /// Used before.
    Used,
    /// Used before to open a private stream from this very address, and asked for again to reopen it.
    Reopens,
}

/// Remembers nonces, bounded.
pub struct ReplayMemory {
    shards: Box<[Mutex<Generations>]>,
    hash_key: [u8; 16],
    max_per_shard: usize,
}

impl ReplayMemory {
    /// A memory for `nonces_max` nonces a generation. `hash_key` is drawn once per installation and kept with the
    /// marks, so that nobody outside can make two nonces collide.
    #[must_use]
    pub fn new(nonces_max: usize, hash_key: [u8; 16]) -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self { shards, hash_key, max_per_shard: nonces_max.div_ceil(SHARDS).max(1) }
    }

    /// The mark of a nonce of a key.
    #[must_use]
    pub fn mark(&self, key: &str, nonce: &str) -> NonceMark {
        let mut hasher = SipHasher13::new_with_key(&self.hash_key);
        (key, nonce).hash(&mut hasher);
        NonceMark(hasher.finish())
    }

    /// The mark of a nonce that opened a private stream from an address.
    #[must_use]
    pub fn stream_mark(&self, nonce: NonceMark, address: IpAddr) -> NonceMark {
        let mut hasher = SipHasher13::new_with_key(&self.hash_key);
        (nonce.0, address, "stream").hash(&mut hasher);
        NonceMark(hasher.finish())
    }

    fn shard(&self, mark: NonceMark) -> MutexGuard<'_, Generations> {
        #[expect(clippy::indexing_slicing, reason = "INVARIANT: index is taken modulo the number of shards")]
        let shard = &self.shards[mark.0 as usize % SHARDS];
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks up without recording.
    #[must_use]
    pub fn peek(&self, mark: NonceMark, stream: Option<NonceMark>) -> Seen {
        if !self.shard(mark).contains(mark) {
            return Seen::New;
        }
        match stream {
            Some(stream) if self.shard(stream).contains(stream) => Seen::Reopens,
            _ => Seen::Used,
        }
    }

    /// Looks up and, if new, records in the same step: of two requests with one nonce one sees it new.
    pub fn take(&self, mark: NonceMark, stream: Option<NonceMark>) -> Seen {
        if !self.shard(mark).insert(mark, self.max_per_shard) {
            return match stream {
                Some(stream) if self.shard(stream).contains(stream) => Seen::Reopens,
                _ => Seen::Used,
            };
        }
        if let Some(stream) = stream {
            self.shard(stream).insert(stream, self.max_per_shard);
        }
        Seen::New
    }

    /// Gives back marks written before, oldest first.
    pub fn restore(&self, marks: impl IntoIterator<Item = NonceMark>) {
        for mark in marks {
            self.shard(mark).insert(mark, self.max_per_shard);
        }
    }

    /// How many marks are held.
    #[must_use]
    pub fn len(&self) -> usize {
        let count = |s: &Mutex<Generations>| {
            let s = s.lock().unwrap_or_else(PoisonError::into_inner);
            s.current + s.previous
        };
        self.shards.iter().map(count).sum()
    }

    /// Whether nothing is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet as NaiveSet;

    #[test]
    fn one_of_two_racing_uses_wins() {
        let memory = std::sync::Arc::new(ReplayMemory::new(1 << 16, [1; 16]));
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let memory = std::sync::Arc::clone(&memory);
                std::thread::spawn(move || {
                    (0..2_000)
                        .filter(|n| memory.take(memory.mark("K1", &n.to_string()), None) == Seen::New)
                        .count()
                })
            })
            .collect();
        assert_eq!(threads.into_iter().map(|t| t.join().unwrap()).sum::<usize>(), 2_000);
    }

    #[test]
    fn a_stream_reopens_only_from_its_own_address() {
        let memory = ReplayMemory::new(1 << 10, [2; 16]);
        let (home, away): (IpAddr, IpAddr) = ("203.0.113.7".parse().unwrap(), "203.0.113.8".parse().unwrap());
        let mark = memory.mark("K1", "n");
        assert_eq!(memory.take(mark, Some(memory.stream_mark(mark, home))), Seen::New);
        assert_eq!(memory.take(mark, Some(memory.stream_mark(mark, home))), Seen::Reopens);
        assert_eq!(memory.take(mark, Some(memory.stream_mark(mark, away))), Seen::Used);
        assert_eq!(memory.take(mark, None), Seen::Used, "a REST call with the stream's nonce");
        let rest = memory.mark("K1", "m");
        assert_eq!(memory.take(rest, None), Seen::New);
        assert_eq!(memory.take(rest, Some(memory.stream_mark(rest, home))), Seen::Used);
    }

    proptest! {
        /// Against a set that never forgets: no nonce is refused that was not used, and none of the latest half
        /// of the bound is forgotten; restoring the marks in order gives the same answers.
        #[test]
        fn agrees_with_a_set_that_never_forgets(uses in prop::collection::vec((0u8..3, 0u16..600), 0..2_000)) {
            let max = 64 * 40;
            let memory = ReplayMemory::new(max, [3; 16]);
            let mut naive = NaiveSet::new();
            let mut written = Vec::new();
            for (key, nonce) in uses {
                let mark = memory.mark(&format!("K{key}"), &nonce.to_string());
                let seen = memory.take(mark, None);
                prop_assert_eq!(seen == Seen::New, naive.insert((key, nonce)));
                if seen == Seen::New { written.push(mark); }
            }
            let again = ReplayMemory::new(max, [3; 16]);
            again.restore(written.iter().copied());
            for mark in written { prop_assert_eq!(again.peek(mark, None), Seen::Used); }
            prop_assert!(memory.len() <= 2 * max);
        }
    }

    proptest! {
        /// One shard against two plain sets that trade places, mark by mark, through growing and forgetting.
        #[test]
        fn a_shard_is_two_sets_that_trade_places(
            marks in prop::collection::vec(prop_oneof![0u64..60, any::<u64>()], 0..400), max in 1usize..40
        ) {
            let mut shard = Generations::default();
            let (mut current, mut previous) = (NaiveSet::new(), NaiveSet::new());
            for mark in marks.iter().map(|n| NonceMark(n << SHARD_BITS | 5)) {
                let is_new = !current.contains(&mark) && !previous.contains(&mark);
                if is_new {
                    if current.len() >= max { previous = std::mem::take(&mut current); }
                    current.insert(mark);
                }
                prop_assert_eq!(shard.insert(mark, max), is_new);
                prop_assert_eq!((shard.current, shard.previous), (current.len(), previous.len()));
            }
            for mark in marks.iter().map(|n| NonceMark(n << SHARD_BITS | 5)) {
                prop_assert_eq!(shard.contains(mark), current.contains(&mark) || previous.contains(&mark));
            }
            prop_assert!((shard.current + shard.previous) * 2 <= shard.words.len());
        }
    }

    /// A generation of 8 marks in 16 slots: the ninth turns, and needs a larger table at once.
    #[test]
    fn half_of_the_slots_are_free_after_a_turn_too() {
        let mut shard = Generations::default();
        for mark in (0..9).map(|n| NonceMark(n << SHARD_BITS | 5)) {
            assert!(shard.insert(mark, 8));
            assert!((shard.current + shard.previous) * 2 <= shard.words.len());
        }
        assert_eq!((shard.current, shard.previous), (1, 8));
    }

    #[test]
    fn bounded_however_much_comes() {
        let memory = ReplayMemory::new(6_400, [4; 16]);
        for n in 0..100_000 {
            memory.take(memory.mark("K1", &n.to_string()), None);
        }
        assert!(memory.len() <= 2 * 6_400);
        for n in 97_000..100_000 {
            assert_eq!(memory.peek(memory.mark("K1", &n.to_string()), None), Seen::Used, "a recent one, {n}");
        }
    }
}
