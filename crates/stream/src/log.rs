//! The log: many threads append, one at a time syncs, segments rotate.
//!
//! Never retries a failed sync and never reports a record durable that a sync did not cover. Locks, always
//! taken in this order: `gate` (one sync, rotation or removal at a time), `state` (one append), `signal`
//! or `waiters` (short). No callback runs under a lock.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, mpsc};

use crate::error::{LogError, is_full};
use crate::reader::Reader;
use crate::record::{KIND_MARK, Offset, PAYLOAD_BYTES_MAX, PREFIX_BYTES_MAX, encode};
use crate::recovery::{self, CreateError, POISON_NAME, Recovery};
use crate::retention::{self, Kept, Removed, Retention};
use crate::segment::{self, HEADER_BYTES};
use crate::storage::{Storage, StorageFile};

/// Size at which a segment is closed, unless said otherwise, in bytes.
///
/// 32 MiB: some 60,000 access lines. Large enough that rotation (three syncs inside one append) is rare,
/// small enough to be read whole at start and to give space back in small steps.
pub const SEGMENT_BYTES_MAX_DEFAULT: u64 = 32 << 20;

/// Callers that may wait for durability at once.
///
/// 65,536: more requests than one gate holds open; beyond it the caller is told rather than queued.
pub const WAITERS_MAX: usize = 1 << 16;

/// An append buffer larger than this is given back after use, in bytes.
const BUFFER_BYTES_KEPT: usize = 256 << 10;

/// How a log is opened.
#[derive(Clone, Copy, Debug)]
pub struct LogOptions {
    /// A segment that has reached this many bytes is closed before the next record.
    pub segment_bytes_max: u64,
    /// Offset of the first record, should the folder be empty.
    pub first_offset: Offset,
}

impl Default for LogOptions {
    fn default() -> Self {
        Self { segment_bytes_max: SEGMENT_BYTES_MAX_DEFAULT, first_offset: Offset::ZERO }
    }
}

/// A record about to be written; `prefix` is this crate's own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame<'a> {
    pub(crate) kind: u8,
    pub(crate) prefix: &'a [u8],
    pub(crate) payload: &'a [u8],
}

/// A durable log in one folder. Cheap to clone; all clones are the same log.
#[derive(Clone)]
pub struct Log {
    pub(crate) inner: Arc<Inner>,
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log")
            .field("first", &self.first())
            .field("durable", &self.durable())
            .field("next", &self.next())
            .finish_non_exhaustive()
    }
}

type Waiter = Box<dyn FnOnce(Result<Offset, LogError>) + Send>;

pub(crate) struct Inner {
    pub(crate) storage: Arc<dyn Storage>,
    segment_bytes_max: u64,
    gate: Mutex<()>,
    state: Mutex<State>,
    first: AtomicU64,
    next: AtomicU64,
    durable: AtomicU64,
    /// Bytes in the folder at opening plus all written since; never falls.
    end_bytes: AtomicU64,
    poison: OnceLock<String>,
    waiters: Mutex<Vec<(Offset, Waiter)>>,
    pub(crate) signal: Mutex<Signal>,
    pub(crate) signalled: Condvar,
}

/// What the syncer's thread waits for.
#[derive(Debug, Default)]
pub(crate) struct Signal {
    /// There is something to sync.
    pub(crate) dirty: bool,
    /// Somebody waits for it.
    pub(crate) urgent: bool,
    pub(crate) stop: bool,
    /// A syncer's thread runs; without one, whoever waits syncs by himself.
    pub(crate) attached: bool,
}

struct State {
    active: Arc<dyn StorageFile>,
    /// All segments, oldest first; the last is the active one, and its `bytes` is where the next frame goes.
    segments: VecDeque<Kept>,
    next: Offset,
    buffer: Vec<u8>,
    /// The syncer has been told that there is something to sync.
    told: bool,
}

impl State {
    fn active_bytes(&self) -> u64 {
        self.segments.back().map_or(0, |segment| segment.bytes)
    }

    fn active_base(&self) -> Offset {
        self.segments.back().map_or(Offset::ZERO, |segment| segment.base)
    }
}

