//! The thread that syncs: group commit, at most once per interval unless somebody waits.
//!
//! Never reads a clock: it waits on a condition variable with a time-out.

use std::io;
use std::sync::{Arc, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::log::{Inner, Log, lock};

/// How long a record may stay unsynced when nobody waits for it.
///
/// 20 ms: with a slow disk's 20 ms for the sync itself it stays within the 50 ms promised for reads.
pub const SYNC_INTERVAL_DEFAULT: Duration = Duration::from_millis(20);

/// A running sync thread. Dropping it syncs once more and ends it.
#[derive(Debug)]
pub struct Syncer {
    log: Log,
    thread: Option<JoinHandle<()>>,
}

impl Syncer {
    /// Starts syncing `log`. A failed sync poisons the log, answers all who wait, and ends the thread.
    ///
    /// # Errors
    /// `AlreadyExists` if the log has a syncer, or what the operating system said to the new thread.
    pub fn start(log: &Log, interval: Duration) -> io::Result<Self> {
        {
            let mut signal = lock(&log.inner.signal);
            if signal.attached {
                return Err(io::Error::new(io::ErrorKind::AlreadyExists, "the log has a syncer already"));
            }
            signal.attached = true;
            signal.stop = false;
        }
        let attached = Attached(Arc::clone(&log.inner));
        let own = log.clone();
        let thread = thread::Builder::new()
            .name("log-sync".to_owned())
            .spawn(move || run(&own, interval, &attached))?;
        Ok(Self { log: log.clone(), thread: Some(thread) })
    }
}

impl Drop for Syncer {
    fn drop(&mut self) {
        lock(&self.log.inner.signal).stop = true;
        self.log.inner.signalled.notify_all();
        if let Some(thread) = self.thread.take() {
            // It does not panic; if it did, its guard has answered whoever waits.
            let _ = thread.join();
        }
    }
}

/// However the thread ends, those who wait are answered and later ones sync by themselves.
struct Attached(Arc<Inner>);

impl Drop for Attached {
    fn drop(&mut self) {
        lock(&self.0.signal).attached = false;
        let log = Log { inner: Arc::clone(&self.0) };
        // A failure has reached those who wait, and the log remembers it.
        let _ = log.sync();
    }
}

fn run(log: &Log, interval: Duration, _attached: &Attached) {
    loop {
        let inner = &*log.inner;
        let wait =
            inner.signalled.wait_while(lock(&inner.signal), |now| !now.dirty && !now.urgent && !now.stop);
        let signal = wait.unwrap_or_else(PoisonError::into_inner);
        let wait = inner.signalled.wait_timeout_while(signal, interval, |now| !now.urgent && !now.stop);
        let mut signal = wait.unwrap_or_else(PoisonError::into_inner).0;
        signal.dirty = false;
        signal.urgent = false;
        let stop = signal.stop;
        drop(signal);
        if log.sync().is_err() || stop {
            return;
        }
    }
}
