//! What is true of one venue: texts, limits, clocks, who must agree to what. One file, `venue.toml`.
//!
//! A value that was parsed holds: bounds, methods and roles are checked at the door, with line and column. Reads no file:
//! [`Venue::parse`] takes text. What changed between two of them, and what got looser, is in [`compare`]; taking one into
//! force is in [`adopt`].

pub mod adopt;
mod asking;
mod authority;
mod campaign;
pub mod compare;
mod error;
mod hold_due;
mod kinds;

pub use asking::{ControlTest, OwnerRules};
pub use authority::{Attribute, Authority, AuthorityRules};
pub use campaign::CampaignRules;
pub use error::VenueError;
pub use hold_due::HoldDue;
pub use kinds::{ApprovalClass, Bounded, Method, PublicKeyText};

use crate::Role;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use sumun_model::{AccountId, Date, Prefix, Purpose, ScopeSet, Segment, Timestamp};

/// The venue file as it is shipped, with every field and its reason.
pub const EXAMPLE: &str = include_str!("../data/venue.toml");

/// One venue's facts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "the venue's fields")]
pub struct Venue {
    /// Its id; also the ledger's, and the audience of assertions unless said otherwise.
    pub venue: String,
    /// How it speaks to clients.
    pub dialect: String,
    /// What people read.
    pub name: Texts,
    /// The ledger's identity.
    pub ledger: Ledger,
    /// What an owner accepts with a key.
    pub terms: Terms,
    /// Limits per segment.
    pub segments: Segments,
    /// What a key for a purpose may hold at most; a purpose not here is not offered.
    pub purposes: BTreeMap<Purpose, PurposeRules>,
    /// How a key is ended by force.
    #[serde(default)]
    pub expiry: Expiry,
    /// What counts as a second factor.
    pub second_factor: SecondFactorRules,
    /// How the exchange vouches for owners.
    pub exchange: Exchange,
    /// Due times and lives.
    pub clocks: Clocks,
    /// The venue's own key that is ended and tried.
    pub canary: Canary,
    /// What owners are asked, and for how long.
    #[serde(default)]
    pub owner: OwnerRules,
    /// How a control test is drawn and judged.
    #[serde(default)]
    pub control_test: ControlTest,
    /// Whose word counts where the exchange keeps keys too.
    #[serde(default)]
    pub authority: AuthorityRules,
    /// How owners are asked who uses keys that are there already.
    #[serde(default, skip_serializing_if = "CampaignRules::is_default")]
    pub campaign: CampaignRules,
}

/// One text in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Texts {
    /// Korean.
    pub ko: String,
    /// English.
    pub en: String,
}

/// The ledger's identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ledger {
    /// First line of every checkpoint.
    pub origin: String,
}

/// What an owner accepts with a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// Which version; requests must name it.
    pub version: String,
    /// From which day.
    pub effective: Date,
    /// Korean text.
    pub ko: String,
    /// English text.
    pub en: String,
}

/// Limits of every segment; none may be missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Segments {
    /// Natural persons.
    pub retail: SegmentRules,
    /// Companies.
    pub corporate: SegmentRules,
    /// Who trades for clients.
    pub broker: SegmentRules,
    /// Who provides liquidity.
    pub market_maker: SegmentRules,
    /// Who holds assets for others.
    pub custodian: SegmentRules,
}

/// Limits of one segment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SegmentRules {
    /// Who must agree.
    pub approvals: Approvals,
    /// Whether every key needs an address. Where not, only keys for market data go without (the gate's own rule).
    pub allowlist_required: bool,
    /// The widest prefix one entry may have, in bits: smaller is wider.
    pub widest_prefix: WidestPrefix,
    /// Whether an address added to a key is in effect only once a signed request from it proved it (R198). Where not, adding one
    /// takes what any widening takes.
    #[serde(default)]
    pub address_proof_required: bool,
    /// Longest life of a key, in days.
    pub key_life_days_max: Bounded<1, 3650>,
    /// Longest time that an old and a new key both live, in hours.
    pub rotation_overlap_hours_max: Bounded<0, 720>,
    /// Most keys that are not terminal, per account.
    pub keys_per_account_max: Bounded<1, 1000>,
}

