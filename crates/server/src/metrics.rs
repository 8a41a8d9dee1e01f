//! Counters of the control plane's front, by Prometheus convention. Labels are few and bounded: never an id, never an address.

use crate::events::{Detecting, EventLog};
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use std::sync::atomic::AtomicU64;

/// Bounds of a request's duration, seconds: from a read of one row to the time limit.
const REQUEST_SECONDS: [f64; 9] = [1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 100e-3, 500e-3, 2.0, 10.0];

/// Labels of an answered request.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RequestLabels {
    /// The operation's id; `none` where no operation matched.
    pub operation: &'static str,
    /// The answer's status.
    pub status: u16,
}

/// Labels of an attempt to sign in.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct SignInLabels {
    /// `staff`, `customer`, `machine` or `gate`.
    pub kind: &'static str,
    /// `accepted` or `refused`.
    pub outcome: &'static str,
}

/// Labels of what a canary found.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct CanaryLabels {
    /// `obeyed`, `still_served`, `not_served_while_alive`, `unreachable` or `unclear`.
    pub found: &'static str,
}

/// Labels of what the record and the exchange disagree in.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct DriftLabels {
    /// `dead_here_alive_there`, `alive_here_dead_there`, `differs`, `unknown_here` or `unknown_there`.
    pub kind: &'static str,
}

/// Labels of what exchanges were told of keys.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ActuationLabels {
    /// Where it stands.
    pub state: &'static str,
}

/// Labels of calls to exchanges' key APIs.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ActuatorCallLabels {
    /// Who was called: names of the configuration, a handful.
    pub destination: String,
    /// `done`, `already`, `again` or `refused`.
    pub outcome: &'static str,
}

