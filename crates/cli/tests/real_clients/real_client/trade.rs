//! Every library trades through the gate, and everything it did is on record once.

use crate::driver::{Driver, Library, REGISTERED, balance, cancel, identity, resting_order, withdrawal};
use crate::records::text;
use crate::stage::{Setup, Stage};
use crate::waiting::until;
use serde_json::{Value, json};

const LIBRARIES: [(Library, &str); 5] = [
    (Library::Ccxt, "K-ccxt"),
    (Library::CcxtAsync, "K-ccxt-async"),
    (Library::CcxtPro, "K-ccxt-pro"),
    (Library::UpbitSdk, "K-upbit-sdk"),
    (Library::Pyupbit, "K-pyupbit"),
];

/// Balances, an order that rests, the listing it is in, its end, a withdrawal.
fn trade(library: Library, driver: &mut Driver) {
    let balances = driver.get(&balance()).to_string();
    assert!(balances.contains("KRW") && balances.contains("BTC"), "{library:?}: {balances}");
    let order = driver.get(&resting_order());
    let open = driver.get(&json!({"op": "open_orders", "market": "KRW-BTC"})).to_string();
    assert!(open.contains(identity(&order)), "{library:?}: {order} is not in {open}");
    driver.get(&cancel(&order));
    let open = driver.get(&json!({"op": "open_orders", "market": "KRW-BTC"})).to_string();
    assert!(!open.contains(identity(&order)), "{library:?}: {order} is still in {open}");
    let withdrawn = driver.get(&withdrawal(library));
    assert!(!identity(&withdrawn).is_empty());
}

/// A subscription to both private types, an order that both tell of, an end.
fn stream(stage: &Stage, key: &str, driver: &mut Driver) {
    driver.get(&json!({"op": "ws_subscribe", "types": ["myAsset", "myOrder"]}));
    // "Sent" is not "received": what happens before is told to nobody.
    until("the subscription at the exchange", || {
        let has_both = |message: &String| message.contains("myAsset") && message.contains("myOrder");
        stage.messages(key).iter().any(has_both).then_some(())
    });
    let order = driver.get(&resting_order());
    let mut missing = vec!["myAsset", "myOrder"];
    let mut events = Vec::new();
    until("news of assets and orders", || {
        let event = driver.get(&json!({"op": "ws_next", "timeout_s": 10}));
        let shown = event.to_string();
        missing.retain(|kind| !shown.contains(kind));
        assert!(event.get("message").is_some(), "instead of {missing:?}: {shown} after {events:?}");
        events.push(shown);
        missing.is_empty().then_some(())
    });
    driver.get(&cancel(&order));
    driver.get(&json!({"op": "ws_close"}));
}

/// What a line or a received request amounts to; nothing for a message that asks for no type.
fn rows_received(entry: &Value) -> Option<String> {
    let (key, path) = (text(entry, "access_key"), text(entry, "path"));
    if entry["kind"] == "request" {
        return Some(format!("{key} {} {path}", text(entry, "method")));
    }
    let parts: Vec<Value> = serde_json::from_str(text(entry, "body")).unwrap_or_default();
    let asks = parts.iter().any(|part| part.get("type").is_some());
    asks.then(|| format!("{key} MESSAGE {path}"))
}

