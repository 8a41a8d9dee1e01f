//! What would have been refused, counted from the merged log for the report of the ramp, over restarts.
//!
//! A reader of its own: nobody's request waits for it, and one place says what is counted. Counts and place are written together, now and
//! then and at the end, into one small file with a digest over it; after a crash the lines behind that place are read again. A file that is
//! damaged, or that another log belongs to, is told and not used: then all that the log still has is counted anew, and the report says since
//! when that is. The log is not kept for it: lines that were dropped or damaged before they were counted are passed over, told by their number,
//! and what was counted before them stands.
//! Never here: what counts, which is `sumun_server::shadow`'s; a reason to stop the control plane, for it is a report.

use crate::atomic_file;
use crate::roles::detect::snapshot::{framed, of_line, unframed};
use crate::roles::events::{Events, clock, record};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use sumun_model::Timestamp;
use sumun_model::wire::{Line, Origin, parse_line};
use sumun_server::Server;
use sumun_server::shadow::{Counted, Shadowed};
use sumun_store::StoreError;
use sumun_stream::{LogError, Offset, Reader};
use tracing::{error, info, warn};

/// Lines counted together.
const LINES: usize = 1024;
/// How often is looked whether there are new lines, where there were none.
const LOOK: Duration = Duration::from_millis(50);
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// Counts are written at most so often, microseconds.
const WRITE_EVERY_US: i64 = 2_000_000;
/// How far the log was read is written so often where nothing was counted, microseconds: so much is read again after a crash.
const PLACE_EVERY_US: i64 = 30_000_000;

/// Why lines are not counted.
#[derive(Debug, thiserror::Error)]
enum CountError {
    #[error("the event log cannot be read")]
    Read(#[from] LogError),
    #[error("segments of accounts cannot be looked up")]
    Store(#[from] StoreError),
}

/// What stands before the counts in the file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    /// Version of the file's form.
    version: u32,
    /// Digest of the line before the place: of another log it is another one. Empty where that line was not read.
    last: String,
}

const VERSION: u32 = 1;

/// The count, at work.
pub(super) struct Counting {
    stopping: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// Says that the count ended, if it ends by a fault of Sumun itself.
struct Ends;

impl Drop for Ends {
    fn drop(&mut self) {
        if std::thread::panicking() {
            warn!(
                "What would have been refused is not counted any more, by a fault of Sumun itself: the report's `lines_behind` grows until the \
                 control plane is started anew; nothing else depends on it"
            );
        }
    }
}

impl Counting {
    /// Goes on where it was, in a thread of its own: nobody waits for it, and it keeps nobody from starting.
    pub(super) fn start(server: &Arc<Server>, events: &Arc<Events>, file: PathBuf) -> Self {
        let stopping = Arc::new(AtomicBool::new(false));
        let (server, events) = (Arc::clone(server), Arc::clone(events));
        let runtime = tokio::runtime::Handle::current();
        let counter = Counter {
            server,
            events,
            runtime,
            file,
            stopping: Arc::clone(&stopping),
            last: String::new(),
            changed: false,
            written: (0, crate::clock::now()),
            failing: false,
        };
        let work = move || {
            let _ends = Ends;
            counter.run();
        };
        let thread = std::thread::Builder::new().name("shadow".to_owned()).spawn(work);
        let said = |error: &std::io::Error| warn!("What would have been refused is not counted: {error}");
        Self { stopping, thread: thread.inspect_err(said).ok() }
    }

    /// Stops, with what was counted written.
    pub(super) async fn stop(self) {
        self.stopping.store(true, Ordering::Relaxed);
        let Some(thread) = self.thread else { return };
        let joined = tokio::task::spawn_blocking(move || {
            thread.thread().unpark();
            let _ = thread.join();
        });
        let _ = joined.await;
    }
}

struct Counter {
    server: Arc<Server>,
    events: Arc<Events>,
    runtime: tokio::runtime::Handle,
    file: PathBuf,
    stopping: Arc<AtomicBool>,
    /// Digest of the line before the place; empty where none was read.
    last: String,
    /// Whether anything was counted since it was written.
    changed: bool,
    /// The place written last, and when.
    written: (u64, Timestamp),
    /// The file could not be written, which was said.
    failing: bool,
}

impl Counter {
    /// Goes on from the file, or counts anew.
    fn open(&mut self) {
        let shown = self.file.display();
        match std::fs::read(&self.file) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => {
                warn!("`{shown}` cannot be read, and what would have been refused is counted anew: {error}");
            }
            Ok(bytes) => match read(&bytes) {
                None => warn!("`{shown}` is damaged, and what would have been refused is counted anew"),
                Some((head, counted)) if self.is_of_log(&head, counted.next) => {
                    self.server.shadow.restore(&counted);
                    (self.last, self.written.0) = (head.last, counted.next);
                    let first = self.events.first().get();
                    if counted.next < first {
                        self.pass_over("the event log dropped them", first);
                    }
                    return;
                }
                Some(_) => {
                    warn!(
                        "`{shown}` belongs to another event log, and what would have been refused is counted anew"
                    );
                }
            },
        }
        self.anew();
    }

