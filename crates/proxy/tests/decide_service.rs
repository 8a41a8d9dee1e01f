//! The decision service: the same verdict as the proxy for the same request, and a clear word for a bad question.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests may panic and read clocks"
)]

mod support;

use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use sumun_gate::{Change, Status};
use sumun_model::wire::AccessLine;
use sumun_model::{KeyState, Reason};
use sumun_proxy::decide_service;
use support::client::{Client, Response};
use support::sink::Disk;
use support::ws::PRIVATE;
use support::{World, key, key_id, sign, until};
use tokio::net::TcpListener;

const FORM: &str = "application/x-www-form-urlencoded";

async fn serve(world: &World) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    // It serves on when nobody can tell it to stop.
    let running = decide_service::start(Arc::clone(&world.proxy), listener).unwrap();
    std::mem::forget(running);
    address
}

async fn send(to: SocketAddr, line: &str, body: &str) -> Response {
    let mut client = Client::connect(to, None).await;
    let head = format!("{line} HTTP/1.1\r\nHost: gate\r\nContent-Length: {}\r\n\r\n", body.len());
    client.send(format!("{head}{body}").as_bytes()).await;
    client.response("POST").await
}

async fn ask(to: SocketAddr, question: &Value) -> Value {
    let response = send(to, "POST /v1/decide", &question.to_string()).await;
    assert_eq!(response.status, 200, "{response:?}");
    serde_json::from_slice(&response.body).unwrap()
}

/// A request to be put to both.
#[derive(Clone)]
struct Asked {
    what: &'static str,
    method: &'static str,
    target: &'static str,
    /// Credentials, each for its own copy of the request: both must see a fresh nonce.
    authorization: Box<fn() -> Vec<String>>,
    body: String,
    from: &'static str,
    upgrade: bool,
}

fn asked(what: &'static str, method: &'static str, target: &'static str, sign: fn() -> Vec<String>) -> Asked {
    Asked {
        what,
        method,
        target,
        authorization: Box::new(sign),
        body: String::new(),
        from: "127.0.0.1",
        upgrade: false,
    }
}

fn rows() -> Vec<Asked> {
    let plain = || vec![sign::bearer("K1", "")];
    let order = "market=KRW-BTC&side=bid".to_owned();
    let signed_order = || vec![sign::bearer("K1", "market=KRW-BTC&side=bid")];
    vec![
        asked("a read", "GET", "/v1/accounts", plain),
        asked("a read with a query", "GET", "/v1/order?uuid=a%20b", || {
            vec![sign::bearer("K1", "uuid=a%20b")]
        }),
        Asked { body: order.clone(), ..asked("an order", "POST", "/v1/orders", signed_order) },
        Asked { body: order, ..asked("a transfer", "POST", "/v1/withdraws/coin", signed_order) },
        asked("public", "GET", "/v1/ticker?markets=KRW-BTC", Vec::new),
        Asked { body: "x".repeat(5_000), ..asked("public, a large body", "GET", "/v1/ticker", Vec::new) },
        asked("no credential", "GET", "/v1/accounts", Vec::new),
        asked("two credentials", "GET", "/v1/accounts", || {
            vec![sign::bearer("K1", ""), sign::bearer("K2", "")]
        }),
        asked("an unknown key", "GET", "/v1/accounts", || vec![sign::bearer("K9", "")]),
        asked("a suspended key", "GET", "/v1/accounts", || vec![sign::bearer("K5", "")]),
        asked("a suspended key's cancel", "DELETE", "/v1/order?uuid=a", || {
            vec![sign::bearer("K5", "uuid=a")]
        }),
        asked("an unsigned query", "GET", "/v1/order?uuid=a", plain),
        asked("an unknown path", "GET", "/v1/./accounts", plain),
        asked("an unknown method", "PUT", "/v1/accounts", plain),
        Asked { from: "127.0.0.2", ..asked("from elsewhere", "GET", "/v1/accounts", plain) },
        Asked { upgrade: true, ..asked("a stream", "GET", PRIVATE, plain) },
        Asked { upgrade: true, ..asked("no stream", "GET", "/v1/accounts", plain) },
        asked("a stream without an upgrade", "GET", PRIVATE, plain),
        Asked { body: "x".repeat(5_000), ..asked("a large body", "POST", "/v1/orders", plain) },
    ]
}

