//! Reading a log from front to back, beside its writer: in this process or in another.
//!
//! Never gives out a record that is not whole, never writes, and keeps no file longer than it reads it.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::disk::{DiskStorage, StorageOpenError};
use crate::error::LogError;
use crate::log::Log;
use crate::record::{KIND_MARK, Offset, Parsed, Record, parse};
use crate::segment::{self, HEADER_BYTES};
use crate::storage::{Storage, StorageFile};

/// How much is read at once, in bytes. 64 KiB: some hundred records for one system call.
const READ_BYTES: usize = 64 << 10;

/// A position in the log that moves forward.
#[derive(Debug)]
pub(crate) struct Cursor {
    storage: Arc<dyn Storage>,
    open: Option<OpenSegment>,
    /// Offset of the next record in the open segment.
    next: Offset,
    /// Records below this one are passed over.
    wanted: Offset,
    /// Bytes gone past since the cursor's first segment, headers included.
    passed_bytes: u64,
}

#[derive(Debug)]
struct OpenSegment {
    base: Offset,
    file: Arc<dyn StorageFile>,
    /// Where `buffer` begins in the file.
    at: u64,
    buffer: Vec<u8>,
    /// How much of `buffer` is done with.
    used: usize,
    /// How much of `buffer` holds file content.
    filled: usize,
}

/// The front of what is left of a segment.
enum Front {
    Record(u8, Vec<u8>),
    Mark,
    /// No whole valid frame; `left` bytes remain.
    Stuck {
        left: usize,
        what: &'static str,
    },
}

impl OpenSegment {
    /// Reads on until `needed` bytes are at hand; says whether there were so many.
    fn refill(&mut self, needed: usize) -> io::Result<bool> {
        self.buffer.copy_within(self.used..self.filled, 0);
        self.at += self.used as u64;
        self.filled -= self.used;
        self.used = 0;
        if self.buffer.len() < needed {
            self.buffer.resize(needed, 0);
        }
        while self.filled < needed {
            let Some(room) = self.buffer.get_mut(self.filled..) else { return Ok(false) };
            match self.file.read_at(self.at + self.filled as u64, room)? {
                0 => return Ok(false),
                read => self.filled += read,
            }
        }
        Ok(true)
    }

    /// Forgets what was read ahead: it may have been half-written then, or taken back since.
    fn forget(&mut self) {
        self.at += self.used as u64;
        self.used = 0;
        self.filled = 0;
    }

    fn front(&mut self, next: Offset) -> io::Result<Front> {
        let mut fresh = self.used == self.filled;
        loop {
            let (left, what) = loop {
                let rest = self.buffer.get(self.used..self.filled).unwrap_or_default();
                match parse(rest) {
                    Parsed::Frame { offset, kind, payload, bytes } if offset == next => {
                        let mark = kind == KIND_MARK;
                        let front = if mark { Front::Mark } else { Front::Record(kind, payload.to_vec()) };
                        self.used += bytes;
                        return Ok(front);
                    }
                    Parsed::Frame { .. } => break (rest.len(), "a record is out of order"),
                    Parsed::Bad(what) => break (rest.len(), what),
                    Parsed::Short { needed } => {
                        if !self.refill(needed)? {
                            break (self.filled, "a record is cut off");
                        }
                    }
                }
            };
            self.forget();
            if fresh {
                return Ok(Front::Stuck { left, what });
            }
            fresh = true;
        }
    }

    fn position(&self) -> u64 {
        self.at + self.used as u64
    }
}

impl Cursor {
    pub(crate) fn new(storage: Arc<dyn Storage>, wanted: Offset) -> Self {
        Self { storage, open: None, next: wanted, wanted, passed_bytes: 0 }
    }

    /// The next record this will give out.
    pub(crate) fn next(&self) -> Offset {
        self.next.max(self.wanted)
    }

    /// Bytes gone past since the first segment that was read, headers and marks included.
    pub(crate) fn passed_bytes(&self) -> u64 {
        self.passed_bytes + self.open.as_ref().map_or(0, OpenSegment::position)
    }

