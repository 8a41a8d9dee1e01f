//! What changed, told to whoever has a page open: which kinds of things, never what became of them.
//!
//! One task looks twice a second at the ledger's head, the event log and the gates, and notes for each kind when it last changed. A
//! follower compares that with what he was told last: however slowly he reads, nothing waits for him, and all that he missed is one line.

mod follow;
mod kinds;

pub(crate) use follow::follow;
use kinds::{KINDS, Kinds};

use crate::problem::Problem;
use crate::server::Server;
use http::{StatusCode, header};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// How often is looked, and so how often anybody is told at most.
const LOOK: Duration = Duration::from_millis(500);
/// Streams of one session at once: a browser with some tabs.
const PER_SESSION_MAX: u32 = 8;
/// Streams at once, in all.
const STREAMS_MAX: u32 = 1_024;

/// When each kind last changed, in looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Changed {
    look: u64,
    at: [u64; KINDS],
    /// Entries of the ledger.
    entries: u64,
}

impl Changed {
    /// What changed since that look.
    fn since(&self, look: u64) -> Kinds {
        self.at.iter().enumerate().filter(|(_, at)| **at > look).map(|(kind, _)| kind).collect()
    }
}

/// What followers look at, and how many there are.
#[derive(Debug, Default)]
pub(crate) struct Live {
    changed: watch::Sender<Changed>,
    streams: Mutex<BTreeMap<String, u32>>,
}

impl Live {
    fn note(&self, kinds: Kinds, entries: u64) {
        self.changed.send_modify(|changed| {
            changed.look = changed.look.saturating_add(1);
            changed.entries = entries;
            for (_, at) in changed.at.iter_mut().enumerate().filter(|(kind, _)| kinds.has(*kind)) {
                *at = changed.look;
            }
        });
    }

    /// A place for one more stream of whoever this is.
    fn enter(&self, who: &str) -> Result<(), Problem> {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        let (own, all) = (streams.get(who).copied().unwrap_or_default(), streams.values().sum::<u32>());
        if own >= PER_SESSION_MAX {
            return Err(Problem::new(
                StatusCode::TOO_MANY_REQUESTS,
                "live_streams_too_many",
                format!("{PER_SESSION_MAX} pages of this session follow already"),
                "close one of them; a page that does not follow shows what it asks for all the same",
            )
            .with(header::RETRY_AFTER, "5"));
        }
        if all >= STREAMS_MAX {
            let detail = format!("{STREAMS_MAX} pages follow already");
            return Err(Problem::unavailable("live_streams_full", detail));
        }
        streams.insert(who.to_owned(), own.saturating_add(1));
        Ok(())
    }

    fn leave(&self, who: &str) {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        match streams.get_mut(who) {
            Some(own) if *own > 1 => *own -= 1,
            _ => {
                streams.remove(who);
            }
        }
    }
}

/// Looks until the end.
pub(crate) async fn run(server: Arc<Server>) {
    let mut every = tokio::time::interval(LOOK);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut last = Looked::now(&server);
    loop {
        every.tick().await;
        let now = Looked::now(&server);
        // While nobody follows nothing is asked of the database.
        if server.live.changed.receiver_count() > 0 {
            let kinds = now.since(&last, &server).await;
            if !kinds.is_empty() {
                server.live.note(kinds, now.entries);
            }
        }
        last = now;
    }
}

/// Where everything stood.
#[derive(Debug, PartialEq, Eq)]
struct Looked {
    entries: u64,
    events: u64,
    gates: Vec<(String, bool)>,
}

impl Looked {
    fn now(server: &Server) -> Self {
        Self {
            entries: server.govern.store.head().size,
            events: server.events.as_ref().map_or(0, |events| events.log.standing().next),
            gates: server.gates.connections(),
        }
    }

    /// What changed since then.
    async fn since(&self, then: &Self, server: &Server) -> Kinds {
        let mut kinds = Kinds::default();
        if self.entries > then.entries {
            kinds = match server.govern.store.written(then.entries, self.entries).await {
                Ok(tables) => kinds::of_tables(&tables),
                // Told too much, a page asks once more; told too little, it would show what is no longer so.
                Err(_) => Kinds::all(),
            };
            kinds.add("ledger");
            kinds.add("overview");
        }
        if self.events != then.events {
            kinds.add("overview");
        }
        if self.gates != then.gates {
            kinds.add("gates");
            kinds.add("overview");
        }
        kinds
    }
}
