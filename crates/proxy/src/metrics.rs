//! Counters and histograms, by Prometheus convention. Labels are few and bounded: never a key id, never an address.

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use std::sync::atomic::AtomicU64;
use sumun_gate::Answer;
use sumun_model::Reason;

/// Bounds of the decision's duration, seconds: from a cache hit to a cold key among ten million.
const DECISION_SECONDS: [f64; 8] = [1e-6, 2.5e-6, 5e-6, 10e-6, 25e-6, 100e-6, 1e-3, 10e-3];
/// Bounds of the upstream's time to its response's head, seconds.
const UPSTREAM_SECONDS: [f64; 8] = [1e-3, 5e-3, 10e-3, 50e-3, 100e-3, 500e-3, 1.0, 5.0];

/// Labels of a verdict.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct VerdictLabels {
    /// `public`, `allow` or `deny`.
    pub outcome: &'static str,
    /// The reason code; empty for what passed.
    pub reason: &'static str,
}

/// Label of a failure of the upstream.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct FailureLabels {
    /// `connect`, `target`, `timeout` or `broken`.
    pub kind: &'static str,
}

/// All of this crate's metrics.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    verdicts: Family<VerdictLabels, Counter>,
    message_verdicts: Family<VerdictLabels, Counter>,
    decision: Histogram,
    upstream: Histogram,
    upstream_failures: Family<FailureLabels, Counter>,
    /// Requests whose head could not be passed on safely.
    pub bad_heads: Counter,
    /// Requests whose body did not come whole.
    pub bad_bodies: Counter,
    /// Connections closed at once because their neighbourhood holds its share.
    pub connections_refused: Counter,
    streams_open: Gauge,
    table_age: Gauge<f64, AtomicU64>,
    keys: Gauge,
    shed: Gauge,
    recording: Gauge,
    bypass: Gauge,
    /// Streams closed because their key or its rights changed.
    pub streams_cut: Counter,
    shipped: Counter,
    unshipped: Gauge,
    ship_lag: Gauge<f64, AtomicU64>,
    /// Decisions that could not be recorded; each is in a counted gap.
    pub unrecorded: Counter,
}

/// What is looked up when the page is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// Since the source of keys was last heard, seconds; infinite if never.
    pub table_age_s: f64,
    /// Keys in the table.
    pub keys: u64,
    /// Decisions that went into a counted gap, as the sink counts them.
    pub shed_total: u64,
    /// Whether decisions can be recorded.
    pub recording: bool,
    /// Whether everything passes because somebody at this gate said so.
    pub bypass: bool,
}

/// Counts an open stream until dropped.
#[derive(Debug)]
pub struct OpenStream(Gauge);

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("sumun_gate");
        let this = Self {
            verdicts: Family::default(),
            message_verdicts: Family::default(),
            decision: Histogram::new(DECISION_SECONDS),
            upstream: Histogram::new(UPSTREAM_SECONDS),
            upstream_failures: Family::default(),
            bad_heads: Counter::default(),
            bad_bodies: Counter::default(),
            connections_refused: Counter::default(),
            streams_open: Gauge::default(),
            table_age: Gauge::default(),
            keys: Gauge::default(),
            shed: Gauge::default(),
            recording: Gauge::default(),
            bypass: Gauge::default(),
            streams_cut: Counter::default(),
            shipped: Counter::default(),
            unshipped: Gauge::default(),
            ship_lag: Gauge::default(),
            unrecorded: Counter::default(),
            registry: Registry::default(),
        };
        registry.register("verdicts", "Verdicts returned, by outcome and reason code", this.verdicts.clone());
        registry.register(
            "message_verdicts",
            "Verdicts about client messages on streams, by outcome and reason code",
            this.message_verdicts.clone(),
        );
        registry.register_with_unit(
            "decision_duration",
            "Time from a whole request to its verdict",
            Unit::Seconds,
            this.decision.clone(),
        );
        registry.register_with_unit(
            "upstream_duration",
            "Time from forwarding to the head of the exchange's response",
            Unit::Seconds,
            this.upstream.clone(),
        );
        registry.register(
            "upstream_failures",
            "Requests that the exchange did not answer, by kind",
            this.upstream_failures.clone(),
        );
        registry.register(
            "bad_heads",
            "Requests whose head could be read in two ways",
            this.bad_heads.clone(),
        );
        registry.register("bad_bodies", "Requests whose body did not come whole", this.bad_bodies.clone());
        registry.register(
            "connections_refused",
            "Connections closed at once because their neighbourhood holds its share",
            this.connections_refused.clone(),
        );
        registry.register_with_unit(
            "key_table_age",
            "Time since the source of keys was last heard",
            Unit::Seconds,
            this.table_age.clone(),
        );
        registry.register("keys", "Keys in the table", this.keys.clone());
        registry.register("shed_decisions", "Decisions in counted gaps since start", this.shed.clone());
        registry.register(
            "recording_available",
            "Whether decisions can be recorded: 1 or 0",
            this.recording.clone(),
        );
        registry.register(
            "bypass",
            "Whether everything passes at this gate because somebody said so: 1 or 0",
            this.bypass.clone(),
        );
        registry.register("streams_open", "WebSockets open now", this.streams_open.clone());
        registry.register(
            "streams_cut",
            "WebSockets closed by a change of their key",
            this.streams_cut.clone(),
        );
        registry.register("events_shipped", "Events handed in to the control plane", this.shipped.clone());
        registry.register(
            "events_unshipped",
            "Events of this gate that the control plane does not hold yet",
            this.unshipped.clone(),
        );
        registry.register_with_unit(
            "events_ship_lag",
            "Age of the oldest event being handed in; 0 if there is none",
            Unit::Seconds,
            this.ship_lag.clone(),
        );
        registry.register(
            "unrecorded_decisions",
            "Decisions that went into a counted gap",
            this.unrecorded.clone(),
        );
        Self { registry, ..this }
    }
}

