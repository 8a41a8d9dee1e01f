//! One-time codes of a control test: drawn by govern, sent by the owner's own program, seen by gates as a mark.
//!
//! A code is `SUMUN-` and eight characters. It may stand as the value of any signed parameter: an order's `identifier` in a
//! library that takes no others, or a parameter of its own such as `sumun_code`. What goes into a record is a mark, never
//! the parameter; a value that does not look like a code leaves none. Why so: ADR 0017. Never here: drawing one.

use crate::KeyId;
use sha2::{Digest, Sha256};
use std::fmt;

/// What every code begins with.
pub const CODE_PREFIX: &str = "SUMUN-";
/// Characters behind the prefix.
pub const CODE_CHARS: usize = 8;
/// The characters: Crockford's 32, which nobody mistakes for one another. Five bits each, forty in all.
pub const CODE_LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// What a record holds of a code: the first 8 bytes of SHA-256 over `sumun-code/1`, the key's id and the code, a zero byte
/// between them. In hexadecimal it is `ext.code` of an access line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CodeMark([u8; 8]);

impl CodeMark {
    /// The mark of this code for this key.
    #[must_use]
    pub fn of(key: &KeyId, code: &str) -> Self {
        let mut digest = Sha256::new();
        for part in ["sumun-code/1", "\0", key.as_str(), "\0", code] {
            digest.update(part);
        }
        let mut mark = [0; 8];
        mark.iter_mut().zip(digest.finalize()).for_each(|(to, from)| *to = from);
        Self(mark)
    }
}

impl fmt::Display for CodeMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Whether this text looks like a code. Cheap for what does not.
#[must_use]
pub fn is_code(text: &str) -> bool {
    text.len() == CODE_PREFIX.len() + CODE_CHARS
        && text
            .strip_prefix(CODE_PREFIX)
            .is_some_and(|letters| letters.bytes().all(|letter| CODE_LETTERS.contains(&letter)))
}

/// A code of these 40 bits.
#[must_use]
pub fn code(bits: [u8; 5]) -> String {
    let number = bits.iter().fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
    let letter = |place: usize| {
        let index = usize::try_from((number >> (5 * place)) & 31).unwrap_or_default();
        char::from(CODE_LETTERS.get(index).copied().unwrap_or(b'0'))
    };
    let letters: String = (0..CODE_CHARS).rev().map(letter).collect();
    format!("{CODE_PREFIX}{letters}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_code() {
        assert_eq!(code([0; 5]), "SUMUN-00000000");
        assert_eq!(code([0xff; 5]), "SUMUN-ZZZZZZZZ");
        assert!(is_code(&code([1, 2, 3, 4, 5])));
        for other in [
            "",
            "SUMUN-",
            "SUMUN-0000000",
            "SUMUN-000000000",
            "SUMUN-0000000U",
            "sumun-00000000",
            "SUMUN_00000000",
            "SUMUN-0000000\u{ac00}",
        ] {
            assert!(!is_code(other), "{other}");
        }
    }

    #[test]
    fn a_mark_is_of_one_key_and_one_code() {
        let key = |text: &str| text.parse::<KeyId>().unwrap();
        let mark = CodeMark::of(&key("K1"), "SUMUN-00000000");
        assert_eq!(mark.to_string().len(), 16);
        assert_ne!(mark, CodeMark::of(&key("K2"), "SUMUN-00000000"));
        assert_ne!(mark, CodeMark::of(&key("K1"), "SUMUN-00000001"));
    }

    proptest::proptest! {
        #[test]
        fn every_draw_is_a_code(bits: [u8; 5]) {
            proptest::prop_assert!(is_code(&code(bits)));
        }
    }
}
