//! Ids as an exchange hands them over: hashed with a key that it keeps.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt::Write as _;

/// A hash with a key made of the seed; ids may also stay as they are.
#[derive(Clone)]
pub struct Names(Option<Hmac<Sha256>>);

impl std::fmt::Debug for Names {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() { "Names(hashed)" } else { "Names(plain)" })
    }
}

impl Names {
    /// The first half of HMAC-SHA-256, in hex: 128 bits are enough to tell keys apart.
    #[must_use]
    pub fn hashed(seed: u64) -> Self {
        let key = format!("made-up key of exports {seed}");
        // A key of any length is taken.
        Self(Hmac::new_from_slice(key.as_bytes()).ok())
    }

    /// As they are.
    #[must_use]
    pub const fn plain() -> Self {
        Self(None)
    }

    /// The id as the exports have it.
    #[must_use]
    pub fn of(&self, id: &str) -> String {
        match &self.0 {
            None => id.to_owned(),
            Some(mac) => {
                let hash = mac.clone().chain_update(id.as_bytes()).finalize().into_bytes();
                hash.iter().take(16).fold(String::with_capacity(32), |mut out, byte| {
                    // Writing to a string cannot fail.
                    let _ = write!(out, "{byte:02x}");
                    out
                })
            }
        }
    }
}
