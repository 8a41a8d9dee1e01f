//! What the record holds once a demo stands: nobody agreed to what he may not, or to his own; and a canary was tried.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests may panic, wait for real processes, and their names say what they are"
)]

mod support;

use std::thread::sleep;
use std::time::Duration;
use support::Demo;

/// Between two looks at what comes about by itself.
const LOOK: Duration = Duration::from_millis(500);

#[test]
fn people_agree_to_what_is_theirs_and_a_canary_is_refused_once_it_has_ended() {
    let demo = Demo::start(&["--seed", "6", "--quiet"]);
    let approvals = demo.all("/v1/approvals");
    let of_keys = approvals.iter().filter(|one| one["action"] == "key.grant").count();
    assert!(of_keys >= 20, "keys that trade are agreed to: {of_keys}");
    for approval in &approvals {
        for decision in approval["decisions"].as_array().unwrap() {
            let by = decision["by"].as_str().unwrap();
            let entitled: &[&str] = match approval["action"].as_str().unwrap() {
                "key.grant" => &["user:joon", "user:yuna"],
                _ => &["user:hana"],
            };
            assert!(entitled.contains(&by), "{approval}");
            assert_ne!(approval["requested_by"], by, "{approval}");
        }
    }
    // Everybody is called something, and nobody could be taken for a person.
    for user in demo.all("/v1/users") {
        assert!(user["name"].as_str().unwrap().ends_with("(가상 인물)"), "{user}");
    }
    // It lives for some seconds first, by the clock of the venue.
    let outcome = loop {
        let canaries = demo.all("/v1/canaries");
        if let Some(outcome) = canaries.first().and_then(|one| one["outcome"].as_str().map(str::to_owned)) {
            break outcome;
        }
        sleep(LOOK);
    };
    assert_eq!(outcome, "obeyed");
}
