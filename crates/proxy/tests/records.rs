//! Records: written before the exchange sees a byte, waited for where money leaves, and never in the way of a cancel.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests may panic and read clocks"
)]

mod support;

use std::sync::atomic::Ordering;
use sumun_gate::{Change, Status};
use sumun_model::wire::{Signature, Verdict};
use sumun_model::{Effect, KeyState, Measure, Reason, Timestamp};
use sumun_proxy::EventSink as _;
use support::sink::{Disk, Entry};
use support::{World, key_id, sign, until};

const WITHDRAWAL: &str = "currency=BTC&amount=1&address=made-up";

fn read() -> String {
    sign::request("GET", "/v1/accounts", "")
}

fn order() -> String {
    sign::request("POST", "/v1/orders", "market=KRW-BTC&side=bid")
}

fn cancel() -> String {
    sign::request("DELETE", "/v1/order?uuid=a", "")
}

fn withdrawal() -> String {
    sign::request("POST", "/v1/withdraws/coin", WITHDRAWAL)
}

/// Everything that passes writes nonce, decision, outcome, in this order; `World::check` compares with what came.
#[tokio::test]
async fn nonce_and_decision_are_written_first_the_outcome_after() {
    let world = World::new().await;
    for (n, request) in [read(), order(), cancel(), withdrawal()].iter().enumerate() {
        assert_eq!(world.exchange(request.as_bytes()).await.status, 200);
        until("the outcome", || world.sink.outcomes().len() == n + 1).await;
    }
    let entries = world.sink.entries();
    let effects = [Effect::Read, Effect::Order, Effect::Cancel, Effect::Transfer];
    for (entries, effect) in entries.chunks(3).zip(effects) {
        let [Entry::Nonce(mark), Entry::Admit(ticket, line), Entry::Outcome(of, outcome)] = entries else {
            panic!("{entries:?}")
        };
        assert_eq!((ticket, line.effect, outcome.status), (of, Some(effect), Some(200)));
        assert_eq!(line.nonce, Some(format!("{:016x}", mark.0)));
        assert_eq!((line.verdict, line.enforced), (Some(Verdict::Allow), Some(true)));
        assert_eq!((line.signature, line.status), (Some(Signature::Valid), None));
    }
    assert_eq!(entries.len(), 12);
    world.check();
}

#[tokio::test]
async fn a_transfer_waits_for_the_disk_and_nothing_else_does() {
    let world = World::new().await;
    world.sink.set_disk(Disk::Stalled);
    for request in [read(), order(), cancel()] {
        assert_eq!(world.exchange(request.as_bytes()).await.status, 200);
    }
    assert_eq!(world.sink.waited.load(Ordering::SeqCst), 0);
    let mut client = world.client().await;
    client.send(withdrawal().as_bytes()).await;
    until("the wait for the disk", || world.sink.waited.load(Ordering::SeqCst) == 1).await;
    // Whatever is asked meanwhile passes; the transfer is still not at the exchange.
    assert_eq!(world.exchange(cancel().as_bytes()).await.status, 200);
    assert_eq!(world.upstream.count(), 4);
    assert!(world.upstream.requests().iter().all(|r| r.path() != "/v1/withdraws/coin"));
    world.sink.set_disk(Disk::Done);
    assert_eq!(client.response("POST").await.status, 200);
    assert_eq!(world.upstream.count(), 5);
    world.check();
}

#[tokio::test]
async fn a_transfer_whose_record_is_lost_is_refused() {
    let world = World::new().await;
    world.sink.set_disk(Disk::Stalled);
    let mut client = world.client().await;
    client.send(withdrawal().as_bytes()).await;
    until("the wait for the disk", || world.sink.waited.load(Ordering::SeqCst) == 1).await;
    world.sink.set_disk(Disk::Failed);
    let response = client.response("POST").await;
    assert_eq!((response.status, response.error_name().as_str()), (503, "server_error"));
    assert_eq!(response.header("retry-after"), Some("1"));
    assert_eq!(world.upstream.count(), 0);
    // One request, one line: what was admitted ends as refused.
    assert_eq!((world.sink.admit_count(), world.sink.singles().len()), (1, 0));
    let outcomes = world.sink.outcomes();
    assert_eq!(
        outcomes.iter().map(|o| (o.status, o.refused)).collect::<Vec<_>>(),
        [(Some(503), Some(Reason::RecordingUnavailable))]
    );
    let mut line = world.sink.admitted().pop().unwrap();
    sumun_proxy::record::complete(&mut line, outcomes[0]);
    assert_eq!((line.verdict, line.reason), (Some(Verdict::Deny), Some(Reason::RecordingUnavailable)));
    let counted = "sumun_gate_verdicts_total{outcome=\"deny\",reason=\"recording_unavailable\"} 1";
    let page = world.proxy.metrics.render();
    assert!(page.lines().any(|line| line == counted), "{page}");
    assert!(!page.contains("outcome=\"allow\""), "{page}");
}

