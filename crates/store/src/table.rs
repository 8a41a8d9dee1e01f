//! Governed tables as data: their columns, and rows as ledger entries carry them.
//!
//! A governed row exists in two places: in the database, and as an *after-image* in the ledger entry that wrote it last.
//! The image alone is enough to write the row again, so that an empty database can be filled from the ledger, and any
//! value changed behind the ledger's back shows.

use serde_json::{Map, Value};

/// What a column holds, on both databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text, never null.
    Text,
    /// Text or null.
    TextOrNull,
    /// A whole number (times are microseconds since 1970), never null.
    Integer,
    /// A whole number or null.
    IntegerOrNull,
    /// JSON, held as canonical text (RFC 8785), never null. In an image it is the JSON itself.
    Json,
}

/// One column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name, in SQL and in images alike.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
}

/// One governed table. Each has a text key of one column, and an integer column `version` that rises by one with every
/// change of a row, from 1.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// The column that is the key; the first of `columns`.
    pub key: &'static str,
    /// All columns, in order; the last is `version`.
    pub columns: &'static [Column],
}

/// A row as it stands after a change: column → value, every column of the table present.
pub type Image = Map<String, Value>;
