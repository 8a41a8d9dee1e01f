//! Proofs (RFC 6962, 2.1.1 and 2.1.2): an entry is in a tree; a tree is the beginning of another.
//!
//! Making one needs some stored hashes. Readers that cannot be called from here (asynchronous ones) first ask which
//! rows are needed, load those into [`crate::Rows`], then call. Next: [`crate::tlog_proof`] for the text form.

use crate::tree::{Place, ReadError, SIZE_MAX, through};
use std::collections::BTreeSet;
use std::convert::Infallible;
use tlog_tiles::{EMPTY_HASH, Hash};

/// Longest proof of a tree within [`SIZE_MAX`], in hashes; a consistency proof has one more.
pub const PROOF_MAX: usize = 54;

/// A proof that proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// An index that the tree does not have.
    #[error("a tree of {size} entries has no entry {index}")]
    NoSuchEntry {
        /// Entry asked about.
        index: u64,
        /// Entries of the tree.
        size: u64,
    },
    /// An older tree that is larger than the newer.
    #[error("a tree of {new} entries cannot extend one of {old}")]
    Shrunk {
        /// Entries of the older tree.
        old: u64,
        /// Entries of the newer tree.
        new: u64,
    },
    /// A size no log may have.
    #[error("size {0} is beyond {SIZE_MAX}")]
    TooLarge(u64),
    /// Hashes that do not lead to the root.
    #[error("the proof's hashes do not lead to the root of {size} entries")]
    Wrong {
        /// Entries of the tree.
        size: u64,
    },
}

fn check_entry(index: u64, size: u64) -> Result<(), ProofError> {
    match size {
        _ if size > SIZE_MAX => Err(ProofError::TooLarge(size)),
        _ if index >= size => Err(ProofError::NoSuchEntry { index, size }),
        _ => Ok(()),
    }
}

fn check_growth(old: u64, new: u64) -> Result<(), ProofError> {
    match new {
        _ if new > SIZE_MAX => Err(ProofError::TooLarge(new)),
        _ if old > new => Err(ProofError::Shrunk { old, new }),
        _ => Ok(()),
    }
}

/// Proof that entry `index` is in the tree of `size` entries: sibling hashes, the leaf's first.
///
/// # Errors
/// What `read` said, or an index beyond the tree.
pub fn inclusion<E>(
    index: u64,
    size: u64,
    read: impl FnMut(Place) -> Result<Hash, E>,
) -> Result<Vec<Hash>, ReadError<E>> {
    check_entry(index, size).map_err(|e| ReadError::Question(e.to_string()))?;
    through(read, |reader| tlog_tiles::prove_record(size, index, reader))
}

/// Proof that the tree of `new` entries begins with that of `old`. Empty if either is the other, or `old` is empty.
///
/// # Errors
/// What `read` said, or sizes the wrong way round.
pub fn consistency<E>(
    old: u64,
    new: u64,
    read: impl FnMut(Place) -> Result<Hash, E>,
) -> Result<Vec<Hash>, ReadError<E>> {
    check_growth(old, new).map_err(|e| ReadError::Question(e.to_string()))?;
    if old == 0 {
        return Ok(Vec::new());
    }
    through(read, |reader| tlog_tiles::prove_tree(new, old, reader))
}

/// Rows that [`inclusion`] will read, ascending. None if the entry does not exist.
#[must_use]
pub fn inclusion_rows(index: u64, size: u64) -> Vec<u64> {
    rows(|read| inclusion(index, size, read).is_ok())
}

/// Rows that [`consistency`] will read, ascending.
#[must_use]
pub fn consistency_rows(old: u64, new: u64) -> Vec<u64> {
    rows(|read| consistency(old, new, read).is_ok())
}

fn rows(run: impl FnOnce(&mut dyn FnMut(Place) -> Result<Hash, Infallible>) -> bool) -> Vec<u64> {
    let mut rows = BTreeSet::new();
    run(&mut |place| {
        rows.insert(place.row());
        Ok(EMPTY_HASH)
    });
    rows.into_iter().collect()
}

/// Whether `proof` shows that `leaf` (a leaf hash) is entry `index` of the tree of `size` entries with that `root`.
///
/// # Errors
/// [`ProofError`], saying why not.
pub fn check_inclusion(
    proof: &[Hash],
    index: u64,
    size: u64,
    root: Hash,
    leaf: Hash,
) -> Result<(), ProofError> {
    check_entry(index, size)?;
    if proof.len() > PROOF_MAX {
        return Err(ProofError::Wrong { size });
    }
    tlog_tiles::check_record(&proof.to_vec(), size, root, index, leaf).map_err(|_| ProofError::Wrong { size })
}

/// Whether `proof` shows that the tree `new` (size and root) begins with the tree `old`.
///
/// # Errors
/// [`ProofError`], saying why not.
pub fn check_consistency(proof: &[Hash], old: (u64, Hash), new: (u64, Hash)) -> Result<(), ProofError> {
    check_growth(old.0, new.0)?;
    let wrong = ProofError::Wrong { size: new.0 };
    if proof.len() > PROOF_MAX {
        return Err(wrong);
    }
    if old.0 == 0 {
        // Every tree begins with the empty one.
        return if proof.is_empty() && old.1 == EMPTY_HASH { Ok(()) } else { Err(wrong) };
    }
    if old.0 == new.0 {
        return if proof.is_empty() && old.1 == new.1 { Ok(()) } else { Err(wrong) };
    }
    tlog_tiles::check_tree(&proof.to_vec(), new.0, new.1, old.0, old.1).map_err(|_| wrong)
}
