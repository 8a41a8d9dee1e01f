//! A change checked against the tables' shape and spelt out: arguments for SQL, the canonical payload, its commitment.
//!
//! Done by the caller's task, so that the one writer has little left to do.

use crate::change::{Change, Expect, Idempotency, RowWrite};
use crate::db::Arg;
use crate::error::StoreError;
use crate::read::digest_of;
use crate::table::{Image, Kind, Table};
use crate::tables;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use sumun_ledger::{Canonical, Commitment, check_class, commitment};

/// Longest payload: what one entry may say. A payload bundle holds 256 of them.
pub(crate) const PAYLOAD_BYTES_MAX: usize = 1 << 20;

/// One row to be written.
#[derive(Clone, Debug)]
pub(crate) struct PreparedRow {
    pub(crate) table: &'static Table,
    pub(crate) key: String,
    pub(crate) expect: Expect,
    pub(crate) version: i64,
    pub(crate) cells: Vec<Arg>,
}

/// What the sequencer needs of a change.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) class: String,
    pub(crate) salt: [u8; 32],
    pub(crate) payload: String,
    pub(crate) commitment: Commitment,
    /// Table and key of every row written.
    pub(crate) rows: Vec<(String, String)>,
    /// Key and canonical record of every gate-visible record.
    pub(crate) feed: Vec<(String, String)>,
    /// Topic and body.
    pub(crate) outbox: Vec<(String, String)>,
}

