//! A log as a stream of lines that can be asked for the next one: read by a thread of its own, a bounded way ahead.
//!
//! One clock set wrong for a moment would make everything behind it late. So a line that leaps ahead of its log is looked at with
//! those behind it: where most of them are back where they were, the leap was the clock's, and the line is left out and counted.
//! A real gap looks different: everything behind it stays there.

use crate::source::{AssessError, Role, Source};
use std::collections::{BTreeMap, VecDeque};
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Scope, ScopedJoinHandle};
use sumun_mapping::{GAP_US, LATE_US, Report, Run, Unusable};
use sumun_model::Timestamp;
use sumun_model::wire::Line;

/// Lines handed over at once.
pub(crate) const BATCH: usize = 2048;
/// Batches that may wait between the reader and the engine.
pub(crate) const BATCHES_AHEAD: usize = 4;
/// Lines that vote on a leap.
pub(crate) const VOTES: usize = 32;
/// At the end of a log, where nobody is left to vote, a leap wider than this is the clock's.
const LEAP_AT_END_US: i64 = 24 * GAP_US;

type Outcome = (Report, Result<(), Unusable>);

/// A log being read.
pub(crate) struct Stream<'s> {
    pub(crate) role: Role,
    from: Receiver<Vec<Line>>,
    reader: Option<ScopedJoinHandle<'s, Outcome>>,
    ahead: VecDeque<(Timestamp, Line)>,
    latest: Option<Timestamp>,
    /// Lines left out because a clock was ahead.
    pub(crate) leaps: u64,
    /// Lines further behind the latest than detection follows, once leaps are out.
    pub(crate) late: u64,
    /// Steps forward of more than an hour that stand.
    pub(crate) gaps: u64,
}

/// What a table or a log gave, counted.
pub(crate) fn read(
    source: Source<'_>,
    given: BTreeMap<String, String>,
    take: &mut dyn FnMut(&Line) -> ControlFlow<()>,
) -> Outcome {
    let mut run = Run::new(source.mapping, given);
    for input in source.inputs {
        let outcome = run.read(&input.name, input.from, &mut |row| row.lines.iter().try_for_each(&mut *take));
        if let Err(error) = outcome {
            return (run.into_report(), Err(error));
        }
    }
    (run.into_report(), Ok(()))
}

fn send(source: Source<'_>, to: &SyncSender<Vec<Line>>) -> Outcome {
    let mut batch = Vec::with_capacity(BATCH);
    let given = source.given.clone();
    let outcome = read(source, given, &mut |line| {
        batch.push(line.clone());
        if batch.len() < BATCH {
            return ControlFlow::Continue(());
        }
        let full = std::mem::replace(&mut batch, Vec::with_capacity(BATCH));
        if to.send(full).is_err() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    // Nobody there any more: the run has ended, and says why itself.
    let _ = to.send(batch);
    outcome
}

impl<'s> Stream<'s> {
    /// Begins to read.
    pub(crate) fn open<'m: 's>(scope: &'s Scope<'s, '_>, source: Source<'m>) -> Self {
        let (to, from) = sync_channel(BATCHES_AHEAD);
        let role = source.role;
        let reader = scope.spawn(move || send(source, &to));
        Self {
            role,
            from,
            reader: Some(reader),
            ahead: VecDeque::new(),
            latest: None,
            leaps: 0,
            late: 0,
            gaps: 0,
        }
    }

    /// When the next line happened.
    pub(crate) fn peek(&mut self) -> Option<Timestamp> {
        loop {
            self.fill(1);
            let (at, _) = self.ahead.front()?;
            let at = *at;
            let leapt = self.latest.is_none_or(|latest| at.micros_since(latest) > GAP_US);
            if !leapt || self.stands(at) {
                return Some(at);
            }
            self.ahead.pop_front();
            self.leaps += 1;
        }
    }

    /// The next line, clocks' leaps left out.
    pub(crate) fn next(&mut self) -> Option<Line> {
        let at = self.peek()?;
        let ahead = self.latest.map_or(0, |latest| at.micros_since(latest));
        self.late += u64::from(-ahead > LATE_US);
        self.gaps += u64::from(ahead > GAP_US);
        self.latest = self.latest.max(Some(at));
        self.ahead.pop_front().map(|(_, line)| line)
    }

    /// Whether a leap to there is where the log goes on.
    fn stands(&mut self, at: Timestamp) -> bool {
        self.fill(VOTES + 1);
        let behind = |(other, _): &&(Timestamp, Line)| at.micros_since(*other) > GAP_US - LATE_US;
        let voters = self.ahead.len().saturating_sub(1);
        let back = self.ahead.iter().skip(1).take(VOTES).filter(behind).count();
        if voters == 0 {
            return self.latest.is_none_or(|latest| at.micros_since(latest) <= LEAP_AT_END_US);
        }
        back * 2 <= voters.min(VOTES)
    }

    /// Has at least so many lines ahead, where there are as many.
    fn fill(&mut self, least: usize) {
        while self.ahead.len() < least {
            let Ok(batch) = self.from.recv() else { return };
            self.ahead.extend(batch.into_iter().filter_map(|line| Some((time(&line)?, line))));
        }
    }

    /// Lines held now.
    pub(crate) fn held(&self) -> usize {
        self.ahead.len()
    }

    /// What the reader counted, once everything was taken.
    pub(crate) fn end(&mut self) -> Result<Report, AssessError> {
        let fault = AssessError::Fault(self.role.line());
        let Some(reader) = self.reader.take() else { return Err(fault) };
        let (report, outcome) = reader.join().map_err(|_| fault)?;
        outcome.map_err(AssessError::Input)?;
        Ok(report)
    }
}

/// When an event happened; state has no place in a log.
pub(crate) fn time(line: &Line) -> Option<Timestamp> {
    Some(match line {
        Line::Session(line) => line.ts,
        Line::Access(line) => line.ts,
        Line::Order(line) => line.ts,
        Line::Trade(line) => line.ts,
        Line::Transfer(line) => line.ts,
        Line::Quote(line) => line.ts,
        Line::Report(line) => line.ts,
        _ => return None,
    })
}
