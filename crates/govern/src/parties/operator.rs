//! An operator: who in fact drives a key. Control in the hands of one that nobody recorded is lending.

use super::{Draft, Party, check_text, inconsistent, missing};
use crate::actor::Actor;
use crate::call::{Call, Done};
use crate::govern::Govern;
use crate::refusal::Refusal;
use crate::row;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sumun_model::{CustomerId, OperatorId, Prefix, VendorId};
use sumun_store::tables::{CUSTOMERS, OPERATORS, VENDORS};
use sumun_store::{Image, Table};

/// Most networks one operator, vendor or delegation may name.
pub const NETWORKS_MAX: usize = 64;

/// What an operator is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperatorKind {
    /// The owner himself.
    Owner,
    /// An employee on the roster.
    Employee,
    /// A desk on the roster.
    Desk,
    /// A vendor's service.
    Vendor,
}

impl OperatorKind {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Employee => "employee",
            Self::Desk => "desk",
            Self::Vendor => "vendor",
        }
    }
}

/// Whether an operator may still be named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperatorState {
    /// Yes.
    #[default]
    Active,
    /// No more.
    Ended,
}

impl OperatorState {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Ended => "ended",
        }
    }
}

/// An operator, wholly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatorPut {
    /// What it is.
    pub kind: OperatorKind,
    /// Whose, unless it is a vendor's.
    #[serde(default)]
    pub customer: Option<CustomerId>,
    /// Which vendor's, if it is one's.
    #[serde(default)]
    pub vendor: Option<VendorId>,
    /// What people call it: a desk, a service. No person's name: that is what persons are for.
    #[serde(default)]
    pub name: Option<String>,
    /// Where it works from.
    #[serde(default)]
    pub networks: Vec<Prefix>,
    /// Whether it may still be named.
    #[serde(default)]
    pub state: OperatorState,
}

/// An operator, as shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operator {
    /// Its id.
    pub operator: String,
    /// What it is.
    pub kind: String,
    /// Whose.
    pub customer: Option<String>,
    /// Which vendor's.
    pub vendor: Option<String>,
    /// What people call it.
    pub name: Option<String>,
    /// Where it works from.
    pub networks: Value,
    /// Whether it may still be named.
    pub state: String,
    /// Version of the row.
    pub version: i64,
}

impl Party for Operator {
    const TABLE: &'static Table = &OPERATORS;
    const WHAT: &'static str = "operator";
    const PUT: &'static str = "operator.put";

    fn of(row: &Image) -> Self {
        Self {
            operator: row::text(row, "operator").to_owned(),
            kind: row::text(row, "kind").to_owned(),
            customer: row::text_or_null(row, "customer"),
            vendor: row::text_or_null(row, "vendor"),
            name: row::text_or_null(row, "name"),
            networks: row.get("networks").cloned().unwrap_or_default(),
            state: row::text(row, "state").to_owned(),
            version: row::version(row),
        }
    }

    fn customer(row: &Image) -> Option<String> {
        row::text_or_null(row, "customer")
    }
}

/// Refuses a list of networks that is too long.
pub(super) fn check_networks(networks: &[Prefix]) -> Result<(), Refusal> {
    if networks.len() <= NETWORKS_MAX {
        return Ok(());
    }
    Err(inconsistent(
        "/networks",
        format!("{} networks are named, at most {NETWORKS_MAX} are allowed", networks.len()),
        "name wider networks, or take out those no longer used",
    ))
}

/// What putting an operator would write.
///
/// # Errors
/// Something named does not exist, a vendor that may not be used, or kind and holder that do not go together.
pub fn draft(
    id: &str,
    put: &OperatorPut,
    before: Option<&Image>,
    customer: Option<&Image>,
    vendor: Option<&Image>,
) -> Result<Draft, Refusal> {
    check_networks(&put.networks)?;
    if let Some(name) = &put.name {
        check_text("/name", name)?;
    }
    let mut draft = Draft::default();
    match (put.kind, &put.customer, &put.vendor) {
        (OperatorKind::Vendor, None, Some(vendor_id)) => {
            let row = vendor.ok_or_else(|| missing("vendor", vendor_id.as_str(), "/vendor"))?;
            if put.state == OperatorState::Active && row::text(row, "state") == "removed" {
                return Err(inconsistent(
                    "/vendor",
                    format!("vendor `{vendor_id}` was removed from the registry"),
                    "put the operator as `ended`, or name another vendor",
                ));
            }
            draft = draft.relies_on(&VENDORS, vendor_id.as_str(), Some(row));
        }
        (OperatorKind::Vendor, ..) => {
            return Err(inconsistent(
                "/vendor",
                "a vendor's operator names its vendor, and no customer",
                "name `vendor` and leave out `customer`",
            ));
        }
        (_, Some(customer_id), None) => {
            if customer.is_none() {
                return Err(missing("customer", customer_id.as_str(), "/customer"));
            }
            draft = draft.relies_on(&CUSTOMERS, customer_id.as_str(), customer);
        }
        _ => {
            return Err(inconsistent(
                "/customer",
                format!("an operator of kind `{}` names its customer, and no vendor", put.kind.as_str()),
                "name `customer` and leave out `vendor`",
            ));
        }
    }
    let holder = |row: &Image| (row::text_or_null(row, "customer"), row::text_or_null(row, "vendor"));
    let now_held =
        (put.customer.as_ref().map(ToString::to_string), put.vendor.as_ref().map(ToString::to_string));
    if before.is_some_and(|row| holder(row) != now_held) {
        return Err(inconsistent(
            "/customer",
            format!("operator `{id}` would pass to another holder"),
            "end this one and put another: keys and delegations were agreed with this one",
        ));
    }
    Ok(draft
        .column("kind", put.kind.as_str())
        .column("customer", json!(put.customer))
        .column("vendor", json!(put.vendor))
        .column("name", json!(put.name))
        .column("networks", json!(put.networks))
        .column("state", put.state.as_str()))
}

impl Govern {
    /// Puts an operator wholly.
    ///
    /// # Errors
    /// `forbidden`, `no_such_reference`, `inconsistent`, `version_stale`, the store's.
    pub async fn put_operator(
        &self,
        actor: &Actor,
        id: &OperatorId,
        put: &OperatorPut,
        call: &Call,
    ) -> Result<Done<Operator>, Refusal> {
        self.put_party(actor, id.as_str(), call, |before, _| async move {
            let customer = match &put.customer {
                Some(customer) => self.row(&CUSTOMERS, customer.as_str()).await?,
                None => None,
            };
            let vendor = match &put.vendor {
                Some(vendor) => self.row(&VENDORS, vendor.as_str()).await?,
                None => None,
            };
            draft(id.as_str(), put, before.as_ref(), customer.as_ref(), vendor.as_ref())
        })
        .await
    }
}
