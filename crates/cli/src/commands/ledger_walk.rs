//! Verified entries one after the other, as the store takes them; the verification's end and progress beside.

use crate::clock;
use std::io::{IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};
use sumun_model::Timestamp;
use sumun_store::EntryRow;
use sumun_verifier::{Entry, Fault, Report, Verification};

/// From when on progress is shown, in microseconds: shorter work needs none.
const SILENT_US: i64 = 2_000_000;
/// Entries between two looks at the clock: some milliseconds.
const ENTRIES_PER_LOOK: u64 = 8192;

/// A verification under way.
pub(super) struct Walk {
    log: Verification,
    fault: Option<Fault>,
    seen: u64,
    started: Timestamp,
    shown: bool,
}

impl Walk {
    pub(super) fn new(log: Verification) -> Self {
        Self { log, fault: None, seen: 0, started: clock::now(), shown: false }
    }

    /// How it ended. If nobody walked to the end, the rest is walked now.
    pub(super) fn ended(&mut self) -> Result<Report, Fault> {
        while self.step().is_some() {}
        if self.shown {
            // The line with the count is no longer true.
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        self.log.report().cloned().ok_or_else(|| Fault {
            kind: sumun_verifier::FaultKind::Unreadable,
            file: "checkpoint".to_owned(),
            place: sumun_verifier::Place::Whole,
            entry: None,
            expected: "a verification that ended".to_owned(),
            found: "none".to_owned(),
        })
    }

    fn step(&mut self) -> Option<EntryRow> {
        if self.fault.is_some() {
            return None;
        }
        match self.log.next()? {
            Ok(entry) => {
                self.seen += 1;
                if self.seen.is_multiple_of(ENTRIES_PER_LOOK) {
                    self.look();
                }
                Some(row(entry))
            }
            Err(fault) => {
                self.fault = Some(fault);
                None
            }
        }
    }

    fn look(&mut self) {
        if clock::now().micros_since(self.started) > SILENT_US && std::io::stderr().is_terminal() {
            self.shown = true;
            let _ = write!(std::io::stderr(), "\r{} entries verified", self.seen);
        }
    }
}

/// What of it the store takes.
pub(super) struct Walking(pub(super) Arc<Mutex<Walk>>);

impl Iterator for Walking {
    type Item = EntryRow;

    fn next(&mut self) -> Option<EntryRow> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).step()
    }
}

fn row(entry: Entry) -> EntryRow {
    let leaf =
        format!("sumun-leaf/v1\n{}\n{}\n{}\n", entry.class, entry.sequenced, hex::encode(entry.commitment));
    let (salt, payload) = match entry.payload {
        Some(payload) => (Some(payload.salt), Some(payload.text.into())),
        None => (None, None),
    };
    let at = Timestamp::from_micros(i64::try_from(entry.sequenced).unwrap_or(i64::MAX));
    EntryRow { index: entry.index, class: entry.class, at, leaf, salt, payload }
}
