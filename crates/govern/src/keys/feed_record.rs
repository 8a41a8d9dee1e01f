//! What gates learn of a key: the keys file's record, with the sealed secret named by its digest.
//!
//! The server puts the sealed text in the place of `secret_ref` when it sends. Keys that were never issued are not told. Of a key whose
//! secret the exchange holds a gate learns all but the secret, and that it is held there: it can decide about it where somebody whom it
//! trusts has checked the signature.

use super::row::{KeyRow, Scheme};
use serde_json::{Map, Value, json};
use sumun_model::{KeyState, Timestamp};

/// The record, if gates must know of this key.
#[must_use]
pub fn of(key: &KeyRow) -> Option<Value> {
    let told = matches!(key.state, KeyState::Active | KeyState::Suspended | KeyState::Expired);
    let held_there = key.secret.is_none() && key.scheme == Scheme::Hs256;
    // One that came in dead was never served here.
    let came_in_dead = held_there && key.state == KeyState::Expired && key.version <= 1;
    if !told || came_in_dead || key.secret.is_none() && !held_there {
        return None;
    }
    let mut record = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            record.insert(name.to_owned(), value);
        }
    };
    put("key", json!(key.key));
    put("account", json!(key.account));
    put("state", json!(key.state));
    put("scopes", json!(key.scopes));
    put("allowlist", json!(key.allowlist));
    // An entry with a history and no proof is written only where the segment asks for proof; whoever reads it must not have to
    // know the venue's rules.
    let pending = key.allowlist.iter().any(|entry| !entry.in_effect(true));
    put("address_proof_required", if pending { json!(true) } else { Value::Null });
    put("purpose", json!(key.purpose));
    put("application", json!(key.application));
    put("operator", json!(key.operator));
    put("vendor", json!(key.vendor));
    put("created", json!(Timestamp::from_micros(key.created_us)));
    // A rotated key ends by the gate's own clock, though govern be gone.
    put("expires", json!(key.ends()));
    put("replaces", json!(key.replaces));
    put("measure", json!(key.measure));
    put("cause", json!(key.cause));
    let due = key.campaign.is_some() && key.state != KeyState::Expired;
    put("registration_due", if due { json!(true) } else { Value::Null });
    put("secret_ref", json!(key.secret));
    put("secret_held", if held_there { json!("exchange") } else { Value::Null });
    // What an ended key was approved to do matters to no gate, and may be long.
    if key.state != KeyState::Expired {
        put("mandate", json!(key.mandate));
    }
    Some(Value::Object(record))
}

#[cfg(test)]
mod tests {
    use super::super::write::tests::{DAY, NOW, key};
    use super::*;

    #[test]
    fn a_record_for_gates() {
        let rotated = KeyRow { ends_us: Some(NOW.as_micros() + DAY), ..key() };
        insta::assert_snapshot!(serde_json::to_string_pretty(&of(&rotated)).unwrap());
        let pending = r#"["203.0.113.7/32",{"prefix":"203.0.113.8/32","since":"2026-11-02T00:00:00Z"}]"#;
        let asks = of(&KeyRow { allowlist: serde_json::from_str(pending).unwrap(), ..key() }).unwrap();
        assert_eq!(asks["address_proof_required"], true);
        for state in [KeyState::Requested, KeyState::Rejected] {
            assert!(of(&KeyRow { state, ..key() }).is_none());
        }
        let held_there = KeyRow { secret: None, exposure: None, ..key() };
        let told = of(&held_there).unwrap();
        assert_eq!((&told["secret_held"], told.get("secret_ref")), (&json!("exchange"), None));
        let dead = KeyRow { state: KeyState::Expired, version: 1, ..held_there };
        assert!(of(&dead).is_none());
        assert!(of(&KeyRow { version: 2, ..dead }).is_some());
        let ended = of(&KeyRow { state: KeyState::Expired, ..key() }).unwrap();
        let unregistered = KeyRow { campaign: Some("E1".into()), ..key() };
        assert_eq!(of(&unregistered).unwrap()["registration_due"], true);
        let over = of(&KeyRow { state: KeyState::Expired, ..unregistered }).unwrap();
        assert!(
            over.get("registration_due").is_none() && of(&key()).unwrap().get("registration_due").is_none()
        );
        assert!(of(&key()).unwrap().get("mandate").is_some() && ended.get("mandate").is_none());
    }
}
