//! Events: facts from outside (WIRE 3).

use super::ext::Ext;
use super::state::line;
use crate::words::words;
use crate::{
    AccountId, Checks, Decimal, Effect, EventId, GateId, KeyId, MarketId, OrderId, Reason, Scope, Timestamp,
};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

words! {
    /// What a person did.
    pub enum SessionAction ("session action") {
        /// Signed in.
        Login = "login",
        /// Failed to sign in.
        LoginFailed = "login_failed",
        /// Gave the second factor.
        SecondFactor = "second_factor",
        /// Identity was verified.
        IdentityVerified = "identity_verified",
        /// Control of a key was proved.
        ControlProved = "control_proved",
        /// Control of a key was not proved.
        ControlFailed = "control_failed",
        /// Signed out.
        Logout = "logout",
    }
}

words! {
    /// Where a person acted.
    pub enum SessionChannel ("session channel") {
        /// A browser.
        Web = "web",
        /// The venue's app.
        App = "app",
    }
}

words! {
    /// How a request came.
    pub enum AccessChannel ("access channel") {
        /// An HTTP request.
        Rest = "rest",
        /// A WebSocket upgrade or message.
        Websocket = "websocket",
    }
}

words! {
    /// The gate's answer.
    pub enum Verdict ("verdict") {
        /// May pass.
        Allow = "allow",
        /// May not.
        Deny = "deny",
    }
}

words! {
    /// What came of the signature.
    pub enum Signature ("signature") {
        /// It holds for the request received.
        Valid = "valid",
        /// It does not.
        Invalid = "invalid",
        /// There was none.
        Absent = "absent",
        /// It was not looked at.
        Unchecked = "unchecked",
    }
}

words! {
    /// By what an order or transfer came.
    pub enum Medium ("medium") {
        /// A key.
        Api = "api",
        /// A browser.
        Web = "web",
        /// The venue's app.
        App = "app",
    }
}

words! {
    /// What happened to an order.
    pub enum OrderAction ("order action") {
        /// Placed.
        New = "new",
        /// Taken away.
        Cancel = "cancel",
        /// Changed.
        Amend = "amend",
        /// Refused by the venue.
        Reject = "reject",
        /// Filled, in part or wholly.
        Fill = "fill",
    }
}

words! {
    /// Which side of the market.
    pub enum Side ("side") {
        /// Buying.
        Buy = "buy",
        /// Selling.
        Sell = "sell",
    }
}

words! {
    /// What kind of order.
    pub enum OrderKind ("order kind") {
        /// At a price or better.
        Limit = "limit",
        /// At any price.
        Market = "market",
        /// At the best price.
        Best = "best",
    }
}

words! {
    /// Which way assets go.
    pub enum Direction ("direction") {
        /// In.
        Deposit = "deposit",
        /// Out.
        Withdrawal = "withdrawal",
    }
}

words! {
    /// Where a transfer stands.
    pub enum TransferStatus ("transfer status") {
        /// Asked for.
        Requested = "requested",
        /// Done.
        Done = "done",
        /// Refused.
        Refused = "refused",
    }
}

words! {
    /// What is told.
    pub enum ReportKind ("report kind") {
        /// The owner complains.
        OwnerComplaint = "owner_complaint",
        /// The owner says it was not him.
        OwnerDenies = "owner_denies",
        /// The owner says it was him.
        OwnerConfirms = "owner_confirms",
        /// A vendor or intelligence source tells something.
        VendorIntelligence = "vendor_intelligence",
        /// A secret was found in public.
        Leak = "leak",
        /// A case ended.
        CaseOutcome = "case_outcome",
    }
}

words! {
    /// How far a source is trusted, `A` (wholly) to `F` (cannot be judged).
    pub enum Reliability ("reliability") {
        /// Completely reliable.
        A = "A",
        /// Usually reliable.
        B = "B",
        /// Fairly reliable.
        C = "C",
        /// Not usually reliable.
        D = "D",
        /// Unreliable.
        E = "E",
        /// Cannot be judged.
        F = "F",
    }
}

words! {
    /// How a case ended.
    pub enum CaseOutcome ("case outcome") {
        /// As suspected.
        Confirmed = "confirmed",
        /// The detector was wrong.
        FalsePositive = "false_positive",
        /// True and harmless.
        Benign = "benign",
    }
}

line! {
    /// An act of a person, not of a key.
    SessionLine {
        /// Event id.
        id: EventId,
        /// Whose account.
        account: AccountId,
        /// Concerning which key.
        #[serde(default)]
        key: Option<KeyId>,
        /// What was done.
        #[serde(default)]
        action: Option<SessionAction>,
        /// Where.
        #[serde(default)]
        channel: Option<SessionChannel>,
        /// From where.
        #[serde(default)]
        ip: Option<IpAddr>,
        /// On which device, the venue's name for it.
        #[serde(default)]
        device: Option<String>,
        /// Whether remote-control software was seen.
        #[serde(default)]
        remote_control: Option<bool>,
    }
}

