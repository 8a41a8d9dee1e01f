//! Writes down every request and WebSocket message as the mock received it, before anything interprets it. Tests read the
//! list on the control listener to learn what a gate let through, byte for byte.

use super::{Shared, auth, locked};
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt, Limited};
use serde::Serialize;
use std::collections::VecDeque;
use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Requests kept; the oldest are dropped and counted.
const REQUESTS_MAX: usize = 20_000;
/// Largest body read, in bytes: beyond any limit a gate would set in a test.
const BODY_BYTES_MAX: usize = 16 << 20;
/// What Upbit adds to every answer; pyupbit fails without it.
const REMAINING_REQ: HeaderValue = HeaderValue::from_static("group=default; min=1800; sec=29");

/// One thing received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Received {
    /// Counts from 1 since the start or the last reset, over requests and messages alike.
    pub number: u64,
    /// `request` or `websocket_message`.
    pub kind: &'static str,
    /// HTTP method; for a message, that of its upgrade.
    pub method: String,
    /// Path as received, undecoded.
    pub path: String,
    /// Query as received, undecoded.
    pub query: Option<String>,
    /// Body, or the message's text; what is not UTF-8 is replaced.
    pub body: String,
    /// The key the token claims, if one can be read.
    pub access_key: Option<String>,
    /// All headers as received, names in lower case; none for a message.
    pub headers: Vec<(String, String)>,
    /// Where the connection came from.
    pub peer: Option<SocketAddr>,
}

/// The list.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    pub(crate) received: VecDeque<Received>,
    pub(crate) count: u64,
}

impl Requests {
    pub(crate) fn push(&mut self, mut received: Received) {
        self.count += 1;
        received.number = self.count;
        self.received.push_back(received);
        if self.received.len() > REQUESTS_MAX {
            self.received.pop_front();
        }
    }
}

/// Reads the body, writes the request down, waits if a test asked for delay, and adds Upbit's header to the answer.
pub(crate) async fn every_request(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = Limited::new(body, BODY_BYTES_MAX).collect().await.map(|body| body.to_bytes()) else {
        return (StatusCode::PAYLOAD_TOO_LARGE, "the body is too large or broke off").into_response();
    };
    let received = Received {
        number: 0,
        kind: "request",
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().map(str::to_owned),
        body: String::from_utf8_lossy(&body).into_owned(),
        access_key: auth::claimed_key(&parts.headers),
        headers: readable(&parts.headers),
        peer: parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| *peer),
    };
    let logged = shared.access_log.is_some().then(|| received.clone());
    locked(&shared.requests).push(received);
    let delay = Duration::from_millis(shared.delay_ms.load(Ordering::Relaxed));
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    let mut response = next.run(Request::from_parts(parts, whole(body))).await;
    if let Some(received) = logged {
        shared.log(&received, response.status());
    }
    response.headers_mut().insert("remaining-req", REMAINING_REQ);
    if response.headers().get(header::CONTENT_TYPE).is_some_and(|value| value == "application/json") {
        let with_charset = HeaderValue::from_static("application/json; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, with_charset);
    }
    response
}

impl Shared {
    /// Writes a request and its outcome into the exchange's own log, as nginx would with the format of the ready mapping `nginx-json`.
    fn log(&self, received: &Received, status: StatusCode) {
        let Some(log) = &self.access_log else { return };
        let mut log = locked(log);
        let now_ms = crate::clock::now_ms();
        let peer = received.peer.map_or_else(|| "0.0.0.0".to_owned(), |peer| peer.ip().to_string());
        let query = received.query.as_ref().map(|query| format!("?{query}")).unwrap_or_default();
        let number = locked(&self.requests).count;
        let agent = received.headers.iter().find(|(name, _)| name == "user-agent").map(|(_, value)| value);
        let line = serde_json::json!({
            "msec": format!("{}.{:03}", now_ms / 1000, now_ms % 1000),
            "request_id": format!("m{now_ms}-{number}"),
            "remote_addr": peer,
            "hostname": "front-1",
            "key_id": received.access_key,
            "request_method": received.method,
            "request_uri": format!("{}{query}", received.path),
            "status": status.as_u16().to_string(),
            "http_user_agent": agent,
        });
        // A log that cannot be written is a test's affair: it finds no line.
        let _ = writeln!(log, "{line}");
    }
}

fn whole(body: Bytes) -> Body {
    if body.is_empty() { Body::empty() } else { Body::from(body) }
}

fn readable(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}
