//! What was counted on the way: lines that fed nothing, and what came out.

use serde::{Deserialize, Serialize};

/// Counters of a run. A snapshot keeps them, so that a run in two parts counts as one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Lines taken.
    pub lines: u64,
    /// Events more than five minutes behind engine time.
    pub late: u64,
    /// Repeats of a source, type and id within ten minutes.
    pub duplicates: u64,
    /// State lines older than their subject's last.
    pub stale_states: u64,
    /// Forced ends in `key` lines, ignored where measures are derived.
    pub forced_ends_ignored: u64,
    /// Requests that name no key.
    pub without_key: u64,
    /// Requests whose signature does not hold; they touch no key's evidence.
    pub unsigned: u64,
    /// Requests without an address.
    pub without_address: u64,
    /// What a cap left out.
    pub over_cap: u64,
    /// Changes of keys (stops, returns, other programs, markets or networks) that were compared with no other key's, because more
    /// came at once than are kept. Stands behind the rest in a snapshot, which older ones do not have.
    #[serde(skip)]
    pub crowded: u64,
    /// Keys forgotten because they were unseen for long.
    pub forgotten: u64,
    /// Signals.
    pub signals: u64,
    /// Assessments.
    pub assessments: u64,
    /// Measures that began or ended.
    pub measures: u64,
}

impl Counts {
    /// Adds another's.
    pub(crate) fn add(&mut self, other: &Self) {
        let Self {
            lines,
            late,
            duplicates,
            stale_states,
            forced_ends_ignored,
            without_key,
            unsigned,
            without_address,
            over_cap,
            crowded,
            forgotten,
            signals,
            assessments,
            measures,
        } = other;
        self.lines += lines;
        self.late += late;
        self.duplicates += duplicates;
        self.stale_states += stale_states;
        self.forced_ends_ignored += forced_ends_ignored;
        self.without_key += without_key;
        self.unsigned += unsigned;
        self.without_address += without_address;
        self.over_cap += over_cap;
        self.crowded += crowded;
        self.forgotten += forgotten;
        self.signals += signals;
        self.assessments += assessments;
        self.measures += measures;
    }
}
