//! Some entries in a row, each checked by itself against its tile's hash and its commitment; two threads share them.
//!
//! What entries say of each other, such as that their times do not fall, is `folder`'s.

use crate::entry::{Entry, Payload, commitment, leaf, line};
use crate::fault::{Fault, FaultKind, Place, shown};
use crate::files::{path, width};
use crate::form::form;
use crate::tiles::{Hash, leaf_hash};
use std::ops::Range;
use std::panic::resume_unwind;
use std::thread::{self, Builder};

/// A piece ends with the entry that exceeds these. Some milliseconds of work: many times what a thread costs.
const BYTES: usize = 2 << 20;
const ENTRIES: usize = 8192;
/// Fewer entries are not worth a second thread.
const SHARED_MIN: usize = 128;

/// Entries as the files have them.
pub(crate) struct Piece {
    /// Entries of the log.
    size: u64,
    bytes: Vec<u8>,
    pub(crate) entries: Vec<Unchecked>,
    /// Why it ends where it does, if reading went wrong behind the last entry.
    pub(crate) stopped: Option<Fault>,
}

/// One entry; the ranges are bytes of its piece.
pub(crate) struct Unchecked {
    pub(crate) index: u64,
    /// What its leaf must hash to.
    pub(crate) hash: Option<Hash>,
    /// Byte of the bundle at which it begins.
    pub(crate) start: u64,
    pub(crate) leaf: Range<usize>,
    pub(crate) line: Result<Range<usize>, Fault>,
}

/// An entry whose leaf is in the tree.
pub(crate) struct Checked {
    pub(crate) index: u64,
    pub(crate) start: u64,
    pub(crate) sequenced: u64,
    /// The same with its payload, and the entry whose erasure that tells of. Apart, because the time is judged first.
    pub(crate) whole: Result<(Entry, Option<u64>), Fault>,
}

impl Piece {
    pub(crate) fn new(size: u64) -> Self {
        Self { size, bytes: Vec::new(), entries: Vec::new(), stopped: None }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.bytes.len() >= BYTES || self.entries.len() >= ENTRIES
    }

    /// Takes in what `more` appends.
    pub(crate) fn put(&mut self, more: impl FnOnce(&mut Vec<u8>)) -> Range<usize> {
        let start = self.bytes.len();
        more(&mut self.bytes);
        start..self.bytes.len()
    }

    /// Checks every entry, in order. A second thread takes two thirds, as this one does something else `meanwhile` (it
    /// reads the next piece) before it takes the rest.
    pub(crate) fn check<T>(&self, meanwhile: impl FnOnce() -> T) -> (Vec<Result<Checked, Fault>>, T) {
        let check =
            |entries: &[Unchecked]| -> Vec<_> { entries.iter().map(|entry| self.entry(entry)).collect() };
        let shared = if self.entries.len() < SHARED_MIN { 0 } else { self.entries.len() / 3 * 2 };
        let (first, rest) = self.entries.split_at_checked(shared).unwrap_or((&[], &self.entries));
        thread::scope(|scope| {
            let second = (!first.is_empty()).then(|| Builder::new().spawn_scoped(scope, || check(first)));
            let done = meanwhile();
            let rest = check(rest);
            let mut checked = match second {
                Some(Ok(second)) => second.join().unwrap_or_else(|panic| resume_unwind(panic)),
                // No thread to be had.
                Some(Err(_)) | None => check(first),
            };
            checked.extend(rest);
            (checked, done)
        })
    }

    fn entry(&self, entry: &Unchecked) -> Result<Checked, Fault> {
        let Unchecked { index, start, .. } = *entry;
        let bytes = self.bytes.get(entry.leaf.clone()).unwrap_or(&[]);
        let wrong = |expected: String| {
            let fault =
                Fault::new(FaultKind::Entry, &self.path("tile/entries", index), expected, shown(bytes));
            fault.at(Place::Byte(start)).of(index)
        };
        if Some(leaf_hash(bytes)) != entry.hash {
            let (at, tile) = (index % 256 * 32, self.path("tile/0", index));
            return Err(wrong(format!("the leaf whose hash is byte {at} of `{tile}`")));
        }
        let leaf = leaf(bytes).ok_or_else(|| wrong("a `sumun-leaf/v1` leaf".to_owned()))?;
        let (class, sequenced) = (leaf.class.to_owned(), leaf.sequenced);
        let whole = self.payload(entry, leaf.class, &leaf.commitment).map(|(payload, erases)| {
            (Entry { index, class, sequenced, commitment: leaf.commitment, payload }, erases)
        });
        Ok(Checked { index, start, sequenced, whole })
    }

    /// The payload, against the leaf. Neither it nor the salt may stand in a message.
    fn payload(
        &self,
        entry: &Unchecked,
        class: &str,
        committed: &Hash,
    ) -> Result<(Option<Payload>, Option<u64>), Fault> {
        let index = entry.index;
        let wrong = |expected: String, found: String| {
            let fault = Fault::new(FaultKind::Payload, &self.path("payload", index), expected, found);
            fault.at(Place::Line(index % 256 + 1)).of(index)
        };
        let bytes = self.bytes.get(entry.line.clone()?).unwrap_or(&[]);
        let opened = bytes.strip_suffix(b"\n").and_then(|bytes| line(bytes, index)).ok_or_else(|| {
            let expected = format!("a line with index {index}, salt and payload, or erased");
            wrong(expected, format!("another of {} bytes", bytes.len()))
        })?;
        let Some(opened) = opened else { return Ok((None, None)) };
        let found = commitment(&opened.salt, class, opened.text);
        if found != *committed {
            let expected = format!("the salt and payload committed to as {}", hex::encode(committed));
            return Err(wrong(expected, format!("those of {}", hex::encode(found))));
        }
        let form = form(opened.text, class)
            .map_err(|expected| wrong(expected.to_owned(), "another payload".to_owned()))?;
        Ok((Some(Payload { salt: opened.salt, text: opened.text.to_owned() }), form.erases))
    }

    /// Path of the file of that kind in which entry `index` is.
    fn path(&self, kind: &str, index: u64) -> String {
        path(kind, index / 256, width(self.size, index / 256))
    }
}
