//! A natural person behind a customer. Personal data: views are masked, and reading one unmasked is itself recorded.

use super::{Draft, Party, check_text, inconsistent, mask, missing};
use crate::actor::Actor;
use crate::call::{Call, Done};
use crate::govern::Govern;
use crate::refusal::Refusal;
use crate::row;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fmt;
use sumun_model::{CustomerId, PersonId, Timestamp};
use sumun_store::tables::{CUSTOMERS, PERSONS};
use sumun_store::{Image, Table};

pub use super::person_read::{PersonRead, PersonReadRequest};

/// What a person is to his customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonRole {
    /// The customer himself.
    Owner,
    /// Runs a company's keys.
    CorporateAdmin,
    /// Works there.
    Employee,
}

impl PersonRole {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::CorporateAdmin => "corporate_admin",
            Self::Employee => "employee",
        }
    }
}

/// A person, wholly. Prints nothing of what it holds.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonPut {
    /// Behind which customer; never another later.
    pub customer: CustomerId,
    /// Name.
    #[serde(default)]
    pub name: Option<String>,
    /// E-mail address.
    #[serde(default)]
    pub email: Option<String>,
    /// Telephone number.
    #[serde(default)]
    pub phone: Option<String>,
    /// What he is to the customer.
    pub role: PersonRole,
    /// When the exchange last confirmed his identity.
    #[serde(default)]
    pub confirmed: Option<Timestamp>,
}

impl fmt::Debug for PersonPut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PersonPut").field("customer", &self.customer).finish_non_exhaustive()
    }
}

/// A person, masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// His id.
    pub person: String,
    /// Behind which customer.
    pub customer: String,
    /// Name, masked.
    pub name: Option<String>,
    /// E-mail address, masked.
    pub email: Option<String>,
    /// Telephone number, masked.
    pub phone: Option<String>,
    /// What he is to the customer.
    pub role: String,
    /// When his identity was last confirmed.
    pub confirmed: Option<Timestamp>,
    /// Version of the row.
    pub version: i64,
}

/// A customer's person as a principal: `customer:C1/P1`. Ids may hold a slash, which is written as `%2F` here (and `%` as `%25`),
/// so that no two persons are one principal.
#[must_use]
pub fn customers_person(customer: &CustomerId, person: &PersonId) -> String {
    let plain = |id: &str| id.replace('%', "%25").replace('/', "%2F");
    format!("customer:{}/{}", plain(customer.as_str()), plain(person.as_str()))
}

impl Party for Person {
    const TABLE: &'static Table = &PERSONS;
    const WHAT: &'static str = "person";
    const PUT: &'static str = "person.put";

    fn of(row: &Image) -> Self {
        let masked =
            |column: &str, mask: fn(&str) -> String| row::text_or_null(row, column).as_deref().map(mask);
        Self {
            person: row::text(row, "person").to_owned(),
            customer: row::text(row, "customer").to_owned(),
            name: masked("name", mask::name),
            email: masked("email", mask::email),
            phone: masked("phone", mask::phone),
            role: row::text(row, "role").to_owned(),
            confirmed: row::integer(row, "confirmed_us").map(Timestamp::from_micros),
            version: row::version(row),
        }
    }

    fn customer(row: &Image) -> Option<String> {
        row::text_or_null(row, "customer")
    }

    fn shown(field: &str, value: Value) -> Value {
        let mask: fn(&str) -> String = match field {
            "name" => mask::name,
            "email" => mask::email,
            "phone" => mask::phone,
            _ => return value,
        };
        value.as_str().map_or(Value::Null, |text| json!(mask(text)))
    }
}

/// What putting a person would write.
///
/// # Errors
/// No such customer, another customer than before, or a text that cannot be what it should.
pub fn draft(put: &PersonPut, before: Option<&Image>, customer: Option<&Image>) -> Result<Draft, Refusal> {
    if customer.is_none() {
        return Err(missing("customer", put.customer.as_str(), "/customer"));
    }
    if before.is_some_and(|row| row::text(row, "customer") != put.customer.as_str()) {
        return Err(inconsistent(
            "/customer",
            "a person stays with the customer they were put under",
            "put them under another id for the other customer",
        ));
    }
    if let Some(name) = &put.name {
        check_text("/name", name)?;
    }
    if let Some(email) = &put.email {
        check_text("/email", email)?;
        if !email.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty()) {
            return Err(inconsistent("/email", "the e-mail address has no `@` inside", "correct it"));
        }
    }
    if let Some(phone) = &put.phone {
        check_text("/phone", phone)?;
        if !phone.chars().all(|c| c.is_ascii_digit() || "+-() ".contains(c)) {
            return Err(inconsistent(
                "/phone",
                "the telephone number holds something else than digits, spaces and `+-()`",
                "write it such as `+82 10 0000 0000`",
            ));
        }
    }
    Ok(Draft::default()
        .column("customer", put.customer.as_str())
        .column("name", json!(put.name))
        .column("email", json!(put.email))
        .column("phone", json!(put.phone))
        .column("role", put.role.as_str())
        .column("confirmed_us", json!(put.confirmed.map(Timestamp::as_micros)))
        .relies_on(&CUSTOMERS, put.customer.as_str(), customer))
}

impl Govern {
    /// Puts a person wholly. The answer is masked.
    ///
    /// # Errors
    /// `forbidden`, `no_such_reference`, `inconsistent`, `version_stale`, the store's.
    pub async fn put_person(
        &self,
        actor: &Actor,
        id: &PersonId,
        put: &PersonPut,
        call: &Call,
    ) -> Result<Done<Person>, Refusal> {
        self.put_party(actor, id.as_str(), call, |before, _| async move {
            let customer = self.row(&CUSTOMERS, put.customer.as_str()).await?;
            draft(put, before.as_ref(), customer.as_ref())
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_persons_are_one_principal() {
        let of = |customer: &str, person: &str| {
            customers_person(&customer.parse().unwrap(), &person.parse().unwrap())
        };
        assert_eq!(of("C1", "P1"), "customer:C1/P1");
        let all = [of("C1/P1", "P2"), of("C1", "P1/P2"), of("C1%2FP1", "P2"), of("C1", "P1%2FP2")];
        insta::assert_snapshot!(all.join(" | "), @"customer:C1%2FP1/P2 | customer:C1/P1%2FP2 | customer:C1%252FP1/P2 | customer:C1/P1%252FP2");
    }
}
