//! Where the record and what an exchange told of its keys differ, as it was found last. Beside the governed rows, as what was told is.
//!
//! Never here: what differs and how bad that is; who finds it writes it.

use crate::db::{Arg, Columns, KEYS_MAX, insert, run, tuples, unsigned};
use crate::error::{StoreError, database};
use crate::inner::Inner;
use crate::mirror::transaction;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;
use std::collections::BTreeMap;

/// A difference between the record and what was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriftRow {
    /// Its id; the worst sort first.
    pub drift: String,
    /// Of which key.
    pub key: String,
    /// Which kind.
    pub kind: String,
    /// Since when it is known, microseconds since 1970.
    pub since_us: i64,
    /// Both sides, as text.
    pub body: String,
}

const DRIFT_COLUMNS: &str = "\"drift\", \"key\", \"kind\", \"since_us\", \"body\"";

fn drift_of(row: &AnyRow) -> Result<DriftRow, StoreError> {
    let (drift, key, kind) = (row.text(0)?, row.text(1)?, row.text(2)?);
    Ok(DriftRow { drift, key, kind, since_us: row.int(3)?, body: row.text(4)? })
}

/// Drifts of keys behind the first id and up to the second one; no second: to the end.
pub(crate) async fn drifts_between(
    inner: &Inner,
    after: &str,
    up_to: Option<&str>,
) -> Result<Vec<DriftRow>, StoreError> {
    let mut sql = format!("SELECT {DRIFT_COLUMNS} FROM \"drifts\" WHERE \"key\" > $1");
    let mut args = vec![Arg::from(after)];
    if let Some(up_to) = up_to {
        sql.push_str(" AND \"key\" <= $2");
        args.push(up_to.into());
    }
    inner.db.read("read drifts", sql, args).await?.iter().map(drift_of).collect()
}

/// Drifts, the worst first, behind this id.
pub(crate) async fn drifts(
    inner: &Inner,
    kind: Option<&str>,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<DriftRow>, StoreError> {
    let mut sql = format!("SELECT {DRIFT_COLUMNS} FROM \"drifts\" WHERE \"drift\" > $1");
    let mut args = vec![Arg::from(after.unwrap_or_default())];
    if let Some(kind) = kind {
        sql.push_str(" AND \"kind\" = $2");
        args.push(kind.into());
    }
    sql.push_str(&format!(" ORDER BY \"drift\" LIMIT {limit}"));
    inner.db.read("read drifts", sql, args).await?.iter().map(drift_of).collect()
}

/// How many there are of each kind.
pub(crate) async fn drift_counts(inner: &Inner) -> Result<BTreeMap<String, u64>, StoreError> {
    let sql = "SELECT \"kind\", COUNT(*) FROM \"drifts\" GROUP BY \"kind\"";
    let found = inner.db.read("count drifts", sql.to_owned(), Vec::new()).await?;
    found.iter().map(|row| Ok((row.text(0)?, unsigned(row.int(1)?)))).collect()
}

/// Writes drifts and takes others away, all or nothing.
pub(crate) async fn drifts_set(inner: &Inner, put: Vec<DriftRow>, gone: &[String]) -> Result<(), StoreError> {
    if put.is_empty() && gone.is_empty() {
        return Ok(());
    }
    let failed = database("keep drifts");
    transaction!(inner, "keep drifts", |connection| {
        let cells = |row: DriftRow| {
            vec![row.drift.into(), row.key.into(), row.kind.into(), row.since_us.into(), row.body.into()]
        };
        let head = format!("INSERT INTO \"drifts\" ({DRIFT_COLUMNS})");
        let tail = "ON CONFLICT (\"drift\") DO UPDATE SET \"body\" = excluded.\"body\"";
        insert(connection, &head, tail, put.into_iter().map(cells).collect()).await.map_err(&failed)?;
        for some in gone.chunks(KEYS_MAX) {
            let list = tuples(connection, 1, some.len());
            let sql = format!("DELETE FROM \"drifts\" WHERE \"drift\" IN {list}");
            let args = some.iter().map(|id| Arg::from(id.as_str())).collect();
            run(connection, sql, args).await.map_err(&failed)?;
        }
    });
    Ok(())
}
