//! SIGTERM: what is under way is answered, streams are closed in words, and the process is gone in seconds.

use crate::driver::{Driver, Library, REGISTERED, resting_order};
use crate::records::text;
use crate::stage::{Setup, Stage};
use crate::waiting::until;
use serde_json::{Value, json};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Close code "service restart", RFC 6455 and IANA's registry.
const RESTART: u16 = 1012;

/// An order that the exchange has and has not answered.
fn order_in_flight(stage: &Stage, mut driver: Driver) -> std::thread::JoinHandle<(bool, String)> {
    let asking = std::thread::spawn(move || {
        let answer = driver.ask(&resting_order());
        (answer.is_ok(), answer.shown())
    });
    until("the order at the exchange", || {
        stage.received().iter().any(|entry| entry["path"] == "/v1/orders").then_some(())
    });
    asking
}

fn open_stream(stage: &Stage) -> Driver {
    let mut stream = Driver::start(Library::Raw, stage, stage.key("K1"), REGISTERED);
    assert_eq!(stream.get(&json!({"op": "ws_connect"}))["status"], 101);
    stream.get(&json!({"op": "ws_subscribe", "types": ["myOrder"]}));
    until("the subscription at the exchange", || {
        stage.received().iter().any(|entry| entry["kind"] == "websocket_message").then_some(())
    });
    stream
}

fn statuses(lines: &[Value]) -> Vec<(&str, &str, Value)> {
    lines.iter().map(|line| (text(line, "method"), text(line, "route"), line["status"].clone())).collect()
}

#[test]
fn it_stops_in_seconds() {
    let mut stage = Setup::default().key("K1").gate("shutdown_grace_s = 5").start();
    let bot = Driver::start(Library::UpbitSdk, &stage, stage.key("K1"), REGISTERED);
    let mut stream = open_stream(&stage);
    stage.delay(1500);
    let order = order_in_flight(&stage, bot);

    let since = Instant::now();
    stage.gate().terminate();
    let closed = stream.get(&json!({"op": "ws_closed", "timeout_s": 10}));
    assert_eq!(closed["closed"]["code"], RESTART, "{closed}");
    let (answered, shown) = order.join().unwrap();
    assert!(answered, "{shown}");
    let ended = stage.gate_mut().ended(since);
    assert_eq!(ended.status.code(), Some(0), "{}", ended.said);
    assert!(ended.after < Duration::from_secs(6), "{ended:?}");
    assert!(ended.said.contains("every request under way was answered"), "{}", ended.said);
    assert!(TcpStream::connect(stage.gate().listen).is_err(), "it still listens");

    let lines = stage.log();
    let mut seen = statuses(&lines);
    seen.sort_by_key(|(method, ..)| *method);
    let expected = [
        ("GET", "/websocket/v1/private", json!(101)),
        ("MESSAGE", "/websocket/v1/private", Value::Null),
        ("POST", "/v1/orders", json!(201)),
    ];
    assert_eq!(seen, expected);
    let order = lines.iter().find(|line| line["method"] == "POST").unwrap();
    assert!(order["latency_us"].as_u64().unwrap() >= 1_500_000, "{order}");
}

#[test]
fn what_outlives_the_grace_is_on_record_as_unknown() {
    let mut stage = Setup::default().key("K1").gate("shutdown_grace_s = 1").start();
    let bot = Driver::start(Library::UpbitSdk, &stage, stage.key("K1"), REGISTERED);
    stage.delay(60_000);
    let order = order_in_flight(&stage, bot);
    let ended = stage.gate_mut().stop();
    assert_eq!(ended.status.code(), Some(0), "{}", ended.said);
    assert!(ended.after < Duration::from_secs(2), "{ended:?}");
    assert!(ended.said.contains("their outcome is recorded as unknown"), "{}", ended.said);
    let (answered, shown) = order.join().unwrap();
    assert!(!answered, "{shown}");
    assert_eq!(statuses(&stage.log()), [("POST", "/v1/orders", Value::Null)]);
}