/// Who must agree before a key lives, by the strongest thing it may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approvals {
    /// Looking only.
    pub read: Vec<Needed>,
    /// Placing and cancelling orders.
    pub trade: Vec<Needed>,
    /// Moving assets, deposit addresses and sub-accounts included.
    pub transfer: Vec<Needed>,
}

/// How a key is ended by force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expiry {
    /// Who must agree, beside whoever proposed it.
    pub approvals: Vec<Needed>,
}

impl Default for Expiry {
    /// Two approvers, as a venue has it that says nothing.
    fn default() -> Self {
        let approver = |count| Needed { role: Role::Approver, count };
        Self { approvals: Bounded::new(2).map(approver).into_iter().collect() }
    }
}

/// So many people of one role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Needed {
    /// Whose.
    #[serde(deserialize_with = "kinds::deciding_role")]
    pub role: Role,
    /// How many different people.
    pub count: Bounded<1, 5>,
}

/// The widest prefix an allowlist entry may have, in bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WidestPrefix {
    /// IPv4.
    pub v4: Bounded<8, 32>,
    /// IPv6.
    pub v6: Bounded<19, 128>,
}

/// What a key for one purpose may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PurposeRules {
    /// The most.
    pub scopes_max: ScopeSet,
}

/// What counts as a second factor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecondFactorRules {
    /// Accepted ones; a text message cannot be named.
    pub methods: Vec<Method>,
    /// How long one shown counts, in minutes.
    pub age_minutes_max: Bounded<1, 60>,
    /// How long one shown by staff counts, in minutes, for what gives access, rights or agreement.
    #[serde(default = "staff_age_minutes")]
    pub staff_age_minutes_max: Bounded<1, 120>,
}

const fn staff_age_minutes() -> Bounded<1, 120> {
    const MINUTES: Bounded<1, 120> = match Bounded::new(15) {
        Some(minutes) => minutes,
        None => unreachable!(),
    };
    MINUTES
}

/// How the exchange vouches for owners.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// What an assertion's `aud` must be.
    pub audience: String,
    /// How old an assertion may be, in seconds.
    pub assertion_age_s_max: Bounded<1, 60>,
    /// Its Ed25519 public keys by `kid`.
    #[serde(default)]
    pub assertion_keys: BTreeMap<String, PublicKeyText>,
}

/// Due times and lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clocks {
    /// How long an approval waits, in days; then it lapses.
    pub approval_due_days: Bounded<1, 90>,
    /// How long an invitation of a user or a gate holds, in hours.
    pub invite_hours: Bounded<1, 336>,
    /// When a hold must have been looked at, in hours; then it lapses. Either this or `hold_due_minutes`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_due_hours: Option<Bounded<1, 720>>,
    /// The same in minutes, for venues whose days are short.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_due_minutes: Option<Bounded<1, 43_200>>,
    /// How long a session may be idle, in minutes.
    pub session_idle_minutes: Bounded<1, 120>,
    /// How long a session lives at most, in hours.
    pub session_hours: Bounded<1, 24>,
    /// How long a machine's token lives at most, in days.
    pub token_life_days_max: Bounded<1, 730>,
    /// When an approved vendor must be looked at again, in days.
    pub vendor_recertify_days: Bounded<30, 1095>,
}

/// The venue's own key that is ended and tried from outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Canary {
    /// How often, in minutes.
    pub every_minutes: Bounded<1, 10_080>,
    /// How long it lives before it is ended, in seconds: long enough that every gate hears of it.
    pub lives_seconds: Bounded<5, 3600>,
    /// The venue's own account; none: nothing is tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// Where the tries come from; without one, a living canary is refused for its address and only its end shows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<Prefix>,
}

