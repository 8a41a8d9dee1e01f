//! The one place that knows two databases: connections, statements, arguments.
//!
//! All SQL runs on both, `$1` parameters and all; where they differ, [`Kind`] says so. Never here: what statements mean.

mod statement;

pub(crate) use statement::{Arg, Columns, KEYS_MAX, insert, rows, run, signed, tuples, unsigned};

use crate::error::{OpenError, StoreError, database};
use sqlx::any::{AnyConnectOptions, AnyPoolOptions, AnyRow};
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection, AnyPool, ConnectOptions, Connection, Transaction};
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, MutexGuard, OwnedSemaphorePermit, Semaphore, watch};

/// How long a connection is waited for: long enough for a server that starts again.
const PATIENCE: Duration = Duration::from_secs(10);
/// The same once the store closes: a server that is there answers sooner.
pub(crate) const LAST_PATIENCE: Duration = Duration::from_secs(1);

/// Readers with a connection of their own at most; others wait.
const SLOW_READERS_MAX: usize = 8;

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

/// A database with its connections.
#[derive(Debug)]
pub(crate) struct Db {
    pub(crate) kind: Kind,
    /// For reading, and on PostgreSQL for writing too. Taken from by [`Db::connection`] and [`Db::begin`] alone.
    pool: AnyPool,
    /// `true` once the store closes: it must not wait for a server that is away.
    pub(crate) closing: watch::Sender<bool>,
    options: AnyConnectOptions,
    /// SQLite's one writing connection: whoever writes waits here in turn, not in the database's busy loop.
    writer: Mutex<Option<AnyConnection>>,
    /// Turns for readers with a connection of their own.
    slow_readers: Arc<Semaphore>,
    /// Held, never read: no second process opens a database whose writer is the sequencer.
    _lock: Option<File>,
}

impl Db {
    /// Connects. `read_only` takes no lock and creates nothing.
    pub(crate) async fn open(url: &str, read_only: bool) -> Result<Self, OpenError> {
        sqlx::any::install_default_drivers();
        let (kind, address, lock) = if let Some(path) = url.strip_prefix("sqlite://") {
            let path = std::path::absolute(path).map_err(|source| OpenError::Io {
                doing: "find",
                path: PathBuf::from(path),
                source,
            })?;
            let lock = if read_only { None } else { Some(lock_sqlite(&path)?) };
            // `rw` also for readers: a reader of a write-ahead log must be able to make its index.
            (Kind::Sqlite, format!("sqlite://{}?mode=rw", spelt(&path)), lock)
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            (Kind::Postgres, url.to_owned(), None)
        } else {
            return Err(OpenError::Url { url: without_password(url) });
        };
        let options = AnyConnectOptions::from_str(&address)
            .map_err(|_| OpenError::Url { url: without_password(url) })?
            .disable_statement_logging();
        let pool = AnyPoolOptions::new()
            .max_connections(if kind == Kind::Sqlite { 4 } else { 16 })
            .acquire_timeout(PATIENCE)
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    for statement in pragmas(kind) {
                        sqlx::raw_sql(*statement).execute(&mut *connection).await?;
                    }
                    Ok(())
                })
            })
            .connect_with(options.clone())
            .await
            .map_err(database("connect to the database"))?;
        let slow_readers = Arc::new(Semaphore::new(SLOW_READERS_MAX));
        let (closing, _) = watch::channel(false);
        Ok(Self { kind, pool, closing, options, writer: Mutex::new(None), slow_readers, _lock: lock })
    }

    /// A connection of the pool, in turn.
    pub(crate) async fn connection(&self) -> sqlx::Result<PoolConnection<Any>> {
        tokio::select! {
            biased;
            connection = self.pool.acquire() => connection,
            () = self.given_up() => Err(sqlx::Error::PoolClosed),
        }
    }

    /// A transaction that this statement begins.
    pub(crate) async fn begin(&self, statement: &'static str) -> sqlx::Result<Transaction<'static, Any>> {
        tokio::select! {
            biased;
            transaction = self.pool.begin_with(statement) => transaction,
            () = self.given_up() => Err(sqlx::Error::PoolClosed),
        }
    }

    /// Ends once the store has been closing for so long that the server must be away. A file is never away.
    async fn given_up(&self) {
        let closes = self.closing.subscribe().wait_for(|closing| *closing).await.is_ok();
        if !closes || self.kind == Kind::Sqlite {
            return std::future::pending().await;
        }
        tokio::time::sleep(LAST_PATIENCE).await;
    }

    /// SQLite's writing connection, in turn.
    pub(crate) async fn writer(&self) -> Result<Writer<'_>, StoreError> {
        let mut guard = self.writer.lock().await;
        if guard.is_none() {
            let mut connection =
                self.options.connect().await.map_err(database("connect to the database for writing"))?;
            for statement in pragmas(self.kind).iter().chain([&WRITER_CACHE]) {
                sqlx::raw_sql(*statement)
                    .execute(&mut connection)
                    .await
                    .map_err(database("prepare the connection for writing"))?;
            }
            *guard = Some(connection);
        }
        Ok(Writer(guard))
    }

    /// Runs one statement that writes, in its own transaction; answers the rows touched.
    pub(crate) async fn write(
        &self,
        doing: &'static str,
        sql: &'static str,
        args: Vec<Arg>,
    ) -> Result<u64, StoreError> {
        match self.kind {
            Kind::Sqlite => {
                let mut writer = self.writer().await?;
                run(writer.connection()?, sql.to_owned(), args).await
            }
            Kind::Postgres => {
                let mut connection = self.connection().await.map_err(database(doing))?;
                run(&mut connection, sql.to_owned(), args).await
            }
        }
        .map_err(database(doing))
    }

    /// Runs one statement that reads.
    pub(crate) async fn read(
        &self,
        doing: &'static str,
        sql: String,
        args: Vec<Arg>,
    ) -> Result<Vec<AnyRow>, StoreError> {
        let mut connection = self.connection().await.map_err(database(doing))?;
        rows(&mut connection, sql, args).await.map_err(database(doing))
    }

    /// A transaction in which everything read is of one instant.
    pub(crate) async fn snapshot(&self) -> Result<Transaction<'static, Any>, StoreError> {
        let begin = match self.kind {
            Kind::Sqlite => "BEGIN",
            Kind::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        };
        self.begin(begin).await.map_err(database("begin to read"))
    }

    /// As [`Db::snapshot`], for a reader who takes his time: on a connection that nobody else waits for, of which there
    /// are few.
    pub(crate) async fn snapshot_apart(&self) -> Result<(OwnedSemaphorePermit, AnyConnection), StoreError> {
        let gone = |_| StoreError::Unavailable { cause: "it was closed".into(), in_doubt: false };
        let turn = Arc::clone(&self.slow_readers).acquire_owned().await.map_err(gone)?;
        let failed = database("begin to read");
        let mut connection = self.options.connect().await.map_err(&failed)?;
        let begin = match self.kind {
            Kind::Sqlite => "BEGIN",
            Kind::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        };
        for statement in pragmas(self.kind).iter().chain([&begin]) {
            sqlx::raw_sql(*statement).execute(&mut connection).await.map_err(&failed)?;
        }
        Ok((turn, connection))
    }

    pub(crate) async fn close(&self) {
        self.slow_readers.close();
        if let Some(connection) = self.writer.lock().await.take() {
            let _ = connection.close().await;
        }
        self.pool.close().await;
    }
}

