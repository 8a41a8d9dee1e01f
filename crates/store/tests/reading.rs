//! Lists show what they are asked for; the feed is whole at every version.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests may panic, and their names say what they are"
)]

mod common;

use common::{change, customer, for_each_database, write};
use serde_json::json;
use sumun_model::Timestamp;
use sumun_store::{Expect, Filter, Store, StoreError, tables};

#[test]
fn the_feed_has_a_step_for_each_change_and_a_snapshot_at_each() {
    for_each_database(async |place| {
        let mut options = place.options();
        options.feed_deltas_kept = 3;
        let store = Store::open(options).await.unwrap();
        for n in 1..=5_u64 {
            let mut one = change("key.changed");
            one.feed = vec![json!({"key": format!("K{}", n % 2), "n": n}), json!({"key": format!("L{n}")})];
            assert_eq!(store.execute(one).await.unwrap().feed_version, Some(n));
        }
        assert_eq!(store.execute(customer("C1", Expect::Absent, 1)).await.unwrap().feed_version, None);
        let mut snapshot = store.feed_snapshot().await.unwrap();
        assert_eq!((snapshot.version(), snapshot.keys(), store.feed_head()), (5, 7, 5));
        let records = snapshot.records(10).await.unwrap();
        let keys: Vec<_> = records.iter().map(|record| record["key"].as_str().unwrap()).collect();
        assert_eq!(keys, ["K0", "K1", "L1", "L2", "L3", "L4", "L5"]);
        assert_eq!(records[1]["n"], 5);
        assert_eq!(snapshot.records(10).await.unwrap(), Vec::<serde_json::Value>::new());
        assert!(store.feed_since(1, 10).await.unwrap().is_none(), "pruned");
        let deltas = store.feed_since(2, 2).await.unwrap().unwrap();
        assert_eq!(
            deltas.iter().map(|delta| (delta.version, delta.entry)).collect::<Vec<_>>(),
            [(3, 2), (4, 3)]
        );
        assert!(store.feed_since(5, 10).await.unwrap().unwrap().is_empty());
        assert!(store.feed_since(6, 10).await.unwrap().is_none());
    });
}

#[test]
fn a_snapshot_read_in_pages_is_of_one_version() {
    for_each_database(async |place| {
        let store = place.open().await;
        let tell = async |key: &str, n: u64| {
            let mut one = change("key.changed");
            one.feed = vec![json!({"key": key, "n": n})];
            store.execute(one).await.unwrap();
        };
        let die = async |key: &str| {
            let mut one = change("key.ended");
            one.writes.push(write(&tables::DEAD_KEYS, key, Expect::Absent, 1));
            store.execute(one).await.unwrap();
        };
        for n in 0..7 {
            tell(&format!("K{n}"), 0).await;
        }
        for key in ["K3", "L1", "L2", "L3"] {
            die(key).await;
        }
        let mut snapshot = store.feed_snapshot().await.unwrap();
        assert_eq!((snapshot.version(), snapshot.keys(), snapshot.dead()), (7, 7, 3));
        let (mut keys, mut dead) = (Vec::new(), Vec::new());
        loop {
            // Between pages the world goes on: before the page, in it, after it.
            let page = snapshot.records(3).await.unwrap();
            assert!(page.len() <= 3);
            tell("K1", 1).await;
            tell("K6", 1).await;
            tell(&format!("M{}", keys.len()), 1).await;
            die(&format!("M{}", keys.len())).await;
            if page.is_empty() {
                break;
            }
            assert!(page.iter().all(|record| record["n"] == 0), "{page:?}");
            keys.extend(page.iter().map(|record| record["key"].as_str().unwrap().to_owned()));
        }
        assert_eq!(keys, ["K0", "K1", "K2", "K3", "K4", "K5", "K6"]);
        loop {
            let page = snapshot.dead_ids(2).await.unwrap();
            if page.is_empty() {
                break;
            }
            assert!(page.len() <= 2);
            dead.extend(page);
        }
        assert_eq!(dead, ["L1", "L2", "L3"]);
        // The steps after it lead on from there.
        let deltas = store.feed_since(snapshot.version(), 100).await.unwrap().unwrap();
        assert_eq!(deltas[0].version, 8);
        drop(snapshot);
        assert_eq!(store.feed_snapshot().await.unwrap().version(), store.feed_head());
    });
}

