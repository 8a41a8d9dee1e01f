//! One call, or one message: made of a row, sent, its answer judged. Blocks: it runs beside the runtime.

use super::settings::Settings;
use crate::clock;
use http::{HeaderName, HeaderValue};
use sha2::{Digest, Sha256};
use sumun_actuator::{Said, webhook};
use sumun_govern::actuator::{Acknowledged, ActuationRow};

/// Most of an answer that is read and judged, in bytes.
const ANSWER_BYTES_MAX: u64 = 64 << 10;

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// The destination said that it is so.
    Done(Acknowledged),
    /// To be tried again, soon or late.
    Not {
        /// Why.
        cause: String,
        /// Asking the same again will be answered the same.
        refused: bool,
    },
}

fn not(cause: impl Into<String>, refused: bool) -> Sent {
    Sent::Not { cause: cause.into(), refused }
}

/// What is to be sent: how, where to, with what.
struct Request {
    method: &'static str,
    url: String,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Option<String>,
}

/// Sends what a row says.
pub(super) fn send(settings: &Settings, row: &ActuationRow, venue: &str) -> Sent {
    let sent_us = clock::now().as_micros();
    let request = match request(settings, row, venue) {
        Ok(request) => request,
        Err(cause) => return not(cause, true),
    };
    let (status, body) = match exchange(&settings.agent, request) {
        Ok(answer) => answer,
        Err(cause) => return not(cause, false),
    };
    let said = if row.destination == settings.actuator.destination && settings.actuator.calls() {
        match settings.actuator.action(row.target.action()) {
            Some(action) => action.judge(status, &body),
            None => Said::Refused(format!("the file has no action `{}`", row.target.action().as_str())),
        }
    } else {
        match status {
            200..=299 => Said::Done { already: false },
            // The convention: gone for good.
            410 => Said::Refused("status 410: the subscriber wants no more messages".to_owned()),
            _ => Said::Again(format!("status {status}")),
        }
    };
    match said {
        Said::Done { already } => {
            let answer = hex::encode(Sha256::digest(&body));
            Sent::Done(Acknowledged { target: row.target, sent_us, status, answer, already })
        }
        Said::Again(cause) => not(cause, false),
        Said::Refused(cause) => not(cause, true),
    }
}

fn request(settings: &Settings, row: &ActuationRow, venue: &str) -> Result<Request, String> {
    let facts = row.facts(venue);
    if row.destination == settings.actuator.destination && settings.actuator.calls() {
        let made = settings.actuator.call(&facts, &settings.secrets);
        let call = made.ok_or("the file has no such action")?.map_err(|error| error.to_string())?;
        let mut headers = Vec::with_capacity(call.headers.len());
        for (name, text) in &call.headers {
            let mut value =
                HeaderValue::from_str(&text.text).map_err(|_| format!("header `{name}` cannot be sent"))?;
            value.set_sensitive(text.shown != *text.text);
            let name = HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| format!("header `{name}` cannot be sent"))?;
            headers.push((name, value));
        }
        return Ok(Request { method: call.method.as_str(), url: call.url, headers, body: call.body });
    }
    let one = settings.actuator.webhooks.iter().find(|one| one.name == row.destination);
    let one = one.ok_or_else(|| format!("the file names no destination `{}` any more", row.destination))?;
    let key = settings.signing.get(&one.name).ok_or("its secret is not there")?;
    let body = webhook::body(&facts);
    let signed = webhook::headers(key, &facts.idempotency_key, &body, clock::now());
    let mut headers = vec![(http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    for (name, text) in signed {
        let value = HeaderValue::from_str(&text).map_err(|_| format!("header `{name}` cannot be sent"))?;
        headers.push((HeaderName::from_static(name), value));
    }
    Ok(Request { method: "POST", url: one.url.clone(), headers, body: Some(body) })
}

/// Status and beginning of the answer; else why there is none.
fn exchange(agent: &ureq::Agent, request: Request) -> Result<(u16, Vec<u8>), String> {
    let mut head = http::Request::builder().method(request.method).uri(&request.url);
    for (name, value) in request.headers {
        head = head.header(name, value);
    }
    let malformed = |error: http::Error| format!("the call cannot be made: {error}");
    let sent = match request.body {
        Some(body) => agent.run(head.body(body).map_err(malformed)?),
        None => agent.run(head.body(()).map_err(malformed)?),
    };
    let mut response = sent.map_err(|error| format!("no answer: {error}"))?;
    let status = response.status().as_u16();
    let body = response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec();
    Ok((status, body.map_err(|error| format!("status {status}, and the answer broke off: {error}"))?))
}
