//! `sumun simulate`: the same world for the same seed, truth on its key lines, and plain words for what makes no world.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests may panic, and their names say what they are"
)]

mod support;

use serde_json::Value;
use support::Place;

const SMALL: [&str; 9] = ["simulate", "--seed", "1", "--days", "1", "--clean", "3", "--bad", "2"];

#[test]
fn a_seed_is_a_world() {
    let place = Place::new();
    let once = place.run(&SMALL);
    assert_eq!(once.code, 0, "{}", once.err);
    insta::assert_snapshot!(once.err.lines().next().unwrap(), @"seed 1");
    assert!(once.err.contains(" lines of 5 keys, 2 of them misused\n"), "{}", once.err);
    assert_eq!(once.out, place.run(&SMALL).out);
    let truths = once
        .out
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|line| line["type"] == "key")
        .all(|line| line["ext"]["truth"]["bad"].is_boolean());
    assert!(truths);
    let last: Value = serde_json::from_str(once.out.lines().last().unwrap()).unwrap();
    assert_eq!(
        (last["type"].as_str(), last["ts"].as_str()),
        (Some("tick"), Some("2026-01-06T00:00:00.000000Z"))
    );
}

#[test]
fn it_can_be_written_to_a_file() {
    let place = Place::new();
    let file = place.path("world.ndjson");
    let ran = place.run(&[&SMALL[..], &["--stats", "--out", file.to_str().unwrap()]].concat());
    assert_eq!((ran.code, ran.out.as_str()), (0, ""));
    assert!(ran.err.contains("lines a second, peak memory"), "{}", ran.err);
    assert_eq!(std::fs::read_to_string(file).unwrap(), place.run(&SMALL).out);
}

#[test]
fn what_makes_no_world_is_told() {
    let place = Place::new();
    let told = |more: &[&str]| {
        let ran = place.run(&[&SMALL[..], more].concat());
        assert_eq!(ran.code, 2, "{}", ran.err);
        ran.err
    };
    insta::assert_snapshot!(told(&["--activity", "0"]), @"error: activity in thousandths: `0` is outside 1 to 10000");
    insta::assert_snapshot!(told(&["--kinds", "home"]), @"error: 2 bad keys are asked for, but none of the kinds given is bad; name one, or ask for none");
    insta::assert_snapshot!(told(&["--kinds", "weather"]).lines().next().unwrap(), @"error: invalid value 'weather' for '--kinds <KINDS>': unknown kind `weather`, expected one of home, home_drift, dual_stack, office_nat, household_nat, travel, failover, upgrade, migration, cloud, popular_cloud, vendor, copied_code, mobile, corporate_desk, market_maker, outage, framed_copy, framed_address, framed_flood, framed_probe, framed_trade, interleaved, hand_over, pool_one_host, pool_many_hosts, leak, relay, born_lent");
}

#[test]
fn help_of_simulate() {
    insta::assert_snapshot!(Place::new().run(&["simulate", "--help"]).out, @"
    Write a made-up population of key users as event lines, with ground truth.

    The same seed and numbers give the same bytes on any machine. What a key really is stands on its
    `key` lines under `ext.truth`, which detection never reads. Clean keys' lines are the same however
    many bad ones there are, but for `seq`. The seed and what was written go to standard error.

    Usage: sumun simulate [OPTIONS] --seed <SEED> --days <DAYS> --clean <CLEAN> --bad <BAD>

    Options:
          --seed <SEED>
              What every draw follows from

          --days <DAYS>
              How many days

          --clean <CLEAN>
              How many keys of honest kinds

          --bad <BAD>
              How many keys of dishonest kinds

          --start <DATE>
              The first day
              
              [default: 2026-01-05]

          --kinds <KINDS>
              Only these kinds, such as `home,interleaved` [default: all, in the proportions of the mix]

          --activity <PERMILLE>
              How busy keys are, in thousandths of the usual
              
              [default: 1000]

          --ja4 <PERCENT>
              How many keys in a hundred are seen by a gate that learns TLS fingerprints
              
              [default: 50]

          --out <FILE>
              Write to this file instead of standard output; `-` is standard output
              
              [default: -]

          --stats
              Say how long it took, and how much memory, on standard error

      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version

    Examples:
      sumun simulate --seed 1 --days 3 --clean 30 --bad 10 > world.ndjson
      sumun simulate --seed 7 --days 30 --clean 0 --bad 20 --kinds relay,leak --out hard.ndjson

    Exit codes: 0 written, 1 the output could not be written, 2 no world can be made of the arguments.
    ");
}
