//! What runs beside the control plane's front: the record told to the event log, the clock, the event log's house, what would
//! have been refused, detection.

use super::shadow::Counting;
use crate::config::Config;
use crate::roles::detect::Detect;
use crate::roles::events::{Events, clock, state};
use std::sync::Arc;
use std::time::Duration;
use sumun_server::Server;
use sumun_stream::Offset;
use tokio::task::JoinSet;

/// How often what is held is noted and old files are given back.
const HOUSE_EVERY: Duration = Duration::from_secs(10);

/// All of it, at work.
pub(super) struct Beside {
    events: Arc<Events>,
    tasks: JoinSet<()>,
    counting: Counting,
    detect: Option<Detect>,
}

impl Beside {
    /// Tells the event log what the record says already, then goes on beside whoever serves.
    ///
    /// # Errors
    /// The record cannot be read, or the log takes nothing.
    pub(super) async fn start(
        server: &Arc<Server>,
        events: &Arc<Events>,
        config: &Config,
    ) -> anyhow::Result<Self> {
        let govern = &server.govern;
        let mut teller = state::Teller::new(Arc::clone(events), govern.store.clone());
        teller.catch_up().await?;
        let mut tasks = JoinSet::new();
        tasks.spawn(teller.run());
        let lag_us_max =
            i64::try_from(config.events.lag_ms_max.get().saturating_mul(1000)).unwrap_or(i64::MAX);
        tasks.spawn(clock::run(Arc::clone(events), crate::clock::now, lag_us_max));
        tasks.spawn(keep_house(Arc::clone(events)));
        let counting = Counting::start(server, events, config.data_dir.join("shadow.counted"));
        let detect = match config.detect.enabled {
            true => Some(Detect::start(govern, events, config).await?),
            false => {
                events.needed_from(Offset::new(u64::MAX));
                None
            }
        };
        Ok(Self { events: Arc::clone(events), tasks, counting, detect })
    }

    /// Why the event log takes nothing more, if so. A count that ended is no reason: only a report lacks.
    pub(super) fn stopped(&self) -> Option<Arc<str>> {
        self.events.stopped().or_else(|| self.detect.as_ref()?.stopped())
    }

    /// Ends all of it; what is held is noted.
    pub(super) async fn stop(mut self) {
        if let Some(detect) = self.detect {
            detect.stop().await;
        }
        self.counting.stop().await;
        self.tasks.shutdown().await;
        let events = self.events;
        let _ = tokio::task::spawn_blocking(move || events.keep_house()).await;
    }
}

async fn keep_house(events: Arc<Events>) {
    let mut every = tokio::time::interval(HOUSE_EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        let events = Arc::clone(&events);
        let _ = tokio::task::spawn_blocking(move || events.keep_house()).await;
    }
}