#[test]
fn every_library_trades_through_the_gate() {
    // As many as fit the files a test may open, so that nothing is warned of.
    let setup = Setup::default().gate("connections_max = 64");
    let setup = LIBRARIES.iter().fold(setup, |setup, (_, key)| setup.key(key));
    let mut stage = setup.start();
    let drivers: Vec<(Library, Driver)> = LIBRARIES
        .iter()
        .map(|(library, key)| (*library, Driver::start(*library, &stage, stage.key(key), REGISTERED)))
        .collect();
    for ((library, mut driver), (_, key)) in drivers.into_iter().zip(LIBRARIES) {
        trade(library, &mut driver);
        if matches!(library, Library::CcxtPro | Library::UpbitSdk) {
            stream(&stage, key, &mut driver);
        }
    }
    let ended = stage.stop_gate();
    assert!(!ended.said.contains("WARN") && !ended.said.contains("ERROR"), "{}", ended.said);

    let lines = stage.log();
    for line in &lines {
        assert_eq!(line["verdict"], "allow", "{line}");
        assert_eq!(line["reason"], Value::Null, "{line}");
        assert_eq!(line["enforced"], true, "{line}");
        assert_eq!(line["ip"], REGISTERED, "{line}");
        assert_eq!(line["account"], "A1", "{line}");
        if line["method"] == "MESSAGE" {
            // Not signed by itself: its stream's upgrade was.
            assert_eq!(line["signature"], "unchecked", "{line}");
        } else {
            assert_eq!(line["signature"], "valid", "{line}");
            assert_eq!(line["checks"]["signature"], "pass", "{line}");
            assert!(line["latency_us"].as_u64().is_some() && line["nonce"].is_string(), "{line}");
        }
        let failed = line["checks"].as_object().unwrap().values().any(|outcome| outcome == "fail");
        assert!(!failed, "{line}");
    }

    let mut received: Vec<String> = stage.received_with_key().iter().flat_map(rows_received).collect();
    let mut recorded: Vec<String> = lines
        .iter()
        .map(|line| format!("{} {} {}", text(line, "key"), text(line, "method"), text(line, "route")))
        .collect();
    received.sort_unstable();
    recorded.sort_unstable();
    assert_eq!(recorded, received, "what is on record is what the exchange received, one to one");

    let mut numbers: Vec<u64> = lines.iter().map(|line| line["seq"].as_u64().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=lines.len() as u64).collect::<Vec<_>>(), "no number is missing");
    insta::assert_snapshot!(told(&lines), @r"
    K-ccxt
      GET     /v1/accounts           read     read_balances    -       200
      POST    /v1/orders             order    trade            KRW-BTC 201
      GET     /v1/orders/open        read     read_orders      KRW-BTC 200
      DELETE  /v1/order              cancel   cancel           -       200
      GET     /v1/orders/open        read     read_orders      KRW-BTC 200
      POST    /v1/withdraws/coin     transfer withdraw         -       201
    K-ccxt-async
      GET     /v1/accounts           read     read_balances    -       200
      POST    /v1/orders             order    trade            KRW-BTC 201
      GET     /v1/orders/open        read     read_orders      KRW-BTC 200
      DELETE  /v1/order              cancel   cancel           -       200
      GET     /v1/orders/open        read     read_orders      KRW-BTC 200
      POST    /v1/withdraws/coin     transfer withdraw         -       201
    K-ccxt-pro
      GET     /v1/accounts           read     read_balances    -       200
      POST    /v1/orders             order    trade            KRW-BTC 201
      GET     /v1/orders/open        read     read_orders      KRW-BTC 200
      DELETE  /v1/order              cancel   cancel           -       200
      GET     /v1/orders/open        read     read_orders      KRW-BTC 200
      POST    /v1/withdraws/coin     transfer withdraw         -       201
      GET     /websocket/v1/private  read     -                -       101
      MESSAGE /websocket/v1/private  read     read_balances    -       null
      MESSAGE /websocket/v1/private  read     read_balances    -       null
      POST    /v1/orders             order    trade            KRW-BTC 201
      DELETE  /v1/order              cancel   cancel           -       200
    K-upbit-sdk
      GET     /v1/accounts           read     read_balances    -       200
      POST    /v1/orders             order    trade            KRW-BTC 201
      GET     /v1/orders/open        read     read_orders      KRW-BTC 200
      DELETE  /v1/order              cancel   cancel           -       200
      GET     /v1/orders/open        read     read_orders      KRW-BTC 200
      POST    /v1/withdraws/coin     transfer withdraw         -       201
      GET     /websocket/v1/private  read     -                -       101
      MESSAGE /websocket/v1/private  read     read_balances    -       null
      POST    /v1/orders             order    trade            KRW-BTC 201
      DELETE  /v1/order              cancel   cancel           -       200
    K-pyupbit
      GET     /v1/accounts           read     read_balances    -       200
      POST    /v1/orders             order    trade            KRW-BTC 201
      GET     /v1/orders             read     read_orders      KRW-BTC 200
      DELETE  /v1/order              cancel   cancel           -       200
      GET     /v1/orders             read     read_orders      KRW-BTC 200
      POST    /v1/withdraws/coin     transfer withdraw         -       201
    ");
}

/// Per key, what was done and how it was answered, in order of receipt.
fn told(lines: &[Value]) -> String {
    let mut told = String::new();
    for (_, key) in LIBRARIES {
        told.push_str(&format!("{key}\n"));
        let mut own: Vec<&Value> = lines.iter().filter(|line| line["key"] == key).collect();
        own.sort_by_key(|line| text(line, "ts"));
        for line in own {
            told.push_str(&format!(
                "  {:<7} {:<22} {:<8} {:<16} {:<7} {}\n",
                text(line, "method"),
                text(line, "route"),
                text(line, "effect"),
                text(line, "scope"),
                text(line, "market"),
                line["status"],
            ));
        }
    }
    told
}
