//! The run: tables as of the beginning, then rounds of all logs by time, through detection; findings into a file.
//!
//! A round reads what stood there at one look, and is written down before it is begun, so that whoever is killed merges the same lines in the
//! same order. What was written in the meantime is the next round's, until there is nothing, or hardly anything, left.

mod aside;
mod say;
mod tables;

use super::files::Files;
use super::log::{Log, Stands};
use super::senders::{Counts, Undeclared};
use super::settings::Table;
use super::settings::sent::{Apart, Sent};
use super::work::{Beside, Progress, Round, Work};
use super::work::{FINDINGS, MERGED, REFUSED};
use crate::clock;
use crate::exit::{BadInput, Failed};
use crate::findings::print;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::Write;
use sumun_detect::{Engine, Input, Output};
use sumun_model::wire::Line;
use sumun_model::{Lang, Timestamp};

/// Rounds at most: each reads what was written during the one before.
const ROUNDS_MAX: u32 = 16;
/// A round that took no longer is the last: what was written since is for the tap.
const SHORT_US: i64 = 2_000_000;
/// So often the clock is asked whether to say how far it is. Lines: a tenth of a second of the slowest rate measured.
const SAY_LINES: u64 = 1000;
/// As live: a line further ahead of the clock is put aside.
const AHEAD_US: i64 = 60_000_000;

/// How it runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct How {
    pub(super) batch: usize,
    pub(super) save_every: u64,
    pub(super) lang: Lang,
    /// Ends as if it were killed, behind so many lines.
    pub(super) killed_behind: Option<u64>,
}

/// Everything that moves.
pub(super) struct History {
    pub(super) progress: Progress,
    pub(super) engine: Engine,
    pub(super) files: Vec<Files>,
    pub(super) log: Log,
    /// Senders whose lines stand in a log's files too, and those whose lines stand in none.
    pub(super) declared: (Vec<Sent>, Vec<Apart>),
    work: Work,
    how: How,
    findings: Beside,
    refused: Beside,
    merged: Option<Beside>,
    batch: Vec<Input>,
    /// Lines looked at when the state was last written down.
    saved: u64,
    /// When this process began, lines looked at then, when it last said something, and bytes of the round.
    said: (Timestamp, u64, Timestamp, u64),
}

fn lines_of(lines: u64) -> String {
    crate::output::count(usize::try_from(lines).unwrap_or(usize::MAX), "line")
}

/// Where the next line comes from: a file of a source, or the event log, which comes first of those of one instant.
type From = (Timestamp, usize, u64);

impl History {
    /// Goes on with it.
    pub(super) fn new(
        work: Work,
        progress: Progress,
        engine: Engine,
        files: Vec<Files>,
        log: Log,
        declared: (Vec<Sent>, Vec<Apart>),
        how: How,
    ) -> anyhow::Result<Self> {
        let findings = work.beside(FINDINGS, progress.findings_bytes)?;
        let refused = work.beside(REFUSED, progress.refused_bytes)?;
        let merged = progress.merged_bytes.map(|bytes| work.beside(MERGED, bytes)).transpose()?;
        let now = clock::now();
        let mut history = Self {
            saved: 0,
            progress,
            engine,
            files,
            log,
            declared,
            work,
            how,
            findings,
            refused,
            merged,
            batch: Vec::new(),
            said: (now, 0, now, 0),
        };
        history.saved = history.looked_at();
        history.said.1 = history.saved;
        Ok(history)
    }

    /// Lines fed, and lines left out: both take their time.
    fn looked_at(&self) -> u64 {
        self.left_out().saturating_add(self.progress.lines)
    }

    /// Lines left out of files.
    fn left_out(&self) -> u64 {
        self.files.iter().map(|files| files.left_out).fold(0, u64::saturating_add)
    }

