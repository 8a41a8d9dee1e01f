//! Sessions: signing in with password and code, looking at the session, stepping it up, ending it.

use crate::access;
use crate::answer::Answer;
use crate::api::Api;
use crate::asked::Asked;
use crate::metrics::SignInLabels;
use crate::operation::operation;
use crate::problem::Problem;
use crate::text::{Code, Line, Password};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sumun_govern::Actor;
use sumun_govern::staff::{Opened, SignIn};
use utoipa::ToSchema;

/// Who signs in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignInRequest {
    /// Name.
    pub user: Line,
    /// Password.
    pub password: Password,
    /// The present code of the authenticator.
    pub totp: Code,
}

/// The second factor, once more.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StepUpRequest {
    /// The present code of the authenticator.
    pub totp: Code,
}

/// A session that was just opened. The token is shown here and nowhere else.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "token": "sumun_ses_not-a-real-token", "expires": "2026-11-02T10:00:00.000000Z", "entry": 41,
    "principal": "user:mina", "roles": ["analyst"], "customer": null, "session": "S1", "second_factor": null
}))]
pub(crate) struct OpenedView {
    /// Send it as `Authorization: Bearer …`.
    pub token: String,
    /// Ends at the latest.
    #[schema(format = DateTime)]
    pub expires: String,
    /// Index of the ledger entry that records it.
    pub entry: Option<u64>,
    /// Who is signed in.
    #[serde(flatten)]
    pub session: SessionView,
}

/// Who is signed in.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionView {
    /// Prefix and id.
    #[schema(example = "customer:C1/P1")]
    pub principal: String,
    /// What he may do.
    pub roles: Vec<String>,
    /// Whose things he may touch, for customers' roles.
    pub customer: Option<String>,
    /// The session's public name, as the ledger has it; machines and gates have none.
    pub session: Option<String>,
    /// The second factor last shown.
    pub second_factor: Option<SecondFactorView>,
}

/// A second factor that was shown.
#[derive(Serialize, ToSchema)]
pub(crate) struct SecondFactorView {
    /// Which.
    #[schema(example = "totp")]
    pub method: String,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
}

impl SessionView {
    fn of(actor: &Actor) -> Self {
        Self {
            principal: actor.principal.clone(),
            roles: actor.roles.iter().map(|role| role.as_str().to_owned()).collect(),
            customer: actor.customer.clone(),
            session: actor.session.clone(),
            second_factor: actor
                .second_factor
                .as_ref()
                .map(|factor| SecondFactorView { method: factor.method.clone(), at: factor.at.to_string() }),
        }
    }
}

impl OpenedView {
    pub(super) fn of(opened: &Opened) -> Self {
        Self {
            token: opened.token.expose().to_owned(),
            expires: opened.expires.to_string(),
            entry: opened.entry,
            session: SessionView::of(&opened.actor),
        }
    }
}

/// The answer to signing in.
pub(super) fn opened(opened: &Opened) -> Result<Answer, Problem> {
    Answer::json(StatusCode::CREATED, &OpenedView::of(opened))
}

pub(crate) fn add(api: &mut Api) {
    api.add(
        operation(&access::SESSION_CREATE, "sessions", "Sign in as staff · 직원 로그인")
            .about("Name, password and code; which of them was wrong is not told.")
            .takes::<SignInRequest>()
            .gives::<OpenedView>(StatusCode::CREATED, "Signed in."),
        sign_in,
    );
    api.add(
        operation(&access::SESSION_GET, "sessions", "Who is signed in · 현재 로그인")
            .gives::<SessionView>(StatusCode::OK, "He."),
        async |asked: Asked| Answer::ok(&SessionView::of(asked.actor()?)),
    );
    api.add(
        operation(&access::SESSION_DELETE, "sessions", "Sign out · 로그아웃").gives_nothing("Signed out."),
        async |asked: Asked| {
            asked.server.govern.close_session(token(&asked)?).await?;
            Ok(Answer::nothing())
        },
    );
    api.add(
        operation(&access::SESSION_STEP_UP, "sessions", "Show the second factor again · 추가 인증")
            .about("Customers' people step up with a new assertion instead.")
            .takes::<StepUpRequest>()
            .gives::<SessionView>(StatusCode::OK, "Shown."),
        step_up,
    );
}

async fn sign_in(asked: Asked) -> Result<Answer, Problem> {
    let SignInRequest { user, password, totp } = asked.body()?;
    let request =
        SignIn { user: user.into_string(), password: password.into_string(), totp: totp.into_string() };
    let server = &asked.server;
    let done = server.sign_ins.sign_in(&server.govern, &request, asked.source).await;
    let outcome = if done.is_ok() { "accepted" } else { "refused" };
    server.metrics.sign_ins.get_or_create(&SignInLabels { kind: "staff", outcome }).inc();
    opened(&done?)
}

async fn step_up(asked: Asked) -> Result<Answer, Problem> {
    let request: StepUpRequest = asked.body()?;
    let server = &asked.server;
    let shown =
        server.sign_ins.step_up(&server.govern, token(&asked)?, request.totp.as_str(), asked.source).await?;
    Answer::ok(&SessionView::of(&shown))
}

/// The token of the session that asks. Machines and gates have none.
fn token(asked: &Asked) -> Result<&str, Problem> {
    let session = asked.signed_in.as_ref().and_then(|signed_in| signed_in.session.as_ref());
    session.map(|token| token.as_str()).ok_or_else(|| Problem::not_found("session", "current"))
}
