//! What stands behind a store: the database, the head everybody follows, the tasks, and whether it still runs.

use crate::backlog::Published;
use crate::change::{Change, Committed};
use crate::db::{Arg, Db, Kind, Writer};
use crate::error::{OpenError, StoreError, database};
use crate::options::StoreOptions;
use crate::prepare::prepare;
use crate::publish::Publisher;
use crate::records::Head;
use crate::sequence::{self, Tail};
use crate::{migrate, postgres, sqlite};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use sumun_ledger::{Appender, CheckpointSigner};
use tokio::sync::{Mutex, oneshot, watch};
use tokio::task::JoinHandle;

/// Shared by callers and tasks.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) db: Db,
    pub(crate) head: watch::Sender<Head>,
    /// Why no change is taken any more.
    stopped: OnceLock<Arc<str>>,
    /// Whether it was the disk: then nothing at all is written any more.
    disk_failed: AtomicBool,
    /// `true` once tasks shall end.
    pub(crate) ending: watch::Sender<bool>,
    /// `true` once nothing is sequenced any more: only then has the publisher seen all.
    pub(crate) sequenced_all: watch::Sender<bool>,
    /// How far publication is; `None` where nothing is published.
    pub(crate) published: watch::Sender<Option<Published>>,
    options: Option<StoreOptions>,
}

impl Inner {
    pub(crate) fn stopped(&self) -> Option<Arc<str>> {
        self.stopped.get().cloned()
    }

    /// Takes no changes from now on. The first cause stands.
    pub(crate) fn stop(&self, cause: impl Into<Arc<str>>) {
        let cause = cause.into();
        if self.stopped.set(cause.clone()).is_ok() {
            tracing::error!(store.cause = %cause, "The store takes no changes any more: {cause}");
        }
        self.ending.send_replace(true);
    }

    /// The store stops if it was the database's disk that failed; every other error is as it was. Never tried again: after a
    /// failed sync Linux calls the lost pages clean, and the next sync succeeds (DESIGN 8).
    pub(crate) fn disk_checked(&self, error: StoreError) -> StoreError {
        if self.db.kind != Kind::Sqlite || !is_disk_failure(&error) {
            return error;
        }
        let said = std::error::Error::source(&error).map(|source| format!(": {source}")).unwrap_or_default();
        let cause: Arc<str> = format!(
            "the database's disk failed ({error}{said}); what stands is known once it is opened anew. See to the disk, then \
             start again"
        )
        .into();
        self.disk_failed.store(true, Ordering::SeqCst);
        self.stop(Arc::clone(&cause));
        StoreError::Unavailable { cause, in_doubt: true }
    }

    /// Refuses to write once the disk has failed. A store that stopped for another reason still ends sessions.
    pub(crate) fn disk_trusted(&self) -> Result<(), StoreError> {
        if self.disk_failed.load(Ordering::SeqCst) { self.running() } else { Ok(()) }
    }

    /// Runs one statement that writes beside the record, in its own transaction; answers the rows touched.
    pub(crate) async fn write(
        &self,
        doing: &'static str,
        sql: &'static str,
        args: Vec<Arg>,
    ) -> Result<u64, StoreError> {
        self.disk_trusted()?;
        self.db.write(doing, sql, args).await.map_err(|error| self.disk_checked(error))
    }

    /// Refuses if the store has stopped.
    pub(crate) fn running(&self) -> Result<(), StoreError> {
        match self.stopped() {
            Some(cause) => Err(StoreError::Unavailable { cause, in_doubt: false }),
            None => Ok(()),
        }
    }

    /// Whether a crash test wants the store to stop here; then it has stopped.
    pub(crate) fn stops_at(&self, step: &'static str) -> bool {
        let wanted = self.options.as_ref().and_then(|options| options.stop_at.as_ref());
        let stops = wanted.is_some_and(|stop| stop(step));
        if stops {
            self.stop(format!("a test stopped it at `{step}`"));
        }
        stops
    }

    pub(crate) fn options(&self) -> Result<&StoreOptions, StoreError> {
        self.options.as_ref().ok_or_else(|| StoreError::Unavailable {
            cause: "it was opened for reading only".into(),
            in_doubt: false,
        })
    }

    pub(crate) fn signer(&self) -> Option<&CheckpointSigner> {
        self.options.as_ref().map(|options| &*options.signer)
    }

    pub(crate) fn holder(&self) -> &str {
        self.options.as_ref().map_or("", |options| &options.holder)
    }

    /// Tells everybody where the head is, unless they know of a later one.
    pub(crate) fn announce(&self, head: Head) {
        self.head.send_if_modified(|known| {
            let later = head.size > known.size;
            if later {
                *known = head;
            }
            later
        });
    }
}

