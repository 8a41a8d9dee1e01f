//! More changes of keys at once than co-change keeps: nobody is judged by them, they are counted, and the count outlives a stop.

use super::stage::{Strict, options, params, run, world};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use sumun_detect::network::NoData;
use sumun_detect::{Engine, Input};

/// Bytes of the checksum at the end of a snapshot.
const SUM: usize = 32;

fn engine(shards: usize, waiting_max: u32) -> Engine {
    let mut params = params();
    params.links.co_change.waiting_max = waiting_max;
    let weights = sumun_model::Weights::default();
    Engine::new(params, weights, Arc::new(NoData), Box::new(Strict::default()), options(shards), b"tests")
}

fn lines() -> Vec<Input> {
    world(6, 3, 12, 6, 300)
}

#[test]
fn what_is_crowded_out_is_counted_through_any_stop() {
    let lines = lines();
    let mut roomy = engine(1, 65_536);
    let whole = run(&mut roomy, &lines, usize::MAX);
    assert_eq!(roomy.counts().crowded, 0, "nothing is counted where there is room");

    let mut one = engine(1, 2);
    let crowded_whole = run(&mut one, &lines, usize::MAX);
    assert!(one.counts().crowded > 20, "{}", one.counts().crowded);
    assert_eq!(crowded_whole.matches("operator.co_change@1").count(), 0);
    assert!(!whole.is_empty());
    for (shards, batch) in [(2, 13), (7, 1_000)] {
        let mut other = engine(shards, 2);
        assert_eq!(run(&mut other, &lines, batch), crowded_whole);
        assert_eq!(other.counts(), one.counts());
    }
    for cut in [1, lines.len() / 3, lines.len() / 2, lines.len() - 1] {
        let (before, behind) = lines.split_at(cut);
        let mut first = engine(1, 2);
        let found = run(&mut first, before, 50);
        let mut second = engine(2, 2);
        second.restore(&first.save().unwrap()).unwrap();
        assert_eq!(second.counts(), first.counts(), "cut behind {cut}");
        assert_eq!(found + &run(&mut second, behind, 77), crowded_whole, "cut behind {cut}");
        assert_eq!(second.counts(), one.counts(), "cut behind {cut}");
    }
}

#[test]
fn a_snapshot_from_before_it_was_counted_is_taken_up() {
    let mut first = engine(1, 2);
    run(&mut first, &lines(), usize::MAX);
    let saved = first.save().unwrap();
    let crowded = first.counts().crowded;
    // The count is all that stands behind what older ones hold: as a number of seven bits a byte.
    let later = 1 + usize::from(crowded >= 1 << 7) + usize::from(crowded >= 1 << 14);
    let mut older = saved[..saved.len() - SUM - later].to_vec();
    let sum: [u8; SUM] = Sha256::digest(&older).into();
    older.extend(sum);
    let mut second = engine(1, 2);
    second.restore(&older).unwrap();
    assert_eq!(second.counts().crowded, 0);
    assert_eq!(second.counts().lines, first.counts().lines);
    let again = second.save().unwrap();
    assert_eq!(again[..older.len() - SUM], older[..older.len() - SUM], "all else is as it was");
}
