//! What waits: leaves for their places, entries for the published folder, messages for their senders. For readiness in words.

use crate::db::{Columns, unsigned};
use crate::error::StoreError;
use crate::inner::Inner;
use std::sync::Arc;
use sumun_model::Timestamp;

/// Rows counted at most: beyond, the number matters no more.
const COUNTED_MAX: i64 = 10_000;

/// How far publication is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Published {
    /// Entries under the published checkpoint.
    pub size: u64,
    /// Why the last try failed, if it did; it is tried again.
    pub trouble: Option<Arc<str>>,
}

/// What waits at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Committed changes that have no place in the ledger yet, of all processes; 10000 is that many or more.
    pub leaves: u64,
    /// Which of them waits longest. The same one again later means that nothing is sequenced meanwhile.
    pub first_leaf: Option<i64>,
    /// Messages that have not left; 10000 is that many or more.
    pub messages: u64,
    /// When the change that the oldest message belongs to was sequenced.
    pub oldest_message: Option<Timestamp>,
}

pub(crate) async fn backlog(inner: &Inner) -> Result<Backlog, StoreError> {
    let doing = "look what waits";
    let counted = |table: &str, key: &str| {
        format!(
            "SELECT COUNT(*), MIN(\"{key}\") FROM (SELECT \"{key}\" FROM \"{table}\" ORDER BY \"{key}\" LIMIT {COUNTED_MAX}) AS \"w\""
        )
    };
    let mut backlog = Backlog::default();
    if let Some(row) = inner.db.read(doing, counted("pending_leaves", "leaf"), Vec::new()).await?.first() {
        (backlog.leaves, backlog.first_leaf) = (unsigned(row.int(0)?), row.int_or_null(1)?);
    }
    if let Some(row) = inner.db.read(doing, counted("outbox", "message"), Vec::new()).await?.first() {
        backlog.messages = unsigned(row.int(0)?);
        if let Some(oldest) = row.int_or_null(1)? {
            let sql = "SELECT e.\"at_us\" FROM \"outbox\" o JOIN \"ledger_entries\" e ON e.\"entry\" = o.\"entry\" \
                       WHERE o.\"message\" = $1";
            let found = inner.db.read(doing, sql.to_owned(), vec![oldest.into()]).await?;
            backlog.oldest_message =
                found.first().map(|row| row.int(0)).transpose()?.map(Timestamp::from_micros);
        }
    }
    Ok(backlog)
}
