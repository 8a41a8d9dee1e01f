//! A payload read back: rows and feed records as the entry wrote them.

use crate::db::Arg;
use crate::error::StoreError;
use crate::prepare::{Item, canonical, feed_records, image_cells};
use crate::records::EntryRow;
use crate::table::Table;
use crate::tables;
use serde_json::Value;
use sumun_ledger::{Canonical, commitment};

/// A row as an entry wrote it.
#[derive(Clone, Debug)]
pub(crate) struct WrittenRow {
    pub(crate) table: &'static Table,
    pub(crate) key: String,
    pub(crate) cells: Vec<Arg>,
}

/// What the sequencer and the check need of a payload.
#[derive(Clone, Debug)]
pub(crate) struct Parsed {
    pub(crate) canonical: Canonical,
    /// What the payload itself says happened; must be what the leaf says.
    pub(crate) class: String,
    /// The entry whose erasure it tells of.
    pub(crate) erases: Option<u64>,
    pub(crate) rows: Vec<WrittenRow>,
    pub(crate) feed: Vec<(String, String)>,
}

/// Class of the entries that tell of an erasure; `facts.index` names the entry erased.
const ERASED: &str = "payload.erased";

fn damaged(place: &str, found: impl Into<String>) -> StoreError {
    StoreError::Damaged { place: place.to_owned(), found: found.into() }
}

/// Reads a payload. `place` names it in errors.
pub(crate) fn parse(place: &str, text: &str) -> Result<Parsed, StoreError> {
    let value: Value = serde_json::from_str(text).map_err(|error| damaged(place, error.to_string()))?;
    let canonical = Canonical::of(&value).map_err(|error| damaged(place, error.to_string()))?;
    if canonical.as_str() != text {
        return Err(damaged(place, "the payload is not canonical JSON"));
    }
    if value.get("v") != Some(&Value::from(1)) {
        return Err(damaged(place, "the payload's version is not 1"));
    }
    let list = |name: &str| {
        value.get(name).and_then(Value::as_array).ok_or_else(|| damaged(place, format!("no list `{name}`")))
    };
    let mut rows = Vec::new();
    for row in list("rows")? {
        let name = row.get("table").and_then(Value::as_str).unwrap_or_default();
        let table = tables::ALL.iter().find(|table| table.name == name);
        let table = *table.ok_or_else(|| damaged(place, format!("no table `{name}` is known")))?;
        let image = row.get("row").and_then(Value::as_object);
        let image = image.ok_or_else(|| damaged(place, format!("a row of `{name}` has no image")))?;
        let mut image = image.clone();
        for (_, column) in tables::LATER.iter().filter(|(later, _)| *later == table.name) {
            image.entry(*column).or_insert(Value::Null);
        }
        let (key, cells) = image_cells(table, &image).map_err(|error| damaged(place, error.to_string()))?;
        rows.push(WrittenRow { table, key, cells });
    }
    let feed = feed_records(list("feed")?).map_err(|error| damaged(place, error.to_string()))?;
    let class = value.get("class").and_then(Value::as_str).unwrap_or_default().to_owned();
    let index = value.get("facts").and_then(|facts| facts.get("index")?.as_u64());
    let erases = index.filter(|_| class == ERASED);
    Ok(Parsed { canonical, class, erases, rows, feed })
}

/// What the sequencer needs, from what stands beside a pending leaf.
pub(crate) fn item(
    place: &str,
    class: String,
    salt: [u8; 32],
    payload: String,
    outbox: Vec<(String, String)>,
) -> Result<Item, StoreError> {
    let parsed = parse(place, &payload)?;
    if parsed.class != class {
        return Err(damaged(place, format!("its payload is of class `{}`, not `{class}`", parsed.class)));
    }
    let commitment = commitment(&salt, &class, &parsed.canonical);
    let rows = parsed.rows.into_iter().map(|row| (row.table.name.to_owned(), row.key)).collect();
    Ok(Item { class, salt, payload, commitment, rows, feed: parsed.feed, outbox })
}

/// Salt, payload, and what the payload says.
type Shown<'a> = ([u8; 32], &'a str, Parsed);

/// An entry's salt and payload, parsed; an erased one has neither.
pub(crate) fn of_entry(entry: &EntryRow) -> Result<Option<Shown<'_>>, StoreError> {
    let place = format!("entry {}", entry.index);
    match (&entry.salt, &entry.payload) {
        (Some(salt), Some(payload)) => Ok(Some((*salt, payload, parse(&place, payload)?))),
        (None, None) => Ok(None),
        _ => Err(damaged(&place, "salt or payload is missing, but not both")),
    }
}

/// Canonical text of a list of records, from the canonical texts of each.
pub(crate) fn records_text(feed: &[(String, String)]) -> String {
    let texts: Vec<&str> = feed.iter().map(|(_, record)| record.as_str()).collect();
    format!("[{}]", texts.join(","))
}

/// Topics and bodies as they wait beside a pending leaf.
pub(crate) fn outbox_text(outbox: &[(String, String)]) -> Result<String, StoreError> {
    canonical(&serde_json::json!(outbox))
}
