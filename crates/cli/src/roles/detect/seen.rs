//! What gates saw, told to whoever asks owners: *is it you?*, addresses on their way into effect, tests of control.
//!
//! A reader of its own: a question must not wait for what detection makes of the same line. How far it was told stands in a
//! small file; what is told twice after a crash is known by its place and event.

use super::Shared;
use crate::atomic_file;
use crate::roles::events::{clock, record};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use sumun_govern::Refusal;
use sumun_govern::owner::Noticed;
use sumun_model::Timestamp;
use sumun_model::wire::{Line, Origin, parse_line};
use sumun_stream::{LogError, Offset, Reader};
use tracing::{error, warn};

/// Lines looked at together.
const LINES: usize = 256;
/// How often is looked whether there are new lines, where there were none.
const LOOK: Duration = Duration::from_millis(5);
/// How often the place is noted, microseconds.
const NOTE_EVERY_US: i64 = 1_000_000;
const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(2);
/// A line that cannot be taken in is told so often; then the next one is.
const TRIES_MAX: u32 = 20;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    /// Offset of the line to be told next.
    next: u64,
    /// How far each source of the exchange's own log had come before it, microseconds since 1970.
    #[serde(default)]
    flow: BTreeMap<String, i64>,
}

/// Tells.
pub(super) struct Seer {
    shared: Arc<Shared>,
    file: PathBuf,
    next: u64,
    /// How far the exchange's own log had come there.
    flow: BTreeMap<String, i64>,
    noted: (u64, Timestamp),
}

/// Why a batch is not told.
#[derive(Debug, thiserror::Error)]
enum TellError {
    #[error("the event log cannot be read")]
    Read(#[from] LogError),
    #[error("{0}")]
    Refused(Refusal),
    #[error("event `{0}` was not taken in: {1}")]
    Failed(String, &'static str),
}

impl Seer {
    /// Goes on where it was.
    pub(super) fn open(shared: Arc<Shared>, file: PathBuf) -> Self {
        let (first, durable) = (shared.events.first().get(), shared.events.durable().get());
        let told = std::fs::read(&file).ok().map(|text| serde_json::from_slice::<Told>(&text));
        let next = match told {
            None => first,
            Some(Ok(told)) if told.next <= durable => {
                shared.govern.cuts.flowed(&told.flow);
                told.next.max(first)
            }
            Some(_) => {
                warn!(
                    "`{}` does not belong to this event log; owners are asked about what comes from now on",
                    file.display()
                );
                durable
            }
        };
        shared.owners_need.store(next, Ordering::Relaxed);
        // Somebody will say up to when everything was told; until then no window of a test is judged on what was not read yet.
        shared.govern.watch.heard(Timestamp::MIN);
        let noted = (next, crate::clock::now());
        let flow = shared.govern.cuts.flow();
        Self { shared, file, next, flow, noted }
    }

    pub(super) fn run(mut self) {
        let mut reader = self.shared.events.reader(Offset::new(self.next));
        let (mut pause, mut tries) = (PAUSE_MIN, 0);
        while !self.shared.stopping() {
            match self.tell(&mut reader) {
                Ok(0) => {
                    (pause, tries) = (PAUSE_MIN, 0);
                    self.shared.pause(LOOK);
                }
                Ok(_) => (pause, tries) = (PAUSE_MIN, 0),
                Err(cause) => {
                    tries += 1;
                    if pause == PAUSE_MIN {
                        error!("What gates saw is not told to owners: {}", crate::exit::with_causes(&cause));
                    }
                    match cause {
                        TellError::Read(LogError::Trimmed { first, .. }) => self.next = first.get(),
                        TellError::Failed(..) if tries >= TRIES_MAX => {
                            // Those that could be taken in were.
                            error!("It is passed over after {tries} tries");
                            self.next = reader.next_offset().get();
                            tries = 0;
                        }
                        _ => {}
                    }
                    reader = self.shared.events.reader(Offset::new(self.next));
                    self.shared.pause(pause);
                    pause = (pause * 2).min(PAUSE_MAX);
                }
            }
            self.note(false);
        }
        self.note(true);
    }

    /// Tells what comes next; how many lines were read.
    fn tell(&mut self, reader: &mut Reader) -> Result<usize, TellError> {
        let govern = &self.shared.govern;
        let mut lines = Vec::new();
        while lines.len() < LINES {
            let Some(record) = reader.poll()? else { break };
            lines.push(record);
        }
        if lines.is_empty() {
            return Ok(0);
        }
        self.shared.runtime.block_on(govern.refresh_watch()).map_err(TellError::Refused)?;
        self.shared.runtime.block_on(govern.refresh_cuts()).map_err(TellError::Refused)?;
        let (mut ticked, now) = (None, crate::clock::now());
        let noticed: Vec<Noticed> = lines
            .iter()
            .filter_map(|record| {
                let event = record::decode(record)?;
                if event.source == clock::SOURCE && event.line.starts_with(br#"{"type":"tick""#) {
                    let origin = Origin { source_name: event.source, line: record.offset.get() };
                    if let Ok(Line::Tick(tick)) = parse_line(origin, std::str::from_utf8(event.line).ok()?) {
                        // What gates saw until then stands before it in the log.
                        ticked = ticked.max(Some(tick.ts));
                    }
                    return None;
                }
                if !event.line.starts_with(br#"{"type":"access""#) && !event.source.starts_with("gate:") {
                    return None;
                }
                let position = record.offset.get().saturating_add(1);
                let origin = Origin { source_name: event.source, line: position };
                match parse_line(origin, std::str::from_utf8(event.line).ok()?) {
                    Ok(Line::Access(line)) => {
                        if !event.source.starts_with("gate:") {
                            govern.cuts.notice(&line, event.source, now);
                        }
                        let mut noticed = govern.watch.notice(&line, position)?;
                        if event.source.starts_with("gate:") {
                            noticed = noticed.of_gate();
                        }
                        let network = self.shared.data.0.look_up(noticed.address);
                        Some(match network {
                            Some(network) => noticed.of_network(network.asn, network.country.as_deref()),
                            None => noticed,
                        })
                    }
                    _ => None,
                }
            })
            .collect();
        if !noticed.is_empty() {
            let saw = self.shared.runtime.block_on(govern.saw(&noticed)).map_err(TellError::Refused)?;
            if let Some((event, code)) = saw.failed.into_iter().next() {
                return Err(TellError::Failed(event, code));
            }
        }
        // Before the place is noted: what succeeded after a cut is told, whoever stops in between.
        self.shared.runtime.block_on(govern.tell_alive()).map_err(TellError::Refused)?;
        if let Some(up_to) = ticked {
            govern.watch.heard(up_to);
        }
        self.next = reader.next_offset().get();
        self.flow = govern.cuts.flow();
        Ok(lines.len())
    }

    fn note(&mut self, at_once: bool) {
        let (noted, at) = self.noted;
        let now = crate::clock::now();
        let due = at_once || now.micros_since(at).abs() >= NOTE_EVERY_US;
        if noted == self.next || !due {
            return;
        }
        self.noted = (self.next, now);
        let told = Told { next: self.next, flow: self.flow.clone() };
        let text = serde_json::to_vec(&told).unwrap_or_default();
        match atomic_file::replace(&self.file, &text) {
            Ok(written) => {
                written.warned();
                self.shared.owners_need.store(self.next, Ordering::Relaxed);
                self.shared.needs();
            }
            Err(error) => {
                warn!("How far owners were told could not be noted: {}", crate::exit::with_causes(&error));
            }
        }
    }
}
