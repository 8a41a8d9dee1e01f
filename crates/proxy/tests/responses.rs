//! Responses: streamed, stripped of what concerns one hop, and an exchange that is down, slow or breaks off.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests may panic and read clocks"
)]

mod support;

use std::sync::Arc;
use std::time::Duration;
use sumun_proxy::Outcome;
use support::upstream::behaviour;
use support::{World, sign, until};
use tokio::sync::Notify;

fn get() -> String {
    sign::request("GET", "/v1/accounts", "")
}

/// A world whose upstream answers every request with these bytes and then ends the connection or not.
async fn answering(bytes: &'static str, ends: bool) -> World {
    World::with(|o| {
        o.upstream = behaviour(move |_, mut conn| async move {
            conn.send(bytes.as_bytes()).await;
            (!ends).then_some(conn)
        });
    })
    .await
}

async fn outcome(world: &World) -> Outcome {
    until("an outcome", || !world.sink.outcomes().is_empty()).await;
    let outcomes = world.sink.outcomes();
    assert_eq!(outcomes.len(), 1, "{outcomes:?}");
    outcomes[0]
}

#[tokio::test]
async fn a_response_streams() {
    let go_on = Arc::new(Notify::new());
    let world = World::with(|o| {
        let go_on = Arc::clone(&go_on);
        o.upstream = behaviour(move |_, mut conn| {
            let go_on = Arc::clone(&go_on);
            async move {
                conn.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n").await;
                go_on.notified().await;
                conn.send(b"4\r\nlast\r\n0\r\n\r\n").await;
                Some(conn)
            }
        });
    })
    .await;
    let mut client = world.client().await;
    client.send(get().as_bytes()).await;
    client.read_until("first").await;
    // The outcome is the response's head, which is here; its body is not.
    assert_eq!(outcome(&world).await.status, Some(200));
    go_on.notify_one();
    assert_eq!(client.response("GET").await.body, b"firstlast");
    world.check();
}

#[tokio::test]
async fn a_response_goes_back_as_it_came_without_what_concerns_one_hop() {
    let world = answering(
        "HTTP/1.1 201 Created\r\nConnection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\n\
         Proxy-Authenticate: Basic\r\nUpgrade: h2c\r\nRemaining-Req: group=order; min=1799; sec=3\r\n\
         Content-Type: application/json\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 2\r\n\r\n{}",
        false,
    )
    .await;
    let mut client = world.client().await;
    client.send(get().as_bytes()).await;
    let response = client.response("GET").await;
    assert_eq!((response.status, response.body.as_slice()), (201, b"{}".as_slice()));
    assert_eq!(response.header("remaining-req"), Some("group=order; min=1799; sec=3"));
    assert_eq!(response.head.matches("set-cookie: ").count(), 2, "{}", response.head);
    for name in ["connection", "x-hop", "keep-alive", "proxy-authenticate", "upgrade"] {
        assert_eq!(response.header(name), None, "{name}");
    }
    // Both connections live on.
    client.send(get().as_bytes()).await;
    assert_eq!(client.response("GET").await.status, 201);
    assert_eq!((world.upstream.count(), world.upstream.connections()), (2, 1));
    world.check();
}

#[tokio::test]
async fn the_exchanges_own_refusals_go_back_as_they_are() {
    let world = answering(
        "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 40\r\n\r\n{\"name\":\"too_many_requests\",\"message\":1}",
        false,
    )
    .await;
    let response = world.exchange(get().as_bytes()).await;
    assert_eq!((response.status, response.error_name().as_str()), (429, "too_many_requests"));
    assert_eq!(outcome(&world).await.status, Some(429));
}

#[tokio::test]
async fn an_exchange_that_is_down_is_502_in_its_own_words() {
    let world = World::with(|o| {
        // A port that was free a moment ago; nobody listens.
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        o.config.upstream = free.to_string().parse().unwrap();
    })
    .await;
    let response = world.exchange(get().as_bytes()).await;
    assert_eq!((response.status, response.error_name().as_str()), (502, "upstream_unavailable"));
    assert!(String::from_utf8_lossy(&response.body).contains("nothing was sent"));
    assert_eq!(response.header("remaining-req"), Some("group=default; min=1800; sec=0"));
    let outcome = outcome(&world).await;
    assert_eq!(outcome.status, Some(502));
    assert!(outcome.latency_us.is_some());
    assert!(world.proxy.metrics.render().contains("sumun_gate_upstream_failures_total{kind=\"connect\"} 1"));
}

#[tokio::test]
async fn an_exchange_that_is_slow_is_504_and_may_have_acted() {
    let world = World::with(|o| {
        o.config.timeouts.upstream_response = Duration::from_millis(100);
        o.upstream = behaviour(|_, conn| async move {
            std::future::pending::<()>().await;
            Some(conn)
        });
    })
    .await;
    let order = sign::request("POST", "/v1/orders", "market=KRW-BTC");
    let response = world.exchange(order.as_bytes()).await;
    assert_eq!((response.status, response.error_name().as_str()), (504, "upstream_unavailable"));
    assert!(String::from_utf8_lossy(&response.body).contains("may have acted"));
    assert_eq!(outcome(&world).await.status, Some(504));
    assert_eq!(world.upstream.count(), 1, "sent once");
}

#[tokio::test]
async fn an_exchange_that_hangs_up_is_502_and_asked_once() {
    for bytes in ["", "HTTP/1.1 200 OK\r\nContent-", "nonsense\r\n\r\n"] {
        let world = answering(bytes, true).await;
        let order = sign::request("POST", "/v1/orders", "market=KRW-BTC");
        let response = world.exchange(order.as_bytes()).await;
        assert_eq!(
            (response.status, response.error_name().as_str()),
            (502, "upstream_unavailable"),
            "{bytes}"
        );
        assert!(String::from_utf8_lossy(&response.body).contains("may have acted"));
        assert_eq!(outcome(&world).await.status, Some(502));
        assert_eq!(world.upstream.count(), 1, "an order that may have been placed is not sent again");
        world.check();
    }
}

