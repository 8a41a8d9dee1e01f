//! The thread that drains: pumps at an interval, and once more when it is told to stop.
//!
//! Never reads a clock: it waits on a condition variable with a time-out.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::drain::{DrainReport, Drainer, Joined};
use crate::log::lock;

/// How often the spool is drained unless said otherwise. 20 ms: as often as it is synced.
pub const DRAIN_INTERVAL_DEFAULT: Duration = Duration::from_millis(20);

/// A running drain thread. Dropping it syncs the spool, drains once more and ends it.
#[derive(Debug)]
pub struct DrainThread {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    stop: Mutex<bool>,
    stopped: Condvar,
    written_total: AtomicU64,
    failing: Mutex<Option<String>>,
}

impl Drainer {
    /// Drains on a thread of its own, every `interval`. A failure is kept for [`DrainThread::failing`] and
    /// tried again: a full disk may get space, and a poisoned log answers at once.
    ///
    /// # Errors
    /// What the operating system said to the new thread.
    pub fn start(
        mut self,
        interval: Duration,
        mut join: impl FnMut(Joined<'_>) -> Option<Vec<u8>> + Send + 'static,
    ) -> io::Result<DrainThread> {
        let shared = Arc::new(Shared::default());
        let own = Arc::clone(&shared);
        let thread = thread::Builder::new().name("spool-drain".to_owned()).spawn(move || {
            loop {
                let wait = own.stopped.wait_timeout_while(lock(&own.stop), interval, |stop| !*stop);
                let stop = *wait.unwrap_or_else(PoisonError::into_inner).0;
                if stop {
                    // A failure shows in what the pump then finds.
                    let _ = self.sync_spool();
                }
                own.note(self.pump(&mut join));
                if stop {
                    return;
                }
            }
        })?;
        Ok(DrainThread { shared, thread: Some(thread) })
    }
}

impl Shared {
    fn note(&self, result: Result<DrainReport, crate::DrainError>) {
        let failing = match result {
            Ok(report) => {
                self.written_total.fetch_add(report.written, Ordering::Relaxed);
                None
            }
            Err(error) => {
                let cause = std::error::Error::source(&error).map(|source| format!(": {source}"));
                Some(format!("{error}{}", cause.unwrap_or_default()))
            }
        };
        *lock(&self.failing) = failing;
    }
}

impl DrainThread {
    /// Why the last attempt failed, if it did; for readiness.
    #[must_use]
    pub fn failing(&self) -> Option<String> {
        lock(&self.shared.failing).clone()
    }

    /// Records written to the output by attempts that succeeded.
    #[must_use]
    pub fn written_total(&self) -> u64 {
        self.shared.written_total.load(Ordering::Relaxed)
    }
}

impl Drop for DrainThread {
    fn drop(&mut self) {
        *lock(&self.shared.stop) = true;
        self.shared.stopped.notify_all();
        if let Some(thread) = self.thread.take() {
            // It ends by panic only if the joining closure panics; what it drained is safe then too.
            let _ = thread.join();
        }
    }
}
