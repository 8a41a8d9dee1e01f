//! A vendor: a third party's tool, attested, looked into, looked into again.
//!
//! Putting one says what it is; whether it may be used is its state, and that changes by [`super::vendor_state`] only.

use super::operator::check_networks;
use super::{Draft, Party, check_country, check_text, inconsistent};
use crate::actor::{Actor, Role};
use crate::call::{Call, Done};
use crate::govern::Govern;
use crate::refusal::Refusal;
use crate::row;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sumun_model::{Date, Prefix, Scope, ScopeSet, Timestamp, VendorId};
use sumun_store::tables::VENDORS;
use sumun_store::{Image, Table};

/// What kind of tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VendorClass {
    /// Does what its user tells it.
    Tool,
    /// Tells its users what to do.
    Signal,
    /// Decides for its users.
    Discretionary,
}

impl VendorClass {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tool => "tool",
            Self::Signal => "signal",
            Self::Discretionary => "discretionary",
        }
    }
}

/// Where a vendor stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VendorState {
    /// Entered, and not yet looked into.
    Applied,
    /// May be used.
    Approved,
    /// May not be used for the time being.
    Suspended,
    /// May never be used again.
    Removed,
}

impl VendorState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Applied, Self::Approved, Self::Suspended, Self::Removed];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Approved => "approved",
            Self::Suspended => "suspended",
            Self::Removed => "removed",
        }
    }

    /// From the word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// What was looked into. Complete when every field is there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Diligence {
    /// The company that answers for the tool.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Where it is registered, two capital letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// How it keeps its users' secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secrets_kept: Option<String>,
    /// Who can reach them, subcontractors included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access: Option<String>,
    /// Whom to call when something happens there, and how soon it tells us.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incidents: Option<String>,
    /// Where the review is filed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review: Option<String>,
    /// When it was looked into.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reviewed: Option<Date>,
}

impl Diligence {
    /// What is not there yet, by field.
    #[must_use]
    pub fn missing(&self) -> Vec<&'static str> {
        let fields = [
            ("company", self.company.is_some()),
            ("country", self.country.is_some()),
            ("secrets_kept", self.secrets_kept.is_some()),
            ("access", self.access.is_some()),
            ("incidents", self.incidents.is_some()),
            ("review", self.review.is_some()),
            ("reviewed", self.reviewed.is_some()),
        ];
        fields.into_iter().filter(|(_, there)| !there).map(|(field, _)| field).collect()
    }
}

/// A vendor, wholly; its state stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VendorPut {
    /// What people call it.
    pub name: String,
    /// What kind of tool.
    pub class: VendorClass,
    /// Where its requests come from.
    #[serde(default)]
    pub networks: Vec<Prefix>,
    /// The most a key for it may hold.
    pub scopes: ScopeSet,
    /// What was looked into.
    #[serde(default)]
    pub diligence: Diligence,
    /// When it last attested to the venue's rules.
    #[serde(default)]
    pub attested: Option<Timestamp>,
}

/// A vendor, as shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vendor {
    /// Its id.
    pub vendor: String,
    /// What people call it.
    pub name: String,
    /// What kind of tool.
    pub class: String,
    /// Where it stands.
    pub state: String,
    /// Where its requests come from.
    pub networks: Value,
    /// The most a key for it may hold.
    pub scopes: Value,
    /// What was looked into.
    pub diligence: Value,
    /// When it last attested.
    pub attested: Option<Timestamp>,
    /// When it must be looked into again.
    pub recertify: Option<Timestamp>,
    /// Version of the row.
    pub version: i64,
}

impl Party for Vendor {
    const TABLE: &'static Table = &VENDORS;
    const WHAT: &'static str = "vendor";
    const PUT: &'static str = "vendor.put";
    const PUT_BY: &'static [Role] = &[Role::ComplianceLead];

    fn of(row: &Image) -> Self {
        let json = |column: &str| row.get(column).cloned().unwrap_or_default();
        let time = |column: &str| row::integer(row, column).map(Timestamp::from_micros);
        Self {
            vendor: row::text(row, "vendor").to_owned(),
            name: row::text(row, "name").to_owned(),
            class: row::text(row, "class").to_owned(),
            state: row::text(row, "state").to_owned(),
            networks: json("networks"),
            scopes: json("scopes"),
            diligence: json("diligence"),
            attested: time("attested_us"),
            recertify: time("recertify_us"),
            version: row::version(row),
        }
    }

