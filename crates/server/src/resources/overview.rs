//! How everything stands at a glance, for the console's first page. What is gathered, and how it is kept cheap: [`crate::overview`].

use crate::access;
use crate::answer::Answer;
use crate::api::Api;
use crate::asked::Asked;
use crate::operation::operation;
use crate::overview;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

/// How everything stands.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct OverviewView {
    /// As of when; at most a second ago.
    #[schema(format = DateTime)]
    pub at: String,
    /// What the operator has everybody told, as in `[console] banner`.
    #[schema(required)]
    pub banner: Option<String>,
    /// What gates answered.
    pub verdicts: VerdictsView,
    /// The five measures, the mildest first.
    #[schema(max_items = 5)]
    pub ladder: Vec<RungView>,
    /// The policy in force; null while there is none, and so nothing is decided about a key.
    #[schema(required)]
    pub policy: Option<DecidingView>,
    /// Enrolled gates.
    #[schema(max_items = 100)]
    pub gates: Vec<GateStandView>,
    /// How long cutting off took.
    pub cutoff: CutoffView,
    /// Cases.
    pub queue: QueueStandView,
    /// What waits for a second pair of eyes.
    pub approvals: WaitingView,
    /// Where the record stands.
    pub ledger: LedgerStandView,
}

/// What gates answered, by the lines they handed in to this process.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct VerdictsView {
    /// Counted from here on: the first bucket's beginning, or this process's.
    #[schema(format = DateTime)]
    pub since: String,
    /// Requests that passed.
    pub allowed: u64,
    /// Requests that were refused.
    pub refused: u64,
    /// Requests that the exchange's own logs told of in the same time (taps, Kafka, REST); no gate decided them, and they are among neither.
    pub elsewhere: u64,
    /// The most frequent reasons of those, the most frequent first.
    #[schema(max_items = 8)]
    pub reasons: Vec<ReasonCountView>,
    /// The same by time, the oldest first; the last one still grows.
    #[schema(max_items = 60)]
    pub buckets: Vec<BucketView>,
    /// Length of a bucket, seconds.
    pub bucket_s: u32,
}

/// How often a reason was given.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ReasonCountView {
    /// The gate's reason code.
    #[schema(example = "address_not_allowed")]
    pub reason: String,
    /// How often.
    pub count: u64,
}

/// Verdicts of one span of time.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct BucketView {
    /// Its beginning.
    #[schema(format = DateTime)]
    pub at: String,
    /// Requests that passed.
    pub allowed: u64,
    /// Requests that were refused.
    pub refused: u64,
}

/// One measure over all keys.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct RungView {
    /// Which.
    #[schema(example = "hold")]
    pub measure: String,
    /// In force now; of `expire`, those ended by it within the last 24 hours. A key that ended otherwise, such as by its owner's *not me*, ended
    /// by no measure and is not counted.
    pub in_force: u64,
    /// Entered within the last 24 hours.
    pub entered_day: u64,
    /// Proposed, and waiting for people.
    pub proposed: u64,
}

/// What decides.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct DecidingView {
    /// Its id and version.
    #[schema(example = "default@3")]
    pub policy: String,
    /// Places in its `[detectors]` that detection cannot use. Where there are any, the catalogue's values hold there, and another version should
    /// be proposed; `sumun policy check` says where they are.
    pub detectors_unusable: u64,
}

/// Where a gate stands.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct GateStandView {
    /// Its id.
    #[schema(example = "gate-1")]
    pub gate: String,
    /// `connected` to this process, or `away`.
    pub state: String,
    /// The version of the feed that it obeys; 0 if none was acknowledged.
    pub version: u64,
    /// Versions that it has not acknowledged yet.
    pub behind: u64,
    /// When it was last heard; null if never.
    #[schema(required, format = DateTime)]
    pub heard: Option<String>,
    /// Whether somebody should look: away for a while, or slow to obey. See `GET /v1/readiness`.
    pub stale: bool,
    /// Since when everything passes there because somebody at that gate said so; null if refusals hold.
    #[schema(required, format = DateTime)]
    pub bypass: Option<String>,
}

/// How long it took until every gate had cut a key off.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CutoffView {
    /// Cut-offs looked at: the latest of the last 24 hours, at most 200.
    pub count: u64,
    /// From the suspicion, or the people's decision where there was one, to the last gate's receipt, milliseconds: the median.
    #[schema(required)]
    pub p50_ms: Option<f64>,
    /// The same: 99 of 100 took no longer.
    #[schema(required)]
    pub p99_ms: Option<f64>,
    /// The latest first.
    #[schema(max_items = 10)]
    pub recent: Vec<CutView>,
}

/// One cut-off.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CutView {
    /// The key.
    pub key: String,
    /// The measure.
    pub measure: String,
    /// When the suspicion arose.
    #[schema(format = DateTime)]
    pub suspected: String,
    /// When it was decided.
    #[schema(format = DateTime)]
    pub decided: String,
    /// When the last gate had obeyed.
    #[schema(format = DateTime)]
    pub effect: String,
    /// Milliseconds from the suspicion, or the people's decision where there was one, to the last gate's receipt.
    pub ms: f64,
    /// From what `ms` counts: `suspicion` or `decision`.
    #[schema(example = "suspicion")]
    pub from: String,
    /// Milliseconds from the newest signal relied on to the last gate's receipt, as the measure has it; null where nothing was found.
    #[schema(required)]
    pub suspicion_ms: Option<f64>,
    /// Milliseconds from the decision to the last gate's receipt, as the measure has it.
    pub decision_ms: f64,
}

/// Cases.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct QueueStandView {
    /// Open.
    pub open: u64,
    /// Open, and nobody's.
    pub unassigned: u64,
    /// Open, and past their time.
    pub overdue: u64,
    /// Alerts that the policy lets the machine raise in a day.
    pub budget_day: u32,
    /// Cases opened within the last 24 hours.
    pub raised_day: u64,
}

/// What waits for a second pair of eyes.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct WaitingView {
    /// All of it.
    pub waiting: u64,
    /// What whoever asks may decide, of the first 300.
    pub mine: u64,
}

/// Where the record stands.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct LedgerStandView {
    /// Entries.
    pub entries: u64,
    /// The tree's root, hex.
    pub root: String,
    /// When the last entry got its place; null if there is none.
    #[schema(required, format = DateTime)]
    pub at: Option<String>,
}

pub(crate) fn add(api: &mut Api) {
    api.add(
        operation(&access::OVERVIEW, "service", "How everything stands at a glance · 전체 현황")
            .about("At most a second old, however often it is asked.")
            .gives::<OverviewView>(StatusCode::OK, "How it stands."),
        async |asked: Asked| {
            let (server, actor) = (&asked.server, asked.actor()?);
            Answer::ok(&overview::of(server, actor).await?)
        },
    );
}
