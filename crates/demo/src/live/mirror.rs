//! The exchange's own key database, which tells Sumun of its keys: of all that there are once, then of each that comes or ends.
//!
//! It holds two mistakes from the start, as such databases do, so that there is something to compare: a key of an account that nobody has
//! entered here, and one that was suspended there alone. Everything else it knows as it is.

use crate::cast::Character;
use crate::clock;
use crate::house::CANARY_ACCOUNT;
use crate::world::World;
use anyhow::{Result, ensure};
use http::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// What the database is called.
const SOURCE: &str = "exchange";
/// Between two looks at which keys came or ended.
const LOOK: Duration = Duration::from_secs(2);
/// A key that the exchange knows, and its account, which nobody has entered here.
const UNENTERED: (&str, &str) = ("K-of-a-closed-branch", "A-closed-branch");

/// What it has told of each key, and how many changes.
#[derive(Debug, Default)]
struct Told {
    states: BTreeMap<String, String>,
    seq: u64,
}

/// Tells of all keys, then of every change.
pub(super) async fn tells(world: Arc<World>) -> Result<()> {
    let mut told = Told::default();
    let path = format!("/v1/mirrors/{SOURCE}/snapshot");
    let lines = told.snapshot(&keys(&world).await?, suspended_there(&world).as_deref());
    while let Err(error) = sent(&world, Method::PUT, &path, lines.clone()).await {
        world.notes.say(&format!("the exchange's database: {error:#}"));
        tokio::time::sleep(LOOK).await;
    }
    let path = format!("/v1/mirrors/{SOURCE}/changes");
    loop {
        tokio::time::sleep(LOOK).await;
        let Ok(keys) = keys(&world).await else { continue };
        let (lines, states) = told.changes(&keys);
        if states.is_empty() {
            continue;
        }
        match sent(&world, Method::POST, &path, lines).await {
            Ok(()) => {
                told.seq += states.len() as u64;
                told.states.extend(states);
            }
            // It is told again: what is held already is passed over.
            Err(error) => world.notes.say(&format!("the exchange's database: {error:#}")),
        }
    }
}

/// The key that is suspended there alone: of an honest customer, who notices nothing.
fn suspended_there(world: &World) -> Option<String> {
    let (_, entered) = world.owners().find(|(owner, _)| owner.character == Character::Truthful)?;
    Some(entered.keys.first()?.issued().id)
}

/// Customers' keys as they are. Those of canaries are made to be ended, and no exchange's database has them.
async fn keys(world: &World) -> Result<Vec<Value>> {
    let mut keys = world.rest.all(&world.back_end, "/v1/keys").await?;
    keys.retain(|key| key["account"] != CANARY_ACCOUNT);
    Ok(keys)
}

async fn sent(world: &World, method: Method, path: &str, lines: String) -> Result<()> {
    let body = ("application/x-ndjson", lines.into_bytes());
    let answer = world.rest.send(Some(&world.back_end), method, path, body).await?;
    ensure!(answer.status.is_success(), "{path}: {} {}", answer.status, answer.body);
    Ok(())
}

fn text<'a>(key: &'a Value, name: &str) -> &'a str {
    key[name].as_str().unwrap_or_default()
}

/// Whether an exchange's database has it as a key that may be used.
fn lives(key: &Value) -> bool {
    matches!(text(key, "state"), "active" | "suspended")
}

impl Told {
    /// Every living key as a line, the two mistakes among them, and how many there were.
    fn snapshot(&mut self, keys: &[Value], suspended: Option<&str>) -> String {
        let mut lines = String::new();
        for key in keys.iter().filter(|key| lives(key)) {
            let id = text(key, "key");
            let state = if suspended == Some(id) { "suspended" } else { "active" };
            lines += &line(&json!({ "key": id, "account": key["account"], "state": state }));
            self.states.insert(id.to_owned(), "active".to_owned());
        }
        let (key, account) = UNENTERED;
        lines += &line(&json!({ "key": key, "account": account, "state": "active" }));
        lines + &format!("{}\n", json!({ "type": "end", "keys": self.states.len() + 1, "seq": self.seq }))
    }

    /// A line for each key that came or ended since it was told of, and what is told then.
    fn changes(&self, keys: &[Value]) -> (String, BTreeMap<String, String>) {
        let (mut lines, mut states) = (String::new(), BTreeMap::new());
        for key in keys {
            let id = text(key, "key");
            let before = self.states.get(id).map(String::as_str);
            let seq = self.seq + states.len() as u64 + 1;
            let mut said = json!({ "seq": seq, "key": id, "account": key["account"] });
            match (before, text(key, "state")) {
                (None, _) if lives(key) => said["state"] = json!("active"),
                (Some("active"), "expired") => {
                    (said["state"], said["cause"]) = (json!("expired"), key["cause"].clone());
                }
                _ => continue,
            }
            states.insert(id.to_owned(), text(&said, "state").to_owned());
            lines += &line(&said);
        }
        (lines, states)
    }
}

/// A `key` line of now.
fn line(said: &Value) -> String {
    let mut whole = said.clone();
    (whole["type"], whole["ts"]) = (json!("key"), json!(clock::now()));
    format!("{whole}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str, state: &str) -> Value {
        json!({ "key": id, "account": "A1", "state": state, "cause": "owner" })
    }

    fn read(lines: &str) -> Vec<Value> {
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn all_keys_are_told_once_and_then_what_came_or_ended() {
        let mut told = Told::default();
        let first = read(
            &told.snapshot(&[key("K1", "active"), key("K2", "active"), key("K3", "expired")], Some("K2")),
        );
        let shown: Vec<_> = first.iter().map(|line| (text(line, "key"), text(line, "state"))).collect();
        assert_eq!(shown, [("K1", "active"), ("K2", "suspended"), (UNENTERED.0, "active"), ("", "")]);
        assert_eq!((&first[3]["keys"], &first[3]["seq"]), (&json!(3), &json!(0)));
        // Nothing changed; then one ends, one comes, and one is only asked for.
        assert_eq!(told.changes(&[key("K1", "active"), key("K2", "suspended")]).0, "");
        let now = [key("K1", "expired"), key("K2", "active"), key("K4", "active"), key("K5", "requested")];
        let (lines, states) = told.changes(&now);
        let lines = read(&lines);
        assert_eq!(lines.iter().map(|line| text(line, "key")).collect::<Vec<_>>(), ["K1", "K4"]);
        assert_eq!(lines.iter().map(|line| line["seq"].as_u64()).collect::<Vec<_>>(), [Some(1), Some(2)]);
        assert_eq!((&lines[0]["state"], &lines[0]["cause"]), (&json!("expired"), &json!("owner")));
        told.seq += states.len() as u64;
        told.states.extend(states);
        assert_eq!(told.changes(&now).0, "", "it is told once");
    }
}
