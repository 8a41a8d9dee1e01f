//! Machines' API tokens: shown once, kept as a digest, never without an end.
//!
//! A token is a principal, so it takes two persons: it is shown to whoever makes it and opens nothing until another security
//! administrator has agreed.

use super::ticket::{TOKEN_PREFIX, Ticket};
use super::{fresh, require};
use crate::actor::{Actor, Role};
use crate::approvals::Approval;
use crate::call::{Call, Done, Planned};
use crate::govern::{Govern, change, check_if_match, facts, store_refusal};
use crate::parties::check_text;
use crate::plan::Plan;
use crate::proposal::{Proposal, TOKEN_MAKE, subject_changed, unreadable};
use crate::refusal::{Refusal, RefusalKind};
use crate::row;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sumun_model::Timestamp;
use sumun_store::tables::TOKENS;
use sumun_store::{Filter, Image};

/// Who makes and revokes tokens.
pub const TOKEN_ADMINS: &[Role] = &[Role::SecurityAdmin];
/// Who sees them.
pub const TOKEN_READERS: &[Role] = &[Role::SecurityAdmin, Role::Auditor];
/// What a machine may be. Nothing that decides: the second look is a person's.
pub const MACHINE_ROLES: &[Role] = &[Role::ExchangeBackend, Role::Viewer, Role::Auditor];

/// The state of a token that nobody else has agreed to yet.
const WAITING: &str = "waiting";

/// A token to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenRequest {
    /// What it is for.
    pub name: String,
    /// What its holder may do.
    pub roles: Vec<Role>,
    /// When it ends.
    pub expires: Timestamp,
}

/// A token, as shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Its id.
    pub token: String,
    /// What it is for.
    pub name: String,
    /// What its holder may do.
    pub roles: Vec<Role>,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created: Timestamp,
    /// When it ends.
    pub expires: Timestamp,
    /// `waiting`, `active` or `revoked`.
    pub state: String,
    /// Version of the row.
    pub version: i64,
}

/// A token that was made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MadeToken {
    /// What is known of it.
    pub token: Token,
    /// The token itself, shown once; absent when the same request is answered again.
    #[serde(skip)]
    pub secret: Option<Ticket>,
    /// The approval it waits for; until then it opens nothing.
    pub approval: String,
}

/// What is frozen in an approval of a token.
#[derive(Serialize, Deserialize)]
struct Frozen {
    token: String,
    name: String,
    roles: Vec<Role>,
    expires: Timestamp,
}

impl Token {
    fn of(row: &Image) -> Self {
        let time = |column: &str| Timestamp::from_micros(row::integer(row, column).unwrap_or_default());
        Self {
            token: row::text(row, "token").to_owned(),
            name: row::text(row, "name").to_owned(),
            roles: row::json(row, "roles"),
            created_by: row::text(row, "created_by").to_owned(),
            created: time("created_us"),
            expires: time("expires_us"),
            state: row::text(row, "state").to_owned(),
            version: row::version(row),
        }
    }
}

/// Refuses a token that cannot be.
///
/// # Errors
/// `inconsistent`, naming the field.
pub fn check_token(request: &TokenRequest, days_max: u32, now: Timestamp) -> Result<(), Refusal> {
    let bad = |pointer: &str, message: String, remedy: &str| {
        Err(Refusal::new(RefusalKind::Invalid, "inconsistent", message, remedy).at(pointer))
    };
    check_text("/name", &request.name)?;
    if request.roles.is_empty() {
        return bad("/roles", "a token has at least one role".to_owned(), "name one");
    }
    if let Some(role) = request.roles.iter().find(|role| !MACHINE_ROLES.contains(role)) {
        let list: Vec<&str> = MACHINE_ROLES.iter().map(|role| role.as_str()).collect();
        return bad(
            "/roles",
            format!("a machine cannot be `{}`", role.as_str()),
            &format!("a machine may be {}; what needs a person is done by one", list.join(", ")),
        );
    }
    let latest = now.plus_micros(i64::from(days_max) * 24 * 3600 * 1_000_000);
    if request.expires <= now || request.expires > latest {
        return bad(
            "/expires",
            format!("a token ends within {days_max} days, and not before now"),
            &format!("name a time up to {latest}"),
        );
    }
    Ok(())
}

