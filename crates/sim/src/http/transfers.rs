//! Withdrawals and deposits.

use super::accounts::holding;
use super::error::ApiError;
use super::params::Private;
use super::view::text;
use super::{Shared, locked};
use crate::clock;
use crate::venue::order::{UuidKind, number_of};
use crate::venue::transfer::{Direction, NewWithdrawal, Transfer, TransferState, withdrawal_fee};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};
use std::sync::Arc;

/// Most transfers in one listing.
const LISTING_MAX: usize = 100;

type Answer = Result<Json<Value>, ApiError>;

fn transfer(one: &Transfer) -> Value {
    let withdrawal = one.direction == Direction::Withdrawal;
    let state = match one.state {
        TransferState::Processing => "PROCESSING",
        TransferState::Accepted => "ACCEPTED",
        TransferState::Cancelled => "CANCELLED",
    };
    let done = one.state == TransferState::Accepted;
    json!({
        "type": if withdrawal { "withdraw" } else { "deposit" },
        "uuid": one.uuid(),
        "currency": one.ask.asset,
        "net_type": one.ask.network,
        "txid": if withdrawal { Value::Null } else { format!("made-up-{}", one.number).into() },
        "state": state,
        "created_at": clock::korean(one.created_ms),
        "done_at": done.then(|| clock::korean(one.created_ms)),
        "amount": text(one.ask.amount),
        "fee": text(one.fee),
        "transaction_type": "default",
        "is_cancelable": withdrawal && one.state == TransferState::Processing && one.ask.asset != "KRW",
    })
}

fn listing(shared: &Shared, asked: &Private, direction: Direction) -> Answer {
    let venue = locked(&shared.venue);
    let limit = asked.params.count("limit", LISTING_MAX, LISTING_MAX)?;
    let skipped = (asked.params.count("page", 1, usize::MAX)?.max(1) - 1).saturating_mul(limit);
    let asset = asked.params.get("currency");
    let all = venue
        .transfers
        .list(asked.account, direction)
        .filter(|one| asset.is_none_or(|asset| one.ask.asset == asset))
        .skip(skipped)
        .take(limit);
    Ok(Json(all.map(transfer).collect()))
}

fn one(shared: &Shared, asked: &Private, direction: Direction) -> Answer {
    let venue = locked(&shared.venue);
    let (kind, name) = match direction {
        Direction::Deposit => (UuidKind::Deposit, "deposit_not_found"),
        Direction::Withdrawal => (UuidKind::Withdrawal, "withdraw_not_found"),
    };
    number_of(kind, asked.params.need("uuid")?)
        .and_then(|number| venue.transfers.get(asked.account, direction, number))
        .map(|found| Json(transfer(found)))
        .ok_or_else(|| ApiError::new(StatusCode::NOT_FOUND, name, "there is no such transfer"))
}

/// `GET /v1/withdraws`.
pub(super) async fn withdrawals(State(shared): State<Arc<Shared>>, asked: Private) -> Answer {
    listing(&shared, &asked, Direction::Withdrawal)
}

/// `GET /v1/withdraw`.
pub(super) async fn withdrawal(State(shared): State<Arc<Shared>>, asked: Private) -> Answer {
    one(&shared, &asked, Direction::Withdrawal)
}

/// `GET /v1/deposits`.
pub(super) async fn deposits(State(shared): State<Arc<Shared>>, asked: Private) -> Answer {
    listing(&shared, &asked, Direction::Deposit)
}

/// `GET /v1/deposit`.
pub(super) async fn deposit(State(shared): State<Arc<Shared>>, asked: Private) -> Answer {
    one(&shared, &asked, Direction::Deposit)
}

fn start(shared: &Shared, ask: NewWithdrawal) -> Result<(StatusCode, Json<Value>), ApiError> {
    let mut venue = locked(&shared.venue);
    let (account, asset) = (ask.account, ask.asset.clone());
    let started = venue.withdraw(ask, clock::now_ms())?;
    shared.tell(vec![crate::venue::Happening::Assets { account, assets: [asset].into() }]);
    Ok((StatusCode::CREATED, Json(transfer(&started))))
}

