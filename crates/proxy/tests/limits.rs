//! Bounds: heads and bodies that are too large, clients that are too slow, connections beyond the limit.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests may panic and read clocks"
)]

mod support;

use std::time::Duration;
use sumun_model::wire::{Signature, Verdict};
use sumun_model::{Effect, Reason};
use sumun_proxy::EventSink as _;
use support::upstream::behaviour;
use support::ws::{self, Exchange, PUBLIC, Socket};
use support::{World, sign, soon, until};
use tokio::io::AsyncWriteExt as _;
use tokio_tungstenite::tungstenite::Message;

const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";
/// A timeout that a test waits out.
const SHORT: Duration = Duration::from_millis(200);

fn order_of(bytes: usize) -> String {
    let start = "market=KRW-BTC&identifier=";
    format!("{start}{}", "x".repeat(bytes - start.len()))
}

fn post(body: &str, framing: &str) -> String {
    sign::head("POST", "/v1/orders", body, &format!("{FORM}{framing}"))
}

#[tokio::test]
async fn a_head_beyond_the_limit_is_431_and_nobody_is_asked() {
    for more in [format!("X-Long: {}\r\n", "x".repeat(40_000)), "X-Many: 1\r\n".repeat(3_000)] {
        let world = World::new().await;
        let response = world.exchange(sign::head("GET", "/v1/accounts", "", &more).as_bytes()).await;
        assert_eq!(response.status, 431);
        assert_eq!((world.upstream.count(), world.sink.entries().len()), (0, 0));
    }
    let world = World::new().await;
    let long = format!("GET /v1/{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(100_000));
    let status = world.exchange(long.as_bytes()).await.status;
    assert!(matches!(status, 414 | 431), "{status}");
    assert_eq!((world.upstream.count(), world.sink.entries().len()), (0, 0));
}

#[tokio::test]
async fn a_long_path_within_the_limit_is_unknown_and_cut_in_the_record() {
    let world = World::new().await;
    let path = format!("/v1/{}", "x".repeat(8_000));
    assert_eq!(world.exchange(sign::request("GET", &path, "").as_bytes()).await.status, 404);
    let line = world.refused();
    assert_eq!(line.reason, Some(Reason::RouteUnknown));
    assert_eq!(line.route.as_deref(), Some(&path[..256]));
}

#[tokio::test]
async fn a_body_at_the_limit_passes_and_one_byte_more_does_not() {
    let world = World::new().await;
    let fits = order_of(4096);
    let mut client = world.client().await;
    client.send(format!("{}{fits}", post(&fits, "Content-Length: 4096\r\n")).as_bytes()).await;
    assert_eq!(client.response("POST").await.status, 200);
    assert_eq!(world.upstream.only().body, fits.as_bytes());

    for framing in ["Content-Length: 4097\r\n", "Transfer-Encoding: chunked\r\n"] {
        let world = World::new().await;
        let body = order_of(4097);
        let mut client = world.client().await;
        let sent =
            if framing.starts_with('C') { body.clone() } else { format!("1001\r\n{body}\r\n0\r\n\r\n") };
        client.send(format!("{}{sent}", post(&body, framing)).as_bytes()).await;
        let response = client.response("POST").await;
        assert_eq!((response.status, response.header("connection")), (413, Some("close")), "{framing}");
        assert_eq!(response.error_name(), "validation_error");
        assert!(client.is_closed().await);
        let line = world.refused();
        assert_eq!((line.reason, line.verdict), (Some(Reason::BodyTooLarge), Some(Verdict::Deny)));
        assert_eq!((line.status, line.signature), (Some(413), Some(Signature::Unchecked)));
        assert_eq!(line.key.unwrap().as_str(), "K1");
        assert_eq!(world.upstream.count(), 0);
    }
}

/// The client is still sending when it is refused; it must see why all the same.
#[tokio::test]
async fn the_refusal_of_a_large_body_reaches_a_client_that_sends_all_of_it() {
    for length in [true, false] {
        let world = World::new().await;
        let body = order_of(64 * 1024);
        let (framing, sent) = if length {
            (format!("Content-Length: {}\r\n", body.len()), body.clone())
        } else {
            ("Transfer-Encoding: chunked\r\n".to_owned(), format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len()))
        };
        let mut client = world.client().await;
        let bytes = format!("{}{sent}", post(&body, &framing));
        // As a simple client does: everything first, then the answer.
        client.tcp.write_all(bytes.as_bytes()).await.expect("the whole request is taken");
        let response = client.try_response("POST").await.expect("an answer, not a reset");
        assert_eq!(response.status, 413);
        assert_eq!(world.refused().reason, Some(Reason::BodyTooLarge));
        assert_eq!(world.upstream.count(), 0);
    }
}

