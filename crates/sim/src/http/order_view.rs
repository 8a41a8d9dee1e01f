//! How an order is written: in REST answers and in `myOrder` messages.

use super::view::{number, text, text_or_null};
use crate::clock;
use crate::venue::FEE_RATE;
use crate::venue::book::Side;
use crate::venue::order::{Execution, Order, OrderState, Terms, UuidKind, uuid};
use rust_decimal::Decimal;
use serde_json::{Value, json};

fn side(side: Side) -> &'static str {
    match side {
        Side::Bid => "bid",
        Side::Ask => "ask",
    }
}

fn kind(terms: Terms) -> &'static str {
    match terms {
        Terms::Limit { .. } => "limit",
        Terms::Spend { .. } => "price",
        Terms::Sell { .. } => "market",
    }
}

fn price(terms: Terms) -> Option<Decimal> {
    match terms {
        Terms::Limit { price, .. } => Some(price),
        Terms::Spend { funds } => Some(funds),
        Terms::Sell { .. } => None,
    }
}

/// Fees set aside at the start: a bid's whole fee; an ask pays out of what it gets.
fn reserved_fee(order: &Order) -> Decimal {
    match (order.ask.side, order.ask.terms) {
        (Side::Bid, Terms::Limit { price, quantity }) => price * quantity * FEE_RATE,
        (Side::Bid, Terms::Spend { funds }) => funds * FEE_RATE,
        _ => Decimal::ZERO,
    }
}

/// What of the reserved fee is neither paid nor given back.
fn remaining_fee(order: &Order) -> Decimal {
    if order.state == OrderState::Wait {
        (reserved_fee(order) - order.paid_fee()).max(Decimal::ZERO)
    } else {
        Decimal::ZERO
    }
}

/// An order as REST answers show it.
pub(super) fn order(order: &Order) -> Value {
    json!({
        "uuid": order.uuid(),
        "side": side(order.ask.side),
        "ord_type": kind(order.ask.terms),
        "price": text_or_null(price(order.ask.terms)),
        "state": order.state.as_str(),
        "market": order.ask.market,
        "created_at": clock::korean(order.created_ms),
        "volume": text_or_null(order.quantity()),
        "remaining_volume": text_or_null(order.remaining()),
        "executed_volume": text(order.executed()),
        "executed_funds": text(order.executed_funds()),
        "reserved_fee": text(reserved_fee(order)),
        "remaining_fee": text(remaining_fee(order)),
        "paid_fee": text(order.paid_fee()),
        "locked": text(order.locked),
        "prevented_volume": "0",
        "prevented_locked": "0",
        "trades_count": order.executions.len(),
        "time_in_force": order.ask.time_in_force.map(|rule| rule.as_str()),
        "identifier": order.ask.identifier,
    })
}

/// An order with its trades, as `GET /v1/order` shows it.
pub(super) fn order_with_trades(one: &Order) -> Value {
    let trade = |execution: &Execution| {
        json!({
            "market": one.ask.market,
            "uuid": uuid(UuidKind::Trade, execution.trade),
            "price": text(execution.price),
            "volume": text(execution.quantity),
            "funds": text(execution.funds()),
            "trend": "up",
            "created_at": clock::korean(execution.at_ms),
            "side": side(one.ask.side),
        })
    };
    let mut value = order(one);
    if let Value::Object(members) = &mut value {
        members.insert("trades".to_owned(), one.executions.iter().map(trade).collect());
    }
    value
}

/// A `myOrder` message. On a trade, price and volume are the trade's, as on Upbit.
pub(super) fn my_order(one: &Order, execution: Option<&Execution>, now_ms: i64) -> Value {
    let optional = |amount: Option<Decimal>| amount.map_or(Value::Null, number);
    let average = (!one.executed().is_zero()).then(|| one.executed_funds() / one.executed());
    json!({
        "type": "myOrder",
        "code": one.ask.market,
        "uuid": one.uuid(),
        "ask_bid": side(one.ask.side).to_uppercase(),
        "order_type": kind(one.ask.terms),
        "state": if execution.is_some() { "trade" } else { one.state.as_str() },
        "trade_uuid": execution.map(|trade| uuid(UuidKind::Trade, trade.trade)),
        "price": optional(execution.map(|trade| trade.price).or_else(|| price(one.ask.terms))),
        "avg_price": optional(Some(average.unwrap_or_default())),
        "volume": optional(execution.map(|trade| trade.quantity).or_else(|| one.quantity())),
        "remaining_volume": optional(one.remaining()),
        "executed_volume": number(one.executed()),
        "trades_count": one.executions.len(),
        "reserved_fee": number(reserved_fee(one)),
        "remaining_fee": number(remaining_fee(one)),
        "paid_fee": number(one.paid_fee()),
        "locked": number(one.locked),
        "executed_funds": number(one.executed_funds()),
        "time_in_force": one.ask.time_in_force.map(|rule| rule.as_str()),
        "trade_fee": optional(execution.map(|trade| trade.fee)),
        "is_maker": execution.map(|trade| trade.maker),
        "identifier": one.ask.identifier,
        "smp_type": null,
        "prevented_volume": 0,
        "prevented_locked": 0,
        "trade_timestamp": execution.map(|trade| trade.at_ms),
        "order_timestamp": one.created_ms,
        "timestamp": now_ms,
        "stream_type": "REALTIME",
    })
}

/// The fee rate, for `orders/chance`.
pub(super) fn fee_text() -> Value {
    text(FEE_RATE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::venue::AccountIndex;
    use crate::venue::book::OrderId;
    use crate::venue::order::NewOrder;

    #[test]
    fn a_resting_bid_reads_as_upbit_writes_it() {
        let ask = NewOrder {
            account: AccountIndex(0),
            market: "KRW-BTC".to_owned(),
            side: Side::Bid,
            terms: Terms::Limit { price: Decimal::from(100_000), quantity: Decimal::new(10, 1) },
            time_in_force: None,
            identifier: None,
        };
        let locked = Decimal::from(100_050);
        let state = OrderState::Wait;
        let one = Order { id: OrderId(1), ask, state, locked, executions: Vec::new(), created_ms: 0 };
        let value = order(&one);
        for (field, expected) in [
            ("uuid", "00000001-0000-4000-8000-000000000001"),
            ("price", "100000"),
            ("volume", "1"),
            ("reserved_fee", "50"),
            ("remaining_fee", "50"),
            ("locked", "100050"),
            ("state", "wait"),
            ("created_at", "1970-01-01T09:00:00+09:00"),
        ] {
            assert_eq!(value[field], expected, "{field}");
        }
    }
}
