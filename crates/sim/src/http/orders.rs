//! Orders: placing, cancelling, looking up.

use super::accounts::holding;
use super::error::ApiError;
use super::order_view::{fee_text, order, order_with_trades};
use super::params::{Params, Private};
use super::view::text;
use super::{Shared, locked};
use crate::clock;
use crate::venue::book::{OrderId, Side};
use crate::venue::order::{NewOrder, Order, OrderState, Terms, TimeInForce, UuidKind, number_of};
use crate::venue::{AccountIndex, FUNDS_MAX, FUNDS_MIN, Happening, Venue};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};
use std::sync::Arc;

/// Most orders in one listing.
const LISTING_MAX: usize = 1_000;
/// Orders in a listing when the client does not say.
const LISTING_DEFAULT: usize = 100;
/// Orders cancelled by one `DELETE /v1/orders/open`, as on Upbit.
const CANCEL_OPEN_MAX: usize = 300;

type Answer = Result<Json<Value>, ApiError>;

fn no_order() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "order_not_found", "there is no such order")
}

/// The order a request names by `uuid` or `identifier`.
fn named<'a>(
    venue: &'a Venue,
    account: AccountIndex,
    uuid: Option<&str>,
    identifier: Option<&str>,
) -> Option<&'a Order> {
    match (uuid, identifier) {
        (Some(uuid), _) => venue.order(account, OrderId(number_of(UuidKind::Order, uuid)?)),
        (None, Some(identifier)) => venue.order_named(account, identifier),
        (None, None) => None,
    }
}

fn need_named<'a>(venue: &'a Venue, asked: &Private, prefix: &str) -> Result<&'a Order, ApiError> {
    let (uuid, identifier) = (format!("{prefix}uuid"), format!("{prefix}identifier"));
    let (uuid, identifier) = (asked.params.get(&uuid), asked.params.get(&identifier));
    if uuid.is_none() && identifier.is_none() {
        return Err(ApiError::validation("uuid or identifier is missing"));
    }
    named(venue, asked.account, uuid, identifier).ok_or_else(no_order)
}

/// Reads type, price and volume; `prefix` is `new_` for the second half of `cancel_and_new`.
fn terms(params: &Params, prefix: &str, side: Side) -> Result<Terms, ApiError> {
    let field = |name: &str| format!("{prefix}{name}");
    match (params.need(&field("ord_type"))?, side) {
        ("limit", _) => Ok(Terms::Limit {
            price: params.decimal(&field("price"))?,
            quantity: params.decimal(&field("volume"))?,
        }),
        ("price", Side::Bid) => Ok(Terms::Spend { funds: params.decimal(&field("price"))? }),
        ("market", Side::Ask) => Ok(Terms::Sell { quantity: params.decimal(&field("volume"))? }),
        _ => Err(ApiError::validation("ord_type does not have a valid value")),
    }
}

fn time_in_force(params: &Params, name: &str) -> Result<Option<TimeInForce>, ApiError> {
    match params.get(name) {
        None => Ok(None),
        Some("ioc") => Ok(Some(TimeInForce::Ioc)),
        Some("fok") => Ok(Some(TimeInForce::Fok)),
        Some("post_only") => Ok(Some(TimeInForce::PostOnly)),
        Some(_) => Err(ApiError::validation(format!("{name} does not have a valid value"))),
    }
}

/// `POST /v1/orders`.
pub(super) async fn create(
    State(shared): State<Arc<Shared>>,
    asked: Private,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let side = match asked.params.need("side")? {
        "bid" => Side::Bid,
        "ask" => Side::Ask,
        _ => return Err(ApiError::validation("side is missing, side does not have a valid value")),
    };
    let new = NewOrder {
        account: asked.account,
        market: asked.params.need("market")?.to_owned(),
        side,
        terms: terms(&asked.params, "", side)?,
        time_in_force: time_in_force(&asked.params, "time_in_force")?,
        identifier: asked.params.get("identifier").map(str::to_owned),
    };
    let mut venue = locked(&shared.venue);
    let (id, happenings) = venue.place(new, clock::now_ms())?;
    // As on Upbit, the answer shows the order as it was taken, before it traded.
    let taken = happenings.iter().find_map(|happening| match happening {
        Happening::Order { order: first, .. } if first.id == id => Some(order(first)),
        _ => None,
    });
    shared.tell(happenings);
    Ok((StatusCode::CREATED, Json(taken.unwrap_or_default())))
}

