//! Requests to the API, as a program makes them.

use serde_json::Value;
use std::time::Duration;

/// An answer: its status and its document.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

/// Sends a request; `None` if there was no whole answer.
pub(crate) fn send(server: &str, token: &str, path: &str, write: Option<(&str, &Value)>) -> Option<Answer> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(30)))
        .build()
        .into();
    let bearer = format!("Bearer {token}");
    let sent = match write {
        None => agent.get(format!("{server}{path}")).header("Authorization", &bearer).call(),
        Some((idempotency, body)) => agent
            .post(format!("{server}{path}"))
            .header("Authorization", &bearer)
            .header("Idempotency-Key", idempotency)
            .header("Content-Type", "application/json")
            .send(&body.to_string()),
    };
    let mut answer = sent.ok()?;
    let status = answer.status().as_u16();
    let text = answer.body_mut().read_to_string().ok()?;
    Some(Answer { status, body: serde_json::from_str(&text).unwrap_or(Value::Null) })
}

/// The token that a profile of `sumun login` holds.
pub(crate) fn token(profile_text: &str) -> String {
    let profile: Value = serde_json::from_str(profile_text).unwrap();
    profile["token"].as_str().unwrap().to_owned()
}
