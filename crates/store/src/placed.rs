//! Whether a row has its place in the ledger, for whoever acts outside on what it says.
//!
//! On SQLite what is written is sequenced in the same transaction. On PostgreSQL a row may be read a moment before its entry is placed.

use crate::db::Kind;
use crate::entries;
use crate::error::StoreError;
use crate::inner::Inner;
use crate::table::{Image, Table};
use serde_json::Value;

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
