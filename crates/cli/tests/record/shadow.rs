//! What would have been refused, over restarts of the built program: nothing is lost, nothing counts twice, and it is said since when.

use crate::house::{House, Open, invite_of};
use crate::live::issued;
use crate::stage::client::{Effect, Signed, once_from};
use crate::stage::wait_for;
use crate::tap::machine;
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use sumun_stream::{LogReader, Start};

/// An address that no key here is allowed from.
const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(127, 0, 9, 9);

/// Requests that pass and would not: the address is not allowed.
fn let_pass(open: &Open<'_>, (key, secret): &(String, String), times: u64) {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    for _ in 0..times {
        let nonce = format!("made-up-shadow-nonce-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let signed = Signed::with_secret(Effect::Order, key, secret, &nonce);
        assert_eq!(once_from(ELSEWHERE, open.gate(), &signed).status, 200, "{}", open.process.said());
    }
}

fn report(open: &Open<'_>, token: &str) -> Value {
    let mut command = open.house.place.command(&["ramp", "report", "--json"]);
    let ran = command.env("SUMUN_TOKEN", token).env("SUMUN_SERVER", &open.server).output().unwrap();
    assert!(ran.status.success(), "{}{}", String::from_utf8_lossy(&ran.stderr), open.process.said());
    serde_json::from_slice(&ran.stdout).unwrap()
}

/// Waits until so many are counted, and no line waits to be.
fn counted(open: &Open<'_>, token: &str, total: u64) -> Value {
    let whole = |seen: &Value| seen["total"].as_u64() >= Some(total) && seen["lines_behind"] == 0;
    let seen = wait_for(|| Some(report(open, token)).filter(whole));
    let seen = seen.unwrap_or_else(|| panic!("{}\n{}", report(open, token), open.process.said()));
    let causes =
        json!([{ "reason": "address_not_allowed", "segment": "retail", "effect": "order", "count": total }]);
    assert_eq!((&seen["total"], &seen["causes"]), (&json!(total), &causes), "{seen}");
    seen
}

/// Open, in a shadow period, with a key and the token of somebody who reads the report.
fn in_shadow<'a>(house: &'a House, made: &Value) -> (Open<'a>, (String, String), String) {
    let open = house.open();
    for user in ["alice", "bob"] {
        open.enrol(user, &invite_of(made, user));
    }
    open.enter_customer();
    open.owner();
    let (key, token) = (issued(&open), machine(&open, "viewer"));
    open.must("alice", &["ramp", "step-back", "--reason", "a shadow period begins"]);
    let obeys = || {
        let ramp = open.json("alice", &["ramp", "show"]);
        (ramp["gates"][0]["state"] == "obeys").then_some(())
    };
    wait_for(obeys).expect("the gate never obeyed");
    (open, key, token)
}

/// The time of the first tick in the event log, once there is one.
fn first_tick(house: &House) -> Option<String> {
    let mut log = LogReader::open_read_only(house.place.path("sumun-data/events"), Start::First).unwrap();
    let tick = log.find_map(|record| {
        let text = String::from_utf8_lossy(&record.unwrap().payload).into_owned();
        (text.contains(r#""type":"tick""#) && text.contains(r#""source":"clock""#)).then_some(text)
    })?;
    Some(tick.split(r#""ts":""#).nth(1)?.split('"').next()?.to_owned())
}

/// Files of the event log and the first line of each, rising.
fn segments(house: &House) -> Vec<(u64, PathBuf)> {
    let files = std::fs::read_dir(house.place.path("sumun-data/events")).unwrap();
    let files = files.map(|file| file.unwrap().path());
    let mut files: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|ending| ending == "seg"))
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().parse().unwrap(), path))
        .collect();
    files.sort();
    files
}

fn damage(file: &Path, place: impl Fn(usize) -> usize) {
    let mut bytes = std::fs::read(file).unwrap();
    let place = place(bytes.len());
    bytes[place] ^= 1;
    std::fs::write(file, bytes).unwrap();
}

