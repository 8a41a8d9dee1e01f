//! Worlds as a whole: determinism, order, form, and that each kind's truth fits what its lines show.

use super::*;
use std::collections::{BTreeMap, BTreeSet};
use sumun_model::wire::{AccessLine, Line, Origin, Signature, Verdict, parse_line, to_json};
use sumun_model::{KeyId, Reason, Timestamp};

fn start() -> Timestamp {
    "2026-01-05T00:00:00Z".parse().unwrap()
}

fn world(options: &Options) -> World {
    World::new(options).unwrap()
}

fn of_kind(kind: Kind, seed: u64, days: u32, keys: u32) -> Options {
    let (clean, bad) = if kind.is_bad() { (0, keys) } else { (keys, 0) };
    Options { kinds: vec![kind], ..Options::new(seed, start(), days, clean, bad) }
}

fn text(options: &Options) -> Vec<String> {
    world(options).json_lines().map(Result::unwrap).collect()
}

/// The line without what depends on who else is there.
fn alone(mut line: Line) -> String {
    match &mut line {
        Line::Access(line) => line.seq = None,
        Line::Order(line) => line.seq = None,
        Line::Trade(line) => line.seq = None,
        Line::Session(line) => line.seq = None,
        Line::Report(line) => line.seq = None,
        Line::Key(line) => line.seq = None,
        Line::Account(line) => line.seq = None,
        Line::Delegation(line) => line.seq = None,
        Line::Network(line) => line.seq = None,
        Line::Market(line) => line.seq = None,
        Line::Vendor(line) => line.seq = None,
        _ => {}
    }
    to_json(&line).unwrap()
}

fn accesses(options: &Options) -> Vec<AccessLine> {
    let access = |line| if let Line::Access(access) = line { Some(*access) } else { None };
    world(options).lines().filter_map(access).collect()
}

#[test]
fn a_seed_is_a_world_byte_for_byte() {
    let options = Options::new(5, start(), 2, 24, 16);
    let once = text(&options);
    assert_eq!(once, text(&options));
    assert_ne!(once, text(&Options { seed: 6, ..options }));
}

/// Frozen: a change of this number is a change of the population, and of every figure measured on it (ADR 0014).
#[test]
fn the_population_is_frozen() {
    use sha2::{Digest, Sha256};
    let mut hash = Sha256::new();
    for kind in Kind::ALL {
        for line in text(&Options { activity_permille: 200, ..of_kind(*kind, 1, 12, 3) }) {
            hash.update(line.as_bytes());
            hash.update(b"\n");
        }
    }
    insta::assert_snapshot!(hex::encode(hash.finalize()), @"dec6cb98c92836692a4af34fb84aed2a7bc876c688f193aca55c746147a16c14");
}

#[test]
fn clean_lines_do_not_know_how_many_bad_keys_there_are() {
    let none = Options::new(11, start(), 2, 30, 0);
    let many = Options { bad: 40, ..none.clone() };
    let bad: BTreeSet<KeyId> = {
        let count = world(&none).keys();
        world(&many).truth().skip(count).map(|truth| truth.key.clone()).collect()
    };
    assert!(!bad.is_empty());
    let tick = |line: &Line| matches!(line, Line::Tick(_));
    let alone_in = |options: &Options| -> BTreeSet<String> {
        world(options).lines().filter(|line| !tick(line)).map(alone).collect()
    };
    let (few, all) = (alone_in(&none), alone_in(&many));
    assert!(few.is_subset(&all));
    // And in the same order, but for lines of bad keys in between.
    let filtered: Vec<String> = world(&many)
        .lines()
        .filter(|line| !tick(line))
        .map(alone)
        .filter(|line| few.contains(line))
        .collect();
    let plain: Vec<String> = world(&none).lines().filter(|line| !tick(line)).map(alone).collect();
    assert_eq!(filtered, plain);
}

