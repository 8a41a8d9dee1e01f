//! The control planes together: writes that are asked for until they are answered, reads, and what gates say they obey.

use super::plane::Plane;
use crate::rest::{self, Answer};
use crate::stage::wait_for;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// The control planes, and who is signed in at all of them.
pub(crate) struct Site {
    pub(crate) planes: Vec<Plane>,
    pub(crate) tokens: BTreeMap<&'static str, String>,
}

impl Site {
    /// One try.
    pub(crate) fn send(
        &self,
        plane: usize,
        who: &str,
        step: &str,
        path: &str,
        body: &Value,
    ) -> Option<Answer> {
        let idempotency = format!("made-up-{step}");
        rest::send(&self.planes[plane].server, &self.tokens[who], path, Some((&idempotency, body)))
    }

    /// Asks until there is an answer, under one idempotency key; what has died is started again.
    pub(crate) fn write(&self, plane: usize, who: &str, step: &str, path: &str, body: &Value) -> Answer {
        let answer = wait_for(|| {
            self.planes[plane].up();
            let answer = self.send(plane, who, step, path, body)?;
            if answer.status == 503 {
                assert!(answer.body["code"].as_str().unwrap().starts_with("store_"), "{answer:?}");
                std::thread::sleep(Duration::from_millis(50));
                return None;
            }
            Some(answer)
        });
        let answer = answer.unwrap_or_else(|| panic!("{step} was never answered"));
        assert!((200..300).contains(&answer.status), "{step}: {answer:?}");
        answer
    }

    pub(crate) fn read(&self, plane: usize, path: &str) -> Value {
        let answer = wait_for(|| {
            self.planes[plane].up();
            let answer = rest::send(&self.planes[plane].server, &self.tokens["alice"], path, None)?;
            (answer.status != 503).then_some(answer)
        });
        let answer = answer.expect("an answer");
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.body
    }

    /// Up to which version a gate has said that it obeys. None may be left out.
    pub(crate) fn reached(&self, plane: usize, gate: &str) -> u64 {
        let items = self.read(plane, &format!("/v1/gates/{gate}/receipts?limit=1000"))["items"].clone();
        let number = |item: &Value, name: &str| item[name].as_u64().unwrap();
        let mut spans: Vec<(u64, u64)> = items
            .as_array()
            .unwrap()
            .iter()
            .map(|item| (number(item, "from_version"), number(item, "to_version")))
            .collect();
        spans.sort_unstable();
        let mut reached = 0;
        for (from, to) in &spans {
            assert!(*from <= reached + 1, "{gate}: no receipt from version {} to {from}", reached + 1);
            reached = reached.max(*to);
        }
        reached
    }

    /// Who takes a step of the n-th key's life, and what is asked.
    pub(crate) fn step(step: &str, n: usize, key: &str) -> (&'static str, String, Value) {
        let path = |action: &str| format!("/v1/keys/{key}/{action}");
        match step {
            "request" => (
                "owner",
                "/v1/keys".to_owned(),
                json!({
                    "account": "A1", "purpose": "own_bot", "application": format!("bot-{n}"),
                    "scopes": ["read", "trade"], "allowlist": ["127.0.0.1/32", "127.0.0.9/32"],
                    "expires": "2027-06-01T00:00:00Z", "terms": "1",
                }),
            ),
            "approve" => ("bob", path("approve"), json!({ "reason": "address checked by phone" })),
            "issue" => ("owner", path("issue"), json!({})),
            "narrow" => (
                "owner",
                path("allowlist"),
                json!({ "allowlist": ["127.0.0.1/32"], "reason": "one address is enough" }),
            ),
            "revoke" => ("owner", path("revoke"), json!({})),
            other => panic!("no step {other}"),
        }
    }
}
