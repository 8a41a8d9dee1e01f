//! Everything that the parts of a running demo share.

use crate::cast::{Cast, Owner};
use crate::clock;
use crate::enter::Issued;
use crate::links::Links;
use crate::owner::Session;
use crate::ports::Ports;
use crate::rest::Rest;
use crate::staff::Staff;
use crate::vouch::Exchange;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

/// The world.
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) day_s: f64,
    pub(crate) ports: Ports,
    pub(crate) folder: PathBuf,
    pub(crate) rest: Rest,
    pub(crate) staff: Staff,
    pub(crate) exchange: Exchange,
    pub(crate) cast: Cast,
    /// By the owner's place in the cast.
    pub(crate) entered: Vec<Entered>,
    pub(crate) links: Links,
    /// The token of the exchange's back end.
    pub(crate) back_end: String,
    /// How many lines it has told so far.
    pub(crate) told: tokio::sync::Mutex<u64>,
    pub(crate) notes: Notes,
    /// The mock exchange's control listener.
    pub(crate) control: Rest,
    /// Process ids of the servers, by name.
    pub(crate) pids: BTreeMap<String, u32>,
}

/// An owner in the record.
pub(crate) struct Entered {
    pub(crate) session: Session,
    pub(crate) keys: Vec<LiveKey>,
}

/// A key as its users have it.
pub(crate) struct LiveKey {
    issued: RwLock<Issued>,
    /// Whether its owner has told his programs to stop.
    stopped: AtomicBool,
    /// HTTP status of the last answer, and how many there were.
    last: (AtomicU16, AtomicU64),
    /// What was done once for it.
    once: Mutex<Vec<String>>,
}

impl LiveKey {
    /// As issued, its programs running.
    pub(crate) fn of(issued: Issued) -> Self {
        Self {
            issued: RwLock::new(issued),
            stopped: AtomicBool::new(false),
            last: (AtomicU16::new(0), AtomicU64::new(0)),
            once: Mutex::default(),
        }
    }

    /// Id and secret as they are now.
    pub(crate) fn issued(&self) -> Issued {
        self.issued.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Its users have got another secret.
    pub(crate) fn becomes(&self, id: &str, secret: &str) {
        let issued = Issued { id: id.to_owned(), secret: secret.to_owned() };
        *self.issued.write().unwrap_or_else(PoisonError::into_inner) = issued;
    }

    /// Its owner tells his programs to stop, or to go on.
    pub(crate) fn stop(&self, stop: bool) {
        self.stopped.store(stop, Ordering::Relaxed);
    }

    /// Whether he did.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// An answer came.
    pub(crate) fn note(&self, status: u16) {
        self.last.0.store(status, Ordering::Relaxed);
        self.last.1.fetch_add(1, Ordering::Relaxed);
    }

    /// HTTP status of the last answer (0 before the first), and how many there were.
    pub(crate) fn last(&self) -> (u16, u64) {
        (self.last.0.load(Ordering::Relaxed), self.last.1.load(Ordering::Relaxed))
    }

    /// True for each word the first time only.
    pub(crate) fn first_time(&self, word: &str) -> bool {
        let mut once = self.once.lock().unwrap_or_else(PoisonError::into_inner);
        let first = !once.iter().any(|said| said == word);
        if first {
            once.push(word.to_owned());
        }
        first
    }
}

/// What went wrong on the way, for who wants to look: in the demo's folder, never on the screen.
pub(crate) struct Notes(Mutex<Option<File>>);

impl Notes {
    /// Kept in `demo.log`.
    pub(crate) fn in_folder(folder: &Path) -> Self {
        Self(Mutex::new(File::create(folder.join("demo.log")).ok()))
    }

    /// Notes it.
    pub(crate) fn say(&self, text: &str) {
        let mut file: MutexGuard<'_, Option<File>> = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = file.as_mut() {
            let _ = writeln!(file, "{} {text}", clock::now());
        }
    }
}

impl World {
    /// Every owner with what he has.
    pub(crate) fn owners(&self) -> impl Iterator<Item = (&Owner, &Entered)> {
        self.cast.owners.iter().zip(&self.entered)
    }

    /// A key by its owner's place, and its own with him.
    pub(crate) fn key(&self, (owner, key): (usize, usize)) -> Option<&LiveKey> {
        self.entered.get(owner)?.keys.get(key)
    }

    /// The one who is played by whoever sits before the demo.
    pub(crate) fn guided(&self) -> Option<(&Owner, &Entered)> {
        self.owners().find(|(owner, _)| owner.character == crate::cast::Character::Guided)
    }
}