macro_rules! metrics {
    ($($(#[doc = $doc:literal])+ $field:ident: $kind:ty = $name:literal $(, $unit:expr)? => $make:expr;)+) => {
        /// All of this crate's metrics. A field's comment is its help text.
        #[derive(Debug)]
        pub struct Metrics {
            registry: Registry,
            $($(#[doc = $doc])+ pub $field: $kind,)+
        }

        impl Default for Metrics {
            fn default() -> Self {
                let mut registry = Registry::with_prefix("sumun");
                $(
                    let $field: $kind = $make;
                    metrics!(@register registry, $name, concat!($($doc),+), $field $(, $unit)?);
                )+
                Self { registry, $($field,)+ }
            }
        }
    };
    (@register $registry:ident, $name:literal, $help:expr, $field:ident, $unit:expr) => {
        // The format adds the full stop.
        $registry.register_with_unit($name, $help.trim().trim_end_matches('.'), $unit, $field.clone());
    };
    (@register $registry:ident, $name:literal, $help:expr, $field:ident) => {
        $registry.register($name, $help.trim().trim_end_matches('.'), $field.clone());
    };
}

metrics! {
    /// Requests answered, by operation and status.
    requests: Family<RequestLabels, Counter> = "api_requests" => Family::default();
    /// From a request's head to its answer's head.
    request_duration: Histogram = "api_request_duration", Unit::Seconds => Histogram::new(REQUEST_SECONDS);
    /// Attempts to sign in, by kind of principal and outcome.
    sign_ins: Family<SignInLabels, Counter> = "api_sign_ins" => Family::default();
    /// Connections open.
    connections: Gauge = "api_connections" => Gauge::default();
    /// Connections closed unheard: too many from one source, or in all.
    connections_refused: Counter = "api_connections_refused" => Counter::default();
    /// Feed streams open.
    feed_streams: Gauge = "feed_streams" => Gauge::default();
    /// Feed frames sent, over all gates.
    feed_frames: Counter = "feed_frames" => Counter::default();
    /// Gates dropped because they read too slowly.
    feed_slow: Counter = "feed_gates_dropped" => Counter::default();
    /// Acknowledgements taken.
    feed_acknowledgements: Counter = "feed_acknowledgements" => Counter::default();
    /// What canaries found at gates, by finding.
    canary_findings: Family<CanaryLabels, Counter> = "canary_findings" => Family::default();
    /// Gates that served the last canary after its end: anything but 0 is an alarm.
    canary_still_served: Gauge = "canary_still_served" => Gauge::default();
    /// Where the record and the exchange disagree about a key, by kind: `dead_here_alive_there` above 0 is an alarm.
    drift: Family<DriftLabels, Gauge> = "drift" => Family::default();
    /// What exchanges were told of keys, by where it stands: `failed` or `alive` above 0 is an alarm.
    actuations: Family<ActuationLabels, Gauge> = "actuations" => Family::default();
    /// Calls to exchanges' key APIs and messages to webhooks, by destination and outcome.
    actuator_calls: Family<ActuatorCallLabels, Counter> = "actuator_calls" => Family::default();
    /// Lines of events taken into the merged log.
    events_taken: Counter = "events_taken" => Counter::default();
    /// Lines of events that were held already and passed over.
    events_skipped: Counter = "events_skipped" => Counter::default();
    /// Batches of events refused for a line of theirs.
    events_refused: Counter = "events_refused" => Counter::default();
    /// Unknown fields dropped from lines of events.
    events_unknown_fields: Counter = "events_unknown_fields" => Counter::default();
    /// Events that never came, by the gaps in their sources' numbers.
    events_missing: Gauge = "events_missing" => Gauge::default();
    /// Lines in the merged log: the next offset.
    events_next: Gauge = "events_next_offset" => Gauge::default();
    /// Size of the merged log on the disk.
    events_bytes: Gauge = "events_log", Unit::Bytes => Gauge::default();
    /// How late the latest of the sources delivers.
    events_lag: Gauge<f64, AtomicU64> = "events_delivery_lag", Unit::Seconds => Gauge::default();
    /// How long the oldest line that detection has not read has waited.
    detect_lag: Gauge<f64, AtomicU64> = "detect_lag", Unit::Seconds => Gauge::default();
    /// Lines detection has read since this process began.
    detect_lines: Gauge = "detect_lines" => Gauge::default();
    /// Signals detection has handed over since this process began.
    detect_signals: Gauge = "detect_signals" => Gauge::default();
    /// Assessments detection has handed over since this process began.
    detect_assessments: Gauge = "detect_assessments" => Gauge::default();
    /// Findings that the record has not taken yet.
    detect_waiting: Gauge = "detect_findings_waiting" => Gauge::default();
    /// Snapshots of detection written since this process began.
    detect_snapshots: Gauge = "detect_snapshots" => Gauge::default();
    /// Changes of keys compared with nobody's because too many came at once, in all that detection ever read: whoever changed together then is not found.
    detect_crowded: Gauge = "detect_changes_crowded" => Gauge::default();
    /// Notices handed to their sink.
    notices_sent: Counter = "notices_sent" => Counter::default();
    /// Entries in the ledger.
    ledger_entries: Gauge = "ledger_entries" => Gauge::default();
    /// Last version of the feed.
    feed_version: Gauge = "feed_version" => Gauge::default();
    /// Gates whose last acknowledgement is behind the feed.
    gates_behind: Gauge = "gates_behind" => Gauge::default();
}

/// Microseconds as seconds.
#[expect(clippy::cast_precision_loss, reason = "a duration of some hours at most")]
fn seconds(us: i64) -> f64 {
    us.max(0) as f64 / 1e6
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl Metrics {
    /// Looks up how the merged log and detection stand.
    pub(crate) fn look_at_events(&self, log: &dyn EventLog) {
        let (standing, sources) = (log.standing(), log.sources());
        self.events_missing.set(whole(sources.iter().map(|source| source.missing).sum()));
        self.events_lag.set(seconds(sources.iter().map(|source| source.lag_us).max().unwrap_or_default()));
        self.events_next.set(whole(standing.next));
        self.events_bytes.set(whole(standing.bytes));
        let Detecting { lag_us, lines, signals, assessments, waiting, snapshots, crowded, .. } =
            standing.detecting.unwrap_or_default();
        self.detect_lag.set(seconds(lag_us));
        self.detect_lines.set(whole(lines));
        self.detect_signals.set(whole(signals));
        self.detect_assessments.set(whole(assessments));
        self.detect_waiting.set(whole(waiting));
        self.detect_snapshots.set(whole(snapshots));
        self.detect_crowded.set(whole(crowded));
    }

    /// The page, in the OpenMetrics text format.
    ///
    /// # Errors
    /// Never in practice: a text takes whatever is written to it.
    pub fn page(&self) -> Result<String, std::fmt::Error> {
        let mut page = String::new();
        text::encode(&mut page, &self.registry)?;
        Ok(page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_says_what_it_is() {
        let page = Metrics::default().page().unwrap();
        let help: Vec<_> = page.lines().filter(|line| line.starts_with("# HELP")).collect();
        insta::assert_snapshot!(help.join("\n"));
    }
}
