//! The gate's source of keys while they live in a file: read, watched, applied.
//!
//! An edit takes effect as soon as the file is seen to have changed. A file that cannot be read changes nothing: the
//! table stays, grows old, and the error says what to do. Of one that can be read, what it takes away by state or
//! measure is done first and holds; all else is done when every new secret has opened. Never waits for the disk beyond
//! reading the file: what has to be written goes to the [`Debts`] that the housekeeper pays.

use super::keeper::Debts;
use super::known::{Knowing, Known};
use super::stamp::{Glance, Stamp};
use crate::config::Config;
use crate::keys_file::{Format, KeyRecord, KeysFile, KeysFileError};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;
use sumun_dialect::MacKey;
use sumun_gate::{Change, Gate, KeySpec, KeyTable, Now, Revival, Status};
use sumun_model::{KeyId, KeyState, Timestamp};
use sumun_seal::{Keyring, OpenError};
use tracing::{error, info, warn};

/// How often the file is looked at. One `stat` costs about a microsecond.
pub(super) const LOOK_INTERVAL: Duration = Duration::from_millis(20);
/// What a key that has ended is set to.
const ENDED: Status = Status { state: KeyState::Expired, measure: None };

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
    /// Every key gone at once.
    #[error(
        "the keys file cannot be used\n  {}: holds no key, and {known} are served. An emptied file is taken for a mistake: \
         end keys by their `state`",
        path.display()
    )]
    Emptied {
        /// Which file.
        path: PathBuf,
        /// How many keys are served.
        known: usize,
    },
}

/// What is wrong with the keys file now, if anything, in words. Shared with whoever is asked how the gate is.
pub(super) type Trouble = Arc<Mutex<Option<String>>>;

/// Reads the keys file and keeps the table in step with it.
pub(super) struct KeySource {
    glance: Arc<Glance>,
    path: PathBuf,
    snapshot: PathBuf,
    proof_required: bool,
    keyring: Keyring,
    debts: Arc<Debts>,
    gate: Arc<Gate>,
    knowing: Knowing,
    known: HashMap<KeyId, Known>,
    /// What the file asked for when last read and could not have.
    refused: HashMap<KeyId, String>,
    stamp: Option<Stamp>,
    /// Whether any write after the stamp was taken must show in it.
    settled: bool,
    good: bool,
    trouble: Trouble,
}

/// What a look at the file came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Looked {
    /// The table is as it was.
    Same,
    /// The table was changed.
    Changed,
}

/// Another state or measure of a known key.
struct Restated {
    at: usize,
    status: Status,
    /// It lets nothing pass that the one before did not: then it need not wait, whatever else the file says.
    narrows: bool,
}

/// What a file would change: positions in it.
#[derive(Default)]
struct Plan {
    /// Another state or measure.
    restated: Vec<Restated>,
    /// New, or another in more than state and measure.
    anew: Vec<(usize, Known)>,
    /// Another cause and nothing else.
    recaused: Vec<usize>,
    /// How many of the file's keys were known.
    met: usize,
    /// What is asked for and cannot be, by key.
    refused: HashMap<KeyId, String>,
}

impl KeySource {
    pub(super) fn new(config: &Config, keyring: Keyring, debts: Arc<Debts>, gate: Arc<Gate>) -> Self {
        Self {
            glance: Arc::new(Glance::new(config.gate.keys_file.clone())),
            path: config.gate.keys_file.clone(),
            snapshot: config.table_file(),
            proof_required: config.gate.address_proof_required,
            keyring,
            debts,
            gate,
            knowing: Knowing::new(),
            known: HashMap::new(),
            refused: HashMap::new(),
            stamp: None,
            settled: false,
            good: false,
            trouble: Trouble::default(),
        }
    }

    /// For the request path.
    pub(super) fn glance(&self) -> Arc<Glance> {
        Arc::clone(&self.glance)
    }

    /// For whoever is asked how the gate is.
    pub(super) fn trouble(&self) -> Trouble {
        Arc::clone(&self.trouble)
    }

