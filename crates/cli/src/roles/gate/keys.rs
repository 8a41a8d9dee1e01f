//! The gate's source of keys while they live in a file: read, watched, applied.
//!
//! An edit takes effect as soon as the file is seen to have changed. A file that cannot be read changes nothing: the
//! table stays, grows old, and the error says what to do. Of one that can be read, what it takes away by state or
//! measure is done first and holds; all else is done when every new secret has opened. Never waits for the disk beyond
//! reading the file: what has to be written goes to the [`Debts`] that the housekeeper pays.

use super::apply::{Applier, Extent, OnUnopened, Unopened};
use super::keeper::Debts;
use super::stamp::{Glance, Stamp};
use crate::config::Config;
use crate::keys_file::{Format, KeysFile, KeysFileError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use sumun_gate::{Gate, Now};
use sumun_model::Timestamp;
use sumun_seal::Keyring;
use tracing::{error, info, warn};

/// How often the file is looked at. One `stat` costs about a microsecond.
pub(super) const LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// Why keys could not be taken from the file.
#[derive(Debug, thiserror::Error)]
pub(super) enum KeySourceError {
    /// Not a keys file.
    #[error(transparent)]
    File(#[from] KeysFileError),
    /// A secret that does not open.
    #[error("the keys file cannot be used\n  {}: {cause}", path.display())]
    Seal {
        /// In which file.
        path: PathBuf,
        /// Whose, and why.
        cause: Unopened,
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
    applier: Applier,
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

impl KeySource {
    pub(super) fn new(config: &Config, keyring: Keyring, debts: Arc<Debts>, gate: Arc<Gate>) -> Self {
        Self {
            glance: Arc::new(Glance::new(config.gate.keys_file.clone())),
            path: config.gate.keys_file.clone(),
            snapshot: config.table_file(),
            applier: Applier::new(config, keyring, debts, gate),
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
                self.applier.gate().table.refreshed(at.min(now.wall));
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
        self.applier.debts().kept();
        applied.is_ok()
    }

    /// What ended by the clock stays ended, even if the snapshot's secrets do not open.
    fn remember_ends(&mut self, path: &Path, now: Now) {
        let Ok(file) = read(path) else { return };
        self.applier.remember_ends(&file.keys, now.wall);
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
                self.applier.gate().table.refreshed(now.wall);
            }
            return Looked::Same;
        }
        let before = self.applier.gate().table.version();
        let repeated = same && !self.good;
        let loaded = self.load(now);
        let changed = self.applier.gate().table.version() != before;
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
        if !self.good || self.applier.debts().any() {
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
            self.applier.gate().table.refreshed(now.wall);
        }
        self.troubled(
            applied.as_ref().err().map(|cause| format!("{cause}; correct it, no restart is needed")),
        );
        applied
    }

    /// Brings the table in step.
    fn apply(&mut self, file: KeysFile, path: &Path, now: Now) -> Result<(), KeySourceError> {
        if file.keys.is_empty() && self.applier.known() > 0 {
            return Err(KeySourceError::Emptied { path: path.to_owned(), known: self.applier.known() });
        }
        let applied = self
            .applier
            .apply(file.keys, now.wall, Extent::Whole, OnUnopened::GiveUp)
            .map_err(|cause| KeySourceError::Seal { path: path.to_owned(), cause })?;
        if applied.changed {
            self.applier.debts().keep(applied.records);
        }
        Ok(())
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
