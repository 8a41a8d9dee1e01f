//! `sumun evaluate` and `sumun calibrate` as a person runs them, on worlds small enough for a test.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests may panic, and their names say what they are"
)]

mod support;

use support::Place;

/// A policy of the tests' own: what is shipped may be fitted anew without this changing.
fn place() -> Place {
    let place = Place::new();
    place.write(
        "policy.toml",
        r#"
[policy]
id = "tiny"
version = 1
title = { ko = "시험", en = "Test" }
owner = "compliance"
reason = { ko = "시험", en = "Test" }
[scores]
prior = "0.002"
second = "0.3"
cap = "4.5"
[scores.families]
origin = { alpha = "0.8", half_life_s = 604_800 }
client = { alpha = "0.8", half_life_s = 604_800 }
lifecycle = { alpha = "0.8", half_life_s = 604_800 }
auth = { alpha = "0.8", half_life_s = 604_800 }
behaviour = { alpha = "0.8", half_life_s = 604_800 }
operator = { alpha = "0.8", half_life_s = 604_800 }
coordination = { alpha = "0.8", half_life_s = 604_800 }
market = { alpha = "0.8", half_life_s = 2_592_000 }
policy = { alpha = "0.8", half_life_s = 2_592_000 }
[detectors]
[budget]
counts = ["warn"]
alerts_per_day = 50
[ladder]
monitor_period_s = 1_209_600
quiet_s = 604_800
warn_ack_s = 604_800
hold_due_s = 259_200
reverify_timeout_s = 1_209_600
memory_s = 15_552_000
hard = ["owner_denies"]
high_risk = 'hard.any || sharing.p >= 0.95'
[segments.default]
[[segments.default.rules]]
id = "denied"
measure = "expire"
act = "machine"
when = 'hard.owner_denies'
reason = { ko = "부인", en = "Denied" }
[[segments.default.rules]]
id = "much"
measure = "warn"
act = "machine"
when = 'sharing.points >= 2400'
reason = { ko = "많음", en = "Much" }
[[segments.default.rules]]
id = "some"
measure = "monitor"
act = "machine"
when = 'sharing.points >= 800'
reason = { ko = "있음", en = "Some" }
"#,
    );
    place
}

const TINY: [&str; 9] = ["--policy", "policy.toml", "--days", "8", "--clean", "12", "--bad", "6", "--shards"];

#[test]
fn a_tiny_world_is_told_the_same_whatever_the_threads_and_in_both_languages() {
    let place = place();
    let run = |shards: &str, more: &[&str]| {
        place.run(&[&["evaluate", "--seeds", "4"][..], &TINY[..], &[shards], more].concat())
    };
    let one = run("1", &[]);
    assert_eq!(one.code, 0, "{}", one.shown());
    insta::assert_snapshot!("tiny", one.out);
    assert_eq!(run("3", &[]).out, one.out);
    insta::assert_snapshot!("tiny_korean", run("1", &["--lang", "ko"]).out);
    // The same numbers for a programme, and the seed that made them.
    let told = run("1", &["--json"]).json();
    assert_eq!(told["seeds"], "4");
    let [clean, bad] = ["clean_keys", "bad_keys"].map(|name| told[name].as_u64().unwrap());
    assert_eq!(bad, 6);
    assert_eq!(clean + told["framers"]["keys"].as_u64().unwrap(), 12);
    let all = &told["recall"][0];
    assert!(all["met"][0].as_u64() >= all["met"][1].as_u64(), "a stricter measure is met by fewer: {all}");
}

#[test]
fn training_keeps_off_the_seeds_of_evaluation() {
    let place = place();
    let run = |seeds: &str| place.run(&[&["calibrate", "--seeds", seeds][..], &TINY[..], &["1"]].concat());
    let refused = run("999..1000");
    assert_eq!(refused.code, 2);
    insta::assert_snapshot!(refused.err, @"error: seed 1000 is kept for evaluation; train on seeds below 1000");
    let fitted = run("4");
    assert_eq!(fitted.code, 0, "{}", fitted.shown());
    assert_eq!(fitted.out.lines().filter(|line| line.contains(" alpha = ")).count(), 8, "{}", fitted.out);
    assert_eq!(run("4").out, fitted.out);
}

#[test]
fn what_makes_no_world_is_refused() {
    let place = place();
    for arguments in [
        &["evaluate", "--seeds", "5..3"][..],
        &["evaluate", "--days", "0"],
        &["evaluate", "--policy", "none.toml"],
        &["evaluate", "--kinds", "relay", "--clean", "3"],
    ] {
        let ran = place.run(arguments);
        assert_eq!(ran.code, 2, "{}", ran.shown());
        assert_eq!(ran.out, "");
    }
}
