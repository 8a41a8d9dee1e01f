//! What a store hands out besides rows: heads, entries, feed, sessions, messages.

use serde_json::Value;
use std::sync::Arc;
use sumun_model::Timestamp;

/// Which rows to list; they come ordered by key, byte by byte.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// Columns that must have these values; `null` means none. Never a JSON column.
    pub equals: Vec<(&'static str, Value)>,
    /// A column of whole numbers that must hold this or less; null is never less. Needs an index of its own to be quick.
    pub at_most: Option<(&'static str, i64)>,
    /// A column of whole numbers that must hold this or more; null is never more.
    pub at_least: Option<(&'static str, i64)>,
    /// Only keys after this one, in the order of the list.
    pub after: Option<String>,
    /// The last keys first.
    pub newest: bool,
    /// At most this many; see [`Filter::LIMIT_MAX`].
    pub limit: u32,
}

impl Filter {
    /// Most rows in one list.
    pub const LIMIT_MAX: u32 = 10_000;
}

/// Where ledger and feed stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Entries in the tree.
    pub size: u64,
    /// Its root (RFC 6962).
    pub root: [u8; 32],
    /// The signed checkpoint over both.
    pub checkpoint: Arc<str>,
    /// Last feed version; 0 is none.
    pub feed_version: u64,
    /// Sequencing time of the last entry; `None` if there is none.
    pub at: Option<Timestamp>,
}

/// One ledger entry with what its commitment hides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryRow {
    /// Index in the tree, from 0.
    pub index: u64,
    /// What happened.
    pub class: String,
    /// When it was sequenced.
    pub at: Timestamp,
    /// The leaf, as text.
    pub leaf: String,
    /// Randomness of the commitment; `None` once erased.
    pub salt: Option<[u8; 32]>,
    /// Canonical payload; `None` once erased.
    pub payload: Option<Arc<str>>,
}

/// One step of the feed.
#[derive(Clone, Debug, PartialEq)]
pub struct FeedDelta {
    /// Its version.
    pub version: u64,
    /// The ledger entry that brought it.
    pub entry: u64,
    /// Root of the tree up to and with that entry: what the version is, and not only its number.
    pub root: [u8; 32],
    /// When that was sequenced.
    pub at: Timestamp,
    /// Gate-visible records that changed.
    pub records: Vec<Value>,
}

/// A session of a signed-in principal. What it says is the server's business.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// Hex SHA-256 of the token; the token itself is nowhere.
    pub digest: String,
    /// Who.
    pub principal: String,
    /// What the server knows of it.
    pub body: Value,
    /// Not valid from then on.
    pub expires: Timestamp,
}

/// A message taken from the outbox under a lease.
#[derive(Clone, Debug, PartialEq)]
pub struct OutboxItem {
    /// Its id, the same for ever: receivers tell repetitions by it.
    pub id: i64,
    /// Which sender takes it.
    pub topic: String,
    /// The ledger entry it belongs to.
    pub entry: u64,
    /// What it says.
    pub body: Value,
    /// How often it was taken, this time included.
    pub attempts: i64,
}

/// A place where rows and ledger disagree.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct RowFault {
    /// The table.
    pub table: String,
    /// The row's key.
    pub key: String,
    /// The column; `None` is the whole row.
    pub column: Option<String>,
    /// The entry that says what is right; `None` if no entry knows of the row.
    pub entry: Option<u64>,
    /// What stands in the database; `none` if nothing does.
    pub found: String,
    /// What the ledger says; `none` if nothing should stand.
    pub expected: String,
}

/// What a comparison of rows and ledger found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowsChecked {
    /// Where they disagree.
    pub faults: Vec<RowFault>,
    /// Changes that are made and wait for their place in the ledger: rows were compared with them too, though no entry
    /// vouches for them yet. A control plane that runs places them within moments.
    pub unplaced: u64,
}
