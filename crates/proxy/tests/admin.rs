//! The operators' side: alive, ready or what is amiss, and the names of all metrics.

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
use sumun_proxy::admin;
use support::client::{Client, Response};
use support::upstream::{answers_ok, behaviour};
use support::ws::{Exchange, Socket};
use support::{World, sign, until};
use tokio::net::TcpListener;

async fn serve(world: &World) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(admin::serve(Arc::clone(&world.proxy), listener));
    address
}

async fn get(to: SocketAddr, path: &str) -> Response {
    let mut client = Client::connect(to, None).await;
    client.send(format!("GET {path} HTTP/1.1\r\nHost: admin\r\n\r\n").as_bytes()).await;
    client.response("GET").await
}

async fn ready(to: SocketAddr) -> (u16, Value) {
    let response = get(to, "/readyz").await;
    (response.status, serde_json::from_slice(&response.body).unwrap())
}

#[tokio::test]
async fn ready_says_what_is_amiss_and_what_to_do() {
    let exchange = Exchange::new();
    let world = World::with(|o| o.upstream = exchange.behaviour()).await;
    let admin = serve(&world).await;
    let _stream = Socket::open(&world, "K1").await;
    let (status, body) = ready(admin).await;
    assert_eq!((status, &body["ready"], &body["problems"]), (200, &json!(true), &json!([])));
    assert_eq!(
        (&body["keys"], &body["streams_open"], &body["recording"]),
        (&json!(2), &json!(1), &json!(true))
    );
    assert_eq!((&body["table_version"], &body["unrecorded_total"]), (&json!(1), &json!(0)));
    assert!(body["table_age_s"].as_i64().unwrap() < 60);

    let long_ago = world.proxy.now().wall.plus_micros(-100_000_000);
    world.proxy.gate.table.refreshed(long_ago);
    let (status, body) = ready(admin).await;
    assert_eq!((status, &body["ready"]), (503, &json!(false)));
    assert!((100..160).contains(&body["table_age_s"].as_i64().unwrap()));
    assert!(body["problems"][0].as_str().unwrap().contains("look at the source of keys"));

    world.sink.full.store(true, Ordering::SeqCst);
    world.exchange(sign::request("GET", "/v1/accounts", "").as_bytes()).await;
    let (status, body) = ready(admin).await;
    assert_eq!((status, &body["recording"], &body["unrecorded_total"]), (503, &json!(false), &json!(1)));
    assert_eq!(body["problems"].as_array().unwrap().len(), 2);
    assert!(body["problems"][0].as_str().unwrap().contains("look at the disk of data_dir"));
    // Alive all the same: restarting would mend neither.
    let response = get(admin, "/healthz").await;
    assert_eq!((response.status, response.body.as_slice()), (200, br#"{"alive":true}"#.as_slice()));

    world.sink.full.store(false, Ordering::SeqCst);
    world.proxy.gate.table.refreshed(world.proxy.now().wall);
    assert_eq!(ready(admin).await.0, 200);
}

#[tokio::test]
async fn notes_of_the_role_are_told_and_serious_ones_count() {
    let world = World::new().await;
    let admin = serve(&world).await;
    let serious = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let now_serious = Arc::clone(&serious);
    world.proxy.set_notes(Box::new(move || {
        vec![admin::Note { text: "made up".to_owned(), serious: now_serious.load(Ordering::SeqCst) }]
    }));
    let (status, body) = ready(admin).await;
    assert_eq!((status, &body["ready"], &body["problems"]), (200, &json!(true), &json!(["made up"])));
    serious.store(true, Ordering::SeqCst);
    let (status, body) = ready(admin).await;
    assert_eq!((status, &body["ready"], &body["problems"]), (503, &json!(false), &json!(["made up"])));
}

/// Names and labels are what dashboards are built on.
#[tokio::test]
async fn metrics_have_their_names_and_few_labels() {
    let world = World::with(|o| {
        let answers = answers_ok();
        o.upstream = behaviour(move |got, conn| {
            let answers = Arc::clone(&answers);
            async move { if got.path() == "/v1/order" { None } else { answers(got, conn).await } }
        });
    })
    .await;
    let admin = serve(&world).await;
    for request in [
        sign::request("GET", "/v1/accounts", ""),
        sign::request("GET", "/v1/./accounts", ""),
        sign::request("GET", "/v1/order", ""),
        "GET /v1/ticker HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        "GET /v1/ticker HTTP/1.1\r\n\r\n".to_owned(),
    ] {
        world.exchange(request.as_bytes()).await;
    }
    until("the outcome", || world.sink.outcomes().len() == 2).await;
    let response = get(admin, "/metrics").await;
    assert_eq!(response.status, 200);
    assert!(
        response.header("content-type").unwrap().starts_with("application/openmetrics-text; version=1.0.0")
    );
    let page = String::from_utf8(response.body).unwrap();
    assert!(page.ends_with("# EOF\n"));
    let mut names: Vec<_> = page.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "sumun_gate_bad_bodies counter",
            "sumun_gate_bad_heads counter",
            "sumun_gate_bypass gauge",
            "sumun_gate_connections_refused counter",
            "sumun_gate_decision_duration_seconds histogram",
            "sumun_gate_events_ship_lag_seconds gauge",
            "sumun_gate_events_shipped counter",
            "sumun_gate_events_unshipped gauge",
            "sumun_gate_key_table_age_seconds gauge",
            "sumun_gate_keys gauge",
            "sumun_gate_recording_available gauge",
            "sumun_gate_shed_decisions gauge",
            "sumun_gate_streams_cut counter",
            "sumun_gate_streams_open gauge",
            "sumun_gate_unrecorded_decisions counter",
            "sumun_gate_upstream_duration_seconds histogram",
            "sumun_gate_upstream_failures counter",
            "sumun_gate_verdicts counter",
        ]
    );
    for line in [
        "sumun_gate_verdicts_total{outcome=\"allow\",reason=\"\"} 2",
        "sumun_gate_verdicts_total{outcome=\"deny\",reason=\"route_unknown\"} 1",
        "sumun_gate_verdicts_total{outcome=\"public\",reason=\"\"} 1",
        "sumun_gate_bad_heads_total 1",
        "sumun_gate_decision_duration_seconds_count 4",
        "sumun_gate_upstream_failures_total{kind=\"broken\"} 1",
        "sumun_gate_upstream_duration_seconds_count 2",
        "sumun_gate_streams_open 0",
        "sumun_gate_keys 2",
        "sumun_gate_recording_available 1",
        "sumun_gate_bypass 0",
        "sumun_gate_shed_decisions 0",
    ] {
        assert!(page.lines().any(|l| l == line), "no {line:?} in\n{page}");
    }
    for secret in ["K1", "127.0.0.1", "Bearer", support::SECRET] {
        assert!(!page.contains(secret), "{secret} in\n{page}");
    }
}

#[tokio::test]
async fn nothing_else_is_there() {
    let world = World::new().await;
    let admin = serve(&world).await;
    assert_eq!(get(admin, "/").await.status, 404);
    assert_eq!(get(admin, "/metrics/").await.status, 404);
    let mut client = Client::connect(admin, None).await;
    client.send(b"POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n").await;
    assert_eq!(client.response("POST").await.status, 405);
    client.send(b"HEAD /healthz HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(client.response("HEAD").await.status, 200);
    // What operators see, clients cannot reach.
    assert_eq!(world.exchange(b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n").await.status, 401);
}
