//! What an exchange told of its own keys, and where it differs from the record. Beside the governed rows: no entry stands behind it,
//! all of it can be sent again, and what follows from it is written as a change like everything else.
//!
//! A source's lines are kept first, the changes that follow from them are written, and only then its number of the last change moves: a
//! crash in between has the same lines sent again, and they are merged again. Never here: what a difference means ([`crate::drift`] keeps them).

use crate::db::{Arg, Columns, KEYS_MAX, insert, rows, run, signed, tuples, unsigned};
use crate::error::{StoreError, database};
use crate::inner::Inner;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;
use std::collections::{BTreeMap, BTreeSet};
use sumun_model::Timestamp;

/// One who tells of keys of his own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MirrorSource {
    /// Its name.
    pub source: String,
    /// Number of the last change taken.
    pub seq: u64,
    /// The snapshot begun last; the same as `round` if none is under way.
    pub open_round: u64,
    /// The last snapshot that was whole; 0 before any was.
    pub round: u64,
    /// When that one ended, microseconds since 1970.
    pub snapshot_us: Option<i64>,
    /// When it was last heard, microseconds since 1970.
    pub heard_us: i64,
}

/// A key as its source told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MirrorKey {
    /// The key.
    pub key: String,
    /// Who told.
    pub source: String,
    /// When it was so, by the source's clock, microseconds since 1970.
    pub at_us: i64,
    /// Since when a whole snapshot came without it.
    pub gone_us: Option<i64>,
    /// When it was last told of, by the record's clock; whoever hands keys in need not know it.
    pub told_us: i64,
    /// What was told, as text.
    pub body: String,
}

/// What became of lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MirrorKept {
    /// Kept.
    pub kept: u64,
    /// Older than what was known of their key, and passed over.
    pub older: u64,
    /// Keys that another source tells of; nothing was kept of them.
    pub others: Vec<String>,
    /// Of a snapshot: keys that it had not named before.
    pub fresh: u64,
    /// They are of a snapshot behind which another was begun: nothing was kept.
    pub superseded: bool,
}

/// What a source hands in at once.
#[derive(Clone, Debug)]
pub struct MirrorBatch {
    /// Who.
    pub source: String,
    /// The snapshot these lines are of; none: they are changes, or an import.
    pub round: Option<u64>,
    /// Number of the last change among them.
    pub seq: Option<u64>,
    /// The keys, `source` and `gone_us` as they will stand.
    pub keys: Vec<MirrorKey>,
    /// When they came.
    pub now: Timestamp,
}

const KEY_COLUMNS: &str = "\"key\", \"source\", \"at_us\", \"gone_us\", \"told_us\", \"body\"";

fn key_of(row: &AnyRow) -> Result<MirrorKey, StoreError> {
    Ok(MirrorKey {
        key: row.text(0)?,
        source: row.text(1)?,
        at_us: row.int(2)?,
        gone_us: row.int_or_null(3)?,
        told_us: row.int(4)?,
        body: row.text(5)?,
    })
}

/// Runs `$work` on a connection in one transaction that writes, on either database.
macro_rules! transaction {
    ($inner:expr, $doing:literal, |$connection:ident| $work:expr) => {{
        let failed = $crate::error::database($doing);
        match $inner.db.kind {
            $crate::db::Kind::Sqlite => {
                let mut writer = $inner.db.writer().await?;
                let begun = sqlx::Connection::begin_with(writer.connection()?, "BEGIN IMMEDIATE").await;
                let mut transaction = begun.map_err(&failed)?;
                let $connection: &mut AnyConnection = &mut transaction;
                let done = $work;
                transaction.commit().await.map_err(&failed)?;
                done
            }
            $crate::db::Kind::Postgres => {
                let mut transaction = $inner.db.begin("BEGIN").await.map_err(&failed)?;
                let $connection: &mut AnyConnection = &mut transaction;
                let done = $work;
                transaction.commit().await.map_err(&failed)?;
                done
            }
        }
    }};
}
pub(crate) use transaction;

