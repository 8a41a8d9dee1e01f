//! Users: invited, listed. What becomes of them then is in [`super::roles`].
//!
//! An invitation gives `viewer` only; whatever more it names is proposed to another security administrator in the same
//! change. The first two security administrators are made at `sumun init`, while there is nobody to ask.

use super::roles::roles_proposal;
use super::ticket::{INVITE_PREFIX, Ticket};
use super::{fresh, require};
use crate::actor::{Actor, Role};
use crate::call::{Call, Done, Planned};
use crate::govern::{Govern, change, facts, store_refusal};
use crate::plan::Plan;
use crate::refusal::{Refusal, RefusalKind};
use crate::row;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sumun_model::Timestamp;
use sumun_store::tables::USERS;
use sumun_store::{Filter, Image, RowWrite};

/// Who runs users.
pub const USER_ADMINS: &[Role] = &[Role::SecurityAdmin];
/// Who sees users.
pub const USER_READERS: &[Role] = &[Role::SecurityAdmin, Role::Auditor, Role::ComplianceLead];

/// Longest name of a user.
const USER_CHARS_MAX: usize = 32;

/// A user to be invited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserInvite {
    /// His name for signing in: 2 to 32 small letters, digits, dots and hyphens. Never given to another.
    pub user: String,
    /// What people call him.
    pub name: String,
    /// Where to reach him.
    #[serde(default)]
    pub email: Option<String>,
    /// The roles he is to have; beyond `viewer` they wait for a second administrator.
    pub roles: Vec<Role>,
}

/// A user who was invited.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Invited {
    /// Him.
    pub user: User,
    /// What he enrols with, shown once; never kept, so absent when the same request is answered again.
    #[serde(skip)]
    pub invite: Option<Ticket>,
    /// Until when it holds.
    pub invite_until: Timestamp,
    /// The approval his further roles wait for.
    pub approval: Option<String>,
}

/// A user, as shown to those who run or check users.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// His name for signing in.
    pub user: String,
    /// What people call him.
    pub name: String,
    /// Where to reach him.
    pub email: Option<String>,
    /// What he may do.
    pub roles: Vec<Role>,
    /// `invited`, `enrolling`, `active` or `disabled`.
    pub state: String,
    /// Until when his invitation holds.
    pub invite_until: Option<Timestamp>,
    /// Who invited him.
    pub invited_by: String,
    /// Since when he is known.
    pub created: Timestamp,
    /// Version of the row.
    pub version: i64,
}

impl User {
    pub(super) fn of(row: &Image) -> Self {
        Self {
            user: row::text(row, "user").to_owned(),
            name: row::text(row, "name").to_owned(),
            email: row::text_or_null(row, "email"),
            roles: row::json(row, "roles"),
            state: row::text(row, "state").to_owned(),
            invite_until: row::integer(row, "invite_until_us").map(Timestamp::from_micros),
            invited_by: row::text(row, "invited_by").to_owned(),
            created: Timestamp::from_micros(row::integer(row, "created_us").unwrap_or_default()),
            version: row::version(row),
        }
    }
}

fn bad(pointer: &str, message: impl Into<String>, remedy: &str) -> Refusal {
    Refusal::new(RefusalKind::Invalid, "inconsistent", message, remedy).at(pointer)
}

pub(super) fn check_roles(roles: &[Role]) -> Result<Vec<Role>, Refusal> {
    let mut sorted = roles.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    if sorted.is_empty() {
        return Err(bad("/roles", "a user has at least one role", "give `viewer`, or disable the user"));
    }
    match sorted.iter().find(|role| !role.is_staff()) {
        Some(role) => Err(bad(
            "/roles",
            format!("`{}` is no role of staff", role.as_str()),
            "customers and machines sign in in their own ways",
        )),
        None => Ok(sorted),
    }
}

/// Refuses an invitation that cannot be.
///
/// # Errors
/// `inconsistent`, naming the field.
pub fn check_invite(invite: &UserInvite) -> Result<Vec<Role>, Refusal> {
    let user = &invite.user;
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.' || b == b'-';
    if !(2..=USER_CHARS_MAX).contains(&user.len()) || !user.bytes().all(allowed) {
        return Err(bad(
            "/user",
            format!(
                "`{}` is not 2 to {USER_CHARS_MAX} small letters, digits, dots and hyphens",
                user.chars().take(64).collect::<String>()
            ),
            "choose a short name for signing in, such as `kim.a`",
        ));
    }
    crate::parties::check_text("/name", &invite.name)?;
    if let Some(email) = &invite.email {
        crate::parties::check_text("/email", email)?;
    }
    check_roles(&invite.roles)
}

/// The row of a user who is invited.
fn invited_row(
    invite: &UserInvite,
    roles: &[Role],
    by: &str,
    ticket: &Ticket,
    until: Timestamp,
    now: Timestamp,
) -> RowWrite {
    let mut image = Map::new();
    let mut column = |name: &str, value: Value| image.insert(name.to_owned(), value);
    column("user", json!(invite.user));
    column("name", json!(invite.name));
    column("email", json!(invite.email));
    column("roles", json!(roles));
    column("state", json!("invited"));
    column("credential", Value::Null);
    column("invite", json!(ticket.digest()));
    column("invite_until_us", json!(until.as_micros()));
    column("invited_by", json!(by));
    column("created_us", json!(now.as_micros()));
    row::replace(&USERS, None, image)
}