/// `GET /v1/order`.
pub(super) async fn get(State(shared): State<Arc<Shared>>, asked: Private) -> Answer {
    let venue = locked(&shared.venue);
    Ok(Json(order_with_trades(need_named(&venue, &asked, "")?)))
}

/// `DELETE /v1/order`. The answer shows the order as it was before.
pub(super) async fn cancel(State(shared): State<Arc<Shared>>, asked: Private) -> Answer {
    let mut venue = locked(&shared.venue);
    let found = need_named(&venue, &asked, "")?;
    let (id, before) = (found.id, order(found));
    let happenings = venue.cancel(asked.account, id)?;
    shared.tell(happenings);
    Ok(Json(before))
}

/// `POST /v1/orders/cancel_and_new`.
pub(super) async fn cancel_and_new(
    State(shared): State<Arc<Shared>>,
    asked: Private,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let mut venue = locked(&shared.venue);
    let old = need_named(&venue, &asked, "prev_order_")?.clone();
    let mut params = asked.params;
    if params.get("new_volume") == Some("remain_only") {
        params = params.with("new_volume", &old.remaining().unwrap_or_default().to_string());
    }
    let new = NewOrder {
        account: asked.account,
        market: old.ask.market.clone(),
        side: old.ask.side,
        terms: terms(&params, "new_", old.ask.side)?,
        time_in_force: time_in_force(&params, "new_time_in_force")?,
        identifier: params.get("new_identifier").map(str::to_owned),
    };
    let identifier = new.identifier.clone();
    shared.tell(venue.cancel(asked.account, old.id)?);
    let (id, happenings) = venue.place(new, clock::now_ms())?;
    shared.tell(happenings);
    let new_uuid = venue.order(asked.account, id).map(Order::uuid);
    let mut answer = order(&old);
    if let Value::Object(members) = &mut answer {
        members.insert("new_order_uuid".to_owned(), new_uuid.into());
        members.insert("new_order_identifier".to_owned(), identifier.into());
    }
    Ok((StatusCode::CREATED, Json(answer)))
}

/// One page of orders.
fn page<'a>(orders: impl Iterator<Item = &'a Order>, params: &Params) -> Answer {
    let market = params.get("market");
    let limit = params.count("limit", LISTING_DEFAULT, LISTING_MAX)?;
    let page = params.count("page", 1, usize::MAX)?.max(1);
    // A cursor names the last order already seen.
    let after = params.get("cursor");
    let mut all: Vec<&Order> =
        orders.filter(|order| market.is_none_or(|market| order.ask.market == market)).collect();
    if params.get("order_by") == Some("asc") {
        all.reverse();
    }
    if let Some(at) = after.and_then(|uuid| all.iter().position(|order| order.uuid() == uuid)) {
        all.drain(..=at);
    }
    let skipped = (page - 1).saturating_mul(limit);
    Ok(Json(all.into_iter().skip(skipped).take(limit).map(order).collect()))
}

/// Whether a listing that names states wants this one.
fn wants(params: &Params, state: OrderState) -> bool {
    let states: Vec<&str> = params.list("state").into_iter().chain(params.list("states")).collect();
    states.is_empty() || states.contains(&state.as_str())
}

/// `GET /v1/orders/open`.
pub(super) async fn open(State(shared): State<Arc<Shared>>, asked: Private) -> Answer {
    let venue = locked(&shared.venue);
    page(venue.open_orders(asked.account).filter(|order| wants(&asked.params, order.state)), &asked.params)
}

/// `GET /v1/orders/closed`.
pub(super) async fn closed(State(shared): State<Arc<Shared>>, asked: Private) -> Answer {
    let venue = locked(&shared.venue);
    page(venue.ended_orders(asked.account).filter(|order| wants(&asked.params, order.state)), &asked.params)
}

/// `GET /v1/orders`, the older listing: open orders unless `state` says otherwise.
pub(super) async fn list(State(shared): State<Arc<Shared>>, asked: Private) -> Answer {
    let venue = locked(&shared.venue);
    if asked.params.get("state").is_none_or(|state| state == "wait" || state == "watch") {
        return page(venue.open_orders(asked.account), &asked.params);
    }
    page(venue.ended_orders(asked.account).filter(|order| wants(&asked.params, order.state)), &asked.params)
}

