//! The tamper-evident log as values: commitments, leaves, the tree, checkpoints, proofs, published files.
//!
//! Start with [`leaf`] for what one entry is, [`tree`] for how entries become one hash, [`checkpoint`] for the signed
//! head, [`proof`] and [`tlog_proof`] for what a stranger can check, [`files`] for the published folder. The bytes are
//! written down in `docs/ledger-format.md`; the format never changes under the same version number.
//!
//! Pure: no IO, no clock, no randomness, no async. Never here: storage and order of entries (`store`), the check of a
//! published folder (`verifier`, which shares no code with this crate on purpose), what a payload means (`govern`).

#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

pub mod canonical;
pub mod checkpoint;
pub mod files;
pub mod leaf;
pub mod proof;
pub mod tlog_proof;
pub mod tree;

pub use canonical::{Canonical, NotCanonical};
pub use checkpoint::{Checkpoint, CheckpointError, CheckpointSigner, KeyError, VerifierKey};
pub use files::{Growth, Kind, LogFile, bundles_of, erased_line, payload_line, push_entry};
pub use leaf::{Commitment, Leaf, LeafError, Salt, check_class, commitment, leaf_hash};
pub use proof::{
    ProofError, check_consistency, check_inclusion, consistency, consistency_rows, inclusion, inclusion_rows,
};
pub use tlog_proof::{TlogProof, TlogProofError};
pub use tlog_tiles::Hash;
pub use tree::{Appender, Place, ReadError, Rows, SIZE_MAX, concatenated, root_at, where_stored};