/// Whether reading or writing the database's files failed: `SQLITE_IOERR` and its kin, whose last byte is 10.
fn is_disk_failure(error: &StoreError) -> bool {
    let StoreError::Database { source: sqlx::Error::Database(said), .. } = error else { return false };
    said.code().and_then(|code| code.parse::<u32>().ok()).is_some_and(|code| code & 0xff == 10)
}

/// Answers a change's caller.
pub(crate) type Answer = Result<Committed, StoreError>;

/// The running whole; dropped with the last store.
#[derive(Debug)]
pub(crate) struct Handle {
    pub(crate) inner: Arc<Inner>,
    writes: Writes,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

#[derive(Debug)]
enum Writes {
    Sqlite(sqlite::Queue),
    Postgres(Arc<postgres::Waiting>),
    None,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.inner.db.closing.send_replace(true);
        self.inner.ending.send_replace(true);
    }
}

impl Handle {
    pub(crate) async fn open(options: StoreOptions) -> Result<Arc<Self>, OpenError> {
        let db = Db::open(&options.url, false).await?;
        migrate::migrate(&db).await?;
        let tail = first_tail(&db, &options.signer).await?;
        let (head, _) = watch::channel(tail.head.clone());
        let (ending, _) = watch::channel(false);
        let (sequenced_all, _) = watch::channel(false);
        let inner = Arc::new(Inner {
            db,
            head,
            stopped: OnceLock::new(),
            disk_failed: AtomicBool::new(false),
            ending,
            sequenced_all,
            published: watch::Sender::new(None),
            options: Some(options),
        });
        let publisher = Publisher::open(&inner).await?;
        let mut tasks = Vec::new();
        let writes = match inner.db.kind {
            Kind::Sqlite => {
                let (queue, jobs) = sqlite::queue();
                let shared = Arc::clone(&inner);
                tasks.push(apart("writer", async move {
                    sqlite::run(&shared, tail, jobs).await;
                    shared.sequenced_all.send_replace(true);
                })?);
                Writes::Sqlite(queue)
            }
            Kind::Postgres => {
                let waiting = Arc::new(postgres::Waiting::default());
                let (shared, served) = (Arc::clone(&inner), Arc::clone(&waiting));
                tasks.push(tokio::spawn(async move {
                    postgres::run(&shared, tail, &served).await;
                    shared.sequenced_all.send_replace(true);
                }));
                Writes::Postgres(waiting)
            }
        };
        if let Some(publisher) = publisher {
            tasks.push(tokio::spawn(publisher.run(Arc::clone(&inner))));
        }
        Ok(Arc::new(Self { inner, writes, tasks: Mutex::new(tasks) }))
    }

    pub(crate) async fn open_for_reading(url: &str) -> Result<Arc<Self>, OpenError> {
        let db = Db::open(url, true).await?;
        let mut connection = db.connection().await.map_err(database("read the ledger's head"))?;
        let head = sequence::head(&mut connection, false).await?.unwrap_or_else(|| Head {
            size: 0,
            root: Appender::empty().root().0,
            checkpoint: "".into(),
            feed_version: 0,
            at: None,
        });
        drop(connection);
        let (head, _) = watch::channel(head);
        let (ending, _) = watch::channel(false);
        let (sequenced_all, _) = watch::channel(false);
        let inner = Arc::new(Inner {
            db,
            head,
            stopped: OnceLock::new(),
            disk_failed: AtomicBool::new(false),
            ending,
            sequenced_all,
            published: watch::Sender::new(None),
            options: None,
        });
        Ok(Arc::new(Self { inner, writes: Writes::None, tasks: Mutex::new(Vec::new()) }))
    }

    pub(crate) async fn execute(&self, change: Change) -> Answer {
        self.inner.running()?;
        let prepared = prepare(change)?;
        match &self.writes {
            Writes::Sqlite(queue) => queue.execute(&self.inner, prepared).await,
            Writes::Postgres(waiting) => postgres::execute(&self.inner, waiting, prepared).await,
            Writes::None => Err(self.inner.options().err().unwrap_or(StoreError::Unavailable {
                cause: "it was opened for reading only".into(),
                in_doubt: false,
            })),
        }
    }

    pub(crate) async fn close(&self) {
        let _ = self.inner.stopped.set("it was closed".into());
        self.inner.db.closing.send_replace(true);
        self.inner.ending.send_replace(true);
        for task in self.tasks.lock().await.drain(..) {
            let _ = task.await;
        }
        self.inner.db.close().await;
    }
}

