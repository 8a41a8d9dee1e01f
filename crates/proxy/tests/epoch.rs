//! The barrier behind a change of the table: done when no request decided before it still awaits forwarding.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic")]

mod support;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};
use sumun_gate::{Change, Status};
use sumun_model::KeyState;
use support::sink::Disk;
use support::upstream::behaviour;
use support::ws::{Exchange, MY_ASSET, Socket};
use support::{World, key_id, sign, soon, until};
use tokio::sync::Notify;

const EXPIRED: Status = Status { state: KeyState::Expired, measure: None, registration_due: false };
const WITHDRAWAL: &str = "currency=BTC&amount=1";

fn expire(id: &str) -> Change {
    Change::Status(key_id(id), EXPIRED)
}

fn ready(future: &mut std::pin::Pin<Box<impl Future<Output = ()>>>) -> bool {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop())) == Poll::Ready(())
}

#[tokio::test]
async fn a_request_between_decision_and_forwarding_is_waited_for_and_then_noted() {
    let world = World::new().await;
    world.sink.set_disk(Disk::Stalled);
    let mut client = world.client().await;
    client.send(sign::request("POST", "/v1/withdraws/coin", WITHDRAWAL).as_bytes()).await;
    until("it waits for the disk", || world.sink.waited.load(Ordering::SeqCst) == 1).await;
    let before = world.proxy.gate.table.get("K1").unwrap();
    world.change(expire("K1"));
    let mut turned = Box::pin(world.proxy.turn_epoch());
    assert!(!ready(&mut turned));
    assert_eq!(before.last_admitted(), None);
    // Requests after the change are refused, and nobody waits for them.
    let refused = world.exchange(sign::request("GET", "/v1/accounts", "").as_bytes()).await;
    assert_eq!(refused.status, 401);
    assert!(!ready(&mut turned));
    world.sink.set_disk(Disk::Done);
    soon("the turn", turned).await;
    assert_eq!(client.response("POST").await.status, 200);
    assert!(before.last_admitted().is_some());
    assert_eq!(world.proxy.gate.table.last_admitted(&key_id("K1")), before.last_admitted());
    world.check();
}

#[tokio::test]
async fn a_request_in_the_exchange_s_hands_is_not_waited_for() {
    for (method, target, form) in [
        ("GET", "/v1/accounts", ""),
        ("POST", "/v1/orders", "market=KRW-BTC&side=bid&ord_type=price&price=5000"),
    ] {
        let go = Arc::new(Notify::new());
        let answers = Arc::clone(&go);
        let world = World::with(|o| {
            o.upstream = behaviour(move |_, mut conn| {
                let go = Arc::clone(&answers);
                async move {
                    go.notified().await;
                    conn.send(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
                    Some(conn)
                }
            });
        })
        .await;
        let mut client = world.client().await;
        client.send(sign::request(method, target, form).as_bytes()).await;
        until("the exchange has it", || world.upstream.count() == 1).await;
        world.change(expire("K1"));
        soon("the turn, though the exchange has not answered", world.proxy.turn_epoch()).await;
        go.notify_one();
        assert_eq!(client.response(method).await.status, 200);
    }
}

#[tokio::test]
async fn a_client_that_leaves_is_not_waited_for() {
    let world = World::new().await;
    world.sink.set_disk(Disk::Stalled);
    let mut client = world.client().await;
    client.send(sign::request("POST", "/v1/withdraws/coin", WITHDRAWAL).as_bytes()).await;
    until("it waits for the disk", || world.sink.waited.load(Ordering::SeqCst) == 1).await;
    let turned = world.proxy.turn_epoch();
    drop(client);
    soon("the turn", turned).await;
    assert_eq!(world.upstream.count(), 0);
}

#[tokio::test]
async fn refused_streams_have_ended_once_nothing_more_goes_through() {
    let exchange = Exchange::new();
    let world = World::with(|o| o.upstream = exchange.behaviour()).await;
    let mut ended = Socket::open(&world, "K1").await;
    let mut stays = Socket::open(&world, "K2").await;
    ended.text(MY_ASSET).await;
    stays.text(MY_ASSET).await;
    until("both subscriptions", || exchange.received().len() == 2).await;
    // Nothing is refused: nothing is waited for.
    soon("none", world.proxy.streams.refused_have_ended()).await;
    assert_eq!(world.change(expire("K1")), 1);
    // The client reads nothing meanwhile, and is not waited for.
    soon("the end", world.proxy.streams.refused_have_ended()).await;
    soon("the turn", world.proxy.turn_epoch()).await;
    assert!(ended.close_code().await.is_some());
    stays.text(MY_ASSET).await;
    until("the other goes on", || exchange.received().len() == 3).await;
}
