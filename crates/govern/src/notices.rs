//! Notices to people: written with the change they tell of, sent after it has its place in the ledger.
//!
//! A notice is kept as codes and values; its words in Korean and English are made when it is sent, so that a better wording
//! needs no other row. Start with [`add`]; use cases of notices stand below it.
//!
//! Never here: SMTP, wording, and anything that the addressee may not know: points, weights, reports, that he is watched.

pub mod deliver;
pub mod named;
pub mod values;
pub mod words;

use crate::govern::Govern;
use crate::plan::Plan;
use crate::refusal::Refusal;
use crate::row::{replace, text_or_null};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use sumun_model::{Timestamp, Value};
use sumun_store::tables::{ACCOUNTS, NOTICES};
use sumun_store::{Image, OutboxMessage, RowWrite};

/// Topic of the message that names a notice to its sender.
pub const TOPIC: &str = "notice";

/// How a notice travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// By mail to the address on record.
    Email,
    /// It lies in the owner's portal.
    Portal,
    /// To the exchange's own service, which tells its customer.
    Webhook,
}

/// Where a notice stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeState {
    /// Waits for its sender.
    Queued,
    /// A sender took it over; no proof yet.
    Sent,
    /// The addressee's side confirmed it.
    Delivered,
    /// It could not be delivered.
    Failed,
    /// The addressee says that he has read it.
    Acknowledged,
}

/// One sentence in structure: its code, and what is filled in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoticeText {
    /// Which sentence: a code of the table of notices' texts, of `sumun_model::because`, or of policy.
    pub code: String,
    /// What is filled in.
    pub values: BTreeMap<String, Value>,
}

impl NoticeText {
    /// This sentence with nothing to fill in.
    #[must_use]
    pub fn new(code: &str) -> Self {
        Self { code: code.to_owned(), values: BTreeMap::new() }
    }

    /// With this filled in.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.values.insert(name.to_owned(), value.into());
        self
    }
}

/// A notice to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeDraft {
    /// What it is about, such as `measure.warn`: chooses subject line and frame.
    pub kind: String,
    /// To whom, if known.
    pub customer: Option<String>,
    /// About which account.
    pub account: Option<String>,
    /// About which key.
    pub key: Option<String>,
    /// The case it belongs to. The addressee never reads it.
    pub case_id: Option<String>,
    /// Its sentences, in order: what was seen, what is asked, by when, what is next, how to object.
    pub texts: Vec<NoticeText>,
    /// How it travels.
    pub channel: Channel,
}

impl NoticeDraft {
    /// A notice of this kind by mail, about nothing yet.
    #[must_use]
    pub fn new(kind: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            customer: None,
            account: None,
            key: None,
            case_id: None,
            texts: Vec::new(),
            channel: Channel::Email,
        }
    }

    /// To this customer.
    #[must_use]
    pub fn to(mut self, customer: &str) -> Self {
        self.customer = Some(customer.to_owned());
        self
    }

    /// About this key of this account.
    #[must_use]
    pub fn about(mut self, key: &str, account: &str) -> Self {
        (self.key, self.account) = (Some(key.to_owned()), Some(account.to_owned()));
        self
    }

    /// With one more sentence.
    #[must_use]
    pub fn say(mut self, text: NoticeText) -> Self {
        self.texts.push(text);
        self
    }
}

/// Adds a notice to a plan: its row, state `queued`, and the message that names it to its sender. Gives its id, which
/// follows from what it says and when, so that a plan made twice holds the same one.
pub fn add(plan: &mut Plan, draft: NoticeDraft, now: Timestamp) -> String {
    let nth = plan.change.writes.iter().filter(|write| write.table.name == NOTICES.name).count();
    let NoticeDraft { kind, customer, account, key, case_id, texts, channel } = draft;
    // Versions of the rows beside it tell two alike of one instant apart.
    let beside: Vec<Json> = plan.change.writes.iter().map(|write| json!(write.image)).collect();
    let told = json!([
        plan.change.class,
        plan.change.facts,
        beside,
        kind,
        customer,
        account,
        key,
        case_id,
        texts,
        channel,
        now,
        nth
    ]);
    let digest = hex::encode(Sha256::digest(told.to_string()));
    let id = format!("N{}", digest.get(..32).unwrap_or(&digest));
    // What whoever reads the file of notices sees: which row, and enough to route it.
    let body = json!({ "notice": id, "kind": kind, "customer": customer, "account": account, "key": key, "at": now });
    let columns = [
        (NOTICES.key, json!(id)),
        ("customer", json!(customer)),
        ("account", json!(account)),
        ("key", json!(key)),
        ("case_id", json!(case_id)),
        ("kind", json!(kind)),
        ("texts", json!(texts)),
        ("channel", json!(channel)),
        ("state", json!(NoticeState::Queued)),
        ("attempts", json!(0)),
        ("created_us", json!(now.as_micros())),
        ("delivered_us", Json::Null),
        ("acknowledged_us", Json::Null),
        ("failure", Json::Null),
    ];
    let image: Image = columns.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    plan.change.writes.push(replace(&NOTICES, None, image));
    plan.change.outbox.push(OutboxMessage { topic: TOPIC, body });
    id
}

