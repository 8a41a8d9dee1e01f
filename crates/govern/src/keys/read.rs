//! Looking at keys: one, a list, what happened to one, what it could do if it were stolen now.

use super::access::{READERS, inside, sees};
use super::capability::{Sentence, of};
use super::row::KeyRow;
use super::view::KeyView;
use crate::actor::{Actor, Role};
use crate::govern::{Govern, not_found, store_refusal};
use crate::owner::verification::Verification;
use crate::refusal::Refusal;
use crate::row::text;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sumun_model::{KeyState, Measure, Timestamp};
use sumun_store::EntryRow;
use sumun_store::records::Filter;
use sumun_store::tables::{ACCOUNTS, KEYS, VERIFICATIONS};

/// What a customer is told of his key's past: what he did himself, and what he can see of it. Anything else leaves no gap,
/// since entries are numbered over the whole ledger.
const TOLD_OUTSIDE: &[&str] = &[
    "key.requested",
    "key.approved",
    "key.rejected",
    "key.issued",
    "key.imported",
    "key.mirrored",
    "key.changed",
    "key.rotated",
    "key.suspended",
    "key.lifted",
    "key.held",
    "key.released",
    "key.expired",
    "measure.entered",
    "measure.left",
    // His own acts that changed it, and what came of them: an answer may have ended it.
    "question.answered",
    "verification.identity",
    "verification.timed_out",
    "control.committed",
    "control.ended",
    "address.registered",
    "address.proved",
    "address.lapsed",
    "address.removed",
    // What became of it for want of a registration, and that it was registered.
    "campaign.read_only",
    "campaign.given_back",
    "campaign.enrolled",
    "campaign.key_ended",
];

/// Re-verifications of one account looked at for a key's past.
const REVERIFIED_MAX: usize = 100;

/// Who checks the record as a whole.
const CHECKERS: &[Role] = &[Role::Auditor, Role::SecurityAdmin, Role::ComplianceLead];

/// Which keys to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyFilter {
    /// Of this account.
    pub account: Option<String>,
    /// In this state.
    pub state: Option<KeyState>,
    /// Whose id, account or application begins with this.
    pub q: Option<String>,
    /// Under this measure, as whoever asks sees it.
    pub measure: Option<Measure>,
    /// After this id; with `q` and no account, after this place of the list.
    pub after: Option<String>,
    /// At most so many.
    pub limit: u32,
}

/// One thing that happened to a key, as its ledger entry tells it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimelineEntry {
    /// Index of the ledger entry.
    pub entry: u64,
    /// What happened.
    pub class: String,
    /// When it was sequenced.
    pub at: Timestamp,
    /// Who did it; a customer sees `staff` for staff.
    pub actor: Option<String>,
    /// The facts; for those only who see what is kept from customers.
    pub facts: Option<Value>,
    /// Whether the facts were erased since.
    pub erased: bool,
    /// Where it left the key, if it changed the key and is not erased.
    pub state: Option<String>,
    /// By which cause it ended the key, if it did: whatever else it is called.
    pub ended: Option<String>,
    /// Under which measure it left the key; for those only who see what is kept from customers.
    pub measure: Option<String>,
}

/// From which end a past is read.
#[derive(Clone, Copy)]
enum Order {
    Oldest,
    Newest,
}

impl Govern {
    /// One key.
    ///
    /// # Errors
    /// `not_found`, `store_unavailable`.
    pub async fn key(&self, actor: &Actor, key: &str) -> Result<KeyView, Refusal> {
        let mut views = [KeyView::of(&self.key_loaded(actor, key).await?.key, actor)];
        self.with_last_used(&mut views).await?;
        let [view] = views;
        Ok(view)
    }

