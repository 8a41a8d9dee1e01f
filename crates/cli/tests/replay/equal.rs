//! Byte for byte the same for any number of threads, any batch, and through a stop and a restore.

use super::support::{Place, Ran};
use super::world::simulated;

fn replay(place: &Place, arguments: &[&str]) -> Ran {
    let ran = place.run(&[&["replay", "--data", "none"], arguments].concat());
    assert_eq!(ran.code, 0, "{}", ran.shown());
    ran
}

#[test]
fn threads_batches_and_stops_do_not_show() {
    let place = Place::new();
    let lines = simulated(&place, 8, 14);
    let whole = replay(&place, &["world.ndjson", "--shards", "1"]);
    assert!(whole.out.lines().count() > 10, "{}", whole.shown());
    for (shards, batch) in [("1", "1"), ("2", "97"), ("7", "100000"), ("7", "1000")] {
        let ran = replay(&place, &["world.ndjson", "--shards", shards, "--batch", batch]);
        assert!(ran.out == whole.out, "{shards} threads, batches of {batch}");
    }
    let text = place.read("world.ndjson");
    for part in [1, lines / 3, lines - 1] {
        let stop = part.to_string();
        let first =
            replay(&place, &["world.ndjson", "--shards", "2", "--stop-after", &stop, "--save", "state"]);
        let rest: String = text.lines().skip(part).flat_map(|line| [line, "\n"]).collect();
        place.write("rest.ndjson", &rest);
        let second = replay(&place, &["rest.ndjson", "--shards", "7", "--restore", "state"]);
        assert!(first.out + &second.out == whole.out, "stopped behind {part}");
    }
    // A stop beyond the end keeps the end.
    let beyond = (lines + 5).to_string();
    let first = replay(&place, &["world.ndjson", "--stop-after", &beyond, "--save", "state"]);
    assert!(first.out == whole.out);
    place.write("rest.ndjson", "");
    assert_eq!(replay(&place, &["rest.ndjson", "--restore", "state"]).out, "");
    // Under another policy the state is another's.
    place.write("policy.toml", &super::world::quick_policy());
    let other = place.run(&[
        "replay",
        "rest.ndjson",
        "--data",
        "none",
        "--restore",
        "state",
        "--policy",
        "policy.toml",
    ]);
    assert_eq!(other.code, 2);
    insta::assert_snapshot!(other.err, @"error: `state/detect.snapshot`: the snapshot was made under another policy, other parameters or other data files; use those, or replay the log from its beginning");
}

#[test]
fn as_many_threads_handle_partitions_as_were_asked_for() {
    let place = Place::new();
    let lines = (0..4_000).map(|n| {
        let (second, key) = (n / 100, n % 100);
        format!(
            r#"{{"type":"access","id":"a{n}","ts":"2026-05-28T09:00:{second:02}Z","key":"K{key}","account":"A{key}","ip":"203.0.113.7","verdict":"allow","signature":"valid"}}"#
        ) + "\n"
    });
    place.write("world.ndjson", &lines.collect::<String>());
    for (shards, told) in [("1", "1 thread\n"), ("2", "2 threads\n"), ("7", "7 threads\n")] {
        let ran = replay(&place, &["world.ndjson", "--shards", shards]);
        assert!(ran.err.lines().next().unwrap().ends_with(told.trim_end()), "{}", ran.err);
    }
}
