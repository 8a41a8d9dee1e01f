//! The merged log: everything that detection reads, in one order, on the control plane's disk (ADR 0018).
//!
//! One writer. [`Events::append`] takes lines of a source behind what is held of it, exactly once; the order in which they are
//! taken is the order of the log. [`record`] is a line with where it came from, [`book`] is what is held of each source, [`numbers`] what its own
//! numbers say, [`state`]
//! turns the record's entries into lines, [`clock`] tells the time.
//!
//! Never here: what a line means to detection, HTTP, whose rights allow what.

mod book;
pub(crate) mod clock;
mod numbers;
pub(crate) mod record;
pub(crate) mod state;

use crate::atomic_file;
use crate::config::Config;
use crate::exit::Failed;
use book::Book;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use sumun_model::Timestamp;
use sumun_server::events::{
    Batch, Detecting, EventLine, EventLog, EventsError, Source, Standing, Taken, Taking,
};
use sumun_stream::{
    DiskStorage, Log, LogError, LogOptions, Offset, Reader, Removed, Retention, SYNC_INTERVAL_DEFAULT, Syncer,
};
use tracing::{error, info, warn};

/// Wall clock, as a value: tests have their own.
pub(crate) type Clock = fn() -> Timestamp;

/// The log, open for writing.
pub(crate) struct Events {
    log: Log,
    book: Mutex<Book>,
    book_file: PathBuf,
    clock: Clock,
    bytes_max: u64,
    /// Detection needs what is at or behind this offset.
    needed_from: AtomicU64,
    /// Why entries of the ledger do not become lines.
    record_trouble: Mutex<Option<String>>,
    detecting: Mutex<Option<Detecting>>,
    _syncer: Syncer,
}

