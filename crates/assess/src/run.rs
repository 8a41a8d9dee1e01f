//! The run: tables as of the beginning of the logs, then the logs merged by time, through the census and through detection.

use crate::census::Census;
use crate::conclude::{Everything, conclude};
use crate::found::Found;
use crate::report::{Report, SourceRead};
use crate::source::{AssessError, Role, Source};
use crate::stream::{BATCH, BATCHES_AHEAD, Stream, read};
use std::ops::ControlFlow;
use std::thread::scope;
use sumun_detect::network::NetworkData;
use sumun_detect::{Engine, Input as Fed};
use sumun_model::wire::Line;
use sumun_model::{Lang, Timestamp};
use sumun_policy::Policy;

/// Bounds of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// A key unused for so many days is dormant.
    pub dormant_days: u32,
    /// Longest validity, days. 365 and one for a leap day: what the venues give.
    pub validity_days_max: u32,
    /// Most addresses of a key.
    pub addresses_max: usize,
    /// IPv4 prefixes shorter than this are wide.
    pub wide_v4: u8,
    /// IPv6 prefixes shorter than this are wide.
    pub wide_v6: u8,
    /// Most entries of a list.
    pub list_max: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            dormant_days: 90,
            validity_days_max: 366,
            addresses_max: 10,
            wide_v4: 29,
            wide_v6: 64,
            list_max: 20,
        }
    }
}

/// How far a run is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Rows of tables taken; they come first.
    pub rows: u64,
    /// Lines of logs taken.
    pub lines: u64,
    /// Where in time.
    pub at: Option<Timestamp>,
}

/// What a run is made with.
pub struct With<'w> {
    /// The policy the engine's judge goes by.
    pub policy: &'w Policy,
    /// Data on networks; the engine's.
    pub data: &'w dyn NetworkData,
    /// Bounds of findings.
    pub bounds: Bounds,
    /// In which language.
    pub lang: Lang,
    /// Is told after every batch.
    pub progress: &'w mut dyn FnMut(Progress),
}

struct Flow<'e> {
    engine: &'e mut Engine,
    census: Census,
    found: Found,
    position: u64,
    batch: Vec<Fed>,
}

impl Flow<'_> {
    fn take(&mut self, line: Line) {
        self.census.see(&line);
        self.position += 1;
        self.batch.push(Fed { position: self.position, line });
        if self.batch.len() >= BATCH {
            self.feed();
        }
    }

    fn feed(&mut self) {
        for output in self.engine.feed(std::mem::take(&mut self.batch)) {
            self.found.take(output);
        }
    }
}

/// Reads everything and concludes. The engine has seen nothing, and its judge is a ladder that nobody approves anything for.
///
/// # Errors
/// An export cannot be read at all, or gives no key or no event.
pub fn assess(
    sources: Vec<Source<'_>>,
    engine: &mut Engine,
    with: &mut With<'_>,
) -> Result<Report, AssessError> {
    let (mut tables, logs): (Vec<_>, Vec<_>) = sources.into_iter().partition(|source| source.role.is_table());
    tables.sort_by_key(|source| source.role);
    let found = Found::new(with.policy, with.lang);
    let mut flow = Flow { engine, census: Census::default(), found, position: 0, batch: Vec::new() };
    scope(|scope| {
        let mut streams: Vec<Stream<'_>> = logs.into_iter().map(|log| Stream::open(scope, log)).collect();
        let Some(from) = streams.iter_mut().filter_map(Stream::peek).min() else {
            // What cannot be read at all says more than that there was nothing.
            for stream in &mut streams {
                stream.end()?;
            }
            return Err(AssessError::NoEvents);
        };
        let (mut read, mut rows) = (Vec::new(), 0);
        for table in tables {
            let role = table.role;
            read.push(self::table(&mut flow, table, from, &mut rows, with)?);
            if role == Role::Accounts {
                flow.census.accounts_are_told();
            }
        }
        flow.feed();
        if flow.census.keys.is_empty() {
            return Err(AssessError::NoKeys);
        }
        let (to, ahead_max) = logs_by_time(&mut flow, &mut streams, rows, with);
        // Beside those held: batches on their way, and one that is being filled.
        let waiting_max = ahead_max + streams.len() * (BATCHES_AHEAD + 1) * BATCH;
        for stream in &mut streams {
            let (role, leaps, late, gaps) = (stream.role, stream.leaps, stream.late, stream.gaps);
            read.push(SourceRead { role, leaps, late, gaps, counted: stream.end()? });
        }
        let Some(to) = to else { return Err(AssessError::NoEvents) };
        let Flow { engine, census, found, .. } = flow;
        let counts = engine.counts();
        let everything = Everything { read, census: &census, found: &found, counts, from, to, waiting_max };
        Ok(conclude(everything, with))
    })
}

/// Feeds a table as of the beginning of the logs.
fn table(
    flow: &mut Flow<'_>,
    source: Source<'_>,
    from: Timestamp,
    rows: &mut u64,
    with: &mut With<'_>,
) -> Result<SourceRead, AssessError> {
    let role = source.role;
    let mut given = source.given.clone();
    given.insert("as_of".to_owned(), from.to_string());
    let (counted, outcome) = read(source, given, &mut |line| {
        // A table of keys names accounts as well; what the table of accounts says stands.
        let known =
            matches!(line, Line::Account(line) if role == Role::Keys && flow.census.knows(&line.account));
        if !known {
            flow.take(line.clone());
        }
        *rows += 1;
        if rows.is_multiple_of(BATCH as u64) {
            (with.progress)(Progress { rows: *rows, lines: 0, at: None });
        }
        ControlFlow::Continue(())
    });
    outcome?;
    Ok(SourceRead { role, leaps: 0, late: 0, gaps: 0, counted })
}

/// The last time, and the most lines that waited.
fn logs_by_time(
    flow: &mut Flow<'_>,
    streams: &mut [Stream<'_>],
    rows: u64,
    with: &mut With<'_>,
) -> (Option<Timestamp>, usize) {
    let (mut to, mut ahead_max, mut lines) = (None, 0, 0);
    loop {
        let heads = streams.iter_mut().enumerate();
        let next = heads.filter_map(|(place, stream)| Some((stream.peek()?, place))).min();
        let Some((at, place)) = next else { break };
        ahead_max = ahead_max.max(streams.iter().map(Stream::held).sum());
        let Some(line) = streams.get_mut(place).and_then(Stream::next) else { break };
        to = to.max(Some(at));
        lines += 1;
        flow.take(line);
        if lines % BATCH as u64 == 0 {
            (with.progress)(Progress { rows, lines, at: to });
        }
    }
    flow.feed();
    (with.progress)(Progress { rows, lines, at: to });
    (to, ahead_max)
}
