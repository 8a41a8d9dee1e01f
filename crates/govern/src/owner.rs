//! What is asked of owners: *is it you?*, addresses on their way into effect, renewed verification, notices, objections (DESIGN 4).
//!
//! What gates saw comes in through [`intake`] (with [`seen`] for what matters of an access line and [`watch`] for which lines matter
//! at all); [`questions`], [`addresses`], [`verification`], [`identity`], [`objections`] and [`letters`] are the use cases; [`control`] is
//! the control test as a pure state machine; [`due`] is what the clock brings; [`texts`] is every word an owner reads here.
//!
//! # Entries
//!
//! Every entry holds `actor`; those of people also `roles`, `session`, `second_factor`. `key`, `account`, `customer` stand in all of these.
//!
//! | class | fields beside these |
//! |---|---|
//! | `question.asked` | `question`, `address`, `event`, `at`, `enforced`, `client`, `asn`, `country` |
//! | `question.seen` | `question`, `address`, `count`, `last_seen` |
//! | `question.answered` | `question`, `address`, `answer` (`me`, `not_me`), `report` (`owner_confirms`, `owner_denies`), `about` (the request), `event` (id for the line that tells it), `at`; with `me` also those of `address.registered`, with `not_me` also `keys`, `cause` (`leaked`) |
//! | `question.lapsed` | `question`, `address` |
//! | `address.registered` | `keys`, `addresses` (`ceremony`, `prefix`, `until`), `shared_with` (how many other customers proved it) |
//! | `address.proved` | `keys`, `ceremony`, `prefix`, `address`, `event`, `at`, `registered_by` |
//! | `address.refused` | `ceremony`, `prefix`, `address`, `event`, `at`, `why`: proved, and the key may not be widened any more |
//! | `address.lapsed`, `address.removed` | `keys`, `ceremony` or `ceremonies`, `prefix` |
//! | `verification.identity` | `verification`, `method`, `result` (`passed`, `failed`), `at`, `event` (id for the line that tells it), `state`, `case_id` |
//! | `control.committed` | `verification`, `test`, `commitment`, `one_in`, `steps` (`kind`, `commitment`, `one_in`) |
//! | `control.revealed` | `verification`, `test`, `step`, `kind`, `commitment`, `draw`, `salt`, `from`, `until` |
//! | `control.seen` | `verification`, `test`, `step`, `events` |
//! | `control.ended` | `verification`, `case_id`, `test`, `result` (`passed`, `failed`, `void`), `step`, `why`, `one_in`, `failures`, `state`, `at`, `event` (id for the line that tells it), `shown` (every draw with its salt) |
//! | `key.rotated` | as ever; with `verification`, `test`, `step` when a control test asked for it |
//! | `verification.timed_out`, `verification.closed` | `verification`, `case_id`, `state` |
//! | `notice.acknowledged` | `notice`, `kind`, `case_id`, `at` |
//! | `objection.made` | `objection`, `notice`, `case_id`, `at` |
//!
//! A `report` line follows from `question.answered`, a `session` line (`identity_verified`, `control_proved`, `control_failed`) from
//! `verification.identity` and `control.ended`; its id is the entry's `event`, by which the ladder knows an act told twice. A renewed verification opens in the entry of the measure that asks for it.
//!
//! Never here: what a measure is earned by. What nobody answered is held against nobody.

mod acts;
pub mod addresses;
pub mod control;
pub mod due;
pub mod export;
mod heard;
pub mod identity;
pub mod intake;
pub mod letters;
pub mod objections;
pub mod questions;
pub mod seen;
pub mod tell;
pub mod texts;
mod unasked;
pub mod verification;
pub mod watch;

pub use seen::{Noticed, notice_of};
pub use watch::Watch;

use crate::actor::Actor;
use crate::govern::{Govern, not_found, store_refusal};
use crate::keys::access::{KEY_OWNERS, READERS};
use crate::refusal::{Refusal, RefusalKind};
use crate::row;
use serde::Serialize;
use serde_json::{Map, Value, json};
use sumun_store::records::Filter;
use sumun_store::{Image, RowWrite, Table};

