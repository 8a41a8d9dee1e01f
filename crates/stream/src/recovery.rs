//! Opening a log folder: find the last segment, cut a torn tail, make sure what is kept is on disk.
//!
//! Reads only the last segment; damage in an older one is found by whoever reads it. Never drops a record
//! that was acknowledged: that is an error instead.

use std::sync::Arc;

use crate::error::LogError;
use crate::record::Offset;
use crate::retention::Kept;
use crate::segment;
use crate::storage::{Storage, StorageFile, append_all, read_all};

/// Left behind by a log that met a failed fsync: the last segment's pages may be clean and yet not on disk.
pub(crate) const POISON_NAME: &str = "poisoned";

/// What opening found and did; worth a line in the operator's log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// First record kept.
    pub first: Offset,
    /// The next offset to be given out; all below it is durable.
    pub next: Offset,
    /// Bytes of a torn, never acknowledged tail that were cut off.
    pub dropped_bytes: u64,
    /// Whole records among them, behind a hole.
    pub dropped_records: u64,
    /// The last segment was copied anew, since its predecessor process met a failed fsync.
    pub rewritten: bool,
}

/// An opened folder, ready for appending.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) segments: Vec<Kept>,
    pub(crate) active: Arc<dyn StorageFile>,
    pub(crate) recovery: Recovery,
}

/// Opens the folder; all that is returned is on disk.
pub(crate) fn open(storage: &dyn Storage, first_offset: Offset) -> Result<Found, LogError> {
    let names = storage.list().map_err(|source| LogError::io("list", ".", source))?;
    if names.iter().any(|name| name == segment::TEMPORARY_NAME) {
        remove(storage, segment::TEMPORARY_NAME)?;
    }
    let bases = segment::bases(&names);
    let Some((&last, older)) = bases.split_last() else {
        let active = create_segment(storage, first_offset, &[])?;
        let segments = vec![Kept { base: first_offset, bytes: segment::HEADER_BYTES as u64 }];
        let recovery = Recovery { first: first_offset, next: first_offset, ..Recovery::default() };
        return Ok(Found { segments, active, recovery });
    };
    let mut segments = Vec::with_capacity(bases.len());
    for &base in older {
        let name = segment::name(base);
        let file = storage.open_read(&name).map_err(|source| LogError::io("open", &name, source))?;
        let bytes = file.len().map_err(|source| LogError::io("measure", &name, source))?;
        segments.push(Kept { base, bytes });
    }
    let name = segment::name(last);
    let mut active = storage.open_append(&name).map_err(|source| LogError::io("open", &name, source))?;
    let mut bytes = read_all(&*active).map_err(|source| LogError::io("read", &name, source))?;
    let scan = segment::scan(&bytes, last)?;
    let dropped_bytes = (bytes.len() - scan.valid_bytes) as u64;
    bytes.truncate(scan.valid_bytes);
    if dropped_bytes > 0 {
        active
            .truncate(scan.valid_bytes as u64)
            .map_err(|source| LogError::io("cut the torn tail of", &name, source))?;
    }
    let rewritten = names.iter().any(|name| name == POISON_NAME);
    if rewritten {
        let records = bytes.get(segment::HEADER_BYTES..).unwrap_or_default();
        active = create_segment(storage, last, records)?;
        remove(storage, POISON_NAME)?;
    }
    // A process that was killed leaves records that were written and never synced; they count from here on.
    if let Err(source) = active.sync() {
        // A failed sync is not retried: the next process must copy the segment.
        let _ = storage.create(POISON_NAME);
        return Err(in_doubt("sync", &name, source));
    }
    storage.sync_dir().map_err(|source| LogError::io("sync", ".", source))?;
    segments.push(Kept { base: last, bytes: scan.valid_bytes as u64 });
    let first = segments.first().map_or(last, |segment| segment.base);
    let recovery =
        Recovery { first, next: scan.next, dropped_bytes, dropped_records: scan.dropped_records, rewritten };
    Ok(Found { segments, active, recovery })
}

/// Why a segment could not be made.
#[derive(Debug)]
pub(crate) enum CreateError {
    /// Nothing has happened, and it may be tried again: no space, no file handle.
    NotBegun(LogError),
    /// A sync or a rename failed: what is on disk is in doubt.
    InDoubt(LogError),
}

impl From<CreateError> for LogError {
    fn from(error: CreateError) -> Self {
        match error {
            CreateError::NotBegun(error) | CreateError::InDoubt(error) => error,
        }
    }
}

/// Makes a segment that is on disk, name and header and `records`, before anybody can see it.
pub(crate) fn create_segment(
    storage: &dyn Storage,
    base: Offset,
    records: &[u8],
) -> Result<Arc<dyn StorageFile>, CreateError> {
    let temporary = segment::TEMPORARY_NAME;
    let name = segment::name(base);
    let not_begun = |doing, source| CreateError::NotBegun(LogError::io(doing, temporary, source));
    let file = storage.create(temporary).map_err(|source| not_begun("create", source))?;
    let written = append_all(&*file, &segment::header(base)).and_then(|()| append_all(&*file, records));
    if let Err(source) = written {
        // Best effort: the name is free for the next try either way.
        let _ = storage.remove(temporary);
        return Err(not_begun("write", source));
    }
    let doubt = |doing, file, source| CreateError::InDoubt(in_doubt(doing, file, source));
    file.sync().map_err(|source| doubt("sync", temporary, source))?;
    storage.rename(temporary, &name).map_err(|source| doubt("rename", temporary, source))?;
    storage.sync_dir().map_err(|source| doubt("sync", ".", source))?;
    Ok(file)
}

/// Past the first sync even "disk full" is no longer harmless.
fn in_doubt(doing: &'static str, file: &str, source: std::io::Error) -> LogError {
    LogError::Io { doing, file: file.to_owned(), source }
}

fn remove(storage: &dyn Storage, name: &str) -> Result<(), LogError> {
    storage.remove(name).map_err(|source| LogError::io("remove", name, source))
}
