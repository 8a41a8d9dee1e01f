//! Reading the feed and applying what it says, for ever: one connection after the other.

use super::super::apply::{Applier, Extent};
use super::connection::{ConnectionError, Server};
use super::held::Held;
use super::settle::{Applied, Keep};
use super::{Shared, lock, table};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{SyncSender, TrySendError};
use std::time::Duration;
use sumun_feed::{FollowError, Mark, Step};
use sumun_model::Timestamp;
use sumun_proxy::Proxy;
use tokio::sync::watch;
use tracing::{error, info, warn};

/// First pause before connecting again.
const PAUSE_MIN: Duration = Duration::from_millis(50);
/// Clocks of gate and govern further apart than this are worth a word, microseconds.
const SKEW_US: u64 = 5_000_000;

/// Why a connection was given up.
#[derive(Debug, thiserror::Error)]
enum GivenUp {
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    #[error(transparent)]
    Line(#[from] FollowError),
    #[error("what is applied cannot be handed on to be kept")]
    Stopping,
}

/// Reads and applies.
pub(super) struct Reader {
    pub(super) shared: Arc<Shared>,
    pub(super) server: Arc<Server>,
    pub(super) proxy: Arc<Proxy>,
    pub(super) applier: Applier,
    pub(super) settle: SyncSender<Applied>,
    pub(super) has_table: watch::Sender<bool>,
    pub(super) pause_max: Duration,
    pub(super) skewed: bool,
}

impl Reader {
    pub(super) async fn run(mut self) {
        let mut pause = PAUSE_MIN;
        loop {
            let (given_up, took_any) = self.connection().await;
            lock(&self.shared.follower).disconnected();
            if matches!(given_up, GivenUp::Stopping) {
                return;
            }
            self.tell(&given_up);
            if took_any {
                pause = PAUSE_MIN;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(self.pause_max);
        }
    }

    fn tell(&self, given_up: &GivenUp) {
        let text = format!("{given_up}; the table stays as it is and grows old");
        let mut following = lock(&self.shared.following);
        if following.as_ref() != Some(&text) {
            match given_up {
                // What was said is wrong, not only how it was heard.
                GivenUp::Line(_) | GivenUp::Connection(ConnectionError::Refused(_, _, 409, _)) => {
                    error!("The feed of {}: {text}", self.server.shown());
                }
                _ => warn!("The feed: {text}"),
            }
        }
        *following = Some(text);
    }

    /// One connection, until it is given up; and whether any line was taken from it.
    async fn connection(&mut self) -> (GivenUp, bool) {
        let (from, mark) = {
            let follower = lock(&self.shared.follower);
            (follower.from(), follower.mark())
        };
        let mut took_any = false;
        let mut stream = match self.server.follow(from, mark, self.proxy.now().wall).await {
            Ok(stream) => stream,
            Err(error) => return (error.into(), took_any),
        };
        loop {
            let line = match stream.line().await {
                Ok(line) => line,
                Err(error) => return (error.into(), took_any),
            };
            let step = lock(&self.shared.follower).line(&line);
            let taken = match step {
                Ok(step) => self.take(step, line),
                Err(error) => return (error.into(), took_any),
            };
            if let Err(given_up) = taken {
                return (given_up, took_any);
            }
            if !took_any {
                took_any = true;
                if lock(&self.shared.following).take().is_some() {
                    info!(feed.version = from, "The feed is heard again");
                }
            }
        }
    }

    fn take(&mut self, step: Step, line: String) -> Result<(), GivenUp> {
        match step {
            Step::Wait => Ok(()),
            Step::Heard(at) => {
                self.look_at_clocks(at);
                self.heard(at);
                Ok(())
            }
            Step::Change(delta) => {
                let done = table::apply(&mut self.applier, delta.records, delta.at, Extent::Some);
                self.in_force((delta.version, Some(delta.mark)), delta.at, done, Keep::Line(line))
            }
            Step::Replace(snapshot) => tokio::task::block_in_place(|| {
                // Those without a record any more are dead all the same.
                for key in &snapshot.dead {
                    self.applier.end(key);
                }
                let held = Box::new(Held::snapshot(&snapshot));
                let done = table::apply(&mut self.applier, snapshot.records, snapshot.at, Extent::Whole);
                info!(
                    feed.version = snapshot.version,
                    keys = held.records.len(),
                    "A snapshot of all keys came"
                );
                self.in_force((snapshot.version, snapshot.mark), snapshot.at, done, Keep::Table(held))
            }),
        }
    }

    /// The table is changed: ends the streams it refuses, then hands it on to be kept and acknowledged.
    fn in_force(
        &mut self,
        (version, mark): (u64, Option<Mark>),
        at: Timestamp,
        done: table::Done,
        keep: Keep,
    ) -> Result<(), GivenUp> {
        self.proxy.recheck_streams();
        self.heard(at);
        let table::Done { before, unusable } = done;
        let applied = Applied { version, mark, at: self.proxy.now().wall, before, unusable, keep };
        self.has_table.send_replace(true);
        self.settle.try_send(applied).or_else(|full| match full {
            TrySendError::Full(applied) => {
                tokio::task::block_in_place(|| self.settle.send(applied).map_err(|_| GivenUp::Stopping))
            }
            TrySendError::Disconnected(_) => Err(GivenUp::Stopping),
        })
    }

    /// The table is as of this instant of govern's clock, and no younger than now by this one's.
    fn heard(&mut self, at: Timestamp) {
        let now = self.proxy.now().wall;
        let heard = at.min(now);
        let table = &self.proxy.gate.table;
        if table.age_us(now) > now.micros_since(heard) {
            table.refreshed(heard);
            self.shared.heard_us.store(heard.as_micros(), Ordering::Relaxed);
        }
    }

    /// A table seems old, or stays young, by the difference.
    fn look_at_clocks(&mut self, at: Timestamp) {
        let now = self.proxy.now().wall;
        let skewed = at.micros_since(now).unsigned_abs() > SKEW_US;
        if skewed && !self.skewed {
            warn!("Govern's clock says {at}, and here it is {now}. Check time synchronisation");
        }
        self.skewed = skewed;
    }
}
