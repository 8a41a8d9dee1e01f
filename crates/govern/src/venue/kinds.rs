//! Small checked kinds of the venue file. What cannot hold is refused where it stands, so that the error has a line.

use crate::Role;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::borrow::Cow;
use sumun_model::{Scope, ScopeSet};

/// A whole number from `MIN` to `MAX`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bounded<const MIN: u32, const MAX: u32>(u32);

impl<const MIN: u32, const MAX: u32> Bounded<MIN, MAX> {
    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The number, if it is within bounds.
    #[must_use]
    pub const fn new(number: u32) -> Option<Self> {
        if number < MIN || number > MAX { None } else { Some(Self(number)) }
    }
}

impl<const MIN: u32, const MAX: u32> Serialize for Bounded<MIN, MAX> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_u32(self.0)
    }
}

impl<'de, const MIN: u32, const MAX: u32> Deserialize<'de> for Bounded<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let number = i64::deserialize(d)?;
        u32::try_from(number)
            .ok()
            .and_then(Self::new)
            .ok_or_else(|| de::Error::custom(format!("`{number}` is not from {MIN} to {MAX}")))
    }
}

/// A way to show a second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// A passkey.
    Passkey,
    /// A code by time (RFC 6238).
    Totp,
    /// The Korean two-channel check.
    KrTwoChannel,
}

impl Method {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passkey => "passkey",
            Self::Totp => "totp",
            Self::KrTwoChannel => "kr_two_channel",
        }
    }
}

impl<'de> Deserialize<'de> for Method {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let word = Cow::<'de, str>::deserialize(d)?;
        match word.as_ref() {
            "passkey" => Ok(Self::Passkey),
            "totp" => Ok(Self::Totp),
            "kr_two_channel" => Ok(Self::KrTwoChannel),
            "sms" => Err(de::Error::custom(
                "`sms` never counts as a second factor: a number can be moved to another SIM; name `passkey`, `totp` or `kr_two_channel`",
            )),
            other => Err(de::Error::custom(format!(
                "unknown second factor `{}`, expected one of `passkey`, `totp`, `kr_two_channel`",
                other.chars().take(64).collect::<String>()
            ))),
        }
    }
}

/// An Ed25519 public key: 32 bytes, base64url without padding in text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKeyText([u8; 32]);

impl PublicKeyText {
    /// The bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// From text; `None` if it is not 32 bytes of base64url.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self)
    }
}

impl std::fmt::Display for PublicKeyText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl Serialize for PublicKeyText {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PublicKeyText {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(d)?;
        Self::parse(&text).ok_or_else(|| {
            de::Error::custom(
                "not an Ed25519 public key; give its 32 bytes as base64url without padding (43 characters)",
            )
        })
    }
}

/// The strongest thing a set of scopes allows, for the question who must agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ApprovalClass {
    /// Looking only.
    Read,
    /// Placing and cancelling orders.
    Trade,
    /// Moving assets, or making the places they move to.
    Transfer,
}

impl ApprovalClass {
    /// Of one scope.
    #[must_use]
    pub const fn of_scope(scope: Scope) -> Self {
        match scope {
            Scope::MarketData
            | Scope::ReadBalances
            | Scope::ReadOrders
            | Scope::ReadDeposits
            | Scope::ReadWithdrawals => Self::Read,
            Scope::Trade | Scope::Cancel => Self::Trade,
            // An address to deposit to is where a thief would have money sent.
            Scope::Deposit | Scope::Withdraw | Scope::Transfer | Scope::SubAccounts => Self::Transfer,
        }
    }

    /// Of a set: its strongest scope's.
    #[must_use]
    pub fn of(scopes: ScopeSet) -> Self {
        scopes.iter().map(Self::of_scope).max().unwrap_or(Self::Read)
    }
}

/// A role whose holders may decide: staff, or the customer's own administrator.
pub(super) fn deciding_role<'de, D: Deserializer<'de>>(d: D) -> Result<Role, D::Error> {
    let role = Role::deserialize(d)?;
    match role {
        Role::Analyst
        | Role::Approver
        | Role::ComplianceLead
        | Role::SecurityAdmin
        | Role::CorporateAdmin => Ok(role),
        _ => Err(de::Error::custom(format!(
            "`{}` decides nothing; name `analyst`, `approver`, `compliance_lead`, `security_admin` or `corporate_admin`",
            role.as_str()
        ))),
    }
}
