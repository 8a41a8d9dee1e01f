//! For whoever acts outside on what rows say: that only one process does, and that a row has its place in the ledger.
//!
//! On SQLite there is one process, and what is written is sequenced in the same transaction. On PostgreSQL a lease by the database's clock
//! keeps two apart, and a row may be read a moment before its entry is placed.

use crate::db::{Kind, run};
use crate::entries;
use crate::error::{StoreError, database};
use crate::inner::Inner;
use crate::table::{Image, Table};
use serde_json::Value;

/// Takes or renews a lease.
pub(crate) async fn take(inner: &Inner, name: &'static str, for_us: i64) -> Result<bool, StoreError> {
    if inner.db.kind == Kind::Sqlite {
        return Ok(true);
    }
    let failed = database("take a lease");
    let mut connection = inner.db.connection().await.map_err(&failed)?;
    let sql = "INSERT INTO \"leases\" AS l (\"lease\", \"holder\", \"until_us\", \"term\") \
               SELECT $3, $1, t.now + $2, 1 FROM (SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now) t \
               ON CONFLICT (\"lease\") DO UPDATE SET \"holder\" = excluded.\"holder\", \
               \"until_us\" = excluded.\"until_us\", \"term\" = l.\"term\" + 1 \
               WHERE l.\"holder\" = excluded.\"holder\" OR l.\"until_us\" < excluded.\"until_us\" - $2";
    let args = vec![inner.holder().into(), for_us.into(), name.into()];
    Ok(run(&mut connection, sql.to_owned(), args).await.map_err(&failed)? == 1)
}

/// Whether the newest entry about a row wrote it as it is here.
pub(crate) async fn is_sequenced(
    inner: &Inner,
    table: &'static Table,
    image: &Image,
) -> Result<bool, StoreError> {
    if inner.db.kind == Kind::Sqlite {
        return Ok(true);
    }
    let Some(key) = image.get(table.key).and_then(Value::as_str) else { return Ok(false) };
    let newest = entries::about_newest(inner, table, key, None, 1).await?;
    let payload = newest.first().and_then(|entry| entry.payload.as_deref());
    let payload: Value = payload.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let rows = payload.get("rows").and_then(Value::as_array);
    let wrote = |written: &Value| {
        let row = written.get("row");
        written.get("table").and_then(Value::as_str) == Some(table.name)
            && row.and_then(|row| row.get(table.key)).and_then(Value::as_str) == Some(key)
            && row.and_then(|row| row.get("version")) == image.get("version")
    };
    Ok(rows.into_iter().flatten().any(wrote))
}