#[test]
fn lists_filter_by_plain_columns_only() {
    for_each_database(async |place| {
        let store = place.open().await;
        for n in 0..6_u64 {
            let mut one = customer(&format!("C{n}"), Expect::Absent, n);
            let image = &mut one.writes[0].image;
            image.insert("state".into(), json!(if n < 4 { "active" } else { "closed" }));
            image.insert("country".into(), if n % 2 == 0 { json!(null) } else { json!("KR") });
            store.execute(one).await.unwrap();
        }
        let list = async |equals: Vec<(&'static str, serde_json::Value)>| {
            store
                .list(&tables::CUSTOMERS, &Filter { equals, after: None, limit: 100, ..Filter::default() })
                .await
        };
        assert_eq!(list(vec![("state", json!("active"))]).await.unwrap().len(), 4);
        assert_eq!(list(vec![("state", json!("active")), ("country", json!(null))]).await.unwrap().len(), 2);
        assert_eq!(list(vec![("version", json!(1))]).await.unwrap().len(), 6);
        assert!(matches!(list(vec![("nothing", json!(1))]).await, Err(StoreError::Invalid(_))));
        assert!(matches!(list(vec![("state", json!(1))]).await, Err(StoreError::Invalid(_))));
        let many = ["C4", "C1", "C9", "C1"].map(str::to_owned);
        assert_eq!(store.get_many(&tables::CUSTOMERS, &many).await.unwrap().len(), 2);
    });
}

#[test]
fn lists_find_what_is_due() {
    for_each_database(async |place| {
        let store = place.open().await;
        for n in 0..10_i64 {
            let mut one = change("person.written");
            one.writes.push(write(&tables::PERSONS, &format!("P{n}"), Expect::Absent, n as u64));
            let image = &mut one.writes[0].image;
            image.insert("role".into(), json!(if n < 8 { "owner" } else { "staff" }));
            image.insert("confirmed_us".into(), if n % 2 == 0 { json!(n) } else { json!(null) });
            store.execute(one).await.unwrap();
        }
        let list = async |filter: Filter| {
            let rows = store.list(&tables::PERSONS, &filter).await?;
            Ok::<_, StoreError>(
                rows.iter().map(|row| row["person"].as_str().unwrap().to_owned()).collect::<Vec<_>>(),
            )
        };
        let due = Filter { at_most: Some(("confirmed_us", 6)), limit: 100, ..Filter::default() };
        assert_eq!(list(due.clone()).await.unwrap(), ["P0", "P2", "P4", "P6"]);
        let page = Filter { after: Some("P0".to_owned()), limit: 2, ..due.clone() };
        assert_eq!(list(page).await.unwrap(), ["P2", "P4"]);
        let all = Filter { at_most: Some(("confirmed_us", i64::MAX)), ..due.clone() };
        assert_eq!(list(all.clone()).await.unwrap().len(), 5);
        let staff = Filter { equals: vec![("role", json!("staff"))], ..all };
        assert_eq!(list(staff).await.unwrap(), ["P8"]);
        let late =
            Filter { at_least: Some(("confirmed_us", 4)), newest: true, limit: 2, ..Filter::default() };
        assert_eq!(list(late.clone()).await.unwrap(), ["P8", "P6"]);
        let both = Filter { at_most: Some(("confirmed_us", 6)), limit: 100, ..late };
        assert_eq!(list(both).await.unwrap(), ["P6", "P4"]);
        for column in ["role", "nothing"] {
            let wrong = list(Filter { at_least: Some((column, 6)), ..due.clone() }).await;
            assert!(matches!(wrong, Err(StoreError::Invalid(_))), "{wrong:?}");
            let wrong = list(Filter { at_most: Some((column, 6)), ..due.clone() }).await;
            assert!(matches!(wrong, Err(StoreError::Invalid(_))), "{wrong:?}");
        }
    });
}

