//! What is held of each source: its highest position, and what is missing of it.
//!
//! The log itself says it: each record carries source and position. So that a start need not read all of it, and a source that
//! has been silent for longer than the log is kept is not forgotten, the book is written down now and then, and a start reads
//! only what came since.

use super::numbers::{APART_MAX, Numbers, Sums};
use super::{clock, record, state};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
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
    /// What an older build counted, as if a log had one source.
    missing: u64,
    repeated: u64,
    /// The highest of all.
    seq: Option<u64>,
    /// Of an older build.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    late: BTreeSet<u64>,
    /// Since then, source by source.
    #[serde(default)]
    numbers: Option<Numbers>,
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
struct Stamp<'a> {
    ts: Timestamp,
    #[serde(default)]
    seq: Option<u64>,
    #[serde(default, borrow)]
    source: Option<Cow<'a, str>>,
}

impl Book {
    /// Reads the book, then what the log has that is younger.
    pub(super) fn open(path: &Path, log: &Log) -> Result<Self, LogError> {
        let (mut book, from) = match written(path) {
            // A log that ends before is another one, or was cut off: then it alone is believed.
            Some(mut written) if written.next <= log.next().get() => {
                // An older build counted places that are no lines.
                for (_, held) in written.sources.iter_mut().filter(|(source, _)| !counts_lines(source)) {
                    held.passed_over = 0;
                }
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
            let stamp = serde_json::from_slice::<Stamp<'_>>(event.line);
            let (ts, numbered) = stamp.map_or((Timestamp::MIN, None), |stamp| {
                (stamp.ts, stamp.seq.map(|seq| (stamp.source.unwrap_or_default(), seq)))
            });
            let numbered = numbered.as_ref().map(|(source, seq)| (source.as_ref(), *seq));
            book.note(event.source, event.position, numbered, ts);
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

    /// A line was written; it may have a number of whoever it says wrote it.
    pub(super) fn note(&mut self, source: &str, position: u64, numbered: Option<(&str, u64)>, ts: Timestamp) {
        let of = self.of(source);
        if counts_lines(source) {
            let over = position.saturating_sub(of.held.saturating_add(1));
            of.passed_over = of.passed_over.saturating_add(over);
        }
        of.held = of.held.max(position);
        of.lines = of.lines.saturating_add(1);
        of.ts = of.ts.max(Some(ts));
        if let Some((writer, seq)) = numbered
            && !of.number(source, writer, seq, ts)
        {
            warn!(
                "`{source}` hands in numbered lines of more than {APART_MAX} sources: of `{writer}` and further ones no missing number is \
                 seen. Give each sender's log fewer sources"
            );
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
            missing: of.missing.saturating_add(of.sums().missing),
            repeated: of.repeated.saturating_add(of.sums().repeated),
            restarted: of.sums().restarted,
            unnumbered: of.sums().unnumbered,
            numbered: of.numbers.as_ref().map(Numbers::told).unwrap_or_default(),
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
    fn sums(&self) -> Sums {
        self.numbers.as_ref().map(Numbers::sums).unwrap_or_default()
    }

    /// A line of this number came, of whoever it says wrote it. False if that is the first who is not counted apart.
    fn number(&mut self, source: &str, writer: &str, seq: u64, ts: Timestamp) -> bool {
        let numbers = self.numbers.get_or_insert_with(|| {
            let mut numbers = Numbers::default();
            // A gate's log has one writer, so that what an older build kept of it goes on. Of others it was a mixture.
            if let (Some(last), true) = (self.seq, sender(source) == format!("gate:{writer}")) {
                let take = std::mem::take::<u64>;
                let counted = (take(&mut self.missing), take(&mut self.repeated));
                numbers.go_on(writer, last, std::mem::take(&mut self.late), counted);
            }
            numbers
        });
        self.late.clear();
        self.seq = self.seq.max(Some(seq));
        numbers.note(writer, seq, ts)
    }

    fn lag_us(&self, now: Timestamp) -> i64 {
        let lately = self.lags.iter().filter(|(at, _)| now.micros_since(*at) <= LAG_LIVES_US);
        lately.map(|(_, lag)| *lag).max().unwrap_or_default()
    }
}

/// Whether positions count lines. The control plane's own do not: those of what its record tells are an entry's index and a place in it.
fn counts_lines(source: &str) -> bool {
    ![state::SOURCE, clock::SOURCE].contains(&source)
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
    use super::{Book, Held, Written};
    use std::collections::BTreeMap;
    use sumun_model::Timestamp;

    #[test]
    fn the_records_own_places_are_no_lines_that_were_passed_over() {
        let mut book = Book::default();
        for (source, position) in
            [("govern", 5 << 16), ("govern", 9 << 16), ("exchange:web", 1), ("exchange:web", 4)]
        {
            book.note(source, position, None, Timestamp::MIN);
        }
        let told: Vec<_> = book.sources(Timestamp::MIN).iter().map(|one| one.passed_over).collect();
        assert_eq!(told, [2, 0]);
    }

    #[test]
    fn a_gates_numbers_go_on_from_what_an_older_build_kept() {
        let held = Held { seq: Some(9), missing: 2, repeated: 1, late: [7, 8].into(), ..Held::default() };
        let sources: BTreeMap<_, _> =
            [("gate:g1:log".to_owned(), held.clone()), ("exchange:web".to_owned(), held)].into();
        let text = serde_json::to_string(&Written { next: 0, sources }).unwrap();
        let mut book = Book { sources: serde_json::from_str::<Written>(&text).unwrap().sources };
        for seq in [8, 11] {
            book.note("gate:g1:log", seq, Some(("g1", seq)), Timestamp::MIN);
            book.note("exchange:web", seq, Some(("front", seq)), Timestamp::MIN);
        }
        let told: Vec<_> =
            book.sources(Timestamp::MIN).iter().map(|one| (one.missing, one.repeated, one.seq)).collect();
        assert_eq!(told[0], (2 + 2, 1, Some(11)), "of a mixture nothing goes on");
        assert_eq!(told[1], (2, 1, Some(11)));
    }
}