#[tokio::test]
async fn in_shadow_mode_a_transfer_whose_record_is_lost_goes_on_and_is_told_as_denied() {
    let world = World::with(|o| o.policy.enforce = false).await;
    world.sink.set_disk(Disk::Failed);
    assert_eq!(world.exchange(withdrawal().as_bytes()).await.status, 200);
    until("the outcome", || world.sink.outcomes().len() == 1).await;
    let outcome = world.sink.outcomes()[0];
    assert_eq!((outcome.status, outcome.refused), (Some(200), Some(Reason::RecordingUnavailable)));
    assert_eq!(world.sink.admitted()[0].enforced, Some(false));
}

#[tokio::test]
async fn a_client_that_leaves_during_the_wait_leaves_no_open_record() {
    let world = World::new().await;
    world.sink.set_disk(Disk::Stalled);
    let mut client = world.client().await;
    client.send(withdrawal().as_bytes()).await;
    until("the wait for the disk", || world.sink.waited.load(Ordering::SeqCst) == 1).await;
    drop(client);
    until("the outcome", || world.sink.outcomes().len() == 1).await;
    assert_eq!(world.sink.outcomes()[0].status, None);
    world.sink.set_disk(Disk::Done);
    assert_eq!(world.upstream.count(), 0);
}

#[tokio::test]
async fn a_full_disk_refuses_transfers_and_counts_the_rest() {
    // Known to be full, and found to be full only when writing.
    for known in [true, false] {
        let world = World::new().await;
        let full = if known { &world.sink.full } else { &world.sink.fills_up };
        full.store(true, Ordering::SeqCst);
        for (n, request) in [read(), order(), cancel()].iter().enumerate() {
            assert_eq!(world.exchange(request.as_bytes()).await.status, 200, "{n}");
            assert_eq!(world.sink.shed_total(), n as u64 + 1);
        }
        assert_eq!(world.upstream.count(), 3);
        let response = world.exchange(withdrawal().as_bytes()).await;
        assert_eq!((response.status, response.error_name().as_str()), (503, "server_error"));
        assert_eq!(world.upstream.count(), 3);
        assert!(world.sink.shed_total() >= 4);
        assert_eq!(world.sink.admit_count(), 0);
        // Room again: all passes and is written.
        full.store(false, Ordering::SeqCst);
        assert_eq!(world.exchange(withdrawal().as_bytes()).await.status, 200);
        assert_eq!((world.upstream.count(), world.sink.admit_count()), (4, 1));
    }
}

#[tokio::test]
async fn nonces_that_cannot_be_written_refuse_transfers_and_the_rest_is_recorded() {
    let world = World::new().await;
    world.sink.nonces_fail.store(true, Ordering::SeqCst);
    for request in [read(), order(), cancel()] {
        assert_eq!(world.exchange(request.as_bytes()).await.status, 200);
    }
    world.check();
    assert_eq!(world.exchange(withdrawal().as_bytes()).await.status, 503);
    assert_eq!(world.sink.outcomes().pop().unwrap().refused, Some(Reason::RecordingUnavailable));
    assert_eq!((world.sink.admit_count(), world.sink.singles().len()), (4, 0));
    assert_eq!(world.upstream.count(), 3);
}

#[tokio::test]
async fn shadow_mode_records_what_it_would_refuse_and_refuses_nothing() {
    let world = World::with(|o| o.policy.enforce = false).await;
    let suspended = Status { state: KeyState::Suspended, measure: None, registration_due: false };
    world.change(Change::Status(key_id("K1"), suspended));
    let used = sign::bearer("K2", "");
    let of_k2 = format!("GET /v1/accounts HTTP/1.1\r\nHost: a\r\nAuthorization: {used}\r\n\r\n");
    let unknown = sign::bearer("K9", "");
    let rows = [
        (order(), Some(Reason::KeySuspended)),
        (withdrawal(), Some(Reason::KeySuspended)),
        (of_k2.clone(), None),
        (of_k2, Some(Reason::Replayed)),
        (
            format!("GET /v1/accounts HTTP/1.1\r\nHost: a\r\nAuthorization: {unknown}\r\n\r\n"),
            Some(Reason::UnknownKey),
        ),
        (sign::request("GET", "/v1//accounts", ""), Some(Reason::KeySuspended)),
        (
            sign::head("POST", "/v1/orders", "not=this", "Content-Length: 1\r\n") + "x",
            Some(Reason::SignatureInvalid),
        ),
    ];
    for (n, (request, reason)) in rows.iter().enumerate() {
        assert_eq!(world.exchange(request.as_bytes()).await.status, 200, "{n}");
        let line = world.sink.admitted().pop().unwrap();
        assert_eq!((line.reason, line.enforced), (*reason, Some(false)), "{n}");
        assert_eq!(line.verdict == Some(Verdict::Allow), reason.is_none());
        assert_eq!(world.upstream.count(), n + 1);
    }
    assert!(world.sink.singles().is_empty());
    until("every outcome", || world.sink.outcomes().len() == rows.len()).await;
}

