//! `sumun policy`: what a person who writes a policy is told.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests may panic, and their names say what they are"
)]

mod support;

use support::Place;

fn shipped(name: &str) -> String {
    std::fs::read_to_string(format!("{}/../../policies/{name}.toml", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[test]
fn the_shipped_policies_may_come_into_force() {
    let place = Place::new();
    for name in ["default", "demo", "test"] {
        place.write("policy.toml", &shipped(name));
        let run = place.run(&["policy", "check", "policy.toml"]);
        assert_eq!(run.code, 0, "{}{}", run.out, run.err);
        assert!(run.out.contains("may come into force: 0 errors"), "{}", run.out);
        let run = place.run(&["policy", "check", "policy.toml", "--json"]);
        let report: serde_json::Value = serde_json::from_str(&run.out).unwrap();
        assert_eq!(report["ok"], true);
    }
}

#[test]
fn a_bad_policy_is_told_where() {
    let place = Place::new();
    let text = shipped("default");
    for (from, to, told) in [
        (
            "'sharing.p >= 0.60'",
            "'sharing.q >= 0.60'",
            "nothing is called `sharing.q`; did you mean `sharing.p`?",
        ),
        ("[detectors]\n", "[detectors]\n[detectors.concurrent_origins]\nwindow = 3\n", "window"),
        (
            "[detectors]\n",
            "[detectors]\n[detectors.concurrent_origins]\nwindow_s = 0\n",
            "0 is not a window in seconds, 1 to 315360000",
        ),
        ("must = [\"enter expire act\"]", "must = [\"enter hold act\"]", "must follow and did not"),
        (
            "act = \"propose\"\nwhen = 'sharing.p >= 0.95",
            "act = \"machine\"\nwhen = 'sharing.p >= 0.95",
            "risk alone never does",
        ),
    ] {
        let text = text.replacen(from, to, 1);
        place.write("policy.toml", &text);
        let run = place.run(&["policy", "check", "policy.toml"]);
        assert_eq!(run.code, 2, "{}", run.out);
        let told_faults = run.out.lines().filter(|line| line.starts_with("error")).count();
        let counted = run.out.lines().last().unwrap().contains(&format!("force: {told_faults} error"));
        assert!(counted, "{}", run.out);
        let line =
            run.out.lines().find(|line| line.contains(told)).unwrap_or_else(|| panic!("{told}: {}", run.out));
        let place = line.trim_start_matches("error").trim_start();
        let mut parts = place.split(':');
        assert_eq!(parts.next(), Some("policy.toml"), "{line}");
        let number: usize = parts.next().unwrap().parse().unwrap();
        assert!(number > 1 && number <= text.lines().count(), "{line}");
        assert!(parts.next().unwrap().parse::<usize>().unwrap() >= 1, "{line}");
    }
    place.write("policy.toml", "[policy\n");
    let run = place.run(&["policy", "diff", "policy.toml", "policy.toml"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("policy.toml:1:"), "{}", run.err);
}

#[test]
fn differences_and_the_ladder_read_in_both_languages() {
    let place = Place::new();
    place.write("a.toml", &shipped("default"));
    place.write("b.toml", &shipped("default").replacen("quiet_s = 604_800", "quiet_s = 86_400", 1));
    let run = place.run(&["policy", "diff", "a.toml", "b.toml", "--lang", "ko"]);
    assert!(run.out.contains("[완화] window.quiet_s: 7일 → 1일"), "{}", run.out);
    let run = place.run(&["policy", "diff", "a.toml", "a.toml"]);
    assert!(run.out.ends_with("\nNothing changes in effect.\n"), "{}", run.out);
    let run = place.run(&["policy", "explain", "a.toml", "--segment", "retail", "--lang", "ko"]);
    assert!(run.out.starts_with("기본 정책 (default@") && run.out.contains(") · 개인"), "{}", run.out);
    let run = place.run(&["policy", "explain", "a.toml", "--segment", "private"]);
    assert_eq!(run.code, 2, "{}", run.err);
}
