//! Where a key stands on the ladder, as it is kept between steps.

use crate::actor::Actor;
use crate::govern::{Govern, store_refusal};
use crate::keys::access::{AccountFacts, INSIDE};
use crate::keys::row::KeyRow;
use crate::measures::MeasureRow;
use crate::refusal::{Refusal, RefusalKind};
use crate::row::{image, replace, text, typed};
use crate::staff::require;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use sumun_model::assessment::Assessment;
use sumun_model::finding::Signal;
use sumun_model::{Measure, Timestamp};
use sumun_policy::Standing;
use sumun_policy::ladder::follows;
use sumun_store::tables::{MEASURES, SIGNALS, STANDINGS};
use sumun_store::{Change, Filter, Image};

/// A row of standings. Times are microseconds since 1970.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StandingRow {
    /// The key.
    pub key: String,
    /// Its account.
    pub account: String,
    /// Whose account it is.
    pub customer: Option<String>,
    /// The measure in force.
    pub measure: Option<Measure>,
    /// What detection last said of it.
    pub assessment: Assessment,
    /// What policy remembers.
    pub standing: Standing,
    /// The last place of the event log that was taken in; -1 before any.
    pub position: i64,
    /// When the clock next asks something.
    pub next_due_us: Option<i64>,
    /// The row's version.
    pub version: i64,
}

impl StandingRow {
    /// Reads a row.
    ///
    /// # Errors
    /// `row_unreadable`.
    pub fn of(row: &Image) -> Result<Self, Refusal> {
        typed(&STANDINGS, row)
    }

    /// The row for the store.
    #[must_use]
    pub fn image(&self) -> Image {
        image(self)
    }
}

impl Govern {
    /// Where this key stands: as it is kept; else as the key whose place it took stands; else at the beginning, under whatever
    /// measure its row says. Gives the row too, if there is one.
    pub(crate) async fn standing(
        &self,
        key: &KeyRow,
        account: &AccountFacts,
        now: Timestamp,
    ) -> Result<(StandingRow, Option<Image>), Refusal> {
        if let Some(row) = self.row(&STANDINGS, &key.key).await? {
            return Ok((StandingRow::of(&row)?, Some(row)));
        }
        let mut inherited = self.inherited(key, account).await?;
        if inherited.measure != key.measure {
            // What followed the customer to this key is in force whatever another key's history says.
            inherited = begun(inherited, key.measure, now, key.review_due_us.map(Timestamp::from_micros));
            inherited.untold = key.measure.is_some();
        }
        let row = StandingRow {
            key: key.key.clone(),
            account: key.account.clone(),
            customer: Some(account.customer.clone()),
            measure: key.measure,
            assessment: nothing_said(key, account, now)?,
            standing: inherited,
            position: -1,
            next_due_us: None,
            version: 0,
        };
        Ok((row, None))
    }
}

impl Govern {
    /// A key that comes to live under a measure: the clock has the ladder tell of it at once.
    pub(crate) async fn stands_from(
        &self,
        key: &KeyRow,
        account: &AccountFacts,
        change: &mut Change,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        if key.measure.is_none() {
            return Ok(());
        }
        let (mut row, before) = self.standing(key, account, now).await?;
        row.next_due_us = Some(now.as_micros());
        change.writes.push(replace(&STANDINGS, before.as_ref(), row.image()));
        Ok(())
    }

    /// What a key takes over: all of the key whose place it took, else the open measure of another key of the customer.
    async fn inherited(&self, key: &KeyRow, account: &AccountFacts) -> Result<Standing, Refusal> {
        if let Some(replaced) = &key.replaces
            && let Some(row) = self.row(&STANDINGS, replaced).await?
            && let Ok(id) = replaced.parse()
        {
            return Ok(StandingRow::of(&row)?.standing.inherit(&id));
        }
        if key.measure.is_none() {
            return Ok(Standing::default());
        }
        let equals = vec![("customer", json!(account.customer))];
        let filter = Filter { equals, limit: Filter::LIMIT_MAX, ..Filter::default() };
        let rows = self.store.list(&STANDINGS, &filter).await.map_err(store_refusal)?;
        for row in rows.iter().map(StandingRow::of) {
            let row = row?;
            if let Some(follow) = follows(&row.standing).filter(|follow| Some(follow.measure) == key.measure)
                && let Ok(id) = row.key.parse()
            {
                return Ok(follow.begin(&id));
            }
        }
        Ok(Standing::default())
    }
}

/// A standing in which staff, or what followed from another key, put this measure in force.
pub(crate) fn begun(
    before: Standing,
    measure: Option<Measure>,
    now: Timestamp,
    due: Option<Timestamp>,
) -> Standing {
    Standing {
        measure,
        since: measure.map(|_| now),
        rule: "staff".to_owned(),
        due: due.filter(|_| measure.is_some()),
        below_since: None,
        acknowledged: None,
        identity_proved: None,
        control_proved: None,
        control_failures: 0,
        timed_out: false,
        episode: before.episode.or(measure.map(|_| now)),
        untold: false,
        ..before
    }
}

