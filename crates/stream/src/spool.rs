//! The gate's spool: what was admitted, how it ended, and a provable gap where nothing could be written.
//!
//! A request is admitted with one record before it is forwarded and finished with a second one; what needs
//! no forwarding (a refusal) is one record. When the spool cannot take a record it says so, never blocks for
//! space and never drops silently: the caller decides by the request's effect, and counts what it let pass
//! unrecorded with [`Spool::shed`]. The [`Drainer`](crate::Drainer) joins the halves into the event log.
//!
//! An admit without outcome keeps its segment and all later ones, so a request must end: with
//! [`Spool::outcome`], with [`Spool::abandon`], or with the process (the next one finds it unfinished).

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::drain::{Drainer, Position};
use crate::error::LogError;
use crate::log::{Frame, Log, LogOptions, lock};
use crate::record::Offset;
use crate::recovery::Recovery;
use crate::storage::Storage;
use crate::syncer::Syncer;

/// Largest payload of one half, in bytes.
///
/// 256 KiB: both halves joined, with as much again for what the joining adds, fit one record of the log.
pub const SPOOL_PAYLOAD_BYTES_MAX: usize = 256 << 10;

/// Tickets given up while the disk was full that are remembered until that can be written.
///
/// 65,536: more requests than one gate has in flight; those beyond stay open until the process restarts.
pub const ABANDONED_MAX: usize = 1 << 16;

/// Length of a gap's payload that proves there is space again: two blocks, a few records. What is behind its first
/// 24 bytes means nothing.
const GAP_PROBE_BYTES: usize = 8 << 10;

/// Payload: the admit's bytes.
pub(crate) const KIND_ADMIT: u8 = 1;
/// Payload: ticket u64, then the outcome's bytes.
pub(crate) const KIND_OUTCOME: u8 = 2;
/// Payload: the record's bytes.
pub(crate) const KIND_SINGLE: u8 = 3;
/// Payload: count u64, first and last time i64, microseconds.
pub(crate) const KIND_GAP: u8 = 4;
/// No payload: what is open here will never be finished.
pub(crate) const KIND_BOOT: u8 = 5;
/// Payload: ticket u64.
pub(crate) const KIND_ABANDON: u8 = 6;

/// How a spool is opened.
#[derive(Clone, Copy, Debug)]
pub struct SpoolOptions {
    /// Bytes not yet drained above which nothing is admitted. Disk use may exceed it by two segments and
    /// by the outcomes of what is in flight. Default 256 MiB: half a million requests, or some 10 s at the
    /// most a gate does, until the drainer catches up or the output's disk has space again.
    pub bytes_max: u64,
    /// As [`LogOptions::segment_bytes_max`]. Default 8 MiB: drained space returns in small steps.
    pub segment_bytes_max: u64,
}

impl Default for SpoolOptions {
    fn default() -> Self {
        Self { bytes_max: 256 << 20, segment_bytes_max: 8 << 20 }
    }
}

/// Why the spool takes no record now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// The drainer is behind.
    #[error("{bytes} bytes wait to be drained, the limit is {bytes_max}")]
    Backlog {
        /// Bytes not yet drained.
        bytes: u64,
        /// The limit.
        bytes_max: u64,
    },
    /// No space on the spool's disk.
    #[error("the spool's disk is full")]
    DiskFull,
    /// No new segment could be begun, for instance for want of file handles; the next record tries again.
    #[error("the spool cannot be written: {cause}")]
    Failing {
        /// What failed.
        cause: String,
    },
    /// A write or sync failed; only a restart helps.
    #[error("the spool is poisoned: {cause}")]
    Poisoned {
        /// What failed.
        cause: String,
    },
}

/// Why a record was not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpoolError {
    /// Nothing can be recorded now: refuse the request, or let it pass and call [`Spool::shed`].
    #[error("recording is unavailable: {cause}")]
    Unavailable {
        /// Why.
        #[source]
        cause: Cause,
    },
    /// The caller's record is too large, at any time.
    #[error("a record of {bytes} bytes is above the spool's limit of {bytes_max}")]
    TooLarge {
        /// Its length, in bytes.
        bytes: usize,
        /// The limit, in bytes.
        bytes_max: usize,
    },
}

/// Why a spool could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpoolOpenError {
    /// The spool's own log.
    #[error("failed to open the spool")]
    Spool(#[source] LogError),
    /// The log that the spool is drained into.
    #[error("failed to read the log that the spool is drained into")]
    Output(#[source] LogError),
    /// The output holds records of a spool that was further than this one.
    #[error(
        "the event log was drained up to spool offset {drained}, but this spool ends before {next}: \
         it is older than the event log; move the spool's folder away and a new one continues"
    )]
    Behind {
        /// Last spool offset found in the output.
        drained: Offset,
        /// The next offset of this spool.
        next: Offset,
    },
}

