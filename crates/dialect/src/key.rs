//! A key's secret, made ready for verifying: the HMAC states after the padded key, nothing else.
//!
//! 240 bytes a key in place of the secret, no key block left in memory, and the two compressions that set a key up
//! are not repeated at every request. The states are as good as the secret for forging, so they are zeroed on drop
//! and never printed.

use hmac::Mac;
use hmac::digest::block_api::{Buffer, CoreProxy};
use hmac::{Hmac, KeyInit, block_api::HmacCore};
use sha2::{Sha256, Sha512};
use std::fmt;
use sumun_model::ApiSecret;

/// A MAC that a dialect may accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// HMAC with SHA-256.
    HmacSha256,
    /// HMAC with SHA-512.
    HmacSha512,
}

impl Algorithm {
    /// Length of the MAC, in bytes.
    #[must_use]
    pub const fn mac_bytes(self) -> usize {
        match self {
            Self::HmacSha256 => 32,
            Self::HmacSha512 => 64,
        }
    }
}

/// The HMAC states of one secret. Zeroed on drop (by the `zeroize` features of `sha2` and `hmac`).
#[derive(Clone)]
pub struct MacKey {
    sha256: HmacCore<Sha256>,
    sha512: HmacCore<Sha512>,
}

impl MacKey {
    /// Computes the states. The secret is the HMAC key as issued, not decoded.
    #[must_use]
    pub fn new(secret: &ApiSecret) -> Self {
        #[expect(clippy::expect_used, reason = "INVARIANT: HMAC takes a key of any length (RFC 2104)")]
        fn core<C: KeyInit>(key: &[u8]) -> C {
            C::new_from_slice(key).expect("HMAC takes a key of any length")
        }
        Self { sha256: core(secret.expose()), sha512: core(secret.expose()) }
    }

    /// Whether `mac` is the MAC of the message, in constant time for a given length.
    #[must_use]
    pub fn verifies(&self, algorithm: Algorithm, message: &[u8], mac: &[u8]) -> bool {
        match algorithm {
            Algorithm::HmacSha256 => {
                Hmac::<Sha256>::compose(self.sha256.clone(), Buffer::<HmacCore<Sha256>>::default())
                    .chain_update(message)
                    .verify_slice(mac)
                    .is_ok()
            }
            Algorithm::HmacSha512 => {
                Hmac::<Sha512>::compose(self.sha512.clone(), Buffer::<HmacCore<Sha512>>::default())
                    .chain_update(message)
                    .verify_slice(mac)
                    .is_ok()
            }
        }
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MacKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(secret: &[u8]) -> MacKey {
        MacKey::new(&ApiSecret::new(secret.to_vec()).unwrap())
    }

    #[test]
    fn agrees_with_the_published_test_vectors() {
        // RFC 4231, test case 2.
        let jefe = key(b"Jefe");
        let message = b"what do ya want for nothing?";
        let short = hex::decode("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843").unwrap();
        let long = hex::decode(concat!(
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554",
            "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"
        ))
        .unwrap();
        assert!(jefe.verifies(Algorithm::HmacSha256, message, &short));
        assert!(jefe.verifies(Algorithm::HmacSha512, message, &long));
        assert!(!jefe.verifies(Algorithm::HmacSha512, message, &short));
        assert!(!jefe.verifies(Algorithm::HmacSha256, message, &long[..32]));
        assert!(!jefe.verifies(Algorithm::HmacSha256, message, &short[..31]));
        assert!(!jefe.verifies(Algorithm::HmacSha256, message, &[]));
        assert!(!key(b"Jefo").verifies(Algorithm::HmacSha256, message, &short));
    }

    #[test]
    fn is_small_and_never_prints() {
        assert!(size_of::<MacKey>() <= 256, "{} bytes", size_of::<MacKey>());
        assert_eq!(format!("{:?}", key(b"made-up")), "MacKey(..)");
    }
}
