//! The engine: lines in log order in, signals, assessments and measures out (WIRE 4).
//!
//! ```text
//! line → engine time, late? → router → partition ── stage one ──┬──────────────→ fusion ──→ merge → judge
//!                                    (1,024, by account; threads)└→ link stage ──↗ (threads)  (one, in output order)
//! ```
//!
//! Lines are gathered into a [`Segment`]; a segment ends where something may flow back: at whole minutes of engine time (measures
//! reach detectors), at whole hours (population), at lines that all partitions look at, and where a key moves. What a batch is
//! therefore cannot show. [`Engine::feed`] runs whatever is gathered before it returns. Why this shape: ADR 0015.
//!
//! Never here: a clock, IO, randomness, or what policy makes of an assessment.

mod as_json;
mod barrier;
mod causing;
mod counts;
mod explain;
mod feed;
mod fusion;
mod global;
mod item;
mod link_stage;
mod lookups;
mod merge;
mod moment;
mod params;
mod partition;
mod piece;
mod population;
mod repeats;
mod router;
mod run;
mod slot;
mod snapshot;
mod stage_one;
mod uses;

pub use causing::{Causing, cluster_signal_id, key_signal_id, measure_id};
pub use counts::Counts;
pub use explain::Explanation;
pub use params::{EngineParams, Fault, Params, Written};
pub use partition::PARTITIONS;
pub use snapshot::SnapshotError;
pub use stage_one::Measures;

use crate::judge::Judge;
use crate::network::NetworkData;
use crate::seen::{AccountView, Population};
use global::Global;
use link_stage::LinkStage;
use lookups::Lookups;
use moment::{At, Rises};
use partition::{Fed, Partition};
use router::Router;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::Arc;
use sumun_model::wire::Line;
use sumun_model::{AccountId, Assessment, KeyId, Measure, MeasureFinding, Signal, Timestamp, Weights};

/// A line with its place in the log: its number from 1 in a replay, its offset when live.
#[derive(Clone, Debug)]
pub struct Input {
    /// The place; rises from line to line.
    pub position: u64,
    /// The line.
    pub line: Line,
}

/// One thing that comes out, in output order.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// A detector's finding; `because` is empty, for the caller to fill in a language.
    Signal(Box<Signal>),
    /// What is known of a key, changed. Not printed by replay.
    Assessment {
        /// It.
        assessment: Box<Assessment>,
        /// What caused it, of which a measure's id is made.
        causing: Causing,
    },
    /// What the judge decided.
    Measure(Box<MeasureFinding>),
}

/// How an engine runs.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How many threads own partitions. Never shows in what comes out.
    pub shards: NonZeroUsize,
    /// Segments of fewer lines are run by the caller's thread: handing them over would cost more.
    pub alone_below: usize,
    /// Where measures come from.
    pub measures: Measures,
}

impl Default for Options {
    fn default() -> Self {
        Self { shards: NonZeroUsize::MIN, alone_below: 256, measures: Measures::Derive }
    }
}

/// Lines between two barriers.
#[derive(Default)]
struct Segment {
    lines: Vec<Fed>,
    rises: Rises,
    /// The minute it begins with.
    minute: Option<At>,
    /// Lines by partition, as indices.
    by_partition: Vec<Vec<u32>>,
    touched: Vec<u16>,
}

/// Everything between input and output.
pub struct Engine {
    params: Params,
    weights: Weights,
    data: Arc<dyn NetworkData>,
    judge: Box<dyn Judge>,
    options: Options,
    /// Names what runs: parameters, weights, and what the caller adds (policy, data files).
    digest: [u8; 32],

    partitions: Vec<Partition>,
    /// The earliest wake of each partition.
    due: Vec<i64>,
    links: LinkStage,
    router: Router,
    global: Global,
    population: Population,
    lookups: Vec<Lookups>,
    nobody: AccountView,

    segment: Segment,
    now: Option<Timestamp>,
    position: Option<u64>,
    /// Up to where the judge's clock has run, microseconds.
    judged_to: i64,
    /// Keys whose measure may have changed; detectors learn of it at the next whole minute.
    feedback: BTreeMap<KeyId, Option<Measure>>,
    counts: Counts,
    /// Most different threads that handled partitions in one segment.
    threads: usize,
}

/// Stands for the account of a key whose account is not known.
fn nobody() -> Option<AccountId> {
    AccountId::new("unknown").ok()
}

impl Engine {
    /// An engine that has seen nothing. `also` names what else a snapshot depends on, such as digests of policy and data files.
    ///
    /// # Panics
    /// Never: the one text made an id here is one.
    #[must_use]
    pub fn new(
        params: Params,
        weights: Weights,
        data: Arc<dyn NetworkData>,
        judge: Box<dyn Judge>,
        options: Options,
        also: &[u8],
    ) -> Self {
        #[expect(clippy::expect_used, reason = "`unknown` is an id")]
        let nobody = slot::AccountSlot::new(nobody().expect("an id")).view;
        Self {
            digest: snapshot::digest(&params, &weights, options.measures, also),
            params,
            weights,
            data,
            judge,
            partitions: (0..PARTITIONS).map(Partition::new).collect(),
            due: vec![slot::NO_WAKE; usize::from(PARTITIONS)],
            links: LinkStage::default(),
            router: Router::default(),
            global: Global::default(),
            population: Population::default(),
            lookups: (0..options.shards.get()).map(|_| Lookups::default()).collect(),
            nobody,
            segment: Segment {
                by_partition: vec![Vec::new(); usize::from(PARTITIONS)],
                ..Segment::default()
            },
            now: None,
            position: None,
            judged_to: i64::MIN,
            feedback: BTreeMap::new(),
            counts: Counts::default(),
            threads: 0,
            options,
        }
    }

    /// What was counted so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = self.counts;
        for partition in &self.partitions {
            counts.add(&partition.counts);
        }
        counts
    }

    /// Engine time.
    #[must_use]
    pub fn now(&self) -> Option<Timestamp> {
        self.now
    }

    /// Place of the last line taken.
    #[must_use]
    pub fn position(&self) -> Option<u64> {
        self.position
    }

    /// Lines up to this place were read, though the last ones were no lines: the next input is behind it.
    pub fn read_to(&mut self, position: u64) {
        self.position = self.position.max(Some(position).filter(|position| *position > 0));
    }

    /// Most different threads that handled partitions within one segment.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// Keys remembered.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.partitions.iter().map(|partition| partition.keys.len()).sum()
    }

    /// The signals that hard evidence of any key rests on.
    #[must_use]
    pub fn proofs(&self) -> BTreeSet<String> {
        let fused = self.partitions.iter().flat_map(|partition| partition.fusion.keys.values());
        fused.flat_map(|known| known.hard.values().cloned()).collect()
    }

    /// The judge, for what a caller asks of it.
    #[must_use]
    pub fn judge(&self) -> &dyn Judge {
        self.judge.as_ref()
    }
}
