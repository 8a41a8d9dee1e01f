//! Making the lines of a snapshot.

use crate::frame::Frame;
use crate::jws::{self, JwsError, Typ};
use crate::key::SigningKey;
use serde_json::Value;
use sha2::{Digest, Sha256};
use sumun_model::{KeyId, Timestamp};

/// Records in one part: with a sealed secret and an allowlist one takes about 1 KiB, 2 KiB in base64 and to spare.
pub const PART_RECORDS_MAX: usize = 1000;

/// Signs a snapshot line by line: [`begin`](Self::begin), then [`part`](Self::part)s of at most [`PART_RECORDS_MAX`]
/// records or ids, then [`end`](Self::end).
pub struct SnapshotWriter<'a> {
    key: &'a SigningKey,
    version: u64,
    digest: Sha256,
}

impl<'a> SnapshotWriter<'a> {
    /// The first line: how many records and how many further dead ids the parts will hold.
    ///
    /// # Errors
    /// None in fact: the line is short.
    pub fn begin(
        key: &'a SigningKey,
        version: u64,
        at: Timestamp,
        keys: u64,
        dead: u64,
    ) -> Result<(Self, String), JwsError> {
        let line = Frame::SnapshotBegin { version, at, keys, dead }.sign(key)?;
        Ok((Self { key, version, digest: Sha256::new() }, line))
    }

    /// One part.
    ///
    /// # Errors
    /// Longer than a line may be.
    pub fn part(&mut self, records: Vec<Value>, dead: Vec<KeyId>) -> Result<String, JwsError> {
        let part = Frame::SnapshotPart { version: self.version, records, dead };
        let payload = serde_json::to_vec(&part).map_err(|error| JwsError::Claims(error.to_string()))?;
        let line = jws::sign_bytes(self.key, Typ::Feed, &payload)?;
        self.digest.update(&payload);
        Ok(line)
    }

    /// The last line.
    ///
    /// # Errors
    /// None in fact: the line is short.
    pub fn end(self) -> Result<String, JwsError> {
        let digest = hex::encode(self.digest.finalize());
        Frame::SnapshotEnd { version: self.version, digest }.sign(self.key)
    }
}
