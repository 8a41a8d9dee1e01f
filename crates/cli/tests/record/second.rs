//! A second opinion: the verifier that a stranger wrote in another language from `docs/ledger-format.md` alone judges a real
//! data folder as ours does, whole or tampered with, and names the same place.

use crate::house::{House, invite_of};
use crate::support::{Place, Ran};
use crate::tampering::statement;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a verifier found wrong.
#[derive(Debug, PartialEq)]
struct Found {
    /// A file of the folder, or a place in the database.
    place: String,
    entry: Option<u64>,
}

/// Runs the stranger's verifier.
fn stranger(place: &Place, arguments: &[&str]) -> (i32, Value) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let prepared = root.join("target/clients/venv/bin/python");
    let python = if prepared.exists() { prepared } else { PathBuf::from("python3") };
    let ran = Command::new(python)
        .arg(root.join("tests/verifier/verify_ledger.py"))
        .args(arguments)
        .arg("--json")
        .current_dir(place.path("."))
        .output()
        .expect("Python 3.9 or later is needed: cargo xtask setup");
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    let told = serde_json::from_str(&said).unwrap_or_else(|_| {
        panic!("{said}{}", String::from_utf8_lossy(&ran.stderr));
    });
    (ran.status.code().unwrap_or(-1), told)
}

fn by_stranger(place: &Place, more: &[&str]) -> Option<Found> {
    let all = ["sumun-data/ledger", "--vkey", "vkey", "--sqlite", "sumun-data/govern.db"];
    let (code, told) = stranger(place, &[&all[..], more].concat());
    assert!(code < 2, "{told}");
    (code == 1)
        .then(|| Found { place: told["place"].as_str().unwrap().to_owned(), entry: told["entry"].as_u64() })
}

fn by_us(place: &Place, more: &[&str]) -> Option<Found> {
    let ran: Ran = place.run(&[&["ledger", "verify", "--vkey", "vkey", "--json"], more].concat());
    assert!(ran.code < 2, "{}", ran.shown());
    let told = ran.json();
    let fault = &told["ledger_fault"];
    let row = &told["row_faults"][0];
    if fault.is_object() {
        let place = fault["file"].as_str().unwrap().to_owned();
        return Some(Found { place, entry: fault["entry"].as_u64() });
    }
    row.is_object().then(|| {
        let text = |name: &str| row[name].as_str().unwrap().to_owned();
        let column = row["column"].as_str().map(|column| format!(", column {column}")).unwrap_or_default();
        Found {
            place: format!("database, table {}, row {}{column}", text("table"), text("key")),
            entry: None,
        }
    })
}

/// Both refuse, and say the same; answers what.
fn refused(place: &Place, more: &[&str]) -> String {
    let (ours, theirs) = (by_us(place, more), by_stranger(place, more));
    let (Some(ours), Some(theirs)) = (&ours, &theirs) else { panic!("{ours:?} and {theirs:?}") };
    assert_eq!(ours.place, theirs.place);
    // For a hash in a tile only ours says whose it is.
    if ours.entry.is_some() && theirs.entry.is_some() {
        assert_eq!(ours.entry, theirs.entry, "{}", ours.place);
    }
    match theirs.entry {
        Some(entry) => format!("{}, entry {entry}", theirs.place),
        None => theirs.place.clone(),
    }
}

fn copied(place: &Place, from: &str, to: &str) {
    let _ = std::fs::remove_dir_all(place.path(to));
    let status = Command::new("cp").arg("-a").arg(place.path(from)).arg(place.path(to)).status();
    assert!(status.unwrap().success());
}

