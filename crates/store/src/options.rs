//! What a store is opened with.

use crate::publish::PublishIo;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use sumun_ledger::CheckpointSigner;
use sumun_model::Timestamp;

/// The sequencer's clock.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What a store is opened with; see [`StoreOptions::new`].
#[derive(Clone)]
pub struct StoreOptions {
    /// `sqlite:///path` or `postgres://…`.
    pub url: String,
    /// Signs checkpoints.
    pub signer: Arc<CheckpointSigner>,
    /// Where the ledger is published; `None` publishes nothing.
    pub ledger_dir: Option<PathBuf>,
    /// The sequencer's clock.
    pub clock: Clock,
    /// Who this process is, for leases: unlike any other that is alive.
    pub holder: String,
    /// Microseconds for which a sequencer's lease holds on PostgreSQL. Default 5 s: failover takes that long.
    pub lease_us: i64,
    /// Feed deltas kept. Default 100 000: a gate that is further behind takes a snapshot.
    pub feed_deltas_kept: u64,
    /// Instead of the real folder, for crash tests.
    pub publish_io: Option<Arc<dyn PublishIo>>,
    /// Called at every step with its name; `true` stops the store there as a crash would. For crash tests.
    pub stop_at: Option<StopAt>,
}

/// Says whether to stop at a named step.
pub type StopAt = Arc<dyn Fn(&'static str) -> bool + Send + Sync>;

impl StoreOptions {
    /// Options with defaults for the rest.
    #[must_use]
    pub fn new(
        url: impl Into<String>,
        signer: CheckpointSigner,
        clock: Clock,
        holder: impl Into<String>,
    ) -> Self {
        Self {
            url: url.into(),
            signer: Arc::new(signer),
            ledger_dir: None,
            clock,
            holder: holder.into(),
            lease_us: 5_000_000,
            feed_deltas_kept: 100_000,
            publish_io: None,
            stop_at: None,
        }
    }

    /// Publishes the ledger in this folder.
    #[must_use]
    pub fn publish_to(mut self, ledger_dir: impl Into<PathBuf>) -> Self {
        self.ledger_dir = Some(ledger_dir.into());
        self
    }
}

impl fmt::Debug for StoreOptions {
    // The address may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreOptions").field("holder", &self.holder).finish_non_exhaustive()
    }
}
