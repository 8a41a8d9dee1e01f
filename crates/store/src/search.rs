//! Rows found by what their columns begin with, always led by one index: whatever the number of rows, a page costs about a page.

use crate::db::{Arg, Columns, signed, unsigned};
use crate::error::StoreError;
use crate::inner::Inner;
use crate::read::{column, image, select, unlisted};
use crate::records::Filter;
use crate::table::{Image, Kind, Table};
use std::fmt::Write as _;
use sumun_model::Timestamp;

/// Which index leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lead {
    /// This column has this value; rows come in the order of keys.
    Equal(&'static str, String),
    /// This column begins with the text that is looked for; rows come in its order, and in that of keys within.
    Prefix(&'static str),
}

/// What to search for. Columns of text only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// Which index leads: there must be one on this column and the key.
    pub lead: Lead,
    /// The text.
    pub text: String,
    /// With [`Lead::Equal`]: one of these columns must begin with the text; none: the text is not looked for.
    pub any: Vec<&'static str>,
    /// None of these columns may begin with the text.
    pub none: Vec<&'static str>,
    /// Columns that must have these values.
    pub equals: Vec<(&'static str, String)>,
    /// Only rows after this one: its value of the leading column, and its key.
    pub after: Option<(String, String)>,
    /// At most this many; see [`Filter::LIMIT_MAX`].
    pub limit: u32,
}

/// One page of rows by a number.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Nearest {
    /// Those that can be read, in their order.
    pub rows: Vec<Image>,
    /// Number and key of those whose columns are damaged, in the same order.
    pub damaged: Vec<(u64, String)>,
}

impl Nearest {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len() + self.damaged.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A step of the feed that changed one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedStep {
    /// The ledger entry.
    pub entry: u64,
    /// What happened.
    pub class: String,
    /// When it was sequenced.
    pub at: Timestamp,
    /// The feed's version that told of it.
    pub version: u64,
}

pub(crate) async fn search(inner: &Inner, table: &Table, wanted: &Search) -> Result<Vec<Image>, StoreError> {
    let (sql, args) = searching(table, wanted)?;
    let found = inner.db.read("search rows", sql, args).await?;
    found.iter().map(|row| image(table, row)).collect()
}

/// The statement of a search, and its arguments.
fn searching(table: &Table, wanted: &Search) -> Result<(String, Vec<Arg>), StoreError> {
    let mut statement = Statement { table, sql: select(table), args: Vec::new() };
    let key = table.key;
    let order = match &wanted.lead {
        Lead::Equal(name, value) => {
            let (name, value) = (statement.text_column(name)?, statement.text(value));
            let _ = write!(statement.sql, " WHERE \"{name}\" = {value}");
            if let Some((_, after)) = &wanted.after {
                let after = statement.text(after);
                let _ = write!(statement.sql, " AND \"{key}\" > {after}");
            }
            if !wanted.any.is_empty() {
                let any = wanted.any.iter().map(|name| statement.begins(name, &wanted.text));
                let any = any.collect::<Result<Vec<_>, _>>()?.join(" OR ");
                let _ = write!(statement.sql, " AND ({any})");
            }
            format!("\"{key}\"")
        }
        Lead::Prefix(name) => {
            let name = statement.text_column(name)?;
            let (from, to) = (statement.text(&wanted.text), statement.text(&end_of(&wanted.text)));
            let _ = write!(statement.sql, " WHERE \"{name}\" >= {from} AND \"{name}\" < {to}");
            match &wanted.after {
                Some((_, after)) if name == key => {
                    let after = statement.text(after);
                    let _ = write!(statement.sql, " AND \"{key}\" > {after}");
                }
                Some((value, after)) => {
                    let (value, after) = (statement.text(value), statement.text(after));
                    let _ = write!(statement.sql, " AND (\"{name}\", \"{key}\") > ({value}, {after})");
                }
                None => {}
            }
            if name == key { format!("\"{key}\"") } else { format!("\"{name}\", \"{key}\"") }
        }
    };
    for name in &wanted.none {
        let begins = statement.begins(name, &wanted.text)?;
        let _ = write!(statement.sql, " AND NOT ({begins})");
    }
    for (name, value) in &wanted.equals {
        // As an expression a column has no index: only the leading one's shall be used.
        let (name, value) = (statement.text_column(name)?, statement.text(value));
        let _ = write!(statement.sql, " AND (\"{name}\" || '') = {value}");
    }
    statement.args.push(i64::from(wanted.limit.min(Filter::LIMIT_MAX)).into());
    let Statement { mut sql, args, .. } = statement;
    let _ = write!(sql, " ORDER BY {order} LIMIT ${}", args.len());
    Ok((sql, args))
}

struct Statement<'a> {
    table: &'a Table,
    sql: String,
    args: Vec<Arg>,
}

impl Statement<'_> {
    fn text_column<'n>(&self, name: &'n str) -> Result<&'n str, StoreError> {
        match column(self.table, name)?.kind {
            Kind::Text | Kind::TextOrNull => Ok(name),
            _ => Err(unlisted(self.table, name, "holds no text")),
        }
    }

    /// A parameter with this text.
    fn text(&mut self, text: &str) -> String {
        self.args.push(text.replace('\0', "\u{1}").into());
        format!("${}", self.args.len())
    }

    /// That a column begins with a text; never by an index.
    fn begins(&mut self, name: &str, text: &str) -> Result<String, StoreError> {
        let name = self.text_column(name)?;
        let (from, to) = (self.text(text), self.text(&end_of(text)));
        Ok(format!("((\"{name}\" || '') >= {from} AND (\"{name}\" || '') < {to})"))
    }
}