impl Metrics {
    /// Counts the final answer to a request.
    pub fn verdict(&self, answer: Answer) {
        let (outcome, reason) = match answer {
            Answer::Public => ("public", ""),
            Answer::Allow => ("allow", ""),
            Answer::Deny(reason) => ("deny", reason.as_str()),
        };
        self.verdicts.get_or_create(&VerdictLabels { outcome, reason }).inc();
    }

    /// Counts the answer to a client message that was decided about; `None`: it went on.
    pub fn message_verdict(&self, refused: Option<Reason>) {
        let outcome = if refused.is_some() { "deny" } else { "allow" };
        let reason = refused.map_or("", Reason::as_str);
        self.message_verdicts.get_or_create(&VerdictLabels { outcome, reason }).inc();
    }

    /// Notes how long a decision took, microseconds.
    pub fn decided(&self, duration_us: u64) {
        self.decision.observe(duration_us as f64 / 1e6);
    }

    /// Counts a stream as open.
    #[must_use]
    pub fn stream_opened(&self) -> OpenStream {
        self.streams_open.inc();
        OpenStream(self.streams_open.clone())
    }

    /// Notes how long the upstream took, microseconds.
    pub fn upstream(&self, duration_us: u64) {
        self.upstream.observe(duration_us as f64 / 1e6);
    }

    /// Counts a failure of the upstream.
    pub fn upstream_failure(&self, kind: &'static str) {
        self.upstream_failures.get_or_create(&FailureLabels { kind }).inc();
    }

    /// Counts events that the control plane took.
    pub fn shipped(&self, lines: u64) {
        self.shipped.inc_by(lines);
    }

    /// Notes how many events wait to be handed in, and how old the first of them is, microseconds.
    pub fn unshipped(&self, lines: u64, oldest_us: Option<i64>) {
        self.unshipped.set(i64::try_from(lines).unwrap_or(i64::MAX));
        self.ship_lag.set(oldest_us.unwrap_or_default().max(0) as f64 / 1e6);
    }

    /// Notes what was looked up for the page.
    pub fn stands(&self, standing: Standing) {
        let whole = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        self.table_age.set(standing.table_age_s);
        self.keys.set(whole(standing.keys));
        self.shed.set(whole(standing.shed_total));
        self.recording.set(i64::from(standing.recording));
        self.bypass.set(i64::from(standing.bypass));
    }

    /// All metrics in the OpenMetrics text format.
    #[must_use]
    pub fn render(&self) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail; an empty page would show at once if it did.
        let _ = text::encode(&mut out, &self.registry);
        out
    }
}
