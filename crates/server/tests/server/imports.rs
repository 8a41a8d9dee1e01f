//! Import, snapshot, changes and drift over HTTP: what is acknowledged, what is refused and how it is told.

use crate::bench::{Answered, Bench};
use http::Request;
use serde_json::{Value, json};
use sumun_govern::Role;

fn key(id: &str, differs: &Value) -> Value {
    let mut line = json!({ "type": "key", "ts": "2026-11-02T00:00:00Z", "key": id, "account": "A1", "state": "active",
        "scopes": ["read"], "allowlist": ["203.0.113.7/32"], "application": "bot", "expires": "2027-01-01T00:00:00Z" });
    line.as_object_mut().unwrap().extend(differs.as_object().unwrap().clone());
    line
}

fn account() -> Value {
    json!({ "type": "account", "ts": "2026-11-02T00:00:00Z", "account": "A1", "customer": "C1", "segment": "retail", "owner": "O1" })
}

async fn send(bench: &Bench, method: &str, target: &str, token: &str, lines: &[Value]) -> Answered {
    let body: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let request = Request::builder()
        .method(method)
        .uri(target)
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/x-ndjson");
    bench.send_raw(request.body(body.into()).unwrap()).await
}

fn counts(taken: &Value) -> String {
    ["lines", "made", "changed", "same", "ended", "refused_total"]
        .iter()
        .map(|name| format!("{name} {}", taken[name]))
        .collect::<Vec<_>>()
        .join(", ")
}

#[tokio::test]
async fn lines_of_any_number_come_in_parts_and_a_repeat_changes_nothing() {
    let bench = Bench::new().await;
    let token = bench.machine(Role::ExchangeBackend).await;
    // More than one part, so that more than one change.
    let mut lines = vec![account()];
    lines.extend((0..300).map(|n| key(&format!("X{n}"), &json!({}))));
    lines.push(key("X300", &json!({ "account": "A9" })));
    let dry = send(&bench, "POST", "/v1/imports?dry_run=true", &token, &lines[..1]).await.is(200);
    assert_eq!(
        (counts(&dry.json), bench.server.govern.store.head().feed_version),
        ("lines 1, made 1, changed 0, same 0, ended 0, refused_total 0".to_owned(), 0)
    );
    let first = send(&bench, "POST", "/v1/imports", &token, &lines).await.is(200);
    assert_eq!(counts(&first.json), "lines 302, made 301, changed 0, same 0, ended 0, refused_total 1");
    let no = &first.json["refused"][0];
    assert_eq!(
        (no["line"].as_u64(), no["code"].as_str(), no["subject"].as_str()),
        (Some(302), Some("account_unknown"), Some("key:X300"))
    );
    let before = bench.server.govern.store.head().size;
    let again = send(&bench, "POST", "/v1/imports", &token, &lines).await.is(200);
    assert_eq!(counts(&again.json), "lines 302, made 0, changed 0, same 301, ended 0, refused_total 1");
    assert_eq!(bench.server.govern.store.head().size, before);
    let reader = bench.staff(Role::Analyst, "mina").await;
    let shown = bench.send("GET", "/v1/keys/X0", &reader, None).await.is(200).json;
    assert_eq!(
        (&shown["terms"], &shown["terms_accepted"]),
        (&Value::Null, &Value::Null),
        "nobody asked its owner"
    );
    // Gates learn of what came in: its secret is held elsewhere.
    assert!(bench.server.govern.store.head().feed_version >= 3);
}

#[tokio::test]
async fn a_snapshot_counts_when_it_was_whole_and_changes_go_on_without_a_gap() {
    let bench = Bench::new().await;
    let token = bench.machine(Role::ExchangeBackend).await;
    send(&bench, "POST", "/v1/imports", &token, &[account()]).await.is(200);
    let changes = "/v1/mirrors/exchange/changes";
    let early = send(&bench, "POST", changes, &token, &[key("X1", &json!({ "seq": 1 }))]).await;
    assert_eq!((early.status.as_u16(), early.code()), (409, "snapshot_needed"));
    let snapshot = "/v1/mirrors/exchange/snapshot";
    let two = [key("X1", &json!({})), key("X2", &json!({}))];
    let end = |keys: u64| json!({ "type": "end", "keys": keys, "seq": 40 });
    let mut told = Vec::new();
    for lines in [
        two.to_vec(),
        [two.to_vec(), vec![end(3)]].concat(),
        [two.to_vec(), vec![json!({ "type": "key" }), end(3)]].concat(),
        [two.to_vec(), vec![end(2)]].concat(),
    ] {
        let answer = send(&bench, "PUT", snapshot, &token, &lines).await;
        told.push(match answer.code() {
            "" => format!(
                "round {} keys {} gone {} seq {}",
                answer.json["round"], answer.json["keys"], answer.json["gone"], answer.json["seq"]
            ),
            code => format!("{code}: {}", answer.json["detail"].as_str().unwrap()),
        });
    }
    for lines in [
        vec![
            key("X1", &json!({ "seq": 41, "application": "newer" })),
            key("X2", &json!({ "seq": 42, "state": "expired" })),
        ],
        vec![
            key("X2", &json!({ "seq": 42, "state": "expired" })),
            key("X3", &json!({ "seq": 43 })),
            key("X4", &json!({ "seq": 45 })),
        ],
        vec![key("X4", &json!({ "seq": 44 })), json!({ "type": "key", "key": "X5", "seq": 45 })],
        vec![key("X4", &json!({}))],
        vec![key("X5", &json!({ "seq": 45 }))],
    ] {
        let answer = send(&bench, "POST", changes, &token, &lines).await;
        told.push(match answer.code() {
            "" => format!(
                "held {} skipped {}: {}",
                answer.json["held"],
                answer.json["skipped"],
                counts(&answer.json["taken"])
            ),
            code => format!("{} {code}: {}", answer.status.as_u16(), answer.json["detail"].as_str().unwrap()),
        });
    }
    insta::assert_snapshot!(told.join("\n"));
    let sources = bench.send("GET", "/v1/mirrors", &token, None).await.is(200);
    assert_eq!(
        (sources.json["items"][0]["seq"].as_u64(), sources.json["items"][0]["source"].as_str()),
        (Some(45), Some("exchange"))
    );
}

