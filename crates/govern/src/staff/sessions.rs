//! Sessions: opened after the ledger has them, known by a token that is kept as a digest only.
//!
//! A session says who; what staff may do is looked up with every request, so that a role taken away is gone at once. An
//! owner's roles come with the exchange's assertion and live as long as his session.

use super::ticket::{SESSION_PREFIX, Ticket};
use super::users::principal;
use crate::actor::{Actor, Role, SecondFactor};
use crate::call::{Call, Planned};
use crate::govern::{Govern, change, store_refusal};
use crate::plan::Plan;
use crate::refusal::Refusal;
use crate::row;
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};
use std::net::IpAddr;
use sumun_model::Timestamp;
use sumun_store::tables::USERS;
use sumun_store::{RowRead, Session};

/// When a session was last used is written down so often, in microseconds: once a minute.
const SEEN_EVERY_US: i64 = 60 * 1_000_000;

/// Who signed in, and how that was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenSession {
    /// `user:alice`, `customer:C1/P1`.
    pub principal: String,
    /// The customer whose things he may touch; none for staff.
    pub customer: Option<String>,
    /// Roles of a customer's principal; staff's stand with the user.
    pub roles: Vec<Role>,
    /// Second factor shown, if one was.
    pub second_factor: Option<SecondFactor>,
    /// From where.
    pub from: Option<IpAddr>,
    /// Rows relied on: a user who is still active.
    pub reads: Vec<RowRead>,
}

/// A session that was opened.
#[derive(Clone, Debug)]
pub struct Opened {
    /// What the client shows from now on; shown once.
    pub token: Ticket,
    /// Who it is.
    pub actor: Actor,
    /// Not valid from then on, whatever is done with it.
    pub expires: Timestamp,
    /// Index of the entry that records it.
    pub entry: Option<u64>,
}

/// What is kept of a session.
#[derive(Debug, Serialize, Deserialize)]
struct Body {
    session: String,
    customer: Option<String>,
    roles: Vec<Role>,
    method: Option<String>,
    factor_us: Option<i64>,
    seen_us: i64,
    ends_us: i64,
}

impl Body {
    fn actor(&self, principal: &str, (roles, rights): (Vec<Role>, Option<i64>)) -> Actor {
        let at = self.factor_us.map(Timestamp::from_micros);
        let factor = self.method.clone().zip(at).map(|(method, at)| SecondFactor { method, at });
        Actor {
            principal: principal.to_owned(),
            roles,
            customer: self.customer.clone(),
            session: Some(self.session.clone()),
            second_factor: factor,
            rights,
        }
    }
}

impl Govern {
    /// Opens a session: the entry first, then the session.
    ///
    /// # Errors
    /// The store's; a user who was disabled meanwhile.
    pub async fn open_session(&self, open: OpenSession) -> Result<Opened, Refusal> {
        let token = Ticket::issue(SESSION_PREFIX, &self.draw());
        let now = self.world.now();
        let venue = self.venue();
        let ends = now.plus_micros(i64::from(venue.clocks.session_hours.get()) * 3600 * 1_000_000);
        let body = Body {
            session: self.new_id("S"),
            customer: open.customer.clone(),
            roles: open.roles.clone(),
            method: open.second_factor.as_ref().map(|factor| factor.method.clone()),
            factor_us: open.second_factor.as_ref().map(|factor| factor.at.as_micros()),
            seen_us: now.as_micros(),
            ends_us: ends.as_micros(),
        };
        let roles = match open.principal.strip_prefix("user:") {
            Some(user) => self.staff_roles(user).await?.unwrap_or_default(),
            None => (open.roles.clone(), None),
        };
        let actor = body.actor(&open.principal, roles);
        let mut facts = crate::govern::facts(&actor);
        facts.insert("from".to_owned(), json!(open.from));
        facts.insert("ends".to_owned(), json!(ends));
        let (facts, reads): (&Map<_, _>, &Vec<RowRead>) = (&facts, &open.reads);
        let done = self
            .run(&actor, &Call::default(), |now| async move {
                let mut change = change("session.opened", now, facts.clone());
                change.reads.clone_from(reads);
                let title = "open a session".to_owned();
                let plan = Plan { title, effects: Vec::new(), warnings: Vec::new(), change };
                Ok(Planned { plan, value: (), status: 201 })
            })
            .await?;
        let session = self.kept(&token.digest(), &open.principal, &body);
        self.store.put_session(&session).await.map_err(store_refusal)?;
        let entry = done.committed.map(|committed| committed.entry);
        Ok(Opened { token, actor, expires: ends, entry })
    }

