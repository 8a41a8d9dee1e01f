//! Acting at an exchange that keeps its own gateway (R194, ADR 0025): what should be true of a key there, what was answered, and what the
//! exchange's own log says afterwards.
//!
//! [`intend`] writes what should be true beside every change of a key, in the same transaction. [`outcome`] writes what came of it: an
//! acknowledgement, or that it cannot be done. [`cuts`] reads the exchange's log: silence after a cut completes its receipt, a request that
//! succeeds is told loudly. [`row`] is the row of it all.
//!
//! The rows are the queue: what waits is what a row says, so that nothing is lost with a process or a message. Never here: a call, a retry's
//! time, a template; those are `sumun-actuator` and the role that runs it.

pub mod cuts;
pub mod intend;
pub mod outcome;
pub mod row;

pub use cuts::{Cuts, Waits};
pub use outcome::Acknowledged;
pub use row::{ActuationBody, ActuationRow, ActuationState, Alive, Holds};

use crate::actor::{Actor, Role};
use crate::call::{Call, Done, Planned};
use crate::govern::{Govern, change, check_if_match, facts, not_found, store_refusal};
use crate::keys::access::{INSIDE, reason};
use crate::plan::Plan;
use crate::refusal::{Refusal, RefusalKind};
use crate::row::text;
use crate::staff::require;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use sumun_actuator::LogRules;
use sumun_model::Timestamp;
use sumun_store::tables::ACTUATIONS;
use sumun_store::{Filter, Image};

/// Who may have the exchange asked again.
pub const ASKERS: &[Role] = &[Role::Analyst, Role::Approver, Role::ComplianceLead, Role::SecurityAdmin];

/// Rows of one key: as many as there are destinations, and those that once were.
const OF_KEY_MAX: u32 = 100;

/// That keys are acted on outside, and at whom.
#[derive(Clone, Debug)]
pub struct Acting {
    /// Everybody who is told, by name.
    pub destinations: Vec<String>,
    /// Which of them is the exchange, whose own log is read here.
    pub exchange: Option<String>,
    /// Whether it is called; else it is told by messages, like all others.
    pub calls: bool,
    /// How the exchange's log is read.
    pub log: LogRules,
}

/// Who acts when nobody does.
pub(crate) fn actuator() -> Actor {
    Actor::system("actuator")
}

impl Govern {
    /// Acting on keys outside.
    #[must_use]
    pub fn with_acting(mut self, acting: Acting) -> Self {
        self.cuts = Cuts::new(acting.exchange.clone(), acting.log);
        self.acting = Some(acting);
        self
    }

    /// Whether keys are acted on outside, and at whom.
    #[must_use]
    pub const fn acting(&self) -> Option<&Acting> {
        self.acting.as_ref()
    }

