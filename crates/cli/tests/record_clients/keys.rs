//! Keys as people have them made: asked for by the owner, agreed to by others, issued to the owner. All through REST.

use crate::world::World;
use serde_json::{Value, json};

/// A key as its owner has it.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) secret: String,
    /// Version of the feed that made it live.
    pub(crate) version: u64,
}

/// Feed version and ledger entry of a change.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Changed {
    pub(crate) version: u64,
    pub(crate) entry: u64,
}

impl Changed {
    pub(crate) fn of(answer: &Value) -> Self {
        let number =
            |name: &str| answer["ledger"][name].as_u64().unwrap_or_else(|| panic!("no {name} in {answer}"));
        Self { version: number("feed_version"), entry: number("entry") }
    }
}

/// The path of what is done to a key.
pub(crate) fn path(key: &str, what: &str) -> String {
    format!("/v1/keys/{key}/{what}")
}

impl World {
    /// Asked for by the owner, decided by the others as far as anybody must, issued.
    pub(crate) fn key(&self, scopes: &[&str], allowlist: &[&str]) -> Key {
        let request = json!({
            "account": "A1", "purpose": "own_bot", "application": "bot", "scopes": scopes, "allowlist": allowlist,
            "expires": self.expires, "terms": "1",
        });
        let asked = self.rest.must("owner", "POST", "/v1/keys", Some(request));
        let id = asked["result"]["key"]["key"].as_str().unwrap().to_owned();
        let waits = asked["result"]["waits_for"].as_array().unwrap();
        if !waits.is_empty() {
            assert_eq!(asked["result"]["key"]["state"], "requested", "{asked}");
            self.rest.refused("owner", &path(&id, "issue"), None, 409);
            self.rest.refused("owner", &path(&id, "approve"), Some(json!({ "reason": "it is mine" })), 403);
        }
        self.agree(waits);
        let issued = self.rest.must("owner", "POST", &path(&id, "issue"), None);
        let secret = issued["result"]["secret"].as_str().unwrap().to_owned();
        Key { id, secret, version: Changed::of(&issued).version }
    }

    /// Bob, and alice and carol where more are needed, agree to all of this. Returns the last answer.
    pub(crate) fn agree(&self, approvals: &[Value]) -> Option<Value> {
        let mut last = None;
        for approval in approvals {
            let path = format!("/v1/approvals/{}/decide", approval.as_str().unwrap());
            for who in ["bob", "alice", "carol"] {
                let decision = json!({ "decision": "approve", "reason": "address checked by phone" });
                let decided = self.rest.must(who, "POST", &path, Some(decision));
                let open = decided["result"]["state"] == "open";
                last = Some(decided);
                if !open {
                    break;
                }
            }
        }
        last
    }
}
