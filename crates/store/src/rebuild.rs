//! Filling an empty database from ledger entries: rows from after-images, the feed from its records.
//!
//! Every image's version must follow the one before: an entry between that is missing or made up shows here.

use crate::db::{Arg, Columns, Kind, insert, rows};
use crate::entries;
use crate::error::{StoreError, database};
use crate::inner::Inner;
use crate::judge::upsert_cells;
use crate::payload::{WrittenRow, of_entry};
use crate::prepare::{Item, invalid};
use crate::records::{EntryRow, Filter};
use crate::sequence::{self, Sequenced, Tail, When};
use crate::store::Store;
use crate::tables;
use sqlx::AnyConnection;
use std::collections::{BTreeMap, HashMap};
use sumun_ledger::{Leaf, commitment};

/// Entries in one transaction.
const BATCH: usize = 256;

pub(crate) async fn from(
    inner: &Inner,
    mut entries: impl Iterator<Item = EntryRow> + Send,
) -> Result<(), StoreError> {
    inner.running()?;
    let mut versions = Versions::new();
    let mut first = true;
    loop {
        let batch: Vec<EntryRow> = entries.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            return Ok(());
        }
        fill(inner, &batch, &mut versions, first).await?;
        first = false;
    }
}

pub(crate) async fn into(full: &Store, empty: &Store) -> Result<(), StoreError> {
    let target = empty.inner();
    target.running()?;
    let mut versions = Versions::new();
    let mut next = 0;
    loop {
        let mut connection = full.inner().db.connection().await.map_err(database("read ledger entries"))?;
        let batch = entries::from(&mut connection, next, i64::try_from(BATCH).unwrap_or(256)).await?;
        drop(connection);
        if batch.is_empty() {
            break;
        }
        fill(target, &batch, &mut versions, next == 0).await?;
        next = next.saturating_add(batch.len() as u64);
    }
    vault(full.inner(), target).await
}

/// One transaction on whichever connection writes.
async fn fill(
    inner: &Inner,
    batch: &[EntryRow],
    versions: &mut Versions,
    first: bool,
) -> Result<(), StoreError> {
    let failed = database("fill the database");
    let tail = match inner.db.kind {
        Kind::Sqlite => {
            let mut writer = inner.db.writer().await?;
            let begun = sqlx::Connection::begin_with(writer.connection()?, "BEGIN IMMEDIATE").await;
            let mut transaction = begun.map_err(&failed)?;
            let tail = fill_in(inner, &mut transaction, batch, versions, first).await?;
            transaction.commit().await.map_err(&failed)?;
            tail
        }
        Kind::Postgres => {
            let mut transaction = inner.db.begin("BEGIN").await.map_err(&failed)?;
            let tail = fill_in(inner, &mut transaction, batch, versions, first).await?;
            transaction.commit().await.map_err(&failed)?;
            tail
        }
    };
    inner.announce(tail.head);
    Ok(())
}