    /// Keys that this principal may see, by id; those that are searched for in all accounts as [`search`] says.
    ///
    /// # Errors
    /// `not_found` without such an account, `store_unavailable`.
    pub async fn keys(&self, actor: &Actor, filter: &KeyFilter) -> Result<Vec<KeyView>, Refusal> {
        if filter.measure == Some(Measure::Monitor) && !inside(actor) {
            // To him there is no such measure.
            return Ok(Vec::new());
        }
        let mut accounts = vec![filter.account.clone()];
        if let Some(account) = &filter.account {
            let (facts, _) = self.account_facts(account).await?;
            if !sees(actor, &facts.customer) {
                return Err(not_found("account", account));
            }
        } else if !actor.has(READERS) && !actor.principal.starts_with("system:") {
            let Some(customer) = &actor.customer else { return Ok(Vec::new()) };
            let equals = vec![("customer", json!(customer))];
            let own = Filter { equals, after: None, limit: Filter::LIMIT_MAX, ..Filter::default() };
            let rows = self.store.list(&ACCOUNTS, &own).await.map_err(store_refusal)?;
            accounts = rows.iter().map(|row| Some(text(row, ACCOUNTS.key).to_owned())).collect();
        }
        let limit = filter.limit.clamp(1, Filter::LIMIT_MAX);
        let mut keys = Vec::new();
        let in_order_of_keys = accounts.len() != 1;
        for account in accounts {
            for row in self.keys_page(account, filter, limit).await? {
                keys.push(KeyRow::of(&row)?);
            }
        }
        if in_order_of_keys {
            keys.sort_by(|one, other| one.key.cmp(&other.key));
            keys.truncate(limit as usize);
        }
        let mut views: Vec<_> = keys.iter().map(|key| KeyView::of(key, actor)).collect();
        self.with_last_used(&mut views).await?;
        Ok(views)
    }

    /// What happened to a key, oldest first, after a ledger index.
    ///
    /// # Errors
    /// `not_found`, `store_unavailable`.
    pub async fn key_timeline(
        &self,
        actor: &Actor,
        key: &str,
        after: Option<u64>,
        limit: u32,
    ) -> Result<Vec<TimelineEntry>, Refusal> {
        self.timeline_read(actor, key, Order::Oldest, after, limit).await
    }

