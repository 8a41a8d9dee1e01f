//! What becomes of a notice: handed over, confirmed, or not to be delivered, each as a ledger entry.
//!
//! Whoever sends asks for the letter, sends it, and says what came of it with the proof he has: a mail server's own answer,
//! the exchange's confirmation. Never here: a socket, an address in a log or an entry.

use super::named::in_mail;
use super::words::{About, Letter, letter};
use super::{NoticeState, NoticeText};
use crate::actor::{Actor, Role};
use crate::call::{Call, Done, Planned};
use crate::govern::{Govern, change, facts, store_refusal};
use crate::plan::Plan;
use crate::refusal::{Refusal, RefusalKind};
use crate::row::{effects, text, text_or_null, update};
use crate::staff::require;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fmt;
use sumun_model::Timestamp;
use sumun_model::because::Lang;
use sumun_store::Image;
use sumun_store::records::Filter;
use sumun_store::tables::{ACCOUNTS, KEYS, NOTICES, PERSONS};

/// Longest proof or failure kept, in characters: an SMTP answer is one line.
const PROOF_CHARS_MAX: usize = 400;

/// Letters of a key's id that stand beside its name.
const ID_END: usize = 6;

/// Persons of one customer looked at for an address.
const PERSONS_MAX: u32 = 20;

/// To whom a letter goes. Prints no address.
#[derive(Clone, PartialEq, Eq)]
pub struct Addressee {
    /// Which person.
    pub person: String,
    /// His mail address.
    pub email: String,
}

impl fmt::Debug for Addressee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Addressee").field("person", &self.person).finish_non_exhaustive()
    }
}

/// A notice ready to be sent.
#[derive(Clone, Debug)]
pub struct Ready {
    /// Which.
    pub notice: String,
    /// In Korean.
    pub ko: Letter,
    /// In English.
    pub en: Letter,
    /// To whom; none: nobody with a mail address is on record.
    pub to: Vec<Addressee>,
}

/// What came of sending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Somebody took it over; with his answer.
    Sent(String),
    /// The addressee's side confirmed it; with the proof.
    Delivered(String),
    /// It will not be tried again; with the cause.
    Failed(String),
}

/// What the exchange says of a notice it took over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    /// Whether it reached its addressee.
    pub delivered: bool,
    /// The proof, or the cause: a push service's receipt, a mail server's answer.
    pub proof: String,
}

/// Who sends.
fn sender() -> Actor {
    Actor::system("notices")
}

impl Govern {
    /// The letter of a notice that still waits; none if it was handed over or failed already.
    ///
    /// # Errors
    /// `not_found`, `store_unavailable`.
    pub async fn notice_ready(&self, notice: &str) -> Result<Option<Ready>, Refusal> {
        let row = self.row_or_not_found(&NOTICES, "notice", notice).await?;
        if state(&row) != NoticeState::Queued {
            return Ok(None);
        }
        let key = text_or_null(&row, "key");
        let shown = match &key {
            Some(key) => self.key_named(key).await?,
            None => text_or_null(&row, "account").unwrap_or_default(),
        };
        let id = key.or_else(|| text_or_null(&row, "account")).unwrap_or_default();
        let about = About { id: &id, shown: &shown };
        let kind = text(&row, "kind");
        let texts: Vec<NoticeText> = crate::row::json(&row, "texts");
        let venue = self.venue();
        let ko = letter(kind, &texts, about, &venue.name.ko, Lang::Ko);
        let en = letter(kind, &texts, about, &venue.name.en, Lang::En);
        let to = self.addressees(&row).await?;
        Ok(Some(Ready { notice: notice.to_owned(), ko, en, to }))
    }

    /// A key as its owner knows it: the program he named it after, as far as mail shows it, and the end of its id, since two may have one
    /// name.
    async fn key_named(&self, key: &str) -> Result<String, Refusal> {
        let row = self.row(&KEYS, key).await?;
        let name = row.as_ref().map(|row| in_mail(text(row, "application"))).unwrap_or_default();
        let end = key.char_indices().rev().nth(ID_END - 1).and_then(|(at, _)| key.get(at..)).unwrap_or(key);
        Ok(if name.is_empty() { key.to_owned() } else { format!("‘{name}’ …{end}") })
    }

