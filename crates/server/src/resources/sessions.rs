//! Sessions: signing in with password and code, looking at the session, stepping it up, ending it.

use crate::access;
use crate::answer::Answer;
use crate::api::Api;
use crate::asked::Asked;
use crate::browsers::Front;
use crate::cookie;
use crate::metrics::SignInLabels;
use crate::operation::operation;
use crate::origin;
use crate::problem::Problem;
use crate::server::Server;
use crate::text::{Code, Line, Password};
use http::{StatusCode, header};
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
    /// `cookie`: keep the token in a cookie that no script can read, instead of showing it.
    #[serde(default)]
    pub keep: Option<Keep>,
}

/// Where a session's token is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Keep {
    /// By the browser, in a cookie.
    Cookie,
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
    "token": "sumun_ses_not-a-real-token", "expires": "2026-11-02T10:00:00.000000Z", "idle_minutes": 15, "entry": 41,
    "principal": "user:mina", "roles": ["analyst"], "customer": null, "session": "S1", "second_factor": null
}))]
pub(crate) struct OpenedView {
    /// Send it as `Authorization: Bearer …`. Null where a cookie keeps it.
    #[schema(required)]
    pub token: Option<String>,
    /// Ends at the latest.
    #[schema(format = DateTime)]
    pub expires: String,
    /// Ends sooner if nothing is asked by it for so many minutes.
    pub idle_minutes: u32,
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
    pub(super) fn of(opened: &Opened, server: &Server) -> Self {
        Self {
            token: Some(opened.token.expose().to_owned()),
            expires: opened.expires.to_string(),
            idle_minutes: server.govern.venue().clocks.session_idle_minutes.get(),
            entry: opened.entry,
            session: SessionView::of(&opened.actor),
        }
    }
}

/// Refuses to keep the session of one front's people by another front's cookie, or for a page of another host.
pub(super) fn may_keep(asked: &Asked, keep: Option<Keep>, front: Front) -> Result<(), Problem> {
    if keep.is_none() || (asked.front == front && asked.own_origin) {
        return Ok(());
    }
    if asked.front == front {
        return Err(origin::foreign());
    }
    Err(Problem::invalid(
        "cookie_elsewhere",
        "this listener keeps no such session in a cookie",
        "sign customers in at the owner's listener (`[owner] listen`) and staff at the control plane's, or leave `keep` out",
    )
    .at("/keep"))
}

/// The answer to signing in.
pub(super) fn opened(asked: &Asked, opened: &Opened, keep: Option<Keep>) -> Result<Answer, Problem> {
    let shown = OpenedView::of(opened, &asked.server);
    match keep {
        None => Answer::json(StatusCode::CREATED, &shown),
        Some(Keep::Cookie) => {
            let shown = Answer::json(StatusCode::CREATED, &OpenedView { token: None, ..shown })?;
            Ok(shown.with(header::SET_COOKIE, &kept(&asked.server, asked.front, opened)))
        }
    }
}

/// `Set-Cookie` with the session's token, until it ends.
pub(crate) fn kept(server: &Server, front: Front, opened: &Opened) -> String {
    let seconds = opened.expires.micros_since(server.govern.world.now()) / 1_000_000;
    cookie::keep(&server.browsers, front, opened.token.expose(), seconds)
}

pub(crate) fn add(api: &mut Api) {
    api.add(
        operation(&access::SESSION_CREATE, "sessions", "Sign in as staff · 직원 로그인")
            .about("Name, password and code; which of them was wrong is not told. With `keep: \"cookie\"` the answer sets `sumun_staff`, and whatever is then asked by that cookie and is no GET must carry an `Origin` of this host.")
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
        operation(&access::SESSION_DELETE, "sessions", "Sign out · 로그아웃")
            .about("Takes the cookie out of the browser, too.")
            .gives_nothing("Signed out."),
        async |asked: Asked| {
            asked.server.govern.close_session(token(&asked)?).await?;
            let clear = cookie::clear(&asked.server.browsers, asked.front);
            Ok(Answer::nothing().with(header::SET_COOKIE, &clear))
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
    let SignInRequest { user, password, totp, keep } = asked.body()?;
    may_keep(&asked, keep, Front::Staff)?;
    let request =
        SignIn { user: user.into_string(), password: password.into_string(), totp: totp.into_string() };
    let server = &asked.server;
    let done = server.sign_ins.sign_in(&server.govern, &request, asked.source).await;
    let outcome = if done.is_ok() { "accepted" } else { "refused" };
    server.metrics.sign_ins.get_or_create(&SignInLabels { kind: "staff", outcome }).inc();
    opened(&asked, &done?, keep)
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
