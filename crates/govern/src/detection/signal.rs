//! A signal as it is kept.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sumun_model::finding::{Signal, Subject};
use sumun_store::Image;
use sumun_store::tables::SIGNALS;

/// A signal and its place in the event log: that of the line at which it was said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlacedSignal {
    /// The place.
    pub position: u64,
    /// What was said.
    pub signal: Signal,
}

impl PlacedSignal {
    /// The key it is about, if about one.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        match &self.signal.subject {
            Subject::Key { key, .. } => Some(key.as_str()),
            _ => None,
        }
    }

    /// Its row.
    #[must_use]
    pub fn image(&self) -> Image {
        let signal = &self.signal;
        let (key, account, cluster) = match &signal.subject {
            Subject::Key { key, account } => (Some(key.as_str()), Some(account.as_str()), None),
            Subject::Cluster { cluster, .. } => (None, None, Some(cluster.to_string())),
            Subject::Account { account } => (None, Some(account.as_str()), None),
            Subject::Market { .. } => (None, None, None),
        };
        let columns = [
            (SIGNALS.key, json!(signal.id)),
            ("key", json!(key)),
            ("account", json!(account)),
            ("cluster", json!(cluster)),
            ("detector", json!(signal.detector)),
            ("code", json!(signal.code)),
            ("cause", json!(signal.cause)),
            ("points", json!(signal.points)),
            ("at_us", json!(signal.ts.as_micros())),
            ("position", json!(self.position)),
            ("body", json!(signal)),
        ];
        columns.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

/// The signal of a row; none if it cannot be read.
#[must_use]
pub fn of(row: &Image) -> Option<Signal> {
    row.get("body").and_then(|body| serde_json::from_value(Value::clone(body)).ok())
}