/// The end of all texts that begin so.
fn end_of(text: &str) -> String {
    format!("{text}\u{10ffff}")
}

/// Rows with this text in one column and this number or a higher one in another, the lowest first.
pub(crate) async fn nearest(
    inner: &Inner,
    table: &Table,
    (name, value): (&str, &str),
    (number, at_least): (&str, u64),
    limit: u32,
) -> Result<Vec<Image>, StoreError> {
    let (text, order) = (column(table, name)?, column(table, number)?);
    if !matches!(text.kind, Kind::Text | Kind::TextOrNull) {
        return Err(unlisted(table, name, "holds no text"));
    }
    if !matches!(order.kind, Kind::Integer | Kind::IntegerOrNull) {
        return Err(unlisted(table, number, "holds no whole numbers"));
    }
    let sql = format!(
        "{} WHERE \"{name}\" = $1 AND \"{number}\" >= $2 ORDER BY \"{number}\", \"{}\" LIMIT $3",
        select(table),
        table.key
    );
    let args = vec![value.replace('\0', "\u{1}").into(), at_least.into(), i64::from(limit).into()];
    let found = inner.db.read("list the nearest rows", sql, args).await?;
    found.iter().map(|row| image(table, row)).collect()
}

/// The same, behind one row in that order: rows of the same number follow each other by their keys. One whose columns are damaged stops
/// none of the others: its number and key are given instead.
pub(crate) async fn nearest_after(
    inner: &Inner,
    table: &Table,
    (name, value): (&str, &str),
    (number, last, after): (&str, u64, &str),
    limit: u32,
) -> Result<Nearest, StoreError> {
    let (text, order) = (column(table, name)?, column(table, number)?);
    if !matches!(text.kind, Kind::Text | Kind::TextOrNull) {
        return Err(unlisted(table, name, "holds no text"));
    }
    if !matches!(order.kind, Kind::Integer | Kind::IntegerOrNull) {
        return Err(unlisted(table, number, "holds no whole numbers"));
    }
    let sql = format!(
        "{} WHERE \"{name}\" = $1 AND \"{number}\" >= $2 AND (\"{number}\" > $2 OR \"{key}\" > $3) \
         ORDER BY \"{number}\", \"{key}\" LIMIT $4",
        select(table),
        key = table.key
    );
    let args = vec![
        value.replace('\0', "\u{1}").into(),
        last.into(),
        after.replace('\0', "").into(),
        i64::from(limit).into(),
    ];
    let found = inner.db.read("list the nearest rows", sql, args).await?;
    let at = table.columns.iter().position(|column| column.name == number).unwrap_or_default();
    let mut nearest = Nearest::default();
    for row in &found {
        match image(table, row) {
            Ok(image) => nearest.rows.push(image),
            // Keys are texts, and stand first.
            Err(StoreError::Damaged { .. }) => nearest.damaged.push((unsigned(row.int(at)?), row.text(0)?)),
            Err(error) => return Err(error),
        }
    }
    Ok(nearest)
}

/// Steps of the feed that told of this row, the newest first; those of entries up to and with this one, or all.
pub(crate) async fn feed_steps(
    inner: &Inner,
    table: &Table,
    key: &str,
    up_to: Option<u64>,
    limit: u32,
) -> Result<Vec<FeedStep>, StoreError> {
    if key.contains('\0') {
        return Ok(Vec::new());
    }
    let sql = "SELECT e.\"entry\", e.\"class\", e.\"at_us\", e.\"feed_version\", e.\"payload\" FROM \"entry_rows\" r \
               JOIN \"ledger_entries\" e ON e.\"entry\" = r.\"entry\" WHERE r.\"table_name\" = $1 AND r.\"row_key\" = $2 \
               AND r.\"entry\" <= $3 AND e.\"feed_version\" IS NOT NULL ORDER BY r.\"entry\" DESC LIMIT $4";
    let (mut steps, wanted) = (Vec::new(), limit as usize);
    let mut up_to = up_to.map_or(i64::MAX, signed);
    loop {
        let args = vec![table.name.into(), key.into(), up_to.into(), i64::from(limit).into()];
        let found = inner.db.read("read a row's steps of the feed", sql.to_owned(), args).await?;
        for row in &found {
            up_to = row.int(0)?.saturating_sub(1);
            if !tells_of(row.text_or_null(4)?.as_deref(), key) {
                continue;
            }
            steps.push(FeedStep {
                entry: unsigned(row.int(0)?),
                class: row.text(1)?,
                at: Timestamp::from_micros(row.int(2)?),
                version: unsigned(row.int(3)?),
            });
        }
        if found.len() < wanted || steps.len() >= wanted {
            steps.truncate(wanted);
            return Ok(steps);
        }
    }
}

/// Whether an entry's feed names this key: it may have written one key's row and told gates of another. One that was erased may have.
fn tells_of(payload: Option<&str>, key: &str) -> bool {
    #[derive(serde::Deserialize)]
    struct Fed<'a> {
        #[serde(borrow, default)]
        feed: Vec<Record<'a>>,
    }
    #[derive(serde::Deserialize)]
    struct Record<'a> {
        #[serde(borrow)]
        key: std::borrow::Cow<'a, str>,
    }
    let fed = payload.and_then(|payload| serde_json::from_str::<Fed<'_>>(payload).ok());
    fed.is_none_or(|fed| fed.feed.iter().any(|record| record.key == key))
}

#[cfg(test)]
mod tests;
