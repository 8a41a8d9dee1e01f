//! Durable local event log, and the gate's spool on top of it.
//!
//! Payloads are opaque bytes: this crate **never** knows what an event means, never looks inside one,
//! never reads the clock and never needs an async runtime. It depends on no other crate of the house.
//!
//! # What *acknowledged* means
//!
//! [`Log::append`] returns when the record is in the operating system's page cache: it then survives the
//! death of the process, not the death of the machine. A record is **acknowledged** when its offset lies
//! below [`Log::durable`], that is when an `fsync` that began after the write has succeeded. Whoever needs
//! that answer asks for it with [`Log::sync`], [`Log::wait_durable`] or [`Log::on_durable`]; everybody else
//! gets it from the [`Syncer`], which syncs at most once per interval while there is something to sync.
//!
//! A failed `fsync` (or a failed write that is not "disk full") is fatal for the log: the kernel may have
//! thrown the pages away, so a second `fsync` that succeeds proves nothing. The log is then *poisoned*,
//! refuses everything and is never retried; only a new process that rewrites the doubtful segment may go on.
//!
//! # On disk
//!
//! ```text
//! folder/
//!   lock                        held by the one process that writes (flock)
//!   00000000000000000000.seg    segment: 24 bytes of header, then frames
//!   00000000000000001873.seg    named after the offset of its first record
//!   next.tmp                    a segment being born; renamed once its header is on disk
//!   poisoned                    left by a log that met a failed fsync
//!
//! header   "SUMUNLOG"  version u32  base offset u64  crc u32                 little endian
//! frame    length u32  crc u32  offset u64  kind u8  payload                 crc over length, offset, kind, payload
//! ```
//!
//! Kind 0 is the log's own *mark*: "everything below this offset was synced". It has no offset of its own
//! and no reader sees it. Marks let recovery tell a torn tail (never acknowledged: cut off and reported)
//! from damage to acknowledged records (an error that names file and byte; nothing is dropped silently).
//! A segment is synced wholly before its successor is created, so only the last one can be torn.
//!
//! # Where to go next
//!
//! [`Log`] and [`LogReader`] for the event log, [`Spool`] and [`Drainer`] for the gate, [`Storage`] for the
//! seam where crash tests put `FaultStorage` (feature `fault`).

mod disk;
mod drain;
mod drain_thread;
mod error;
#[cfg(any(test, feature = "fault"))]
pub mod fault;
mod log;
mod reader;
mod record;
mod recovery;
mod retention;
mod segment;
mod spool;
mod storage;
mod syncer;

pub use disk::{DiskStorage, StorageOpenError};
pub use drain::{DrainError, DrainReport, Drainer, JOINED_KIND, Joined, JoinedRecord, Position};
pub use drain_thread::{DRAIN_INTERVAL_DEFAULT, DrainThread};
pub use error::LogError;
pub use log::{Log, LogOptions, SEGMENT_BYTES_MAX_DEFAULT, WAITERS_MAX};
pub use reader::{LogOpenError, LogReader, Reader, Start, Tail};
pub use record::{Offset, PAYLOAD_BYTES_MAX, Record};
pub use recovery::Recovery;
pub use retention::{Removed, Retention};
pub use spool::{
    ABANDONED_MAX, Cause, Opened, SPOOL_PAYLOAD_BYTES_MAX, Spool, SpoolError, SpoolOpenError, SpoolOptions,
    SpoolStatus, Ticket,
};
pub use storage::{Storage, StorageFile};
pub use syncer::{SYNC_INTERVAL_DEFAULT, Syncer};