/// Sumun itself, in this part.
#[must_use]
pub fn system(part: &str) -> Actor {
    Actor { principal: format!("system:{part}"), ..crate::keys::due::clock_actor() }
}

/// Whether he sees this customer's things: the customer himself, and staff, who only read.
pub(crate) fn sees(actor: &Actor, customer: &str) -> bool {
    actor.has(READERS)
        || actor.principal.starts_with("system:")
        || (actor.has(KEY_OWNERS) && actor.customer.as_deref() == Some(customer))
}

/// Refuses whoever is not the customer himself in a session of his own.
///
/// # Errors
/// `owner_only`, `not_found`, `session_missing`.
pub(crate) fn own<'a>(
    actor: &'a Actor,
    customer: &str,
    (what, id): (&str, &str),
) -> Result<&'a str, Refusal> {
    if !actor.has(KEY_OWNERS) {
        return Err(Refusal::new(
            RefusalKind::Forbidden,
            "owner_only",
            format!("`{}` is not the customer: nobody answers in the customer's place", actor.principal),
            "let the customer do it in a session of their own; staff see the same and change nothing",
        ));
    }
    if actor.customer.as_deref() != Some(customer) {
        return Err(not_found(what, id));
    }
    actor.session.as_deref().ok_or_else(|| {
        Refusal::new(
            RefusalKind::Forbidden,
            "session_missing",
            "an owner answers in a session of their own, and there is none",
            "sign in through the exchange and answer again",
        )
    })
}

/// The write that puts this typed row in the place of itself as it was at `version`.
pub(crate) fn rewritten<T: Serialize>(table: &'static Table, row: &T, version: i64) -> RowWrite {
    let mut before = Image::new();
    before.insert("version".to_owned(), json!(version));
    row::replace(table, Some(&before), row::image(row))
}

/// The write that makes this typed row.
pub(crate) fn made<T: Serialize>(table: &'static Table, row: &T) -> RowWrite {
    row::replace(table, None, row::image(row))
}

/// Puts facts beside those that are there.
pub(crate) fn put_facts<const N: usize>(facts: &mut Map<String, Value>, more: [(&str, Value); N]) {
    facts.extend(more.into_iter().map(|(name, value)| (name.to_owned(), value)));
}

impl Govern {
    /// Rows of a table about what this principal may see: a customer's own, or all for staff.
    pub(crate) async fn owned_rows(
        &self,
        actor: &Actor,
        table: &'static Table,
        mut page: Filter,
        equals: &[(&'static str, Option<&str>)],
    ) -> Result<Vec<Image>, Refusal> {
        if !actor.has(READERS) {
            let customer = actor.customer.as_deref().unwrap_or_default();
            page.equals.push(("customer", json!(customer)));
        }
        for (column, value) in equals {
            page.equals.extend(value.map(|value| (*column, json!(value))));
        }
        self.store.list(table, &page).await.map_err(store_refusal)
    }

    /// Every row that fits, page by page, at most so many.
    pub(crate) async fn rows_where(
        &self,
        table: &'static Table,
        equals: Vec<(&'static str, Value)>,
        at_most: Option<(&'static str, i64)>,
        most: usize,
    ) -> Result<Vec<Image>, Refusal> {
        const PAGE: u32 = 1_000;
        let mut filter = Filter { equals, at_most, limit: PAGE, ..Filter::default() };
        let mut all = Vec::new();
        loop {
            let rows = self.store.list(table, &filter).await.map_err(store_refusal)?;
            let last = rows.len() < PAGE as usize;
            filter.after = rows.last().map(|row| row::text(row, table.key).to_owned());
            all.extend(rows);
            if last || all.len() >= most {
                all.truncate(most);
                return Ok(all);
            }
        }
    }
}