    /// The next record, or `None` at the end. `limit` is the writer's word that all below it is there;
    /// without it, whatever is not whole at the very end counts as still being written.
    pub(crate) fn poll(&mut self, limit: Option<Offset>) -> Result<Option<Record>, LogError> {
        let mut later = None;
        loop {
            if limit.is_some_and(|limit| self.next() >= limit) {
                return Ok(None);
            }
            let Some(open) = &mut self.open else {
                if !self.enter()? {
                    return Ok(None);
                }
                continue;
            };
            let front = open
                .front(self.next)
                .map_err(|source| LogError::io("read", segment::name(open.base), source))?;
            match front {
                Front::Mark => {}
                Front::Record(kind, payload) => {
                    let offset = self.next;
                    self.next = offset.plus(1);
                    if offset >= self.wanted {
                        return Ok(Some(Record { offset, kind, payload }));
                    }
                }
                Front::Stuck { left, what } => {
                    let (base, byte) = (open.base, open.position());
                    let corrupt = || LogError::Corrupt { file: segment::name(base), byte, what };
                    match later.take() {
                        // Closed, if there is a later one; but it may have grown before that: look again.
                        None => later = self.bases()?.into_iter().find(|later| *later > base),
                        Some(_) if left > 0 => return Err(corrupt()),
                        Some(first) if first != self.next => {
                            return Err(LogError::Trimmed { wanted: self.next(), first });
                        }
                        Some(next) => {
                            self.passed_bytes += byte;
                            self.open(next)?;
                            continue;
                        }
                    }
                    if later.is_none() {
                        return if limit.is_some() { Err(corrupt()) } else { Ok(None) };
                    }
                }
            }
        }
    }

    fn tail_bytes(&self) -> Result<u64, LogError> {
        let Some(open) = &self.open else { return Ok(0) };
        let len =
            open.file.len().map_err(|source| LogError::io("measure", segment::name(open.base), source))?;
        Ok(len.saturating_sub(open.position()))
    }

    /// What stands behind the last whole record, read anew.
    fn tail(&self) -> Result<Option<Tail>, LogError> {
        let Some(open) = &self.open else { return Ok(None) };
        let file = segment::name(open.base);
        let byte = open.position();
        let mut rest = Vec::new();
        let mut piece = vec![0; READ_BYTES];
        loop {
            let at = byte + rest.len() as u64;
            match open.file.read_at(at, &mut piece).map_err(|source| LogError::io("read", &file, source))? {
                0 => break,
                read => rest.extend_from_slice(piece.get(..read).unwrap_or_default()),
            }
        }
        let (records, damaged) = segment::behind(&rest, self.next);
        let bytes = rest.len() as u64;
        Ok((bytes > 0).then_some(Tail { file, byte, bytes, records, damaged }))
    }

    fn bases(&self) -> Result<Vec<Offset>, LogError> {
        let names = self.storage.list().map_err(|source| LogError::io("list", ".", source))?;
        Ok(segment::bases(&names))
    }

    /// Opens the segment that holds the next record; `false` if there is no log yet.
    fn enter(&mut self) -> Result<bool, LogError> {
        let wanted = self.next();
        let bases = self.bases()?;
        let Some(&first) = bases.first() else { return Ok(false) };
        let Some(&base) = bases.iter().rev().find(|base| **base <= wanted) else {
            return Err(LogError::Trimmed { wanted, first });
        };
        self.open(base)?;
        self.next = base;
        Ok(true)
    }

    fn open(&mut self, base: Offset) -> Result<(), LogError> {
        let name = segment::name(base);
        let file = match self.storage.open_read(&name) {
            Ok(file) => file,
            // Retention was quicker.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let first = self.bases()?.first().copied().unwrap_or(base);
                return Err(LogError::Trimmed { wanted: self.next(), first });
            }
            Err(source) => return Err(LogError::io("open", name, source)),
        };
        let mut open = OpenSegment { base, file, at: 0, buffer: vec![0; READ_BYTES], used: 0, filled: 0 };
        open.refill(HEADER_BYTES).map_err(|source| LogError::io("read", &name, source))?;
        segment::check_header(open.buffer.get(..open.filled).unwrap_or_default(), base)?;
        open.used = HEADER_BYTES;
        self.open = Some(open);
        Ok(())
    }
}

/// Reads a [`Log`] of this process: up to what is written (or durable), further when asked again.
///
/// As an iterator it ends when it has caught up, and goes on after more was written.
pub struct Reader {
    log: Log,
    cursor: Cursor,
    durable_only: bool,
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("next", &self.next_offset()).finish_non_exhaustive()
    }
}

impl Reader {
    pub(crate) fn new(log: Log, from: Offset, durable_only: bool) -> Self {
        let cursor = Cursor::new(Arc::clone(&log.inner.storage), from);
        Self { log, cursor, durable_only }
    }

    /// The offset it gives out next.
    #[must_use]
    pub fn next_offset(&self) -> Offset {
        self.cursor.next()
    }

