//! A key's whole life, step by step: what is tried, what must come of it, what came of it.
//!
//! Told in plain words to a person; a step that ends otherwise stops the demo with an error. Knows nothing of
//! configuration or processes (see `stage`).

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::client::Client;
use super::stage::Stage;

/// The owner's registered address, and one that is not.
pub(super) const REGISTERED: &str = "127.0.0.1";
const UNREGISTERED: &str = "127.0.0.2";

const MARKET: &str = "KRW-BTC";

/// A buy far below the market, so that it rests until it is cancelled.
const RESTING_PRICE: &str = "50000000";

/// Numbers the steps and prints them.
struct Teller {
    step: u32,
}

impl Teller {
    fn step(&mut self, what: &str) {
        self.step += 1;
        println!("\n{}. {what}", self.step);
    }

    /// The operation must succeed; returns its result.
    fn allowed(&self, answer: Value, saw: impl FnOnce(&Value) -> String) -> Result<Value> {
        if answer["ok"] != true {
            bail!("step {} should have been allowed, but the client got {}", self.step, failure(&answer));
        }
        println!("   allowed: {}", saw(&answer["result"]));
        Ok(answer["result"].clone())
    }

    /// The operation must fail as the client sees it.
    fn refused(&self, answer: &Value) -> Result<()> {
        if answer["ok"] != false {
            bail!("step {} should have been refused, but the client got {answer}", self.step);
        }
        println!("   refused: the client raises {}", failure(answer));
        Ok(())
    }
}

/// A field as a person reads it: text without its quotes, anything else as it is.
fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A driver's failure as a person reads it.
fn failure(answer: &Value) -> String {
    format!("{}: {}", shown(&answer["exception"]), shown(&answer["message"]))
}

/// Plays all of it. The stage is up; it is the caller's to take down.
pub(super) fn play(stage: &mut Stage, python: &Path) -> Result<()> {
    let mut teller = Teller { step: 0 };
    let key = granted(stage, &mut teller)?;
    used_and_ended(stage, &mut teller, python, &key)
}

/// From an empty record to a key in its owner's hands. Returns its id.
fn granted(stage: &mut Stage, teller: &mut Teller) -> Result<String> {
    teller.step("Alice and Bob of the exchange accept their invites: a password and a second factor each.");
    for user in ["alice", "bob"] {
        let enrolled = stage.enrol(user)?;
        println!("   enrolled, and signed in by that: {}", shown(&enrolled["session"]["principal"]));
    }

    teller.step("Alice enters a verified customer: who he is, who stands behind him, what he trades from.");
    for words in [
        &["customers", "put", "C1", "--segment", "retail", "--country", "KR"][..],
        &["persons", "put", "P1", "--customer", "C1", "--role", "owner", "--name", "Made Up"],
        &["operators", "put", "O1", "--kind", "owner", "--customer", "C1"],
        &[
            "accounts",
            "put",
            "A1",
            "--customer",
            "C1",
            "--person",
            "P1",
            "--segment",
            "retail",
            "--owner",
            "O1",
        ],
    ] {
        let done = stage.ask("alice", words)?;
        println!("   {:<13} ledger entry {}", format!("{} {}", words[0], words[2]), done["ledger"]["entry"]);
    }

    teller.step(
        "The customer signs in with the exchange, which vouches for him, and asks for a key for his own bot.",
    );
    stage.sign_in_owner()?;
    let asked = stage.ask(
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
            REGISTERED,
            "--expires",
            &in_ninety_days()?,
            "--terms",
            "1",
        ],
    )?;
    let key = asked["result"]["key"]["key"].as_str().context("a requested key has an id")?.to_owned();
    println!("   {key} is asked for: read and trade, from {REGISTERED} only. Nothing of it lives yet.");

    teller.step(
        "Bob approves it; nobody approves what he asked for himself. The owner takes it, secret shown once.",
    );
    let approved = stage.ask("bob", &["keys", "approve", &key, "--reason", "address checked by phone"])?;
    println!("   approved: ledger entry {}", approved["ledger"]["entry"]);
    let issued = stage.ask("owner", &["keys", "issue", &key])?;
    println!("   issued: ledger entry {}, and on its way to the gate", issued["ledger"]["entry"]);
    stage.open_exchange(&key, issued["result"]["secret"].as_str().context("an issued key has a secret")?)?;
    Ok(key)
}

