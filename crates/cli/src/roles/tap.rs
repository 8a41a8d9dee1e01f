//! The tap: the exchange's own log files, followed and handed in, exactly once (ADR 0024).
//!
//! One thread for each `[[follow]]`: [`worker`] looks, reads, translates and hands in; [`sink`] is where to, over HTTP or into the control
//! plane of this process; [`kept`] is the checkpoint and the lines that were put aside; [`settings`] is `tap.toml`. Which file is which is
//! `sumun_tap`'s business.
//!
//! Nothing is copied aside: what cannot be handed in waits in the files themselves.

mod absent;
pub(crate) mod kept;
pub(crate) mod settings;
mod sink;
mod worker;

use crate::exit::{BadInput, Failed};
use settings::Settings;
use sink::Sink;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use sumun_server::Server;
use tokio::signal::unix::{SignalKind, signal};
use tracing::info;
use worker::Worker;

/// Files being followed.
pub(crate) struct Taps {
    stopping: Arc<AtomicBool>,
    threads: Vec<JoinHandle<Result<(), Failed>>>,
}

impl Taps {
    /// Follows what the file says, into this control plane.
    ///
    /// # Errors
    /// The file, a mapping, or the folder of checkpoints cannot be used.
    pub(crate) fn start_beside(file: &Path, server: &Arc<Server>) -> anyhow::Result<Self> {
        let settings = Settings::read(file)?;
        let runtime = tokio::runtime::Handle::current();
        Self::start(&settings, false, |_| Ok(Sink::own(Arc::clone(server), runtime.clone())))
    }

    fn start(
        settings: &Settings,
        once: bool,
        sink: impl Fn(&Settings) -> anyhow::Result<Sink>,
    ) -> anyhow::Result<Self> {
        let stopping = Arc::new(AtomicBool::new(false));
        let lock = kept::lock(&settings.state_dir)?;
        let mut workers = Vec::new();
        for follow in &settings.follow {
            let sink = sink(settings)?;
            workers.push(Worker::open(settings, follow, sink, once, Arc::clone(&stopping))?);
        }
        let mut threads = Vec::new();
        for worker in workers {
            let lock = Arc::clone(&lock);
            let run = move || {
                let ended = worker.run();
                drop(lock);
                ended
            };
            threads.push(std::thread::Builder::new().name("tap".to_owned()).spawn(run)?);
        }
        Ok(Self { stopping, threads })
    }

    /// Ends once what is under way was answered or given up; nothing is lost by that.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        for thread in &self.threads {
            thread.thread().unpark();
        }
    }

    /// Waits until all have ended; the first that failed is told.
    fn join(self) -> Result<(), Failed> {
        let mut ended = Ok(());
        for thread in self.threads {
            let one = thread.join().unwrap_or_else(|_| Err(Failed("a fault of the tap itself".to_owned())));
            ended = ended.and(one);
        }
        ended
    }

    /// As [`Taps::stop`], and waits.
    pub(crate) async fn stopped(self) {
        self.stop();
        let _ = tokio::task::spawn_blocking(move || self.join()).await;
    }
}

/// Follows until told to stop; with `once`, until what is there was handed in.
///
/// # Errors
/// What kept it from starting; with `once`, what kept it from handing in.
pub fn run(file: &Path, once: bool) -> anyhow::Result<()> {
    let settings = Settings::read(file)?;
    let server = settings.server.clone().ok_or_else(|| {
        BadInput(format!("`{}`: `tap.server` says where to hand lines in; add it", file.display()))
    })?;
    let taps = Taps::start(&settings, once, |settings| Sink::http(&server, settings))?;
    let names: Vec<&str> = settings.follow.iter().map(|follow| follow.name.as_str()).collect();
    crate::output::json_aside(&serde_json::json!({ "ready": { "tap": names, "server": server } }));
    if once {
        return Ok(taps.join()?);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (mut terminate, mut interrupt) =
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        anyhow::Ok(())
    })?;
    info!("Stopping");
    taps.stop();
    Ok(taps.join()?)
}
