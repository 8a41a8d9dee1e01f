//! Notices as their addressee reads them, and his word that he has (R101, R179). How they travel is in [`crate::notices`].

use super::texts::{Said, of_notice};
use super::{own, put_facts, sees};
use crate::actor::Actor;
use crate::call::{Call, Done, Planned};
use crate::govern::{Govern, change, facts, not_found, store_refusal};
use crate::keys::access::READERS;
use crate::notices::{Channel, NoticeState, NoticeText};
use crate::plan::Plan;
use crate::refusal::Refusal;
use crate::row;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sumun_model::{ActKind, Timestamp};
use sumun_store::Image;
use sumun_store::records::Filter;
use sumun_store::tables::{ACCOUNTS, NOTICES};

/// Accounts of one customer that are looked through.
const ACCOUNTS_MAX: usize = 200;

/// A notice as it is shown. Its case is not: the addressee never reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// Its id.
    pub notice: String,
    /// To which customer.
    pub customer: String,
    /// About which account.
    pub account: Option<String>,
    /// About which key.
    pub key: Option<String>,
    /// What it is about.
    pub kind: String,
    /// How it travels.
    pub channel: Channel,
    /// Where it stands.
    pub state: NoticeState,
    /// When it was written.
    pub created_us: i64,
    /// When its delivery was proved.
    pub delivered_us: Option<i64>,
    /// When it was acknowledged.
    pub acknowledged_us: Option<i64>,
    /// What it says.
    pub say: Vec<Said>,
    /// The row's version.
    pub version: i64,
}

#[derive(Deserialize)]
struct Row {
    notice: String,
    customer: Option<String>,
    account: Option<String>,
    key: Option<String>,
    kind: String,
    texts: Vec<NoticeText>,
    channel: Channel,
    state: NoticeState,
    created_us: i64,
    delivered_us: Option<i64>,
    acknowledged_us: Option<i64>,
    version: i64,
}

/// Reads a row of notices. A notice that names no customer belongs to the account's.
fn letter(image: &Image, customer: &str) -> Result<Letter, Refusal> {
    let row: Row = row::typed(&NOTICES, image)?;
    let about = row.key.as_deref().or(row.account.as_deref()).unwrap_or_default();
    Ok(Letter {
        say: row.texts.iter().map(|text| of_notice(text, about)).collect(),
        notice: row.notice,
        customer: row.customer.unwrap_or_else(|| customer.to_owned()),
        account: row.account,
        key: row.key,
        kind: row.kind,
        channel: row.channel,
        state: row.state,
        created_us: row.created_us,
        delivered_us: row.delivered_us,
        acknowledged_us: row.acknowledged_us,
        version: row.version,
    })
}

impl Govern {
    /// Notices: a customer's own, or all for staff.
    ///
    /// # Errors
    /// The store's.
    pub async fn letters(
        &self,
        actor: &Actor,
        page: Filter,
        (key, state): (Option<&str>, Option<&str>),
    ) -> Result<Vec<Letter>, Refusal> {
        let wanted = [("key", key), ("state", state)];
        let mut rows = self.owned_rows(actor, &NOTICES, page.clone(), &wanted).await?;
        if !actor.has(READERS) {
            // Those about his accounts that name no customer stand beside those that name him.
            let mine = vec![("customer", json!(actor.customer))];
            for account in self.rows_where(&ACCOUNTS, mine, None, ACCOUNTS_MAX).await? {
                let mut page = page.clone();
                page.equals.push(("account", json!(row::text(&account, "account"))));
                page.equals.push(("customer", json!(null)));
                page.equals
                    .extend(wanted.iter().filter_map(|(column, value)| Some((*column, json!((*value)?)))));
                rows.extend(self.store.list(&NOTICES, &page).await.map_err(store_refusal)?);
            }
            rows.sort_by(|one, other| row::text(one, NOTICES.key).cmp(row::text(other, NOTICES.key)));
            rows.truncate(page.limit as usize);
        }
        let customer = actor.customer.as_deref().unwrap_or_default();
        rows.iter().map(|row| letter(row, customer)).collect()
    }

    /// One notice.
    ///
    /// # Errors
    /// `not_found`, the store's.
    pub async fn letter(&self, actor: &Actor, id: &str) -> Result<Letter, Refusal> {
        Ok(self.letter_loaded(actor, id).await?.0)
    }

    pub(super) async fn letter_loaded(&self, actor: &Actor, id: &str) -> Result<(Letter, Image), Refusal> {
        let image = self.row_or_not_found(&NOTICES, "notice", id).await?;
        let of_account = match row::text_or_null(&image, "account") {
            Some(account) => self.row(&ACCOUNTS, &account).await?,
            None => None,
        };
        let customer =
            of_account.map(|account| row::text(&account, "customer").to_owned()).unwrap_or_default();
        let found = letter(&image, &customer)?;
        if sees(actor, &found.customer) { Ok((found, image)) } else { Err(not_found("notice", id)) }
    }

    /// The addressee says that he has read it. Saying so again changes nothing.
    ///
    /// # Errors
    /// `owner_only`, `not_found`, the store's.
    pub async fn acknowledge(&self, actor: &Actor, id: &str, call: &Call) -> Result<Done<Letter>, Refusal> {
        let done = self
            .run(actor, call, |now| async move {
                let (found, image) = self.letter_loaded(actor, id).await?;
                own(actor, &found.customer, ("notice", id))?;
                let at = found.acknowledged_us.map_or(now, Timestamp::from_micros);
                let change = change("notice.acknowledged", now, facts(actor));
                let title = format!("acknowledge notice {id}");
                let mut plan = Plan { title, effects: Vec::new(), warnings: Vec::new(), change };
                put_facts(
                    &mut plan.change.facts,
                    [
                        ("notice", json!(id)),
                        ("kind", json!(found.kind)),
                        ("key", json!(found.key)),
                        ("account", json!(found.account)),
                        ("customer", json!(found.customer)),
                        ("case_id", json!(row::text_or_null(&image, "case_id"))),
                        ("at", json!(at)),
                    ],
                );
                let columns =
                    [("state", json!(NoticeState::Acknowledged)), ("acknowledged_us", json!(at.as_micros()))];
                let write = row::update(&NOTICES, &image, columns);
                let value = letter(&write.image, &found.customer)?;
                plan.change.writes.push(write);
                Ok(Planned { plan, value, status: 200 })
            })
            .await?;
        if let (Some(key), Some(at), true) =
            (&done.value.key, done.value.acknowledged_us, done.committed.is_some())
        {
            let at = Timestamp::from_micros(at);
            self.owner_acted(key, ActKind::Acknowledged, (at, &done.value.notice)).await?;
        }
        Ok(done)
    }
}
