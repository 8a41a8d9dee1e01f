//! What an order is: as asked for ([`NewOrder`]) and as it stands ([`Order`]). Values only.

use super::AccountIndex;
use super::book::{OrderId, Side};
use rust_decimal::Decimal;

/// Upbit's `ord_type`, with what each type carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Terms {
    /// `limit`: a quantity at a price or better.
    Limit {
        /// Quote per base.
        price: Decimal,
        /// Base.
        quantity: Decimal,
    },
    /// `price`: buys at any price for this much quote.
    Spend {
        /// Quote, fees apart.
        funds: Decimal,
    },
    /// `market`: sells this much base at any price.
    Sell {
        /// Base.
        quantity: Decimal,
    },
}

/// Upbit's `time_in_force`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeInForce {
    /// What does not trade at once is cancelled.
    Ioc,
    /// All at once or nothing.
    Fok,
    /// Nothing at once, or refused.
    PostOnly,
}

impl TimeInForce {
    /// Upbit's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ioc => "ioc",
            Self::Fok => "fok",
            Self::PostOnly => "post_only",
        }
    }
}

/// An order as somebody asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOrder {
    /// Whose it is.
    pub account: AccountIndex,
    /// E.g. `KRW-BTC`.
    pub market: String,
    /// Which way.
    pub side: Side,
    /// Type, price and quantity.
    pub terms: Terms,
    /// When it may trade; none: until cancelled.
    pub time_in_force: Option<TimeInForce>,
    /// The client's own name for it, unique in its account.
    pub identifier: Option<String>,
}

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderState {
    /// In the book.
    Wait,
    /// Wholly executed.
    Done,
    /// Ended before it was wholly executed.
    Cancel,
}

impl OrderState {
    /// Upbit's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Wait => "wait",
            Self::Done => "done",
            Self::Cancel => "cancel",
        }
    }
}

/// One execution, as one of its two orders sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execution {
    /// Number of the trade; both orders share it.
    pub trade: u64,
    /// Quote per base.
    pub price: Decimal,
    /// Base.
    pub quantity: Decimal,
    /// This order's fee, in quote.
    pub fee: Decimal,
    /// Whether this order was resting.
    pub maker: bool,
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: i64,
}

impl Execution {
    /// Price times quantity, in quote.
    #[must_use]
    pub fn funds(&self) -> Decimal {
        self.price * self.quantity
    }
}

/// An order as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Its number.
    pub id: OrderId,
    /// What was asked for.
    pub ask: NewOrder,
    /// Where it stands.
    pub state: OrderState,
    /// What is still locked for it: quote for a bid, base for an ask.
    pub locked: Decimal,
    /// Executions so far, oldest first.
    pub executions: Vec<Execution>,
    /// When it was placed, in milliseconds since the Unix epoch.
    pub created_ms: i64,
}

impl Order {
    /// Its name on the wire. Made from its number, so that a run repeats itself; visibly not a random UUID.
    #[must_use]
    pub fn uuid(&self) -> String {
        uuid(UuidKind::Order, self.id.0)
    }

    /// Base executed so far.
    #[must_use]
    pub fn executed(&self) -> Decimal {
        self.executions.iter().map(|execution| execution.quantity).sum()
    }

    /// Quote executed so far, fees apart.
    #[must_use]
    pub fn executed_funds(&self) -> Decimal {
        self.executions.iter().map(Execution::funds).sum()
    }

    /// Fees paid so far, in quote.
    #[must_use]
    pub fn paid_fee(&self) -> Decimal {
        self.executions.iter().map(|execution| execution.fee).sum()
    }

    /// Base asked for; none where funds were.
    #[must_use]
    pub fn quantity(&self) -> Option<Decimal> {
        match self.ask.terms {
            Terms::Limit { quantity, .. } | Terms::Sell { quantity } => Some(quantity),
            Terms::Spend { .. } => None,
        }
    }

    /// Base not executed; none where funds were asked for.
    #[must_use]
    pub fn remaining(&self) -> Option<Decimal> {
        self.quantity().map(|quantity| quantity - self.executed())
    }
}

/// What a made-up UUID names, as its first group of digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UuidKind {
    /// An order.
    Order = 1,
    /// A trade.
    Trade = 2,
    /// A withdrawal.
    Withdrawal = 3,
    /// A deposit.
    Deposit = 4,
    /// A message about assets.
    Asset = 5,
}

/// `0000000K-0000-4000-8000-NNNNNNNNNNNN`, with the kind and the number in hexadecimal.
#[must_use]
pub fn uuid(kind: UuidKind, number: u64) -> String {
    format!("{:08x}-0000-4000-8000-{number:012x}", kind as u32)
}

/// The number in a UUID of that kind; none if it is not one of ours.
#[must_use]
pub fn number_of(kind: UuidKind, text: &str) -> Option<u64> {
    let number = u64::from_str_radix(text.rsplit('-').next()?, 16).ok()?;
    (uuid(kind, number) == text).then_some(number)
}