#[tokio::test]
async fn drift_is_paged_filtered_and_counted() {
    let bench = Bench::new().await;
    let token = bench.machine(Role::ExchangeBackend).await;
    let lines =
        [account(), key("X1", &json!({})), key("X2", &json!({})), key("X3", &json!({ "account": "A9" }))];
    send(&bench, "POST", "/v1/imports", &token, &lines).await.is(200);
    let owner = bench.customer(Role::Owner, "C1").await;
    bench.send("POST", "/v1/keys/X1/revoke", &owner, Some(json!({}))).await.is(200);
    bench.pass_s(61);
    let told = send(
        &bench,
        "POST",
        "/v1/imports",
        &token,
        &[key("X1", &json!({})), key("X2", &json!({ "state": "suspended" }))],
    )
    .await;
    assert_eq!(told.json["refused"][0]["code"], "dead_id");
    let analyst = bench.staff(Role::Analyst, "an").await;
    let found = bench.send("POST", "/v1/drift/look", &analyst, Some(json!({}))).await;
    assert_eq!(found.is(200).json, json!({ "keys": 3, "stand": 3, "appeared": 3, "gone": 0, "worst": 1 }));
    let first = bench.send("GET", "/v1/drift?limit=1", &analyst, None).await.is(200);
    let item = &first.json["items"][0];
    assert_eq!(
        (item["key"].as_str(), item["kind"].as_str(), item["authority"].as_str()),
        (Some("X1"), Some("dead_here_alive_there"), Some("dead"))
    );
    let next = first.json["next"].as_str().unwrap();
    let rest = bench.send("GET", &format!("/v1/drift?after={next}"), &analyst, None).await.is(200);
    let kinds: Vec<_> =
        rest.json["items"].as_array().unwrap().iter().map(|item| item["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["differs", "unknown_here"]);
    let differs = bench.send("GET", "/v1/drift?kind=differs", &token, None).await.is(200);
    assert_eq!(differs.json["items"].as_array().unwrap().len(), 1);
    let metrics = bench.send("GET", "/metrics", "", None).await;
    assert!(metrics.text.contains("sumun_drift{kind=\"dead_here_alive_there\"} 1"), "{}", metrics.text);
}

#[tokio::test]
async fn a_slow_sender_stops_nobody_and_a_key_that_comes_twice_counts_once() {
    let bench = Bench::new().await;
    let token = bench.machine(Role::ExchangeBackend).await;
    send(&bench, "POST", "/v1/imports", &token, &[account()]).await.is(200);
    let end = |keys: u64| json!({ "type": "end", "keys": keys });
    let twice = [key("X1", &json!({})), key("X1", &json!({})), end(2)];
    let refused = send(&bench, "PUT", "/v1/mirrors/exchange/snapshot", &token, &twice).await;
    assert_eq!(refused.code(), "snapshot_incomplete");
    assert!(refused.json["detail"].as_str().unwrap().ends_with("its end says 2 keys, and 1 came"));
    for source in ["exchange", "other"] {
        send(&bench, "PUT", &format!("/v1/mirrors/{source}/snapshot"), &token, &[end(0)]).await.is(200);
    }
    // The first sender's body has begun to be read and stands still, until the second one has its answer.
    let (go_on, wait) = tokio::sync::oneshot::channel::<()>();
    let (reading, read) = tokio::sync::oneshot::channel::<()>();
    let line = format!("{}\n", key("X1", &json!({ "seq": 1 })));
    let body = futures_util::stream::once(async move {
        reading.send(()).unwrap();
        wait.await.unwrap();
        Ok::<_, std::io::Error>(line)
    });
    let slow = Request::post("/v1/mirrors/exchange/changes")
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/x-ndjson")
        .body(axum::body::Body::from_stream(body))
        .unwrap();
    let quick = async {
        read.await.unwrap();
        let changes = [key("X2", &json!({ "seq": 1, "state": "expired" }))];
        let answer = send(&bench, "POST", "/v1/mirrors/other/changes", &token, &changes).await.is(200);
        // A second sender of the same source, too: what it sends is held when the first one's comes.
        let same = [key("X1", &json!({ "seq": 1 }))];
        send(&bench, "POST", "/v1/mirrors/exchange/changes", &token, &same).await.is(200);
        go_on.send(()).unwrap();
        answer
    };
    let (slow, quick) = tokio::join!(bench.send_raw(slow), quick);
    assert_eq!(quick.json["held"], 1);
    let slow = slow.is(200);
    assert_eq!((slow.json["held"].as_u64(), slow.json["skipped"].as_u64()), (Some(1), Some(1)));
}
