//! Whose word counts: each attribute of a key that two systems keep has one authority, the exchange or Sumun (R190).
//!
//! Two attributes have no choice. Of the *state*, whichever side says dead is right: an end is never taken back. A *measure* is
//! Sumun's always.

use super::Bounded;
use serde::{Deserialize, Serialize};

/// Who is right where both keep an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Authority {
    /// The exchange: what it tells is taken over.
    Exchange,
    /// Sumun: what the exchange has otherwise is drift.
    Sumun,
}

impl Authority {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exchange => "exchange",
            Self::Sumun => "sumun",
        }
    }
}

/// An attribute that both sides keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attribute {
    /// In use or suspended; that one side is dead is more than a difference.
    State,
    /// What it may do.
    Scopes,
    /// Whence.
    Allowlist,
    /// Until when.
    Expires,
    /// The one application.
    Application,
    /// Whose it is.
    Account,
}

impl Attribute {
    /// Every attribute, in the order in which differences are told.
    pub const ALL: [Self; 6] =
        [Self::State, Self::Scopes, Self::Allowlist, Self::Expires, Self::Application, Self::Account];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Scopes => "scopes",
            Self::Allowlist => "allowlist",
            Self::Expires => "expires",
            Self::Application => "application",
            Self::Account => "account",
        }
    }
}

/// Whose word counts, attribute by attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorityRules {
    /// What a key may do.
    #[serde(default = "exchange")]
    pub scopes: Authority,
    /// Whence it may be used.
    #[serde(default = "exchange")]
    pub allowlist: Authority,
    /// Until when.
    #[serde(default = "exchange")]
    pub expires: Authority,
    /// What it is called.
    #[serde(default = "exchange")]
    pub application: Authority,
    /// How long after an end here the exchange may still tell of a living key before that is drift, in seconds.
    #[serde(default = "grace")]
    pub grace_s: Bounded<0, 86_400>,
    /// Most keys that sources may end within an hour because they are dead at the exchange, all of them together, by however many requests.
    /// More are held back and stand as drift: a wrong column must not end every key there is.
    #[serde(default = "ends")]
    pub ends_max: Bounded<0, 1_000_000>,
}

const fn exchange() -> Authority {
    Authority::Exchange
}

const fn grace() -> Bounded<0, 86_400> {
    const GRACE: Bounded<0, 86_400> = match Bounded::new(60) {
        Some(seconds) => seconds,
        None => unreachable!(),
    };
    GRACE
}

const fn ends() -> Bounded<0, 1_000_000> {
    const ENDS: Bounded<0, 1_000_000> = match Bounded::new(1_000) {
        Some(keys) => keys,
        None => unreachable!(),
    };
    ENDS
}

impl Default for AuthorityRules {
    fn default() -> Self {
        Self {
            scopes: exchange(),
            allowlist: exchange(),
            expires: exchange(),
            application: exchange(),
            grace_s: grace(),
            ends_max: ends(),
        }
    }
}

impl AuthorityRules {
    /// Whose word counts for this attribute. A living state is Sumun's: what suspends here does so for a reason on record. An account
    /// never changes, so that what stands here is right.
    #[must_use]
    pub const fn of(&self, attribute: Attribute) -> Authority {
        match attribute {
            Attribute::State | Attribute::Account => Authority::Sumun,
            Attribute::Scopes => self.scopes,
            Attribute::Allowlist => self.allowlist,
            Attribute::Expires => self.expires,
            Attribute::Application => self.application,
        }
    }
}
