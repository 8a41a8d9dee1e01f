//! One key's whole life, and what a stranger can check of it.

use crate::house::{House, Open, invite_of};
use crate::stage::client::{Effect, Signed, once};
use crate::stage::wait_for;
use serde_json::Value;

const REQUEST: &[&str] = &[
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
    "127.0.0.1/32",
    "--expires",
    "2027-06-01T00:00:00Z",
    "--terms",
    "1",
];

fn asked_for(open: &Open<'_>) -> String {
    let asked = open.json("owner", REQUEST);
    asked["result"]["key"]["key"].as_str().unwrap().to_owned()
}

/// What the gate answers a signed request.
fn tried(open: &Open<'_>, key: &str, secret: &str, nonce: &str) -> u16 {
    once(open.gate(), &Signed::with_secret(Effect::Read, key, secret, nonce)).status
}

#[test]
fn a_key_is_asked_for_approved_issued_used_and_ended_and_the_ledger_proves_it() {
    let (house, made) = House::new();
    let open = house.open();
    for user in ["alice", "bob"] {
        open.enrol(user, &invite_of(&made, user));
    }
    open.enter_customer();
    open.owner();

    // Nothing is done by a dry run, and people read what would be.
    let plan = open.must("owner", &[REQUEST, &["--dry-run"]].concat()).out;
    assert!(plan.starts_with("would ") && plan.contains("nothing was changed"), "{plan}");
    assert_eq!(open.json("owner", &["keys", "list"])["items"], Value::Array(Vec::new()));

    let key = asked_for(&open);
    let early = open.run("owner", &["keys", "issue", &key]);
    assert_eq!(early.code, 1, "{}", early.shown());
    assert!(early.err.contains("code: ") && early.err.contains("what to do: "), "{}", early.err);
    // The owner himself is no second pair of eyes.
    assert_eq!(open.run("owner", &["keys", "approve", &key, "--reason", "it is mine"]).code, 1);
    open.must("bob", &["keys", "approve", &key, "--reason", "address checked by phone"]);
    let issued = open.json("owner", &["keys", "issue", &key]);
    let secret = issued["result"]["secret"].as_str().unwrap().to_owned();

    let passed = wait_for(|| (tried(&open, &key, &secret, &nonce()) == 200).then_some(()));
    assert!(passed.is_some(), "the gate never let it pass: {}", open.process.said());

    let ended = open.json("owner", &["keys", "revoke", &key]);
    let entry = ended["ledger"]["entry"].as_u64().unwrap();
    let version = ended["ledger"]["feed_version"].as_u64().unwrap();
    let refused = wait_for(|| (tried(&open, &key, &secret, &nonce()) == 401).then_some(()));
    assert!(refused.is_some(), "the gate never refused it: {}", open.process.said());
    let receipt = wait_for(|| {
        let receipts = open.json("alice", &["gates", "receipts", "gate-1"]);
        let covers = |receipt: &Value| receipt["to_version"].as_u64() >= Some(version);
        receipts["items"].as_array().unwrap().iter().find(|receipt| covers(receipt)).cloned()
    });
    assert!(receipt.is_some(), "the gate never said that it obeyed: {}", open.process.said());

    // What people read fits their screens.
    for list in [&["keys", "list"][..], &["users", "list"], &["ledger", "entries"], &["gates", "list"]] {
        let table = open.must("alice", list).out;
        assert!(table.lines().count() > 1, "{table}");
        assert!(table.lines().all(|line| line.chars().count() <= 100), "{table}");
    }

    // A stranger: the whole ledger while it is written, one proof, and the payload behind it.
    let verified = house.place.run(&["ledger", "verify"]);
    assert_eq!(verified.code, 0, "{}", verified.shown());
    let number = entry.to_string();
    let out = ["ledger", "proof", &number, "--out", "end.proof", "--payload", "end.payload"];
    // A key's entry holds the digest of its secret: a masked payload would prove nothing, and says so.
    let masked = open.run("alice", &out);
    assert!(masked.code == 2 && masked.err.contains("--reason"), "{}", masked.shown());
    open.must("alice", &[&out[..], &["--reason", "a made-up case"]].concat());
    let alone = ["ledger", "verify-proof", "end.proof", "--vkey", "sumun-data/ledger/vkey"];
    let shown = house.place.run(&[&alone[..], &["--payload", "end.payload"]].concat());
    assert!(shown.code == 0 && shown.out.contains("what it says is proved too"), "{}", shown.shown());
    let shown = house.place.run(&alone);
    assert!(shown.code == 0 && shown.out.contains("not shown"), "{}", shown.shown());
    house.place.write(
        "end.json",
        &open.must("alice", &["ledger", "entry", &number, "--reason", "a made-up case", "--json"]).out,
    );
    let check =
        ["ledger", "verify-proof", "end.proof", "--vkey", "sumun-data/ledger/vkey", "--entry", "end.json"];
    let proved = house.place.run(&check);
    assert_eq!(proved.code, 0, "{}", proved.shown());
    assert!(proved.out.contains("what it says is proved too; `recorded`"), "{}", proved.out);
    let whole: Value = serde_json::from_str(&house.place.read("end.json")).unwrap();
    let doctored = [
        ("index", serde_json::json!(0)),
        ("class", serde_json::json!("key.issued")),
        ("sequenced", serde_json::json!("2020-01-01T00:00:00Z")),
        ("commitment", serde_json::json!("00")),
        ("leaf", serde_json::json!("sumun-leaf/v1\n")),
        ("recorded", serde_json::json!(0)),
        ("masked", serde_json::json!(["keys.secret"])),
        ("masked_said", serde_json::json!([{ "ko": "(가상)", "en": "made up" }])),
        ("ended_keys", serde_json::json!([])),
        ("ended_keys", Value::Null),
        ("ended_keys", serde_json::json!(["K-another"])),
        ("by", serde_json::json!("user:attacker")),
    ];
    for (name, value) in doctored {
        let mut forged = whole.clone();
        forged[name] = value;
        house.place.write("forged.json", &forged.to_string());
        let forged = ["ledger", "verify-proof", "end.proof", "--vkey", "sumun-data/ledger/vkey", "--entry"];
        let forged = house.place.run(&[&forged[..], &["forged.json"]].concat());
        assert_eq!(forged.code, 1, "{name}: {}", forged.shown());
    }
    house.place.write("end.json", &house.place.read("end.json").replace("127.0.0.1", "127.0.0.2"));
    let forged = house.place.run(&check);
    assert_eq!(forged.code, 1, "{}", forged.shown());

    let (status, said) = open.process.stop();
    assert!(status.success(), "{said}");
    after_the_end(&house, &key);
}