/// A change ready to be judged and written.
#[derive(Clone, Debug)]
pub(crate) struct Prepared {
    pub(crate) item: Item,
    pub(crate) writes: Vec<PreparedRow>,
    pub(crate) reads: Vec<(&'static Table, String, Expect)>,
    pub(crate) vault: Vec<(String, String)>,
    pub(crate) idempotency: Option<Idempotency>,
    pub(crate) at_us: i64,
}

pub(crate) fn invalid(what: impl Into<String>) -> StoreError {
    StoreError::Invalid(what.into())
}

/// Canonical text of a value, or why it has none.
pub(crate) fn canonical(value: &Value) -> Result<String, StoreError> {
    Canonical::of(value).map(Canonical::into_string).map_err(|error| invalid(error.to_string()))
}

/// Checks and spells out.
pub(crate) fn prepare(change: Change) -> Result<Prepared, StoreError> {
    check_class(change.class).map_err(|error| invalid(error.to_string()))?;
    let mut seen = BTreeSet::new();
    let mut writes = Vec::with_capacity(change.writes.len());
    for write in &change.writes {
        let row = prepare_row(write)?;
        if !seen.insert((row.table.name, row.key.clone())) {
            return Err(invalid(format!("row `{}` of `{}` is written twice", row.key, row.table.name)));
        }
        writes.push(row);
    }
    let feed = feed_records(&change.feed)?;
    let rows = writes.iter().map(|row| (row.table.name.to_owned(), row.key.clone())).collect();
    let outbox = change
        .outbox
        .iter()
        .map(|message| Ok((plain(message.topic, "an outbox topic")?, message.body.to_string())))
        .collect::<Result<_, StoreError>>()?;
    if let Some(answer) = &change.idempotency {
        plain(&answer.principal, "a principal")?;
        plain(&answer.key, "an idempotency key")?;
        plain(&answer.request, "a request's digest")?;
    }
    for read in &change.reads {
        plain(&read.key, "a row's key")?;
    }
    let vault = change
        .vault
        .iter()
        .map(|item| Ok((digest_of(&item.sealed), plain(&item.sealed, "a sealed text")?)))
        .collect::<Result<_, StoreError>>()?;

    let images = change.writes.into_iter().map(|write| {
        let mut row = Map::new();
        row.insert("table".to_owned(), write.table.name.into());
        row.insert("row".to_owned(), Value::Object(write.image));
        Value::Object(row)
    });
    let payload = Value::Object(Map::from_iter([
        ("v".to_owned(), 1.into()),
        ("class".to_owned(), change.class.into()),
        ("at".to_owned(), change.at.to_string().into()),
        ("facts".to_owned(), Value::Object(change.facts)),
        ("rows".to_owned(), Value::Array(images.collect())),
        ("feed".to_owned(), Value::Array(change.feed)),
    ]));
    let payload = Canonical::of(&payload).map_err(|error| invalid(error.to_string()))?;
    if payload.as_str().len() > PAYLOAD_BYTES_MAX {
        return Err(invalid(format!("its payload is longer than {PAYLOAD_BYTES_MAX} bytes")));
    }
    let commitment = commitment(&change.salt, change.class, &payload);
    let item = Item {
        class: change.class.to_owned(),
        salt: change.salt,
        payload: payload.into_string(),
        commitment,
        rows,
        feed,
        outbox,
    };
    let reads = change.reads.into_iter().map(|read| (read.table, read.key, read.expect)).collect();
    let at_us = change.at.as_micros();
    Ok(Prepared { item, writes, reads, vault, idempotency: change.idempotency, at_us })
}

/// PostgreSQL's texts hold no zero character; neither does anything here that is not JSON.
fn plain(text: &str, what: &str) -> Result<String, StoreError> {
    if text.contains('\0') {
        return Err(invalid(format!("{what} holds a zero character")));
    }
    Ok(text.to_owned())
}

fn prepare_row(write: &RowWrite) -> Result<PreparedRow, StoreError> {
    let table = write.table;
    if table.name == tables::FEED_KEYS.name {
        return Err(invalid(
            "`feed_keys` is written by the sequencer from the change's feed, never by a change",
        ));
    }
    let (key, cells) = image_cells(table, &write.image)?;
    let version = match cells.last() {
        Some(Arg::Int(Some(version))) => *version,
        _ => return Err(invalid(format!("row `{key}` of `{}` has no version", table.name))),
    };
    let right = match write.expect {
        Expect::Absent => 1,
        Expect::Version(version) => version.saturating_add(1),
    };
    if version != right {
        return Err(invalid(format!(
            "row `{key}` of `{}` has version {version}, but what is expected makes it {right}",
            table.name
        )));
    }
    Ok(PreparedRow { table, key, expect: write.expect, version, cells })
}

/// Key and arguments of an after-image, checked against the table's columns.
pub(crate) fn image_cells(table: &Table, image: &Image) -> Result<(String, Vec<Arg>), StoreError> {
    let mut cells = Vec::with_capacity(table.columns.len());
    for column in table.columns {
        let wrong = |what: &str| invalid(format!("column `{}` of `{}` {what}", column.name, table.name));
        let value = image.get(column.name).ok_or_else(|| wrong("is missing"))?;
        cells.push(match (column.kind, value) {
            (Kind::Text | Kind::TextOrNull, Value::String(text)) => {
                Arg::Text(Some(plain(text, &format!("column `{}` of `{}`", column.name, table.name))?))
            }
            (Kind::Integer | Kind::IntegerOrNull, Value::Number(number)) => {
                Arg::Int(Some(number.as_i64().ok_or_else(|| wrong("is not a whole number"))?))
            }
            (Kind::TextOrNull, Value::Null) => Arg::Text(None),
            (Kind::IntegerOrNull, Value::Null) => Arg::Int(None),
            (Kind::Json, value) => Arg::Text(Some(canonical(value)?)),
            _ => return Err(wrong("has a value of another kind")),
        });
    }
    if image.len() != table.columns.len() {
        let known = |name: &str| table.columns.iter().any(|column| column.name == name);
        let extra = image.keys().find(|name| !known(name)).map_or("?", String::as_str);
        return Err(invalid(format!("`{}` has no column `{extra}`", table.name)));
    }
    match cells.first() {
        Some(Arg::Text(Some(key))) if !key.is_empty() => Ok((key.clone(), cells)),
        _ => Err(invalid(format!("a row of `{}` has no key", table.name))),
    }
}

/// Key and canonical text of each gate-visible record.
pub(crate) fn feed_records(records: &[Value]) -> Result<Vec<(String, String)>, StoreError> {
    let mut seen = BTreeSet::new();
    let mut feed = Vec::with_capacity(records.len());
    for record in records {
        let key = record.get("key").and_then(Value::as_str).unwrap_or_default();
        if key.is_empty() || !seen.insert(key) {
            return Err(invalid("every record of the feed needs a `key` of its own"));
        }
        feed.push((plain(key, "a record's key")?, canonical(record)?));
    }
    Ok(feed)
}
