//! A table of keys as it stood at a version, and how deltas change it.

use serde_json::Value;
use std::collections::BTreeMap;
use sumun_feed::{Delta, Mark, Snapshot};
use sumun_model::{KeyId, Timestamp};

/// All keys as they stood at a version.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Held {
    pub(super) version: u64,
    /// What that version is; unknown in what an older build kept.
    pub(super) mark: Option<Mark>,
    /// As of when, by govern's clock.
    pub(super) at: Option<Timestamp>,
    pub(super) records: BTreeMap<KeyId, Value>,
    /// Up to which version govern has acknowledgements.
    pub(super) acknowledged: u64,
    /// Keys changed by versions that it has none for.
    pub(super) unacknowledged: Vec<KeyId>,
}

impl Held {
    pub(super) fn snapshot(snapshot: &Snapshot) -> Self {
        let Snapshot { version, mark, at, .. } = *snapshot;
        let records =
            snapshot.records.iter().filter_map(|record| Some((key_of(record)?, record.clone()))).collect();
        Self { version, mark, at: Some(at), records, ..Self::default() }
    }

    pub(super) fn overlay(&mut self, delta: Delta) {
        let Delta { version, mark, at, records } = delta;
        for mut record in records {
            let Some(key) = key_of(&record) else { continue };
            // As when it was applied: an end that had passed is not put off.
            if let Some(end) = self.records.get(&key).and_then(end_of)
                && end <= at
                && end_of(&record).is_some_and(|later| later > at)
                && let Some(expires) = record.get_mut("expires")
            {
                *expires = Value::String(end.to_string());
            }
            self.records.insert(key, record);
        }
        (self.version, self.mark) = (version, Some(mark));
        self.at = Some(at);
    }
}

/// Which key a record is about.
pub(super) fn key_of(record: &Value) -> Option<KeyId> {
    KeyId::new(record.get("key")?.as_str()?).ok()
}

pub(super) fn end_of(record: &Value) -> Option<Timestamp> {
    record.get("expires")?.as_str()?.parse().ok()
}