impl Govern {
    /// Makes a token. Its text is shown once, and opens nothing before another administrator has agreed.
    ///
    /// # Errors
    /// `forbidden`, `inconsistent`, the store's.
    pub async fn make_token(
        &self,
        actor: &Actor,
        request: &TokenRequest,
        call: &Call,
    ) -> Result<Done<MadeToken>, Refusal> {
        require(actor, TOKEN_ADMINS)?;
        self.run(actor, call, |now| async move {
            fresh(&self.venue(), actor, now)?;
            check_token(request, self.venue().clocks.token_life_days_max.get(), now)?;
            let secret = Ticket::issue(TOKEN_PREFIX, &self.draw());
            let id = self.new_id("T");
            let mut roles = request.roles.clone();
            roles.sort_unstable();
            roles.dedup();
            let mut image = Map::new();
            let mut column = |name: &str, value: Value| image.insert(name.to_owned(), value);
            column("token", json!(id));
            column("name", json!(request.name));
            column("roles", json!(roles));
            column("digest", json!(secret.digest()));
            column("created_by", json!(actor.principal));
            column("created_us", json!(now.as_micros()));
            column("expires_us", json!(request.expires.as_micros()));
            column("state", json!(WAITING));
            let write = row::replace(&TOKENS, None, image);
            let mut facts = facts(actor);
            facts.insert("token".to_owned(), json!(id));
            facts.insert("granted".to_owned(), json!(roles));
            facts.insert("expires".to_owned(), json!(request.expires));
            let mut change = change("token.made", now, facts);
            let effects = row::effects("token", &write, None)
                .into_iter()
                .filter(|effect| effect.field != "digest")
                .collect();
            let token = Token::of(&write.image);
            change.writes.push(write);
            let frozen = Frozen {
                token: id.clone(),
                name: request.name.clone(),
                roles: roles.clone(),
                expires: request.expires,
            };
            let proposal = Proposal {
                action: TOKEN_MAKE,
                subject: format!("token:{id}"),
                request: json!(frozen),
                role: Role::SecurityAdmin,
                reason: "a machine's token",
                reads: Vec::new(),
            };
            let opened = self.approval_of(actor, &proposal, now);
            change.facts.insert("approval".to_owned(), json!(opened.approval));
            change.writes.push(opened.first_write());
            let approval = opened.approval;
            let warnings = vec!["opens nothing before another `security_admin` agrees".to_owned()];
            let plan = Plan { title: format!("make token {id}"), effects, warnings, change };
            Ok(Planned { plan, value: MadeToken { token, secret: Some(secret), approval }, status: 201 })
        })
        .await
    }

    /// What deciding an approval of a token writes: it opens from now on, or never will.
    pub(crate) async fn token_decided(
        &self,
        actor: &Actor,
        approval: &Approval,
        granted: bool,
        now: Timestamp,
    ) -> Result<Plan, Refusal> {
        let frozen: Frozen =
            serde_json::from_value(approval.request.clone()).map_err(|_| unreadable(approval))?;
        let id = frozen.token;
        let row = self.row_or_not_found(&TOKENS, "token", &id).await?;
        let asked = (frozen.name.as_str(), &frozen.roles, Some(frozen.expires.as_micros()));
        let stands = (row::text(&row, "name"), &row::json(&row, "roles"), row::integer(&row, "expires_us"));
        let open = row::text(&row, "state") == WAITING && asked == stands && now < frozen.expires;
        let (class, title, state) = if granted && open {
            ("token.granted", format!("let token {id} open"), "active")
        } else if granted {
            return Err(subject_changed(approval));
        } else {
            ("token.revoked", format!("refuse token {id}"), "revoked")
        };
        let write = row::update(&TOKENS, &row, [("state", json!(state))]);
        let mut facts = facts(actor);
        facts.insert("token".to_owned(), json!(id));
        facts.insert("granted".to_owned(), json!(frozen.roles));
        let mut change = change(class, now, facts);
        let effects = row::effects("token", &write, Some(&row));
        change.writes.push(write);
        Ok(Plan { title, effects, warnings: Vec::new(), change })
    }

