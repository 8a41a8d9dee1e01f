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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::rows;
    use crate::tables::{CAMPAIGN_KEYS, CASES, MEASURES};
    use serde_json::json;
    use sqlx::{AnyConnection, Connection};

    /// How SQLite means to count.
    async fn plan(connection: &mut AnyConnection, table: &Table, wanted: &Count) -> String {
        let (sql, args) = counting(table, wanted).unwrap();
        let found = rows(connection, format!("EXPLAIN QUERY PLAN {sql}"), args).await.unwrap();
        found.iter().map(|row| row.text(3).unwrap() + "\n").collect()
    }

    #[tokio::test]
    async fn what_the_overview_counts_is_counted_by_indexes_alone() {
        sqlx::any::install_default_drivers();
        let mut connection = AnyConnection::connect("sqlite::memory:").await.unwrap();
        for migration in [
            include_str!("../migrations/sqlite/0001_record.sql"),
            include_str!("../migrations/sqlite/0002_loop.sql"),
            include_str!("../migrations/sqlite/0003_overview.sql"),
            include_str!("../migrations/sqlite/0011_campaigns.sql"),
        ] {
            sqlx::raw_sql(migration).execute(&mut connection).await.unwrap();
        }
        let open = || vec![("state", json!("open"))];
        let of = |equals, at_least, at_most| Count { equals, at_least, at_most };
        let hold = vec![("state", json!("in_force")), ("measure", json!("hold"))];
        let covered = ["campaign", "state", "segment"].map(|column| (column, json!("made-up"))).to_vec();
        for (table, wanted, index) in [
            (&MEASURES, of(hold, Some(("began_us", 7)), None), "measures_by_state_measure_and_began_us"),
            (
                &CASES,
                of([open(), vec![("assignee", Value::Null)]].concat(), None, None),
                "cases_by_state_and_assignee",
            ),
            (&CASES, of(open(), None, Some(("due_us", 7))), "cases_by_state_and_due_us"),
            (&CASES, of(vec![], Some(("opened_us", 7)), None), "cases_by_opened_us"),
            (&CAMPAIGN_KEYS, of(covered, None, None), "campaign_keys_by_state"),
        ] {
            let found = plan(&mut connection, table, &wanted).await;
            assert!(found.contains(&format!("COVERING INDEX {index}")), "{wanted:?}: {found}");
        }
        for bad in
            [("nothing", json!("x")), ("members", json!("x")), ("state", json!(1)), ("state", Value::Null)]
        {
            assert!(counting(&CASES, &of(vec![bad], None, None)).is_err());
        }
    }
}
