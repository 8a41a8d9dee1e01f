//! *Is it you?* (R197): a valid signature from an address not in effect, asked about once per key, address and day.
//!
//! Unanswered it lapses, and is held against nobody. *Me* registers the address; *not me* ends the key as leaked at once. Either takes
//! the owner's second factor. What gates see makes questions in [`super::intake`].

use super::texts::{Said, said};
use super::{own, put_facts, rewritten, sees};
use crate::actor::Actor;
use crate::call::{Call, Done, Planned};
use crate::cases::playbook;
use crate::govern::{Govern, change, check_if_match, facts, not_found};
use crate::keys::access;
use crate::keys::machine::Action;
use crate::plan::Plan;
use crate::refusal::{Refusal, RefusalKind};
use crate::row;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::net::IpAddr;
use sumun_model::{ExpiryCause, Prefix, Timestamp};
use sumun_store::Image;
use sumun_store::records::Filter;
use sumun_store::tables::QUESTIONS;

/// Where a question stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuestionState {
    /// It waits for its answer.
    Open,
    /// It was answered.
    Answered,
    /// It waits for no answer any more: nobody answered in time, or its key ended, which `closed` says.
    Lapsed,
}

/// Why a question closed whose key ended.
pub const KEY_ENDED: &str = "key_ended";

/// What an owner says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// It was he: the address is registered.
    Me,
    /// It was not: the key ends.
    NotMe,
}

/// What is known of the requests a question is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct About {
    /// The first one's event id.
    pub event: String,
    /// The last one's place in the log.
    pub position: u64,
    /// How many, at least.
    pub count: i64,
    /// Whether they were refused, and not only recorded.
    pub enforced: bool,
    /// What the first one's client calls itself.
    pub client: Option<String>,
    /// Number of the network.
    pub asn: Option<u32>,
    /// Country of the network.
    pub country: Option<String>,
    /// Why it closed unanswered, if not for want of time: [`KEY_ENDED`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed: Option<String>,
}

/// A question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Its id: of key, address and day.
    pub question: String,
    /// About which key.
    pub key: String,
    /// Of which account.
    pub account: String,
    /// To which customer.
    pub customer: String,
    /// Which address.
    pub address: String,
    /// Where it stands.
    pub state: QuestionState,
    /// When the first request was seen.
    pub asked_us: i64,
    /// When the last one counted was.
    pub last_seen_us: i64,
    /// What was said.
    pub answer: Option<Reply>,
    /// By whom.
    pub answered_by: Option<String>,
    /// When.
    pub answered_us: Option<i64>,
    /// What is known of the requests.
    pub body: About,
    /// The row's version.
    pub version: i64,
}

impl Question {
    /// Reads a row.
    ///
    /// # Errors
    /// `row_unreadable`.
    pub fn of(image: &Image) -> Result<Self, Refusal> {
        row::typed(&QUESTIONS, image)
    }

    /// The sentences about program, network and how often, with what is filled in; of what is not known, none.
    pub(super) fn client(&self) -> Vec<(&'static str, Vec<(&'static str, String)>)> {
        let About { client, asn, country, count, .. } = &self.body;
        let network = match (asn, country) {
            (Some(asn), Some(country)) => Some(format!("AS{asn}, {country}")),
            (Some(asn), None) => Some(format!("AS{asn}")),
            (None, country) => country.clone(),
        };
        let last = ("last", Timestamp::from_micros(self.last_seen_us).to_string());
        let mut all = Vec::new();
        all.extend(client.clone().map(|client| ("question.client", vec![("client", client)])));
        all.extend(network.map(|network| ("question.network", vec![("network", network)])));
        all.push(match count {
            0 | 1 => ("question.once", vec![last]),
            _ => ("question.count", vec![("count", count.to_string()), last]),
        });
        all
    }

    fn sentences(&self, until: Timestamp) -> Vec<Said> {
        let at = Timestamp::from_micros(self.asked_us).to_string();
        let values = [("key", self.key.clone()), ("address", self.address.clone()), ("at", at)];
        let seen = if self.body.enforced { "question.seen" } else { "question.passed" };
        let mut all = vec![said(seen, &values)];
        all.extend(self.client().iter().map(|(code, values)| said(code, values)));
        match (self.state, self.answer) {
            (QuestionState::Open, _) => {
                all.push(said("question.do", &[]));
                all.push(said("question.next", &[("until", until.to_string())]));
            }
            (QuestionState::Answered, Some(Reply::NotMe)) => all.push(said("question.not_me", &values)),
            (QuestionState::Answered, _) => all.push(said("question.me", &values)),
            (QuestionState::Lapsed, _) if self.body.closed.is_some() => {
                all.push(said("question.key_ended", &values));
            }
            (QuestionState::Lapsed, _) => all.push(said("question.lapsed", &[])),
        }
        all
    }
}

/// A question as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuestionView {
    /// The question.
    #[serde(flatten)]
    pub question: Question,
    /// When it closes unanswered.
    pub until_us: i64,
    /// What is asked, in words.
    pub say: Vec<Said>,
}

impl Govern {
    /// Questions: a customer's own, or all for staff.
    ///
    /// # Errors
    /// The store's.
    pub async fn questions(
        &self,
        actor: &Actor,
        page: Filter,
        (key, state): (Option<&str>, Option<&str>),
    ) -> Result<Vec<QuestionView>, Refusal> {
        let rows = self.owned_rows(actor, &QUESTIONS, page, &[("key", key), ("state", state)]).await?;
        rows.iter().map(|row| Question::of(row).map(|question| self.question_view(question))).collect()
    }