fn many<'a>(venue: &'a Venue, asked: &Private) -> Result<Vec<&'a Order>, ApiError> {
    let uuids = asked.params.list("uuids");
    let identifiers = asked.params.list("identifiers");
    if uuids.is_empty() && identifiers.is_empty() {
        return Err(ApiError::validation("uuids or identifiers is missing"));
    }
    let by_uuid = uuids.into_iter().filter_map(|uuid| named(venue, asked.account, Some(uuid), None));
    let by_name = identifiers.into_iter().filter_map(|name| named(venue, asked.account, None, Some(name)));
    Ok(by_uuid.chain(by_name).collect())
}

/// `GET /v1/orders/uuids`.
pub(super) async fn by_uuids(State(shared): State<Arc<Shared>>, asked: Private) -> Answer {
    let venue = locked(&shared.venue);
    Ok(Json(many(&venue, &asked)?.into_iter().map(order).collect()))
}

fn cancel_all(shared: &Shared, venue: &mut Venue, account: AccountIndex, ids: Vec<OrderId>) -> Answer {
    let (mut success, mut failed) = (Vec::new(), Vec::new());
    for id in ids {
        let Some(one) = venue.order(account, id) else { continue };
        let name = json!({"uuid": one.uuid(), "market": one.ask.market, "identifier": one.ask.identifier});
        match venue.cancel(account, id) {
            Ok(happenings) => {
                shared.tell(happenings);
                success.push(name);
            }
            Err(_) => failed.push(name),
        }
    }
    let group = |orders: Vec<Value>| json!({"count": orders.len(), "orders": orders});
    Ok(Json(json!({"success": group(success), "failed": group(failed)})))
}

/// `DELETE /v1/orders/uuids`.
pub(super) async fn cancel_by_uuids(State(shared): State<Arc<Shared>>, asked: Private) -> Answer {
    let mut venue = locked(&shared.venue);
    let ids = many(&venue, &asked)?.into_iter().map(|order| order.id).collect();
    cancel_all(&shared, &mut venue, asked.account, ids)
}

/// `DELETE /v1/orders/open`.
pub(super) async fn cancel_open(State(shared): State<Arc<Shared>>, asked: Private) -> Answer {
    let mut venue = locked(&shared.venue);
    let params = &asked.params;
    let (pairs, excluded) = (params.list("pairs"), params.list("excluded_pairs"));
    let quotes = params.list("quote_currencies");
    let side = match params.get("cancel_side") {
        None | Some("all") => None,
        Some("bid") => Some(Side::Bid),
        Some("ask") => Some(Side::Ask),
        Some(_) => return Err(ApiError::validation("cancel_side does not have a valid value")),
    };
    let wanted = |order: &&Order| {
        let market = order.ask.market.as_str();
        let quote = market.split('-').next().unwrap_or("");
        (pairs.is_empty() || pairs.contains(&market))
            && !excluded.contains(&market)
            && (quotes.is_empty() || quotes.contains(&quote))
            && side.is_none_or(|side| order.ask.side == side)
    };
    let count = params.count("count", 20, CANCEL_OPEN_MAX)?;
    let ids = venue.open_orders(asked.account).filter(wanted).take(count).map(|order| order.id).collect();
    cancel_all(&shared, &mut venue, asked.account, ids)
}

/// `GET /v1/orders/chance`.
pub(super) async fn chance(State(shared): State<Arc<Shared>>, asked: Private) -> Answer {
    let venue = locked(&shared.venue);
    let id = asked.params.need("market")?;
    let market = venue.market(id).ok_or_else(|| ApiError::validation("there is no such market"))?;
    let amount = |asset: &str| holding(asset, &venue.balances().holding(asked.account, asset));
    let limits = |asset: &str| json!({"currency": asset, "min_total": text(FUNDS_MIN)});
    Ok(Json(json!({
        "bid_fee": fee_text(),
        "ask_fee": fee_text(),
        "maker_bid_fee": fee_text(),
        "maker_ask_fee": fee_text(),
        "market": {
            "id": id,
            "name": format!("{}/{}", market.facts.base, market.facts.quote),
            "order_types": ["limit"],
            "order_sides": ["ask", "bid"],
            "bid_types": ["limit", "price"],
            "ask_types": ["limit", "market"],
            "bid": limits(&market.facts.quote),
            "ask": limits(&market.facts.base),
            "max_total": text(FUNDS_MAX),
            "state": "active",
        },
        "bid_account": amount(&market.facts.quote),
        "ask_account": amount(&market.facts.base),
    })))
}
