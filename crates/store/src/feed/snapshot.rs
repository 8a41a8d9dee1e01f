//! All gate-visible records at one version, a page at a time: a million keys are never in memory at once.
//!
//! One read transaction on a connection of its own lasts until the snapshot is dropped, so every page is of the same
//! instant. Whoever reads slowly holds only that connection; how long he may is the reader's affair.

use super::{head_version, json, mark_of};
use crate::db::{Columns, rows, unsigned};
use crate::error::{StoreError, database};
use crate::inner::Inner;
use serde_json::Value;
use sqlx::AnyConnection;
use tokio::sync::OwnedSemaphorePermit;

/// A snapshot that is being read: first all records, then the ids of keys that ended and have none.
#[derive(Debug)]
pub struct FeedSnapshot {
    version: u64,
    mark: Option<(u64, [u8; 32])>,
    keys: u64,
    dead: u64,
    connection: AnyConnection,
    /// The last key read of each kind; no key is empty.
    after: (String, String),
    /// One of few.
    _turn: OwnedSemaphorePermit,
}

pub(crate) async fn open(inner: &Inner) -> Result<FeedSnapshot, StoreError> {
    let (turn, mut connection) = inner.db.snapshot_apart().await?;
    let version = head_version(&mut connection).await?;
    let mark = mark_of(&mut connection, version).await?;
    let keys = count(&mut connection, "SELECT count(*) FROM \"feed_keys\"").await?;
    let dead = count(
        &mut connection,
        "SELECT count(*) FROM \"dead_keys\" d WHERE NOT EXISTS (SELECT 1 FROM \"feed_keys\" f WHERE f.\"key\" = d.\"key\")",
    );
    let dead = dead.await?;
    Ok(FeedSnapshot { version, mark, keys, dead, connection, after: Default::default(), _turn: turn })
}

async fn count(connection: &mut AnyConnection, sql: &str) -> Result<u64, StoreError> {
    let found = rows(connection, sql.to_owned(), Vec::new()).await;
    let found = found.map_err(database("count the feed's records"))?;
    found.first().map_or(Ok(0), |row| row.int(0).map(unsigned))
}

impl FeedSnapshot {
    /// The version all of it is of.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// The entry that brought that version, and the root of the tree up to and with it; `None` for version 0.
    #[must_use]
    pub const fn mark(&self) -> Option<(u64, [u8; 32])> {
        self.mark
    }

    /// How many records there are.
    #[must_use]
    pub const fn keys(&self) -> u64 {
        self.keys
    }

    /// How many ids have ended without a record.
    #[must_use]
    pub const fn dead(&self) -> u64 {
        self.dead
    }

    /// The next records, ordered by key; none when all were read.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Damaged`].
    pub async fn records(&mut self, limit: u32) -> Result<Vec<Value>, StoreError> {
        let sql =
            "SELECT \"key\", \"record\" FROM \"feed_keys\" WHERE \"key\" > $1 ORDER BY \"key\" LIMIT $2";
        let args = vec![self.after.0.as_str().into(), i64::from(limit.max(1)).into()];
        let found = rows(&mut self.connection, sql.to_owned(), args).await;
        let found = found.map_err(database("read the feed's snapshot"))?;
        let mut records = Vec::with_capacity(found.len());
        for row in &found {
            self.after.0 = row.text(0)?;
            records.push(json(|| format!("the feed's record of `{}`", self.after.0), &row.text(1)?)?);
        }
        Ok(records)
    }

    /// The next ids that have ended and that gates were never told of, in order; none when all were read.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn dead_ids(&mut self, limit: u32) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT d.\"key\" FROM \"dead_keys\" d WHERE d.\"key\" > $1 AND NOT EXISTS \
                   (SELECT 1 FROM \"feed_keys\" f WHERE f.\"key\" = d.\"key\") ORDER BY d.\"key\" LIMIT $2";
        let args = vec![self.after.1.as_str().into(), i64::from(limit.max(1)).into()];
        let found = rows(&mut self.connection, sql.to_owned(), args).await;
        let found = found.map_err(database("read the ids that have ended"))?;
        let ids = found.iter().map(|row| row.text(0)).collect::<Result<Vec<String>, StoreError>>()?;
        if let Some(last) = ids.last() {
            self.after.1.clone_from(last);
        }
        Ok(ids)
    }
}
