//! Canaries by the clock.

use crate::bench::{Bench, HOUR, MINUTE, staff};
use serde_json::json;
use sumun_govern::canary::{Answered, Canary, Finding, Tick};
use sumun_govern::{Call, Role};
use sumun_model::{GateId, Segment};
use sumun_store::tables::{DEAD_KEYS, KEYS};

#[tokio::test]
async fn a_canary_lives_is_ended_is_tried_and_another_comes() {
    let bench = Bench::with(&[("# account = \"venue-canary\"", "account = \"venue-canary\"")]).await;
    let govern = &bench.govern;
    assert_eq!(govern.canary_tick().await.unwrap_err().code, "canary_account");
    bench.customer("venue", Segment::Corporate).await;
    bench.account("venue-canary", "venue", Segment::Corporate).await;
    let Tick::Issued(first) = govern.canary_tick().await.unwrap() else { panic!("none was issued") };
    let row = govern.store.get(&KEYS, &first.key).await.unwrap().unwrap();
    assert_eq!(
        (&row["canary"], &row["state"], &row["scopes"]),
        (&json!(1), &json!("active"), &json!(["market_data"]))
    );
    assert_eq!(govern.store.feed_head(), 1, "gates learn of it");
    let (id, secret) = govern.canary_secret(&first).await.unwrap();
    assert_eq!(id.as_str(), first.key);
    assert!(secret.expose().starts_with(b"sumun_sk_"));
    assert_eq!(govern.canary_tick().await.unwrap(), Tick::Living(first.clone()));
    let open = govern.start_canary(&staff("alice", Role::SecurityAdmin), &Call::default()).await.unwrap_err();
    assert_eq!(open.code, "canary_open");

    bench.pass(10 * MINUTE);
    let Tick::Expired(ended) = govern.canary_tick().await.unwrap() else { panic!("it was not ended") };
    assert_eq!(ended.expired, Some(bench.now()));
    assert!(govern.store.get(&DEAD_KEYS, &first.key).await.unwrap().is_some());
    assert_eq!(govern.store.feed_head(), 2);
    let Tick::Try(tried) = govern.canary_tick().await.unwrap() else { panic!("it is not to be tried") };
    assert_eq!(tried, ended);
    let finding = Finding {
        gate: GateId::new("g1").unwrap(),
        answered: Answered::StillServed,
        after_ms: None,
        detail: Some("served".into()),
        at: bench.now(),
    };
    let found = govern.canary_found(&ended.canary, std::slice::from_ref(&finding)).await.unwrap();
    assert_eq!(found.outcome.as_deref(), Some("alive"));
    assert_eq!(found.found(), std::slice::from_ref(&finding));
    assert!(found.words().starts_with("AN ENDED KEY IS SERVED: "), "{}", found.words());
    assert_eq!(govern.last_canary_found().await.unwrap(), Some(found));
    let twice = govern.canary_found(&ended.canary, &[finding]).await.unwrap_err();
    assert_eq!(twice.code, "canary_state");
    assert_eq!(govern.canary_tick().await.unwrap(), Tick::Nothing);

    bench.pass(24 * HOUR);
    let Tick::Issued(second) = govern.canary_tick().await.unwrap() else { panic!("no other was issued") };
    let listed: Vec<String> = govern
        .canaries(&staff("v", Role::Viewer), None, 10)
        .await
        .unwrap()
        .into_iter()
        .map(|one: Canary| one.canary)
        .collect();
    assert_eq!(listed, [second.canary, first.canary], "the newest first");
    // Its key runs out by itself, should nobody end it; then the canary learns of it.
    bench.pass(HOUR);
    govern.due().await.unwrap();
    let Tick::Expired(_) = govern.canary_tick().await.unwrap() else { panic!("it was not ended") };
    let classes = bench.classes().await;
    let own: Vec<&str> =
        classes.iter().map(String::as_str).filter(|class| !class.ends_with(".put")).collect();
    assert_eq!(
        own,
        ["canary.issued", "canary.expired", "canary.found", "canary.issued", "key.expired", "canary.expired"]
    );
}
