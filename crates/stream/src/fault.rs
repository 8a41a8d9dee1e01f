//! A storage in memory that forgets, tears, fills up and fails, deterministically from a seed.
//!
//! For crash tests, here and in other crates (feature `fault`); never in a product. It models the promises
//! of [`Storage`] and nothing more: file content is durable after `sync`, names after `sync_dir`, and at
//! [`FaultStorage::crash`] everything else is kept, lost, torn or turned into rubbish as the seed says.
//! A failed sync loses what was unsynced even if a later sync succeeds, as Linux does.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use crate::log::lock;
use crate::storage::{Storage, StorageFile};

/// The storage; clones of the `Arc` and all its files share one state.
pub struct FaultStorage {
    disk: Arc<Mutex<Disk>>,
}

impl fmt::Debug for FaultStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultStorage").field("operations", &self.operations()).finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct Disk {
    random: u64,
    /// Handles of an earlier generation belong to a process that is gone.
    generation: u64,
    /// Changing operations so far.
    operations: u64,
    /// The operation at which the machine stops.
    stop_at: Option<u64>,
    stopped: bool,
    fail_syncs: u32,
    fail_creates: u32,
    capacity_bytes: Option<u64>,
    files: Vec<Node>,
    /// Names as processes see them.
    names: BTreeMap<String, usize>,
    /// Names on disk.
    durable_names: BTreeMap<String, usize>,
    /// Name changes since the last `sync_dir`, in order.
    changes: Vec<Change>,
}

#[derive(Debug, Default)]
struct Node {
    /// Page cache.
    current: Vec<u8>,
    /// What the last successful sync put on disk.
    synced: Vec<u8>,
    /// Parts of `current` that a failed sync threw away.
    doomed: Vec<Range<usize>>,
}

#[derive(Clone, Debug)]
enum Change {
    Bind(String, usize),
    Rename(String, String, usize),
    Remove(String),
}

impl FaultStorage {
    /// An empty storage whose every choice follows from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Arc<Self> {
        let disk = Disk {
            random: seed,
            generation: 0,
            operations: 0,
            stop_at: None,
            stopped: false,
            fail_syncs: 0,
            fail_creates: 0,
            capacity_bytes: None,
            files: Vec::new(),
            names: BTreeMap::new(),
            durable_names: BTreeMap::new(),
            changes: Vec::new(),
        };
        Arc::new(Self { disk: Arc::new(Mutex::new(disk)) })
    }

    /// Changing operations so far, over all files.
    #[must_use]
    pub fn operations(&self) -> u64 {
        lock(&self.disk).operations
    }

    /// Stops the machine in the middle of the `count`-th changing operation from now (1 is the next one);
    /// everything fails until [`FaultStorage::crash`].
    pub fn stop_after(&self, count: u64) {
        let mut disk = lock(&self.disk);
        disk.stop_at = Some(disk.operations + count);
    }

    /// Whether the machine has stopped.
    #[must_use]
    pub fn stopped(&self) -> bool {
        lock(&self.disk).stopped
    }

    /// Makes the next `count` syncs fail, of files and folder alike.
    pub fn fail_syncs(&self, count: u32) {
        lock(&self.disk).fail_syncs = count;
    }

    /// Makes the next `count` creations of files fail, as for want of file handles.
    pub fn fail_creates(&self, count: u32) {
        lock(&self.disk).fail_creates = count;
    }

    /// Limits all files together to this many bytes; `None` is no limit.
    pub fn set_capacity(&self, bytes: Option<u64>) {
        lock(&self.disk).capacity_bytes = bytes;
    }

    /// Bytes in all files as processes see them.
    #[must_use]
    pub fn used_bytes(&self) -> u64 {
        lock(&self.disk).used_bytes()
    }

    /// Changes one bit of a file, on disk and in the page cache.
    ///
    /// Returns whether there was such a byte.
    pub fn flip_bit(&self, name: &str, byte: usize, bit: u8) -> bool {
        let mut disk = lock(&self.disk);
        let Some(&id) = disk.names.get(name) else { return false };
        let Some(node) = disk.files.get_mut(id) else { return false };
        let mut found = false;
        for content in [&mut node.current, &mut node.synced] {
            if let Some(byte) = content.get_mut(byte) {
                *byte ^= 1 << (bit % 8);
                found = true;
            }
        }
        found
    }

    /// The process dies, the machine lives on: the page cache survives, open files do not.
    pub fn kill(&self) {
        let mut disk = lock(&self.disk);
        disk.generation += 1;
        disk.stop_at = None;
        disk.stopped = false;
    }

    /// Power fails and comes back: only what was synced is sure to be there.
    pub fn crash(&self) {
        let mut disk = lock(&self.disk);
        disk.generation += 1;
        disk.stop_at = None;
        disk.stopped = false;
        disk.fail_syncs = 0;
        disk.lose_names();
        for id in 0..disk.files.len() {
            disk.lose_content(id);
        }
    }
}