#[test]
fn lines_that_were_damaged_or_dropped_are_told_and_keep_nobody_from_starting() {
    let (house, made) = House::with("[events]\nsegment_bytes_max = 4096");
    let (open, key, token) = in_shadow(&house, &made);
    let_pass(&open, &key, 5);
    let since = counted(&open, &token, 5)["since"].clone();
    assert!(open.process.stop().0.success());
    let file = house.place.path("sumun-data/shadow.counted");
    let whole = std::fs::read(&file).unwrap();
    let next: u64 = {
        let text = String::from_utf8_lossy(&whole);
        let rest = text.split(r#""next":"#).nth(1).unwrap();
        rest.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap()
    };
    let open = house.open();
    let_pass(&open, &key, 40);
    counted(&open, &token, 45);
    assert!(open.process.stop().0.success());
    let caught_up = |open: &Open<'_>| {
        let seen = wait_for(|| Some(report(open, &token)).filter(|seen| seen["lines_behind"] == 0));
        seen.unwrap_or_else(|| panic!("{}\n{}", report(open, &token), open.process.said()))
    };

    // Damaged where nothing was counted yet: what stands before and behind it counts.
    let (known, later): (Vec<_>, Vec<_>) = segments(&house).into_iter().partition(|(base, _)| *base <= next);
    assert!(later.len() > 2, "{known:?} {later:?}");
    damage(&known.last().unwrap().1, |length| length - 1);
    std::fs::write(&file, &whole).unwrap();
    let open = house.open();
    open.process.says("never counted for what would have been refused: the event log cannot be read");
    let seen = caught_up(&open);
    assert_eq!(seen["since"], since);
    assert!((6..=45).contains(&seen["total"].as_u64().unwrap()), "{seen}");
    open.process.kill();

    // Dropped before it was counted: no other log, and what was counted stands.
    std::fs::write(&file, &whole).unwrap();
    for (_, path) in &known {
        std::fs::remove_file(path).unwrap();
    }
    let open = house.open();
    open.process.says("never counted for what would have been refused: the event log dropped them");
    let seen = caught_up(&open);
    assert_eq!(seen["since"], since);
    assert!((6..=45).contains(&seen["total"].as_u64().unwrap()), "{seen}");
    assert!(!open.process.kill().contains("another event log"));

    // Nothing is known, and the log's first file cannot be read: counted from now on.
    damage(&later[0].1, |_| 40);
    std::fs::remove_file(&file).unwrap();
    let open = house.open();
    open.process.says("lines before that are never counted");
    let_pass(&open, &key, 2);
    let seen = counted(&open, &token, 2);
    assert!(seen["since"].as_str() > since.as_str(), "{seen}");
    assert!(open.process.stop().0.success());
}

#[test]
fn the_report_goes_on_over_restarts_and_says_since_when_it_counts() {
    let (house, made) = House::new();
    let (open, key, token) = in_shadow(&house, &made);
    let_pass(&open, &key, 5);
    let since = counted(&open, &token, 5)["since"].clone();
    let file = house.place.path("sumun-data/shadow.counted");
    wait_for(|| file.exists().then_some(())).expect("what was counted was never written");
    let tick = wait_for(|| first_tick(&house)).expect("there was never a tick");

    // Killed in mid-count: what was written stands, what was not is read again.
    let_pass(&open, &key, 4);
    open.process.kill();
    let open = house.open();
    let_pass(&open, &key, 2);
    assert_eq!(counted(&open, &token, 11)["since"], since, "a restart is no beginning");

    // Stopped in order.
    assert!(open.process.stop().0.success());
    let whole = std::fs::read(&file).unwrap();
    let open = house.open();
    counted(&open, &token, 11);
    open.process.kill();

    // Damaged: it is told, and all that the log has is counted anew.
    for place in [whole.len() / 2, 3] {
        let mut damaged = whole.clone();
        damaged[place] ^= 1;
        std::fs::write(&file, damaged).unwrap();
        let open = house.open();
        open.process.says("shadow.counted` is damaged");
        let anew = counted(&open, &token, 11);
        assert_eq!(anew["since"], tick.as_str(), "since the first tick of the log: {anew}");
        open.process.kill();
    }
    // Older than what the log has: the rest is counted, and nothing twice.
    std::fs::write(&file, &whole).unwrap();
    let open = house.open();
    let_pass(&open, &key, 1);
    let seen = counted(&open, &token, 12);
    assert_eq!(seen["since"], since);
    assert!(open.process.stop().0.success());

    // Of a log that was taken away: it is told, and what is no longer there does not count.
    std::fs::remove_dir_all(house.place.path("sumun-data/events")).unwrap();
    std::fs::remove_dir_all(house.place.path("sumun-data/detect")).unwrap();
    let open = house.open();
    open.process.says("belongs to another event log");
    let seen = report(&open, &token);
    assert!(seen["since"].as_str() > since.as_str(), "{seen}");
}
