//! How gates stand, as far as this process has heard: for readiness in words and one gauge. The record itself is the receipts'.

use crate::readiness::{Check, Standing};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use sumun_model::Timestamp;
use tokio::sync::watch;

/// How long a gate may be away before somebody should look, microseconds: it reconnects within two seconds.
const AWAY_US_MAX: i64 = 15_000_000;
/// How long a gate may take to obey, microseconds: it takes milliseconds, and a large table a second.
const OBEYING_US_MAX: i64 = 10_000_000;

/// What was last heard of a gate.
#[derive(Debug, Default)]
struct Heard {
    streams: u32,
    /// How many streams it has begun: an older one ends when a newer begins.
    begun: watch::Sender<u64>,
    acknowledged: Option<(u64, Timestamp)>,
    /// When anything of it last came to this process.
    heard: Option<Timestamp>,
}

/// What was heard of each gate since this process began. Bounded by the number of enrolled gates.
#[derive(Debug)]
pub(crate) struct Gates {
    began: Timestamp,
    heard: Mutex<BTreeMap<String, Heard>>,
}

/// What readiness knows beside.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    /// The feed's last version.
    pub(crate) head: u64,
    /// The last version acknowledged, to whichever process, and when.
    pub(crate) heard: Option<(u64, Timestamp)>,
    /// When the first version came that the gate has not acknowledged.
    pub(crate) behind_since: Option<Timestamp>,
    pub(crate) now: Timestamp,
}

impl Gates {
    pub(crate) fn since(began: Timestamp) -> Self {
        Self { began, heard: Mutex::default() }
    }

    fn with<R>(&self, gate: &str, change: impl FnOnce(&mut Heard) -> R) -> R {
        let mut gates = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        change(gates.entry(gate.to_owned()).or_default())
    }

    /// A stream begins; what is answered changes when the gate begins another one.
    pub(crate) fn connected(&self, gate: &str) -> watch::Receiver<u64> {
        self.with(gate, |gate| {
            gate.streams += 1;
            gate.begun.send_modify(|begun| *begun += 1);
            gate.begun.subscribe()
        })
    }

    pub(crate) fn disconnected(&self, gate: &str) {
        self.with(gate, |gate| gate.streams = gate.streams.saturating_sub(1));
    }

    pub(crate) fn acknowledged(&self, gate: &str, version: u64, now: Timestamp) {
        self.with(gate, |gate| {
            gate.acknowledged = Some((version, now));
            gate.heard = gate.heard.max(Some(now));
        });
    }

    /// Something of it came.
    pub(crate) fn heard(&self, gate: &str, now: Timestamp) {
        self.with(gate, |gate| gate.heard = gate.heard.max(Some(now)));
    }

    /// When anything of it last came to this process.
    pub(crate) fn heard_last(&self, gate: &str) -> Option<Timestamp> {
        self.with(gate, |gate| gate.heard)
    }

    /// Every gate heard of, and whether it follows the feed by this process.
    pub(crate) fn connections(&self) -> Vec<(String, bool)> {
        let gates = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        gates.iter().map(|(gate, heard)| (gate.clone(), heard.streams > 0)).collect()
    }

    /// Whether it follows the feed by this process.
    pub(crate) fn is_connected(&self, gate: &str) -> bool {
        self.with(gate, |gate| gate.streams > 0)
    }

    /// The last version that this gate acknowledged to this process, and when.
    pub(crate) fn acknowledged_last(&self, gate: &str) -> Option<(u64, Timestamp)> {
        self.with(gate, |gate| gate.acknowledged)
    }

    /// How many of these gates are behind the feed; one that was not heard of yet is.
    pub(crate) fn behind(&self, followers: &[String], head: u64) -> i64 {
        let behind = followers.iter().filter(|gate| {
            head > 0 && self.acknowledged_last(gate).is_none_or(|(version, _)| version < head)
        });
        i64::try_from(behind.count()).unwrap_or(i64::MAX)
    }

    /// One gate's standing.
    pub(crate) fn check(&self, gate: &str, seen: &Seen) -> Check {
        let Seen { head, heard, behind_since, now } = *seen;
        let away = self.with(gate, |gate| gate.streams == 0);
        let ran_us = now.micros_since(self.began);
        let seconds = |at: Timestamp| now.micros_since(at).max(0) / 1_000_000;
        let obeys = match heard {
            None if head == 0 => "there is nothing to obey yet".to_owned(),
            None => "nothing was ever heard of it".to_owned(),
            Some((version, _)) if version >= head => format!("obeys version {version}, the last one"),
            Some((version, at)) => {
                format!("obeys version {version}, {} behind, heard {} s ago", head - version, seconds(at))
            }
        };
        let slow = behind_since.is_some_and(|since| now.micros_since(since) > OBEYING_US_MAX);
        let name = format!("gate {gate}");
        if away && ran_us > AWAY_US_MAX {
            let detail =
                format!("not connected to this process, which began {} s ago; {obeys}", seconds(self.began));
            let remedy = "look whether the gate runs and reaches this server; until it does, keys that end live on there";
            return Check::new(&name, Standing::Degraded, detail, remedy);
        }
        let stream = if away { "not connected yet" } else { "connected" };
        let state = if slow { Standing::Degraded } else { Standing::Ready };
        let remedy =
            "look at the gate's own /readyz and log; take it out of the traffic if it does not catch up";
        Check::new(&name, state, format!("{stream}; {obeys}"), remedy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_is_described_in_words() {
        let at = |s: i64| Timestamp::from_seconds(1_800_000_000 + s).unwrap();
        let gates = Gates::since(at(0));
        let told = |head, behind: Option<i64>, now| {
            let seen = Seen {
                head,
                heard: gates.acknowledged_last("g1"),
                behind_since: behind.map(at),
                now: at(now),
            };
            let check = gates.check("g1", &seen);
            format!("{:?}: {}; {}", check.state, check.detail, check.remedy.as_deref().unwrap_or("-"))
        };
        let mut lines = vec![told(0, None, 3), told(3, Some(1), 3), told(3, Some(1), 16)];
        let older = gates.connected("g1");
        assert!(!older.has_changed().unwrap());
        lines.push(told(3, Some(1), 16));
        gates.acknowledged("g1", 2, at(16));
        lines.extend([told(3, Some(18), 20), told(3, Some(18), 40)]);
        assert_eq!(gates.behind(&["g1".to_owned(), "g2".to_owned()], 3), 2, "g2 never came");
        gates.acknowledged("g1", 3, at(41));
        lines.push(told(3, None, 9_000));
        gates.disconnected("g1");
        lines.push(told(3, None, 9_001));
        insta::assert_snapshot!(lines.join("\n"));
    }
}
