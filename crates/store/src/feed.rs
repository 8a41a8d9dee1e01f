//! Reading the feed: a snapshot at one version, then steps.

mod snapshot;

pub use snapshot::FeedSnapshot;
pub(crate) use snapshot::open as snapshot;

use crate::db::{Columns, rows, unsigned};
use crate::entries::hashes_of;
use crate::error::{StoreError, database};
use crate::inner::Inner;
use crate::payload::{of_entry, records_text};
use crate::records::{EntryRow, FeedDelta};
use serde::de::DeserializeOwned;
use sqlx::AnyConnection;
use std::collections::BTreeSet;
use sumun_ledger::{Appender, Leaf, Place, commitment};
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
    let mut connection = inner.db.connection().await.map_err(database("read the feed's version"))?;
    head_version(&mut connection).await
}

/// Root of the tree up to and with a leaf: from the hashes stored before it, and the leaf itself.
async fn roots(
    connection: &mut AnyConnection,
    leaves: &[(u64, String)],
) -> Result<Vec<[u8; 32]>, StoreError> {
    let wanted: BTreeSet<u64> =
        leaves.iter().flat_map(|(entry, _)| Appender::frontier(*entry)).map(Place::row).collect();
    let wanted: Vec<u64> = wanted.into_iter().collect();
    let stored = hashes_of(connection, &wanted).await?;
    let root = |(entry, leaf): &(u64, String)| {
        let damaged = |found| StoreError::Damaged { place: format!("the tree before entry {entry}"), found };
        let mut tree = Appender::resume(*entry, |place| stored.hash(place))
            .map_err(|error| damaged(format!("its stored hashes do not fit: {error:?}")))?;
        tree.append(leaf.as_bytes());
        Ok(tree.root().0)
    };
    leaves.iter().map(root).collect()
}

/// Root of the tree up to and with an entry, if it brought this version.
pub(crate) async fn root(inner: &Inner, version: u64, entry: u64) -> Result<Option<[u8; 32]>, StoreError> {
    let mut connection = inner.db.connection().await.map_err(database("read the feed"))?;
    root_of(&mut connection, version, entry).await
}

async fn root_of(
    connection: &mut AnyConnection,
    version: u64,
    entry: u64,
) -> Result<Option<[u8; 32]>, StoreError> {
    let Ok(index) = i64::try_from(entry) else { return Ok(None) };
    let sql = "SELECT \"feed_version\", \"leaf\" FROM \"ledger_entries\" WHERE \"entry\" = $1".to_owned();
    let found = rows(connection, sql, vec![index.into()]).await.map_err(database("read the feed"))?;
    let Some(row) = found.first() else { return Ok(None) };
    if row.int_or_null(0)?.map(unsigned) != Some(version) {
        return Ok(None);
    }
    Ok(roots(connection, &[(entry, row.text(1)?)]).await?.pop())
}

/// The entry that brought a version, and the tree's root with it; `None` for version 0.
async fn mark_of(
    connection: &mut AnyConnection,
    version: u64,
) -> Result<Option<(u64, [u8; 32])>, StoreError> {
    if version == 0 {
        return Ok(None);
    }
    // The last one is never pruned; were it gone, the entries know it too, and they are looked through from the end.
    let mut entry = None;
    for sql in [
        "SELECT \"entry\" FROM \"feed_deltas\" WHERE \"feed_version\" = $1",
        "SELECT \"entry\" FROM \"ledger_entries\" WHERE \"feed_version\" = $1 ORDER BY \"entry\" DESC LIMIT 1",
    ] {
        if entry.is_none() {
            let found = rows(connection, sql.to_owned(), vec![version.into()]).await;
            let found = found.map_err(database("read the feed"))?;
            entry = found.first().map(|row| row.int(0)).transpose()?.map(unsigned);
        }
    }
    let root = match entry {
        Some(entry) => root_of(connection, version, entry).await?.map(|root| (entry, root)),
        None => None,
    };
    root.map(Some).ok_or_else(|| StoreError::Damaged {
        place: format!("version {version} of the feed"),
        found: "no entry brought it".to_owned(),
    })
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
    let sql = "SELECT d.\"feed_version\", d.\"entry\", e.\"at_us\", d.\"records\", e.\"class\", e.\"leaf\", e.\"salt\", \
               e.\"payload\" FROM \"feed_deltas\" d JOIN \"ledger_entries\" e ON e.\"entry\" = d.\"entry\" \
               AND e.\"feed_version\" = d.\"feed_version\" \
               WHERE d.\"feed_version\" > $1 ORDER BY d.\"feed_version\" LIMIT $2";
    let args = vec![version.into(), i64::from(limit.max(1)).into()];
    let found = rows(&mut transaction, sql.to_owned(), args).await.map_err(&failed)?;
    let (mut deltas, mut leaves) = (Vec::with_capacity(found.len()), Vec::with_capacity(found.len()));
    for (row, wanted) in found.iter().zip(version.saturating_add(1)..) {
        let step = unsigned(row.int(0)?);
        if step != wanted {
            // Pruned at the front; a hole further on would be damage, and a snapshot is right for that too.
            return Ok(None);
        }
        let entry = EntryRow {
            index: unsigned(row.int(1)?),
            class: row.text(4)?,
            at: Timestamp::from_micros(row.int(2)?),
            leaf: row.text(5)?,
            salt: row.bytes_or_null(6)?.and_then(|salt| salt.try_into().ok()),
            payload: row.text_or_null(7)?.map(Into::into),
        };
        let records = records_of(&entry, step, row.text(3)?)?;
        deltas.push(FeedDelta {
            version: step,
            entry: entry.index,
            root: [0; 32],
            at: entry.at,
            records: json(|| format!("step {step} of the feed"), &records)?,
        });
        leaves.push((entry.index, entry.leaf));
    }
    let roots = roots(&mut transaction, &leaves).await?;
    for (delta, root) in deltas.iter_mut().zip(roots) {
        delta.root = root;
    }
    Ok((!deltas.is_empty()).then_some(deltas))
}

/// What is signed for gates is what the entry says; the step's own row is a copy, and an altered one is told of.
fn records_of(entry: &EntryRow, step: u64, copy: String) -> Result<String, StoreError> {
    // An erased entry has nothing to compare with.
    let Some((salt, _, parsed)) = of_entry(entry)? else { return Ok(copy) };
    let leaf = Leaf::new(&entry.class, entry.at, commitment(&salt, &entry.class, &parsed.canonical));
    if leaf.map(|leaf| leaf.to_bytes()).ok().as_deref() != Some(entry.leaf.as_bytes()) {
        return Err(StoreError::Damaged {
            place: format!("entry {}", entry.index),
            found: "its leaf does not commit to its class, time and payload".to_owned(),
        });
    }
    let right = records_text(&parsed.feed);
    if right != copy {
        tracing::error!(
            "Step {step} of the feed is not what entry {} says: somebody altered `feed_deltas`. Gates are sent what the entry \
             says; run `sumun ledger verify`",
            entry.index
        );
    }
    Ok(right)
}