#[tokio::test]
async fn a_large_body_on_a_public_route_does_not_go_on_without_it() {
    let world = World::new().await;
    let body = "x".repeat(5000);
    for more in [
        "",
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: a\r\n",
    ] {
        let path = if more.is_empty() { "/v1/ticker" } else { "/websocket/v1" };
        let head = format!("GET {path} HTTP/1.1\r\nHost: a\r\n{more}Content-Length: 5000\r\n\r\n");
        assert_eq!(world.exchange(format!("{head}{body}").as_bytes()).await.status, 413, "{path}");
    }
    assert_eq!(world.upstream.count(), 0);
}

#[tokio::test]
async fn shadow_mode_does_not_forward_what_it_could_not_read_either() {
    let world = World::with(|o| o.policy.enforce = false).await;
    let body = order_of(5000);
    let bytes = format!("{}{body}", post(&body, "Content-Length: 5000\r\n"));
    assert_eq!(world.exchange(bytes.as_bytes()).await.status, 413);
    let line = world.refused();
    assert_eq!((line.reason, line.enforced), (Some(Reason::BodyTooLarge), Some(true)));
    let upgrade = ws::head(ws::PRIVATE, &sign::bearer("K1", &body), "Content-Length: 5000\r\n");
    assert_eq!(world.exchange(format!("{upgrade}{body}").as_bytes()).await.status, 413);
    assert_eq!(world.upstream.count(), 0);
}

#[tokio::test]
async fn a_body_that_is_announced_is_invited_only_if_it_may_come() {
    let body = order_of(100);
    let world = World::new().await;
    let mut client = world.client().await;
    client.send(post(&body, "Expect: 100-continue\r\nContent-Length: 100\r\n").as_bytes()).await;
    client.read_until("HTTP/1.1 100 ").await;
    assert_eq!(world.upstream.connections(), 0, "nothing goes on before the whole request is here");
    client.send(body.as_bytes()).await;
    assert_eq!(client.response("POST").await.status, 200);
    assert_eq!(world.upstream.only().header("expect"), None);
    world.check();

    let world = World::new().await;
    let mut client = world.client().await;
    client.send(post(&body, "Expect: 100-continue\r\nContent-Length: 5000\r\n").as_bytes()).await;
    assert!(client.read_until("\r\n\r\n").await.starts_with("HTTP/1.1 413 "));
    assert_eq!(world.refused().reason, Some(Reason::BodyTooLarge));
}

