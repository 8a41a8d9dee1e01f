//! The tree (RFC 6962): which hashes a leaf completes, where they are kept, and the root.
//!
//! A leaf's row keeps, one after another, the hashes that the leaf completes: its own, then those of every subtree of
//! which it is the last leaf. Leaf `i` completes 1 + (trailing one bits of `i`) hashes. So any complete subtree's hash
//! is found by row and position ([`where_stored`]), and appending needs only the right frontier, at most 53 hashes.
//! Next: [`crate::proof`].

use std::cell::RefCell;
use std::collections::BTreeMap;
use tlog_tiles::{EMPTY_HASH, Hash, HashReader, node_hash, record_hash};

/// Most entries a log may have, 2⁵³ − 1: an index is a whole number every JSON reader keeps.
pub const SIZE_MAX: u64 = (1 << 53) - 1;

/// A complete subtree: number `n` (from 0) among those of 2^`level` leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Height: 0 is a leaf.
    pub level: u8,
    /// Which one at that height.
    pub n: u64,
}

/// Row and position in the row of the hash of subtree `n` at `level`.
#[must_use]
pub fn where_stored(level: u8, n: u64) -> (u64, usize) {
    let leaves = 1_u64.checked_shl(level.into()).unwrap_or(0);
    (n.wrapping_add(1).wrapping_mul(leaves).wrapping_sub(1), usize::from(level))
}

impl Place {
    /// The place of a storage index in tlog order.
    #[must_use]
    pub fn of_storage_index(index: u64) -> Self {
        let (level, n) = tlog_tiles::split_stored_hash_index(index);
        Self { level, n }
    }

    /// Its storage index in tlog order: hashes in the order in which leaves complete them.
    #[must_use]
    pub fn storage_index(self) -> u64 {
        tlog_tiles::stored_hash_index(self.level, self.n)
    }

    /// The leaf whose row holds the hash.
    #[must_use]
    pub fn row(self) -> u64 {
        where_stored(self.level, self.n).0
    }

    /// Position of the hash in that row.
    #[must_use]
    pub fn position(self) -> usize {
        where_stored(self.level, self.n).1
    }
}

/// Stored hashes could not be read, or are not there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError<E> {
    /// The reader failed.
    #[error("stored hashes could not be read")]
    Reader(#[source] E),
    /// The question makes no sense for a tree of that size.
    #[error("{0}")]
    Question(String),
}

/// A row that is missing, or does not hold the hash asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the row of entry {row} holds no hash at position {position}")]
pub struct MissingHash {
    /// Entry whose row it is.
    pub row: u64,
    /// Position asked for.
    pub position: usize,
}

/// Rows loaded beforehand, for callers whose reading is asynchronous: ask which rows are needed, load them, then call.
#[derive(Clone, Debug, Default)]
pub struct Rows(BTreeMap<u64, Vec<u8>>);

impl Rows {
    /// Adds the concatenated hashes of leaf `row`.
    pub fn insert(&mut self, row: u64, hashes: Vec<u8>) {
        self.0.insert(row, hashes);
    }

    /// The hash at `place`.
    ///
    /// # Errors
    /// [`MissingHash`].
    pub fn hash(&self, place: Place) -> Result<Hash, MissingHash> {
        let (row, position) = where_stored(place.level, place.n);
        self.0
            .get(&row)
            .and_then(|hashes| hashes.as_chunks::<32>().0.get(position))
            .map(|hash| Hash(*hash))
            .ok_or(MissingHash { row, position })
    }
}

/// The hashes of one row, concatenated as they are kept.
#[must_use]
pub fn concatenated(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

/// The right frontier of a tree, enough to append to it and to know its root.
#[derive(Clone, Debug, PartialEq)]
pub struct Appender {
    size: u64,
    /// Roots of the complete subtrees that cover the tree, widest first: one for each one bit of `size`.
    frontier: Vec<Hash>,
}

impl Appender {
    /// The tree without entries.
    #[must_use]
    pub fn empty() -> Self {
        Self { size: 0, frontier: Vec::new() }
    }

    /// Where the frontier of a tree of `size` entries is kept, widest subtree first.
    #[must_use]
    pub fn frontier(size: u64) -> Vec<Place> {
        (0..64_u8)
            .rev()
            .filter(|level| size >> level & 1 == 1)
            .map(|level| Place { level, n: (size >> level) - 1 })
            .collect()
    }

    /// A tree of `size` entries, read back from its frontier.
    ///
    /// # Errors
    /// What `read` said, or a size beyond [`SIZE_MAX`].
    pub fn resume<E>(
        size: u64,
        mut read: impl FnMut(Place) -> Result<Hash, E>,
    ) -> Result<Self, ReadError<E>> {
        if size > SIZE_MAX {
            return Err(ReadError::Question(format!("size {size} is beyond {SIZE_MAX}")));
        }
        let frontier = Self::frontier(size)
            .into_iter()
            .map(&mut read)
            .collect::<Result<_, _>>()
            .map_err(ReadError::Reader)?;
        Ok(Self { size, frontier })
    }

    /// Appends a leaf. Answers the hashes it completes, its own first: what its row keeps.
    pub fn append(&mut self, leaf: &[u8]) -> Vec<Hash> {
        let mut hash = record_hash(leaf);
        let mut completed = vec![hash];
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.frontier.pop() {
                hash = node_hash(left, hash);
                completed.push(hash);
            }
        }
        self.frontier.push(hash);
        self.size = self.size.saturating_add(1);
        completed
    }

    /// Number of entries.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Root of the tree; of the empty one, the hash of nothing.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.frontier.iter().rev().copied().reduce(|right, left| node_hash(left, right)).unwrap_or(EMPTY_HASH)
    }
}

/// Lets `tlog_tiles` read through a closure and keeps the closure's own error.
pub(crate) struct Through<F, E> {
    read: RefCell<F>,
    failed: RefCell<Option<E>>,
}

impl<F: FnMut(Place) -> Result<Hash, E>, E> HashReader for Through<F, E> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, tlog_tiles::Error> {
        let mut read = self.read.borrow_mut();
        let read =
            indexes.iter().map(|&index| (*read)(Place::of_storage_index(index))).collect::<Result<_, _>>();
        read.map_err(|e| {
            *self.failed.borrow_mut() = Some(e);
            tlog_tiles::Error::IndexesNotInTree
        })
    }
}

pub(crate) fn through<F, E, T>(
    read: F,
    run: impl FnOnce(&Through<F, E>) -> Result<T, tlog_tiles::Error>,
) -> Result<T, ReadError<E>>
where
    F: FnMut(Place) -> Result<Hash, E>,
{
    let through = Through { read: RefCell::new(read), failed: RefCell::new(None) };
    let answer = run(&through);
    match (answer, through.failed.into_inner()) {
        (_, Some(e)) => Err(ReadError::Reader(e)),
        (Ok(answer), None) => Ok(answer),
        (Err(e), None) => Err(ReadError::Question(e.to_string())),
    }
}

/// Root of the first `size` entries, from stored hashes.
///
/// # Errors
/// What `read` said, or a size beyond [`SIZE_MAX`].
pub fn root_at<E>(size: u64, read: impl FnMut(Place) -> Result<Hash, E>) -> Result<Hash, ReadError<E>> {
    Appender::resume(size, read).map(|tree| tree.root())
}
