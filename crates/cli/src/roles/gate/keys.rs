//! The gate's source of keys while they live in a file: read, watched, applied, remembered.
//!
//! An edit takes effect as soon as the file is seen to have changed. A file that cannot be used changes nothing: the
//! table stays, grows old, and the error says what to do. What has ended is written to the registry of dead ids
//! on this gate's disk, so that no later file, restored or copied, makes it live again. The last good file is
//! kept as a snapshot, from which a gate starts alone.

use super::disk::{self, StartError};
use crate::atomic_file;
use crate::config::Config;
use crate::keys_file::{Format, KeyRecord, KeysFile, KeysFileError};
use crate::output::count;
use std::collections::HashMap;
use std::fs::Metadata;
use std::hash::{Hash, Hasher};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;
use sumun_dialect::MacKey;
use sumun_gate::{Change, Gate, KeySpec, KeyTable, Now, Revival, Status};
use sumun_model::{KeyId, KeyState, Timestamp};
use sumun_seal::{Keyring, OpenError};
use sumun_stream::{Log, LogError, LogOptions};
use tracing::{error, info, warn};

/// How often the file is looked at. One `stat` costs about a microsecond.
pub(super) const LOOK_INTERVAL: Duration = Duration::from_millis(20);
/// A file written this recently may be written again within the same tick of its time stamp: look once more.
const RACY_US: i64 = 100_000;
/// Record kind of a dead id.
const DEAD_KIND: u8 = 1;

/// Why keys could not be taken from the file.
#[derive(Debug, thiserror::Error)]
pub(super) enum KeySourceError {
    /// Not a keys file.
    #[error(transparent)]
    File(#[from] KeysFileError),
    /// A secret that does not open.
    #[error("the keys file cannot be used\n  {}: the secret of key `{key}` does not open: {source}", path.display())]
    Seal {
        /// In which file.
        path: PathBuf,
        /// Whose.
        key: KeyId,
        /// Why.
        #[source]
        source: OpenError,
    },
}

/// What tells one state of a file from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    bytes: u64,
    modified_us: i64,
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        let modified_us = metadata.mtime() * 1_000_000 + metadata.mtime_nsec() / 1_000;
        Self { inode: metadata.ino(), bytes: metadata.len(), modified_us }
    }
}

impl Stamp {
    /// One number for all three; two stamps that differ almost surely differ in it, and the housekeeper compares
    /// the stamps themselves.
    fn mixed(self) -> u64 {
        let mut hasher = std::hash::DefaultHasher::new();
        (self.inode, self.bytes, self.modified_us).hash(&mut hasher);
        hasher.finish()
    }
}

/// The registry of dead ids on disk.
pub(super) struct Dead(Log);

impl Dead {
    pub(super) fn open(config: &Config) -> Result<(Self, Vec<KeyId>), StartError> {
        let folder = config.data_dir.join("dead");
        let log = disk::open_log(&folder, LogOptions::default())?;
        let mut ids = Vec::new();
        for record in log.reader(log.first()) {
            let record = record.map_err(|source| StartError::Read { path: folder.clone(), source })?;
            let id = std::str::from_utf8(&record.payload).ok().and_then(|text| KeyId::new(text).ok());
            ids.extend(id.filter(|_| record.kind == DEAD_KIND));
        }
        Ok((Self(log), ids))
    }

    /// Writes ids down and waits for the disk: from here on this gate has acknowledged their end.
    fn bury(&self, ids: &[KeyId]) -> Result<(), LogError> {
        for id in ids {
            self.0.append(DEAD_KIND, id.as_str().as_bytes())?;
        }
        self.0.sync()?;
        info!("{} ended for good; the registry of dead ids has them", count(ids.len(), "key"));
        Ok(())
    }
}

/// Tells cheaply whether the keys file differs from what was last read. Shared with the request path.
pub(super) struct Glance {
    path: PathBuf,
    seen: AtomicU64,
}

/// Largest keys file that is read between a request and its decision: some two thousand keys, a few milliseconds.
/// A larger one is left to the housekeeper, which looks every [`LOOK_INTERVAL`].
const GLANCE_BYTES_MAX: u64 = 1 << 20;

