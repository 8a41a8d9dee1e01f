//! Records that let a named operator use a key.

use super::{list, party_view, shown};
use crate::access;
use crate::api::Api;
use crate::asked::Asked;
use crate::operation::operation;
use crate::parameter::{Kind, Parameter};
use crate::problem::Problem;
use crate::resources::shapes::{Limits, ReasonBody, ScopeWord};
use crate::text::{Id, Instant, Network};
use crate::view::view;
use crate::written::written;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sumun_govern::parties::{Delegation, DelegationPut};
use utoipa::ToSchema;

/// A delegation, wholly.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "account": "A1", "operator": "desk-2", "scopes": ["trade"],
    "from": "2026-11-02T00:00:00Z", "until": "2026-12-02T00:00:00Z" }))]
pub(crate) struct DelegationRequest {
    /// Over which account's keys.
    pub account: Id,
    /// Over this key only.
    #[serde(default)]
    pub key: Option<Id>,
    /// Who may use it.
    pub operator: Id,
    /// From where.
    #[serde(default)]
    #[schema(max_items = 64)]
    pub networks: Vec<Network>,
    /// For what.
    #[schema(max_items = 12)]
    pub scopes: Vec<ScopeWord>,
    /// Within which limits.
    #[serde(default)]
    pub limits: Limits,
    /// From when.
    pub from: Instant,
    /// Until when, that instant not included.
    pub until: Instant,
}

/// Whether a delegation holds.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DelegationStateWord {
    /// It does, within its time.
    Active,
    /// No more.
    Ended,
}

/// A delegation.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct DelegationView {
    /// Its id.
    #[schema(example = "D1")]
    pub delegation: String,
    /// Over which account's keys.
    pub account: String,
    /// Over this key only.
    pub key: Option<String>,
    /// Who may use it.
    pub operator: String,
    /// From where.
    pub networks: Vec<String>,
    /// For what.
    pub scopes: Vec<ScopeWord>,
    /// Within which limits.
    pub limits: Limits,
    /// From when.
    #[schema(format = DateTime)]
    pub from: String,
    /// Until when.
    #[schema(format = DateTime)]
    pub until: String,
    /// Whether it holds.
    pub state: DelegationStateWord,
    /// Version of the row.
    pub version: i64,
}
party_view!(DelegationView, delegation);

const ACCOUNT: Parameter =
    Parameter { name: "account", kind: Kind::Id, required: false, about: "Only over this account's keys." };

pub(super) fn add(api: &mut Api) {
    api.add(
        operation(
            &access::DELEGATION_PUT,
            "parties",
            "Create a delegation or replace it wholly · 위임 등록/교체",
        )
        .takes::<DelegationRequest>()
        .writes::<DelegationView>(StatusCode::OK, "As it stands now."),
        async |asked: Asked| {
            let put: DelegationPut = asked.body_as::<DelegationRequest, _>()?;
            let id = asked.id("delegation")?;
            let done = asked.server.govern.put_delegation(asked.actor()?, &id, &put, &asked.call).await?;
            written(StatusCode::OK, done, |delegation| view::<DelegationView>(&delegation))
        },
    );
    api.add(
        operation(&access::DELEGATION_GET, "parties", "One delegation · 위임 조회")
            .gives::<DelegationView>(StatusCode::OK, "The delegation.")
            .versioned(),
        async |asked: Asked| {
            let found = asked.server.govern.delegation(asked.actor()?, asked.path("delegation")?).await?;
            shown::<DelegationView>(&found)
        },
    );
    api.add(
        operation(&access::DELEGATION_LIST, "parties", "Delegations · 위임 목록")
            .query(&[ACCOUNT])
            .lists::<DelegationView>(),
        async |asked: Asked| -> Result<_, Problem> {
            list::<Delegation, DelegationView>(&asked, &["account"]).await
        },
    );
    api.add(
        operation(&access::DELEGATION_END, "parties", "End a delegation · 위임 종료")
            .takes::<ReasonBody>()
            .writes::<DelegationView>(StatusCode::OK, "Ended."),
        async |asked: Asked| {
            let body: ReasonBody = asked.body()?;
            let (id, reason) = (asked.id("delegation")?, body.reason.as_str());
            let done = asked.server.govern.end_delegation(asked.actor()?, &id, reason, &asked.call).await?;
            written(StatusCode::OK, done, |delegation| view::<DelegationView>(&delegation))
        },
    );
}
