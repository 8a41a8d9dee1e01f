//! Canaries: keys of the venue's own, issued, ended, and then tried from outside on every gate.
//!
//! They show what receipts only say: that an ended key is refused. Here is the plan of it; signing and sending the requests
//! is the rim's, which tells what it found. A canary reads public market data and nothing of any account.

use crate::actor::{Actor, Role};
use crate::call::{Call, Done, Planned};
use crate::govern::{Govern, change, facts, store_refusal};
use crate::keys::end::end;
use crate::keys::row::{Grant, KeyRow, Scheme, Step};
use crate::keys::{Action, feed_record};
use crate::plan::Plan;
use crate::refusal::{Refusal, RefusalKind};
use crate::row;
use crate::staff::require;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use sumun_model::{
    ApiSecret, ExpiryCause, GateId, KeyId, KeyState, Mandate, Purpose, Scope, ScopeSet, Timestamp,
};
use sumun_store::tables::{ACCOUNTS, CANARIES, DEAD_KEYS, GATES, KEYS};
use sumun_store::{Filter, Image};

/// Who starts one by hand.
pub const CANARY_ADMINS: &[Role] = &[Role::SecurityAdmin];
/// Who sees what was found.
pub const CANARY_READERS: &[Role] =
    &[Role::Viewer, Role::Analyst, Role::Approver, Role::ComplianceLead, Role::SecurityAdmin, Role::Auditor];

/// What a gate did with the ended key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answered {
    /// Refused it, as it must.
    Refused,
    /// Let it pass: the key is alive there.
    Passed,
    /// Did not answer, or so that one cannot tell.
    Unclear,
}

/// What was found at one gate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// Which gate.
    pub gate: GateId,
    /// What it did.
    pub answered: Answered,
    /// The reason code it gave, or what went wrong.
    #[serde(default)]
    pub detail: Option<String>,
    /// When it was tried.
    pub at: Timestamp,
}

/// What all findings come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every gate refused it.
    Obeyed,
    /// At least one let it pass.
    Alive,
    /// None let it pass, and not all were seen to refuse it.
    Unclear,
}

/// What findings come to, for the gates that had to obey.
#[must_use]
pub fn outcome(gates: &[String], findings: &[Finding]) -> Outcome {
    if findings.iter().any(|finding| finding.answered == Answered::Passed) {
        return Outcome::Alive;
    }
    // A gate tried twice must have refused twice.
    let clear: BTreeSet<&str> = findings
        .iter()
        .filter(|finding| {
            findings
                .iter()
                .filter(|other| other.gate == finding.gate)
                .all(|other| other.answered == Answered::Refused)
        })
        .map(|finding| finding.gate.as_str())
        .collect();
    let all = !gates.is_empty() && gates.iter().all(|gate| clear.contains(gate.as_str()));
    if all { Outcome::Obeyed } else { Outcome::Unclear }
}

/// A canary, as shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Canary {
    /// Its id. Newer ones sort first.
    pub canary: String,
    /// Its key.
    pub key: String,
    /// The gates that had to obey: those enrolled when it was ended.
    pub gates: Vec<String>,
    /// When it was ended.
    pub expired: Option<Timestamp>,
    /// What it came to.
    pub outcome: Option<String>,
    /// What was found, gate by gate.
    pub findings: Value,
    /// Version of the row.
    pub version: i64,
}

impl Canary {
    fn of(row: &Image) -> Self {
        Self {
            canary: row::text(row, "canary").to_owned(),
            key: row::text(row, "key").to_owned(),
            gates: row::json(row, "gates"),
            expired: row::integer(row, "expired_us").map(Timestamp::from_micros),
            outcome: row::text_or_null(row, "outcome"),
            findings: row.get("findings").cloned().unwrap_or_default(),
            version: row::version(row),
        }
    }
}

/// What a look at the clock came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tick {
    /// Nothing is due, or the venue has no account for canaries.
    Nothing,
    /// One was issued.
    Issued(Canary),
    /// One was ended; from now on it must be refused.
    Expired(Canary),
    /// This one was ended and is to be tried; tell [`Govern::canary_found`].
    Try(Canary),
}

/// What is due, by the last canary, when its key was made, and the venue's clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Nothing.
    Nothing,
    /// Issue one.
    Issue,
    /// End it.
    Expire,
    /// Try it.
    Try,
}

/// What is due now.
#[must_use]
pub fn due(last: Option<(&Canary, Timestamp)>, every_hours: u32, lives_minutes: u32, now: Timestamp) -> Due {
    let Some((canary, made)) = last else { return Due::Issue };
    let age = now.micros_since(made);
    if canary.expired.is_none() {
        let lives = i64::from(lives_minutes) * 60 * 1_000_000;
        return if age >= lives { Due::Expire } else { Due::Nothing };
    }
    if age >= i64::from(every_hours) * 3600 * 1_000_000 {
        return Due::Issue;
    }
    if canary.outcome.is_none() { Due::Try } else { Due::Nothing }
}

/// Who acts when a canary is due.
#[must_use]
pub fn system_actor() -> Actor {
    Actor {
        principal: "system:canary".to_owned(),
        roles: Vec::new(),
        customer: None,
        session: None,
        second_factor: None,
    }
}

