//! Rows and ledger say the same: rebuilt they are equal, and a changed value shows.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests may panic, and their names say what they are"
)]

mod common;

use common::{Place, all_rows, change, customer, for_each_database, write};
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeMap;
use sumun_store::{Expect, Image, Kind, Store, StoreError, VaultItem, tables};

/// Fills every governed table, and the feed.
async fn fill(store: &Store) {
    for (n, table) in tables::ALL.iter().enumerate() {
        if table.name == "feed_keys" {
            continue;
        }
        for row in 0..2_u64 {
            let mut one = change("row.written");
            let seed = (n as u64) * 7 + row;
            one.writes.push(write(table, &format!("{}-{row}", table.name), Expect::Absent, seed));
            one.feed = vec![json!({"key": format!("K{row}"), "n": n})];
            one.vault = vec![VaultItem { sealed: format!("sealed {n} {row}") }];
            store.execute(one).await.unwrap();
        }
    }
}

async fn faults(store: &Store, truth: &[sumun_store::EntryRow]) -> Vec<String> {
    let found = store.check_rows(truth.to_vec()).await.unwrap();
    let line = |fault: sumun_store::RowFault| {
        format!("{} {} {}", fault.table, fault.key, fault.column.unwrap_or_else(|| "-".to_owned()))
    };
    found.into_iter().map(line).collect()
}

#[test]
fn every_changed_value_is_named() {
    for_each_database(async |place| {
        let store = place.open().await;
        fill(&store).await;
        let truth = store.entries(0, 1000).await.unwrap();
        assert_eq!(faults(&store, &truth).await, Vec::<String>::new());
        // Later entries than those handed in are no fault.
        assert_eq!(faults(&store, &truth[..5]).await, Vec::<String>::new());
        for table in tables::ALL {
            let key = if table.name == "feed_keys" { "K1".to_owned() } else { format!("{}-1", table.name) };
            for column in table.columns.iter().skip(1) {
                let (keep, name) = (format!("\"{}\"", column.name), table.name);
                let changed = match column.kind {
                    Kind::Text => format!("{keep} || 'x'"),
                    Kind::TextOrNull => format!("COALESCE({keep}, '') || 'x'"),
                    Kind::Integer => format!("{keep} + 1"),
                    Kind::IntegerOrNull => format!("COALESCE({keep}, 0) + 1"),
                    Kind::Json => format!("{keep} || ' '"),
                };
                let of = format!("WHERE \"{}\" = '{key}'", table.key);
                let was = format!("(SELECT {keep} FROM saved)");
                let save = format!(
                    "DROP TABLE IF EXISTS saved; CREATE TABLE saved AS SELECT {keep} FROM \"{name}\" {of}; "
                );
                place.behind(&format!("{save} UPDATE \"{name}\" SET {keep} = {changed} {of}")).await;
                assert_eq!(faults(&store, &truth).await, [format!("{name} {key} {}", column.name)]);
                place.behind(&format!("UPDATE \"{name}\" SET {keep} = {was} {of}")).await;
            }
        }
        assert_eq!(faults(&store, &truth).await, Vec::<String>::new());
        let cases = [
            ("DELETE FROM customers WHERE customer = 'customers-1'", "customers customers-1 -"),
            ("UPDATE customers SET customer = 'new' WHERE customer = 'customers-0'", "customers new -"),
            ("UPDATE feed_deltas SET records = '[]' WHERE feed_version = 3", "feed_deltas 3 records"),
            ("DELETE FROM feed_deltas WHERE feed_version = 4", "feed_deltas 4 -"),
            ("UPDATE vault SET sealed = 'other' WHERE sealed = 'sealed 1 1'", "vault "),
            ("UPDATE ledger_entries SET payload = '{}' WHERE entry = 2", "ledger_entries 2 payload"),
            ("UPDATE ledger_entries SET at_us = at_us + 1 WHERE entry = 3", "ledger_entries 3 at_us"),
            ("UPDATE ledger_entries SET feed_version = 9 WHERE entry = 3", "ledger_entries 3 feed_version"),
            ("DELETE FROM ledger_entries WHERE entry = 4", "ledger_entries 4 -"),
            ("DELETE FROM entry_rows WHERE entry = 5", "entry_rows 5 -"),
            (
                "INSERT INTO outbox (topic, entry, body, leased_until_us, attempts) VALUES ('notice', 99, '{}', 0, 0)",
                "outbox 99 -",
            ),
            ("UPDATE ledger_head SET feed_version = 1", "ledger_head 1 feed_version"),
            ("UPDATE ledger_head SET size = size - 1", "ledger_head 1 size"),
        ];
        for (sql, named) in cases {
            place.behind(sql).await;
            let found = faults(&store, &truth).await;
            assert!(found.iter().any(|fault| fault.starts_with(named)), "{sql}: {found:?}");
        }
    });
}

