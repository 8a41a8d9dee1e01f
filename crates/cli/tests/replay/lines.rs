//! What it prints, and what it says of lines it cannot read.

use super::support::Place;
use super::world::{quick_policy, simulated, turns};

fn replay(place: &Place, arguments: &[&str], text: &str) -> super::support::Ran {
    place.run_with_stdin(
        &[&["replay", "--shards", "1", "--data", "none"], arguments].concat(),
        text.as_bytes(),
    )
}

#[test]
fn a_small_world_is_told_in_both_languages() {
    let place = Place::new();
    place.write("policy.toml", &quick_policy());
    let world = turns(8) + "{\"type\":\"tick\",\"ts\":\"2026-05-28T09:10:00Z\"}\n";
    insta::assert_snapshot!("english", replay(&place, &["--policy", "policy.toml"], &world).shown());
    insta::assert_snapshot!(
        "korean",
        replay(&place, &["--policy", "policy.toml", "--lang", "ko"], &world).shown()
    );
    // Where measures were recorded, the ladder is not asked.
    let recorded = replay(&place, &["--policy", "policy.toml", "--measures", "recorded"], &world);
    assert!(!recorded.out.contains("\"type\":\"measure\""), "{}", recorded.shown());
    assert!(recorded.out.contains("\"type\":\"signal\""));
}

#[test]
fn findings_before_a_bad_line_are_printed_and_the_line_is_named() {
    let place = Place::new();
    place.write("policy.toml", &quick_policy());
    let good = turns(6);
    let world = good.clone() + "{\"type\":\"tick\",\"ts\":\"soon\"}\n" + &turns(8);
    let policy = ["--policy", "policy.toml"];
    let ran = replay(&place, &policy, &world);
    assert_eq!(ran.code, 2);
    assert_eq!(ran.out, replay(&place, &policy, &good).out);
    assert!(!ran.out.is_empty());
    insta::assert_snapshot!(ran.err, @"
    error: stdin:11:27: field `ts`: time `soon` must end in `Z` (UTC)
    10 lines, 2 signals, 1 measure, 1 key known, 1 thread
    ");
    let unknown =
        replay(&place, &policy, "{\"type\":\"tick\",\"ts\":\"2026-05-28T09:00:00Z\",\"colour\":1}\n");
    insta::assert_snapshot!(unknown.err, @"
    error: stdin:1:51: field `colour`: unknown field `colour`, expected one of `type`, `ts`, `source`, `seq`, `ext`
    0 lines, 0 signals, 0 measures, 0 keys known, 0 threads
    ");
    // The name of the file stands for `stdin`.
    place.write("bad.ndjson", "\n");
    insta::assert_snapshot!(place.run(&["replay", "bad.ndjson", "--data", "none"]).err, @"
    error: bad.ndjson:1:0: field `type`: EOF while parsing a value
    0 lines, 0 signals, 0 measures, 0 keys known, 0 threads
    ");
}

#[test]
fn bad_lines_are_skipped_and_counted_when_asked() {
    let place = Place::new();
    let world = turns(8);
    let with_bad: String = world
        .lines()
        .enumerate()
        .map(|(n, line)| if n % 3 == 0 { format!("{line}\nnot a line\n") } else { format!("{line}\n") })
        .collect();
    let ran = replay(&place, &["--skip-bad"], &with_bad);
    assert_eq!(ran.code, 0);
    insta::assert_snapshot!(ran.err, @"
    12 lines, 4 signals, 1 measure, 1 key known, 1 thread
      4 bad and skipped
    ");
    // Only the ids of findings that state lines cause could differ: their places in the log do.
    assert_eq!(ran.out, replay(&place, &[], &world).out);
}

#[test]
fn changes_too_many_to_be_compared_are_said_at_the_end() {
    let place = Place::new();
    simulated(&place, 8, 8);
    place.write("policy.toml", &quick_policy());
    place.write(
        "narrow.toml",
        &quick_policy().replace("[detectors]", "[detectors.co_change]\nwaiting_max = 1"),
    );
    let said = "changes of keys compared with nobody's: too many at once";
    let ran = |arguments: &[&str]| {
        let ran = place.run(&[&["replay", "--data", "none"], arguments].concat());
        assert_eq!(ran.code, 0, "{}", ran.shown());
        ran.err
    };
    let whole = ran(&["world.ndjson", "--policy", "policy.toml"]);
    assert!(!whole.contains(said), "{whole}");
    let narrow = ran(&["world.ndjson", "--policy", "narrow.toml"]);
    let line = |text: &str| text.lines().find(|line| line.contains(said)).unwrap().to_owned();
    assert!(line(&narrow).trim().split(' ').next().unwrap().parse::<u64>().unwrap() > 10, "{narrow}");
    // What was counted before a stop is counted behind it.
    ran(&["world.ndjson", "--policy", "narrow.toml", "--stop-after", "100000000", "--save", "state"]);
    place.write("rest.ndjson", "");
    let behind = ran(&["rest.ndjson", "--policy", "narrow.toml", "--restore", "state"]);
    assert_eq!(line(&behind), line(&narrow));
}

#[test]
fn what_is_given_must_be_good() {
    let place = Place::new();
    place.write("policy.toml", &(quick_policy() + "\n"));
    place.write("weather.toml", &quick_policy().replace("[detectors]", "[detectors.weather]\nrain = 1"));
    place.write(
        "field.toml",
        &quick_policy().replace("[detectors]", "[detectors.concurrent_origins]\nrain = 1"),
    );
    let error = |arguments: &[&str]| {
        let ran = replay(&place, arguments, "");
        assert_eq!(ran.code, 2, "{}", ran.shown());
        ran.err
    };
    insta::assert_snapshot!(error(&["--policy", "none.toml"]), @"error: failed to read `none.toml`: No such file or directory (os error 2); name a policy file");
    insta::assert_snapshot!(error(&["--policy", "weather.toml"]), @"error: `weather.toml`: `[detectors]`: unknown detector `weather`, expected one of engine, unfamiliar_properties, first_seen_network, concurrent_origins, auth_failure_burst, policy_violation, activity, fanout, co_change");
    insta::assert_snapshot!(error(&["--policy", "field.toml"]), @"error: `field.toml`: `[detectors]`: unknown field `rain`, expected one of `window_s`, `returns_least`, `return_milli`, `strength_milli_max`, `same_client_milli`, `repeat_s`");
    let then = replay(&place, &["--policy", "field.toml", "--as-in-force"], "");
    assert_eq!(then.code, 0, "{}", then.shown());
    assert!(
        then.err.contains("policy `field.toml` in force holds what detection cannot use"),
        "{}",
        then.err
    );
    insta::assert_snapshot!(error(&["--restore", "nowhere"]), @"error: failed to read `nowhere/detect.snapshot`: No such file or directory (os error 2); name a folder that `--save` wrote");
    assert!(error(&["--stop-after", "3"]).contains("--save"));
    std::fs::create_dir(place.path("state")).unwrap();
    place.write("state/detect.snapshot", "no snapshot");
    insta::assert_snapshot!(error(&["--restore", "state"]), @"error: `state/detect.snapshot`: not a snapshot of detection, or one of another version of Sumun; replay the log from its beginning");
}
