//! What goes into a partition's book, and what somebody should know of it.

use crate::tap::mark::Mark;

/// Where a partition that nobody read is begun.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Begin {
    /// At the oldest message there is.
    Start,
    /// Behind the newest.
    #[default]
    End,
}

/// One message, as lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message<L> {
    pub(crate) offset: u64,
    /// Its time by Kafka, milliseconds since 1970; the least there is if it has none.
    pub(crate) at_ms: i64,
    /// Of its bytes.
    pub(crate) print: String,
    pub(crate) lines: Vec<L>,
    /// What of it was put aside before.
    pub(crate) refused: u64,
    /// Memory that it takes, and bytes that it is on the way, at most.
    pub(crate) bytes: usize,
}

/// What is found when a partition is taken on.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) committed: Committed,
    /// What the control plane holds.
    pub(crate) held: u64,
    /// Offset of the oldest message.
    pub(crate) low: u64,
    /// Offset behind the newest.
    pub(crate) high: u64,
}

/// The group's commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Committed {
    Nothing,
    /// By somebody else, to this offset.
    Foreign(u64),
    Ours(Mark),
}

/// How it is read.
#[derive(Clone, Debug)]
pub(crate) struct How {
    pub(crate) begin: Begin,
    /// When the oldest sibling was begun, if one was.
    pub(crate) siblings_us: Option<i64>,
    pub(crate) now_us: i64,
    /// Digest of the mapping.
    pub(crate) mapping: String,
    /// Offsets that are missing are marks of transactions, and no messages.
    pub(crate) transactional: bool,
    /// Lines that are under way at most.
    pub(crate) batch_max: u64,
}

/// What somebody should know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Told {
    #[error("it is read from offset {0} on")]
    Begun(u64),
    #[error(
        "lines of it are held, and the group's commit is gone (groups that stand still are forgotten after `offsets.retention.minutes`): it is \
         begun anew at offset {0}. Between, lines may be lost or come twice: a hole"
    )]
    Forgotten(u64),
    #[error(
        "somebody else set the group's offset to {0}: it is read from there. Lines between may be lost or come twice: a hole"
    )]
    Moved(u64),
    #[error(
        "the control plane holds {0} lines less than it had acknowledged: its event log was exchanged for an older one. They are lost there, \
         and counted as passed over"
    )]
    Lost(u64),
    #[error(
        "the control plane holds {0} lines more than were under way: the group's commit is an older one, or another hands in under this \
         name. So many lines are passed over by position: a hole"
    )]
    Ahead(u64),
    #[error(
        "{0} lines were under way when the mapping was exchanged: as many are passed over by position, which may be others: a hole"
    )]
    OtherMapping(u64),
    #[error(
        "{0} messages are gone that were never read (removed by retention or compaction): a hole, and so many positions are passed over"
    )]
    Gone(u64),
    #[error(
        "another partition stands in its place, or it was cut back: it is read from offset {0} on. What was between nobody can say: a hole"
    )]
    Replaced(u64),
}