    /// Who shows this token; none if it opens nothing (any more).
    ///
    /// # Errors
    /// The store's.
    pub async fn session(&self, token: &str) -> Result<Option<Actor>, Refusal> {
        let Some((session, mut body, actor)) = self.opened_by(token).await? else { return Ok(None) };
        let now = self.world.now();
        if now.as_micros().saturating_sub(body.seen_us) >= SEEN_EVERY_US {
            body.seen_us = now.as_micros();
            if !self.renew(&session.digest, &session.principal, &body).await? {
                return Ok(None);
            }
        }
        Ok(Some(actor))
    }

    /// As [`Govern::session`], for whoever only looks whether it still stands: a page left open keeps no session alive.
    ///
    /// # Errors
    /// The store's.
    pub async fn session_unused(&self, token: &str) -> Result<Option<Actor>, Refusal> {
        Ok(self.opened_by(token).await?.map(|(_, _, actor)| actor))
    }

    async fn opened_by(&self, token: &str) -> Result<Option<(Session, Body, Actor)>, Refusal> {
        let Some(ticket) = Ticket::parse(SESSION_PREFIX, token) else { return Ok(None) };
        let now = self.world.now();
        let Some(session) = self.store.session(&ticket.digest(), now).await.map_err(store_refusal)? else {
            return Ok(None);
        };
        let Ok(body) = serde_json::from_value::<Body>(session.body.clone()) else { return Ok(None) };
        let roles = match session.principal.strip_prefix("user:") {
            Some(user) => match self.staff_roles(user).await? {
                Some(roles) => roles,
                None => return Ok(None),
            },
            None if session.principal.starts_with("customer:") => (body.roles.clone(), None),
            // Nobody else opens sessions: machines show tokens, gates sign.
            None => return Ok(None),
        };
        let actor = body.actor(&session.principal, roles);
        Ok(Some((session, body, actor)))
    }

    /// Ends the session of this token; false if there was none.
    ///
    /// # Errors
    /// The store's.
    pub async fn close_session(&self, token: &str) -> Result<bool, Refusal> {
        let Some(ticket) = Ticket::parse(SESSION_PREFIX, token) else { return Ok(false) };
        self.store.delete_session(&ticket.digest()).await.map_err(store_refusal)
    }

    /// Writes down that the holder of this session has just shown a second factor.
    ///
    /// # Errors
    /// The store's. None if the token opens nothing.
    pub async fn stepped_up(&self, token: &str, method: &str) -> Result<Option<Actor>, Refusal> {
        let Some(ticket) = Ticket::parse(SESSION_PREFIX, token) else { return Ok(None) };
        let now = self.world.now();
        let Some(session) = self.store.session(&ticket.digest(), now).await.map_err(store_refusal)? else {
            return Ok(None);
        };
        let Ok(mut body) = serde_json::from_value::<Body>(session.body) else { return Ok(None) };
        body.method = Some(method.to_owned());
        body.factor_us = Some(now.as_micros());
        if !self.renew(&session.digest, &session.principal, &body).await? {
            return Ok(None);
        }
        self.session(token).await
    }

    /// A session as it is kept until it is idle too long or over.
    fn kept(&self, digest: &str, principal: &str, body: &Body) -> Session {
        let idle = i64::from(self.venue().clocks.session_idle_minutes.get()) * 60 * 1_000_000;
        let expires = body.seen_us.saturating_add(idle).min(body.ends_us);
        Session {
            digest: digest.to_owned(),
            principal: principal.to_owned(),
            body: json!(body),
            expires: Timestamp::from_micros(expires),
        }
    }

    /// Writes a session down anew; false if it was ended meanwhile.
    async fn renew(&self, digest: &str, principal: &str, body: &Body) -> Result<bool, Refusal> {
        self.store.renew_session(&self.kept(digest, principal, body)).await.map_err(store_refusal)
    }

    /// A user's roles, and the version of the row that says so; none if he may not work here.
    async fn staff_roles(&self, user: &str) -> Result<Option<(Vec<Role>, Option<i64>)>, Refusal> {
        let row = self.row(&USERS, user).await?.filter(|row| row::text(row, "state") == "active");
        Ok(row.map(|row| (row::json(&row, "roles"), Some(row::version(&row)))))
    }
}

/// The session a user opens by password and code.
pub(super) fn of_user(user: &str, at: Timestamp, from: Option<IpAddr>, reads: Vec<RowRead>) -> OpenSession {
    OpenSession {
        principal: principal(user),
        customer: None,
        roles: Vec::new(),
        second_factor: Some(SecondFactor { method: "totp".to_owned(), at }),
        from,
        reads,
    }
}
