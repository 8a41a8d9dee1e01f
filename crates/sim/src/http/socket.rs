//! The WebSockets: private `myOrder` and `myAsset`, public `ticker`, `trade` and `orderbook`.
//!
//! A message is a JSON array: a ticket, then the types asked for; it replaces what was asked for before. `PING` as text is
//! answered with a status. Frames go out as text.

use super::error::ApiError;
use super::market_data::{book_fields, ticker_fields, trade_fields, with};
use super::order_view::my_order;
use super::record::Received;
use super::view::number;
use super::{Shared, auth, locked};
use crate::clock;
use crate::venue::order::{UuidKind, uuid};
use crate::venue::{AccountIndex, Happening, Market, Venue};
use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::broadcast::error::RecvError;

/// Price levels in an `orderbook` message, as on Upbit.
const LEVELS: usize = 15;

/// Who is at the other end, and what it asked for.
struct Conversation {
    shared: Arc<Shared>,
    path: String,
    /// None on the public socket.
    client: Option<(AccountIndex, String)>,
    wishes: Vec<Wish>,
}

/// One type asked for.
struct Wish {
    kind: String,
    /// Markets; empty: all.
    codes: BTreeSet<String>,
}

/// `GET /websocket/v1`.
pub(super) async fn public(
    State(shared): State<Arc<Shared>>,
    uri: Uri,
    upgrade: WebSocketUpgrade,
) -> Response {
    let talk = Conversation { shared, path: uri.path().to_owned(), client: None, wishes: Vec::new() };
    upgrade.on_upgrade(|socket| talk.hold(socket))
}

