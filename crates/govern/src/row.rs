//! Rows as they are read and written: small readers, and the write that follows from what was read.

use crate::plan::Effect;
use crate::refusal::{Refusal, RefusalKind};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeSet;
use sumun_store::{Expect, Image, RowRead, RowWrite, Table};

/// The text in this column; empty if there is none.
pub(crate) fn text<'a>(row: &'a Image, column: &str) -> &'a str {
    row.get(column).and_then(Value::as_str).unwrap_or_default()
}

/// The text in this column, if it is not null.
pub(crate) fn text_or_null(row: &Image, column: &str) -> Option<String> {
    row.get(column).and_then(Value::as_str).map(str::to_owned)
}

/// The whole number in this column, if it is not null.
pub(crate) fn integer(row: &Image, column: &str) -> Option<i64> {
    row.get(column).and_then(Value::as_i64)
}

/// The row's version.
pub(crate) fn version(row: &Image) -> i64 {
    integer(row, "version").unwrap_or_default()
}

/// What this column holds, or nothing of it if it cannot be read.
pub(crate) fn json<T: DeserializeOwned + Default>(row: &Image, column: &str) -> T {
    row.get(column).and_then(|value| T::deserialize(value).ok()).unwrap_or_default()
}

/// The columns of a typed row. Plain fields only: none of them can fail to serialise.
pub(crate) fn image<T: Serialize>(row: &T) -> Image {
    match serde_json::to_value(row) {
        Ok(Value::Object(image)) => image,
        _ => Image::new(),
    }
}

/// A typed row as it is read.
pub(crate) fn typed<T: DeserializeOwned>(table: &'static Table, image: &Image) -> Result<T, Refusal> {
    serde_json::from_value(Value::Object(image.clone())).map_err(|error| {
        tracing::error!(error = &error as &dyn std::error::Error, table = table.name, "A row cannot be read");
        Refusal::new(
            RefusalKind::Unavailable,
            "row_unreadable",
            format!("a row of {} cannot be read", table.name),
            "run `sumun ledger verify`, then restore the row from the ledger",
        )
    })
}

/// The write that puts these columns in the place of what was read, at the next version.
pub(crate) fn replace(table: &'static Table, before: Option<&Image>, mut image: Image) -> RowWrite {
    let (expect, next) = match before {
        None => (Expect::Absent, 1),
        Some(row) => (Expect::Version(version(row)), version(row).saturating_add(1)),
    };
    image.insert("version".to_owned(), Value::from(next));
    RowWrite { table, expect, image }
}

/// The write that changes these columns of a row that was read.
pub(crate) fn update(
    table: &'static Table,
    before: &Image,
    columns: impl IntoIterator<Item = (&'static str, Value)>,
) -> RowWrite {
    let mut image = before.clone();
    for (column, value) in columns {
        image.insert(column.to_owned(), value);
    }
    replace(table, Some(before), image)
}

/// That a row still stands as it was read.
pub(crate) fn unchanged(table: &'static Table, key: &str, row: Option<&Image>) -> RowRead {
    let expect = row.map_or(Expect::Absent, |row| Expect::Version(version(row)));
    RowRead { table, key: key.to_owned(), expect }
}

/// What a write changes, for people; the version itself is no news.
pub(crate) fn effects(what: &str, write: &RowWrite, before: Option<&Image>) -> Vec<Effect> {
    let subject = format!("{what}:{}", text(&write.image, write.table.key));
    let names: BTreeSet<&String> = write.image.keys().collect();
    names
        .into_iter()
        .filter(|name| *name != "version" && *name != write.table.key)
        .filter_map(|name| {
            let before = before.and_then(|row| row.get(name)).cloned().unwrap_or_default();
            let after = write.image.get(name).cloned().unwrap_or_default();
            (before != after).then(|| Effect { subject: subject.clone(), field: name.clone(), before, after })
        })
        .collect()
}