/// One admitted request whose outcome is owed. Consumed by [`Spool::outcome`] or [`Spool::abandon`].
#[derive(Debug, PartialEq, Eq)]
#[must_use = "an admitted request must be finished, or it keeps the spool from being drained"]
pub struct Ticket {
    offset: Offset,
}

impl Ticket {
    /// The admit's place in the spool.
    #[must_use]
    pub fn offset(&self) -> Offset {
        self.offset
    }

    /// The ticket of an admit at this place, for a caller that carries it through an interface of plain numbers.
    /// A place that was never admitted only makes an orphaned outcome, which the drainer counts.
    pub const fn from_offset(offset: Offset) -> Self {
        Self { offset }
    }
}

/// What [`Spool::open`] returns.
#[derive(Debug)]
pub struct Opened {
    /// The spool.
    pub spool: Spool,
    /// The one that empties it; there is only this one.
    pub drainer: Drainer,
    /// What opening the spool's log found.
    pub recovery: Recovery,
}

/// For readiness and metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpoolStatus {
    /// Why nothing can be recorded now, if so.
    pub unavailable: Option<Cause>,
    /// Bytes not yet drained.
    pub backlog_bytes: u64,
    /// The limit for them.
    pub bytes_max: u64,
    /// Requests let pass unrecorded since the process began.
    pub shed_total: u64,
    /// Of these, not yet covered by a written gap.
    pub shed_pending: u64,
    /// Gap records written since the process began.
    pub gaps_total: u64,
    /// Admits given up without outcome since the process began.
    pub abandoned_total: u64,
}

/// The spool. Cheap to clone; all clones are the same spool.
#[derive(Clone, Debug)]
pub struct Spool {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    log: Log,
    bytes_max: u64,
    /// How far the drainer is done, in the coordinate of [`Log::end_bytes`].
    released_bytes: AtomicU64,
    pending: Mutex<Pending>,
    /// Whether `pending` holds anything; spares the usual admit the lock.
    has_pending: AtomicBool,
    /// Whether the last write failed in a way that may pass, and how.
    has_failed: AtomicBool,
    failure: Mutex<Option<Cause>>,
    shed_total: AtomicU64,
    gaps_total: AtomicU64,
    abandoned_total: AtomicU64,
}

/// What must be written before the next admit.
#[derive(Debug, Default)]
struct Pending {
    boot: bool,
    gap: Option<Gap>,
    abandoned: Vec<[u8; 8]>,
}

#[derive(Clone, Copy, Debug)]
struct Gap {
    count: u64,
    first_ts_us: i64,
    last_ts_us: i64,
}

impl Gap {
    fn bytes(self) -> [u8; 24] {
        let mut bytes = [0; 24];
        let parts = [self.count.to_le_bytes(), self.first_ts_us.to_le_bytes(), self.last_ts_us.to_le_bytes()];
        for (to, from) in bytes.iter_mut().zip(parts.as_flattened()) {
            *to = *from;
        }
        bytes
    }
}

impl Spool {
    /// Opens the spool in `storage`, to be drained into `output`, which takes drained records only.
    ///
    /// # Errors
    /// Either log cannot be opened or read, or the spool is older than the output.
    pub fn open(
        storage: Arc<dyn Storage>,
        output: &Log,
        options: SpoolOptions,
    ) -> Result<Opened, SpoolOpenError> {
        output.sync().map_err(SpoolOpenError::Output)?;
        let resume = Position::last_in(output).map_err(SpoolOpenError::Output)?;
        let first_offset = resume.map_or(Offset::ZERO, |position| position.finished.plus(1));
        let log_options = LogOptions { segment_bytes_max: options.segment_bytes_max, first_offset };
        let (log, recovery) = Log::open(storage, log_options).map_err(SpoolOpenError::Spool)?;
        if let Some(position) = resume
            && position.finished >= log.next()
        {
            return Err(SpoolOpenError::Behind { drained: position.finished, next: log.next() });
        }
        let spool = Self {
            inner: Arc::new(Inner {
                log,
                bytes_max: options.bytes_max,
                released_bytes: AtomicU64::new(0),
                pending: Mutex::new(Pending { boot: true, ..Pending::default() }),
                has_pending: AtomicBool::new(true),
                has_failed: AtomicBool::new(false),
                failure: Mutex::default(),
                shed_total: AtomicU64::new(0),
                gaps_total: AtomicU64::new(0),
                abandoned_total: AtomicU64::new(0),
            }),
        };
        let drainer = Drainer::new(spool.clone(), output.clone(), resume);
        Ok(Opened { spool, drainer, recovery })
    }

