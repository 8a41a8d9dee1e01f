//! Reading governed rows: SQL made from [`Table`], rows made into images.

use crate::db::{Arg, Columns, KEYS_MAX, rows, tuples};
use crate::error::{StoreError, database};
use crate::inner::Inner;
use crate::records::Filter;
use crate::table::{Column, Image, Kind, Table};
use serde_json::Value;
use sha2::{Digest, Sha256};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// `"a","b",…` of all columns.
pub(crate) fn column_list(table: &Table) -> String {
    let names: Vec<String> = table.columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
    names.join(",")
}

pub(crate) fn select(table: &Table) -> String {
    format!("SELECT {} FROM \"{}\"", column_list(table), table.name)
}

/// A row as it is stored: for each column its value, JSON still as text.
pub(crate) fn cells(table: &Table, row: &AnyRow) -> Result<Vec<Arg>, StoreError> {
    let cell = |(at, column): (usize, &Column)| {
        Ok(match column.kind {
            Kind::Text | Kind::TextOrNull | Kind::Json => Arg::Text(row.text_or_null(at)?),
            Kind::Integer | Kind::IntegerOrNull => Arg::Int(row.int_or_null(at)?),
        })
    };
    table.columns.iter().enumerate().map(cell).collect()
}

pub(crate) fn image(table: &Table, row: &AnyRow) -> Result<Image, StoreError> {
    let mut image = Image::new();
    for (column, cell) in table.columns.iter().zip(cells(table, row)?) {
        let value = match cell {
            Arg::Int(Some(number)) => number.into(),
            Arg::Text(Some(text)) if column.kind == Kind::Json => {
                serde_json::from_str(&text).map_err(|error| StoreError::Damaged {
                    place: format!("column `{}` of `{}`", column.name, table.name),
                    found: error.to_string(),
                })?
            }
            Arg::Text(Some(text)) => text.into(),
            _ => Value::Null,
        };
        image.insert(column.name.to_owned(), value);
    }
    Ok(image)
}

pub(crate) async fn get(inner: &Inner, table: &Table, key: &str) -> Result<Option<Image>, StoreError> {
    if key.contains('\0') {
        return Ok(None);
    }
    let sql = format!("{} WHERE \"{}\" = $1", select(table), table.key);
    let found = inner.db.read("read a row", sql, vec![key.into()]).await?;
    found.first().map(|row| image(table, row)).transpose()
}

pub(crate) async fn get_many(
    inner: &Inner,
    table: &Table,
    keys: &[String],
) -> Result<Vec<Image>, StoreError> {
    let found = many(inner, table, keys).await?;
    found.iter().map(|row| image(table, row)).collect()
}

/// The same, but one whose columns are damaged stops none of the others: its key is given instead.
pub(crate) async fn get_many_readable(
    inner: &Inner,
    table: &Table,
    keys: &[String],
) -> Result<(Vec<Image>, Vec<String>), StoreError> {
    readable(table, &many(inner, table, keys).await?)
}

/// Rows of these keys as the database gives them, ordered by key.
async fn many(inner: &Inner, table: &Table, keys: &[String]) -> Result<Vec<AnyRow>, StoreError> {
    let mut wanted: Vec<&str> = keys.iter().map(String::as_str).filter(|key| !key.contains('\0')).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let mut found = Vec::with_capacity(wanted.len());
    let failed = database("read rows");
    let mut connection = inner.db.connection().await.map_err(&failed)?;
    for some in wanted.chunks(KEYS_MAX) {
        let list = tuples(&connection, 1, some.len());
        let sql = format!("{} WHERE \"{key}\" IN {list} ORDER BY \"{key}\"", select(table), key = table.key);
        let args = some.iter().map(|key| Arg::from(*key)).collect();
        found.extend(rows(&mut connection, sql, args).await.map_err(&failed)?);
    }
    Ok(found)
}