impl Disk {
    /// The next pseudo-random number (splitmix64).
    fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `most`, both included.
    fn up_to(&mut self, most: usize) -> usize {
        usize::try_from(self.random() % (most as u64 + 1)).unwrap_or(0)
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.random() % 100 < percent
    }

    fn used_bytes(&self) -> u64 {
        self.names.values().filter_map(|id| self.files.get(*id)).map(|node| node.current.len() as u64).sum()
    }

    /// Names after a crash: a prefix of the unsynced changes, or any of them.
    fn lose_names(&mut self) {
        let changes = std::mem::take(&mut self.changes);
        let prefix = if self.chance(50) { Some(self.up_to(changes.len())) } else { None };
        for (index, change) in changes.into_iter().enumerate() {
            let survives = match prefix {
                Some(prefix) => index < prefix,
                None => self.chance(50),
            };
            if !survives {
                continue;
            }
            match change {
                Change::Bind(name, id) => {
                    self.durable_names.insert(name, id);
                }
                Change::Rename(from, to, id) => {
                    self.durable_names.remove(&from);
                    self.durable_names.insert(to, id);
                }
                Change::Remove(name) => {
                    self.durable_names.remove(&name);
                }
            }
        }
        self.names = self.durable_names.clone();
    }

    /// Content after a crash: what was synced, and of the rest a prefix, perhaps with a hole or rubbish.
    fn lose_content(&mut self, id: usize) {
        let Some(node) = self.files.get_mut(id) else { return };
        let Node { current, synced, doomed } = std::mem::take(node);
        let same = current.iter().zip(&synced).take_while(|(one, other)| one == other).count();
        let mut after = synced;
        if same == after.len() {
            // Only grown since the sync.
            let fresh = self.up_to(current.len() - same);
            after.extend(current.iter().skip(same).take(fresh));
            let lost = current.len() - after.len();
            match self.up_to(3) {
                0 => {
                    let rubbish = self.up_to(lost);
                    for _ in 0..rubbish {
                        let byte = self.random().to_le_bytes()[0];
                        after.push(byte);
                    }
                }
                1 => {
                    let zeros = self.up_to(lost);
                    after.resize(after.len() + zeros, 0);
                }
                2 if fresh > 0 => {
                    let from = same + self.up_to(fresh - 1);
                    let to = from + self.up_to(after.len() - from);
                    if let Some(hole) = after.get_mut(from..to) {
                        hole.fill(0);
                    }
                }
                _ => {}
            }
        } else if self.chance(50) {
            // Shortened since: that reached the disk, or (otherwise) not.
            let kept = same + self.up_to(current.len().saturating_sub(same));
            after = current.iter().take(kept).copied().collect();
        }
        for range in doomed {
            let end = range.end.min(after.len());
            if let Some(lost) = after.get_mut(range.start.min(end)..end) {
                lost.fill(0);
            }
        }
        if let Some(node) = self.files.get_mut(id) {
            *node = Node { current: after.clone(), synced: after, doomed: Vec::new() };
        }
    }

    /// Counts a changing operation; says whether it is the one during which the machine stops.
    fn step(&mut self, generation: u64) -> io::Result<bool> {
        self.alive(generation)?;
        self.operations += 1;
        if self.stop_at.is_some_and(|stop_at| self.operations >= stop_at) {
            self.stopped = true;
        }
        Ok(self.stopped)
    }

    fn alive(&self, generation: u64) -> io::Result<()> {
        if self.stopped || self.generation != generation { Err(gone()) } else { Ok(()) }
    }

    fn sync_fails(&mut self) -> bool {
        let fails = self.fail_syncs > 0;
        self.fail_syncs = self.fail_syncs.saturating_sub(1);
        fails
    }
}

fn gone() -> io::Error {
    io::Error::other("the machine has stopped")
}

fn failed_sync() -> io::Error {
    io::Error::other("input/output error (injected)")
}

fn not_found() -> io::Error {
    io::ErrorKind::NotFound.into()
}

impl FaultStorage {
    fn file(&self, disk: &Disk, name: &str) -> io::Result<Arc<dyn StorageFile>> {
        disk.alive(disk.generation)?;
        let &id = disk.names.get(name).ok_or_else(not_found)?;
        Ok(Arc::new(FaultFile { disk: Arc::clone(&self.disk), id, generation: disk.generation }))
    }

    /// A name change; at the stop it may or may not have happened, which `crash` then decides.
    fn change(&self, disk: &mut Disk, change: Change) -> io::Result<()> {
        let generation = disk.generation;
        let stopping = disk.step(generation)?;
        match &change {
            Change::Bind(name, id) => {
                disk.names.insert(name.clone(), *id);
            }
            Change::Rename(from, to, id) => {
                disk.names.remove(from);
                disk.names.insert(to.clone(), *id);
            }
            Change::Remove(name) => {
                disk.names.remove(name);
            }
        }
        disk.changes.push(change);
        if stopping { Err(gone()) } else { Ok(()) }
    }
}

