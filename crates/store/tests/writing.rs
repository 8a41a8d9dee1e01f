//! Changes are made once, wholly, and in an order; whoever was slower is told.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests may panic, and their names say what they are"
)]

mod common;

use common::{Place, customer, for_each_database, write};
use serde_json::json;
use sha2::{Digest, Sha256};
use sumun_model::Timestamp;
use sumun_store::{
    Change, Expect, Filter, Idempotency, OpenError, OutboxMessage, RowRead, Session, Store, StoreError,
    VaultItem, tables,
};

#[test]
fn a_change_stands_in_rows_and_ledger() {
    for_each_database(async |place| {
        let store = place.open().await;
        let made = store.execute(customer("C1", Expect::Absent, 1)).await.unwrap();
        assert_eq!((made.entry, made.feed_version), (0, None));
        let row = store.get(&tables::CUSTOMERS, "C1").await.unwrap().unwrap();
        assert_eq!(row, common::image(&tables::CUSTOMERS, "C1", 1, 1));
        let made = store.execute(customer("C1", Expect::Version(1), 2)).await.unwrap();
        assert_eq!(made.entry, 1);
        let entries = store.entries(0, 10).await.unwrap();
        assert_eq!(entries.len(), 2);
        assert!(entries[1].leaf.starts_with("sumun-leaf/v1\ncustomer.written\n"));
        let about = store.entries_about(&tables::CUSTOMERS, "C1", Some(0), 10).await.unwrap();
        assert_eq!(about, entries[1..]);
        let newest = store.newest_entries_about(&tables::CUSTOMERS, "C1", None, 10).await.unwrap();
        assert_eq!(newest, entries.iter().rev().cloned().collect::<Vec<_>>());
        let older = store.newest_entries_about(&tables::CUSTOMERS, "C1", Some(1), 10).await.unwrap();
        assert_eq!(older, entries[..1]);
        assert_eq!(store.head().size, 2);
        assert_eq!(store.head().checkpoint, made.checkpoint);
        assert_eq!(store.get(&tables::CUSTOMERS, "C2").await.unwrap(), None);
        assert_eq!(store.get(&tables::CUSTOMERS, "a\0b").await.unwrap(), None);
        store.close().await;
        assert!(matches!(
            store.execute(customer("C2", Expect::Absent, 1)).await,
            Err(StoreError::Unavailable { in_doubt: false, .. })
        ));
        drop(store);
        let store = place.open().await;
        assert_eq!(store.head().size, 2);
        assert_eq!(store.execute(customer("C2", Expect::Absent, 1)).await.unwrap().entry, 2);
    });
}

