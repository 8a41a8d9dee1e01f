//! What keys did: a bounded record each, and how far the event log was taken in. Beside the governed rows: no entry stands behind
//! it, and nothing is decided by it.
//!
//! Records and place move in one transaction, so that a crash undoes both or neither.

use crate::db::{Arg, Columns, KEYS_MAX, Kind, insert, rows, run, signed, tuples, unsigned};
use crate::error::{StoreError, database};
use crate::inner::Inner;
use sqlx::AnyConnection;
use std::collections::BTreeMap;

/// What one key did. What it says is govern's business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivityRow {
    /// The key.
    pub key: String,
    /// Up to which place of the event log.
    pub position: u64,
    /// When a request last went through, microseconds since 1970.
    pub last_used_us: Option<i64>,
    /// The record, as text.
    pub body: String,
}

/// How far the event log was taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivityPlace {
    /// Offset of the line to be taken in next.
    pub next: u64,
    /// What else whoever reads it must know to go on, as text.
    pub body: String,
}

pub(crate) async fn of_keys(inner: &Inner, keys: &[String]) -> Result<Vec<ActivityRow>, StoreError> {
    let failed = database("read what keys did");
    let mut found = Vec::new();
    let mut connection = inner.db.connection().await.map_err(&failed)?;
    let wanted: Vec<&String> = keys.iter().filter(|key| !key.contains('\0')).collect();
    for some in wanted.chunks(KEYS_MAX) {
        let list = tuples(&connection, 1, some.len());
        let sql = format!(
            "SELECT \"key\", \"position\", \"last_used_us\", \"body\" FROM \"key_activity\" WHERE \"key\" IN {list}"
        );
        let args = some.iter().map(|key| Arg::from(key.as_str())).collect();
        for row in rows(&mut connection, sql, args).await.map_err(&failed)? {
            let (key, position) = (row.text(0)?, unsigned(row.int(1)?));
            found.push(ActivityRow { key, position, last_used_us: row.int_or_null(2)?, body: row.text(3)? });
        }
    }
    Ok(found)
}

pub(crate) async fn last_used(inner: &Inner, keys: &[String]) -> Result<BTreeMap<String, i64>, StoreError> {
    let failed = database("read when keys were used");
    let mut found = BTreeMap::new();
    let mut connection = inner.db.connection().await.map_err(&failed)?;
    let wanted: Vec<&String> = keys.iter().filter(|key| !key.contains('\0')).collect();
    for some in wanted.chunks(KEYS_MAX) {
        let list = tuples(&connection, 1, some.len());
        let sql = format!(
            "SELECT \"key\", \"last_used_us\" FROM \"key_activity\" WHERE \"last_used_us\" IS NOT NULL AND \"key\" IN {list}"
        );
        let args = some.iter().map(|key| Arg::from(key.as_str())).collect();
        for row in rows(&mut connection, sql, args).await.map_err(&failed)? {
            found.insert(row.text(0)?, row.int(1)?);
        }
    }
    Ok(found)
}

pub(crate) async fn place(inner: &Inner) -> Result<Option<ActivityPlace>, StoreError> {
    let sql = "SELECT \"next\", \"body\" FROM \"activity_place\" WHERE \"one\" = 1";
    let found = inner.db.read("read how far the event log was taken in", sql.to_owned(), Vec::new()).await?;
    let place =
        found.first().map(|row| Ok(ActivityPlace { next: unsigned(row.int(0)?), body: row.text(1)? }));
    place.transpose()
}

/// Keeps records and place. `anew`: places of records kept before belong to another log, and hold no more.
pub(crate) async fn keep(
    inner: &Inner,
    kept: Vec<ActivityRow>,
    place: &ActivityPlace,
    anew: bool,
) -> Result<(), StoreError> {
    let failed = database("keep what keys did");
    match inner.db.kind {
        Kind::Sqlite => {
            let mut writer = inner.db.writer().await?;
            let begun = sqlx::Connection::begin_with(writer.connection()?, "BEGIN IMMEDIATE").await;
            let mut transaction = begun.map_err(&failed)?;
            keep_in(&mut transaction, kept, place, anew).await.map_err(&failed)?;
            transaction.commit().await.map_err(&failed)
        }
        Kind::Postgres => {
            let mut transaction = inner.db.begin("BEGIN").await.map_err(&failed)?;
            keep_in(&mut transaction, kept, place, anew).await.map_err(&failed)?;
            transaction.commit().await.map_err(&failed)
        }
    }
}

async fn keep_in(
    connection: &mut AnyConnection,
    kept: Vec<ActivityRow>,
    place: &ActivityPlace,
    anew: bool,
) -> sqlx::Result<()> {
    if anew {
        run(connection, "UPDATE \"key_activity\" SET \"position\" = 0".to_owned(), Vec::new()).await?;
    }
    let head = "INSERT INTO \"key_activity\" (\"key\", \"position\", \"last_used_us\", \"body\")";
    let tail = "ON CONFLICT (\"key\") DO UPDATE SET \"position\" = excluded.\"position\", \
                \"last_used_us\" = excluded.\"last_used_us\", \"body\" = excluded.\"body\"";
    let cells = |row: ActivityRow| {
        vec![row.key.into(), row.position.into(), Arg::Int(row.last_used_us), row.body.into()]
    };
    insert(connection, head, tail, kept.into_iter().map(cells).collect()).await?;
    let sql = "INSERT INTO \"activity_place\" (\"one\", \"next\", \"body\") VALUES (1, $1, $2) \
               ON CONFLICT (\"one\") DO UPDATE SET \"next\" = excluded.\"next\", \"body\" = excluded.\"body\"";
    run(connection, sql.to_owned(), vec![signed(place.next).into(), place.body.as_str().into()]).await?;
    Ok(())
}
