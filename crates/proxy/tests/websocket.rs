//! WebSockets: the upgrade, and what each message may ask for.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests may panic and read clocks"
)]

mod support;

use futures_util::SinkExt as _;
use std::sync::Arc;
use std::time::Duration;
use sumun_dialect::Dialect;
use sumun_gate::{Change, Status};
use sumun_model::wire::event::AccessChannel;
use sumun_model::wire::{Signature, Verdict};
use sumun_model::{KeyState, Prefix, Reason, Scope, ScopeSet};
use support::upstream::behaviour;
use support::ws::{Exchange, MY_ASSET, MY_ORDER, PRIVATE, PUBLIC, Socket, head};
use support::{Options, World, key, key_id, sign, until};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

/// A world with a WebSocket exchange behind it, and K3, which may read orders but no balances.
async fn world(choose: impl FnOnce(&mut Options)) -> (World, Arc<Exchange>) {
    let exchange = Exchange::new();
    let world = World::with(|o| {
        o.upstream = exchange.behaviour();
        let mut orders_only = key("K3");
        orders_only.scopes = ScopeSet::EMPTY.with(Scope::ReadOrders);
        o.keys.push(orders_only);
        choose(o);
    })
    .await;
    (world, exchange)
}

fn frame_of(reason: Reason) -> &'static str {
    Dialect::Upbit.message_refusal(reason)
}

#[tokio::test]
async fn an_upgrade_is_relayed_and_compression_taken_out() {
    let (world, exchange) = world(|_| {}).await;
    let mut client = world.client().await;
    let extensions = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\
                      Sec-WebSocket-Extensions: x-other\r\nSec-WebSocket-Protocol: made-up\r\n";
    client.send(head(PRIVATE, &sign::bearer("K1", ""), extensions).as_bytes()).await;
    let response = client.response("GET").await;
    assert_eq!(response.status, 101);
    assert_eq!(
        response.header("sec-websocket-accept"),
        Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        "RFC 6455, 1.3"
    );
    assert_eq!(response.header("sec-websocket-extensions"), None);
    let got = world.upstream.only();
    assert!(got.all("sec-websocket-extensions").is_empty(), "{got:?}");
    assert_eq!(got.all("connection"), ["Upgrade"]);
    assert_eq!(got.all("upgrade"), ["websocket"]);
    assert_eq!(got.header("sec-websocket-protocol"), Some("made-up"));
    assert_eq!(got.header("host"), Some("api.example"));
    assert_eq!(got.all("x-forwarded-for"), ["127.0.0.1"]);
    let line = &world.sink.admitted()[0];
    assert_eq!((line.channel, line.verdict), (Some(AccessChannel::Websocket), Some(Verdict::Allow)));
    assert_eq!((line.route.as_deref(), line.method.as_deref()), (Some(PRIVATE), Some("GET")));
    until("the outcome", || world.sink.outcomes().len() == 1).await;
    assert_eq!(world.sink.outcomes()[0].status, Some(101));
    assert_eq!(exchange.open(), 1);
    world.check();
}