    /// Records that a request is about to be forwarded. One system call; not yet durable.
    ///
    /// # Errors
    /// [`SpoolError::Unavailable`] or [`SpoolError::TooLarge`]; nothing was recorded.
    pub fn admit(&self, payload: &[u8]) -> Result<Ticket, SpoolError> {
        self.record(KIND_ADMIT, payload).map(|offset| Ticket { offset })
    }

    /// Records a decision and its outcome at once, for a request that is not forwarded.
    ///
    /// # Errors
    /// As [`Spool::admit`].
    pub fn single(&self, payload: &[u8]) -> Result<Offset, SpoolError> {
        self.record(KIND_SINGLE, payload)
    }

    /// Records how an admitted request ended. Taken even above `bytes_max`: it was promised room.
    ///
    /// # Errors
    /// As [`Spool::admit`]; the request then counts as abandoned and is drained as unfinished.
    #[expect(clippy::needless_pass_by_value, reason = "a ticket is spent: one admit has one outcome")]
    pub fn outcome(&self, ticket: Ticket, payload: &[u8]) -> Result<Offset, SpoolError> {
        let prefix = ticket.offset.get().to_le_bytes();
        let result = check_size(payload)
            .and_then(|()| self.put(&[Frame { kind: KIND_OUTCOME, prefix: &prefix, payload }]));
        if result.is_err() {
            self.give_up(&ticket);
        }
        result
    }

    /// Says that a request's outcome will never be known (its task was cancelled): drained as unfinished.
    #[expect(clippy::needless_pass_by_value, reason = "a ticket is spent: one admit has one outcome")]
    pub fn abandon(&self, ticket: Ticket) {
        self.give_up(&ticket);
        self.flush();
    }

