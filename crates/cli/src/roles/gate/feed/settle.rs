//! From what is in force to what is acknowledged: on the disk, nothing older on its way, streams closed, signed, handed in.
//!
//! One thread takes what was applied, in order. Reading and applying never wait for it; so a cut is in force
//! before any of this begins.

use super::connection::{ConnectionError, Server};
use super::disk::{DiskError, FeedDisk};
use super::held::Held;
use super::{Shared, lock};
use crate::roles::gate::keeper::Keeper;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;
use sumun_feed::{Acknowledgement, LastAdmitted, Mark};
use sumun_gate::KeyEntry;
use sumun_model::{KeyId, Timestamp};
use sumun_proxy::Proxy;
use tokio::runtime::Handle;
use tracing::{error, info, warn};

/// How often what could not be written or handed in is tried again.
const AGAIN: Duration = Duration::from_secs(1);
/// Versions settled together: whoever waits behind a slow disk catches up.
const BATCH_MAX: usize = 1024;
/// Keys named in one acknowledgement; beyond them only that they were changed is known, from the versions.
const NAMED_MAX: usize = 5_000;

/// A version that is in force.
pub(super) struct Applied {
    pub(super) version: u64,
    /// What that version is.
    pub(super) mark: Option<Mark>,
    pub(super) at: Timestamp,
    pub(super) before: Vec<Arc<KeyEntry>>,
    pub(super) unusable: Vec<KeyId>,
    pub(super) keep: Keep,
}

/// What is to be written of it.
pub(super) enum Keep {
    /// A delta's signed line.
    Line(String),
    /// A whole table.
    Table(Box<Held>),
}

/// What has been settled and not been acknowledged.
#[derive(Default)]
struct Unsaid {
    applied_at: Option<Timestamp>,
    admitted: BTreeMap<KeyId, Option<Timestamp>>,
    unusable: Vec<KeyId>,
}

/// Settles versions.
pub(super) struct Settler {
    pub(super) shared: Arc<Shared>,
    pub(super) proxy: Arc<Proxy>,
    pub(super) keeper: Arc<Keeper>,
    pub(super) server: Arc<Server>,
    pub(super) runtime: Handle,
    pub(super) boot: String,
    pub(super) disk: FeedDisk,
    said_streams: u64,
    unsaid: Unsaid,
    failing: Option<String>,
    /// A line was written since the last sync that succeeded. After one that failed none ever does.
    unsynced: bool,
}

impl Settler {
    pub(super) fn new(
        shared: Arc<Shared>,
        proxy: Arc<Proxy>,
        keeper: Arc<Keeper>,
        server: Arc<Server>,
        disk: FeedDisk,
        unacknowledged: Vec<KeyId>,
        boot: String,
    ) -> Self {
        let mut unsaid = Unsaid::default();
        // Changed by the run before this one; when it last let them pass is gone with it.
        unsaid.admitted.extend(unacknowledged.into_iter().take(NAMED_MAX).map(|key| (key, None)));
        let runtime = Handle::current();
        Self {
            shared,
            proxy,
            keeper,
            server,
            runtime,
            boot,
            disk,
            said_streams: 0,
            unsaid,
            failing: None,
            unsynced: false,
        }
    }

    /// Works until nobody applies any more. What was applied by then is written.
    pub(super) fn run(mut self, applied: &Receiver<Applied>) {
        let mut waiting: Vec<Applied> = Vec::new();
        loop {
            // What is waiting could not be written; what is due could not be handed in.
            let owed = !waiting.is_empty() || lock(&self.shared.follower).due().is_some();
            let next = if owed {
                match applied.recv_timeout(AGAIN) {
                    Ok(next) => Some(next),
                    Err(RecvTimeoutError::Timeout) => None,
                    Err(RecvTimeoutError::Disconnected) => break,
                }
            } else {
                match applied.recv() {
                    Ok(next) => Some(next),
                    Err(_) => break,
                }
            };
            waiting.extend(next);
            while waiting.len() < BATCH_MAX
                && let Ok(next) = applied.try_recv()
            {
                waiting.push(next);
            }
            self.settle(&mut waiting);
            self.acknowledge();
        }
        if let Err(error) = self.write(&mut waiting) {
            error!("{error}");
        }
    }

