//! Canaries as the ledger has them: issued, ended, found; and the lists.

use super::{CANARY_ADMINS, CANARY_READERS, Canary, Due, Finding, Tick, due, outcome, system_actor};
use crate::actor::Actor;
use crate::call::{Call, Done, Planned};
use crate::govern::{Govern, change, facts, store_refusal};
use crate::keys::end::end;
use crate::keys::row::{Grant, KeyRow, Scheme, Step};
use crate::keys::{Action, feed_record};
use crate::plan::Plan;
use crate::refusal::{Refusal, RefusalKind};
use crate::row;
use crate::staff::require;
use crate::venue::Venue;
use serde_json::{Map, Value, json};
use sumun_model::key::AllowlistEntry;
use sumun_model::{ApiSecret, ExpiryCause, KeyId, KeyState, Mandate, Purpose, Scope, ScopeSet, Timestamp};
use sumun_store::Filter;
use sumun_store::tables::{ACCOUNTS, CANARIES, DEAD_KEYS, GATES, KEYS};

/// At least so long after its life does a canary's key end by itself, in microseconds.
const OWN_END_US_MIN: i64 = 10 * 60 * 1_000_000;

/// A canary's key as it is made: public market data, and an end of its own should nobody end it.
fn key_row(key: String, account: &str, venue: &Venue, actor: &Actor, now: Timestamp) -> KeyRow {
    // Far behind its end: a gate that does not hear of that must not seem to obey by its own clock.
    let lives_us = i64::from(venue.canary.lives_seconds.get()) * 1_000_000;
    let own_end_us = (lives_us * 3).max(lives_us + OWN_END_US_MIN);
    KeyRow {
        key,
        account: account.to_owned(),
        state: KeyState::Active,
        measure: None,
        before_hold: None,
        cause: None,
        scopes: ScopeSet::EMPTY.with(Scope::MarketData),
        allowlist: venue.canary.networks.iter().copied().map(AllowlistEntry::Plain).collect(),
        purpose: Purpose::Other,
        application: "canary".to_owned(),
        operator: "venue".to_owned(),
        vendor: None,
        scheme: Scheme::Hs256,
        secret: None,
        exposure: None,
        public_key: None,
        created_us: now.as_micros(),
        expires_us: now.plus_micros(own_end_us).as_micros(),
        rotate_by_us: None,
        ends_us: None,
        replaces: None,
        mandate: Mandate::default(),
        terms: venue.terms.version.clone(),
        terms_accepted_us: now.as_micros(),
        requested_by: actor.principal.clone(),
        session: actor.session.clone().unwrap_or_else(|| actor.principal.clone()),
        approvals: vec![Grant { step: Step::Read, approval: None, granted: true, until_us: None }],
        canary: 1,
        reason: None,
        review_by: None,
        review_due_us: None,
        next_due_us: None,
        campaign: None,
        version: 1,
    }
}

impl Govern {
    /// Does what is due now: issues one, ends one, or says which one to try.
    ///
    /// # Errors
    /// `canary_account`, the store's.
    pub async fn canary_tick(&self) -> Result<Tick, Refusal> {
        let venue = self.venue();
        if venue.canary.account.is_none() {
            return Ok(Tick::Nothing);
        }
        let actor = system_actor();
        let last = self.last_canary().await?;
        let made = match &last {
            Some(canary) => {
                let key = self.row(&KEYS, &canary.key).await?;
                key.and_then(|key| row::integer(&key, "created_us")).map(Timestamp::from_micros)
            }
            None => None,
        };
        let rules = &venue.canary;
        let due = due(
            last.as_ref().zip(made),
            rules.every_minutes.get(),
            rules.lives_seconds.get(),
            self.world.now(),
        );
        match (due, last) {
            (Due::Issue, _) => Ok(Tick::Issued(self.issue_canary(&actor, &Call::default()).await?.value)),
            (Due::Expire, Some(canary)) => {
                Ok(Tick::Expired(self.expire_canary(&actor, &canary.canary).await?))
            }
            (Due::Live, Some(canary)) => Ok(Tick::Living(canary)),
            (Due::Try, Some(canary)) => Ok(Tick::Try(canary)),
            _ => Ok(Tick::Nothing),
        }
    }

