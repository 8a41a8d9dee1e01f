//! Times in which everything passed at a gate because somebody there said so: in the ledger once the control plane hears of them (ADR 0022).
//!
//! A gate says of each when it began and, once it did, when it ended, again and again until it is heard; a row for each makes it one
//! entry for the beginning and one for the end, or one for both where it was over before it was heard of.

use super::gate_actor;
use crate::call::{Call, Planned};
use crate::govern::{Govern, change, facts, store_refusal};
use crate::plan::Plan;
use crate::refusal::{NOTHING, Refusal, nothing};
use crate::row;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use sumun_model::Timestamp;
use sumun_store::tables::BYPASSES;
use sumun_store::{Filter, Image};

/// Longest text of what a gate says, in characters: what stands in the ledger stands there for ever.
const CHARS_MAX: usize = 1000;
/// Most that a gate tells of at once: it keeps no more.
pub const TOLD_MAX: usize = 64;
/// An open one that its gate no longer speaks of is taken for over once it is so old, microseconds: longer than a request that was
/// overtaken by another may be on its way, and be believed.
const FORGOTTEN_US: i64 = 2 * sumun_feed::AGE_US_MAX;
/// The code of a plan that would keep a secret for ever, and what is kept instead of the texts in which one was found.
const SECRET: &str = "secret_in_request";
const WITHHELD: &str = "withheld: it looked like a secret";

/// What a gate says of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToldBypass {
    /// Since when.
    pub since: Timestamp,
    /// Who said so there.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Until when; none while it lasts.
    #[serde(default)]
    pub until: Option<Timestamp>,
    /// How many requests went on that would have been refused, once it is over and if the gate knows.
    #[serde(default)]
    pub let_pass: Option<u64>,
}

/// All that a gate tells at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Told {
    /// Those of which it has not heard yet that their end is known, the oldest first.
    pub bypasses: Vec<ToldBypass>,
}

/// One that lasts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenBypass {
    /// Since when.
    pub since: Timestamp,
    /// Who said so there.
    pub by: String,
    /// Why.
    pub reason: String,
}

impl Govern {
    /// Enters what a gate tells of all it knows: what is news of it is returned, the beginnings and the ends.
    ///
    /// # Errors
    /// The store's; what was entered before stays, and may be told again.
    pub async fn note_bypasses(&self, gate: &str, told: &[ToldBypass]) -> Result<Vec<ToldBypass>, Refusal> {
        let mut news = Vec::new();
        for told in told {
            if self.note_bypass(gate, told).await? {
                news.push(told.clone());
            }
        }
        let now = self.world.now();
        for row in self.open_rows(Some(gate)).await? {
            let since = Timestamp::from_micros(row::integer(&row, "since_us").unwrap_or_default());
            let spoken_of = told.iter().any(|told| told.since == since);
            if spoken_of || now.micros_since(since) < FORGOTTEN_US {
                continue;
            }
            let ended = ToldBypass {
                since,
                by: row::text(&row, "by").to_owned(),
                reason: row::text(&row, "reason").to_owned(),
                until: Some(now),
                let_pass: None,
            };
            if self.note_bypass(gate, &ended).await? {
                news.push(ended);
            }
        }
        Ok(news)
    }

