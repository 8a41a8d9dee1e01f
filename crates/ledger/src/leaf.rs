//! One entry: a class, the time it was sequenced, and a salted commitment to its payload.
//!
//! The leaf is what the tree hashes and everybody may see; the payload lives beside it and can be erased with its salt
//! without touching any proof. Never here: what classes exist. Next: [`crate::tree`].

use crate::canonical::Canonical;
use sha2::{Digest, Sha256};
use std::fmt;
use sumun_model::Timestamp;
use tlog_tiles::Hash;

/// Randomness of one commitment, from the system's generator. Without it a short payload could be guessed.
pub type Salt = [u8; 32];

/// First line of every leaf.
pub const LEAF_VERSION: &str = "sumun-leaf/v1";

/// First bytes of what is hashed into a commitment.
pub const COMMITMENT_VERSION: &str = "sumun-commitment/v1";

/// Longest class, in bytes.
pub const CLASS_MAX: usize = 64;

/// SHA-256 over version, salt, class and canonical payload.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Commitment(pub [u8; 32]);

impl fmt::Display for Commitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Commitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Commitment({self})")
    }
}

/// Commits to `payload` under `class`. The zero bytes keep the parts apart: neither version nor class holds one.
#[must_use]
pub fn commitment(salt: &Salt, class: &str, payload: &Canonical) -> Commitment {
    let mut hash = Sha256::new();
    hash.update(COMMITMENT_VERSION);
    hash.update([0]);
    hash.update(salt);
    hash.update(class);
    hash.update([0]);
    hash.update(payload.as_str());
    Commitment(hash.finalize().into())
}

/// Hash of a leaf in the tree (RFC 6962): SHA-256 over a zero byte and the leaf's bytes.
#[must_use]
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    tlog_tiles::record_hash(leaf)
}

/// Why bytes are no leaf, or parts make none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LeafError {
    /// Class of another shape.
    #[error(
        "class `{0}` is not two words of `a-z`, `0-9` and `_` with one dot between, such as `key.issued`, at most {CLASS_MAX} bytes"
    )]
    Class(String),
    /// Time before 1970, beyond the calendar, or not written plainly.
    #[error("sequencing time `{0}` is not microseconds since 1970 in plain decimal")]
    Time(String),
    /// Commitment that is not 64 lower-case hexadecimal digits.
    #[error("commitment `{0}` is not 64 lower-case hexadecimal digits")]
    Commitment(String),
    /// Not four lines of which the first names the version.
    #[error("the bytes are not four lines that begin with `{LEAF_VERSION}`")]
    Shape,
}

/// Whether `class` has the shape of a class: two words of `a-z`, `0-9`, `_`, each beginning with a letter, one dot.
///
/// # Errors
/// [`LeafError::Class`].
pub fn check_class(class: &str) -> Result<(), LeafError> {
    let word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_lowercase())
            && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    match class.split_once('.') {
        Some((of, what)) if class.len() <= CLASS_MAX && word(of) && word(what) => Ok(()),
        _ => Err(LeafError::Class(shown(class))),
    }
}

/// One entry as the tree sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    class: String,
    sequenced: Timestamp,
    commitment: Commitment,
}

impl Leaf {
    /// A leaf of these parts.
    ///
    /// # Errors
    /// [`LeafError`] for a class of another shape or a time before 1970.
    pub fn new(class: &str, sequenced: Timestamp, commitment: Commitment) -> Result<Self, LeafError> {
        check_class(class)?;
        if sequenced.as_micros() < 0 {
            return Err(LeafError::Time(sequenced.as_micros().to_string()));
        }
        Ok(Self { class: class.to_owned(), sequenced, commitment })
    }

    /// What happened.
    #[must_use]
    pub fn class(&self) -> &str {
        &self.class
    }

    /// When it was given its place, by the sequencer's clock.
    #[must_use]
    pub fn sequenced(&self) -> Timestamp {
        self.sequenced
    }