    /// Starts a canary by hand.
    ///
    /// # Errors
    /// `forbidden`, `canary_account`, `canary_open`, the store's.
    pub async fn start_canary(&self, actor: &Actor, call: &Call) -> Result<Done<Canary>, Refusal> {
        require(actor, CANARY_ADMINS)?;
        if let Some(open) = self.last_canary().await?.filter(|last| last.expired.is_none()) {
            return Err(Refusal::new(
                RefusalKind::Conflict,
                "canary_open",
                format!("canary `{}` still lives", open.canary),
                "wait until it was ended and tried",
            ));
        }
        self.issue_canary(actor, call).await
    }

    async fn issue_canary(&self, actor: &Actor, call: &Call) -> Result<Done<Canary>, Refusal> {
        self.run(actor, call, |now| async move {
            let venue = self.venue();
            let account = venue.canary.account.as_ref().map(ToString::to_string).unwrap_or_default();
            let row = self.row(&ACCOUNTS, &account).await?;
            let Some(row) = row.filter(|row| row::text(row, "state") == "active") else {
                return Err(Refusal::new(
                    RefusalKind::Conflict,
                    "canary_account",
                    format!("the venue's account for canaries, `{account}`, is not there or not active"),
                    "put an account of the venue's own, and name it in `canary.account` of the venue file",
                ));
            };
            let id = self.new_id("K");
            let made = self.make_secret(&id)?;
            let mut key = key_row(id, &account, &venue, actor, now);
            key.secret = Some(made.name);
            key.exposure = Some(made.exposure);
            // The time, upside down: newer canaries sort first.
            let canary = format!("C{:016x}", u64::MAX - now.as_micros().unsigned_abs());
            let mut image = Map::new();
            image.insert("canary".to_owned(), json!(canary));
            image.insert("key".to_owned(), json!(key.key));
            image.insert("gates".to_owned(), json!([]));
            image.insert("expired_us".to_owned(), Value::Null);
            image.insert("outcome".to_owned(), Value::Null);
            image.insert("findings".to_owned(), json!([]));
            let mut facts = facts(actor);
            facts.insert("canary".to_owned(), json!(canary));
            facts.insert("key".to_owned(), json!(key.key));
            let mut change = change("canary.issued", now, facts);
            let write = row::replace(&CANARIES, None, image);
            let value = Canary::of(&write.image);
            change.writes.push(write);
            change.writes.push(row::replace(&KEYS, None, key.image()));
            change.reads.push(row::unchanged(&DEAD_KEYS, &key.key, None));
            change.reads.push(row::unchanged(&ACCOUNTS, &account, Some(&row)));
            change.feed.extend(feed_record::of(&key));
            change.vault.push(made.vault);
            let title = format!("issue canary {canary}");
            let plan = Plan { title, effects: Vec::new(), warnings: Vec::new(), change };
            Ok(Planned { plan, value, status: 201 })
        })
        .await
    }

    /// Ends a canary's key; every gate enrolled now must obey.
    async fn expire_canary(&self, actor: &Actor, canary: &str) -> Result<Canary, Refusal> {
        let done = self
            .run(actor, &Call::default(), |now| async move {
                let row = self.row_or_not_found(&CANARIES, "canary", canary).await?;
                let key = self.row_or_not_found(&KEYS, "key", row::text(&row, "key")).await?;
                let key = KeyRow::of(&key)?;
                let gates = self.enrolled_gates().await?;
                let columns = [("gates", json!(gates)), ("expired_us", json!(now.as_micros()))];
                let write = row::update(&CANARIES, &row, columns);
                let mut facts = facts(actor);
                facts.insert("canary".to_owned(), json!(canary));
                facts.insert("key".to_owned(), json!(key.key));
                facts.insert("gates".to_owned(), json!(gates));
                let mut change = change("canary.expired", now, facts);
                let value = Canary::of(&write.image);
                change.writes.push(write);
                // Its own end may have come first: then only the canary learns of it.
                if !key.state.is_terminal() {
                    let before = key.image();
                    let mut after = end(&key, Action::RunOut, ExpiryCause::Natural, None)?;
                    after.version = key.version + 1;
                    change.writes.push(row::replace(&KEYS, Some(&before), after.image()));
                    let mut dead = Map::new();
                    dead.insert("key".to_owned(), json!(after.key));
                    dead.insert("state".to_owned(), json!(after.state));
                    dead.insert("cause".to_owned(), json!(after.cause));
                    dead.insert("ended_us".to_owned(), json!(now.as_micros()));
                    change.writes.push(row::replace(&DEAD_KEYS, None, dead));
                    change.feed.extend(feed_record::of(&after));
                }
                let title = format!("end canary {canary}");
                let plan = Plan { title, effects: Vec::new(), warnings: Vec::new(), change };
                Ok(Planned { plan, value, status: 200 })
            })
            .await?;
        Ok(done.value)
    }

