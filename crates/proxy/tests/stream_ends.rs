//! Ends of streams: by a change of the table, by a stop, by silence; at a frame boundary, whoever reads or not.

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
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use sumun_dialect::Dialect;
use sumun_gate::{Change, KeySpec, Status};
use sumun_model::{KeyState, Measure, Reason, Scope, Timestamp};
use support::upstream::behaviour;
use support::ws::{Exchange, MY_ASSET, MY_ORDER, PRIVATE, PUBLIC, Socket, head};
use support::{Options, World, all_scopes, key, key_id, sign, soon, until};
use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::Message;

const SUSPENDED: Status = Status { state: KeyState::Suspended, measure: None, registration_due: false };

async fn world(choose: impl FnOnce(&mut Options)) -> (World, Arc<Exchange>) {
    let exchange = Exchange::new();
    let world = World::with(|o| {
        o.upstream = exchange.behaviour();
        choose(o);
    })
    .await;
    (world, exchange)
}

fn status(id: &str, state: KeyState, measure: Option<Measure>) -> Change {
    Change::Status(key_id(id), Status { state, measure, registration_due: false })
}

fn put(change: impl FnOnce(&mut KeySpec)) -> Change {
    let mut spec = key("K1");
    change(&mut spec);
    Change::Put(Box::new(spec))
}

fn without(scope: Scope) -> sumun_model::ScopeSet {
    all_scopes().iter().filter(|s| *s != scope).collect()
}