/// A whole life: people, a key asked for, approved, issued and revoked, receipts of the gate. `older` is a copy of its beginning.
fn lived() -> House {
    let (house, made) = House::new();
    copied(&house.place, "sumun-data", "older");
    house.place.write("vkey", &house.place.read("sumun-data/ledger/vkey"));
    let open = house.open();
    for user in ["alice", "bob"] {
        open.enrol(user, &invite_of(&made, user));
    }
    open.enter_customer();
    open.owner();
    let request = ["keys", "request", "--account", "A1", "--purpose", "own_bot", "--application", "bot"];
    let grant = ["--scopes", "read,trade", "--allow", "127.0.0.1/32"];
    let until = ["--expires", "2027-06-01T00:00:00Z", "--terms", "1"];
    let asked = open.json("owner", &[&request[..], &grant, &until].concat());
    let key = asked["result"]["key"]["key"].as_str().unwrap().to_owned();
    open.must("bob", &["keys", "approve", &key, "--reason", "address checked by phone"]);
    open.must("owner", &["keys", "issue", &key]);
    // While it is at work, too.
    let (code, told) = stranger(&house.place, &["sumun-data/ledger", "--vkey", "vkey"]);
    assert_eq!(code, 0, "{told}");
    let ended = open.json("owner", &["keys", "revoke", &key]);
    let entry = ended["ledger"]["entry"].as_u64().unwrap().to_string();
    let out = ["ledger", "proof", &entry, "--out", "end.proof", "--payload", "end.payload"];
    open.must("alice", &[&out[..], &["--reason", "a made-up case"]].concat());
    let (status, said) = open.process.stop();
    assert!(status.success(), "{said}");
    house.place.write("checkpoint.txt", &house.place.read("sumun-data/ledger/checkpoint"));
    house
}

/// Entries of the published log.
fn size(place: &Place) -> u64 {
    place.read("sumun-data/ledger/checkpoint").lines().nth(1).unwrap().parse().unwrap()
}

fn lines(bytes: &[u8]) -> Vec<Vec<u8>> {
    bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
}

fn leaves(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    while let &[high, low, ..] = bytes {
        let (leaf, rest) = bytes.split_at(2 + usize::from(u16::from_be_bytes([high, low])));
        found.push(leaf.to_vec());
        bytes = rest;
    }
    found
}

