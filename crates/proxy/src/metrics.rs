//! Counters and histograms, by Prometheus convention. Labels are few and bounded: never a key id, never an address.

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use sumun_gate::Answer;

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
    /// `connect`, `timeout` or `broken`.
    pub kind: &'static str,
}

/// All of this crate's metrics.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    verdicts: Family<VerdictLabels, Counter>,
    decision: Histogram,
    upstream: Histogram,
    upstream_failures: Family<FailureLabels, Counter>,
    /// Requests whose head could not be passed on safely.
    pub bad_heads: Counter,
    /// Streams open now.
    pub streams_open: Gauge,
    /// Streams closed because their key or its rights changed.
    pub streams_cut: Counter,
    /// Decisions that could not be recorded; each is in a counted gap.
    pub unrecorded: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("sumun_gate");
        let this = Self {
            verdicts: Family::default(),
            decision: Histogram::new(DECISION_SECONDS),
            upstream: Histogram::new(UPSTREAM_SECONDS),
            upstream_failures: Family::default(),
            bad_heads: Counter::default(),
            streams_open: Gauge::default(),
            streams_cut: Counter::default(),
            unrecorded: Counter::default(),
            registry: Registry::default(),
        };
        registry.register("verdicts", "Verdicts returned, by outcome and reason code", this.verdicts.clone());
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
        registry.register("streams_open", "WebSockets open now", this.streams_open.clone());
        registry.register(
            "streams_cut",
            "WebSockets closed by a change of their key",
            this.streams_cut.clone(),
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
    /// Counts a verdict and how long it took, microseconds.
    pub fn verdict(&self, answer: Answer, duration_us: u64) {
        let (outcome, reason) = match answer {
            Answer::Public => ("public", ""),
            Answer::Allow => ("allow", ""),
            Answer::Deny(reason) => ("deny", reason.as_str()),
        };
        self.verdicts.get_or_create(&VerdictLabels { outcome, reason }).inc();
        self.decision.observe(duration_us as f64 / 1e6);
    }

    /// Notes how long the upstream took, microseconds.
    pub fn upstream(&self, duration_us: u64) {
        self.upstream.observe(duration_us as f64 / 1e6);
    }

    /// Counts a failure of the upstream.
    pub fn upstream_failure(&self, kind: &'static str) {
        self.upstream_failures.get_or_create(&FailureLabels { kind }).inc();
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
