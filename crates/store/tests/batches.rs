//! Batches on SQLite: as large as the queue, within bounds, and no change knows how many others were in its own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests may panic, and their names say what they are"
)]

mod common;

use common::{Place, change, write};
use serde_json::json;
use std::collections::BTreeSet;
use sumun_store::{Change, Committed, Expect, Store, tables};

/// Makes all changes at once; answers in their order.
async fn at_once(store: &Store, changes: Vec<Change>) -> Vec<Committed> {
    let start = |change| {
        let store = store.clone();
        tokio::spawn(async move { store.execute(change).await.unwrap() })
    };
    let tries: Vec<_> = changes.into_iter().map(start).collect();
    let mut answers = Vec::new();
    for one in tries {
        answers.push(one.await.unwrap());
    }
    answers
}

fn checkpoints(answers: &[Committed]) -> usize {
    answers.iter().map(|answer| &answer.checkpoint).collect::<BTreeSet<_>>().len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_beyond_the_parameters_of_one_statement_all_stand() {
    let place = Place::sqlite();
    let store = place.open().await;
    let key = |n: u64| format!("K{n:05}");
    for version in 0..2 {
        let expect = if version == 0 { Expect::Absent } else { Expect::Version(version) };
        let changes = (0..2500).map(|n| {
            let mut change = change("key.issued");
            change.writes.push(write(&tables::KEYS, &key(n), expect, n));
            change
        });
        let answers = at_once(&store, changes.collect()).await;
        assert_eq!(answers.iter().map(|answer| answer.entry).collect::<BTreeSet<_>>().len(), 2500);
    }
    let keys: Vec<String> = (0..2500).map(key).collect();
    let found = store.get_many(&tables::KEYS, &keys).await.unwrap();
    assert_eq!(found.len(), 2500);
    assert!(found.iter().all(|row| row["version"] == json!(2)));
    let entries = store.entries(0, 10_000).await.unwrap();
    assert_eq!(store.check_rows(entries).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn long_payloads_share_a_transaction_only_up_to_a_bound() {
    let place = Place::sqlite();
    let store = place.open().await;
    let long = |n: u64| {
        let mut change = change("made.up");
        change.facts.insert("text".to_owned(), json!(format!("{n}{}", "x".repeat(1 << 19))));
        change
    };
    let answers = at_once(&store, (0..40).map(long).collect()).await;
    // More than 20 MiB at no more than 4 each.
    assert!(checkpoints(&answers) >= 5, "{} batches", checkpoints(&answers));
    assert_eq!(store.head().size, 40);
}
