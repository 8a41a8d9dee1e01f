//! What a gate keeps of the feed, so that it starts alone with the version it held.
//!
//! `feed.json`: a table as of some version, one line about it and one a key. `feed/`: the signed lines of deltas since, and how
//! far govern has acknowledgements. A table is written anew when the deltas have become many.

use super::super::disk::{StartError, open_log};
use super::super::with_cause;
use crate::atomic_file;
use crate::config::Config;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};
use sumun_feed::{Frame, PublicKey};
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
    at: Timestamp,
    keys: u64,
    /// Up to which version govern had acknowledgements then.
    acknowledged: u64,
    /// Hex SHA-256 of all lines behind this one.
    digest: String,
}

/// All keys as they stood at a version.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in super::super) struct Held {
    pub(in super::super) version: u64,
    /// As of when, by govern's clock.
    pub(in super::super) at: Option<Timestamp>,
    pub(in super::super) records: BTreeMap<KeyId, Value>,
    /// Up to which version govern has acknowledgements.
    pub(in super::super) acknowledged: u64,
    /// Keys changed by versions that it has none for.
    pub(in super::super) unacknowledged: Vec<KeyId>,
}

impl Held {
    pub(super) fn snapshot(version: u64, at: Timestamp, records: &[Value]) -> Self {
        let records = records.iter().filter_map(|record| Some((key_of(record)?, record.clone()))).collect();
        Self { version, at: Some(at), records, ..Self::default() }
    }

    fn overlay(&mut self, version: u64, at: Timestamp, records: Vec<Value>) {
        for mut record in records {
            let Some(key) = key_of(&record) else { continue };
            // As when it was applied: an end that had passed is not put off.
            if let Some(end) = self.records.get(&key).and_then(end_of)
                && end <= at
                && end_of(&record).is_some_and(|later| later > at)
                && let Some(expires) = record.get_mut("expires")
            {
                *expires = Value::String(end.to_string());
            }
            self.records.insert(key, record);
        }
        self.version = version;
        self.at = Some(at);
    }
}

/// Which key a record is about.
pub(in super::super) fn key_of(record: &Value) -> Option<KeyId> {
    KeyId::new(record.get("key")?.as_str()?).ok()
}