impl Govern {
    pub(crate) fn invite_until(&self, now: Timestamp) -> Timestamp {
        now.plus_micros(i64::from(self.venue().clocks.invite_hours.get()) * 3600 * 1_000_000)
    }

    /// Makes the first users of an empty record: those who will run all others.
    ///
    /// # Errors
    /// `already_founded` if there is a user, `inconsistent`, the store's.
    pub async fn found(&self, actor: &Actor, invites: &[UserInvite]) -> Result<Vec<Invited>, Refusal> {
        let mut invited: Vec<Invited> = Vec::new();
        let now = self.world.now();
        let until = self.invite_until(now);
        let anybody = self.store.list(&USERS, &Filter { limit: 1, ..Filter::default() }).await;
        if !anybody.map_err(store_refusal)?.is_empty() {
            return Err(Refusal::new(
                RefusalKind::Conflict,
                "already_founded",
                "this record has users already",
                "sign in as a security administrator and invite",
            ));
        }
        let mut facts = facts(actor);
        facts.insert("users".to_owned(), json!(invites.iter().map(|one| &one.user).collect::<Vec<_>>()));
        facts.insert("founding".to_owned(), json!(true));
        let mut change = change("user.invited", now, facts);
        for invite in invites {
            let roles = check_invite(invite)?;
            let ticket = Ticket::issue(INVITE_PREFIX, &self.draw());
            let write = invited_row(invite, &roles, &actor.principal, &ticket, until, now);
            let user = User::of(&write.image);
            change.writes.push(write);
            invited.push(Invited { user, invite: Some(ticket), invite_until: until, approval: None });
        }
        let plan = Plan {
            title: "invite the first users".to_owned(),
            effects: Vec::new(),
            warnings: Vec::new(),
            change,
        };
        let plan = &plan;
        self.run(actor, &Call::default(), |_| async move {
            Ok(Planned { plan: plan.clone(), value: (), status: 201 })
        })
        .await?;
        Ok(invited)
    }

    /// Invites a user. He is a `viewer` until another administrator has agreed to more.
    ///
    /// # Errors
    /// `forbidden`, `inconsistent`, `user_exists`, the store's.
    pub async fn invite_user(
        &self,
        actor: &Actor,
        invite: &UserInvite,
        call: &Call,
    ) -> Result<Done<Invited>, Refusal> {
        require(actor, USER_ADMINS)?;
        let roles = check_invite(invite)?;
        let roles = &roles;
        self.run(actor, call, |now| async move {
            fresh(&self.venue(), actor, now)?;
            if self.row(&USERS, &invite.user).await?.is_some() {
                return Err(Refusal::new(
                    RefusalKind::Conflict,
                    "user_exists",
                    format!("`{}` is the name of a user already, perhaps a disabled one", invite.user),
                    "choose another name: what one did must never look like another's",
                )
                .at("/user"));
            }
            let until = self.invite_until(now);
            let ticket = Ticket::issue(INVITE_PREFIX, &self.draw());
            let write = invited_row(invite, &[Role::Viewer], &actor.principal, &ticket, until, now);
            let mut facts = facts(actor);
            facts.insert("user".to_owned(), json!(invite.user));
            facts.insert("asked_roles".to_owned(), json!(roles));
            let mut change = change("user.invited", now, facts);
            let effects = row::effects("user", &write, None);
            let user = User::of(&write.image);
            change.writes.push(write);
            let mut approval = None;
            if roles.as_slice() != [Role::Viewer] {
                let proposal = roles_proposal(
                    &invite.user,
                    vec![Role::Viewer],
                    roles,
                    "invited with these roles",
                    Vec::new(),
                );
                let opened = self.approval_of(actor, &proposal, now);
                change.facts.insert("approval".to_owned(), json!(opened.approval));
                change.writes.push(opened.first_write());
                approval = Some(opened.approval);
            }
            let title = format!("invite {}", invite.user);
            let plan = Plan { title, effects, warnings: Vec::new(), change };
            let value = Invited { user, invite: Some(ticket), invite_until: until, approval };
            Ok(Planned { plan, value, status: 201 })
        })
        .await
    }

    /// One user.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, the store's.
    pub async fn user(&self, actor: &Actor, user: &str) -> Result<User, Refusal> {
        if actor.principal != principal(user) {
            require(actor, USER_READERS)?;
        }
        Ok(User::of(&self.row_or_not_found(&USERS, "user", user).await?))
    }

    /// Users by name.
    ///
    /// # Errors
    /// `forbidden`, the store's.
    pub async fn users(
        &self,
        actor: &Actor,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<User>, Refusal> {
        require(actor, USER_READERS)?;
        let filter = Filter {
            equals: Vec::new(),
            after,
            limit: limit.clamp(1, Filter::LIMIT_MAX),
            ..Filter::default()
        };
        let rows = self.store.list(&USERS, &filter).await.map_err(store_refusal)?;
        Ok(rows.iter().map(User::of).collect())
    }
}

/// A user as an actor's principal.
#[must_use]
pub fn principal(user: &str) -> String {
    format!("user:{user}")
}
