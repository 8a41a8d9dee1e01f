//! What a gate writes down of its key table: ids that have ended, and the last good table.
//!
//! [`Debts`] says what is still to be written; whoever changes the table adds to it and waits for no disk. [`Keeper`]
//! pays, on the housekeeper's thread. The end of a key is acknowledged when it is in the registry of dead ids, so
//! that no later file, restored or copied, makes it live again; it is in effect before that.

use super::disk::{self, StartError};
use super::with_cause;
use crate::atomic_file;
use crate::config::Config;
use crate::keys_file::{KeyRecord, KeysFile};
use crate::output::count;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use sumun_gate::Status;
use sumun_model::{ExpiryCause, KeyId};
use sumun_stream::{Log, LogError, LogOptions};
use tracing::{error, info};

/// Record kind of a dead id.
const DEAD_KIND: u8 = 1;

/// The registry of dead ids on disk.
struct Dead(Log);

impl Dead {
    fn open(folder: &Path) -> Result<(Self, Vec<KeyId>), StartError> {
        let log = disk::open_log(folder, LogOptions::default())?;
        let mut ids = Vec::new();
        for record in log.reader(log.first()) {
            let record = record.map_err(|source| StartError::Read { path: folder.to_owned(), source })?;
            let id = std::str::from_utf8(&record.payload).ok().and_then(|text| KeyId::new(text).ok());
            match id.filter(|_| record.kind == DEAD_KIND) {
                Some(id) => ids.push(id),
                // Passed over, it might be a key that lives again.
                None => {
                    return Err(StartError::DeadId { path: folder.to_owned(), number: record.offset.get() });
                }
            }
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

/// What the disk does not have yet.
#[derive(Default)]
pub(super) struct Debts(Mutex<Owed>);

#[derive(Default)]
struct Owed {
    unburied: Vec<KeyId>,
    snapshot: Option<Vec<KeyRecord>>,
    /// States and measures set since the snapshot, where the rest of their file could not be used.
    restated: Vec<Restated>,
    /// What could not be written when it was last tried: dead ids, snapshot.
    failed: [Option<String>; 2],
}

type Restated = (KeyId, Status, Option<ExpiryCause>);

impl Debts {
    /// This key has this state and measure now.
    pub(super) fn restate(&self, key: KeyId, status: Status, cause: Option<ExpiryCause>) {
        self.lock().restated.push((key, status, cause));
    }

    /// These ids have ended.
    pub(super) fn bury(&self, ids: Vec<KeyId>) {
        self.lock().unburied.extend(ids);
    }

    /// This is the table now.
    pub(super) fn keep(&self, table: Vec<KeyRecord>) {
        let mut owed = self.lock();
        owed.snapshot = Some(table);
        owed.restated.clear();
    }

    /// The table is as it stands on the disk.
    pub(super) fn kept(&self) {
        let mut owed = self.lock();
        owed.snapshot = None;
        owed.restated.clear();
    }

    /// Whether there is something to write.
    pub(super) fn any(&self) -> bool {
        let owed = self.lock();
        !owed.unburied.is_empty() || owed.snapshot.is_some() || !owed.restated.is_empty()
    }

    /// Why ends could not be written when that was last tried, and why the snapshot could not.
    pub(super) fn failed(&self) -> [Option<String>; 2] {
        self.lock().failed.clone()
    }

    /// Nothing under this lock panics or waits.
    fn lock(&self) -> MutexGuard<'_, Owed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Brings the disk in step with the table. There is one; it alone takes away from its [`Debts`].
pub(super) struct Keeper {
    /// One at a time pays.
    paying: Mutex<()>,
    dead: Dead,
    snapshot: PathBuf,
    debts: Arc<Debts>,
}

impl Keeper {
    /// Opens the registry; returns the ids in it.
    pub(super) fn open(config: &Config, debts: Arc<Debts>) -> Result<(Self, Vec<KeyId>), StartError> {
        let (dead, ids) = Dead::open(&config.data_dir.join("dead"))?;
        Ok((Self { paying: Mutex::default(), dead, snapshot: config.table_file(), debts }, ids))
    }

    pub(super) fn debts(&self) -> &Arc<Debts> {
        &self.debts
    }

    /// Writes what is owed; says what failed, once. Whether all is written.
    pub(super) fn settle(&self) -> bool {
        let _paying = self.paying.lock().unwrap_or_else(PoisonError::into_inner);
        let (unburied, snapshot, restated, before) = {
            let mut owed = self.debts.lock();
            let restated = std::mem::take(&mut owed.restated);
            (owed.unburied.clone(), owed.snapshot.take(), restated, owed.failed.clone())
        };
        let snapshot = self.with_restated(snapshot, &restated);
        let not_buried = (!unburied.is_empty()).then(|| self.dead.bury(&unburied)).and_then(Result::err);
        let not_kept = snapshot.as_ref().and_then(|table| self.write(table).err());
        let buried = if not_buried.is_none() { unburied.len() } else { 0 };
        let failed = [
            not_buried.map(|cause| {
                format!(
                    "The end of {} holds now but could not be written to the registry of dead ids: {}; after a \
                     restart only the keys file would keep them dead. Look at the disk of data_dir",
                    count(unburied.len(), "key"),
                    with_cause(&cause)
                )
            }),
            not_kept.map(|cause| {
                format!(
                    "The snapshot of the key table was not written: {cause}; a gate that starts alone would use the \
                     one before. Look at the disk of data_dir"
                )
            }),
        ];
        for (cause, before) in failed.iter().zip(&before) {
            if let Some(cause) = cause.as_ref().filter(|_| before.is_none()) {
                error!("{cause}; it is tried again every second");
            }
        }
        let well = failed.iter().all(Option::is_none);
        let mut owed = self.debts.lock();
        owed.unburied.drain(..buried);
        if failed.iter().skip(1).any(Option::is_some) && owed.snapshot.is_none() {
            owed.snapshot = snapshot;
        }
        owed.failed = failed;
        well
    }

    /// The snapshot to be written: the one owed, or the one on the disk, with these states and measures.
    fn with_restated(&self, owed: Option<Vec<KeyRecord>>, restated: &[Restated]) -> Option<Vec<KeyRecord>> {
        if restated.is_empty() {
            return owed;
        }
        // Without one on the disk there is nothing that a gate could start from and be wrong.
        let mut table = owed.or_else(|| KeysFile::read(&self.snapshot).ok().map(|file| file.keys))?;
        let latest: HashMap<&KeyId, &Restated> = restated.iter().map(|entry| (&entry.0, entry)).collect();
        for record in &mut table {
            if let Some((_, status, cause)) = latest.get(&record.key) {
                (record.state, record.measure, record.cause) = (status.state, status.measure, *cause);
            }
        }
        Some(table)
    }

    fn write(&self, table: &[KeyRecord]) -> Result<(), String> {
        #[derive(serde::Serialize)]
        struct Snapshot<'a> {
            keys: Vec<&'a KeyRecord>,
        }
        let mut keys: Vec<&KeyRecord> = table.iter().collect();
        keys.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        let text = serde_json::to_vec(&Snapshot { keys }).map_err(|e| e.to_string())?;
        let written = atomic_file::replace(&self.snapshot, &text).map_err(|e| with_cause(&e))?;
        written.durably().map_err(|e| with_cause(&e))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dead");
        (folder, path)
    }

    #[test]
    fn what_was_buried_is_dead_after_a_restart() {
        let (_folder, path) = folder();
        let ids = ["K1", "K2"].map(|id| KeyId::new(id).unwrap());
        let (dead, before) = Dead::open(&path).unwrap();
        assert_eq!(before, []);
        dead.bury(&ids).unwrap();
        drop(dead);
        assert_eq!(Dead::open(&path).unwrap().1, ids);
    }

    #[test]
    fn an_id_that_cannot_be_read_keeps_the_gate_from_starting() {
        for (kind, payload) in [(DEAD_KIND, &b"two words"[..]), (DEAD_KIND, &[0xff]), (DEAD_KIND + 1, b"K2")]
        {
            let (_folder, path) = folder();
            let (dead, _) = Dead::open(&path).unwrap();
            dead.bury(&[KeyId::new("K1").unwrap()]).unwrap();
            dead.0.append(kind, payload).unwrap();
            dead.0.sync().unwrap();
            drop(dead);
            let Err(error) = Dead::open(&path) else { panic!("{payload:?} was passed over") };
            let said = error.to_string();
            assert!(
                said.contains("/dead`: record 1 ") && said.contains("use the build that wrote it"),
                "{said}"
            );
        }
    }

    #[test]
    fn debts_that_cannot_be_paid_stay() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config { data_dir: folder.path().to_owned(), ..Config::default() };
        let (keeper, _) = Keeper::open(&config, Arc::default()).unwrap();
        let debts = Arc::clone(keeper.debts());
        assert!(!debts.any() && keeper.settle());
        // A folder in its place: the snapshot cannot be written, whoever runs this.
        std::fs::create_dir_all(config.table_file().join("in")).unwrap();
        debts.bury(vec![KeyId::new("K1").unwrap()]);
        debts.keep(Vec::new());
        assert!(!keeper.settle());
        assert!(debts.any());
        let [ends, snapshot] = debts.failed();
        assert_eq!(ends, None);
        assert!(snapshot.unwrap().contains("snapshot"));
        std::fs::remove_dir_all(config.table_file()).unwrap();
        assert!(keeper.settle());
        assert!(!debts.any());
        assert_eq!(std::fs::read(config.table_file()).unwrap(), b"{\"keys\":[]}");
        drop(keeper);
        assert_eq!(Keeper::open(&config, Arc::default()).unwrap().1, [KeyId::new("K1").unwrap()]);
    }
}
