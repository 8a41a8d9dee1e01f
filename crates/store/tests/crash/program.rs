//! What dies: workers that make changes side by side, and one that follows the feed as a gate does.
//!
//! It goes on where an earlier one ended: every change is asked for again with its idempotency key, as a client does.

use crate::report::{Line, Reporter};
use crate::work::{PRINCIPAL, Step, signer};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use sumun_model::Timestamp;
use sumun_store::{Store, StoreError, StoreOptions};

/// Ends with it when the store says that it takes no more changes.
pub(crate) const GAVE_UP: i32 = 3;
/// Ends with it when the store does not open.
pub(crate) const DID_NOT_OPEN: i32 = 4;

const PLACE: &str = "CRASH_PLACE";
const URL: &str = "CRASH_URL";
const HOLDER: &str = "CRASH_HOLDER";
const KEYS: &str = "CRASH_KEYS";
const RACING: &str = "CRASH_RACING";

/// How long closing may take: far above what it takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// Workers side by side.
pub(crate) const WORKERS: u64 = 4;

/// A program to be started.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    /// Folder of everything: `disk` is what may fail, the rest is not.
    pub(crate) place: PathBuf,
    pub(crate) url: String,
    /// Keys per worker.
    pub(crate) keys: u64,
    pub(crate) holder: String,
    /// Others make the same changes: each asks under idempotency keys of its own, and one of them loses.
    pub(crate) racing: bool,
}

impl Program {
    pub(crate) fn on_sqlite(place: &Path, keys: u64) -> Self {
        let url = format!("sqlite://{}", place.join("disk/sumun.sqlite").display());
        Self { place: place.to_owned(), url, keys, holder: "one".to_owned(), racing: false }
    }

    pub(crate) fn on_postgres(place: &Path, url: String, holder: &str, keys: u64) -> Self {
        Self { url, holder: holder.to_owned(), ..Self::on_sqlite(place, keys) }
    }

    pub(crate) fn disk(&self) -> PathBuf {
        self.place.join("disk")
    }

    pub(crate) fn report(&self) -> PathBuf {
        self.place.join("report.jsonl")
    }

    pub(crate) fn command(&self) -> Command {
        std::fs::create_dir_all(self.disk()).unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "program::program", "--nocapture", "--test-threads=1"]);
        command.env(PLACE, &self.place).env(URL, &self.url).env(HOLDER, &self.holder);
        command.env(KEYS, self.keys.to_string());
        if self.racing {
            command.env(RACING, "1");
        }
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    pub(crate) fn options(&self) -> StoreOptions {
        let options = StoreOptions::new(self.url.clone(), signer(), Arc::new(now), self.holder.clone());
        // Whoever takes over from a dead sequencer waits for its lease.
        StoreOptions { lease_us: 400_000, ..options.publish_to(self.disk().join("ledger")) }
    }

    pub(crate) fn steps(&self) -> impl Iterator<Item = Step> {
        let keys = self.keys;
        (0..WORKERS).flat_map(move |worker| Step::of(worker, keys))
    }
}

pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Timestamp::from_micros(since.as_micros() as i64)
}

/// Not a test of its own: what the campaigns start.
#[test]
fn program() {
    let Ok(place) = std::env::var(PLACE) else { return };
    let told = |name| std::env::var(name).unwrap();
    let program = Program {
        place: place.into(),
        url: told(URL),
        keys: told(KEYS).parse().unwrap(),
        holder: told(HOLDER),
        racing: std::env::var(RACING).is_ok(),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let code = runtime.block_on(live(program));
    drop(runtime);
    std::process::exit(code);
}

async fn live(program: Program) -> i32 {
    let reporter = Arc::new(Reporter::at(&program.report()));
    let store = match Store::open(program.options()).await {
        Ok(store) => store,
        Err(error) => {
            reporter.say(&Line::Closed { said: shown(&error) });
            return DID_NOT_OPEN;
        }
    };
    let follower = tokio::spawn(follow(store.clone(), Arc::clone(&reporter)));
    let workers: Vec<_> = (0..WORKERS)
        .map(|worker| tokio::spawn(work(store.clone(), worker, program.clone(), Arc::clone(&reporter))))
        .collect();
    let mut gave_up = false;
    for worker in workers {
        gave_up |= !worker.await.unwrap();
    }
    let closed = tokio::time::timeout(PATIENCE, store.close()).await;
    follower.abort();
    assert!(closed.is_ok(), "the store closes though its database be away");
    if gave_up { GAVE_UP } else { 0 }
}

/// Makes all changes of one worker; false: the store takes no more.
async fn work(store: Store, worker: u64, program: Program, reporter: Arc<Reporter>) -> bool {
    let asks_as = if program.racing { program.holder.as_str() } else { "anybody" };
    for step in Step::of(worker, program.keys) {
        let id = step.id();
        reporter.say(&Line::Asked { id: id.clone() });
        match store.execute(step.change(now(), asks_as)).await {
            Ok(made) => reporter.say(&Line::Made {
                id,
                entry: made.entry,
                feed_version: made.feed_version,
                checkpoint: made.checkpoint.to_string(),
            }),
            Err(StoreError::Repeated(answer)) => {
                assert_eq!((answer.principal.as_str(), answer.key), (PRINCIPAL, step.answer_key(asks_as)));
                reporter.say(&Line::MadeBefore { id });
            }
            Err(error @ StoreError::Conflict { .. }) if program.racing => {
                reporter.say(&Line::Lost { id, said: shown(&error) });
            }
            Err(error) => {
                let in_doubt = matches!(error, StoreError::Unavailable { in_doubt: true, .. });
                reporter.say(&Line::NotMade { id, said: shown(&error), in_doubt });
                return false;
            }
        }
    }
    true
}

/// Takes the feed from its beginning, as a gate that starts anew does.
async fn follow(store: Store, reporter: Arc<Reporter>) {
    let mut head = store.watch();
    let mut version = 0;
    loop {
        while let Ok(Some(deltas)) = store.feed_since(version, 100).await {
            if deltas.is_empty() {
                break;
            }
            for delta in deltas {
                version = delta.version;
                reporter.say(&Line::Saw { version, records: delta.records.into() });
            }
        }
        if head.changed().await.is_err() {
            return;
        }
    }
}

/// An error with its causes.
pub(crate) fn shown(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}
