//! A delegation: a record that lets a named operator use a key within limits, for a period. Use inside it is no lending.

mod service;

use super::operator::check_networks;
use super::vendor::scopes_within;
use super::{Draft, Party, inconsistent, missing};
use crate::actor::Role;
use crate::refusal::{Refusal, RefusalKind};
use crate::row;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sumun_model::{AccountId, KeyId, KeyState, Mandate, OperatorId, Prefix, ScopeSet, Timestamp};
use sumun_store::tables::{ACCOUNTS, DELEGATIONS, KEYS, OPERATORS, VENDORS};
use sumun_store::{Image, Table};

/// Who may end a delegation: who puts it, and whose it is.
pub const END_ROLES: &[Role] = &[
    Role::ExchangeBackend,
    Role::ComplianceLead,
    Role::Owner,
    Role::CorporateAdmin,
    Role::Broker,
    Role::MarketMaker,
];

/// A delegation, wholly.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DelegationPut {
    /// Over which account's keys.
    pub account: AccountId,
    /// Over this key only.
    #[serde(default)]
    pub key: Option<KeyId>,
    /// Who may use it.
    pub operator: OperatorId,
    /// From where.
    #[serde(default)]
    pub networks: Vec<Prefix>,
    /// For what.
    pub scopes: ScopeSet,
    /// Within which limits.
    #[serde(default)]
    pub limits: Mandate,
    /// From when.
    pub from: Timestamp,
    /// Until when, that instant not included.
    pub until: Timestamp,
}

/// A delegation, as shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delegation {
    /// Its id.
    pub delegation: String,
    /// Over which account's keys.
    pub account: String,
    /// Over this key only.
    pub key: Option<String>,
    /// Who may use it.
    pub operator: String,
    /// From where.
    pub networks: Value,
    /// For what.
    pub scopes: Value,
    /// Within which limits.
    pub limits: Value,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// `active` or `ended`.
    pub state: String,
    /// Version of the row.
    pub version: i64,
}

impl Party for Delegation {
    const TABLE: &'static Table = &DELEGATIONS;
    const WHAT: &'static str = "delegation";
    const PUT: &'static str = "delegation.put";

    fn of(row: &Image) -> Self {
        let json = |column: &str| row.get(column).cloned().unwrap_or_default();
        let time = |column: &str| Timestamp::from_micros(row::integer(row, column).unwrap_or_default());
        Self {
            delegation: row::text(row, "delegation").to_owned(),
            account: row::text(row, "account").to_owned(),
            key: row::text_or_null(row, "key"),
            operator: row::text(row, "operator").to_owned(),
            networks: json("networks"),
            scopes: json("scopes"),
            limits: json("limits"),
            from: time("from_us"),
            until: time("until_us"),
            state: row::text(row, "state").to_owned(),
            version: row::version(row),
        }
    }

    // Whose it is stands with its account, so by its row alone it is nobody's; see [`Govern::delegation`].
    fn customer(_: &Image) -> Option<String> {
        Some(String::new())
    }
}

/// The rows a delegation relies on, as far as the request names them and they exist.
#[derive(Clone, Debug, Default)]
pub struct Around {
    /// The account.
    pub account: Option<Image>,
    /// The key.
    pub key: Option<Image>,
    /// The operator.
    pub operator: Option<Image>,
    /// The operator's vendor.
    pub vendor: Option<Image>,
}

