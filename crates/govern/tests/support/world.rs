//! Time and randomness of a test of the control plane: a clock that stands until it is moved, and draws that repeat.

use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use sumun_govern::World;
use sumun_model::Timestamp;

/// 2026-11-02T00:00:00Z.
pub(crate) const START_US: i64 = 1_793_577_600_000_000;

/// The world of one test, beginning at [`START_US`].
#[derive(Debug)]
pub(crate) struct TestWorld {
    now_us: AtomicI64,
    drawn: AtomicU64,
}

impl TestWorld {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { now_us: AtomicI64::new(START_US), drawn: AtomicU64::new(0) })
    }

    /// Lets so many microseconds pass.
    pub(crate) fn pass(&self, us: i64) {
        self.now_us.fetch_add(us, Ordering::SeqCst);
    }
}

impl World for TestWorld {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.now_us.load(Ordering::SeqCst))
    }
    fn draw(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let number = self.drawn.fetch_add(1, Ordering::SeqCst);
            let digest = Sha256::digest(number.to_be_bytes());
            chunk.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
        }
    }
}
