//! Hash tiles (`c2sp.org/tlog-tiles`), each checked against the one above it, up to the signed root.

use crate::fault::{Fault, FaultKind, Place};
use crate::files::{path, read, width};
use sha2::{Digest, Sha256};
use std::path::PathBuf;

pub(crate) type Hash = [u8; 32];

pub(crate) fn leaf_hash(leaf: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(leaf).finalize().into()
}

pub(crate) fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// Root of a complete subtree from its 1, 2, 4, … leaves.
fn subtree(hashes: &[Hash]) -> Option<Hash> {
    match hashes {
        [one] => Some(*one),
        _ if hashes.len().is_power_of_two() => {
            let (left, right) = hashes.split_at(hashes.len() / 2);
            Some(node_hash(&subtree(left)?, &subtree(right)?))
        }
        _ => None,
    }
}

/// A tile in memory: its number and hashes.
type Kept = Option<(u64, Vec<Hash>)>;

pub(crate) struct Tiles {
    folder: PathBuf,
    size: u64,
    /// Of each level the full tile last read, and the partial one at the right edge. The latter is never
    /// read twice, since nothing is above it that a second reading could be checked against.
    kept: Vec<[Kept; 2]>,
}

impl Tiles {
    pub(crate) fn new(folder: PathBuf, size: u64) -> Self {
        Self { folder, size, kept: vec![[None, None]; 8] }
    }

    /// Path of tile `n` at `level`.
    pub(crate) fn path(&self, level: u32, n: u64) -> String {
        path(&format!("tile/{level}"), n, width(self.size >> (8 * level), n))
    }

    fn read(&self, level: u32, n: u64) -> Result<Vec<Hash>, Fault> {
        let (file, bytes) = (self.path(level, n), 32 * width(self.size >> (8 * level), n));
        let found = read(&self.folder, &file, bytes + 1)?;
        if found.len() as u64 != bytes {
            let place = Place::Byte(bytes.min(found.len() as u64));
            let found =
                if found.len() as u64 > bytes { "more".to_owned() } else { format!("{} bytes", found.len()) };
            return Err(
                Fault::new(FaultKind::Tile, &file, format!("{bytes} bytes of hashes"), found).at(place)
            );
        }
        Ok(found.as_chunks::<32>().0.to_vec())
    }

    /// The hashes of tile `n` at `level`. A full tile is checked against the hash above it, and so on upwards; partial
    /// ones end the recursion, because [`Tiles::check_root`] has checked those.
    pub(crate) fn tile(&mut self, level: u32, n: u64) -> Result<&[Hash], Fault> {
        let (slot, partial) = (level as usize, usize::from(width(self.size >> (8 * level), n) < 256));
        let kept = self.kept.get(slot).and_then(|kept| kept.get(partial)).and_then(Option::as_ref);
        if kept.is_none_or(|(number, _)| *number != n) {
            let hashes = self.read(level, n)?;
            if partial == 0 {
                let parent = self.tile(level + 1, n / 256)?.get((n % 256) as usize).copied();
                if subtree(&hashes) != parent {
                    if level > 0 {
                        self.compare_below(level, n)?;
                    }
                    let (file, above) = (self.path(level, n), self.path(level + 1, n / 256));
                    let expected = format!("hashes that lead to byte {} of `{above}`", n % 256 * 32);
                    return Err(Fault::new(FaultKind::Tile, &file, expected, "others"));
                }
            }
            if let Some(kept) = self.kept.get_mut(slot).and_then(|kept| kept.get_mut(partial)) {
                *kept = Some((n, hashes));
            }
        }
        let kept = self.kept.get(slot).and_then(|kept| kept.get(partial)).and_then(Option::as_ref);
        Ok(kept.map_or(&[], |(_, hashes)| hashes))
    }

    /// Root of the first `size` entries, from the complete subtrees that cover them.
    pub(crate) fn root(&mut self, size: u64) -> Result<Hash, Fault> {
        let mut root: Option<Hash> = None;
        for bit in (0..64_u32).filter(|bit| size >> bit & 1 == 1) {
            // Subtree number `n` of 2^bit leaves, as a run of hashes in a tile.
            let (level, run, n) = (bit / 8, 1_u64 << (bit % 8), (size >> bit) - 1);
            let start = (n * run % 256) as usize;
            let hashes = self.tile(level, n * run / 256)?.get(start..start + run as usize).unwrap_or(&[]);
            let left = subtree(hashes).unwrap_or([0; 32]);
            root = Some(root.map_or(left, |right| node_hash(&left, &right)));
        }
        Ok(root.unwrap_or_else(|| Sha256::digest([]).into()))
    }

    /// Whether the right edge of the tree leads to `signed`: what everything else is checked against. If not, and a
    /// hash above the leaves differs from the tile below it, that is the fault.
    pub(crate) fn check_root(&mut self, signed: &Hash) -> Result<bool, Fault> {
        if self.root(self.size)? == *signed {
            return Ok(true);
        }
        for level in (1..8_u32).filter(|level| !(self.size >> (8 * level)).is_multiple_of(256)) {
            self.compare_below(level, (self.size >> (8 * level)) / 256)?;
        }
        Ok(false)
    }

    /// Finds the first hash of a tile that is not the root of the tile below it. Only to name a byte.
    fn compare_below(&self, level: u32, n: u64) -> Result<(), Fault> {
        for (at, hash) in (0_u64..).zip(self.read(level, n)?) {
            if subtree(&self.read(level - 1, n * 256 + at)?) != Some(hash) {
                let expected = format!("the root of `{}`", self.path(level - 1, n * 256 + at));
                let fault = Fault::new(FaultKind::Tile, &self.path(level, n), expected, hex::encode(hash));
                return Err(fault.at(Place::Byte(at * 32)));
            }
        }
        Ok(())
    }

    /// The same for a tile of leaf hashes, given the leaves' hashes as the entry bundle has them.
    pub(crate) fn compare_leaves(&self, n: u64, leaves: impl Iterator<Item = Hash>) -> Result<(), Fault> {
        for (at, (found, leaf)) in (0_u64..).zip(self.read(0, n)?.iter().zip(leaves)) {
            if *found != leaf {
                let expected = format!("{}, the hash of the entry", hex::encode(leaf));
                let fault = Fault::new(FaultKind::Tile, &self.path(0, n), expected, hex::encode(found));
                return Err(fault.at(Place::Byte(at * 32)).of(n * 256 + at));
            }
        }
        Ok(())
    }
}
