//! What the operating system tells a gate: SIGTERM and SIGINT stop it, SIGHUP makes it look at the keys file.

use std::io;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGHUP from here on. Taken before anything else: unheard, it would end the process.
pub(super) struct HangUps(Signal);

impl HangUps {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self(signal(SignalKind::hangup())?))
    }
}

/// All that a gate listens to.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    pub(super) fn new(HangUps(hangup): HangUps) -> io::Result<Self> {
        let terminate = signal(SignalKind::terminate())?;
        Ok(Self { terminate, interrupt: signal(SignalKind::interrupt())?, hangup })
    }

    /// Waits for one that stops the gate. Runs `look`, which may wait for the disk, at every SIGHUP.
    pub(super) async fn wait(&mut self, look: impl Fn()) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
                Some(()) = self.hangup.recv() => {
                    tokio::task::block_in_place(&look);
                }
            }
        }
    }
}
