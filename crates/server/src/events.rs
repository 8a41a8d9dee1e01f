//! Where events go: what ingest needs of the merged log, and what the log says of itself.
//!
//! [`EventLog`] stands between this crate, which knows HTTP and rights, and whoever holds the log's disk: a batch that was read
//! and checked goes in, and an answer comes back once it is durable. Never here: files, the order of the log, what an event means.

use std::pin::Pin;
use std::sync::Arc;
use sumun_model::Timestamp;

/// One line, read and checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventLine {
    /// Its place among what this source sends, from 1; rises by at least one from line to line.
    pub position: u64,
    /// When it happened.
    pub ts: Timestamp,
    /// The source's own sequence, so that gaps show.
    pub seq: Option<u64>,
    /// Who numbers so: `source` of the line.
    pub source: Option<String>,
    /// The wire line, without the line feed.
    pub text: String,
}

/// Lines of one source, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Who sends, such as `gate:gate-1:5f0c9b1e` or `exchange:orders`.
    pub source: String,
    /// The highest position that the sender believes to be held; 0 if nothing.
    pub after: u64,
    /// What it sends. Positions that are held already are passed over.
    pub lines: Vec<EventLine>,
    /// What a sender that follows files says of them beside.
    pub files: Option<FilesTold>,
}

/// What a tap says of the files it follows: what its lines cannot show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilesTold {
    /// Bytes written and not handed in yet.
    pub bytes_behind: u64,
    /// Bytes known to have been removed or cut before they were read, ever.
    pub bytes_lost: u64,
    /// How often that happened, known to the byte or not.
    pub holes: u64,
    /// Lines that could not be read and were put aside, ever.
    pub lines_refused: u64,
    /// Files that stood there when it last looked; none if it does not say.
    #[serde(default)]
    pub found: Option<u64>,
}

/// A batch of a tap in this process.
#[derive(Clone, Debug)]
pub struct TapBatch {
    /// The tap's log, as HTTP's `log` names it.
    pub log: String,
    /// Position of the first line.
    pub from: u64,
    /// The highest position believed to be held.
    pub after: u64,
    /// Lines, as values and as texts.
    pub lines: Vec<(sumun_model::wire::Line, String)>,
    /// What is said of the files beside.
    pub files: FilesTold,
}

/// Why a tap's batch was not taken. Nothing of it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TapRefusal {
    /// One line may not be taken.
    #[error("{cause}")]
    Line {
        /// Which, from 0.
        index: usize,
        /// Why.
        cause: String,
    },
    /// One line is ahead of our clock: it may be taken later, and those before it now.
    #[error("{cause}")]
    Ahead {
        /// Which, from 0.
        index: usize,
        /// Why.
        cause: String,
    },
    /// The log takes it not.
    #[error(transparent)]
    Log(#[from] EventsError),
}

/// Takes a batch of a tap in this process, as one that is handed in over HTTP by the exchange's back end.
///
/// # Errors
/// Nothing of it was taken.
pub async fn take_of_tap(server: &crate::Server, batch: TapBatch) -> Result<Taken, TapRefusal> {
    crate::resources::events::take_of_tap(server, batch).await
}

/// What became of a batch. All of it is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The highest position held of this source; 0 if nothing.
    pub held: u64,
    /// Lines written now.
    pub taken: u64,
    /// Lines that were held already.
    pub skipped: u64,
}

/// Why a batch was not taken. Nothing of it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EventsError {
    /// The sender believes more to be held than is.
    #[error("position {after} is said to be held, and {held} is the highest")]
    Gap {
        /// What it believes.
        after: u64,
        /// What is.
        held: u64,
    },
    /// No space.
    #[error("the disk of the event log is full")]
    Full,
    /// The log takes nothing more.
    #[error("the event log takes nothing more: {0}")]
    Stopped(String),
    /// More sources than are kept apart.
    #[error("{0} sources are known, and no more are kept apart")]
    Sources(usize),
}

