//! Who acts: staff, a customer's people, machines, gates, Sumun itself (DESIGN 7).

use serde::{Deserialize, Serialize};
use sumun_model::Timestamp;
use sumun_store::tables::{TOKENS, USERS};
use sumun_store::{Expect, RowRead};

/// What a principal may do. The words are those of the API, the ledger and the screens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Staff who read.
    Viewer,
    /// Staff who work cases.
    Analyst,
    /// Staff who give the second look.
    Approver,
    /// Staff who own policy and vendors.
    ComplianceLead,
    /// Staff who run users, machines and gates.
    SecurityAdmin,
    /// Staff who check the record.
    Auditor,
    /// Staff who answer customers.
    Support,
    /// A customer's natural person, over his own keys.
    Owner,
    /// A company's administrator, over its keys.
    CorporateAdmin,
    /// A broker, over its own keys.
    Broker,
    /// A market maker, over its own keys.
    MarketMaker,
    /// A tool's vendor.
    Vendor,
    /// A token's issuer.
    Issuer,
    /// The exchange's back end.
    ExchangeBackend,
    /// A gate.
    Gate,
}

impl Role {
    /// Every role.
    pub const ALL: &'static [Self] = &[
        Self::Viewer,
        Self::Analyst,
        Self::Approver,
        Self::ComplianceLead,
        Self::SecurityAdmin,
        Self::Auditor,
        Self::Support,
        Self::Owner,
        Self::CorporateAdmin,
        Self::Broker,
        Self::MarketMaker,
        Self::Vendor,
        Self::Issuer,
        Self::ExchangeBackend,
        Self::Gate,
    ];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Analyst => "analyst",
            Self::Approver => "approver",
            Self::ComplianceLead => "compliance_lead",
            Self::SecurityAdmin => "security_admin",
            Self::Auditor => "auditor",
            Self::Support => "support",
            Self::Owner => "owner",
            Self::CorporateAdmin => "corporate_admin",
            Self::Broker => "broker",
            Self::MarketMaker => "market_maker",
            Self::Vendor => "vendor",
            Self::Issuer => "issuer",
            Self::ExchangeBackend => "exchange_backend",
            Self::Gate => "gate",
        }
    }

    /// Whether it is a staff role.
    #[must_use]
    pub const fn is_staff(self) -> bool {
        matches!(
            self,
            Self::Viewer
                | Self::Analyst
                | Self::Approver
                | Self::ComplianceLead
                | Self::SecurityAdmin
                | Self::Auditor
                | Self::Support
        )
    }

    /// Whether it is a customer's role: such a principal sees his own customer's things only.
    #[must_use]
    pub const fn is_customer(self) -> bool {
        matches!(
            self,
            Self::Owner
                | Self::CorporateAdmin
                | Self::Broker
                | Self::MarketMaker
                | Self::Vendor
                | Self::Issuer
        )
    }
}

/// Who acts, as established by sign-in. Made by the server only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Actor {
    /// Prefix and id: `user:alice`, `customer:C1/P1`, `token:T1`, `gate:g1`, `system:canary`.
    pub principal: String,
    /// What he may do.
    pub roles: Vec<Role>,
    /// The customer whose things he may touch, for customers' roles.
    pub customer: Option<String>,
    /// The human session, by its public id; machines have none.
    pub session: Option<String>,
    /// When a second factor was last shown, and which: `totp`, `passkey`, `kr_two_channel`. SMS never stands here.
    pub second_factor: Option<SecondFactor>,
    /// Version of the row of users or tokens that says so; none for customers, gates and Sumun itself. What is done relies on it.
    #[serde(skip)]
    pub rights: Option<i64>,
}

/// A second factor shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SecondFactor {
    /// Which.
    pub method: String,
    /// When.
    pub at: Timestamp,
}

impl Actor {
    /// A part of Sumun that acts by itself: `system:clock`.
    #[must_use]
    pub fn system(name: &str) -> Self {
        Self {
            principal: format!("system:{name}"),
            roles: Vec::new(),
            customer: None,
            session: None,
            second_factor: None,
            rights: None,
        }
    }

    /// The row that says what he may do, as it was when he was let in.
    #[must_use]
    pub fn rights_read(&self) -> Option<RowRead> {
        let expect = Expect::Version(self.rights?);
        let (table, key) = match self.principal.split_once(':')? {
            ("user", user) => (&USERS, user),
            ("token", token) => (&TOKENS, token),
            _ => return None,
        };
        Some(RowRead { table, key: key.to_owned(), expect })
    }

    /// Whether he has one of these roles.
    #[must_use]
    pub fn has(&self, roles: &[Role]) -> bool {
        self.roles.iter().any(|role| roles.contains(role))
    }
}
