//! Users: invited, given roles by two persons, disabled by one.
//!
//! An invitation gives `viewer` only; whatever more it names is proposed to another security administrator in the same
//! change. The first two security administrators are made at `sumun init`, while there is nobody to ask.

use super::require;
use super::ticket::{INVITE_PREFIX, Ticket};
use crate::actor::{Actor, Role};
use crate::approvals::Approval;
use crate::call::{Call, Done, Planned};
use crate::govern::{Govern, change, check_if_match, facts, store_refusal};
use crate::plan::Plan;
use crate::proposal::{Proposal, USER_ROLES, subject_changed, unreadable};
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

/// Other roles for a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RolesRequest {
    /// All the roles he is to have.
    pub roles: Vec<Role>,
    /// Why.
    pub reason: String,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RolesProposed {
    /// The user as he stands.
    pub user: User,
    /// The approval that it waits for.
    pub approval: String,
}

/// What is frozen in an approval of roles.
#[derive(Serialize, Deserialize)]
struct Frozen {
    user: String,
    before: Vec<Role>,
    roles: Vec<Role>,
    reason: String,
}

fn bad(pointer: &str, message: impl Into<String>, remedy: &str) -> Refusal {
    Refusal::new(RefusalKind::Invalid, "inconsistent", message, remedy).at(pointer)
}