    /// Reads all there is.
    ///
    /// # Errors
    /// A table cannot be read, or nothing can be written.
    pub(super) fn run(&mut self, tables: &[Table]) -> anyhow::Result<()> {
        if self.progress.as_of == Timestamp::MIN {
            if self.progress.round.is_none() {
                self.look()?;
            }
            self.begun_at()?;
            self.save()?;
        }
        for table in tables.iter().skip(self.progress.tables) {
            self.table(table)?;
            self.progress.tables += 1;
            self.save()?;
        }
        loop {
            let began = clock::now();
            if self.progress.round.is_none() {
                self.look()?;
            }
            let Some(round) = self.progress.round else { break };
            self.round(round)?;
            self.progress.round = None;
            self.progress.rounds += 1;
            self.save()?;
            if clock::now().micros_since(began) < SHORT_US && self.progress.rounds > 1
                || self.progress.rounds >= ROUNDS_MAX
            {
                break;
            }
        }
        Ok(())
    }

    /// A file of the folder.
    pub(super) fn path(&self, name: &str) -> std::path::PathBuf {
        self.work.path(name)
    }

    /// Lines put aside.
    pub(super) fn refused(&self) -> u64 {
        let of_files = self.files.iter().map(|files| files.refused).fold(0, u64::saturating_add);
        of_files.saturating_add(self.progress.refused_in_tables)
    }

    /// Looks what there is, and notes it as a round; none if there is nothing.
    fn look(&mut self) -> anyhow::Result<()> {
        let at = clock::now();
        for files in &mut self.files {
            files
                .look()
                .map_err(|error| Failed(format!("`{}`: cannot look into the folder: {error}", files.name)))?;
        }
        let Stands { first, next, first_ts, last, .. } = self.log.stands(&mut self.progress.senders)?;
        if self.progress.rounds == 0 && self.log.next == 0 {
            (self.log.next, self.progress.log.1, self.progress.log_from) = (first, first, first_ts);
        }
        let bytes = self.files.iter().map(Files::bytes).fold(0, u64::saturating_add);
        self.said.3 = bytes;
        if bytes > 0 || next > self.log.next {
            self.senders_are_known(at)?;
            self.progress.round = Some(Round { at, log_end: next });
            if next > self.log.next {
                self.progress.log_last = last;
            }
            self.save()?;
        }
        Ok(())
    }

    /// Whether it is said of every sender in the event log where its lines stand, where files are of the same time.
    fn senders_are_known(&mut self, at: Timestamp) -> anyhow::Result<()> {
        let (sent, apart) = &self.declared;
        let begun = self.files.iter().filter_map(|files| files.begun.as_ref());
        let taps = begun.map(|begun| format!("exchange:{}", begun.log)).collect();
        for files in &mut self.files {
            let senders = &self.progress.senders;
            let types = files.events();
            let found =
                senders.undeclared(&types, sent, apart, &taps, |first, last| files.stand_within(first, last));
            if let Some(Undeclared { source, types, brought }) = found {
                let (name, types) = (&files.name, types.join("`, `"));
                return Err(BadInput(format!(
                    "`{source}` brought {} of type `{types}` into the event log, from {} to {}, and files of `{name}` are of that time too: \
                     where they hold the same, each would count twice. Say in a `[[sent]]` which it is, with `source = \"{source}\"` and either \
                     `log = \"{name}\"`, and what was sent is left out of the files; or `apart = true`, if its lines stand in no file",
                    lines_of(brought.lines),
                    brought.first,
                    brought.last
                ))
                .into());
            }
            if files.followed && senders.cover(sent, &files.name, at).goes_on() {
                let name = &files.name;
                return Err(BadInput(format!(
                    "a `[[sent]]` says that the lines of `{name}` are sent over HTTP too, and that sender still sends: with the tap of `{name}` \
                     each would count twice from now on. Stop that sender, and run this again in ten minutes; or take `{name}` out of the \
                     tap's file, and name its files by `[[read]]`"
                ))
                .into());
            }
        }
        Ok(())
    }

    /// When history begins: as of then tables count.
    fn begun_at(&mut self) -> anyhow::Result<()> {
        let Some(round) = self.progress.round else {
            return Err(BadInput("no line is there to be read; look at the files named".to_owned()).into());
        };
        let until = round.at.plus_micros(AHEAD_US);
        let heads = self.files.iter_mut().flat_map(|files| files.begin(until));
        let first = heads.map(|(at, _)| at).filter(|at| *at > Timestamp::MIN).min();
        self.progress.as_of = first.or(self.log.begin(round.log_end)?).unwrap_or(round.at);
        Ok(())
    }

