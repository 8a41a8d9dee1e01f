//! What a key is: its state, purpose, mandate, and the measures that may overlay it (DESIGN 4).

use crate::MarketId;
use crate::prefix::Prefix;
use crate::time::Timestamp;
use crate::words::words;
use serde::{Deserialize, Serialize};

words! {
    /// Where a key stands. `expired` and `rejected` are terminal.
    pub enum KeyState ("key state") {
        /// Asked for, not yet decided.
        Requested = "requested",
        /// In use.
        Active = "active",
        /// Only cancelling passes, private streams are closed.
        Suspended = "suspended",
        /// Ended for good.
        Expired = "expired",
        /// Never granted.
        Rejected = "rejected",
    }
}

impl KeyState {
    /// Whether no way leads out.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Expired | Self::Rejected)
    }
}

words! {
    /// Why a key ended.
    pub enum ExpiryCause ("cause of expiry") {
        /// Its time ran out.
        Natural = "natural",
        /// Its owner ended it.
        Owner = "owner",
        /// Another key took its place.
        Rotated = "rotated",
        /// A measure ended it.
        Forced = "forced",
        /// Its secret was exposed.
        Leaked = "leaked",
    }
}

words! {
    /// A measure in force on a living key.
    pub enum Measure ("measure") {
        /// Watched closely; nothing is taken away.
        Monitor = "monitor",
        /// The owner was warned; nothing is taken away.
        Warn = "warn",
        /// Only reading and cancelling pass.
        Hold = "hold",
        /// Only reading and cancelling pass until identity and control are proved anew.
        Reverify = "reverify",
        /// Terminal.
        Expire = "expire",
    }
}

words! {
    /// What the owner said the key is for.
    pub enum Purpose ("purpose") {
        /// Watching a portfolio.
        Portfolio = "portfolio",
        /// The owner's own programme.
        OwnBot = "own_bot",
        /// A third party's tool.
        ThirdPartyTool = "third_party_tool",
        /// Following another's trades.
        CopyTrading = "copy_trading",
        /// A company's treasury.
        Treasury = "treasury",
        /// A broker for many clients.
        Omnibus = "omnibus",
        /// Making markets.
        MarketMaking = "market_making",
        /// Something else, described elsewhere.
        Other = "other",
    }
}

words! {
    /// Kind of customer; policy differs by it.
    pub enum Segment ("segment") {
        /// A natural person.
        Retail = "retail",
        /// A company trading for itself.
        Corporate = "corporate",
        /// Trades for clients.
        Broker = "broker",
        /// Provides liquidity.
        MarketMaker = "market_maker",
        /// Holds assets for others.
        Custodian = "custodian",
    }
}

/// One entry of an allowlist: a plain prefix, or a prefix with its history.
///
/// A plain prefix is in effect. With a history, `proved` is when a signed request first came from it with the
/// owner's second factor; null means registered only, which is not in effect where policy asks for proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "an allowlist entry is a prefix string, or an object with `prefix`, `since`, `proved`"
)]
pub enum AllowlistEntry {
    /// In effect, proved by its first allowed valid request.
    Plain(Prefix),
    /// With its history.
    Recorded(RecordedPrefix),
}

/// A prefix with when it was registered and proved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedPrefix {
    /// The prefix.
    pub prefix: Prefix,
    /// Registered at.
    #[serde(default)]
    pub since: Option<Timestamp>,
    /// Proved at; null while registered only.
    #[serde(default)]
    pub proved: Option<Timestamp>,
}

impl AllowlistEntry {
    /// The prefix itself.
    #[must_use]
    pub const fn prefix(&self) -> Prefix {
        match self {
            Self::Plain(prefix) => *prefix,
            Self::Recorded(recorded) => recorded.prefix,
        }
    }

    /// Whether requests from it may pass, given whether policy asks for proof.
    #[must_use]
    pub const fn in_effect(&self, proof_required: bool) -> bool {
        match self {
            Self::Plain(_) => true,
            Self::Recorded(recorded) => !proof_required || recorded.proved.is_some(),
        }
    }
}

/// What a key was approved to do, checked on its orders.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mandate {
    /// Markets it may trade; absent: any.
    #[serde(default)]
    pub markets: Option<Vec<MarketId>>,
    /// Countries it is expected from, ISO 3166 two letters; absent: any.
    #[serde(default)]
    pub countries: Option<Vec<String>>,
    /// Orders a second; absent: the venue's own limit.
    #[serde(default)]
    pub orders_per_second_max: Option<u32>,
}