/// A canary's key as it is made: public market data, and an end of its own should nobody end it.
fn key_row(key: String, account: &str, terms: &str, actor: &Actor, lives_us: i64, now: Timestamp) -> KeyRow {
    KeyRow {
        key,
        account: account.to_owned(),
        state: KeyState::Active,
        measure: None,
        cause: None,
        scopes: ScopeSet::EMPTY.with(Scope::MarketData),
        allowlist: Vec::new(),
        purpose: Purpose::Other,
        application: "canary".to_owned(),
        operator: "venue".to_owned(),
        vendor: None,
        scheme: Scheme::Hs256,
        secret: None,
        exposure: None,
        public_key: None,
        created_us: now.as_micros(),
        expires_us: now.plus_micros(lives_us.saturating_mul(3)).as_micros(),
        rotate_by_us: None,
        ends_us: None,
        replaces: None,
        mandate: Mandate::default(),
        terms: terms.to_owned(),
        terms_accepted_us: now.as_micros(),
        requested_by: actor.principal.clone(),
        session: actor.session.clone().unwrap_or_else(|| actor.principal.clone()),
        approvals: vec![Grant { step: Step::Read, approval: None, granted: true, until_us: None }],
        canary: 1,
        reason: None,
        review_by: None,
        review_due_us: None,
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
            rules.every_hours.get(),
            rules.lives_minutes.get(),
            self.world.now(),
        );
        match (due, last) {
            (Due::Issue, _) => Ok(Tick::Issued(self.issue_canary(&actor, &Call::default()).await?.value)),
            (Due::Expire, Some(canary)) => {
                Ok(Tick::Expired(self.expire_canary(&actor, &canary.canary).await?))
            }
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
            let lives = i64::from(venue.canary.lives_minutes.get()) * 60 * 1_000_000;
            let id = self.new_id("K");
            let made = self.make_secret(&id)?;
            let mut key = key_row(id, &account, &venue.terms.version, actor, lives, now);
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

    async fn last_canary(&self) -> Result<Option<Canary>, Refusal> {
        let filter = Filter { limit: 1, ..Filter::default() };
        let rows = self.store.list(&CANARIES, &filter).await.map_err(store_refusal)?;
        Ok(rows.first().map(Canary::of))
    }

    async fn enrolled_gates(&self) -> Result<Vec<String>, Refusal> {
        let equals = vec![("state", json!("enrolled"))];
        let filter = Filter { equals, after: None, limit: Filter::LIMIT_MAX };
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
        let filter = Filter { equals: Vec::new(), after, limit: limit.clamp(1, Filter::LIMIT_MAX) };
        let rows = self.store.list(&CANARIES, &filter).await.map_err(store_refusal)?;
        Ok(rows.iter().map(Canary::of).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(gate: &str, answered: Answered) -> Finding {
        Finding { gate: GateId::new(gate).unwrap(), answered, detail: None, at: Timestamp::from_millis(0) }
    }

    #[test]
    fn what_findings_come_to() {
        use Answered::{Passed, Refused, Unclear};
        let gates = ["g1".to_owned(), "g2".to_owned()];
        let table = [
            (vec![found("g1", Refused), found("g2", Refused)], Outcome::Obeyed),
            (vec![found("g1", Refused)], Outcome::Unclear),
            (vec![found("g1", Refused), found("g2", Unclear)], Outcome::Unclear),
            (vec![found("g1", Refused), found("g2", Refused), found("g2", Unclear)], Outcome::Unclear),
            (vec![found("g1", Refused), found("g2", Passed)], Outcome::Alive),
            (vec![found("g3", Passed)], Outcome::Alive),
            (vec![], Outcome::Unclear),
        ];
        for (findings, expected) in table {
            assert_eq!(outcome(&gates, &findings), expected, "{findings:?}");
        }
        assert_eq!(outcome(&[], &[]), Outcome::Unclear, "nobody tried is nobody seen to obey");
    }

    #[test]
    fn what_is_due() {
        let canary = |expired: Option<i64>, outcome: Option<&str>| Canary {
            canary: "C1".to_owned(),
            key: "K1".to_owned(),
            gates: Vec::new(),
            expired: expired.map(Timestamp::from_millis),
            outcome: outcome.map(str::to_owned),
            findings: Value::Null,
            version: 1,
        };
        let made = Timestamp::from_millis(0);
        let at = |minutes: i64| made.plus_micros(minutes * 60_000_000);
        let due = |canary: &Canary, minutes: i64| due(Some((canary, made)), 24, 10, at(minutes));
        assert_eq!(super::due(None, 24, 10, at(0)), Due::Issue);
        let alive = canary(None, None);
        assert_eq!((due(&alive, 9), due(&alive, 10)), (Due::Nothing, Due::Expire));
        assert_eq!(due(&alive, 24 * 60), Due::Expire, "a living one is ended before another is made");
        let ended = canary(Some(1), None);
        assert_eq!((due(&ended, 11), due(&ended, 24 * 60)), (Due::Try, Due::Issue));
        let tried = canary(Some(1), Some("obeyed"));
        assert_eq!((due(&tried, 11), due(&tried, 24 * 60)), (Due::Nothing, Due::Issue));
    }
}
