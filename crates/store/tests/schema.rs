//! Both databases have the same shape, and governed tables the shape of `tables.rs`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests may panic, and their names say what they are"
)]

mod common;

use common::Place;
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Row};
use std::collections::{BTreeMap, BTreeSet};
use sumun_store::{Kind, tables};

/// Table → column → (kind, may be null).
type Columns = BTreeMap<String, BTreeMap<String, (String, bool)>>;

async fn texts(connection: &mut AnyConnection, sql: &str) -> Vec<Vec<String>> {
    let rows = sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_all(connection).await.unwrap();
    rows.iter().map(|row| (0..row.len()).map(|at| row.get::<String, _>(at)).collect()).collect()
}

fn columns(rows: Vec<Vec<String>>) -> Columns {
    let mut found = Columns::new();
    for row in rows {
        let kind = match row[2].to_lowercase().as_str() {
            "bigint" | "integer" => "integer",
            "text" => "text",
            "blob" | "bytea" => "bytes",
            other => panic!("unknown kind {other}"),
        };
        let table = found.entry(row[0].clone()).or_default();
        table.insert(row[1].clone(), (kind.to_owned(), row[3] == "YES"));
    }
    found
}

/// Every index: table, columns in order, unique; primary keys are among them.
type Indices = BTreeSet<(String, String, String)>;

async fn sqlite() -> (Columns, Indices) {
    let place = Place::sqlite();
    place.open().await.close().await;
    let mut connection = AnyConnection::connect(&place.url).await.unwrap();
    let tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let tables = texts(&mut connection, tables).await;
    let (mut rows, mut indices) = (Vec::new(), Indices::new());
    for table in tables.into_iter().flatten() {
        let sql = format!(
            "SELECT '{table}', name, type, CASE WHEN \"notnull\" = 0 THEN 'YES' ELSE 'NO' END FROM pragma_table_info('{table}')"
        );
        rows.extend(texts(&mut connection, &sql).await);
        let key = format!("SELECT name FROM pragma_table_info('{table}') WHERE pk > 0 ORDER BY pk");
        let key: Vec<String> = texts(&mut connection, &key).await.into_iter().flatten().collect();
        indices.insert((table.clone(), key.join(","), "yes".to_owned()));
        let list = format!(
            "SELECT name, CASE WHEN \"unique\" = 1 THEN 'yes' ELSE 'no' END FROM pragma_index_list('{table}')"
        );
        for index in texts(&mut connection, &list).await {
            let sql = format!("SELECT name FROM pragma_index_info('{}') ORDER BY seqno", index[0]);
            let names: Vec<String> = texts(&mut connection, &sql).await.into_iter().flatten().collect();
            indices.insert((table.clone(), names.join(","), index[1].clone()));
        }
    }
    (columns(rows), indices)
}

async fn postgres() -> (Columns, Indices) {
    let place = Place::postgres();
    place.open().await.close().await;
    // Migrating twice does nothing.
    place.open().await.close().await;
    let mut connection = AnyConnection::connect(&place.url).await.unwrap();
    let sql = "SELECT table_name::text, column_name::text, data_type::text, is_nullable::text \
               FROM information_schema.columns WHERE table_schema = 'public'";
    let rows = texts(&mut connection, sql).await;
    let sql = "SELECT t.relname::text, string_agg(a.attname::text, ',' ORDER BY k.n)::text, \
               CASE WHEN i.indisunique THEN 'yes' ELSE 'no' END FROM pg_index i \
               JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace s ON s.oid = t.relnamespace \
               JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(column, n) ON true \
               JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.column \
               WHERE s.nspname = 'public' GROUP BY t.relname, i.indexrelid, i.indisunique";
    let sql = sql.replace("k(column, n)", "k(col, n)").replace("k.column", "k.col");
    let indices = texts(&mut connection, &sql).await;
    (columns(rows), indices.into_iter().map(|row| (row[0].clone(), row[1].clone(), row[2].clone())).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn both_databases_have_one_shape() {
    let (sqlite, postgres) = (sqlite().await, postgres().await);
    pretty(&sqlite.0, &postgres.0);
    assert_eq!(sqlite.1, postgres.1);
    for table in tables::ALL {
        let expected: BTreeMap<_, _> = table
            .columns
            .iter()
            .map(|column| {
                let kind = match column.kind {
                    Kind::Text | Kind::TextOrNull | Kind::Json => "text",
                    Kind::Integer | Kind::IntegerOrNull => "integer",
                };
                let null = matches!(column.kind, Kind::TextOrNull | Kind::IntegerOrNull);
                (column.name.to_owned(), (kind.to_owned(), null))
            })
            .collect();
        assert_eq!(sqlite.0[table.name], expected, "{}", table.name);
        assert!(sqlite.1.contains(&(table.name.to_owned(), table.key.to_owned(), "yes".to_owned())));
    }
}

/// Table by table, so that a difference can be read.
fn pretty(left: &Columns, right: &Columns) {
    assert_eq!(left.keys().collect::<Vec<_>>(), right.keys().collect::<Vec<_>>());
    for (table, columns) in left {
        assert_eq!(columns, &right[table], "{table}");
    }
}

/// The governed tables as `docs/ledger-format.md` lists them, wrapped at 118 characters.
fn listed() -> String {
    let mut lines = Vec::new();
    for table in tables::ALL {
        assert_eq!(table.key, table.columns[0].name);
        let mark = |kind| match kind {
            Kind::Text => "",
            Kind::TextOrNull => "?",
            Kind::Integer => "#",
            Kind::IntegerOrNull => "#?",
            Kind::Json => "{}",
        };
        let mut line = format!("{}:", table.name);
        for (at, column) in table.columns.iter().enumerate() {
            let comma = if at + 1 < table.columns.len() { "," } else { "" };
            let word = format!("{}{}{comma}", column.name, mark(column.kind));
            if line.len() + 1 + word.len() > 118 {
                lines.push(std::mem::replace(&mut line, " ".to_owned()));
            }
            line.push(' ');
            line.push_str(&word);
        }
        lines.push(line);
    }
    lines.join("\n")
}

/// `SUMUN_WRITE=1` writes the list anew into the document and into the stranger's verifier, which copies it.
#[test]
fn the_ledgers_document_lists_these_tables() {
    for (file, from, to) in [
        ("docs/ledger-format.md", "```text\nvenue: ", "\n```"),
        ("tests/verifier/verify_ledger.py", "GOVERNED_TEXT = \"\"\"\\\nvenue: ", "\n\"\"\""),
    ] {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        let start = text.find(from).unwrap() + from.len() - "venue: ".len();
        let end = start + text[start..].find(to).unwrap();
        if std::env::var_os("SUMUN_WRITE").is_some() {
            std::fs::write(&path, format!("{}{}{}", &text[..start], listed(), &text[end..])).unwrap();
        } else {
            assert_eq!(text[start..end], listed(), "{file}: run this test with SUMUN_WRITE=1");
        }
    }
}