pub(crate) async fn sources(inner: &Inner) -> Result<Vec<MirrorSource>, StoreError> {
    let sql = "SELECT \"source\", \"seq\", \"open_round\", \"round\", \"snapshot_us\", \"heard_us\" \
               FROM \"mirrors\" ORDER BY \"source\"";
    let found = inner.db.read("read who tells of keys", sql.to_owned(), Vec::new()).await?;
    let source = |row: &AnyRow| {
        Ok(MirrorSource {
            source: row.text(0)?,
            seq: unsigned(row.int(1)?),
            open_round: unsigned(row.int(2)?),
            round: unsigned(row.int(3)?),
            snapshot_us: row.int_or_null(4)?,
            heard_us: row.int(5)?,
        })
    };
    found.iter().map(source).collect()
}

/// Begins a snapshot; one begun before it that has not ended never will.
pub(crate) async fn begin(inner: &Inner, source: &str, now: Timestamp) -> Result<u64, StoreError> {
    let failed = database("begin a snapshot of a mirror");
    let round = transaction!(inner, "begin a snapshot of a mirror", |connection| {
        let sql = "INSERT INTO \"mirrors\" (\"source\", \"seq\", \"open_round\", \"round\", \"heard_us\") VALUES ($1, 0, 1, 0, $2) \
                   ON CONFLICT (\"source\") DO UPDATE SET \"open_round\" = \"mirrors\".\"open_round\" + 1";
        let args = vec![source.into(), now.as_micros().into()];
        run(connection, sql.to_owned(), args).await.map_err(&failed)?;
        let sql = "SELECT \"open_round\" FROM \"mirrors\" WHERE \"source\" = $1";
        let found = rows(connection, sql.to_owned(), vec![source.into()]).await.map_err(&failed)?;
        found.first().map(|row| row.int(0)).transpose()?.map_or(0, unsigned)
    });
    Ok(round)
}

/// Keeps lines, and how far their source is with them.
pub(crate) async fn keep(inner: &Inner, batch: MirrorBatch) -> Result<MirrorKept, StoreError> {
    Ok(transaction!(inner, "keep what an exchange told", |connection| keep_in(connection, batch).await?))
}