    /// Fills the table: from the snapshot what was known, then from the file what is. Without a usable file a gate
    /// starts alone from its snapshot.
    ///
    /// # Errors
    /// Neither can be used.
    pub(super) fn start(&mut self, now: Now) -> Result<(), KeySourceError> {
        let from_snapshot = self.start_from_snapshot(now);
        match self.load(now) {
            Ok(()) => Ok(()),
            Err(cause) if from_snapshot => {
                let metadata = std::fs::metadata(&self.snapshot);
                let at = metadata.map_or(Timestamp::MIN, |m| Stamp::of(&m).modified());
                // A clock that ran ahead must not make an old table young.
                self.gate.table.refreshed(at.min(now.wall));
                error!("{cause}\nStarted alone from the last good table of {at}");
                Ok(())
            }
            Err(cause) => Err(cause),
        }
    }

    fn start_from_snapshot(&mut self, now: Now) -> bool {
        let path = self.snapshot.clone();
        if !path.exists() {
            return false;
        }
        let applied = match read(&path) {
            Ok(file) => self.apply(file, &path, now),
            Err(cause) => Err(cause.into()),
        };
        if let Err(cause) = &applied {
            warn!("The snapshot of the key table cannot be used: {cause}");
            self.remember_ends(&path, now);
        }
        self.debts.kept();
        applied.is_ok()
    }

    /// What ended by the clock stays ended, even if the snapshot's secrets do not open.
    fn remember_ends(&mut self, path: &Path, now: Now) {
        let Ok(file) = read(path) else { return };
        for record in file.keys.iter().filter(|record| record.expires <= now.wall) {
            self.known.insert(record.key.clone(), self.knowing.of(record).only_its_end());
        }
    }

    /// Looks at the file; reads and applies it if it changed. `now` is to be read after whatever had to be waited for.
    pub(super) fn look(&mut self, now: Now) -> Looked {
        let metadata = std::fs::metadata(&self.path);
        let stamp = match metadata {
            Ok(metadata) => Stamp::of(&metadata),
            Err(cause) => {
                self.missing(&cause);
                return Looked::Same;
            }
        };
        let same = self.stamp == Some(stamp);
        if same && self.settled {
            if self.good {
                self.gate.table.refreshed(now.wall);
            }
            return Looked::Same;
        }
        let before = self.gate.table.version();
        let repeated = same && !self.good;
        let loaded = self.load(now);
        let changed = self.gate.table.version() != before;
        if let Err(cause) = loaded
            && !repeated
        {
            let stays = if changed {
                "Changes of state and measure were made; for the rest the table stays as it is"
            } else {
                "The table stays as it is"
            };
            error!("{cause}\n{stays} and grows old; correct the file, no restart is needed");
        }
        if changed { Looked::Changed } else { Looked::Same }
    }

    /// Notes on the disk that the file was heard until now, so that a gate which has to start alone knows how old its
    /// table is.
    pub(super) fn note_heard(&self, now: Now) {
        if !self.good || self.debts.any() {
            return;
        }
        let since_epoch = Duration::from_micros(u64::try_from(now.wall.as_micros()).unwrap_or(0));
        // Not noted, the table only seems older than it is.
        let _ = std::fs::File::open(&self.snapshot)
            .and_then(|file| file.set_modified(std::time::UNIX_EPOCH + since_epoch));
    }

    fn missing(&mut self, cause: &std::io::Error) {
        let text = format!(
            "The keys file `{}` cannot be looked at: {cause}; the table stays as it is and grows old. Put the file back",
            self.path.display()
        );
        if self.stamp.take().is_some() || self.good {
            error!("{text}");
        }
        self.good = false;
        self.troubled(Some(text));
    }

    fn troubled(&self, trouble: Option<String>) {
        let mut now = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        if now.is_some() && trouble.is_none() {
            info!("The keys file can be used again");
        }
        *now = trouble;
    }

