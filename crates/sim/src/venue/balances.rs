//! Who holds what: free and locked amounts per account and asset. No amount is ever negative; nothing is made or lost here
//! except by [`Balances::credit`] and [`Balances::spend`], whose callers balance the two.

use super::AccountIndex;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// One account's amount of one asset.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holding {
    /// Free to use.
    pub free: Decimal,
    /// Tied up in orders and withdrawals.
    pub locked: Decimal,
    /// Average price paid for what is held, in the quote asset; 0 where nothing was bought here.
    pub average_buy_price: Decimal,
}

/// More was asked for than there is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} {asset} needed, {} available", needed.normalize(), available.normalize())]
pub struct Insufficient {
    /// The asset that is short.
    pub asset: String,
    /// What was asked for.
    pub needed: Decimal,
    /// What there is.
    pub available: Decimal,
}

/// All holdings, in order of account and asset.
#[derive(Debug, Clone, Default)]
pub struct Balances {
    holdings: BTreeMap<(AccountIndex, String), Holding>,
}

impl Balances {
    fn entry(&mut self, account: AccountIndex, asset: &str) -> &mut Holding {
        self.holdings.entry((account, asset.to_owned())).or_default()
    }

    /// What an account holds of an asset; nothing if it never held any.
    #[must_use]
    pub fn holding(&self, account: AccountIndex, asset: &str) -> Holding {
        self.holdings.get(&(account, asset.to_owned())).cloned().unwrap_or_default()
    }

    /// All of one account's holdings.
    pub fn of(&self, account: AccountIndex) -> impl Iterator<Item = (&str, &Holding)> {
        self.holdings
            .range((account, String::new())..)
            .take_while(move |((owner, _), _)| *owner == account)
            .map(|((_, asset), holding)| (asset.as_str(), holding))
    }

    /// Adds to what is free.
    pub fn credit(&mut self, account: AccountIndex, asset: &str, amount: Decimal) {
        self.entry(account, asset).free += amount;
    }

    /// Adds what was bought at a price, and keeps the average price of what is held.
    pub fn credit_bought(&mut self, account: AccountIndex, asset: &str, quantity: Decimal, price: Decimal) {
        let holding = self.entry(account, asset);
        let before = holding.free + holding.locked;
        let after = before + quantity;
        if !after.is_zero() {
            // Four places: enough for a display figure, and the product stays within 28 digits.
            holding.average_buy_price =
                ((holding.average_buy_price * before + price * quantity) / after).round_dp(4);
        }
        holding.free += quantity;
    }

    /// Moves from free to locked.
    ///
    /// # Errors
    /// [`Insufficient`] if less is free; nothing has changed then.
    pub fn lock(&mut self, account: AccountIndex, asset: &str, amount: Decimal) -> Result<(), Insufficient> {
        let holding = self.entry(account, asset);
        if holding.free < amount {
            return Err(Insufficient { asset: asset.to_owned(), needed: amount, available: holding.free });
        }
        holding.free -= amount;
        holding.locked += amount;
        Ok(())
    }

    /// Moves from locked back to free.
    ///
    /// # Errors
    /// [`Insufficient`] if less is locked; nothing has changed then.
    pub fn unlock(
        &mut self,
        account: AccountIndex,
        asset: &str,
        amount: Decimal,
    ) -> Result<(), Insufficient> {
        self.spend(account, asset, amount)?;
        self.credit(account, asset, amount);
        Ok(())
    }

    /// Takes from locked; it leaves the account.
    ///
    /// # Errors
    /// [`Insufficient`] if less is locked; nothing has changed then.
    pub fn spend(&mut self, account: AccountIndex, asset: &str, amount: Decimal) -> Result<(), Insufficient> {
        let holding = self.entry(account, asset);
        if holding.locked < amount {
            return Err(Insufficient { asset: asset.to_owned(), needed: amount, available: holding.locked });
        }
        holding.locked -= amount;
        Ok(())
    }

    /// All that anyone holds of an asset.
    #[must_use]
    pub fn total(&self, asset: &str) -> Decimal {
        self.holdings
            .iter()
            .filter(|((_, held), _)| held == asset)
            .map(|(_, holding)| holding.free + holding.locked)
            .sum()
    }

    /// Whether every amount is zero or more.
    #[must_use]
    pub fn nowhere_negative(&self) -> bool {
        self.holdings.values().all(|holding| holding.free >= Decimal::ZERO && holding.locked >= Decimal::ZERO)
    }
}
