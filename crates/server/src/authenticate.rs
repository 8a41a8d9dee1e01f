//! Who asks: a session's token, in `Authorization` or a cookie, a machine's API token, or a gate's signature of this very request.
//!
//! What a principal may do is looked up again with every request, so that whoever is disabled is out at once. Never logged,
//! never repeated in an answer: the credential.

use crate::browsers::Front;
use crate::cookie;
use crate::metrics::SignInLabels;
use crate::origin;
use crate::problem::Problem;
use crate::room::{BYPASSES_PATH, EVENTS_PATH};
use crate::server::Server;
use http::request::Parts;
use http::{Method, header};
use sumun_govern::Actor;
use sumun_govern::staff::ticket::{SESSION_PREFIX, TOKEN_PREFIX};
use zeroize::Zeroizing;

/// Whoever asks, established.
pub(crate) struct SignedIn {
    pub(crate) actor: Actor,
    /// The session's token, to end the session or step it up; machines and gates have none.
    pub(crate) session: Option<Zeroizing<String>>,
    /// A machine's token, to ask later whether it still stands.
    pub(crate) machine: Option<Zeroizing<String>>,
}

/// Says of a read that nobody waits for it: a page that asks by itself while its reader may be gone.
const UNATTENDED: &str = "sumun-unattended";

/// Establishes who asks, by `Authorization` if there is one, else by this front's cookie.
pub(crate) async fn signed_in(server: &Server, parts: &Parts, front: Front) -> Result<SignedIn, Problem> {
    let mut sent = parts.headers.get_all(header::AUTHORIZATION).iter();
    let (first, more) = (sent.next(), sent.next());
    let Some(first) = first else { return by_cookie(server, parts, front).await };
    if more.is_some() {
        return Err(Problem::unauthenticated("the request has more than one `Authorization`"));
    }
    let token = first
        .to_str()
        .ok()
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .ok_or_else(|| Problem::unauthenticated("`Authorization` is not `Bearer` and a token"))?;
    let govern = &server.govern;
    let (kind, found) = if token.starts_with(SESSION_PREFIX) {
        ("session", session(server, parts, token, front).await?)
    } else if front == Front::Owner {
        // Machines and gates have their own listener; to this one they are nobody.
        ("machine", None)
    } else if token.starts_with(TOKEN_PREFIX) {
        ("machine", govern.machine(token).await?)
    } else {
        ("gate", gate(server, parts, token).await?)
    };
    if kind != "session" || found.is_none() {
        let outcome = if found.is_some() { "accepted" } else { "refused" };
        server.metrics.sign_ins.get_or_create(&SignInLabels { kind, outcome }).inc();
    }
    if kind == "machine"
        && found.is_none()
        && front != Front::Owner
        && let Some(id) = govern.machine_waits(token).await?
    {
        return Err(Problem::unauthenticated(&format!(
            "token `{id}` waits for approval: it opens nothing before another security administrator has agreed"
        ))
        .with_remedy("have its approval granted (`sumun approvals list`), and send the request again")
        .with_invalid_token());
    }
    let kept = |wanted| (kind == wanted).then(|| Zeroizing::new(token.to_owned()));
    found.map(|actor| SignedIn { actor, session: kept("session"), machine: kept("machine") }).ok_or_else(
        || {
            Problem::unauthenticated(
                "the token is not known here, has ended, or was not meant for this request",
            )
            .with_invalid_token()
        },
    )
}

/// By this front's cookie. One that opens nothing is taken out of the browser only by answers at the session's own path, reading it or ending
/// it, which a page waits for before it offers to sign in. Answers to other reads come when they come, some after somebody has signed in
/// anew, and would take the fresh one.
async fn by_cookie(server: &Server, parts: &Parts, front: Front) -> Result<SignedIn, Problem> {
    let of_session = parts.uri.path() == crate::access::SESSION_GET.path;
    let cleared = |problem: Problem| match of_session {
        true => problem.with(header::SET_COOKIE, &cookie::clear(&server.browsers, front)),
        false => problem,
    };
    let Some(token) = cookie::read(&server.browsers, &parts.headers, front).map_err(cleared)? else {
        return Err(Problem::unauthenticated("the request has no `Authorization`"));
    };
    let Some(actor) = session(server, parts, token, front).await? else {
        server.metrics.sign_ins.get_or_create(&SignInLabels { kind: "session", outcome: "refused" }).inc();
        return Err(cleared(Problem::unauthenticated("the session has ended, or is not known here")));
    };
    origin::check(parts, server.browsers.is_secure(front))?;
    Ok(SignedIn { actor, session: Some(Zeroizing::new(token.to_owned())), machine: None })
}

/// Whose session this is, if he may come by this front at all. A page that was left open keeps it no longer than its owner does.
async fn session(
    server: &Server,
    parts: &Parts,
    token: &str,
    front: Front,
) -> Result<Option<Actor>, Problem> {
    let reads = parts.method == Method::GET;
    let by_itself = parts.uri.path() == crate::access::LIVE.path || parts.headers.contains_key(UNATTENDED);
    let found = if reads && by_itself {
        server.govern.session_unused(token).await?
    } else {
        server.govern.session(token).await?
    };
    Ok(found.filter(|actor| front != Front::Owner || is_holder(actor)))
}

/// One of the customers' people who hold keys, and nothing else.
fn is_holder(actor: &Actor) -> bool {
    actor.customer.is_some() && actor.roles.iter().all(|role| crate::access::HOLDERS.contains(role))
}

/// The gate that signed this very request. A batch of events does the same however often it comes, as does what is told of bypasses, and
/// everything that it does is signed: a write for each, to remember that it came, would be most of what it costs.
async fn gate(server: &Server, parts: &Parts, token: &str) -> Result<Option<Actor>, Problem> {
    let path = parts.uri.path();
    if parts.method != Method::POST || ![EVENTS_PATH, BYPASSES_PATH].contains(&path) {
        return Ok(server.govern.gate_of(token, &format!("{} {path}", parts.method)).await?);
    }
    let digest =
        parts.headers.get("content-digest").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let target = parts.uri.path_and_query().map_or(path, |target| target.as_str());
    Ok(server.govern.gate_that_repeats(token, &sumun_feed::request_events(target, digest)).await?)
}
