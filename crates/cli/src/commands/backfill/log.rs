//! The control plane's own event log as a source of history: what gates, the record and other senders brought until now, read beside its
//! writer. Detection goes on behind the last line that is read here.

use super::senders::Senders;
use crate::exit::Failed;
use crate::roles::detect::{policy, snapshot};
use crate::roles::events::record;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use sumun_model::Timestamp;
use sumun_model::wire::{Line, Origin, parse_line};
use sumun_stream::{LogReader, Offset, Record, Start};

/// What stands in the log now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stands {
    /// The oldest line kept.
    pub(super) first: u64,
    /// The line behind the last.
    pub(super) next: u64,
    /// When the oldest happened.
    pub(super) first_ts: Option<Timestamp>,
    /// The policy that the last line of its kind names.
    pub(super) policy: Option<policy::Named>,
    /// Digest of the last line, as snapshots name it.
    pub(super) last: String,
}

/// One line of it.
pub(super) struct Event {
    pub(super) ts: Timestamp,
    pub(super) line: Line,
    pub(super) text: String,
}

/// The log, being read.
pub(super) struct Log {
    folder: PathBuf,
    /// The line to be read next.
    pub(super) next: u64,
    end: u64,
    reader: Option<LogReader>,
    ahead: Option<Event>,
    /// Lines taken.
    pub(super) lines: u64,
    /// Of these sources, lines up to a position are read from files.
    without: BTreeMap<String, u64>,
}

impl Log {
    /// From a line on.
    pub(super) fn new(folder: &Path, next: u64, lines: u64) -> Self {
        let without = BTreeMap::new();
        Self { folder: folder.to_owned(), next, end: next, reader: None, ahead: None, lines, without }
    }

    /// Without what taps handed in of files that are read themselves, up to a position of each tap's log.
    pub(super) fn without<'a>(mut self, taps: impl Iterator<Item = (&'a str, u64)>) -> Self {
        self.without = taps.map(|(log, position)| (format!("exchange:{log}"), position)).collect();
        self
    }

    fn is_left_out(&self, found: &Record) -> bool {
        let covers = |event: record::Event<'_>| {
            self.without.get(event.source).is_some_and(|position| event.position <= *position)
        };
        record::decode(found).is_some_and(covers)
    }

    fn failed(&self, error: &dyn std::error::Error) -> anyhow::Error {
        let folder = self.folder.display();
        Failed(format!("cannot read the event log in `{folder}`: {}", crate::exit::with_causes(error))).into()
    }

    fn open(&self, start: Start) -> anyhow::Result<Option<LogReader>> {
        let mut names = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        if !names.any(|entry| entry.path().extension().is_some_and(|end| end == "seg")) {
            return Ok(None);
        }
        let reader = LogReader::open_read_only(&self.folder, start).map_err(|error| self.failed(&error))?;
        Ok(Some(reader))
    }

    /// What stands there now, from the line to be read next on; who sent it is noted.
    pub(super) fn stands(&self, senders: &mut Senders) -> anyhow::Result<Stands> {
        let mut stands = Stands { first: self.next, next: self.next, ..Stands::default() };
        let start = if self.next == 0 { Start::First } else { Start::At(Offset::new(self.next)) };
        let Some(mut reader) = self.open(start)? else { return Ok(stands) };
        let mut begun = false;
        while let Some(found) = reader.poll().map_err(|error| self.failed(&error))? {
            if !begun {
                (begun, stands.first) = (true, found.offset.get());
                stands.first_ts = read(&found).map(|event| event.ts);
            }
            stands.next = found.offset.get().saturating_add(1);
            if let Some(event) = record::decode(&found) {
                stands.policy = policy::named(event.source, event.line).or(stands.policy);
                stands.last = snapshot::of_line(event.line);
                senders.note(event.source, event.line);
            }
        }
        Ok(stands)
    }

    /// Lines up to this one are read in this round.
    pub(super) fn begin(&mut self, end: u64) -> anyhow::Result<Option<Timestamp>> {
        self.end = end;
        if self.reader.is_none() && self.next < self.end {
            self.reader = self.open(Start::At(Offset::new(self.next)))?;
        }
        self.peek()
    }

    /// When the next line happened.
    pub(super) fn peek(&mut self) -> anyhow::Result<Option<Timestamp>> {
        while self.ahead.is_none() && self.next < self.end {
            let polled = self.reader.as_mut().map_or(Ok(None), LogReader::poll);
            let Some(found) = polled.map_err(|error| self.failed(&error))? else {
                let (next, end) = (self.next, self.end);
                return Err(Failed(format!(
                    "the event log had {end} lines, and ends at {next} now: it was exchanged; begin anew, in another `work` folder"
                ))
                .into());
            };
            // One that cannot be read was written by another version: detection passes it over too.
            self.ahead = if self.is_left_out(&found) { None } else { read(&found) };
            if self.ahead.is_none() {
                self.next = found.offset.get().saturating_add(1);
            }
        }
        Ok(self.ahead.as_ref().map(|event| event.ts))
    }

    /// Takes the line that was peeked at.
    pub(super) fn take(&mut self) -> Option<Event> {
        let event = self.ahead.take()?;
        self.next = self.next.saturating_add(1);
        self.lines = self.lines.saturating_add(1);
        Some(event)
    }
}

fn read(found: &Record) -> Option<Event> {
    let event = record::decode(found)?;
    let text = std::str::from_utf8(event.line).ok()?;
    let origin = Origin { source_name: event.source, line: found.offset.get() };
    let line = parse_line(origin, text).ok()?;
    let ts = sumun_detect::Input { position: 0, line };
    Some(Event { ts: ts.ts(), line: ts.line, text: text.to_owned() })
}
