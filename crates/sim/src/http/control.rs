//! The control listener: what was received, a reset, a delay. For tests; never on the exchange's own listener.
//!
//! | route | does |
//! |---|---|
//! | `GET /_mock/requests?after=N` | everything received, oldest first, as a JSON array; with `after`, only what has a larger number |
//! | `POST /_mock/reset` | venue, nonces, request list and delay as at the start |
//! | `POST /_mock/delay?ms=N` | every later request waits N milliseconds before it is carried out |
//! | `POST /_mock/keys?account=A1&access_key=K` | a key of that account that was issued since the start is known from now on |
//! | `GET /_mock/healthz` | 200 |
//!
//! Beside them, for a back office: [`super::keys`]; for a front of the exchange's own: [`super::front`].

use super::params::Params;
use super::record::Received;
use super::{Shared, locked};
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The control routes.
pub fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/_mock/requests", get(requests))
        .route("/_mock/reset", post(reset))
        .route("/_mock/delay", post(delay))
        .route("/_mock/keys", post(issued))
        .route("/_mock/healthz", get(|| async { StatusCode::OK }))
        .with_state(Arc::clone(&shared))
        .merge(super::front::router(Arc::clone(&shared)))
        .merge(super::keys::router(shared))
}

async fn requests(State(shared): State<Arc<Shared>>, RawQuery(query): RawQuery) -> Json<Vec<Received>> {
    let params = Params::of_form(query.as_deref().unwrap_or(""));
    let after: u64 = params.get("after").and_then(|after| after.parse().ok()).unwrap_or(0);
    Json(locked(&shared.requests).received.iter().filter(|entry| entry.number > after).cloned().collect())
}

async fn reset(State(shared): State<Arc<Shared>>) -> StatusCode {
    match shared.reset() {
        Ok(()) => StatusCode::NO_CONTENT,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

async fn delay(State(shared): State<Arc<Shared>>, RawQuery(query): RawQuery) -> StatusCode {
    let params = Params::of_form(query.as_deref().unwrap_or(""));
    let Some(ms) = params.get("ms").and_then(|ms| ms.parse().ok()) else {
        return StatusCode::BAD_REQUEST;
    };
    shared.delay_ms.store(ms, Ordering::Relaxed);
    StatusCode::NO_CONTENT
}

async fn issued(State(shared): State<Arc<Shared>>, RawQuery(query): RawQuery) -> StatusCode {
    let params = Params::of_form(query.as_deref().unwrap_or(""));
    match (params.get("account"), params.get("access_key")) {
        (Some(account), Some(key)) if shared.issue(account, key) => StatusCode::NO_CONTENT,
        _ => StatusCode::BAD_REQUEST,
    }
}
