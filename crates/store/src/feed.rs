//! Reading the feed: a snapshot at one version, then steps.

mod snapshot;

pub use snapshot::FeedSnapshot;
pub(crate) use snapshot::open as snapshot;

use crate::db::{Columns, rows, unsigned};
use crate::error::{StoreError, database};
use crate::inner::Inner;
use crate::records::FeedDelta;
use serde::de::DeserializeOwned;
use sqlx::AnyConnection;
use sumun_model::Timestamp;

fn json<T: DeserializeOwned>(place: impl Fn() -> String, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text)
        .map_err(|error| StoreError::Damaged { place: place(), found: error.to_string() })
}

/// The feed's last version.
async fn head_version(connection: &mut AnyConnection) -> Result<u64, StoreError> {
    let sql = "SELECT \"feed_version\" FROM \"ledger_head\" WHERE \"one\" = 1".to_owned();
    let head = rows(connection, sql, Vec::new()).await.map_err(database("read the feed's version"))?;
    Ok(head.first().map(|row| row.int(0)).transpose()?.map_or(0, unsigned))
}

/// The feed's last version as the database has it at this moment.
pub(crate) async fn version(inner: &Inner) -> Result<u64, StoreError> {
    let mut connection = inner.db.pool.acquire().await.map_err(database("read the feed's version"))?;
    head_version(&mut connection).await
}

pub(crate) async fn since(
    inner: &Inner,
    version: u64,
    limit: u32,
) -> Result<Option<Vec<FeedDelta>>, StoreError> {
    let mut transaction = inner.db.snapshot().await?;
    let failed = database("read the feed");
    let head = head_version(&mut transaction).await?;
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
