//! What a gate keeps in its data folder, and what can go wrong when it is opened.
//!
//! `spool/` requests not yet in the log · `next_seq` the number behind those given out · `log/` the event log ·
//! `replay/`, `replay.key` nonces used · `dead/` ids that have ended · `table.json` the last good key table.

use super::numbers::Numbers;
use super::recorder::access_line;
use crate::atomic_file::{Unsynced, WriteError};
use crate::config::Config;
use std::io;
use std::path::{Path, PathBuf};
use sumun_model::wire::AccessLine;
use sumun_stream::{
    DiskStorage, JoinedRecord, Log, LogError, LogOptions, LogReader, Offset, Opened, Record, Recovery, Spool,
    SpoolOpenError, SpoolOptions, Start, StorageOpenError,
};
use tracing::warn;

/// Lines at the end of the event log looked through for the highest number: more than can be in flight at once.
const SEQ_LOOK_BACK: u64 = 100_000;

/// Why a gate does not start.
#[derive(Debug, thiserror::Error)]
pub(super) enum StartError {
    /// A folder or file of the data directory.
    #[error("cannot use `{path}`: {source}; check that it exists, its permissions and the disk")]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A folder is in use or cannot be opened.
    #[error("cannot open `{path}`: {source}")]
    Storage {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: StorageOpenError,
    },
    /// A log cannot be read.
    #[error(
        "cannot read `{path}`: {source}; or move the whole folder aside and keep it: its records are evidence"
    )]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: LogError,
    },
    /// The spool cannot be opened.
    #[error("cannot open the spool in `{path}`")]
    Spool {
        /// Where.
        path: PathBuf,
        /// Why.
        #[source]
        source: SpoolOpenError,
    },
    /// A file cannot be written.
    #[error(transparent)]
    Write(WriteError),
    /// A file is written, and may not outlive a power cut.
    #[error(transparent)]
    Unsynced(Unsynced),
    /// No entropy.
    #[error("{0}")]
    Entropy(String),
    /// The replay key is damaged.
    #[error(
        "`{0}` does not hold 32 hexadecimal digits; restore it, or move it and the folder `replay` beside it away \
         together: every nonce used so far is then forgotten"
    )]
    HashKey(PathBuf),
    /// There is a journal of nonces and no key to read it with.
    #[error(
        "`{0}` is gone, without which the nonces in the folder `replay` beside it cannot be told; restore it, or move \
         the folder away: every nonce used so far is then forgotten"
    )]
    HashKeyGone(PathBuf),
    /// The registry of dead ids holds something else.
    #[error(
        "`{path}`: record {number} is not the id of a key that has ended; use the build that wrote it, or restore the \
         folder from a copy. Moved away, every key that ended could be made to live again"
    )]
    DeadId {
        /// The registry.
        path: PathBuf,
        /// Which record, from 0.
        number: u64,
    },
}

/// Creates the data folder if need be.
pub(super) fn prepare(path: &Path) -> Result<(), StartError> {
    std::fs::create_dir_all(path).map_err(|source| StartError::Folder { path: path.to_owned(), source })
}

pub(super) fn open_log(folder: &Path, options: LogOptions) -> Result<Log, StartError> {
    let storage = DiskStorage::open(folder)
        .map_err(|source| StartError::Storage { path: folder.to_owned(), source })?;
    let (log, recovery) =
        Log::open(storage, options).map_err(|source| StartError::Read { path: folder.to_owned(), source })?;
    tell(folder, &recovery);
    Ok(log)
}

/// Says what opening a folder had to put right.
fn tell(folder: &Path, recovery: &Recovery) {
    let shown = folder.display();
    if recovery.dropped_bytes > 0 {
        warn!(
            "`{shown}` ended in {} bytes of an unfinished record, which were never acknowledged and are cut off",
            recovery.dropped_bytes
        );
    }
    if recovery.dropped_records > 0 {
        warn!(
            "Among them in `{shown}` were {} whole records behind a hole, never acknowledged either",
            recovery.dropped_records
        );
    }
    if recovery.rewritten {
        warn!("`{shown}` met a failed write when last used; its newest file was copied anew. Check the disk");
    }
}

/// Event log and spool, and who numbers the lines.
pub(super) struct Events {
    pub(super) log: Log,
    pub(super) opened: Opened,
    pub(super) numbers: Numbers,
}

pub(super) fn open_events(config: &Config) -> Result<Events, StartError> {
    let options =
        LogOptions { segment_bytes_max: config.log.segment_bytes_max.get(), first_offset: Offset::ZERO };
    let log = open_log(&config.log_dir(), options)?;
    let spool_dir = config.spool_dir();
    let storage = DiskStorage::open(&spool_dir)
        .map_err(|source| StartError::Storage { path: spool_dir.clone(), source })?;
    let options = SpoolOptions {
        bytes_max: config.gate.spool.bytes_max.get(),
        segment_bytes_max: config.gate.spool.segment_bytes_max.get(),
    };
    let opened = Spool::open(storage, &log, options)
        .map_err(|source| StartError::Spool { path: spool_dir.clone(), source })?;
    tell(&spool_dir, &opened.recovery);
    let after_written = last_seq(config)?.map_or(1, |seq| seq + 1);
    let path = config.data_dir.join("next_seq");
    let (numbers, missing) =
        Numbers::open(&path, after_written).map_err(|source| StartError::Folder { path, source })?;
    if missing > 0 {
        warn!("{missing} decisions before this start were not recorded; their numbers are missing in `seq`");
    }
    Ok(Events { log, opened, numbers })
}

/// The highest number written, in what the spool still holds and at the end of the log.
fn last_seq(config: &Config) -> Result<Option<u64>, StartError> {
    let in_log = highest_seq(&config.log_dir(), Start::Last(SEQ_LOOK_BACK), |record| {
        JoinedRecord::parse(record).and_then(|joined| access_line(joined.payload))
    })?;
    // Kinds mean something else here: what was admitted or decided is a line as it stands, all else is none.
    let in_spool = highest_seq(&config.spool_dir(), Start::First, |record| access_line(&record.payload))?;
    Ok(in_log.max(in_spool))
}

fn highest_seq(
    path: &Path,
    start: Start,
    line: impl Fn(&Record) -> Option<Box<AccessLine>>,
) -> Result<Option<u64>, StartError> {
    let reader = LogReader::open_read_only(path, start).map_err(|error| StartError::Folder {
        path: path.to_owned(),
        source: io::Error::other(error.to_string()),
    })?;
    let mut highest = None;
    for record in reader {
        let record = record.map_err(|source| StartError::Read { path: path.to_owned(), source })?;
        highest = highest.max(line(&record).and_then(|line| line.seq));
    }
    Ok(highest)
}