#[test]
fn personal_data_shows_as_digests() {
    for_each_database(async |place| {
        let store = place.open().await;
        let mut one = change("row.written");
        one.writes.push(write(&tables::PERSONS, "P1", Expect::Absent, 1));
        one.writes.push(write(&tables::USERS, "U1", Expect::Absent, 2));
        store.execute(one).await.unwrap();
        let truth = store.entries(0, 9).await.unwrap();
        place.behind("UPDATE persons SET name = 'Made Up', phone = 'made-up phone', confirmed_us = 77").await;
        place.behind("UPDATE users SET email = 'made@up.example', state = 'made up'").await;
        place.behind("UPDATE ledger_entries SET payload = payload || ' made up'").await;
        let found = store.check_rows(truth).await.unwrap();
        for fault in &found {
            let open = fault.column.as_deref() == Some("state");
            for said in [&fault.found, &fault.expected] {
                let hidden = said == "null" || said.starts_with("a value with SHA-256 ");
                assert_eq!(hidden, !open, "{fault:?}");
            }
        }
        let columns: Vec<_> = found.iter().map(|fault| fault.column.as_deref().unwrap()).collect();
        assert_eq!(columns, ["payload", "name", "phone", "confirmed_us", "email", "state"]);
    });
}

#[test]
fn a_payload_of_another_class_than_its_leaf_is_a_fault() {
    for_each_database(async |place| {
        let store = place.open().await;
        store.execute(change("made.up")).await.unwrap();
        let mut truth = store.entries(0, 9).await.unwrap();
        // As one would who has the signing key: commitment and leaf are right, the payload tells another story.
        let payload = truth[0].payload.as_deref().unwrap().replace("made.up", "made.down");
        let canonical = sumun_ledger::Canonical::of(&serde_json::from_str(&payload).unwrap()).unwrap();
        let commitment = sumun_ledger::commitment(&truth[0].salt.unwrap(), "made.up", &canonical);
        let leaf = sumun_ledger::Leaf::new("made.up", truth[0].at, commitment).unwrap().to_bytes();
        truth[0].leaf = String::from_utf8(leaf).unwrap();
        truth[0].payload = Some(payload.into());
        let found = store.check_rows(truth.clone()).await.unwrap();
        let class = found.iter().find(|fault| fault.column.as_deref() == Some("class")).unwrap();
        assert_eq!((class.table.as_str(), class.entry), ("ledger_entries", Some(0)));
        assert_eq!(class.found, "a payload of class `made.down`");
        let empty = place.another().open().await;
        assert!(matches!(empty.rebuild_from(truth).await, Err(StoreError::Damaged { .. })));
    });
}

#[test]
fn an_erased_payload_must_be_owned_up_to() {
    for_each_database(async |place| {
        let store = place.open().await;
        for _ in 0..3 {
            store.execute(change("made.up")).await.unwrap();
        }
        let tell = async |index: u64| {
            let mut one = change("payload.erased");
            one.facts.extend([
                ("index".to_owned(), json!(index)),
                ("feed".to_owned(), json!(false)),
                ("reason".to_owned(), json!("made up")),
            ]);
            store.execute(one).await.unwrap();
        };
        let erase = async |index: u64| {
            place
                .behind(&format!(
                    "UPDATE ledger_entries SET salt = NULL, payload = NULL WHERE entry = {index}"
                ))
                .await;
        };
        let faults = async || {
            // Entries as a verifier of the folder hands them in, and none: then the database's own.
            let handed = faults(&store, &store.entries(0, 100).await.unwrap()).await;
            assert_eq!(handed, faults(&store, &[]).await);
            handed
        };
        // Told before it was written: that names nothing.
        tell(4).await;
        store.execute(change("made.up")).await.unwrap();
        erase(4).await;
        erase(1).await;
        assert_eq!(faults().await, ["ledger_entries 1 payload", "ledger_entries 4 payload"]);
        tell(4).await;
        tell(1).await;
        assert_eq!(faults().await, Vec::<String>::new());
        // Whoever erases the confession has erased two.
        erase(6).await;
        assert_eq!(faults().await, ["ledger_entries 1 payload", "ledger_entries 6 payload"]);
    });
}

