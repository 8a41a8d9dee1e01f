//! The checked-in table of refusals, read as it stands.

use serde::Deserialize;
use std::path::{Path, PathBuf};

#[derive(Debug, Deserialize)]
pub(crate) struct Table {
    #[serde(rename = "refusal")]
    pub(crate) rows: Vec<Row>,
    pub(crate) websocket: WebSocket,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Row {
    pub(crate) reason: String,
    pub(crate) status: u16,
    name: String,
    pub(crate) message: String,
    body: String,
    pub(crate) ccxt: String,
    pub(crate) upbit_sdk: String,
    pub(crate) pyupbit_read: String,
    pub(crate) pyupbit_order: String,
    pub(crate) emitted: bool,
}

#[derive(Debug, Deserialize)]
pub(crate) struct WebSocket {
    pub(crate) close_code: u16,
    pub(crate) close_reason: String,
    pub(crate) ccxt_pro_close: String,
    pub(crate) ccxt_pro_upgrade: String,
    pub(crate) upbit_sdk_close: String,
    pub(crate) upbit_sdk_upgrade: String,
    refusal: Vec<Frame>,
}

#[derive(Debug, Deserialize)]
struct Frame {
    reason: String,
    frame: String,
}

impl Table {
    pub(crate) fn path() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../dialect/data/upbit-refusals.toml")
    }

    pub(crate) fn read() -> Self {
        toml::from_str(&std::fs::read_to_string(Self::path()).unwrap()).unwrap()
    }

    pub(crate) fn row(&self, reason: &str) -> &Row {
        self.rows.iter().find(|row| row.reason == reason).unwrap_or_else(|| panic!("no row `{reason}`"))
    }

    /// The frame that answers a refused message, as JSON.
    pub(crate) fn frame(&self, reason: &str) -> serde_json::Value {
        let row = self.websocket.refusal.iter().find(|row| row.reason == reason).unwrap();
        serde_json::from_str(&row.frame).unwrap()
    }
}

impl Row {
    /// The bytes sent: compact JSON, `name` before `message`.
    pub(crate) fn text(&self) -> String {
        let quoted = |text: &str| serde_json::to_string(text).unwrap();
        let inner = format!(r#"{{"name":{},"message":{}}}"#, quoted(&self.name), quoted(&self.message));
        match self.body.as_str() {
            "error" => format!(r#"{{"error":{inner}}}"#),
            "flat" => inner,
            other => panic!("no shape `{other}`"),
        }
    }
}
