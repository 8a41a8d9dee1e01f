//! Notices by mail, through a mail server that takes letters in.

use crate::house::{House, Open, invite_of};
use crate::stage::wait_for;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

/// A mail server. Dropping it ends it.
struct Sink {
    child: Child,
    address: String,
    letters: Arc<Mutex<Vec<Value>>>,
}

impl Sink {
    fn start() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let prepared: PathBuf = root.join("target/clients/venv/bin/python");
        let mut child = Command::new(prepared)
            .arg(root.join("tests/clients/mail_sink.py"))
            .args(["--refuse", "nobody@customer.example"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the prepared Python is needed: cargo xtask setup");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        let letters = Arc::new(Mutex::new(Vec::new()));
        let taken = Arc::clone(&letters);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                taken.lock().unwrap().push(serde_json::from_str(&line).unwrap());
            }
        });
        Self { child, address: first["listen"].as_str().unwrap().to_owned(), letters }
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks for a key and has it rejected, which the owner is told of; the notice once it has settled.
fn rejected(open: &Open<'_>, state: &str) -> Value {
    let asked = open.json(
        "owner",
        &[
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
        ],
    );
    let key = asked["result"]["key"]["key"].as_str().unwrap().to_owned();
    open.must("bob", &["keys", "reject", &key, "--reason", "the purpose is not clear"]);
    wait_for(|| {
        let found = open.json("alice", &["owner", "notices", "list", "--key", &key]);
        found["items"].as_array()?.iter().find(|notice| notice["state"] == state).cloned()
    })
    .unwrap_or_else(|| panic!("no notice about {key} is {state}"))
}

#[test]
fn a_notice_is_mailed_in_both_languages_and_a_refusal_shows() {
    let sink = Sink::start();
    let relay = format!(
        "[notices]\nsmtp_url = \"smtp://{}\"\nsmtp_from = \"Example <no-reply@exchange.example>\"\n",
        sink.address
    );
    let (house, made) = House::with(&relay);
    let open = house.open();
    for user in ["alice", "bob"] {
        open.enrol(user, &invite_of(&made, user));
    }
    open.enter_customer();
    let person =
        ["persons", "put", "P1", "--customer", "C1", "--role", "owner", "--name", "Made Up", "--email"];
    open.must("alice", &[&person[..], &["owner@customer.example"]].concat());
    open.owner();

    let sent = rejected(&open, "sent");
    let letter = wait_for(|| sink.letters.lock().unwrap().first().cloned()).expect("no letter came");
    assert_eq!(letter["to"], serde_json::json!(["owner@customer.example"]));
    assert_eq!(letter["from"], "no-reply@exchange.example");
    let (subject, body) = (letter["subject"].as_str().unwrap(), letter["body"].as_str().unwrap());
    let key = sent["key"].as_str().unwrap();
    // Which key, by its name and its end.
    let end = &key[key.len() - 6..];
    assert!(subject.contains("예시 거래소") && subject.contains(&format!("…{end}")), "{subject}");
    assert!(body.contains("받아들여지지 않았습니다") && body.contains("was not granted"), "{body}");
    assert!(letter["message_id"].as_str().unwrap().contains(sent["notice"].as_str().unwrap()), "{letter}");

    // The server's own answer is the proof, and no address stands in the ledger.
    let timeline = open.must("alice", &["ledger", "entries", "--json"]).out;
    assert!(!timeline.contains("owner@customer.example"), "{timeline}");

    // A relay that refuses for good is not asked for ever, and staff see it.
    open.must("alice", &[&person[..], &["nobody@customer.example"]].concat());
    rejected(&open, "failed");
    assert_eq!(sink.letters.lock().unwrap().len(), 1);
}