/// What is known of a key that detection never spoke of.
fn nothing_said(key: &KeyRow, account: &AccountFacts, now: Timestamp) -> Result<Assessment, Refusal> {
    let bad = |error: &dyn std::fmt::Display| {
        Refusal::new(
            RefusalKind::Unavailable,
            "row_unreadable",
            format!("key `{}`: {error}", key.key),
            "run `sumun ledger verify`, then restore the row from the ledger",
        )
    };
    Ok(Assessment {
        key: key.key.parse().map_err(|error| bad(&error))?,
        account: key.account.parse().map_err(|error| bad(&error))?,
        customer: Some(account.customer.parse().map_err(|error| bad(&error))?),
        replaces: key.replaces.as_ref().map(|key| key.parse()).transpose().map_err(|error| bad(&error))?,
        segment: Some(account.segment),
        state: Some(key.state),
        at: now,
        position: 0,
        evidence: Vec::new(),
        hard: BTreeMap::new(),
        acts: Vec::new(),
        facts: BTreeMap::new(),
        cluster: None,
    })
}

impl Govern {
    /// Where a key stands, for those who look into suspicions.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, the store's.
    pub async fn key_standing(&self, actor: &Actor, key: &str) -> Result<StandingRow, Refusal> {
        require(actor, INSIDE)?;
        let loaded = self.key_loaded(actor, key).await?;
        let mut row = self.standing(&loaded.key, &loaded.account, self.world.now()).await?.0;
        // Told sparingly by design, the first use of a day only: shown to people it would read as the latest.
        row.assessment.facts.remove("key.last_use_s");
        Ok(row)
    }

    /// Signals, by id, about a key or an account if said. Those about a key are also those about a cluster it belongs to, as far as they
    /// count now or a measure of it rests on them.
    ///
    /// # Errors
    /// `forbidden`, the store's.
    pub async fn signals(
        &self,
        actor: &Actor,
        key: Option<&str>,
        account: Option<&str>,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<Signal>, Refusal> {
        require(actor, INSIDE)?;
        let columns = [("key", key), ("account", account)];
        let equals = columns.into_iter().filter_map(|(name, value)| Some((name, json!(value?)))).collect();
        let filter = Filter { equals, after, limit: limit.clamp(1, Filter::LIMIT_MAX), ..Filter::default() };
        let after = filter.after.clone().unwrap_or_default();
        let mut rows = self.store.list(&SIGNALS, &filter).await.map_err(store_refusal)?;
        if let (Some(key), None) = (key, account) {
            let id = |row: &Image| text(row, SIGNALS.key).to_owned();
            let known: BTreeSet<String> = rows.iter().map(id).collect();
            let more = self.rests_on(key).await?;
            let more: Vec<String> =
                more.into_iter().filter(|signal| *signal > after && !known.contains(signal)).collect();
            rows.extend(self.store.get_many(&SIGNALS, &more).await.map_err(store_refusal)?);
            rows.sort_by_key(id);
            rows.truncate(filter.limit as usize);
        }
        Ok(rows.iter().filter_map(super::signal::of).collect())
    }

    /// Signals that count for this key now, or that a measure of it, taken or proposed, rests on.
    async fn rests_on(&self, key: &str) -> Result<BTreeSet<String>, Refusal> {
        let mut found = BTreeSet::new();
        if let Some(row) = self.row(&STANDINGS, key).await? {
            let row = StandingRow::of(&row)?;
            found.extend(row.assessment.evidence.iter().map(|piece| piece.signal.to_string()));
        }
        let equals = vec![("key", json!(key))];
        let filter = Filter { equals, newest: true, limit: Filter::LIMIT_MAX, ..Filter::default() };
        // One that cannot be read is told where measures are; here it hides nothing else.
        for row in self.store.list(&MEASURES, &filter).await.map_err(store_refusal)? {
            let of = MeasureRow::of(&row).map(|row| row.body.signals).unwrap_or_default();
            found.extend(of.iter().map(ToString::to_string));
        }
        Ok(found)
    }

    /// The latest signals a case names, by id: of a cluster's case, those about all of its members.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, the store's.
    pub async fn case_signals(
        &self,
        actor: &Actor,
        case: &str,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<Signal>, Refusal> {
        let shown = self.case_shown(actor, case).await?;
        let mut ids: Vec<String> = shown.case.body.signals.iter().map(ToString::to_string).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.retain(|id| after.as_ref().is_none_or(|after| id > after));
        ids.truncate(limit.clamp(1, Filter::LIMIT_MAX) as usize);
        let mut found = Vec::new();
        for id in ids {
            found.extend(self.row(&SIGNALS, &id).await?.as_ref().and_then(super::signal::of));
        }
        Ok(found)
    }
}
