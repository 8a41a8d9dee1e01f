//! Moves finished records from the spool into the event log, each exactly once, in the order they finished.
//!
//! What is emitted, and in which order, follows from the spool's records alone; every output record carries
//! the position it comes from. After a crash the drainer reads the spool again from its first kept record,
//! remembers what is open, and emits only what lies behind the last position the output has. It reads only
//! what is durable in the spool, so the output never knows more than the spool; and a spool segment goes
//! only when the output is synced and nothing in the segment is open. Never looks into a payload.

use std::collections::BTreeMap;

use crate::error::LogError;
use crate::log::{Frame, Log};
use crate::reader::Reader;
use crate::record::{Offset, Record, split_u64};
use crate::retention::Retention;
use crate::spool::{KIND_ABANDON, KIND_ADMIT, KIND_BOOT, KIND_GAP, KIND_OUTCOME, KIND_SINGLE, Spool};

/// Kind of a drained record in the output log.
pub const JOINED_KIND: u8 = 1;

/// Joined bytes collected for one write. 256 KiB: some hundred records for one system call.
const BATCH_BYTES: usize = 256 << 10;

/// Where in the spool an output record comes from; rises from record to record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The spool record that finished it.
    pub finished: Offset,
    /// The spool record that admitted it; the same one if there was only one.
    pub admitted: Offset,
}

impl Position {
    fn bytes(self) -> [u8; 16] {
        let both = (u128::from(self.admitted.get()) << 64) | u128::from(self.finished.get());
        both.to_le_bytes()
    }

    fn split(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (finished, rest) = split_u64(bytes)?;
        let (admitted, rest) = split_u64(rest)?;
        Some((Self { finished: Offset::new(finished), admitted: Offset::new(admitted) }, rest))
    }

    /// The last position that `output` holds.
    pub(crate) fn last_in(output: &Log) -> Result<Option<Self>, LogError> {
        for base in output.segment_bases().into_iter().rev() {
            let mut last = None;
            for record in output.reader(base) {
                if let Some(joined) = JoinedRecord::parse(&record?) {
                    last = Some(joined.position);
                }
            }
            if last.is_some() {
                return Ok(last);
            }
        }
        Ok(None)
    }
}

/// A drained record as the output log holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JoinedRecord<'a> {
    /// Where it came from.
    pub position: Position,
    /// What the joining closure returned.
    pub payload: &'a [u8],
}

impl<'a> JoinedRecord<'a> {
    /// Takes the position off a record of the output log; `None` for a record of another kind.
    #[must_use]
    pub fn parse(record: &'a Record) -> Option<Self> {
        if record.kind != JOINED_KIND {
            return None;
        }
        let (position, payload) = Position::split(&record.payload)?;
        Some(Self { position, payload })
    }
}

/// What is to become one output record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joined<'a> {
    /// An admitted request and how it ended.
    Complete {
        /// As given to [`Spool::admit`].
        admit: &'a [u8],
        /// As given to [`Spool::outcome`].
        outcome: &'a [u8],
    },
    /// As given to [`Spool::single`].
    Single(&'a [u8]),
    /// An admitted request whose outcome is unknown: abandoned, or left by a process that died.
    Unfinished {
        /// As given to [`Spool::admit`].
        admit: &'a [u8],
    },
    /// Requests that passed unrecorded.
    Gap {
        /// How many.
        count: u64,
        /// When the first was counted, microseconds since 1970.
        first_ts_us: i64,
        /// When the last was counted, microseconds since 1970.
        last_ts_us: i64,
    },
}

/// Why draining stopped; what was not moved is tried again by the next [`Drainer::pump`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DrainError {
    /// The spool cannot be read, or its segments cannot be removed.
    #[error("failed to read or trim the spool")]
    Spool(#[source] LogError),
    /// The output cannot be written. If it is full, draining goes on once there is space.
    #[error("failed to write the event log")]
    Output(#[source] LogError),
    /// The spool holds a record that no version known here writes.
    #[error("spool record {offset} of kind {kind} makes no sense; it was written by another version")]
    Unknown {
        /// Its place in the spool.
        offset: Offset,
        /// Its kind.
        kind: u8,
    },
}

/// What one [`Drainer::pump`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DrainReport {
    /// Records written to the output.
    pub written: u64,
    /// Records found in the output already, after a restart.
    pub skipped: u64,
    /// Spool segments removed.
    pub segments_removed: u64,
    /// Outcomes whose admit is not in the spool; not zero only if the output was replaced.
    pub orphans: u64,
}

/// Empties a [`Spool`]. There is one per spool, from [`Spool::open`].
#[derive(Debug)]
pub struct Drainer {
    spool: Spool,
    output: Log,
    reader: Reader,
    resume: Option<Position>,
    open: BTreeMap<Offset, Admit>,
    /// Joined and not yet in the output.
    queue: Vec<(Position, Vec<u8>)>,
    queue_bytes: usize,
    /// Written to the output and not yet synced there.
    unsynced: bool,
    /// A record that could not be handled; no later one is.
    stuck: Option<(Offset, u8)>,
}

#[derive(Debug)]
struct Admit {
    payload: Vec<u8>,
    /// Bytes of the spool before it.
    passed_bytes: u64,
}

impl Drainer {
    pub(crate) fn new(spool: Spool, output: Log, resume: Option<Position>) -> Self {
        let reader = spool.log().durable_reader(spool.log().first());
        Self {
            spool,
            output,
            reader,
            resume,
            open: BTreeMap::new(),
            queue: Vec::new(),
            queue_bytes: 0,
            unsynced: false,
            stuck: None,
        }
    }

