//! The baseline of the record: `tlog_tiles`, `signed_note` and SQLite through `sqlx`'s own driver, called directly.
//!
//! What a careful programmer would write who trusts his callers: the same bytes, hashes, signatures and tables, in batches of the same
//! size, one statement per table and batch, one transaction per batch, durable when it answers. No check of what is
//! written, no queue, no answers to callers, nothing published.

use super::changes::Text;
use anyhow::{Context, Result, anyhow};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use sha2::{Digest, Sha256};
use signed_note::{Note, Signer};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Connection, Sqlite};
use std::path::Path;
use sumun_ledger::CheckpointSigner;
use sumun_store::{Change, tables};
use tlog_tiles::{Hash, HashReader};

/// Parameters that SQLite takes in one statement.
const PARAMETERS_MAX: usize = 32_766;

/// The libraries, and the tree in memory.
#[derive(Debug)]
pub struct Bare {
    connection: SqliteConnection,
    hashes: Hashes,
    size: u64,
    signer: CheckpointSigner,
}

#[derive(Debug, Default)]
struct Hashes(Vec<Hash>);

impl HashReader for Hashes {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, tlog_tiles::Error> {
        let read = |index: &u64| self.0.get(*index as usize).copied();
        indexes.iter().map(read).collect::<Option<_>>().ok_or(tlog_tiles::Error::IndexesNotInTree)
    }
}

enum Cell {
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
    Null,
}