async fn fill_in(
    inner: &Inner,
    connection: &mut AnyConnection,
    batch: &[EntryRow],
    versions: &mut Versions,
    first: bool,
) -> Result<Tail, StoreError> {
    let options = inner.options()?;
    let head = sequence::head(connection, inner.db.kind == Kind::Postgres).await?;
    let head = head.ok_or_else(|| invalid("the database has no ledger's head"))?;
    if first {
        is_empty(connection, head.size).await?;
    }
    let mut size = head.size;
    let tail = sequence::tail(connection, head, &options.signer, None).await?;
    let (mut items, mut times) = (Vec::with_capacity(batch.len()), Vec::with_capacity(batch.len()));
    let mut cells: Vec<BTreeMap<String, _>> = tables::ALL.iter().map(|_| BTreeMap::new()).collect();
    for entry in batch {
        if entry.index != size {
            return Err(invalid(format!("entry {} came where entry {size} belongs", entry.index)));
        }
        size += 1;
        let damaged = |found: String| StoreError::Damaged { place: format!("entry {}", entry.index), found };
        let Some((salt, payload, parsed)) = of_entry(entry)? else {
            return Err(invalid(format!("entry {} was erased: what it wrote is not known", entry.index)));
        };
        let commitment = commitment(&salt, &entry.class, &parsed.canonical);
        let leaf =
            Leaf::new(&entry.class, entry.at, commitment).map_err(|error| damaged(error.to_string()))?;
        if leaf.to_bytes() != entry.leaf.as_bytes() {
            return Err(damaged("its leaf does not commit to its payload".to_owned()));
        }
        if parsed.class != entry.class {
            return Err(damaged(format!("its payload is of class `{}`", parsed.class)));
        }
        let mut named = Vec::with_capacity(parsed.rows.len());
        for row in parsed.rows {
            named.push((row.table.name.to_owned(), row.key.clone()));
            follows(versions, &row).map_err(damaged)?;
            let slot = tables::ALL.iter().position(|table| table.name == row.table.name);
            if let Some(of_table) = slot.and_then(|slot| cells.get_mut(slot)) {
                of_table.insert(row.key, row.cells);
            }
        }
        items.push(Item {
            class: entry.class.clone(),
            salt,
            payload: payload.to_owned(),
            commitment,
            rows: named,
            feed: parsed.feed,
            outbox: Vec::new(),
        });
        times.push(entry.at);
    }
    for (table, of_table) in tables::ALL.iter().zip(cells) {
        let written = upsert_cells(connection, table, of_table.into_values().collect()).await;
        written.map_err(database("fill a table"))?;
    }
    let items: Vec<&Item> = items.iter().collect();
    let when = When::Then(times);
    let sequenced =
        sequence::sequence(connection, &tail, &items, &when, &options.signer, options.feed_deltas_kept)
            .await?;
    match sequenced {
        Sequenced::Done(tail, _) => Ok(tail),
        Sequenced::Fenced => Err(invalid("somebody else writes to the database that is being filled")),
    }
}

/// Last version of each row so far. Memory is of the order of the rows.
type Versions = HashMap<(&'static str, String), i64>;

/// Whether a row's version is the next one.
fn follows(versions: &mut Versions, row: &WrittenRow) -> Result<(), String> {
    let found = match row.cells.last() {
        Some(Arg::Int(Some(version))) => *version,
        _ => 0,
    };
    let last = versions.entry((row.table.name, row.key.clone())).or_insert(0);
    let next = last.saturating_add(1);
    if found != next {
        return Err(format!(
            "it writes version {found} of row `{}` of `{}` where version {next} belongs",
            row.key, row.table.name
        ));
    }
    *last = found;
    Ok(())
}

async fn is_empty(connection: &mut AnyConnection, size: u64) -> Result<(), StoreError> {
    let mut found = (size > 0).then_some("ledger_entries");
    for table in tables::ALL {
        let sql = format!("SELECT \"{}\" FROM \"{}\" LIMIT 1", table.key, table.name);
        let rows = rows(connection, sql, Vec::new()).await.map_err(database("look whether it is empty"))?;
        if !rows.is_empty() {
            found = Some(table.name);
        }
    }
    match found {
        Some(name) => Err(invalid(format!("the database to be filled is not empty: `{name}` has rows"))),
        None => Ok(()),
    }
}

/// Copies sealed texts; each is checked against its digest when it is read.
async fn vault(full: &Inner, target: &Inner) -> Result<(), StoreError> {
    let failed = database("copy the vault");
    let mut after = String::new();
    loop {
        let sql =
            "SELECT \"digest\", \"sealed\" FROM \"vault\" WHERE \"digest\" > $1 ORDER BY \"digest\" LIMIT $2";
        let args = vec![after.as_str().into(), i64::from(Filter::LIMIT_MAX).into()];
        let found = full.db.read("copy the vault", sql.to_owned(), args).await?;
        let mut copies = Vec::with_capacity(found.len());
        for row in &found {
            after = row.text(0)?;
            copies.push(vec![after.as_str().into(), row.text(1)?.into()]);
        }
        if copies.is_empty() {
            return Ok(());
        }
        let head = "INSERT INTO \"vault\" (\"digest\", \"sealed\")";
        let tail = "ON CONFLICT (\"digest\") DO NOTHING";
        match target.db.kind {
            Kind::Sqlite => insert(target.db.writer().await?.connection()?, head, tail, copies).await,
            Kind::Postgres => {
                let mut connection = target.db.connection().await.map_err(&failed)?;
                insert(&mut connection, head, tail, copies).await
            }
        }
        .map_err(&failed)?;
    }
}
