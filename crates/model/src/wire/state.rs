//! State lines: each replaces what was known of its subject wholly (WIRE 2).

use super::ext::Ext;
use crate::key::{AllowlistEntry, ExpiryCause, KeyState, Mandate, Measure, Purpose, Segment};
use crate::words::words;
use crate::{
    AccountId, CustomerId, Date, Decimal, DelegationId, KeyId, MarketId, OperatorId, PersonId, Prefix,
    ScopeSet, Timestamp, VendorId,
};
use serde::{Deserialize, Serialize};

words! {
    /// Where a vendor stands in the registry.
    pub enum VendorState ("vendor state") {
        /// Has applied.
        Applied = "applied",
        /// May be used.
        Approved = "approved",
        /// May not be used for now.
        Suspended = "suspended",
        /// May not be used any more.
        Removed = "removed",
    }
}

words! {
    /// What a vendor does with a key.
    pub enum VendorClass ("vendor class") {
        /// A tool the owner drives.
        Tool = "tool",
        /// Sends signals the owner follows.
        Signal = "signal",
        /// Trades at its own discretion.
        Discretionary = "discretionary",
    }
}

words! {
    /// Whether a delegation runs.
    pub enum DelegationState ("delegation state") {
        /// In force.
        Active = "active",
        /// Over.
        Ended = "ended",
    }
}

words! {
    /// What kind of network an address belongs to.
    pub enum NetworkClass ("network class") {
        /// Homes.
        Residential = "residential",
        /// Mobile carriers.
        Mobile = "mobile",
        /// Offices.
        Business = "business",
        /// Data centres and clouds.
        Hosting = "hosting",
        /// VPN exits.
        Vpn = "vpn",
        /// Privacy relays.
        Relay = "relay",
        /// Tor exits.
        Tor = "tor",
        /// Satellite carriers.
        Satellite = "satellite",
        /// Not known.
        Unknown = "unknown",
    }
}

/// Declares a line's struct: the fields given, plus those every line may have.
macro_rules! line {
    ($(#[$meta:meta])* $name:ident { $($(#[$fmeta:meta])* $field:ident : $ty:ty),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            #[serde(rename = "type", default, skip_serializing)]
            #[doc(hidden)]
            pub type_word: $crate::wire::state::TypeWord,
            /// When it holds or happened.
            pub ts: Timestamp,
            $($(#[$fmeta])* pub $field: $ty,)*
            /// Who sends it.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub source: Option<String>,
            /// Per-source sequence, so that gaps show.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub seq: Option<u64>,
            /// Foreign fields, carried and never used.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub ext: Option<Ext>,
        }

        impl $name {
            /// Every field a line of this type may have.
            pub const FIELDS: &'static [&'static str] =
                &["type", "ts", $(stringify!($field),)* "source", "seq", "ext"];
        }
    };
}
pub(crate) use line;

/// Takes the `type` field's place in a line's struct; the line's variant already says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[doc(hidden)]
pub struct TypeWord;

impl<'de> Deserialize<'de> for TypeWord {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        crate::text::mapped(d, |_| Self)
    }
}

impl Serialize for TypeWord {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_unit()
    }
}

line! {
    /// State of an account.
    AccountLine {
        /// The account.
        account: AccountId,
        /// Whose it is.
        #[serde(default)]
        customer: Option<CustomerId>,
        /// The natural person behind it.
        #[serde(default)]
        person: Option<PersonId>,
        /// Kind of customer.
        #[serde(default)]
        segment: Option<Segment>,
        /// ISO 3166 two letters.
        #[serde(default)]
        country: Option<String>,
        /// Opened on.
        #[serde(default)]
        opened: Option<Date>,
        /// The owner as an operator.
        #[serde(default)]
        owner: Option<OperatorId>,
        /// Main account of a sub-account.
        #[serde(default)]
        parent: Option<AccountId>,
        /// Fee tier, the venue's word.
        #[serde(default)]
        fee_tier: Option<String>,
    }
}

line! {
    /// State of a vendor.
    VendorLine {
        /// The vendor.
        vendor: VendorId,
        /// Where it stands.
        #[serde(default)]
        state: Option<VendorState>,
        /// What it does.
        #[serde(default)]
        class: Option<VendorClass>,
        /// Its egress networks.
        #[serde(default)]
        networks: Option<Vec<Prefix>>,
        /// Widest scopes its integration may ask for.
        #[serde(default)]
        scopes: Option<ScopeSet>,
    }
}

line! {
    /// State of a key.
    KeyLine {
        /// The key.
        key: KeyId,
        /// The one account it belongs to.
        #[serde(default)]
        account: Option<AccountId>,
        /// Where it stands.
        #[serde(default)]
        state: Option<KeyState>,
        /// What it may do.
        #[serde(default)]
        scopes: Option<ScopeSet>,
        /// Whence it may be used.
        #[serde(default)]
        allowlist: Option<Vec<AllowlistEntry>>,
        /// What it is for.
        #[serde(default)]
        purpose: Option<Purpose>,
        /// The one application it is for.
        #[serde(default)]
        application: Option<String>,
        /// Who drives it.
        #[serde(default)]
        operator: Option<OperatorId>,
        /// Whose tool it is for.
        #[serde(default)]
        vendor: Option<VendorId>,
        /// Created at.
        #[serde(default)]
        created: Option<Timestamp>,
        /// Ends at; enforced by the gate's own clock.
        #[serde(default)]
        expires: Option<Timestamp>,
        /// The key it took the place of.
        #[serde(default)]
        replaces: Option<KeyId>,
        /// What it was approved to do.
        #[serde(default)]
        mandate: Option<Mandate>,
        /// A measure in force.
        #[serde(default)]
        measure: Option<Measure>,
        /// Why it ended.
        #[serde(default)]
        cause: Option<ExpiryCause>,
    }
}

line! {
    /// State of a delegation.
    DelegationLine {
        /// The delegation.
        delegation: DelegationId,
        /// From which account.
        #[serde(default)]
        account: Option<AccountId>,
        /// Of which key.
        #[serde(default)]
        key: Option<KeyId>,
        /// To whom.
        #[serde(default)]
        operator: Option<OperatorId>,
        /// From which networks.
        #[serde(default)]
        networks: Option<Vec<Prefix>>,
        /// To do what.
        #[serde(default)]
        scopes: Option<ScopeSet>,
        /// Begins at.
        #[serde(default)]
        from: Option<Timestamp>,
        /// Ends at.
        #[serde(default)]
        until: Option<Timestamp>,
        /// Whether it runs.
        #[serde(default)]
        state: Option<DelegationState>,
    }
}

line! {
    /// What is known of a network; wins over data files, the longest prefix first.
    NetworkLine {
        /// The prefix.
        prefix: Prefix,
        /// Autonomous system number.
        #[serde(default)]
        asn: Option<u32>,
        /// Who runs it.
        #[serde(default)]
        org: Option<String>,
        /// ISO 3166 two letters.
        #[serde(default)]
        country: Option<String>,
        /// What kind it is.
        #[serde(default)]
        class: Option<NetworkClass>,
    }
}

line! {
    /// What is known of a market.
    MarketLine {
        /// The market.
        market: MarketId,
        /// Smallest price step.
        #[serde(default)]
        tick: Option<Decimal>,
        /// Smallest order value, in the quote currency.
        #[serde(default)]
        notional_min: Option<Decimal>,
    }
}