/// Real clients trade with it, its owner ends it, and the ledger proves that.
fn used_and_ended(stage: &Stage, teller: &mut Teller, python: &Path, key: &str) -> Result<()> {
    let client = |name, from| Client::start(name, python, stage, from);
    let order =
        json!({"op": "order", "market": MARKET, "side": "buy", "price": RESTING_PRICE, "quantity": "0.001"});

    teller.step(&format!(
        "The owner's bot (ccxt, unmodified) asks for balances from {REGISTERED}, registered."
    ));
    let mut owner = client("ccxt", REGISTERED)?;
    teller.allowed(owner.ask(&json!({"op": "balance"}))?, |result| {
        format!("{} KRW are free to trade", shown(&result["free"]["KRW"]))
    })?;

    teller.step("It places an order far below the market, which rests, and cancels it.");
    let placed =
        teller.allowed(owner.ask(&order)?, |result| format!("the order's id is {}", shown(&result["id"])))?;
    teller.allowed(owner.ask(&json!({"op": "cancel", "id": placed["id"]}))?, |_| "cancelled".to_owned())?;

    teller.step("It opens the private WebSocket (ccxt.pro) and watches its own orders.");
    let mut watcher = client("ccxt_pro", REGISTERED)?;
    teller.allowed(
        watcher.ask(&json!({"op": "ws_subscribe", "types": ["myOrder"], "codes": [MARKET]}))?,
        |_| "the stream is open".to_owned(),
    )?;

    teller.step(&format!("Somebody else uses the same key and the same secret from {UNREGISTERED}."));
    let mut stranger = client("ccxt", UNREGISTERED)?;
    teller.refused(&stranger.ask(&json!({"op": "balance"}))?)?;
    teller.refused(&stranger.ask(&order)?)?;

    teller.step("The owner ends his key: one command, no leave needed.");
    let ended = stage.ask("owner", &["keys", "revoke", key, "--reason", "the secret is in other hands"])?;
    let entry = ended["ledger"]["entry"].to_string();
    println!("   ended: ledger entry {entry}, feed version {}", ended["ledger"]["feed_version"]);

    teller.step("The WebSocket is closed at a frame boundary, and the next call is refused.");
    let end = watcher.ask(&json!({"op": "ws_closed", "timeout_s": 10}))?;
    let closed = &end["result"]["closed"];
    if !closed.is_object() {
        bail!("step {} should have found the stream closed, but the client got {end}", teller.step);
    }
    println!("   closed: the client raises {}", failure(closed));
    teller.refused(&owner.ask(&order)?)?;

    teller.step("What is on record of this key, and its proof, checked as a stranger would: offline.");
    let timeline = stage.ask("alice", &["keys", "timeline", key])?;
    for one in timeline["items"].as_array().into_iter().flatten() {
        println!(
            "   {:>3}  {}  {:<14} {}",
            one["index"],
            shown(&one["at"]),
            shown(&one["class"]),
            shown(&one["actor"])
        );
    }
    stage.keep(
        "ended.json",
        &stage.ask("alice", &["ledger", "entry", &entry, "--reason", "the demo"])?.to_string(),
    )?;
    stage.check(&["ledger", "proof", &entry, "--out", "ended.proof", "--as", "alice"])?;
    for words in [
        &["ledger", "verify"][..],
        &["ledger", "verify-proof", "ended.proof", "--entry", "ended.json", "--vkey", "data/ledger/vkey"],
    ] {
        println!("   $ sumun {}", words.join(" "));
        let said = stage.check(words)?;
        ensure!(!said.trim().is_empty(), "`sumun {}` said nothing", words.join(" "));
        said.lines().for_each(|line| println!("     {line}"));
    }
    Ok(())
}

/// A key's end, as `sumun keys request --expires` takes it.
fn in_ninety_days() -> Result<String> {
    let mut date = std::process::Command::new("date");
    let text = crate::run::output(date.args(["-u", "-d", "+90 days", "+%Y-%m-%dT%H:%M:%SZ"]))?;
    Ok(text.trim().to_owned())
}

/// Prints the gate's own record of it, and checks the one line this stage is about.
pub(super) fn read_back(dump: &str) -> Result<()> {
    let mut proved = false;
    for line in dump.lines() {
        let record: Value = serde_json::from_str(line).with_context(|| format!("log line `{line}`"))?;
        if record["type"] != "access" {
            continue;
        }
        println!("   {}", told(&record));
        proved |= record["ip"] == UNREGISTERED
            && record["reason"] == "address_not_allowed"
            && record["signature"] == "valid";
    }
    if !proved {
        bail!("the log holds no valid signature refused for its address, {UNREGISTERED}");
    }
    println!(
        "\nThe lines from {UNREGISTERED} carry a valid signature: whoever sent them has the secret. That is on record."
    );
    Ok(())
}

/// One access record in one line.
fn told(record: &Value) -> String {
    let text = |name: &str| record[name].as_str().unwrap_or("-").to_owned();
    format!(
        "{}  {:<9}  {:<9}  {:<7} {:<22} {:<5} {:<20} signature {}",
        text("ts"),
        text("ip"),
        text("channel"),
        text("method"),
        text("route"),
        text("verdict"),
        text("reason"),
        text("signature")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(ip: &str, reason: &str, signature: &str) -> String {
        json!({"type": "access", "ts": "2026-06-01T00:00:00.000000Z", "ip": ip, "reason": reason,
               "signature": signature, "verdict": "deny"})
        .to_string()
    }

    #[test]
    fn the_record_must_show_the_secret_in_other_hands() {
        assert!(read_back(&line(UNREGISTERED, "address_not_allowed", "valid")).is_ok());
        assert!(read_back(&line(UNREGISTERED, "address_not_allowed", "invalid")).is_err());
        assert!(read_back(&line(REGISTERED, "address_not_allowed", "valid")).is_err());
        assert!(read_back("").is_err());
        assert!(read_back("not json").is_err());
    }
}
