//! Shapes that several groups share: words of closed lists, networks, reasons.

use crate::text::{Id, Instant, Line, Network, Reason};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use sumun_model::Prefix;
use utoipa::ToSchema;

macro_rules! words {
    ($($(#[doc = $doc:literal])+ $name:ident { $($variant:ident),+ $(,)? })+) => {$(
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub(crate) enum $name { $(
            #[doc = concat!("`", stringify!($variant), "`, in small letters.")]
            $variant
        ),+ }
    )+};
}

words! {
    /// What a key may do. `read` and `trade` are shorthands for all that read, and for `trade` with `cancel`.
    ScopeWord { Read, MarketData, ReadBalances, ReadOrders, Trade, Cancel, ReadDeposits, Deposit, ReadWithdrawals, Withdraw, Transfer, SubAccounts }
    /// What a key is for.
    PurposeWord { Portfolio, OwnBot, ThirdPartyTool, CopyTrading, Treasury, Omnibus, MarketMaking, Other }
    /// Kind of customer.
    SegmentWord { Retail, Corporate, Broker, MarketMaker, Custodian }
    /// Whether somebody still does business here.
    StandingWord { Active, Closed }
    /// A role of staff.
    StaffRole { Viewer, Analyst, Approver, ComplianceLead, SecurityAdmin, Auditor, Support }
}

/// Whence a key may be used: a network, or a network with its history.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum AllowlistEntry {
    /// A network.
    Plain(Network),
    /// A network, when it was registered, and when it was proved.
    Recorded(RecordedNetwork),
}

impl<'de> Deserialize<'de> for AllowlistEntry {
    /// By hand: what serde derives also takes a list of the object's fields in their order, and says of no network what is wrong with it.
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        let entry = match Value::deserialize(reader)? {
            Value::String(text) => Network::deserialize(Value::String(text)).map(Self::Plain),
            Value::Object(fields) => RecordedNetwork::deserialize(Value::Object(fields)).map(Self::Recorded),
            _ => {
                return Err(D::Error::custom(
                    "a network is an address, `address/length`, or an object with `prefix`",
                ));
            }
        }
        .map_err(D::Error::custom)?;
        let (Self::Plain(network) | Self::Recorded(RecordedNetwork { prefix: network, .. })) = &entry;
        network.as_str().parse::<Prefix>().map_err(D::Error::custom)?;
        Ok(entry)
    }
}

/// A network with its history.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordedNetwork {
    /// The network.
    pub prefix: Network,
    /// Registered at.
    #[serde(default)]
    pub since: Option<Instant>,
    /// Proved at.
    #[serde(default)]
    pub proved: Option<Instant>,
}

/// Limits on a key's orders.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "markets": ["KRW-BTC"], "countries": ["KR"], "orders_per_second_max": 8 }))]
pub(crate) struct Limits {
    /// Only these markets.
    #[serde(default)]
    pub markets: Option<Vec<Id>>,
    /// Only from these countries.
    #[serde(default)]
    pub countries: Option<Vec<Line>>,
    /// At most so many orders a second.
    #[serde(default)]
    pub orders_per_second_max: Option<u32>,
}

/// A sentence for people, in both languages.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct SaidView {
    /// Which sentence.
    #[schema(example = "address.pending")]
    pub code: String,
    /// Korean.
    pub ko: String,
    /// English.
    pub en: String,
    /// The instant by which it asks for something, or at which what it tells of is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    pub until: Option<String>,
}

/// Why something is done.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReasonBody {
    /// In your own words; it stands in the ledger.
    pub reason: Reason,
}