    /// One question.
    ///
    /// # Errors
    /// `not_found`, the store's.
    pub async fn question(&self, actor: &Actor, id: &str) -> Result<QuestionView, Refusal> {
        Ok(self.question_view(self.question_loaded(actor, id).await?))
    }

    async fn question_loaded(&self, actor: &Actor, id: &str) -> Result<Question, Refusal> {
        let found = Question::of(&self.row_or_not_found(&QUESTIONS, "question", id).await?)?;
        if sees(actor, &found.customer) { Ok(found) } else { Err(not_found("question", id)) }
    }

    /// When a question closes unanswered.
    pub(super) fn question_until(&self, question: &Question) -> Timestamp {
        let window_us = i64::from(self.venue().owner.question_s.get()) * 1_000_000;
        Timestamp::from_micros(question.asked_us.saturating_add(window_us))
    }

    fn question_view(&self, question: Question) -> QuestionView {
        let until = self.question_until(&question);
        let say = question.sentences(until);
        QuestionView { until_us: until.as_micros(), say, question }
    }

    /// The owner answers.
    ///
    /// # Errors
    /// `question_closed`, `second_factor_needed`; with *me* what registering refuses, with *not me* what ending a key refuses.
    pub async fn answer_question(
        &self,
        actor: &Actor,
        id: &str,
        reply: Reply,
        call: &Call,
    ) -> Result<Done<QuestionView>, Refusal> {
        let done = self
            .run(actor, call, |now| async move {
                let question = self.question_loaded(actor, id).await?;
                own(actor, &question.customer, ("question", id))?;
                check_if_match(call, "question", id, question.version)?;
                access::fresh(&self.venue(), actor, now)?;
                if question.state != QuestionState::Open || self.question_until(&question) <= now {
                    return Err(closed(id));
                }
                if self.has_ended(&question.key).await? {
                    return Err(closed(id));
                }
                let mut plan = match reply {
                    Reply::Me => self.was_me(actor, &question, now).await?,
                    Reply::NotMe => {
                        let loaded = self.key_loaded(actor, &question.key).await?;
                        let how = (Action::Leak, ExpiryCause::Leaked);
                        self.ended(actor, &loaded.key, how, Some("its owner says that it was not him"), now)
                            .await?
                    }
                };
                let after = Question {
                    state: QuestionState::Answered,
                    answer: Some(reply),
                    answered_by: Some(actor.principal.clone()),
                    answered_us: Some(now.as_micros()),
                    version: question.version + 1,
                    ..question.clone()
                };
                plan.change.class = "question.answered";
                plan.change.writes.push(rewritten(&QUESTIONS, &after, question.version));
                self.others_closed(&mut plan, &question, reply, actor, now).await?;
                if reply == Reply::Me {
                    let said = playbook::Said::owner_confirmed(&question.key);
                    self.owner_heard(&mut plan, &question.key, (&said, &actor.principal), now).await?;
                }
                let report = if reply == Reply::Me { "owner_confirms" } else { "owner_denies" };
                put_facts(
                    &mut plan.change.facts,
                    [
                        ("question", json!(id)),
                        ("key", json!(question.key)),
                        ("account", json!(question.account)),
                        ("customer", json!(question.customer)),
                        ("address", json!(question.address)),
                        ("answer", json!(reply)),
                        ("report", json!(report)),
                        ("about", json!(question.body.event)),
                        ("event", json!(format!("{id}/answer"))),
                        ("at", json!(now)),
                    ],
                );
                Ok(Planned { plan, value: self.question_view(after), status: 200 })
            })
            .await?;
        if done.committed.is_some() {
            self.watch.forget(&done.value.question.key);
        }
        Ok(done)
    }

    /// *Me*: the address is registered, unless it is on its way or in effect already.
    async fn was_me(&self, actor: &Actor, question: &Question, now: Timestamp) -> Result<Plan, Refusal> {
        let loaded = self.key_loaded(actor, &question.key).await?;
        let address: IpAddr = question.address.parse().map_err(|_| closed(&question.question))?;
        let known = loaded.key.allowlist.iter().any(|entry| entry.prefix().contains(address));
        if !known {
            return Ok(self.registration(actor, &loaded, Prefix::host(address), now).await?.plan);
        }
        let title = format!("{address} was the owner of key {}", question.key);
        let change = change("question.answered", now, facts(actor));
        Ok(Plan { title, effects: Vec::new(), warnings: Vec::new(), change })
    }

    /// With a key that ends, what else was asked about it is answered too.
    async fn others_closed(
        &self,
        plan: &mut Plan,
        question: &Question,
        reply: Reply,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        const OTHERS_MAX: usize = 100;
        if reply == Reply::Me {
            return Ok(());
        }
        let open = vec![("key", json!(question.key)), ("state", json!(QuestionState::Open))];
        for row in self.rows_where(&QUESTIONS, open, None, OTHERS_MAX).await? {
            let other = Question::of(&row)?;
            if other.question != question.question {
                let after = Question {
                    state: QuestionState::Answered,
                    answer: Some(reply),
                    answered_by: Some(actor.principal.clone()),
                    answered_us: Some(now.as_micros()),
                    version: other.version + 1,
                    ..other.clone()
                };
                plan.change.writes.push(rewritten(&QUESTIONS, &after, other.version));
            }
        }
        Ok(())
    }
}

pub(super) fn closed(id: &str) -> Refusal {
    Refusal::new(
        RefusalKind::Conflict,
        "question_closed",
        format!("question `{id}` waits for no answer any more"),
        "nothing is held against you; if its key lives, register an address or revoke the key by themselves if you want to",
    )
}
