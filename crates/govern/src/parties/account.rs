//! An account: what keys trade from. One customer's, for ever.

use super::closing;
use super::customer::Standing;
use super::{Draft, Party, check_country, check_text, inconsistent, missing};
use crate::actor::Actor;
use crate::call::{Call, Done};
use crate::govern::Govern;
use crate::refusal::Refusal;
use crate::row;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sumun_model::{AccountId, CustomerId, Date, OperatorId, PersonId, Segment};
use sumun_store::tables::{ACCOUNTS, CUSTOMERS, OPERATORS, PERSONS};
use sumun_store::{Image, Table};

/// An account, wholly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountPut {
    /// Whose.
    pub customer: CustomerId,
    /// The natural person behind it.
    #[serde(default)]
    pub person: Option<PersonId>,
    /// Kind of customer; the customer's own unless `segment_reason` says why not.
    pub segment: Segment,
    /// Why the segment is another than the customer's.
    #[serde(default)]
    pub segment_reason: Option<String>,
    /// Country, two capital letters.
    #[serde(default)]
    pub country: Option<String>,
    /// Opened on.
    #[serde(default)]
    pub opened: Option<Date>,
    /// The operator that is its owner.
    #[serde(default)]
    pub owner: Option<OperatorId>,
    /// The main account, if this is a sub-account.
    #[serde(default)]
    pub parent: Option<AccountId>,
    /// Fee tier.
    #[serde(default)]
    pub fee_tier: Option<String>,
    /// Whether it is in use.
    #[serde(default)]
    pub state: Standing,
}

/// An account, as shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its id.
    pub account: String,
    /// Whose.
    pub customer: String,
    /// The natural person behind it.
    pub person: Option<String>,
    /// Kind of customer.
    pub segment: String,
    /// Country.
    pub country: Option<String>,
    /// Opened on.
    pub opened: Option<String>,
    /// The operator that is its owner.
    pub owner: Option<String>,
    /// The main account.
    pub parent: Option<String>,
    /// Fee tier.
    pub fee_tier: Option<String>,
    /// Whether it is in use.
    pub state: String,
    /// Version of the row.
    pub version: i64,
}

impl Party for Account {
    const TABLE: &'static Table = &ACCOUNTS;
    const WHAT: &'static str = "account";
    const PUT: &'static str = "account.put";

    fn of(row: &Image) -> Self {
        let text = |column: &str| row::text_or_null(row, column);
        Self {
            account: row::text(row, "account").to_owned(),
            customer: row::text(row, "customer").to_owned(),
            person: text("person"),
            segment: row::text(row, "segment").to_owned(),
            country: text("country"),
            opened: text("opened"),
            owner: text("owner"),
            parent: text("parent"),
            fee_tier: text("fee_tier"),
            state: row::text(row, "state").to_owned(),
            version: row::version(row),
        }
    }

    fn customer(row: &Image) -> Option<String> {
        row::text_or_null(row, "customer")
    }
}

/// The rows an account relies on, as far as the request names them and they exist.
#[derive(Clone, Debug, Default)]
pub struct Around {
    /// The customer.
    pub customer: Option<Image>,
    /// The person.
    pub person: Option<Image>,
    /// The owner.
    pub owner: Option<Image>,
    /// The main account.
    pub parent: Option<Image>,
}