impl Storage for FaultStorage {
    fn create(&self, name: &str) -> io::Result<Arc<dyn StorageFile>> {
        let mut disk = lock(&self.disk);
        if disk.fail_creates > 0 {
            disk.fail_creates -= 1;
            return Err(io::Error::other("too many open files (injected)"));
        }
        let id = disk.files.len();
        disk.files.push(Node::default());
        self.change(&mut disk, Change::Bind(name.to_owned(), id))?;
        self.file(&disk, name)
    }

    fn open_append(&self, name: &str) -> io::Result<Arc<dyn StorageFile>> {
        self.file(&lock(&self.disk), name)
    }

    fn open_read(&self, name: &str) -> io::Result<Arc<dyn StorageFile>> {
        self.file(&lock(&self.disk), name)
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let disk = lock(&self.disk);
        disk.alive(disk.generation)?;
        Ok(disk.names.keys().cloned().collect())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut disk = lock(&self.disk);
        let &id = disk.names.get(from).ok_or_else(not_found)?;
        self.change(&mut disk, Change::Rename(from.to_owned(), to.to_owned(), id))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut disk = lock(&self.disk);
        disk.names.get(name).ok_or_else(not_found)?;
        self.change(&mut disk, Change::Remove(name.to_owned()))
    }

    fn sync_dir(&self) -> io::Result<()> {
        let mut disk = lock(&self.disk);
        let generation = disk.generation;
        if disk.step(generation)? {
            return Err(gone());
        }
        if disk.sync_fails() {
            return Err(failed_sync());
        }
        disk.durable_names = disk.names.clone();
        disk.changes.clear();
        Ok(())
    }
}

#[derive(Debug)]
struct FaultFile {
    disk: Arc<Mutex<Disk>>,
    id: usize,
    generation: u64,
}

impl FaultFile {
    fn node<T>(&self, disk: &mut Disk, act: impl FnOnce(&mut Node) -> T) -> io::Result<T> {
        disk.files.get_mut(self.id).map(act).ok_or_else(not_found)
    }
}

impl StorageFile for FaultFile {
    fn append(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut disk = lock(&self.disk);
        let stopping = disk.step(self.generation)?;
        let mut taken = bytes.len();
        if let Some(capacity) = disk.capacity_bytes {
            let room = capacity.saturating_sub(disk.used_bytes());
            taken = taken.min(usize::try_from(room).unwrap_or(usize::MAX));
            if taken == 0 && !bytes.is_empty() && !stopping {
                return Err(io::ErrorKind::StorageFull.into());
            }
        }
        if stopping {
            taken = disk.up_to(taken);
        }
        self.node(&mut disk, |node| node.current.extend(bytes.iter().take(taken)))?;
        if stopping { Err(gone()) } else { Ok(taken) }
    }

    fn read_at(&self, at: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut disk = lock(&self.disk);
        disk.alive(self.generation)?;
        self.node(&mut disk, |node| {
            let from = usize::try_from(at).unwrap_or(usize::MAX).min(node.current.len());
            let rest = node.current.get(from..).unwrap_or_default();
            let count = rest.len().min(buffer.len());
            if let (Some(to), Some(from)) = (buffer.get_mut(..count), rest.get(..count)) {
                to.copy_from_slice(from);
            }
            count
        })
    }

    fn len(&self) -> io::Result<u64> {
        let mut disk = lock(&self.disk);
        disk.alive(self.generation)?;
        self.node(&mut disk, |node| node.current.len() as u64)
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        let mut disk = lock(&self.disk);
        let stopping = disk.step(self.generation)?;
        self.node(&mut disk, |node| {
            node.current.truncate(usize::try_from(len).unwrap_or(usize::MAX));
            let len = node.current.len();
            node.doomed.retain_mut(|range| {
                range.end = range.end.min(len);
                range.start < range.end
            });
        })?;
        if stopping { Err(gone()) } else { Ok(()) }
    }

    fn sync(&self) -> io::Result<()> {
        let mut disk = lock(&self.disk);
        if disk.step(self.generation)? {
            return Err(gone());
        }
        let fails = disk.sync_fails();
        self.node(&mut disk, |node| {
            if fails {
                let from = node.synced.len().min(node.current.len());
                node.doomed.push(from..node.current.len());
                return;
            }
            node.synced = node.current.clone();
            for range in node.doomed.clone() {
                if let Some(lost) = node.synced.get_mut(range) {
                    lost.fill(0);
                }
            }
        })?;
        if fails { Err(failed_sync()) } else { Ok(()) }
    }
}