impl Glance {
    /// Whether the file is small and was changed since it was last read.
    pub(super) fn differs(&self) -> bool {
        std::fs::metadata(&self.path).is_ok_and(|metadata| {
            metadata.len() <= GLANCE_BYTES_MAX
                && Stamp::of(&metadata).mixed() != self.seen.load(Ordering::Acquire)
        })
    }
}

/// Reads the keys file and keeps the table in step with it.
pub(super) struct KeySource {
    glance: Arc<Glance>,
    path: PathBuf,
    snapshot: PathBuf,
    proof_required: bool,
    keyring: Keyring,
    dead: Dead,
    /// Ended, and not yet in the registry: the disk would not take them.
    unburied: Vec<KeyId>,
    snapshot_owed: bool,
    gate: Arc<Gate>,
    known: HashMap<KeyId, KeyRecord>,
    stamp: Option<Stamp>,
    good: bool,
}

/// What a look at the file came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Looked {
    /// Nothing new, and the table is in step.
    Same,
    /// The table was changed.
    Changed,
    /// The file cannot be used; the table stays as it is and grows old.
    Unusable,
}

impl KeySource {
    pub(super) fn new(config: &Config, keyring: Keyring, dead: Dead, gate: Arc<Gate>) -> Self {
        Self {
            glance: Arc::new(Glance { path: config.gate.keys_file.clone(), seen: AtomicU64::new(0) }),
            path: config.gate.keys_file.clone(),
            snapshot: config.data_dir.join("table.json"),
            proof_required: config.gate.address_proof_required,
            keyring,
            dead,
            unburied: Vec::new(),
            snapshot_owed: false,
            gate,
            known: HashMap::new(),
            stamp: None,
            good: false,
        }
    }

    /// For the request path.
    pub(super) fn glance(&self) -> Arc<Glance> {
        Arc::clone(&self.glance)
    }

    /// Fills the table: from the snapshot what was known, then from the file what is. Without a usable file a gate
    /// starts alone from its snapshot.
    ///
    /// # Errors
    /// Neither can be used.
    pub(super) fn start(&mut self, now: Now) -> Result<(), KeySourceError> {
        let path = self.snapshot.clone();
        let snapshot = path.exists().then(|| read(&path));
        let from_snapshot = match snapshot {
            Some(Ok(file)) => match self.apply(file, &path, now) {
                Ok(()) => true,
                Err(cause) => {
                    warn!("The snapshot of the key table cannot be used: {cause}");
                    false
                }
            },
            Some(Err(cause)) => {
                warn!("The snapshot of the key table cannot be read: {cause}");
                false
            }
            None => false,
        };
        match self.load(now) {
            Ok(()) => Ok(()),
            Err(cause) if from_snapshot => {
                let at =
                    std::fs::metadata(&self.snapshot).map(|m| Stamp::of(&m).modified_us).unwrap_or(i64::MIN);
                self.gate.table.refreshed(Timestamp::from_micros(at));
                error!("{cause}\nStarted alone from the last good table of {}", Timestamp::from_micros(at));
                Ok(())
            }
            Err(cause) => Err(cause),
        }
    }

    /// Looks at the file; reads and applies it if it changed.
    pub(super) fn look(&mut self, now: Now) -> Looked {
        let metadata = std::fs::metadata(&self.path);
        let stamp = metadata.as_ref().ok().map(Stamp::of);
        let settled = stamp.is_some_and(|s| now.wall.as_micros().saturating_sub(s.modified_us) > RACY_US);
        if stamp == self.stamp && settled {
            if self.good {
                self.gate.table.refreshed(now.wall);
                return Looked::Same;
            }
            return Looked::Unusable;
        }
        if stamp.is_none() {
            if self.stamp.take().is_some() || self.good {
                let cause = metadata.err().map_or_else(String::new, |error| format!(": {error}"));
                error!(
                    "The keys file `{}` cannot be looked at{cause}; the table stays as it is and grows old. Put the \
                     file back",
                    self.path.display()
                );
            }
            self.good = false;
            return Looked::Unusable;
        }
        let before = self.gate.table.version();
        let repeated = stamp == self.stamp && !self.good;
        match self.load(now) {
            Ok(()) if self.gate.table.version() == before => Looked::Same,
            Ok(()) => Looked::Changed,
            Err(cause) => {
                if !repeated {
                    error!(
                        "{cause}\nThe table stays as it is and grows old; correct the file, no restart is needed"
                    );
                }
                Looked::Unusable
            }
        }
    }

