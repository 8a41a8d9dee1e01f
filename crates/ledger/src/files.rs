//! The published folder's files: which ones a growth touches, their paths and their bytes.
//!
//! Paths as in `c2sp.org/tlog-tiles` without its prefix; payload bundles are ours and lie beside entry bundles with the
//! same numbers. Never here: writing them (`store`). Order for whoever writes: files of [`Growth::write`], then the
//! checkpoint, then remove [`Growth::remove`].

use crate::leaf::Salt;
use crate::tree::{Place, ReadError};
use std::fmt;
use std::ops::Range;
use tlog_tiles::Hash;

/// Entries of a full bundle and hashes of a full tile.
pub const WIDTH: u64 = 256;

/// Which kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Leaves.
    Entries,
    /// Salts and payloads.
    Payloads,
    /// Hashes at a level: 0 is leaf hashes, level `L` roots of 256^`L` leaves.
    Tile(u8),
}

/// One file of the published folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogFile {
    /// Which kind.
    pub kind: Kind,
    /// Number among its kind, from 0.
    pub n: u64,
    /// Entries or hashes in it, 1 to 256; fewer than 256 make a partial file.
    pub width: u16,
}

impl LogFile {
    /// The files of every kind that a log of `size` entries needs for entry numbers or hashes `n` in `units`.
    fn of(kind: Kind, units: u64, n: u64) -> Option<Self> {
        let width = units.saturating_sub(n.saturating_mul(WIDTH)).min(WIDTH);
        (width > 0).then_some(Self { kind, n, width: u16::try_from(width).ok()? })
    }

    /// Path below the published folder.
    #[must_use]
    pub fn path(&self) -> String {
        let mut number = format!("{:03}", self.n % 1000);
        let mut rest = self.n / 1000;
        while rest > 0 {
            number = format!("x{:03}/{number}", rest % 1000);
            rest /= 1000;
        }
        let folder = match self.kind {
            Kind::Entries => "tile/entries".to_owned(),
            Kind::Payloads => "payload".to_owned(),
            Kind::Tile(level) => format!("tile/{level}"),
        };
        match u64::from(self.width) {
            WIDTH => format!("{folder}/{number}"),
            width => format!("{folder}/{number}.p/{width}"),
        }
    }

    /// Numbers of the units in it: entries for bundles and level 0, subtrees for higher levels.
    #[must_use]
    pub fn units(&self) -> Range<u64> {
        let start = self.n.saturating_mul(WIDTH);
        start..start.saturating_add(self.width.into())
    }

    /// Where the hashes of a tile are kept, in the order of its bytes. Empty for bundles.
    #[must_use]
    pub fn places(&self) -> Vec<Place> {
        match self.kind {
            Kind::Tile(level) => self.units().map(|n| Place { level: level.saturating_mul(8), n }).collect(),
            Kind::Entries | Kind::Payloads => Vec::new(),
        }
    }

    /// The bytes of a tile, from stored hashes. Empty for bundles.
    ///
    /// # Errors
    /// What `read` said.
    pub fn tile_bytes<E>(&self, read: impl FnMut(Place) -> Result<Hash, E>) -> Result<Vec<u8>, ReadError<E>> {
        let hashes = self.places().into_iter().map(read).collect::<Result<Vec<_>, _>>();
        Ok(crate::tree::concatenated(&hashes.map_err(ReadError::Reader)?))
    }
}

impl fmt::Display for LogFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path())
    }
}

/// What publishing a larger log does to the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Growth {
    /// Files to be written, before the checkpoint.
    pub write: Vec<LogFile>,
    /// Partial files that others replaced, to be removed after the checkpoint stands.
    pub remove: Vec<LogFile>,
}

impl Growth {
    /// From a published log of `old` entries to one of `new`. Nothing if it does not grow.
    #[must_use]
    pub fn between(old: u64, new: u64) -> Self {
        let mut growth = Self { write: Vec::new(), remove: Vec::new() };
        let levels = (0..7_u8).map(|level| (Kind::Tile(level), 8 * u32::from(level)));
        for (kind, shift) in [(Kind::Entries, 0), (Kind::Payloads, 0)].into_iter().chain(levels) {
            let (before, after) = (old >> shift, new >> shift);
            if after <= before {
                continue;
            }
            growth.write.extend((before / WIDTH..=after / WIDTH).filter_map(|n| LogFile::of(kind, after, n)));
            if before % WIDTH != 0 {
                growth.remove.extend(LogFile::of(kind, before, before / WIDTH));
            }
        }
        growth
    }

