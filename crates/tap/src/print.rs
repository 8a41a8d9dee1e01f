//! A fingerprint of some bytes: whether a file is still the one that was read, whatever it is called now.
//!
//! No defence against somebody who writes the log itself: he needs no trick.

use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher13;
use std::hash::Hasher as _;

/// How many bytes, and their hash. Of none, it fits anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Print {
    /// Bytes.
    pub len: usize,
    /// SipHash-1-3 of them.
    pub hash: u64,
}

impl Print {
    /// Of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let mut hasher = SipHasher13::new();
        hasher.write(bytes);
        Self { len: bytes.len(), hash: hasher.finish() }
    }

    /// Whether these bytes begin with what it is of.
    #[must_use]
    pub fn fits(&self, bytes: &[u8]) -> bool {
        self.len == 0 || bytes.get(..self.len).is_some_and(|start| Self::of(start) == *self)
    }
}
