//! One line of the feed.

use crate::jws::{self, Compact, JwsError, Typ};
use crate::key::{PublicKey, SigningKey};
use crate::mark::Mark;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sumun_model::{KeyId, Timestamp};

/// Longest line, in bytes: a part of a snapshot of [`crate::PART_RECORDS_MAX`] records of 2 KiB, in base64.
pub const LINE_BYTES_MAX: usize = 4 << 20;

/// What govern tells gates. Records are those of a keys file, with the sealed secret; what they mean is the gate's to
/// know. Versions are the sequencer's, and each delta is one version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "frame", rename_all = "snake_case", deny_unknown_fields)]
pub enum Frame {
    /// All keys as they stand at a version follow, in parts.
    SnapshotBegin {
        /// As of which version; 0 before the first change.
        version: u64,
        /// As of when, by govern's clock.
        at: Timestamp,
        /// How many records follow.
        keys: u64,
        /// How many further ids follow that have ended.
        dead: u64,
    },
    /// Some of them.
    SnapshotPart {
        /// Of which snapshot.
        version: u64,
        /// Keys, ended ones among them.
        records: Vec<Value>,
        /// Ids that have ended and have no record any more.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        dead: Vec<KeyId>,
    },
    /// That was all.
    SnapshotEnd {
        /// Of which snapshot.
        version: u64,
        /// Hex SHA-256 over the payloads of its parts, in order: none is missing, doubled or another's.
        digest: String,
        /// What the version is; none for version 0.
        mark: Option<Mark>,
    },
    /// One change.
    Delta {
        /// The version it makes: one more than before.
        version: u64,
        /// What it is: the ledger entry that it is part of, and the ledger up to it.
        mark: Mark,
        /// When that was sequenced, by govern's clock.
        at: Timestamp,
        /// The keys it changed, whole as they stand afterwards.
        records: Vec<Value>,
    },
    /// Nothing has changed.
    Heartbeat {
        /// The version all sent so far amounts to.
        version: u64,
        /// What that version is; none for version 0.
        mark: Option<Mark>,
        /// Now, by govern's clock.
        at: Timestamp,
    },
}

/// A line that is no frame.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a line of the feed cannot be believed: {0}")]
pub struct FrameError(#[from] pub JwsError);

impl Frame {
    /// The signed line, without a line break. A delta or part longer than [`LINE_BYTES_MAX`] is refused: no use case
    /// changes so many keys at once, and parts are the caller's to cut.
    ///
    /// # Errors
    /// Too long.
    pub fn sign(&self, key: &SigningKey) -> Result<String, JwsError> {
        jws::sign(key, Typ::Feed, self)
    }

    /// Reads a line.
    ///
    /// # Errors
    /// Not signed by this key, or no frame.
    pub fn verify(line: &str, key: &PublicKey) -> Result<Self, FrameError> {
        Self::verify_with_payload(line, key).map(|(frame, _)| frame)
    }

    pub(crate) fn verify_with_payload(line: &str, key: &PublicKey) -> Result<(Self, Vec<u8>), FrameError> {
        let compact = Compact::parse(line, Typ::Feed)?;
        let payload = compact.verified_bytes(key)?.to_vec();
        let frame = compact.claims_unverified()?;
        Ok((frame, payload))
    }
}
