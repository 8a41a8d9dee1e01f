//! What caused a finding, and the finding's id made of it (WIRE 4).

use sha2::{Digest, Sha256};
use sumun_model::wire::Line;
use sumun_model::{AccountId, EventId, FindingId, KeyId, Measure, Phase};

/// What a finding comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Causing {
    /// A line with an id of its own.
    Event {
        /// Who sent it.
        source: Option<String>,
        /// Its type word.
        kind: &'static str,
        /// Its id.
        id: EventId,
    },
    /// A line without one, by its position.
    Position(u64),
    /// A whole second of engine time.
    Second(i64),
}

impl Causing {
    /// Of a line at a position.
    #[must_use]
    pub fn of(line: &Line, position: u64) -> Self {
        let event = |source: &Option<String>, id: &EventId| Self::Event {
            source: source.clone(),
            kind: line.type_word(),
            id: id.clone(),
        };
        match line {
            Line::Session(l) => event(&l.source, &l.id),
            Line::Access(l) => event(&l.source, &l.id),
            Line::Order(l) => event(&l.source, &l.id),
            Line::Trade(l) => event(&l.source, &l.id),
            Line::Transfer(l) => event(&l.source, &l.id),
            Line::Report(l) => event(&l.source, &l.id),
            _ => Self::Position(position),
        }
    }

    fn begin(&self) -> Parts {
        let mut parts = Parts(Sha256::new());
        match self {
            Self::Event { source, kind, id } => {
                parts.add(source.as_deref().unwrap_or_default());
                parts.add(kind);
                parts.add(id.as_str());
            }
            Self::Position(position) => parts.add(&format!("line {position}")),
            Self::Second(second) => parts.add(&format!("second {second}")),
        }
        parts
    }
}

/// Parts of an id, each with its length before it, so that no two lists of parts are alike.
struct Parts(Sha256);

impl Parts {
    fn add(&mut self, part: &str) {
        self.0.update((part.len() as u64).to_be_bytes());
        self.0.update(part.as_bytes());
    }

    fn end(self) -> FindingId {
        let digest = self.0.finalize();
        let mut bytes = [0; 16];
        for (byte, from) in bytes.iter_mut().zip(digest.iter()) {
            *byte = *from;
        }
        FindingId::of(bytes)
    }
}

/// Id of a signal about one key.
#[must_use]
pub fn key_signal_id(
    causing: &Causing,
    detector: &str,
    key: &KeyId,
    account: &AccountId,
    code: &str,
) -> FindingId {
    let mut parts = causing.begin();
    for part in [detector, "key", key.as_str(), account.as_str(), code] {
        parts.add(part);
    }
    parts.end()
}

/// Id of a signal about several keys: its subject is its members.
#[must_use]
pub fn cluster_signal_id(causing: &Causing, detector: &str, members: &[KeyId], code: &str) -> FindingId {
    let mut parts = causing.begin();
    parts.add(detector);
    parts.add("cluster");
    parts.add(&members.len().to_string());
    for member in members {
        parts.add(member.as_str());
    }
    parts.add(code);
    parts.end()
}

/// Id of a measure on a key.
#[must_use]
pub fn measure_id(causing: &Causing, policy: &str, key: &KeyId, measure: Measure, phase: Phase) -> FindingId {
    let mut parts = causing.begin();
    for part in [policy, "key", key.as_str(), measure.as_str(), phase.as_str()] {
        parts.add(part);
    }
    parts.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_depends_on_every_part_and_on_where_one_ends() {
        let event = |source: Option<&str>, id: &str| Causing::Event {
            source: source.map(str::to_owned),
            kind: "access",
            id: EventId::new(id).unwrap(),
        };
        let key = |k: &str| KeyId::new(k).unwrap();
        let account = AccountId::new("A1").unwrap();
        let id = |causing: &Causing, k: &str, code: &str| {
            key_signal_id(causing, "key.x@1", &key(k), &account, code)
        };
        let first = event(None, "a1");
        let ids = [
            id(&first, "K1", "x"),
            id(&first, "K1", "y"),
            id(&first, "K2", "x"),
            id(&event(Some("s"), "a1"), "K1", "x"),
            id(&event(None, "a2"), "K1", "x"),
            id(&Causing::Position(1), "K1", "x"),
            id(&Causing::Second(1), "K1", "x"),
            cluster_signal_id(&first, "key.x@1", &[key("K1")], "x"),
            cluster_signal_id(&first, "key.x@1", &[key("K"), key("1")], "x"),
            measure_id(&first, "p@1", &key("K1"), Measure::Warn, Phase::Enter),
            measure_id(&first, "p@1", &key("K1"), Measure::Warn, Phase::Leave),
        ];
        let different: std::collections::BTreeSet<_> = ids.iter().collect();
        assert_eq!(different.len(), ids.len());
        assert_eq!(id(&first, "K1", "x"), ids[0]);
        // SHA-256 of the parts, each behind its length in eight bytes, as any other program would make it.
        assert_eq!(ids[0].to_string(), "95e18580e168cfb09dec6deea40576c1");
    }
}