    /// Moves all that is finished and durable in the spool, syncs the output, and gives spool space back.
    ///
    /// `join` turns each finished request into an output payload; `None` leaves it out (and it may be asked
    /// again after a restart). Syncing the spool is the [`Syncer`](crate::Syncer)'s or the caller's part.
    ///
    /// # Errors
    /// See [`DrainError`]. Nothing is lost or doubled: the next call goes on where this one stopped.
    pub fn pump(
        &mut self,
        join: &mut dyn FnMut(Joined<'_>) -> Option<Vec<u8>>,
    ) -> Result<DrainReport, DrainError> {
        self.spool.flush();
        let mut report = DrainReport::default();
        loop {
            let more = self.fill(join, &mut report)?;
            self.write_queue(&mut report)?;
            if !more {
                break;
            }
        }
        if self.unsynced {
            self.output.sync().map_err(DrainError::Output)?;
            self.unsynced = false;
        }
        let (needed, passed_bytes) = match self.open.first_key_value() {
            Some((offset, admit)) => (*offset, admit.passed_bytes),
            None => (self.reader.next_offset(), self.reader.passed_bytes()),
        };
        self.spool.release(passed_bytes);
        let retention = Retention { bytes_max: None, drop_below: Some(needed) };
        let removed = self.spool.log().retain(&retention).map_err(DrainError::Spool)?;
        report.segments_removed = removed.segments;
        Ok(report)
    }

    /// Makes what the spool holds durable, and so fit to be drained.
    pub(crate) fn sync_spool(&self) -> Result<Offset, LogError> {
        self.spool.sync()
    }

    /// Reads the spool until the queue is worth a write; `false` at the end.
    fn fill(
        &mut self,
        join: &mut dyn FnMut(Joined<'_>) -> Option<Vec<u8>>,
        report: &mut DrainReport,
    ) -> Result<bool, DrainError> {
        while self.queue_bytes < BATCH_BYTES {
            if let Some((offset, kind)) = self.stuck {
                return Err(DrainError::Unknown { offset, kind });
            }
            let passed_bytes = self.reader.passed_bytes();
            let Some(record) = self.reader.poll().map_err(DrainError::Spool)? else { return Ok(false) };
            let (offset, kind) = (record.offset, record.kind);
            if self.handle(record, passed_bytes, join, report).is_none() {
                self.stuck = Some((offset, kind));
            }
        }
        Ok(true)
    }

    /// Handles one spool record; `None` if it makes no sense.
    fn handle(
        &mut self,
        record: Record,
        passed_bytes: u64,
        join: &mut dyn FnMut(Joined<'_>) -> Option<Vec<u8>>,
        report: &mut DrainReport,
    ) -> Option<()> {
        let Record { offset, kind, payload } = record;
        let alone = Position { finished: offset, admitted: offset };
        match kind {
            KIND_ADMIT => {
                self.open.insert(offset, Admit { payload, passed_bytes });
            }
            KIND_SINGLE => self.emit(alone, Joined::Single(&payload), join, report),
            KIND_OUTCOME | KIND_ABANDON => {
                let (admitted, outcome) = split_u64(&payload)?;
                let admitted = Offset::new(admitted);
                let position = Position { finished: offset, admitted };
                let Some(Admit { payload: admit, .. }) = self.open.remove(&admitted) else {
                    // Its admit went with a segment that was drained, or with a lost output.
                    report.orphans += u64::from(self.resume.is_none_or(|resume| position > resume));
                    return Some(());
                };
                let joined = if kind == KIND_OUTCOME {
                    Joined::Complete { admit: &admit, outcome }
                } else {
                    Joined::Unfinished { admit: &admit }
                };
                self.emit(position, joined, join, report);
            }
            KIND_GAP => {
                let (count, rest) = split_u64(&payload)?;
                let (first, rest) = split_u64(rest)?;
                let (last, _) = split_u64(rest)?;
                let gap =
                    Joined::Gap { count, first_ts_us: first.cast_signed(), last_ts_us: last.cast_signed() };
                self.emit(alone, gap, join, report);
            }
            KIND_BOOT => {
                for (admitted, admit) in std::mem::take(&mut self.open) {
                    let position = Position { finished: offset, admitted };
                    self.emit(position, Joined::Unfinished { admit: &admit.payload }, join, report);
                }
            }
            _ => return None,
        }
        Some(())
    }

    fn emit(
        &mut self,
        position: Position,
        joined: Joined<'_>,
        join: &mut dyn FnMut(Joined<'_>) -> Option<Vec<u8>>,
        report: &mut DrainReport,
    ) {
        if self.resume.is_some_and(|resume| position <= resume) {
            report.skipped += 1;
        } else if let Some(payload) = join(joined) {
            self.queue_bytes += payload.len();
            self.queue.push((position, payload));
        }
    }

    fn write_queue(&mut self, report: &mut DrainReport) -> Result<(), DrainError> {
        if self.queue.is_empty() {
            return Ok(());
        }
        let prefixes: Vec<_> = self.queue.iter().map(|(position, _)| position.bytes()).collect();
        let frames: Vec<_> = self
            .queue
            .iter()
            .zip(&prefixes)
            .map(|((_, payload), prefix)| Frame { kind: JOINED_KIND, prefix, payload })
            .collect();
        self.output.write(&frames).map_err(DrainError::Output)?;
        report.written += self.queue.len() as u64;
        self.resume = self.queue.last().map(|(position, _)| *position);
        self.unsynced = true;
        self.queue.clear();
        self.queue_bytes = 0;
        Ok(())
    }
}