#[test]
fn every_kind_writes_lines_of_the_wire_in_time_order_with_ids_and_numbers_of_their_own() {
    for kind in Kind::ALL {
        let options = Options { activity_permille: 100, ..of_kind(*kind, 3, 4, 5) };
        let mut last = Timestamp::MIN;
        let mut ids = BTreeSet::new();
        let mut numbers: BTreeMap<String, u64> = BTreeMap::new();
        let mut words = BTreeSet::new();
        for (i, json) in text(&options).iter().enumerate() {
            let origin = Origin { source_name: kind.as_str(), line: i as u64 + 1 };
            let line = parse_line(origin, json).unwrap_or_else(|e| panic!("{e}: {json}"));
            let value: serde_json::Value = serde_json::from_str(json).unwrap();
            let ts: Timestamp = value["ts"].as_str().unwrap().parse().unwrap();
            assert!(ts >= last, "{kind:?}: {json}");
            assert!(ts >= start() && ts <= start().plus_micros(4 * DAY), "{kind:?}: {json}");
            last = ts;
            let source = value["source"].as_str().unwrap().to_owned();
            let number = numbers.entry(source.clone()).or_default();
            *number += 1;
            assert_eq!(value["seq"].as_u64(), Some(*number), "{kind:?}: {json}");
            if let Some(id) = value["id"].as_str() {
                assert!(ids.insert((source, line.type_word(), id.to_owned())), "{kind:?}: {json}");
            }
            words.insert(line.type_word());
        }
        for word in ["network", "market", "vendor", "account", "key", "access", "session", "order", "tick"] {
            assert!(words.contains(word) || (word == "tick" && last > start()), "{kind:?} writes no {word}");
        }
        assert_eq!(last, start().plus_micros(4 * DAY), "{kind:?}: the end is told");
    }
}

#[test]
fn truth_fits_its_kind_and_stands_on_every_key_line() {
    for kind in Kind::ALL {
        let options = Options { activity_permille: 40, ..of_kind(*kind, 9, 10, 12) };
        let truths: BTreeMap<KeyId, Truth> =
            world(&options).truth().map(|truth| (truth.key.clone(), truth.clone())).collect();
        assert!(truths.len() >= 12, "{kind:?}");
        for truth in truths.values() {
            assert_eq!(truth.kind, *kind);
            assert_eq!(truth.is_bad(), kind.is_bad(), "{kind:?}");
            assert_eq!(truth.from.is_some(), truth.is_bad());
            assert_eq!(truth.operator.is_some(), truth.is_bad());
            assert_eq!(truth.skill.is_some(), truth.is_bad());
            if let Some(from) = truth.from {
                assert!(from >= start() && from < start().plus_micros(10 * DAY), "{kind:?}");
            }
        }
        let framers = truths.values().filter(|truth| truth.role == Role::Framer).count();
        let framing = [Kind::FramedCopy, Kind::FramedAddress, Kind::FramedTrade].contains(kind);
        assert_eq!(framers > 0, framing, "{kind:?}");
        if matches!(kind, Kind::PoolOneHost | Kind::PoolManyHosts) {
            let operators: BTreeSet<_> = truths.values().map(|truth| truth.operator.clone()).collect();
            assert!(operators.len() < truths.len() / 2, "{kind:?}: {operators:?}");
        }
        for line in world(&options).lines() {
            if let Line::Key(line) = line {
                let truth = truths.get(&line.key).unwrap();
                assert_eq!(line.ext, Some(truth.ext()), "{kind:?}");
            }
        }
    }
}

/// What our gate would have decided of each access, computed from the `key` lines before it.
#[test]
fn verdicts_follow_from_the_records() {
    for kind in Kind::ALL {
        let mut keys = BTreeMap::new();
        for line in world(&Options { activity_permille: 150, ..of_kind(*kind, 21, 10, 10) }).lines() {
            match line {
                Line::Key(line) => {
                    keys.insert(line.key.clone(), line);
                }
                Line::Access(line) => {
                    let key = &keys[line.key.as_ref().unwrap()];
                    let entries = key.allowlist.as_ref().unwrap();
                    let ip = line.ip.unwrap();
                    let admitted = entries.iter().any(|e| e.in_effect(true) && e.prefix().contains(ip));
                    let expected = match line.signature.unwrap() {
                        Signature::Invalid => Some(Reason::SignatureInvalid),
                        Signature::Unchecked => Some(Reason::TooManyFailures),
                        _ if !admitted => Some(Reason::AddressNotAllowed),
                        _ if line.scope.is_some_and(|s| !key.scopes.unwrap().contains(s)) => {
                            Some(Reason::ScopeMissing)
                        }
                        _ if line.status == Some(429) => Some(Reason::RateLimited),
                        _ => None,
                    };
                    assert_eq!(line.reason, expected, "{kind:?}: {line:?}");
                    assert_eq!(line.verdict == Some(Verdict::Allow), expected.is_none());
                }
                _ => {}
            }
        }
    }
}

