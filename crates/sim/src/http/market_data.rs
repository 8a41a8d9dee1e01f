//! Public market data: enough of it for client libraries to load markets and make simple calls.

use super::error::ApiError;
use super::params::{Params, Public};
use super::view::number;
use super::{Shared, locked};
use crate::clock::{self, korean_as, utc_as};
use crate::venue::book::Side;
use crate::venue::{Market, Trade, Venue};
use axum::Json;
use axum::extract::{Path, State};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use std::sync::Arc;

/// Price levels in an order book when the client does not say.
const LEVELS_DEFAULT: usize = 30;
/// Most candles or trades in one answer, as on Upbit.
const ROWS_MAX: usize = 200;

type Answer = Result<Json<Value>, ApiError>;

fn wanted<'a>(venue: &'a Venue, params: &Params, name: &str) -> Result<Vec<&'a Market>, ApiError> {
    params
        .need(name)
        .map(|_| params.list(name))?
        .into_iter()
        .map(|id| {
            venue.market(id).ok_or_else(|| {
                ApiError::new(axum::http::StatusCode::NOT_FOUND, "not_found", "Code not found")
            })
        })
        .collect()
}

/// `GET /v1/market/all`.
pub(super) async fn markets(State(shared): State<Arc<Shared>>, _asked: Public) -> Json<Value> {
    let row = |market: &Market| {
        let (korean, english) = &market.facts.names;
        json!({"market": market.facts.id, "korean_name": korean, "english_name": english, "market_warning": "NONE"})
    };
    Json(locked(&shared.venue).markets().map(row).collect())
}

/// A ticker without the field that names the market: REST and WebSocket call it differently.
pub(super) fn ticker_fields(market: &Market, now_ms: i64) -> Value {
    let opening = market.facts.reference_price;
    let last = market.last_price();
    let change = last - opening;
    let word = if change.is_zero() {
        "EVEN"
    } else if change > Decimal::ZERO {
        "RISE"
    } else {
        "FALL"
    };
    let rate = change / opening;
    let at_ms = market.trades.front().map_or(now_ms, |trade| trade.at_ms);
    let volume: Decimal = market.trades.iter().map(|trade| trade.quantity).sum();
    let funds: Decimal = market.trades.iter().map(|trade| trade.quantity * trade.price).sum();
    let newest = market.trades.front().map(|trade| trade.quantity).unwrap_or_default();
    json!({
        "trade_date": utc_as(at_ms, "%Y%m%d"),
        "trade_time": utc_as(at_ms, "%H%M%S"),
        "trade_date_kst": korean_as(at_ms, "%Y%m%d"),
        "trade_time_kst": korean_as(at_ms, "%H%M%S"),
        "trade_timestamp": at_ms,
        "opening_price": number(opening),
        "high_price": number(last.max(opening)),
        "low_price": number(last.min(opening)),
        "trade_price": number(last),
        "prev_closing_price": number(opening),
        "change": word,
        "change_price": number(change.abs()),
        "change_rate": number(rate.abs()),
        "signed_change_price": number(change),
        "signed_change_rate": number(rate),
        "trade_volume": number(newest),
        "acc_trade_price": number(funds),
        "acc_trade_price_24h": number(funds),
        "acc_trade_volume": number(volume),
        "acc_trade_volume_24h": number(volume),
        "highest_52_week_price": number(last.max(opening)),
        "highest_52_week_date": utc_as(at_ms, "%Y-%m-%d"),
        "lowest_52_week_price": number(last.min(opening)),
        "lowest_52_week_date": utc_as(at_ms, "%Y-%m-%d"),
        "timestamp": now_ms,
    })
}

/// `fields` with more members.
pub(super) fn with(mut fields: Value, more: Value) -> Value {
    if let (Value::Object(fields), Value::Object(more)) = (&mut fields, more) {
        fields.extend(more);
    }
    fields
}

fn ticker_row(market: &Market) -> Value {
    with(ticker_fields(market, clock::now_ms()), json!({"market": market.facts.id}))
}

/// `GET /v1/ticker`.
pub(super) async fn ticker(State(shared): State<Arc<Shared>>, Public(params): Public) -> Answer {
    let venue = locked(&shared.venue);
    Ok(Json(wanted(&venue, &params, "markets")?.into_iter().map(ticker_row).collect()))
}

/// `GET /v1/ticker/all`.
pub(super) async fn ticker_all(State(shared): State<Arc<Shared>>, _asked: Public) -> Json<Value> {
    Json(locked(&shared.venue).markets().map(ticker_row).collect())
}

/// An order book without the field that names the market.
pub(super) fn book_fields(market: &Market, levels: usize, now_ms: i64) -> Value {
    let (bids, asks) = (market.book.levels(Side::Bid, levels), market.book.levels(Side::Ask, levels));
    let total = |side: &[(Decimal, Decimal)]| number(side.iter().map(|(_, quantity)| quantity).sum());
    let units = bids.iter().zip(&asks).map(|((bid_price, bid_size), (ask_price, ask_size))| {
        json!({
            "ask_price": number(*ask_price),
            "bid_price": number(*bid_price),
            "ask_size": number(*ask_size),
            "bid_size": number(*bid_size),
        })
    });
    let units: Vec<Value> = units.collect();
    json!({
        "timestamp": now_ms,
        "total_ask_size": total(&asks),
        "total_bid_size": total(&bids),
        "orderbook_units": units,
        "level": 0,
    })
}

