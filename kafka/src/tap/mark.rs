//! How far a partition is: what stands, with the offset, in the commit of its group.
//!
//! Offset and mark are one commit, so that they cannot disagree. A commit that somebody else made has no mark of ours.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Of what this reads.
const FORMAT: u32 = 1;

/// A message that was taken, so that another partition in its place is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Last {
    /// Its offset.
    pub(crate) offset: u64,
    /// Its time by Kafka, milliseconds since 1970; the least there is if it has none.
    pub(crate) at_ms: i64,
    /// Of its bytes.
    pub(crate) print: String,
}

/// How far a partition is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mark {
    pub(crate) format: u32,
    /// Offset of the next message; it is the commit's own.
    #[serde(skip)]
    pub(crate) offset: u64,
    /// Lines of that message that are done with: taken, or put aside.
    pub(crate) skip: u64,
    /// Position, at the control plane, of the last line that is done with.
    pub(crate) position: u64,
    /// So many positions at its end are of messages that are gone: they are passed over with the next line.
    pub(crate) pass: u64,
    /// How often messages were gone, or could not be told from others, ever.
    pub(crate) holes: u64,
    /// Lines put aside, ever.
    pub(crate) refused: u64,
    /// Which partition of this name it is: another was put in its place so often.
    pub(crate) incarnation: u64,
    /// When it was begun, microseconds since 1970.
    pub(crate) begun_us: i64,
    /// Digest of the mapping that makes the lines.
    pub(crate) mapping: String,
    /// The last message wholly done with.
    pub(crate) last: Option<Last>,
}

impl Mark {
    /// Of a partition from which nothing was taken, at this offset.
    pub(crate) fn new(offset: u64, position: u64, begun_us: i64, mapping: &str) -> Self {
        Self {
            format: FORMAT,
            offset,
            skip: 0,
            position,
            pass: 0,
            holes: 0,
            refused: 0,
            incarnation: 0,
            begun_us,
            mapping: mapping.to_owned(),
            last: None,
        }
    }

    /// As the commit's text.
    pub(crate) fn text(&self) -> String {
        // Numbers and texts: nothing of it can fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The mark in a commit's text; none if it is not ours, or of another release.
    pub(crate) fn read(offset: u64, text: &str) -> Option<Self> {
        let mark: Self = serde_json::from_str(text).ok()?;
        (mark.format == FORMAT).then_some(Self { offset, ..mark })
    }

    /// The highest position that the control plane was known to hold.
    pub(crate) const fn held(&self) -> u64 {
        self.position.saturating_sub(self.pass)
    }
}

/// Of a message's bytes: 64 bits, in hex.
pub(crate) fn print(key: Option<&[u8]>, payload: &[u8]) -> String {
    let mut digest = Sha256::new();
    let key = key.unwrap_or_default();
    digest.update(key.len().to_le_bytes());
    digest.update(key);
    digest.update(payload);
    hex::encode(digest.finalize().get(..8).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_as_it_was_written_and_nothing_else_is_one() {
        let last = Last { offset: 41, at_ms: 1_764_000_000_000, print: print(Some(b"K1"), b"made up") };
        let mark = Mark { skip: 2, pass: 3, last: Some(last), ..Mark::new(42, 7, 5, "ab") };
        insta::assert_snapshot!(mark.text(), @r#"{"format":1,"skip":2,"position":7,"pass":3,"holes":0,"refused":0,"incarnation":0,"begun_us":5,"mapping":"ab","last":{"offset":41,"at_ms":1764000000000,"print":"f7f9e7282dac7581"}}"#);
        assert_eq!(Mark::read(42, &mark.text()), Some(mark));
        for text in ["", "{}", "made up", r#"{"format":2}"#] {
            assert_eq!(Mark::read(0, text), None);
        }
    }
}
