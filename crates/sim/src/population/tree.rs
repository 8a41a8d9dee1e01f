//! A tree of seeded generators: every key, day and use of chance has a branch of its own, so that one more draw in one
//! place moves nothing in another.
//!
//! A branch is a SHA-256 of its parent, a name and a number; a ChaCha8 stream hangs on it. All draws are whole numbers, so
//! that every machine draws the same. Never here: a seed from anywhere but the caller.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use sha2::{Digest, Sha256};

/// One branch.
#[derive(Clone, Debug)]
pub(super) struct Tree([u8; 32]);

impl Tree {
    /// The root for a seed.
    pub(super) fn root(seed: u64) -> Self {
        Self(
            Sha256::new()
                .chain_update(b"sumun population 1")
                .chain_update(seed.to_be_bytes())
                .finalize()
                .into(),
        )
    }

    /// The branch of that name and number.
    pub(super) fn child(&self, name: &str, number: u64) -> Self {
        let hash = Sha256::new()
            .chain_update(self.0)
            .chain_update(name.as_bytes())
            .chain_update([0])
            .chain_update(number.to_be_bytes());
        Self(hash.finalize().into())
    }

    /// The stream of draws on this branch, from its beginning.
    pub(super) fn draws(&self) -> Draws {
        Draws(ChaCha8Rng::from_seed(self.0))
    }

    /// A number that is this branch's own.
    pub(super) fn number(&self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }
}

/// A stream of draws.
#[derive(Debug)]
pub(super) struct Draws(ChaCha8Rng);

impl Draws {
    /// Any number.
    pub(super) fn any(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number from 0, below `end`; 0 where `end` is 0.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        // Multiply and shift: the bias is below 2^-32 for every range used here.
        u64::try_from((u128::from(self.0.next_u64()) * u128::from(end)) >> 64).unwrap_or(0)
    }

    /// A number from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        let width = u64::try_from(high.saturating_sub(low)).unwrap_or(0);
        low.saturating_add(i64::try_from(self.below(width.saturating_add(1))).unwrap_or(0))
    }

    /// True this many times in a thousand.
    pub(super) fn chance(&mut self, permille: u64) -> bool {
        self.below(1000) < permille
    }

    /// One of the values.
    pub(super) fn pick<T: Copy, const N: usize>(&mut self, of: &[T; N]) -> T {
        const { assert!(N > 0) };
        let at = usize::try_from(self.below(N as u64)).unwrap_or(0);
        #[expect(clippy::indexing_slicing, reason = "INVARIANT: `below(N)` is below N, and N is not 0")]
        of[at]
    }

    /// A number about `median` with a heavy tail: `median` × 2^x, x bell-shaped within ± `octaves`.
    pub(super) fn spread(&mut self, median: u64, octaves: u64) -> u64 {
        // Sum of four uniforms, in 1/1024 of an octave, centred.
        let sum: u64 = (0..4).map(|_| self.below(1024 * octaves / 2 + 1)).sum();
        let x = i64::try_from(sum).unwrap_or(0) - i64::try_from(1024 * octaves).unwrap_or(0);
        scaled(median, x)
    }

    /// How often something happens whose mean is `milli` thousandths.
    pub(super) fn count(&mut self, milli: u64) -> u64 {
        // Eight trials: close to Poisson for means below two, and bounded.
        let certain = milli / 8 / 1000 * 8;
        let rest = milli - certain * 1000;
        certain + (0..8).filter(|_| self.below(8000) < rest).count() as u64
    }
}

/// `n` × 2^(`x`/1024), linear between powers of two.
fn scaled(n: u64, x: i64) -> u64 {
    let (whole, part) = (x.div_euclid(1024), x.rem_euclid(1024));
    let n = u128::from(n) * u128::try_from(1024 + part).unwrap_or(1024);
    let shift = u32::try_from(whole.unsigned_abs()).unwrap_or(0);
    let n = if whole >= 0 { n << shift.min(20) } else { n >> shift.min(60) };
    u64::try_from(n >> 10).unwrap_or(u64::MAX)
}

/// A cheap fixed mix of numbers, for what must be looked up by time rather than drawn in turn.
pub(super) fn mixed(a: u64, b: u64) -> u64 {
    // SplitMix64's finaliser.
    let mut z = a ^ b.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_do_not_move_each_other() {
        let root = Tree::root(7);
        let before = root.child("b", 0).draws().any();
        let mut a = root.child("a", 0).draws();
        a.any();
        assert_eq!(root.child("b", 0).draws().any(), before);
        assert_ne!(root.child("a", 1).number(), root.child("a", 0).number());
        assert_ne!(Tree::root(8).number(), root.number());
    }

    #[test]
    fn draws_keep_their_bounds_and_means() {
        let mut draws = Tree::root(1).draws();
        for _ in 0..2000 {
            assert!((3..=5).contains(&draws.between(3, 5)));
            let n = draws.spread(100, 3);
            assert!((12..=800).contains(&n), "{n}");
        }
        let mean: u64 = (0..8000).map(|_| draws.count(1300)).sum::<u64>() * 1000 / 8000;
        assert!((1200..1400).contains(&mean), "{mean}");
        assert_eq!(draws.below(0), 0);
    }
}