#[test]
fn a_real_folder_is_judged_alike_by_a_stranger() {
    let house = lived();
    let place = &house.place;
    let entries = size(place);
    assert!((12..256).contains(&entries), "{entries}");
    assert_eq!((by_us(place, &[]), by_stranger(place, &[])), (None, None));
    let proof = ["--vkey", "vkey", "--proof", "end.proof", "--payload", "end.payload"];
    let (code, told) = stranger(place, &proof);
    assert_eq!((code, &told["payload"]), (0, &"proved".into()), "{told}");
    let ours =
        ["ledger", "verify-proof", "end.proof", "--vkey", "vkey", "--payload", "end.payload", "--json"];
    let ran = place.run(&ours);
    assert_eq!((ran.code, &ran.json()["index"]), (0, &told["entry"]), "{}", ran.shown());

    copied(place, "sumun-data", "whole");
    let file = |kind: &str| format!("{kind}/000.p/{entries}");
    let (tile, bundle, payload) = (file("tile/0"), file("tile/entries"), file("payload"));
    let changed = |file: &str, change: &dyn Fn(&mut Vec<u8>)| {
        copied(place, "whole", "sumun-data");
        let path = place.path("sumun-data/ledger").join(file);
        let mut bytes = std::fs::read(&path).unwrap();
        change(&mut bytes);
        std::fs::write(path, bytes).unwrap();
        refused(place, &[])
    };
    // One byte anywhere.
    assert_eq!(changed(&tile, &|bytes| bytes[32 * 3 + 7] ^= 1), tile);
    assert_eq!(changed(&payload, &|bytes| bytes[200] ^= 1), format!("{payload}, entry 0"));
    assert_eq!(
        changed(&bundle, &|bytes| *bytes.last_mut().unwrap() ^= 1),
        format!("{bundle}, entry {}", entries - 1)
    );
    changed("checkpoint", &|bytes| *bytes.last_mut().unwrap() ^= 1);
    // An entry deleted, two swapped, one emptied.
    let mut said = Vec::new();
    for (file, units) in [(&payload, lines as fn(&[u8]) -> Vec<Vec<u8>>), (&bundle, leaves)] {
        let with = |change: &dyn Fn(&mut Vec<Vec<u8>>)| {
            changed(file, &|bytes| {
                let mut all = units(bytes);
                change(&mut all);
                *bytes = all.concat();
            })
        };
        said.push(with(&|all| drop(all.remove(4))));
        said.push(with(&|all| drop(all.pop())));
        said.push(with(&|all| all.swap(6, 7)));
        said.push(with(&|all| all.push(all[0].clone())));
    }
    let place_of = |file: &str, entry: u64| format!("{file}, entry {entry}");
    for (at, file) in [&payload, &bundle].into_iter().enumerate() {
        let right = [place_of(file, 4), place_of(file, entries - 1), place_of(file, 6), file.clone()];
        assert_eq!(said[at * 4..at * 4 + 4], right);
    }
    let emptied = changed(&payload, &|bytes| {
        let mut all = lines(bytes);
        all[5] = b"{\"index\":5,\"erased\":true}\n".to_vec();
        *bytes = all.concat();
    });
    assert_eq!(emptied, place_of(&payload, 5));
    // A file that is gone, and one that nobody knows.
    copied(place, "whole", "sumun-data");
    std::fs::remove_file(place.path("sumun-data/ledger").join(&bundle)).unwrap();
    assert_eq!(refused(place, &[]), bundle);
    copied(place, "whole", "sumun-data");
    place.write("sumun-data/ledger/notes", "made up");
    assert_eq!(refused(place, &[]), "notes");

    // A forger who owns the folder, not the key: an entry's time set back, the tile made to fit.
    let backdated = changed(&bundle, &|bytes| {
        let mut all = leaves(bytes);
        let leaf = String::from_utf8(all[8][2..].to_vec()).unwrap();
        let mut parts: Vec<String> = leaf.lines().map(str::to_owned).collect();
        parts[2] = (parts[2].parse::<u64>().unwrap() - 1).to_string();
        let leaf = format!("{}\n", parts.join("\n"));
        all[8].splice(2.., leaf.bytes());
        *bytes = all.concat();
        let path = place.path("sumun-data/ledger").join(&tile);
        let mut hashes = std::fs::read(&path).unwrap();
        hashes.splice(32 * 8..32 * 9, sumun_ledger::leaf_hash(leaf.as_bytes()).0);
        std::fs::write(path, hashes).unwrap();
    });
    assert_eq!(backdated, "checkpoint");

    // Everything as it was earlier: only a checkpoint kept elsewhere tells.
    copied(place, "older", "sumun-data");
    assert_eq!((by_us(place, &[]), by_stranger(place, &[])), (None, None));
    assert_eq!(refused(place, &["--since", "checkpoint.txt"]), "checkpoint");

    // An older checkpoint by another key says nothing of the log: bad input, to both.
    let other = sumun_ledger::CheckpointSigner::new(&[3; 32], "sumun.example/another").unwrap();
    place.write("other.txt", &other.sign(1, sumun_ledger::Hash([0; 32])));
    let since = ["--vkey", "vkey", "--since", "other.txt"];
    assert_eq!(place.run(&[&["ledger", "verify"], &since[..]].concat()).code, 2);
    assert_eq!(stranger(place, &[&["sumun-data/ledger"], &since[..]].concat()).0, 2);

    // Rows changed behind the record's back.
    let url = format!("sqlite://{}", place.path("sumun-data/govern.db").display());
    for (sql, right) in [
        ("UPDATE customers SET country = 'JP'", "database, table customers, row C1, column country"),
        ("UPDATE customers SET country = NULL", "database, table customers, row C1, column country"),
        ("UPDATE customers SET version = version + 1", "database, table customers, row C1, column version"),
        ("UPDATE persons SET name = ''", "database, table persons, row P1, column name"),
        ("DELETE FROM accounts", "database, table accounts, row A1"),
        ("UPDATE operators SET networks = '[ ]'", "database, table operators, row O1, column networks"),
        (
            "INSERT INTO dead_keys VALUES ('made-up', 'expired', NULL, 0, 1)",
            "database, table dead_keys, row made-up",
        ),
        ("UPDATE keys SET state = 'active'", "column state"),
        ("UPDATE keys SET scopes = '[\"read\"]'", "column scopes"),
        ("UPDATE feed_keys SET feed_version = feed_version - 1", "column feed_version"),
        ("UPDATE feed_keys SET record = '{}'", "column record"),
        ("UPDATE gates SET enrolled_us = 0", "database, table gates, row gate-1, column enrolled_us"),
    ] {
        copied(place, "whole", "sumun-data");
        statement(&url, sql);
        let said = refused(place, &[]);
        assert!(said.ends_with(right), "{sql}: {said}");
    }
}