/// Locks; a panic elsewhere cannot have left the data half-changed, since nothing under these locks panics.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Log {
    /// Opens the log in `storage`, creating or recovering it. All it returns with is durable.
    ///
    /// # Errors
    /// [`LogError::Corrupt`] if acknowledged records are damaged, [`LogError::Full`] if a new log does not
    /// fit, otherwise what the storage said.
    pub fn open(storage: Arc<dyn Storage>, options: LogOptions) -> Result<(Self, Recovery), LogError> {
        let found = recovery::open(&*storage, options.first_offset)?;
        let recovery = found.recovery;
        let bytes = found.segments.iter().map(|segment| segment.bytes).sum();
        let inner = Inner {
            storage,
            segment_bytes_max: options.segment_bytes_max,
            gate: Mutex::new(()),
            first: AtomicU64::new(recovery.first.get()),
            next: AtomicU64::new(recovery.next.get()),
            durable: AtomicU64::new(recovery.next.get()),
            end_bytes: AtomicU64::new(bytes),
            poison: OnceLock::new(),
            waiters: Mutex::default(),
            signal: Mutex::default(),
            signalled: Condvar::new(),
            state: Mutex::new(State {
                active: found.active,
                segments: found.segments.into(),
                next: recovery.next,
                buffer: Vec::new(),
                told: false,
            }),
        };
        Ok((Self { inner: Arc::new(inner) }, recovery))
    }

    /// Writes one record, with one system call, and returns its offset. Not yet durable.
    ///
    /// # Errors
    /// [`LogError::Full`] or, if no new segment could be begun, [`LogError::Io`]: nothing of the record is
    /// kept and appending may be tried again. [`LogError::Poisoned`], [`LogError::TooLarge`] or [`LogError::ReservedKind`].
    pub fn append(&self, kind: u8, payload: &[u8]) -> Result<Offset, LogError> {
        self.write(&[Frame { kind, prefix: &[], payload }])
    }

    /// Writes records one after the other, with one system call; all of them or none. Returns the offset of
    /// the first (of the next record to come, if there are none). A crash may still keep only the first few.
    ///
    /// # Errors
    /// As [`Log::append`].
    pub fn append_batch<'a>(
        &self,
        records: impl IntoIterator<Item = (u8, &'a [u8])>,
    ) -> Result<Offset, LogError> {
        let frames: Vec<_> =
            records.into_iter().map(|(kind, payload)| Frame { kind, prefix: &[], payload }).collect();
        self.write(&frames)
    }

    pub(crate) fn write(&self, frames: &[Frame<'_>]) -> Result<Offset, LogError> {
        for frame in frames {
            if frame.kind == KIND_MARK {
                return Err(LogError::ReservedKind);
            }
            debug_assert!(frame.prefix.len() <= PREFIX_BYTES_MAX);
            if frame.payload.len() > PAYLOAD_BYTES_MAX {
                let bytes = frame.payload.len();
                return Err(LogError::TooLarge { bytes, bytes_max: PAYLOAD_BYTES_MAX });
            }
        }
        let mut state = self.state_with_room()?;
        let first = state.next;
        if frames.is_empty() {
            return Ok(first);
        }
        let mut buffer = std::mem::take(&mut state.buffer);
        let mut next = first;
        for frame in frames {
            encode(&mut buffer, next, frame.kind, frame.prefix, frame.payload);
            next = next.plus(1);
        }
        let written = self.inner.write_out(&mut state, &buffer);
        buffer.clear();
        if buffer.capacity() <= BUFFER_BYTES_KEPT {
            state.buffer = buffer;
        }
        written?;
        state.next = next;
        self.inner.next.store(next.get(), Ordering::Release);
        let tell = !std::mem::replace(&mut state.told, true);
        drop(state);
        if tell {
            lock(&self.inner.signal).dirty = true;
            self.inner.signalled.notify_all();
        }
        Ok(first)
    }

    /// The state, once the active segment has room.
    fn state_with_room(&self) -> Result<MutexGuard<'_, State>, LogError> {
        let inner = &*self.inner;
        let over = |state: &State| {
            state.active_bytes() >= inner.segment_bytes_max && state.next > state.active_base()
        };
        loop {
            let state = lock(&inner.state);
            inner.check()?;
            if !over(&state) {
                return Ok(state);
            }
            drop(state);
            let _gate = lock(&inner.gate);
            let mut state = lock(&inner.state);
            inner.check()?;
            if over(&state) {
                inner.rotate(&mut state)?;
            }
        }
    }

    /// Makes all that was written so far durable, and returns [`Log::durable`].
    ///
    /// # Errors
    /// [`LogError::Poisoned`]: the sync failed, now or earlier.
    pub fn sync(&self) -> Result<Offset, LogError> {
        let result = self.inner.sync();
        self.inner.settle();
        result
    }

    /// All records below this offset are durable: acknowledged.
    #[must_use]
    pub fn durable(&self) -> Offset {
        Offset::new(self.inner.durable.load(Ordering::Acquire))
    }

    /// The offset that the next record gets.
    #[must_use]
    pub fn next(&self) -> Offset {
        Offset::new(self.inner.next.load(Ordering::Acquire))
    }

    /// The first offset that is kept.
    #[must_use]
    pub fn first(&self) -> Offset {
        Offset::new(self.inner.first.load(Ordering::Acquire))
    }

    /// Bytes kept on disk, headers included.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        lock(&self.inner.state).segments.iter().map(|segment| segment.bytes).sum()
    }

    /// Offsets at which the kept segments begin, rising.
    #[must_use]
    pub fn segment_bases(&self) -> Vec<Offset> {
        lock(&self.inner.state).segments.iter().map(|segment| segment.base).collect()
    }

    /// Bytes found at opening plus all written since, removed or not.
    pub(crate) fn end_bytes(&self) -> u64 {
        self.inner.end_bytes.load(Ordering::Acquire)
    }

    /// Why the log accepts nothing more, if so.
    #[must_use]
    pub fn poisoned(&self) -> Option<&str> {
        self.inner.poison.get().map(String::as_str)
    }

    /// Calls back once the record at `offset` is durable, or can no longer become so.
    ///
    /// The callback runs on the thread that syncs, or at once on this one; it should only hand the answer
    /// over. With a [`Syncer`](crate::Syncer) this does not block and the sync starts at once; without one
    /// it syncs here. Given to it: [`Log::durable`], or [`LogError::Poisoned`], [`LogError::NotWritten`] or
    /// [`LogError::Busy`].
    pub fn on_durable(&self, offset: Offset, call: Box<dyn FnOnce(Result<Offset, LogError>) + Send>) {
        let answer = {
            let mut waiters = lock(&self.inner.waiters);
            if offset < self.durable() {
                Ok(self.durable())
            } else if let Err(poisoned) = self.inner.check() {
                Err(poisoned)
            } else if offset >= self.next() {
                Err(LogError::NotWritten { offset, next: self.next() })
            } else if waiters.len() >= WAITERS_MAX {
                Err(LogError::Busy)
            } else {
                waiters.push((offset, call));
                drop(waiters);
                self.hurry();
                return;
            }
        };
        call(answer);
    }

    fn hurry(&self) {
        let mut signal = lock(&self.inner.signal);
        if signal.attached {
            signal.urgent = true;
            drop(signal);
            self.inner.signalled.notify_all();
        } else {
            drop(signal);
            // Its answer reaches the waiter.
            let _ = self.sync();
        }
    }

    /// Waits until the record at `offset` is durable. Blocks this thread; see [`Log::on_durable`].
    ///
    /// # Errors
    /// As given to the callback of [`Log::on_durable`].
    pub fn wait_durable(&self, offset: Offset) -> Result<Offset, LogError> {
        let (send, receive) = mpsc::sync_channel(1);
        self.on_durable(offset, Box::new(move |answer| drop(send.send(answer))));
        receive.recv().unwrap_or(Err(LogError::Busy))
    }

    /// Reads from `from` on, up to what is written, and further when asked again later.
    #[must_use]
    pub fn reader(&self, from: Offset) -> Reader {
        Reader::new(self.clone(), from, false)
    }

    /// As [`Log::reader`], but gives out only what is durable.
    #[must_use]
    pub fn durable_reader(&self, from: Offset) -> Reader {
        Reader::new(self.clone(), from, true)
    }

    /// Removes whole segments, oldest first, each removal made durable before the next.
    ///
    /// # Errors
    /// What the storage said; a failed folder sync poisons the log.
    pub fn retain(&self, retention: &Retention) -> Result<Removed, LogError> {
        let inner = &*self.inner;
        let _gate = lock(&inner.gate);
        inner.check()?;
        let going: Vec<Kept> = {
            let mut state = lock(&inner.state);
            let next = state.next;
            let segments = state.segments.make_contiguous();
            let count = retention::plan(segments, next, retention);
            segments.iter().take(count).copied().collect()
        };
        let mut removed = Removed::default();
        for gone in going {
            let name = segment::name(gone.base);
            inner.storage.remove(&name).map_err(|source| LogError::io("remove", &name, source))?;
            let first = {
                let mut state = lock(&inner.state);
                state.segments.pop_front();
                state.segments.front().map_or(state.next, |segment| segment.base)
            };
            inner.first.store(first.get(), Ordering::Release);
            removed.segments += 1;
            removed.bytes += gone.bytes;
            if let Err(error) = inner.storage.sync_dir() {
                return Err(inner.poison("sync the folder", &error));
            }
        }
        Ok(removed)
    }
}

