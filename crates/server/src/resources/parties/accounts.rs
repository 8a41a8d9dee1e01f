//! What customers trade from.

use super::{list, one, party_view};
use crate::access;
use crate::api::Api;
use crate::asked::Asked;
use crate::operation::operation;
use crate::parameter::{Kind, Parameter};
use crate::problem::Problem;
use crate::resources::shapes::{SegmentWord, StandingWord};
use crate::text::{Id, Line};
use crate::view::view;
use crate::written::written;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sumun_govern::parties::{Account, AccountPut};
use utoipa::ToSchema;

/// An account, wholly.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "customer": "C1", "person": "P1", "segment": "retail", "owner": "O1" }))]
pub(crate) struct AccountRequest {
    /// Whose; never another later.
    pub customer: Id,
    /// The natural person behind it.
    #[serde(default)]
    pub person: Option<Id>,
    /// Kind of customer; the customer's own unless `segment_reason` says why not.
    pub segment: SegmentWord,
    /// Why the segment is another than the customer's.
    #[serde(default)]
    pub segment_reason: Option<Line>,
    /// Country, two capital letters.
    #[serde(default)]
    #[schema(pattern = "^[A-Z]{2}$")]
    pub country: Option<String>,
    /// Opened on.
    #[serde(default)]
    #[schema(format = Date)]
    pub opened: Option<String>,
    /// The operator that is its owner.
    #[serde(default)]
    pub owner: Option<Id>,
    /// The main account, if this is a sub-account.
    #[serde(default)]
    pub parent: Option<Id>,
    /// Fee tier.
    #[serde(default)]
    pub fee_tier: Option<Line>,
    /// Whether it is in use; `active` if not said.
    #[serde(default)]
    pub state: Option<StandingWord>,
}

/// An account.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct AccountView {
    /// Its id.
    #[schema(example = "A1")]
    pub account: String,
    /// Whose.
    #[schema(example = "C1")]
    pub customer: String,
    /// The natural person behind it.
    pub person: Option<String>,
    /// Kind of customer.
    pub segment: SegmentWord,
    /// Country.
    pub country: Option<String>,
    /// Opened on.
    #[schema(format = Date)]
    pub opened: Option<String>,
    /// The operator that is its owner.
    pub owner: Option<String>,
    /// The main account.
    pub parent: Option<String>,
    /// Fee tier.
    pub fee_tier: Option<String>,
    /// Whether it is in use.
    pub state: StandingWord,
    /// Version of the row.
    pub version: i64,
}
party_view!(AccountView, account);

const CUSTOMER: Parameter =
    Parameter { name: "customer", kind: Kind::Id, required: false, about: "Only of this customer." };

pub(super) fn add(api: &mut Api) {
    api.add(
        operation(&access::ACCOUNT_PUT, "parties", "Create an account or replace it wholly · 계정 등록/교체")
            .takes::<AccountRequest>()
            .writes::<AccountView>(StatusCode::OK, "As it stands now."),
        async |asked: Asked| {
            let put: AccountPut = asked.body_as::<AccountRequest, _>()?;
            let id = asked.id("account")?;
            let done = asked.server.govern.put_account(asked.actor()?, &id, &put, &asked.call).await?;
            written(StatusCode::OK, done, |account| view::<AccountView>(&account))
        },
    );
    api.add(
        operation(&access::ACCOUNT_GET, "parties", "One account · 계정 조회")
            .gives::<AccountView>(StatusCode::OK, "The account.")
            .versioned(),
        async |asked: Asked| one::<Account, AccountView>(&asked, "account").await,
    );
    api.add(
        operation(&access::ACCOUNT_LIST, "parties", "Accounts · 계정 목록")
            .query(&[CUSTOMER])
            .lists::<AccountView>(),
        async |asked: Asked| -> Result<_, Problem> {
            list::<Account, AccountView>(&asked, &["customer"]).await
        },
    );
}
