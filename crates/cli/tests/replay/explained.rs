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

/// "Not me": the owner's denial ends the key, and what is told afterwards says so: hard evidence, how it ended, and nothing in force that
/// was never taken.
#[test]
fn a_key_that_its_owner_ended_says_so() {
    let place = Place::new();
    place.write("policy.toml", &quick_policy());
    let mut world = turns(12);
    // As the ledger tells it: the denial, then the row that it ended.
    world.push_str(
        r#"{"type":"report","id":"Q1/answer","ts":"2026-05-28T09:01:00Z","source":"govern","kind":"owner_denies","key":"K1","account":"A1","reporter":"owner"}
{"type":"key","ts":"2026-05-28T09:01:00Z","source":"govern","key":"K1","account":"A1","state":"expired","cause":"leaked","measure":"hold","scopes":["read","trade"],"allowlist":["203.0.113.7/32","198.51.100.9/32"],"purpose":"own_bot"}
{"type":"key","ts":"2026-05-28T09:01:30Z","source":"govern","key":"K1","account":"A1","state":"expired","cause":"leaked","measure":"hold","scopes":["read","trade"],"allowlist":["203.0.113.7/32"],"purpose":"own_bot"}
"#,
    );
    place.write("world.ndjson", &world);
    let explain = |at: &str, more: &[&str]| {
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
            at,
        ];
        place.run(&[&known, more].concat())
    };
    let told = explain("2026-05-28T09:05:00Z", &["--json"]).json();
    let explanation = &told["explanation"];
    assert!(explanation["hard"]["owner_denies"].is_string(), "{explanation}");
    let denied =
        explanation["rules"].as_array().unwrap().iter().find(|rule| rule["rule"] == "denied").unwrap();
    assert_eq!((&denied["reading"], &denied["parts"][0]["values"][0][1]), (&"met".into(), &"true".into()));
    // It ended once, when its row first said so; under a hold, and by nobody's forced end.
    let ended =
        serde_json::json!({ "at": "2026-05-28T09:01:00.000000Z", "cause": "leaked", "measure": "hold" });
    assert_eq!(explanation["ended"], ended);
    for name in ["measure", "since", "due", "proposed", "next_due"] {
        assert!(explanation[name].is_null(), "{name}: {explanation}");
    }
    let taken: Vec<_> = told["measures"].as_array().unwrap().iter().map(|one| &one["measure"]).collect();
    assert_eq!(taken, ["monitor", "hold"]);
    // Before that it had not ended, and nobody had denied anything.
    let before = explain("2026-05-28T09:00:59Z", &["--json"]).json();
    assert!(before["explanation"].get("ended").is_none(), "{before}");
    assert_eq!(
        (&before["explanation"]["hard"], &before["explanation"]["measure"]),
        (&serde_json::json!({}), &"hold".into())
    );
    for (lang, said) in
        [("en", "this key has ended: 2026-05-28T09:01:00"), ("ko", "종료된 키: 2026-05-28T09:01:00")]
    {
        let shown = explain("2026-05-28T09:05:00Z", &["--lang", lang]).shown();
        assert!(shown.contains(said), "{shown}");
    }
}
