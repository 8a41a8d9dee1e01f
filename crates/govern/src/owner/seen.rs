//! What of an access line may matter to an owner: a valid signature, from where, with what.

use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use sumun_model::wire::{AccessLine, Signature, Verdict};
use sumun_model::{AccountId, Check, CheckOutcome, EventId, KeyId, Timestamp, prefix};

/// Longest client name kept, in characters.
const CLIENT_CHARS_MAX: usize = 120;

/// A request with a valid signature, as far as its owner may be asked about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noticed {
    /// The line's place in the event log.
    pub position: u64,
    /// Its event id.
    pub event: EventId,
    /// When a gate received it.
    pub at: Timestamp,
    /// By which key.
    pub key: KeyId,
    /// Its account, if the gate knew it.
    pub account: Option<AccountId>,
    /// From where.
    pub address: IpAddr,
    /// Whether that address is in effect.
    pub registered: bool,
    /// Whether it is the first use of its nonce and in its time, as far as its gate knows: an old request sent again proves nothing.
    pub fresh: bool,
    /// Whether one of our gates saw it. What the exchange tells of requests raises questions; it proves nothing (ADR 0024).
    #[serde(default)]
    pub of_gate: bool,
    /// Whether a refusal was more than recorded.
    pub enforced: bool,
    /// What its client calls itself.
    pub client: Option<String>,
    /// The mark of the code it carries.
    pub code: Option<String>,
    /// Number of the network, if known.
    pub asn: Option<u32>,
    /// Country of the network, if known.
    pub country: Option<String>,
}

impl Noticed {
    /// As one of our gates told of it.
    #[must_use]
    pub const fn of_gate(mut self) -> Self {
        self.of_gate = true;
        self
    }

    /// With what is known of its network.
    #[must_use]
    pub fn of_network(mut self, asn: Option<u32>, country: Option<&str>) -> Self {
        (self.asn, self.country) = (asn, country.map(str::to_owned));
        self
    }
}

/// Whether its signature holds: checked by a gate, or by a trusted front that let it pass (WIRE 3).
pub(crate) fn signed(line: &AccessLine) -> bool {
    match line.signature {
        Some(Signature::Valid) => true,
        Some(Signature::Invalid | Signature::Absent) => false,
        Some(Signature::Unchecked) | None => line.verdict == Some(Verdict::Allow),
    }
}

/// What may matter of a line at this position; none for a line without a valid signature, key or address, and for messages on an
/// open stream, which carry no signature of their own.
#[must_use]
pub fn notice_of(line: &AccessLine, position: u64) -> Option<Noticed> {
    let (Some(key), Some(address), true) = (&line.key, line.ip, signed(line)) else { return None };
    if line.method.as_deref() == Some("MESSAGE") {
        return None;
    }
    let outcome = |check| line.checks.and_then(|checks| checks.get(check));
    // What was let pass came from where it may, whether or not that was written down.
    let registered = match outcome(Check::Address) {
        Some(CheckOutcome::Pass) => true,
        Some(CheckOutcome::Fail) => false,
        Some(CheckOutcome::NotRun) | None if line.verdict == Some(Verdict::Allow) => true,
        Some(CheckOutcome::NotRun) | None => return None,
    };
    let text = |name: &str| {
        let value = line.ext.as_ref().and_then(|ext| ext.get(name))?.as_str()?;
        Some(value.chars().take(64).collect())
    };
    Some(Noticed {
        position,
        event: line.id.clone(),
        at: line.ts,
        key: key.clone(),
        account: line.account.clone(),
        address: prefix::canonical(address),
        registered,
        fresh: [Check::Replay, Check::Clock].map(outcome).iter().all(|one| *one != Some(CheckOutcome::Fail)),
        of_gate: false,
        enforced: line.enforced.unwrap_or(true),
        client: line.agent.as_deref().map(|agent| agent.chars().take(CLIENT_CHARS_MAX).collect()),
        code: text("code"),
        asn: None,
        country: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use sumun_model::wire::{Line, Origin, parse_line};

    fn noticed(fields: &str) -> Option<Noticed> {
        let text = format!(
            r#"{{"type":"access","id":"a1","ts":"2026-11-02T00:00:00Z","key":"K1","account":"A1","ip":"203.0.113.9",{fields}}}"#
        );
        match parse_line(Origin { source_name: "test", line: 1 }, &text) {
            Ok(Line::Access(line)) => notice_of(&line, 7),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn only_valid_signatures_matter() {
        let elsewhere = r#""verdict":"deny","checks":{"address":"fail","replay":"pass"}"#;
        let found = noticed(&format!(r#""signature":"valid",{elsewhere}"#)).unwrap();
        assert!(!found.registered && found.fresh && found.position == 7);
        for word in ["invalid", "absent", "unchecked"] {
            assert_eq!(noticed(&format!(r#""signature":"{word}",{elsewhere}"#)), None, "{word}");
        }
        let front = noticed(r#""signature":"unchecked","verdict":"allow""#).unwrap();
        assert!(front.registered);
        assert_eq!(
            noticed(r#""signature":"valid","verdict":"deny""#),
            None,
            "nobody knows whether its address is in effect"
        );
        let again =
            noticed(r#""signature":"valid","verdict":"deny","checks":{"address":"fail","replay":"fail"}"#)
                .unwrap();
        assert!(!again.fresh);
        let old =
            noticed(r#""signature":"valid","verdict":"deny","checks":{"address":"fail","clock":"fail"}"#)
                .unwrap();
        assert!(!old.fresh, "its time is over: whoever caught it may send it");
        let code = noticed(
            r#""signature":"valid","verdict":"allow","checks":{"address":"pass"},"ext":{"code":"00ff"}"#,
        );
        assert_eq!(code.unwrap().code.as_deref(), Some("00ff"));
    }
}
