//! Counts of a campaign's keys, which the database keeps, against counting every row.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests may panic, and their names say what they are"
)]

mod common;

use common::{change, for_each_database, write};
use serde_json::json;
use std::collections::BTreeMap;
use sumun_store::{Change, Expect, Store, StoreError, tables};

const SEGMENTS: [&str; 3] = ["retail", "corporate", "broker"];
const STATES: [&str; 4] = ["told", "window", "enrolled", "gone"];

/// Draws that repeat.
struct Draws(u64);

impl Draws {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % most
    }
}

/// What stands: member → version, campaign, segment, state.
type Naive = BTreeMap<String, (i64, &'static str, &'static str, &'static str)>;

/// A change of some members: new ones, those that move, those of which nothing that counts changes.
fn drawn(draws: &mut Draws, known: &Naive) -> (Change, Naive) {
    let (mut one, mut after) = (change("campaign.looked_at"), known.clone());
    for _ in 0..=draws.below(12) {
        let member = format!("M{}", draws.below(40));
        if one.writes.iter().any(|write| write.image["member"] == member.as_str()) {
            continue;
        }
        let before = known.get(&member).copied();
        let campaign = before.map_or(["E1", "E2"][draws.below(2)], |before| before.1);
        let segment = before.map_or(SEGMENTS[draws.below(3)], |before| before.2);
        let state = STATES[draws.below(4)];
        let version = before.map_or(0, |before| before.0);
        let expect = if version == 0 { Expect::Absent } else { Expect::Version(version) };
        let mut row = write(&tables::CAMPAIGN_KEYS, &member, expect, 1);
        for (column, value) in [("campaign", campaign), ("segment", segment), ("state", state)] {
            row.image.insert(column.to_owned(), json!(value));
        }
        one.writes.push(row);
        after.insert(member, (version + 1, campaign, segment, state));
    }
    (one, after)
}

async fn agree(store: &Store, naive: &Naive) {
    for campaign in ["E1", "E2", "E3"] {
        let mut right: BTreeMap<(&str, &str), u64> = BTreeMap::new();
        for (_, _, segment, state) in naive.values().filter(|member| member.1 == campaign) {
            *right.entry((segment, state)).or_default() += 1;
        }
        let found = store.campaign_counts(campaign).await.unwrap();
        let found: BTreeMap<_, _> =
            found.iter().map(|one| ((one.segment.as_str(), one.state.as_str()), one.keys)).collect();
        assert_eq!(found, right, "{campaign}");
    }
}

#[test]
fn counts_are_those_of_the_rows_after_every_change() {
    for_each_database(async |place| {
        let (store, mut naive) = (place.open().await, Naive::new());
        for seed in 0..4 {
            let mut draws = Draws(seed);
            for step in 0..15 {
                let (one, after) = drawn(&mut draws, &naive);
                // The same is refused when it comes twice, and then nothing of it counts.
                let again = Change { salt: [u8::try_from(step).unwrap() ^ 0xff; 32], ..one.clone() };
                store.execute(one).await.unwrap();
                let refused = store.execute(again).await;
                assert!(matches!(refused, Err(StoreError::Conflict { .. })), "{refused:?}");
                naive = after;
                agree(&store, &naive).await;
            }
        }
        assert!(naive.len() > 20);
    });
}

#[test]
fn counts_of_those_who_write_at_once_add_up() {
    for_each_database(async |place| {
        let store = place.open().await;
        let mut writers = Vec::new();
        for writer in 0..8_u8 {
            let store = store.clone();
            writers.push(tokio::spawn(async move {
                for step in 0..6_u8 {
                    let mut one = change("campaign.entered");
                    for key in 0..5 {
                        let member = format!("W{writer}-{step}-{key}");
                        let mut row = write(&tables::CAMPAIGN_KEYS, &member, Expect::Absent, 1);
                        for (column, value) in [("campaign", "E1"), ("segment", "retail"), ("state", "told")]
                        {
                            row.image.insert(column.to_owned(), json!(value));
                        }
                        one.writes.push(row);
                    }
                    store.execute(one).await.unwrap();
                }
            }));
        }
        for writer in writers {
            writer.await.unwrap();
        }
        let found = store.campaign_counts("E1").await.unwrap();
        assert_eq!(found.iter().map(|one| one.keys).collect::<Vec<_>>(), [8 * 6 * 5]);
    });
}
