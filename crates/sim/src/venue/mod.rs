//! The exchange without HTTP: accounts, orders, trades and transfers, changed by plain functions that say what happened.
//!
//! `now_ms` comes in with each call; numbers of orders and trades count up, so that the same calls give the same ids. It
//! never reads a clock, never draws at random and never speaks Upbit's field names.

pub mod balances;
pub mod book;
pub mod order;
pub mod transfer;

use balances::{Balances, Insufficient};
use book::{Appetite, Book, OrderId, Side};
use order::{Execution, NewOrder, Order, OrderState, Terms, TimeInForce};
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
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

    /// Places an order and matches it.
    ///
    /// # Errors
    /// [`Refusal`]; nothing has changed then.
    pub fn place(&mut self, new: NewOrder, now_ms: i64) -> Result<(OrderId, Vec<Happening>), Refusal> {
        let market = self.markets.get(&new.market).ok_or_else(|| Refusal::NoMarket(new.market.clone()))?;
        check(&new, market)?;
        if let Some(identifier) = &new.identifier
            && self.identifiers.contains_key(&(new.account, identifier.clone()))
        {
            return Err(Refusal::Invalid(format!("identifier `{identifier}` was used before")));
        }
        let (asset, locked) = locked_for(&market.facts, new.side, new.terms);
        self.balances
            .lock(new.account, &asset, locked)
            .map_err(|short| Refusal::CannotPay(new.side, short))?;

        self.order_last += 1;
        let id = OrderId(self.order_last);
        if let Some(identifier) = &new.identifier {
            self.identifiers.insert((new.account, identifier.clone()), id);
        }
        let order = Order {
            id,
            ask: new,
            state: OrderState::Wait,
            locked,
            executions: Vec::new(),
            created_ms: now_ms,
        };
        let mut happenings = vec![Happening::Order { order: order.clone(), execution: None }];
        let mut touched = BTreeMap::from([(order.ask.account, BTreeSet::from([asset]))]);
        self.open.insert((order.ask.account, id));
        self.orders.insert(id, order);
        self.execute(id, now_ms, &mut happenings, &mut touched)?;
        happenings.extend(touched.into_iter().map(|(account, assets)| Happening::Assets { account, assets }));
        Ok((id, happenings))
    }

    /// Matches a new order, then lets it rest or ends it.
    fn execute(
        &mut self,
        id: OrderId,
        now_ms: i64,
        happenings: &mut Vec<Happening>,
        touched: &mut BTreeMap<AccountIndex, BTreeSet<String>>,
    ) -> Result<(), Refusal> {
        let Some(NewOrder { market, side, terms, time_in_force, .. }) =
            self.orders.get(&id).map(|order| order.ask.clone())
        else {
            return Err(Refusal::NoOrder);
        };
        let Some(book) = self.markets.get_mut(&market).map(|market| &mut market.book) else {
            return Err(Refusal::NoMarket(market));
        };
        let (limit, appetite) = match terms {
            Terms::Limit { price, quantity } => (Some(price), Appetite::Quantity(quantity)),
            Terms::Spend { funds } => (None, Appetite::Funds(funds)),
            Terms::Sell { quantity } => (None, Appetite::Quantity(quantity)),
        };
        for fill in book.take(side, limit, appetite) {
            self.trade_last += 1;
            let trade = Trade {
                number: self.trade_last,
                price: fill.price,
                quantity: fill.quantity,
                taker: side,
                at_ms: now_ms,
            };
            self.settle(fill.maker, &trade, true, happenings, touched)?;
            self.settle(id, &trade, false, happenings, touched)?;
            if let Some(market) = self.markets.get_mut(&market) {
                market.trades.push_front(trade);
                market.trades.truncate(TRADES_MAX);
            }
            happenings.push(Happening::Trade { market: market.clone() });
        }
        let Some(order) = self.orders.get(&id) else { return Err(Refusal::NoOrder) };
        let remaining = order.remaining().unwrap_or_default();
        match (terms, time_in_force) {
            (Terms::Limit { .. }, _) if remaining.is_zero() => {} // `settle` has ended it
            (Terms::Limit { price, .. }, None | Some(TimeInForce::PostOnly)) => {
                if let Some(market) = self.markets.get_mut(&market) {
                    market.book.rest(id, side, price, remaining);
                }
            }
            (Terms::Limit { .. }, Some(_)) => self.end(id, OrderState::Cancel, happenings, touched)?,
            (Terms::Sell { .. }, _) if remaining.is_zero() => {} // likewise
            (Terms::Sell { .. }, _) => self.end(id, OrderState::Cancel, happenings, touched)?,
            (Terms::Spend { .. }, _) => {
                // What is left is less than the smallest quantity at the next price, unless the book ran out.
                let ran_out = self
                    .markets
                    .get(&market)
                    .is_none_or(|market| market.book.best(side.opposite()).is_none());
                let state = if ran_out { OrderState::Cancel } else { OrderState::Done };
                self.end(id, state, happenings, touched)?;
            }
        }
        Ok(())
    }

    /// Books one trade for one of its two orders: what it pays, what it gets, and its fee.
    fn settle(
        &mut self,
        id: OrderId,
        trade: &Trade,
        maker: bool,
        happenings: &mut Vec<Happening>,
        touched: &mut BTreeMap<AccountIndex, BTreeSet<String>>,
    ) -> Result<(), Refusal> {
        let Some(order) = self.orders.get_mut(&id) else { return Err(Refusal::NoOrder) };
        let Some(market) = self.markets.get(&order.ask.market) else {
            return Err(Refusal::NoMarket(order.ask.market.clone()));
        };
        let (quote, base) = (market.facts.quote.clone(), market.facts.base.clone());
        let account = order.ask.account;
        let funds = trade.price * trade.quantity;
        let fee = funds * FEE_RATE;
        match order.ask.side {
            Side::Bid => {
                // A limit bid locked its own price; what the trade was cheaper by is freed.
                let locked_price = match order.ask.terms {
                    Terms::Limit { price, .. } => price,
                    Terms::Spend { .. } | Terms::Sell { .. } => trade.price,
                };
                let released = locked_price * trade.quantity * (Decimal::ONE + FEE_RATE);
                self.balances.spend(account, &quote, funds + fee)?;
                self.balances.unlock(account, &quote, released - (funds + fee))?;
                self.balances.credit_bought(account, &base, trade.quantity, trade.price);
                order.locked -= released;
            }
            Side::Ask => {
                self.balances.spend(account, &base, trade.quantity)?;
                self.balances.credit(account, &quote, funds - fee);
                order.locked -= trade.quantity;
            }
        }
        *self.fees.entry(quote.clone()).or_default() += fee;
        touched.entry(account).or_default().extend([quote, base]);
        let execution = Execution {
            trade: trade.number,
            price: trade.price,
            quantity: trade.quantity,
            fee,
            maker,
            at_ms: trade.at_ms,
        };
        order.executions.push(execution.clone());
        happenings.push(Happening::Order { order: order.clone(), execution: Some(execution) });
        if order.remaining().is_some_and(|remaining| remaining.is_zero()) {
            self.end(id, OrderState::Done, happenings, touched)?;
        }
        Ok(())
    }

    /// Ends an order: frees what is still locked for it.
    fn end(
        &mut self,
        id: OrderId,
        state: OrderState,
        happenings: &mut Vec<Happening>,
        touched: &mut BTreeMap<AccountIndex, BTreeSet<String>>,
    ) -> Result<(), Refusal> {
        let Some(order) = self.orders.get_mut(&id) else { return Err(Refusal::NoOrder) };
        let Some(market) = self.markets.get(&order.ask.market) else {
            return Err(Refusal::NoMarket(order.ask.market.clone()));
        };
        let (asset, _) = locked_for(&market.facts, order.ask.side, order.ask.terms);
        self.balances.unlock(order.ask.account, &asset, order.locked)?;
        order.locked = Decimal::ZERO;
        order.state = state;
        touched.entry(order.ask.account).or_default().insert(asset);
        happenings.push(Happening::Order { order: order.clone(), execution: None });
        self.open.remove(&(order.ask.account, id));
        self.ended.push_back(id);
        if self.ended.len() > ENDED_ORDERS_MAX
            && let Some(forgotten) = self.ended.pop_front().and_then(|oldest| self.orders.remove(&oldest))
            && let Some(identifier) = forgotten.ask.identifier
        {
            self.identifiers.remove(&(forgotten.ask.account, identifier));
        }
        Ok(())
    }

    /// Cancels an open order of that account.
    ///
    /// # Errors
    /// [`Refusal::NoOrder`] if it has none with this number.
    pub fn cancel(&mut self, account: AccountIndex, id: OrderId) -> Result<Vec<Happening>, Refusal> {
        let order = self
            .order(account, id)
            .filter(|order| order.state == OrderState::Wait)
            .ok_or(Refusal::NoOrder)?;
        if let Terms::Limit { price, .. } = order.ask.terms {
            let (side, market) = (order.ask.side, order.ask.market.clone());
            if let Some(market) = self.markets.get_mut(&market) {
                market.book.remove(id, side, price);
            }
        }
        let mut happenings = Vec::new();
        let mut touched = BTreeMap::new();
        self.end(id, OrderState::Cancel, &mut happenings, &mut touched)?;
        happenings.extend(touched.into_iter().map(|(account, assets)| Happening::Assets { account, assets }));
        Ok(happenings)
    }
}

