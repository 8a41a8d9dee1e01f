//! Statements and their arguments, columns and their values.

use crate::error::{StoreError, database};
use sqlx::any::AnyRow;
use sqlx::{Any, AnyConnection, AssertSqlSafe, Row};
use std::fmt::Write as _;

/// Parameters of one statement at most; SQLite takes 32 766, PostgreSQL 65 535.
const PARAMETERS_MAX: usize = 30_000;

/// One argument of a statement.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Arg {
    Int(Option<i64>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
}

impl From<i64> for Arg {
    fn from(value: i64) -> Self {
        Self::Int(Some(value))
    }
}
impl From<u64> for Arg {
    fn from(value: u64) -> Self {
        Self::Int(Some(signed(value)))
    }
}
impl From<&str> for Arg {
    fn from(value: &str) -> Self {
        Self::Text(Some(value.to_owned()))
    }
}
impl From<String> for Arg {
    fn from(value: String) -> Self {
        Self::Text(Some(value))
    }
}
impl From<&[u8]> for Arg {
    fn from(value: &[u8]) -> Self {
        Self::Bytes(Some(value.to_vec()))
    }
}

/// Sizes, indices and versions as databases hold them. The tree ends at 2⁵³, far below.
pub(crate) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Sizes, indices and versions as databases held them.
pub(crate) fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

type Query = sqlx::query::Query<'static, Any, sqlx::any::AnyArguments>;

fn query(sql: String, args: Vec<Arg>) -> Query {
    // Long statements differ in length nearly every time: keeping them would only push the short ones out.
    let persistent = args.len() <= 64;
    let query = sqlx::query(AssertSqlSafe(sql)).persistent(persistent);
    args.into_iter().fold(query, |query, arg| match arg {
        Arg::Int(value) => query.bind(value),
        Arg::Text(value) => query.bind(value),
        Arg::Bytes(value) => query.bind(value),
    })
}

/// Runs a statement; answers the rows touched.
pub(crate) async fn run(connection: &mut AnyConnection, sql: String, args: Vec<Arg>) -> sqlx::Result<u64> {
    Ok(query(sql, args).execute(connection).await?.rows_affected())
}

/// Runs a statement; answers its rows.
pub(crate) async fn rows(
    connection: &mut AnyConnection,
    sql: String,
    args: Vec<Arg>,
) -> sqlx::Result<Vec<AnyRow>> {
    query(sql, args).fetch_all(connection).await
}

/// Inserts many rows with as few statements as parameters allow. `head` ends before `VALUES`, `tail` follows it.
pub(crate) async fn insert(
    connection: &mut AnyConnection,
    head: &str,
    tail: &str,
    rows: Vec<Vec<Arg>>,
) -> sqlx::Result<u64> {
    let Some(width) = rows.first().map(Vec::len).filter(|width| *width > 0) else { return Ok(0) };
    let mut touched = 0;
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let some: Vec<Vec<Arg>> = rows.by_ref().take(PARAMETERS_MAX / width).collect();
        let sql = format!("{head} VALUES {} {tail}", tuples(connection, some.len(), width));
        touched += run(connection, sql, some.into_iter().flatten().collect()).await?;
    }
    Ok(touched)
}

/// `(…,…),(…,…),…`: a parameter for each column of each row, in order, the statement's only ones.
///
/// SQLite keeps a numbered parameter as a name and looks names up one by one, so that statements of thousands would take
/// their square; there they stay nameless.
pub(crate) fn tuples(connection: &AnyConnection, rows: usize, width: usize) -> String {
    let nameless = connection.backend_name() == SQLITE;
    let mut text = String::with_capacity(rows * (width * 6 + 2));
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ",(" });
        for column in 1..=width {
            text.push_str(if column == 1 { "" } else { "," });
            if nameless {
                text.push('?');
            } else {
                let _ = write!(text, "${}", row * width + column);
            }
        }
        text.push(')');
    }
    text
}

/// How `sqlx` names a connection to SQLite.
const SQLITE: &str = "SQLite";

/// Keys at most in one `IN` list.
pub(crate) const KEYS_MAX: usize = 10_000;

/// A column of a row, with damage said as such.
pub(crate) trait Columns {
    fn int(&self, column: usize) -> Result<i64, StoreError>;
    fn int_or_null(&self, column: usize) -> Result<Option<i64>, StoreError>;
    fn text(&self, column: usize) -> Result<String, StoreError>;
    fn text_or_null(&self, column: usize) -> Result<Option<String>, StoreError>;
    fn bytes(&self, column: usize) -> Result<Vec<u8>, StoreError>;
    fn bytes_or_null(&self, column: usize) -> Result<Option<Vec<u8>>, StoreError>;
}

impl Columns for AnyRow {
    fn int(&self, column: usize) -> Result<i64, StoreError> {
        self.try_get(column).map_err(database("read a number"))
    }
    fn int_or_null(&self, column: usize) -> Result<Option<i64>, StoreError> {
        self.try_get(column).map_err(database("read a number"))
    }
    fn text(&self, column: usize) -> Result<String, StoreError> {
        self.try_get(column).map_err(database("read a text"))
    }
    fn text_or_null(&self, column: usize) -> Result<Option<String>, StoreError> {
        self.try_get(column).map_err(database("read a text"))
    }
    fn bytes(&self, column: usize) -> Result<Vec<u8>, StoreError> {
        self.try_get(column).map_err(database("read bytes"))
    }
    fn bytes_or_null(&self, column: usize) -> Result<Option<Vec<u8>>, StoreError> {
        self.try_get(column).map_err(database("read bytes"))
    }
}
