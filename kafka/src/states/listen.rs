//! The address that the control plane's actuator asks: one path, one method.

use super::message::{Signed, State};
use super::topic::{States, WriteError};
use crate::clock;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State as Held};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::json;
use std::sync::Arc;
use tracing::warn;
use zeroize::Zeroizing;

/// Largest message: one key's state has some hundred bytes.
const BODY_BYTES_MAX: usize = 64 << 10;

struct Desk {
    states: Arc<States>,
    secret: Zeroizing<Vec<u8>>,
}

/// What can be asked.
pub(super) fn routes(states: Arc<States>, secret: Zeroizing<Vec<u8>>) -> Router {
    let desk = Arc::new(Desk { states, secret });
    Router::new().route("/", post(take)).layer(DefaultBodyLimit::max(BODY_BYTES_MAX)).with_state(desk)
}

fn no(status: StatusCode, code: &str, detail: &str) -> Response {
    warn!(code, "A message is not taken: {detail}");
    answer_no(status, code, detail)
}

fn answer_no(status: StatusCode, code: &str, detail: &str) -> Response {
    let body = json!({ "code": code, "detail": detail }).to_string();
    (status, [("content-type", "application/json")], body).into_response()
}

async fn take(Held(desk): Held<Arc<Desk>>, headers: HeaderMap, body: Bytes) -> Response {
    let header =
        |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let [id, timestamp, signature] = super::message::HEADERS.map(header);
    let signed = Signed { id, timestamp, signature };
    let Ok(text) = std::str::from_utf8(&body) else {
        return no(StatusCode::BAD_REQUEST, "bad_message", "it is not UTF-8");
    };
    if let Err(why) = signed.check(&desk.secret, text, clock::now()) {
        return no(StatusCode::UNAUTHORIZED, "not_signed", &why.to_string());
    }
    let state = match State::read(&body) {
        Ok(state) => state,
        Err(why) => return no(StatusCode::BAD_REQUEST, "bad_message", &why),
    };
    let (key, states) = (state.key.clone(), Arc::clone(&desk.states));
    match states.write(state, body.to_vec(), signed).await {
        // The receipt: the control plane keeps the digest of this text, which whoever reads the topic can make again.
        Ok(place) => {
            let topic = desk.states.name();
            let (version, partition, offset) = (place.version, place.partition, place.offset);
            let text = json!({ "key": key, "offset": offset, "partition": partition, "topic": topic, "version": version });
            (StatusCode::OK, [("content-type", "application/json")], text.to_string()).into_response()
        }
        // Why it was not written is said where it was tried.
        Err(error @ WriteError::Older { .. }) => answer_no(StatusCode::CONFLICT, "older", &error.to_string()),
        Err(error @ WriteError::Busy) => {
            no(StatusCode::SERVICE_UNAVAILABLE, "not_written", &error.to_string())
        }
        Err(error) => answer_no(StatusCode::SERVICE_UNAVAILABLE, "not_written", &error.to_string()),
    }
}
