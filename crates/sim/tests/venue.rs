//! The venue under random orders, cancels and withdrawals: nothing is made or lost, nothing is negative, and every balance
//! is what the account's own orders and transfers add up to.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic")]
#![allow(missing_docs, reason = "tests need no docs")]

use proptest::prelude::*;
use rust_decimal::Decimal;
use sumun_sim::venue::book::{OrderId, Side};
use sumun_sim::venue::order::{NewOrder, Order, OrderState, Terms, TimeInForce};
use sumun_sim::venue::transfer::{Direction, NewWithdrawal, TransferState};
use sumun_sim::venue::{AccountIndex, FEE_RATE, Happening, MarketFacts, Refusal, Venue};

const ACCOUNTS: usize = 3;
const MARKET: &str = "KRW-BTC";

fn start() -> (Venue, Decimal, Decimal) {
    let facts = MarketFacts {
        id: MARKET.to_owned(),
        quote: "KRW".to_owned(),
        base: "BTC".to_owned(),
        names: ("made up".to_owned(), "Made Up".to_owned()),
        reference_price: Decimal::from(100_000),
        tick: Decimal::from(100),
    };
    let mut venue = Venue::new(vec![facts]);
    let (won, bitcoin) = (Decimal::from(3_000_000), Decimal::from(30));
    for account in 0..ACCOUNTS {
        venue.fund(AccountIndex(account), "KRW", won);
        venue.fund(AccountIndex(account), "BTC", bitcoin);
    }
    (venue, won, bitcoin)
}

