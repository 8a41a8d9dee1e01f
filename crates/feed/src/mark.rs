//! What a version of the feed is, and not only its number.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// The ledger entry that brought a version, and the root (RFC 6962) of the ledger's tree up to and with it. Records that
/// differ anywhere before that entry have different marks, so storage that was rolled back and has grown again to the same
/// number is told apart; and anybody can compare a mark with the published ledger.
///
/// Its text is `<entry>-<root, 64 hexadecimal digits>`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Index of the entry.
    pub entry: u64,
    /// The tree's root with it.
    pub root: [u8; 32],
}

/// Text that is no mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a mark of the feed: an entry's index, `-` and 64 hexadecimal digits are expected")]
pub struct MarkError;

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.entry, hex::encode(self.root))
    }
}

impl fmt::Debug for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mark({self})")
    }
}

impl FromStr for Mark {
    type Err = MarkError;

    fn from_str(text: &str) -> Result<Self, MarkError> {
        let (entry, digits) = text.split_once('-').ok_or(MarkError)?;
        let mut root = [0; 32];
        hex::decode_to_slice(digits, &mut root).map_err(|_| MarkError)?;
        let mark = Self { entry: entry.parse().map_err(|_| MarkError)?, root };
        // One spelling each.
        if mark.to_string() == text { Ok(mark) } else { Err(MarkError) }
    }
}

impl Serialize for Mark {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Mark {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(d)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_has_one_spelling() {
        let mark = Mark { entry: 17, root: [0xab; 32] };
        let text = mark.to_string();
        assert_eq!(text.parse(), Ok(mark));
        for bad in
            ["", "17", "-ab", &format!("0{text}"), &format!("+{text}"), &text.to_uppercase(), &text[..60]]
        {
            assert_eq!(bad.parse::<Mark>(), Err(MarkError), "{bad}");
        }
    }
}