#[test]
fn versions_that_do_not_follow_are_named() {
    for_each_database(async |place| {
        let store = place.open().await;
        for version in 0..3 {
            let expect = if version == 0 { Expect::Absent } else { Expect::Version(version) };
            store.execute(customer("C1", expect, version as u64)).await.unwrap();
        }
        let truth = store.entries(0, 100).await.unwrap();
        for (from, to, named) in [(1, 3, true), (1, 1, true), (1, 2, false)] {
            let mut forged = truth.clone();
            let text =
                forged[1].payload.as_ref().unwrap().replace("\"version\":2", &format!("\"version\":{to}"));
            forged[from].payload = Some(text.into());
            let found = faults(&store, &forged).await;
            assert_eq!(found.contains(&"customers C1 version".to_owned()), named, "{to}: {found:?}");
        }
    });
}

#[test]
fn a_ledger_fills_an_empty_database_with_equal_tables() {
    for_each_database(async |place| {
        let store = place.open().await;
        fill(&store).await;
        for from_rows in [true, false] {
            let other = place.another();
            let empty = other.open().await;
            if from_rows {
                empty.rebuild_from(store.entries(0, 1000).await.unwrap()).await.unwrap();
            } else {
                store.rebuild_into(&empty).await.unwrap();
            }
            assert_eq!(all_rows(&empty).await, all_rows(&store).await);
            assert_eq!(empty.head(), store.head());
            assert_eq!(empty.entries(0, 1000).await.unwrap(), store.entries(0, 1000).await.unwrap());
            assert_eq!(empty.feed_since(1, 1000).await.unwrap(), store.feed_since(1, 1000).await.unwrap());
            assert!(empty.check_rows(Vec::new()).await.unwrap().is_empty());
            assert!(matches!(store.rebuild_into(&empty).await, Err(StoreError::Invalid(_))));
            // The filled database goes on.
            let made = empty.execute(customer("next", Expect::Absent, 1)).await.unwrap();
            assert_eq!(made.entry, store.head().size);
            empty.close().await;
        }
    });
}

/// One random write: which table, which key, from which version on, and whether the feed learns of it.
type Step = (usize, u8, i64, bool);

/// The naive model: rows and steps of the feed, nothing else.
#[derive(Default)]
struct Model {
    rows: BTreeMap<(usize, String), (i64, Image)>,
    feed: u64,
}

async fn against_the_model(place: &Place, steps: &[Step]) {
    let store = place.open().await;
    let mut model = Model::default();
    for (n, (table, key, version, feeds)) in steps.iter().enumerate() {
        let (of, key) = (tables::ALL[*table], format!("row {key}"));
        let expect = if *version == 0 { Expect::Absent } else { Expect::Version(*version) };
        let mut one = change("row.written");
        one.writes.push(write(of, &key, expect, n as u64));
        let image = one.writes[0].image.clone();
        if *feeds {
            one.feed = vec![json!({"key": key, "n": n})];
        }
        let stands = model.rows.get(&(*table, key.clone())).map_or(0, |(version, _)| *version);
        match store.execute(one).await {
            Ok(made) => {
                assert_eq!(stands, *version);
                model.rows.insert((*table, key), (version + 1, image));
                model.feed += u64::from(*feeds);
                assert_eq!(made.feed_version, feeds.then_some(model.feed));
            }
            Err(StoreError::Conflict { .. }) => assert_ne!(stands, *version),
            Err(error) => panic!("{error}"),
        }
    }
    for ((table, key), (_, image)) in &model.rows {
        assert_eq!(store.get(tables::ALL[*table], key).await.unwrap().as_ref(), Some(image));
    }
    assert_eq!(store.feed_head(), model.feed);
    let other = place.another();
    let empty = other.open().await;
    store.rebuild_into(&empty).await.unwrap();
    assert_eq!(all_rows(&empty).await, all_rows(&store).await);
    assert!(store.check_rows(Vec::new()).await.unwrap().is_empty());
    store.close().await;
    empty.close().await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, max_shrink_iters: 20, ..ProptestConfig::default() })]
    #[test]
    fn random_changes_agree_with_a_naive_model(
        steps in proptest::collection::vec((0..tables::ALL.len() - 1, 0..3_u8, 0..3_i64, any::<bool>()), 1..40)
    ) {
        for_each_database(async |place| against_the_model(&place, &steps).await);
    }
}