    /// The person behind the account; without one, the customer's owners and administrators.
    async fn addressees(&self, notice: &Image) -> Result<Vec<Addressee>, Refusal> {
        let account = match text_or_null(notice, "account") {
            Some(account) => self.row(&ACCOUNTS, &account).await?,
            None => None,
        };
        let person = account.as_ref().and_then(|row| text_or_null(row, "person"));
        let rows = match person {
            Some(person) => self.row(&PERSONS, &person).await?.into_iter().collect(),
            None => {
                let customer = text_or_null(notice, "customer")
                    .or_else(|| account.as_ref().and_then(|row| text_or_null(row, "customer")));
                let Some(customer) = customer else { return Ok(Vec::new()) };
                let equals = vec![("customer", json!(customer))];
                let filter = Filter { equals, limit: PERSONS_MAX, ..Filter::default() };
                self.store.list(&PERSONS, &filter).await.map_err(store_refusal)?
            }
        };
        let owns = |row: &Image| matches!(text(row, "role"), "owner" | "corporate_admin");
        let addressed = rows.iter().filter(|row| rows.len() == 1 || owns(row)).filter_map(|row| {
            let email = text_or_null(row, "email")?;
            Some(Addressee { person: text(row, PERSONS.key).to_owned(), email })
        });
        Ok(addressed.collect())
    }

    /// Records what came of sending.
    ///
    /// # Errors
    /// `not_found`, `store_unavailable`.
    pub async fn notice_outcome(
        &self,
        notice: &str,
        attempts: i64,
        to: &[Addressee],
        outcome: &Outcome,
    ) -> Result<(), Refusal> {
        let actor = sender();
        let persons: Vec<&str> = to.iter().map(|one| one.person.as_str()).collect();
        let call = Call::default();
        let done = self.run(&actor, &call, |now| {
            let (actor, persons) = (&actor, &persons);
            async move {
                let row = self.row_or_not_found(&NOTICES, "notice", notice).await?;
                let mut plan = moved(actor, &row, outcome, now);
                self.campaign_letter(&mut plan, &row, outcome, now).await?;
                plan.change.facts.insert("persons".to_owned(), json!(persons));
                if let Some(write) = plan.change.writes.first_mut() {
                    write.image.insert("attempts".to_owned(), json!(attempts));
                }
                Ok(Planned { plan, value: (), status: 200 })
            }
        });
        done.await.map(|_| ())
    }

    /// The exchange says what came of a notice that it took over.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `reason_missing`, `notice_settled`.
    pub async fn confirm_notice(
        &self,
        actor: &Actor,
        notice: &str,
        said: &Confirmation,
        call: &Call,
    ) -> Result<Done<String>, Refusal> {
        require(actor, &[Role::ExchangeBackend])?;
        let proof = crate::keys::access::reason("proof", &said.proof)?.to_owned();
        self.run(actor, call, |now| {
            let proof = proof.clone();
            async move {
                let row = self.row_or_not_found(&NOTICES, "notice", notice).await?;
                if matches!(state(&row), NoticeState::Delivered | NoticeState::Acknowledged) {
                    return Err(settled(notice));
                }
                let outcome = if said.delivered { Outcome::Delivered(proof) } else { Outcome::Failed(proof) };
                let mut plan = moved(actor, &row, &outcome, now);
                self.campaign_letter(&mut plan, &row, &outcome, now).await?;
                Ok(Planned { plan, value: notice.to_owned(), status: 200 })
            }
        })
        .await
    }
}

fn state(row: &Image) -> NoticeState {
    serde_json::from_value(row.get("state").cloned().unwrap_or_default()).unwrap_or(NoticeState::Queued)
}

fn settled(notice: &str) -> Refusal {
    Refusal::new(
        RefusalKind::Conflict,
        "notice_settled",
        format!("notice `{notice}` is delivered already"),
        "nothing is to be done; read the notice to see its proof",
    )
}

/// The plan that moves a notice on. A state that proves more is never taken back by one that proves less.
fn moved(actor: &Actor, row: &Image, outcome: &Outcome, now: Timestamp) -> Plan {
    let (class, after, told, delivered) = match outcome {
        Outcome::Sent(proof) => ("notice.sent", NoticeState::Sent, proof, false),
        Outcome::Delivered(proof) => ("notice.delivered", NoticeState::Delivered, proof, true),
        Outcome::Failed(cause) => ("notice.failed", NoticeState::Failed, cause, false),
    };
    let told: String = told.chars().take(PROOF_CHARS_MAX).collect();
    let notice = text(row, NOTICES.key);
    let before = state(row);
    let after =
        if matches!(before, NoticeState::Delivered | NoticeState::Acknowledged) { before } else { after };
    let failure = if after == NoticeState::Failed { json!(told) } else { Value::Null };
    let delivered_us =
        if delivered { json!(now.as_micros()) } else { row.get("delivered_us").cloned().unwrap_or_default() };
    let columns = [("state", json!(after)), ("failure", failure), ("delivered_us", delivered_us)];
    let write = update(&NOTICES, row, columns);
    let mut facts = facts(actor);
    facts.insert("notice".to_owned(), json!(notice));
    facts.insert("proof".to_owned(), json!(told));
    let mut change = change(class, now, facts);
    let effects = effects("notice", &write, Some(row));
    change.writes.push(write);
    Plan { title: format!("{class} {notice}"), effects, warnings: Vec::new(), change }
}