    /// What was intended of keys outside, and what came of it: all, those in one state, or those of one key.
    ///
    /// # Errors
    /// `forbidden`, the store's.
    pub async fn actuations(
        &self,
        actor: &Actor,
        (key, state): (Option<&str>, Option<&str>),
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<ActuationRow>, Refusal> {
        let mut readers = INSIDE.to_vec();
        readers.push(Role::ExchangeBackend);
        require(actor, &readers)?;
        let columns = [("key", key), ("state", state)];
        let equals = columns.into_iter().filter_map(|(name, value)| Some((name, json!(value?)))).collect();
        let filter = Filter { equals, after, limit: limit.clamp(1, Filter::LIMIT_MAX), ..Filter::default() };
        let rows = self.store.list(&ACTUATIONS, &filter).await.map_err(store_refusal)?;
        rows.iter().map(ActuationRow::of).collect()
    }

    /// What is to be sent of an intent, and whether it may be by now: not before its change has its place in the ledger. None if it is no
    /// longer the newest, or nothing is to be sent of it.
    ///
    /// # Errors
    /// The store's.
    pub async fn actuation_to_send(
        &self,
        id: &str,
        intent: i64,
    ) -> Result<(Option<ActuationRow>, bool), Refusal> {
        let Some(image) = self.row(&ACTUATIONS, id).await? else { return Ok((None, true)) };
        let row = ActuationRow::of(&image)?;
        if row.intent != intent || !row.state.is_open() {
            return Ok((None, true));
        }
        let placed = self.store.is_sequenced(&ACTUATIONS, &image).await.map_err(store_refusal)?;
        Ok((Some(row), placed))
    }

    /// When these keys were last let through, microseconds since 1970, as far as logs say.
    ///
    /// # Errors
    /// The store's.
    pub async fn last_uses(&self, keys: &[String]) -> Result<BTreeMap<String, i64>, Refusal> {
        self.store.last_used(keys).await.map_err(store_refusal)
    }

    /// Has the exchange asked once more to do what stands on record of a key, as a new intent: everybody who was told of it, or one.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `reason_missing`, `actuator_off`, the store's.
    pub async fn retry_actuation(
        &self,
        actor: &Actor,
        key: &str,
        (destination, why): (Option<&str>, &str),
        call: &Call,
    ) -> Result<Done<Vec<String>>, Refusal> {
        require(actor, ASKERS)?;
        if self.acting.is_none() {
            return Err(Refusal::new(
                RefusalKind::Conflict,
                "actuator_off",
                "this control plane acts at no exchange",
                "name a file in `[actuator] file` and start it anew; `sumun actuator check` explains one",
            ));
        }
        let why = reason("reason", why)?;
        self.run(actor, call, |now| async move {
            let filter = Filter { equals: vec![("key", json!(key))], limit: OF_KEY_MAX, ..Filter::default() };
            let rows = self.store.list(&ACTUATIONS, &filter).await.map_err(store_refusal)?;
            let mut facts = facts(actor);
            facts.insert("key".to_owned(), json!(key));
            facts.insert("reason".to_owned(), json!(why));
            let mut change = change("actuator.retried", now, facts);
            let mut told = Vec::new();
            for before in &rows {
                let row = ActuationRow::of(before)?;
                if destination.is_some_and(|wanted| wanted != row.destination) {
                    continue;
                }
                check_if_match(call, "actuation", &row.actuation, row.version)?;
                told.push(row.actuation.clone());
                change.writes.push(self.intended_again(before, row, now));
            }
            if told.is_empty() {
                return Err(not_found("actuation of key", key));
            }
            let title = format!("ask again what should be true of key {key}: {}", told.join(", "));
            let plan = Plan { title, effects: Vec::new(), warnings: Vec::new(), change };
            Ok(Planned { plan, value: told, status: 200 })
        })
        .await
    }

    /// How many there are in each of these states.
    ///
    /// # Errors
    /// The store's.
    pub async fn actuation_counts(
        &self,
        states: &[ActuationState],
    ) -> Result<BTreeMap<&'static str, u64>, Refusal> {
        let mut counts = BTreeMap::new();
        for state in states {
            let equals = vec![("state", json!(state))];
            let wanted = sumun_store::Count { equals, ..sumun_store::Count::default() };
            let count = self.store.count(&ACTUATIONS, &wanted).await.map_err(store_refusal)?;
            counts.insert(state.as_str(), count);
        }
        Ok(counts)
    }

    /// So many of those in one state; one that cannot be read is told in the log and left out.
    ///
    /// # Errors
    /// The store's.
    pub async fn actuations_open(
        &self,
        state: ActuationState,
        most: usize,
    ) -> Result<Vec<ActuationRow>, Refusal> {
        self.actuations_readable(vec![("state", json!(state))], most).await
    }

    /// So many rows that match and can be read; the others are told in the log: one damaged row must not stop the cuts of all other keys.
    async fn actuations_readable(
        &self,
        equals: Vec<(&'static str, Value)>,
        most: usize,
    ) -> Result<Vec<ActuationRow>, Refusal> {
        let mut filter = Filter { equals, limit: Filter::LIMIT_MAX, ..Filter::default() };
        let mut found = Vec::new();
        loop {
            let (rows, damaged) =
                self.store.list_readable(&ACTUATIONS, &filter).await.map_err(store_refusal)?;
            let last = rows.len() + damaged.len() < filter.limit as usize;
            let keys =
                rows.iter().map(|row| text(row, ACTUATIONS.key)).chain(damaged.iter().map(String::as_str));
            filter.after = keys.max().map(str::to_owned);
            damaged.iter().for_each(|key| unreadable(key));
            found.extend(readable(&rows));
            if last || found.len() >= most {
                found.truncate(most);
                return Ok(found);
            }
        }
    }
}

/// Those of these rows that can be read; the others are told in the log.
fn readable(rows: &[Image]) -> impl Iterator<Item = ActuationRow> + '_ {
    rows.iter()
        .filter_map(|image| ActuationRow::of(image).map_err(|_| unreadable(text(image, ACTUATIONS.key))).ok())
}

/// One row cannot be read: whoever acts on it is told which one, and all others are acted on.
fn unreadable(actuation: &str) {
    tracing::error!(
        actuation,
        "What should be true outside of `{actuation}` cannot be read, and is not acted on; run `sumun ledger verify`"
    );
}

/// The id of what is intended of a key at a destination.
#[must_use]
pub fn id(destination: &str, key: &str) -> String {
    format!("{destination}:{key}")
}

/// The instant of a column, for people.
#[must_use]
pub fn at(us: Option<i64>) -> Option<Timestamp> {
    us.map(Timestamp::from_micros)
}
