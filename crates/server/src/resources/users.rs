//! Staff: invited, given roles by two persons, disabled.

use super::shapes::{ReasonBody, StaffRole};
use crate::access;
use crate::answer::Answer;
use crate::api::Api;
use crate::asked::Asked;
use crate::operation::operation;
use crate::problem::Problem;
use crate::text::{Line, Reason};
use crate::view::{page, view};
use crate::written::written;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sumun_govern::staff::{RolesRequest, UserInvite};
use utoipa::ToSchema;

/// A user to be invited.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "user": "mina", "name": "가상인", "roles": ["viewer", "analyst"] }))]
pub(crate) struct UserInviteRequest {
    /// His name for signing in: small letters, digits, dots and hyphens. Never given to another.
    #[schema(pattern = "^[a-z0-9][a-z0-9.-]{1,31}$", min_length = 2, max_length = 32)]
    pub user: String,
    /// What people call him.
    pub name: Line,
    /// Where to reach him.
    #[serde(default)]
    pub email: Option<Line>,
    /// The roles he is to have; beyond `viewer` they wait for a second administrator.
    #[schema(min_items = 1, max_items = 7)]
    pub roles: Vec<StaffRole>,
}

/// All the roles a user is to have.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserRolesRequest {
    /// All of them.
    #[schema(min_items = 1, max_items = 7)]
    pub roles: Vec<StaffRole>,
    /// Why.
    pub reason: Reason,
}

/// Where a user stands.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum UserStateWord {
    /// Invited, and has not answered.
    Invited,
    /// Has chosen a password, and has not shown a code yet.
    Enrolling,
    /// Works here.
    Active,
    /// No more.
    Disabled,
}

/// A user.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct UserView {
    /// His name for signing in.
    #[schema(example = "mina")]
    pub user: String,
    /// What people call him.
    pub name: String,
    /// Where to reach him.
    pub email: Option<String>,
    /// What he may do.
    pub roles: Vec<StaffRole>,
    /// Where he stands.
    pub state: UserStateWord,
    /// Until when his invitation holds.
    #[schema(format = DateTime)]
    pub invite_until: Option<String>,
    /// Who invited him.
    pub invited_by: String,
    /// Known since.
    #[schema(format = DateTime)]
    pub created: String,
    /// Version of the row.
    pub version: i64,
}

/// A user who was invited.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct InvitedView {
    /// He.
    pub user: UserView,
    /// What he enrols with. Shown once, here: absent in a dry run and when the request is repeated.
    #[serde(default)]
    pub invite: Option<String>,
    /// Until when it holds.
    #[schema(format = DateTime)]
    pub invite_until: String,
    /// The approval that his further roles wait for.
    pub approval: Option<String>,
}

/// Roles that wait for a second administrator.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct RolesProposedView {
    /// The user as he stands.
    pub user: UserView,
    /// The approval that it waits for.
    pub approval: String,
}

pub(crate) fn add(api: &mut Api) {
    api.add(
        operation(&access::USER_INVITE, "users", "Invite somebody · 직원 초대")
            .about("The invite is shown once.")
            .takes::<UserInviteRequest>()
            .writes::<InvitedView>(StatusCode::CREATED, "Invited."),
        invite,
    );
    api.add(
        operation(&access::USER_LIST, "users", "Users · 직원 목록").lists::<UserView>(),
        async |asked: Asked| {
            let wanted = asked.page();
            let users = asked.server.govern.users(asked.actor()?, wanted.after, wanted.limit).await?;
            let views = users.iter().map(view::<UserView>).collect::<Result<Vec<_>, _>>()?;
            Answer::ok(&page(views, asked.limit(), |last| last.user.clone()))
        },
    );
    api.add(
        operation(&access::USER_GET, "users", "One user · 직원 조회")
            .about("Everybody sees himself.")
            .gives::<UserView>(StatusCode::OK, "He.")
            .versioned(),
        async |asked: Asked| {
            let user: UserView = view(&asked.server.govern.user(asked.actor()?, asked.path("user")?).await?)?;
            Ok(Answer::ok(&user)?.version(user.version))
        },
    );
    api.add(
        operation(&access::USER_ROLES, "users", "Propose other roles · 역할 변경 제안")
            .about("Another administrator decides.")
            .takes::<UserRolesRequest>()
            .writes::<RolesProposedView>(StatusCode::ACCEPTED, "It waits for another administrator."),
        async |asked: Asked| {
            let request: RolesRequest = asked.body_as::<UserRolesRequest, _>()?;
            let govern = &asked.server.govern;
            let done =
                govern.propose_roles(asked.actor()?, asked.path("user")?, &request, &asked.call).await?;
            written(StatusCode::ACCEPTED, done, |proposed| view::<RolesProposedView>(&proposed))
        },
    );
    api.add(
        operation(&access::USER_DISABLE, "users", "Disable a user · 직원 비활성화")
            .about("Every session ends at once.")
            .takes::<ReasonBody>()
            .writes::<UserView>(StatusCode::OK, "Disabled."),
        async |asked: Asked| {
            let body: ReasonBody = asked.body()?;
            let (user, reason) = (asked.path("user")?, body.reason.as_str());
            let done = asked.server.govern.disable_user(asked.actor()?, user, reason, &asked.call).await?;
            written(StatusCode::OK, done, |user| view::<UserView>(&user))
        },
    );
}

async fn invite(asked: Asked) -> Result<Answer, Problem> {
    let request: UserInvite = asked.body_as::<UserInviteRequest, _>()?;
    let mut done = asked.server.govern.invite_user(asked.actor()?, &request, &asked.call).await?;
    let ticket = done.value.invite.take().filter(|_| done.committed.is_some());
    written(StatusCode::CREATED, done, |invited| {
        let mut shown: InvitedView = view(&invited)?;
        shown.invite = ticket.map(|ticket| ticket.expose().to_owned());
        Ok(shown)
    })
}