#[tokio::test]
async fn a_slow_head_ends_the_connection() {
    let world = World::with(|o| o.config.timeouts.header_read = SHORT).await;
    for start in ["", "GET /v1/accounts HTT", "GET /v1/accounts HTTP/1.1\r\nHost: a\r\nX-Slow: "] {
        let mut client = world.client().await;
        client.send(start.as_bytes()).await;
        let ended = client.try_response("GET").await;
        assert!(ended.as_ref().is_none_or(|r| r.status == 408), "{ended:?}");
    }
    // One byte now and then does not help.
    let mut client = world.client().await;
    let dripping = async {
        for byte in format!("GET /v1/ticker HTTP/1.1\r\nHost: a\r\nX: {}", "x".repeat(10_000)).bytes() {
            if client.tcp.write_all(&[byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("10 000 slow bytes were taken");
    };
    soon("the end of a dripping connection", dripping).await;
    assert_eq!((world.upstream.count(), world.sink.entries().len()), (0, 0));
}

#[tokio::test]
async fn a_slow_body_is_408_and_recorded_as_never_judged() {
    let body = order_of(100);
    for (framing, start) in
        [("Content-Length: 100\r\n", &body[..50]), ("Transfer-Encoding: chunked\r\n", "64\r\nmar")]
    {
        let world = World::with(|o| o.config.timeouts.body_read = SHORT).await;
        let mut client = world.client().await;
        client.send(format!("{}{start}", post(&body, framing)).as_bytes()).await;
        let response = client.response("POST").await;
        assert_eq!((response.status, response.header("connection")), (408, Some("close")));
        assert!(client.is_closed().await);
        let line = world.turned_away(408);
        assert_eq!((line.route.as_deref(), line.effect), (Some("/v1/orders"), Some(Effect::Order)));
        assert_eq!((world.proxy.metrics.bad_bodies.get(), world.sink.nonces()), (1, 0));
    }
}

/// Who shows no key that is known is told so without his body being waited for.
#[tokio::test]
async fn no_body_is_waited_for_from_nobody() {
    let unknown = |framing: &str| {
        let credential = sign::bearer("K9", "");
        format!("POST /v1/orders HTTP/1.1\r\nHost: a\r\nAuthorization: {credential}\r\n{FORM}{framing}\r\n")
    };
    let absent = |framing: &str| format!("POST /v1/orders HTTP/1.1\r\nHost: a\r\n{FORM}{framing}\r\n");
    let malformed = |framing: &str| {
        format!("POST /v1/orders HTTP/1.1\r\nHost: a\r\nAuthorization: x\r\n{FORM}{framing}\r\n")
    };
    let (large, chunked) = ("Content-Length: 30000\r\n", "Transfer-Encoding: chunked\r\n");
    for (request, reason) in [
        (unknown(large), Reason::UnknownKey),
        (absent(large), Reason::MalformedCredentials),
        (malformed(large), Reason::MalformedCredentials),
        (absent(chunked), Reason::MalformedCredentials),
        (malformed(chunked), Reason::MalformedCredentials),
    ] {
        let world = World::with(|o| o.config.body_bytes_max = 64 * 1024).await;
        let mut client = world.client().await;
        client.send(request.as_bytes()).await;
        let response = client.response("POST").await;
        assert_eq!((response.status, response.header("connection")), (401, Some("close")), "{request}");
        assert_eq!(world.refused().reason, Some(reason), "{request}");
        assert_eq!(world.upstream.count(), 0);
    }
    // Of a chunked body nobody knows the length, which is judged before the key.
    let world = World::with(|o| o.config.body_bytes_max = 64 * 1024).await;
    let mut client = world.client().await;
    client.send(unknown(chunked).as_bytes()).await;
    let early = tokio::time::timeout(SHORT, client.response("POST")).await;
    assert!(early.is_err(), "{early:?}");
    client.send(format!("{:x}\r\n{}\r\n0\r\n\r\n", 70_000, "x".repeat(70_000)).as_bytes()).await;
    assert_eq!(client.response("POST").await.status, 413);
    assert_eq!(world.refused().reason, Some(Reason::BodyTooLarge));
}

/// A request is decided when it is whole, not when it begins.
#[tokio::test]
async fn a_key_suspended_during_its_body_is_refused() {
    let world = World::new().await;
    let body = order_of(100);
    let mut client = world.client().await;
    client
        .send(
            format!("{}{}", post(&body, "Expect: 100-continue\r\nContent-Length: 100\r\n"), &body[..50])
                .as_bytes(),
        )
        .await;
    client.read_until("100 Continue\r\n\r\n").await;
    let suspended = sumun_gate::Status {
        state: sumun_model::KeyState::Suspended,
        measure: None,
        registration_due: false,
    };
    world.change(sumun_gate::Change::Status(support::key_id("K1"), suspended));
    client.send(&body.as_bytes()[50..]).await;
    assert_eq!(client.response("POST").await.status, 403);
    assert_eq!(world.refused().reason, Some(Reason::KeySuspended));
    assert_eq!(world.upstream.count(), 0);
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_for_one_to_end() {
    let world = World::with(|o| o.config.connections_max = 2).await;
    let get = || sign::request("GET", "/v1/accounts", "");
    let (mut first, mut second) = (world.client().await, world.client().await);
    for client in [&mut first, &mut second] {
        client.send(get().as_bytes()).await;
        assert_eq!(client.response("GET").await.status, 200);
    }
    let mut third = world.client().await;
    third.send(get().as_bytes()).await;
    // The ones inside are served meanwhile.
    first.send(get().as_bytes()).await;
    assert_eq!(first.response("GET").await.status, 200);
    let early = tokio::time::timeout(SHORT, third.response("GET")).await;
    assert!(early.is_err(), "the third waits: {early:?}");
    drop(second);
    assert_eq!(third.response("GET").await.status, 200);
    world.check();
}

#[tokio::test]
async fn one_neighbourhood_holds_its_share_of_connections_and_no_more() {
    let exchange = Exchange::new();
    let choose = |trusted: &'static str| {
        let upstream = exchange.behaviour();
        move |o: &mut support::Options| {
            o.config.connections_per_source_max = 2;
            o.config.trusted_hops = vec![trusted.parse().unwrap()];
            o.upstream = upstream;
        }
    };
    let world = World::with(choose("192.0.2.1")).await;
    let get = || "GET /v1/ticker HTTP/1.1\r\nHost: a\r\n\r\n";
    let stream = Socket::open(&world, "K1").await;
    let mut second = world.client_from("127.0.0.2").await;
    second.send(get().as_bytes()).await;
    assert_eq!(second.response("GET").await.status, 404, "the exchange's own answer");
    let mut third = world.client_from("127.0.0.3").await;
    assert!(third.is_closed().await);
    assert_eq!(world.proxy.metrics.connections_refused.get(), 1);
    let mut elsewhere = world.client_from("127.0.1.1").await;
    elsewhere.send(get().as_bytes()).await;
    assert_eq!(elsewhere.response("GET").await.status, 404);
    // A place comes back with its stream.
    drop(stream);
    until("a place", || world.proxy.streams.is_empty()).await;
    let mut again = world.client().await;
    again.send(get().as_bytes()).await;
    while again.try_response("GET").await.is_none() {
        again = world.client().await;
        again.send(get().as_bytes()).await;
    }

    let world = World::with(choose("127.0.0.0/8")).await;
    let mut clients = Vec::new();
    for _ in 0..5 {
        let mut client = world.client().await;
        client.send(get().as_bytes()).await;
        assert_eq!(client.response("GET").await.status, 404, "a trusted hop has no share");
        clients.push(client);
    }
}

/// An answer that stops in the middle ends; it does not hold its place for ever.
#[tokio::test]
async fn an_answer_that_stalls_is_cut_off() {
    for framing in ["Content-Length: 100\r\n", "Transfer-Encoding: chunked\r\n"] {
        let world = World::with(|o| {
            o.config.timeouts.upstream_response = SHORT;
            o.upstream = behaviour(move |_, mut conn| async move {
                conn.send(format!("HTTP/1.1 200 OK\r\n{framing}\r\n5\r\nabcde\r\n").as_bytes()).await;
                std::future::pending::<()>().await;
                Some(conn)
            });
        })
        .await;
        let mut client = world.client().await;
        client.send(sign::request("GET", "/v1/accounts", "").as_bytes()).await;
        client.read_until("abcde").await;
        assert!(client.try_response("GET").await.is_none(), "it never ends well");
        world.check();
    }
}

/// A client that reads nothing of its stream does not keep it until it is idle.
#[tokio::test]
async fn a_stream_whose_client_takes_nothing_is_cut_off() {
    let exchange = Exchange::new();
    let world = World::with(|o| {
        o.config.timeouts.client_write = SHORT;
        o.upstream = exchange.behaviour();
    })
    .await;
    let deaf = Socket::open(&world, "K1").await;
    for _ in 0..40 {
        exchange.say(Message::text("x".repeat(1_000_000)));
    }
    until("the end of the stream", || world.proxy.streams.is_empty()).await;
    until("the end upstream", || exchange.open() == 0).await;
    drop(deaf);
}

/// A client that reads nothing of its answer.
#[tokio::test]
async fn a_client_that_takes_nothing_is_cut_off() {
    let world = World::with(|o| {
        o.config.connections_max = 1;
        o.config.timeouts.client_write = SHORT;
        o.upstream = behaviour(|got, mut conn| async move {
            if got.path() == "/v1/accounts" {
                conn.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n").await;
                conn.send(&vec![b'x'; 100_000_000]).await;
            } else {
                conn.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
            }
            Some(conn)
        });
    })
    .await;
    let mut deaf = world.client().await;
    deaf.send(sign::request("GET", "/v1/accounts", "").as_bytes()).await;
    // The one place there is comes back, though the first still holds its end open.
    let mut second = world.client().await;
    second.send(sign::request("GET", "/v1/order?uuid=a", "").as_bytes()).await;
    assert_eq!(second.response("GET").await.status, 200);
    drop(deaf);
}

#[tokio::test]
async fn streams_count_as_connections() {
    let exchange = Exchange::new();
    let world = World::with(|o| {
        o.config.connections_max = 2;
        o.upstream = exchange.behaviour();
    })
    .await;
    let private = Socket::open(&world, "K1").await;
    let _public = Socket::open_with(&world, PUBLIC, "").await;
    let mut third = world.client().await;
    third.send(sign::request("GET", "/v1/accounts", "").as_bytes()).await;
    // Were there room, it would be answered at once; that it is not can only be waited for.
    let early = tokio::time::timeout(SHORT, third.response("GET")).await;
    assert!(early.is_err(), "the third waits: {early:?}");
    drop(private);
    assert_eq!(third.response("GET").await.status, 404, "the exchange's own answer");
    assert_eq!(world.upstream.count(), 3);
}

#[tokio::test]
async fn http_1_0_is_answered_and_ended() {
    let world = World::new().await;
    let mut client = world.client().await;
    let bytes = sign::request("GET", "/v1/accounts", "").replacen("HTTP/1.1", "HTTP/1.0", 1);
    client.send(bytes.as_bytes()).await;
    assert_eq!(client.response("GET").await.status, 200);
    assert!(client.is_closed().await);
    world.check();
    until("the outcome", || world.sink.outcomes().len() == 1).await;
    assert_eq!(world.sink.shed_total(), 0);
}