#[tokio::test]
async fn what_the_exchange_says_is_relayed_whole() {
    let (world, exchange) = world(|_| {}).await;
    let mut socket = Socket::open(&world, "K1").await;
    let large = "x".repeat(300_000);
    exchange.say(Message::text(r#"{"type":"myAsset"}"#));
    exchange.say(Message::binary(vec![0, 159, 146, 150]));
    exchange.say(Message::Ping("are you there".into()));
    exchange.say(Message::text(large.clone()));
    assert_eq!(socket.next_text().await, r#"{"type":"myAsset"}"#);
    assert_eq!(socket.next().await, Some(Message::binary(vec![0, 159, 146, 150])));
    assert_eq!(socket.next_text().await, large);
}

#[tokio::test]
async fn each_message_needs_the_scope_it_asks_for() {
    let (world, exchange) = world(|_| {}).await;
    let mut socket = Socket::open(&world, "K3").await;
    socket.text(MY_ASSET).await;
    assert_eq!(socket.next_text().await, frame_of(Reason::ScopeMissing));
    let both = r#"[{"ticket":"t"},{"type":"myOrder"},{"type":"myAsset"}]"#;
    socket.text(both).await;
    assert_eq!(socket.next_text().await, frame_of(Reason::ScopeMissing));
    socket.text(MY_ORDER).await;
    until("the subscription", || exchange.texts() == [MY_ORDER]).await;
    // A refusal ends nothing.
    exchange.say(Message::text("an order"));
    assert_eq!(socket.next_text().await, "an order");

    let lines = world.sink.singles();
    let said: Vec<_> = lines.iter().map(|l| (l.scope, l.verdict.unwrap(), l.reason)).collect();
    let (balances, orders) = (Some(Scope::ReadBalances), Some(Scope::ReadOrders));
    assert_eq!(
        said,
        [
            (balances, Verdict::Deny, Some(Reason::ScopeMissing)),
            (balances, Verdict::Deny, Some(Reason::ScopeMissing)),
            (orders, Verdict::Allow, None),
        ],
        "one line a message, under the scope that is missing"
    );
    let scopes: Vec<_> = lines.iter().map(|l| l.ext.as_ref().and_then(|ext| ext.get("scopes"))).collect();
    assert_eq!(scopes, [None, Some(&serde_json::json!(["read_orders", "read_balances"])), None]);
    let page = world.proxy.metrics.render();
    for line in [
        "sumun_gate_message_verdicts_total{outcome=\"deny\",reason=\"scope_missing\"} 2",
        "sumun_gate_message_verdicts_total{outcome=\"allow\",reason=\"\"} 1",
    ] {
        assert!(page.lines().any(|l| l == line), "no {line:?} in\n{page}");
    }
    for line in lines {
        assert_eq!(line.key, Some(key_id("K3")));
        assert_eq!((line.method.as_deref(), line.route.as_deref()), (Some("MESSAGE"), Some(PRIVATE)));
        assert_eq!(
            (line.channel, line.signature),
            (Some(AccessChannel::Websocket), Some(Signature::Unchecked))
        );
        assert_eq!((line.enforced, line.ip), (Some(true), Some("127.0.0.1".parse().unwrap())));
    }
}

#[tokio::test]
async fn messages_that_could_be_read_as_asking_for_more_are_refused() {
    let (world, exchange) = world(|_| {}).await;
    let mut socket = Socket::open(&world, "K3").await;
    let (malformed, unknown) = (Reason::MalformedCredentials, Reason::RouteUnknown);
    for (text, reason) in [
        (r#"[{"ticket":"t"},{"type":"myOrder","type":"myAsset"}]"#, malformed),
        (r#"[{"ticket":"t"},{"type":"myOrder","\u0074ype":"myAsset"}]"#, malformed),
        (r#"[{"ticket":"t"},{"type":"myOrder"}] [{"ticket":"t"},{"type":"myAsset"}]"#, malformed),
        (r#"[{"ticket":"t"},{"type":"myorder"}]"#, unknown),
        (r#"[{"ticket":"t"},{"type":"MYASSET"}]"#, unknown),
        (r#"[{"ticket":"t"},{"type":"myOrder","types":["myAsset"]}]"#, malformed),
        (r#"[{"ticket":"t"},{"type":"everything"}]"#, unknown),
        (r#"{"ticket":"t","type":"myOrder"}"#, malformed),
        ("myOrder", malformed),
        ("ping", malformed),
        ("", malformed),
    ] {
        socket.text(text).await;
        assert_eq!(socket.next_text().await, frame_of(reason), "{text}");
        let line = world.sink.singles().pop().unwrap();
        assert_eq!((line.reason, line.scope), (Some(reason), None), "{text}");
    }
    socket.0.send(Message::binary(MY_ASSET.as_bytes().to_vec())).await.unwrap();
    assert_eq!(socket.next_text().await, frame_of(Reason::ScopeMissing), "text in a binary message");
    socket.0.send(Message::binary(vec![0xff, 0xfe])).await.unwrap();
    assert_eq!(socket.next_text().await, frame_of(malformed));
    // None of it went on.
    socket.text("PING").await;
    until("the ping", || exchange.texts() == ["PING"]).await;
}

#[tokio::test]
async fn a_flood_of_messages_ends_the_stream_with_one_line() {
    let (world, _exchange) = world(|o| o.policy.default_per_second = 5).await;
    let mut socket = Socket::open(&world, "K3").await;
    for _ in 0..40 {
        // The stream may be gone before all are sent; that is the point.
        let _ = socket.0.send(Message::text(MY_ORDER)).await;
    }
    assert_eq!(socket.close_code().await, Some(Dialect::Upbit.stream_refusal().close_code));
    let limited = world.sink.singles().iter().filter(|l| l.reason == Some(Reason::RateLimited)).count();
    assert_eq!(limited, 1);
    assert!(world.sink.singles().len() <= 10, "{}", world.sink.singles().len());
}

#[tokio::test]
async fn pings_and_lists_need_nothing_and_are_not_recorded() {
    let (world, exchange) = world(|_| {}).await;
    let mut socket = Socket::open(&world, "K3").await;
    let list = r#"[{"ticket":"t"},{"method":"LIST_SUBSCRIPTIONS"}]"#;
    socket.text("PING").await;
    socket.text(list).await;
    socket.0.send(Message::binary(b"PING".to_vec())).await.unwrap();
    until("all three", || exchange.received().len() == 3).await;
    assert_eq!(exchange.received()[2], Message::binary(b"PING".to_vec()), "as it came");
    assert_eq!(exchange.texts(), ["PING", list, "PING"]);
    assert!(world.sink.singles().is_empty());
    // A WebSocket ping is answered here.
    socket.0.send(Message::Ping("p".into())).await.unwrap();
    assert_eq!(socket.next().await, Some(Message::Pong("p".into())));
}

#[tokio::test]
async fn a_message_in_fragments_is_read_whole() {
    let (world, exchange) = world(|_| {}).await;
    let mut socket = Socket::open(&world, "K3").await;
    for (whole, passes) in [(MY_ASSET, false), (MY_ORDER, true)] {
        // Cut in the middle of the type, with a ping between the fragments.
        let (first, rest) = whole.split_at(whole.find("my").unwrap() + 3);
        let (second, third) = rest.split_at(1);
        let fragment = |text: &str, kind, last| {
            Message::Frame(Frame::message(text.as_bytes().to_vec(), OpCode::Data(kind), last))
        };
        for message in [
            fragment(first, Data::Text, false),
            fragment(second, Data::Continue, false),
            Message::Ping("between".into()),
            fragment(third, Data::Continue, true),
        ] {
            socket.0.send(message).await.unwrap();
        }
        assert_eq!(socket.next().await, Some(Message::Pong("between".into())));
        if passes {
            until("the subscription, in one piece", || exchange.texts() == [MY_ORDER]).await;
        } else {
            assert_eq!(socket.next_text().await, frame_of(Reason::ScopeMissing));
        }
    }
    assert_eq!(exchange.texts(), [MY_ORDER]);
}

#[tokio::test]
async fn an_oversized_message_ends_the_stream_and_goes_nowhere() {
    let (world, exchange) = world(|_| {}).await;
    let mut socket = Socket::open(&world, "K1").await;
    let _ = socket.0.send(Message::text("x".repeat(70_000))).await;
    socket.close_code().await;
    until("the end upstream", || exchange.open() == 0).await;
    assert!(exchange.received().is_empty());
}

#[tokio::test]
async fn the_public_stream_needs_no_key_and_is_not_read() {
    let (world, exchange) = world(|_| {}).await;
    let mut socket = Socket::open_with(&world, PUBLIC, "").await;
    socket.text(r#"[{"ticket":"t"},{"type":"whatever comes"}]"#).await;
    until("the message", || exchange.received().len() == 1).await;
    exchange.say(Message::text("a price"));
    assert_eq!(socket.next_text().await, "a price");
    assert!(world.sink.entries().is_empty());
    assert_eq!(world.proxy.streams.len(), 1, "counted, so that a stop waits for its end");
    world.check();
}

#[tokio::test]
async fn upgrades_that_may_not_be_are_refused_before_the_exchange_hears_of_them() {
    let (world, exchange) = world(|_| {}).await;
    let bearer = || sign::bearer("K1", "");
    let upgrade = |path: &str, authorization: &str| head(path, authorization, "");
    let rows = [
        ("no credential", upgrade(PRIVATE, ""), 401),
        ("an unknown key", upgrade(PRIVATE, &sign::bearer("K9", "")), 401),
        ("not a stream", upgrade("/v1/accounts", &bearer()), 404),
        ("a dotted path", upgrade("/websocket/v1/./private", &bearer()), 404),
        ("a final slash", upgrade("/websocket/v1/private/", &bearer()), 404),
        ("unsigned parameters", upgrade("/websocket/v1/private?a=1", &bearer()), 401),
        ("not asked for", sign::request("GET", PRIVATE, ""), 404),
        ("by POST", upgrade(PRIVATE, &bearer()).replacen("GET", "POST", 1), 404),
        ("another protocol", upgrade(PRIVATE, &bearer()).replacen("websocket\r\n", "h2c\r\n", 1), 404),
        ("another version", upgrade(PRIVATE, &bearer()).replacen("13", "8", 1), 404),
        ("two keys", head(PRIVATE, &bearer(), "Sec-WebSocket-Key: a\r\n"), 404),
        ("over HTTP/1.0", upgrade(PRIVATE, &bearer()).replacen("HTTP/1.1", "HTTP/1.0", 1), 404),
    ];
    for (n, (what, request, status)) in rows.iter().enumerate() {
        let response = world.exchange(request.as_bytes()).await;
        assert_eq!(response.status, *status, "{what}");
        assert_eq!(world.sink.singles().len(), n + 1, "{what}");
    }
    assert_eq!((world.upstream.count(), exchange.open()), (0, 0));
    assert_eq!(world.proxy.streams.len(), 0);
}

/// Nobody sends one; what was signed and decided on is still what goes on.
#[tokio::test]
async fn an_upgrade_with_a_body_goes_on_with_it() {
    let (world, _) = world(|_| {}).await;
    let more = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n";
    let request = format!("{}a=1", head(PRIVATE, &sign::bearer("K1", "a=1"), more));
    assert_eq!(world.exchange(request.as_bytes()).await.status, 101);
    assert_eq!(world.upstream.only().body, b"a=1");
    world.check();
}

#[tokio::test]
async fn an_upgrade_that_the_exchange_refuses_is_relayed() {
    let (world, _) = world(|o| {
        o.upstream = behaviour(|_, mut conn| async move {
            conn.send(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\nX-Why: mood\r\n\r\nno").await;
            Some(conn)
        });
    })
    .await;
    let response = Socket::try_open(&world, PRIVATE, &sign::bearer("K1", ""), None).await.err().unwrap();
    assert_eq!((response.status, response.header("x-why")), (401, Some("mood")));
    assert_eq!(response.body, b"no");
    until("the outcome", || world.sink.outcomes().len() == 1).await;
    assert_eq!(world.sink.outcomes()[0].status, Some(401));
    until("no stream", || world.proxy.streams.is_empty()).await;
    world.check();
}

#[tokio::test]
async fn an_exchange_that_is_down_or_slow_at_the_upgrade() {
    let (down, _) = world(|o| {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        o.config.upstream = free.to_string().parse().unwrap();
    })
    .await;
    let (slow, _) = world(|o| {
        o.config.timeouts.upstream_response = Duration::from_millis(100);
        o.upstream = behaviour(|_, conn| async move {
            std::future::pending::<()>().await;
            Some(conn)
        });
    })
    .await;
    for (world, status) in [(down, 502), (slow, 504)] {
        let response = Socket::try_open(&world, PRIVATE, &sign::bearer("K1", ""), None).await.err().unwrap();
        assert_eq!((response.status, response.error_name().as_str()), (status, "upstream_unavailable"));
        until("the outcome", || world.sink.outcomes().len() == 1).await;
        assert_eq!(world.sink.outcomes()[0].status, Some(status));
        until("no stream", || world.proxy.streams.is_empty()).await;
    }
}

/// Real clients keep their token for the private stream and use it again to reconnect.
#[tokio::test]
async fn a_nonce_reopens_the_stream_from_the_same_address_only() {
    let (world, _) = world(|o| {
        let mut two_homes = key("K4");
        two_homes.allowlist = std::iter::once("127.0.0.0/29".parse::<Prefix>().unwrap()).collect();
        o.keys.push(two_homes);
    })
    .await;
    let token = sign::bearer("K4", "");
    let first = Socket::open_with(&world, PRIVATE, &token).await;
    assert!(world.sink.admitted()[0].ext.is_none());
    let _second = Socket::open_with(&world, PRIVATE, &token).await;
    drop(first);
    let _third = Socket::open_with(&world, PRIVATE, &token).await;
    for line in &world.sink.admitted()[1..] {
        let reused = line.ext.as_ref().and_then(|ext| ext.get("nonce_reused"));
        assert_eq!(reused, Some(&serde_json::Value::Bool(true)), "{line:?}");
    }
    assert_eq!(world.sink.nonces(), 2, "of the nonce and of its stream, once");
    // Registered, too, but another address.
    let from = Some("127.0.0.2".parse().unwrap());
    let refused = Socket::try_open(&world, PRIVATE, &token, from).await.err().unwrap();
    assert_eq!((refused.status, refused.error_name().as_str()), (401, "nonce_used"));
    let rest = format!("GET /v1/accounts HTTP/1.1\r\nHost: a\r\nAuthorization: {token}\r\n\r\n");
    assert_eq!(world.exchange(rest.as_bytes()).await.error_name(), "nonce_used");
    // And what a plain request used up opens no stream.
    let spent = sign::bearer("K4", "");
    let rest = format!("GET /v1/accounts HTTP/1.1\r\nHost: a\r\nAuthorization: {spent}\r\n\r\n");
    assert_eq!(world.exchange(rest.as_bytes()).await.status, 404, "the exchange's own answer");
    let refused = Socket::try_open(&world, PRIVATE, &spent, None).await.err().unwrap();
    assert_eq!(refused.error_name(), "nonce_used");
    world.check();
}

#[tokio::test]
async fn shadow_mode_lets_every_message_and_stream_be() {
    let (world, exchange) = world(|o| o.policy.enforce = false).await;
    let mut socket = Socket::open(&world, "K3").await;
    socket.text(MY_ASSET).await;
    until("the subscription", || exchange.texts() == [MY_ASSET]).await;
    let line = world.refused();
    assert_eq!((line.reason, line.enforced), (Some(Reason::ScopeMissing), Some(false)));
    let suspended = Status { state: KeyState::Suspended, measure: None, registration_due: false };
    assert_eq!(world.change(Change::Status(key_id("K3"), suspended)), 0);
    exchange.say(Message::text("still here"));
    assert_eq!(socket.next_text().await, "still here");
    // One that would be refused opens, is written down, and stays.
    let mut unknown = Socket::open(&world, "K9").await;
    assert_eq!(world.sink.admitted().pop().unwrap().reason, Some(Reason::UnknownKey));
    world.proxy.recheck_streams();
    exchange.say(Message::text("and here"));
    assert_eq!(unknown.next_text().await, "and here");
}

#[tokio::test]
async fn a_message_while_everything_passes_says_so_beside_the_scopes_it_asks_for() {
    let (world, exchange) = world(|_| {}).await;
    world.proxy.gate.set_bypass(Some(sumun_gate::Bypass {
        since: sumun_model::Timestamp::from_millis(1_800_000_000_000),
        by: "uid 0".to_owned(),
        reason: "a made-up reason".to_owned(),
    }));
    let mut socket = Socket::open(&world, "K3").await;
    let both = r#"[{"ticket":"t"},{"type":"myOrder"},{"type":"myAsset"}]"#;
    socket.text(both).await;
    until("the subscription", || exchange.texts() == [both]).await;
    let ext = world.sink.singles()[0].ext.clone().unwrap();
    assert_eq!(ext.get("bypass").unwrap()["reason"], "a made-up reason");
    assert_eq!(ext.get("scopes").unwrap(), &serde_json::json!(["read_orders", "read_balances"]));
}