#[test]
fn what_each_kind_is_for_shows_on_the_wire() {
    let denied = |kind, reason| {
        accesses(&Options { activity_permille: 300, ..of_kind(kind, 2, 20, 12) })
            .iter()
            .filter(|line| line.reason == Some(reason))
            .count()
    };
    assert!(denied(Kind::HomeDrift, Reason::AddressNotAllowed) > 50);
    assert!(denied(Kind::Leak, Reason::AddressNotAllowed) > 50);
    assert!(denied(Kind::FramedFlood, Reason::SignatureInvalid) > 200);
    assert!(denied(Kind::FramedFlood, Reason::TooManyFailures) > 0);
    assert!(denied(Kind::FramedProbe, Reason::SignatureInvalid) > 100);
    // A relay leaves no trace of an address, a client or a refusal.
    let relayed = accesses(&Options { activity_permille: 200, ..of_kind(Kind::Relay, 2, 20, 1) });
    let distinct = |of: &dyn Fn(&AccessLine) -> String| relayed.iter().map(of).collect::<BTreeSet<_>>().len();
    assert_eq!(distinct(&|line| format!("{:?}", line.ip)), 1);
    assert!(relayed.iter().all(|line| line.reason != Some(Reason::AddressNotAllowed)));
    // A pool on one host: one address reaches many keys.
    let pool = accesses(&Options { activity_permille: 200, ..of_kind(Kind::PoolOneHost, 2, 20, 8) });
    let mut by_address: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for line in &pool {
        by_address.entry(line.ip).or_default().insert(line.key.clone());
    }
    assert!(by_address.values().any(|keys| keys.len() >= 5));
    // On many hosts none does.
    let pool = accesses(&Options { activity_permille: 200, ..of_kind(Kind::PoolManyHosts, 2, 20, 8) });
    let mut by_address: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for line in &pool {
        by_address.entry(line.ip).or_default().insert(line.key.clone());
    }
    assert!(by_address.values().all(|keys| keys.len() == 1));
}

/// Before the truth's instant at most one address used the key: its owner's, who sits at home in all these kinds.
#[test]
fn nothing_is_misused_before_the_truth_says_so() {
    for kind in Kind::ALL.iter().filter(|kind| kind.is_bad()) {
        let options = Options { activity_permille: 300, ..of_kind(*kind, 17, 20, 12) };
        let truths: BTreeMap<KeyId, Timestamp> =
            world(&options).truth().map(|truth| (truth.key.clone(), truth.from.unwrap())).collect();
        let (mut before, mut after) = (BTreeMap::<KeyId, BTreeSet<_>>::new(), BTreeSet::new());
        for line in accesses(&options) {
            let key = line.key.unwrap();
            if line.ts < truths[&key] {
                before.entry(key).or_default().insert(line.ip);
            } else {
                after.insert(key);
            }
        }
        assert_eq!(after.len(), truths.len(), "{kind:?}: some key is never misused");
        assert!(before.values().all(|addresses| addresses.len() == 1), "{kind:?}");
        assert!(*kind != Kind::BornLent || before.is_empty());
    }
}

#[test]
fn volumes_are_those_of_bots() {
    let options = Options::new(4, start(), 5, 100, 30);
    let mut lines: BTreeMap<KeyId, u64> = BTreeMap::new();
    for line in accesses(&options) {
        *lines.entry(line.key.unwrap()).or_default() += 1;
    }
    let mut a_day: Vec<u64> = lines.values().map(|n| n / 5).collect();
    a_day.sort_unstable();
    let at = |percent: usize| a_day[a_day.len() * percent / 100];
    assert!((8..=40).contains(&at(10)), "{a_day:?}");
    assert!((40..=160).contains(&at(50)), "{a_day:?}");
    assert!((150..=600).contains(&at(95)), "{a_day:?}");
}

#[test]
fn options_out_of_range_are_refused() {
    let good = Options::new(1, start(), 3, 3, 3);
    let error = |options: Options| World::new(&options).unwrap_err().to_string();
    insta::assert_snapshot!(error(Options { days: 0, ..good.clone() }), @"days: `0` is outside 1 to 366");
    insta::assert_snapshot!(
        error(Options { kinds: vec![Kind::Home], ..good }),
        @"3 bad keys are asked for, but none of the kinds given is bad; name one, or ask for none"
    );
    assert!(World::new(&Options { clean: 0, bad: 0, ..good }).unwrap().lines().count() > 20);
}