    fn give_up(&self, ticket: &Ticket) {
        let mut pending = lock(&self.inner.pending);
        if pending.abandoned.len() < ABANDONED_MAX {
            pending.abandoned.push(ticket.offset.get().to_le_bytes());
        }
        self.inner.has_pending.store(true, Ordering::Release);
        self.inner.abandoned_total.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts `count` requests that passed unrecorded at `ts_us` (microseconds since 1970). They become
    /// one gap record as soon as the spool can be written again, before the next record.
    pub fn shed(&self, count: u64, ts_us: i64) {
        if count == 0 {
            return;
        }
        let mut pending = lock(&self.inner.pending);
        let gap = pending.gap.get_or_insert(Gap { count: 0, first_ts_us: ts_us, last_ts_us: ts_us });
        gap.count = gap.count.saturating_add(count);
        gap.first_ts_us = gap.first_ts_us.min(ts_us);
        gap.last_ts_us = gap.last_ts_us.max(ts_us);
        self.inner.has_pending.store(true, Ordering::Release);
        self.inner.shed_total.fetch_add(count, Ordering::Relaxed);
    }

    fn record(&self, kind: u8, payload: &[u8]) -> Result<Offset, SpoolError> {
        check_size(payload)?;
        self.room()?;
        let frame = Frame { kind, prefix: &[], payload };
        if self.inner.has_pending.load(Ordering::Acquire) {
            self.put_pending(true, Some(frame))
        } else {
            self.put(&[frame])
        }
    }

    /// Writes what waits for space, if there is space now. The drainer calls this.
    ///
    /// What lets the drainer finish requests goes out even above `bytes_max`: a spool full of requests that
    /// a dead process left open would otherwise stay full for ever. A gap waits for room.
    pub(crate) fn flush(&self) {
        if self.inner.has_pending.load(Ordering::Acquire) {
            // If it fails it stays pending, and `status` says why.
            let _ = self.put_pending(self.room().is_ok(), None);
        }
    }

    fn put_pending(&self, with_gap: bool, last: Option<Frame<'_>>) -> Result<Offset, SpoolError> {
        let mut pending = lock(&self.inner.pending);
        let mut gap = pending.gap.filter(|_| with_gap).map(|gap| gap.bytes().to_vec());
        // After a failed write a gap asks for as much room as records do, or the last free bytes of a block would
        // pass for a disk with space again.
        if let Some(bytes) = gap.as_mut().filter(|_| self.inner.has_failed.load(Ordering::Relaxed)) {
            bytes.resize(GAP_PROBE_BYTES, 0);
        }
        let mut frames = Vec::with_capacity(3 + pending.abandoned.len());
        if pending.boot {
            frames.push(Frame { kind: KIND_BOOT, prefix: &[], payload: &[] });
        }
        if let Some(bytes) = &gap {
            frames.push(Frame { kind: KIND_GAP, prefix: &[], payload: bytes });
        }
        frames.extend(pending.abandoned.iter().map(|ticket| Frame {
            kind: KIND_ABANDON,
            prefix: ticket,
            payload: &[],
        }));
        frames.extend(last);
        let first = self.put(&frames)?;
        let offset = first.plus((frames.len() as u64).saturating_sub(1));
        let left = if gap.is_some() { None } else { pending.gap };
        *pending = Pending { gap: left, ..Pending::default() };
        self.inner.has_pending.store(left.is_some(), Ordering::Release);
        self.inner.gaps_total.fetch_add(u64::from(gap.is_some()), Ordering::Relaxed);
        Ok(offset)
    }

    fn put(&self, frames: &[Frame<'_>]) -> Result<Offset, SpoolError> {
        let error = match self.inner.log.write(frames) {
            Ok(offset) => {
                if self.inner.has_failed.load(Ordering::Relaxed) {
                    *lock(&self.inner.failure) = None;
                    self.inner.has_failed.store(false, Ordering::Relaxed);
                }
                return Ok(offset);
            }
            Err(error) => error,
        };
        let cause = match error {
            LogError::Full => Cause::DiskFull,
            LogError::Poisoned { cause } => Cause::Poisoned { cause },
            other => Cause::Failing { cause: other.to_string() },
        };
        *lock(&self.inner.failure) = Some(cause.clone());
        self.inner.has_failed.store(true, Ordering::Relaxed);
        Err(SpoolError::Unavailable { cause })
    }

    fn room(&self) -> Result<(), SpoolError> {
        let bytes = self.backlog_bytes();
        let bytes_max = self.inner.bytes_max;
        if bytes >= bytes_max {
            return Err(SpoolError::Unavailable { cause: Cause::Backlog { bytes, bytes_max } });
        }
        Ok(())
    }

    /// Bytes not yet drained, framing included.
    #[must_use]
    pub fn backlog_bytes(&self) -> u64 {
        self.inner.log.end_bytes().saturating_sub(self.inner.released_bytes.load(Ordering::Acquire))
    }

    /// Whether the next record would be taken, as far as is known.
    #[must_use]
    pub fn healthy(&self) -> bool {
        self.unavailable().is_none()
    }

    fn unavailable(&self) -> Option<Cause> {
        if let Some(cause) = self.inner.log.poisoned() {
            return Some(Cause::Poisoned { cause: cause.to_owned() });
        }
        if let Some(cause) = lock(&self.inner.failure).clone() {
            return Some(cause);
        }
        match self.room() {
            Err(SpoolError::Unavailable { cause }) => Some(cause),
            _ => None,
        }
    }

    /// The state and the counters.
    #[must_use]
    pub fn status(&self) -> SpoolStatus {
        SpoolStatus {
            unavailable: self.unavailable(),
            backlog_bytes: self.backlog_bytes(),
            bytes_max: self.inner.bytes_max,
            shed_total: self.inner.shed_total.load(Ordering::Relaxed),
            shed_pending: lock(&self.inner.pending).gap.map_or(0, |gap| gap.count),
            gaps_total: self.inner.gaps_total.load(Ordering::Relaxed),
            abandoned_total: self.inner.abandoned_total.load(Ordering::Relaxed),
        }
    }

    /// Makes all that was recorded durable.
    ///
    /// # Errors
    /// [`LogError::Poisoned`].
    pub fn sync(&self) -> Result<Offset, LogError> {
        self.inner.log.sync()
    }

    /// Starts the thread that syncs the spool; see [`Syncer`].
    ///
    /// # Errors
    /// As [`Syncer::start`].
    pub fn start_syncer(&self, interval: Duration) -> io::Result<Syncer> {
        Syncer::start(&self.inner.log, interval)
    }

    /// Calls back once the admit is durable, or can no longer become so; see [`Log::on_durable`].
    pub fn on_durable(&self, ticket: &Ticket, call: Box<dyn FnOnce(Result<Offset, LogError>) + Send>) {
        self.inner.log.on_durable(ticket.offset, call);
    }

    /// Waits until the admit is durable. Blocks this thread.
    ///
    /// # Errors
    /// As [`Log::wait_durable`].
    pub fn wait_durable(&self, ticket: &Ticket) -> Result<Offset, LogError> {
        self.inner.log.wait_durable(ticket.offset)
    }

    pub(crate) fn log(&self) -> &Log {
        &self.inner.log
    }

    /// The drainer's word that all before this many bytes is no longer needed.
    pub(crate) fn release(&self, passed_bytes: u64) {
        self.inner.released_bytes.fetch_max(passed_bytes, Ordering::AcqRel);
    }
}

fn check_size(payload: &[u8]) -> Result<(), SpoolError> {
    let bytes = payload.len();
    if bytes > SPOOL_PAYLOAD_BYTES_MAX {
        return Err(SpoolError::TooLarge { bytes, bytes_max: SPOOL_PAYLOAD_BYTES_MAX });
    }
    Ok(())
}
