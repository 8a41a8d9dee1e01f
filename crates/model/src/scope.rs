//! What a key may do: eleven separate grants, and sets of them.

use crate::words::{UnknownWord, words};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;

words! {
    /// One grant. Each is separately testable by a refused call (R19).
    pub enum Scope ("scope") {
        /// Public market data through the key.
        MarketData = "market_data",
        /// Balances.
        ReadBalances = "read_balances",
        /// Orders and fills.
        ReadOrders = "read_orders",
        /// Placing and changing orders.
        Trade = "trade",
        /// Cancelling orders.
        Cancel = "cancel",
        /// Deposits and their addresses.
        ReadDeposits = "read_deposits",
        /// Making deposits or deposit addresses.
        Deposit = "deposit",
        /// Withdrawals and their limits.
        ReadWithdrawals = "read_withdrawals",
        /// Withdrawing.
        Withdraw = "withdraw",
        /// Moving assets between own accounts.
        Transfer = "transfer",
        /// Managing sub-accounts.
        SubAccounts = "sub_accounts",
    }
}

/// A set of scopes; a small bit set that prints as a sorted list of full names.
#[derive(Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct ScopeSet(u16);

impl ScopeSet {
    /// No scope at all.
    pub const EMPTY: Self = Self(0);

    /// The shorthand `read`: `market_data` and all `read_*`.
    pub const READ: Self = Self::EMPTY
        .with(Scope::MarketData)
        .with(Scope::ReadBalances)
        .with(Scope::ReadOrders)
        .with(Scope::ReadDeposits)
        .with(Scope::ReadWithdrawals);

    /// The shorthand `trade`: `trade` and `cancel`.
    pub const TRADE: Self = Self::EMPTY.with(Scope::Trade).with(Scope::Cancel);

    /// This set and one scope more.
    #[must_use]
    pub const fn with(self, scope: Scope) -> Self {
        Self(self.0 | 1 << scope as u16)
    }

    /// Both sets together.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the scope is granted.
    #[must_use]
    pub const fn contains(self, scope: Scope) -> bool {
        self.0 & (1 << scope as u16) != 0
    }

    /// Whether nothing is granted.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The scopes granted, sorted by name.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        let mut scopes: Vec<Scope> = Scope::ALL.iter().copied().filter(|s| self.contains(*s)).collect();
        scopes.sort_unstable_by_key(|s| s.as_str());
        scopes.into_iter()
    }

    /// Adds one word of a list: a full name or one of the shorthands `read` and `trade`.
    ///
    /// # Errors
    /// The word is neither.
    pub fn insert_word(&mut self, word: &str) -> Result<(), UnknownWord> {
        *self = self.union(match word {
            "read" => Self::READ,
            "trade" => Self::TRADE,
            full => Self::EMPTY.with(Scope::from_str(full)?),
        });
        Ok(())
    }
}

impl FromIterator<Scope> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        scopes.into_iter().fold(Self::EMPTY, Self::with)
    }
}

impl fmt::Debug for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Scope::as_str)).finish()
    }
}

impl Serialize for ScopeSet {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for ScopeSet {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> de::Visitor<'de> for List {
            type Value = ScopeSet;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of scope names")
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<ScopeSet, A::Error> {
                let mut set = ScopeSet::EMPTY;
                while let Some(word) = seq.next_element::<std::borrow::Cow<'de, str>>()? {
                    set.insert_word(&word).map_err(de::Error::custom)?;
                }
                Ok(set)
            }
        }
        d.deserialize_seq(List)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shorthands_expand_and_lists_print_sorted() {
        let set: ScopeSet = serde_json::from_str(r#"["trade","read"]"#).unwrap();
        assert_eq!(
            serde_json::to_string(&set).unwrap(),
            r#"["cancel","market_data","read_balances","read_deposits","read_orders","read_withdrawals","trade"]"#
        );
        assert!(!set.contains(Scope::Withdraw));
    }

    #[test]
    fn an_unknown_scope_is_named() {
        let error = serde_json::from_str::<ScopeSet>(r#"["reed"]"#).unwrap_err().to_string();
        assert!(error.starts_with("unknown scope `reed`, expected one of `market_data`"), "{error}");
    }
}