#[test]
fn whoever_is_slower_is_told_even_within_one_batch() {
    for_each_database(async |place| {
        let store = place.open().await;
        store.execute(customer("C1", Expect::Absent, 0)).await.unwrap();
        let tries = (1..=40_u64).map(|n| {
            let store = store.clone();
            tokio::spawn(async move { store.execute(customer("C1", Expect::Version(1), n)).await })
        });
        let tries: Vec<_> = tries.collect();
        let (mut won, mut lost) = (0, 0);
        for one in tries {
            match one.await.unwrap() {
                Ok(_) => won += 1,
                Err(StoreError::Conflict { table: "customers", key, .. }) if key == "C1" => lost += 1,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!((won, lost), (1, 39));
        assert_eq!(store.head().size, 2);
    });
}

#[test]
fn many_at_once_all_stand() {
    for_each_database(async |place| {
        let store = place.open().await;
        let tries: Vec<_> = (0..300_u64)
            .map(|n| {
                let store = store.clone();
                tokio::spawn(async move {
                    store.execute(customer(&format!("C{n:03}"), Expect::Absent, n)).await.unwrap().entry
                })
            })
            .collect();
        let mut entries = Vec::new();
        for one in tries {
            entries.push(one.await.unwrap());
        }
        entries.sort_unstable();
        assert_eq!(entries, (0..300).collect::<Vec<u64>>());
        let page = Filter { after: Some("C007".to_owned()), limit: 2, ..Filter::default() };
        let listed = store.list(&tables::CUSTOMERS, &page).await.unwrap();
        let keys: Vec<_> = listed.iter().map(|row| row["customer"].clone()).collect();
        assert_eq!(keys, [json!("C008"), json!("C009")]);
        let times: Vec<_> = store.entries(0, 1000).await.unwrap().iter().map(|entry| entry.at).collect();
        assert!(times.is_sorted());
    });
}

#[test]
fn what_a_change_relies_on_must_still_hold() {
    for_each_database(async |place| {
        let store = place.open().await;
        store.execute(customer("C1", Expect::Absent, 0)).await.unwrap();
        let relying = |key: &str, expect| {
            let mut change = customer("C2", Expect::Absent, 0);
            change.reads.push(RowRead { table: &tables::CUSTOMERS, key: key.to_owned(), expect });
            change
        };
        for (key, expect) in [("C1", Expect::Absent), ("C1", Expect::Version(2)), ("C9", Expect::Version(1))]
        {
            let refused = store.execute(relying(key, expect)).await;
            assert!(matches!(refused, Err(StoreError::Conflict { .. })), "{refused:?}");
        }
        assert_eq!(store.get(&tables::CUSTOMERS, "C2").await.unwrap(), None);
        let mut good = relying("C1", Expect::Version(1));
        good.reads.push(RowRead { table: &tables::DEAD_KEYS, key: "K1".to_owned(), expect: Expect::Absent });
        store.execute(good).await.unwrap();
    });
}

#[test]
fn a_repeated_request_gets_its_answer_again() {
    for_each_database(async |place| {
        let store = place.open().await;
        let asked = |key: &str, request: &str| {
            let mut change = customer("C1", Expect::Absent, 0);
            change.idempotency = Some(Idempotency {
                principal: "user:made-up".to_owned(),
                key: key.to_owned(),
                request: request.to_owned(),
                status: 201,
                body: json!({"customer": "C1"}),
            });
            change
        };
        let tries: Vec<_> = (0..8)
            .map(|_| {
                let (store, change) = (store.clone(), asked("I1", "aa"));
                tokio::spawn(async move { store.execute(change).await })
            })
            .collect();
        let (mut made, mut repeated) = (0, 0);
        for one in tries {
            match one.await.unwrap() {
                Ok(_) => made += 1,
                Err(StoreError::Repeated(answer)) => {
                    assert_eq!((answer.status, &answer.body), (201, &json!({"customer": "C1"})));
                    repeated += 1;
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!((made, repeated), (1, 7));
        assert!(matches!(store.execute(asked("I1", "bb")).await, Err(StoreError::KeyReused { .. })));
        assert!(matches!(store.execute(asked("I2", "aa")).await, Err(StoreError::Conflict { .. })));
        assert!(store.answered("user:made-up", "I1").await.unwrap().is_some());
        assert!(store.answered("user:made-up", "I2").await.unwrap().is_none());
        assert!(store.answered("user:other", "I1").await.unwrap().is_none());
    });
}

#[test]
fn changes_that_contradict_themselves_are_refused() {
    for_each_database(async |place| {
        let store = place.open().await;
        let mut cases: Vec<(&str, Change)> = Vec::new();
        let broken = |breaks: &dyn Fn(&mut Change)| {
            let mut change = customer("C1", Expect::Absent, 0);
            breaks(&mut change);
            change
        };
        cases.push(("column missing", broken(&|c| drop(c.writes[0].image.remove("state")))));
        cases.push(("column unknown", broken(&|c| drop(c.writes[0].image.insert("x".into(), 1.into())))));
        cases.push(("wrong kind", broken(&|c| drop(c.writes[0].image.insert("state".into(), 1.into())))));
        cases.push(("null", broken(&|c| drop(c.writes[0].image.insert("state".into(), json!(null))))));
        cases.push(("no key", broken(&|c| drop(c.writes[0].image.insert("customer".into(), json!(""))))));
        cases.push(("zero", broken(&|c| drop(c.writes[0].image.insert("state".into(), json!("a\0b"))))));
        cases.push(("version", broken(&|c| c.writes[0].expect = Expect::Version(1))));
        cases.push(("fraction", broken(&|c| drop(c.facts.insert("x".into(), json!(0.5))))));
        cases.push(("twice", broken(&|c| c.writes.push(c.writes[0].clone()))));
        cases.push(("class", broken(&|c| c.class = "Customer")));
        cases.push(("feed", broken(&|c| c.feed.push(json!({"no": "key"})))));
        cases.push((
            "feed keys",
            broken(&|c| c.writes.push(write(&tables::FEED_KEYS, "K", Expect::Absent, 1))),
        ));
        for (name, change) in cases {
            let refused = store.execute(change).await;
            assert!(matches!(refused, Err(StoreError::Invalid(_))), "{name}: {refused:?}");
        }
        assert_eq!(store.head().size, 0);
    });
}

#[test]
fn messages_leave_once_sealed_texts_stay_sessions_end() {
    for_each_database(async |place| {
        let store = place.open().await;
        let mut one = customer("C1", Expect::Absent, 1);
        one.outbox = vec![OutboxMessage { topic: "notice", body: json!({"n": 1}) }];
        one.vault = vec![VaultItem { sealed: "sealed text".to_owned() }];
        store.execute(one).await.unwrap();
        let now = Timestamp::from_micros(common::START_US);
        assert_eq!(store.outbox_take("other", 10, now, 1000).await.unwrap(), []);
        let taken = store.outbox_take("notice", 10, now, 1000).await.unwrap();
        assert_eq!((taken.len(), taken[0].attempts, &taken[0].body), (1, 1, &json!({"n": 1})));
        assert_eq!(store.outbox_take("notice", 10, now, 1000).await.unwrap(), []);
        let later = now.plus_micros(1000);
        assert_eq!(store.outbox_take("notice", 10, later, 1000).await.unwrap()[0].attempts, 2);
        assert!(store.outbox_done(taken[0].id).await.unwrap());
        assert!(!store.outbox_done(taken[0].id).await.unwrap());

        let digest = hex::encode(Sha256::digest("sealed text"));
        assert_eq!(store.vault(&digest).await.unwrap().as_deref(), Some("sealed text"));
        place.behind("UPDATE vault SET sealed = 'another'").await;
        assert!(matches!(store.vault(&digest).await, Err(StoreError::Damaged { .. })));
        assert_eq!(store.vault(&"0".repeat(64)).await.unwrap(), None);

        assert!(store.use_once("jti", "a", later).await.unwrap());
        assert!(!store.use_once("jti", "a", later).await.unwrap());
        assert!(store.use_once("other", "a", later).await.unwrap());

        let session = Session {
            digest: "d1".to_owned(),
            principal: "user:made-up".to_owned(),
            body: json!({"roles": ["viewer"]}),
            expires: later,
        };
        store.put_session(&session).await.unwrap();
        assert_eq!(store.session("d1", now).await.unwrap().as_ref(), Some(&session));
        assert_eq!(store.session("d1", later).await.unwrap(), None);
        assert!(store.delete_session("d1").await.unwrap());
        assert!(!store.delete_session("d1").await.unwrap());
        store.put_session(&session).await.unwrap();
        assert_eq!(store.delete_sessions_of("user:made-up").await.unwrap(), 1);
        // Remembered for ten minutes after its end: clocks differ, and are set back.
        store.forget_expired(later.plus_micros(10 * 60 * 1_000_000 - 1)).await.unwrap();
        assert!(!store.use_once("jti", "a", later).await.unwrap());
        store.forget_expired(later.plus_micros(10 * 60 * 1_000_000)).await.unwrap();
        assert!(store.use_once("jti", "a", later).await.unwrap());
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_is_refused_sqlite() {
    let place = Place::sqlite();
    let store = place.open().await;
    store.execute(customer("C1", Expect::Absent, 1)).await.unwrap();
    let refused = Store::open(place.options()).await;
    assert!(matches!(refused, Err(OpenError::InUse { .. })), "{refused:?}");
    let reader = Store::open_for_reading(&place.url).await.unwrap();
    assert_eq!(reader.head().size, 1);
    assert!(reader.get(&tables::CUSTOMERS, "C1").await.unwrap().is_some());
    assert!(matches!(
        reader.execute(customer("C2", Expect::Absent, 1)).await,
        Err(StoreError::Unavailable { .. })
    ));
    store.close().await;
    drop(store);
    place.open().await.close().await;
}
