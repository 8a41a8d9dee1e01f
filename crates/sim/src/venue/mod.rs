//! The exchange without HTTP: accounts, orders, trades and transfers, changed by plain functions that say what happened.
//!
//! `now_ms` comes in with each call; numbers of orders and trades count up, so that the same calls give the same ids. It
//! never reads a clock, never draws at random and never speaks Upbit's field names.

pub mod balances;
pub mod book;
pub mod order;
mod trading;
pub mod transfer;

use balances::{Balances, Insufficient};
use book::{Book, OrderId, Side};
use order::{Execution, NewOrder, Order, Terms};
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use trading::locked_for;
use transfer::Transfers;

/// Fee of each side of a trade, of its funds: 0.05 %, as on Upbit's KRW markets.
pub const FEE_RATE: Decimal = Decimal::from_parts(5, 0, 0, false, 4);
/// Smallest order, in quote: Upbit's 5 000 won.
pub const FUNDS_MIN: Decimal = Decimal::from_parts(5_000, 0, 0, false, 0);
/// Largest order, in quote: Upbit's billion won. Its ten digits, with 4 + 8 places of price times quantity and 4 of the fee,
/// stay within a decimal's 28 digits, so no amount is ever rounded.
pub const FUNDS_MAX: Decimal = Decimal::from_parts(1_000_000_000, 0, 0, false, 0);
/// Decimal places of a price; see [`FUNDS_MAX`].
pub const PRICE_SCALE_MAX: u32 = 4;
/// Ended orders kept for look-ups; the oldest are forgotten. A load test must not fill memory.
pub const ENDED_ORDERS_MAX: usize = 50_000;
/// Trades kept per market for the public listing.
pub const TRADES_MAX: usize = 200;

/// An account, by its place in the configuration. The maker that provides liquidity has [`MAKER`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountIndex(pub usize);

/// The account whose orders the book starts with. Nobody has a key for it.
pub const MAKER: AccountIndex = AccountIndex(usize::MAX);

/// A market's fixed facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarketFacts {
    /// E.g. `KRW-BTC`.
    pub id: String,
    /// What prices are in, e.g. `KRW`.
    pub quote: String,
    /// What is traded, e.g. `BTC`.
    pub base: String,
    /// Korean and English names of what is traded.
    pub names: (String, String),
    /// Where the seeded orders start, in quote.
    pub reference_price: Decimal,
    /// Distance between seeded prices, in quote.
    pub tick: Decimal,
}

/// A trade as the public sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trade {
    /// Its number.
    pub number: u64,
    /// Quote per base.
    pub price: Decimal,
    /// Base.
    pub quantity: Decimal,
    /// The side that took.
    pub taker: Side,
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: i64,
}

/// One market: its facts, its book and its latest trades.
#[derive(Debug, Clone)]
pub struct Market {
    /// What does not change.
    pub facts: MarketFacts,
    /// Resting orders.
    pub book: Book,
    /// Latest trades, newest first.
    pub trades: VecDeque<Trade>,
}

impl Market {
    /// Price of the latest trade, or the reference price before the first.
    #[must_use]
    pub fn last_price(&self) -> Decimal {
        self.trades.front().map_or(self.facts.reference_price, |trade| trade.price)
    }
}

