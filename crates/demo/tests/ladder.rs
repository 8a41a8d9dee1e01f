//! Nobody schedules an end: within minutes keys climb the whole ladder, and one ends by its own owner's "not me".
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests may panic, wait for real processes, and their names say what they are"
)]

mod support;

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::thread::sleep;
use std::time::{Duration, Instant};
use support::Demo;

/// What is promised, and what a machine that builds beside the test may make of it. The figures themselves are printed.
const PROMISED: Duration = Duration::from_secs(120);
const LOAD_FACTOR: u32 = 3;

/// Steps of the ladder that must be climbed, and how a key must end.
const STEPS: [&str; 4] = ["monitor", "warn", "hold", "reverify"];
const ENDED: &str = "ended by its owner's word";

/// Plays a seed until everything was seen; when each was seen first.
fn plays(seed: u64) -> BTreeMap<String, Duration> {
    let demo = Demo::start(&["--seed", &seed.to_string()]);
    let (began, mut seen) = (Instant::now(), BTreeMap::new());
    let honest = honest(&demo.said);
    while seen.len() < STEPS.len() + 1 {
        let at = began.elapsed();
        assert!(at < PROMISED * LOAD_FACTOR, "seed {seed}: after {at:?} only {seen:?}");
        let measures = demo.all("/v1/measures");
        for measure in &measures {
            let word = measure["measure"].as_str().unwrap();
            if STEPS.contains(&word) && measure["state"] != "proposed" {
                seen.entry(word.to_owned()).or_insert(at);
            }
            let cuts = matches!(word, "hold" | "reverify" | "expire");
            assert!(
                !(cuts && honest.contains(measure["key"].as_str().unwrap())),
                "seed {seed}: an honest key was cut: {measure}"
            );
        }
        for key in demo.all("/v1/keys") {
            if key["state"] == "expired" && key["cause"] == "leaked" {
                assert!(!honest.contains(key["key"].as_str().unwrap()), "seed {seed}: {key}");
                seen.entry(ENDED.to_owned()).or_insert(at);
            }
        }
        sleep(Duration::from_secs(1));
    }
    println!("seed {seed}: {seen:?}");
    compared(&demo, &honest);
    seen
}

/// What the exchange's own database has wrong is found by comparing, and nothing else is: it hears of every key that comes or ends.
fn compared(demo: &Demo, honest: &BTreeSet<String>) {
    let began = Instant::now();
    loop {
        let drifts = demo.all("/v1/drift");
        let of = |kind: &str| drifts.iter().filter(|drift| drift["kind"] == kind).collect::<Vec<_>>();
        for kind in ["dead_here_alive_there", "alive_here_dead_there"] {
            assert!(of(kind).is_empty(), "{drifts:?}");
        }
        let (differs, unknown) = (of("differs"), of("unknown_here"));
        if let ([differs], [unknown]) = (&differs[..], &unknown[..]) {
            assert_eq!(
                (&differs["attribute"], &unknown["key"]),
                (&"state".into(), &"K-of-a-closed-branch".into())
            );
            assert!(honest.contains(differs["key"].as_str().unwrap()), "{differs}");
            return;
        }
        assert!(began.elapsed() < PROMISED, "{drifts:?}");
        sleep(Duration::from_secs(1));
    }
}

/// Keys of owners who use them as they said; not those of the one who is played by hand.
fn honest(said: &Value) -> BTreeSet<String> {
    let owners = said["owners"].as_array().unwrap().iter().filter(|owner| owner["guided"] == false);
    let keys = owners.flat_map(|owner| owner["keys"].as_array().unwrap());
    let honest = keys.filter(|key| key["truth"].as_str().unwrap().starts_with("honest"));
    honest.map(|key| key["key"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn keys_climb_the_ladder_and_one_ends_by_its_owners_word() {
    plays(7);
}

/// Four more seeds, with `cargo xtask test --all`: each takes a minute or more of real time.
#[test]
fn campaign_of_more_seeds() {
    let all = std::env::var("SUMUN_CAMPAIGN_CASES").is_ok();
    for seed in [1, 2, 1_234, 987_654].into_iter().take(if all { 4 } else { 0 }) {
        plays(seed);
    }
}
