//! Reading the feed: a snapshot at one version, then steps.

use crate::db::{Columns, rows, unsigned};
use crate::error::{StoreError, database};
use crate::inner::Inner;
use crate::records::{FeedDelta, FeedSnapshot};
use serde::de::DeserializeOwned;
use sumun_model::Timestamp;

fn json<T: DeserializeOwned>(place: impl Fn() -> String, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text)
        .map_err(|error| StoreError::Damaged { place: place(), found: error.to_string() })
}

pub(crate) async fn snapshot(inner: &Inner) -> Result<FeedSnapshot, StoreError> {
    let mut transaction = inner.db.snapshot().await?;
    let failed = database("read the feed's snapshot");
    let sql = "SELECT \"feed_version\" FROM \"ledger_head\" WHERE \"one\" = 1".to_owned();
    let head = rows(&mut transaction, sql, Vec::new()).await.map_err(&failed)?;
    let version = head.first().map(|row| row.int(0)).transpose()?.map_or(0, unsigned);
    let sql = "SELECT \"key\", \"record\" FROM \"feed_keys\" ORDER BY \"key\"".to_owned();
    let found = rows(&mut transaction, sql, Vec::new()).await.map_err(&failed)?;
    let mut records = Vec::with_capacity(found.len());
    for row in &found {
        let key = row.text(0)?;
        records.push(json(|| format!("the feed's record of `{key}`"), &row.text(1)?)?);
    }
    Ok(FeedSnapshot { version, records })
}

pub(crate) async fn since(
    inner: &Inner,
    version: u64,
    limit: u32,
) -> Result<Option<Vec<FeedDelta>>, StoreError> {
    let mut transaction = inner.db.snapshot().await?;
    let failed = database("read the feed");
    let sql = "SELECT \"feed_version\" FROM \"ledger_head\" WHERE \"one\" = 1".to_owned();
    let head = rows(&mut transaction, sql, Vec::new()).await.map_err(&failed)?;
    let head = head.first().map(|row| row.int(0)).transpose()?.map_or(0, unsigned);
    if version >= head {
        return Ok((version == head).then(Vec::new));
    }
    let sql = "SELECT \"feed_version\", \"entry\", \"at_us\", \"records\" FROM \"feed_deltas\" \
               WHERE \"feed_version\" > $1 ORDER BY \"feed_version\" LIMIT $2";
    let args = vec![version.into(), i64::from(limit.max(1)).into()];
    let found = rows(&mut transaction, sql.to_owned(), args).await.map_err(&failed)?;
    let mut deltas = Vec::with_capacity(found.len());
    for (row, wanted) in found.iter().zip(version.saturating_add(1)..) {
        let delta = FeedDelta {
            version: unsigned(row.int(0)?),
            entry: unsigned(row.int(1)?),
            at: Timestamp::from_micros(row.int(2)?),
            records: json(|| format!("step {wanted} of the feed"), &row.text(3)?)?,
        };
        if delta.version != wanted {
            // Pruned at the front; a hole further on would be damage, and a snapshot is right for that too.
            return Ok(None);
        }
        deltas.push(delta);
    }
    Ok((!deltas.is_empty()).then_some(deltas))
}