impl Bare {
    /// A new database in this file.
    ///
    /// # Errors
    /// What the database said.
    pub async fn open(path: &Path, signer: CheckpointSigner) -> Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .pragma("cache_size", "-65536");
        let mut connection = SqliteConnection::connect_with(&options).await?;
        let keys: Vec<String> =
            tables::KEYS.columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
        let tables = format!(
            "CREATE TABLE keys ({}, PRIMARY KEY (\"key\")) WITHOUT ROWID;
             CREATE INDEX keys_by_account ON keys (account, \"key\");
             CREATE INDEX keys_by_state ON keys (state, \"key\");
             CREATE INDEX keys_by_operator ON keys (operator, \"key\");
             CREATE TABLE entries (n INTEGER PRIMARY KEY, leaf, salt, payload, hashes);
             CREATE TABLE head (one INTEGER PRIMARY KEY, size, checkpoint);
             CREATE TABLE feed (version INTEGER PRIMARY KEY, entry, record);
             CREATE TABLE feed_keys (\"key\" PRIMARY KEY, version, record) WITHOUT ROWID;
             CREATE TABLE answers (principal, \"key\", request, status, body, PRIMARY KEY (principal, \"key\")) WITHOUT ROWID;
             CREATE TABLE outbox (id INTEGER PRIMARY KEY, topic, entry, body);
             CREATE TABLE vault (digest PRIMARY KEY, sealed) WITHOUT ROWID;",
            keys.join(", ")
        );
        sqlx::raw_sql(AssertSqlSafe(tables)).execute(&mut connection).await?;
        Ok(Self { connection, hashes: Hashes::default(), size: 0, signer })
    }

    /// Appends entries.
    ///
    /// # Errors
    /// What the libraries said.
    pub async fn entries(&mut self, texts: &[Text], batch: usize) -> Result<()> {
        for texts in texts.chunks(batch) {
            let mut transaction = self.connection.begin_with("BEGIN IMMEDIATE").await?;
            let rows = append(&mut self.hashes, &mut self.size, texts)?;
            insert(&mut transaction, "INSERT INTO entries VALUES", "", rows).await?;
            head(&mut transaction, &self.hashes, self.size, &self.signer).await?;
            transaction.commit().await?;
        }
        Ok(())
    }

    /// Makes changes of keys.
    ///
    /// # Errors
    /// What the libraries said.
    pub async fn changes(&mut self, changes: &[Change], batch: usize) -> Result<()> {
        for changes in changes.chunks(batch) {
            let texts = super::changes::texts(changes)?;
            let mut transaction = self.connection.begin_with("BEGIN IMMEDIATE").await?;
            let first = self.size;
            let entries = append(&mut self.hashes, &mut self.size, &texts)?;
            let set: Vec<String> = tables::KEYS
                .columns
                .iter()
                .map(|column| format!("\"{0}\" = excluded.\"{0}\"", column.name))
                .collect();
            let set = format!("ON CONFLICT DO UPDATE SET {}", set.join(", "));
            insert(&mut transaction, "INSERT INTO keys VALUES", &set, key_rows(changes)).await?;
            insert(&mut transaction, "INSERT INTO entries VALUES", "", entries).await?;
            let side = Side::of(changes, first)?;
            insert(&mut transaction, "INSERT INTO feed VALUES", "", side.feed).await?;
            insert(&mut transaction, "REPLACE INTO feed_keys VALUES", "", side.feed_keys).await?;
            insert(&mut transaction, "INSERT INTO answers VALUES", "", side.answers).await?;
            insert(&mut transaction, "INSERT INTO outbox (topic, entry, body) VALUES", "", side.outbox)
                .await?;
            insert(&mut transaction, "INSERT INTO vault VALUES", "ON CONFLICT DO NOTHING", side.vault)
                .await?;
            head(&mut transaction, &self.hashes, self.size, &self.signer).await?;
            transaction.commit().await?;
        }
        Ok(())
    }
}

/// Commits to payloads, appends their leaves; answers rows for `entries`.
fn append(hashes: &mut Hashes, size: &mut u64, texts: &[Text]) -> Result<Vec<Vec<Cell>>> {
    let mut rows = Vec::with_capacity(texts.len());
    for Text { class, salt, payload } in texts {
        let mut hash = Sha256::new();
        hash.update(b"sumun-commitment/v1\0");
        hash.update(salt);
        hash.update(class);
        hash.update([0]);
        hash.update(payload);
        let commitment = hex::encode(hash.finalize());
        let leaf = format!("sumun-leaf/v1\n{class}\n1800000000000000\n{commitment}\n");
        let stored = tlog_tiles::stored_hashes(*size, leaf.as_bytes(), hashes).context("hashes of a leaf")?;
        let bytes = stored.iter().flat_map(|hash| hash.0).collect();
        hashes.0.extend(stored);
        rows.push(vec![
            Cell::Int(*size as i64),
            Cell::Text(leaf),
            Cell::Bytes(salt.to_vec()),
            Cell::Text(payload.clone()),
            Cell::Bytes(bytes),
        ]);
        *size += 1;
    }
    Ok(rows)
}

/// Signs and keeps the head.
async fn head(
    connection: &mut SqliteConnection,
    hashes: &Hashes,
    size: u64,
    signer: &CheckpointSigner,
) -> Result<()> {
    let root = tlog_tiles::tree_hash(size, hashes).context("the root")?;
    let text = format!("{}\n{size}\n{}\n", signer.origin(), BASE64_STANDARD.encode(root.0));
    let mut note = Note::new(text.as_bytes(), &[]).map_err(|error| anyhow!("{error:?}"))?;
    note.add_sigs(&[signer as &dyn Signer]).map_err(|error| anyhow!("{error:?}"))?;
    sqlx::query("REPLACE INTO head VALUES (1, ?, ?)")
        .bind(size as i64)
        .bind(note.to_bytes())
        .execute(connection)
        .await?;
    Ok(())
}

fn key_rows(changes: &[Change]) -> Vec<Vec<Cell>> {
    let cell = |value: &Value| match value {
        Value::Null => Cell::Null,
        Value::String(text) => Cell::Text(text.clone()),
        Value::Number(number) => Cell::Int(number.as_i64().unwrap_or_default()),
        other => Cell::Text(other.to_string()),
    };
    let row = |change: &Change| {
        let image = change.writes.first().map(|write| &write.image);
        tables::KEYS
            .columns
            .iter()
            .map(|column| image.and_then(|image| image.get(column.name)).map_or(Cell::Null, cell))
            .collect()
    };
    changes.iter().map(row).collect()
}

/// Rows of the tables beside keys and entries.
struct Side {
    feed: Vec<Vec<Cell>>,
    feed_keys: Vec<Vec<Cell>>,
    answers: Vec<Vec<Cell>>,
    outbox: Vec<Vec<Cell>>,
    vault: Vec<Vec<Cell>>,
}

impl Side {
    fn of(changes: &[Change], first: u64) -> Result<Self> {
        let (mut feed, mut feed_keys) = (Vec::new(), Vec::new());
        let (mut answers, mut outbox, mut vault) = (Vec::new(), Vec::new(), Vec::new());
        for (change, entry) in changes.iter().zip(first as i64..) {
            for record in &change.feed {
                let key = record.get("key").and_then(Value::as_str).context("a record's key")?;
                feed.push(vec![Cell::Int(entry), Cell::Int(entry), Cell::Text(record.to_string())]);
                feed_keys.push(vec![
                    Cell::Text(key.to_owned()),
                    Cell::Int(entry),
                    Cell::Text(record.to_string()),
                ]);
            }
            if let Some(answer) = &change.idempotency {
                answers.push(vec![
                    Cell::Text(answer.principal.clone()),
                    Cell::Text(answer.key.clone()),
                    Cell::Text(answer.request.clone()),
                    Cell::Int(answer.status.into()),
                    Cell::Text(answer.body.to_string()),
                ]);
            }
            for message in &change.outbox {
                let (topic, body) = (message.topic.to_owned(), message.body.to_string());
                outbox.push(vec![Cell::Text(topic), Cell::Int(entry), Cell::Text(body)]);
            }
            for item in &change.vault {
                let digest = hex::encode(Sha256::digest(&item.sealed));
                vault.push(vec![Cell::Text(digest), Cell::Text(item.sealed.clone())]);
            }
        }
        Ok(Self { feed, feed_keys, answers, outbox, vault })
    }
}

/// Rows in as few statements as the database takes.
async fn insert(
    connection: &mut SqliteConnection,
    head: &str,
    tail: &str,
    rows: Vec<Vec<Cell>>,
) -> Result<()> {
    let Some(width) = rows.first().map(Vec::len) else { return Ok(()) };
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let some: Vec<Vec<Cell>> = rows.by_ref().take(PARAMETERS_MAX / width).collect();
        let one = format!("({})", vec!["?"; width].join(","));
        // `WHERE true` and such are needed only after SELECT; VALUES takes an upsert as it is.
        let sql = format!("{head} {} {tail}", vec![one; some.len()].join(","));
        let mut query = sqlx::query::<Sqlite>(AssertSqlSafe(sql)).persistent(false);
        for cell in some.into_iter().flatten() {
            query = match cell {
                Cell::Int(value) => query.bind(value),
                Cell::Text(value) => query.bind(value),
                Cell::Bytes(value) => query.bind(value),
                Cell::Null => query.bind(None::<i64>),
            };
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}