    /// Commitment to the payload.
    #[must_use]
    pub fn commitment(&self) -> Commitment {
        self.commitment
    }

    /// The bytes the tree hashes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        format!("{LEAF_VERSION}\n{}\n{}\n{}\n", self.class, self.sequenced.as_micros(), self.commitment)
            .into_bytes()
    }

    /// Reads exactly what [`Leaf::to_bytes`] writes.
    ///
    /// # Errors
    /// [`LeafError`], saying which line.
    pub fn parse(bytes: &[u8]) -> Result<Self, LeafError> {
        let text = std::str::from_utf8(bytes).map_err(|_| LeafError::Shape)?;
        let mut lines = text.strip_suffix('\n').ok_or(LeafError::Shape)?.split('\n');
        let (Some(LEAF_VERSION), Some(class), Some(time), Some(digits), None) =
            (lines.next(), lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(LeafError::Shape);
        };
        let us: i64 = time.parse().map_err(|_| LeafError::Time(shown(time)))?;
        let sequenced = Timestamp::from_micros(us);
        // Also refuses signs, leading zeroes and what the calendar cannot hold.
        if sequenced.as_micros().to_string() != time {
            return Err(LeafError::Time(shown(time)));
        }
        let mut commitment = [0; 32];
        hex::decode_to_slice(digits, &mut commitment).map_err(|_| LeafError::Commitment(shown(digits)))?;
        let commitment = Commitment(commitment);
        if commitment.to_string() != digits {
            return Err(LeafError::Commitment(shown(digits)));
        }
        Self::new(class, sequenced, commitment)
    }
}

fn shown(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn sample() -> Leaf {
        let payload = Canonical::of(&json!({"v": 1, "class": "key.issued"})).unwrap();
        let commitment = commitment(&[7; 32], "key.issued", &payload);
        Leaf::new("key.issued", Timestamp::from_micros(1_790_000_000_000_000), commitment).unwrap()
    }

    #[test]
    fn the_bytes_are_fixed_for_ever() {
        assert_eq!(
            String::from_utf8(sample().to_bytes()).unwrap(),
            "sumun-leaf/v1
key.issued
1790000000000000
d4492852b54780fbfc0dcd6c347e89b71ddd4aabbd1bb8dabeeb7ce3648e9bb4
"
        );
    }

    #[test]
    fn classes_have_one_shape() {
        for good in ["key.issued", "gate.receipt_2", "a.b"] {
            assert_eq!(check_class(good), Ok(()), "{good}");
        }
        let long = format!("a.{}", "b".repeat(CLASS_MAX));
        for bad in [
            "",
            ".",
            "key",
            "key.",
            ".key",
            "Key.issued",
            "key.issued.now",
            "key.\n",
            "key. x",
            "1.a",
            "a.1",
            &long,
        ] {
            assert!(check_class(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn every_changed_byte_makes_another_leaf_or_none() {
        let bytes = sample().to_bytes();
        for at in 0..bytes.len() {
            for flip in 1..=255_u8 {
                let mut changed = bytes.clone();
                changed[at] ^= flip;
                if let Ok(leaf) = Leaf::parse(&changed) {
                    assert_eq!(leaf.to_bytes(), changed, "a leaf has one spelling");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_refused_or_round_trip(bytes in proptest::collection::vec(any::<u8>(), 0..160)) {
            if let Ok(leaf) = Leaf::parse(&bytes) {
                prop_assert_eq!(leaf.to_bytes(), bytes);
            }
        }

        #[test]
        fn leaves_round_trip(us in 0..=Timestamp::MAX.as_micros(), commitment in any::<[u8; 32]>(), class in "[a-z][a-z0-9_]{0,20}\\.[a-z][a-z0-9_]{0,20}") {
            let leaf = Leaf::new(&class, Timestamp::from_micros(us), Commitment(commitment)).unwrap();
            prop_assert_eq!(Leaf::parse(&leaf.to_bytes()), Ok(leaf));
        }
    }
}