fn check_roles(roles: &[Role]) -> Result<Vec<Role>, Refusal> {
    let mut sorted = roles.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    if sorted.is_empty() {
        return Err(bad("/roles", "a user has at least one role", "give `viewer`, or disable him"));
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

    /// Proposes other roles for a user.
    ///
    /// # Errors
    /// `forbidden`, `own_roles`, `inconsistent`, `user_state`, `approval_open`, the store's.
    pub async fn propose_roles(
        &self,
        actor: &Actor,
        user: &str,
        request: &RolesRequest,
        call: &Call,
    ) -> Result<Done<RolesProposed>, Refusal> {
        require(actor, USER_ADMINS)?;
        not_oneself(actor, user)?;
        crate::parties::check_text("/reason", &request.reason)?;
        let roles = check_roles(&request.roles)?;
        let roles = &roles;
        self.run(actor, call, |now| async move {
            let row = self.row_or_not_found(&USERS, "user", user).await?;
            check_if_match(call, "user", user, row::version(&row))?;
            not_disabled(&row)?;
            let reads = vec![row::unchanged(&USERS, user, Some(&row))];
            let proposal = roles_proposal(user, row::json(&row, "roles"), roles, &request.reason, reads);
            let (mut plan, approval) = self.propose(actor, proposal, now).await?;
            plan.effects.push(crate::plan::Effect {
                subject: format!("user:{user}"),
                field: "roles".to_owned(),
                before: row.get("roles").cloned().unwrap_or_default(),
                after: json!(roles),
            });
            Ok(Planned { plan, value: RolesProposed { user: User::of(&row), approval }, status: 202 })
        })
        .await
    }

    /// What granting an approval of roles writes.
    pub(crate) async fn roles_approved(
        &self,
        actor: &Actor,
        approval: &Approval,
        now: Timestamp,
    ) -> Result<Plan, Refusal> {
        let frozen: Frozen =
            serde_json::from_value(approval.request.clone()).map_err(|_| unreadable(approval))?;
        not_oneself(actor, &frozen.user)?;
        let row = self.row_or_not_found(&USERS, "user", &frozen.user).await?;
        not_disabled(&row)?;
        let before: Vec<Role> = row::json(&row, "roles");
        if before != frozen.before {
            return Err(subject_changed(approval));
        }
        if before.contains(&Role::SecurityAdmin) && !frozen.roles.contains(&Role::SecurityAdmin) {
            self.another_admin(&frozen.user).await?;
        }
        let write = row::update(&USERS, &row, [("roles", json!(frozen.roles))]);
        let mut facts = facts(actor);
        facts.insert("user".to_owned(), json!(frozen.user));
        facts.insert("before".to_owned(), json!(before));
        facts.insert("after".to_owned(), json!(frozen.roles));
        facts.insert("reason".to_owned(), json!(frozen.reason));
        let mut change = change("user.roles", now, facts);
        let effects = row::effects("user", &write, Some(&row));
        change.writes.push(write);
        Ok(Plan { title: format!("give {} other roles", frozen.user), effects, warnings: Vec::new(), change })
    }

    /// Disables a user and ends his sessions. For ever: somebody who comes back is invited under another name.
    ///
    /// # Errors
    /// `forbidden`, `own_account`, `last_admin`, `user_state`, the store's.
    pub async fn disable_user(
        &self,
        actor: &Actor,
        user: &str,
        reason: &str,
        call: &Call,
    ) -> Result<Done<User>, Refusal> {
        require(actor, USER_ADMINS)?;
        not_oneself(actor, user)?;
        crate::parties::check_text("/reason", reason)?;
        let done = self
            .run(actor, call, |now| async move {
                let row = self.row_or_not_found(&USERS, "user", user).await?;
                check_if_match(call, "user", user, row::version(&row))?;
                not_disabled(&row)?;
                if row::json::<Vec<Role>>(&row, "roles").contains(&Role::SecurityAdmin) {
                    self.another_admin(user).await?;
                }
                let columns =
                    [("state", json!("disabled")), ("invite", Value::Null), ("invite_until_us", Value::Null)];
                let write = row::update(&USERS, &row, columns);
                let mut facts = facts(actor);
                facts.insert("user".to_owned(), json!(user));
                facts.insert("reason".to_owned(), json!(reason));
                let mut change = change("user.disabled", now, facts);
                let effects = row::effects("user", &write, Some(&row));
                let value = User::of(&write.image);
                change.writes.push(write);
                let plan = Plan { title: format!("disable {user}"), effects, warnings: Vec::new(), change };
                Ok(Planned { plan, value, status: 200 })
            })
            .await?;
        if !call.dry_run {
            // A session of a disabled user opens nothing already; see `sessions`. This forgets them.
            self.store.delete_sessions_of(&principal(user)).await.map_err(store_refusal)?;
        }
        Ok(done)
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
        let filter = Filter { equals: Vec::new(), after, limit: limit.clamp(1, Filter::LIMIT_MAX) };
        let rows = self.store.list(&USERS, &filter).await.map_err(store_refusal)?;
        Ok(rows.iter().map(User::of).collect())
    }

    /// Refuses if nobody else who can sign in runs users.
    async fn another_admin(&self, but: &str) -> Result<(), Refusal> {
        let equals = vec![("state", json!("active"))];
        let filter = Filter { equals, after: None, limit: Filter::LIMIT_MAX };
        let rows = self.store.list(&USERS, &filter).await.map_err(store_refusal)?;
        let admin = |row: &Image| {
            row::text(row, "user") != but
                && row::json::<Vec<Role>>(row, "roles").contains(&Role::SecurityAdmin)
        };
        if rows.iter().any(admin) {
            return Ok(());
        }
        Err(Refusal::new(
            RefusalKind::Conflict,
            "last_admin",
            format!("`{but}` is the last security administrator who can sign in"),
            "have another one invited and enrolled first",
        ))
    }
}

fn roles_proposal<'a>(
    user: &str,
    before: Vec<Role>,
    roles: &[Role],
    reason: &'a str,
    reads: Vec<sumun_store::RowRead>,
) -> Proposal<'a> {
    let frozen = Frozen { user: user.to_owned(), before, roles: roles.to_vec(), reason: reason.to_owned() };
    Proposal {
        action: USER_ROLES,
        subject: principal(user),
        request: json!(frozen),
        role: Role::SecurityAdmin,
        reason,
        reads,
    }
}

/// A user as an actor's principal.
#[must_use]
pub fn principal(user: &str) -> String {
    format!("user:{user}")
}

fn not_oneself(actor: &Actor, user: &str) -> Result<(), Refusal> {
    if actor.principal != principal(user) {
        return Ok(());
    }
    Err(Refusal::new(
        RefusalKind::Forbidden,
        "own_account",
        "nobody changes or decides about his own roles or account",
        "ask another security administrator",
    ))
}

fn not_disabled(row: &Image) -> Result<(), Refusal> {
    if row::text(row, "state") != "disabled" {
        return Ok(());
    }
    Err(Refusal::new(
        RefusalKind::Conflict,
        "user_state",
        format!("`{}` is disabled, and stays so", row::text(row, "user")),
        "invite the person under another name",
    ))
}