    fn settle(&mut self, waiting: &mut Vec<Applied>) {
        let Some((last, mark)) = waiting.last().map(|last| (last.version, last.mark)) else { return };
        if let Err(error) = self.write(waiting) {
            self.trouble(Some(format!("{error}; nothing is acknowledged to govern meanwhile")));
            return;
        }
        let in_force = async {
            self.proxy.turn_epoch().await;
            self.proxy.streams.refused_have_ended().await;
        };
        if self.runtime.block_on(self.shared.unless_stopping(in_force)).is_none() {
            return;
        }
        for applied in waiting.drain(..) {
            self.unsaid.applied_at = Some(applied.at);
            self.unsaid.unusable.extend(applied.unusable);
            for before in applied.before {
                self.note_last(&before);
            }
        }
        lock(&self.shared.follower).settled(last, mark);
        self.trouble(None);
    }

    /// The last request let pass before: nothing decided then is on its way any more.
    fn note_last(&mut self, before: &KeyEntry) {
        let key = before.id();
        let last = before.last_admitted();
        if let (Some(last), Some(now)) = (last, self.proxy.gate.table.get(key.as_str())) {
            now.note_admitted(last);
        }
        if self.unsaid.admitted.len() < NAMED_MAX || self.unsaid.admitted.contains_key(&key) {
            let noted = self.unsaid.admitted.entry(key).or_default();
            *noted = (*noted).max(last);
        }
    }

    /// All on the disk: versions, and the ends they brought. What is written is not written again.
    fn write(&mut self, waiting: &mut [Applied]) -> Result<(), DiskError> {
        for applied in waiting.iter_mut() {
            match std::mem::replace(&mut applied.keep, Keep::Line(String::new())) {
                Keep::Line(line) if line.is_empty() => {}
                Keep::Line(line) => {
                    if let Err(error) = self.disk.keep(&line) {
                        applied.keep = Keep::Line(line);
                        return Err(error);
                    }
                    self.unsynced = true;
                }
                Keep::Table(mut held) => {
                    held.acknowledged = lock(&self.shared.follower).last_acknowledged();
                    if let Err(error) = self.disk.replace(&held) {
                        applied.keep = Keep::Table(held);
                        return Err(error);
                    }
                }
            }
        }
        if self.unsynced {
            self.disk.sync()?;
            self.unsynced = false;
        }
        if self.keeper.debts().any() && !self.keeper.settle() {
            let [ends, _] = self.keeper.debts().failed();
            if let Some(cause) = ends {
                return Err(DiskError::Write(cause));
            }
        }
        if let Err(error) = self.disk.compact() {
            // Everything stands in the deltas; they only grow.
            warn!("The table of the feed was not written anew: {error}");
        }
        Ok(())
    }

    fn acknowledge(&mut self) {
        let Some((from, to, mark)) = lock(&self.shared.follower).due() else { return };
        let now = self.proxy.now().wall;
        let streams = self.proxy.metrics.streams_cut.get();
        let acknowledgement = Acknowledgement {
            gate: self.server.enrolment.gate.clone(),
            boot: self.boot.clone(),
            from,
            to,
            mark,
            applied_at: self.unsaid.applied_at.unwrap_or(now),
            acknowledged_at: now,
            last_admitted: self
                .unsaid
                .admitted
                .iter()
                .map(|(key, at)| LastAdmitted { key: key.clone(), at: *at })
                .collect(),
            streams_closed: streams.saturating_sub(self.said_streams),
            unusable: self.unsaid.unusable.clone(),
        };
        let handed_in = acknowledgement
            .sign(&self.server.key)
            .map_err(|error| ConnectionError::Proof(error.to_string()))
            .map(|signed| self.shared.unless_stopping(self.server.acknowledge(signed, now)))
            .map(|handing_in| self.runtime.block_on(handing_in));
        let handed_in = match handed_in {
            Ok(Some(handed_in)) => handed_in,
            // The next run hands it in.
            Ok(None) => return,
            Err(error) => Err(error),
        };
        match handed_in {
            Ok(()) => {
                lock(&self.shared.follower).acknowledged(to);
                self.said_streams = streams;
                self.unsaid = Unsaid::default();
                if let Err(error) = self.disk.acknowledged(to) {
                    self.trouble(Some(error.to_string()));
                }
            }
            Err(ConnectionError::Refused(_, _, 409, text)) if from > 1 && text.contains("receipt_skips") => {
                warn!("Govern does not know what this gate acknowledged before; it is told again from the first version");
                lock(&self.shared.follower).acknowledge_anew();
            }
            Err(error) => self.trouble(Some(format!(
                "version {to} is in force here and could not be acknowledged: {error}; it is tried again every second"
            ))),
        }
    }

    /// Says it once.
    fn trouble(&mut self, trouble: Option<String>) {
        match (&self.failing, &trouble) {
            (None, Some(text)) => error!("The feed: {text}"),
            (Some(_), None) => info!("The feed is kept and acknowledged again"),
            _ => {}
        }
        self.failing.clone_from(&trouble);
        *lock(&self.shared.settling) = trouble;
    }
}