    fn load(&mut self, now: Now) -> Result<(), KeySourceError> {
        // Taken before reading: what is written while it is read shows as another stamp.
        self.stamp = std::fs::metadata(&self.path).ok().as_ref().map(Stamp::of);
        self.settled = self.stamp.is_some_and(|stamp| stamp.settled(now.wall));
        self.glance.begins(self.stamp);
        let path = self.path.clone();
        let applied = read(&path).map_err(KeySourceError::from).and_then(|file| self.apply(file, &path, now));
        self.glance.done(self.stamp);
        self.good = applied.is_ok();
        if self.good {
            self.gate.table.refreshed(now.wall);
        }
        self.troubled(
            applied.as_ref().err().map(|cause| format!("{cause}; correct it, no restart is needed")),
        );
        applied
    }

    /// Brings the table in step.
    fn apply(&mut self, file: KeysFile, path: &Path, now: Now) -> Result<(), KeySourceError> {
        let mut records = file.keys;
        if records.is_empty() && !self.known.is_empty() {
            return Err(KeySourceError::Emptied { path: path.to_owned(), known: self.known.len() });
        }
        let mut plan = self.plan(&mut records, now);
        self.tell_of_refused(std::mem::take(&mut plan.refused));
        // What takes away comes first, one store each; it does not wait for secrets to be opened.
        let mut changed = self.restate(&plan, &records, true);
        let anew: Vec<&KeyRecord> = plan.anew.iter().filter_map(|(at, _)| records.get(*at)).collect();
        let specs = self.specs(&anew, path)?;
        changed |= self.restate(&plan, &records, false);
        changed |= self.remove(&plan, &records, now);
        changed |= !specs.is_empty();
        self.put(specs);
        for (at, known) in &plan.anew {
            if let Some(record) = records.get(*at) {
                self.known.insert(record.key.clone(), *known);
            }
        }
        for record in plan.recaused.iter().filter_map(|at| records.get(*at)) {
            if let Some(known) = self.known.get_mut(&record.key) {
                known.cause = record.cause;
            }
        }
        if changed || !plan.recaused.is_empty() {
            self.debts.keep(records);
            let table = &self.gate.table;
            info!(
                keys = table.len(),
                table.version = table.version(),
                "The key table was brought in step with its source"
            );
        }
        Ok(())
    }

    /// Says what a file asks for and cannot have, once and not at each reading.
    fn tell_of_refused(&mut self, refused: HashMap<KeyId, String>) {
        /// Lines about single keys; beyond them only their number is told.
        const LINES_MAX: usize = 20;
        let fresh: Vec<&String> = refused
            .iter()
            .filter(|(key, text)| self.refused.get(*key) != Some(*text))
            .map(|(_, text)| text)
            .collect();
        for text in fresh.iter().take(LINES_MAX) {
            error!("{text}");
        }
        if fresh.len() > LINES_MAX {
            error!("So it is with {} more keys", fresh.len() - LINES_MAX);
        }
        self.refused = refused;
    }

    /// Finds what differs from what is known. A record that asks for what cannot be is made what it can be.
    fn plan(&self, records: &mut [KeyRecord], now: Now) -> Plan {
        let mut plan = Plan::default();
        for (at, record) in records.iter_mut().enumerate() {
            let known = self.known.get(&record.key);
            plan.met += usize::from(known.is_some());
            let mut next = self.knowing.of(record);
            if known == Some(&next) {
                continue;
            }
            if !next.status.is_terminal() && self.gate.table.is_dead(&record.key) {
                // Kept as what it is, so that its use is answered and recorded as that of an ended key, not of an
                // unknown one.
                let revival = Revival { key: record.key.clone(), state: record.state };
                plan.refused.insert(record.key.clone(), revival.to_string());
                record.state = KeyState::Expired;
            }
            if let Some(known) = known
                && known.expires <= now.wall
                && record.expires > now.wall
            {
                let text = format!(
                    "key `{}` ended on {} and cannot be given a later end; issue a new key instead",
                    record.key, known.expires
                );
                plan.refused.insert(record.key.clone(), text);
                record.expires = known.expires;
            }
            next = self.knowing.of(record);
            let Some(known) = known else {
                plan.anew.push((at, next));
                continue;
            };
            let narrows = next.status.no_wider_than(known.status);
            let same_but_status = known.same_but_status(&next);
            if !same_but_status {
                plan.anew.push((at, next));
            }
            // A key that is put anew gets what widens its state together with all else.
            if known.status != next.status && (narrows || same_but_status) {
                plan.restated.push(Restated { at, status: next.status, narrows });
            }
            if known.cause != next.cause {
                plan.recaused.push(at);
            }
        }
        plan
    }

