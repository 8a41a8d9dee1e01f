//! How many rows there are of a kind, without reading them.

use crate::db::{Arg, Columns};
use crate::error::StoreError;
use crate::inner::Inner;
use crate::table::{Kind, Table};
use serde_json::Value;
use std::fmt::Write as _;

/// Which rows to count. Quick only by an index that begins with these columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Count {
    /// Columns that must have these values; `null` means none. Never a JSON column.
    pub equals: Vec<(&'static str, Value)>,
    /// A column of whole numbers that must hold this or more.
    pub at_least: Option<(&'static str, i64)>,
    /// A column of whole numbers that must hold this or less.
    pub at_most: Option<(&'static str, i64)>,
}

pub(crate) async fn count(inner: &Inner, table: &Table, wanted: &Count) -> Result<u64, StoreError> {
    let (sql, args) = counting(table, wanted)?;
    let found = inner.db.read("count rows", sql, args).await?;
    let count = found.first().map(|row| row.int(0)).transpose()?.unwrap_or_default();
    Ok(u64::try_from(count).unwrap_or_default())
}

/// The statement, and its arguments.
fn counting(table: &Table, wanted: &Count) -> Result<(String, Vec<Arg>), StoreError> {
    let mut sql = format!("SELECT COUNT(*) FROM \"{}\"", table.name);
    let (mut word, mut args) = ("WHERE", Vec::new());
    for (name, value) in &wanted.equals {
        let arg = match (kind(table, name)?, value) {
            (Kind::Text | Kind::TextOrNull, Value::String(text)) => Some(text.as_str().into()),
            (Kind::Integer | Kind::IntegerOrNull, Value::Number(number)) => Some(Arg::Int(number.as_i64())),
            (Kind::TextOrNull | Kind::IntegerOrNull, Value::Null) => None,
            _ => return Err(uncounted(table, name, "cannot have such a value")),
        };
        let _ = match arg {
            Some(arg) => {
                args.push(arg);
                write!(sql, " {word} \"{name}\" = ${}", args.len())
            }
            None => write!(sql, " {word} \"{name}\" IS NULL"),
        };
        word = "AND";
    }
    for (bound, sign) in [(wanted.at_least, ">="), (wanted.at_most, "<=")] {
        let Some((name, bound)) = bound else { continue };
        if !matches!(kind(table, name)?, Kind::Integer | Kind::IntegerOrNull) {
            return Err(uncounted(table, name, "holds no whole numbers"));
        }
        args.push(bound.into());
        let _ = write!(sql, " {word} \"{name}\" {sign} ${}", args.len());
        word = "AND";
    }
    Ok((sql, args))
}

fn kind(table: &Table, name: &str) -> Result<Kind, StoreError> {
    let found = table.columns.iter().find(|column| column.name == name);
    found.map(|column| column.kind).ok_or_else(|| uncounted(table, name, "does not exist"))
}

fn uncounted(table: &Table, name: &str, what: &str) -> StoreError {
    StoreError::Invalid(format!("column `{name}` of `{}` {what}", table.name))
}
