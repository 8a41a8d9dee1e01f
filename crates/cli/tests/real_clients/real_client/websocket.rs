//! What a private stream carries is decided message by message, by the key's scopes.

use crate::driver::{Driver, Library, REGISTERED, cancel, identity, resting_order};
use crate::records::text;
use crate::stage::{Setup, Stage};
use crate::table::Table;
use crate::waiting::until;
use serde_json::{Value, json};

/// A key that may ask for one of the two private types.
struct Half {
    key: &'static str,
    granted: &'static str,
    lacking: &'static str,
}

const HALVES: [Half; 2] = [
    Half { key: "K-orders", granted: "myOrder", lacking: "myAsset" },
    Half { key: "K-balances", granted: "myAsset", lacking: "myOrder" },
];

fn scope_of(kind: &str) -> &'static str {
    if kind == "myAsset" { "read_balances" } else { "read_orders" }
}

fn next(driver: &mut Driver) -> Value {
    driver.get(&json!({"op": "ws_next", "timeout_s": 10}))
}

/// The next message; raw ones come as text.
fn message(driver: &mut Driver) -> Value {
    let event = next(driver);
    let message = &event["message"];
    assert!(!message.is_null(), "instead of a message: {event}");
    message.as_str().map_or_else(|| message.clone(), |text| serde_json::from_str(text).unwrap())
}

/// Refused as a whole, answered with the table's frame; what is granted works before, after and meanwhile.
fn half_by_hand(stage: &Stage, table: &Table, half: &Half, trader: &mut Driver) {
    let mut raw = Driver::start(Library::Raw, stage, stage.key(half.key), REGISTERED);
    let opened = raw.get(&json!({"op": "ws_connect"}));
    assert_eq!(opened["status"], 101);
    assert_eq!(opened["extensions"], Value::Null, "compression is taken out of the handshake");

    let lacking = format!(r#"[{{"ticket":"t"}},{{"type":"{}"}}]"#, half.lacking);
    let mixed = format!(r#"[{{"ticket":"t"}},{{"type":"{}"}},{{"type":"{}"}}]"#, half.granted, half.lacking);
    let halved = lacking.split_at(20);
    let hex: String = lacking.bytes().map(|byte| format!("{byte:02x}")).collect();
    for sent in [
        json!({"text": lacking}),
        json!({"text": mixed}),
        json!({"fragments": [halved.0, halved.1]}),
        json!({"hex": hex}),
    ] {
        let mut operation = sent.clone();
        operation["op"] = json!("ws_send");
        raw.get(&operation);
        assert_eq!(message(&mut raw), table.frame("scope_missing"), "{sent}");
    }
    raw.get(&json!({"op": "ws_send", "text": r#"[{"ticket":"t"},{"type":"myFortune"}]"#}));
    assert_eq!(message(&mut raw), table.frame("route_unknown"));
    raw.get(&json!({"op": "ws_send", "text": "{\"type\":"}));
    assert_eq!(message(&mut raw), table.frame("malformed_credentials"));

    raw.get(&json!({"op": "ws_subscribe", "types": [half.granted]}));
    until("the subscription at the exchange", || (stage.messages(half.key).len() == 1).then_some(()));
    let order = trader.get(&resting_order());
    let told = message(&mut raw);
    assert_eq!(told["type"], half.granted, "{told}");
    if half.granted == "myOrder" {
        assert_eq!(told["uuid"], identity(&order), "{told}");
    }
    trader.get(&cancel(&order));
    let [frame] = stage.messages(half.key).try_into().unwrap();
    assert!(frame.contains(half.granted) && !frame.contains(half.lacking), "{frame}");
}

#[test]
fn websocket_scope() {
    let mut stage = Setup::default()
        .key("K-trader")
        .key_with("K-orders", "read_orders")
        .key_with("K-balances", "read_balances")
        .key_with("K-sdk", "read_orders")
        .key_with("K-pro", "read_orders")
        .start();
    let table = Table::read();
    let mut trader = Driver::start(Library::UpbitSdk, &stage, stage.key("K-trader"), REGISTERED);
    let mut sdk = Driver::start(Library::UpbitSdk, &stage, stage.key("K-sdk"), REGISTERED);
    let mut pro = Driver::start(Library::CcxtPro, &stage, stage.key("K-pro"), REGISTERED);
    for half in &HALVES {
        half_by_hand(&stage, &table, half, &mut trader);
    }

    // upbit-sdk hands the frame to its caller.
    sdk.get(&json!({"op": "ws_subscribe", "types": ["myAsset"]}));
    assert_eq!(message(&mut sdk), table.frame("scope_missing"));
    sdk.get(&json!({"op": "ws_subscribe", "types": ["myOrder"]}));
    // ccxt.pro does not: its caller waits for balances that never come.
    pro.get(&json!({"op": "ws_subscribe", "types": ["myAsset"]}));
    pro.get(&json!({"op": "ws_close"}));
    pro.get(&json!({"op": "ws_subscribe", "types": ["myOrder"]}));
    until("both subscriptions", || {
        let subscribed = |key| stage.messages(key).iter().any(|frame| frame.contains("myOrder"));
        (subscribed("K-sdk") && subscribed("K-pro")).then_some(())
    });
    let order = trader.get(&resting_order());
    for driver in [&mut sdk, &mut pro] {
        let told = next(driver).to_string();
        assert!(told.contains(identity(&order)), "{told}");
    }
    trader.get(&cancel(&order));
    for driver in [&mut sdk, &mut pro] {
        driver.get(&json!({"op": "ws_close"}));
    }
    stage.stop_gate();

    for entry in stage.received().iter().filter(|entry| entry["kind"] == "websocket_message") {
        let lacks = if entry["access_key"] == "K-balances" { "myOrder" } else { "myAsset" };
        assert!(!text(entry, "body").contains(lacks), "refused, but the exchange saw it: {entry}");
    }
    let lines = stage.log();
    for half in &HALVES {
        let of_key = lines.iter().filter(|line| line["key"] == half.key && line["method"] == "MESSAGE");
        let told: Vec<_> = of_key
            .map(|line| {
                assert_eq!(line["channel"], "websocket", "{line}");
                (text(line, "scope"), text(line, "verdict"), text(line, "reason"))
            })
            .collect();
        let (has, lacks) = (scope_of(half.granted), scope_of(half.lacking));
        let denied = |scope| (scope, "deny", "scope_missing");
        let expected = vec![
            denied(lacks),
            denied(lacks),
            denied(lacks),
            denied(lacks),
            ("-", "deny", "route_unknown"),
            ("-", "deny", "malformed_credentials"),
            (has, "allow", "-"),
        ];
        assert_eq!(told, expected, "one line per message, under the scope that is missing");
    }
    for (key, expected) in [("K-sdk", 1), ("K-pro", 1)] {
        let of_key = |line: &&Value| line["key"] == key && line["method"] == "MESSAGE";
        let denied = lines.iter().filter(of_key).filter(|line| line["verdict"] == "deny").count();
        assert_eq!(denied, expected, "{key}");
    }
}
