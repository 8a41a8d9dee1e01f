//! Brokers that are away, whole clusters and one of three: nothing is lost or comes twice, and nobody is told what nobody knows.

use crate::cluster::Cluster;
use crate::house::{House, Open};
use crate::process::Process;
use crate::states::{SECRET, World, acknowledged, lift, newest, send, signed, suspend};
use crate::tap::{config, line, once_each, start, taken, until_held};
use crate::until;
use rdkafka::mocking::MockCoordinator;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

/// Longer than the bridge lets pass without saying how far a partition is, be it the same as before.
const TOLD_AGAIN: Duration = Duration::from_secs(18);
const GONE: &str = "Kafka does not answer";
const BACK: &str = "Kafka answers again";

/// As of a tap, that looks for brokers often.
fn quick(cluster: &Cluster, open: &Open<'_>) -> String {
    config(cluster, &open.server, "")
        .replace("properties = { ", r#"properties = { "reconnect.backoff.max.ms" = "500", "#)
}

/// When each partition was last heard of.
fn heard(open: &Open<'_>, watching: &str) -> Vec<Value> {
    open.partitions(watching).iter().map(|one| one["heard"].clone()).collect()
}

/// Waits until nothing was told of any partition for so long that something would have been.
fn told_nothing_more(open: &Open<'_>, watching: &str) {
    let before = heard(open, watching);
    std::thread::sleep(TOLD_AGAIN);
    assert_eq!(heard(open, watching), before, "nobody knows how far behind it is, and yet it was told");
}

fn told_something(open: &Open<'_>, watching: &str, partition: usize) {
    let before = heard(open, watching)[partition].clone();
    until("how far a partition is to be told again", || {
        (heard(open, watching)[partition] != before).then_some(())
    });
}

/// Lines with these numbers, each in the partition of its number.
fn write(cluster: &Cluster, partitions: u64, numbers: &Range<u64>) {
    for partition in 0..partitions {
        cluster.write("access", i32::try_from(partition).unwrap(), own(partitions, partition, numbers));
    }
}

fn own(partitions: u64, partition: u64, numbers: &Range<u64>) -> impl Iterator<Item = String> + use<> {
    numbers.clone().filter(move |number| number % partitions == partition).map(line)
}

/// Each once, none missing, and those of a partition in its order.
fn all_in_order(house: &House, partitions: u64, numbers: Range<u64>) {
    once_each(house, numbers);
    for partition in 0..partitions {
        let own: Vec<u64> =
            taken(house).into_iter().filter(|number| number % partitions == partition).collect();
        assert!(own.is_sorted(), "partition {partition}: {own:?}");
    }
}

fn ends_well(bridge: Process) -> String {
    let began = std::time::Instant::now();
    let (status, said) = bridge.stop();
    assert!(status.success(), "{said}");
    assert!(began.elapsed() < Duration::from_secs(30), "it took {:?} to stop: {said}", began.elapsed());
    assert!(!said.contains("\"level\":\"ERROR\""), "{said}");
    said
}

#[test]
fn a_cluster_that_is_away_is_told_of_once_and_costs_no_line() {
    let cluster = Cluster::start(&[("access", 2)]);
    let house = House::new("");
    let open = house.opened();
    let watching = house.tap_token(&open);
    house.write("kafka.toml", &quick(&cluster, &open));
    // Away at the start: it waits, says so, and no partition is known of.
    cluster.mock.broker_down(1).unwrap();
    let bridge = start(&house);
    bridge.says(GONE, 1);
    assert!(open.partitions(&watching).is_empty());
    cluster.mock.broker_up(1).unwrap();
    write(&cluster, 2, &(0..100));
    until_held(&open, &watching, 100);
    bridge.says(BACK, 1);
    told_something(&open, &watching, 0);
    // Gone in mid-flow, with connections broken; lines come meanwhile from somebody who waits, too.
    write(&cluster, 2, &(100..1_100));
    cluster.mock.broker_down(1).unwrap();
    bridge.says(GONE, 2);
    for partition in 0..2 {
        cluster.send("access", partition, own(2, u64::try_from(partition).unwrap(), &(1_100..1_200)));
    }
    told_nothing_more(&open, &watching);
    let backs = bridge.said().matches(BACK).count();
    cluster.mock.broker_up(1).unwrap();
    until_held(&open, &watching, 1_200);
    bridge.says(BACK, backs + 1);
    for partition in 0..2 {
        told_something(&open, &watching, partition);
    }
    // Silent, with all connections open.
    write(&cluster, 2, &(1_200..1_300));
    until_held(&open, &watching, 1_300);
    let (gones, backs) = (bridge.said().matches(GONE).count(), bridge.said().matches(BACK).count());
    cluster.silent(1, true);
    bridge.says(GONE, gones + 1);
    told_nothing_more(&open, &watching);
    cluster.silent(1, false);
    bridge.says(BACK, backs + 1);
    write(&cluster, 2, &(1_300..1_400));
    until_held(&open, &watching, 1_400);
    for one in open.partitions(&watching) {
        assert_eq!((&one["passed_over"], &one["files"]["holes"]), (&0.into(), &0.into()), "{one}");
    }
    let said = ends_well(bridge);
    // Partitions, and the group if something was to be committed: no more than a sentence each, of three absences.
    assert!(said.matches(GONE).count() <= 6, "{said}");
    all_in_order(&house, 2, 0..1_400);
}

#[test]
fn one_broker_of_three_that_is_away_stops_its_own_partitions_only() {
    let cluster = Cluster::of_brokers(3, &[("access", 3)]);
    for partition in 0..3 {
        cluster.mock.partition_leader("access", partition, Some(partition + 1)).unwrap();
    }
    cluster.mock.coordinator(MockCoordinator::Group("sumun.front-1".to_owned()), 3).unwrap();
    let house = House::new("");
    let open = house.opened();
    let watching = house.tap_token(&open);
    house.write("kafka.toml", &quick(&cluster, &open));
    write(&cluster, 3, &(0..300));
    let bridge = start(&house);
    until_held(&open, &watching, 300);
    let others = |numbers: Range<u64>| {
        for partition in 1..3 {
            cluster.write("access", partition, own(3, u64::try_from(partition).unwrap(), &numbers));
        }
    };
    let go_on = |before: u64, wanted: u64| {
        let held = open.partitions(&watching)[0]["held"].clone();
        until_held(&open, &watching, before + wanted);
        assert_eq!(open.partitions(&watching)[0]["held"], held);
    };
    // Away, and then silent: the other two go on, and are told of.
    for (round, silent) in [(1, false), (2, true)] {
        let gone = |gone: bool| match (silent, gone) {
            (true, _) => cluster.silent(1, gone),
            (false, true) => cluster.mock.broker_down(1).unwrap(),
            (false, false) => cluster.mock.broker_up(1).unwrap(),
        };
        gone(true);
        bridge.says("Kafka does not answer for partitions 0 of `access`", round);
        others(round as u64 * 300..round as u64 * 300 + 300);
        go_on(round as u64 * 300, 200);
        let before = heard(&open, &watching);
        std::thread::sleep(TOLD_AGAIN);
        let after = heard(&open, &watching);
        let moved: Vec<bool> = before.iter().zip(&after).map(|(before, after)| before != after).collect();
        assert_eq!(moved, [false, true, true]);
        gone(false);
        cluster.write("access", 0, own(3, 0, &(round as u64 * 300..round as u64 * 300 + 300)));
        until_held(&open, &watching, round as u64 * 300 + 300);
        bridge.says("Kafka answers again for partitions 0 of `access`, after", round);
    }
    // Another broker takes the partition on.
    cluster.mock.broker_down(1).unwrap();
    cluster.mock.partition_leader("access", 0, Some(2)).unwrap();
    write(&cluster, 3, &(900..1_200));
    until_held(&open, &watching, 1_200);
    ends_well(bridge);
    // Begun while it is away: the others are taken on all the same.
    cluster.mock.partition_leader("access", 0, Some(1)).unwrap();
    others(1_200..1_500);
    let bridge = start(&house);
    go_on(1_200, 200);
    assert!(bridge.said().contains("does not answer for partitions 0 of"), "{}", bridge.said());
    cluster.mock.broker_up(1).unwrap();
    cluster.write("access", 0, own(3, 0, &(1_200..1_500)));
    until_held(&open, &watching, 1_500);
    for one in open.partitions(&watching) {
        assert_eq!((&one["passed_over"], &one["files"]["holes"]), (&0.into(), &0.into()), "{one}");
    }
    ends_well(bridge);
    all_in_order(&house, 3, 0..1_500);
}

/// Partitions that a group gave last, as the log has them.
fn given_last(bridge: &Process) -> Option<String> {
    let said = bridge.said();
    let last = said.lines().rfind(|line| line.contains("Partitions are ours"))?;
    let line: Value = serde_json::from_str(last).unwrap();
    Some(line["fields"]["partitions"].as_str().unwrap().to_owned())
}

#[test]
fn a_rebalance_while_a_broker_is_away_is_not_its_return() {
    let cluster = Cluster::of_brokers(3, &[("access", 3)]);
    for partition in 0..3 {
        cluster.mock.partition_leader("access", partition, Some(partition + 1)).unwrap();
    }
    cluster.mock.coordinator(MockCoordinator::Group("sumun.front-1".to_owned()), 3).unwrap();
    let house = House::new("");
    let open = house.opened();
    let watching = house.tap_token(&open);
    house.write("kafka.toml", &quick(&cluster, &open));
    write(&cluster, 3, &(0..300));
    let first = start(&house);
    until_held(&open, &watching, 300);
    cluster.mock.broker_down(1).unwrap();
    first.says("Kafka does not answer for partitions 0 of `access`", 1);
    // Another comes, and the group divides the partitions anew.
    let second = start(&house);
    let first_has_it = until("partitions to be divided", || {
        let (first, second) = (given_last(&first)?, given_last(&second)?);
        (first.contains('0') != second.contains('0')).then(|| first.contains('0'))
    });
    // Whoever has it now looks again, more than once.
    std::thread::sleep(TOLD_AGAIN);
    let told = |bridge: &Process| {
        (bridge.said().matches(GONE).count(), bridge.said().matches("Kafka answers").count())
    };
    let others = if first_has_it { (0, 0) } else { (1, 0) };
    assert_eq!((told(&first), told(&second)), ((1, 0), others), "{}{}", first.said(), second.said());
    // Its return is said once, by whoever has it.
    cluster.mock.broker_up(1).unwrap();
    let (owner, other) = if first_has_it { (&first, &second) } else { (&second, &first) };
    owner.says("Kafka answers again for partitions 0 of `access`, after", 1);
    assert_eq!((told(owner), told(other).1), ((1, 1), 0), "{}{}", first.said(), second.said());
    write(&cluster, 3, &(300..600));
    until_held(&open, &watching, 600);
    ends_well(first);
    ends_well(second);
    all_in_order(&house, 3, 0..600);
}

#[test]
fn brokers_that_are_away_do_not_keep_one_behind_them_from_being_asked() {
    const BROKERS: i32 = 5;
    let cluster = Cluster::of_brokers(BROKERS, &[("access", BROKERS)]);
    for partition in 0..BROKERS {
        cluster.mock.partition_leader("access", partition, Some(partition + 1)).unwrap();
    }
    cluster.mock.coordinator(MockCoordinator::Group("sumun.front-1".to_owned()), BROKERS).unwrap();
    let house = House::new("");
    let open = house.opened();
    let watching = house.tap_token(&open);
    house.write("kafka.toml", &quick(&cluster, &open));
    write(&cluster, 5, &(0..500));
    let all_but_the_last = |up: bool| {
        for broker in 1..BROKERS {
            // Silent, not down: the mock no longer names those that are down, and nobody would wait for them.
            cluster.silent(broker, !up);
        }
    };
    let last = |numbers: &Range<u64>| cluster.write("access", 4, own(5, 4, numbers));
    // Away at the start: what the last one has is taken all the same.
    all_but_the_last(false);
    let bridge = start(&house);
    until_held(&open, &watching, 100);
    bridge.says("Kafka does not answer for partitions 0, 1, 2, 3 of `access`", 1);
    // And goes on to be, while it is told of.
    last(&(500..1_000));
    until_held(&open, &watching, 200);
    let only = |open: &Open<'_>| open.partitions(&watching)[0]["source"] == "exchange:kafka.front-1.4";
    assert!(only(&open) && open.partitions(&watching).len() == 1);
    told_something(&open, &watching, 0);
    // Back, and away once more, in the midst of it.
    all_but_the_last(true);
    for partition in 0..4 {
        let number = u64::try_from(partition).unwrap();
        cluster.write("access", partition, own(5, number, &(500..1_000)));
    }
    until_held(&open, &watching, 1_000);
    let gone = bridge.said().matches(GONE).count();
    all_but_the_last(false);
    bridge.says(GONE, gone + 1);
    last(&(1_000..1_500));
    until_held(&open, &watching, 1_100);
    told_something(&open, &watching, 4);
    // Nobody ever said that the last one did not answer.
    for line in bridge.said().lines().filter(|line| line.contains(GONE)) {
        let line: Value = serde_json::from_str(line).unwrap();
        let partitions = line["fields"]["partitions"].as_str().unwrap();
        assert!(!partitions.contains('4'), "{line}");
    }
    all_but_the_last(true);
    ends_well(bridge);
    let rest = (0..1_000).chain((1_000..1_500).filter(|number| number % 5 == 4));
    once_each(&house, rest);
}

#[test]
fn a_bridge_is_told_to_stop_while_brokers_are_away() {
    let cluster = Cluster::start(&[("access", 2)]);
    let house = House::new("");
    let open = house.opened();
    let watching = house.tap_token(&open);
    // With the session's own time, which is longer than anybody waits for a stop.
    let usual = quick(&cluster, &open).replace(r#""session.timeout.ms" = "3000", "#, "");
    house.write("kafka.toml", &usual);
    write(&cluster, 2, &(0..100));
    let bridge = start(&house);
    until_held(&open, &watching, 100);
    write(&cluster, 2, &(100..2_100));
    cluster.silent(1, true);
    bridge.says(GONE, 1);
    ends_well(bridge);
    cluster.silent(1, false);
    let bridge = start(&house);
    until_held(&open, &watching, 2_100);
    ends_well(bridge);
    all_in_order(&house, 2, 0..2_100);
}

#[test]
fn states_wait_for_brokers_and_none_is_acknowledged_before_it_stands_there() {
    let world = World::retrying("attempts = 3\nagain_s = 1");
    // Away at the start: nothing is listened to before it is known what stands in the topic.
    world.cluster.mock.broker_down(1).unwrap();
    let mut bridge = Process::begin(world.house.bridge(&["states", "--config", "kafka.toml"]));
    bridge.says(GONE, 1);
    world.cluster.mock.broker_up(1).unwrap();
    bridge.wait_ready();
    bridge.says("Kafka answers, after", 1);
    world.forward.to(bridge.ready["listen"].as_str().unwrap());
    let open = world.opened();
    let watching = open.machine("viewer");
    suspend(&open, "K1");
    suspend(&open, "K2");
    acknowledged(&open, &watching, 2);
    for (round, silent) in [(1_usize, false), (2, true)] {
        let gone = |gone: bool| match (silent, gone) {
            (true, _) => world.cluster.silent(1, gone),
            (false, true) => world.cluster.mock.broker_down(1).unwrap(),
            (false, false) => world.cluster.mock.broker_up(1).unwrap(),
        };
        let stood = world.read().len();
        gone(true);
        lift(&open, "K1");
        lift(&open, "K2");
        bridge.says(GONE, 1 + round);
        suspend(&open, "K1");
        suspend(&open, "K2");
        lift(&open, "K2");
        suspend(&open, "K2");
        // Asked again and again; somebody is told, and nothing of it is receipted.
        let waiting = until("somebody to be told of both keys", || {
            let told = open.list(&watching, "/v1/actuations");
            let vain = |one: &Value| one["state"] == "failed" && one["target"] == "suspended";
            (told.len() == 2 && told.iter().all(vain)).then_some(told)
        });
        for one in &waiting {
            assert_eq!((&one["acknowledged"], &one["answer"]), (&Value::Null, &Value::Null), "{one}");
        }
        gone(false);
        let told = acknowledged(&open, &watching, 2);
        bridge.says(BACK, round);
        let mut read = world.read();
        assert!(read.len() > stood, "{read:?}");
        // Of a broker that fell silent in the midst of it one may stand there twice, one behind the other; an older one never.
        let mut last = BTreeMap::new();
        read.retain(|one| {
            let version = one.data()["version"].clone();
            last.insert(one.key.clone(), version.clone()) != Some(version)
        });
        let known = newest(&read);
        for one in &told {
            let (version, target) = &known[one["key"].as_str().unwrap()];
            assert_eq!(
                (&one["intent"], &one["target"]),
                (&serde_json::json!(version), &serde_json::json!(target)),
                "{one}"
            );
            assert_eq!(target, "suspended");
        }
    }
    let (status, said) = bridge.stop();
    assert!(status.success(), "{said}");
    assert!(said.matches(GONE).count() <= 4, "each absence is said once: {said}");
}

#[test]
fn replicas_that_are_missing_are_no_broker_that_is_away() {
    let world = World::new();
    let config = world.house.read("kafka.toml");
    let properties = "properties = { \"message.timeout.ms\" = \"4000\" }\n[states]";
    world.house.write("kafka.toml", &config.replace("[states]", properties));
    let bridge = world.bridge();
    let message = |version: i64| {
        json!({ "type": "key.state", "timestamp": "2026-11-20T09:00:00Z", "data": { "key": "K1", "version": version, "target": "held" } }).to_string()
    };
    // As a broker answers with fewer replicas in sync than `min.insync.replicas`.
    let too_few = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS; 1_000];
    world.cluster.mock.request_errors(RDKafkaApiKey::Produce, &too_few);
    // Said although nobody waits for the answer any more.
    let now = signed::now();
    let config = ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(1)));
    let impatient: ureq::Agent = config.build().into();
    let ask = impatient.post(format!("http://{}/", world.forward.at)).header("webhook-id", "m1");
    let ask = ask.header("webhook-timestamp", &now);
    let ask = ask.header("webhook-signature", signed::by(SECRET, &message(3), &now));
    assert!(matches!(ask.send(message(3)), Err(ureq::Error::Timeout(_))));
    bridge.says("A state of key K1 is not written: the brokers answer", 1);
    // And to whoever waits.
    let (status, no) = send(&world, SECRET, &message(3));
    let detail = no["detail"].as_str().unwrap();
    assert_eq!((status, &no["code"]), (503, &json!("not_written")), "{no}");
    assert!(detail.contains("`min.insync.replicas`"), "{no}");
    // More than one look at brokers later nobody said that they were away, or are back.
    std::thread::sleep(Duration::from_secs(5));
    let said = bridge.said();
    assert!(!said.contains(GONE) && !said.contains("Kafka answers"), "{said}");
    assert_eq!(said.matches("is not written").count(), 2, "{said}");
    world.cluster.mock.clear_request_errors(RDKafkaApiKey::Produce);
    assert_eq!(send(&world, SECRET, &message(3)).0, 200);
    assert_eq!(newest(&world.read())["K1"], (3, "held".to_owned()));
    assert!(bridge.stop().0.success());
}

#[test]
fn a_bridge_of_states_is_told_to_stop_while_it_waits_for_brokers() {
    let world = World::new();
    world.cluster.mock.broker_down(1).unwrap();
    let bridge = Process::begin(world.house.bridge(&["states", "--config", "kafka.toml"]));
    bridge.says(GONE, 1);
    let said = ends_well(bridge);
    assert!(said.contains("Stopping"), "{said}");
}
