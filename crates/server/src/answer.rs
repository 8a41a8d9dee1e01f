//! What a handler answers: JSON with its version, a text, a stream, or nothing.

use crate::problem::Problem;
use axum::body::Body;
use axum::response::Response;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;

/// An answer that is no problem.
#[derive(Debug)]
pub(crate) struct Answer(Response);

impl Answer {
    /// JSON.
    pub(crate) fn json<T: Serialize>(status: StatusCode, value: &T) -> Result<Self, Problem> {
        let body = serde_json::to_vec(value).map_err(|error| {
            tracing::error!(%error, "An answer could not be written as JSON");
            Problem::fault(
                "answer_unwritable",
                "the answer could not be written; this is a fault of the server",
            )
        })?;
        Ok(Self::typed(status, "application/json", body))
    }

    /// 200 and JSON.
    pub(crate) fn ok<T: Serialize>(value: &T) -> Result<Self, Problem> {
        Self::json(StatusCode::OK, value)
    }

    /// Plain text.
    pub(crate) fn text(body: impl Into<Body>) -> Self {
        Self::typed(StatusCode::OK, "text/plain; charset=utf-8", body)
    }

    /// 204.
    pub(crate) fn nothing() -> Self {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        Self(response)
    }

    /// Any body of that type.
    pub(crate) fn typed(status: StatusCode, content_type: &'static str, body: impl Into<Body>) -> Self {
        let mut response = Response::new(body.into());
        *response.status_mut() = status;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        Self(response)
    }

    /// With the version of the one resource it shows.
    pub(crate) fn version(self, version: i64) -> Self {
        self.with(header::ETAG, &format!("\"{version}\""))
    }

    /// With this header. One that cannot stand in a header is left out.
    pub(crate) fn with(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.0.headers_mut().insert(name, value);
        }
        self
    }

    pub(crate) fn into_response(self) -> Response {
        self.0
    }
}
