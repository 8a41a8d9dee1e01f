//! A client's message on Upbit's streams: never panics, and never understood as asking for less than a plain JSON
//! reader finds in it.
//!
//! The exchange behind the gate reads the same bytes with a reader of its own; `serde_json` stands for it here.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use sumun_dialect::{AskKind, ClientMessage, Dialect};
use sumun_model::Scope;

const PRIVATE_PATH: &str = "/websocket/v1/private";

/// Types of the private stream that need a scope of their own.
const SCOPED: [(&str, Scope); 2] = [("myAsset", Scope::ReadBalances), ("myOrder", Scope::ReadOrders)];

fuzz_target!(|bytes: &[u8]| {
    let ask = match Dialect::Upbit.client_message(PRIVATE_PATH, bytes) {
        ClientMessage::Understood(ask) => ask,
        ClientMessage::Refused(error) => {
            assert!(!error.to_string().is_empty(), "a refusal says why");
            return;
        }
    };
    if ask.kind == AskKind::Ping {
        assert_eq!(bytes, b"PING");
        return;
    }
    let message: Value =
        serde_json::from_slice(bytes).expect("what is understood is JSON to other readers too");
    let parts = message.as_array().expect("what is understood is an array");
    for (word, scope) in SCOPED {
        let asked = parts.iter().any(|part| part["type"] == word);
        assert_eq!(asked, ask.asks.contains(&scope), "{word} was asked for, or was not");
    }
    let types = parts.iter().filter(|part| part.get("type").is_some()).count();
    assert_eq!(types > 0, ask.kind == AskKind::Subscribe);
    assert!(ask.asks.len() <= types);
});
