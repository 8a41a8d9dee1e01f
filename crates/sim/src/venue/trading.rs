//! Placing, matching and cancelling orders: what each side of a trade pays and gets.
//!
//! An order ties up all it could cost when it is placed ([`locked_for`]); each trade spends part of that, and the end of the
//! order frees the rest. So no trade can fail for lack of money.

use super::book::{Appetite, Book, OrderId, QUANTITY_SCALE, Side};
use super::order::{Execution, NewOrder, Order, OrderState, Terms, TimeInForce};
use super::{
    AccountIndex, ENDED_ORDERS_MAX, FEE_RATE, FUNDS_MAX, FUNDS_MIN, Happening, Market, MarketFacts,
    PRICE_SCALE_MAX, Refusal, TRADES_MAX, Trade, Venue,
};
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};

impl Venue {
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
pub(super) fn locked_for(facts: &MarketFacts, side: Side, terms: Terms) -> (String, Decimal) {
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
        && (quantity <= Decimal::ZERO || quantity.normalize().scale() > QUANTITY_SCALE)
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
