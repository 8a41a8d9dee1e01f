//! The key table: read without locks, changed a shard at a time.
//!
//! Shards of shared entries, each swapped whole when a key is added, replaced or removed. A change of
//! state or measure touches no shard: it is one store in the entry's status word, seen by the next request on any
//! thread. The table also keeps the registry of dead ids: what has ended cannot be made to live again by
//! any later change, whoever sends it (DESIGN 11, 5).

use crate::entry::{KeyEntry, KeySpec};
use crate::status::Status;
use arc_swap::ArcSwap;
use hashbrown::{DefaultHashBuilder, HashSet, HashTable};
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use sumun_model::{KeyId, KeyState, Timestamp};

/// Shards: at 10 M keys a swap copies ten thousand pointers, some 0.1 ms of writer time.
const SHARDS: usize = 1024;

type Shard = HashTable<Arc<KeyEntry>>;

/// One change of the table.
#[derive(Debug)]
pub enum Change {
    /// A new key, or all of a known one anew.
    Put(Box<KeySpec>),
    /// Another state or measure, nothing else.
    Status(KeyId, Status),
    /// The key is not known any more. A dead id stays dead.
    Remove(KeyId),
}

impl Change {
    /// Which key it is about.
    #[must_use]
    pub fn key(&self) -> &KeyId {
        match self {
            Self::Put(spec) => &spec.id,
            Self::Status(id, _) | Self::Remove(id) => id,
        }
    }
}

/// A change that would have made a dead key live again; it was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("key `{key}` has ended and cannot become `{state}` again; issue a new key instead")]
pub struct Revival {
    /// The dead key.
    pub key: KeyId,
    /// The state asked for.
    pub state: KeyState,
}

/// Every key the gate knows.
pub struct KeyTable {
    shards: Box<[ArcSwap<Shard>]>,
    hasher: DefaultHashBuilder,
    /// Serialises writers; readers never take it.
    writer: Mutex<()>,
    /// The dead: locked for single look-ups and entries only, so that who asks of an unknown id never waits for a writer.
    dead: RwLock<HashSet<KeyId>>,
    version: AtomicU64,
    refreshed_us: AtomicI64,
    keys: AtomicU64,
}

impl Default for KeyTable {
    fn default() -> Self {
        Self::new([])
    }
}

