//! Shadow mode decides and records everything and refuses nothing: the exchange's own answers are what clients get.

use crate::driver::{Driver, Library, REGISTERED, UNREGISTERED, balance, resting_order, withdrawal};
use crate::records;
use crate::stage::Setup;
use crate::waiting::until;
use serde_json::{Value, json};

#[test]
fn shadow_refuses_nothing() {
    let mut stage = Setup::default().key("K1").key_with("K-reader", "read").gate("mode = \"shadow\"").start();
    let (key, reader) = (stage.key("K1").clone(), stage.key("K-reader").clone());
    let mut sdk = Driver::start(Library::UpbitSdk, &stage, &reader, UNREGISTERED);
    let mut pyupbit = Driver::start(Library::Pyupbit, &stage, &key, REGISTERED);
    let mut raw = Driver::start(Library::Raw, &stage, &key, REGISTERED);

    // Without scope and from elsewhere.
    for operation in [balance(), resting_order(), withdrawal(Library::UpbitSdk)] {
        sdk.get(&operation);
    }
    sdk.get(&json!({"op": "ws_subscribe", "types": ["myOrder"]}));
    until("the subscription at the exchange", || {
        stage.received().iter().any(|entry| entry["kind"] == "websocket_message").then_some(())
    });

    // Suspended: trading goes on, and the stream carries it.
    stage.edit("K1", |key| {
        key.insert("state".to_owned(), "suspended".into());
    });
    pyupbit.get(&balance());
    let order = pyupbit.get(&resting_order());
    let told = sdk.get(&json!({"op": "ws_next", "timeout_s": 10}));
    assert_eq!(told["message"]["uuid"], order["uuid"], "{told}");

    // What the exchange itself does not know, it says.
    for (agent, auth, status) in [
        ("unknown", json!({"access_key": "NOBODYxHASxTHISxKEY"}), 401),
        ("wrong secret", json!({"secret": "not-the-secret"}), 200),
        ("no header", json!({"kind": "none"}), 401),
    ] {
        let request = json!({"op": "request", "auth": auth, "headers": [["User-Agent", agent]]});
        let answer = raw.get(&request);
        assert_eq!(answer["status"], status, "{agent}: {answer}");
    }
    drop(sdk);
    stage.stop_gate();

    let lines = stage.log();
    for (agent, reason, signature) in [
        ("unknown", "unknown_key", "unchecked"),
        ("wrong secret", "signature_invalid", "invalid"),
        ("no header", "malformed_credentials", "absent"),
    ] {
        let line = records::of_agent(&lines, agent);
        assert_eq!((&line["reason"], &line["signature"]), (&json!(reason), &json!(signature)), "{line}");
    }
    let reasons = |key: &str| -> Vec<&Value> {
        lines.iter().filter(|line| line["key"] == key).map(|line| &line["reason"]).collect()
    };
    assert_eq!(reasons("K-reader"), vec!["address_not_allowed"; 5], "three calls, an upgrade, a message");
    for line in &lines {
        assert_eq!(line["enforced"], false, "{line}");
        assert_eq!(line["verdict"], "deny", "{line}");
    }
    let (requests, messages): (Vec<Value>, Vec<Value>) = stage
        .received()
        .into_iter()
        .filter(|entry| entry["path"] != "/v1/market/all")
        .partition(|entry| entry["kind"] == "request");
    assert_eq!(requests.len() + messages.len(), lines.len(), "everything reached the exchange");
}
