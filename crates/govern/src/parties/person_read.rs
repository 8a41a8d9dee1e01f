//! Reading a person's data: first the entry, then the data (L11: who, whose, what, why, from where).

use crate::actor::{Actor, Role};
use crate::call::{Call, Planned};
use crate::govern::{Govern, change, facts, not_found};
use crate::plan::Plan;
use crate::refusal::{Refusal, RefusalKind};
use crate::row;
use crate::staff::require;
use serde::Serialize;
use serde_json::json;
use std::fmt;
use std::net::IpAddr;
use sumun_model::{PersonId, visible};
use sumun_store::Image;
use sumun_store::tables::PERSONS;

/// Who may see a person's data unmasked.
pub const READ_ROLES: &[Role] =
    &[Role::Analyst, Role::Approver, Role::ComplianceLead, Role::Auditor, Role::Support];

/// Fewest characters of a reason: enough for a case number.
const REASON_CHARS_MIN: usize = 5;

/// Why somebody wants to see a person's data, and from where he asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonReadRequest {
    /// In his own words.
    pub reason: String,
    /// His address.
    pub from: Option<IpAddr>,
}

/// A person's data. Prints nothing of what it holds.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct PersonRead {
    /// His id.
    pub person: String,
    /// Behind which customer.
    pub customer: String,
    /// Name.
    pub name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
    /// Index of the entry that records this reading.
    pub entry: u64,
}

impl fmt::Debug for PersonRead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PersonRead")
            .field("person", &self.person)
            .field("entry", &self.entry)
            .finish_non_exhaustive()
    }
}

/// The columns a reading shows.
const SHOWN: [&str; 3] = ["name", "email", "phone"];

/// The reason for looking at personal data, if it is one.
///
/// # Errors
/// `reason_missing`, `reason_unprintable`.
pub(crate) fn check_reason(reason: &str) -> Result<&str, Refusal> {
    let reason = reason.trim();
    let chars = reason.chars().count();
    if reason.chars().any(visible::is_hidden) {
        return Err(Refusal::new(
            RefusalKind::Invalid,
            "reason_unprintable",
            "the reason holds characters that no screen shows",
            "take them out, if need be by typing that passage anew",
        )
        .at("/reason"));
    }
    if (REASON_CHARS_MIN..=super::TEXT_CHARS_MAX).contains(&chars) && visible::says(reason) {
        return Ok(reason);
    }
    Err(Refusal::new(
        RefusalKind::Invalid,
        "reason_missing",
        format!(
            "the reason has {chars} characters; {REASON_CHARS_MIN} to {} that say something are asked for",
            super::TEXT_CHARS_MAX
        ),
        "say why you need to see personal data, such as the number of a case",
    )
    .at("/reason"))
}

/// What records a reading.
///
/// # Errors
/// `reason_missing`.
fn plan(
    actor: &Actor,
    id: &PersonId,
    row: &Image,
    request: &PersonReadRequest,
    now: sumun_model::Timestamp,
) -> Result<Plan, Refusal> {
    let reason = check_reason(&request.reason)?;
    let mut facts = facts(actor);
    facts.insert("person".to_owned(), json!(id));
    facts.insert("customer".to_owned(), json!(row::text(row, "customer")));
    facts.insert("fields".to_owned(), json!(SHOWN));
    facts.insert("reason".to_owned(), json!(reason));
    facts.insert("from".to_owned(), json!(request.from));
    let mut change = change("read.person", now, facts);
    // What was seen is what stands: if it changes meanwhile, it is read again.
    change.reads.push(row::unchanged(&PERSONS, id.as_str(), Some(row)));
    Ok(Plan {
        title: format!("read the data of person {id}"),
        effects: Vec::new(),
        warnings: Vec::new(),
        change,
    })
}

impl Govern {
    /// A person's data, after the ledger has who saw it and why.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `reason_missing`, the store's: then nothing was shown.
    pub async fn read_person(
        &self,
        actor: &Actor,
        id: &PersonId,
        request: &PersonReadRequest,
    ) -> Result<PersonRead, Refusal> {
        require(actor, READ_ROLES)?;
        // Without an idempotency key: the answer to a repeated request is kept, and this one must not be.
        let call = Call::default();
        let seen = std::sync::Mutex::new(None);
        let done = self
            .run(actor, &call, |now| {
                let seen = &seen;
                async move {
                    let row = self.row_or_not_found(&PERSONS, "person", id.as_str()).await?;
                    let plan = plan(actor, id, &row, request, now)?;
                    *seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(row);
                    Ok(Planned { plan, value: (), status: 200 })
                }
            })
            .await?;
        let row = seen.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        let (Some(row), Some(committed)) = (row, done.committed) else {
            return Err(not_found("person", id.as_str()));
        };
        Ok(PersonRead {
            person: id.to_string(),
            customer: row::text(&row, "customer").to_owned(),
            name: row::text_or_null(&row, "name"),
            email: row::text_or_null(&row, "email"),
            phone: row::text_or_null(&row, "phone"),
            entry: committed.entry,
        })
    }
}