    /// Sets the states and measures that narrow, or those that do not; whether there was any.
    fn restate(&mut self, plan: &Plan, records: &[KeyRecord], narrowing: bool) -> bool {
        let table = &self.gate.table;
        let mut ended = Vec::new();
        let mut any = false;
        for Restated { at, status, .. } in plan.restated.iter().filter(|r| r.narrows == narrowing) {
            let Some(record) = records.get(*at) else { continue };
            let key = &record.key;
            any = true;
            // Should nothing else of the file be usable, the snapshot still learns of it.
            self.debts.restate(key.clone(), *status, record.cause);
            if status.is_terminal() && !table.is_dead(key) {
                ended.push(key.clone());
            }
            tell(table.apply(Change::Status(key.clone(), *status)));
            if let Some(known) = self.known.get_mut(key) {
                known.status = *status;
            }
        }
        self.debts.bury(ended);
        any
    }

    /// Takes out what is no longer in the file; whether there was any.
    fn remove(&mut self, plan: &Plan, records: &[KeyRecord], now: Now) -> bool {
        if plan.met == self.known.len() {
            return false;
        }
        let table = &self.gate.table;
        let there: HashSet<&KeyId> = records.iter().map(|record| &record.key).collect();
        let mut ended = Vec::new();
        self.known.retain(|id, known| {
            if there.contains(id) {
                return true;
            }
            // What ended by the clock is taken out of a file in the end; it must not come back with a later one.
            if known.expires <= now.wall && !table.is_dead(id) {
                tell(table.apply(Change::Status(id.clone(), ENDED)));
                ended.push(id.clone());
            }
            tell(table.apply(Change::Remove(id.clone())));
            false
        });
        self.debts.bury(ended);
        true
    }

    /// A few keys are put one by one; many in one pass over the shards.
    fn put(&self, specs: Vec<KeySpec>) {
        const ONE_BY_ONE_MAX: usize = 64;
        let table: &KeyTable = &self.gate.table;
        let ends = |spec: &&KeySpec| spec.status.is_terminal() && !table.is_dead(&spec.id);
        let ended = specs.iter().filter(ends).map(|spec| spec.id.clone()).collect();
        if specs.len() > ONE_BY_ONE_MAX {
            table.load(specs).into_iter().for_each(|revival| tell(Err(revival)));
        } else {
            specs.into_iter().for_each(|spec| tell(table.apply(Change::Put(Box::new(spec)))));
        }
        self.debts.bury(ended);
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
            status: Status { state: record.state, measure: record.measure },
            scopes: record.scopes,
            allowlist: in_effect.map(sumun_model::key::AllowlistEntry::prefix).collect(),
            expires: record.expires,
            markets: mandate.and_then(|m| m.markets.clone()),
            orders_per_second_max: mandate.and_then(|m| m.orders_per_second_max),
            mac: MacKey::new(&secret),
        })
    }
}

/// The table has the last word on who is dead.
fn tell(made: Result<(), Revival>) {
    if let Err(revival) = made {
        error!("{revival}");
    }
}

/// Reads a plain file only: opening a pipe would wait for whoever writes into it.
fn read(path: &Path) -> Result<KeysFile, KeysFileError> {
    if std::fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        return Err(KeysFileError::one(path, "is not a plain file; put the keys file in its place"));
    }
    let text = crate::keys_file::read_text(path)?;
    KeysFile::parse(path, &text, Format::of(path)?)
}