fn end_of(record: &Value) -> Option<Timestamp> {
    record.get("expires")?.as_str()?.parse().ok()
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
                    let Frame::Delta { version, at, records, .. } = frame else {
                        return Err(damaged("a frame that is no delta".to_owned()));
                    };
                    let Some(held) = held.as_mut().filter(|held| version > held.version) else { continue };
                    if version != held.version + 1 {
                        return Err(damaged(format!("after version {} stands {version}", held.version)));
                    }
                    changed.extend(records.iter().filter_map(|record| Some((version, key_of(record)?))));
                    held.overlay(version, at, records);
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
mod tests {
    use super::*;
    use serde_json::json;
    use sumun_feed::SigningKey;

    fn key() -> SigningKey {
        SigningKey::from_seed(&[3; 32])
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis((1_795_000_000 + second) * 1000)
    }

    fn record(key: &str, account: &str, expires: i64) -> Value {
        json!({ "key": key, "account": account, "expires": at(expires) })
    }

    fn delta(version: u64, records: Vec<Value>) -> String {
        let second = i64::try_from(version).unwrap();
        Frame::Delta { version, entry: version, at: at(second), records }.sign(&key()).unwrap()
    }

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn open(&self) -> Result<(FeedDisk, Option<Held>), DiskError> {
            let config = Config { data_dir: self.0.path().to_owned(), ..Config::default() };
            FeedDisk::open(&config, key().public())
        }
    }

    /// With a table of one key at version 7.
    fn kept() -> (Folder, FeedDisk) {
        let folder = Folder(tempfile::tempdir().unwrap());
        let (mut disk, held) = folder.open().unwrap();
        assert_eq!(held, None);
        disk.replace(&Held::snapshot(7, at(7), &[record("K1", "A1", 100)])).unwrap();
        (folder, disk)
    }

    fn accounts(held: &Held) -> Vec<String> {
        held.records.values().map(|record| record["account"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn what_was_kept_is_there_again_without_half_a_line() {
        let (folder, disk) = kept();
        disk.keep(&delta(8, vec![record("K1", "A8", 100)])).unwrap();
        let long = "x".repeat(PAYLOAD_BYTES_MAX + 10);
        disk.keep(&delta(9, vec![record("K2", &long, 100)])).unwrap();
        disk.acknowledged(8).unwrap();
        // A crash in the middle of a long line.
        disk.log.append(PIECE, b"half a line").unwrap();
        disk.sync().unwrap();
        drop(disk);
        let (disk, held) = folder.open().unwrap();
        let held = held.unwrap();
        assert_eq!((held.version, held.at, held.acknowledged), (9, Some(at(9)), 8));
        assert_eq!(accounts(&held), ["A8".to_owned(), long]);
        assert_eq!(held.unacknowledged, [KeyId::new("K2").unwrap()]);
        disk.keep(&delta(10, vec![record("K3", "A10", 100)])).unwrap();
        drop(disk);
        assert_eq!(folder.open().unwrap().1.unwrap().version, 10);
    }

    #[test]
    fn a_table_written_anew_takes_the_deltas_in() {
        let (folder, mut disk) = kept();
        for version in 8..20 {
            disk.keep(&delta(version, vec![record("K1", &format!("A{version}"), 100)])).unwrap();
        }
        disk.acknowledged(12).unwrap();
        disk.sync().unwrap();
        let before = disk.load().unwrap().unwrap();
        disk.compact_from(u64::MAX).unwrap();
        assert_eq!(
            disk.parse(&std::fs::read_to_string(&disk.table).unwrap()).unwrap().version,
            7,
            "not worth it yet"
        );
        disk.compact_from(1).unwrap();
        assert_eq!(
            disk.parse(&std::fs::read_to_string(&disk.table).unwrap()).unwrap().version,
            before.version
        );
        drop(disk);
        let (disk, held) = folder.open().unwrap();
        // The deltas may stand there still; they are passed over.
        let held = held.unwrap();
        assert_eq!((held.version, held.acknowledged, accounts(&held)), (19, 12, vec!["A19".to_owned()]));
        disk.keep(&delta(20, Vec::new())).unwrap();
        drop(disk);
        assert_eq!(folder.open().unwrap().1.unwrap().version, 20);
    }

    #[test]
    fn an_end_that_had_passed_is_not_put_off_by_starting_again() {
        let (folder, disk) = kept();
        // Version 8 is of second 8: 100 was to come, and may be put off. Version 9 says second 5, version 10 more again.
        disk.keep(&delta(8, vec![record("K1", "A8", 200)])).unwrap();
        disk.keep(&delta(9, vec![record("K1", "A9", 5)])).unwrap();
        disk.keep(&delta(10, vec![record("K1", "A10", 300)])).unwrap();
        drop(disk);
        let held = folder.open().unwrap().1.unwrap();
        let end = held.records.values().next().and_then(end_of);
        assert_eq!((end, accounts(&held)), (Some(at(5)), vec!["A10".to_owned()]));
    }

    #[test]
    fn damage_is_told() {
        let (folder, disk) = kept();
        disk.keep(&delta(9, Vec::new())).unwrap();
        drop(disk);
        assert!(folder.open().err().unwrap().to_string().contains("after version 7 stands 9"));
        let (folder, disk) = kept();
        disk.keep(&Frame::Heartbeat { version: 8, at: at(8) }.sign(&key()).unwrap()).unwrap();
        drop(disk);
        assert!(folder.open().err().unwrap().to_string().contains("a frame that is no delta"));
        let (folder, disk) = kept();
        let forged = Frame::Delta { version: 8, entry: 1, at: at(8), records: Vec::new() };
        disk.keep(&forged.sign(&SigningKey::from_seed(&[9; 32])).unwrap()).unwrap();
        drop(disk);
        assert!(folder.open().err().unwrap().to_string().contains("does not fit"));
        let (folder, disk) = kept();
        let text = std::fs::read_to_string(&disk.table).unwrap();
        std::fs::write(&disk.table, text.replace("A1", "A2")).unwrap();
        drop(disk);
        assert!(folder.open().err().unwrap().to_string().contains("not as it was written"));
    }
}
