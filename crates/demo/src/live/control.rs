//! An owner goes through his renewed verification as well as he can: shows who he is, stops and starts his own programs, sends codes.
//!
//! Whoever controls his key passes. Who has lent it stops his own program, and the borrower's goes on.

use crate::cast::{Character, Owner};
use crate::clock;
use crate::world::{Entered, LiveKey, World};
use anyhow::{Context, Result};
use http::Method;
use serde_json::{Value, json};
use sumun_model::Timestamp;

/// The next thing that is asked of him.
pub(super) async fn goes_on(
    world: &World,
    owner: &Owner,
    entered: &Entered,
    (verification, ready): (&Value, bool),
) -> Result<()> {
    let id = verification["verification"].as_str().context("a verification without an id")?;
    let key_id = verification["key"].as_str().context("a verification without a key")?;
    if verification["identity"] == "outstanding" {
        return identified(world, owner, key_id, true).await;
    }
    if verification["control"] == "passed" || !ready {
        return Ok(());
    }
    let token = entered.session.token(&world.rest, &world.exchange).await?;
    let tests = verification["tests"].as_array().map(Vec::as_slice).unwrap_or_default();
    let path = format!("/v1/verifications/{id}");
    let Some(test) = tests.last().filter(|test| test["state"] == "open") else {
        world.rest.must(Some(&token), Method::POST, &format!("{path}/tests"), None).await?;
        return Ok(());
    };
    let steps = test["steps"].as_array().map(Vec::as_slice).unwrap_or_default();
    let Some(step) = steps.iter().find(|step| step["state"] == "running") else {
        world.rest.must(Some(&token), Method::POST, &format!("{path}/steps"), None).await?;
        return Ok(());
    };
    let place = entered.keys.iter().position(|key| key.issued().id == key_id).context("not a key of his")?;
    let key = entered.keys.get(place).context("not a key of his")?;
    match step["kind"].as_str() {
        Some("stop_and_start") => {
            let now = clock::now();
            let silent = silence(step).is_some_and(|(from, until)| from <= now && now < until);
            key.stop(silent);
        }
        Some("code") => {
            key.stop(false);
            if let Some(code) = step["draw"]["code"].as_str().filter(|code| key.first_time(code)) {
                super::sends_code(world, (owner.number - 1, place), code).await?;
            }
        }
        Some("rotate_and_watch") => {
            let asked = format!("{id} {} rotate", test["number"]);
            if owner.character == Character::Truthful && key.first_time(&asked) {
                rotates(world, key, &token, &path).await?;
                key.stop(true);
            } else {
                // The new secret is first used when the draw says so.
                let from: Option<Timestamp> = step["from"].as_str().and_then(|text| text.parse().ok());
                key.stop(from.is_some_and(|from| clock::now() < from));
            }
        }
        _ => {}
    }
    Ok(())
}

/// Between which instants a program must be silent.
pub(crate) fn silence(step: &Value) -> Option<(Timestamp, Timestamp)> {
    let draw = &step["draw"];
    let number = |name: &str| draw[name].as_i64();
    let from: Timestamp = step["from"].as_str()?.parse().ok()?;
    let at = |slot: i64| from.plus_micros(slot * number("slot_s").unwrap_or_default() * 1_000_000);
    Some((at(number("stop")?), at(number("start")?)))
}

/// The exchange says whether it knows him still.
pub(crate) async fn identified(world: &World, owner: &Owner, key: &str, passed: bool) -> Result<()> {
    let callback = world.exchange.identity(&owner.customer(), key, passed)?;
    let body = json!({ "callback": callback });
    world.rest.must(None, Method::POST, "/v1/identity-callbacks", Some(&body)).await?;
    Ok(())
}

/// A new secret, which only his own programs get.
async fn rotates(world: &World, key: &LiveKey, token: &str, path: &str) -> Result<()> {
    let rotated = world.rest.post(token, &format!("{path}/rotate"), &json!({})).await?;
    let result = &rotated["result"];
    if let (Some(id), Some(secret)) = (result["key"]["key"].as_str(), result["secret"].as_str()) {
        key.becomes(id, secret);
    }
    Ok(())
}