/// Runs a task on a thread of its own. Among callers' tasks the writer, for whom they all wait, would wait in turn at each
/// of its statements until those before it have spelt out their changes.
fn apart(
    name: &'static str,
    task: impl Future<Output = ()> + Send + 'static,
) -> Result<JoinHandle<()>, OpenError> {
    let (done, ended) = oneshot::channel::<()>();
    let runtime = tokio::runtime::Handle::current();
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
        runtime.block_on(task);
        drop(done);
    });
    thread.map_err(|source| OpenError::Io { doing: "start the thread", path: name.into(), source })?;
    Ok(tokio::spawn(async move {
        let _ = ended.await;
    }))
}

/// Whether the head's checkpoint is ours and says what the head says.
fn signed(head: &Head, signer: &CheckpointSigner) -> Result<(), OpenError> {
    sequence::signed_by(head, &signer.verifier()).map_err(|(expected, found)| OpenError::Contradiction {
        place: "the checkpoint in the ledger's head row".to_owned(),
        expected,
        found,
    })
}

/// The tree as it stands, checked; begins it if there is none.
async fn first_tail(db: &Db, signer: &CheckpointSigner) -> Result<Tail, OpenError> {
    let begin = async |connection: &mut sqlx::AnyConnection| {
        sequence::begin(connection, signer).await?;
        let head = sequence::head(connection, false).await?;
        let head = head.ok_or_else(|| StoreError::Damaged {
            place: "the ledger's head row".to_owned(),
            found: "it is missing".to_owned(),
        })?;
        signed(&head, signer)?;
        Ok(sequence::tail(connection, head, signer, None).await?)
    };
    match db.kind {
        Kind::Sqlite => {
            let mut writer: Writer<'_> = db.writer().await?;
            begin(writer.connection()?).await
        }
        Kind::Postgres => {
            let mut connection = db.connection().await.map_err(database("read the ledger's head"))?;
            begin(&mut connection).await
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Session, Store, StoreError, StoreOptions};
    use std::borrow::Cow;
    use std::error::Error as StdError;
    use std::fmt;
    use std::sync::Arc;
    use sumun_ledger::CheckpointSigner;
    use sumun_model::Timestamp;

    /// What SQLite says with this code.
    #[derive(Debug)]
    struct Said(&'static str);

    impl fmt::Display for Said {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("made up")
        }
    }

    impl StdError for Said {}

    impl sqlx::error::DatabaseError for Said {
        fn message(&self) -> &str {
            "made up"
        }
        fn code(&self) -> Option<Cow<'_, str>> {
            Some(self.0.into())
        }
        fn as_error(&self) -> &(dyn StdError + Send + Sync + 'static) {
            self
        }
        fn as_error_mut(&mut self) -> &mut (dyn StdError + Send + Sync + 'static) {
            self
        }
        fn into_error(self: Box<Self>) -> Box<dyn StdError + Send + Sync + 'static> {
            self
        }
        fn kind(&self) -> sqlx::error::ErrorKind {
            sqlx::error::ErrorKind::Other
        }
    }

    fn failed(code: &'static str) -> StoreError {
        StoreError::Database { doing: "write", source: sqlx::Error::Database(Box::new(Said(code))) }
    }

    #[tokio::test]
    async fn once_the_disk_failed_nothing_is_written_any_more() {
        let folder = tempfile::tempdir().unwrap();
        let signer = CheckpointSigner::new(&[42; 32], "sumun.example/made-up").unwrap();
        let url = format!("sqlite://{}", folder.path().join("record.db").display());
        let now = Timestamp::from_micros(1_790_000_000_000_000);
        let store = Store::open(StoreOptions::new(url, signer, Arc::new(move || now), "test")).await.unwrap();
        let session = Session {
            digest: "d1".to_owned(),
            principal: "user:made-up".to_owned(),
            body: serde_json::json!({}),
            expires: now.plus_micros(1),
        };
        // SQLITE_CONSTRAINT_PRIMARYKEY is the change's affair.
        assert!(matches!(store.inner().disk_checked(failed("1555")), StoreError::Database { .. }));
        store.put_session(&session).await.unwrap();
        // SQLITE_IOERR_WRITE.
        let told = store.inner().disk_checked(failed("778"));
        assert!(matches!(told, StoreError::Unavailable { in_doubt: true, .. }), "{told:?}");
        assert!(store.stopped().unwrap().contains("the database's disk failed"));
        for refused in [
            store.delete_session("d1").await.map(|_| ()),
            store.outbox_take("notice", 1, now, 1).await.map(|_| ()),
            store.outbox_done(1).await.map(|_| ()),
            store.use_once("a", "b", now).await.map(|_| ()),
        ] {
            assert!(matches!(refused, Err(StoreError::Unavailable { .. })), "{refused:?}");
        }
    }
}
