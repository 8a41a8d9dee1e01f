//! Chance, all of it from one seed.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// A stream of draws.
#[derive(Clone, Debug)]
pub(crate) struct Draws(ChaCha8Rng);

impl Draws {
    /// The stream of a seed.
    pub(crate) fn of_seed(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A stream of its own for a part, so that one draw more here moves nothing there.
    pub(crate) fn child(&mut self) -> Self {
        Self(ChaCha8Rng::seed_from_u64(self.0.next_u64()))
    }

    /// From 0 to below `n`; 0 for 0.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0.next_u64().checked_rem(n).unwrap_or_default()
    }

    /// True for so many of a hundred.
    pub(crate) fn percent(&mut self, n: u64) -> bool {
        self.below(100) < n
    }

    /// Between the two.
    pub(crate) fn between(&mut self, from: f64, until: f64) -> f64 {
        let share =
            f64::from(u32::try_from(self.below(1 << 30)).unwrap_or_default()) / f64::from(1_u32 << 30);
        from + (until - from) * share
    }

    /// One of them; nothing of none.
    pub(crate) fn pick<T: Clone>(&mut self, of: &[T]) -> Option<T> {
        let at = usize::try_from(self.below(of.len() as u64)).unwrap_or_default();
        of.get(at).cloned()
    }
}
