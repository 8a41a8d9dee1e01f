//! Verified customers.

use super::{list, one, party_view};
use crate::access;
use crate::api::Api;
use crate::asked::Asked;
use crate::operation::operation;
use crate::parameter::{Kind, Parameter};
use crate::problem::Problem;
use crate::resources::shapes::{SegmentWord, StandingWord};
use crate::text::Line;
use crate::view::view;
use crate::written::written;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sumun_govern::parties::{Customer, CustomerPut};
use utoipa::ToSchema;

/// A customer, wholly.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "segment": "retail", "country": "KR" }))]
pub(crate) struct CustomerRequest {
    /// Kind of customer.
    pub segment: SegmentWord,
    /// Where it is at home, two capital letters.
    #[serde(default)]
    #[schema(pattern = "^[A-Z]{2}$")]
    pub country: Option<String>,
    /// Whether it does business here; `active` if not said.
    #[serde(default)]
    pub state: Option<StandingWord>,
    /// What it uses the venue for, in a few words.
    #[serde(default)]
    pub purpose: Option<Line>,
}

/// A customer.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct CustomerView {
    /// Its id.
    #[schema(example = "C1")]
    pub customer: String,
    /// Kind of customer.
    pub segment: SegmentWord,
    /// Where it is at home.
    #[schema(example = "KR")]
    pub country: Option<String>,
    /// Whether it does business here.
    pub state: StandingWord,
    /// What it uses the venue for.
    pub purpose: Option<String>,
    /// Known since.
    #[schema(format = DateTime)]
    pub created: String,
    /// Version of the row.
    pub version: i64,
}
party_view!(CustomerView, customer);

const SEGMENT: Parameter = Parameter {
    name: "segment",
    kind: Kind::OneOf(&["retail", "corporate", "broker", "market_maker", "custodian"]),
    required: false,
    about: "Only of this kind.",
};

pub(super) fn add(api: &mut Api) {
    api.add(
        operation(
            &access::CUSTOMER_PUT,
            "parties",
            "Create a customer or replace it wholly · 고객 등록/교체",
        )
        .takes::<CustomerRequest>()
        .writes::<CustomerView>(StatusCode::OK, "As it stands now."),
        async |asked: Asked| {
            let put: CustomerPut = asked.body_as::<CustomerRequest, _>()?;
            let id = asked.id("customer")?;
            let done = asked.server.govern.put_customer(asked.actor()?, &id, &put, &asked.call).await?;
            written(StatusCode::OK, done, |customer| view::<CustomerView>(&customer))
        },
    );
    api.add(
        operation(&access::CUSTOMER_GET, "parties", "One customer · 고객 조회")
            .gives::<CustomerView>(StatusCode::OK, "The customer.")
            .versioned(),
        async |asked: Asked| one::<Customer, CustomerView>(&asked, "customer").await,
    );
    api.add(
        operation(&access::CUSTOMER_LIST, "parties", "Customers · 고객 목록")
            .query(&[SEGMENT])
            .lists::<CustomerView>(),
        async |asked: Asked| -> Result<_, Problem> {
            list::<Customer, CustomerView>(&asked, &["segment"]).await
        },
    );
}