    /// What happened to a key, newest first, before a ledger index.
    ///
    /// # Errors
    /// `not_found`, `store_unavailable`.
    pub async fn key_timeline_newest(
        &self,
        actor: &Actor,
        key: &str,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<TimelineEntry>, Refusal> {
        self.timeline_read(actor, key, Order::Newest, before, limit).await
    }

    async fn timeline_read(
        &self,
        actor: &Actor,
        key: &str,
        order: Order,
        from: Option<u64>,
        limit: u32,
    ) -> Result<Vec<TimelineEntry>, Refusal> {
        let account = self.key_loaded(actor, key).await?.key.account;
        let reverified = self.reverified(&account, key).await?;
        let limit = limit.clamp(1, Filter::LIMIT_MAX);
        let (inside, mut from, mut told_of) = (inside(actor), from, Vec::new());
        // What is left out is left out before the page is cut, so that no page is shorter for it.
        loop {
            let entries = self.entries_of(key, &reverified, order, from, limit).await?;
            from = entries.last().map(|entry| entry.index);
            let last = entries.len() < limit as usize;
            let seen = entries.iter().filter(|entry| inside || TOLD_OUTSIDE.contains(&entry.class.as_str()));
            told_of.extend(seen.map(|entry| told(entry, key, inside)));
            if last || told_of.len() >= limit as usize {
                told_of.truncate(limit as usize);
                return Ok(told_of);
            }
        }
    }

    /// Re-verifications of this key, those that went on with its successor too: what was done in them happened to it.
    async fn reverified(&self, account: &str, key: &str) -> Result<Vec<String>, Refusal> {
        let equals = vec![("account", json!(account))];
        let rows = self.rows_where(&VERIFICATIONS, equals, None, REVERIFIED_MAX).await?;
        let all = rows.iter().map(Verification::of).collect::<Result<Vec<_>, _>>()?;
        let of = all.into_iter().filter(|found| found.keys().any(|one| one == key));
        Ok(of.map(|found| found.verification).collect())
    }

    /// A page of the entries that wrote this key's row, or told of one of its re-verifications.
    async fn entries_of(
        &self,
        key: &str,
        reverified: &[String],
        order: Order,
        from: Option<u64>,
        limit: u32,
    ) -> Result<Vec<EntryRow>, Refusal> {
        let page = async |table, id: &str| {
            match order {
                Order::Oldest => self.store.entries_about(table, id, from, limit).await,
                Order::Newest => self.store.newest_entries_about(table, id, from, limit).await,
            }
            .map_err(store_refusal)
        };
        let mut entries = page(&KEYS, key).await?;
        for id in reverified {
            entries.extend(page(&VERIFICATIONS, id).await?);
        }
        if !reverified.is_empty() {
            match order {
                Order::Oldest => entries.sort_by_key(|entry| entry.index),
                Order::Newest => entries.sort_by_key(|entry| std::cmp::Reverse(entry.index)),
            }
            entries.dedup_by_key(|entry| entry.index);
            entries.truncate(limit as usize);
        }
        Ok(entries)
    }

    /// Refuses who may not see this entry's leaf, which names its class and time: those who check the record see all, others
    /// what a timeline tells them.
    ///
    /// # Errors
    /// `not_found`, `store_unavailable`.
    pub async fn entry_seen(&self, actor: &Actor, index: u64) -> Result<(), Refusal> {
        if actor.has(CHECKERS) {
            return Ok(());
        }
        let hidden = || not_found("entry", &index.to_string());
        let entry = self.store.entry(index).await.map_err(store_refusal)?.ok_or_else(hidden)?;
        if !inside(actor) && !TOLD_OUTSIDE.contains(&entry.class.as_str()) {
            return Err(hidden());
        }
        let payload: Option<Value> = entry.payload.as_ref().and_then(|text| serde_json::from_str(text).ok());
        let rows = payload.as_ref().and_then(|payload| payload.get("rows")?.as_array());
        // What was done in a re-verification names its key.
        let about = [KEYS.name, VERIFICATIONS.name];
        let of_key = |row: &&Value| about.iter().any(|table| row["table"] == *table);
        for row in rows.into_iter().flatten().filter(of_key) {
            let key = row["row"][KEYS.key].as_str().unwrap_or_default();
            if self.key_loaded(actor, key).await.is_ok() {
                return Ok(());
            }
        }
        Err(hidden())
    }

    /// What a key could do if it were stolen now, in words (R43).
    ///
    /// # Errors
    /// `not_found`, `store_unavailable`.
    pub async fn key_capability(&self, actor: &Actor, key: &str) -> Result<Vec<Sentence>, Refusal> {
        let loaded = self.key_loaded(actor, key).await?;
        // To its owner a watched key is as any other.
        Ok(of(&loaded.key, self.world.now()))
    }
}

/// Whether an entry of this class can end a key: what is only noted of it afterwards ends nothing.
pub(crate) fn ends(class: &str) -> bool {
    !matches!(class, "measure.watched" | "measure.proposed" | "measure.obeyed" | "key.assessed")
}

/// Keys that ended by an entry of this class and payload, in the order of its rows; none of a payload that is not shown.
#[must_use]
pub fn ended_keys(class: &str, payload: Option<&Value>) -> Vec<String> {
    let rows = payload.filter(|_| ends(class)).and_then(|payload| payload.get("rows")?.as_array());
    let ended = rows.into_iter().flatten().filter(|row| {
        let state = row.pointer("/row/state").and_then(Value::as_str);
        row["table"] == KEYS.name && state == Some(KeyState::Expired.as_str())
    });
    ended.filter_map(|row| Some(row.get("row")?.get(KEYS.key)?.as_str()?.to_owned())).collect()
}

pub(crate) fn told(entry: &EntryRow, key: &str, inside: bool) -> TimelineEntry {
    let payload: Option<Value> = entry.payload.as_ref().and_then(|text| serde_json::from_str(text).ok());
    let facts = payload.as_ref().and_then(|payload| payload.get("facts")).cloned();
    let who = facts.as_ref().and_then(|facts| facts.get("actor")).and_then(Value::as_str);
    let who =
        who.map(|who| if inside || !who.starts_with("user:") { who.to_owned() } else { "staff".to_owned() });
    let rows = payload.as_ref().and_then(|payload| payload.get("rows")?.as_array());
    let left = rows
        .into_iter()
        .flatten()
        .find(|row| row["table"] == KEYS.name && row["row"][KEYS.key] == key)
        .map(|row| &row["row"]);
    let column = |name: &str| left.and_then(|row| row.get(name)?.as_str()).map(str::to_owned);
    TimelineEntry {
        entry: entry.index,
        class: entry.class.clone(),
        at: entry.at,
        actor: who,
        erased: entry.payload.is_none(),
        facts: facts.filter(|_| inside),
        ended: column("cause").filter(|_| ends(&entry.class)),
        state: column("state"),
        measure: column("measure").filter(|_| inside),
    }
}
