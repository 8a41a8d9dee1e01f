//! What the store's tests share: stores on both databases, and changes made up for them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    dead_code,
    reason = "tests may panic, and each uses a part of this"
)]

use serde_json::{Map, Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use sumun_fixture::Postgres;
use sumun_ledger::CheckpointSigner;
use sumun_model::Timestamp;
use sumun_store::{Change, Expect, Image, RowWrite, Store, StoreOptions, Table, tables};
use tempfile::TempDir;

pub(crate) const START_US: i64 = 1_790_000_000_000_000;

/// A database that outlives the stores opened on it.
pub(crate) struct Place {
    pub(crate) url: String,
    pub(crate) folder: TempDir,
}

impl Place {
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record.db");
        Self { url: format!("sqlite://{}", path.display()), folder }
    }

    pub(crate) fn postgres() -> Self {
        Self { url: Postgres::shared().database(), folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        self.url.starts_with("sqlite")
    }

    /// One like this, empty.
    pub(crate) fn another(&self) -> Self {
        if self.is_sqlite() { Self::sqlite() } else { Self::postgres() }
    }

    pub(crate) fn ledger_dir(&self) -> PathBuf {
        self.folder.path().join("ledger")
    }

    pub(crate) fn options(&self) -> StoreOptions {
        static HOLDERS: AtomicU64 = AtomicU64::new(0);
        let clock = AtomicI64::new(START_US);
        let clock = Arc::new(move || Timestamp::from_micros(clock.fetch_add(1, Ordering::Relaxed)));
        let holder = format!("test {}", HOLDERS.fetch_add(1, Ordering::Relaxed));
        let mut options = StoreOptions::new(&self.url, signer(), clock, holder);
        options.lease_us = 300_000;
        options
    }

    pub(crate) async fn open(&self) -> Store {
        Store::open(self.options()).await.unwrap()
    }

    /// Runs SQL behind the store's back.
    pub(crate) async fn behind(&self, sql: &str) {
        use sqlx::Connection;
        sqlx::any::install_default_drivers();
        let mut connection = sqlx::AnyConnection::connect(&self.url).await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }
}

pub(crate) fn signer() -> CheckpointSigner {
    CheckpointSigner::new(&[42; 32], "sumun.example/made-up").unwrap()
}

/// Runs a test on an empty database of each kind.
pub(crate) fn for_each_database<F: AsyncFn(Place)>(test: F) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    for place in [Place::sqlite(), Place::postgres()] {
        eprintln!("on {}", place.url);
        runtime.block_on(test(place));
    }
}

/// Unlike any other of this process.
pub(crate) fn salt() -> [u8; 32] {
    static SALTS: AtomicU64 = AtomicU64::new(1);
    let mut salt = [0; 32];
    let n = SALTS.fetch_add(1, Ordering::Relaxed);
    salt[..8].copy_from_slice(&n.to_le_bytes());
    salt[8..16].copy_from_slice(&n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
    salt
}

pub(crate) fn change(class: &'static str) -> Change {
    Change {
        class,
        at: Timestamp::from_micros(START_US),
        facts: Map::from_iter([("who".to_owned(), json!("user:made-up"))]),
        writes: Vec::new(),
        reads: Vec::new(),
        feed: Vec::new(),
        outbox: Vec::new(),
        vault: Vec::new(),
        idempotency: None,
        salt: salt(),
    }
}

/// An image of any table: each column filled after its kind from `seed`.
pub(crate) fn image(table: &'static Table, key: &str, version: i64, seed: u64) -> Image {
    let column = |(at, column): (usize, &sumun_store::Column)| {
        let n = seed.wrapping_mul(31).wrapping_add(at as u64) % 1000;
        let value: Value = match column.kind {
            _ if at == 0 => key.into(),
            _ if column.name == "version" => version.into(),
            sumun_store::Kind::Text => format!("text {n} 수문").into(),
            sumun_store::Kind::TextOrNull if n.is_multiple_of(2) => Value::Null,
            sumun_store::Kind::TextOrNull => format!("maybe {n}").into(),
            sumun_store::Kind::Integer => (START_US + n as i64).into(),
            sumun_store::Kind::IntegerOrNull if n.is_multiple_of(2) => Value::Null,
            sumun_store::Kind::IntegerOrNull => n.into(),
            sumun_store::Kind::Json => json!({"b": [n, "x"], "a": null}),
        };
        (column.name.to_owned(), value)
    };
    table.columns.iter().enumerate().map(column).collect()
}

pub(crate) fn write(table: &'static Table, key: &str, expect: Expect, seed: u64) -> RowWrite {
    let version = match expect {
        Expect::Absent => 1,
        Expect::Version(version) => version + 1,
    };
    // Names of sealed texts are checked against the vault: here there are none.
    let mut image = image(table, key, version, seed);
    for column in ["secret", "credential"] {
        if image.contains_key(column) {
            image.insert(column.to_owned(), Value::Null);
        }
    }
    RowWrite { table, expect, image }
}

/// A change that writes one customer.
pub(crate) fn customer(key: &str, expect: Expect, seed: u64) -> Change {
    let mut change = change("customer.written");
    change.writes.push(write(&tables::CUSTOMERS, key, expect, seed));
    change
}

/// Every row of every governed table.
pub(crate) async fn all_rows(store: &Store) -> Vec<(&'static str, Vec<Image>)> {
    let mut all = Vec::new();
    for table in tables::ALL {
        let filter = sumun_store::Filter { limit: 10_000, ..Default::default() };
        all.push((table.name, store.list(table, &filter).await.unwrap()));
    }
    all
}