/// `POST /v1/withdraws/coin`.
pub(super) async fn withdraw_coin(
    State(shared): State<Arc<Shared>>,
    asked: Private,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let Private { account, params } = asked;
    let asset = params.need("currency")?.to_owned();
    let ask = NewWithdrawal {
        account,
        // Older clients name no network: it is then the asset's own.
        network: Some(params.get("net_type").unwrap_or(&asset).to_owned()),
        amount: params.decimal("amount")?,
        address: Some(params.need("address")?.to_owned()),
        secondary_address: params.get("secondary_address").map(str::to_owned),
        asset,
    };
    start(&shared, ask)
}

/// `POST /v1/withdraws/krw`.
pub(super) async fn withdraw_krw(
    State(shared): State<Arc<Shared>>,
    asked: Private,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let ask = NewWithdrawal {
        account: asked.account,
        asset: "KRW".to_owned(),
        network: None,
        amount: asked.params.decimal("amount")?,
        address: None,
        secondary_address: None,
    };
    start(&shared, ask)
}

/// `DELETE /v1/withdraws/coin`.
pub(super) async fn cancel_withdrawal(State(shared): State<Arc<Shared>>, asked: Private) -> Answer {
    let mut venue = locked(&shared.venue);
    let number = number_of(UuidKind::Withdrawal, asked.params.need("uuid")?).unwrap_or(0);
    let cancelled = venue.cancel_withdrawal(asked.account, number)?;
    let assets = [cancelled.ask.asset.clone()].into();
    shared.tell(vec![crate::venue::Happening::Assets { account: asked.account, assets }]);
    Ok(Json(transfer(&cancelled)))
}

/// `GET /v1/withdraws/chance`.
pub(super) async fn withdraw_chance(State(shared): State<Arc<Shared>>, asked: Private) -> Answer {
    let venue = locked(&shared.venue);
    let asset = asked.params.need("currency")?;
    let coin = asset != "KRW";
    Ok(Json(json!({
        "member_level": {
            "security_level": 3, "fee_level": 0, "email_verified": true, "identity_auth_verified": true,
            "bank_account_verified": true, "two_factor_auth_verified": true, "locked": false, "wallet_locked": false,
        },
        "currency": {
            "code": asset, "withdraw_fee": text(withdrawal_fee(asset)), "is_coin": coin,
            "wallet_state": "working", "wallet_support": ["deposit", "withdraw"],
        },
        "account": holding(asset, &venue.balances().holding(asked.account, asset)),
        "withdraw_limit": {
            "currency": asset, "minimum": "0.0001", "remaining_daily_fiat": "1000000000", "fiat_currency": "KRW",
            "withdraw_delayed_fiat": "0", "fixed": 8, "can_withdraw": true,
        },
    })))
}

/// A made-up address; nothing can be sent there.
fn address(asset: &str) -> String {
    format!("made-up-address-{}", asset.to_lowercase())
}

/// `GET /v1/withdraws/coin_addresses`.
pub(super) async fn withdraw_addresses(State(shared): State<Arc<Shared>>, _asked: Private) -> Json<Value> {
    let venue = locked(&shared.venue);
    let registered = |asset: &str, name: &str| json!({"currency": asset, "net_type": asset, "network_name": name, "withdraw_address": address(asset), "secondary_address": null});
    Json(venue.markets().map(|market| registered(&market.facts.base, &market.facts.names.1)).collect())
}

fn own_address(asset: &str) -> Value {
    json!({"currency": asset, "net_type": asset, "deposit_address": address(asset), "secondary_address": null})
}

/// `GET /v1/deposits/coin_addresses`.
pub(super) async fn deposit_addresses(State(shared): State<Arc<Shared>>, _asked: Private) -> Json<Value> {
    let venue = locked(&shared.venue);
    Json(venue.markets().map(|market| own_address(&market.facts.base)).collect())
}

/// `GET /v1/deposits/coin_address`, and `POST /v1/deposits/generate_coin_address`: the address is there already.
pub(super) async fn deposit_address(asked: Private) -> Answer {
    Ok(Json(own_address(asked.params.need("currency")?)))
}