#[derive(Debug, Clone)]
enum Step {
    Place(NewOrder),
    Cancel { account: usize, id: u64 },
    Withdraw { account: usize, asset: &'static str, amount: Decimal },
    CancelWithdrawal { account: usize, number: u64 },
}

fn place() -> impl Strategy<Value = Step> {
    let price = (990_000_000_i64..1_010_000_000).prop_map(|price| Decimal::new(price, 4));
    let quantity = (1_i64..900_000_000).prop_map(|quantity| Decimal::new(quantity, 8));
    let funds = (1_000_i64..900_000).prop_map(Decimal::from);
    let rules = prop_oneof![
        6 => Just(None),
        1 => Just(Some(TimeInForce::Ioc)),
        1 => Just(Some(TimeInForce::Fok)),
        1 => Just(Some(TimeInForce::PostOnly)),
    ];
    (0..ACCOUNTS, any::<bool>(), 0_u8..6, price, quantity, funds, rules).prop_map(
        |(account, bid, kind, price, quantity, funds, time_in_force)| {
            let side = if bid { Side::Bid } else { Side::Ask };
            let terms = match (kind, side) {
                (0, Side::Bid) => Terms::Spend { funds },
                (0, Side::Ask) => Terms::Sell { quantity },
                _ => Terms::Limit { price, quantity },
            };
            let account = AccountIndex(account);
            Step::Place(NewOrder {
                account,
                market: MARKET.to_owned(),
                side,
                terms,
                time_in_force,
                identifier: None,
            })
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    let asset = prop_oneof![Just("KRW"), Just("BTC")];
    prop_oneof![
        10 => place(),
        3 => (0..ACCOUNTS, 1_u64..60).prop_map(|(account, id)| Step::Cancel { account, id }),
        1 => (0..ACCOUNTS, asset, 1_i64..500_000).prop_map(|(account, asset, amount)| {
            Step::Withdraw { account, asset, amount: Decimal::new(amount, 1) }
        }),
        1 => (0..ACCOUNTS, 1_u64..9).prop_map(|(account, number)| Step::CancelWithdrawal { account, number }),
    ]
}

fn all_orders(venue: &Venue, account: AccountIndex) -> Vec<&Order> {
    venue.open_orders(account).chain(venue.ended_orders(account)).collect()
}

/// What an account should hold in all, and locked, from its own orders and withdrawals.
fn expected(venue: &Venue, account: AccountIndex, start: Decimal, asset: &str) -> (Decimal, Decimal) {
    let with_fee = Decimal::ONE + FEE_RATE;
    let (mut total, mut locked) = (start, Decimal::ZERO);
    for order in all_orders(venue, account) {
        let sign = if order.ask.side == Side::Bid { Decimal::ONE } else { -Decimal::ONE };
        total += if asset == "BTC" {
            sign * order.executed()
        } else {
            -sign * order.executed_funds() - order.paid_fee()
        };
        if order.state == OrderState::Wait {
            let Terms::Limit { price, .. } = order.ask.terms else { panic!("only limit orders rest") };
            let remaining = order.remaining().unwrap();
            locked += match (order.ask.side, asset) {
                (Side::Bid, "KRW") => price * remaining * with_fee,
                (Side::Ask, "BTC") => remaining,
                _ => Decimal::ZERO,
            };
        }
    }
    for withdrawal in venue.transfers.list(account, Direction::Withdrawal) {
        if withdrawal.ask.asset == asset && withdrawal.state == TransferState::Processing {
            locked += withdrawal.ask.amount + withdrawal.fee;
        }
    }
    (total, locked)
}

proptest! {
    #[test]
    fn balances_are_conserved_and_never_negative(steps in proptest::collection::vec(step(), 1..80)) {
        let (mut venue, won, bitcoin) = start();
        for (now_ms, step) in steps.into_iter().enumerate() {
            let before: Vec<_> = ["KRW", "BTC"].map(|asset| venue.balances().total(asset)).into();
            let outcome = match step {
                Step::Place(new) => venue.place(new, now_ms as i64).map(|_| ()),
                Step::Cancel { account, id } => venue.cancel(AccountIndex(account), OrderId(id)).map(|_| ()),
                Step::Withdraw { account, asset, amount } => {
                    let account = AccountIndex(account);
                    let asset = asset.to_owned();
                    let ask =
                        NewWithdrawal { account, asset, network: None, amount, address: None, secondary_address: None };
                    venue.withdraw(ask, now_ms as i64).map(|_| ())
                }
                Step::CancelWithdrawal { account, number } => {
                    venue.cancel_withdrawal(AccountIndex(account), number).map(|_| ())
                }
            };
            prop_assert!(!matches!(outcome, Err(Refusal::Broken(_))), "{outcome:?}");
            if outcome.is_err() {
                let after: Vec<_> = ["KRW", "BTC"].map(|asset| venue.balances().total(asset)).into();
                prop_assert_eq!(before, after, "a refusal changed something");
            }
            prop_assert!(venue.balances().nowhere_negative());
            for (asset, start) in [("KRW", won), ("BTC", bitcoin)] {
                let accounts = Decimal::from(ACCOUNTS);
                prop_assert_eq!(venue.balances().total(asset) + venue.fees(asset), start * accounts);
                for account in (0..ACCOUNTS).map(AccountIndex) {
                    let holding = venue.balances().holding(account, asset);
                    let (total, locked) = expected(&venue, account, start, asset);
                    prop_assert_eq!(holding.locked, locked, "locked {} of {:?}", asset, account);
                    prop_assert_eq!(holding.free + holding.locked, total, "{} of {:?}", asset, account);
                }
            }
            let market = venue.market(MARKET).unwrap();
            if let (Some(bid), Some(ask)) = (market.book.best(Side::Bid), market.book.best(Side::Ask)) {
                prop_assert!(bid < ask, "the book is crossed");
            }
        }
    }
}

fn limit(account: usize, side: Side, price: i64, quantity: i64) -> NewOrder {
    let terms = Terms::Limit { price: Decimal::from(price), quantity: Decimal::from(quantity) };
    let account = AccountIndex(account);
    NewOrder { account, market: MARKET.to_owned(), side, terms, time_in_force: None, identifier: None }
}

#[test]
fn a_partial_fill_pays_the_makers_price_and_frees_the_difference() {
    let (mut venue, won, bitcoin) = start();
    venue.place(limit(0, Side::Ask, 99_000, 1), 1).unwrap();
    let (id, happenings) = venue.place(limit(1, Side::Bid, 100_000, 3), 2).unwrap();

    let order = venue.order(AccountIndex(1), id).unwrap();
    assert_eq!((order.state, order.remaining()), (OrderState::Wait, Some(Decimal::TWO)));
    let buyer = venue.balances().holding(AccountIndex(1), "KRW");
    assert_eq!(buyer.locked, Decimal::from(200_100), "two remain, at the order's own price and fee");
    assert_eq!(
        won - buyer.free - buyer.locked,
        Decimal::new(990_495, 1),
        "one was bought at 99 000 and 0.05 %"
    );
    let seller = venue.balances().holding(AccountIndex(0), "KRW");
    assert_eq!(seller.free - won, Decimal::new(989_505, 1), "the seller pays a fee too");
    assert_eq!(venue.balances().holding(AccountIndex(1), "BTC").free, bitcoin + Decimal::ONE);

    let told: Vec<(usize, bool, OrderState)> = happenings
        .iter()
        .filter_map(|happening| match happening {
            Happening::Order { order, execution } => {
                Some((order.ask.account.0, execution.is_some(), order.state))
            }
            _ => None,
        })
        .collect();
    let expected = [
        (1, false, OrderState::Wait),
        (0, true, OrderState::Wait),
        (0, false, OrderState::Done),
        (1, true, OrderState::Wait),
    ];
    assert_eq!(told, expected, "taken, the maker trades and is done, the taker trades");
}

#[test]
fn a_stranger_can_neither_see_nor_cancel_an_order() {
    let (mut venue, ..) = start();
    let (id, _) = venue.place(limit(0, Side::Ask, 101_000, 1), 1).unwrap();
    assert!(venue.order(AccountIndex(1), id).is_none());
    assert_eq!(venue.cancel(AccountIndex(1), id), Err(Refusal::NoOrder));
    assert!(venue.cancel(AccountIndex(0), id).is_ok());
    assert_eq!(venue.cancel(AccountIndex(0), id), Err(Refusal::NoOrder), "it has ended");
}

#[test]
fn what_cannot_be_is_refused() {
    let (mut venue, ..) = start();
    let mut named = limit(0, Side::Bid, 90_000, 1);
    named.identifier = Some("mine".to_owned());
    venue.place(named.clone(), 1).unwrap();
    assert!(matches!(venue.place(named, 1), Err(Refusal::Invalid(_))), "the name was used");
    assert!(matches!(
        venue.place(limit(0, Side::Bid, 90_000, 100), 1),
        Err(Refusal::CannotPay(Side::Bid, _))
    ));
    assert!(matches!(
        venue.place(limit(0, Side::Ask, 90_000, 100), 1),
        Err(Refusal::CannotPay(Side::Ask, _))
    ));
    let mut small = limit(0, Side::Bid, 90_000, 1);
    small.terms = Terms::Limit { price: Decimal::from(90_000), quantity: Decimal::new(1, 2) };
    assert_eq!(venue.place(small, 1), Err(Refusal::TooSmall(Side::Bid)));
    let mut elsewhere = limit(0, Side::Bid, 90_000, 1);
    elsewhere.market = "KRW-NONE".to_owned();
    assert!(matches!(venue.place(elsewhere, 1), Err(Refusal::NoMarket(_))));
}
