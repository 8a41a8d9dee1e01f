//! How a "no" is said: status and body that the exchange's own client libraries understand. Read from data.

use http::StatusCode;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use sumun_model::Reason;

/// One refusal, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// HTTP status.
    pub status: StatusCode,
    /// The exchange's error name.
    pub name: String,
    /// What to do, for the key's owner. Never assembled from the request.
    pub message: String,
    /// The body, compact JSON, sent as [`Refusal::CONTENT_TYPE`].
    pub body: String,
    /// `false` where the rule behind the reason is not built: the gate never sends it.
    pub emitted: bool,
    /// What real client libraries make of it.
    pub clients: ClientBehaviour,
}

impl Refusal {
    /// Content type of [`Refusal::body`].
    pub const CONTENT_TYPE: &'static str = "application/json; charset=utf-8";
}

/// What real clients were seen to do when answered with exactly this refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientBehaviour {
    /// Exception raised by ccxt.
    pub ccxt: String,
    /// Exception raised by upbit-sdk.
    pub upbit_sdk: String,
    /// What a reading call of pyupbit does.
    pub pyupbit_read: String,
    /// What an order call of pyupbit does.
    pub pyupbit_order: String,
}

/// How a client's message on a stream, or the stream itself, is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamRefusal {
    /// Close code, when the key may no longer stream.
    pub close_code: u16,
    /// Close reason.
    pub close_reason: String,
    frames: HashMap<Reason, String>,
}

impl StreamRefusal {
    /// The text frame for a refused message. Reasons without a frame of their own get the one of `scope_missing`.
    #[must_use]
    pub fn frame(&self, reason: Reason) -> &str {
        let frame = self.frames.get(&reason).or_else(|| self.frames.get(&Reason::ScopeMissing));
        frame.map_or("", String::as_str)
    }
}

/// The whole table of a dialect.
#[derive(Debug)]
pub(crate) struct RefusalTable {
    refusals: HashMap<Reason, Refusal>,
    pub(crate) stream: StreamRefusal,
}

impl RefusalTable {
    /// Reads a data file; every reason must have exactly one row.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|e| e.to_string())?;
        let mut refusals = HashMap::new();
        for row in file.refusal {
            let reason = row.reason;
            if refusals.insert(reason, row.into_refusal()?).is_some() {
                return Err(format!("refusal `{reason}` is there twice"));
            }
        }
        if let Some(missing) = Reason::ALL.iter().find(|r| !refusals.contains_key(r)) {
            return Err(format!("refusal `{missing}` is missing"));
        }
        let frames: HashMap<_, _> = file.websocket.refusal.into_iter().map(|f| (f.reason, f.frame)).collect();
        if !frames.contains_key(&Reason::ScopeMissing) {
            return Err("the websocket frame of `scope_missing` is missing".to_owned());
        }
        let (close_code, close_reason) = (file.websocket.close_code, file.websocket.close_reason);
        Ok(Self { refusals, stream: StreamRefusal { close_code, close_reason, frames } })
    }

    pub(crate) fn get(&self, reason: Reason) -> &Refusal {
        #[expect(clippy::expect_used, reason = "INVARIANT: parse() found a row for every reason")]
        self.refusals.get(&reason).expect("every reason has a row")
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    refusal: Vec<Row>,
    websocket: Websocket,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    reason: Reason,
    status: u16,
    name: String,
    message: String,
    body: Shape,
    ccxt: String,
    upbit_sdk: String,
    pyupbit_read: String,
    pyupbit_order: String,
    emitted: bool,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Shape {
    Error,
    Flat,
}

#[derive(Deserialize)]
struct Websocket {
    close_code: u16,
    close_reason: String,
    refusal: Vec<FrameRow>,
    // The other members record what clients were seen to do; the probe that wrote the file checks them.
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FrameRow {
    reason: Reason,
    frame: String,
}

#[derive(Serialize)]
struct Flat<'a> {
    name: &'a str,
    message: &'a str,
}

#[derive(Serialize)]
struct Enveloped<'a> {
    error: Flat<'a>,
}

impl Row {
    fn into_refusal(self) -> Result<Refusal, String> {
        let flat = Flat { name: &self.name, message: &self.message };
        let body = match self.body {
            Shape::Flat => serde_json::to_string(&flat),
            Shape::Error => serde_json::to_string(&Enveloped { error: flat }),
        };
        Ok(Refusal {
            body: body.map_err(|e| e.to_string())?,
            status: StatusCode::from_u16(self.status)
                .map_err(|e| format!("refusal `{}`: {e}", self.reason))?,
            reason: self.reason,
            name: self.name,
            message: self.message,
            emitted: self.emitted,
            clients: ClientBehaviour {
                ccxt: self.ccxt,
                upbit_sdk: self.upbit_sdk,
                pyupbit_read: self.pyupbit_read,
                pyupbit_order: self.pyupbit_order,
            },
        })
    }
}

/// What Upbit writes in `min`, a field that no longer means anything.
const DEAD_MINUTE_FIELD: u32 = 1800;

/// The text of Upbit's `Remaining-Req` header.
///
/// pyupbit 0.2.34 fails on a response without it, and on a group with characters outside `a-z` and `-`; others are
/// left out of the text.
#[must_use]
pub fn remaining_req(group: &str, remaining_per_second: u32) -> String {
    let group: String = group.chars().filter(|c| c.is_ascii_lowercase() || *c == '-').collect();
    let group = if group.is_empty() { "default" } else { &group };
    format!("group={group}; min={DEAD_MINUTE_FIELD}; sec={remaining_per_second}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remaining_req_has_upbits_shape() {
        assert_eq!(remaining_req("order-cancel-all", 29), "group=order-cancel-all; min=1800; sec=29");
        assert_eq!(remaining_req("a; sec=1\r\n", 0), "group=asec; min=1800; sec=0");
        assert_eq!(remaining_req("", 0), "group=default; min=1800; sec=0");
    }
}
