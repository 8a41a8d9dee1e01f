//! `sumun log`: reads beside the process that writes.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests may panic, and their names say what they are"
)]

mod support;

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use sumun_stream::{DiskStorage, Log, LogOptions};
use support::Place;

/// Made-up events, two of them of key K1.
const EVENTS: [&str; 3] = [
    r#"{"type":"access","ts":"2026-05-28T09:00:00.000000Z","id":"E1","key":"K1"}"#,
    r#"{"type":"access","ts":"2026-05-28T09:00:01.000000Z","id":"E2","key":"K2"}"#,
    r#"{"type":"access","ts":"2026-05-28T09:00:02.000000Z","id":"E3","key":"K1","account":null}"#,
];

fn log(place: &Place) -> Log {
    let folder = place.path("sumun-data/log");
    std::fs::create_dir_all(&folder).unwrap();
    let (log, _) = Log::open(DiskStorage::open(&folder).unwrap(), LogOptions::default()).unwrap();
    for event in EVENTS {
        log.append(7, event.as_bytes()).unwrap();
    }
    log.sync().unwrap();
    log
}

#[test]
fn dump_prints_what_is_there_while_another_process_writes() {
    let place = Place::new();
    // Held open by this process, as by a gate.
    let _writer = log(&place);
    let run = |arguments: &[&str]| place.run(&[&["log", "dump"], arguments].concat()).shown();
    assert_eq!(run(&[]), format!("exit 0\n{}\n", EVENTS.join("\n")));
    assert_eq!(run(&["--key", "K1"]), format!("exit 0\n{}\n{}\n", EVENTS[0], EVENTS[2]));
    assert_eq!(run(&["--from", "2", "--dir", "sumun-data/log"]), format!("exit 0\n{}\n", EVENTS[2]));
    insta::assert_snapshot!(run(&["--from", "2", "--pretty"]), @r#"
    exit 0
    event 2
      type  "access"
      ts    "2026-05-28T09:00:02.000000Z"
      id    "E3"
      key   "K1"
    "#);
}

#[test]
fn tail_goes_on_as_events_come() {
    let place = Place::new();
    let writer = log(&place);
    let mut tail = place.command(&["log", "tail", "--lines", "1"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(tail.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), EVENTS[2]);
    writer.append(7, EVENTS[0].as_bytes()).unwrap();
    assert_eq!(lines.next().unwrap().unwrap(), EVENTS[0]);
    tail.kill().unwrap();
    tail.wait().unwrap();
}

#[test]
fn no_log_is_said() {
    insta::assert_snapshot!(Place::new().run(&["log", "dump"]).shown(), @"
    exit 2
    error: there is no event log at `sumun-data/log`; start a gate first, or name its folder with `--dir`
    ");
}