/// The writing connection, held.
pub(crate) struct Writer<'a>(MutexGuard<'a, Option<AnyConnection>>);

impl Writer<'_> {
    pub(crate) fn connection(&mut self) -> Result<&mut AnyConnection, StoreError> {
        self.0.as_mut().ok_or(StoreError::Unavailable {
            cause: "the writing connection is gone".into(),
            in_doubt: false,
        })
    }

    /// Throws the connection away, whatever was under way in it; the next writer makes a new one.
    pub(crate) fn discard(&mut self) {
        drop(self.0.take());
    }
}

/// 64 MiB for the one who writes on SQLite: keys and digests fall anywhere into their indices, and a page that was pushed
/// out is read again, or written twice.
const WRITER_CACHE: &str = "PRAGMA cache_size = -65536";

fn pragmas(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Sqlite => &[
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = FULL",
            "PRAGMA busy_timeout = 10000",
            "PRAGMA cache_size = -16384",
            // 16 MiB: fewer, longer copies from the log into the database.
            "PRAGMA wal_autocheckpoint = 4000",
        ],
        // Small tables would be scanned whole, and a scan locks the whole table against serialisable neighbours.
        Kind::Postgres => &["SET enable_seqscan = off", "SET synchronous_commit = on"],
    }
}

/// Makes the file, private, and locks it against other processes.
fn lock_sqlite(path: &Path) -> Result<File, OpenError> {
    let open = |path: &Path, doing| {
        OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(path)
            .map_err(|source| OpenError::Io { doing, path: path.to_owned(), source })
    };
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let name = PathBuf::from(name);
    let lock = lock_file(&name)?;
    drop(open(path, "create the database")?);
    Ok(lock)
}

/// Takes a lock file that ends with the process.
pub(crate) fn lock_file(path: &Path) -> Result<File, OpenError> {
    let failed = |source| OpenError::Io { doing: "lock", path: path.to_owned(), source };
    let lock =
        OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path).map_err(failed)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(std::fs::TryLockError::WouldBlock) => Err(OpenError::InUse { path: path.to_owned() }),
        Err(std::fs::TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// A path as an address spells it: whatever has a meaning there is escaped.
fn spelt(path: &Path) -> String {
    let mut text = String::new();
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'_' | b'-' => {
                text.push(char::from(*byte));
            }
            _ => {
                let _ = write!(text, "%{byte:02X}");
            }
        }
    }
    text
}

/// An address for people: what stands before `@` is cut.
fn without_password(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, rest))) => format!("{scheme}://…@{rest}"),
        _ => url.to_owned(),
    }
}
