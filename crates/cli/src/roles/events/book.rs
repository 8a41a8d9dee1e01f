//! What is held of each source: its highest position, and what is missing of it.
//!
//! The log itself says it: each record carries source and position. So that a start need not read all of it, and a source that
//! has been silent for longer than the log is kept is not forgotten, the book is written down now and then, and a start reads
//! only what came since.

use super::record;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;
use sumun_model::Timestamp;
use sumun_server::events::{EventsError, FilesTold, Source};
use sumun_stream::{Log, LogError, Offset};
use tracing::warn;

/// Sources kept apart: gates with a log each, the exchange's logs, and those that came before them.
const SOURCES_MAX: usize = 4096;
/// Of them, one sender's: each new log of its own is another, and no sender may leave the others without room.
const SOURCES_OF_SENDER_MAX: usize = 256;
/// How late a source delivers is remembered for so long, microseconds.
const LAG_LIVES_US: i64 = 60_000_000;
/// A source that brings what it kept sends a batch at least so often, microseconds.
const LATELY_US: i64 = 2_000_000;
/// Missing numbers of a source that may still come: lines that are decided at once are written in any order.
const LATE_MAX: usize = 1024;
/// Batches of a source whose delay is remembered.
const LAGS_MAX: usize = 32;

/// As it stands on the disk.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    /// Everything below this offset is in here.
    next: u64,
    /// By name.
    sources: BTreeMap<String, Held>,
}

/// What is held of one source.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Held {
    held: u64,
    lines: u64,
    passed_over: u64,
    missing: u64,
    repeated: u64,
    seq: Option<u64>,
    /// Of the missing numbers the latest.
    #[serde(default)]
    late: BTreeSet<u64>,
    ts: Option<Timestamp>,
    /// What it last said of the files it follows.
    #[serde(default)]
    files: Option<FilesTold>,
    #[serde(skip)]
    heard: Option<Timestamp>,
    /// When a batch came, and how late its newest line was.
    #[serde(skip)]
    lags: VecDeque<(Timestamp, i64)>,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Book {
    sources: BTreeMap<String, Held>,
}

/// What a line says that the book keeps.
#[derive(Deserialize)]
struct Stamp {
    ts: Timestamp,
    #[serde(default)]
    seq: Option<u64>,
}

impl Book {
    /// Reads the book, then what the log has that is younger.
    pub(super) fn open(path: &Path, log: &Log) -> Result<Self, LogError> {
        let (mut book, from) = match written(path) {
            // A log that ends before is another one, or was cut off: then it alone is believed.
            Some(written) if written.next <= log.next().get() => {
                (Self { sources: written.sources }, Offset::new(written.next))
            }
            Some(written) => {
                warn!(
                    "`{}` knows the event log up to line {}, and it ends at {}: it was exchanged. What is held of each \
                     source is read from the log alone",
                    path.display(),
                    written.next,
                    log.next()
                );
                (Self::default(), log.first())
            }
            None => (Self::default(), log.first()),
        };
        for record in log.reader(from.max(log.first())) {
            let record = record?;
            let Some(event) = record::decode(&record) else { continue };
            let stamp = serde_json::from_slice::<Stamp>(event.line);
            let (ts, seq) = stamp.map_or((None, None), |stamp| (Some(stamp.ts), stamp.seq));
            book.note(event.source, event.position, seq, ts.unwrap_or(Timestamp::MIN));
        }
        Ok(book)
    }

    pub(super) fn len(&self) -> usize {
        self.sources.len()
    }

    /// The highest position held; 0 if nothing.
    pub(super) fn held(&self, source: &str) -> u64 {
        self.sources.get(source).map_or(0, |held| held.held)
    }

    /// Whether one more can be kept apart, unless it is known.
    pub(super) fn room_for(&self, source: &str) -> Result<(), EventsError> {
        let known = self.sources.contains_key(source);
        if source.len() > record::SOURCE_BYTES_MAX || (!known && self.sources.len() >= SOURCES_MAX) {
            return Err(EventsError::Sources(self.sources.len()));
        }
        let of_sender = self.sources.keys().filter(|other| sender(other) == sender(source)).count();
        if !known && of_sender >= SOURCES_OF_SENDER_MAX {
            return Err(EventsError::Sources(of_sender));
        }
        Ok(())
    }

    /// A line was written.
    pub(super) fn note(&mut self, source: &str, position: u64, seq: Option<u64>, ts: Timestamp) {
        let of = self.of(source);
        of.passed_over = of.passed_over.saturating_add(position.saturating_sub(of.held.saturating_add(1)));
        of.held = of.held.max(position);
        of.lines = of.lines.saturating_add(1);
        of.ts = of.ts.max(Some(ts));
        if let Some(seq) = seq {
            of.number(seq);
        }
    }

    /// A batch came now, its newest line of this time.
    pub(super) fn heard(
        &mut self,
        source: &str,
        now: Timestamp,
        newest: Option<Timestamp>,
        files: Option<FilesTold>,
    ) {
        let of = self.of(source);
        of.heard = Some(now);
        of.files = files.or(of.files);
        if let Some(newest) = newest {
            if of.lags.len() >= LAGS_MAX {
                of.lags.pop_front();
            }
            of.lags.push_back((now, now.micros_since(newest).max(0)));
        }
    }