line! {
    /// One request at a gate, written with its outcome; also one per WebSocket upgrade and per client message
    /// that asks for a scope.
    AccessLine {
        /// Event id.
        id: EventId,
        /// Which gate.
        #[serde(default)]
        gate: Option<GateId>,
        /// The key named by the credential; null when none could be read.
        #[serde(default)]
        key: Option<KeyId>,
        /// The key's account.
        #[serde(default)]
        account: Option<AccountId>,
        /// Source address.
        #[serde(default)]
        ip: Option<IpAddr>,
        /// How it came.
        #[serde(default)]
        channel: Option<AccessChannel>,
        /// TLS client fingerprint (JA4).
        #[serde(default)]
        ja4: Option<String>,
        /// User agent, cut to 256 characters.
        #[serde(default)]
        agent: Option<String>,
        /// HTTP method.
        #[serde(default)]
        method: Option<String>,
        /// The dialect's route, or the path as received when unknown.
        #[serde(default)]
        route: Option<String>,
        /// What it would do.
        #[serde(default)]
        effect: Option<Effect>,
        /// Scope it needs.
        #[serde(default)]
        scope: Option<Scope>,
        /// Market it names.
        #[serde(default)]
        market: Option<MarketId>,
        /// The gate's answer.
        #[serde(default)]
        verdict: Option<Verdict>,
        /// The first check that failed.
        #[serde(default)]
        reason: Option<Reason>,
        /// False in shadow mode: recorded, and let through all the same.
        #[serde(default)]
        enforced: Option<bool>,
        /// What came of the signature.
        #[serde(default)]
        signature: Option<Signature>,
        /// Every check whose outcome could be computed.
        #[serde(default)]
        checks: Option<Checks>,
        /// HTTP status answered; null when the outcome is not known.
        #[serde(default)]
        status: Option<u16>,
        /// Microseconds from receipt to the response's head.
        #[serde(default)]
        latency_us: Option<u64>,
        /// Received minus the client's time, milliseconds.
        #[serde(default)]
        skew_ms: Option<i64>,
        /// Hash of the nonce.
        #[serde(default)]
        nonce: Option<String>,
        /// The client's time in the token.
        #[serde(default)]
        token_time: Option<Timestamp>,
        /// Smoothed TCP round trip, microseconds.
        #[serde(default)]
        tcp_rtt_us: Option<u64>,
        /// TLS handshake round trip, microseconds.
        #[serde(default)]
        tls_rtt_us: Option<u64>,
    }
}

line! {
    /// An act on an order.
    OrderLine {
        /// Event id.
        id: EventId,
        /// Whose.
        account: AccountId,
        /// By which key; null when it did not come by API.
        #[serde(default)]
        key: Option<KeyId>,
        /// By what it came.
        #[serde(default)]
        medium: Option<Medium>,
        /// Id of the access line that carried it.
        #[serde(default)]
        request: Option<EventId>,
        /// In which market.
        #[serde(default)]
        market: Option<MarketId>,
        /// Which order.
        #[serde(default)]
        order: Option<OrderId>,
        /// What happened.
        #[serde(default)]
        action: Option<OrderAction>,
        /// Which side.
        #[serde(default)]
        side: Option<Side>,
        /// What kind.
        #[serde(default)]
        kind: Option<OrderKind>,
        /// Limit price.
        #[serde(default)]
        price: Option<Decimal>,
        /// Quantity.
        #[serde(default)]
        quantity: Option<Decimal>,
        /// Not yet filled.
        #[serde(default)]
        remaining: Option<Decimal>,
    }
}

line! {
    /// A fill.
    TradeLine {
        /// Event id.
        id: EventId,
        /// In which market.
        market: MarketId,
        /// Price.
        #[serde(default)]
        price: Option<Decimal>,
        /// Quantity.
        #[serde(default)]
        quantity: Option<Decimal>,
        /// Side of the taker.
        #[serde(default)]
        taker_side: Option<Side>,
        /// Who took.
        #[serde(default)]
        taker_account: Option<AccountId>,
        /// With which key.
        #[serde(default)]
        taker_key: Option<KeyId>,
        /// With which order.
        #[serde(default)]
        taker_order: Option<OrderId>,
        /// Who had rested.
        #[serde(default)]
        maker_account: Option<AccountId>,
        /// With which key.
        #[serde(default)]
        maker_key: Option<KeyId>,
        /// With which order.
        #[serde(default)]
        maker_order: Option<OrderId>,
    }
}

line! {
    /// Best prices of a market.
    QuoteLine {
        /// In which market.
        market: MarketId,
        /// Best price bid.
        #[serde(default)]
        bid: Option<Decimal>,
        /// Best price asked.
        #[serde(default)]
        ask: Option<Decimal>,
        /// Quantity at the best bid.
        #[serde(default)]
        bid_quantity: Option<Decimal>,
        /// Quantity at the best ask.
        #[serde(default)]
        ask_quantity: Option<Decimal>,
    }
}

line! {
    /// A deposit or withdrawal.
    TransferLine {
        /// Event id.
        id: EventId,
        /// Whose.
        account: AccountId,
        /// By which key; null when it did not come by API.
        #[serde(default)]
        key: Option<KeyId>,
        /// By what it came.
        #[serde(default)]
        medium: Option<Medium>,
        /// Which way.
        #[serde(default)]
        direction: Option<Direction>,
        /// What.
        #[serde(default)]
        asset: Option<String>,
        /// How much.
        #[serde(default)]
        quantity: Option<Decimal>,
        /// Where to, hashed.
        #[serde(default)]
        destination: Option<String>,
        /// Where it stands.
        #[serde(default)]
        status: Option<TransferStatus>,
    }
}

line! {
    /// Something told by somebody.
    ReportLine {
        /// Event id.
        id: EventId,
        /// What is told.
        #[serde(default)]
        kind: Option<ReportKind>,
        /// Of which key.
        #[serde(default)]
        key: Option<KeyId>,
        /// Of which account.
        #[serde(default)]
        account: Option<AccountId>,
        /// By whom.
        #[serde(default)]
        reporter: Option<String>,
        /// How far that source is trusted.
        #[serde(default)]
        reliability: Option<Reliability>,
        /// How a case ended.
        #[serde(default)]
        outcome: Option<CaseOutcome>,
    }
}

line! {
    /// Time passing; only moves engine time.
    TickLine {}
}