    /// Records what was found at the gates.
    ///
    /// # Errors
    /// `not_found`, `canary_state`, the store's.
    pub async fn canary_found(&self, canary: &str, findings: &[Finding]) -> Result<Canary, Refusal> {
        let actor = &system_actor();
        let done = self
            .run(actor, &Call::default(), |now| async move {
                let row = self.row_or_not_found(&CANARIES, "canary", canary).await?;
                let before = Canary::of(&row);
                if before.expired.is_none() || before.outcome.is_some() {
                    return Err(Refusal::new(
                        RefusalKind::Conflict,
                        "canary_state",
                        format!("canary `{canary}` was not ended yet, or its findings are recorded already"),
                        "record what was found once, after it was ended",
                    ));
                }
                let outcome = outcome(&before.gates, findings);
                let columns = [("outcome", json!(outcome)), ("findings", json!(findings))];
                let write = row::update(&CANARIES, &row, columns);
                let mut facts = facts(actor);
                facts.insert("canary".to_owned(), json!(canary));
                facts.insert("key".to_owned(), json!(before.key));
                facts.insert("outcome".to_owned(), json!(outcome));
                let mut change = change("canary.found", now, facts);
                let effects = row::effects("canary", &write, Some(&row));
                let value = Canary::of(&write.image);
                change.writes.push(write);
                let title = format!("record what canary {canary} found");
                let plan = Plan { title, effects, warnings: Vec::new(), change };
                Ok(Planned { plan, value, status: 200 })
            })
            .await?;
        if done.value.outcome.as_deref() == Some("alive") {
            tracing::error!(
                canary.id = canary,
                key.id = done.value.key,
                "An ended key was let through by a gate"
            );
        }
        Ok(done.value)
    }

    /// The secret of a canary's key, for signing the request that tries it.
    ///
    /// # Errors
    /// `not_found`, the store's.
    pub async fn canary_secret(&self, canary: &Canary) -> Result<(KeyId, ApiSecret), Refusal> {
        let lost = || crate::govern::not_found("canary", &canary.canary);
        let row = self.row_or_not_found(&KEYS, "key", &canary.key).await?;
        let key = KeyRow::of(&row)?;
        // Only a canary's: this must never become a way to any other secret.
        let name = key.secret.filter(|_| key.canary == 1).ok_or_else(lost)?;
        let sealed = self.store.vault(&name).await.map_err(store_refusal)?.ok_or_else(lost)?;
        let id = KeyId::new(&key.key).map_err(|_| lost())?;
        let sealed = sealed.parse().map_err(|_| lost())?;
        let secret = self.keyring.open(&id, &sealed).map_err(|_| lost())?;
        Ok((id, secret))
    }

    /// The last canary whose findings are recorded.
    ///
    /// # Errors
    /// The store's.
    pub async fn last_canary_found(&self) -> Result<Option<Canary>, Refusal> {
        // One lives or is being tried, and those before it that nobody could try any more.
        let filter = Filter { limit: 10, ..Filter::default() };
        let rows = self.store.list(&CANARIES, &filter).await.map_err(store_refusal)?;
        Ok(rows.iter().map(Canary::of).find(|canary| canary.outcome.is_some()))
    }

    async fn last_canary(&self) -> Result<Option<Canary>, Refusal> {
        let filter = Filter { limit: 1, ..Filter::default() };
        let rows = self.store.list(&CANARIES, &filter).await.map_err(store_refusal)?;
        Ok(rows.first().map(Canary::of))
    }

    async fn enrolled_gates(&self) -> Result<Vec<String>, Refusal> {
        let equals = vec![("state", json!("enrolled"))];
        let filter = Filter { equals, after: None, limit: Filter::LIMIT_MAX, ..Filter::default() };
        let rows = self.store.list(&GATES, &filter).await.map_err(store_refusal)?;
        Ok(rows.iter().map(|row| row::text(row, "gate").to_owned()).collect())
    }

    /// Canaries, the newest first.
    ///
    /// # Errors
    /// `forbidden`, the store's.
    pub async fn canaries(
        &self,
        actor: &Actor,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<Canary>, Refusal> {
        require(actor, CANARY_READERS)?;
        let filter = Filter {
            equals: Vec::new(),
            after,
            limit: limit.clamp(1, Filter::LIMIT_MAX),
            ..Filter::default()
        };
        let rows = self.store.list(&CANARIES, &filter).await.map_err(store_refusal)?;
        Ok(rows.iter().map(Canary::of).collect())
    }
}
