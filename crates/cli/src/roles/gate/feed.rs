//! The gate's source of keys where govern holds them: followed, applied, kept, acknowledged.
//!
//! [`Feed::open`] starts alone from the disk. [`Feed::follow`] connects for ever: a line is applied as soon as it is read, in
//! force at the next request, its refused streams ended; then [`settle`] writes it, waits for what was decided before it,
//! and acknowledges. While govern cannot be heard the table stays, and grows old.

mod connection;
mod disk;
mod held;
mod reader;
mod settle;
mod table;

use super::apply::{Applier, Extent};
use super::keeper::{Debts, Keeper};
use crate::config::Config;
use crate::enrolment::Enrolment;
use crate::exit::{BadInput, Failed};
use connection::Server;
use disk::FeedDisk;
use held::Held;
use reader::Reader;
use settle::Settler;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;
use sumun_feed::Follower;
use sumun_gate::{Gate, Now};
use sumun_model::{KeyId, Timestamp};
use sumun_proxy::Proxy;
use sumun_seal::Keyring;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tracing::info;

/// So long a gate that stops waits to acknowledge what it applied.
const LAST_WORD_MAX: Duration = Duration::from_secs(1);
/// Versions that may wait for the disk.
const WAITING_MAX: usize = 1 << 16;

/// What is wrong with the feed now, if anything, in words.
pub(super) type Trouble = Mutex<Option<String>>;

/// What those who follow and those who are asked share.
pub(super) struct Shared {
    follower: Mutex<Follower>,
    /// Why govern is not heard.
    following: Trouble,
    /// Why nothing is acknowledged.
    settling: Trouble,
    /// When the feed was last heard, by govern's clock, microseconds.
    heard_us: AtomicI64,
    /// Where that is noted.
    table: std::path::PathBuf,
    stopping: watch::Sender<bool>,
}

impl Shared {
    /// What is amiss: govern is not heard; what it said is not kept or not acknowledged.
    pub(super) fn trouble(&self) -> [Option<String>; 2] {
        [lock(&self.following).clone(), lock(&self.settling).clone()]
    }

    /// Waits for something, unless the gate stops first.
    async fn unless_stopping<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        let mut stopping = self.stopping.subscribe();
        tokio::select! {
            biased;
            done = future => Some(done),
            _ = stopping.wait_for(|stopping| *stopping) => None,
        }
    }

    /// Notes on the disk when the feed was last heard, so that a gate which starts alone knows how old its table is.
    pub(super) fn note_heard(&self) {
        let heard = self.heard_us.load(Ordering::Relaxed);
        if heard != i64::MIN {
            disk::note_heard(&self.table, Timestamp::from_micros(heard));
        }
    }
}

/// Nothing under these locks panics or waits.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The feed, opened and not followed yet.
pub(super) struct Feed {
    shared: Arc<Shared>,
    server: Server,
    applier: Applier,
    disk: FeedDisk,
    unacknowledged: Vec<KeyId>,
    pause_max: Duration,
}

/// The feed at work.
pub(super) struct Following {
    pub(super) shared: Arc<Shared>,
    has_table: watch::Receiver<bool>,
    reader: JoinHandle<()>,
    settler: thread::JoinHandle<()>,
}

impl Feed {
    /// Fills the table from the disk, if there is anything on it.
    pub(super) fn open(
        config: &Config,
        authority: http::uri::Authority,
        keyring: Keyring,
        debts: Arc<Debts>,
        gate: Arc<Gate>,
        now: Now,
    ) -> anyhow::Result<Self> {
        let (enrolment, key) = Enrolment::load(config).map_err(|error| BadInput(error.to_string()))?;
        let (disk, held) =
            FeedDisk::open(config, enrolment.feed_key).map_err(|error| Failed(error.to_string()))?;
        let mut applier = Applier::new(config, keyring, debts, gate);
        let follower = match &held {
            Some(held) => {
                let place = Some((held.version, held.mark));
                Follower::new(enrolment.feed_key, place, held.acknowledged)
            }
            None => Follower::new(enrolment.feed_key, None, 0),
        };
        let mut heard_us = i64::MIN;
        let unacknowledged = match held {
            Some(held) => start_alone(&mut applier, held, disk.table(), now, &mut heard_us),
            None => Vec::new(),
        };
        let shared = Shared {
            follower: Mutex::new(follower),
            following: Mutex::default(),
            settling: Mutex::default(),
            heard_us: AtomicI64::new(heard_us),
            table: disk.table().to_owned(),
            stopping: watch::Sender::new(false),
        };
        let feed = &config.gate.feed;
        let silence = Duration::from_secs(feed.silence_s.get());
        Ok(Self {
            shared: Arc::new(shared),
            server: Server { authority, enrolment, key, silence },
            applier,
            disk,
            unacknowledged,
            pause_max: Duration::from_millis(feed.reconnect_ms_max.get()),
        })
    }

    /// Follows from here on.
    pub(super) fn follow(self, proxy: &Arc<Proxy>, keeper: Arc<Keeper>) -> anyhow::Result<Following> {
        let Self { shared, server, applier, disk, unacknowledged, pause_max } = self;
        let server = Arc::new(server);
        let boot = hex::encode(crate::entropy::draw::<8>()?.as_slice());
        let settler = Settler::new(
            Arc::clone(&shared),
            Arc::clone(proxy),
            keeper,
            Arc::clone(&server),
            disk,
            unacknowledged,
            boot,
        );
        let (send, receive) = sync_channel(WAITING_MAX);
        let settler = thread::Builder::new().name("feed".to_owned()).spawn(move || settler.run(&receive))?;
        let held = lock(&shared.follower).held().is_some();
        let (has_table_now, has_table) = watch::channel(held);
        let reader = Reader {
            shared: Arc::clone(&shared),
            server,
            proxy: Arc::clone(proxy),
            applier,
            settle: send,
            has_table: has_table_now,
            pause_max,
            skewed: false,
        };
        Ok(Following { shared, has_table, reader: tokio::spawn(reader.run()), settler })
    }
}

/// Serves what was kept. Returns the keys whose changes are not acknowledged.
fn start_alone(
    applier: &mut Applier,
    held: Held,
    table: &std::path::Path,
    now: Now,
    heard_us: &mut i64,
) -> Vec<KeyId> {
    let (version, keys) = (held.version, held.records.len());
    let at = held.at.unwrap_or(Timestamp::MIN);
    table::apply(applier, held.records.into_values().collect(), at, Extent::Whole);
    // A clock that ran ahead must not make an old table young.
    let heard = disk::heard(table).min(now.wall);
    *heard_us = heard.as_micros();
    applier.gate().table.refreshed(heard);
    info!(feed.version = version, keys, "Started from the table last heard of at {heard}");
    held.unacknowledged
}

impl Following {
    /// Done when there is a table to decide by: at once, or with the first snapshot.
    pub(super) async fn has_table(&self) {
        let mut has_table = self.has_table.clone();
        if !*has_table.borrow() {
            info!("Nothing was ever heard of the feed; waiting for it");
        }
        let _ = has_table.wait_for(|has| *has).await;
    }

    /// Stops; what was applied is written, and acknowledged if that takes no time.
    pub(super) async fn stop(self) {
        self.reader.abort();
        let _ = self.reader.await;
        let settler = self.settler;
        let mut settled = tokio::task::spawn_blocking(move || settler.join());
        if tokio::time::timeout(LAST_WORD_MAX, &mut settled).await.is_err() {
            self.shared.stopping.send_replace(true);
            let _ = settled.await;
        }
        self.shared.note_heard();
    }
}
