//! The book against a naive model: a plain list of orders, searched from end to end for each trade.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic")]
#![allow(missing_docs, reason = "tests need no docs")]

use proptest::prelude::*;
use rust_decimal::Decimal;
use sumun_sim::venue::book::{Appetite, Book, Fill, OrderId, Side};

#[derive(Debug, Clone)]
enum Step {
    Rest { side: Side, price: u32, quantity: u32 },
    Take { side: Side, limit: Option<u32>, quantity: u32 },
    Spend { side: Side, limit: Option<u32>, funds: u32 },
    Remove { nth: usize },
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Bid), Just(Side::Ask)]
}

/// Few prices, so that orders meet and queue behind one another.
fn price() -> impl Strategy<Value = u32> {
    95_u32..105
}

fn step() -> impl Strategy<Value = Step> {
    let limit = || proptest::option::weighted(0.8, price());
    prop_oneof![
        4 => (side(), price(), 1_u32..50).prop_map(|(side, price, quantity)| Step::Rest { side, price, quantity }),
        3 => (side(), limit(), 1_u32..80).prop_map(|(side, limit, quantity)| Step::Take { side, limit, quantity }),
        1 => (side(), limit(), 1_u32..8_000).prop_map(|(side, limit, funds)| Step::Spend { side, limit, funds }),
        1 => (0_usize..60).prop_map(|nth| Step::Remove { nth }),
    ]
}

#[derive(Debug, Clone, PartialEq)]
struct Naive {
    order: OrderId,
    side: Side,
    price: Decimal,
    remaining: Decimal,
}

/// One unit at a time would be slower but no plainer: the best of all candidates, the earliest of the best.
fn naive_take(orders: &mut Vec<Naive>, taker: Side, limit: Option<Decimal>, mut left: Appetite) -> Vec<Fill> {
    let mut fills = Vec::new();
    loop {
        let mut best: Option<usize> = None;
        for (at, order) in orders.iter().enumerate() {
            if order.side == taker {
                continue;
            }
            let acceptable = match (taker, limit) {
                (_, None) => true,
                (Side::Bid, Some(limit)) => order.price <= limit,
                (Side::Ask, Some(limit)) => order.price >= limit,
            };
            let better = best.is_none_or(|best: usize| match taker {
                Side::Bid => order.price < orders[best].price,
                Side::Ask => order.price > orders[best].price,
            });
            if acceptable && better {
                best = Some(at);
            }
        }
        let Some(at) = best else { return fills };
        let wanted = match left {
            Appetite::Quantity(quantity) => quantity,
            Appetite::Funds(funds) => {
                let units = (funds * Decimal::from(100_000_000) / orders[at].price).floor();
                units / Decimal::from(100_000_000)
            }
        };
        let quantity = wanted.min(orders[at].remaining);
        if quantity.is_zero() {
            return fills;
        }
        orders[at].remaining -= quantity;
        left = match left {
            Appetite::Quantity(all) => Appetite::Quantity(all - quantity),
            Appetite::Funds(all) => Appetite::Funds(all - quantity * orders[at].price),
        };
        fills.push(Fill { maker: orders[at].order, price: orders[at].price, quantity });
        if orders[at].remaining.is_zero() {
            orders.remove(at);
        }
    }
}

fn naive_levels(orders: &[Naive], side: Side) -> Vec<(Decimal, Decimal)> {
    let mut prices: Vec<Decimal> =
        orders.iter().filter(|order| order.side == side).map(|order| order.price).collect();
    prices.sort();
    prices.dedup();
    if side == Side::Bid {
        prices.reverse();
    }
    let at = |price: Decimal| orders.iter().filter(move |order| order.side == side && order.price == price);
    prices.into_iter().map(|price| (price, at(price).map(|order| order.remaining).sum())).collect()
}

proptest! {
    #[test]
    fn the_book_agrees_with_a_plain_list(steps in proptest::collection::vec(step(), 1..120)) {
        let mut book = Book::default();
        let mut naive: Vec<Naive> = Vec::new();
        for (number, step) in steps.into_iter().enumerate() {
            let order = OrderId(number as u64);
            match step {
                Step::Rest { side, price, quantity } => {
                    let (price, quantity) = (Decimal::from(price), Decimal::from(quantity));
                    book.rest(order, side, price, quantity);
                    naive.push(Naive { order, side, price, remaining: quantity });
                }
                Step::Take { side, limit, quantity } => {
                    let (limit, appetite) = (limit.map(Decimal::from), Appetite::Quantity(Decimal::from(quantity)));
                    prop_assert_eq!(book.take(side, limit, appetite), naive_take(&mut naive, side, limit, appetite));
                }
                Step::Spend { side, limit, funds } => {
                    let (limit, appetite) = (limit.map(Decimal::from), Appetite::Funds(Decimal::from(funds)));
                    prop_assert_eq!(book.take(side, limit, appetite), naive_take(&mut naive, side, limit, appetite));
                }
                Step::Remove { nth } => {
                    let Some(gone) = naive.get(nth).cloned() else { continue };
                    naive.remove(nth);
                    prop_assert_eq!(book.remove(gone.order, gone.side, gone.price), Some(gone.remaining));
                    prop_assert_eq!(book.remove(gone.order, gone.side, gone.price), None);
                }
            }
            for side in [Side::Bid, Side::Ask] {
                let levels = naive_levels(&naive, side);
                prop_assert_eq!(book.levels(side, usize::MAX), levels.clone());
                prop_assert_eq!(book.best(side), levels.first().map(|(price, _)| *price));
                let all: Decimal = levels.iter().map(|(_, quantity)| *quantity).sum();
                prop_assert_eq!(book.available(side.opposite(), None), all);
            }
        }
    }
}
