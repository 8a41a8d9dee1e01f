//! Objections (R182): an owner's own words against a notice, in the case behind it, and how that case goes on, to its end.

use super::texts::{Said as Sentence, said};
use super::{made, own, put_facts, sees};
use crate::actor::Actor;
use crate::call::{Call, Done, Planned};
use crate::cases::playbook::Said;
use crate::govern::{Govern, change, facts, not_found};
use crate::keys::access::reason;
use crate::plan::Plan;
use crate::refusal::{Refusal, RefusalKind};
use crate::row;
use crate::tasks::{self, TaskKind, TaskRow};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sumun_store::Image;
use sumun_store::records::Filter;
use sumun_store::tables::{CASE_EVENTS, CASES, OBJECTIONS};

/// Objections to one notice: enough for whoever forgot something, too few to bury a case.
const OF_NOTICE_MAX: usize = 20;
/// Days within which somebody looks at one.
const REVIEW_DAYS: i64 = 15;

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    text: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Objection {
    objection: String,
    customer: String,
    account: Option<String>,
    key: Option<String>,
    case_id: Option<String>,
    notice: String,
    by: String,
    at_us: i64,
    body: Body,
    version: i64,
}

/// How an objection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectionState {
    /// It is on file.
    Received,
    /// Somebody looks into the case.
    InReview,
    /// The case ended: it was right.
    Upheld,
    /// The case ended: the measure was right.
    NotUpheld,
}

/// An objection as it is shown. Its case is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectionView {
    /// Its id.
    pub objection: String,
    /// Of which customer.
    pub customer: String,
    /// About which key.
    pub key: Option<String>,
    /// Against which notice.
    pub notice: String,
    /// What was written.
    pub text: String,
    /// When.
    pub at_us: i64,
    /// How it stands.
    pub state: ObjectionState,
    /// When the case ended.
    pub decided_us: Option<i64>,
    /// How it stands, in words.
    pub say: Vec<Sentence>,
    /// The row's version.
    pub version: i64,
}

fn view(objection: Objection, case: Option<&Image>) -> ObjectionView {
    let decided_us = case.and_then(|case| row::integer(case, "closed_us"));
    let outcome = case.map(|case| row::text(case, "outcome")).unwrap_or_default();
    let worked_on = case.is_some_and(|case| row::text_or_null(case, "assignee").is_some());
    let (state, code) = match (decided_us, outcome) {
        (Some(_), "false_positive" | "benign") => (ObjectionState::Upheld, "objection.upheld"),
        (Some(_), _) => (ObjectionState::NotUpheld, "objection.not_upheld"),
        (None, _) if worked_on => (ObjectionState::InReview, "objection.in_review"),
        (None, _) => (ObjectionState::Received, "objection.received"),
    };
    let Objection { objection, customer, key, notice, at_us, body, version, .. } = objection;
    let say = vec![said(code, &[])];
    ObjectionView {
        objection,
        customer,
        key,
        notice,
        text: body.text,
        at_us,
        state,
        decided_us,
        say,
        version,
    }
}