async fn keep_in(connection: &mut AnyConnection, batch: MirrorBatch) -> Result<MirrorKept, StoreError> {
    let failed = database("keep what an exchange told");
    let MirrorBatch { source, round, seq, keys, now } = batch;
    let (in_round, round_of_snapshot) = (round.unwrap_or(0), round.is_some());
    if let Some(round) = round {
        let sql = "SELECT \"open_round\" FROM \"mirrors\" WHERE \"source\" = $1";
        let found = rows(connection, sql.to_owned(), vec![source.as_str().into()]).await.map_err(&failed)?;
        let open = found.first().map(|row| row.int(0)).transpose()?.map_or(0, unsigned);
        if open != round {
            return Ok(MirrorKept { superseded: true, ..MirrorKept::default() });
        }
    }
    let sql = "INSERT INTO \"mirrors\" (\"source\", \"seq\", \"open_round\", \"round\", \"heard_us\") VALUES ($1, $2, 0, 0, $3) \
               ON CONFLICT (\"source\") DO UPDATE SET \"heard_us\" = excluded.\"heard_us\", \
               \"seq\" = CASE WHEN excluded.\"seq\" > \"mirrors\".\"seq\" THEN excluded.\"seq\" ELSE \"mirrors\".\"seq\" END";
    let args = vec![source.as_str().into(), signed(seq.unwrap_or(0)).into(), now.as_micros().into()];
    run(connection, sql.to_owned(), args).await.map_err(&failed)?;
    // A line that is of no snapshot counts as seen in whichever is under way.
    let round = match round {
        Some(round) => round,
        None => {
            let sql = "SELECT \"open_round\" FROM \"mirrors\" WHERE \"source\" = $1";
            let found =
                rows(connection, sql.to_owned(), vec![source.as_str().into()]).await.map_err(&failed)?;
            found.first().map(|row| row.int(0)).transpose()?.map_or(0, unsigned)
        }
    };
    let ids: BTreeSet<&str> = keys.iter().map(|key| key.key.as_str()).collect();
    let ids: Vec<&str> = ids.into_iter().collect();
    let mut known: BTreeMap<String, (String, i64, u64)> = BTreeMap::new();
    for some in ids.chunks(KEYS_MAX) {
        let list = tuples(connection, 1, some.len());
        let sql = format!(
            "SELECT \"key\", \"source\", \"at_us\", \"in_round\" FROM \"mirror_keys\" WHERE \"key\" IN {list}"
        );
        let args = some.iter().map(|key| Arg::from(*key)).collect();
        for row in rows(connection, sql, args).await.map_err(&failed)? {
            known.insert(row.text(0)?, (row.text(1)?, row.int(2)?, unsigned(row.int(3)?)));
        }
    }
    let (mut kept, mut cells) = (MirrorKept::default(), BTreeMap::new());
    let mut seen = Vec::new();
    for key in keys {
        let named = known.get(&key.key).is_some_and(|(of, _, named)| *of == source && *named >= in_round);
        kept.fresh += u64::from(round_of_snapshot && !named);
        match known.get_mut(&key.key) {
            Some((other, ..)) if *other != source => {
                kept.others.push(key.key);
                continue;
            }
            Some((_, at_us, named)) if *at_us > key.at_us => {
                kept.older += 1;
                *named = in_round.max(*named);
                seen.push(key.key);
                continue;
            }
            _ => kept.kept += 1,
        }
        known.insert(key.key.clone(), (source.clone(), key.at_us, in_round));
        let row = vec![
            key.key.as_str().into(),
            source.as_str().into(),
            signed(round).into(),
            key.at_us.into(),
            Arg::Int(key.gone_us),
            now.as_micros().into(),
            in_round.into(),
            key.body.into(),
        ];
        cells.insert(key.key, row);
    }
    let head = "INSERT INTO \"mirror_keys\" (\"key\", \"source\", \"round\", \"at_us\", \"gone_us\", \"told_us\", \"in_round\", \"body\")";
    // Never back: what a later snapshot saw stays seen.
    let tail = "ON CONFLICT (\"key\") DO UPDATE SET \"at_us\" = excluded.\"at_us\", \"gone_us\" = excluded.\"gone_us\", \
                \"told_us\" = excluded.\"told_us\", \"body\" = excluded.\"body\", \
                \"round\" = CASE WHEN excluded.\"round\" > \"mirror_keys\".\"round\" THEN excluded.\"round\" ELSE \"mirror_keys\".\"round\" END, \
                \"in_round\" = CASE WHEN excluded.\"in_round\" > \"mirror_keys\".\"in_round\" THEN excluded.\"in_round\" \
                ELSE \"mirror_keys\".\"in_round\" END";
    insert(connection, head, tail, cells.into_values().collect()).await.map_err(&failed)?;
    for some in seen.chunks(KEYS_MAX) {
        // It stands in this snapshot all the same, though more was known of it.
        let list = tuples_after(2, some.len());
        let sql = format!(
            "UPDATE \"mirror_keys\" SET \"round\" = CASE WHEN \"round\" > $1 THEN \"round\" ELSE $1 END, \
             \"in_round\" = CASE WHEN \"in_round\" > $2 THEN \"in_round\" ELSE $2 END WHERE \"key\" IN {list}"
        );
        let args = [Arg::from(round), in_round.into()]
            .into_iter()
            .chain(some.iter().map(|key| Arg::from(key.as_str())));
        run(connection, sql, args.collect()).await.map_err(&failed)?;
    }
    Ok(kept)
}

/// Notes that so many keys ended because a source told so; what was noted up to `since` counts no more.
pub(crate) async fn ended(
    inner: &Inner,
    keys: u32,
    since: Timestamp,
    now: Timestamp,
) -> Result<(), StoreError> {
    let failed = database("count the keys that sources ended");
    transaction!(inner, "count the keys that sources ended", |connection| {
        let sql = "DELETE FROM \"mirror_ends\" WHERE \"at_us\" <= $1";
        run(connection, sql.to_owned(), vec![since.as_micros().into()]).await.map_err(&failed)?;
        let sql = "INSERT INTO \"mirror_ends\" (\"at_us\", \"ends\") VALUES ($1, $2) \
                   ON CONFLICT (\"at_us\") DO UPDATE SET \"ends\" = \"mirror_ends\".\"ends\" + excluded.\"ends\"";
        let args = vec![now.as_micros().into(), i64::from(keys).into()];
        run(connection, sql.to_owned(), args).await.map_err(&failed)?;
    });
    Ok(())
}

