//! The published folder equals the rows after any fault, or the store says what contradicts them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests may panic, and their names say what they are"
)]

mod common;

use common::{Place, customer, for_each_database};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use sumun_store::publish::FaultIo;
use sumun_store::{Expect, OpenError, Store, StoreError};

async fn open(place: &Place, io: &Arc<FaultIo>) -> Result<Store, OpenError> {
    let mut options = place.options();
    options.publish_io = Some(io.clone());
    Store::open(options).await
}

async fn add(store: &Store, from: u64, count: u64) -> Result<(), StoreError> {
    for n in from..from + count {
        store.execute(customer(&format!("C{n}"), Expect::Absent, n)).await?;
    }
    Ok(())
}

/// What the folder must hold: the same rows published from nothing.
async fn right(place: &Place) -> std::collections::BTreeMap<String, Vec<u8>> {
    let io = Arc::new(FaultIo::new(1));
    open(place, &io).await.unwrap().close().await;
    io.files()
}

#[test]
fn the_folder_equals_the_rows_after_a_fault_at_any_step() {
    for_each_database(async |place| {
        let io = Arc::new(FaultIo::new(7));
        let (mut next, mut step) = (0_u64, 1_u64);
        while step < 60 {
            let store = open(&place, &io).await.unwrap();
            if step.is_multiple_of(2) {
                io.stop_after(step / 2);
            } else {
                io.fail_sync_after(step / 2 + 1);
            }
            // Whether a change was made when the disk failed does not matter here: rows are the truth.
            let _ = add(&store, next, 5).await;
            next += 5;
            store.close().await;
            drop(store);
            io.crash();
            let store = open(&place, &io).await.unwrap();
            // On PostgreSQL what waited for its place has it by then.
            add(&store, next, 1).await.unwrap();
            next += 1;
            store.close().await;
            drop(store);
            let (found, right) = (io.files(), right(&place).await);
            assert_eq!(found.keys().collect::<Vec<_>>(), right.keys().collect::<Vec<_>>(), "step {step}");
            assert!(found == right, "step {step}");
            step += 3;
        }
    });
}

#[test]
fn a_failed_sync_ends_all_writing() {
    for_each_database(async |place| {
        let io = Arc::new(FaultIo::new(3));
        let store = open(&place, &io).await.unwrap();
        add(&store, 0, 1).await.unwrap();
        io.fail_sync_after(1);
        let mut n = 1;
        let refused = loop {
            if let Err(error) = add(&store, n, 1).await {
                break error;
            }
            n += 1;
            assert!(n < 1000);
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        };
        assert!(matches!(refused, StoreError::Unavailable { .. }), "{refused:?}");
        assert!(store.stopped().unwrap().contains("publishing the ledger failed"));
        store.close().await;
    });
}

#[test]
fn a_folder_that_contradicts_the_rows_is_evidence() {
    for_each_database(async |place| {
        let io = Arc::new(FaultIo::new(5));
        let store = open(&place, &io).await.unwrap();
        add(&store, 0, 6).await.unwrap();
        store.close().await;
        drop(store);
        let files = io.files();
        assert!(files.len() >= 5, "{:?}", files.keys());
        for (path, bytes) in &files {
            let mut changed = bytes.clone();
            let middle = changed.len() / 2;
            changed[middle] ^= 1;
            io.tamper(path, Some(changed));
            let refused = open(&place, &io).await;
            let Err(OpenError::Contradiction { place: named, expected, found }) = refused else {
                panic!("{path}: {refused:?}")
            };
            assert!(named.contains(path.as_str()), "{named}");
            if path.starts_with("payload/") {
                for said in [expected, found] {
                    assert_eq!(said.len(), "a line with SHA-256 ".len() + 64, "{said}");
                }
            }
            // Gone is not changed: it is written again.
            io.tamper(path, None);
            open(&place, &io).await.unwrap().close().await;
            assert!(io.files().get(path) == Some(bytes), "{path}");
        }
        // The database goes back in time behind the folder.
        let younger = place.another();
        let refused = open(&younger, &io).await;
        assert!(matches!(refused, Err(OpenError::Contradiction { .. })), "{refused:?}");
    });
}

#[test]
fn stale_partial_files_are_removed_at_every_open() {
    for_each_database(async |place| {
        let io = Arc::new(FaultIo::new(9));
        let store = open(&place, &io).await.unwrap();
        add(&store, 0, 2).await.unwrap();
        store.close().await;
        drop(store);
        let older = io.files();
        let store = open(&place, &io).await.unwrap();
        add(&store, 2, 3).await.unwrap();
        store.close().await;
        drop(store);
        let newer = io.files();
        let stale: Vec<_> = older.iter().filter(|(path, _)| !newer.contains_key(*path)).collect();
        assert_eq!(stale.len(), 3, "{stale:?}");
        for (path, bytes) in stale {
            io.tamper(path, Some(bytes.clone()));
        }
        // The checkpoint is the same; they go all the same.
        open(&place, &io).await.unwrap().close().await;
        assert!(io.files() == newer);
    });
}

#[test]
fn a_real_folder_is_private_and_complete() {
    use std::os::unix::fs::PermissionsExt;
    for_each_database(async |place| {
        let store = Store::open(place.options().publish_to(place.ledger_dir())).await.unwrap();
        add(&store, 0, 300).await.unwrap();
        store.close().await;
        let checkpoint = std::fs::read_to_string(place.ledger_dir().join("checkpoint")).unwrap();
        assert_eq!(checkpoint, *store.head().checkpoint);
        for path in ["tile/0/000", "tile/entries/001.p/44", "payload/000", "vkey", "tile/1/000.p/1"] {
            let mode = std::fs::metadata(place.ledger_dir().join(path)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{path}");
        }
    });
}

#[test]
fn no_change_without_entry_and_no_entry_without_change() {
    let steps = [
        "sqlite: before the commit",
        "sqlite: after the commit",
        "sqlite: before the answer",
        "postgres: before the commit",
        "postgres: after the change",
        "postgres: before places are committed",
        "postgres: after places are committed",
    ];
    for_each_database(async |place| {
        for (n, step) in steps.into_iter().enumerate() {
            let armed = Arc::new(AtomicBool::new(false));
            let mut options = place.options();
            let stop = Arc::clone(&armed);
            options.stop_at = Some(Arc::new(move |at| at == step && stop.swap(false, Ordering::SeqCst)));
            let store = Store::open(options).await.unwrap();
            let seed = n as u64 * 10;
            add(&store, seed, 1).await.unwrap();
            armed.store(true, Ordering::SeqCst);
            let answer = add(&store, seed + 1, 1).await;
            store.close().await;
            drop(store);
            let store = place.open().await;
            // What waited for its place has it soon after somebody sequences again.
            add(&store, seed + 2, 1).await.unwrap();
            assert!(store.check_rows(Vec::new()).await.unwrap().is_empty(), "{step}");
            let key = format!("C{}", seed + 1);
            let row = store.get(&sumun_store::tables::CUSTOMERS, &key).await.unwrap();
            let entries = store.entries_about(&sumun_store::tables::CUSTOMERS, &key, None, 9).await.unwrap();
            assert_eq!(row.is_some(), entries.len() == 1, "{step}");
            match answer {
                Ok(()) => assert!(row.is_some(), "{step}"),
                Err(StoreError::Unavailable { in_doubt: true, .. }) => {}
                Err(StoreError::Unavailable { in_doubt: false, .. }) => assert!(row.is_none(), "{step}"),
                Err(error) => panic!("{step}: {error}"),
            }
            store.close().await;
        }
    });
}