impl Venue {
    /// Reads the text of a `venue.toml`. `file` is only named in the error.
    ///
    /// # Errors
    /// The first thing that is wrong, with line, column, field and what to do.
    pub fn parse(file: &str, text: &str) -> Result<Self, VenueError> {
        let deserializer =
            toml::Deserializer::parse(text).map_err(|error| VenueError::of_toml(file, text, None, &error))?;
        let venue: Self = serde_path_to_error::deserialize(deserializer).map_err(|error| {
            let field = error.path().to_string();
            VenueError::of_toml(file, text, Some(field), error.inner())
        })?;
        venue.check().map_err(|(field, message)| VenueError::of_field(file, text, field, message))?;
        Ok(venue)
    }

    /// Reads what an entry or a request holds.
    ///
    /// # Errors
    /// As [`Venue::parse`], without line and column.
    pub fn from_json(value: &serde_json::Value) -> Result<Self, VenueError> {
        let venue: Self = serde_path_to_error::deserialize(value).map_err(|error| {
            let field = error.path().to_string();
            VenueError::of_json(Some(field), error.inner().to_string())
        })?;
        venue.check().map_err(|(field, message)| VenueError::of_json(Some(field.to_owned()), message))?;
        Ok(venue)
    }

    /// The facts as JSON: the same for the same facts, whatever the file's comments and order.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        // Every field has a plain JSON form; nothing here can fail to serialise.
        serde_json::to_value(self).unwrap_or_default()
    }

    /// Hex SHA-256 over the facts. Comments and order of the file do not count.
    #[must_use]
    pub fn digest(&self) -> String {
        // Whole numbers and texts only: every value of this type has a canonical form.
        let text = sumun_ledger::Canonical::of(&self.to_json()).map(sumun_ledger::Canonical::into_string);
        hex::encode(Sha256::digest(text.unwrap_or_default()))
    }

    /// A segment's limits.
    #[must_use]
    pub fn segment(&self, segment: Segment) -> &SegmentRules {
        match segment {
            Segment::Retail => &self.segments.retail,
            Segment::Corporate => &self.segments.corporate,
            Segment::Broker => &self.segments.broker,
            Segment::MarketMaker => &self.segments.market_maker,
            Segment::Custodian => &self.segments.custodian,
        }
    }

    /// The most a key for this purpose may hold; `None` if the purpose is not offered.
    #[must_use]
    pub fn scopes_max(&self, purpose: Purpose) -> Option<ScopeSet> {
        self.purposes.get(&purpose).map(|rules| rules.scopes_max)
    }

    /// Whether this second factor, shown then, counts now.
    #[must_use]
    pub fn accepts_factor(&self, factor: &crate::actor::SecondFactor, now: Timestamp) -> bool {
        self.accepts_factor_of(factor, self.second_factor.age_minutes_max.get(), now)
    }

    /// Whether this second factor, shown by staff then, counts now.
    #[must_use]
    pub fn accepts_staff_factor(&self, factor: &crate::actor::SecondFactor, now: Timestamp) -> bool {
        self.accepts_factor_of(factor, self.second_factor.staff_age_minutes_max.get(), now)
    }

    fn accepts_factor_of(&self, factor: &crate::actor::SecondFactor, minutes: u32, now: Timestamp) -> bool {
        let age = now.micros_since(factor.at);
        (0..=i64::from(minutes) * 60_000_000).contains(&age)
            && self.second_factor.methods.iter().any(|method| method.as_str() == factor.method)
    }
}

impl SegmentRules {
    /// Who must agree to a key that holds these scopes.
    #[must_use]
    pub fn approvals(&self, scopes: ScopeSet) -> &[Needed] {
        match ApprovalClass::of(scopes) {
            ApprovalClass::Read => &self.approvals.read,
            ApprovalClass::Trade => &self.approvals.trade,
            ApprovalClass::Transfer => &self.approvals.transfer,
        }
    }
}

#[cfg(test)]
mod tests;