    pub(crate) fn passed_bytes(&self) -> u64 {
        self.cursor.passed_bytes()
    }

    /// The next record, or `None` when caught up.
    ///
    /// # Errors
    /// [`LogError::Trimmed`] if retention was quicker, [`LogError::Corrupt`], or what the storage said.
    pub fn poll(&mut self) -> Result<Option<Record>, LogError> {
        let limit = if self.durable_only { self.log.durable() } else { self.log.next() };
        self.cursor.poll(Some(limit))
    }
}

impl Iterator for Reader {
    type Item = Result<Record, LogError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.poll().transpose()
    }
}

/// Where a [`LogReader`] begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// At the first record kept.
    First,
    /// At this offset.
    At(Offset),
    /// This many records before the end, or at the first if there are fewer; 0 is the end.
    Last(u64),
}

/// Reads a log folder that another process may be writing. Takes no lock and changes nothing.
///
/// It gives out whole records as soon as they are written, so before they are durable. As an iterator it
/// ends when it has caught up, and goes on after more was written (`tail -f`).
#[derive(Debug)]
pub struct LogReader {
    cursor: Cursor,
}

impl LogReader {
    /// Opens the folder at `path`.
    ///
    /// # Errors
    /// There is no such folder, or it cannot be read.
    pub fn open_read_only(path: impl Into<PathBuf>, start: Start) -> Result<Self, LogOpenError> {
        Ok(Self::open(DiskStorage::open_read_only(path)?, start)?)
    }

    /// Opens the log in `storage`.
    ///
    /// # Errors
    /// What the storage said, or that an old segment is damaged where the end had to be found.
    pub fn open(storage: Arc<dyn Storage>, start: Start) -> Result<Self, LogError> {
        let names = storage.list().map_err(|source| LogError::io("list", ".", source))?;
        let bases = segment::bases(&names);
        let first = bases.first().copied().unwrap_or_default();
        let from = match start {
            Start::First => first,
            Start::At(offset) => offset,
            Start::Last(count) => {
                let end = end(&storage, bases.last().copied().unwrap_or_default())?;
                Offset::new(end.get().saturating_sub(count)).max(first)
            }
        };
        Ok(Self { cursor: Cursor::new(storage, from) })
    }

    /// The offset it gives out next.
    #[must_use]
    pub fn next_offset(&self) -> Offset {
        self.cursor.next()
    }

    /// The next record, or `None` when caught up for now.
    ///
    /// # Errors
    /// [`LogError::Trimmed`] if retention was quicker, [`LogError::Corrupt`], or what the storage said.
    pub fn poll(&mut self) -> Result<Option<Record>, LogError> {
        self.cursor.poll(None)
    }

    /// Bytes behind the last whole record: 0, or a record being written, a torn tail or damage. A folder
    /// that nobody writes and that has such bytes was not closed cleanly.
    ///
    /// # Errors
    /// What the storage said.
    pub fn tail_bytes(&self) -> Result<u64, LogError> {
        self.cursor.tail_bytes()
    }

    /// What stands behind the last whole record, if anything does. While the folder is being written, a record may
    /// have become whole since: it is damage only if [`LogReader::poll`] gives out nothing afterwards either.
    ///
    /// Reads all of it, up to a whole segment.
    ///
    /// # Errors
    /// What the storage said.
    pub fn tail(&self) -> Result<Option<Tail>, LogError> {
        self.cursor.tail()
    }
}

/// Bytes behind the last whole record of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tail {
    /// The segment's file name.
    pub file: String,
    /// Where in it they begin.
    pub byte: u64,
    /// How many they are.
    pub bytes: u64,
    /// Whole records among them.
    pub records: u64,
    /// They hold something that is written only behind whole records: what lies before it is damaged, not unfinished.
    pub damaged: bool,
}

impl Iterator for LogReader {
    type Item = Result<Record, LogError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.poll().transpose()
    }
}

/// Why a log folder could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogOpenError {
    /// The folder.
    #[error(transparent)]
    Storage(#[from] StorageOpenError),
    /// What is in it.
    #[error(transparent)]
    Log(#[from] LogError),
}

/// The offset after the last whole record of a log whose last segment begins at `last`.
fn end(storage: &Arc<dyn Storage>, last: Offset) -> Result<Offset, LogError> {
    let mut cursor = Cursor::new(Arc::clone(storage), last);
    while cursor.poll(None)?.is_some() {}
    Ok(cursor.next())
}