pub(crate) async fn list(inner: &Inner, table: &Table, filter: &Filter) -> Result<Vec<Image>, StoreError> {
    let (sql, args) = listing(table, filter)?;
    let found = inner.db.read("list rows", sql, args).await?;
    found.iter().map(|row| image(table, row)).collect()
}

/// The same, but one whose columns are damaged stops none of the others: its key is given instead.
pub(crate) async fn list_readable(
    inner: &Inner,
    table: &Table,
    filter: &Filter,
) -> Result<(Vec<Image>, Vec<String>), StoreError> {
    let (sql, args) = listing(table, filter)?;
    readable(table, &inner.db.read("list rows", sql, args).await?)
}

/// Those that can be read, and the keys of the others.
fn readable(table: &Table, found: &[AnyRow]) -> Result<(Vec<Image>, Vec<String>), StoreError> {
    let (mut rows, mut damaged) = (Vec::with_capacity(found.len()), Vec::new());
    for row in found {
        match image(table, row) {
            Ok(image) => rows.push(image),
            // Keys are texts, and stand first.
            Err(StoreError::Damaged { .. }) => damaged.push(row.text(0)?),
            Err(error) => return Err(error),
        }
    }
    Ok((rows, damaged))
}

/// `SELECT … WHERE` these columns have these values, what a further condition is joined by, and the arguments.
fn narrowed(
    table: &Table,
    equals: &[(&'static str, Value)],
) -> Result<(String, &'static str, Vec<Arg>), StoreError> {
    let mut sql = select(table);
    let mut args: Vec<Arg> = Vec::new();
    let mut word = "WHERE";
    for (name, value) in equals {
        let wrong = |what: &str| unlisted(table, name, what);
        let column = column(table, name)?;
        let arg = match (column.kind, value) {
            (Kind::Text | Kind::TextOrNull, Value::String(text)) => {
                Some(Arg::from(text.replace('\0', "\u{1}")))
            }
            (Kind::Integer | Kind::IntegerOrNull, Value::Number(number)) => {
                Some(Arg::Int(Some(number.as_i64().ok_or_else(|| wrong("holds whole numbers"))?)))
            }
            (Kind::TextOrNull | Kind::IntegerOrNull, Value::Null) => None,
            _ => return Err(wrong("cannot have such a value")),
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
    Ok((sql, word, args))
}

/// The first rows by a number, the highest first, and by another, the lowest first. There must be an index on these columns.
pub(crate) async fn ranked(
    inner: &Inner,
    table: &Table,
    equals: &[(&'static str, Value)],
    order: (&str, &str),
    limit: u32,
) -> Result<Vec<Image>, StoreError> {
    let (sql, args) = ranking(table, equals, order, limit)?;
    let found = inner.db.read("list the first rows", sql, args).await?;
    found.iter().map(|row| image(table, row)).collect()
}

fn ranking(
    table: &Table,
    equals: &[(&'static str, Value)],
    (high, low): (&str, &str),
    limit: u32,
) -> Result<(String, Vec<Arg>), StoreError> {
    for name in [high, low] {
        if !matches!(column(table, name)?.kind, Kind::Integer | Kind::IntegerOrNull) {
            return Err(unlisted(table, name, "holds no whole numbers"));
        }
    }
    let (mut sql, _, mut args) = narrowed(table, equals)?;
    args.push(i64::from(limit.min(Filter::LIMIT_MAX)).into());
    let key = table.key;
    let _ = write!(sql, " ORDER BY \"{high}\" DESC, \"{low}\", \"{key}\" LIMIT ${}", args.len());
    Ok((sql, args))
}

/// Rows by a moment that is not null, the last ones first, after a row: one that is not there has nothing behind it.
pub(crate) async fn last_by(
    inner: &Inner,
    table: &Table,
    equals: &[(&'static str, Value)],
    moment: &'static str,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<Image>, StoreError> {
    let (sql, args) = last_by_sql(table, equals, moment, after, limit)?;
    let found = inner.db.read("list the last rows", sql, args).await?;
    found.iter().map(|row| image(table, row)).collect()
}

fn last_by_sql(
    table: &Table,
    equals: &[(&'static str, Value)],
    moment: &'static str,
    after: Option<&str>,
    limit: u32,
) -> Result<(String, Vec<Arg>), StoreError> {
    if !matches!(column(table, moment)?.kind, Kind::Integer | Kind::IntegerOrNull) {
        return Err(unlisted(table, moment, "holds no whole numbers"));
    }
    let (mut sql, word, mut args) = narrowed(table, equals)?;
    let (name, key) = (table.name, table.key);
    let _ = write!(sql, " {word} \"{moment}\" IS NOT NULL");
    if let Some(after) = after {
        args.push(after.replace('\0', "").into());
        let (at, one) = (args.len(), format!("FROM \"{name}\" WHERE \"{key}\" = $"));
        // The first of the two says no more than the second; by it SQLite begins in the middle of the index.
        let _ = write!(
            sql,
            " AND \"{moment}\" <= (SELECT \"{moment}\" {one}{at}) \
             AND (\"{moment}\", \"{key}\") < (SELECT \"{moment}\", \"{key}\" {one}{at})"
        );
    }
    args.push(i64::from(limit.min(Filter::LIMIT_MAX)).into());
    let _ = write!(sql, " ORDER BY \"{moment}\" DESC, \"{key}\" DESC LIMIT ${}", args.len());
    Ok((sql, args))
}

/// The statement of a list, and its arguments.
fn listing(table: &Table, filter: &Filter) -> Result<(String, Vec<Arg>), StoreError> {
    let (mut sql, mut word, mut args) = narrowed(table, &filter.equals)?;
    let mut key = format!("\"{}\"", table.key);
    if let Some((name, most)) = filter.at_most {
        if !matches!(column(table, name)?.kind, Kind::Integer | Kind::IntegerOrNull) {
            return Err(unlisted(table, name, "holds no whole numbers"));
        }
        args.push(most.into());
        let _ = write!(sql, " {word} \"{name}\" <= ${}", args.len());
        word = "AND";
        // As an expression the key has no index: few rows are due, and no planner shall read all in the order of keys.
        key = format!("({key} || '')");
    }
    if let Some((name, least)) = filter.at_least {
        if !matches!(column(table, name)?.kind, Kind::Integer | Kind::IntegerOrNull) {
            return Err(unlisted(table, name, "holds no whole numbers"));
        }
        args.push(least.into());
        let _ = write!(sql, " {word} \"{name}\" >= ${}", args.len());
        word = "AND";
    }
    // An index is read either way.
    let (beyond, order) = if filter.newest { ("<", " DESC") } else { (">", "") };
    if let Some(after) = &filter.after {
        args.push(after.replace('\0', "").into());
        let _ = write!(sql, " {word} {key} {beyond} ${}", args.len());
    }
    args.push(i64::from(filter.limit.min(Filter::LIMIT_MAX)).into());
    let _ = write!(sql, " ORDER BY {key}{order} LIMIT ${}", args.len());
    Ok((sql, args))
}

pub(crate) fn unlisted(table: &Table, name: &str, what: &str) -> StoreError {
    StoreError::Invalid(format!("column `{name}` of `{}` {what}", table.name))
}

pub(crate) fn column<'a>(table: &'a Table, name: &str) -> Result<&'a Column, StoreError> {
    let found = table.columns.iter().find(|column| column.name == name);
    found.ok_or_else(|| unlisted(table, name, "does not exist"))
}

/// The latest rows by a column of whole numbers that must hold this or more.
pub(crate) async fn latest(
    inner: &Inner,
    table: &Table,
    (name, at_least): (&str, i64),
    limit: u32,
) -> Result<Vec<Image>, StoreError> {
    if !matches!(column(table, name)?.kind, Kind::Integer | Kind::IntegerOrNull) {
        return Err(unlisted(table, name, "holds no whole numbers"));
    }
    let sql = format!("{} WHERE \"{name}\" >= $1 ORDER BY \"{name}\" DESC LIMIT $2", select(table));
    let args = vec![at_least.into(), i64::from(limit.min(Filter::LIMIT_MAX)).into()];
    let found = inner.db.read("list the latest rows", sql, args).await?;
    found.iter().map(|row| image(table, row)).collect()
}

/// Every row of a table in the order of keys, as stored, a page at a time.
pub(crate) async fn page(
    connection: &mut AnyConnection,
    table: &Table,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Vec<Arg>>, StoreError> {
    let (mut sql, mut args) = (select(table), Vec::new());
    if let Some(after) = after {
        let _ = write!(sql, " WHERE \"{}\" > $1", table.key);
        args.push(after.into());
    }
    let _ = write!(sql, " ORDER BY \"{}\" LIMIT {limit}", table.key);
    let found = rows(connection, sql, args).await.map_err(database("read a table"))?;
    found.iter().map(|row| cells(table, row)).collect()
}

/// Hex SHA-256 of a text: its name in the vault.
pub(crate) fn digest_of(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

pub(crate) async fn vault(inner: &Inner, digest: &str) -> Result<Option<String>, StoreError> {
    Ok(vault_many(inner, &[digest.to_owned()]).await?.remove(digest))
}

pub(crate) async fn vault_many(
    inner: &Inner,
    digests: &[String],
) -> Result<BTreeMap<String, String>, StoreError> {
    let mut found = BTreeMap::new();
    let wanted: Vec<&String> = digests.iter().filter(|digest| !digest.contains('\0')).collect();
    let failed = database("read the vault");
    let mut connection = inner.db.connection().await.map_err(&failed)?;
    for some in wanted.chunks(KEYS_MAX) {
        let list = tuples(&connection, 1, some.len());
        let sql = format!("SELECT \"digest\", \"sealed\" FROM \"vault\" WHERE \"digest\" IN {list}");
        let args = some.iter().map(|digest| Arg::from(digest.as_str())).collect();
        for row in rows(&mut connection, sql, args).await.map_err(&failed)? {
            let (digest, sealed) = (row.text(0)?, row.text(1)?);
            if digest_of(&sealed) != digest {
                return Err(StoreError::Damaged {
                    place: format!("vault item `{digest}`"),
                    found: "its text has another digest".to_owned(),
                });
            }
            found.insert(digest, sealed);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables;
    use serde_json::json;
    use sqlx::Connection;

    /// What makes keys and approvals as they are now.
    const SQLITE_RECORD: [&str; 4] = [
        include_str!("../migrations/sqlite/0001_record.sql"),
        include_str!("../migrations/sqlite/0002_loop.sql"),
        include_str!("../migrations/sqlite/0006_decided.sql"),
        include_str!("../migrations/sqlite/0011_campaigns.sql"),
    ];
    const POSTGRES_RECORD: [&str; 4] = [
        include_str!("../migrations/postgres/0001_record.sql"),
        include_str!("../migrations/postgres/0002_loop.sql"),
        include_str!("../migrations/postgres/0006_decided.sql"),
        include_str!("../migrations/postgres/0011_campaigns.sql"),
    ];

    // Whether there is an index that gives the order without sorting. PostgreSQL is given no other way, since on tables without rows it
    // would read them whole; which way it takes on full ones is not shown here.
    #[tokio::test(flavor = "multi_thread")]
    async fn the_newest_can_be_read_from_the_end_of_an_index() {
        sqlx::any::install_default_drivers();
        let sqlite = [
            include_str!("../migrations/sqlite/0001_record.sql"),
            include_str!("../migrations/sqlite/0002_loop.sql"),
        ];
        let postgres = [
            include_str!("../migrations/postgres/0001_record.sql"),
            include_str!("../migrations/postgres/0002_loop.sql"),
        ];
        let url = tokio::task::spawn_blocking(|| sumun_fixture::Postgres::shared().database()).await.unwrap();
        for (url, migrations, explain) in
            [("sqlite::memory:", sqlite, "EXPLAIN QUERY PLAN"), (url.as_str(), postgres, "EXPLAIN")]
        {
            let mut connection = AnyConnection::connect(url).await.unwrap();
            let migrations = migrations.join("\n");
            sqlx::raw_sql(sqlx::AssertSqlSafe(migrations)).execute(&mut connection).await.unwrap();
            if explain == "EXPLAIN" {
                let only = "SET enable_seqscan = off; SET enable_sort = off; SET enable_bitmapscan = off";
                sqlx::raw_sql(only).execute(&mut connection).await.unwrap();
            }
            let key = if explain == "EXPLAIN" { "cases_pkey" } else { "sqlite_autoindex_cases_1" };
            for (column, index) in [
                (None, key),
                (Some("state"), "cases_by_state"),
                (Some("assignee"), "cases_by_assignee"),
                (Some("subject"), "cases_by_subject"),
            ] {
                let equals: Vec<_> = column.into_iter().map(|column| (column, json!("x"))).collect();
                for after in [None, Some("C7".to_owned())] {
                    let newest = Filter {
                        equals: equals.clone(),
                        newest: true,
                        after,
                        limit: 50,
                        ..Filter::default()
                    };
                    let plan = plan(&mut connection, explain, &newest, &tables::CASES).await;
                    let words: Vec<&str> = plan.split_whitespace().collect();
                    assert!(words.contains(&index), "{plan}");
                    assert!(!plan.to_lowercase().contains("sort") && !plan.contains("TEMP B-TREE"), "{plan}");
                }
            }
        }
    }

    // Whether there is an index that gives the order without sorting. PostgreSQL is given no other way, since on tables without rows it
    // would read them whole; which way it takes on full ones is not shown here.
    #[tokio::test(flavor = "multi_thread")]
    async fn what_was_decided_last_can_be_read_in_its_order_by_an_index() {
        sqlx::any::install_default_drivers();
        let (sqlite, postgres) = (SQLITE_RECORD, POSTGRES_RECORD);
        let url = tokio::task::spawn_blocking(|| sumun_fixture::Postgres::shared().database()).await.unwrap();
        for (url, migrations, explain) in
            [("sqlite::memory:", sqlite, "EXPLAIN QUERY PLAN"), (url.as_str(), postgres, "EXPLAIN")]
        {
            let mut connection = AnyConnection::connect(url).await.unwrap();
            let migrations = migrations.join("\n");
            sqlx::raw_sql(sqlx::AssertSqlSafe(migrations)).execute(&mut connection).await.unwrap();
            if explain == "EXPLAIN" {
                let only = "SET enable_seqscan = off; SET enable_sort = off; SET enable_bitmapscan = off";
                sqlx::raw_sql(only).execute(&mut connection).await.unwrap();
            }
            let equals = [("state", json!("granted"))];
            for after in [None, Some("AP7")] {
                let (sql, args) = last_by_sql(&tables::APPROVALS, &equals, "decided_us", after, 50).unwrap();
                let found = rows(&mut connection, format!("{explain} {sql}"), args).await.unwrap();
                let column = if explain == "EXPLAIN" { 0 } else { 3 };
                let plan: String = found.iter().map(|row| row.text(column).unwrap() + "\n").collect();
                assert!(plan.contains("approvals_by_state_and_decided_us"), "{plan}");
                assert!(!plan.to_lowercase().contains("sort") && !plan.contains("TEMP B-TREE"), "{plan}");
            }
        }
    }

    /// How a database means to run a statement.
    async fn plan(connection: &mut AnyConnection, explain: &str, filter: &Filter, table: &Table) -> String {
        let (sql, args) = listing(table, filter).unwrap();
        let found = rows(connection, format!("{explain} {sql}"), args).await.unwrap();
        let column = if explain == "EXPLAIN" { 0 } else { 3 };
        found.iter().map(|row| row.text(column).unwrap() + "\n").collect()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_comes_first_is_read_in_its_order_by_an_index() {
        sqlx::any::install_default_drivers();
        let all = |folder: [&'static str; 3]| folder.join("\n");
        let sqlite = all([
            include_str!("../migrations/sqlite/0001_record.sql"),
            include_str!("../migrations/sqlite/0002_loop.sql"),
            "CREATE INDEX \"before\" ON \"cases\" (\"state\", \"assignee\", \"case_id\");",
        ]) + include_str!("../migrations/sqlite/0005_pages.sql");
        let postgres = all([
            include_str!("../migrations/postgres/0001_record.sql"),
            include_str!("../migrations/postgres/0002_loop.sql"),
            "CREATE INDEX \"before\" ON \"cases\" (\"state\", \"assignee\", \"case_id\");",
        ]) + include_str!("../migrations/postgres/0005_pages.sql");
        let url = tokio::task::spawn_blocking(|| sumun_fixture::Postgres::shared().database()).await.unwrap();
        for (url, migrations, explain) in
            [("sqlite::memory:", sqlite, "EXPLAIN QUERY PLAN"), (url.as_str(), postgres, "EXPLAIN")]
        {
            let mut connection = AnyConnection::connect(url).await.unwrap();
            sqlx::raw_sql(sqlx::AssertSqlSafe(migrations)).execute(&mut connection).await.unwrap();
            let equals = [("state", json!("open")), ("assignee", Value::Null)];
            let (sql, args) = ranking(&tables::CASES, &equals, ("priority", "opened_us"), 50).unwrap();
            if explain == "EXPLAIN" {
                // Of an empty table anything is as cheap: only an order that an index gives is left.
                let only = "SET enable_seqscan = off; SET enable_sort = off";
                sqlx::raw_sql(only).execute(&mut connection).await.unwrap();
            }
            let found = rows(&mut connection, format!("{explain} {sql}"), args).await.unwrap();
            let column = if explain == "EXPLAIN" { 0 } else { 3 };
            let plan: String = found.iter().map(|row| row.text(column).unwrap() + "\n").collect();
            assert!(plan.contains("cases_by_rank") && !plan.to_lowercase().contains("sort"), "{plan}");
            assert!(!plan.contains("TEMP B-TREE"), "{plan}");
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_is_due_is_found_by_its_index() {
        sqlx::any::install_default_drivers();
        let (sqlite, postgres) = (SQLITE_RECORD, POSTGRES_RECORD);
        let url = tokio::task::spawn_blocking(|| sumun_fixture::Postgres::shared().database()).await.unwrap();
        for (url, migrations, explain) in
            [("sqlite::memory:", sqlite, "EXPLAIN QUERY PLAN"), (url.as_str(), postgres, "EXPLAIN")]
        {
            let mut connection = AnyConnection::connect(url).await.unwrap();
            let migrations = migrations.join("\n");
            sqlx::raw_sql(sqlx::AssertSqlSafe(migrations)).execute(&mut connection).await.unwrap();
            if explain == "EXPLAIN" {
                // As every connection of a store.
                sqlx::raw_sql("SET enable_seqscan = off").execute(&mut connection).await.unwrap();
            }
            for after in [None, Some("K1".to_owned())] {
                let due =
                    Filter { at_most: Some(("next_due_us", 7)), after, limit: 1000, ..Filter::default() };
                let found = plan(&mut connection, explain, &due, &tables::KEYS).await;
                assert!(found.contains("keys_by_next_due_us"), "{found}");
                let equals = vec![("state", json!("open"))];
                let due = Filter { equals, at_most: Some(("due_us", 7)), ..due };
                let found = plan(&mut connection, explain, &due, &tables::APPROVALS).await;
                assert!(found.contains("approvals_by_state_and_due_us"), "{found}");
            }
        }
    }
}
