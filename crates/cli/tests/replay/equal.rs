//! Byte for byte the same for any number of threads, any batch, and through a stop and a restore.

use super::support::{Place, Ran};
use super::world::{quick_policy, simulated, turns};

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
    place.write("policy.toml", &quick_policy());
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

/// A measure follows the customer (DESIGN 4): the present one, also of an account that changed hands in between.
#[test]
fn an_account_that_changed_hands_leaves_nothing_with_its_customer_before() {
    let place = Place::new();
    place.write("policy.toml", &quick_policy());
    let key = |minute: u32, key: &str, customer: &str| {
        format!(
            r#"{{"type":"account","ts":"2026-05-28T09:{minute:02}:00Z","account":"A-{key}","customer":"{customer}","segment":"retail"}}
{{"type":"key","ts":"2026-05-28T09:{minute:02}:00Z","key":"{key}","account":"A-{key}","state":"active"}}
"#
        )
    };
    let world = turns(8)
        + "{\"type\":\"account\",\"ts\":\"2026-05-28T09:00:40Z\",\"account\":\"A1\",\"customer\":\"C2\",\"segment\":\"retail\"}\n"
        + &key(2, "K8", "C1")
        + &key(3, "K9", "C2")
        + "{\"type\":\"tick\",\"ts\":\"2026-05-28T09:05:00Z\"}\n";
    place.write("world.ndjson", &world);
    let policy = ["--policy", "policy.toml"];
    let whole = replay(&place, &[&["world.ndjson"], &policy[..]].concat());
    assert!(!whole.out.contains("\"key\":\"K8\""), "{}", whole.out);
    assert!(whole.out.contains("\"key\":\"K9\""), "{}", whole.out);
    for part in 1..world.lines().count() {
        let stop = part.to_string();
        let cut = ["world.ndjson", "--stop-after", &stop, "--save", "state"];
        let first = replay(&place, &[&cut, &policy[..]].concat());
        place.write(
            "rest.ndjson",
            &world.lines().skip(part).flat_map(|line| [line, "\n"]).collect::<String>(),
        );
        let second = replay(&place, &[&["rest.ndjson", "--restore", "state"], &policy[..]].concat());
        assert_eq!(first.out + &second.out, whole.out, "stopped behind {part}");
    }
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