/// What an order ties up: the asset, and how much of it.
#[must_use]
pub fn locked_for(facts: &MarketFacts, side: Side, terms: Terms) -> (String, Decimal) {
    let with_fee = Decimal::ONE + FEE_RATE;
    match (side, terms) {
        (Side::Bid, Terms::Limit { price, quantity }) => (facts.quote.clone(), price * quantity * with_fee),
        (Side::Bid, Terms::Spend { funds }) => (facts.quote.clone(), funds * with_fee),
        (Side::Ask, Terms::Limit { quantity, .. }) | (_, Terms::Sell { quantity }) => {
            (facts.base.clone(), quantity)
        }
        (Side::Ask, Terms::Spend { funds }) => (facts.base.clone(), funds),
    }
}

/// Refuses figures the venue could not compute with exactly, and orders that their own terms forbid.
fn check(new: &NewOrder, market: &Market) -> Result<(), Refusal> {
    let invalid = |what: &str| Err(Refusal::Invalid(what.to_owned()));
    match (new.side, new.terms) {
        (Side::Bid, Terms::Sell { .. }) | (Side::Ask, Terms::Spend { .. }) => {
            return invalid("`price` orders buy and `market` orders sell");
        }
        _ => {}
    }
    let worth = match new.terms {
        Terms::Limit { price, quantity } => {
            if price <= Decimal::ZERO || price.normalize().scale() > PRICE_SCALE_MAX || price > FUNDS_MAX {
                return invalid("the price is not one this exchange can use");
            }
            if quantity > FUNDS_MAX {
                return invalid("the volume is too large");
            }
            price.checked_mul(quantity).unwrap_or(Decimal::MAX)
        }
        Terms::Spend { funds } => {
            if funds.normalize().scale() > PRICE_SCALE_MAX {
                return invalid("the price is not one this exchange can use");
            }
            funds
        }
        Terms::Sell { quantity } => quantity.checked_mul(market.last_price()).unwrap_or(Decimal::MAX),
    };
    if let Terms::Limit { quantity, .. } | Terms::Sell { quantity } = new.terms
        && (quantity <= Decimal::ZERO || quantity.normalize().scale() > book::QUANTITY_SCALE)
    {
        return invalid("the volume is not one this exchange can use");
    }
    if worth < FUNDS_MIN {
        return Err(Refusal::TooSmall(new.side));
    }
    if worth > FUNDS_MAX {
        return invalid("the order's total is above the maximum");
    }
    match (new.time_in_force, new.terms) {
        (Some(TimeInForce::PostOnly), Terms::Limit { price, .. }) => {
            let best = market.book.best(new.side.opposite());
            if best.is_some_and(|best| Book::crosses(new.side, Some(price), best)) {
                return invalid("a post_only order would trade at once");
            }
        }
        (Some(TimeInForce::Fok), Terms::Limit { price, quantity }) => {
            if market.book.available(new.side, Some(price)) < quantity {
                return invalid("a fok order could not be filled at once");
            }
        }
        (Some(TimeInForce::PostOnly | TimeInForce::Fok), _) => {
            return invalid("this time_in_force is for limit orders");
        }
        (Some(TimeInForce::Ioc) | None, _) => {}
    }
    Ok(())
}