/// What putting an account would write.
///
/// # Errors
/// Something named does not exist or is another customer's; the segment differs without a reason; a sub-account of a
/// sub-account; another customer than before.
pub fn draft(id: &str, put: &AccountPut, before: Option<&Image>, around: &Around) -> Result<Draft, Refusal> {
    let whose = put.customer.as_str();
    let customer = around.customer.as_ref().ok_or_else(|| missing("customer", whose, "/customer"))?;
    if before.is_some_and(|row| row::text(row, "customer") != whose) {
        return Err(inconsistent(
            "/customer",
            format!("account `{id}` belongs to another customer, and an account never changes hands"),
            "open another account for the other customer",
        ));
    }
    check_country("/country", put.country.as_deref())?;
    let mut draft = Draft::default().relies_on(&CUSTOMERS, whose, Some(customer));
    draft = draft.segment(put, customer)?;
    if let Some(person) = &put.person {
        let row = same_customer(around.person.as_ref(), "person", person.as_str(), whose)?;
        draft = draft.relies_on(&PERSONS, person.as_str(), Some(row));
    }
    if let Some(owner) = &put.owner {
        let row = same_customer(around.owner.as_ref(), "operator", owner.as_str(), whose)?;
        draft = draft.relies_on(&OPERATORS, owner.as_str(), Some(row));
    }
    if let Some(parent) = &put.parent {
        let row = same_customer(around.parent.as_ref(), "account", parent.as_str(), whose)?;
        if parent.as_str() == id || row::text_or_null(row, "parent").is_some() {
            return Err(inconsistent(
                "/parent",
                format!("`{parent}` is no main account: it is this one, or a sub-account itself"),
                "name the main account",
            ));
        }
        draft = draft.relies_on(&ACCOUNTS, parent.as_str(), Some(row));
    }
    if let Some(tier) = &put.fee_tier {
        check_text("/fee_tier", tier)?;
    }
    if put.state == Standing::Closed && before.is_some_and(|row| row::text(row, "state") != "closed") {
        draft.warnings.push("closing an account ends every key of it at once, and for ever".to_owned());
    }
    Ok(draft
        .column("customer", whose)
        .column("person", json!(put.person))
        .column("segment", put.segment.as_str())
        .column("country", json!(put.country))
        .column("opened", json!(put.opened))
        .column("owner", json!(put.owner))
        .column("parent", json!(put.parent))
        .column("fee_tier", json!(put.fee_tier))
        .column("state", put.state.as_str()))
}

impl Draft {
    fn segment(mut self, put: &AccountPut, customer: &Image) -> Result<Self, Refusal> {
        let whose = row::text(customer, "segment");
        if put.segment.as_str() == whose {
            return Ok(self);
        }
        let Some(reason) = &put.segment_reason else {
            return Err(inconsistent(
                "/segment",
                format!("the account's segment is {}, its customer's is {whose}", put.segment),
                "correct it, or say why in `segment_reason`; it will stand in the ledger",
            ));
        };
        check_text("/segment_reason", reason)?;
        self.facts.insert("segment_differs".to_owned(), json!({ "customer": whose, "reason": reason }));
        self.warnings.push(format!("the account is {} though its customer is {whose}", put.segment));
        Ok(self)
    }
}

fn same_customer<'a>(
    row: Option<&'a Image>,
    what: &str,
    id: &str,
    whose: &str,
) -> Result<&'a Image, Refusal> {
    let pointer = match what {
        "operator" => "/owner",
        "account" => "/parent",
        _ => "/person",
    };
    let row = row.ok_or_else(|| missing(what, id, pointer))?;
    if row::text(row, "customer") == whose {
        return Ok(row);
    }
    Err(inconsistent(
        pointer,
        format!("{what} `{id}` is not of customer `{whose}`"),
        "name one of the same customer",
    ))
}

impl Govern {
    /// Puts an account wholly.
    ///
    /// # Errors
    /// `forbidden`, `no_such_reference`, `inconsistent`, `version_stale`, the store's.
    pub async fn put_account(
        &self,
        actor: &Actor,
        id: &AccountId,
        put: &AccountPut,
        call: &Call,
    ) -> Result<Done<Account>, Refusal> {
        self.put_party(actor, id.as_str(), call, |before, now| async move {
            let mut around =
                Around { customer: self.row(&CUSTOMERS, put.customer.as_str()).await?, ..Around::default() };
            if let Some(person) = &put.person {
                around.person = self.row(&PERSONS, person.as_str()).await?;
            }
            if let Some(owner) = &put.owner {
                around.owner = self.row(&OPERATORS, owner.as_str()).await?;
            }
            if let Some(parent) = &put.parent {
                around.parent = self.row(&ACCOUNTS, parent.as_str()).await?;
            }
            let whose = around.customer.as_ref().map(|row| row::text(row, "segment").to_owned());
            let mut draft = draft(id.as_str(), put, before.as_ref(), &around)?;
            closing::segment_by_lead(actor, put.segment, before.as_ref(), whose.as_deref())?;
            if closing::closes(put.state, before.as_ref()) {
                let accounts = [id.as_str().to_owned()];
                draft.also = self.keys_end_with(actor, &accounts, "its account was closed", now).await?;
            } else if before.as_ref().is_some_and(|row| row::text(row, "segment") != put.segment.as_str()) {
                draft.also = self.keys_told_again(id.as_str(), now).await?;
            }
            Ok(draft)
        })
        .await
    }
}