fn headers(asked: &Asked) -> Vec<(String, String)> {
    let mut headers = vec![("Host".to_owned(), "api.example".to_owned())];
    headers.extend((asked.authorization)().into_iter().map(|value| ("Authorization".to_owned(), value)));
    if !asked.body.is_empty() {
        headers.push(("Content-Type".to_owned(), FORM.to_owned()));
    }
    if asked.upgrade {
        for (name, value) in [
            ("Connection", "Upgrade"),
            ("Upgrade", "websocket"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ] {
            headers.push((name.to_owned(), value.to_owned()));
        }
    }
    headers
}

fn last_line(world: &World) -> Option<AccessLine> {
    world.sink.admitted().pop().or_else(|| world.sink.singles().pop())
}

#[tokio::test]
async fn the_verdict_is_the_proxys() {
    for row in rows() {
        let what = row.what;
        let with_suspended = |o: &mut support::Options| {
            let mut suspended = key("K5");
            suspended.status = Status { state: KeyState::Suspended, measure: None, registration_due: false };
            o.keys.push(suspended);
        };
        // Through the proxy.
        let world = World::with(with_suspended).await;
        let mut client = world.client_from(row.from).await;
        let mut head = format!("{} {} HTTP/1.1\r\n", row.method, row.target);
        for (name, value) in headers(&row) {
            head += &format!("{name}: {value}\r\n");
        }
        if !row.body.is_empty() {
            head += &format!("Content-Length: {}\r\n", row.body.len());
        }
        client.send(format!("{head}\r\n{}", row.body).as_bytes()).await;
        let response = client.response(row.method).await;
        let by_proxy = last_line(&world);
        // Through the service.
        let world = World::with(with_suspended).await;
        let answer = ask(
            serve(&world).await,
            &json!({
                "method": row.method, "target": row.target, "headers": headers(&row), "body": row.body,
                "ip": row.from, "upgrade": row.upgrade,
            }),
        )
        .await;
        let by_service = last_line(&world);
        assert_eq!(world.upstream.connections(), 0, "{what}: it never forwards");

        if !answer["refusal"].is_null() {
            let mut headers = answer["refusal"]["headers"].as_array().unwrap().iter();
            assert!(headers.len() > 0, "{what}");
            assert!(
                headers.all(|h| response.header(h[0].as_str().unwrap()) == h[1].as_str()),
                "{what}: {answer}"
            );
            assert_eq!(answer["refusal"]["status"], json!(response.status), "{what}");
            assert_eq!(answer["refusal"]["body"].as_str().unwrap().as_bytes(), response.body, "{what}");
        }
        let Some(line) = by_proxy else {
            assert!(by_service.is_none(), "{what}");
            assert_eq!((&answer["key"], &answer["route"]), (&Value::Null, &json!("/v1/ticker")));
            if row.body.is_empty() {
                assert_eq!(
                    (&answer["verdict"], &answer["refusal"]),
                    (&json!("allow"), &Value::Null),
                    "{what}"
                );
            } else {
                assert_eq!(
                    (&answer["verdict"], &answer["reason"]),
                    (&json!("deny"), &json!("body_too_large"))
                );
                assert_eq!(response.status, 413);
            }
            continue;
        };
        assert_eq!(answer["verdict"], word(&line.verdict), "{what}");
        assert_eq!(answer["reason"], word(&line.reason), "{what}");
        assert_eq!(answer["key"], word(&line.key), "{what}");
        assert_eq!(answer["account"], word(&line.account), "{what}");
        assert_eq!(answer["effect"], word(&line.effect), "{what}");
        assert_eq!(answer["scope"], word(&line.scope), "{what}");
        assert_eq!(answer["signature"], word(&line.signature), "{what}");
        assert_eq!(answer["checks"], word(&line.checks), "{what}");
        assert_eq!(answer["enforced"], json!(true));
        if line.reason.is_some() {
            assert_eq!(answer["refusal"]["content_type"], json!(response.header("content-type").unwrap()));
        } else {
            assert_eq!(answer["refusal"], Value::Null, "{what}");
        }
        // And it is written down the same, but for what only a forwarder knows.
        let mut by_service = by_service.unwrap_or_else(|| panic!("{what}: not written down"));
        by_service.ts = line.ts;
        by_service.id = line.id.clone();
        by_service.seq = line.seq;
        by_service.nonce.clone_from(&line.nonce);
        by_service.latency_us = line.latency_us;
        assert_eq!(by_service, line, "{what}");
        let outcomes: Vec<_> = world.sink.outcomes().iter().map(|o| (o.status, o.refused)).collect();
        let expected = if line.reason.is_none() { vec![(None, None)] } else { Vec::new() };
        assert_eq!(outcomes, expected, "{what}: the outcome of what is allowed is the front's to know");
    }
}

/// A field of a line as JSON.
fn word(value: &impl serde::Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

fn question() -> Value {
    json!({
        "method": "GET", "target": "/v1/accounts", "headers": [["Authorization", sign::bearer("K1", "")]],
        "ip": "127.0.0.1",
    })
}

#[tokio::test]
async fn a_nonce_is_used_up_and_a_change_is_seen_at_once() {
    let world = World::new().await;
    let service = serve(&world).await;
    let first = question();
    assert_eq!(ask(service, &first).await["verdict"], "allow");
    assert_eq!(ask(service, &first).await["reason"], "replayed");
    assert_eq!(world.sink.nonces(), 1);
    world.change(Change::Remove(key_id("K1")));
    assert_eq!(ask(service, &question()).await["reason"], "unknown_key");
}

#[tokio::test]
async fn a_malformed_question_is_answered_with_what_is_wrong() {
    let world = World::new().await;
    let service = serve(&world).await;
    let with = |name: &str, value: Value| {
        let mut question = question();
        question[name] = value;
        question.to_string()
    };
    let without = |name: &str| {
        let mut question = question();
        question.as_object_mut().unwrap().remove(name);
        question.to_string()
    };
    for (body, says) in [
        (String::new(), "EOF"),
        ("{".to_owned(), "EOF"),
        ("[]".to_owned(), "expected an object with"),
        (without("method"), "missing field `method`"),
        (without("target"), "missing field `target`"),
        (without("headers"), "missing field `headers`"),
        (without("ip"), "missing field `ip`"),
        (with("method", json!("G ET")), "field `method`"),
        (with("method", json!("")), "field `method`"),
        (with("target", json!("v1/accounts")), "field `target`"),
        (with("target", json!("")), "field `target`"),
        (with("target", json!("http://a/v1/accounts")), "field `target`"),
        (with("target", json!("/v1/accounts#x")), "field `target`"),
        (with("target", json!("/v1/acc ounts")), "field `target`"),
        (with("target", json!("/v1/accounts\u{0}")), "field `target`"),
        (with("headers", json!([["a b", "c"]])), "field `headers`"),
        (with("headers", json!([["a", "b\r\nc: d"]])), "the value of `a`"),
        (with("headers", json!({"a": "b"})), "invalid type"),
        (with("headers", json!([["a"]])), "invalid length"),
        (with("ip", json!("127.0.0.1:80")), "IP address"),
        (with("ip", json!("localhost")), "IP address"),
        (with("upgrade", json!("yes")), "boolean"),
        (with("bodi", json!("")), "unknown field `bodi`"),
        (
            r#"{"method":"GET","method":"POST","target":"/","headers":[],"ip":"::1"}"#.to_owned(),
            "duplicate field",
        ),
        (format!("{}x", question()), "trailing"),
    ] {
        let response = send(service, "POST /v1/decide", &body).await;
        assert_eq!((response.status, response.error_name().as_str()), (400, "malformed_question"), "{body}");
        let text = String::from_utf8(response.body).unwrap();
        assert!(text.contains(says), "{body}: {text}");
    }
    assert!(world.sink.entries().is_empty(), "a question that cannot be read is no decision");
}

#[tokio::test]
async fn other_paths_and_sizes_are_refused() {
    let world = World::new().await;
    let service = serve(&world).await;
    for line in ["GET /v1/decide", "POST /v1/decide/", "POST /", "PUT /v1/decide"] {
        assert_eq!(send(service, line, "").await.status, 404, "{line}");
    }
    // Six bytes of JSON for each of the body, two for each of the head, and what stands around.
    let most = 6 * 4096 + 2 * 16 * 1024 + 4 * 1024;
    assert_eq!(send(service, "POST /v1/decide", &"x".repeat(most + 1)).await.status, 413);
    assert_eq!(send(service, "POST /v1/decide", &"x".repeat(most)).await.status, 400);
    assert!(world.sink.entries().is_empty());
}

#[tokio::test]
async fn a_transfer_is_answered_when_it_is_on_the_disk() {
    let world = World::new().await;
    let service = serve(&world).await;
    let body = "currency=BTC&amount=1";
    let transfer = || {
        let headers = json!([["Authorization", sign::bearer("K1", body)], ["Content-Type", FORM]]);
        json!({"method": "POST", "target": "/v1/withdraws/coin", "headers": headers, "body": body, "ip": "127.0.0.1"})
    };
    world.sink.set_disk(Disk::Stalled);
    let question = transfer();
    let mut asking = Box::pin(ask(service, &question));
    let waits = until("the wait for the disk", || world.sink.waited.load(Ordering::SeqCst) == 1);
    tokio::select! {
        biased;
        answer = &mut asking => panic!("answered before it was written: {answer}"),
        () = waits => {}
    }
    world.sink.set_disk(Disk::Done);
    assert_eq!(asking.await["verdict"], "allow");

    world.sink.set_disk(Disk::Failed);
    let answer = ask(service, &transfer()).await;
    assert_eq!((&answer["verdict"], &answer["reason"]), (&json!("deny"), &json!("recording_unavailable")));
    assert_eq!(answer["refusal"]["status"], 503);
    assert_eq!(answer["refusal"]["headers"][1], json!(["retry-after", "1"]));
    // The record says what was answered.
    let outcome = world.sink.outcomes().pop().unwrap();
    assert_eq!((outcome.status, outcome.refused), (Some(503), Some(Reason::RecordingUnavailable)));
    world.sink.full.store(true, Ordering::SeqCst);
    assert_eq!(ask(service, &transfer()).await["reason"], "recording_unavailable");
    assert_eq!(ask(service, &self::question()).await["verdict"], "allow");
}

#[tokio::test]
async fn in_shadow_mode_a_denial_comes_without_a_refusal() {
    let world = World::with(|o| o.policy.enforce = false).await;
    let service = serve(&world).await;
    world.change(Change::Remove(key_id("K1")));
    let answer = ask(service, &question()).await;
    assert_eq!((&answer["verdict"], &answer["enforced"]), (&json!("deny"), &json!(false)));
    assert_eq!(answer["refusal"], Value::Null);
}

#[tokio::test]
async fn a_question_that_does_not_come_is_408() {
    let world = World::with(|o| o.config.timeouts.body_read = Duration::from_millis(100)).await;
    let service = serve(&world).await;
    let mut client = Client::connect(service, None).await;
    client.send(b"POST /v1/decide HTTP/1.1\r\nHost: gate\r\nContent-Length: 100\r\n\r\n{").await;
    assert_eq!(client.response("POST").await.status, 408);
    assert!(world.sink.entries().is_empty());
}

#[tokio::test]
async fn a_stop_waits_for_the_question_under_way() {
    let world = World::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let running = decide_service::start(Arc::clone(&world.proxy), listener).unwrap();
    let service = running.address;
    let body = "currency=BTC&amount=1";
    let headers = json!([["Authorization", sign::bearer("K1", body)], ["Content-Type", FORM]]);
    let question = json!({
        "method": "POST", "target": "/v1/withdraws/coin", "headers": headers, "body": body, "ip": "127.0.0.1",
    });
    world.sink.set_disk(Disk::Stalled);
    let asking = tokio::spawn(async move { ask(service, &question).await });
    until("the wait for the disk", || world.sink.waited.load(Ordering::SeqCst) == 1).await;
    let stopping = tokio::spawn(running.stop());
    let refused = async {
        while tokio::net::TcpStream::connect(service).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    support::soon("the end of listening", refused).await;
    assert!(!stopping.is_finished());
    world.sink.set_disk(Disk::Done);
    assert_eq!(asking.await.unwrap()["verdict"], "allow");
    support::soon("the stop", stopping).await.unwrap();
}
