//! What a gate keeps of the feed, so that it starts alone with the version it held.
//!
//! `feed.json`: a table as of some version, one line about it and one a key. `feed/`: the signed lines of deltas since, and how
//! far govern has acknowledgements. A table is written anew when the deltas have become many.

use super::super::disk::{StartError, open_log};
use super::super::with_cause;
use super::held::{Held, key_of};
use crate::atomic_file;
use crate::config::Config;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};
use sumun_feed::{Delta, Frame, Mark, PublicKey};
use sumun_model::{KeyId, Timestamp};
use sumun_stream::{Log, LogError, LogOptions, PAYLOAD_BYTES_MAX, Retention};

/// A whole line, or the last piece of one.
const DELTA: u8 = 1;
/// A piece of a line that goes on.
const PIECE: u8 = 2;
/// The pieces before are of a line that was never finished.
const RESET: u8 = 3;
/// Govern has the acknowledgement of all up to this version: eight bytes, little endian.
const ACKNOWLEDGED: u8 = 4;

/// Bytes of one file of deltas: small, so that space is given back in small steps.
const SEGMENT_BYTES_MAX: u64 = 4 << 20;
/// Deltas are put into the table once they have so many bytes, or half as many as the table.
const DELTA_BYTES_MAX: u64 = 8 << 20;

/// Why what is kept cannot be used.
#[derive(Debug, thiserror::Error)]
pub(in super::super) enum DiskError {
    /// The folder.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The table.
    #[error(
        "`{path}` cannot be used: {problem}; restore it from a copy, or move it and the folder `feed` beside it away: this gate \
         then starts once it has heard from govern"
    )]
    Table {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The deltas.
    #[error(
        "`{path}` cannot be used: {problem}; restore it from a copy, or move it and `feed.json` beside it away: this gate then \
         starts once it has heard from govern"
    )]
    Deltas {
        /// Which folder.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A record could not be written.
    #[error("what the feed said cannot be kept: {0}; look at the disk of data_dir")]
    Write(String),
}

impl From<LogError> for DiskError {
    fn from(error: LogError) -> Self {
        Self::Write(with_cause(&error))
    }
}

/// The first line of `feed.json`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    version: u64,
    /// What that version is.
    #[serde(default)]
    mark: Option<Mark>,
    at: Timestamp,
    keys: u64,
    /// Up to which version govern had acknowledgements then.
    acknowledged: u64,
    /// Hex SHA-256 of all lines behind this one.
    digest: String,
}

/// Keeps what the feed says.
pub(in super::super) struct FeedDisk {
    log: Log,
    folder: PathBuf,
    table: PathBuf,
    key: PublicKey,
    /// Bytes of the log when the table was last written.
    bytes_before: u64,
    table_bytes: u64,
}

impl FeedDisk {
    /// Opens it. `None`: nothing was ever heard.
    pub(in super::super) fn open(config: &Config, key: PublicKey) -> Result<(Self, Option<Held>), DiskError> {
        let folder = config.data_dir.join("feed");
        let options = LogOptions { segment_bytes_max: SEGMENT_BYTES_MAX, ..LogOptions::default() };
        let log = open_log(&folder, options)?;
        let table = config.data_dir.join("feed.json");
        let disk = Self { bytes_before: 0, table_bytes: 0, log, folder, table, key };
        // A line that a crash cut off must not be taken for the beginning of the next.
        disk.log.append(RESET, &[])?;
        let held = disk.load()?;
        Ok((disk, held))
    }

    /// The table as of the last version kept.
    fn load(&self) -> Result<Option<Held>, DiskError> {
        let mut held = match std::fs::read_to_string(&self.table) {
            Ok(text) => Some(self.parse(&text)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                return Err(DiskError::Table { path: self.table.clone(), problem: error.to_string() });
            }
        };
        let mut acknowledged = 0;
        let mut changed: Vec<(u64, KeyId)> = Vec::new();
        let mut line = Vec::new();
        let damaged = |problem: String| DiskError::Deltas { path: self.folder.clone(), problem };
        for record in self.log.reader(self.log.first()) {
            let record = record.map_err(|error| damaged(with_cause(&error)))?;
            match record.kind {
                RESET => line.clear(),
                PIECE => line.extend_from_slice(&record.payload),
                ACKNOWLEDGED => {
                    let bytes = record.payload.as_slice().try_into();
                    let version =
                        bytes.map(u64::from_le_bytes).map_err(|_| damaged("a bad record".to_owned()))?;
                    acknowledged = acknowledged.max(version);
                }
                DELTA => {
                    line.extend_from_slice(&record.payload);
                    let text = String::from_utf8_lossy(&line).into_owned();
                    line.clear();
                    let frame =
                        Frame::verify(&text, &self.key).map_err(|error| damaged(error.to_string()))?;
                    let Frame::Delta { version, mark, at, records } = frame else {
                        return Err(damaged("a frame that is no delta".to_owned()));
                    };
                    let Some(held) = held.as_mut().filter(|held| version > held.version) else { continue };
                    if version != held.version + 1 {
                        return Err(damaged(format!("after version {} stands {version}", held.version)));
                    }
                    changed.extend(records.iter().filter_map(|record| Some((version, key_of(record)?))));
                    held.overlay(Delta { version, mark, at, records });
                }
                other => return Err(damaged(format!("a record of kind {other}, which another build wrote"))),
            }
        }
        Ok(held.map(|mut held| {
            held.acknowledged = held.acknowledged.max(acknowledged).min(held.version);
            held.unacknowledged = changed
                .into_iter()
                .filter_map(|(version, key)| (version > held.acknowledged).then_some(key))
                .collect();
            held
        }))
    }

