//! From a request at the gate to a measure on its key, on the built program; and what a `kill -9` in the middle of it does: nothing.

use crate::house::{House, Open, invite_of};
use crate::stage::client::{Effect, Signed, once_from};
use crate::stage::wait_for;
use serde_json::Value;
use sqlx::any::{AnyConnectOptions, install_default_drivers};
use sqlx::{AnyConnection, ConnectOptions, Row};
use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

/// Two networks, as far as the last octets go.
const HERE: Ipv4Addr = Ipv4Addr::new(127, 0, 1, 1);
const THERE: Ipv4Addr = Ipv4Addr::new(127, 0, 2, 2);

fn policy() -> &'static str {
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/test.toml")
}

fn house() -> (House, Value) {
    House::with(&format!(
        "policy_file = \"{}\"\n[detect]\nsnapshot_s = 1\nshards = 2\n[events]\nsegment_bytes_max = 65536",
        policy()
    ))
}

/// A key that may be used from two places, and its secret.
pub(crate) fn issued(open: &Open<'_>) -> (String, String) {
    let request = [
        "keys",
        "request",
        "--account",
        "A1",
        "--purpose",
        "own_bot",
        "--application",
        "bot",
        "--scopes",
        "read,trade",
        "--allow",
        "127.0.1.1/32",
        "--allow",
        "127.0.2.2/32",
        "--expires",
        "2027-06-01T00:00:00Z",
        "--terms",
        "1",
    ];
    let asked = open.json("owner", &request);
    let key = asked["result"]["key"]["key"].as_str().unwrap().to_owned();
    open.must("bob", &["keys", "approve", &key, "--reason", "addresses checked by phone"]);
    let issued = open.json("owner", &["keys", "issue", &key]);
    (key, issued["result"]["secret"].as_str().unwrap().to_owned())
}

fn used(open: &Open<'_>, from: Ipv4Addr, (key, secret): &(String, String)) -> u16 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let nonce = format!("made-up-live-nonce-{}", NEXT.fetch_add(1, Ordering::Relaxed));
    once_from(from, open.gate(), &Signed::with_secret(Effect::Read, key, secret, &nonce)).status
}

/// Two hands on one key, by turns.
fn by_turns(open: &Open<'_>, key: &(String, String), turns: usize) {
    for turn in 0..turns {
        let from = if turn % 2 == 0 { HERE } else { THERE };
        assert_eq!(used(open, from, key), 200, "{}", open.process.said());
    }
}

fn dumped(house: &House, arguments: &[&str]) -> Vec<String> {
    let ran = house.place.run(&[&["log", "dump"], arguments].concat());
    assert_eq!(ran.code, 0, "{}", ran.shown());
    ran.out.lines().map(str::to_owned).collect()
}

fn accesses(lines: &[String]) -> Vec<&String> {
    lines.iter().filter(|line| line.starts_with(r#"{"type":"access""#)).collect()
}

/// One column of a query on the database of a house.
fn column(house: &House, sql: &'static str) -> Vec<String> {
    install_default_drivers();
    let url = format!("sqlite://{}", house.place.path("sumun-data/govern.db").display());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let options: AnyConnectOptions = url.parse().unwrap();
        let mut connection: AnyConnection = options.connect().await.unwrap();
        let rows = sqlx::query(sql).fetch_all(&mut connection).await.unwrap();
        rows.iter().map(|row| row.get::<String, _>(0)).collect()
    })
}

/// Snapshots, the newest first: how many lines each knows, and its file.
fn snapshots(house: &House) -> Vec<(u64, PathBuf)> {
    let folder = std::fs::read_dir(house.place.path("sumun-data/detect"));
    let mut found: Vec<(u64, PathBuf)> = folder
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path())
        .filter_map(|path| Some((path.file_name()?.to_str()?.strip_suffix(".snapshot")?.parse().ok()?, path)))
        .collect();
    found.sort();
    found.reverse();
    found
}

