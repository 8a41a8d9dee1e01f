//! Byte for byte the same, whatever the number of threads, the size of batches, or the place of a stop.

use super::stage::{engine, options, run, world};
use sumun_detect::Input;

fn small() -> Vec<Input> {
    world(3, 1, 3, 3, 60)
}

#[test]
fn threads_and_batches_do_not_show() {
    let lines = world(1, 6, 10, 14, 600);
    let mut one = engine(options(1));
    let whole = run(&mut one, &lines, usize::MAX);
    let count = |what: &str| whole.matches(&format!("\"type\":\"{what}\"")).count();
    assert!(count("signal") >= 10 && count("measure") >= 3, "{} and {}", count("signal"), count("measure"));
    assert_eq!(one.threads(), 1);
    for shards in [1, 2, 7] {
        for batch in [1, 13, 1_000, 100_000] {
            let mut engine = engine(options(shards));
            assert_eq!(run(&mut engine, &lines, batch), whole, "{shards} threads, batches of {batch}");
            assert_eq!(engine.counts(), one.counts());
        }
    }
}

#[test]
fn different_threads_handle_partitions() {
    let lines = world(2, 1, 60, 10, 1_000);
    for (shards, least) in [(1, 1), (2, 2), (7, 4)] {
        let mut engine = engine(options(shards));
        run(&mut engine, &lines, 100_000);
        assert!(engine.threads() >= least && engine.threads() <= shards, "{} of {shards}", engine.threads());
    }
}

#[test]
fn a_stop_anywhere_in_a_small_world_does_not_show() {
    let lines = small();
    let whole = run(&mut engine(options(2)), &lines, usize::MAX);
    let step = (lines.len() / 50).max(1);
    for cut in (0..=lines.len()).step_by(step) {
        let (before, behind) = lines.split_at(cut);
        let mut first = engine(options(1));
        let mut found = run(&mut first, before, 50);
        let saved = first.save().unwrap();
        let mut second = engine(options(2));
        second.restore(&saved).unwrap();
        assert_eq!(second.save().unwrap(), saved, "cut behind {cut}: what was taken up is what was kept");
        found.push_str(&run(&mut second, behind, 77));
        assert!(found == whole, "cut behind line {cut}");
    }
}

#[test]
fn many_stops_in_a_larger_world_do_not_show() {
    let lines = world(5, 4, 10, 10, 200);
    let whole = run(&mut engine(options(1)), &lines, usize::MAX);
    let mut found = String::new();
    let mut current = engine(options(7));
    let (mut rest, mut size) = (lines.as_slice(), 1);
    while !rest.is_empty() {
        let (now, later) = rest.split_at(size.min(rest.len()));
        found.push_str(&run(&mut current, now, 333));
        let saved = current.save().unwrap();
        current = engine(options([1, 2, 7][size % 3]));
        current.restore(&saved).unwrap();
        rest = later;
        size = (size * 7 + 11) % (lines.len() / 12 + 1) + 1;
    }
    assert!(found == whole);
}

#[test]
fn a_snapshot_that_is_not_of_this_run_says_so() {
    let mut first = engine(options(1));
    run(&mut first, &small()[..50], 50);
    let saved = first.save().unwrap();
    let error = |bytes: &[u8]| engine(options(1)).restore(bytes).unwrap_err().to_string();
    insta::assert_snapshot!(error(b"nothing"), @"not a snapshot of detection, or one of another version of Sumun; replay the log from its beginning");
    for at in [9, 60, saved.len() / 2, saved.len() - 1] {
        let mut damaged = saved.clone();
        damaged[at] ^= 1;
        assert_eq!(error(&damaged), "the snapshot is damaged; replay the log from its beginning");
    }
    assert_eq!(
        error(&saved[..saved.len() - 1]),
        "the snapshot is damaged; replay the log from its beginning"
    );
    let mut other = sumun_detect::Engine::new(
        super::stage::params(),
        sumun_model::Weights { cap_milli: 1, ..sumun_model::Weights::default() },
        std::sync::Arc::new(sumun_detect::network::NoData),
        Box::new(super::stage::Strict::default()),
        options(1),
        b"tests",
    );
    insta::assert_snapshot!(other.restore(&saved).unwrap_err(), @"the snapshot was made under another policy, other parameters or other data files; use those, or replay the log from its beginning");
}
