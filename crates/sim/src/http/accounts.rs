//! Balances, the key list, and the state of wallets.

use super::params::Private;
use super::view::text;
use super::{Shared, locked};
use crate::venue::AccountIndex;
use crate::venue::balances::Holding;
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use std::sync::Arc;

/// One balance in Upbit's words.
pub(super) fn holding(asset: &str, holding: &Holding) -> Value {
    json!({
        "currency": asset,
        "balance": text(holding.free),
        "locked": text(holding.locked),
        "avg_buy_price": text(holding.average_buy_price),
        "avg_buy_price_modified": false,
        "unit_currency": "KRW",
    })
}

/// `GET /v1/accounts`.
pub(super) async fn balances(State(shared): State<Arc<Shared>>, asked: Private) -> Json<Value> {
    let venue = locked(&shared.venue);
    Json(venue.balances().of(asked.account).map(|(asset, amount)| holding(asset, amount)).collect())
}

/// `GET /v1/api_keys`.
pub(super) async fn api_keys(State(shared): State<Arc<Shared>>, asked: Private) -> Json<Value> {
    let AccountIndex(index) = asked.account;
    let keys = shared.accounts.accounts.get(index).map(|account| account.keys.as_slice()).unwrap_or_default();
    Json(keys.iter().map(|key| json!({"access_key": key.access_key, "expire_at": key.expire_at})).collect())
}

/// `GET /v1/status/wallet`.
pub(super) async fn wallet_status(State(shared): State<Arc<Shared>>, _asked: Private) -> Json<Value> {
    let venue = locked(&shared.venue);
    let wallet = |asset: &str, name: &str| {
        json!({
            "currency": asset,
            "wallet_state": "working",
            "block_state": "normal",
            "block_height": 1,
            "block_updated_at": null,
            "block_elapsed_minutes": 0,
            "net_type": asset,
            "network_name": name,
        })
    };
    Json(venue.markets().map(|market| wallet(&market.facts.base, &market.facts.names.1)).collect())
}
