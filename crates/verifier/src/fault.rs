//! What is wrong and exactly where.

use std::fmt;

/// Which kind of thing is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// A file could not be read.
    Unreadable,
    /// A file that the log's size calls for is not there.
    Missing,
    /// A file that nothing calls for.
    Leftover,
    /// The verifier key, or the folder's copy of it.
    Key,
    /// The checkpoint's form or signature.
    Checkpoint,
    /// Tiles that do not lead to the signed root.
    Tile,
    /// An entry that is not the one in the tree, or no entry at all.
    Entry,
    /// An entry sequenced before the one in front of it.
    Time,
    /// A payload, salt or class that is not the one committed to.
    Payload,
    /// Fewer entries than an older checkpoint had.
    RolledBack,
    /// Not the log of which an older checkpoint was taken.
    Forked,
    /// The log was published anew while it was read. Nothing is proven; verify again.
    Changed,
    /// A proof that proves nothing.
    Proof,
}

/// Where in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The file as a whole.
    Whole,
    /// Byte, from 0.
    Byte(u64),
    /// Line, from 1.
    Line(u64),
}

/// Why a log does not verify.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Fault {
    /// Kind of fault.
    pub kind: FaultKind,
    /// File, relative to the folder.
    pub file: String,
    /// Where in it.
    pub place: Place,
    /// Entry, from 0, if it concerns one.
    pub entry: Option<u64>,
    /// What should have been there.
    pub expected: String,
    /// What was there.
    pub found: String,
}

impl Fault {
    pub(crate) fn new(
        kind: FaultKind,
        file: &str,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        let (file, expected, found) = (file.to_owned(), expected.into(), found.into());
        Self { kind, file, place: Place::Whole, entry: None, expected, found }
    }

    /// Whether it is what was given that cannot be used (the verifier key, the older checkpoint), so that nothing is said
    /// of the log.
    #[must_use]
    pub fn is_bad_input(&self) -> bool {
        self.file == crate::note::GIVEN_KEY || self.file == crate::folder::OLDER
    }

    pub(crate) fn at(mut self, place: Place) -> Self {
        self.place = place;
        self
    }

    pub(crate) fn of(mut self, entry: u64) -> Self {
        self.entry = Some(entry);
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.file)?;
        match self.place {
            Place::Whole => {}
            Place::Byte(byte) => write!(f, ", byte {byte}")?,
            Place::Line(line) => write!(f, ", line {line}")?,
        }
        if let Some(entry) = self.entry {
            write!(f, ", entry {entry}")?;
        }
        write!(f, ": expected {}, found {}", self.expected, self.found)
    }
}

/// Text from a file, short enough for a message.
pub(crate) fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let short: String = text.chars().take(80).flat_map(char::escape_default).collect();
    if text.chars().nth(80).is_some() { format!("`{short}…`") } else { format!("`{short}`") }
}
