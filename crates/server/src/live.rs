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
/// Whoever begins to follow is told of so many looks before: half a minute, in which a page read what it shows before it could follow.
const LOOKS_BEFORE: u64 = 60;
/// Streams of one session at once: a browser with some tabs.
const PER_SESSION_MAX: u32 = 8;
/// Streams at once, in all.
const STREAMS_MAX: u32 = 1_024;

/// When each kind last changed, in looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Changed {
    /// Looks so far, those that found nothing among them.
    look: u64,
    /// The look that found it; 0: none did.
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
    /// One look, and what it found. Nobody is woken by one that found nothing.
    fn note(&self, kinds: Kinds, entries: u64) {
        self.changed.send_if_modified(|changed| {
            changed.look = changed.look.saturating_add(1);
            changed.entries = entries;
            for (_, at) in changed.at.iter_mut().enumerate().filter(|(kind, _)| kinds.has(*kind)) {
                *at = changed.look;
            }
            !kinds.is_empty()
        });
    }

    /// For whoever begins to follow: what changes from now on, and the look whose changes his page has read. What changed shortly before is
    /// told him at once.
    fn begin(&self) -> (watch::Receiver<Changed>, u64) {
        let mut changed = self.changed.subscribe();
        let now = *changed.borrow();
        let told = now.look.saturating_sub(LOOKS_BEFORE);
        if !now.since(told).is_empty() {
            changed.mark_changed();
        }
        (changed, told)
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
        let kinds = match server.live.changed.receiver_count() {
            // While nobody follows nothing is asked of the database: whoever comes in a moment asks once more for what he shows.
            0 if now != last => Kinds::all(),
            0 => Kinds::default(),
            _ => now.since(&last, &server).await,
        };
        server.live.note(kinds, now.entries);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(names: &[&str]) -> Kinds {
        let mut kinds = Kinds::default();
        names.iter().for_each(|name| kinds.add(name));
        kinds
    }

    /// What a follower is told at once; none if he waits.
    fn told_at_once(live: &Live) -> Option<Vec<&'static str>> {
        let (changed, told) = live.begin();
        let now = *changed.borrow();
        changed.has_changed().unwrap().then(|| now.since(told).names())
    }

    #[test]
    fn what_changed_between_a_pages_first_read_and_its_stream_is_told() {
        let live = Live::default();
        assert_eq!(told_at_once(&live), None);
        live.note(kinds(&["cases"]), 1);
        live.note(Kinds::default(), 1);
        live.note(kinds(&["keys"]), 2);
        assert_eq!(told_at_once(&live), Some(vec!["keys", "cases"]));
        for _ in 0..LOOKS_BEFORE - 1 {
            live.note(Kinds::default(), 2);
        }
        assert_eq!(told_at_once(&live), Some(vec!["keys"]), "a page reads no longer than that");
        live.note(Kinds::default(), 2);
        assert_eq!(told_at_once(&live), None);
    }

    #[test]
    fn a_look_that_found_nothing_wakes_nobody() {
        let live = Live::default();
        let (mut changed, _) = live.begin();
        live.note(Kinds::default(), 0);
        assert!(!changed.has_changed().unwrap());
        live.note(kinds(&["gates"]), 0);
        assert!(changed.has_changed().unwrap());
        assert_eq!(changed.borrow_and_update().look, 2);
    }
}
