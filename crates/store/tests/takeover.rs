//! Two processes on one PostgreSQL: one of them wins, sequences, hangs, wakes up; nothing is lost and nothing comes twice.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests may panic, and their names say what they are"
)]

mod common;

use common::{Place, change, customer, write};
use sqlx::{AnyConnection, Connection, Row};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};
use std::time::Duration;
use sumun_model::Timestamp;
use sumun_store::{Expect, RowRead, Store, StoreError, StoreOptions, tables};

#[tokio::test(flavor = "multi_thread")]
async fn two_stores_race_over_one_row_on_postgres() {
    let place = Place::postgres();
    let (one, two) = (place.open().await, place.open().await);
    one.execute(customer("C1", Expect::Absent, 0)).await.unwrap();
    for round in 1..=20_i64 {
        let seed = round as u64;
        let left = one.execute(customer("C1", Expect::Version(round), seed * 2));
        let right = two.execute(customer("C1", Expect::Version(round), seed * 2 + 1));
        let (left, right) = tokio::join!(left, right);
        let outcomes = [left, right];
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
        let lost = outcomes.iter().find(|outcome| outcome.is_err()).unwrap();
        assert!(matches!(lost, Err(StoreError::Conflict { .. })), "{lost:?}");
    }
    assert_eq!(one.entries(0, 100).await.unwrap().len(), 21);
    // The one that sequences leaves; the other goes on.
    one.close().await;
    two.execute(customer("C2", Expect::Absent, 0)).await.unwrap();
    two.close().await;
}

/// Where a process stands still: not yet, asked to, hanging, woken.
const RUNS: u8 = 0;
const SHALL_HANG: u8 = 1;
const HANGS: u8 = 2;
const WOKEN: u8 = 3;

/// Options with a clock that moves on at every look, fast enough for a lease to be renewed in time.
fn ticking(place: &Place, lease_us: i64) -> StoreOptions {
    let clock = AtomicI64::new(common::START_US);
    let mut options = place.options();
    options.clock = Arc::new(move || Timestamp::from_micros(clock.fetch_add(100_000, Ordering::Relaxed)));
    options.lease_us = lease_us;
    options
}

async fn holder(connection: &mut AnyConnection) -> String {
    let row = sqlx::query("SELECT holder FROM leases WHERE lease = 'sequencer'");
    row.fetch_one(connection).await.unwrap().get(0)
}

async fn takes_over_from_one_that_hangs_at(step: &'static str) {
    let place = Place::postgres();
    let state = Arc::new(AtomicU8::new(RUNS));
    let mut options = ticking(&place, 500_000);
    let hung_name = options.holder.clone();
    let hook = Arc::clone(&state);
    options.stop_at = Some(Arc::new(move |at| {
        let asked = hook.compare_exchange(SHALL_HANG, HANGS, Ordering::SeqCst, Ordering::SeqCst);
        if at == step && asked.is_ok() {
            tokio::task::block_in_place(|| {
                while hook.load(Ordering::SeqCst) == HANGS {
                    std::thread::sleep(Duration::from_millis(5));
                }
            });
        } else if asked.is_ok() {
            hook.store(SHALL_HANG, Ordering::SeqCst);
        }
        false
    }));
    let hung = Store::open(options).await.unwrap();
    hung.execute(customer("C0", Expect::Absent, 0)).await.unwrap();
    let mut connection = AnyConnection::connect(&place.url).await.unwrap();
    assert_eq!(holder(&mut connection).await, hung_name);

    state.store(SHALL_HANG, Ordering::SeqCst);
    let waiting: Vec<_> = (0..5_u64)
        .map(|n| {
            let hung = hung.clone();
            tokio::spawn(async move { hung.execute(customer(&format!("H{n}"), Expect::Absent, n)).await })
        })
        .collect();
    while state.load(Ordering::SeqCst) != HANGS {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // It holds the lease and does nothing; another takes over and goes on, with a lease that outlasts this test.
    let other = Store::open(ticking(&place, 600_000_000)).await.unwrap();
    for n in 0..20_u64 {
        other.execute(customer(&format!("O{n}"), Expect::Absent, n)).await.unwrap();
    }
    let taken_by = holder(&mut connection).await;
    assert_ne!(taken_by, hung_name);
    state.store(WOKEN, Ordering::SeqCst);
    // Awake, it learns where its callers' entries stand; the lease stays where it is.
    for one in waiting {
        one.await.unwrap().unwrap();
    }
    for n in 0..5_u64 {
        hung.execute(customer(&format!("I{n}"), Expect::Absent, n)).await.unwrap();
        assert_eq!(holder(&mut connection).await, taken_by);
    }
    let entries = other.entries(0, 100).await.unwrap();
    assert_eq!(entries.len(), 1 + 5 + 20 + 5);
    for key in ["C0", "H0", "H4", "O0", "O19", "I0", "I4"] {
        assert_eq!(other.entries_about(&tables::CUSTOMERS, key, None, 9).await.unwrap().len(), 1, "{key}");
    }
    assert!(other.check_rows(Vec::new()).await.unwrap().is_empty());
    // And back again.
    other.close().await;
    hung.execute(customer("Z", Expect::Absent, 1)).await.unwrap();
    assert_eq!(holder(&mut connection).await, hung_name);
    hung.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn another_takes_over_from_one_that_hangs_with_the_lease() {
    takes_over_from_one_that_hangs_at("postgres: before placing").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn another_takes_over_from_one_that_hangs_with_the_head_locked() {
    takes_over_from_one_that_hangs_at("postgres: before places are committed").await;
}

/// Every attempt is refused; in the last one somebody changes a row that the change relies on.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_conflict_names_the_row_that_others_changed() {
    let place = Place::postgres();
    let store = place.open().await;
    for key in ["C1", "C2"] {
        store.execute(customer(key, Expect::Absent, 0)).await.unwrap();
    }
    place
        .behind(
            "CREATE SEQUENCE tries; \
             CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN \
             IF nextval('tries') = 25 THEN PERFORM pg_advisory_xact_lock(7); END IF; \
             RAISE EXCEPTION 'made up' USING ERRCODE = '40001'; END $$ LANGUAGE plpgsql; \
             CREATE TRIGGER refuse BEFORE INSERT ON pending_leaves FOR EACH ROW EXECUTE FUNCTION refuse()",
        )
        .await;
    let mut connection = AnyConnection::connect(&place.url).await.unwrap();
    sqlx::query("SELECT pg_advisory_lock(7)::text").execute(&mut connection).await.unwrap();
    let mut one = change("customer.written");
    one.writes.push(write(&tables::CUSTOMERS, "C1", Expect::Version(1), 1));
    let key = "C2".to_owned();
    one.reads.push(RowRead { table: &tables::CUSTOMERS, key, expect: Expect::Version(1) });
    let refused = tokio::spawn({
        let store = store.clone();
        async move { store.execute(one).await }
    });
    loop {
        let tries = sqlx::query("SELECT last_value FROM tries").fetch_one(&mut connection).await.unwrap();
        if tries.get::<i64, _>(0) == 25 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    place.behind("UPDATE customers SET version = 7 WHERE customer = 'C2'").await;
    sqlx::query("SELECT pg_advisory_unlock(7)").execute(&mut connection).await.unwrap();
    match refused.await.unwrap() {
        Err(StoreError::Conflict { table: "customers", key, found: Some(7), .. }) if key == "C2" => {}
        other => panic!("{other:?}"),
    }
    store.close().await;
}
