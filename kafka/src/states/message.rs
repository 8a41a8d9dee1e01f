//! A signed message of a key's state, as the actuator sends it: read and checked. Never here: what becomes of it.

use serde::Deserialize;
use subtle::ConstantTimeEq;
use sumun_actuator::webhook::signature;
use sumun_model::Timestamp;

/// The signed headers, by the Standard Webhooks convention; they go into the topic with the message, so that a reader can check it, too.
pub(super) const HEADERS: [&str; 3] = ["webhook-id", "webhook-timestamp", "webhook-signature"];

/// How far the sender's clock may be from ours, seconds: as the convention's own libraries have it.
const CLOCKS_S: i64 = 300;

/// The three headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Signed {
    pub(super) id: String,
    pub(super) timestamp: String,
    pub(super) signature: String,
}

/// Why a message is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotOurs {
    #[error(
        "`webhook-timestamp` is no time, or more than five minutes from the clock here; check both clocks"
    )]
    Time,
    #[error(
        "the signature is not of this secret; `states.secret_file` and the webhook's `secret` must be the same"
    )]
    Signature,
}

impl Signed {
    /// Whether who knows the secret sent this, now.
    ///
    /// # Errors
    /// He did not, or one of the clocks is wrong.
    pub(super) fn check(&self, secret: &[u8], body: &str, now: Timestamp) -> Result<(), NotOurs> {
        let at: i64 = self.timestamp.parse().map_err(|_| NotOurs::Time)?;
        let here = now.as_micros().div_euclid(1_000_000);
        if at.saturating_sub(here).saturating_abs() > CLOCKS_S {
            return Err(NotOurs::Time);
        }
        let wanted = format!("v1,{}", signature(secret, &self.id, &self.timestamp, body));
        // While a secret is exchanged there may be several, with spaces between.
        let is_one = |one: &str| bool::from(one.as_bytes().ct_eq(wanted.as_bytes()));
        if self.signature.split(' ').any(is_one) { Ok(()) } else { Err(NotOurs::Signature) }
    }
}

/// Which key, and which version of its state.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct State {
    pub(super) key: String,
    pub(super) version: i64,
}

impl State {
    /// Of a message's body.
    pub(super) fn read(body: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Message {
            #[serde(rename = "type")]
            kind: String,
            data: State,
        }
        let message: Message = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        if message.kind != "key.state" {
            return Err(format!("`{}` is no type of message known here", message.kind));
        }
        if message.data.key.is_empty() {
            return Err("it names no key".to_owned());
        }
        Ok(message.data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"a made-up secret of some length";

    fn signed(body: &str, at: &str) -> Signed {
        let signature = format!("v1,{}", signature(SECRET, "m1", at, body));
        Signed { id: "m1".to_owned(), timestamp: at.to_owned(), signature }
    }

    #[test]
    fn only_who_knows_the_secret_is_believed() {
        let now = Timestamp::from_micros(1_764_000_000_000_000);
        let good = signed("{}", "1764000000");
        assert_eq!(good.check(SECRET, "{}", now), Ok(()));
        assert_eq!(good.check(SECRET, "{ }", now), Err(NotOurs::Signature));
        assert_eq!(good.check(b"another", "{}", now), Err(NotOurs::Signature));
        let two = Signed { signature: format!("v1,AAAA {}", good.signature), ..good.clone() };
        assert_eq!(two.check(SECRET, "{}", now), Ok(()));
        let renamed = Signed { id: "m2".to_owned(), ..good };
        assert_eq!(renamed.check(SECRET, "{}", now), Err(NotOurs::Signature));
        for at in ["1763999699", "1764000301", "now", ""] {
            assert_eq!(signed("{}", at).check(SECRET, "{}", now), Err(NotOurs::Time), "{at}");
        }
    }

    #[test]
    fn a_state_is_read_or_refused() {
        let facts = sumun_actuator::Facts::sample(sumun_actuator::Target::Held);
        let body = sumun_actuator::webhook::body(&facts);
        let state = State::read(body.as_bytes()).unwrap();
        assert_eq!((state.key, state.version), (facts.key, facts.version));
        for body in [
            "",
            "{}",
            r#"{"type":"key.state","data":{"key":"","version":1}}"#,
            r#"{"type":"x","data":{"key":"K1","version":1}}"#,
        ] {
            assert!(State::read(body.as_bytes()).is_err(), "{body}");
        }
    }
}