    fn customer(_: &Image) -> Option<String> {
        None
    }

    fn open_to_all() -> bool {
        true
    }

    fn outwards(self) -> Self {
        Self { diligence: Value::Null, attested: None, recertify: None, ..self }
    }
}

/// Whether all of these lie within those.
fn networks_within(inner: &[Prefix], outer: &[Prefix]) -> bool {
    inner.iter().all(|prefix| {
        outer.iter().any(|wide| {
            wide.is_v4() == prefix.is_v4()
                && wide.length() <= prefix.length()
                && wide.contains(prefix.network())
        })
    })
}

/// Whether every scope of one set stands in the other.
pub(crate) fn scopes_within(inner: ScopeSet, outer: ScopeSet) -> bool {
    inner.union(outer) == outer
}

/// What putting a vendor would write.
///
/// # Errors
/// A text that cannot be, `withdraw`, an attestation of the future, or an approved vendor that would get more.
pub fn draft(put: &VendorPut, before: Option<&Image>, now: Timestamp) -> Result<Draft, Refusal> {
    check_text("/name", &put.name)?;
    check_networks(&put.networks)?;
    let given = &put.diligence;
    check_country("/diligence/country", given.country.as_deref())?;
    for (pointer, text) in [
        ("/diligence/company", &given.company),
        ("/diligence/secrets_kept", &given.secrets_kept),
        ("/diligence/access", &given.access),
        ("/diligence/incidents", &given.incidents),
        ("/diligence/review", &given.review),
    ] {
        text.as_deref().map_or(Ok(()), |text| check_text(pointer, text))?;
    }
    if put.scopes.contains(Scope::Withdraw) {
        return Err(inconsistent(
            "/scopes",
            "`withdraw` is never a third party's",
            "take it out of `scopes`; owners withdraw by themselves",
        ));
    }
    if put.attested.is_some_and(|at| at > now) {
        return Err(inconsistent("/attested", "the attestation is of the future", "correct its time"));
    }
    let state = before.map_or(VendorState::Applied.as_str(), |row| row::text(row, "state"));
    if let Some(row) = before.filter(|_| state == VendorState::Approved.as_str()) {
        let (networks, scopes): (Vec<Prefix>, ScopeSet) =
            (row::json(row, "networks"), row::json(row, "scopes"));
        if !networks_within(&put.networks, &networks) || !scopes_within(put.scopes, scopes) {
            return Err(inconsistent(
                "/scopes",
                "an approved vendor would get more networks or scopes than were approved",
                "suspend it, put it with what is new, and have it approved again",
            ));
        }
        let lost = put.diligence.missing();
        if !lost.is_empty() || put.attested.is_none() {
            return Err(inconsistent(
                "/diligence",
                format!("an approved vendor would lose what it was approved by: {}", lost.join(", ")),
                "put its record wholly, attestation included",
            ));
        }
    }
    let keep = |column: &str| before.and_then(|row| row.get(column)).cloned().unwrap_or_default();
    Ok(Draft::default()
        .column("name", put.name.as_str())
        .column("class", put.class.as_str())
        .column("state", state)
        .column("networks", json!(put.networks))
        .column("scopes", json!(put.scopes))
        .column("diligence", json!(put.diligence))
        .column("attested_us", json!(put.attested.map(Timestamp::as_micros)))
        .column("recertify_us", keep("recertify_us")))
}

impl Govern {
    /// Puts a vendor wholly; a new one is `applied`.
    ///
    /// # Errors
    /// `forbidden`, `inconsistent`, `version_stale`, the store's.
    pub async fn put_vendor(
        &self,
        actor: &Actor,
        id: &VendorId,
        put: &VendorPut,
        call: &Call,
    ) -> Result<Done<Vendor>, Refusal> {
        self.put_party(
            actor,
            id.as_str(),
            call,
            |before, now| async move { draft(put, before.as_ref(), now) },
        )
        .await
    }
}