#[tokio::test]
async fn measures_states_and_age_let_through_what_they_should() {
    // Reads and cancels pass a hold; only cancels pass a suspension; nothing passes an end.
    for (state, measure, passes) in [
        (KeyState::Active, None, [true, true, true, true]),
        (KeyState::Active, Some(Measure::Warn), [true, true, true, true]),
        (KeyState::Active, Some(Measure::Hold), [true, false, true, false]),
        (KeyState::Active, Some(Measure::Reverify), [true, false, true, false]),
        (KeyState::Suspended, None, [false, false, true, false]),
        (KeyState::Expired, None, [false, false, false, false]),
    ] {
        let world = World::new().await;
        world.change(Change::Status(key_id("K1"), Status { state, measure, registration_due: false }));
        for (request, passes) in [read(), order(), cancel(), withdrawal()].iter().zip(passes) {
            let status = world.exchange(request.as_bytes()).await.status;
            assert_eq!(status == 200, passes, "{state} {measure:?} {request}");
        }
        world.check();
    }
    // A table nobody refreshed: reads, orders and cancels pass, transfers do not.
    let world = World::new().await;
    let long_ago = world.proxy.now().wall.plus_micros(-120_000_000);
    world.proxy.gate.table.refreshed(long_ago);
    for (request, status) in [(read(), 200), (order(), 200), (cancel(), 200), (withdrawal(), 503)] {
        assert_eq!(world.exchange(request.as_bytes()).await.status, status);
    }
    assert_eq!(world.refused().reason, Some(Reason::KeyTableStale));
    world.proxy.gate.table.refreshed(Timestamp::from_micros(0));
    assert_eq!(world.exchange(order().as_bytes()).await.status, 503);
    assert_eq!(world.exchange(cancel().as_bytes()).await.status, 200);
    world.check();
}

#[tokio::test]
async fn every_refusal_is_one_line_with_its_status() {
    let world = World::new().await;
    let none = "GET /v1/accounts HTTP/1.1\r\nHost: a\r\n\r\n";
    assert_eq!(world.exchange(none.as_bytes()).await.status, 401);
    let line = world.refused();
    assert_eq!((line.reason, line.signature), (Some(Reason::MalformedCredentials), Some(Signature::Absent)));
    assert_eq!((line.status, line.key, line.account), (Some(401), None, None));
    assert!(line.latency_us.is_some() && line.seq.is_some());
    let wrong =
        sign::bearer_with(&serde_json::json!({"access_key": "K1", "nonce": "w"}), "not-the-secret", false);
    let forged = format!("GET /v1/accounts HTTP/1.1\r\nHost: a\r\nAuthorization: {wrong}\r\n\r\n");
    assert_eq!(world.exchange(forged.as_bytes()).await.status, 401);
    let line = world.sink.singles().pop().unwrap();
    assert_eq!((line.reason, line.signature), (Some(Reason::SignatureInvalid), Some(Signature::Invalid)));
    assert_eq!((world.sink.nonces(), world.upstream.count()), (0, 0));
}

/// Clients on many connections at once: the checker must still find one record for each request that came through.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_clients_at_once_are_each_decided_once() {
    let world = std::sync::Arc::new(World::new().await);
    let replayed = read();
    let clients: Vec<_> = (0..8)
        .map(|n| {
            let (world, replayed) = (std::sync::Arc::clone(&world), replayed.clone());
            tokio::spawn(async move {
                let mut client = world.client().await;
                let mut passed_replays = 0;
                for i in 0..30 {
                    let request = match (n + i) % 4 {
                        0 => read(),
                        1 => order(),
                        2 => sign::head("GET", "/v1/withdraws", "x=1", ""),
                        _ => replayed.clone(),
                    };
                    client.send(request.as_bytes()).await;
                    let status = client.response("GET").await.status;
                    match (n + i) % 4 {
                        0 | 1 => assert_eq!(status, 200),
                        2 => assert_eq!(status, 401),
                        _ => passed_replays += usize::from(status == 200),
                    }
                }
                passed_replays
            })
        })
        .collect();
    let mut passed_replays = 0;
    for client in clients {
        passed_replays += client.await.unwrap();
    }
    assert_eq!(passed_replays, 1, "of sixty uses of one token");
    world.check();
    until("every outcome", || world.sink.outcomes().len() == world.sink.admit_count()).await;
}