/// How many keys ended behind this instant because sources told so, whatever they call themselves.
pub(crate) async fn ends(inner: &Inner, since: Timestamp) -> Result<u64, StoreError> {
    let sql = "SELECT \"ends\" FROM \"mirror_ends\" WHERE \"at_us\" > $1";
    let found = inner
        .db
        .read("count the keys that sources ended", sql.to_owned(), vec![since.as_micros().into()])
        .await?;
    let mut all = 0_u64;
    for row in &found {
        all = all.saturating_add(unsigned(row.int(0)?));
    }
    Ok(all)
}

/// `($2,$3,…)`: numbered behind so many parameters that come before.
fn tuples_after(before: usize, width: usize) -> String {
    let names: Vec<String> = (1..=width).map(|at| format!("${}", before + at)).collect();
    format!("({})", names.join(","))
}

/// A snapshot was whole: what did not stand in it is gone there, and changes go on behind `seq`. `None`: a later one was begun.
pub(crate) async fn finish(
    inner: &Inner,
    source: &str,
    round: u64,
    seq: u64,
    now: Timestamp,
) -> Result<Option<u64>, StoreError> {
    let failed = database("end a snapshot of a mirror");
    let gone = transaction!(inner, "end a snapshot of a mirror", |connection| {
        let sql = "UPDATE \"mirrors\" SET \"round\" = $2, \"snapshot_us\" = $3, \"heard_us\" = $3, \
                   \"seq\" = CASE WHEN \"seq\" > $4 THEN \"seq\" ELSE $4 END \
                   WHERE \"source\" = $1 AND \"open_round\" = $2";
        let args = vec![source.into(), round.into(), now.as_micros().into(), seq.into()];
        if run(connection, sql.to_owned(), args).await.map_err(&failed)? == 0 {
            None
        } else {
            let sql = "UPDATE \"mirror_keys\" SET \"gone_us\" = $3 WHERE \"source\" = $1 AND \"round\" < $2 AND \"gone_us\" IS NULL";
            let args = vec![source.into(), round.into(), now.as_micros().into()];
            Some(run(connection, sql.to_owned(), args).await.map_err(&failed)?)
        }
    });
    Ok(gone)
}

/// Keys told of, by id, behind this one.
pub(crate) async fn keys_after(inner: &Inner, after: &str, limit: u32) -> Result<Vec<MirrorKey>, StoreError> {
    let sql = format!(
        "SELECT {KEY_COLUMNS} FROM \"mirror_keys\" WHERE \"key\" > $1 ORDER BY \"key\" LIMIT {limit}"
    );
    inner.db.read("read what an exchange told", sql, vec![after.into()]).await?.iter().map(key_of).collect()
}

/// Keys told of, those of these ids that there are.
pub(crate) async fn keys_of(inner: &Inner, keys: &[String]) -> Result<Vec<MirrorKey>, StoreError> {
    let failed = database("read what an exchange told");
    let mut connection = inner.db.connection().await.map_err(&failed)?;
    let mut found = Vec::new();
    let wanted: Vec<&String> = keys.iter().filter(|key| !key.contains('\0')).collect();
    for some in wanted.chunks(KEYS_MAX) {
        let list = tuples(&connection, 1, some.len());
        let sql = format!("SELECT {KEY_COLUMNS} FROM \"mirror_keys\" WHERE \"key\" IN {list}");
        let args = some.iter().map(|key| Arg::from(key.as_str())).collect();
        for row in rows(&mut connection, sql, args).await.map_err(&failed)? {
            found.push(key_of(&row)?);
        }
    }
    Ok(found)
}