    /// Revokes a token: its next request is refused.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `token_state`, the store's.
    pub async fn revoke_token(
        &self,
        actor: &Actor,
        id: &str,
        reason: &str,
        call: &Call,
    ) -> Result<Done<Token>, Refusal> {
        require(actor, TOKEN_ADMINS)?;
        crate::parties::check_reason("/reason", reason)?;
        self.run(actor, call, |now| async move {
            let row = self.row_or_not_found(&TOKENS, "token", id).await?;
            check_if_match(call, "token", id, row::version(&row))?;
            if row::text(&row, "state") == "revoked" {
                return Err(Refusal::new(
                    RefusalKind::Conflict,
                    "token_state",
                    format!("token `{id}` is revoked already"),
                    "nothing needs doing",
                ));
            }
            let write = row::update(&TOKENS, &row, [("state", json!("revoked"))]);
            let mut facts = facts(actor);
            facts.insert("token".to_owned(), json!(id));
            facts.insert("reason".to_owned(), json!(reason));
            let mut change = change("token.revoked", now, facts);
            let effects = row::effects("token", &write, Some(&row));
            let value = Token::of(&write.image);
            change.writes.push(write);
            let plan = Plan { title: format!("revoke token {id}"), effects, warnings: Vec::new(), change };
            Ok(Planned { plan, value, status: 200 })
        })
        .await
    }

    /// Who shows this token; none if it opens nothing (any more).
    ///
    /// # Errors
    /// The store's.
    pub async fn machine(&self, token: &str) -> Result<Option<Actor>, Refusal> {
        let Some(ticket) = Ticket::parse(TOKEN_PREFIX, token) else { return Ok(None) };
        // Looked up by its digest: what an answer's time could tell is about a hash nobody can choose.
        let equals = vec![("digest", json!(ticket.digest())), ("state", json!("active"))];
        let filter = Filter { equals, after: None, limit: 1, ..Filter::default() };
        let rows = self.store.list(&TOKENS, &filter).await.map_err(store_refusal)?;
        let now = self.world.now().as_micros();
        let live = |row: &&Image| row::integer(row, "expires_us").is_some_and(|expires| now < expires);
        Ok(rows.first().filter(live).map(|row| Actor {
            principal: format!("token:{}", row::text(row, "token")),
            roles: row::json(row, "roles"),
            customer: None,
            session: None,
            second_factor: None,
            rights: Some(row::version(row)),
        }))
    }

    /// The id of the token that this is, if it waits for another administrator's agreement and opens nothing yet. Whoever asks shows the
    /// whole of it: strangers learn nothing.
    ///
    /// # Errors
    /// The store's.
    pub async fn machine_waits(&self, token: &str) -> Result<Option<String>, Refusal> {
        let Some(ticket) = Ticket::parse(TOKEN_PREFIX, token) else { return Ok(None) };
        let equals = vec![("digest", json!(ticket.digest())), ("state", json!(WAITING))];
        let filter = Filter { equals, after: None, limit: 1, ..Filter::default() };
        let rows = self.store.list(&TOKENS, &filter).await.map_err(store_refusal)?;
        Ok(rows.first().map(|row| row::text(row, "token").to_owned()))
    }

    /// Tokens by id.
    ///
    /// # Errors
    /// `forbidden`, the store's.
    pub async fn tokens(
        &self,
        actor: &Actor,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<Token>, Refusal> {
        require(actor, TOKEN_READERS)?;
        let filter = Filter {
            equals: Vec::new(),
            after,
            limit: limit.clamp(1, Filter::LIMIT_MAX),
            ..Filter::default()
        };
        let rows = self.store.list(&TOKENS, &filter).await.map_err(store_refusal)?;
        Ok(rows.iter().map(Token::of).collect())
    }
}