impl KeyTable {
    /// An empty table that knows the dead.
    #[must_use]
    pub fn new(dead: impl IntoIterator<Item = KeyId>) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| ArcSwap::from_pointee(Shard::new())).collect(),
            hasher: DefaultHashBuilder::default(),
            writer: Mutex::default(),
            dead: RwLock::new(dead.into_iter().collect()),
            version: AtomicU64::new(0),
            refreshed_us: AtomicI64::new(i64::MIN),
            keys: AtomicU64::new(0),
        }
    }

    fn shard(&self, hash: u64) -> &ArcSwap<Shard> {
        #[expect(clippy::indexing_slicing, reason = "INVARIANT: index is taken modulo the number of shards")]
        &self.shards[(hash >> 40) as usize % SHARDS]
    }

    fn hash(&self, id: &[u8]) -> u64 {
        self.hasher.hash_one(id)
    }

    /// The key, if known.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<Arc<KeyEntry>> {
        let hash = self.hash(id.as_bytes());
        let shard = self.shard(hash).load();
        let entry = shard.find(hash, |entry| entry.id_bytes() == id.as_bytes())?;
        entry.touch();
        Some(Arc::clone(entry))
    }

    /// When a request of the key was last let pass, if the key is known and one was.
    ///
    /// A request decided just before a change may be noted on the entry that the change replaced: whoever needs the last
    /// word holds on to the entry from before, and asks both once no such request is left.
    #[must_use]
    pub fn last_admitted(&self, id: &KeyId) -> Option<Timestamp> {
        self.get(id.as_str())?.last_admitted()
    }

    /// How many keys are known.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.keys.load(Ordering::Relaxed)
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Rises with every change made.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// Notes that the source of keys was heard at this instant.
    pub fn refreshed(&self, now: Timestamp) {
        self.refreshed_us.store(now.as_micros(), Ordering::Release);
    }

    /// Microseconds since the source of keys was last heard.
    #[must_use]
    pub fn age_us(&self, now: Timestamp) -> i64 {
        now.as_micros().saturating_sub(self.refreshed_us.load(Ordering::Acquire))
    }

    /// Every id that has ended.
    #[must_use]
    pub fn dead(&self) -> Vec<KeyId> {
        let mut ids: Vec<_> =
            self.dead.read().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect();
        ids.sort_unstable();
        ids
    }

    /// Whether the id has ended.
    #[must_use]
    pub fn is_dead(&self, id: &KeyId) -> bool {
        self.dead.read().unwrap_or_else(PoisonError::into_inner).contains(id)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, ()> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refuse_revival(&self, id: &KeyId, status: Status) -> Result<(), Revival> {
        if !status.is_terminal() && self.is_dead(id) {
            return Err(Revival { key: id.clone(), state: status.state });
        }
        Ok(())
    }

    fn note_end(&self, id: &KeyId, status: Status) {
        if status.is_terminal() {
            self.dead.write().unwrap_or_else(PoisonError::into_inner).insert(id.clone());
        }
    }

    /// Makes one change.
    ///
    /// # Errors
    /// The change would revive a dead key; nothing was changed.
    pub fn apply(&self, change: Change) -> Result<(), Revival> {
        let _writing = self.lock();
        let hash = self.hash(change.key().as_str().as_bytes());
        let shard = self.shard(hash);
        match change {
            Change::Status(id, status) => {
                self.refuse_revival(&id, status)?;
                if let Some(entry) = shard.load().find(hash, |e| is(e, &id)) {
                    entry.set_status(status);
                }
                self.note_end(&id, status);
            }
            Change::Put(spec) => {
                self.refuse_revival(&spec.id, spec.status)?;
                self.note_end(&spec.id, spec.status);
                let mut next = Shard::clone(&shard.load());
                self.put(&mut next, hash, *spec);
                shard.store(Arc::new(next));
            }
            Change::Remove(id) => {
                let mut next = Shard::clone(&shard.load());
                if let Ok(found) = next.find_entry(hash, |e| is(e, &id)) {
                    // Whoever still holds the entry must see it dead, not as it last was.
                    found.get().set_status(Status {
                        state: KeyState::Expired,
                        measure: None,
                        registration_due: false,
                    });
                    found.remove();
                    self.keys.fetch_sub(1, Ordering::Relaxed);
                    shard.store(Arc::new(next));
                }
            }
        }
        self.version.fetch_add(1, Ordering::AcqRel);
        Ok(())
    }

    fn put(&self, shard: &mut Shard, hash: u64, spec: KeySpec) {
        match shard.find_entry(hash, |e| is(e, &spec.id)) {
            Ok(mut found) => {
                let entry = Arc::new(KeyEntry::new(spec, Some(found.get())));
                // A request that already holds the old entry is decided as one that came before the change, unless the
                // change takes away: the new status beside the old addresses and scopes was never in force.
                if entry.status().no_wider_than(found.get().status()) {
                    found.get().set_status(entry.status());
                }
                *found.get_mut() = entry;
            }
            Err(absent) => {
                let entry = Arc::new(KeyEntry::new(spec, None));
                absent.into_table().insert_unique(hash, entry, |e| self.hash(e.id_bytes()));
                self.keys.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Loads many keys at once, each shard swapped once. Returns those refused because they are dead.
    pub fn load(&self, specs: impl IntoIterator<Item = KeySpec>) -> Vec<Revival> {
        let specs = specs.into_iter();
        let _writing = self.lock();
        let mut shards: Vec<Shard> = self.shards.iter().map(|s| Shard::clone(&s.load())).collect();
        // Room at once, an eighth more than the mean share: growing would hash every id again.
        let share = specs.size_hint().0 / SHARDS;
        for shard in &mut shards {
            shard.reserve(share + share / 8, |e| self.hash(e.id_bytes()));
        }
        let mut refused = Vec::new();
        for spec in specs {
            if let Err(revival) = self.refuse_revival(&spec.id, spec.status) {
                refused.push(revival);
                continue;
            }
            self.note_end(&spec.id, spec.status);
            let hash = self.hash(spec.id.as_str().as_bytes());
            if let Some(shard) = shards.get_mut((hash >> 40) as usize % SHARDS) {
                self.put(shard, hash, spec);
            }
        }
        for (slot, shard) in self.shards.iter().zip(shards) {
            slot.store(Arc::new(shard));
        }
        self.version.fetch_add(1, Ordering::AcqRel);
        refused
    }
}

fn is(entry: &KeyEntry, id: &KeyId) -> bool {
    entry.id_bytes() == id.as_str().as_bytes()
}
