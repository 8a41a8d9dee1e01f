//! What keys did is kept with its place or not at all; searches find what a scan would, page by page.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests may panic, and their names say what they are"
)]

mod common;

use common::{change, for_each_database, write};
use serde_json::json;
use sumun_store::{ActivityPlace, ActivityRow, Expect, Lead, Search, Store, tables};

fn row(key: &str, position: u64, used: Option<i64>) -> ActivityRow {
    ActivityRow { key: key.to_owned(), position, last_used_us: used, body: format!("{{\"of\":\"{key}\"}}") }
}

#[test]
fn records_and_place_are_kept_together() {
    for_each_database(async |place| {
        let store = place.open().await;
        assert_eq!(store.activity_place().await.unwrap(), None);
        let at = |next| ActivityPlace { next, body: format!("after {next}") };
        let keys = ["K1", "K2", "K3"].map(str::to_owned);
        store.keep_activity(vec![row("K1", 3, Some(30)), row("K2", 4, None)], &at(5), false).await.unwrap();
        store.keep_activity(vec![row("K1", 9, Some(90))], &at(10), false).await.unwrap();
        store.close().await;
        drop(store);
        let store = place.open().await;
        assert_eq!(store.activity_place().await.unwrap(), Some(at(10)));
        let mut kept = store.activity(&keys).await.unwrap();
        kept.sort_by(|one, other| one.key.cmp(&other.key));
        assert_eq!(kept, [row("K1", 9, Some(90)), row("K2", 4, None)]);
        assert_eq!(
            store.last_used(&keys).await.unwrap().into_iter().collect::<Vec<_>>(),
            [("K1".to_owned(), 90)]
        );
        // Another log: what was counted stays, and its places hold no more.
        store.keep_activity(vec![row("K3", 1, None)], &at(1), true).await.unwrap();
        let positions: Vec<_> =
            store.activity(&keys).await.unwrap().into_iter().map(|row| (row.key, row.position)).collect();
        assert!(positions.contains(&("K1".to_owned(), 0)) && positions.contains(&("K3".to_owned(), 1)));
        store.close().await;
    });
}

/// Key, account, application, state, measure.
const KEYS: [(&str, &str, &str, &str, Option<&str>); 8] = [
    ("K1", "A1", "bot", "active", None),
    ("K2", "A1", "Kbot", "active", Some("hold")),
    ("K3", "KA", "수문 봇", "expired", Some("expire")),
    ("L1", "KA", "Kbot", "active", Some("hold")),
    ("L2", "KB", "desk", "requested", None),
    ("L3", "A2", "Kbot", "active", None),
    ("L4", "A2", "Kdesk", "expired", Some("warn")),
    ("M%", "A_", "수문 데스크", "active", None),
];

async fn filled(store: &Store) {
    for (seed, (key, account, application, state, measure)) in (1..).zip(KEYS) {
        let mut one = change("key.made");
        let mut made = write(&tables::KEYS, key, Expect::Absent, seed);
        for (column, value) in [("account", account), ("application", application), ("state", state)] {
            made.image.insert(column.to_owned(), json!(value));
        }
        made.image.insert("measure".to_owned(), json!(measure));
        one.writes.push(made);
        one.feed = vec![json!({ "key": key, "n": 1 })];
        store.execute(one).await.unwrap();
    }
}

async fn found(store: &Store, wanted: &Search) -> Vec<String> {
    let rows = store.search(&tables::KEYS, wanted).await.unwrap();
    rows.iter().map(|row| row["key"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_search_finds_what_a_scan_would() {
    for_each_database(async |place| {
        let store = place.open().await;
        filled(&store).await;
        let search = |lead: Lead, text: &str| Search {
            lead,
            text: text.to_owned(),
            any: Vec::new(),
            none: Vec::new(),
            equals: Vec::new(),
            after: None,
            limit: 100,
        };
        let all = || vec!["key", "account", "application"];
        let by_key = search(Lead::Prefix("key"), "K");
        assert_eq!(found(&store, &by_key).await, ["K1", "K2", "K3"]);
        let by_account = Search { none: vec!["key"], ..search(Lead::Prefix("account"), "K") };
        assert_eq!(found(&store, &by_account).await, ["L1", "L2"]);
        let by_application =
            Search { none: vec!["key", "account"], ..search(Lead::Prefix("application"), "K") };
        assert_eq!(found(&store, &by_application).await, ["L3", "L4"]);
        let after = Some(("Kbot".to_owned(), "L3".to_owned()));
        assert_eq!(found(&store, &Search { after, ..by_application }).await, ["L4"]);
        assert_eq!(found(&store, &search(Lead::Prefix("application"), "수문")).await, ["M%", "K3"]);
        // No sign of a pattern is one.
        assert_eq!(found(&store, &search(Lead::Prefix("key"), "%")).await, [""; 0]);
        assert_eq!(found(&store, &search(Lead::Prefix("account"), "A_")).await, ["M%"]);
        let held = search(Lead::Equal("measure", "hold".to_owned()), "");
        assert_eq!(found(&store, &held).await, ["K2", "L1"]);
        assert_eq!(
            found(&store, &Search { any: all(), text: "KA".to_owned(), ..held.clone() }).await,
            ["L1"]
        );
        let after = Some((String::new(), "K2".to_owned()));
        assert_eq!(found(&store, &Search { after, ..held }).await, ["L1"]);
        let equals = vec![("state", "active".to_owned())];
        let active = Search { equals, any: all(), ..search(Lead::Equal("account", "A2".to_owned()), "K") };
        assert_eq!(found(&store, &active).await, ["L3"]);
        store.close().await;
    });
}

#[test]
fn steps_of_the_feed_are_those_that_told_of_the_row() {
    for_each_database(async |place| {
        let store = place.open().await;
        filled(&store).await;
        // Writes this key's row and tells gates of another one.
        let mut one = change("key.noted");
        one.writes.push(write(&tables::KEYS, "K1", Expect::Version(1), 1));
        one.feed = vec![json!({ "key": "K2", "n": 2 })];
        store.execute(one).await.unwrap();
        let mut one = change("key.held");
        one.writes.push(write(&tables::KEYS, "K1", Expect::Version(2), 2));
        one.feed = vec![json!({ "key": "K1", "n": 3 })];
        let entry = store.execute(one).await.unwrap().entry;
        let told = async |up_to| {
            let steps = store.feed_steps(&tables::KEYS, "K1", up_to, 1).await.unwrap();
            steps.into_iter().map(|step| (step.entry, step.class, step.version)).collect::<Vec<_>>()
        };
        assert_eq!(told(None).await, [(entry, "key.held".to_owned(), 10)]);
        assert_eq!(told(Some(entry - 1)).await, [(0, "key.made".to_owned(), 1)]);
        store.close().await;
    });
}
