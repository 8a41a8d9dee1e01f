//! Roles are given by two persons, and a user is disabled by one; nobody does either to himself.

use super::users::{USER_ADMINS, User, check_roles, principal};
use super::{fresh, require};
use crate::actor::{Actor, Role};
use crate::approvals::Approval;
use crate::call::{Call, Done, Planned};
use crate::govern::{Govern, change, check_if_match, facts, store_refusal};
use crate::plan::{Effect, Plan};
use crate::proposal::{Proposal, USER_ROLES, subject_changed, unreadable};
use crate::refusal::{Refusal, RefusalKind};
use crate::row;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sumun_model::Timestamp;
use sumun_store::tables::USERS;
use sumun_store::{Filter, Image, RowRead};

/// Fewest security administrators who can sign in: one asks, the other agrees.
const ADMINS_MIN: usize = 2;

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

impl Govern {
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
        crate::parties::check_reason("/reason", &request.reason)?;
        let roles = check_roles(&request.roles)?;
        let roles = &roles;
        self.run(actor, call, |now| async move {
            fresh(&self.venue(), actor, now)?;
            let row = self.row_or_not_found(&USERS, "user", user).await?;
            check_if_match(call, "user", user, row::version(&row))?;
            not_disabled(&row)?;
            let reads = vec![row::unchanged(&USERS, user, Some(&row))];
            let proposal = roles_proposal(user, row::json(&row, "roles"), roles, &request.reason, reads);
            let (mut plan, approval) = self.propose(actor, proposal, now).await?;
            plan.effects.push(Effect {
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
        enrolled(&row, &frozen.roles)?;
        let before: Vec<Role> = row::json(&row, "roles");
        if before != frozen.before {
            return Err(subject_changed(approval));
        }
        let mut reads = Vec::new();
        if before.contains(&Role::SecurityAdmin) && !frozen.roles.contains(&Role::SecurityAdmin) {
            reads = self.other_admins(&frozen.user).await?;
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
        change.reads = reads;
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
        crate::parties::check_reason("/reason", reason)?;
        let done = self
            .run(actor, call, |now| async move {
                fresh(&self.venue(), actor, now)?;
                let row = self.row_or_not_found(&USERS, "user", user).await?;
                check_if_match(call, "user", user, row::version(&row))?;
                not_disabled(&row)?;
                let admin = row::json::<Vec<Role>>(&row, "roles").contains(&Role::SecurityAdmin);
                let reads = if admin { self.other_admins(user).await? } else { Vec::new() };
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
                change.reads = reads;
                change.writes.extend(self.withdrawn_with(&principal(user)).await?);
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

    /// Two others who run users and can sign in, as rows relied on; with fewer, nothing could be agreed to any more. Two who
    /// remove each other at the same time meet in these rows.
    async fn other_admins(&self, but: &str) -> Result<Vec<RowRead>, Refusal> {
        let equals = vec![("state", json!("active"))];
        let mut filter = Filter { equals, after: None, limit: Filter::LIMIT_MAX, ..Filter::default() };
        let mut reads = Vec::new();
        loop {
            let rows = self.store.list(&USERS, &filter).await.map_err(store_refusal)?;
            let admins = rows.iter().filter(|row| {
                row::text(row, "user") != but
                    && row::json::<Vec<Role>>(row, "roles").contains(&Role::SecurityAdmin)
            });
            reads.extend(admins.map(|row| row::unchanged(&USERS, row::text(row, "user"), Some(row))));
            if reads.len() >= ADMINS_MIN {
                reads.truncate(ADMINS_MIN);
                return Ok(reads);
            }
            if rows.len() < filter.limit as usize {
                break;
            }
            filter.after = rows.last().map(|row| row::text(row, "user").to_owned());
        }
        Err(Refusal::new(
            RefusalKind::Conflict,
            "last_admin",
            format!(
                "without `{but}` fewer than {ADMINS_MIN} security administrators who can sign in would remain"
            ),
            "have another one invited and enrolled first; suspend or hold keys meanwhile",
        ))
    }
}

/// The proposal that gives a user these roles.
pub(super) fn roles_proposal<'a>(
    user: &str,
    before: Vec<Role>,
    roles: &[Role],
    reason: &'a str,
    reads: Vec<RowRead>,
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

fn not_oneself(actor: &Actor, user: &str) -> Result<(), Refusal> {
    if actor.principal != principal(user) {
        return Ok(());
    }
    Err(Refusal::new(
        RefusalKind::Forbidden,
        "own_account",
        "nobody changes or decides about their own roles or account",
        "ask another security administrator",
    ))
}

/// Who has not enrolled is only a name: whoever holds the invitation would get the roles.
fn enrolled(row: &Image, roles: &[Role]) -> Result<(), Refusal> {
    if row::text(row, "state") == "active" || roles == [Role::Viewer] {
        return Ok(());
    }
    Err(Refusal::new(
        RefusalKind::Conflict,
        "not_enrolled",
        format!("`{}` has not enrolled yet, and nobody knows who will", row::text(row, "user")),
        "decide once they have, and have told you in person that it is they",
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
