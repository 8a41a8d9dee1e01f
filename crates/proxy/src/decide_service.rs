//! `POST /v1/decide`: the same decision, for a gateway that forwards by itself.
//!
//! The caller sends the request as it received it; the answer says whether to forward it, and if not, the exact
//! response to give. Records go the same way as in the proxy, without an outcome. The caller is believed
//! about the client's address, so this listens apart, for trusted fronts only.

use crate::refuse;
use crate::service::{Body, Proxy, Received};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use sumun_model::wire::{Signature, Verdict};
use sumun_model::{AccountId, Checks, Effect, KeyId, Reason, Scope};
use tokio::net::TcpListener;

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
    body: &'a str,
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
    Ok(Received {
        parts,
        body: Bytes::copy_from_slice(question.body.as_bytes()),
        body_complete: question.body.len() <= proxy.config.body_bytes_max,
        source: sumun_model::prefix::canonical(question.ip),
        upgrade: question.upgrade,
        at: proxy.now(),
    })
}

async fn decide(proxy: &Proxy, request: Request<Incoming>) -> Response<Body> {
    if request.method() != Method::POST || request.uri().path() != "/v1/decide" {
        return refuse::problem(StatusCode::NOT_FOUND, "not_found", "send POST /v1/decide");
    }
    let max = proxy.config.body_bytes_max.saturating_mul(2);
    let body = match Limited::new(request.into_body(), max).collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => {
            return refuse::problem(
                StatusCode::PAYLOAD_TOO_LARGE,
                "payload_too_large",
                "send a smaller question",
            );
        }
    };
    let question: Question<'_> = match serde_json::from_slice(&body) {
        Ok(question) => question,
        Err(error) => {
            return refuse::problem(StatusCode::BAD_REQUEST, "malformed_question", &error.to_string());
        }
    };
    let received = match received(proxy, &question) {
        Ok(received) => received,
        Err(message) => return refuse::problem(StatusCode::BAD_REQUEST, "malformed_question", &message),
    };
    let decision = proxy.decide_and_record(&received).await;
    let refusal = decision.reason().filter(|_| proxy.config.enforce).map(|reason| {
        let refusal = proxy.gate.policy().dialect.refusal(reason);
        RefusalBody {
            status: refusal.status.as_u16(),
            content_type: sumun_dialect::Refusal::CONTENT_TYPE,
            body: &refusal.body,
        }
    });
    let answer = AnswerBody {
        verdict: if decision.reason().is_none() { Verdict::Allow } else { Verdict::Deny },
        reason: decision.reason(),
        enforced: proxy.config.enforce,
        key: decision.key(),
        account: decision.entry.as_ref().map(|entry| entry.account()),
        effect: decision.effect,
        scope: decision.scope(),
        route: decision.route.map(|route| route.path.as_str()),
        signature: decision.signature,
        checks: decision.checks,
        refusal,
    };
    refuse::json(StatusCode::OK, serde_json::to_vec(&answer).unwrap_or_default().into())
}

/// Serves decisions until the task is dropped.
pub async fn serve(proxy: Arc<Proxy>, listener: TcpListener) {
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(proxy.config.timeouts.header_read);
    loop {
        let Ok((tcp, _)) = listener.accept().await else {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            continue;
        };
        let _ = tcp.set_nodelay(true);
        let proxy = Arc::clone(&proxy);
        let serve = service_fn(move |request: Request<Incoming>| {
            let proxy = Arc::clone(&proxy);
            async move { Ok::<_, Infallible>(decide(&proxy, request).await) }
        });
        let connection = http.serve_connection(TokioIo::new(tcp), serve);
        tokio::spawn(async move {
            let _ = connection.await;
        });
    }
}
