//! Detection beside the control plane: the merged log through the engine, and what it finds into the record (ADR 0018).
//!
//! A thread of its own reads what is durable, feeds it to [`sumun_detect::Engine`], and hands findings over until they are taken
//! ([`handover`]); only then does it read on. So a snapshot ([`snapshot`]) never knows more than the record does, and whatever a
//! crash undoes is found again: the record knows each finding's place and takes none twice. A second thread tells owners'
//! questions and tests what gates saw ([`seen`]), a third keeps what keys did for people to look at ([`activity`]).
//!
//! History that a back-fill read is taken up at the [`seam`]: before the log, and before anything is handed over.
//!
//! Which policy is in force stands in the log itself, so that everybody who reads it takes a change up at the same line.
//! Never here: what a finding means, and what follows from it.

mod activity;
mod handover;
pub(crate) mod policy;
mod runner;
pub(crate) mod seam;
mod seen;
pub(crate) mod snapshot;

use crate::config::Config;
use crate::exit::Failed;
use crate::findings::{DATA_NONE, Data, network_data};
use crate::roles::events::Events;
use activity::Keeper;
use runner::Runner;
use seen::Seer;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use sumun_govern::Govern;
use sumun_stream::Offset;

/// What the threads share.
struct Shared {
    events: Arc<Events>,
    govern: Arc<Govern>,
    runtime: tokio::runtime::Handle,
    /// What data files say of networks, and their digest.
    data: Data,
    stopping: AtomicBool,
    /// Each needs the log from here on: the older of two snapshots, and what owners were told of. What keys did holds nothing back: it is
    /// for people to look at, and must not fill the disk that detection writes to.
    snapshots_need: AtomicU64,
    owners_need: AtomicU64,
}

impl Shared {
    fn stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Waits a moment; false if it is time to stop.
    fn pause(&self, pause: std::time::Duration) -> bool {
        std::thread::park_timeout(pause);
        !self.stopping()
    }

    /// Tells the log what is still needed of it.
    fn needs(&self) {
        let needed =
            self.snapshots_need.load(Ordering::Relaxed).min(self.owners_need.load(Ordering::Relaxed));
        self.events.needed_from(Offset::new(needed));
    }
}

/// Data files, read where nobody waits for them: they have some hundred thousand lines.
async fn data(config: &Config) -> anyhow::Result<Data> {
    let folder = config.detect.network_data.clone().unwrap_or_else(|| DATA_NONE.into());
    tokio::task::spawn_blocking(move || network_data(Some(&folder))).await?
}

/// Detection at work.
pub(crate) struct Detect {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl Detect {
    /// Goes on where the last snapshot stands. The record must have been told to the log already.
    ///
    /// # Errors
    /// The folder of snapshots cannot be used, or the policy in force cannot be read.
    pub(crate) async fn start(
        govern: &Arc<Govern>,
        events: &Arc<Events>,
        config: &Config,
    ) -> anyhow::Result<Self> {
        let shared = Arc::new(Shared {
            events: Arc::clone(events),
            govern: Arc::clone(govern),
            runtime: tokio::runtime::Handle::current(),
            data: data(config).await?,
            stopping: AtomicBool::new(false),
            snapshots_need: AtomicU64::new(0),
            owners_need: AtomicU64::new(0),
        });
        let folder = config.detect_dir();
        std::fs::create_dir_all(&folder)
            .map_err(|error| Failed(format!("cannot use `{}`: {error}", folder.display())))?;
        let seer = Seer::open(Arc::clone(&shared), folder.join("told.json"));
        let keeper = Keeper::open(Arc::clone(&shared)).await?;
        let runner = Runner::open(Arc::clone(&shared), folder, config).await?;
        let begin = |name: &str, work: Box<dyn FnOnce() + Send>| {
            std::thread::Builder::new().name(name.to_owned()).spawn(work)
        };
        let threads = vec![
            begin("detect", Box::new(move || runner.run()))?,
            begin("owners", Box::new(move || seer.run()))?,
            begin("activity", Box::new(move || keeper.run()))?,
        ];
        Ok(Self { shared, threads })
    }

    /// Why it does not go on, if it does not: a thread met a fault of Sumun itself.
    pub(crate) fn stopped(&self) -> Option<Arc<str>> {
        let ended = self.threads.iter().find(|thread| thread.is_finished())?;
        let name = ended.thread().name().unwrap_or_default();
        Some(format!("the thread `{name}` ended").into())
    }

    /// Stops; what was found is handed over if that takes no time, and a snapshot is written.
    pub(crate) async fn stop(self) {
        self.shared.stopping.store(true, Ordering::Relaxed);
        let joined = tokio::task::spawn_blocking(move || {
            for thread in self.threads {
                thread.thread().unpark();
                let _ = thread.join();
            }
        });
        let _ = joined.await;
    }
}