/// What the numbers say of one of those whose lines a sender hands in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Numbered {
    /// `source` of its lines; empty of those without.
    pub source: String,
    /// The highest since it began to count.
    pub seq: u64,
    /// As [`Source::missing`].
    pub missing: u64,
    /// As [`Source::repeated`].
    pub repeated: u64,
    /// As [`Source::restarted`].
    pub restarted: u64,
}

/// What is known of one source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// Who.
    pub source: String,
    /// Its highest position held; 0 if nothing.
    pub held: u64,
    /// Lines taken of it, ever.
    pub lines: u64,
    /// Positions that it passed over: it said that it no longer has them. None of the control plane's own, whose positions are no count.
    pub passed_over: u64,
    /// Numbers missing in its lines' `seq`, over all that it hands in lines of.
    pub missing: u64,
    /// Numbers that came again, or after a higher one.
    pub repeated: u64,
    /// How often one of them began to count anew.
    pub restarted: u64,
    /// Numbered lines of those beyond as many as are counted apart: nobody looks whether one is missing.
    pub unnumbered: u64,
    /// Each of those counted apart.
    pub numbered: Vec<Numbered>,
    /// The highest `seq`.
    pub seq: Option<u64>,
    /// Time of its newest line.
    pub ts: Option<Timestamp>,
    /// When it was last heard by this process.
    pub heard: Option<Timestamp>,
    /// How late its lines came lately, microseconds: the largest of the last minute or so.
    pub lag_us: i64,
    /// What it last said of its files, if it follows some.
    pub files: Option<FilesTold>,
}

/// How detection stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Detecting {
    /// Offset of the next line it reads.
    pub next: u64,
    /// How long the oldest line that it has not read yet has waited, microseconds; 0 if it has read all.
    pub lag_us: i64,
    /// Engine time.
    pub engine: Option<Timestamp>,
    /// Lines read since this process began.
    pub lines: u64,
    /// Signals handed over since this process began.
    pub signals: u64,
    /// Assessments handed over since this process began.
    pub assessments: u64,
    /// Findings that the record has not taken yet.
    pub waiting: u64,
    /// Snapshots written since this process began.
    pub snapshots: u64,
    /// Changes of keys compared with nobody's because too many came at once, in all that was ever read.
    pub crowded: u64,
    /// What is wrong, in words.
    pub trouble: Option<String>,
    /// What of the policy in force it cannot use, and what holds instead, in words.
    pub policy: Option<String>,
    /// What it knows from before the event log, if a back-fill was taken up.
    pub history: Option<History>,
}

/// Lines that detection read and the event log never held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct History {
    /// When the first of them happened; none if whoever read them did not note it.
    pub from: Option<Timestamp>,
    /// When the last of them happened.
    pub to: Timestamp,
}

/// How the merged log stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The oldest offset kept.
    pub first: u64,
    /// The next offset.
    pub next: u64,
    /// Bytes on the disk.
    pub bytes: u64,
    /// Why nothing is taken, if so.
    pub stopped: Option<String>,
    /// Whether entries of the ledger do not become lines, and why.
    pub record: Option<String>,
    /// Detection, where it runs.
    pub detecting: Option<Detecting>,
}

/// A future of a batch's fate.
pub type Taking<'a> = Pin<Box<dyn Future<Output = Result<Taken, EventsError>> + Send + 'a>>;

/// The merged log.
pub trait EventLog: Send + Sync {
    /// Writes what is not held yet; done once all of it is durable.
    fn take(&self, batch: Batch) -> Taking<'_>;

    /// Every source, by name.
    fn sources(&self) -> Vec<Source>;

    /// How it stands.
    fn standing(&self) -> Standing;
}

/// What the server holds of it.
#[derive(Clone)]
pub struct Events {
    /// The log.
    pub log: Arc<dyn EventLog>,
    /// Whether unknown fields are counted and dropped instead of refused.
    pub count_unknown: bool,
}
