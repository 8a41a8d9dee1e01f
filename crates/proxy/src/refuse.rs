//! Refusals, in the words of the exchange's own API.

use crate::service::Body;
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::{Either, Full};
use sumun_dialect::Dialect;
use sumun_model::Reason;

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// The response for a reason code.
#[must_use]
pub fn refusal(dialect: Dialect, reason: Reason, group: &str, remaining: u32) -> Response<Body> {
    let refusal = dialect.refusal(reason);
    let mut response = json(refusal.status, refusal.body.clone().into());
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&sumun_dialect::remaining_req(group, remaining)) {
        headers.insert("remaining-req", value);
    }
    if matches!(refusal.status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

/// A response for what is no decision of the gate: a head nobody can read one way, an upstream that is down. The
/// shape is the one every client of the exchange can read.
#[must_use]
pub fn problem(status: StatusCode, name: &str, message: &str) -> Response<Body> {
    let text = serde_json::json!({ "error": { "name": name, "message": message } }).to_string();
    let mut response = json(status, text.into());
    if let Ok(value) = HeaderValue::from_str(&sumun_dialect::remaining_req("default", 0)) {
        response.headers_mut().insert("remaining-req", value);
    }
    response
}

/// A JSON response.
#[must_use]
pub fn json(status: StatusCode, text: Bytes) -> Response<Body> {
    let mut response = Response::new(Either::Left(Full::new(text)));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    response
}