    fn round(&mut self, round: Round) -> anyhow::Result<()> {
        let until = round.at.plus_micros(AHEAD_US);
        for files in &mut self.files {
            files.cover = self.progress.senders.cover(&self.declared.0, &files.name, round.at);
        }
        let mut heap: BinaryHeap<Reverse<From>> = BinaryHeap::new();
        if let Some(at) = self.log.begin(round.log_end)? {
            heap.push(Reverse((at, 0, 0)));
        }
        for (index, files) in self.files.iter_mut().enumerate() {
            heap.extend(files.begin(until).into_iter().map(|(at, number)| Reverse((at, index + 1, number))));
        }
        while let Some(Reverse((at, source, number))) = heap.pop() {
            let Some(index) = source.checked_sub(1) else {
                if let Some(event) = self.log.take() {
                    self.take(event.line, &event.text)?;
                }
                heap.extend(self.log.peek()?.map(|at| Reverse((at, 0, 0))));
                self.now_and_then()?;
                continue;
            };
            let Some(files) = self.files.get_mut(index) else { continue };
            // A file that was not opened yet may begin otherwise than it seemed.
            let is = files.peek(number);
            if is == Some(at) && files.waits(number) {
                continue;
            }
            let made = if is == Some(at) { files.take(number) } else { None };
            let next = if made.is_some() { files.peek(number) } else { is };
            heap.extend(next.map(|at| Reverse((at, source, number))));
            self.told_of_files(index)?;
            match (made, self.files.get_mut(index)) {
                (Some(made), Some(files)) if files.cover.counts(&made.line, made.ts()) == Counts::There => {
                    files.left_out = files.left_out.saturating_add(1);
                }
                (Some(made), _) => self.take(made.line, &made.text)?,
                (None, _) => {}
            }
            self.now_and_then()?;
        }
        self.files.iter_mut().for_each(Files::end_round);
        Ok(())
    }

    /// Between two lines, with nothing half done: says how far it is, and writes it down.
    fn now_and_then(&mut self) -> anyhow::Result<()> {
        let looked_at = self.looked_at();
        if looked_at.is_multiple_of(SAY_LINES) {
            self.say();
        }
        if looked_at.saturating_sub(self.saved) >= self.how.save_every { self.save() } else { Ok(()) }
    }

    fn take(&mut self, line: Line, text: &str) -> anyhow::Result<()> {
        if let Some(merged) = &mut self.merged {
            merged.write_all(text.as_bytes())?;
            merged.write_all(b"\n")?;
        }
        self.progress.lines += 1;
        self.batch.push(Input { position: self.progress.lines, line });
        if self.batch.len() >= self.how.batch {
            self.feed()?;
            self.say();
        }
        if self.how.killed_behind == Some(self.progress.lines) {
            return Err(Failed("killed".to_owned()).into());
        }
        Ok(())
    }

    fn feed(&mut self) -> anyhow::Result<()> {
        for output in self.engine.feed(std::mem::take(&mut self.batch)) {
            self.progress.signals += u64::from(matches!(output, Output::Signal(_)));
            print::write(&mut self.findings, output, self.how.lang)?;
        }
        Ok(())
    }

    /// Writes everything down: whoever begins again goes on from here.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn save(&mut self) -> anyhow::Result<()> {
        self.feed()?;
        for index in 0..self.files.len() {
            self.told_of_files(index)?;
        }
        self.findings.sync()?;
        self.refused.sync()?;
        if let Some(merged) = &mut self.merged {
            merged.sync()?;
        }
        self.progress.files = self.files.iter().map(Files::mark).collect();
        (self.progress.log.0, self.progress.log.2) = (self.log.next, self.log.lines);
        self.progress.findings_bytes = self.findings.bytes;
        self.progress.refused_bytes = self.refused.bytes;
        self.progress.merged_bytes = self.merged.as_ref().map(|merged| merged.bytes);
        self.saved = self.looked_at();
        let engine = self.engine.save().map_err(|error| Failed(error.to_string()))?;
        self.work.save(&self.progress, &engine)
    }
}