impl Govern {
    /// The owner objects from a notice.
    ///
    /// # Errors
    /// `owner_only`, `not_found`, `nothing_to_object_to`, `objections_spent`, and those of a reason in own words.
    pub async fn object(
        &self,
        actor: &Actor,
        notice: &str,
        text: &str,
        call: &Call,
    ) -> Result<Done<ObjectionView>, Refusal> {
        self.run(actor, call, |now| async move {
            let (found, image) = self.letter_loaded(actor, notice).await?;
            own(actor, &found.customer, ("notice", notice))?;
            let text = reason("text", text)?;
            let Some(case_id) = row::text_or_null(&image, "case_id") else {
                return Err(Refusal::new(
                    RefusalKind::Conflict,
                    "nothing_to_object_to",
                    format!("notice `{notice}` tells of nothing that was decided against you"),
                    "do what it offers, or turn to the exchange's customer service",
                ));
            };
            let mine = vec![("case_id", json!(case_id))];
            let others = self.rows_where(&OBJECTIONS, mine, None, OF_NOTICE_MAX * 50).await?;
            let same = others.iter().find(|row| {
                row::text(row, "notice") == notice
                    && row.get("body").and_then(|body| body.get("text")) == Some(&json!(text))
            });
            if let Some(first) = same {
                // Sent again: the first one stands, and nothing is written but that it was.
                let mut repeat = change("objection.repeated", now, facts(actor));
                put_facts(&mut repeat.facts, [("objection", json!(row::text(first, OBJECTIONS.key)))]);
                let title = format!("object to notice {notice} again");
                let plan = Plan { title, effects: Vec::new(), warnings: Vec::new(), change: repeat };
                let value = self.objection_view(row::typed(&OBJECTIONS, first)?).await?;
                return Ok(Planned { plan, value, status: 200 });
            }
            if others.iter().filter(|row| row::text(row, "notice") == notice).count() >= OF_NOTICE_MAX {
                return Err(Refusal::new(
                    RefusalKind::Conflict,
                    "objections_spent",
                    format!("{OF_NOTICE_MAX} objections to notice `{notice}` are on file"),
                    "wait for the decision; what you wrote is read",
                ));
            }
            let objection = Objection {
                objection: self.new_id("OB"),
                customer: found.customer.clone(),
                account: found.account.clone(),
                key: found.key.clone(),
                case_id: Some(case_id.clone()),
                notice: notice.to_owned(),
                by: actor.principal.clone(),
                at_us: now.as_micros(),
                body: Body { text: text.to_owned() },
                version: 1,
            };
            let change = change("objection.made", now, facts(actor));
            let title = format!("object to notice {notice}");
            let mut plan = Plan { title, effects: Vec::new(), warnings: Vec::new(), change };
            put_facts(
                &mut plan.change.facts,
                [
                    ("objection", json!(objection.objection)),
                    ("notice", json!(notice)),
                    ("case_id", json!(case_id)),
                    ("key", json!(found.key)),
                    ("account", json!(found.account)),
                    ("customer", json!(found.customer)),
                    ("at", json!(now)),
                ],
            );
            let event = json!({
                "case_event": self.new_id("CE"), "case_id": case_id, "at_us": now.as_micros(), "kind": "objection",
                "by": actor.principal, "body": { "objection": objection.objection, "notice": notice, "text": text },
            });
            plan.change.writes.push(made(&OBJECTIONS, &objection));
            plan.change.writes.push(made(&CASE_EVENTS, &event));
            let due = now.plus_micros(REVIEW_DAYS * 86_400_000_000);
            let kind = TaskKind::ReviewObjection;
            let mut task = TaskRow::new(self.new_id("T"), &case_id, kind, found.key.as_deref(), now);
            task.body.values.insert("objection".to_owned(), objection.objection.as_str().into());
            tasks::add(&mut plan, &task.due(Some(due)));
            let heard = Said::owner_objected(&objection.objection);
            self.objection_heard(&mut plan, &case_id, (&heard, &actor.principal), now).await?;
            let case = self.row(&CASES, &case_id).await?;
            Ok(Planned { plan, value: view(objection, case.as_ref()), status: 201 })
        })
        .await
    }

    /// Objections: a customer's own, or all for staff.
    ///
    /// # Errors
    /// The store's.
    pub async fn objections(
        &self,
        actor: &Actor,
        page: Filter,
        key: Option<&str>,
    ) -> Result<Vec<ObjectionView>, Refusal> {
        let rows = self.owned_rows(actor, &OBJECTIONS, page, &[("key", key)]).await?;
        let mut views = Vec::with_capacity(rows.len());
        for row in rows {
            views.push(self.objection_view(row::typed(&OBJECTIONS, &row)?).await?);
        }
        Ok(views)
    }

    /// One objection.
    ///
    /// # Errors
    /// `not_found`, the store's.
    pub async fn objection(&self, actor: &Actor, id: &str) -> Result<ObjectionView, Refusal> {
        let image = self.row_or_not_found(&OBJECTIONS, "objection", id).await?;
        let found: Objection = row::typed(&OBJECTIONS, &image)?;
        if !sees(actor, &found.customer) {
            return Err(not_found("objection", id));
        }
        self.objection_view(found).await
    }

    /// An objection's row as it is shown.
    pub(crate) async fn objection_shown(&self, row: &Image) -> Result<ObjectionView, Refusal> {
        self.objection_view(row::typed(&OBJECTIONS, row)?).await
    }

    async fn objection_view(&self, found: Objection) -> Result<ObjectionView, Refusal> {
        let case = match &found.case_id {
            Some(case) => self.row(&CASES, case).await?,
            None => None,
        };
        Ok(view(found, case.as_ref()))
    }
}