/// `GET /v1/orderbook`.
pub(super) async fn orderbook(State(shared): State<Arc<Shared>>, Public(params): Public) -> Answer {
    let venue = locked(&shared.venue);
    let levels = params.count("count", LEVELS_DEFAULT, LEVELS_DEFAULT)?;
    let row = |market: &Market| {
        with(book_fields(market, levels, clock::now_ms()), json!({"market": market.facts.id}))
    };
    Ok(Json(wanted(&venue, &params, "markets")?.into_iter().map(row).collect()))
}

/// `GET /v1/orderbook/instruments`.
pub(super) async fn instruments(State(shared): State<Arc<Shared>>, Public(params): Public) -> Answer {
    let venue = locked(&shared.venue);
    let row = |market: &Market| {
        json!({
            "market": market.facts.id,
            "quote_currency": market.facts.quote,
            "tick_size": market.facts.tick.to_string(),
            "supported_levels": ["0"],
        })
    };
    Ok(Json(wanted(&venue, &params, "markets")?.into_iter().map(row).collect()))
}

/// A trade without the field that names the market and its date and time.
pub(super) fn trade_fields(market: &Market, trade: &Trade) -> Value {
    let closing = market.facts.reference_price;
    let side = match trade.taker {
        Side::Bid => "BID",
        Side::Ask => "ASK",
    };
    json!({
        "timestamp": trade.at_ms,
        "trade_price": number(trade.price),
        "trade_volume": number(trade.quantity),
        "prev_closing_price": number(closing),
        "change_price": number(trade.price - closing),
        "ask_bid": side,
        "sequential_id": trade.number,
    })
}

/// `GET /v1/trades/ticks`.
pub(super) async fn trades(State(shared): State<Arc<Shared>>, Public(params): Public) -> Answer {
    let venue = locked(&shared.venue);
    let count = params.count("count", 1, ROWS_MAX)?;
    let row = |market: &Market, trade: &Trade| {
        let more = json!({
            "market": market.facts.id,
            "trade_date_utc": utc_as(trade.at_ms, "%Y-%m-%d"),
            "trade_time_utc": utc_as(trade.at_ms, "%H:%M:%S"),
        });
        with(trade_fields(market, trade), more)
    };
    let markets = wanted(&venue, &params, "market")?;
    Ok(Json(
        markets
            .into_iter()
            .flat_map(|market| market.trades.iter().take(count).map(|trade| row(market, trade)))
            .collect(),
    ))
}

/// Candles of a market that never moved: the mock keeps no history.
fn flat_candles(shared: &Shared, params: &Params, seconds: i64, unit: Option<i64>) -> Answer {
    let venue = locked(&shared.venue);
    let count = params.count("count", 1, ROWS_MAX)?;
    let length_ms = seconds * 1_000;
    let now_ms = clock::now_ms();
    let mut rows = Vec::new();
    for market in wanted(&venue, params, "market")? {
        let price = number(market.last_price());
        for back in 0..i64::try_from(count).unwrap_or(0) {
            let start = now_ms - now_ms.rem_euclid(length_ms) - back * length_ms;
            rows.push(json!({
                "market": market.facts.id,
                "candle_date_time_utc": utc_as(start, "%Y-%m-%dT%H:%M:%S"),
                "candle_date_time_kst": korean_as(start, "%Y-%m-%dT%H:%M:%S"),
                "opening_price": price,
                "high_price": price,
                "low_price": price,
                "trade_price": price,
                "timestamp": start,
                "candle_acc_trade_price": 0,
                "candle_acc_trade_volume": 0,
                "prev_closing_price": price,
                "change_price": 0,
                "change_rate": 0,
                "unit": unit,
            }));
        }
    }
    Ok(Json(Value::Array(rows)))
}

/// `GET /v1/candles/{seconds,days,weeks,months,years}`.
pub(super) async fn candles(
    State(shared): State<Arc<Shared>>,
    Path(unit): Path<String>,
    Public(params): Public,
) -> Answer {
    let days = |count: i64| count * 86_400;
    let seconds = match unit.as_str() {
        "seconds" => 1,
        "days" => days(1),
        "weeks" => days(7),
        "months" => days(30),
        "years" => days(365),
        _ => return Err(ApiError::no_route()),
    };
    flat_candles(&shared, &params, seconds, None)
}

/// `GET /v1/candles/minutes/{minutes}`.
pub(super) async fn minute_candles(
    State(shared): State<Arc<Shared>>,
    Path(minutes): Path<String>,
    Public(params): Public,
) -> Answer {
    /// The units Upbit has.
    const UNITS: [i64; 8] = [1, 3, 5, 10, 15, 30, 60, 240];
    let minutes =
        minutes.parse().ok().filter(|minutes| UNITS.contains(minutes)).ok_or_else(ApiError::no_route)?;
    flat_candles(&shared, &params, minutes * 60, Some(minutes))
}
