//! Who in fact drives keys.

use super::{list, one, party_view};
use crate::access;
use crate::api::Api;
use crate::asked::Asked;
use crate::operation::operation;
use crate::parameter::{Kind, Parameter};
use crate::problem::Problem;
use crate::text::{Id, Line, Network};
use crate::view::view;
use crate::written::written;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sumun_govern::parties::{Operator, OperatorPut};
use utoipa::ToSchema;

/// What an operator is.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OperatorKindWord {
    /// The owner himself.
    Owner,
    /// An employee on the roster.
    Employee,
    /// A desk on the roster.
    Desk,
    /// A vendor's service.
    Vendor,
}

/// Whether an operator may still be named.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OperatorStateWord {
    /// Yes.
    Active,
    /// No more.
    Ended,
}

/// An operator, wholly.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "kind": "desk", "customer": "C1", "name": "desk-2", "networks": ["203.0.113.0/29"] }))]
pub(crate) struct OperatorRequest {
    /// What it is.
    pub kind: OperatorKindWord,
    /// Whose, unless it is a vendor's.
    #[serde(default)]
    pub customer: Option<Id>,
    /// Which vendor's, if it is one's.
    #[serde(default)]
    pub vendor: Option<Id>,
    /// What people call it: a desk, a service. No person's name.
    #[serde(default)]
    pub name: Option<Line>,
    /// Where it works from.
    #[serde(default)]
    #[schema(max_items = 64)]
    pub networks: Vec<Network>,
    /// Whether it may still be named; `active` if not said.
    #[serde(default)]
    pub state: Option<OperatorStateWord>,
}

/// An operator.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct OperatorView {
    /// Its id.
    #[schema(example = "O1")]
    pub operator: String,
    /// What it is.
    pub kind: OperatorKindWord,
    /// Whose.
    pub customer: Option<String>,
    /// Which vendor's.
    pub vendor: Option<String>,
    /// What people call it.
    pub name: Option<String>,
    /// Where it works from.
    pub networks: Vec<String>,
    /// Whether it may still be named.
    pub state: OperatorStateWord,
    /// Version of the row.
    pub version: i64,
}
party_view!(OperatorView, operator);

const CUSTOMER: Parameter =
    Parameter { name: "customer", kind: Kind::Id, required: false, about: "Only of this customer." };

pub(super) fn add(api: &mut Api) {
    api.add(
        operation(
            &access::OPERATOR_PUT,
            "parties",
            "Create an operator or replace it wholly · 운용자 등록/교체",
        )
        .takes::<OperatorRequest>()
        .writes::<OperatorView>(StatusCode::OK, "As it stands now."),
        async |asked: Asked| {
            let put: OperatorPut = asked.body_as::<OperatorRequest, _>()?;
            let id = asked.id("operator")?;
            let done = asked.server.govern.put_operator(asked.actor()?, &id, &put, &asked.call).await?;
            written(StatusCode::OK, done, |operator| view::<OperatorView>(&operator))
        },
    );
    api.add(
        operation(&access::OPERATOR_GET, "parties", "One operator · 운용자 조회")
            .gives::<OperatorView>(StatusCode::OK, "The operator.")
            .versioned(),
        async |asked: Asked| one::<Operator, OperatorView>(&asked, "operator").await,
    );
    api.add(
        operation(&access::OPERATOR_LIST, "parties", "Operators · 운용자 목록")
            .query(&[CUSTOMER])
            .lists::<OperatorView>(),
        async |asked: Asked| -> Result<_, Problem> {
            list::<Operator, OperatorView>(&asked, &["customer"]).await
        },
    );
}
