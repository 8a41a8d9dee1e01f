//! The walk over both sides in step finds what a plain comparison of two maps finds, for any page.

use crate::bench::Bench;
use crate::{line, snapshot};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use sumun_govern::Role;
use sumun_store::tables::KEYS;

/// One side of a key: its state's word and its application.
type Side = Option<(&'static str, &'static str)>;

fn side() -> impl Strategy<Value = Side> {
    let states = prop::sample::select(vec!["active", "suspended", "expired"]);
    prop::option::of((states, prop::sample::select(vec!["bot", "tool"])))
}

/// What is to be found, by the plainest reading of the rules.
fn naive(sides: &BTreeMap<String, (Side, Side)>) -> BTreeSet<(String, &'static str, &'static str)> {
    let mut found = BTreeSet::new();
    for (key, sides) in sides {
        let mut note = |kind, attribute| {
            found.insert((key.clone(), kind, attribute));
        };
        match sides {
            (None, Some((there, _))) if *there != "expired" => note("unknown_here", "state"),
            (Some((here, _)), None) if *here != "expired" => note("unknown_there", "state"),
            (Some((here, mine)), Some((there, theirs))) => match (*here == "expired", *there == "expired") {
                (true, false) => note("dead_here_alive_there", "state"),
                (false, true) => note("alive_here_dead_there", "state"),
                (false, false) => {
                    if here != there {
                        note("differs", "state");
                    }
                    if mine != theirs {
                        note("differs", "application");
                    }
                }
                (true, true) => {}
            },
            _ => {}
        }
    }
    found
}

/// Puts both sides past all rules, walks, and gives what was found.
async fn walked(
    sides: &BTreeMap<String, (Side, Side)>,
    page: u32,
) -> (BTreeSet<(String, &'static str, &'static str)>, bool) {
    let bench = Bench::new().await;
    // Everybody lives on both sides first, with what there is there; then both sides are made what they shall be.
    let here: Vec<String> =
        sides.iter().filter(|(_, (here, _))| here.is_some()).map(|(key, _)| line(key, &json!({}))).collect();
    crate::import(&bench, &here).await;
    for (key, (here, _)) in sides {
        let Some((state, application)) = here else { continue };
        if *state == "expired" {
            bench.govern.revoke_key(&bench.owner("C1"), key, None, &Default::default()).await.unwrap();
        } else {
            bench.alter(&KEYS, key, "state", json!(state)).await;
        }
        bench.alter(&KEYS, key, "application", json!(application)).await;
    }
    bench.pass(600_000_000);
    let there = sides.iter().filter_map(|(key, (_, there))| {
        let (state, application) = (*there)?;
        let body = json!({"state": state, "application": application});
        Some((key.clone(), body))
    });
    told(&bench, there.collect()).await;
    let done = bench.govern.reconcile_by(page).await.unwrap();
    let actor = crate::bench::staff("anna", Role::Analyst);
    let found = bench.govern.drifts(&actor, None, None, 1_000).await.unwrap();
    let kinds: Vec<_> = found.iter().map(|drift| drift.what.kind).collect();
    let sorted = kinds.is_sorted() && done.stand == found.len() as u64;
    (
        found
            .into_iter()
            .map(|drift| (drift.key, drift.what.kind.as_str(), drift.what.attribute.as_str()))
            .collect(),
        sorted,
    )
}

/// A whole snapshot that tells this, and obeys nothing of it.
async fn told(bench: &Bench, keys: Vec<(String, Value)>) {
    let (store, now) = (&bench.govern.store, sumun_govern::World::now(&*bench.world));
    let round = store.mirror_begin("exchange", now).await.unwrap();
    let keys = keys
        .into_iter()
        .map(|(key, body)| sumun_store::MirrorKey {
            key,
            source: "exchange".to_owned(),
            at_us: now.as_micros(),
            gone_us: None,
            told_us: 0,
            body: body.to_string(),
        })
        .collect();
    let batch =
        sumun_store::MirrorBatch { source: "exchange".to_owned(), round: Some(round), seq: None, keys, now };
    store.mirror_keep(batch).await.unwrap();
    store.mirror_finish("exchange", round, 0, now).await.unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn the_walk_finds_what_a_plain_comparison_finds(
        sides in prop::collection::btree_map("X[0-9]{1,2}", (side(), side()), 0..14),
        page in 1_u32..5,
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        // A key that was on record and is told of no more is gone there, not unknown: those that nobody told of begin untold.
        let (found, worst_first) = runtime.block_on(walked(&sides, page));
        let mut wanted = naive(&sides);
        // Its import had told of it, so that its silence in a whole snapshot means that it is gone.
        let gone: Vec<_> = wanted.iter().filter(|(_, kind, _)| *kind == "unknown_there").cloned().collect();
        for (key, kind, attribute) in gone {
            wanted.remove(&(key.clone(), kind, attribute));
            wanted.insert((key, "alive_here_dead_there", attribute));
        }
        prop_assert_eq!(found, wanted);
        prop_assert!(worst_first);
    }
}

#[tokio::test]
async fn a_key_that_no_source_ever_told_of_is_unknown_there_once_all_have_spoken() {
    let bench = Bench::new().await;
    crate::import(&bench, &[line("X1", &json!({}))]).await;
    let (own, _) = bench.issued(&crate::bench::request("own_bot", &["read"])).await;
    let actor = crate::bench::staff("anna", Role::Analyst);
    let kinds = async || {
        bench.govern.reconcile().await.unwrap();
        let found = bench.govern.drifts(&actor, None, None, 10).await.unwrap();
        found.into_iter().map(|drift| (drift.key, drift.what.kind.as_str())).collect::<Vec<_>>()
    };
    assert_eq!(kinds().await, [], "an import is not all there is");
    snapshot(&bench, &[line("X1", &json!({}))]).await;
    assert_eq!(kinds().await, [(own, "unknown_there")]);
}