    /// Counts from the first line that the log still has; from now on if nobody can tell since when that is.
    fn anew(&mut self) {
        let (first, durable) = (self.events.first(), self.events.durable());
        let (since, next) = match began(&mut self.events.reader(first)) {
            Ok(since) => (since, first),
            Err(cause) => {
                let (now, cause) = (crate::clock::now(), crate::exit::with_causes(&cause));
                let lines = durable.get().saturating_sub(first.get());
                warn!(
                    "What would have been refused is counted from {now} on: {cause}. {lines} lines before that are never counted"
                );
                (now, durable)
            }
        };
        self.server.shadow.restore(&Counted::none(since, next.get()));
        (self.last, self.changed) = (String::new(), true);
        if durable > next {
            let lines = durable.get() - next.get();
            info!(%since, lines, "What would have been refused is counted from the first line of the event log");
        }
    }

    /// Goes on at a later line; what was counted stands.
    fn pass_over(&mut self, why: &str, next: u64) {
        let mut counted = self.server.shadow.counted();
        let lines = next.saturating_sub(counted.next);
        counted.next = next;
        self.server.shadow.restore(&counted);
        (self.last, self.changed) = (String::new(), true);
        warn!(
            "{lines} lines were never counted for what would have been refused: {why}. It goes on at line {next}"
        );
    }

    /// Whether the line before this offset is the one that was counted there, as far as it can still be read.
    fn is_of_log(&self, head: &Head, next: u64) -> bool {
        let (first, durable) = (self.events.first().get(), self.events.durable().get());
        if next > durable {
            return false;
        }
        let last = next.checked_sub(1).filter(|last| *last >= first && !head.last.is_empty());
        let Some(last) = last else { return true };
        // A damaged line tells nothing.
        let Ok(Some(found)) = self.events.reader(Offset::new(last)).poll() else { return true };
        of_line(&found.payload) == head.last
    }

    /// From where on lines can be read again, if so.
    fn readable_from(&self, cause: &CountError) -> Option<u64> {
        let next = self.server.shadow.next();
        match cause {
            CountError::Read(LogError::Trimmed { first, .. }) => Some(first.get()).filter(|at| *at > next),
            CountError::Read(LogError::Corrupt { .. }) => self.behind_damage(next),
            _ => None,
        }
    }

    /// The first readable line behind a damage; none while the log ends in the damaged file.
    ///
    /// Found by halving, for where files begin is the log's own affair: between two damages, whole lines may be passed over too.
    fn behind_damage(&self, next: u64) -> Option<u64> {
        let reads = |at: u64| matches!(self.events.reader(Offset::new(at)).poll(), Ok(Some(_)));
        let (mut bad, mut good) = (next, self.events.durable().get().checked_sub(1)?);
        if good < bad || !reads(good) {
            return None;
        }
        // Damage at a file's very end loses no line.
        if reads(bad) {
            return Some(bad);
        }
        while good - bad > 1 {
            if self.stopping.load(Ordering::Relaxed) {
                return None;
            }
            let between = bad + (good - bad) / 2;
            if reads(between) { good = between } else { bad = between }
        }
        Some(good)
    }