    fn load(&mut self, now: Now) -> Result<(), KeySourceError> {
        // Taken before reading: what is written while it is read shows as another stamp.
        self.stamp = std::fs::metadata(&self.path).ok().as_ref().map(Stamp::of);
        self.glance.seen.store(self.stamp.map_or(0, Stamp::mixed), Ordering::Release);
        self.good = false;
        let path = self.path.clone();
        let file = read(&path)?;
        self.apply(file, &path, now)?;
        self.good = true;
        self.gate.table.refreshed(now.wall);
        Ok(())
    }

    /// Brings the table in step. All secrets are opened before anything is changed.
    fn apply(&mut self, file: KeysFile, path: &Path, now: Now) -> Result<(), KeySourceError> {
        let mut next = HashMap::with_capacity(file.keys.len());
        let mut statuses = Vec::new();
        let mut anew = Vec::new();
        let dead_before: std::collections::HashSet<KeyId> = self.gate.table.dead().into_iter().collect();
        for mut record in file.keys {
            if dead_before.contains(&record.key) && !status(&record).is_terminal() {
                // Kept as what it is, so that its use is answered and recorded as that of an ended key, not of an
                // unknown one.
                error!("{}", Revival { key: record.key.clone(), state: record.state });
                record.state = KeyState::Expired;
            }
            match self.known.get(&record.key) {
                Some(known) if *known == record => {}
                Some(known) if known.expires <= now.wall && record.expires > now.wall => {
                    error!(
                        "Key `{}` ended on {} and cannot be given a later end; issue a new key instead",
                        record.key, known.expires
                    );
                    record = known.clone();
                }
                Some(known) if only_status_differs(known, &record) => {
                    statuses.push((record.key.clone(), status(&record)));
                }
                _ => anew.push(record.key.clone()),
            }
            next.insert(record.key.clone(), record);
        }
        let anew: Vec<&KeyRecord> = anew.iter().filter_map(|id| next.get(id)).collect();
        let specs = self.specs(&anew, path)?;
        let gone: Vec<KeyId> = self.known.keys().filter(|id| !next.contains_key(*id)).cloned().collect();
        if statuses.is_empty() && specs.is_empty() && gone.is_empty() {
            self.known = next;
            return Ok(());
        }
        let table = &self.gate.table;
        // What takes away comes first, one store each.
        let mut refused = Vec::new();
        for (id, status) in statuses {
            refused.extend(table.apply(Change::Status(id, status)).err());
        }
        for id in gone {
            // What ended by the clock is taken out of a file in the end; it must not come back with a later one.
            if self.known.get(&id).is_some_and(|known| known.expires <= now.wall) {
                let ended = Status { state: KeyState::Expired, measure: None };
                refused.extend(table.apply(Change::Status(id.clone(), ended)).err());
            }
            refused.extend(table.apply(Change::Remove(id)).err());
        }
        refused.extend(self.put(specs));
        for revival in refused {
            error!("{revival}");
        }
        let newly: Vec<KeyId> = table.dead().into_iter().filter(|id| !dead_before.contains(id)).collect();
        self.known = next;
        self.unburied.extend(newly);
        self.snapshot_owed = true;
        for cause in self.settle() {
            error!("{cause}; it is tried again every second");
        }
        let table = &self.gate.table;
        info!(
            keys = table.len(),
            table.version = table.version(),
            "The key table was brought in step with its source"
        );
        Ok(())
    }

    /// A few keys are put one by one; many in one pass over the shards.
    fn put(&self, specs: Vec<KeySpec>) -> Vec<Revival> {
        const ONE_BY_ONE_MAX: usize = 64;
        let table: &KeyTable = &self.gate.table;
        if specs.len() > ONE_BY_ONE_MAX {
            return table.load(specs);
        }
        specs.into_iter().filter_map(|spec| table.apply(Change::Put(Box::new(spec))).err()).collect()
    }

