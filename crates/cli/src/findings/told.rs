//! Lines up to an instant, from a file or from an event log's folder, through an engine: for whoever looks back at one key.

use super::input::Lines;
use crate::exit::BadInput;
use crate::roles::events::record;
use anyhow::Context;
use std::fs::File;
use std::io::BufReader;
use std::num::NonZeroUsize;
use std::path::Path;
use sumun_detect::{Engine, Input, Output};
use sumun_model::Timestamp;
use sumun_model::wire::{Line, Origin, TickLine, parse_line};
use sumun_stream::{JoinedRecord, LogReader, Start};

/// How far the log may be behind itself: what the ledger tells comes up to this much after what gates saw later.
const BEHIND_US: i64 = 60_000_000;
/// Lines taken at once.
const BATCH: usize = 4_096;

/// Runs everything that had happened by `at` and hands over what it brings; engine time is `at` in the end.
///
/// # Errors
/// The log cannot be read, or a line of it is bad.
pub fn run_to(
    engine: &mut Engine,
    log: &Path,
    at: Timestamp,
    look: &mut dyn FnMut(&[Input]),
    mut found: impl FnMut(Output),
) -> anyhow::Result<()> {
    let mut taken = Taken { engine, at, look, over: false };
    if log.is_dir() {
        taken.folder(log, &mut found)?;
    } else {
        taken.file(log, &mut found)?;
    }
    if engine.now().is_some_and(|now| now < at) {
        let position = engine.position().unwrap_or(0) + 1;
        let tick = TickLine { ts: at, type_word: Default::default(), source: None, seq: None, ext: None };
        engine.feed([Input { position, line: Line::Tick(Box::new(tick)) }]).into_iter().for_each(found);
    }
    Ok(())
}

struct Taken<'a> {
    engine: &'a mut Engine,
    at: Timestamp,
    look: &'a mut dyn FnMut(&[Input]),
    over: bool,
}

impl Taken<'_> {
    fn file(&mut self, path: &Path, found: &mut impl FnMut(Output)) -> anyhow::Result<()> {
        let shown = path.display().to_string();
        let file = File::open(path)
            .map_err(|error| BadInput(format!("failed to open `{shown}`: {error}; name a file of lines")))?;
        let mut lines = Lines::new(BufReader::with_capacity(1 << 18, file), &shown, 0);
        loop {
            let batch = lines
                .next(BATCH, NonZeroUsize::MIN, false)
                .with_context(|| format!("failed to read `{shown}`"))?;
            self.feed(batch.good, found);
            if self.over {
                return Ok(());
            }
            if let Some(error) = batch.bad.first() {
                return Err(BadInput(error.to_string()).into());
            }
            if batch.ended {
                return Ok(());
            }
        }
    }

    fn folder(&mut self, dir: &Path, found: &mut impl FnMut(Output)) -> anyhow::Result<()> {
        let shown = dir.display().to_string();
        let mut reader = LogReader::open_read_only(dir, Start::First)
            .with_context(|| format!("failed to open the event log at `{shown}`"))?;
        let mut batch = Vec::new();
        while !self.over {
            let record =
                reader.poll().with_context(|| format!("failed to read the event log at `{shown}`"))?;
            let ended = record.is_none();
            if let Some(record) = record {
                let text = record::decode(&record)
                    .map(|event| event.line)
                    .or_else(|| JoinedRecord::parse(&record).map(|joined| joined.payload))
                    .and_then(|line| std::str::from_utf8(line).ok())
                    .ok_or_else(|| BadInput(format!("`{shown}`: record {} is no event", record.offset)))?;
                let position = record.offset.get() + 1;
                let origin = Origin { source_name: &shown, line: position };
                let line = parse_line(origin, text).map_err(|error| BadInput(error.to_string()))?;
                batch.push(Input { position, line });
            }
            if ended || batch.len() >= BATCH {
                self.feed(std::mem::take(&mut batch), found);
            }
            if ended {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Feeds what had happened by then, by each line's own time and not by its place: an end stands in the log behind requests that came
    /// after it.
    fn feed(&mut self, mut lines: Vec<Input>, found: &mut impl FnMut(Output)) {
        let last = Timestamp::from_micros(self.at.as_micros().saturating_add(BEHIND_US));
        if let Some(beyond) = lines.iter().position(|input| input.ts() > last) {
            lines.truncate(beyond);
            self.over = true;
        }
        lines.retain(|input| input.ts() <= self.at);
        (self.look)(&lines);
        self.engine.feed(lines).into_iter().for_each(found);
    }
}
