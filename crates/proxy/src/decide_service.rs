//! `POST /v1/decide`: the same decision, for a gateway that forwards by itself.
//!
//! The caller sends the request as it received it; the answer says whether to forward it, and if not, the exact
//! response to give. It is admitted and recorded by the same code as in the proxy; the outcome of what is allowed is the
//! front's to know and stays null. The caller is believed about the client's address, so this listens apart, for
//! trusted fronts only.

use crate::body::Bodies;
use crate::fronts::{grpc, http as asked};
use crate::refuse::{self, Refusal};
use crate::server::{self, Front, Running};
use crate::service::{Body, Proxy, Received};
use crate::sources::Sources;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::Either;
use hyper::body::Incoming;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use sumun_model::wire::{Signature, Verdict};
use sumun_model::{AccountId, Checks, Effect, KeyId, Reason, Scope};
use tokio::net::TcpListener;

/// Connections of fronts served at once. A front keeps a few per core; more is a mistake in its settings.
const CONNECTIONS_MAX: usize = 1024;

/// What a question holds beside the request: names of members, method, address.
const QUESTION_BYTES: usize = 4 * 1024;

/// The longest question: a body of control characters takes six bytes of JSON for each, headers two for each quote.
const fn question_bytes_max(body_bytes_max: usize, header_bytes_max: usize) -> usize {
    body_bytes_max
        .saturating_mul(6)
        .saturating_add(header_bytes_max.saturating_mul(2))
        .saturating_add(QUESTION_BYTES)
}

/// The request to be decided, as the front received it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with `method`, `target`, `headers` and `ip`")]
struct Question<'a> {
    /// HTTP method.
    #[serde(borrow)]
    method: Cow<'a, str>,
    /// Path and query exactly as received.
    #[serde(borrow)]
    target: Cow<'a, str>,
    /// Headers as name and value, repeated ones repeated.
    #[serde(borrow)]
    headers: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// Body as text; an exchange's signed bodies are UTF-8.
    #[serde(borrow, default)]
    body: Cow<'a, str>,
    /// Client's address.
    ip: IpAddr,
    /// Whether the client asks for a WebSocket.
    #[serde(default)]
    upgrade: bool,
}

/// The decision.
#[derive(Debug, Serialize)]
struct AnswerBody<'a> {
    verdict: Verdict,
    reason: Option<Reason>,
    enforced: bool,
    key: Option<KeyId>,
    account: Option<&'a AccountId>,
    effect: Effect,
    scope: Option<Scope>,
    route: Option<&'a str>,
    signature: Signature,
    checks: Checks,
    /// The response to give instead of forwarding.
    refusal: Option<RefusalBody<'a>>,
}

#[derive(Debug, Serialize)]
struct RefusalBody<'a> {
    status: u16,
    content_type: &'static str,
    /// Beside `Content-Type`, as name and value.
    headers: Vec<(&'a str, &'a str)>,
    body: &'static str,
}

impl<'a> From<&'a Refusal> for RefusalBody<'a> {
    fn from(refusal: &'a Refusal) -> Self {
        let text = |value: &'a HeaderValue| value.to_str().unwrap_or_default();
        Self {
            status: refusal.status.as_u16(),
            content_type: sumun_dialect::Refusal::CONTENT_TYPE,
            headers: refusal.headers.iter().map(|(name, value)| (name.as_str(), text(value))).collect(),
            body: refusal.body,
        }
    }
}

fn received(proxy: &Proxy, question: &Question<'_>) -> Result<Received, String> {
    let method: Method =
        question.method.parse().map_err(|_| "field `method` is not an HTTP method".to_owned())?;
    let uri: Uri = question
        .target
        .parse()
        .ok()
        // Read whole and unchanged: what the front forwards is what was decided, without a fragment cut off.
        .filter(|uri: &Uri| {
            question.target.starts_with('/')
                && uri.path_and_query().is_some_and(|read| read.as_str() == question.target)
        })
        .ok_or("field `target` is not a path such as /v1/accounts?page=1")?;
    let mut headers = HeaderMap::with_capacity(question.headers.len());
    for (name, value) in &question.headers {
        let name: HeaderName =
            name.parse().map_err(|_| "field `headers`: a name is not a header name".to_owned())?;
        let value = HeaderValue::from_str(value)
            .map_err(|_| format!("field `headers`: the value of `{name}` is bad"))?;
        headers.append(name, value);
    }
    let mut parts = Request::new(()).into_parts().0;
    parts.method = method;
    parts.uri = uri;
    parts.headers = headers;
    let body_complete = question.body.len() <= proxy.config.body_bytes_max;
    Ok(Received {
        parts,
        body: if body_complete { Bytes::copy_from_slice(question.body.as_bytes()) } else { Bytes::new() },
        body_complete,
        room: None,
        source: sumun_model::prefix::canonical(question.ip),
        upgrade: question.upgrade,
        at: proxy.now(),
        // The front forwards: what it still holds when it has the answer is not known here.
        token: Some(proxy.enter_epoch()),
        vouched: None,
    })
}

