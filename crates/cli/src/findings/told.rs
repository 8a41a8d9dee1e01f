//! Lines up to an instant, from a file, from an event log's folder, or from the one and then the other, through an engine: for whoever looks
//! back at one key.

use super::input::Lines;
use crate::exit::BadInput;
use crate::roles::detect::seam::Seam;
use crate::roles::events::record;
use anyhow::Context;
use std::fs::File;
use std::io::BufReader;
use std::num::NonZeroUsize;
use std::path::Path;
use sumun_detect::{Engine, Input, Output};
use sumun_model::Timestamp;
use sumun_model::wire::{Line, Origin, TickLine, parse_line};
use sumun_stream::{JoinedRecord, LogReader, Offset, Start};

/// How far the log may be behind itself: what the ledger tells comes up to this much after what gates saw later.
const BEHIND_US: i64 = 60_000_000;
/// Lines taken at once.
const BATCH: usize = 4_096;

/// Where lines are read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Read<'a> {
    /// A file of lines.
    File(&'a Path),
    /// An event log's folder.
    Folder(&'a Path),
    /// All lines of history, and the event log behind them.
    History(&'a Path, &'a Path, &'a Seam),
}

/// Runs everything that had happened by `at` and hands over what it brings; engine time is `at` in the end.
///
/// # Errors
/// The log cannot be read, or a line of it is bad.
pub(crate) fn run_to(
    engine: &mut Engine,
    log: Read<'_>,
    at: Timestamp,
    look: &mut dyn FnMut(&[Input]),
    mut found: impl FnMut(Output),
) -> anyhow::Result<()> {
    let mut taken = Taken { engine, at, look, over: false };
    match log {
        Read::File(file) => {
            taken.file(file, &mut found)?;
        }
        Read::Folder(folder) => taken.folder(folder, None, &mut found)?,
        Read::History(file, folder, seam) => {
            let lines = taken.file(file, &mut found)?;
            if !taken.over {
                if lines != seam.history {
                    let told = format!(
                        "`{}` has {lines} lines, and the history that live detection took up has {}: it is of another back-fill",
                        file.display(),
                        seam.history
                    );
                    return Err(BadInput(told).into());
                }
                taken.folder(folder, Some(seam), &mut found)?;
            }
        }
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
    /// Returns how many lines it read.
    fn file(&mut self, path: &Path, found: &mut impl FnMut(Output)) -> anyhow::Result<u64> {
        let shown = path.display().to_string();
        let file = File::open(path)
            .map_err(|error| BadInput(format!("failed to open `{shown}`: {error}; name a file of lines")))?;
        let mut lines = Lines::new(BufReader::with_capacity(1 << 18, file), &shown, 0);
        let mut read = 0_u64;
        loop {
            let batch = lines
                .next(BATCH, NonZeroUsize::MIN, false)
                .with_context(|| format!("failed to read `{shown}`"))?;
            read = read.saturating_add(u64::try_from(batch.good.len()).unwrap_or(u64::MAX));
            self.feed(batch.good, found);
            if self.over {
                return Ok(read);
            }
            if let Some(error) = batch.bad.first() {
                return Err(BadInput(error.to_string()).into());
            }
            if batch.ended {
                return Ok(read);
            }
        }
    }

    fn folder(
        &mut self,
        dir: &Path,
        seam: Option<&Seam>,
        found: &mut impl FnMut(Output),
    ) -> anyhow::Result<()> {
        let shown = dir.display().to_string();
        let start = seam.map_or(Start::First, |seam| Start::At(Offset::new(seam.from)));
        let mut reader = LogReader::open_read_only(dir, start)
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
                let offset = record.offset.get();
                let position = seam.map_or(offset + 1, |seam| seam.position(offset));
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
