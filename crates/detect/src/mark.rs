//! Marks: 32-bit fingerprints of texts and addresses, so that a key's state stays small and holds no text.
//!
//! A fixed seed: the same text has the same mark in every run and on every machine. Two texts share one with a chance of
//! 1 : 4 × 10⁹, which a detector's sets of at most some dozen values bear. What people read is taken from the line at hand.

use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher13;
use std::hash::Hasher;
use std::net::IpAddr;

/// The seed of every hash here and of the partitions. Changing it makes all snapshots void.
pub const SEED: (u64, u64) = (0x5375_6d75_6e20_6761, 0x7465_2e6d_6172_6b73);

/// A fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Mark(pub u32);

/// 64 bits of a text, by the fixed seed.
#[must_use]
pub fn hash64(bytes: &[u8]) -> u64 {
    let mut hasher = SipHasher13::new_with_keys(SEED.0, SEED.1);
    hasher.write(bytes);
    hasher.finish()
}

/// The same of a text in parts.
#[must_use]
pub(crate) fn hash64_of_parts(parts: &[&[u8]]) -> u64 {
    let mut hasher = SipHasher13::new_with_keys(SEED.0, SEED.1);
    parts.iter().for_each(|part| hasher.write(part));
    hasher.finish()
}

impl Mark {
    /// Of a text.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "the low half of a hash is as good as the whole")]
    pub fn of(text: &str) -> Self {
        Self(hash64(text.as_bytes()) as u32)
    }

    /// Of an autonomous system, as of the text `AS64500`. Asked for with every request, so without making the text.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the low half of a hash is as good as the whole; a digit fits"
    )]
    pub fn of_autonomous_system(number: u32) -> Self {
        // The longest has ten digits.
        let (mut digits, mut left) = ([b'0'; 10], number);
        let mut length = 0;
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (left % 10) as u8;
            left /= 10;
            length += 1;
            if left == 0 {
                break;
            }
        }
        let written = digits.get(digits.len() - length..).unwrap_or_default();
        Self(hash64_of_parts(&[b"AS", written]) as u32)
    }

    /// Of an address: IPv4 whole, IPv6 its /64, since one host has many below that.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "the low half of a hash is as good as the whole")]
    pub fn of_address(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self(hash64(&v4.octets()) as u32),
            IpAddr::V6(v6) => {
                let octets = v6.octets();
                Self(hash64(octets.get(..8).unwrap_or(&octets)) as u32)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_in_parts_is_the_text() {
        for number in [0, 7, 10, 64_500, 4_200_000_000, u32::MAX] {
            assert_eq!(Mark::of_autonomous_system(number), Mark::of(&format!("AS{number}")), "{number}");
        }
        let text = b"a text of more than sixteen bytes";
        for at in 0..text.len() {
            assert_eq!(hash64_of_parts(&[&text[..at], &text[at..]]), hash64(text), "{at}");
        }
    }
}