    /// Enters what is news of one; whether anything was.
    async fn note_bypass(&self, gate: &str, told: &ToldBypass) -> Result<bool, Refusal> {
        let id = id(gate, told.since);
        let id = id.as_str();
        let done = self
            .run(&gate_actor(gate), &Call::default(), |now| async move {
                let before = self.row(&BYPASSES, id).await?;
                let known_end = before.as_ref().and_then(|row| row::integer(row, "until_us"));
                let (class, columns) = match (&before, told.until) {
                    (None, _) => ("gate.bypassed", columns(gate, told)),
                    (Some(_), Some(_)) if known_end.is_none() => ("gate.bypass_ended", end(told)),
                    (Some(_), _) => return Err(nothing()),
                };
                let mut image = before.clone().unwrap_or_default();
                image.insert(BYPASSES.key.to_owned(), json!(id));
                image.extend(columns);
                let write = row::replace(&BYPASSES, before.as_ref(), image);
                let mut change = change(class, now, said(gate, told));
                let effects = row::effects("bypass", &write, before.as_ref());
                change.writes.push(write);
                let title = match told.until {
                    None => format!("note that everything passes at gate {gate}"),
                    Some(_) => format!("note that everything passed at gate {gate} for a time"),
                };
                let plan = Plan { title, effects, warnings: Vec::new(), change };
                Ok(Planned { plan, value: (), status: 200 })
            })
            .await;
        match done {
            Ok(_) => Ok(true),
            Err(refusal) if refusal.code == NOTHING => Ok(false),
            // Said once more without it: the bypass is no secret.
            Err(refusal) if refusal.code == SECRET && told.reason != WITHHELD => {
                let told =
                    ToldBypass { reason: WITHHELD.to_owned(), by: WITHHELD.to_owned(), ..told.clone() };
                Box::pin(self.note_bypass(gate, &told)).await
            }
            Err(refusal) => Err(refusal),
        }
    }

    /// At which gates everything passes now, as they said last.
    ///
    /// # Errors
    /// The store's.
    pub async fn open_bypasses(&self) -> Result<BTreeMap<String, OpenBypass>, Refusal> {
        let rows = self.open_rows(None).await?;
        // By gate, then by when it began: the last one stands.
        Ok(rows
            .iter()
            .map(|row| {
                let open = OpenBypass {
                    since: Timestamp::from_micros(row::integer(row, "since_us").unwrap_or_default()),
                    by: row::text(row, "by").to_owned(),
                    reason: row::text(row, "reason").to_owned(),
                };
                (row::text(row, "gate").to_owned(), open)
            })
            .collect())
    }

    async fn open_rows(&self, gate: Option<&str>) -> Result<Vec<Image>, Refusal> {
        let mut equals = vec![("until_us", Value::Null)];
        equals.extend(gate.map(|gate| ("gate", json!(gate))));
        let filter = Filter { equals, limit: Filter::LIMIT_MAX, ..Filter::default() };
        self.store.list(&BYPASSES, &filter).await.map_err(store_refusal)
    }
}

/// Which one: a gate switches one on at a time.
fn id(gate: &str, since: Timestamp) -> String {
    format!("{gate}:{:016}", since.as_micros())
}

fn short(text: &str) -> String {
    text.chars().take(CHARS_MAX).collect()
}

/// Numbers of the record are signed.
fn number(let_pass: Option<u64>) -> Value {
    json!(let_pass.map(|n| i64::try_from(n).unwrap_or(i64::MAX)))
}

fn columns(gate: &str, told: &ToldBypass) -> Map<String, Value> {
    let mut columns = end(told);
    columns.insert("gate".to_owned(), json!(gate));
    columns.insert("since_us".to_owned(), json!(told.since.as_micros()));
    columns.insert("by".to_owned(), json!(short(&told.by)));
    columns.insert("reason".to_owned(), json!(short(&told.reason)));
    columns
}

fn end(told: &ToldBypass) -> Map<String, Value> {
    let until_us = told.until.map(Timestamp::as_micros);
    Map::from_iter([
        ("until_us".to_owned(), json!(until_us)),
        ("let_pass".to_owned(), number(told.let_pass.filter(|_| until_us.is_some()))),
    ])
}

/// What the entry says, whole of itself: of an end also what ended.
fn said(gate: &str, told: &ToldBypass) -> Map<String, Value> {
    let mut facts = facts(&gate_actor(gate));
    facts.insert("gate".to_owned(), json!(gate));
    facts.insert("since".to_owned(), json!(told.since));
    facts.insert("by".to_owned(), json!(short(&told.by)));
    facts.insert("reason".to_owned(), json!(short(&told.reason)));
    if let Some(until) = told.until {
        facts.insert("until".to_owned(), json!(until));
        facts.insert("let_pass".to_owned(), number(told.let_pass));
    }
    facts
}
