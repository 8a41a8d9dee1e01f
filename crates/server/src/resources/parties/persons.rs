//! Natural persons. What is shown is masked; all of it is shown only for a reason, after the ledger has who asked and why.

use super::{list, party_view, shown};
use crate::access;
use crate::answer::Answer;
use crate::api::Api;
use crate::asked::Asked;
use crate::operation::operation;
use crate::parameter::{Kind, Parameter};
use crate::problem::Problem;
use crate::text::{Id, Instant, Line};
use crate::view::view;
use crate::written::written;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sumun_govern::parties::{Person, PersonPut, PersonReadRequest};
use utoipa::ToSchema;

/// What a person is to his customer.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PersonRoleWord {
    /// The customer himself.
    Owner,
    /// Runs a company's keys.
    CorporateAdmin,
    /// Works there.
    Employee,
}

/// A person, wholly.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "customer": "C1", "name": "가상인", "role": "owner" }))]
pub(crate) struct PersonRequest {
    /// Behind which customer; never another later.
    pub customer: Id,
    /// Name.
    #[serde(default)]
    pub name: Option<Line>,
    /// E-mail address.
    #[serde(default)]
    pub email: Option<Line>,
    /// Telephone number.
    #[serde(default)]
    pub phone: Option<Line>,
    /// What he is to the customer.
    pub role: PersonRoleWord,
    /// When the exchange last confirmed his identity.
    #[serde(default)]
    pub confirmed: Option<Instant>,
}

/// A person. Name, address and telephone are masked, unless they were asked for with a reason.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct PersonView {
    /// His id.
    #[schema(example = "P1")]
    pub person: String,
    /// Behind which customer.
    #[schema(example = "C1")]
    pub customer: String,
    /// Name.
    #[schema(example = "가**")]
    pub name: Option<String>,
    /// E-mail address.
    #[schema(example = "m***@e***")]
    pub email: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
    /// What he is to the customer.
    pub role: PersonRoleWord,
    /// When his identity was last confirmed.
    #[schema(format = DateTime)]
    pub confirmed: Option<String>,
    /// Version of the row.
    pub version: i64,
    /// Index of the ledger entry that records this reading, if it was unmasked.
    #[serde(default)]
    pub entry: Option<u64>,
}
party_view!(PersonView, person);

const REASON: Parameter = Parameter {
    name: "reason",
    kind: Kind::Reason,
    required: false,
    about: "Shows him unmasked, and records who asked and why (staff only). Without it he is shown masked.",
};
const CUSTOMER: Parameter =
    Parameter { name: "customer", kind: Kind::Id, required: false, about: "Only behind this customer." };

pub(super) fn add(api: &mut Api) {
    api.add(
        operation(&access::PERSON_PUT, "parties", "Create a person or replace him wholly · 개인 등록/교체")
            .takes::<PersonRequest>()
            .writes::<PersonView>(StatusCode::OK, "As he stands now, masked."),
        async |asked: Asked| {
            let put: PersonPut = asked.body_as::<PersonRequest, _>()?;
            let id = asked.id("person")?;
            let done = asked.server.govern.put_person(asked.actor()?, &id, &put, &asked.call).await?;
            written(StatusCode::OK, done, |person| view::<PersonView>(&person))
        },
    );
    api.add(
        operation(&access::PERSON_GET, "parties", "One person · 개인 조회")
            .about("Reading one unmasked is itself recorded.")
            .query(&[REASON])
            .gives::<PersonView>(StatusCode::OK, "The person.")
            .versioned(),
        get,
    );
    api.add(
        operation(&access::PERSON_LIST, "parties", "Persons, masked · 개인 목록(가림)")
            .query(&[CUSTOMER])
            .lists::<PersonView>(),
        async |asked: Asked| -> Result<_, Problem> {
            list::<Person, PersonView>(&asked, &["customer"]).await
        },
    );
}

async fn get(asked: Asked) -> Result<Answer, Problem> {
    let govern = &asked.server.govern;
    let masked: Person = govern.party(asked.actor()?, asked.path("person")?).await?;
    let Some(reason) = asked.query("reason") else { return shown::<PersonView>(&masked) };
    let request = PersonReadRequest { reason: reason.to_owned(), from: asked.source };
    let read = govern.read_person(asked.actor()?, &asked.id("person")?, &request).await?;
    let mut whole: PersonView = view(&masked)?;
    (whole.name, whole.email, whole.phone) = (read.name, read.email, read.phone);
    whole.entry = Some(read.entry);
    Ok(Answer::ok(&whole)?.version(whole.version))
}
