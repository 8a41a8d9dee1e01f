//! One market's resting orders, matched by price, then time. It never knows whose orders they are or what they cost.

use rust_decimal::{Decimal, RoundingStrategy};
use std::collections::{BTreeMap, VecDeque};

/// Identifies an order; later orders have larger numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderId(pub u64);

/// Which way an order trades, in Upbit's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Buys.
    Bid,
    /// Sells.
    Ask,
}

impl Side {
    /// The side it trades with.
    #[must_use]
    pub fn opposite(self) -> Self {
        match self {
            Self::Bid => Self::Ask,
            Self::Ask => Self::Bid,
        }
    }
}

/// How much a taker wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appetite {
    /// This much of the base asset.
    Quantity(Decimal),
    /// As much base as this much of the quote asset buys, fees apart.
    Funds(Decimal),
}

/// Decimal places of a quantity; Upbit trades in units of 0.00000001.
pub const QUANTITY_SCALE: u32 = 8;

/// A piece of a resting order, taken at its own price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fill {
    /// The resting order.
    pub maker: OrderId,
    /// Its price, in quote per base.
    pub price: Decimal,
    /// What was taken, in base.
    pub quantity: Decimal,
}

#[derive(Debug, Clone)]
struct Resting {
    order: OrderId,
    remaining: Decimal,
}

/// The resting orders of one market.
#[derive(Debug, Default, Clone)]
pub struct Book {
    bids: BTreeMap<Decimal, VecDeque<Resting>>,
    asks: BTreeMap<Decimal, VecDeque<Resting>>,
}

impl Book {
    fn side(&self, side: Side) -> &BTreeMap<Decimal, VecDeque<Resting>> {
        match side {
            Side::Bid => &self.bids,
            Side::Ask => &self.asks,
        }
    }

    fn side_mut(&mut self, side: Side) -> &mut BTreeMap<Decimal, VecDeque<Resting>> {
        match side {
            Side::Bid => &mut self.bids,
            Side::Ask => &mut self.asks,
        }
    }

    /// The price a taker would meet first on `side`.
    #[must_use]
    pub fn best(&self, side: Side) -> Option<Decimal> {
        match side {
            Side::Bid => self.bids.last_key_value(),
            Side::Ask => self.asks.first_key_value(),
        }
        .map(|(price, _)| *price)
    }

    /// Whether a taker on `taker` with this limit (none: at any price) would meet `price`.
    #[must_use]
    pub fn crosses(taker: Side, limit: Option<Decimal>, price: Decimal) -> bool {
        limit.is_none_or(|limit| match taker {
            Side::Bid => price <= limit,
            Side::Ask => price >= limit,
        })
    }

    /// Takes from the side opposite to `taker`: best price first, earliest order first, never beyond `limit`.
    pub fn take(&mut self, taker: Side, limit: Option<Decimal>, appetite: Appetite) -> Vec<Fill> {
        let mut fills = Vec::new();
        let mut left = appetite;
        let makers = taker.opposite();
        while let Some(price) = self.best(makers).filter(|price| Self::crosses(taker, limit, *price)) {
            let Some(level) = self.side_mut(makers).get_mut(&price) else { break };
            while let Some(resting) = level.front_mut() {
                let wanted = match left {
                    Appetite::Quantity(quantity) => quantity,
                    Appetite::Funds(funds) => {
                        (funds / price).round_dp_with_strategy(QUANTITY_SCALE, RoundingStrategy::ToZero)
                    }
                };
                let quantity = wanted.min(resting.remaining);
                if quantity <= Decimal::ZERO {
                    return fills;
                }
                resting.remaining -= quantity;
                left = match left {
                    Appetite::Quantity(all) => Appetite::Quantity(all - quantity),
                    Appetite::Funds(all) => Appetite::Funds(all - quantity * price),
                };
                fills.push(Fill { maker: resting.order, price, quantity });
                if resting.remaining.is_zero() {
                    level.pop_front();
                }
            }
            self.side_mut(makers).remove(&price);
        }
        fills
    }

    /// How much base a taker could get within `limit`.
    #[must_use]
    pub fn available(&self, taker: Side, limit: Option<Decimal>) -> Decimal {
        self.side(taker.opposite())
            .iter()
            .filter(|(price, _)| Self::crosses(taker, limit, **price))
            .flat_map(|(_, level)| level.iter().map(|resting| resting.remaining))
            .sum()
    }

    /// Adds an order behind all others of its price.
    pub fn rest(&mut self, order: OrderId, side: Side, price: Decimal, remaining: Decimal) {
        self.side_mut(side).entry(price).or_default().push_back(Resting { order, remaining });
    }

    /// Takes an order out; what had remained of it, or `None` if it does not rest here.
    pub fn remove(&mut self, order: OrderId, side: Side, price: Decimal) -> Option<Decimal> {
        let level = self.side_mut(side).get_mut(&price)?;
        let at = level.iter().position(|resting| resting.order == order)?;
        let removed = level.remove(at)?;
        if level.is_empty() {
            self.side_mut(side).remove(&price);
        }
        Some(removed.remaining)
    }

    /// The first `depth` prices of a side, best first, with all that rests at each.
    #[must_use]
    pub fn levels(&self, side: Side, depth: usize) -> Vec<(Decimal, Decimal)> {
        let sum = |(price, level): (&Decimal, &VecDeque<Resting>)| {
            (*price, level.iter().map(|resting| resting.remaining).sum())
        };
        match side {
            Side::Bid => self.bids.iter().rev().take(depth).map(sum).collect(),
            Side::Ask => self.asks.iter().take(depth).map(sum).collect(),
        }
    }
}
