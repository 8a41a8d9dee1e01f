//! Deposits and withdrawals. A withdrawal ties up its amount and fee and stays `PROCESSING` until it is cancelled: the mock
//! has no chain to send anything to.

use super::balances::Insufficient;
use super::order::{UuidKind, uuid};
use super::{AccountIndex, Refusal, Venue};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// Fee of a coin withdrawal, in the coin.
pub const COIN_FEE: Decimal = Decimal::from_parts(5, 0, 0, false, 4);
/// Fee of a withdrawal of won, in won.
pub const KRW_FEE: Decimal = Decimal::from_parts(1_000, 0, 0, false, 0);
/// Most decimal places of an amount; see `FUNDS_MAX`.
const AMOUNT_SCALE_MAX: u32 = 8;

/// Which way a transfer goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// In.
    Deposit,
    /// Out.
    Withdrawal,
}

/// Where a transfer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransferState {
    /// A withdrawal on its way.
    Processing,
    /// A deposit that arrived.
    Accepted,
    /// A withdrawal that was cancelled.
    Cancelled,
}

/// A withdrawal as somebody asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewWithdrawal {
    /// Whose.
    pub account: AccountIndex,
    /// E.g. `BTC`.
    pub asset: String,
    /// Network name; none for won.
    pub network: Option<String>,
    /// Fee apart.
    pub amount: Decimal,
    /// Where to; none for won.
    pub address: Option<String>,
    /// Tag or memo.
    pub secondary_address: Option<String>,
}

/// A deposit or withdrawal as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// Its number, counted per direction.
    pub number: u64,
    /// Which way.
    pub direction: Direction,
    /// Whose, what, how much, where to.
    pub ask: NewWithdrawal,
    /// In the asset.
    pub fee: Decimal,
    /// Where it stands.
    pub state: TransferState,
    /// When, in milliseconds since the Unix epoch.
    pub created_ms: i64,
}

impl Transfer {
    /// Its name on the wire.
    #[must_use]
    pub fn uuid(&self) -> String {
        let kind = match self.direction {
            Direction::Deposit => UuidKind::Deposit,
            Direction::Withdrawal => UuidKind::Withdrawal,
        };
        uuid(kind, self.number)
    }
}

/// All transfers, by direction and number.
#[derive(Debug, Clone, Default)]
pub struct Transfers {
    deposits: BTreeMap<u64, Transfer>,
    withdrawals: BTreeMap<u64, Transfer>,
}

impl Transfers {
    fn of(&self, direction: Direction) -> &BTreeMap<u64, Transfer> {
        match direction {
            Direction::Deposit => &self.deposits,
            Direction::Withdrawal => &self.withdrawals,
        }
    }

    /// An account's transfers in one direction, newest first.
    pub fn list(&self, account: AccountIndex, direction: Direction) -> impl Iterator<Item = &Transfer> {
        self.of(direction).values().rev().filter(move |transfer| transfer.ask.account == account)
    }

    /// One of an account's transfers.
    #[must_use]
    pub fn get(&self, account: AccountIndex, direction: Direction, number: u64) -> Option<&Transfer> {
        self.of(direction).get(&number).filter(|transfer| transfer.ask.account == account)
    }

    /// Notes a deposit that arrived; the caller has credited it.
    pub(crate) fn note_deposit(&mut self, account: AccountIndex, asset: &str, amount: Decimal, now_ms: i64) {
        let number = self.deposits.len() as u64 + 1;
        let ask = NewWithdrawal {
            account,
            asset: asset.to_owned(),
            network: None,
            amount,
            address: None,
            secondary_address: None,
        };
        let state = TransferState::Accepted;
        let deposit = Transfer {
            number,
            direction: Direction::Deposit,
            ask,
            fee: Decimal::ZERO,
            state,
            created_ms: now_ms,
        };
        self.deposits.insert(number, deposit);
    }
}

/// Fee of withdrawing an asset.
#[must_use]
pub fn withdrawal_fee(asset: &str) -> Decimal {
    if asset == "KRW" { KRW_FEE } else { COIN_FEE }
}

impl Venue {
    /// Starts a withdrawal: ties up amount and fee.
    ///
    /// # Errors
    /// [`Refusal`]; nothing has changed then.
    pub fn withdraw(&mut self, ask: NewWithdrawal, now_ms: i64) -> Result<Transfer, Refusal> {
        if ask.amount <= Decimal::ZERO || ask.amount.normalize().scale() > AMOUNT_SCALE_MAX {
            return Err(Refusal::Invalid("the amount is not one this exchange can use".to_owned()));
        }
        let fee = withdrawal_fee(&ask.asset);
        let needed = ask.amount.checked_add(fee).unwrap_or(Decimal::MAX);
        self.balances
            .lock(ask.account, &ask.asset, needed)
            .map_err(|short: Insufficient| Refusal::CannotWithdraw(short))?;
        let number = self.transfers.withdrawals.len() as u64 + 1;
        let state = TransferState::Processing;
        let transfer =
            Transfer { number, direction: Direction::Withdrawal, ask, fee, state, created_ms: now_ms };
        self.transfers.withdrawals.insert(number, transfer.clone());
        Ok(transfer)
    }

    /// Cancels a withdrawal that is still on its way: frees amount and fee.
    ///
    /// # Errors
    /// [`Refusal::NoTransfer`] if the account has none such.
    pub fn cancel_withdrawal(&mut self, account: AccountIndex, number: u64) -> Result<Transfer, Refusal> {
        let transfer = self
            .transfers
            .withdrawals
            .get_mut(&number)
            .filter(|transfer| transfer.ask.account == account && transfer.state == TransferState::Processing)
            .ok_or(Refusal::NoTransfer)?;
        self.balances.unlock(account, &transfer.ask.asset, transfer.ask.amount + transfer.fee)?;
        transfer.state = TransferState::Cancelled;
        Ok(transfer.clone())
    }
}