/// What is under these locks is whole between statements.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Events {
    /// Opens the log and finds out what is held of each source.
    ///
    /// # Errors
    /// Names what cannot be used.
    pub(crate) fn open(config: &Config, clock: Clock) -> anyhow::Result<Self> {
        let folder = config.events_dir();
        std::fs::create_dir_all(&config.data_dir)
            .map_err(|error| Failed(format!("cannot use `{}`: {error}", config.data_dir.display())))?;
        let unusable = |error: &dyn std::error::Error| {
            Failed(format!(
                "cannot open the event log in `{}`: {}",
                folder.display(),
                crate::exit::with_causes(error)
            ))
        };
        let storage = DiskStorage::open(&folder).map_err(|error| unusable(&error))?;
        let options = LogOptions {
            segment_bytes_max: config.events.segment_bytes_max.get(),
            first_offset: Offset::ZERO,
        };
        let (log, recovery) = Log::open(storage, options).map_err(|error| unusable(&error))?;
        if recovery.dropped_bytes > 0 {
            warn!(
                "`{}` ended in {} bytes of an unfinished record, which were never acknowledged and are cut off",
                folder.display(),
                recovery.dropped_bytes
            );
        }
        let book_file = config.data_dir.join("events.json");
        let book = Book::open(&book_file, &log).map_err(|error| unusable(&error))?;
        let syncer = Syncer::start(&log, SYNC_INTERVAL_DEFAULT).map_err(|error| unusable(&error))?;
        info!(lines = log.next().get(), sources = book.len(), "The event log is open");
        Ok(Self {
            log,
            book: Mutex::new(book),
            book_file,
            clock,
            bytes_max: config.events.bytes_max.get(),
            needed_from: AtomicU64::new(0),
            record_trouble: Mutex::default(),
            detecting: Mutex::default(),
            _syncer: syncer,
        })
    }

    /// Writes what is not held yet. Not durable yet: [`Events::durable`].
    fn append(&self, batch: &Batch) -> Result<Taken, EventsError> {
        let now = (self.clock)();
        let mut book = lock(&self.book);
        let held = book.held(&batch.source);
        if batch.after > held {
            return Err(EventsError::Gap { after: batch.after, held });
        }
        let new: Vec<&EventLine> = {
            let mut last = held;
            batch
                .lines
                .iter()
                .filter(|line| {
                    let is_new = line.position > last;
                    last = last.max(line.position);
                    is_new
                })
                .collect()
        };
        book.room_for(&batch.source)?;
        let payloads: Vec<Vec<u8>> = new
            .iter()
            .map(|line| record::encode(&batch.source, line.position, line.text.as_bytes()))
            .collect();
        self.log
            .append_batch(payloads.iter().map(|payload| (record::KIND, payload.as_slice())))
            .map_err(of_log)?;
        let time = new.iter().map(|line| line.ts.as_micros()).max();
        for line in &new {
            let numbered = line.seq.map(|seq| (line.source.as_deref().unwrap_or_default(), seq));
            book.note(&batch.source, line.position, numbered, line.ts);
        }
        book.heard(&batch.source, now, time.map(Timestamp::from_micros), batch.files);
        let held = book.held(&batch.source);
        drop(book);
        let taken = u64::try_from(new.len()).unwrap_or(u64::MAX);
        let sent = u64::try_from(batch.lines.len()).unwrap_or(u64::MAX);
        Ok(Taken { held, taken, skipped: sent.saturating_sub(taken) })
    }

    /// The last record written so far; nothing if there is none.
    fn last(&self) -> Option<Offset> {
        self.log.next().get().checked_sub(1).map(Offset::new)
    }

    /// As [`EventLog::take`].
    ///
    /// # Errors
    /// Nothing was taken, or it may not be durable; sent again, it is put right.
    pub(crate) async fn take(&self, batch: Batch) -> Result<Taken, EventsError> {
        let taken = self.append(&batch)?;
        // What was held before may be younger than the last sync.
        let Some(last) = self.last() else { return Ok(taken) };
        let (tell, told) = tokio::sync::oneshot::channel();
        self.log.on_durable(
            last,
            Box::new(move |answer| {
                // Who asked may have gone; the lines are there all the same.
                let _ = tell.send(answer.map(|_| ()));
            }),
        );
        match told.await {
            Ok(Ok(())) => Ok(taken),
            Ok(Err(error)) => Err(of_log(error)),
            Err(_) => Err(EventsError::Stopped("the log was closed".to_owned())),
        }
    }

    /// The highest position held of a source; 0 if nothing.
    pub(crate) fn held(&self, source: &str) -> u64 {
        lock(&self.book).held(source)
    }

    /// How late the sources of the last minute or so deliver, microseconds.
    pub(crate) fn lag_us(&self) -> i64 {
        let now = (self.clock)();
        lock(&self.book).lag_us(now)
    }

    /// Whether a source heard in the last seconds brings what is older than that.
    pub(crate) fn catching_up(&self, lag_us: i64) -> bool {
        let now = (self.clock)();
        lock(&self.book).catching_up(now, lag_us)
    }

    /// Reads on from an offset, durable lines only.
    pub(crate) fn reader(&self, from: Offset) -> Reader {
        self.log.durable_reader(from)
    }

    /// The oldest offset kept.
    pub(crate) fn first(&self) -> Offset {
        self.log.first()
    }

    /// Everything below is durable.
    pub(crate) fn durable(&self) -> Offset {
        self.log.durable()
    }

    /// Detection needs nothing below this offset any more.
    pub(crate) fn needed_from(&self, offset: Offset) {
        self.needed_from.store(offset.get(), Ordering::Relaxed);
    }

    /// How detection stands.
    pub(crate) fn detecting(&self, detecting: Detecting) {
        *lock(&self.detecting) = Some(detecting);
    }

    /// Why entries of the ledger do not become lines; `None`: they do.
    pub(crate) fn record_trouble(&self, trouble: Option<String>) {
        *lock(&self.record_trouble) = trouble;
    }

    /// Why the log takes nothing more, if so. Only opening it anew helps.
    pub(crate) fn stopped(&self) -> Option<Arc<str>> {
        self.log.poisoned().map(Arc::from)
    }

    /// Notes on the disk what is held of each source, then gives old files back. Blocks.
    pub(crate) fn keep_house(&self) {
        if let Err(cause) = self.write_book() {
            // Without it nothing may be dropped: what is held of a silent source stands there alone.
            warn!(
                "What is held of each source could not be noted: {cause}; nothing is dropped from the event log"
            );
            return;
        }
        match self.trim() {
            Ok(removed) if removed.segments > 0 => {
                info!(files = removed.segments, bytes = removed.bytes, "The oldest events were dropped");
            }
            Ok(_) => {}
            Err(error) => error!("The event log could not give back what is old: {error}"),
        }
    }

    fn write_book(&self) -> Result<(), String> {
        let text = {
            let book = lock(&self.book);
            book.text(self.log.next())
        };
        // What the book says is held must be.
        self.log.sync().map_err(|error| error.to_string())?;
        let written = atomic_file::replace(&self.book_file, text.as_bytes());
        written
            .map_err(|error| crate::exit::with_causes(&error))?
            .durably()
            .map_err(|error| error.to_string())
    }

    /// Drops the oldest files while there is too much, and never one that detection needs.
    fn trim(&self) -> Result<Removed, LogError> {
        let needed_from = self.needed_from.load(Ordering::Relaxed);
        let mut removed = Removed::default();
        while self.log.bytes() > self.bytes_max {
            let Some(second) = self.log.segment_bases().into_iter().nth(1) else { break };
            if second.get() > needed_from {
                break;
            }
            let step = self.log.retain(&Retention { bytes_max: None, drop_below: Some(second) })?;
            if step.segments == 0 {
                break;
            }
            removed.segments += step.segments;
            removed.bytes += step.bytes;
        }
        Ok(removed)
    }
}

impl EventLog for Events {
    fn take(&self, batch: Batch) -> Taking<'_> {
        Box::pin(Self::take(self, batch))
    }

    fn sources(&self) -> Vec<Source> {
        lock(&self.book).sources((self.clock)())
    }

    fn standing(&self) -> Standing {
        Standing {
            first: self.log.first().get(),
            next: self.log.next().get(),
            bytes: self.log.bytes(),
            stopped: self.log.poisoned().map(str::to_owned),
            record: lock(&self.record_trouble).clone(),
            detecting: lock(&self.detecting).clone(),
        }
    }
}

fn of_log(error: LogError) -> EventsError {
    if error.is_full() { EventsError::Full } else { EventsError::Stopped(error.to_string()) }
}

#[cfg(test)]
mod tests;