    fn parse(&self, text: &str) -> Result<Held, DiskError> {
        let damaged = |problem: String| DiskError::Table { path: self.table.clone(), problem };
        let (head, rest) = text.split_once('\n').ok_or_else(|| damaged("it has no first line".to_owned()))?;
        let head: Head = serde_json::from_str(head).map_err(|error| damaged(error.to_string()))?;
        if hex::encode(Sha256::digest(rest.as_bytes())) != head.digest {
            return Err(damaged("it is not as it was written".to_owned()));
        }
        let mut held = Held {
            version: head.version,
            mark: head.mark,
            at: Some(head.at),
            acknowledged: head.acknowledged,
            ..Held::default()
        };
        for line in rest.lines() {
            let record: Value = serde_json::from_str(line).map_err(|error| damaged(error.to_string()))?;
            let key = key_of(&record).ok_or_else(|| damaged("a record without a key".to_owned()))?;
            held.records.insert(key, record);
        }
        if held.records.len() as u64 != head.keys {
            return Err(damaged("it does not hold as many keys as it says".to_owned()));
        }
        Ok(held)
    }

    /// Writes the table anew; what was kept of deltas up to it is not needed any more. On the disk when it returns.
    pub(super) fn replace(&mut self, held: &Held) -> Result<(), DiskError> {
        let mut rest = String::new();
        for record in held.records.values() {
            rest.push_str(&record.to_string());
            rest.push('\n');
        }
        let head = Head {
            version: held.version,
            mark: held.mark,
            at: held.at.unwrap_or(Timestamp::MIN),
            keys: held.records.len() as u64,
            acknowledged: held.acknowledged,
            digest: hex::encode(Sha256::digest(rest.as_bytes())),
        };
        let head = serde_json::to_string(&head).map_err(|error| DiskError::Write(error.to_string()))?;
        let text = format!("{head}\n{rest}");
        let write = |error: &dyn std::error::Error| DiskError::Write(with_cause(error));
        let written = atomic_file::replace(&self.table, text.as_bytes()).map_err(|error| write(&error))?;
        written.durably().map_err(|error| write(&error))?;
        self.table_bytes = text.len() as u64;
        // What is not given back now is the next time.
        let _ = self.log.retain(&Retention { bytes_max: None, drop_below: Some(self.log.next()) });
        self.bytes_before = self.log.bytes();
        Ok(())
    }

    /// Keeps the signed line of a delta; on the disk after [`Self::sync`].
    pub(super) fn keep(&self, line: &str) -> Result<(), DiskError> {
        let mut pieces = line.as_bytes().chunks(PAYLOAD_BYTES_MAX).peekable();
        let mut records = Vec::new();
        while let Some(piece) = pieces.next() {
            records.push((if pieces.peek().is_some() { PIECE } else { DELTA }, piece));
        }
        self.log.append_batch(records)?;
        Ok(())
    }

    /// Waits for the disk.
    pub(super) fn sync(&self) -> Result<(), DiskError> {
        self.log.sync()?;
        Ok(())
    }

    /// Notes that govern has the acknowledgement. Lost, it is only handed in again.
    pub(super) fn acknowledged(&self, version: u64) -> Result<(), DiskError> {
        self.log.append(ACKNOWLEDGED, &version.to_le_bytes())?;
        Ok(())
    }

    /// Puts the deltas into the table if they have become many. All of them are synced.
    pub(super) fn compact(&mut self) -> Result<(), DiskError> {
        self.compact_from(DELTA_BYTES_MAX.max(self.table_bytes / 2))
    }

    fn compact_from(&mut self, bytes: u64) -> Result<(), DiskError> {
        if self.log.bytes().saturating_sub(self.bytes_before) < bytes {
            return Ok(());
        }
        let heard = heard(&self.table);
        if let Some(held) = self.load()? {
            self.replace(&held)?;
            note_heard(&self.table, heard);
        }
        Ok(())
    }

    /// Where the table stands, whose time of change says when the feed was last heard.
    pub(super) fn table(&self) -> &Path {
        &self.table
    }
}

/// When the feed was last heard, by govern's clock.
pub(super) fn heard(table: &Path) -> Timestamp {
    let modified = std::fs::metadata(table).and_then(|found| found.modified());
    let since_epoch = modified.ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    since_epoch.map_or(Timestamp::MIN, |since| {
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    })
}

/// Notes when the feed was last heard. Not noted, the table only seems older than it is.
pub(super) fn note_heard(table: &Path, at: Timestamp) {
    let since_epoch = Duration::from_micros(u64::try_from(at.as_micros()).unwrap_or(0));
    let _ = std::fs::File::open(table).and_then(|file| file.set_modified(UNIX_EPOCH + since_epoch));
}

#[cfg(test)]
mod tests;
