//! Somebody who can write the database, but lacks the ledger's key, adds what fits: nothing of it is signed or believed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests may panic, and their names say what they are"
)]

mod common;

use common::{Place, START_US, customer, for_each_database, image, signer};
use serde_json::json;
use sqlx::{AnyConnection, Connection};
use std::time::Duration;
use sumun_ledger::{Appender, Canonical, CheckpointSigner, Leaf, commitment, concatenated};
use sumun_model::Timestamp;
use sumun_store::{EntryRow, Expect, Session, Store, StoreError, tables};

const CLASS: &str = "customer.written";

/// A payload that makes a customer, as nobody but its forger wrote it.
fn payload(key: &str, version: i64) -> Canonical {
    let at = Timestamp::from_micros(START_US).to_string();
    let row = json!({"table": "customers", "row": image(&tables::CUSTOMERS, key, version, 1)});
    let value = json!({"v": 1, "class": CLASS, "at": at, "facts": {}, "rows": [row], "feed": []});
    Canonical::of(&value).unwrap()
}

/// Adds an entry that fits those there, and a head over all of them with that checkpoint.
async fn forge(place: &Place, store: &Store, checkpoint: impl Fn(&Appender) -> Option<String>) {
    let mut tree = Appender::empty();
    for entry in store.entries(0, 100).await.unwrap() {
        tree.append(entry.leaf.as_bytes());
    }
    let index = i64::try_from(tree.size()).unwrap();
    let (salt, payload, at) = ([9_u8; 32], payload("forged", 1), store.head().at.unwrap());
    let leaf = Leaf::new(CLASS, at, commitment(&salt, CLASS, &payload)).unwrap().to_bytes();
    let hashes = concatenated(&tree.append(&leaf));
    let mut connection = AnyConnection::connect(&place.url).await.unwrap();
    let sql = "INSERT INTO ledger_entries (entry, class, at_us, leaf, salt, payload, hashes) VALUES ($1,$2,$3,$4,$5,$6,$7)";
    let insert = sqlx::query(sql).bind(index).bind(CLASS).bind(at.as_micros());
    let insert = insert.bind(String::from_utf8(leaf).unwrap()).bind(salt.to_vec());
    insert.bind(payload.into_string()).bind(hashes).execute(&mut connection).await.unwrap();
    let head = checkpoint(&tree).unwrap_or_else(|| store.head().checkpoint.to_string());
    let update = sqlx::query("UPDATE ledger_head SET size = $1, root = $2, checkpoint = $3");
    let update = update.bind(index + 1).bind(tree.root().0.to_vec()).bind(head);
    update.execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

async fn stopped(store: &Store) -> String {
    for _ in 0..1000 {
        if let Some(cause) = store.stopped() {
            return cause.to_string();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the store goes on");
}

#[test]
fn a_forged_entry_with_a_fitting_head_is_not_built_upon() {
    let mallory = CheckpointSigner::new(&[66; 32], "sumun.example/made-up").unwrap();
    for by_another in [true, false] {
        for_each_database(async |place| {
            let store = place.open().await;
            store.execute(customer("C1", Expect::Absent, 1)).await.unwrap();
            forge(&place, &store, |tree| by_another.then(|| mallory.sign(tree.size(), tree.root()))).await;
            let refused = store.execute(customer("C2", Expect::Absent, 1)).await;
            assert!(matches!(refused, Err(StoreError::Unavailable { .. })), "{refused:?}");
            let cause = stopped(&store).await;
            assert!(cause.contains("the ledger's head row is damaged"), "{cause}");
            assert!(
                cause.contains("expected a checkpoint, one signed as `sumun.example/made-up`"),
                "{cause}"
            );
            // What stands is the forger's; nothing came on top, and nobody was told of it.
            assert_eq!(store.entries(0, 9).await.unwrap().len(), 2);
            assert_eq!(store.head().size, 1);
            store.close().await;
            drop(store);
            let again = Store::open(place.options()).await.unwrap_err().to_string();
            assert!(again.contains("the checkpoint in the ledger's head row"), "{again}");
        });
    }
}

#[test]
fn a_head_of_ours_that_goes_back_or_is_changed_is_not_built_upon() {
    let changes = ["UPDATE ledger_head SET feed_version = 7", "UPDATE ledger_head SET at_us = at_us - 1"];
    for change in changes {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let place = Place::sqlite();
            let store = place.open().await;
            store.execute(customer("C1", Expect::Absent, 1)).await.unwrap();
            place.behind(change).await;
            let refused = store.execute(customer("C2", Expect::Absent, 1)).await;
            assert!(matches!(refused, Err(StoreError::Unavailable { .. })), "{refused:?}");
            let cause = stopped(&store).await;
            assert!(cause.contains("no entry was added, yet it is another"), "{cause}");
        });
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let place = Place::sqlite();
        let store = place.open().await;
        store.execute(customer("C1", Expect::Absent, 1)).await.unwrap();
        place.behind("CREATE TABLE kept AS SELECT * FROM ledger_head").await;
        store.execute(customer("C2", Expect::Absent, 1)).await.unwrap();
        place
            .behind(
                "DELETE FROM ledger_entries WHERE entry = 1; DELETE FROM entry_rows WHERE entry = 1; \
                 DELETE FROM ledger_head; INSERT INTO ledger_head SELECT * FROM kept",
            )
            .await;
        let refused = store.execute(customer("C3", Expect::Absent, 1)).await;
        assert!(matches!(refused, Err(StoreError::Unavailable { .. })), "{refused:?}");
        let cause = stopped(&store).await;
        assert!(cause.contains("it stood over 2 entries and now says 1"), "{cause}");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pending_leaf_that_no_store_left_is_given_no_place_postgres() {
    let place = Place::postgres();
    let store = place.open().await;
    store.execute(customer("C1", Expect::Absent, 1)).await.unwrap();
    let (salt, payload) = ([9_u8; 32], payload("forged", 1));
    let commitment = commitment(&salt, CLASS, &payload);
    let mut connection = AnyConnection::connect(&place.url).await.unwrap();
    let sql = "INSERT INTO pending_leaves (class, salt, payload, commitment, outbox, code) VALUES ($1,$2,$3,$4,'[]',$5)";
    let insert = sqlx::query(sql).bind(CLASS).bind(salt.to_vec()).bind(payload.into_string());
    insert.bind(commitment.0.to_vec()).bind(vec![7_u8; 32]).execute(&mut connection).await.unwrap();
    let cause = stopped(&store).await;
    assert!(cause.contains("pending leaf ") && cause.contains("is damaged: it bears no code"), "{cause}");
    assert_eq!(store.entries(0, 9).await.unwrap().len(), 1);
    let entries = store.entries(0, 9).await.unwrap();
    let checked = store.check_rows_against(entries, &signer().verifier()).await.unwrap();
    assert_eq!(checked.unplaced, 1);
    let update = "UPDATE pending_leaves SET commitment = salt";
    sqlx::query(update).execute(&mut connection).await.unwrap();
    let entries = store.entries(0, 9).await.unwrap();
    let checked = store.check_rows_against(entries, &signer().verifier()).await.unwrap();
    let found = checked.faults.iter().find(|fault| fault.table == "pending_leaves").unwrap();
    assert_eq!(found.column.as_deref(), Some("commitment"));
    store.close().await;
    // As the message says: taken out, the others go on.
    place.behind("DELETE FROM pending_leaves").await;
    let store = place.open().await;
    store.execute(customer("C2", Expect::Absent, 1)).await.unwrap();
    store.close().await;
}

#[test]
fn a_session_that_no_store_opened_opens_nothing() {
    for_each_database(async |place| {
        let store = place.open().await;
        let now = Timestamp::from_micros(START_US);
        let session = Session {
            digest: "d1".to_owned(),
            principal: "customer:C1/P1".to_owned(),
            body: json!({"roles": ["owner"]}),
            expires: now.plus_micros(1000),
        };
        store.put_session(&session).await.unwrap();
        assert_eq!(store.session("d1", now).await.unwrap().as_ref(), Some(&session));
        let changes = [
            "UPDATE sessions SET body = '{\"roles\":[\"security_admin\"]}'",
            "UPDATE sessions SET principal = 'user:alice'",
            "UPDATE sessions SET expires_us = expires_us + 1",
            "UPDATE sessions SET code = NULL",
        ];
        for change in changes {
            place.behind(change).await;
            assert_eq!(store.session("d1", now).await.unwrap(), None, "{change}");
            store.delete_session("d1").await.unwrap();
            store.put_session(&session).await.unwrap();
        }
        place.behind("UPDATE sessions SET digest = 'd2'").await;
        assert_eq!(store.session("d2", now).await.unwrap(), None);
        place
            .behind("INSERT INTO sessions (digest, principal, body, expires_us) VALUES ('d3', 'user:alice', '{}', 9000000000000000000)")
            .await;
        assert_eq!(store.session("d3", now).await.unwrap(), None);
    });
}

#[test]
fn a_session_that_was_ended_is_not_renewed() {
    for_each_database(async |place| {
        let store = place.open().await;
        let now = Timestamp::from_micros(START_US);
        let mut session = Session {
            digest: "d1".to_owned(),
            principal: "user:made-up".to_owned(),
            body: json!({"n": 1}),
            expires: now.plus_micros(1000),
        };
        store.put_session(&session).await.unwrap();
        session.body = json!({"n": 2});
        session.expires = now.plus_micros(2000);
        assert!(store.renew_session(&session).await.unwrap());
        assert_eq!(store.session("d1", now).await.unwrap().as_ref(), Some(&session));
        assert!(store.put_session(&session).await.is_err());
        assert!(store.delete_session("d1").await.unwrap());
        assert!(!store.renew_session(&session).await.unwrap());
        assert_eq!(store.session("d1", now).await.unwrap(), None);
    });
}

#[test]
fn a_version_left_out_keeps_a_record_from_being_rebuilt() {
    for_each_database(async |place| {
        let store = place.open().await;
        let entry = |index: u64, version: i64| {
            let (salt, payload, at) =
                ([index as u8; 32], payload("C1", version), Timestamp::from_micros(START_US));
            let leaf = Leaf::new(CLASS, at, commitment(&salt, CLASS, &payload)).unwrap().to_bytes();
            let leaf = String::from_utf8(leaf).unwrap();
            let payload = Some(payload.as_str().into());
            EntryRow { index, class: CLASS.to_owned(), at, leaf, salt: Some(salt), payload }
        };
        let refused = store.rebuild_from([entry(0, 1), entry(1, 3)]).await.unwrap_err();
        assert_eq!(
            refused.to_string(),
            "entry 1 is damaged: it writes version 3 of row `C1` of `customers` where version 2 belongs; \
             compare with `sumun ledger verify`"
        );
        store.rebuild_from([entry(0, 1), entry(1, 2)]).await.unwrap();
    });
}