/// What putting a delegation would write.
///
/// # Errors
/// Something named does not exist or does not fit; a period that is none; scopes beyond the key's or the vendor's; a
/// delegation that has ended.
pub fn draft(
    id: &str,
    put: &DelegationPut,
    before: Option<&Image>,
    around: &Around,
    now: Timestamp,
) -> Result<Draft, Refusal> {
    if before.is_some_and(|row| row::text(row, "state") == "ended") {
        return Err(ended(id));
    }
    if put.from >= put.until || put.until <= now {
        return Err(inconsistent(
            "/until",
            format!("the period from {} until {} is empty or over", put.from, put.until),
            "let it end after it begins, and after now",
        ));
    }
    check_networks(&put.networks)?;
    let account_id = put.account.as_str();
    let account = around.account.as_ref().ok_or_else(|| missing("account", account_id, "/account"))?;
    if before.is_some_and(|row| row::text(row, "account") != account_id) {
        return Err(inconsistent(
            "/account",
            format!("delegation `{id}` is over another account"),
            "end it and put another",
        ));
    }
    let draft = Draft::default().relies_on(&ACCOUNTS, account_id, Some(account));
    let draft = key_allows(draft, put, around)?;
    let draft = operator_may(draft, put, around, account)?;
    Ok(draft
        .column("account", account_id)
        .column("key", json!(put.key))
        .column("operator", put.operator.as_str())
        .column("networks", json!(put.networks))
        .column("scopes", json!(put.scopes))
        .column("limits", json!(put.limits))
        .column("from_us", put.from.as_micros())
        .column("until_us", put.until.as_micros())
        .column("state", "active"))
}

fn key_allows(draft: Draft, put: &DelegationPut, around: &Around) -> Result<Draft, Refusal> {
    let Some(id) = &put.key else { return Ok(draft) };
    let key = around.key.as_ref().filter(|key| row::text(key, "account") == put.account.as_str());
    let key = key.ok_or_else(|| {
        let (message, remedy) =
            (format!("account `{}` has no key `{id}`", put.account), "name a key of this account");
        Refusal::new(RefusalKind::Invalid, "no_such_reference", message, remedy).at("/key")
    })?;
    if row::text(key, "state").parse::<KeyState>().map_or(true, KeyState::is_terminal) {
        return Err(inconsistent("/key", format!("key `{id}` has ended"), "name a living key"));
    }
    let holds: ScopeSet = row::json(key, "scopes");
    if !scopes_within(put.scopes, holds) {
        let beyond: Vec<&str> =
            put.scopes.iter().filter(|scope| !holds.contains(*scope)).map(|scope| scope.as_str()).collect();
        return Err(inconsistent(
            "/scopes",
            format!("key `{id}` does not hold {}", beyond.join(", ")),
            "delegate what the key holds, or less",
        ));
    }
    Ok(draft.relies_on(&KEYS, id.as_str(), Some(key)))
}

fn operator_may(
    draft: Draft,
    put: &DelegationPut,
    around: &Around,
    account: &Image,
) -> Result<Draft, Refusal> {
    let id = put.operator.as_str();
    let operator = around.operator.as_ref().ok_or_else(|| missing("operator", id, "/operator"))?;
    if row::text(operator, "state") != "active" {
        return Err(inconsistent("/operator", format!("operator `{id}` has ended"), "name another operator"));
    }
    let mut draft = draft.relies_on(&OPERATORS, id, Some(operator));
    match row::text_or_null(operator, "vendor") {
        Some(vendor_id) => {
            let vendor = around.vendor.as_ref().filter(|vendor| row::text(vendor, "state") == "approved");
            let vendor = vendor.ok_or_else(|| {
                inconsistent(
                    "/operator",
                    format!("vendor `{vendor_id}` of operator `{id}` is not approved"),
                    "have the vendor approved first",
                )
            })?;
            if !scopes_within(put.scopes, row::json(vendor, "scopes")) {
                return Err(inconsistent(
                    "/scopes",
                    format!("vendor `{vendor_id}` is not approved for all of these scopes"),
                    "delegate what the vendor is approved for, or less",
                ));
            }
            draft = draft.relies_on(&VENDORS, &vendor_id, Some(vendor));
        }
        // Somebody else's desk may be named; that is what delegations are for. It is said, since it is unusual.
        None if row::text(operator, "customer") != row::text(account, "customer") => {
            draft.facts.insert("operator_customer".to_owned(), json!(row::text(operator, "customer")));
            draft.warnings.push(format!("operator `{id}` is another customer's"));
        }
        None => {}
    }
    Ok(draft)
}

fn ended(id: &str) -> Refusal {
    Refusal::new(
        RefusalKind::Conflict,
        "delegation_ended",
        format!("delegation `{id}` has ended, and what has ended stays so"),
        "put another delegation under another id",
    )
}