impl Inner {
    /// The poison as an error.
    pub(crate) fn check(&self) -> Result<(), LogError> {
        match self.poison.get() {
            Some(cause) => Err(LogError::Poisoned { cause: cause.clone() }),
            None => Ok(()),
        }
    }

    fn poison(&self, doing: &str, error: &dyn fmt::Display) -> LogError {
        let cause = self.poison.get_or_init(|| {
            // Best effort: tells the next process to rewrite the segment in doubt.
            let _ = self.storage.create(POISON_NAME);
            format!("failed to {doing}: {error}")
        });
        LogError::Poisoned { cause: cause.clone() }
    }

    /// Writes `bytes` at the end of the active segment; all of them or none.
    fn write_out(&self, state: &mut State, bytes: &[u8]) -> Result<(), LogError> {
        let before = state.active_bytes();
        let mut rest = bytes;
        while !rest.is_empty() {
            let error = match state.active.append(rest) {
                Ok(0) => io::ErrorKind::WriteZero.into(),
                Ok(written) => {
                    rest = rest.get(written..).unwrap_or_default();
                    continue;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => error,
            };
            if !is_full(&error) {
                return Err(self.poison("write", &error));
            }
            if let Err(error) = state.active.truncate(before) {
                return Err(self.poison("take back a half-written record", &error));
            }
            return Err(LogError::Full);
        }
        let written = bytes.len() as u64;
        if let Some(active) = state.segments.back_mut() {
            active.bytes += written;
        }
        self.end_bytes.fetch_add(written, Ordering::Release);
        Ok(())
    }

    /// Closes the active segment and begins the next. The caller holds `gate`.
    fn rotate(&self, state: &mut State) -> Result<(), LogError> {
        if let Err(error) = state.active.sync() {
            return Err(self.poison("sync a full segment", &error));
        }
        self.durable.store(state.next.get(), Ordering::Release);
        match recovery::create_segment(&*self.storage, state.next, &[]) {
            Ok(active) => {
                state.active = active;
                state.segments.push_back(Kept { base: state.next, bytes: HEADER_BYTES as u64 });
                self.end_bytes.fetch_add(HEADER_BYTES as u64, Ordering::Release);
                Ok(())
            }
            Err(CreateError::NotBegun(error)) => Err(error),
            Err(CreateError::InDoubt(error)) => {
                let cause = std::error::Error::source(&error).map_or(String::new(), ToString::to_string);
                Err(self.poison("begin a segment", &cause))
            }
        }
    }

    fn sync(&self) -> Result<Offset, LogError> {
        let _gate = lock(&self.gate);
        let (file, base, target) = {
            let mut state = lock(&self.state);
            self.check()?;
            state.told = false;
            (Arc::clone(&state.active), state.active_base(), state.next)
        };
        if target.get() == self.durable.load(Ordering::Acquire) {
            return Ok(target);
        }
        // Appends go on meanwhile; the gate keeps rotation, and with it a second sync of this file, away.
        if let Err(error) = file.sync() {
            return Err(self.poison("sync", &error));
        }
        self.durable.store(target.get(), Ordering::Release);
        let mut state = lock(&self.state);
        debug_assert_eq!(base, state.active_base());
        let mut mark = Vec::new();
        encode(&mut mark, state.next, KIND_MARK, &[], &target.get().to_le_bytes());
        match self.write_out(&mut state, &mark) {
            Ok(()) | Err(LogError::Full) => Ok(target),
            Err(error) => Err(error),
        }
    }

    /// Answers all waiters that can be answered.
    pub(crate) fn settle(&self) {
        let durable = Offset::new(self.durable.load(Ordering::Acquire));
        let poisoned = self.poison.get().is_some();
        let ready: Vec<_> = {
            let mut waiters = lock(&self.waiters);
            waiters.extract_if(.., |(offset, _)| poisoned || *offset < durable).collect()
        };
        for (offset, call) in ready {
            let answer = if offset < durable { Ok(durable) } else { self.check().map(|()| durable) };
            // A caller's panic must not end the thread that everybody's durability hangs on.
            let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| call(answer)));
        }
    }
}