    fn of(&mut self, source: &str) -> &mut Held {
        if !self.sources.contains_key(source) {
            self.sources.insert(source.to_owned(), Held::default());
        }
        self.sources.entry(source.to_owned()).or_default()
    }

    /// The largest delay of the last minute.
    pub(super) fn lag_us(&self, now: Timestamp) -> i64 {
        self.sources.values().map(|held| held.lag_us(now)).max().unwrap_or_default()
    }

    /// Whether the newest batch of a source, come lately, was older than that.
    pub(super) fn catching_up(&self, now: Timestamp, lag_us: i64) -> bool {
        let mut newest = self.sources.values().filter_map(|held| held.lags.back());
        newest.any(|(at, lag)| now.micros_since(*at) <= LATELY_US && *lag > lag_us)
    }

    /// Every source.
    pub(super) fn sources(&self, now: Timestamp) -> Vec<Source> {
        let source = |(name, of): (&String, &Held)| Source {
            source: name.clone(),
            held: of.held,
            lines: of.lines,
            passed_over: of.passed_over,
            missing: of.missing,
            repeated: of.repeated,
            seq: of.seq,
            ts: of.ts,
            heard: of.heard,
            lag_us: of.lag_us(now),
            files: of.files,
        };
        self.sources.iter().map(source).collect()
    }

    /// As it is written down: all that stands below this offset.
    pub(super) fn text(&self, next: Offset) -> String {
        let written = Written { next: next.get(), sources: self.sources.clone() };
        // Numbers and texts under texts: nothing of it can fail.
        serde_json::to_string(&written).unwrap_or_default()
    }
}

impl Held {
    /// A line of this number came. One that was missed until now is neither missing nor a repeat.
    fn number(&mut self, seq: u64) {
        match self.seq {
            Some(last) if seq <= last => {
                if self.late.remove(&seq) {
                    self.missing = self.missing.saturating_sub(1);
                } else {
                    self.repeated = self.repeated.saturating_add(1);
                }
            }
            Some(last) => {
                self.missing = self.missing.saturating_add(seq - last - 1);
                let first = seq.saturating_sub(LATE_MAX as u64).max(last.saturating_add(1));
                self.late.extend(first..seq);
                while self.late.len() > LATE_MAX {
                    self.late.pop_first();
                }
            }
            None => {}
        }
        self.seq = self.seq.max(Some(seq));
    }

    fn lag_us(&self, now: Timestamp) -> i64 {
        let lately = self.lags.iter().filter(|(at, _)| now.micros_since(*at) <= LAG_LIVES_US);
        lately.map(|(_, lag)| *lag).max().unwrap_or_default()
    }
}

/// Whose log it is: `gate:g1` of `gate:g1:5f0c9b1e`, `exchange` of `exchange:orders`.
fn sender(source: &str) -> &str {
    source.rsplit_once(':').map_or(source, |(sender, _)| sender)
}

fn written(path: &Path) -> Option<Written> {
    let text = std::fs::read_to_string(path).ok()?;
    let read = serde_json::from_str(&text);
    if read.is_err() {
        warn!(
            "`{}` is damaged; what is held of each source is read from the event log alone",
            path.display()
        );
    }
    read.ok()
}

#[cfg(test)]
mod tests {
    use super::{Book, LATE_MAX};
    use sumun_model::Timestamp;

    fn counted(numbers: impl IntoIterator<Item = u64>) -> (u64, u64) {
        let mut book = Book::default();
        for (n, seq) in numbers.into_iter().enumerate() {
            book.note("gate:g1", n as u64 + 1, Some(seq), Timestamp::MIN);
        }
        let sources = book.sources(Timestamp::MIN);
        (sources[0].missing, sources[0].repeated)
    }

    #[test]
    fn a_line_that_comes_late_is_neither_missing_nor_a_repeat() {
        assert_eq!(counted([1, 3, 2, 4]), (0, 0));
        assert_eq!(counted([1, 3, 2, 4, 4, 7, 5, 9, 5]), (2, 2));
        // Of a long hole only its end may still come; nothing grows with it.
        let far = 10 + 5 * LATE_MAX as u64;
        assert_eq!(counted([1, far, far - 1, 2]), (far - 3, 1));
    }

    #[test]
    fn in_any_order_within_reach_the_count_is_that_of_the_set() {
        // 1 to 600 without every seventh, each eleventh twice, and blocks of eight turned round.
        let mut numbers: Vec<u64> = (1..=600).filter(|n| n % 7 != 0).collect();
        numbers.extend((2..600).filter(|n| n % 11 == 0 && n % 7 != 0));
        numbers[1..].sort_unstable();
        for block in numbers[1..].chunks_mut(8) {
            block.reverse();
        }
        let twice = (2..600).filter(|n| n % 11 == 0 && n % 7 != 0).count() as u64;
        assert_eq!(counted(numbers), (600 / 7, twice));
    }
}
