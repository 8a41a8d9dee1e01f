//! Topics of access lines, handed in exactly once: whoever is killed in the middle, through rebalances, holes and a control plane that is away.

use crate::cluster::Cluster;
use crate::forward::Forward;
use crate::house::{House, Open};
use crate::process::Process;
use crate::until;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Messages written before the bridge begins, so that it has many batches to be killed in.
const BACKLOG: u64 = 8_000;

/// One line of a front, visibly made up, of now.
pub(crate) fn line(number: u64) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    format!(
        r#"{{"msec":"{}.{:03}","request_id":"r{number}","remote_addr":"203.0.113.7","hostname":"front-1","key_id":"h:made-up","request_method":"GET","request_uri":"/v1/accounts","status":"200"}}"#,
        now / 1000,
        now % 1000
    )
}

pub(crate) fn config(cluster: &Cluster, server: &str, more: &str) -> String {
    format!(
        "[kafka]\nbrokers = \"{}\"\nproperties = {{ \"session.timeout.ms\" = \"3000\", \"heartbeat.interval.ms\" = \"300\", \"socket.timeout.ms\" = \"3000\" }}\n\
         [tap]\nserver = \"{server}\"\ntoken_file = \"tap.token\"\nheld_bytes_max = 200000\n\
         [[follow]]\nname = \"front-1\"\ntopic = \"access\"\nmap = \"nginx-json\"\nbegin = \"start\"\n{more}",
        cluster.brokers()
    )
}

pub(crate) fn start(house: &House) -> Process {
    Process::start(house.bridge(&["tap", "--config", "kafka.toml"]))
}

/// The numbers of the requests in the merged log.
pub(crate) fn taken(house: &House) -> Vec<u64> {
    let id = |line: &String| {
        serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap()[1..].parse().unwrap()
    };
    house.access_lines().iter().map(id).collect()
}

pub(crate) fn once_each(house: &House, want: impl IntoIterator<Item = u64>) {
    let found = taken(house);
    let set: BTreeSet<u64> = found.iter().copied().collect();
    assert_eq!(set.len(), found.len(), "lines came twice");
    let want: BTreeSet<u64> = want.into_iter().collect();
    let missing: Vec<_> = want.difference(&set).take(9).collect();
    let strange: Vec<_> = set.difference(&want).take(9).collect();
    assert!(missing.is_empty() && strange.is_empty(), "missing {missing:?}, strange {strange:?}");
}

pub(crate) fn until_held(open: &Open<'_>, watching: &str, wanted: u64) {
    until(&format!("{wanted} lines to be held"), || (open.held(watching) >= wanted).then_some(()));
}

