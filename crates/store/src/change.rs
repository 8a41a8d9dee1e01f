//! A change: everything one use case writes, as a value. The only way anything governed is written.
//!
//! Rows, outbox messages, vault items and the ledger entry come from the same value and are written in the same
//! transaction, so there is no change without its entry and no entry without its change. The entry's payload holds the
//! rows' after-images; see `docs/ledger-format.md`.

use crate::table::{Image, Table};
use serde_json::{Map, Value};
use std::sync::Arc;
use sumun_model::Timestamp;

/// What must hold of a row for the change to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// There is none yet.
    Absent,
    /// It stands at this version.
    Version(i64),
}

/// One row to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct RowWrite {
    /// Where.
    pub table: &'static Table,
    /// What must hold now.
    pub expect: Expect,
    /// The row afterwards, `version` included: 1, or the expected one plus 1. Checked against the table's columns.
    pub image: Image,
}

/// A row that was read and on which the change relies, though it does not write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowRead {
    /// Where.
    pub table: &'static Table,
    /// Its key.
    pub key: String,
    /// What must still hold.
    pub expect: Expect,
}

/// A message that leaves after sequencing: a notice, a webhook.
#[derive(Clone, Debug, PartialEq)]
pub struct OutboxMessage {
    /// Which sender takes it.
    pub topic: &'static str,
    /// What it says.
    pub body: Value,
}

/// A sealed text kept beside the ledger, never in it. Its name is the hex SHA-256 of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultItem {
    /// The sealed text.
    pub sealed: String,
}

/// The answer to a request, so that the same request again gets the same answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Idempotency {
    /// Who asked; keys of different principals never meet.
    pub principal: String,
    /// The `Idempotency-Key` header.
    pub key: String,
    /// Hex SHA-256 over method, path and body: the same key with another request is an error.
    pub request: String,
    /// HTTP status answered.
    pub status: u16,
    /// Body answered. Holds no secret.
    pub body: Value,
}

/// Everything one use case writes.
#[derive(Clone, Debug)]
pub struct Change {
    /// What happened, such as `key.issued`: lower-case words, one dot. Stands in the leaf and is readable by all.
    pub class: &'static str,
    /// When, by the clock of whoever made it.
    pub at: Timestamp,
    /// The facts: who, what, why. Holds no secret. Canonical JSON has no fractions, so numbers are whole.
    pub facts: Map<String, Value>,
    /// Rows written.
    pub writes: Vec<RowWrite>,
    /// Rows relied on.
    pub reads: Vec<RowRead>,
    /// Gate-visible images of keys that gates must learn of; the sequencer gives them one feed version.
    pub feed: Vec<Value>,
    /// Messages that leave after sequencing.
    pub outbox: Vec<OutboxMessage>,
    /// Sealed texts.
    pub vault: Vec<VaultItem>,
    /// For the answer to a repeated request.
    pub idempotency: Option<Idempotency>,
    /// Randomness of the commitment, 32 bytes from the system's generator.
    pub salt: [u8; 32],
}

/// A change that was made and has its place in the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// Index of its ledger entry, from 0.
    pub entry: u64,
    /// Feed version it was given, if gates learn of it.
    pub feed_version: Option<u64>,
    /// When it was sequenced, by the sequencer's clock.
    pub sequenced: Timestamp,
    /// The signed checkpoint that covers it.
    pub checkpoint: Arc<str>,
}