/// Also on a connection that was used before: there a stack may be tempted to try again.
#[tokio::test]
async fn an_exchange_that_hangs_up_a_kept_connection_is_asked_once() {
    let world = World::with(|o| {
        o.upstream = behaviour(|got, mut conn| async move {
            if got.method == "POST" {
                return None;
            }
            conn.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
            Some(conn)
        });
    })
    .await;
    let mut client = world.client().await;
    client.send(get().as_bytes()).await;
    assert_eq!(client.response("GET").await.status, 200);
    client.send(sign::request("POST", "/v1/orders", "market=KRW-BTC").as_bytes()).await;
    assert_eq!(client.response("POST").await.status, 502);
    assert_eq!((world.upstream.count(), world.upstream.connections()), (2, 1));
    world.check();
}

#[tokio::test]
async fn a_response_that_breaks_off_is_never_taken_for_whole() {
    for bytes in [
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nonly \r\n64\r\nthis",
    ] {
        let world = answering(bytes, true).await;
        let mut client = world.client().await;
        client.send(get().as_bytes()).await;
        assert!(client.try_response("GET").await.is_none(), "a whole response of half a one");
        assert_eq!(outcome(&world).await.status, Some(200), "the head's");
    }
}

#[tokio::test]
async fn a_response_without_a_length_ends_with_the_connection() {
    let world = answering("HTTP/1.1 200 OK\r\n\r\nuntil the end", true).await;
    let response = world.exchange(get().as_bytes()).await;
    assert_eq!((response.status, response.body.as_slice()), (200, b"until the end".as_slice()));
}

#[tokio::test]
async fn a_response_with_two_readings_is_not_passed_on() {
    let world =
        answering("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabcde", true).await;
    assert_eq!(world.exchange(get().as_bytes()).await.status, 502);
    // Chunked wins over a length, and the client gets one framing.
    let world = answering(
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n",
        false,
    )
    .await;
    let response = world.exchange(get().as_bytes()).await;
    assert_eq!((response.status, response.body.as_slice()), (200, b"abcde".as_slice()));
    assert!(response.header("content-length").is_none() || response.header("transfer-encoding").is_none());
}

#[tokio::test]
async fn interim_responses_are_not_taken_for_the_answer() {
    let world = answering(
        "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        false,
    )
    .await;
    let response = world.exchange(get().as_bytes()).await;
    assert_eq!((response.status, response.body.as_slice()), (200, b"ok".as_slice()));
    assert_eq!(outcome(&world).await.status, Some(200));
}

#[tokio::test]
async fn an_upgrade_that_nobody_asked_for_is_not_passed_on() {
    let world = answering(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        false,
    )
    .await;
    let response = world.exchange(get().as_bytes()).await;
    assert_eq!(response.status, 502);
}

#[tokio::test]
async fn a_client_that_leaves_first_has_an_unknown_outcome() {
    let world = World::with(|o| {
        o.upstream = behaviour(|_, conn| async move {
            std::future::pending::<()>().await;
            Some(conn)
        });
    })
    .await;
    let mut client = world.client().await;
    client.send(sign::request("POST", "/v1/orders", "market=KRW-BTC").as_bytes()).await;
    until("the order at the exchange", || world.upstream.count() == 1).await;
    drop(client);
    assert_eq!(outcome(&world).await, Outcome { status: None, latency_us: None, refused: None });
    world.check();
}

/// What a refusal says of the limits: nothing that would make a client wait for no reason.
#[tokio::test]
async fn refusals_say_what_is_left_and_how_long_to_wait() {
    let refused = |world: World| async move {
        let unknown = format!(
            "GET /v1/accounts HTTP/1.1\r\nHost: a\r\nAuthorization: {}\r\n\r\n",
            sign::bearer("K9", "")
        );
        let response = world.exchange(unknown.as_bytes()).await;
        assert_eq!(response.status, 401);
        response.header("remaining-req").unwrap().to_owned()
    };
    let limited = World::with(|o| o.policy.default_per_second = 7).await;
    assert_eq!(refused(limited).await, "group=default; min=1800; sec=7");
    let unlimited = World::with(|o| o.policy.default_per_second = 0).await;
    assert_eq!(refused(unlimited).await, "group=default; min=1800; sec=99");

    let world = World::with(|o| o.policy.default_per_second = 1).await;
    assert_eq!(world.exchange(get().as_bytes()).await.status, 200);
    let response = world.exchange(get().as_bytes()).await;
    assert_eq!((response.status, response.header("retry-after")), (429, Some("1")));
    assert_eq!(response.header("remaining-req"), Some("group=default; min=1800; sec=0"));

    let world = World::with(|o| {
        o.policy.failures_max = 1;
        o.policy.failures_window_us = 41_500_000;
    })
    .await;
    let bad = || {
        let claims = serde_json::json!({"access_key": "K1", "nonce": sign::nonce()});
        let credential = sign::bearer_with(&claims, "another made-up secret", false);
        format!("GET /v1/accounts HTTP/1.1\r\nHost: a\r\nAuthorization: {credential}\r\n\r\n")
    };
    for (status, retry) in [(401, None), (418, Some("42"))] {
        let mut client = world.client_from("127.0.0.2").await;
        client.send(bad().as_bytes()).await;
        let response = client.response("GET").await;
        assert_eq!((response.status, response.header("retry-after")), (status, retry));
    }
}