/// `GET /websocket/v1/private`.
pub(super) async fn private(
    State(shared): State<Arc<Shared>>,
    uri: Uri,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Result<Response, ApiError> {
    let token = auth::bearer(&headers)?;
    let (account, secret) = auth::account(&shared, &token)?;
    locked(&shared.key_api).admits(&token.claims.access_key, &axum::http::Method::GET)?;
    if shared.verify {
        auth::verify(&token, secret, uri.query().unwrap_or(""), b"", "")?;
        // No nonce check: clients keep the token of a private stream and reconnect with it.
    }
    let client = Some((account, token.claims.access_key));
    let talk = Conversation { shared, path: uri.path().to_owned(), client, wishes: Vec::new() };
    Ok(upgrade.on_upgrade(|socket| talk.hold(socket)))
}

fn error_frame(name: &str, message: &str) -> Value {
    json!({"error": {"name": name, "message": message}})
}

impl Conversation {
    async fn hold(mut self, mut socket: WebSocket) {
        let mut happenings = self.shared.happenings.subscribe();
        let mut stopping = self.shared.stopping.subscribe();
        loop {
            let answers = tokio::select! {
                received = socket.recv() => match received {
                    Some(Ok(Message::Text(text))) => self.heard(text.as_str()),
                    Some(Ok(Message::Binary(bytes))) => self.heard(&String::from_utf8_lossy(&bytes)),
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                },
                happening = happenings.recv() => match happening {
                    Ok(happening) => self.news(&happening),
                    Err(RecvError::Lagged(_) | RecvError::Closed) => return,
                },
                _ = stopping.recv() => {
                    let frame = CloseFrame { code: close_code::AWAY, reason: "the mock stops".into() };
                    // The connection may be gone already.
                    let _ = socket.send(Message::Close(Some(frame))).await;
                    return;
                }
            };
            for answer in answers {
                if socket.send(Message::Text(answer.to_string().into())).await.is_err() {
                    return;
                }
            }
        }
    }

    /// Answers to one message.
    fn heard(&mut self, text: &str) -> Vec<Value> {
        locked(&self.shared.requests).push(Received {
            number: 0,
            kind: "websocket_message",
            method: "GET".to_owned(),
            path: self.path.clone(),
            query: None,
            body: text.to_owned(),
            access_key: self.client.as_ref().map(|(_, key)| key.clone()),
            headers: Vec::new(),
            peer: None,
        });
        if text == "PING" {
            return vec![json!({"status": "UP"})];
        }
        match self.wishes(text) {
            Ok(wishes) => {
                self.wishes = wishes;
                self.snapshots()
            }
            Err(frame) => vec![frame],
        }
    }

    fn wishes(&self, text: &str) -> Result<Vec<Wish>, Value> {
        let parts: Vec<Value> = serde_json::from_str(text)
            .map_err(|_| error_frame("WRONG_FORMAT", "the message is not a JSON array"))?;
        if !parts.first().is_some_and(|part| part["ticket"].is_string()) {
            return Err(error_frame("NO_TICKET", "the message has no ticket"));
        }
        let known: &[&str] =
            if self.client.is_some() { &["myOrder", "myAsset"] } else { &["ticker", "trade", "orderbook"] };
        let mut wishes = Vec::new();
        for part in &parts {
            let Some(kind) = part["type"].as_str() else { continue };
            if !known.contains(&kind) {
                return Err(error_frame("INVALID_PARAM", "there is no such type here"));
            }
            let codes: BTreeSet<String> = part["codes"]
                .as_array()
                .map(|codes| codes.iter().filter_map(|code| code.as_str().map(str::to_owned)).collect())
                .unwrap_or_default();
            if self.client.is_none() && codes.is_empty() {
                return Err(error_frame("NO_CODES", "the type needs codes"));
            }
            wishes.push(Wish { kind: kind.to_owned(), codes });
        }
        if wishes.is_empty() {
            return Err(error_frame("NO_TYPE", "the message has no type"));
        }
        Ok(wishes)
    }

    fn wants(&self, kind: &str, code: &str) -> bool {
        self.wishes
            .iter()
            .any(|wish| wish.kind == kind && (wish.codes.is_empty() || wish.codes.contains(code)))
    }

    /// How the markets asked for stand now; nothing on the private socket, where only changes are told.
    fn snapshots(&self) -> Vec<Value> {
        if self.client.is_some() {
            return Vec::new();
        }
        let venue = locked(&self.shared.venue);
        venue.markets().flat_map(|market| self.market_news(market, "SNAPSHOT")).collect()
    }

    fn market_news(&self, market: &Market, stream: &str) -> Vec<Value> {
        let now_ms = clock::now_ms();
        let code = market.facts.id.as_str();
        let frame = |kind: &str, fields: Value| {
            with(fields, json!({"type": kind, "code": code, "stream_type": stream}))
        };
        let mut frames = Vec::new();
        if self.wants("ticker", code) {
            frames.push(frame("ticker", ticker_fields(market, now_ms)));
        }
        if self.wants("orderbook", code) {
            frames.push(frame("orderbook", book_fields(market, LEVELS, now_ms)));
        }
        if let (true, Some(trade)) = (self.wants("trade", code), market.trades.front()) {
            let more = json!({
                "trade_timestamp": trade.at_ms,
                "trade_date": clock::utc_as(trade.at_ms, "%Y-%m-%d"),
                "trade_time": clock::utc_as(trade.at_ms, "%H:%M:%S"),
                "change": "EVEN",
            });
            frames.push(frame("trade", with(trade_fields(market, trade), more)));
        }
        frames
    }

    /// What this client is told of something that happened.
    fn news(&self, happening: &Happening) -> Vec<Value> {
        match (happening, &self.client) {
            (Happening::Order { order, execution }, Some((account, _))) => {
                let theirs = order.ask.account == *account && self.wants("myOrder", &order.ask.market);
                theirs.then(|| my_order(order, execution.as_ref(), clock::now_ms())).into_iter().collect()
            }
            (Happening::Assets { account, assets }, Some((client, _))) if account == client => {
                let venue = locked(&self.shared.venue);
                self.wants("myAsset", "").then(|| my_asset(&venue, *account, assets)).into_iter().collect()
            }
            (Happening::Trade { market }, None) => {
                let venue = locked(&self.shared.venue);
                venue.market(market).map(|market| self.market_news(market, "REALTIME")).unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }
}

fn my_asset(venue: &Venue, account: AccountIndex, assets: &BTreeSet<String>) -> Value {
    let now_ms = clock::now_ms();
    let rows: Vec<Value> = assets
        .iter()
        .map(|asset| {
            let holding = venue.balances().holding(account, asset);
            json!({"currency": asset, "balance": number(holding.free), "locked": number(holding.locked)})
        })
        .collect();
    json!({
        "type": "myAsset",
        "asset_uuid": uuid(UuidKind::Asset, now_ms.unsigned_abs()),
        "assets": rows,
        "asset_timestamp": now_ms,
        "timestamp": now_ms,
        "stream_type": "REALTIME",
    })
}