    fn run(mut self) {
        self.open();
        let mut reader = self.reader();
        let mut pause = PAUSE_MIN;
        while !self.stopping.load(Ordering::Relaxed) {
            match self.take(&mut reader) {
                Ok(lines) => {
                    if pause > PAUSE_MIN {
                        info!("What would have been refused is counted again");
                    }
                    pause = PAUSE_MIN;
                    if lines == 0 {
                        std::thread::park_timeout(LOOK);
                    }
                }
                Err(cause) => {
                    let shown = crate::exit::with_causes(&cause);
                    if let Some(next) = self.readable_from(&cause) {
                        self.pass_over(&shown, next);
                    } else if pause == PAUSE_MIN {
                        error!(
                            "What would have been refused is not counted: {shown}. The report's `lines_behind` says how many lines wait"
                        );
                    }
                    reader = self.reader();
                    std::thread::park_timeout(pause);
                    pause = (pause * 2).min(PAUSE_MAX);
                }
            }
            self.write(false);
        }
        self.write(true);
    }

    fn reader(&self) -> Reader {
        self.events.reader(Offset::new(self.server.shadow.next()))
    }

    /// Counts what comes next; how many lines were read. What was read before an error is counted.
    fn take(&mut self, reader: &mut Reader) -> Result<usize, CountError> {
        let (mut lines, mut shadowed, mut last) = (0, Vec::new(), None);
        let mut ended = Ok(());
        while lines < LINES {
            match reader.poll() {
                Ok(Some(found)) => {
                    lines += 1;
                    shadowed.extend(record::decode(&found).and_then(|event| counts(&event)));
                    last = Some(found);
                }
                Ok(None) => break,
                Err(cause) => {
                    ended = Err(cause);
                    break;
                }
            }
        }
        let Some(last) = last else {
            ended?;
            return Ok(0);
        };
        let next = last.offset.get().saturating_add(1);
        let any = !shadowed.is_empty();
        let (store, now) = (&self.server.govern.store, crate::clock::now());
        self.runtime.block_on(self.server.shadow.note(shadowed, next, store, now))?;
        self.changed |= any;
        self.last = of_line(&last.payload);
        ended?;
        Ok(lines)
    }

    /// Writes counts and place, if it is time to.
    fn write(&mut self, at_once: bool) {
        let (written, at) = self.written;
        let (now, next) = (crate::clock::now(), self.server.shadow.next());
        let wait_us = if self.changed { WRITE_EVERY_US } else { PLACE_EVERY_US };
        let nothing = !self.changed && written == next;
        if nothing || (!at_once && now.micros_since(at).abs() < wait_us) {
            return;
        }
        self.written.1 = now;
        let counted = self.server.shadow.counted();
        match self.write_now(&counted) {
            Ok(()) => {
                (self.written.0, self.changed, self.failing) = (next, false, false);
            }
            Err(cause) if !self.failing => {
                self.failing = true;
                warn!(
                    "What would have been refused could not be written to `{}`: {cause}; a restart reads the event log again",
                    self.file.display()
                );
            }
            Err(_) => {}
        }
    }

    fn write_now(&self, counted: &Counted) -> Result<(), String> {
        let body = serde_json::to_vec(counted).map_err(|error| error.to_string())?;
        let head = Head { version: VERSION, last: self.last.clone() };
        let bytes = framed(&head, &body).map_err(|error| error.to_string())?;
        let written = atomic_file::replace(&self.file, &bytes);
        written.map_err(|error| crate::exit::with_causes(&error))?.warned();
        Ok(())
    }
}

/// What the file holds; nothing if a byte of it is another.
fn read(bytes: &[u8]) -> Option<(Head, Counted)> {
    let (head, body) = unframed::<Head>(bytes)?;
    (head.version == VERSION).then_some(())?;
    Some((head, serde_json::from_slice(&body).ok()?))
}

/// What of this line counts.
fn counts(event: &record::Event<'_>) -> Option<Shadowed> {
    // Most lines are of requests that were allowed.
    let text = std::str::from_utf8(event.line).ok().filter(|text| text.contains(r#""deny""#))?;
    let line = parse_line(Origin { source_name: event.source, line: event.position }, text).ok()?;
    Shadowed::of(event.source, &line)
}

/// Since when there are lines behind this place: the first word of the control plane's own clock, or now.
fn began(reader: &mut Reader) -> Result<Timestamp, LogError> {
    while let Some(found) = reader.poll()? {
        let Some(event) = record::decode(&found).filter(|event| event.source == clock::SOURCE) else {
            continue;
        };
        let origin = Origin { source_name: event.source, line: event.position };
        let line = std::str::from_utf8(event.line).ok().and_then(|text| parse_line(origin, text).ok());
        if let Some(Line::Tick(tick)) = line {
            return Ok(tick.ts);
        }
    }
    Ok(crate::clock::now())
}
