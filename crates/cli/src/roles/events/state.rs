//! What the record says, as lines of the wire: every entry of the ledger is read once, in order, and its rows' after-images
//! become state lines and events. [`images`] is the table.
//!
//! Exactly once: a line's position is its entry's index and its place among that entry's lines, and the same entry always gives
//! the same lines; so a start reads the last entry that was told again, and what is held is passed over. Never here: a
//! secret, a person's name or address of contact. What tells of people tells of ids.

mod images;

use super::Events;
use std::sync::Arc;
use std::time::Duration;
use sumun_model::Timestamp;
use sumun_server::events::{Batch, EventLine, EventsError};
use sumun_store::{EntryRow, Store, StoreError};
use tracing::{error, info, warn};

/// The source of these lines.
pub(crate) const SOURCE: &str = "govern";
/// Lines that one entry may give: an entry writes a customer's keys at most, and each gives one line.
const LINES_OF_ENTRY_BITS: u32 = 16;
/// Entries read at once.
const ENTRIES: u32 = 256;
/// The first pause after a failure, and the longest.
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// Why the record is not told further.
#[derive(Debug, thiserror::Error)]
enum TellError {
    #[error("the record cannot be read")]
    Store(#[from] StoreError),
    #[error("its lines cannot be written")]
    Events(#[from] EventsError),
}

/// Tells the record's entries, for ever.
#[derive(Clone)]
pub(crate) struct Teller {
    events: Arc<Events>,
    store: Store,
    /// The entry to read next.
    next: u64,
}

impl Teller {
    /// Goes on behind what was told.
    pub(crate) fn new(events: Arc<Events>, store: Store) -> Self {
        // The last entry that gave a line may not have given all of them.
        let next = events.held(SOURCE).checked_sub(1).map_or(0, |held| held >> LINES_OF_ENTRY_BITS);
        Self { events, store, next }
    }

    /// Tells all there is now. Before anybody else hands in events: what they tell of must be known.
    ///
    /// # Errors
    /// The record cannot be read, or the log takes nothing.
    pub(crate) async fn catch_up(&mut self) -> anyhow::Result<()> {
        let from = self.next;
        self.tell().await?;
        info!(from, entries = self.next - from, "The record was told to the event log");
        Ok(())
    }

    /// Tells what comes.
    pub(crate) async fn run(mut self) {
        let mut head = self.store.watch();
        let mut pause = PAUSE_MIN;
        loop {
            match self.tell().await {
                Ok(()) => {
                    pause = PAUSE_MIN;
                    self.events.record_trouble(None);
                    if head.changed().await.is_err() {
                        return;
                    }
                }
                Err(cause) => {
                    let text = format!(
                        "entry {} of the record is not told: {}",
                        self.next,
                        crate::exit::with_causes(&cause)
                    );
                    if pause == PAUSE_MIN {
                        error!("{text}");
                    }
                    self.events.record_trouble(Some(text));
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(PAUSE_MAX);
                }
            }
        }
    }

    async fn tell(&mut self) -> Result<(), TellError> {
        loop {
            let entries = self.store.entries(self.next, ENTRIES).await?;
            let Some(last) = entries.last().map(|entry| entry.index) else { return Ok(()) };
            let lines: Vec<_> = entries.iter().flat_map(lines).collect();
            if !lines.is_empty() {
                self.events.take(Batch { source: SOURCE.to_owned(), after: 0, lines, files: None }).await?;
            }
            self.next = last.saturating_add(1);
        }
    }
}

/// The lines of an entry. An erased one gives none: what it said was told when it was made.
fn lines(entry: &EntryRow) -> Vec<EventLine> {
    let Some(payload) = &entry.payload else { return Vec::new() };
    let told = images::lines(entry.index, entry.at, payload);
    for problem in &told.problems {
        // The record is as it is: waiting for it to become another would keep everything after it untold.
        warn!("Entry {} ({}) is not told wholly: {problem}", entry.index, entry.class);
    }
    let numbered = told.lines.into_iter().zip(0_u64..);
    numbered
        .map(|(text, place)| EventLine {
            position: position(entry.index, place),
            ts: entry.at,
            seq: None,
            source: None,
            text,
        })
        .collect()
}

/// Rises from entry to entry and from line to line, and never is 0.
const fn position(entry: u64, place: u64) -> u64 {
    ((entry << LINES_OF_ENTRY_BITS) | place).saturating_add(1)
}

/// Time of an entry, as lines bear it.
pub(super) fn time(at: Timestamp) -> String {
    at.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_rise_and_lead_back_to_their_entry() {
        let mut last = 0;
        for (entry, place) in [(0, 0), (0, 1), (0, 65_535), (1, 0), (7, 3)] {
            let position = position(entry, place);
            assert!(position > last);
            assert_eq!((position - 1) >> LINES_OF_ENTRY_BITS, entry);
            last = position;
        }
    }
}