#[test]
fn a_bridge_that_is_killed_in_mid_batch_hands_in_what_a_tap_of_files_does() {
    let cluster = Cluster::start(&[("access", 2)]);
    let house = House::new("");
    let open = house.opened();
    let watching = house.tap_token(&open);
    house.write("kafka.toml", &config(&cluster, &open.server, ""));
    let mut lines: Vec<String> = (0..BACKLOG).map(line).collect();
    let write = |lines: &[String], from: usize| {
        for partition in 0..2 {
            let own = lines.iter().enumerate().skip(from).filter(|(at, _)| *at % 2 == partition);
            cluster.write("access", i32::try_from(partition).unwrap(), own.map(|(_, line)| line.clone()));
        }
    };
    write(&lines, 0);
    for kill in 1..=3 {
        let bridge = start(&house);
        until_held(&open, &watching, kill * 2_000);
        bridge.kill();
        let from = lines.len();
        lines.extend((from as u64..from as u64 + 300).map(line));
        write(&lines, from);
    }
    // What is no line stops nothing; nor does one that the control plane does not take, as its hour has not come, with others behind it.
    let ahead = lines[0].replace("r0\"", "r999999\"").replacen("\"msec\":\"1", "\"msec\":\"2", 1);
    cluster.write("access", 1, ["nothing of the kind, Bearer made-up-credential".to_owned(), ahead]);
    lines.push(line(lines.len() as u64));
    cluster.write("access", 1, [lines.last().unwrap().clone()]);
    let bridge = start(&house);
    let all = lines.len() as u64;
    until_held(&open, &watching, all);
    let partitions = until("both to be put aside", || {
        let partitions = open.partitions(&watching);
        let refused = |one: &Value| one["files"]["lines_refused"].as_u64().unwrap_or_default();
        (partitions.iter().map(refused).sum::<u64>() == 2).then_some(partitions)
    });
    let (status, said) = bridge.stop();
    assert!(status.success(), "{said}");
    once_each(&house, 0..all);
    let names: Vec<_> = partitions.iter().map(|one| one["source"].as_str().unwrap()).collect();
    assert_eq!(names, ["exchange:kafka.front-1.0", "exchange:kafka.front-1.1"]);
    for one in &partitions {
        assert_eq!((&one["passed_over"], &one["files"]["holes"]), (&0.into(), &0.into()), "{one}");
        assert_eq!(one["lines"], one["held"], "{one}");
    }
    let aside = house.read("kafka-state/front-1.refused.ndjson");
    assert!(aside.contains("bad_json") && aside.contains(r#""partition":1"#), "{aside}");
    assert!(aside.contains(r#""code":"ahead""#) && !aside.contains("made-up-credential"), "{aside}");

    // The same lines, out of one file.
    let other = House::new("");
    let beside = other.opened();
    other.tap_token(&beside);
    other.write("access.json", &lines.iter().map(|line| format!("{line}\n")).collect::<String>());
    let tap = format!(
        "[tap]\nserver = \"{}\"\ntoken_file = \"tap.token\"\n[[follow]]\nname = \"front-1\"\nfiles = \"access.json\"\nmap = \"nginx-json\"\nbegin = \"start\"\n",
        beside.server
    );
    other.write("tap.toml", &tap);
    other.run(&["tap", "--config", "tap.toml", "--once"]);
    let sorted = |house: &House| {
        let mut lines = house.access_lines();
        lines.sort_unstable();
        lines
    };
    assert!(sorted(&house) == sorted(&other), "the same lines stand in both logs, to the byte");
}

#[test]
fn two_bridges_share_a_topic_and_each_may_be_killed() {
    let cluster = Cluster::start(&[("access", 4)]);
    let house = House::new("");
    let open = house.opened();
    let watching = house.tap_token(&open);
    house.write("kafka.toml", &config(&cluster, &open.server, ""));
    let mut written = 0;
    let mut write = |count: u64| {
        for partition in 0..4 {
            let own = (written..written + count).filter(|number| number % 4 == partition);
            cluster.write("access", i32::try_from(partition).unwrap(), own.map(line));
        }
        written += count;
        written
    };
    let owns = |process: &Process| process.said().matches("Partitions are ours").count();
    let first = start(&house);
    let all = write(200);
    until_held(&open, &watching, all);
    let second = start(&house);
    // The group divides them anew while lines come.
    write(200);
    until("the second to have some", || (owns(&second) > 0).then_some(()));
    let all = write(200);
    until_held(&open, &watching, all);
    let before = owns(&second);
    first.kill();
    let all = write(200);
    until("the second to have all", || (owns(&second) > before).then_some(()));
    until_held(&open, &watching, all);
    let third = start(&house);
    let all = write(200);
    until_held(&open, &watching, all);
    assert!(second.stop().0.success());
    let all = write(200);
    until_held(&open, &watching, all);
    let (status, said) = third.stop();
    assert!(status.success(), "{said}");
    once_each(&house, 0..all);
    for one in open.partitions(&watching) {
        assert_eq!((&one["passed_over"], &one["files"]["holes"]), (&0.into(), &0.into()), "{one}");
    }
}

#[test]
fn a_control_plane_that_is_away_is_waited_for() {
    let cluster = Cluster::start(&[("access", 2)]);
    let house = House::new("");
    let forward = Forward::start();
    let mut open = house.opened();
    forward.to(&open.server);
    let watching = house.tap_token(&open);
    house.write("kafka.toml", &config(&cluster, &format!("http://{}", forward.at), ""));
    let bridge = start(&house);
    let write = |numbers: std::ops::Range<u64>| {
        for partition in 0..2 {
            let own = numbers.clone().filter(|number| number % 2 == partition);
            cluster.write("access", i32::try_from(partition).unwrap(), own.map(line));
        }
    };
    write(0..500);
    until_held(&open, &watching, 500);
    for again in 1..=2 {
        // Killed while lines come: of the batch under way nobody heard.
        write(again * 1_000..again * 1_000 + 700);
        open.process.kill();
        write(again * 1_000 + 700..again * 1_000 + 800);
        open = house.open();
        forward.to(&open.server);
        until_held(&open, &watching, 500 + again * 800);
    }
    assert!(bridge.stop().0.success());
    once_each(&house, (0..500).chain(1_000..1_800).chain(2_000..2_800));
    for one in open.partitions(&watching) {
        assert_eq!((&one["passed_over"], &one["files"]["holes"]), (&0.into(), &0.into()), "{one}");
    }
}

#[test]
fn lines_of_the_wire_come_several_in_a_message_and_a_refused_one_stops_none() {
    let cluster = Cluster::start(&[("access", 1)]);
    let house = House::new("");
    let open = house.opened();
    let watching = house.tap_token(&open);
    let wire = config(&cluster, &open.server, "").replace("nginx-json", "wire");
    house.write("kafka.toml", &wire);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_micros();
    let now = sumun_model::Timestamp::from_micros(i64::try_from(now).unwrap());
    let access = |number: u64| format!(r#"{{"type":"access","id":"r{number}","ts":"{now}","key":"K1"}}"#);
    // The control plane's own word, which no exchange may say.
    let session =
        format!(r#"{{"type":"session","id":"s1","ts":"{now}","account":"A1","action":"control_proved"}}"#);
    let messages = [
        format!("{}\n{}\n", access(0), access(1)),
        format!("{}\n{session}\n{}", access(2), access(3)),
        session.clone(),
        "{}".to_owned(),
        format!("{session}\n{}\n{session}", access(4)),
        access(5),
    ];
    cluster.write("access", 0, messages);
    let bridge = start(&house);
    until_held(&open, &watching, 6);
    let told = until("what was put aside to be told", || {
        open.partitions(&watching).pop().filter(|one| one["files"]["lines_refused"] == 5)
    });
    assert_eq!(
        (&told["lines"], &told["passed_over"], &told["files"]["holes"]),
        (&6.into(), &0.into(), &0.into())
    );
    assert!(bridge.stop().0.success());
    once_each(&house, 0..6);
    let aside = house.read("kafka-state/front-1.refused.ndjson");
    let places: Vec<(Value, Value, Value)> = aside
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|one| (one["offset"].clone(), one["line"].clone(), one["code"].clone()))
        .collect();
    let mut places: Vec<String> =
        places.iter().map(|(offset, line, code)| format!("{offset}:{line} {code}")).collect();
    places.sort_unstable();
    assert_eq!(
        places,
        [
            "1:2 \"not_taken\"",
            "2:1 \"not_taken\"",
            "3:1 \"not_of_the_wire\"",
            "4:1 \"not_taken\"",
            "4:3 \"not_taken\""
        ]
    );
}

#[test]
fn messages_that_are_gone_are_told_to_the_number() {
    let cluster = Cluster::start(&[("access", 1)]);
    let house = House::new("");
    let open = house.opened();
    let watching = house.tap_token(&open);
    house.write("kafka.toml", &config(&cluster, &open.server, ""));
    cluster.write("access", 0, (0..10).map(line));
    let bridge = start(&house);
    until_held(&open, &watching, 10);
    assert!(bridge.stop().0.success());
    // The mock keeps 5 MiB of a partition: what is before that is removed, unread.
    let padded = |number: u64| line(number).replace('}', &format!(r#","note":"{}"}}"#, "x".repeat(4_000)));
    cluster.write("access", 0, (10..2_010).map(padded));
    let (low, high) = cluster.ends("access", 0);
    let gone = u64::try_from(low).unwrap() - 10;
    assert!(gone > 100 && high == 2_010, "{low} {high}");
    let bridge = start(&house);
    until_held(&open, &watching, 2_010);
    let told = until("the hole to be told", || {
        open.partitions(&watching).pop().filter(|one| one["files"]["holes"] == 1)
    });
    assert_eq!((&told["passed_over"], &told["lines"]), (&gone.into(), &(2_010 - gone).into()), "{told}");
    let (status, said) = bridge.stop();
    assert!(status.success() && said.contains("messages are gone that were never read"), "{said}");
    once_each(&house, (0..10).chain(u64::try_from(low).unwrap()..2_010));
}

#[test]
fn a_topic_that_was_made_anew_is_known_and_read_from_its_start() {
    let cluster = Cluster::start(&[("access", 1)]);
    let house = House::new("");
    let open = house.opened();
    let watching = house.tap_token(&open);
    house.write("kafka.toml", &config(&cluster, &open.server, ""));
    cluster.write("access", 0, (0..20).map(line));
    let bridge = start(&house);
    until_held(&open, &watching, 20);
    assert!(bridge.stop().0.success());
    // Another cluster, with the group's commit of the first: as if the topic had been removed and made anew. It has grown beyond the commit.
    let commit = cluster.committed("sumun.front-1", "access");
    let cluster = Cluster::start(&[("access", 1)]);
    cluster.write("access", 0, (100..150).map(line));
    cluster.commit("sumun.front-1", "access", &commit);
    house.write("kafka.toml", &config(&cluster, &open.server, ""));
    let bridge = start(&house);
    until_held(&open, &watching, 70);
    let (status, said) = bridge.stop();
    assert!(status.success() && said.contains("another partition stands in its place"), "{said}");
    once_each(&house, (0..20).chain(100..150));
    assert_eq!(open.partitions(&watching)[0]["files"]["holes"], json!(1));
}
