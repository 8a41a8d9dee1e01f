//! docs/adopt/kafka.md, run as it is written: its files, and its commands but those of Kafka itself.

use crate::cluster::Cluster;
use crate::house::House;
use crate::process::{Process, beside};
use crate::states::enter_keys;
use crate::until;
use serde_json::json;
use std::process::Command;

const PAGE: &str = include_str!("../../../docs/adopt/kafka.md");

fn blocks(kind: &str) -> Vec<&'static str> {
    let begin = format!("```{kind}\n");
    PAGE.split(begin.as_str()).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

#[test]
fn the_page_on_kafka_runs_as_written() {
    let cluster = Cluster::start(&[("access", 2), ("sumun-key-states", 3)]);
    let house = House::new("[actuator]\nfile = \"actuator.toml\"");
    let [kafka, actuator] = blocks("toml")[..] else { panic!("two files stand there") };
    // Addresses, and where an empty topic is begun: a test cannot write behind an end that it does not know to be marked.
    let replaced = |text: &str, pairs: &[(&str, &str)]| {
        pairs.iter().fold(text.to_owned(), |text, (from, to)| {
            assert!(text.contains(from), "{from}");
            text.replace(from, to)
        })
    };
    house.write_private("states-webhook.txt", "whsec_TUFERXhVUHhTRUNSRVR4b2Z4dGhpcnR5eHR3b3hieXRlcw==\n");
    let commands: Vec<&str> = blocks("console")
        .iter()
        .flat_map(|block| block.lines())
        .filter_map(|line| line.strip_prefix("$ sumun-kafka "))
        .collect();
    let [check_tap, check_states, tap, states] = commands[..] else { panic!("{commands:?}") };
    let bridge = |command: &str| house.bridge(&command.split(' ').collect::<Vec<_>>());
    let (brokers, start) = (cluster.brokers(), r#"begin = "start""#);
    let addresses = [
        ("127.0.0.1:9092", brokers.as_str()),
        (r#"begin = "end""#, start),
        ("127.0.0.1:8075", "127.0.0.1:0"),
    ];
    let kafka = replaced(kafka, &addresses);
    house.write("kafka.toml", &kafka);
    let states = Process::start(bridge(states));
    let at = states.ready["listen"].as_str().unwrap();
    house.write("actuator.toml", &replaced(actuator, &[("127.0.0.1:8075", at)]));
    house.run(&["actuator", "check", "actuator.toml"]);
    let open = house.opened();
    let watching = house.tap_token(&open);
    house.write("kafka.toml", &replaced(&kafka, &[("http://127.0.0.1:8070", &open.server)]));
    for command in [check_tap, check_states] {
        let ran = bridge(command).output().unwrap();
        assert!(ran.status.success(), "{command}: {}", String::from_utf8_lossy(&ran.stderr));
    }
    let tap = Process::start(bridge(tap));
    let line = r#"{"msec":"1795000000.000","request_id":"r1","remote_addr":"203.0.113.7","key_id":"h:made-up","request_method":"GET","request_uri":"/v1/accounts","status":"200"}"#;
    let now = Command::new("date").arg("+%s").output().unwrap();
    let now = String::from_utf8(now.stdout).unwrap();
    cluster.write("access", 1, [line.replace("1795000000", now.trim())]);
    until("the line to be held", || (open.held(&watching) == 1).then_some(()));
    enter_keys(&house, &open);
    open.json("alice", &["keys", "suspend", "K1", "--reason", "used by two at once"]);
    until("the cut to be acknowledged", || {
        let told = open.list(&watching, "/v1/actuations");
        told.first().filter(|one| !one["acknowledged"].is_null()).map(|_| ())
    });
    let read = cluster.read("sumun-key-states", 3);
    assert_eq!((read.len(), &read[0].data()["target"]), (1, &json!("suspended")));
    assert!(tap.stop().0.success() && states.stop().0.success());
    assert!(beside("sumun").exists());
}
