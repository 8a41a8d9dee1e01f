//! Refusals, in the words of the exchange's own API.
//!
//! A [`Refusal`] is a value: the proxy answers with it, the decision service tells it to whoever asked.

use crate::service::Body;
use bytes::Bytes;
use http::header::HeaderName;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::{Either, Full};
use sumun_dialect::Dialect;
use sumun_model::Reason;

/// Said to be left of a group without a limit. Clients read a number there and wait at zero.
pub const REMAINING_WITHOUT_LIMIT: u32 = 99;

const REMAINING_REQ: HeaderName = HeaderName::from_static("remaining-req");

/// The response for a reason code.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// HTTP status.
    pub status: StatusCode,
    /// The whole body, of [`sumun_dialect::Refusal::CONTENT_TYPE`].
    pub body: &'static str,
    /// Headers beside `Content-Type`.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

impl Refusal {
    /// The refusal of a request in a group of which so much remains this second. `blocked_s` is how long a source
    /// stays turned away once it has failed too often, seconds.
    #[must_use]
    pub fn new(dialect: Dialect, reason: Reason, group: &str, remaining: u32, blocked_s: u64) -> Self {
        let words = dialect.refusal(reason);
        let mut headers = Vec::with_capacity(2);
        if let Ok(value) = HeaderValue::from_str(&sumun_dialect::remaining_req(group, remaining)) {
            headers.push((REMAINING_REQ, value));
        }
        if reason == Reason::TooManyFailures {
            headers.push((header::RETRY_AFTER, HeaderValue::from(blocked_s.max(1))));
        } else if matches!(words.status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
            headers.push((header::RETRY_AFTER, HeaderValue::from_static("1")));
        }
        Self { reason, status: words.status, body: &words.body, headers }
    }

    /// As the proxy answers it.
    #[must_use]
    pub fn into_response(self) -> Response<Body> {
        let mut response = json(self.status, Bytes::from_static(self.body.as_bytes()));
        response.headers_mut().extend(self.headers);
        response
    }
}

/// The body of a [`problem`].
pub(crate) fn problem_text(name: &str, message: &str) -> String {
    serde_json::json!({ "error": { "name": name, "message": message } }).to_string()
}

/// A response for what is no decision of the gate: a head nobody can read one way, an upstream that is down. The
/// shape is the one every client of the exchange can read, and it is told to wait for the next second.
#[must_use]
pub fn problem(status: StatusCode, name: &str, message: &str) -> Response<Body> {
    let mut response = json(status, problem_text(name, message).into());
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&sumun_dialect::remaining_req("default", 0)) {
        headers.insert(REMAINING_REQ, value);
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

/// A JSON response.
#[must_use]
pub fn json(status: StatusCode, text: Bytes) -> Response<Body> {
    let mut response = Response::new(Either::Left(Full::new(text)));
    *response.status_mut() = status;
    let content_type = HeaderValue::from_static(sumun_dialect::Refusal::CONTENT_TYPE);
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}
