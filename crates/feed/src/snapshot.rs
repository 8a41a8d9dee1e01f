//! Making the lines of a snapshot.

use crate::frame::Frame;
use crate::jws::{self, JwsError, Typ};
use crate::key::SigningKey;
use crate::mark::Mark;
use serde_json::Value;
use sha2::{Digest, Sha256};
use sumun_model::{KeyId, Timestamp};

/// Records in one part: with a sealed secret and an allowlist one takes about 1 KiB, 2 KiB in base64 and to spare.
pub const PART_RECORDS_MAX: usize = 1000;

/// Bytes of records in one part, unless one alone has more: in base64 a third more, which is well within a line.
pub const PART_BYTES_MAX: usize = 2 << 20;

/// Signs a snapshot line by line: [`begin`](Self::begin), then [`records`](Self::records) and [`part`](Self::part)s of at
/// most [`PART_RECORDS_MAX`] ids, then [`end`](Self::end).
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

    /// Records, in as many parts as their length needs.
    ///
    /// # Errors
    /// One of them alone is longer than a line may be.
    pub fn records(&mut self, records: Vec<Value>) -> Result<Vec<String>, JwsError> {
        let (mut lines, mut part, mut bytes) = (Vec::new(), Vec::new(), 0);
        for record in records {
            let length = record.to_string().len() + 1;
            if !part.is_empty() && (bytes + length > PART_BYTES_MAX || part.len() >= PART_RECORDS_MAX) {
                lines.push(self.part(std::mem::take(&mut part), Vec::new())?);
                bytes = 0;
            }
            bytes += length;
            part.push(record);
        }
        if !part.is_empty() {
            lines.push(self.part(part, Vec::new())?);
        }
        Ok(lines)
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

    /// The last line: what the version is, none for version 0.
    ///
    /// # Errors
    /// None in fact: the line is short.
    pub fn end(self, mark: Option<Mark>) -> Result<String, JwsError> {
        let digest = hex::encode(self.digest.finalize());
        Frame::SnapshotEnd { version: self.version, digest, mark }.sign(self.key)
    }
}
