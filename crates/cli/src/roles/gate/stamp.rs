//! Telling one state of the keys file from another without reading it.
//!
//! A [`Stamp`] is what the file system says of a file. A [`Glance`] compares it, before each decision, with the stamp of
//! what the table was last brought in step with.

use std::fs::Metadata;
use std::hash::{Hash, Hasher};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use sumun_model::Timestamp;

/// A file written this recently may be written again within the same tick of its time stamps: look once more.
const RACY_US: u64 = 100_000;
/// Largest keys file that is read between a request and its decision: some two thousand keys, a few milliseconds.
/// A larger one is left to the housekeeper.
pub(super) const GLANCE_BYTES_MAX: u64 = 1 << 20;

/// What tells one state of a file from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Stamp {
    inode: u64,
    bytes: u64,
    modified_us: i64,
    /// A time stamp that no program can put back: it tells an edit in place that kept size and `modified_us`.
    changed_us: i64,
}

impl Stamp {
    pub(super) fn of(metadata: &Metadata) -> Self {
        let us = |seconds: i64, nanos: i64| seconds.saturating_mul(1_000_000).saturating_add(nanos / 1_000);
        Self {
            inode: metadata.ino(),
            bytes: metadata.len(),
            modified_us: us(metadata.mtime(), metadata.mtime_nsec()),
            changed_us: us(metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// When the file was written, as it says itself.
    pub(super) const fn modified(self) -> Timestamp {
        Timestamp::from_micros(self.modified_us)
    }

    /// Whether a later write must show as another stamp, this one being taken now. A time in the future, which a wrong
    /// clock or a copied file may bear, is as far from now as one in the past.
    pub(super) fn settled(self, now: Timestamp) -> bool {
        [self.modified_us, self.changed_us].iter().all(|us| us.abs_diff(now.as_micros()) > RACY_US)
    }

    /// One number for all; two stamps that differ almost surely differ in it, and the housekeeper compares the stamps
    /// themselves.
    fn mixed(self) -> u64 {
        let mut hasher = std::hash::DefaultHasher::new();
        self.hash(&mut hasher);
        hasher.finish()
    }
}

/// Tells cheaply whether the keys file differs from what the table is in step with. Shared with the request path.
pub(super) struct Glance {
    path: PathBuf,
    in_step: AtomicU64,
    /// A file too large for a request to wait for is being read.
    long: AtomicBool,
}

impl Glance {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, in_step: AtomicU64::new(0), long: AtomicBool::new(false) }
    }

    /// Whether the file is small and the table is not in step with it. Stays true until a change has been applied, so
    /// that no request is decided under the table before it while another brings it in step.
    pub(super) fn differs(&self) -> bool {
        !self.long.load(Ordering::Acquire)
            && std::fs::metadata(&self.path).is_ok_and(|metadata| {
                metadata.len() <= GLANCE_BYTES_MAX
                    && Stamp::of(&metadata).mixed() != self.in_step.load(Ordering::Acquire)
            })
    }

    /// A file of this stamp is going to be read.
    pub(super) fn begins(&self, stamp: Option<Stamp>) {
        self.long.store(stamp.is_some_and(|stamp| stamp.bytes > GLANCE_BYTES_MAX), Ordering::Release);
    }

    /// The file of this stamp has been applied, or cannot be.
    pub(super) fn done(&self, stamp: Option<Stamp>) {
        self.in_step.store(stamp.map_or(0, Stamp::mixed), Ordering::Release);
        self.long.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(modified_us: i64, changed_us: i64) -> Stamp {
        Stamp { inode: 1, bytes: 2, modified_us, changed_us }
    }

    #[test]
    fn only_what_was_written_just_now_is_looked_at_again() {
        let now = 1_795_000_000_000_000;
        let settled =
            |modified, changed| stamp(now + modified, now + changed).settled(Timestamp::from_micros(now));
        let racy = i64::try_from(RACY_US).unwrap();
        assert!(settled(-racy - 1, -racy - 1));
        assert!(settled(3_600_000_000, -racy - 1), "a time in the future");
        for recent in [-racy, -1, 0, 1, racy] {
            assert!(!settled(recent, -racy - 1));
            assert!(!settled(-racy - 1, recent), "an old time put back onto a new edit");
        }
    }

    #[test]
    fn an_edit_differs_until_it_is_done() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.json");
        let glance = Glance::new(path.clone());
        assert!(!glance.differs(), "no file");
        std::fs::write(&path, "one").unwrap();
        let now = || Some(Stamp::of(&std::fs::metadata(&path).unwrap()));
        assert!(glance.differs());
        glance.begins(now());
        assert!(glance.differs(), "while it is applied");
        glance.done(now());
        assert!(!glance.differs());
        std::fs::write(&path, "three").unwrap();
        assert!(glance.differs());
    }

    #[test]
    fn a_large_file_is_left_to_the_housekeeper() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.json");
        let file = std::fs::File::create(&path).unwrap();
        file.set_len(GLANCE_BYTES_MAX).unwrap();
        let glance = Glance::new(path.clone());
        assert!(glance.differs());
        file.set_len(GLANCE_BYTES_MAX + 1).unwrap();
        assert!(!glance.differs());
        // Made small again while the large one is being read: no request waits for that.
        glance.begins(Some(Stamp::of(&std::fs::metadata(&path).unwrap())));
        file.set_len(1).unwrap();
        assert!(!glance.differs());
        glance.done(None);
        assert!(glance.differs());
    }
}
