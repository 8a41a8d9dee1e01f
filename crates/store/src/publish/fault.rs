//! A folder in memory that forgets, tears and fails, for crash tests. Never in a product.
//!
//! It models what a disk owes and nothing more: bytes are durable after a sync, names after a sync of their folder. At
//! [`FaultIo::crash`] names that were not synced are kept or lost as the seed says, and temporary files are torn.

use super::io::{PublishIo, TEMPORARY};
use std::collections::BTreeMap;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The folder; shared through an `Arc` by the store before a crash and the one after.
#[derive(Debug)]
pub struct FaultIo {
    disk: Mutex<Disk>,
}

type Files = BTreeMap<String, Vec<u8>>;

#[derive(Debug, Default)]
struct Disk {
    random: u64,
    steps: u64,
    /// The step in the middle of which the machine stops.
    stop_at: Option<u64>,
    /// The step that fails if it is a sync.
    fail_sync_at: Option<u64>,
    stopped: bool,
    /// As processes see it.
    visible: Files,
    /// As it is on disk.
    durable: Files,
    /// Name changes since their folder was synced: `None` is a removal.
    unsynced: Vec<(String, Option<Vec<u8>>)>,
}

impl FaultIo {
    /// An empty folder whose every choice follows from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { disk: Mutex::new(Disk { random: seed | 1, ..Disk::default() }) }
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Steps so far: creations, writes, syncs, renames, removals.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.disk().steps
    }

    /// Stops the machine at the `count`-th step from now (1 is the next one); all fails until [`FaultIo::crash`].
    pub fn stop_after(&self, count: u64) {
        let mut disk = self.disk();
        disk.stop_at = Some(disk.steps + count);
    }

    /// Makes the first sync from the `count`-th step on fail.
    pub fn fail_sync_after(&self, count: u64) {
        let mut disk = self.disk();
        disk.fail_sync_at = Some(disk.steps + count);
    }

    /// The machine stops and starts again: what was not durable is lost, or torn, or there by chance.
    pub fn crash(&self) {
        let mut disk = self.disk();
        let changes = std::mem::take(&mut disk.unsynced);
        for (path, change) in changes {
            if disk.chance() {
                match change {
                    Some(bytes) => disk.durable.insert(path, bytes),
                    None => disk.durable.remove(&path),
                };
            }
        }
        let torn: Vec<String> =
            disk.visible.keys().filter(|path| path.ends_with(TEMPORARY)).cloned().collect();
        for path in torn {
            let bytes = disk.visible.get(&path).cloned().unwrap_or_default();
            let kept = usize::try_from(disk.draw()).unwrap_or(0) % (bytes.len() + 1);
            disk.durable.insert(path, bytes.into_iter().take(kept).collect());
        }
        disk.visible = disk.durable.clone();
        (disk.stopped, disk.stop_at, disk.fail_sync_at) = (false, None, None);
    }

    /// Files as processes see them.
    #[must_use]
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        self.disk().visible.clone()
    }

    /// Changes a file behind everybody's back; `None` removes it.
    pub fn tamper(&self, path: &str, bytes: Option<Vec<u8>>) {
        let mut disk = self.disk();
        match bytes {
            Some(bytes) => {
                disk.visible.insert(path.to_owned(), bytes.clone());
                disk.durable.insert(path.to_owned(), bytes);
            }
            None => {
                disk.visible.remove(path);
                disk.durable.remove(path);
            }
        }
    }
}

impl Disk {
    /// The next number of a small generator (xorshift).
    fn draw(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random
    }

    fn chance(&mut self) -> bool {
        self.draw() & 1 == 1
    }

    fn step(&mut self, sync: bool) -> io::Result<()> {
        self.steps += 1;
        if self.stop_at.is_some_and(|at| self.steps >= at) {
            self.stopped = true;
        }
        if self.stopped {
            return Err(io::Error::other("the machine has stopped"));
        }
        if sync && self.fail_sync_at.is_some_and(|at| self.steps >= at) {
            self.fail_sync_at = None;
            return Err(io::Error::other("the sync failed"));
        }
        Ok(())
    }
}

impl PublishIo for FaultIo {
    fn write(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        let mut disk = self.disk();
        let temporary = format!("{path}{TEMPORARY}");
        disk.step(false)?;
        disk.visible.insert(temporary.clone(), Vec::new());
        // A machine that stops in the middle of a write leaves a part of it.
        let half = bytes.get(..bytes.len() / 2).unwrap_or_default().to_vec();
        disk.visible.insert(temporary.clone(), half);
        disk.step(false)?;
        disk.visible.insert(temporary.clone(), bytes.to_vec());
        disk.step(true)?;
        disk.step(false)?;
        disk.visible.remove(&temporary);
        disk.visible.insert(path.to_owned(), bytes.to_vec());
        disk.unsynced.push((path.to_owned(), Some(bytes.to_vec())));
        Ok(())
    }

    fn sync_dir(&self, folder: &str) -> io::Result<()> {
        let mut disk = self.disk();
        disk.step(true)?;
        let changes = std::mem::take(&mut disk.unsynced);
        for (path, change) in changes {
            if path.rsplit_once('/').map_or("", |(folder, _)| folder) != folder {
                disk.unsynced.push((path, change));
                continue;
            }
            match change {
                Some(bytes) => disk.durable.insert(path, bytes),
                None => disk.durable.remove(&path),
            };
        }
        Ok(())
    }

    fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        let disk = self.disk();
        if disk.stopped {
            return Err(io::Error::other("the machine has stopped"));
        }
        Ok(disk.visible.get(path).cloned())
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        let mut disk = self.disk();
        disk.step(false)?;
        disk.visible.remove(path);
        disk.unsynced.push((path.to_owned(), None));
        Ok(())
    }

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.disk().visible.keys().cloned().collect())
    }
}