/// With everything stopped: the gate starts alone, the record is moved, a changed byte shows.
fn after_the_end(house: &House, key: &str) {
    house.place.write("checkpoint.txt", &house.place.read("sumun-data/ledger/checkpoint"));
    let into = format!("sqlite://{}", house.place.path("copy.db").display());
    let moved = house.place.run(&["ledger", "rebuild", "--into", &into]);
    assert_eq!(moved.code, 0, "{}", moved.shown());
    let since = ["ledger", "verify", "--since", "checkpoint.txt"];
    assert_eq!(house.place.run(&since).code, 0);

    let payloads = std::fs::read_dir(house.place.path("sumun-data/ledger/payload")).unwrap();
    let path = largest(payloads.map(|entry| entry.unwrap().path()).collect());
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(key));
    std::fs::write(&path, text.replacen("127.0.0.1", "127.0.0.2", 1)).unwrap();
    let found = house.place.run(&since);
    assert_eq!(found.code, 1, "{}", found.shown());
    assert!(found.out.starts_with("FAULT in ") && found.out.contains("payload/"), "{}", found.out);
}

/// The bundle with the most lines, however deep it lies.
fn largest(mut found: Vec<std::path::PathBuf>) -> std::path::PathBuf {
    let mut files = Vec::new();
    while let Some(path) = found.pop() {
        if path.is_dir() {
            found.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            files.push(path);
        }
    }
    files.into_iter().max_by_key(|path| std::fs::metadata(path).unwrap().len()).unwrap()
}

/// New every time.
fn nonce() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("made-up-nonce-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}
