//! How gates stand, as far as this process has heard: for readiness in words and one gauge. The record itself is the receipts'.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use sumun_model::Timestamp;

/// What was last heard of a gate.
#[derive(Clone, Copy, Debug, Default)]
struct Standing {
    streams: u32,
    acknowledged: Option<(u64, Timestamp)>,
}

/// What was heard of each gate since this process began. Bounded by the number of enrolled gates.
#[derive(Debug, Default)]
pub(crate) struct Gates(Mutex<BTreeMap<String, Standing>>);

impl Gates {
    fn with<R>(&self, gate: &str, change: impl FnOnce(&mut Standing) -> R) -> R {
        let mut gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(gates.entry(gate.to_owned()).or_default())
    }

    pub(crate) fn connected(&self, gate: &str) {
        self.with(gate, |gate| gate.streams += 1);
    }

    pub(crate) fn disconnected(&self, gate: &str) {
        self.with(gate, |gate| gate.streams = gate.streams.saturating_sub(1));
    }

    pub(crate) fn acknowledged(&self, gate: &str, version: u64, now: Timestamp) {
        self.with(gate, |gate| gate.acknowledged = Some((version, now)));
    }

    /// Gates heard of whose last acknowledgement is behind the feed.
    pub(crate) fn behind(&self, head: u64) -> i64 {
        let gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let behind =
            gates.values().filter(|gate| gate.acknowledged.is_none_or(|(version, _)| version < head));
        i64::try_from(behind.count()).unwrap_or(i64::MAX)
    }

    /// One gate's standing in words.
    pub(crate) fn words(&self, gate: &str, head: u64, now: Timestamp) -> String {
        let standing = self.with(gate, |gate| *gate);
        let stream = match standing.streams {
            0 => "not connected",
            _ => "connected",
        };
        match standing.acknowledged {
            None => format!("{stream}; nothing acknowledged since this process began"),
            Some((version, _)) if version >= head => {
                format!("{stream}; obeys version {version}, the last one")
            }
            Some((version, at)) => {
                let seconds = now.micros_since(at).max(0) / 1_000_000;
                format!("{stream}; obeys version {version}, {} behind, heard {seconds} s ago", head - version)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_is_described_in_words() {
        let gates = Gates::default();
        let at = |s: i64| Timestamp::from_seconds(1_800_000_000 + s).unwrap();
        assert_eq!(
            gates.words("g1", 3, at(0)),
            "not connected; nothing acknowledged since this process began"
        );
        gates.connected("g1");
        gates.acknowledged("g1", 2, at(0));
        assert_eq!(gates.words("g1", 3, at(9)), "connected; obeys version 2, 1 behind, heard 9 s ago");
        assert_eq!(gates.behind(3), 1);
        gates.acknowledged("g1", 3, at(9));
        gates.disconnected("g1");
        assert_eq!(gates.words("g1", 3, at(9)), "not connected; obeys version 3, the last one");
    }
}
