//! What Sumun makes of it, as staff see it over REST: a line whenever a key climbs or leaves a step of the ladder.

use crate::clock;
use crate::house::CANARY_ACCOUNT;
use crate::show::Show;
use crate::world::World;
use anyhow::Result;
use http::{Method, StatusCode};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Between two looks.
const LOOK: Duration = Duration::from_secs(1);

/// Watches for the whole of the demo.
pub(super) async fn watches(world: Arc<World>, show: Show) -> Result<()> {
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    loop {
        tokio::time::sleep(LOOK).await;
        let sora = world.staff.of("sora")?;
        let mut moved: Vec<Value> = Vec::new();
        for state in ["proposed", "in_force"] {
            let path = format!("/v1/measures?state={state}&limit=200");
            let Ok(answer) = world.rest.ask(Some(&sora.token()), Method::GET, &path, None).await else {
                continue;
            };
            if answer.status == StatusCode::UNAUTHORIZED {
                sora.renew(&world.rest).await?;
            }
            moved.extend(answer.body["items"].as_array().into_iter().flatten().cloned());
        }
        moved.sort_by_key(|measure| measure["began"].as_str().unwrap_or_default().to_owned());
        for measure in &moved {
            let text = |name: &str| measure[name].as_str().unwrap_or_default();
            if known.insert(text("measure_id").to_owned(), text("state").to_owned()).is_none() {
                if text("measure") == "expire" && text("mode") == "act" {
                    known.insert(format!("{} told", text("key")), String::new());
                }
                show.say(&told(measure));
            }
        }
        let token = sora.token();
        let Ok(answer) = world.rest.ask(Some(&token), Method::GET, "/v1/keys?limit=200", None).await else {
            continue;
        };
        for key in answer.body["items"].as_array().into_iter().flatten() {
            let (id, state) =
                (key["key"].as_str().unwrap_or_default(), key["state"].as_str().unwrap_or_default());
            let before = known.insert(id.to_owned(), state.to_owned());
            if before.as_deref() == Some(state) {
                continue;
            }
            match state {
                // Canaries come and go; they are nobody's.
                _ if key["account"] == CANARY_ACCOUNT => {}
                // What ended by a measure has had its line.
                "expired" if !known.contains_key(&format!("{id} told")) => show.say(&ended(key)),
                // An exchange knows the keys of its customers: also those that were issued or rotated meanwhile.
                "active" => {
                    let account = key["account"].as_str().unwrap_or_default();
                    let path = format!("/_mock/keys?account={account}&access_key={id}");
                    world.control.ask(None, Method::POST, &path, None).await.ok();
                }
                _ => {}
            }
        }
    }
}

/// One line: which key has ended, and why.
fn ended(key: &Value) -> String {
    let text = |name: &str| key[name].as_str().unwrap_or("-");
    let id = text("key").get(..9).unwrap_or(text("key"));
    format!("{}  key {id}…  ended    {}: {}", clock::of_day(), text("cause"), text("reason"))
}

/// One line: when, which key, which step, why.
fn told(measure: &Value) -> String {
    let text = |name: &str| measure[name].as_str().unwrap_or("-");
    let at = text("began").get(11..19).map_or_else(clock::of_day, str::to_owned);
    let key = text("key").get(..9).unwrap_or(text("key"));
    let why = &measure["body"]["why"]["values"]["reason_en"];
    let because = why.as_str().or_else(|| measure["because"]["en"].as_str()).unwrap_or_default();
    let how = if text("mode") == "propose" { " (proposed)" } else { "" };
    format!("{at}  key {key}…  {:<8}{how} {because}", text("measure"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_line_says_when_which_what_and_why() {
        let measure = json!({ "began": "2026-11-20T14:02:11.000000Z", "key": "K7542cf1bc71bc3240aee", "measure": "warn",
            "mode": "act", "body": { "why": { "values": { "reason_en": "Two kinds of evidence" } } } });
        assert_eq!(told(&measure), "14:02:11  key K7542cf1b…  warn     Two kinds of evidence");
    }
}
