//! Errors in Upbit's envelope and under Upbit's names; the name stands in a header too, for the log of a front.

use crate::venue::Refusal;
use crate::venue::book::Side;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// What a front logs as `$upstream_http_x_error_name`.
const ERROR_NAME: &str = "x-error-name";

/// What is answered instead of data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    pub(crate) name: &'static str,
    pub(crate) message: String,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, name: &'static str, message: impl Into<String>) -> Self {
        Self { status, name, message: message.into() }
    }

    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "validation_error", message)
    }

    pub(crate) fn unauthorized(name: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, name, message)
    }

    pub(crate) fn no_route() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "no such endpoint")
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let (status, name) = match &refusal {
            Refusal::NoMarket(_) | Refusal::Invalid(_) => (StatusCode::BAD_REQUEST, "validation_error"),
            Refusal::TooSmall(Side::Bid) => (StatusCode::BAD_REQUEST, "under_min_total_bid"),
            Refusal::TooSmall(Side::Ask) => (StatusCode::BAD_REQUEST, "under_min_total_ask"),
            Refusal::CannotPay(Side::Bid, _) => (StatusCode::BAD_REQUEST, "insufficient_funds_bid"),
            Refusal::CannotPay(Side::Ask, _) => (StatusCode::BAD_REQUEST, "insufficient_funds_ask"),
            Refusal::CannotWithdraw(_) => (StatusCode::BAD_REQUEST, "insufficient_funds_withdraw"),
            Refusal::NoOrder => (StatusCode::NOT_FOUND, "order_not_found"),
            Refusal::NoTransfer => (StatusCode::NOT_FOUND, "withdraw_not_found"),
            Refusal::Broken(_) => (StatusCode::INTERNAL_SERVER_ERROR, "server_error"),
        };
        Self::new(status, name, refusal.to_string())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = Json(json!({"error": {"name": self.name, "message": self.message}}));
        (self.status, [(ERROR_NAME, self.name)], body).into_response()
    }
}
