//! Who is behind, one by one: against a naive reading of all members, page by page.

use crate::bench::staff;
use crate::{Campaign, DAY, day};
use serde_json::json;
use std::collections::BTreeMap;
use sumun_govern::Role;
use sumun_govern::campaigns::{BEHIND, BehindFilter, BehindView, MemberState, Who};
use sumun_govern::notices::deliver::Outcome;
use sumun_model::Segment;
use sumun_store::Filter;
use sumun_store::tables::CAMPAIGN_KEYS;

/// Every page of so many, put together.
async fn listed(all: &Campaign, filter: &BehindFilter) -> Vec<BehindView> {
    let (mut found, mut filter): (Vec<BehindView>, _) = (Vec::new(), filter.clone());
    loop {
        let actor = staff("anna", Role::Analyst);
        let page = all.bench.govern.campaign_behind(&actor, &all.id, &filter).await.unwrap();
        assert!(page.len() <= filter.limit as usize);
        let Some(last) = page.last() else { return found };
        filter.after = Some(last.place.clone());
        found.extend(page);
    }
}

/// The same from all members, read one by one.
async fn naively(all: &Campaign, wanted: &BehindFilter) -> Vec<String> {
    let filter = Filter { equals: vec![("campaign", json!(all.id))], limit: 1_000, ..Filter::default() };
    let rows = all.bench.govern.store.list(&CAMPAIGN_KEYS, &filter).await.unwrap();
    let place = |row: &sumun_store::Image| {
        let state = BEHIND.iter().position(|state| row["state"] == state.as_str())?;
        let segment = Segment::ALL.iter().position(|segment| row["segment"] == json!(segment))?;
        let may = wanted.state.is_none_or(|one| one == BEHIND[state])
            && wanted.segment.is_none_or(|one| one == Segment::ALL[segment]);
        may.then(|| (state, segment, row["key"].as_str().unwrap().to_owned()))
    };
    let mut found: Vec<_> = rows.iter().filter_map(place).collect();
    found.sort();
    found.into_iter().map(|(_, _, key)| key).collect()
}

#[tokio::test]
async fn every_key_that_is_not_registered_is_listed_once_in_its_order() {
    let keys: Vec<(String, &str)> =
        (0..23).map(|n| (format!("X{n:02}"), if n % 3 == 0 { "A2" } else { "A1" })).collect();
    let keys: Vec<(&str, &str)> = keys.iter().map(|(key, account)| (key.as_str(), *account)).collect();
    let all = Campaign::new(&keys).await;
    all.until(day(9)).await;
    for key in ["X01", "X04"] {
        all.registers(key, Who::Myself).await.unwrap();
    }
    crate::import(&all.bench, &[("Y1", "A1"), ("Y2", "A2")]).await;
    all.bench.pass(DAY / 24);
    for _ in 0..3 {
        all.bench.govern.campaigns_due().await.unwrap();
    }
    // Of some the letters come back.
    all.sends(|notice| match notice["key"].as_str() {
        Some("Y1") => Outcome::Failed("550 nobody there".into()),
        _ => Outcome::Sent("250 taken over".into()),
    })
    .await;
    let mut states = BTreeMap::new();
    for limit in [1, 2, 5, 50] {
        for state in [None].into_iter().chain(BEHIND.map(Some)) {
            for segment in [None, Some(Segment::Retail), Some(Segment::Corporate), Some(Segment::Broker)] {
                let filter = BehindFilter { state, segment, limit, after: None };
                let found = listed(&all, &filter).await;
                for one in &found {
                    states.insert(one.state, one.clone());
                }
                let keys: Vec<String> = found.into_iter().map(|one| one.key).collect();
                assert_eq!(keys, naively(&all, &filter).await, "{filter:?}");
            }
        }
    }
    assert!(states.len() >= 3, "{:?}", states.keys());
    let lost = &states[&MemberState::Unreachable];
    assert_eq!(
        (lost.key.as_str(), lost.next),
        ("Y1", None),
        "nothing happens until somebody reaches its owner"
    );
    assert_eq!(lost.letters[0].delivery.as_deref(), Some("failed"));
    assert!(lost.letters[0].told.is_none() && lost.task.is_some());
    let open = &states[&MemberState::Window];
    let letters: Vec<&str> = open.letters.iter().map(|letter| letter.letter.as_str()).collect();
    assert_eq!(letters, ["announced", "opened"]);
    assert!(open.letters.iter().all(|letter| letter.delivery.as_deref() == Some("sent")));
    assert_eq!(open.next.unwrap().at, day(40));
}

#[tokio::test]
async fn what_owners_declared_is_not_shown_and_others_see_nothing() {
    let all = Campaign::new(&[("X1", "A1")]).await;
    all.until(day(9)).await;
    let filter = BehindFilter { limit: 10, ..BehindFilter::default() };
    let found = listed(&all, &filter).await;
    let shown = json!(found).to_string();
    assert!(shown.contains("X1") && !shown.contains("lent_before") && !shown.contains("declared"), "{shown}");
    for (who, code) in [
        (staff("sven", Role::Support), "forbidden"),
        (all.bench.owner("C1"), "forbidden"),
        (crate::backend(), "forbidden"),
    ] {
        let refused = all.bench.govern.campaign_behind(&who, &all.id, &filter).await;
        assert_eq!(refused.unwrap_err().code, code);
    }
    let anna = staff("anna", Role::Analyst);
    let elsewhere = BehindFilter { after: Some("K1".into()), ..filter.clone() };
    let refused = all.bench.govern.campaign_behind(&anna, &all.id, &elsewhere).await;
    assert_eq!(refused.unwrap_err().code, "cursor_unknown");
    let refused = all.bench.govern.campaign_behind(&anna, "E9", &filter).await;
    assert_eq!(refused.unwrap_err().code, "not_found");
}