fn networks(texts: &[&'static str]) -> impl Iterator<Item = sumun_model::Prefix> {
    texts.iter().copied().map(|text| text.parse().unwrap())
}

#[tokio::test]
async fn a_change_that_would_refuse_the_stream_ends_it_and_no_other() {
    let ends: Vec<(&str, Change)> = vec![
        ("suspended", status("K1", KeyState::Suspended, None)),
        ("expired", status("K1", KeyState::Expired, None)),
        ("a measure that expires", status("K1", KeyState::Active, Some(Measure::Expire))),
        ("removed", Change::Remove(key_id("K1"))),
        ("without the scope", put(|k| k.scopes = without(Scope::ReadBalances))),
        ("without the address", put(|k| k.allowlist = networks(&["203.0.113.7/32"]).collect())),
        ("without any address", put(|k| k.allowlist = networks(&[]).collect())),
        ("its time over", put(|k| k.expires = Timestamp::from_micros(1))),
    ];
    let closing = Dialect::Upbit.stream_refusal();
    for (what, change) in ends {
        let (world, exchange) = world(|_| {}).await;
        let mut ended = Socket::open(&world, "K1").await;
        let mut stays = Socket::open(&world, "K2").await;
        ended.text(MY_ASSET).await;
        stays.text(MY_ASSET).await;
        until("both subscriptions", || exchange.received().len() == 2).await;
        assert_eq!((world.proxy.streams.len(), exchange.open()), (2, 2));

        assert_eq!(world.change(change), 1, "{what}");
        let Some(Message::Close(Some(frame))) = ended.next().await else { panic!("{what}: no close frame") };
        assert_eq!(
            (u16::from(frame.code), frame.reason.as_str()),
            (closing.close_code, closing.close_reason.as_str())
        );
        assert_eq!(ended.next().await, None, "{what}");
        until("the end upstream", || exchange.open() == 1).await;
        until("the end in the registry", || world.proxy.streams.len() == 1).await;
        exchange.say(Message::text("for the other"));
        assert_eq!(stays.next_text().await, "for the other");
        assert!(world.proxy.metrics.render().contains("sumun_gate_streams_cut_total 1"));
    }
}

#[tokio::test]
async fn a_change_that_would_not_refuse_the_stream_leaves_it() {
    let changes: Vec<(&str, Change)> = vec![
        ("held", status("K1", KeyState::Active, Some(Measure::Hold))),
        ("to be verified anew", status("K1", KeyState::Active, Some(Measure::Reverify))),
        ("warned", status("K1", KeyState::Active, Some(Measure::Warn))),
        ("another scope fewer", put(|k| k.scopes = without(Scope::ReadOrders))),
        (
            "another address more",
            put(|k| k.allowlist = networks(&["127.0.0.1/32", "198.51.100.4/32"]).collect()),
        ),
        ("another key's end", Change::Remove(key_id("K2"))),
    ];
    for (what, change) in changes {
        let (world, exchange) = world(|_| {}).await;
        let mut socket = Socket::open(&world, "K1").await;
        socket.text(MY_ASSET).await;
        until("the subscription", || exchange.received().len() == 1).await;
        assert_eq!(world.change(change), 0, "{what}");
        exchange.say(Message::text("still here"));
        assert_eq!(socket.next_text().await, "still here", "{what}");
    }
}

/// A scope that was never subscribed to ends nothing, but is missing when it is asked for.
#[tokio::test]
async fn a_scope_taken_away_is_missing_from_the_next_message() {
    let (world, exchange) = world(|_| {}).await;
    let mut socket = Socket::open(&world, "K1").await;
    assert_eq!(world.change(put(|k| k.scopes = without(Scope::ReadOrders))), 0);
    socket.text(MY_ORDER).await;
    assert_eq!(socket.next_text().await, Dialect::Upbit.message_refusal(Reason::ScopeMissing));
    socket.text(MY_ASSET).await;
    until("the subscription", || exchange.texts() == [MY_ASSET]).await;
}

#[tokio::test]
async fn a_key_that_ends_by_itself_ends_its_stream() {
    let (world, _) = world(|_| {}).await;
    let soon_over = world.proxy.now().wall.plus_micros(300_000);
    world.change(put(|k| k.expires = soon_over));
    let mut socket = Socket::open(&world, "K1").await;
    assert_eq!(socket.close_code().await, Some(1008));
    assert!(world.proxy.now().wall >= soon_over);
}

#[tokio::test]
async fn nothing_more_is_pushed_once_the_key_may_not_hold_its_stream() {
    let (world, exchange) = world(|_| {}).await;
    let mut socket = Socket::open(&world, "K1").await;
    // As when its time is over: the table says so, and nobody has looked at the streams yet.
    world.proxy.gate.table.apply(put(|k| k.expires = Timestamp::from_micros(1))).unwrap();
    exchange.say(Message::text("a push behind its end"));
    match socket.next().await {
        Some(Message::Close(Some(frame))) => assert_eq!(u16::from(frame.code), 1008),
        other => panic!("pushed all the same: {other:?}"),
    }
}

#[tokio::test]
async fn messages_on_the_way_are_whole_when_a_stream_is_cut() {
    let (world, exchange) = world(|_| {}).await;
    let mut socket = Socket::open(&world, "K1").await;
    let large = "x".repeat(100_000);
    for _ in 0..100 {
        exchange.say(Message::text(large.clone()));
    }
    assert_eq!(socket.next_text().await, large);
    world.change(Change::Status(key_id("K1"), SUSPENDED));
    loop {
        match socket.next().await {
            Some(Message::Text(text)) => assert_eq!(text.len(), large.len(), "a whole message"),
            Some(Message::Close(Some(frame))) => break assert_eq!(u16::from(frame.code), 1008),
            other => panic!("cut within a message: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_client_that_stops_reading_cannot_hold_off_the_end() {
    let (world, exchange) = world(|_| {}).await;
    let mut client = world.client().await;
    client.send(head(PRIVATE, &sign::bearer("K1", ""), "").as_bytes()).await;
    assert_eq!(client.response("GET").await.status, 101);
    // More than any socket buffer takes: the relay is stuck in sending.
    for _ in 0..200 {
        exchange.say(Message::text("x".repeat(200_000)));
    }
    // Nothing more is read from the exchange once the relay is stuck, however long one waits.
    until("the relay is stuck", || world.proxy.streams.len() == 1 && exchange.open() == 1).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(world.change(Change::Status(key_id("K1"), SUSPENDED)), 1);
    until("the end upstream", || exchange.open() == 0).await;
    until("the end in the registry", || world.proxy.streams.is_empty()).await;
    drop(client);
}

#[tokio::test]
async fn an_exchange_that_stops_reading_cannot_hold_off_the_end() {
    let (world, _) = world(|o| {
        o.upstream = behaviour(|_, mut conn| async move {
            conn.send(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
            )
            .await;
            std::future::pending::<()>().await;
            Some(conn)
        });
    })
    .await;
    let mut socket = Socket::open(&world, "K1").await;
    let ask = format!(
        r#"[{{"ticket":"t"}},{{"type":"myOrder","codes":[{}"KRW-BTC"]}}]"#,
        r#""KRW-BTC","#.repeat(4_000)
    );
    let flood = async {
        use futures_util::SinkExt as _;
        while socket.0.send(Message::text(ask.clone())).await.is_ok() {}
    };
    let cut = async {
        // Stuck: the client's messages are recorded as they are read, and no more are.
        let mut seen = (0, 0);
        while seen.1 < 20 {
            let now = world.sink.singles().len();
            seen = if now == seen.0 && now > 0 { (now, seen.1 + 1) } else { (now, 0) };
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(world.change(Change::Status(key_id("K1"), SUSPENDED)), 1);
        until("the end in the registry", || world.proxy.streams.is_empty()).await;
    };
    soon("the end of both", async { tokio::join!(flood, cut) }).await;
}

/// The table changes between the decision and the stream's entry, or just after: in no order does a stream survive.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_stream_survives_a_change_that_races_its_upgrade() {
    let (world, exchange) = world(|o| o.config.connections_max = 1000).await;
    let world = Arc::new(world);
    let (mut opened, mut refused) = (0, 0);
    for round in 0..150_u32 {
        world.change(Change::Status(key_id("K1"), Status::ACTIVE));
        let opening = {
            let world = Arc::clone(&world);
            tokio::spawn(
                async move { Socket::try_open(&world, PRIVATE, &sign::bearer("K1", ""), None).await },
            )
        };
        // Each round the change comes a little later within the upgrade.
        for _ in 0..round % 50 * 4 {
            tokio::task::yield_now().await;
        }
        world.change(Change::Status(key_id("K1"), SUSPENDED));
        match opening.await.unwrap() {
            Ok(mut socket) => {
                opened += 1;
                assert_eq!(socket.close_code().await, Some(1008), "round {round}");
            }
            Err(response) => {
                refused += 1;
                assert_eq!(response.status, 403, "round {round}: {response:?}");
            }
        }
        until("no stream", || world.proxy.streams.is_empty()).await;
    }
    until("no stream upstream", || exchange.open() == 0).await;
    assert_eq!(opened + refused, 150);
    assert_eq!(world.sink.admit_count(), world.upstream.count());
    world.check();
}

/// Flapping must not confuse the record: whatever is refused says why, whatever is allowed goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_that_flaps_gives_true_answers() {
    let (world, _) = world(|o| o.config.connections_max = 1000).await;
    let world = Arc::new(world);
    let done = Arc::new(AtomicBool::new(false));
    let flapping = {
        let (world, done) = (Arc::clone(&world), Arc::clone(&done));
        std::thread::spawn(move || {
            while !done.load(Ordering::SeqCst) {
                world.change(Change::Status(key_id("K1"), SUSPENDED));
                world.change(Change::Status(key_id("K1"), Status::ACTIVE));
            }
        })
    };
    for _ in 0..150 {
        match Socket::try_open(&world, PRIVATE, &sign::bearer("K1", ""), None).await {
            Ok(_) => {}
            Err(response) => {
                assert_eq!((response.status, response.error_name().as_str()), (403, "out_of_scope"));
            }
        }
    }
    done.store(true, Ordering::SeqCst);
    flapping.join().unwrap();
    for line in world.sink.singles() {
        assert_eq!(line.reason, Some(Reason::KeySuspended), "{line:?}");
        assert!(line.ext.is_none(), "its own nonce is no reuse: {line:?}");
    }
    for line in world.sink.admitted() {
        assert!(line.ext.is_none(), "its own nonce is no reuse: {line:?}");
    }
    world.check();
}

/// The table changes after a message was decided and before it is noted: the stream's entry does not show yet what
/// the change would take away, so only a second look can see it.
#[tokio::test]
async fn no_subscription_survives_a_change_that_races_it() {
    let (world, exchange) = world(|_| {}).await;
    let mut socket = Socket::open(&world, "K1").await;
    let proxy = Arc::clone(&world.proxy);
    world.sink.during_next_write(move || {
        proxy.gate.table.apply(put(|k| k.scopes = without(Scope::ReadBalances))).unwrap();
        assert_eq!(proxy.recheck_streams(), 0, "it is subscribed to nothing yet");
    });
    socket.text(MY_ASSET).await;
    assert_eq!(socket.close_code().await, Some(1008));
    until("the end upstream", || exchange.open() == 0).await;
    assert!(exchange.received().is_empty(), "passed on although the key lacks the scope by now");
}

/// The table changes after the upgrade was decided and written down, before the exchange has answered it.
#[tokio::test]
async fn a_change_during_the_upgrade_ends_the_stream_at_its_first_moment() {
    let (world, exchange) = world(|_| {}).await;
    let proxy = Arc::clone(&world.proxy);
    world.sink.during_next_write(move || {
        proxy.gate.table.apply(Change::Status(key_id("K1"), SUSPENDED)).unwrap();
        assert_eq!(proxy.recheck_streams(), 1, "it is entered before it is decided for good");
    });
    let mut socket = Socket::open(&world, "K1").await;
    exchange.say(Message::text("not for you any more"));
    let first = socket.next().await;
    assert!(
        matches!(first, Some(Message::Close(Some(ref frame))) if u16::from(frame.code) == 1008),
        "{first:?}"
    );
    until("the end upstream", || exchange.open() == 0).await;
}

#[tokio::test]
async fn a_stream_without_a_word_either_way_is_ended() {
    let (world, exchange) = world(|o| o.config.timeouts.websocket_idle = Duration::from_millis(400)).await;
    let mut quiet = Socket::open(&world, "K1").await;
    let mut busy = Socket::open(&world, "K2").await;
    let chatter = async {
        loop {
            busy.text("PING").await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::select! {
        code = quiet.close_code() => assert_eq!(code, Some(1001)),
        () = chatter => {}
    }
    until("one end upstream", || exchange.open() == 1).await;
    assert_eq!(busy.close_code().await, Some(1001), "silent now");
    until("both ends upstream", || exchange.open() == 0).await;
}

#[tokio::test]
async fn either_side_that_leaves_takes_the_other_with_it() {
    let (world, exchange) = world(|_| {}).await;
    let mut socket = Socket::open(&world, "K1").await;
    socket.0.close(None).await.unwrap();
    until("the end upstream", || exchange.open() == 0).await;
    assert_eq!(exchange.closes().len(), 1, "told, not torn");
    let torn = Socket::open(&world, "K1").await;
    drop(torn);
    until("the end upstream", || exchange.open() == 0).await;
    let mut told = Socket::open(&world, "K1").await;
    let close =
        tokio_tungstenite::tungstenite::protocol::CloseFrame { code: 4001.into(), reason: "made up".into() };
    exchange.say(Message::Close(Some(close)));
    assert_eq!(told.close_code().await, Some(4001), "the exchange's own code");
    until("no stream", || world.proxy.streams.is_empty()).await;
}

#[tokio::test]
async fn a_stop_ends_streams_and_answers_what_is_under_way() {
    let go_on = Arc::new(Notify::new());
    let exchange = Exchange::new();
    let mut world = World::with(|o| {
        let (go_on, sockets) = (Arc::clone(&go_on), exchange.behaviour());
        o.upstream = behaviour(move |got, mut conn| {
            let (go_on, sockets) = (Arc::clone(&go_on), Arc::clone(&sockets));
            async move {
                if got.is_upgrade() {
                    return sockets(got, conn).await;
                }
                go_on.notified().await;
                conn.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone").await;
                Some(conn)
            }
        });
    })
    .await;
    let mut private = Socket::open(&world, "K1").await;
    let mut public = Socket::open_with(&world, PUBLIC, "").await;
    let mut waiting = world.client().await;
    let mut idle = world.client().await;
    waiting.send(sign::request("POST", "/v1/orders", "market=KRW-BTC").as_bytes()).await;
    until("the order at the exchange", || world.upstream.count() == 3).await;

    let address = world.address;
    let order = async {
        assert_eq!(private.close_code().await, Some(1012), "come again");
        assert_eq!(public.close_code().await, Some(1012), "come again");
        assert!(idle.is_closed().await);
        go_on.notify_one();
        let response = waiting.response("POST").await;
        assert_eq!((response.status, response.body.as_slice()), (200, b"done".as_slice()));
        assert!(waiting.is_closed().await);
    };
    soon("the stop", async { tokio::join!(world.stop(), order) }).await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "nobody listens");
    assert_eq!(exchange.open(), 0);
    assert_eq!(world.sink.outcomes().len(), 2);
    world.check();
}

#[tokio::test]
async fn a_stop_does_not_wait_beyond_its_grace() {
    let mut world = World::with(|o| {
        o.config.shutdown_grace = Duration::from_millis(200);
        o.upstream = behaviour(|_, conn| async move {
            std::future::pending::<()>().await;
            Some(conn)
        });
    })
    .await;
    let mut waiting = world.client().await;
    waiting.send(sign::request("GET", "/v1/accounts", "").as_bytes()).await;
    until("the request at the exchange", || world.upstream.count() == 1).await;
    soon("the stop", world.stop()).await;
    assert!(waiting.try_response("GET").await.is_none(), "no answer is left to come");
    until("the outcome", || world.sink.outcomes().len() == 1).await;
    assert_eq!(world.sink.outcomes()[0].status, None);
}