impl Govern {
    /// Names the customer in each notice of a plan that knows only the account: who routes mail routes by customer.
    pub(crate) async fn addressed(&self, plan: &mut Plan) -> Result<(), Refusal> {
        let mut known: BTreeMap<String, Option<String>> = BTreeMap::new();
        let unnamed = |write: &&mut RowWrite| {
            write.table.name == NOTICES.name && text_or_null(&write.image, "customer").is_none()
        };
        for write in plan.change.writes.iter_mut().filter(unnamed) {
            let Some(account) = text_or_null(&write.image, "account") else { continue };
            if !known.contains_key(&account) {
                let row = self.row(&ACCOUNTS, &account).await?;
                known.insert(account.clone(), row.and_then(|row| text_or_null(&row, "customer")));
            }
            let Some(customer) = known.get(&account).cloned().flatten() else { continue };
            let named = json!(customer);
            write.image.insert("customer".to_owned(), named.clone());
            let id = write.image.get(NOTICES.key);
            let told = plan.change.outbox.iter_mut().filter(|told| told.topic == TOPIC);
            for body in told.map(|told| &mut told.body).filter(|body| body.get("notice") == id) {
                if let Some(body) = body.as_object_mut() {
                    body.insert("customer".to_owned(), named.clone());
                }
            }
        }
        Ok(())
    }
}

/// Puts what a plan tells about this key into its case, with these sentences at its end.
pub(crate) fn in_case(plan: &mut Plan, key: &str, case_id: &str, sentences: &[&str]) {
    let about = |write: &&mut RowWrite| {
        write.table.name == NOTICES.name
            && write.image.get("key") == Some(&json!(key))
            && write.image.get("case_id") == Some(&Json::Null)
    };
    for write in plan.change.writes.iter_mut().filter(about) {
        write.image.insert("case_id".to_owned(), json!(case_id));
        if let Some(Json::Array(texts)) = write.image.get_mut("texts") {
            texts.extend(sentences.iter().map(|code| json!(NoticeText::new(code))));
        }
    }
}

/// Sentences that say what happened and why, before whatever else a plan's notice about this key says: what was found comes next.
const HAPPENED: usize = 2;

/// Puts what was found into what a plan tells about this key.
pub(crate) fn found(plan: &mut Plan, key: &str, found: Vec<NoticeText>) {
    let about = |write: &&mut RowWrite| {
        write.table.name == NOTICES.name && write.image.get("key") == Some(&json!(key))
    };
    for write in plan.change.writes.iter_mut().filter(about) {
        if let Some(Json::Array(texts)) = write.image.get_mut("texts") {
            let at = HAPPENED.min(texts.len());
            texts.splice(at..at, found.iter().map(|text| json!(text)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::govern::change;

    #[test]
    fn a_notice_is_a_row_and_a_message_that_names_it() {
        let now = Timestamp::from_micros(1_793_577_600_000_000);
        let plan = || Plan {
            title: String::new(),
            effects: Vec::new(),
            warnings: Vec::new(),
            change: change("measure.entered", now, serde_json::Map::new()),
        };
        let draft = NoticeDraft::new("measure.warn")
            .to("C1")
            .about("K1", "A1")
            .say(NoticeText::new("returns_between_origins").with("returns", 4_i64));
        let (mut one, mut two) = (plan(), plan());
        let id = add(&mut one, draft.clone(), now);
        assert_eq!(add(&mut two, draft.clone(), now), id, "the same plan, the same notice");
        assert_ne!(add(&mut two, draft, now), id, "a second notice of the same plan is another");
        let mut columns: Vec<_> = one.change.writes[0].image.keys().map(String::as_str).collect();
        let mut expected: Vec<_> = NOTICES.columns.iter().map(|column| column.name).collect();
        columns.sort_unstable();
        expected.sort_unstable();
        assert_eq!(columns, expected);
        assert_eq!(one.change.outbox[0].body["notice"], json!(id));
    }
}
