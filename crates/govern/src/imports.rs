//! Keys that an exchange has already, and what it tells of them from then on: import, snapshot, changes (R189, R190).
//!
//! One line of the wire, one merge, whichever way it came: [`merge`] is the pure rule of what a line makes of a key, [`line`] reads
//! it, [`keys`] writes a part of some hundred lines as one change, [`mirror`] keeps what was told and how far its source is.
//! Accounts and vendors come by the same way; their rules stand with [`crate::parties`].
//!
//! Every part is repeatable: what stands already is written nowhere, so that whoever lost an answer sends the same lines again.
//! Never here: an id that has ended coming to life, a secret in anything but the vault.

pub mod keys;
pub mod line;
pub mod merge;
pub mod mirror;
pub(crate) mod take;

pub use line::{Told, read};

use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicU32, Ordering};

/// Lines of one change: its entry stays at some hundred kilobytes, and whoever reads entries reads many at once.
pub const LINES_OF_PART_MAX: usize = 128;
/// Bytes of the lines of one change: rows and gates' records of long lines are longer still.
pub const BYTES_OF_PART_MAX: usize = 128 * 1024;
/// The source of an import that names none.
pub const SOURCE_DEFAULT: &str = "exchange";

/// Who imports and mirrors: the exchange's back end, and staff who run machines.
pub const IMPORTERS: &[crate::Role] = &[crate::Role::ExchangeBackend, crate::Role::SecurityAdmin];

/// Why a line was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineRefused {
    /// Which line, from 1.
    pub line: u64,
    /// Where in it, in bytes from 1, if that is known.
    pub column: Option<u64>,
    /// What it is about: `key:K1`.
    pub subject: Option<String>,
    /// The field.
    pub field: Option<String>,
    /// Stable, such as `dead_id`.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub remedy: String,
}

/// What became of lines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// Lines looked at.
    pub lines: u64,
    /// Entered anew: accounts, vendors, keys.
    pub made: u64,
    /// Brought up to date.
    pub changed: u64,
    /// Standing so already.
    pub same: u64,
    /// Keys that ended here because they are dead there.
    pub ended: u64,
    /// Keys dead there that did not end here, because sources may end so many in an hour only.
    pub held_back: u64,
    /// Lines older than what was told before.
    pub older: u64,
    /// Keys that differ in something of which Sumun's word counts.
    pub differing: u64,
    /// Secrets sealed.
    pub secrets: u64,
    /// Keys that a snapshot named for the first time.
    pub named: u64,
    /// Lines refused, in their order.
    pub refused: Vec<LineRefused>,
}

impl Taken {
    /// Adds what became of further lines.
    pub fn add(&mut self, more: Self) {
        self.lines += more.lines;
        self.made += more.made;
        self.changed += more.changed;
        self.same += more.same;
        self.ended += more.ended;
        self.held_back += more.held_back;
        self.older += more.older;
        self.differing += more.differing;
        self.secrets += more.secrets;
        self.named += more.named;
        self.refused.extend(more.refused);
    }
}

/// How lines are taken.
#[derive(Debug)]
pub struct Taking {
    /// Who tells.
    pub source: String,
    /// Look, write nothing.
    pub dry_run: bool,
    /// The snapshot that the lines are of.
    pub round: Option<u64>,
    /// Keys that all sources together may end in an hour, and so by this request.
    ends_max: u32,
    /// Keys that ended by this request, or would.
    ended: AtomicU32,
}

/// How long a key that a source ended counts against what all of them may end, microseconds. Counted from each end on: no hour, wherever
/// it begins, has more.
pub(crate) const ENDS_COUNT_US: i64 = 3_600_000_000;

impl Taking {
    /// Lines of this source. All sources together may end so many keys in an hour, however many requests they send: who sends names the
    /// source himself.
    #[must_use]
    pub fn of(source: &str, ends_max: u32) -> Self {
        Self { source: source.to_owned(), dry_run: false, round: None, ends_max, ended: AtomicU32::new(0) }
    }

    /// Writing nothing.
    #[must_use]
    pub fn dry_run(mut self, dry_run: bool) -> Self {
        self.dry_run = dry_run;
        self
    }

    /// Lines of this snapshot.
    #[must_use]
    pub fn of_round(mut self, round: u64) -> Self {
        self.round = Some(round);
        self
    }

    /// How many keys may still end, where so many did within the hour.
    pub(crate) fn ends_left(&self, before: u64) -> u32 {
        let before = u32::try_from(before).unwrap_or(u32::MAX);
        let here = self.ended.load(Ordering::Relaxed);
        // What a dry run would end is counted nowhere else.
        let ended = if self.dry_run { before.saturating_add(here) } else { before.max(here) };
        self.ends_max.saturating_sub(ended)
    }

    pub(crate) fn ended(&self, keys: u32) {
        self.ended.fetch_add(keys, Ordering::Relaxed);
    }
}