/// Why the venue would not do something.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No such market.
    #[error("there is no market `{0}`")]
    NoMarket(String),
    /// A figure that cannot be used.
    #[error("{0}")]
    Invalid(String),
    /// Smaller than [`FUNDS_MIN`].
    #[error("the order's total is below the minimum of {FUNDS_MIN}")]
    TooSmall(Side),
    /// Not enough to pay for the order.
    #[error("not enough to order with: {1}")]
    CannotPay(Side, #[source] Insufficient),
    /// Not enough to withdraw.
    #[error("not enough to withdraw: {0}")]
    CannotWithdraw(#[source] Insufficient),
    /// No such order of this account, or it has ended.
    #[error("there is no such open order")]
    NoOrder,
    /// No such transfer of this account.
    #[error("there is no such transfer")]
    NoTransfer,
    /// The books do not balance: a defect of the mock itself.
    #[error("the mock's balances do not add up")]
    Broken(#[from] Insufficient),
}

/// What happened, for those who watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happening {
    /// An order was placed, executed, or ended; with how it stood right after.
    Order {
        /// The order.
        order: Order,
        /// The execution that caused this, if one did.
        execution: Option<Execution>,
    },
    /// An account's amounts of these assets changed.
    Assets {
        /// Whose.
        account: AccountIndex,
        /// Which.
        assets: BTreeSet<String>,
    },
    /// A trade in a market.
    Trade {
        /// Where.
        market: String,
    },
}

/// The whole exchange.
#[derive(Debug, Clone)]
pub struct Venue {
    markets: BTreeMap<String, Market>,
    /// Who holds what. Read by anyone; changed here only.
    pub(crate) balances: Balances,
    orders: BTreeMap<OrderId, Order>,
    open: BTreeSet<(AccountIndex, OrderId)>,
    ended: VecDeque<OrderId>,
    identifiers: BTreeMap<(AccountIndex, String), OrderId>,
    fees: BTreeMap<String, Decimal>,
    /// Deposits and withdrawals.
    pub transfers: Transfers,
    order_last: u64,
    trade_last: u64,
}

impl Venue {
    /// An exchange with these markets and nothing in them.
    #[must_use]
    pub fn new(markets: Vec<MarketFacts>) -> Self {
        let market = |facts: MarketFacts| {
            (facts.id.clone(), Market { facts, book: Book::default(), trades: VecDeque::new() })
        };
        Self {
            markets: markets.into_iter().map(market).collect(),
            balances: Balances::default(),
            orders: BTreeMap::new(),
            open: BTreeSet::new(),
            ended: VecDeque::new(),
            identifiers: BTreeMap::new(),
            fees: BTreeMap::new(),
            transfers: Transfers::default(),
            order_last: 0,
            trade_last: 0,
        }
    }

    /// Gives an account something to start with, as if bought at the reference price.
    pub fn fund(&mut self, account: AccountIndex, asset: &str, amount: Decimal) {
        match self.markets.values().find(|market| market.facts.base == asset) {
            Some(market) => self.balances.credit_bought(account, asset, amount, market.facts.reference_price),
            None => self.balances.credit(account, asset, amount),
        }
    }

    /// Puts `levels` orders of `quantity` on each side of every market's reference price, one tick apart.
    ///
    /// # Errors
    /// [`Refusal`] if an order breaks the venue's limits.
    pub fn seed(&mut self, levels: u32, quantity: Decimal, now_ms: i64) -> Result<(), Refusal> {
        let all: Vec<MarketFacts> = self.markets().map(|market| market.facts.clone()).collect();
        for facts in all {
            for level in 1..=levels {
                let away = facts.tick * Decimal::from(level);
                for (side, price) in
                    [(Side::Bid, facts.reference_price - away), (Side::Ask, facts.reference_price + away)]
                {
                    // Each order is worth about a hundred million won, so that a market's depth is alike everywhere.
                    let quantity = (quantity * Decimal::from(100_000_000) / price)
                        .round_dp(book::QUANTITY_SCALE - 4)
                        .max(quantity);
                    let (asset, needed) = locked_for(&facts, side, Terms::Limit { price, quantity });
                    self.fund(MAKER, &asset, needed);
                    let terms = Terms::Limit { price, quantity };
                    let market = facts.id.clone();
                    let new = NewOrder {
                        account: MAKER,
                        market,
                        side,
                        terms,
                        time_in_force: None,
                        identifier: None,
                    };
                    self.place(new, now_ms)?;
                }
            }
        }
        Ok(())
    }

    /// All markets, by id.
    pub fn markets(&self) -> impl Iterator<Item = &Market> {
        self.markets.values()
    }

    /// One market.
    #[must_use]
    pub fn market(&self, id: &str) -> Option<&Market> {
        self.markets.get(id)
    }

    /// Who holds what.
    #[must_use]
    pub fn balances(&self) -> &Balances {
        &self.balances
    }

    /// Fees collected so far in one asset.
    #[must_use]
    pub fn fees(&self, asset: &str) -> Decimal {
        self.fees.get(asset).copied().unwrap_or_default()
    }

    /// An order of that account, by number.
    #[must_use]
    pub fn order(&self, account: AccountIndex, id: OrderId) -> Option<&Order> {
        self.orders.get(&id).filter(|order| order.ask.account == account)
    }

    /// An order of that account, by the client's own name for it.
    #[must_use]
    pub fn order_named(&self, account: AccountIndex, identifier: &str) -> Option<&Order> {
        self.order(account, *self.identifiers.get(&(account, identifier.to_owned()))?)
    }

    /// An account's open orders, newest first.
    pub fn open_orders(&self, account: AccountIndex) -> impl Iterator<Item = &Order> {
        self.open
            .range((account, OrderId(0))..=(account, OrderId(u64::MAX)))
            .rev()
            .filter_map(|(_, id)| self.orders.get(id))
    }

    /// An account's ended orders, latest ended first.
    pub fn ended_orders(&self, account: AccountIndex) -> impl Iterator<Item = &Order> {
        self.ended
            .iter()
            .rev()
            .filter_map(|id| self.orders.get(id))
            .filter(move |order| order.ask.account == account)
    }
}
