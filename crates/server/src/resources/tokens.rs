//! Machines' API tokens: made once, shown once, revoked.

use super::shapes::ReasonBody;
use crate::access;
use crate::answer::Answer;
use crate::api::Api;
use crate::asked::Asked;
use crate::operation::operation;
use crate::problem::Problem;
use crate::text::{Instant, Line};
use crate::view::{page, view};
use crate::written::written;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sumun_govern::staff::TokenRequest;
use utoipa::ToSchema;

/// What a machine may be. Nothing that decides: the second look is a person's.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MachineRole {
    /// The exchange's back end.
    ExchangeBackend,
    /// Reads.
    Viewer,
    /// Checks the record.
    Auditor,
}

/// A token to be made.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "nightly sync", "roles": ["exchange_backend"], "expires": "2027-06-01T00:00:00Z" }))]
pub(crate) struct TokenBody {
    /// What it is for.
    pub name: Line,
    /// What its holder may do.
    #[schema(min_items = 1, max_items = 3)]
    pub roles: Vec<MachineRole>,
    /// When it ends.
    pub expires: Instant,
}

/// Where a token stands.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TokenStateWord {
    /// Nobody else has agreed to it yet: it opens nothing.
    Waiting,
    /// It opens until it ends.
    Active,
    /// No more.
    Revoked,
}

/// A token, without what it is.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct TokenView {
    /// Its id.
    #[schema(example = "T1")]
    pub token: String,
    /// What it is for.
    pub name: String,
    /// What its holder may do.
    pub roles: Vec<MachineRole>,
    /// Who made it.
    pub created_by: String,
    /// When.
    #[schema(format = DateTime)]
    pub created: String,
    /// When it ends.
    #[schema(format = DateTime)]
    pub expires: String,
    /// Where it stands.
    pub state: TokenStateWord,
    /// Version of the row.
    pub version: i64,
}

/// A token that was made.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct MadeTokenView {
    /// What is known of it.
    pub token: TokenView,
    /// The token itself. Shown once, here: absent in a dry run and when the request is repeated.
    #[serde(default)]
    pub secret: Option<String>,
    /// The approval it waits for; it opens nothing until another security administrator has agreed.
    pub approval: String,
}

pub(crate) fn add(api: &mut Api) {
    api.add(
        operation(&access::TOKEN_CREATE, "users", "Make a machine's token · 시스템 토큰 발급")
            .about("It is shown once, and opens nothing until another security administrator has agreed.")
            .takes::<TokenBody>()
            .writes::<MadeTokenView>(StatusCode::CREATED, "Made."),
        make,
    );
    api.add(
        operation(&access::TOKEN_LIST, "users", "Machines' tokens · 시스템 토큰 목록").lists::<TokenView>(),
        async |asked: Asked| {
            let wanted = asked.page();
            let tokens = asked.server.govern.tokens(asked.actor()?, wanted.after, wanted.limit).await?;
            let views = tokens.iter().map(view::<TokenView>).collect::<Result<Vec<_>, _>>()?;
            Answer::ok(&page(views, asked.limit(), |last| last.token.clone()))
        },
    );
    api.add(
        operation(&access::TOKEN_REVOKE, "users", "Revoke a token · 시스템 토큰 폐기")
            .takes::<ReasonBody>()
            .writes::<TokenView>(StatusCode::OK, "Revoked."),
        async |asked: Asked| {
            let body: ReasonBody = asked.body()?;
            let (token, reason) = (asked.path("token")?, body.reason.as_str());
            let done = asked.server.govern.revoke_token(asked.actor()?, token, reason, &asked.call).await?;
            written(StatusCode::OK, done, |token| view::<TokenView>(&token))
        },
    );
}

async fn make(asked: Asked) -> Result<Answer, Problem> {
    let request: TokenRequest = asked.body_as::<TokenBody, _>()?;
    let mut done = asked.server.govern.make_token(asked.actor()?, &request, &asked.call).await?;
    let secret = done.value.secret.take().filter(|_| done.committed.is_some());
    written(StatusCode::CREATED, done, |made| {
        let mut shown: MadeTokenView = view(&made)?;
        shown.secret = secret.map(|secret| secret.expose().to_owned());
        Ok(shown)
    })
}
