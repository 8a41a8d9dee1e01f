//! What an exchange says of its own keys, sent by `sumun mirror` on the built program: whole or not at all, repeated, with its drift at the end.

use crate::house::{House, Open};
use crate::imports::{HEADER, Machine, backend};
use serde_json::{Value, json};
use std::fmt::Write as _;

const SNAPSHOT: [&str; 4] = ["mirror", "snapshot", "exchange", "keys.ndjson"];
const CHANGES: [&str; 4] = ["mirror", "changes", "exchange", "changes.ndjson"];

fn account(number: usize) -> String {
    format!(
        r#"{{"type":"account","ts":"2025-11-02T00:00:00Z","account":"A{number}","customer":"C{number}","segment":"retail"}}"#
    )
}

fn key(number: usize, second: u32, rest: &str) -> String {
    format!(
        r#"{{"type":"key","ts":"2025-11-02T00:00:{second:02}Z","key":"K{number}","account":"A1","scopes":["read"],"allowlist":["203.0.113.7"],{rest}}}"#
    )
}

fn alive(number: usize, second: u32) -> String {
    key(number, second, r#""state":"active""#)
}

fn end(keys: usize, seq: u64) -> String {
    format!(r#"{{"type":"end","keys":{keys},"seq":{seq}}}"#)
}

/// Runs it, which must end with this code, and reads its JSON.
fn told(machine: &Machine<'_>, code: i32, arguments: &[&str]) -> Value {
    let ran = machine.command(&[arguments, &["--json"]].concat()).output().unwrap();
    let shown = String::from_utf8_lossy(&ran.stderr).into_owned() + &String::from_utf8_lossy(&ran.stdout);
    assert_eq!(ran.status.code(), Some(code), "{arguments:?}: {shown}");
    serde_json::from_slice(&ran.stdout).unwrap_or_else(|_| panic!("{shown}"))
}

/// How the source stands: its rounds and the last change held.
fn stands(machine: &Machine<'_>) -> (Value, Value) {
    let all = told(machine, 0, &["mirror", "list"]);
    let one = all["items"].as_array().unwrap().iter().find(|one| one["source"] == "exchange").cloned();
    let one = one.unwrap_or_default();
    (one["round"].clone(), one["seq"].clone())
}

fn opened<'a>(house: &'a House, made: &Value) -> (Open<'a>, String) {
    let open = house.open();
    let token = backend(&open, made);
    (open, token)
}

#[test]
fn a_snapshot_and_its_changes_are_sent_repeated_and_refused_with_their_place() {
    let (house, made) = House::new();
    let (open, token) = opened(&house, &made);
    let machine = Machine { open: &open, token: &token };
    let place = &house.place;

    // A file that holds no key would make all of them look gone.
    place.write("keys.ndjson", &format!("{}\n", end(0, 0)));
    let (code, shown) = machine.run(&SNAPSHOT);
    assert!(code == Some(2) && shown.contains("no key stands in `keys.ndjson`"), "{shown}");
    let (code, shown) = machine.run(&["mirror", "list"]);
    assert!(code == Some(0) && !shown.contains("exchange"), "nothing was begun: {shown}");

    // Before any snapshot, changes change nothing that is known.
    place.write("changes.ndjson", &format!("{}\n", key(1, 5, r#""state":"active","seq":41"#)));
    assert_eq!(told(&machine, 1, &CHANGES)["code"], "snapshot_needed");

    place.write("keys.ndjson", &[account(1), alive(1, 1), alive(2, 1), alive(3, 1), end(3, 40)].join("\n"));
    let first = told(&machine, 0, &SNAPSHOT);
    assert_eq!(
        (&first["round"], &first["keys"], &first["gone"], &first["seq"]),
        (&json!(1), &json!(3), &json!(0), &json!(40))
    );
    assert_eq!((&first["made"], &first["drift"]["stand"]), (&json!(4), &json!(0)), "{first}");
    let again = told(&machine, 0, &SNAPSHOT);
    assert_eq!(
        (&again["round"], &again["made"], &again["same"]),
        (&json!(2), &json!(0), &json!(4)),
        "{again}"
    );

    // A line that cannot be read: told with file, line and column, and nothing is sent.
    let bad = alive(2, 2).replace(r#""scopes":["read"]"#, r#""scopes":["everything"]"#);
    place.write("keys.ndjson", &[alive(1, 2), String::new(), bad, end(2, 40)].join("\n"));
    let (code, shown) = machine.run(&SNAPSHOT);
    assert_eq!(code, Some(2), "{shown}");
    assert!(shown.starts_with("keys.ndjson:3:") && shown.contains("everything"), "{shown}");
    assert!(shown.contains("Nothing was sent: 1 lines cannot be read."), "{shown}");
    // One that was cut off says nothing of what lacks.
    place.write("keys.ndjson", &format!("{}\n", alive(1, 2)));
    let (code, shown) = machine.run(&SNAPSHOT);
    assert!(code == Some(2) && shown.contains("--keys N"), "{shown}");
    let cut = told(&machine, 2, &[&SNAPSHOT[..], &["--keys", "2"]].concat());
    assert_eq!(cut["code"], "snapshot_incomplete", "{cut}");
    assert_eq!(stands(&machine), (json!(2), json!(40)));

    // A key that lacks is gone there, which is told as drift.
    place.write("keys.ndjson", &[alive(1, 3), alive(2, 3), end(2, 40)].join("\n"));
    let (code, shown) = machine.run(&SNAPSHOT);
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("2 keys, 1 of the one before are gone there; changes go on behind 40"), "{shown}");
    assert!(shown.contains("Drift: 1 stand, 1 of them new") && shown.contains("`sumun drift`"), "{shown}");

    // Changes go on behind it; what is held is passed over, and a gap is named by the file's line.
    let changed = |number, seq: u64| {
        key(number, 9, &format!(r#""state":"active","application":"bot {seq}","seq":{seq}"#))
    };
    let lines = [changed(1, 41), changed(2, 42), changed(1, 43).replace(":09Z", ":10Z")].join("\n\n");
    place.write("changes.ndjson", &lines);
    let taken = told(&machine, 0, &CHANGES);
    assert_eq!(
        (&taken["held"], &taken["skipped"], &taken["changed"]),
        (&json!(43), &json!(0), &json!(3)),
        "{taken}"
    );
    let again = told(&machine, 0, &CHANGES);
    assert_eq!(
        (&again["held"], &again["skipped"], &again["changed"]),
        (&json!(43), &json!(3), &json!(0)),
        "{again}"
    );
    place.write("changes.ndjson", &format!("{lines}\n{}\n", changed(2, 45)));
    let (code, shown) = machine.run(&CHANGES);
    assert_eq!(code, Some(1), "{shown}");
    assert!(shown.contains("changes.ndjson:6 has `seq` 45 where 44 is next: 43 is held"), "{shown}");
    // What stands before a line that cannot be read is held.
    place.write("changes.ndjson", &format!("{lines}\n{}\n{{\"type\":\n", changed(2, 44)));
    let (code, shown) = machine.run(&CHANGES);
    assert!(code == Some(2) && shown.contains("changes.ndjson:7:"), "{shown}");
    // A snapshot's end among changes: told where it stands.
    place.write("changes.ndjson", &format!("{lines}\n{}\n", end(2, 44)));
    let (code, shown) = machine.run(&CHANGES);
    assert!(code == Some(2) && shown.contains("changes.ndjson:6: this line ends a snapshot"), "{shown}");
    // One was begun and did not end whole: its number is spent.
    assert_eq!(stands(&machine), (json!(4), json!(44)));
}

#[test]
fn a_table_of_thousands_is_a_snapshot_and_who_may_not_send_is_told_so_at_once() {
    const KEYS: usize = 5_000;
    let (house, made) = House::new();
    let (open, token) = opened(&house, &made);
    let machine = Machine { open: &open, token: &token };
    let mut table = HEADER.to_owned();
    for n in 0..KEYS {
        let row =
            format!("h:k{n},h:a{0},h:c{0},retail,active,read,203.0.113.7,,2026-01-02 09:00:00,,", n / 3);
        writeln!(table, "{row}").unwrap();
    }
    house.place.write("keys.csv", &table);
    let count = KEYS.to_string();
    let send = [
        "mirror",
        "snapshot",
        "exchange",
        "keys.csv",
        "--set",
        "as_of=2025-11-02T00:00:00Z",
        "--keys",
        &count,
        "--seq",
        "7",
    ];
    let made = told(&machine, 0, &send);
    assert_eq!(
        (&made["keys"], &made["seq"], &made["refused"]),
        (&json!(KEYS), &json!(7), &json!(0)),
        "{made}"
    );
    assert_eq!(made["drift"]["stand"], 0, "{made}");
    // Nobody who may not: he is told before the first line leaves.
    let stranger = machine.command(&send).env("SUMUN_TOKEN", "smt_made-up").output().unwrap();
    let shown = String::from_utf8_lossy(&stranger.stderr).into_owned();
    assert_eq!(stranger.status.code(), Some(1), "{shown}");
    assert!(shown.contains("sign in"), "{shown}");
}
