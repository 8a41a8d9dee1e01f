//! `sumun explain`: the table, why, and why not.

use super::support::Place;
use super::world::{quick_policy, turns};

#[test]
fn a_key_is_explained_at_an_instant_in_both_languages() {
    let place = Place::new();
    place.write("policy.toml", &quick_policy());
    place.write("world.ndjson", &turns(12));
    let explain = |at: &str, more: &[&str]| {
        let at = format!("2026-05-28T{at}Z");
        let known = [
            "explain",
            "K1",
            "--log",
            "world.ndjson",
            "--policy",
            "policy.toml",
            "--data",
            "none",
            "--at",
            &at,
        ];
        place.run(&[&known, more].concat())
    };
    insta::assert_snapshot!("explained", explain("09:00:36", &[]).shown());
    insta::assert_snapshot!("explained_korean", explain("09:00:36", &["--lang", "ko"]).shown());
    // The terms add up, then and later, whatever decayed.
    for at in ["09:00:21", "09:00:36", "11:00:00"] {
        let told = explain(at, &["--json"]).json();
        let sharing = &told["explanation"]["scores"][0];
        let sum: i64 =
            sharing["terms"].as_array().unwrap().iter().map(|t| t["points"].as_i64().unwrap()).sum();
        assert_eq!(sum, sharing["points"].as_i64().unwrap());
        assert!(sum > 0, "{told}");
    }
    // Before its first request all there is is the key itself.
    assert_eq!(explain("08:30:00", &["--json"]).json()["signals"], serde_json::json!([]));
    insta::assert_snapshot!(explain("07:00:00", &[]).shown(), @"
    exit 2
    error: nothing is known of `K1` by 2026-05-28T07:00:00.000000Z; no valid request and no `key` line names it so far
    ");
}
