//! The key API that an exchange has of its own: its back office disables, restricts, enables and deletes keys by it. On the control
//! listener, behind a token; a key that it disabled is refused by the exchange itself.
//!
//! | route | does |
//! |---|---|
//! | `POST /admin/keys/{key}/disable` | no request of it is served |
//! | `POST /admin/keys/{key}/restrict` | only reading and cancelling |
//! | `POST /admin/keys/{key}/enable` | served again |
//! | `DELETE /admin/keys/{key}` | gone for good |
//!
//! Answers: `200 {"key":…,"state":…}`; `409` with code `already` where it was so; `404` with code `gone` after a deletion; `409` with code
//! `stale` for a lower `version` than it knows. A repeated `Idempotency-Key` gets its first answer again and does nothing.
//! `POST /_mock/key_api?answer=500|401|lie|ok&slow_ms=N` makes it fail, hang, or say yes and do nothing; `GET /_mock/key_api` is all it was
//! asked.

use super::error::ApiError;
use super::params::Params;
use super::{Shared, locked};
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// What the back office shows.
pub const ADMIN_TOKEN: &str = "MOCKxADMINxTOKENx0000000000000000";

/// What a key may do there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Served {
    /// Everything it was granted.
    #[default]
    Active,
    /// Reading and cancelling.
    Restricted,
    /// Nothing.
    Disabled,
    /// Nothing, for good.
    Deleted,
}

/// How it answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Answers {
    #[default]
    Truly,
    Fails(u16),
    /// Says that it is so, and does nothing.
    Lies,
}

/// What it is asked.
struct Request {
    key: String,
    wanted: Served,
    idempotency_key: Option<String>,
    version: Option<i64>,
    body: String,
}

/// One thing it was asked.
#[derive(Clone, Debug, Serialize)]
struct Asked {
    key: String,
    wanted: Served,
    idempotency_key: Option<String>,
    version: Option<i64>,
    body: String,
    status: u16,
    /// Whether it changed anything.
    changed: bool,
}

/// What it knows.
#[derive(Debug, Default)]
pub(crate) struct KeyApi {
    served: BTreeMap<String, (Served, i64)>,
    answered: BTreeMap<String, (u16, Value)>,
    answers: Answers,
    slow_ms: u64,
    /// Calls that came, answered or not.
    came: u64,
    asked: Vec<Asked>,
}

impl KeyApi {
    /// Whether a request of this method by this key is served.
    pub(crate) fn admits(&self, key: &str, method: &Method) -> Result<(), ApiError> {
        let no = |message: &str| Err(ApiError::unauthorized("invalid_access_key", message));
        match self.served.get(key).map_or(Served::Active, |(served, _)| *served) {
            Served::Active => Ok(()),
            Served::Restricted if method == Method::GET || method == Method::DELETE => Ok(()),
            Served::Restricted => no("this access key may only read and cancel"),
            Served::Disabled => no("this access key is disabled"),
            Served::Deleted => no("there is no such access key"),
        }
    }

    /// Does what it is asked, or what it was told to do instead; with how long the answer takes.
    fn answer(&mut self, request: Request) -> (StatusCode, Value, u64) {
        let Request { key, wanted, idempotency_key, version, body } = request;
        self.came += 1;
        let before = idempotency_key.as_ref().and_then(|key| self.answered.get(key)).cloned();
        let (status, answer, changed) = match (before, self.answers) {
            (Some((status, answer)), _) => (status, answer, false),
            (None, Answers::Fails(status)) => (status, json!({ "error": { "code": "made_up" } }), false),
            (None, Answers::Lies) => (200, json!({ "key": key, "state": wanted }), false),
            (None, Answers::Truly) => self.set(&key, wanted, version),
        };
        if let Some(idempotency_key) = idempotency_key.clone().filter(|_| status < 500 && status != 401) {
            self.answered.insert(idempotency_key, (status, answer.clone()));
        }
        self.asked.push(Asked { key, wanted, idempotency_key, version, body, status, changed });
        (StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), answer, self.slow_ms)
    }

    fn set(&mut self, key: &str, wanted: Served, version: Option<i64>) -> (u16, Value, bool) {
        let (served, known) = self.served.get(key).copied().unwrap_or_default();
        if served == Served::Deleted {
            return (404, json!({ "error": { "code": "gone" } }), false);
        }
        if version.is_some_and(|version| version < known) {
            return (409, json!({ "error": { "code": "stale", "version": known } }), false);
        }
        let version = version.unwrap_or(known);
        if served == wanted {
            self.served.insert(key.to_owned(), (served, version));
            return (409, json!({ "error": { "code": "already" }, "state": wanted }), false);
        }
        self.served.insert(key.to_owned(), (wanted, version));
        (200, json!({ "key": key, "state": wanted }), true)
    }
}

/// The key API, and what tests tell it.
pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route(
            "/admin/keys/{key}/disable",
            post(async |s, k, h, b| change(s, k, h, b, Served::Disabled).await),
        )
        .route(
            "/admin/keys/{key}/restrict",
            post(async |s, k, h, b| change(s, k, h, b, Served::Restricted).await),
        )
        .route("/admin/keys/{key}/enable", post(async |s, k, h, b| change(s, k, h, b, Served::Active).await))
        .route("/admin/keys/{key}", delete(async |s, k, h, b| change(s, k, h, b, Served::Deleted).await))
        .route("/_mock/key_api", get(asked).post(told))
        .with_state(shared)
}

async fn change(
    State(shared): State<Arc<Shared>>,
    Path(key): Path<String>,
    headers: HeaderMap,
    body: Bytes,
    wanted: Served,
) -> Response {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if text(header::AUTHORIZATION) != Some(&format!("Bearer {ADMIN_TOKEN}")) {
        return (StatusCode::UNAUTHORIZED, "who are you?").into_response();
    }
    let idempotency_key =
        headers.get("idempotency-key").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let said: Value = serde_json::from_slice(&body).unwrap_or_default();
    let body = String::from_utf8_lossy(&body).into_owned();
    let version = said.get("version").and_then(Value::as_i64);
    let (status, answer, slow_ms) =
        locked(&shared.key_api).answer(Request { key, wanted, idempotency_key, version, body });
    // It is done by now: whoever gives up waiting does not undo it.
    if slow_ms > 0 {
        tokio::time::sleep(Duration::from_millis(slow_ms)).await;
    }
    (status, Json(answer)).into_response()
}

async fn asked(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let api = locked(&shared.key_api);
    let served: BTreeMap<&String, Served> =
        api.served.iter().map(|(key, (served, _))| (key, *served)).collect();
    Json(json!({ "came": api.came, "asked": api.asked, "served": served }))
}

async fn told(State(shared): State<Arc<Shared>>, RawQuery(query): RawQuery) -> StatusCode {
    let params = Params::of_form(query.as_deref().unwrap_or(""));
    let mut api = locked(&shared.key_api);
    api.answers = match params.get("answer") {
        None | Some("ok") => Answers::Truly,
        Some("lie") => Answers::Lies,
        Some(status) => match status.parse() {
            Ok(status) => Answers::Fails(status),
            Err(_) => return StatusCode::BAD_REQUEST,
        },
    };
    api.slow_ms = params.get("slow_ms").and_then(|ms| ms.parse().ok()).unwrap_or(0);
    StatusCode::NO_CONTENT
}