/// Ids of the signals in the first so many lines of the log.
fn replayed(house: &House, lines: u64) -> BTreeSet<String> {
    let world = dumped(house, &["--events"]).join("\n");
    house.place.write("world.ndjson", &format!("{world}\n"));
    let count = lines.to_string();
    let replay = ["replay", "world.ndjson", "--policy", policy(), "--measures", "recorded", "--data", "none"];
    let ran = house.place.run(&[&replay[..], &["--stop-after", &count, "--save", "replayed"]].concat());
    assert_eq!(ran.code, 0, "{}", ran.shown());
    let found = ran.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    found
        .filter(|found| found["type"] == "signal")
        .map(|found| found["id"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn what_gates_see_leads_to_measures_once_whoever_is_killed() {
    let (house, made) = house();
    let open = house.open();
    for user in ["alice", "bob"] {
        open.enrol(user, &invite_of(&made, user));
    }
    open.enter_customer();
    open.owner();
    let key = issued(&open);
    wait_for(|| (used(&open, HERE, &key) == 200).then_some(())).expect("the gate never let it pass");
    by_turns(&open, &key, 11);
    wait_for(|| (snapshots(&house).len() == 2).then_some(())).expect("no two snapshots were ever written");
    by_turns(&open, &key, 6);
    let said = open.process.kill();
    assert!(!said.contains("ERROR"), "{said}");

    // The newest snapshot does not survive it.
    let newest = snapshots(&house).remove(0).1;
    let mut bytes = std::fs::read(&newest).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&newest, bytes).unwrap();
    let open = house.open();
    open.process.says("is damaged and is not used");
    by_turns(&open, &key, 6);
    // A measure comes back as a line of the key.
    let watched = wait_for(|| {
        let lines = dumped(&house, &["--events", "--key", &key.0]);
        lines.iter().any(|line| line.contains("\"measure\":\"")).then_some(())
    });
    assert!(watched.is_some(), "no measure was ever taken: {}", open.process.said());
    let (status, said) = open.process.stop();
    assert!(status.success(), "{said}");
    assert!(!said.contains("ERROR"), "{said}");

    // Every line once, in the gate's own order.
    let (own, merged) = (dumped(&house, &[]), dumped(&house, &["--events"]));
    assert_eq!(accesses(&merged), accesses(&own));
    for state in [r#"{"type":"account""#, r#"{"type":"key""#, r#"{"type":"tick""#] {
        assert!(merged.iter().any(|line| line.starts_with(state)), "no {state} in the log");
    }
    let log = merged.join("\n");
    assert!(!log.contains(&key.1) && !log.contains("Made Up"), "the log holds a secret or a name");

    // What is told of the key's use is what stands in the lines it was made of, each once.
    let next = column(&house, "SELECT CAST(\"next\" AS TEXT) FROM activity_place");
    let read = &merged[..next[0].parse::<usize>().unwrap()];
    let kept = column(&house, "SELECT \"body\" FROM key_activity");
    let kept: Value = serde_json::from_str(&kept[0]).unwrap();
    for (count, verdict) in [("uses", r#""verdict":"allow""#), ("refused", r#""verdict":"deny""#)] {
        let signed = accesses(read).into_iter().filter(|line| line.contains(r#""signature":"valid""#));
        assert_eq!(kept[count], signed.filter(|line| line.contains(verdict)).count(), "{count}");
    }
    assert!(kept["uses"].as_u64().unwrap() > 10 && kept["sources"].as_array().unwrap().len() == 2, "{kept}");

    // What is in the record is what a replay of the log finds, no more and no less.
    let kept: BTreeSet<String> = column(&house, "SELECT \"signal\" FROM signals").into_iter().collect();
    assert!(!kept.is_empty());
    assert_eq!(kept, replayed(&house, snapshots(&house)[0].0));
    let measures = column(&house, "SELECT \"key\" || ' ' || \"measure\" FROM measures");
    let different: BTreeSet<_> = measures.iter().collect();
    assert!(!measures.is_empty());
    assert_eq!(different.len(), measures.len(), "{measures:?}");
    let verified = house.place.run(&["ledger", "verify"]);
    assert_eq!(verified.code, 0, "{}", verified.shown());
}

#[test]
fn without_any_snapshot_the_whole_log_is_read_and_nothing_is_found_twice() {
    let (house, made) = house();
    let open = house.open();
    for user in ["alice", "bob"] {
        open.enrol(user, &invite_of(&made, user));
    }
    open.enter_customer();
    open.owner();
    let key = issued(&open);
    wait_for(|| (used(&open, HERE, &key) == 200).then_some(())).expect("the gate never let it pass");
    by_turns(&open, &key, 11);
    // A stop waits for nothing that is still to be detected: the next start would find it.
    let found = wait_for(|| (!column(&house, "SELECT \"signal\" FROM signals").is_empty()).then_some(()));
    assert!(found.is_some(), "nothing was ever found: {}", open.process.said());
    assert!(open.process.stop().0.success());
    let entries = |class: &str| {
        let all = column(&house, "SELECT \"class\" FROM ledger_entries");
        all.iter().filter(|found| found.as_str() == class).count()
    };
    let (signals, entered) = (column(&house, "SELECT \"signal\" FROM signals"), entries("measure.entered"));
    assert!(!signals.is_empty());
    std::fs::remove_dir_all(house.place.path("sumun-data/detect")).unwrap();
    let open = house.open();
    wait_for(|| (!snapshots(&house).is_empty()).then_some(())).expect("no snapshot was written");
    assert!(open.process.stop().0.success());
    let again = column(&house, "SELECT \"signal\" FROM signals");
    assert!(signals.iter().all(|signal| again.contains(signal)));
    let both: BTreeSet<_> = again.iter().collect();
    assert_eq!(both.len(), again.len());
    assert_eq!(again.len(), replayed(&house, snapshots(&house)[0].0).len());
    assert!(entries("measure.entered") >= entered);
    let measures = column(&house, "SELECT \"key\" || ' ' || \"measure\" FROM measures");
    assert_eq!(measures.iter().collect::<BTreeSet<_>>().len(), measures.len(), "{measures:?}");
}