#[test]
fn a_damaged_row_stops_no_other() {
    for_each_database(async |place| {
        let store = place.open().await;
        let mut one = change("campaign.entered");
        for key in ["M1", "M2", "M3"] {
            one.writes.push(write(&tables::CAMPAIGN_KEYS, key, Expect::Absent, 1));
        }
        store.execute(one).await.unwrap();
        place.behind("UPDATE campaign_keys SET body = '{\"cut' WHERE member = 'M2'").await;
        let all = Filter { limit: 10, ..Filter::default() };
        let stopped = store.list(&tables::CAMPAIGN_KEYS, &all).await;
        assert!(matches!(stopped, Err(StoreError::Damaged { .. })), "{stopped:?}");
        let (rows, damaged) = store.list_readable(&tables::CAMPAIGN_KEYS, &all).await.unwrap();
        let keys: Vec<_> = rows.iter().map(|row| row["member"].as_str().unwrap()).collect();
        assert_eq!((keys, damaged), (vec!["M1", "M3"], vec!["M2".to_owned()]));
        let wanted = ["M3", "M2", "M9"].map(str::to_owned);
        let (rows, damaged) = store.get_many_readable(&tables::CAMPAIGN_KEYS, &wanted).await.unwrap();
        assert_eq!((rows[0]["member"].as_str(), rows.len(), damaged), (Some("M3"), 1, vec!["M2".to_owned()]));
    });
}

#[test]
fn rows_of_one_number_are_read_page_by_page() {
    for_each_database(async |place| {
        let store = place.open().await;
        let mut one = change("campaign.entered");
        for (key, due) in [("M1", 7), ("M2", 5), ("M3", 7), ("M4", 7), ("M5", 9)] {
            let mut member = write(&tables::CAMPAIGN_KEYS, key, Expect::Absent, 1);
            member.image.insert("campaign".into(), json!("E1"));
            member.image.insert("next_due_us".into(), json!(due));
            one.writes.push(member);
        }
        store.execute(one).await.unwrap();
        let (mut behind, mut pages) = ((0, String::new()), Vec::new());
        loop {
            let after = ("next_due_us", behind.0, behind.1.as_str());
            let page =
                store.nearest_after(&tables::CAMPAIGN_KEYS, ("campaign", "E1"), after, 2).await.unwrap();
            let Some(last) = page.rows.last() else { break };
            behind = (last["next_due_us"].as_u64().unwrap(), last["member"].as_str().unwrap().to_owned());
            let keys = page.rows.iter().map(|row| row["member"].as_str().unwrap().to_owned());
            pages.push(keys.collect::<Vec<_>>());
        }
        assert_eq!(pages, [vec!["M2", "M1"], vec!["M3", "M4"], vec!["M5"]]);
        place.behind("UPDATE campaign_keys SET body = '{\"cut' WHERE member IN ('M1', 'M2')").await;
        let after = ("next_due_us", 0, "");
        let page = store.nearest_after(&tables::CAMPAIGN_KEYS, ("campaign", "E1"), after, 3).await.unwrap();
        assert_eq!((page.len(), page.rows[0]["member"].as_str()), (3, Some("M3")));
        assert_eq!(page.damaged, [(5, "M2".to_owned()), (7, "M1".to_owned())]);
    });
}

#[test]
fn ends_count_for_all_sources_and_first_looks_stay() {
    for_each_database(async |place| {
        let store = place.open().await;
        let at = Timestamp::from_micros;
        for (keys, now) in [(2, 10), (3, 10), (4, 20)] {
            store.mirror_ended(keys, at(0), at(now)).await.unwrap();
        }
        let behind = [store.mirror_ends(at(0)).await.unwrap(), store.mirror_ends(at(10)).await.unwrap()];
        assert_eq!(behind, [9, 4]);
        store.mirror_ended(1, at(10), at(30)).await.unwrap();
        assert_eq!(store.mirror_ends(at(0)).await.unwrap(), 5, "what counts no more is not kept");
        assert_eq!(store.first_look("P1", "user:anna").await.unwrap(), None);
        for now in [40, 50] {
            store.look_opened("P1", "user:anna", at(now)).await.unwrap();
        }
        assert_eq!(store.first_look("P1", "user:anna").await.unwrap(), Some(at(40)));
        assert_eq!(store.first_look("P1", "user:bert").await.unwrap(), None);
    });
}