async fn decide(proxy: &Proxy, bodies: &Bodies, request: Request<Incoming>, peer: IpAddr) -> Response<Body> {
    if let Some(front) = asked::front_of(request.uri().path()) {
        let (parts, body) = request.into_parts();
        return match bodies.read(body).await {
            Ok(whole) => asked::answer(proxy, front, parts, whole, peer).await,
            Err(error) => refuse::problem(error.status(), error.name(), &error.to_string()),
        };
    }
    if request.method() != Method::POST || request.uri().path() != "/v1/decide" {
        return refuse::problem(
            StatusCode::NOT_FOUND,
            "not_found",
            "send POST /v1/decide; fronts ask at /v1/auth-request and /v1/ext-authz, Envoy by gRPC too",
        );
    }
    let whole = match bodies.read(request.into_body()).await {
        Ok(Some(whole)) => whole,
        Ok(None) => {
            let status = StatusCode::PAYLOAD_TOO_LARGE;
            return refuse::problem(status, "payload_too_large", "send a smaller question");
        }
        Err(error) => return refuse::problem(error.status(), error.name(), &error.to_string()),
    };
    let question: Question<'_> = match serde_json::from_slice(&whole.bytes) {
        Ok(question) => question,
        Err(error) => {
            return refuse::problem(StatusCode::BAD_REQUEST, "malformed_question", &error.to_string());
        }
    };
    let received = match received(proxy, &question) {
        Ok(received) => received,
        Err(message) => return refuse::problem(StatusCode::BAD_REQUEST, "malformed_question", &message),
    };
    let mut decision = proxy.decide(&received);
    let refusal = match proxy.admit(&received, &mut decision).await {
        Ok(admitted) => {
            admitted.pending.elsewhere();
            None
        }
        Err(refusal) => Some(refusal),
    };
    let reason = refusal.as_ref().map(|refusal| refusal.reason).or_else(|| decision.reason());
    let answer = AnswerBody {
        verdict: if reason.is_none() { Verdict::Allow } else { Verdict::Deny },
        reason,
        enforced: decision.enforced(),
        key: decision.key(),
        account: decision.entry.as_ref().map(|entry| entry.account()),
        effect: decision.effect,
        scope: decision.scope(),
        route: decision.route.map(|route| route.path.as_str()),
        signature: decision.signature,
        checks: decision.checks,
        refusal: refusal.as_ref().map(RefusalBody::from),
    };
    refuse::json(StatusCode::OK, serde_json::to_vec(&answer).unwrap_or_default().into())
}

/// Serves decisions on a listener until told to stop.
///
/// # Errors
/// As [`server::start`].
pub fn start(proxy: Arc<Proxy>, listener: TcpListener) -> io::Result<Running> {
    let config = &proxy.config;
    let bytes_max = question_bytes_max(config.body_bytes_max, config.header_bytes_max);
    let bodies = Arc::new(Bodies::new(bytes_max, config.timeouts.body_read));
    let front = Front {
        connections_max: CONNECTIONS_MAX,
        sources: Sources::new(0, &[]),
        streams: false,
        http2: true,
        proxy: Arc::clone(&proxy),
    };
    server::serve(front, listener, move |request, peer| {
        let (proxy, bodies) = (Arc::clone(&proxy), Arc::clone(&bodies));
        async move {
            if grpc::calls(&request) {
                grpc::answer(&proxy, &bodies, request, peer.ip()).await.map(Either::Right)
            } else {
                decide(&proxy, &bodies, request, peer.ip()).await.map(Either::Left)
            }
        }
    })
}
