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
use std::path::PathBuf;
use std::process::Stdio;
use sumun_stream::{DiskStorage, JOINED_KIND, Log, LogOptions};
use support::Place;

/// Made-up events, two of them of key K1.
const EVENTS: [&str; 3] = [
    r#"{"type":"access","ts":"2026-05-28T09:00:00.000000Z","id":"E1","key":"K1"}"#,
    r#"{"type":"access","ts":"2026-05-28T09:00:01.000000Z","id":"E2","key":"K2"}"#,
    r#"{"type":"access","ts":"2026-05-28T09:00:02.000000Z","id":"E3","key":"K1","account":null}"#,
];

/// As draining writes it: a position of sixteen bytes, then the line.
fn append(log: &Log, event: &str) {
    log.append(JOINED_KIND, &[&[0; 16], event.as_bytes()].concat()).unwrap();
}

fn log(place: &Place) -> Log {
    let folder = place.path("sumun-data/log");
    std::fs::create_dir_all(&folder).unwrap();
    let (log, _) = Log::open(DiskStorage::open(&folder).unwrap(), LogOptions::default()).unwrap();
    for event in EVENTS {
        append(&log, event);
    }
    log.sync().unwrap();
    log
}

fn segment(place: &Place) -> PathBuf {
    place.path("sumun-data/log").join(format!("{:020}.seg", 0))
}

/// Flips a bit in the middle event.
fn damage(place: &Place) {
    let mut bytes = std::fs::read(segment(place)).unwrap();
    let at = bytes.windows(4).position(|four| four == b"\"E2\"").unwrap();
    bytes[at] ^= 1;
    std::fs::write(segment(place), bytes).unwrap();
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
    append(&writer, EVENTS[0]);
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

#[test]
fn damage_in_the_last_file_is_said_with_what_is_not_shown() {
    let place = Place::new();
    // A writer or none: what follows the damage proves it.
    let writer = log(&place);
    damage(&place);
    let with_writer = place.run(&["log", "dump"]).shown();
    drop(writer);
    assert_eq!(place.run(&["log", "dump"]).shown(), with_writer);
    insta::assert_snapshot!(with_writer, @r#"
    exit 1
    {"type":"access","ts":"2026-05-28T09:00:00.000000Z","id":"E1","key":"K1"}
    error: `sumun-data/log/00000000000000000000.seg` is damaged at byte 130: event 1 and all behind it are not shown, 252 bytes with 1 whole record that can still be told apart; keep the file as it is, and restore it from a copy
    "#);
}

#[test]
fn a_record_being_written_is_waited_for_and_one_that_never_will_be_is_said() {
    let place = Place::new();
    let writer = log(&place);
    let whole = std::fs::read(segment(&place)).unwrap();
    let cut = whole.len() - 40;
    std::fs::write(segment(&place), &whole[..cut]).unwrap();
    assert_eq!(place.run(&["log", "dump"]).shown(), format!("exit 0\n{}\n{}\n", EVENTS[0], EVENTS[1]));
    drop(writer);
    insta::assert_snapshot!(place.run(&["log", "dump"]).shown(), @r#"
    exit 1
    {"type":"access","ts":"2026-05-28T09:00:00.000000Z","id":"E1","key":"K1"}
    {"type":"access","ts":"2026-05-28T09:00:01.000000Z","id":"E2","key":"K2"}
    error: `sumun-data/log/00000000000000000000.seg` ends at byte 236 in 106 bytes that are no whole record, and nobody is writing it: a record cut off by a crash, or damage. They are not shown; a start of the gate cuts off what was never acknowledged and says so
    "#);
}

#[test]
fn tail_says_damage_once_and_goes_on() {
    let place = Place::new();
    let _writer = log(&place);
    let whole = std::fs::read(segment(&place)).unwrap();
    damage(&place);
    let mut command = place.command(&["log", "tail"]);
    let mut tail = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(tail.stdout.take().unwrap()).lines();
    let mut err = BufReader::new(tail.stderr.take().unwrap()).lines();
    assert_eq!(out.next().unwrap().unwrap(), EVENTS[0]);
    let warning = err.next().unwrap().unwrap();
    assert!(
        warning.starts_with("warning: `sumun-data/log/00000000000000000000.seg` is damaged at byte "),
        "{warning}"
    );
    // Restored from a copy, without starting the command again.
    std::fs::write(segment(&place), whole).unwrap();
    assert_eq!(out.next().unwrap().unwrap(), EVENTS[1]);
    assert_eq!(out.next().unwrap().unwrap(), EVENTS[2]);
    tail.kill().unwrap();
    tail.wait().unwrap();
    assert_eq!(err.next().map(Result::unwrap), None);
}

#[test]
fn lines_of_a_key_are_counted_among_its_own() {
    let place = Place::new();
    let writer = log(&place);
    // More than the first look back reaches.
    for _ in 0..1500 {
        append(&writer, EVENTS[1]);
    }
    let newest = |arguments: &[&str], expected: &[&str]| {
        let arguments = [&["log", "tail", "--key", "K1"], arguments].concat();
        let mut tail = place.command(&arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(tail.stdout.take().unwrap()).lines();
        for line in expected {
            assert_eq!(&lines.next().unwrap().unwrap(), line);
        }
        tail.kill().unwrap();
        tail.wait().unwrap();
        assert!(lines.next().is_none());
    };
    newest(&[], &[EVENTS[0], EVENTS[2]]);
    newest(&["--lines", "1"], &[EVENTS[2]]);
    newest(&["--lines", "2"], &[EVENTS[0], EVENTS[2]]);
}

#[test]
fn folders_that_hold_something_else() {
    let place = Place::new();
    let (log, _) =
        Log::open(DiskStorage::open(place.path("replay")).unwrap(), LogOptions::default()).unwrap();
    log.append(1, &[7; 8]).unwrap();
    std::fs::create_dir(place.path("empty")).unwrap();
    let shown: Vec<String> = [
        &["log", "dump", "--dir", "replay"][..],
        &["log", "tail", "--dir", "empty"],
        &["log", "dump", "--from", "abc"],
    ]
    .into_iter()
    .map(|arguments| place.run_briefly(arguments).shown())
    .collect();
    insta::assert_snapshot!(shown.concat(), @"
    exit 2
    error: `replay` is no event log: its record 0 is not an event. The spool, the replay memory and the registry of dead ids are folders of the same form; name the folder `log` beside them
    exit 2
    error: there is no event log at `empty`, only a folder without any of its files (`*.seg`); start a gate first, or name its folder with `--dir`
    exit 2
    error: invalid value 'abc' for '--from <OFFSET>': expected a whole number such as 1000; `--pretty` shows each event's

    For more information, try '--help'.
    ");
}
