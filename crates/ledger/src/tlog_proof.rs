//! One text that proves one entry offline: `c2sp.org/tlog-proof@v1`.
//!
//! Index, sibling hashes and the signed checkpoint; the reader brings the leaf and the log's key. The optional extra
//! data is not covered by any signature, and nothing here trusts it.

use crate::checkpoint::{Checkpoint, CheckpointError, VerifierKey, decimal, hash};
use crate::proof::{PROOF_MAX, ProofError, check_inclusion};
use crate::tree::SIZE_MAX;
use base64::{Engine, prelude::BASE64_STANDARD};
use tlog_tiles::Hash;

/// First line of the text.
pub const VERSION: &str = "c2sp.org/tlog-proof@v1";

/// A proof as read, not yet checked.
#[derive(Clone, Debug, PartialEq)]
pub struct TlogProof {
    /// Opaque data beside the proof; trusted by nobody.
    pub extra: Option<Vec<u8>>,
    /// Entry, from 0.
    pub index: u64,
    /// Sibling hashes, the leaf's first.
    pub hashes: Vec<Hash>,
    /// The checkpoint, verbatim.
    pub checkpoint: String,
}

/// Why a text is no proof, or proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlogProofError {
    /// A line of another shape.
    #[error("line {line} of the proof is not {wanted}")]
    Line {
        /// From 1.
        line: usize,
        /// What should stand there.
        wanted: &'static str,
    },
    /// The checkpoint in it.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The hashes in it.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

impl TlogProof {
    /// The text.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = format!("{VERSION}\n");
        if let Some(extra) = &self.extra {
            text.push_str(&format!("extra {}\n", BASE64_STANDARD.encode(extra)));
        }
        text.push_str(&format!("index {}\n", self.index));
        for hash in &self.hashes {
            text.push_str(&BASE64_STANDARD.encode(hash.0));
            text.push('\n');
        }
        text.push('\n');
        text.push_str(&self.checkpoint);
        text
    }

    /// Reads exactly what [`TlogProof::render`] writes. Checks nothing.
    ///
    /// # Errors
    /// [`TlogProofError::Line`].
    pub fn parse(text: &str) -> Result<Self, TlogProofError> {
        let wants = |line, wanted| TlogProofError::Line { line, wanted };
        let (head, checkpoint) =
            text.split_once("\n\n").ok_or(wants(1, "followed by lines, an empty line and a checkpoint"))?;
        let mut lines = head.split('\n').zip(1..).peekable();
        if lines.next().is_none_or(|(first, _)| first != VERSION) {
            return Err(wants(1, "`c2sp.org/tlog-proof@v1`"));
        }
        let extra = match lines.peek().and_then(|(line, _)| line.strip_prefix("extra ")) {
            Some(encoded) => {
                lines.next();
                let extra = BASE64_STANDARD.decode(encoded).ok().filter(|extra| !extra.is_empty());
                Some(extra.ok_or(wants(2, "`extra ` and base64"))?)
            }
            None => None,
        };
        let at = if extra.is_some() { 3 } else { 2 };
        let index = lines
            .next()
            .and_then(|(line, _)| decimal(line.strip_prefix("index ")?))
            .filter(|index| *index < SIZE_MAX)
            .ok_or(wants(at, "`index ` and a whole number"))?;
        let mut hashes = Vec::new();
        for (line, at) in lines {
            if hashes.len() == PROOF_MAX {
                return Err(wants(at, "empty: no proof is that long"));
            }
            hashes.push(hash(line).ok_or(wants(at, "a hash in base64"))?);
        }
        Ok(Self { extra, index, hashes, checkpoint: checkpoint.to_owned() })
    }

    /// Whether this proves that `leaf` (its bytes) is in the log of `key`. Answers the checkpoint it is in.
    ///
    /// # Errors
    /// [`TlogProofError`], saying why not.
    pub fn check(&self, leaf: &[u8], key: &VerifierKey) -> Result<Checkpoint, TlogProofError> {
        let head = Checkpoint::open(&self.checkpoint, key)?;
        check_inclusion(&self.hashes, self.index, head.size, head.root, crate::leaf::leaf_hash(leaf))?;
        Ok(head)
    }
}
