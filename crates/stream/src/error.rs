//! What can go wrong with a log. Never carries payload bytes: payloads may be personal data.

use std::io;

use crate::record::Offset;

/// Why an operation on a [`Log`](crate::Log) or [`LogReader`](crate::LogReader) failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// A storage operation failed in a way that leaves the log usable.
    #[error("failed to {doing} `{file}`")]
    Io {
        /// What was attempted, as a verb phrase.
        doing: &'static str,
        /// The file inside the log's folder.
        file: String,
        /// What the storage said.
        #[source]
        source: io::Error,
    },
    /// No space: nothing of the append was kept, and a later append works again once there is space.
    #[error("the disk is full: nothing was written; free some space and appending works again")]
    Full,
    /// A write or fsync failed earlier, so nothing more is accepted.
    #[error("the log is poisoned: {cause}; it accepts nothing more, check the disk and restart the process")]
    Poisoned {
        /// The failure that poisoned it.
        cause: String,
    },
    /// A payload above [`PAYLOAD_BYTES_MAX`](crate::PAYLOAD_BYTES_MAX).
    #[error("a payload of {bytes} bytes is above the limit of {bytes_max}")]
    TooLarge {
        /// Length of the refused payload, in bytes.
        bytes: usize,
        /// The limit, in bytes.
        bytes_max: usize,
    },
    /// Kind 0 belongs to the log itself.
    #[error("record kind 0 is reserved for the log itself")]
    ReservedKind,
    /// Bytes that should be a record or a header are not.
    #[error("`{file}` is damaged at byte {byte}: {what}; restore the file or move it away")]
    Corrupt {
        /// The file inside the log's folder.
        file: String,
        /// Where the first bad frame begins, in bytes from the start of the file.
        byte: u64,
        /// What is wrong there.
        what: &'static str,
    },
    /// A segment written by another version of this format.
    #[error(
        "`{file}` has format version {found}, this build reads version {known}; use the build that wrote it"
    )]
    Version {
        /// The file inside the log's folder.
        file: String,
        /// Version in the header.
        found: u32,
        /// Version this build reads and writes.
        known: u32,
    },
    /// The wanted record was removed by retention.
    #[error("offset {wanted} is no longer kept; the next kept one is {first}")]
    Trimmed {
        /// The offset that was asked for.
        wanted: Offset,
        /// Where reading can go on.
        first: Offset,
    },
    /// Durability was asked for a record that has not been written.
    #[error("offset {offset} is not written yet; the next one is {next}")]
    NotWritten {
        /// The offset that was asked for.
        offset: Offset,
        /// The next offset the log will give out.
        next: Offset,
    },
    /// More than [`WAITERS_MAX`](crate::WAITERS_MAX) callers already wait for durability.
    #[error("too many callers wait for durability")]
    Busy,
}

impl LogError {
    pub(crate) fn io(doing: &'static str, file: impl Into<String>, source: io::Error) -> Self {
        if is_full(&source) { Self::Full } else { Self::Io { doing, file: file.into(), source } }
    }

    /// Whether waiting and trying again can help, without a restart.
    #[must_use]
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Full)
    }
}

/// Whether an IO error means that there is no space, for the disk or for this user.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}