    /// Every file of a log of `size` entries, checkpoint and key apart.
    #[must_use]
    pub fn all(size: u64) -> Vec<LogFile> {
        Self::between(0, size).write
    }
}

/// The two files that hold entry `index` in a log of `size` entries: entry bundle and payload bundle.
#[must_use]
pub fn bundles_of(index: u64, size: u64) -> Option<[LogFile; 2]> {
    let n = index / WIDTH;
    (index < size).then_some(())?;
    Some([LogFile::of(Kind::Entries, size, n)?, LogFile::of(Kind::Payloads, size, n)?])
}

/// Adds a leaf to an entry bundle: two bytes of length, big-endian, then the leaf. Leaves are far below 64 KiB.
pub fn push_entry(bundle: &mut Vec<u8>, leaf: &[u8]) {
    debug_assert!(leaf.len() <= usize::from(u16::MAX), "a leaf is at most 200 bytes");
    let length = u16::try_from(leaf.len()).unwrap_or(u16::MAX);
    bundle.extend(length.to_be_bytes());
    bundle.extend(leaf.iter().take(length.into()));
}

/// The line of a payload bundle for entry `index`, line end included. `payload` is the canonical text, verbatim.
#[must_use]
pub fn payload_line(index: u64, salt: &Salt, payload: &str) -> String {
    format!("{{\"index\":{index},\"salt\":\"{}\",\"payload\":{payload}}}\n", hex::encode(salt))
}

/// The line of a payload bundle for an erased entry, line end included.
#[must_use]
pub fn erased_line(index: u64) -> String {
    format!("{{\"index\":{index},\"erased\":true}}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn paths(files: &[LogFile]) -> Vec<String> {
        files.iter().map(LogFile::path).collect()
    }

    #[test]
    fn paths_are_those_of_the_specification() {
        let file = |kind, n, width| LogFile { kind, n, width }.path();
        assert_eq!(file(Kind::Tile(0), 1_234_067, 256), "tile/0/x001/x234/067");
        assert_eq!(file(Kind::Entries, 0, 3), "tile/entries/000.p/3");
        assert_eq!(file(Kind::Payloads, 999, 255), "payload/999.p/255");
        assert_eq!(file(Kind::Tile(2), 1000, 1), "tile/2/x001/000.p/1");
    }

    #[test]
    fn seventy_thousand_entries_need_what_the_specification_says() {
        let all = Growth::all(70_000);
        let count = |kind| all.iter().filter(|file| file.kind == kind).count();
        assert_eq!([count(Kind::Tile(0)), count(Kind::Tile(1)), count(Kind::Tile(2))], [274, 2, 1]);
        let partial: Vec<_> = all.iter().filter(|file| file.width < 256).copied().collect();
        assert_eq!(
            paths(&partial),
            [
                "tile/entries/273.p/112",
                "payload/273.p/112",
                "tile/0/273.p/112",
                "tile/1/001.p/17",
                "tile/2/000.p/1"
            ]
        );
        assert_eq!(
            paths(&Growth::all(256)),
            ["tile/entries/000", "payload/000", "tile/0/000", "tile/1/000.p/1"]
        );
    }

    #[test]
    fn growing_step_by_step_leaves_what_growing_at_once_writes() {
        let mut steps = vec![0_u64];
        while let Some(last) = steps.last().filter(|last| **last < 200_000) {
            steps.push(last + 1 + (last * 7919) % 4001);
        }
        let mut folder = BTreeSet::new();
        for pair in steps.windows(2) {
            let growth = Growth::between(pair[0], pair[1]);
            folder.extend(growth.write);
            for file in growth.remove {
                assert!(folder.remove(&file), "{file} stood before");
            }
            assert_eq!(folder, Growth::all(pair[1]).into_iter().collect(), "at {}", pair[1]);
        }
        assert_eq!(Growth::between(5, 5), Growth { write: vec![], remove: vec![] });
        assert_eq!(Growth::between(6, 5), Growth { write: vec![], remove: vec![] });
    }
}
