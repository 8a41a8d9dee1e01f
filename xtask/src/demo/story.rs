//! The scenario of this stage, step by step: what is tried, what must come of it, what came of it.
//!
//! Told in plain words to a person; a step that ends otherwise stops the demo with an error. Knows nothing of
//! configuration or processes (see `stage`).

use std::path::Path;
use std::thread::sleep;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::client::Client;
use super::process::POLL;
use super::stage::Stage;

/// The owner's registered address, and one that is not.
pub(super) const REGISTERED: &str = "127.0.0.1";
const UNREGISTERED: &str = "127.0.0.2";

const MARKET: &str = "KRW-BTC";

/// A buy far below the market, so that it rests until it is cancelled.
const RESTING_PRICE: &str = "50000000";

/// Looks at whether the edited keys file has taken effect before giving up: ten seconds.
const EDIT_POLLS_MAX: u32 = 200;

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
pub(super) fn play(stage: &Stage, python: &Path) -> Result<()> {
    let client = |name, from| Client::start(name, python, stage, from);
    let mut teller = Teller { step: 0 };
    let order =
        json!({"op": "order", "market": MARKET, "side": "buy", "price": RESTING_PRICE, "quantity": "0.001"});

    teller.step(&format!(
        "The owner's bot (ccxt, unmodified) asks for balances from {REGISTERED}, registered."
    ));
    let mut owner = client("ccxt", REGISTERED)?;
    teller.allowed(owner.ask(&json!({"op": "balance"}))?, |result| {
        format!("{} KRW are free to trade", shown(&result["free"]["KRW"]))
    })?;

    teller.step("It places an order far below the market, which rests.");
    let placed =
        teller.allowed(owner.ask(&order)?, |result| format!("the order's id is {}", shown(&result["id"])))?;
    let id = placed["id"].as_str().context("a placed order has an id")?.to_owned();

    teller.step("It places another and cancels it.");
    let other =
        teller.allowed(owner.ask(&order)?, |result| format!("the order's id is {}", shown(&result["id"])))?;
    teller.allowed(owner.ask(&json!({"op": "cancel", "id": other["id"]}))?, |_| "cancelled".to_owned())?;

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

    teller.step("Meanwhile the owner goes on as before.");
    teller.allowed(owner.ask(&json!({"op": "get_order", "id": id}))?, |result| {
        format!("the first order is {}", shown(&result["status"]))
    })?;

    teller.step("The exchange suspends the key: one word in the keys file, no restart.");
    stage.suspend_key()?;
    let refusal = refused_in_time(&mut owner)?;
    teller.refused(&refusal)?;

    teller.step("The next order is refused.");
    teller.refused(&owner.ask(&order)?)?;

    teller.step("The resting order can still be cancelled: a way out is never closed.");
    teller.allowed(owner.ask(&json!({"op": "cancel", "id": id}))?, |_| "cancelled".to_owned())?;

    teller.step("The WebSocket was closed at a frame boundary.");
    let end = watcher.ask(&json!({"op": "ws_closed", "timeout_s": 10}))?;
    let closed = &end["result"]["closed"];
    if !closed.is_object() {
        bail!("step {} should have found the stream closed, but the client got {end}", teller.step);
    }
    println!("   closed: the client raises {}", failure(closed));
    Ok(())
}

/// Asks until the edited file is in effect; the file is watched, and the first request after that is refused.
fn refused_in_time(owner: &mut Client) -> Result<Value> {
    for _ in 0..EDIT_POLLS_MAX {
        let answer = owner.ask(&json!({"op": "balance"}))?;
        if answer["ok"] == false {
            return Ok(answer);
        }
        sleep(POLL);
    }
    bail!("the keys file was edited, but the gate still allows the suspended key")
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