    /// Opens the secrets, many of them on all cores: one takes some two microseconds.
    fn specs(&self, records: &[&KeyRecord], path: &Path) -> Result<Vec<KeySpec>, KeySourceError> {
        const ONE_THREAD_MAX: usize = 1 << 12;
        let threads = match records.len() {
            few if few <= ONE_THREAD_MAX => 1,
            _ => thread::available_parallelism().map_or(1, usize::from),
        };
        let share = records.len().div_ceil(threads).max(1);
        thread::scope(|scope| {
            let opening: Vec<_> = records
                .chunks(share)
                .map(|records| {
                    scope.spawn(move || {
                        records.iter().map(|r| self.spec(r, path)).collect::<Result<Vec<_>, _>>()
                    })
                })
                .collect();
            let mut specs = Vec::with_capacity(records.len());
            for thread in opening {
                match thread.join() {
                    Ok(opened) => specs.append(&mut opened?),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            Ok(specs)
        })
    }

    fn spec(&self, record: &KeyRecord, path: &Path) -> Result<KeySpec, KeySourceError> {
        let secret = self.keyring.open(&record.key, &record.secret).map_err(|source| {
            KeySourceError::Seal { path: path.to_owned(), key: record.key.clone(), source }
        })?;
        let in_effect = record.allowlist.iter().filter(|entry| entry.in_effect(self.proof_required));
        let mandate = record.mandate.as_ref();
        Ok(KeySpec {
            id: record.key.clone(),
            account: record.account.clone(),
            status: status(record),
            scopes: record.scopes,
            allowlist: in_effect.map(sumun_model::key::AllowlistEntry::prefix).collect(),
            expires: record.expires,
            markets: mandate.and_then(|m| m.markets.clone()),
            orders_per_second_max: mandate.and_then(|m| m.orders_per_second_max),
            mac: MacKey::new(&secret),
        })
    }

    /// Brings the disk in step with the table, as far as it is not: what failed, in words.
    pub(super) fn settle(&mut self) -> Vec<String> {
        let mut failed = Vec::new();
        if !self.unburied.is_empty() {
            match self.dead.bury(&self.unburied) {
                Ok(()) => self.unburied.clear(),
                Err(cause) => failed.push(format!(
                    "The end of {} holds now but could not be written to the registry of dead ids: {cause}; after a \
                     restart only the keys file would keep them dead",
                    count(self.unburied.len(), "key")
                )),
            }
        }
        if self.snapshot_owed {
            match self.write_snapshot() {
                Ok(()) => self.snapshot_owed = false,
                Err(cause) => failed.push(format!(
                    "The snapshot of the key table was not written: {cause}; a gate that starts alone would use the \
                     one before"
                )),
            }
        }
        failed
    }

    fn write_snapshot(&self) -> Result<(), String> {
        #[derive(serde::Serialize)]
        struct Snapshot<'a> {
            keys: Vec<&'a KeyRecord>,
        }
        let mut keys: Vec<&KeyRecord> = self.known.values().collect();
        keys.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        serde_json::to_vec(&Snapshot { keys })
            .map_err(|e| e.to_string())
            .and_then(|text| atomic_file::replace(&self.snapshot, &text).map_err(|e| with_cause(&e)))
    }
}

fn with_cause(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}

/// Reads a plain file only: opening a pipe would wait for whoever writes into it.
fn read(path: &Path) -> Result<KeysFile, KeysFileError> {
    if std::fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        return Err(KeysFileError::one(path, "is not a plain file; put the keys file in its place"));
    }
    let text = crate::keys_file::read_text(path)?;
    KeysFile::parse(path, &text, Format::of(path)?)
}

const fn status(record: &KeyRecord) -> Status {
    Status { state: record.state, measure: record.measure }
}

/// Whether nothing differs but state, measure and cause, so that one store does it.
fn only_status_differs(known: &KeyRecord, record: &KeyRecord) -> bool {
    let mut same = known.clone();
    same.state = record.state;
    same.measure = record.measure;
    same.cause = record.cause;
    same == *record
}
