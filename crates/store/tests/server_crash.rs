//! A PostgreSQL that dies in the middle of everything: no answer is untrue.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests may panic, and their names say what they are"
)]

mod common;

use common::{Place, customer};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use sumun_fixture::Postgres;
use sumun_store::{Expect, Store, StoreError, tables};

#[test]
fn answers_are_true_when_the_server_crashes() {
    let server = Postgres::start();
    let place = Place { url: server.database(), folder: tempfile::tempdir().unwrap() };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let store = place.open().await;
        for round in 0..3_u64 {
            let tries: Vec<_> = (0..200_u64)
                .map(|n| {
                    let (store, key) = (store.clone(), format!("C{round}-{n}"));
                    tokio::spawn(async move {
                        let made = store.execute(customer(&key, Expect::Absent, n)).await;
                        (key, made)
                    })
                })
                .collect();
            tokio::time::sleep(Duration::from_millis(40 + round * 60)).await;
            tokio::task::block_in_place(|| {
                server.crash();
                server.restart();
            });
            let mut answers = Vec::new();
            for one in tries {
                answers.push(one.await.unwrap());
            }
            // Whatever waited has its place once this one has.
            store.execute(customer(&format!("D{round}"), Expect::Absent, 1)).await.unwrap();
            let mut counts = [0; 3];
            for (key, answer) in answers {
                let stands = store.get(&tables::CUSTOMERS, &key).await.unwrap().is_some();
                match answer {
                    Ok(made) => {
                        counts[0] += 1;
                        let about = store.entries_about(&tables::CUSTOMERS, &key, None, 2).await.unwrap();
                        assert!(stands && about.len() == 1 && about[0].index == made.entry, "{key}");
                    }
                    Err(StoreError::Database { .. } | StoreError::Conflict { .. }) => {
                        counts[1] += 1;
                        assert!(!stands, "{key}");
                    }
                    Err(StoreError::Unavailable { in_doubt, .. }) => {
                        counts[2] += 1;
                        assert!(in_doubt || !stands, "{key}");
                    }
                    Err(error) => panic!("{key}: {error}"),
                }
            }
            eprintln!("made, refused, in doubt: {counts:?}");
            assert!(store.check_rows(Vec::new()).await.unwrap().is_empty());
        }
        store.close().await;
    });
}

/// A crashed server gives the numbers anew of transactions of which it had written nothing down: not yet, so that it
/// knows none of this number, or to somebody else, so that it calls the number committed.
#[test]
fn a_commit_that_a_crash_swallowed_is_not_taken_for_anothers() {
    for others_follow in [false, true] {
        let server = Arc::new(Postgres::start());
        let place = Place { url: server.database(), folder: tempfile::tempdir().unwrap() };
        let crashes = Arc::new(AtomicBool::new(false));
        let mut options = place.options();
        options.stop_at = Some(Arc::new({
            let (server, crashes) = (Arc::clone(&server), Arc::clone(&crashes));
            move |at| {
                if at == "postgres: before the commit" && crashes.swap(false, Ordering::SeqCst) {
                    tokio::task::block_in_place(|| {
                        server.crash();
                        server.restart();
                        for _ in 0..if others_follow { 8 } else { 0 } {
                            let _ = server.database();
                        }
                    });
                }
                false
            }
        }));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        runtime.unwrap().block_on(async {
            let store = Store::open(options).await.unwrap();
            store.execute(customer("C1", Expect::Absent, 1)).await.unwrap();
            crashes.store(true, Ordering::SeqCst);
            let swallowed = store.execute(customer("C2", Expect::Absent, 1)).await;
            assert!(matches!(swallowed, Err(StoreError::Database { .. })), "{swallowed:?}");
            assert!(store.get(&tables::CUSTOMERS, "C2").await.unwrap().is_none());
            store.execute(customer("C2", Expect::Absent, 2)).await.unwrap();
            store.close().await;
        });
    }
}
