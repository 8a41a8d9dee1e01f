//! Reading the ledger's rows.

use crate::db::{Arg, Columns, KEYS_MAX, rows, signed, tuples, unsigned};
use crate::error::{StoreError, database};
use crate::inner::Inner;
use crate::records::EntryRow;
use crate::table::Table;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;
use sumun_ledger::Rows;
use sumun_model::Timestamp;

const COLUMNS: &str = "e.\"entry\", e.\"class\", e.\"at_us\", e.\"leaf\", e.\"salt\", e.\"payload\"";

fn entry(row: &AnyRow) -> Result<EntryRow, StoreError> {
    let index = unsigned(row.int(0)?);
    let salt = row.bytes_or_null(4)?.map(<[u8; 32]>::try_from).transpose();
    let salt = salt.map_err(|bytes| StoreError::Damaged {
        place: format!("the salt of entry {index}"),
        found: format!("{} bytes instead of 32", bytes.len()),
    })?;
    Ok(EntryRow {
        index,
        class: row.text(1)?,
        at: Timestamp::from_micros(row.int(2)?),
        leaf: row.text(3)?,
        salt,
        payload: row.text_or_null(5)?.map(Into::into),
    })
}

/// Entries from an index on, in order.
pub(crate) async fn from(
    connection: &mut AnyConnection,
    from: u64,
    limit: i64,
) -> Result<Vec<EntryRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM \"ledger_entries\" e WHERE e.\"entry\" >= $1 ORDER BY e.\"entry\" LIMIT $2"
    );
    let found = rows(connection, sql, vec![from.into(), limit.into()])
        .await
        .map_err(database("read ledger entries"))?;
    found.iter().map(entry).collect()
}

/// The tables in which the entries from an index up to, and not with, another wrote rows; each once.
pub(crate) async fn written(inner: &Inner, first: u64, end: u64) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT DISTINCT \"table_name\" FROM \"entry_rows\" WHERE \"entry\" >= $1 AND \"entry\" < $2";
    let found =
        inner.db.read("read what was written", sql.to_owned(), vec![first.into(), end.into()]).await?;
    found.iter().map(|row| row.text(0)).collect()
}

pub(crate) async fn entries(inner: &Inner, first: u64, limit: u32) -> Result<Vec<EntryRow>, StoreError> {
    let mut connection = inner.db.connection().await.map_err(database("read ledger entries"))?;
    from(&mut connection, first, limit.into()).await
}

pub(crate) async fn about(
    inner: &Inner,
    table: &Table,
    key: &str,
    after: Option<u64>,
    limit: u32,
) -> Result<Vec<EntryRow>, StoreError> {
    let after = after.map_or(-1, signed);
    about_in(inner, table, key, ("r.\"entry\" > $3 ORDER BY r.\"entry\"", after), limit).await
}

/// The newest first, before an entry.
pub(crate) async fn about_newest(
    inner: &Inner,
    table: &Table,
    key: &str,
    before: Option<u64>,
    limit: u32,
) -> Result<Vec<EntryRow>, StoreError> {
    let before = before.map_or(i64::MAX, signed);
    about_in(inner, table, key, ("r.\"entry\" < $3 ORDER BY r.\"entry\" DESC", before), limit).await
}

async fn about_in(
    inner: &Inner,
    table: &Table,
    key: &str,
    (order, from): (&str, i64),
    limit: u32,
) -> Result<Vec<EntryRow>, StoreError> {
    if key.contains('\0') {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT {COLUMNS} FROM \"entry_rows\" r JOIN \"ledger_entries\" e ON e.\"entry\" = r.\"entry\" \
         WHERE r.\"table_name\" = $1 AND r.\"row_key\" = $2 AND {order} LIMIT $4"
    );
    let args = vec![table.name.into(), key.into(), from.into(), i64::from(limit).into()];
    inner.db.read("read a row's entries", sql, args).await?.iter().map(entry).collect()
}

/// Stored hashes of some entries, through one connection.
pub(crate) async fn hashes_of(connection: &mut AnyConnection, wanted: &[u64]) -> Result<Rows, StoreError> {
    let mut loaded = Rows::default();
    for some in wanted.chunks(KEYS_MAX) {
        let list = tuples(connection, 1, some.len());
        let sql = format!("SELECT \"entry\", \"hashes\" FROM \"ledger_entries\" WHERE \"entry\" IN {list}");
        let args = some.iter().map(|row| Arg::from(*row)).collect();
        for row in rows(connection, sql, args).await.map_err(database("read stored hashes"))? {
            loaded.insert(unsigned(row.int(0)?), row.bytes(1)?);
        }
    }
    Ok(loaded)
}

pub(crate) async fn hashes(inner: &Inner, wanted: &[u64]) -> Result<Rows, StoreError> {
    let mut connection = inner.db.connection().await.map_err(database("read stored hashes"))?;
    hashes_of(&mut connection, wanted).await
}
