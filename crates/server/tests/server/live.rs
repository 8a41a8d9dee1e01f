//! What changes, told as it changes: coalesced, bounded, and to nobody who has left.

use crate::bench::Bench;
use axum::body::Body;
use http_body_util::BodyExt;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use sumun_govern::{Role, World, govern};
use tokio::net::TcpListener;

/// The next line of a stream; none once it has ended.
async fn line(body: &mut Body) -> Option<String> {
    let frame = body.frame().await?;
    Some(String::from_utf8(frame.unwrap().into_data().unwrap().to_vec()).unwrap())
}

/// What the next message says; comments are passed over.
async fn told(body: &mut Body) -> Option<Value> {
    loop {
        let line = line(body).await?;
        if let Some(data) = line.strip_prefix("event: changed\ndata: ") {
            return Some(serde_json::from_str(data.trim_end()).unwrap());
        }
    }
}

#[tokio::test]
async fn many_changes_are_few_messages() {
    const CHANGES: u64 = 10_000;
    let bench = Bench::new().await;
    let token = bench.staff(Role::Viewer, "mina").await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let running = sumun_server::serve(listener, Arc::clone(&bench.server)).unwrap();
    let mut quick = bench.live(&token).await.into_body();
    let mut slow = bench.live(&token).await.into_body();
    assert!(line(&mut quick).await.unwrap().starts_with(": "));
    let before = bench.govern().store.head().size;
    let store = &bench.govern().store;
    let mut writes = Vec::new();
    for number in 0..CHANGES {
        let mut change = govern::change("user.test", bench.world.now(), Map::new());
        bench.world.draw(&mut change.salt);
        change.facts.insert("number".to_owned(), json!(number));
        writes.push(store.execute(change));
    }
    let wrote = futures_util::future::join_all(writes);
    let heard = async {
        let (mut messages, mut last) = (0_u64, Value::Null);
        while last["entries"].as_u64().unwrap_or_default() < before + CHANGES {
            last = told(&mut quick).await.unwrap();
            messages += 1;
        }
        (messages, last)
    };
    let (wrote, (messages, last)) = tokio::join!(wrote, heard);
    assert!(wrote.into_iter().all(|written| written.is_ok()));
    assert!(messages < CHANGES / 20, "{messages} messages for {CHANGES} changes");
    let kinds: BTreeSet<_> =
        last["kinds"].as_array().unwrap().iter().map(|kind| kind.as_str().unwrap()).collect();
    assert_eq!(kinds, BTreeSet::from(["ledger", "overview"]));
    // Whoever read nothing meanwhile finds one line, not what piled up.
    assert!(line(&mut slow).await.unwrap().starts_with(": "));
    let all = told(&mut slow).await.unwrap();
    assert_eq!(all["entries"], json!(before + CHANGES));
    running.stop().await;
    assert!(told(&mut slow).await.is_none(), "it ends with the server");
}

#[tokio::test]
async fn a_stream_names_what_changed_and_ends_with_its_session() {
    let bench = Bench::new().await;
    let token = bench.staff(Role::Analyst, "mina").await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let running = sumun_server::serve(listener, Arc::clone(&bench.server)).unwrap();
    let response = bench.live(&token).await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    assert_eq!(response.headers()["cache-control"], "no-store");
    let mut body = response.into_body();
    bench.staff(Role::Viewer, "joon").await;
    let mut kinds = BTreeSet::new();
    while !kinds.contains("users") {
        let message = told(&mut body).await.unwrap();
        kinds.extend(
            message["kinds"].as_array().unwrap().iter().map(|kind| kind.as_str().unwrap().to_owned()),
        );
    }
    assert!(kinds.contains("sessions") && kinds.contains("ledger") && !kinds.contains("cases"), "{kinds:?}");
    bench.send("DELETE", "/v1/sessions/current", &token, None).await.is(204);
    while told(&mut body).await.is_some() {}
    running.stop().await;
}

#[tokio::test]
async fn a_page_hears_of_what_changed_before_it_could_follow() {
    let bench = Bench::new().await;
    let token = bench.staff(Role::Analyst, "mina").await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let running = sumun_server::serve(listener, Arc::clone(&bench.server)).unwrap();
    // Another page hears of it: what happened was looked at, and is over, before this one follows.
    let mut other = bench.live(&token).await.into_body();
    assert!(line(&mut other).await.unwrap().starts_with(": "));
    bench.staff(Role::Viewer, "joon").await;
    let entries = bench.govern().store.head().size;
    while told(&mut other).await.unwrap()["entries"] != json!(entries) {}
    let mut body = bench.live(&token).await.into_body();
    assert!(line(&mut body).await.unwrap().starts_with(": "));
    // At once: nothing further changes, so that it could hear nothing else but that its stream lives.
    let first = line(&mut body).await.unwrap();
    let data = first.strip_prefix("event: changed\ndata: ").unwrap_or_else(|| panic!("{first}"));
    let message: Value = serde_json::from_str(data.trim_end()).unwrap();
    assert_eq!(message["entries"], json!(entries));
    let kinds: BTreeSet<_> = message["kinds"].as_array().unwrap().iter().map(Value::to_string).collect();
    assert!(kinds.contains("\"users\"") && kinds.contains("\"sessions\""), "{kinds:?}");
    running.stop().await;
}

#[tokio::test]
async fn a_session_follows_so_often_and_no_more() {
    let bench = Bench::new().await;
    let token = bench.staff(Role::Analyst, "mina").await;
    let mut streams = Vec::new();
    for _ in 0..8 {
        let response = bench.live(&token).await;
        assert_eq!(response.status(), 200);
        streams.push(response.into_body());
    }
    let no = bench.send("GET", "/v1/live", &token, None).await.is(429);
    assert_eq!(no.code(), "live_streams_too_many");
    assert!(no.json["remedy"].as_str().is_some_and(|remedy| remedy.contains("close one")));
    let other = bench.staff(Role::Auditor, "joon").await;
    assert_eq!(bench.live(&other).await.status(), 200, "another session has its own");
    streams.pop();
    assert_eq!(bench.live(&token).await.status(), 200, "who goes makes room");
}
