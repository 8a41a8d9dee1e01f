//! Third-party tools: put, read, and taken through their states.

use super::{list, one, party_view};
use crate::access;
use crate::answer::Answer;
use crate::api::Api;
use crate::asked::Asked;
use crate::operation::operation;
use crate::problem::Problem;
use crate::resources::shapes::ScopeWord;
use crate::text::{Instant, Line, Network, Reason};
use crate::view::view;
use crate::written::written;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sumun_govern::parties::{Vendor, VendorPut, VendorStateChange};
use utoipa::ToSchema;

/// What kind of tool.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum VendorClassWord {
    /// Does what its user tells it.
    Tool,
    /// Tells its users what to do.
    Signal,
    /// Decides for its users.
    Discretionary,
}

/// Where a vendor stands.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum VendorStateWord {
    /// Entered, and not yet looked into.
    Applied,
    /// May be used.
    Approved,
    /// May not be used for the time being.
    Suspended,
    /// May never be used again.
    Removed,
}

/// What was looked into.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct DiligenceBody {
    /// The company that answers for the tool.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<Line>,
    /// Where it is registered, two capital letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[A-Z]{2}$")]
    pub country: Option<String>,
    /// How it keeps its users' secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secrets_kept: Option<Line>,
    /// Who can reach them, subcontractors included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access: Option<Line>,
    /// Whom to call when something happens there, and how soon it tells us.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incidents: Option<Line>,
    /// Where the review is filed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review: Option<Line>,
    /// When it was looked into.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date)]
    pub reviewed: Option<String>,
}

/// A vendor, wholly. Its state is changed apart.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "가상 봇", "class": "tool", "networks": ["198.51.100.0/24"], "scopes": ["read", "trade"] }))]
pub(crate) struct VendorRequest {
    /// What people call it.
    pub name: Line,
    /// What kind of tool.
    pub class: VendorClassWord,
    /// Where its requests come from.
    #[serde(default)]
    #[schema(max_items = 64)]
    pub networks: Vec<Network>,
    /// The most a key for it may hold.
    #[schema(max_items = 12)]
    pub scopes: Vec<ScopeWord>,
    /// What was looked into.
    #[serde(default)]
    #[schema(inline = false)]
    pub diligence: DiligenceBody,
    /// When it last attested to the venue's rules.
    #[serde(default)]
    pub attested: Option<Instant>,
}

/// A vendor.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct VendorView {
    /// Its id.
    #[schema(example = "V1")]
    pub vendor: String,
    /// What people call it.
    pub name: String,
    /// What kind of tool.
    pub class: VendorClassWord,
    /// Where it stands.
    pub state: VendorStateWord,
    /// Where its requests come from.
    pub networks: Vec<String>,
    /// The most a key for it may hold.
    pub scopes: Vec<ScopeWord>,
    /// What was looked into; for staff.
    #[serde(default)]
    pub diligence: Option<DiligenceBody>,
    /// When it last attested.
    #[schema(format = DateTime)]
    pub attested: Option<String>,
    /// When it must be looked into again.
    #[schema(format = DateTime)]
    pub recertify: Option<String>,
    /// Version of the row.
    pub version: i64,
}
party_view!(VendorView, vendor);

/// Another state for a vendor.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VendorStateRequest {
    /// What it should become.
    pub state: VendorStateWord,
    /// Why, in your own words.
    pub reason: Reason,
}

/// What came of it.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct VendorStateView {
    /// The vendor as it stands now.
    pub vendor: VendorView,
    /// Living keys made for it; what becomes of them is decided apart.
    pub keys: Vec<String>,
    /// The approval that this waits for, if it does.
    pub approval: Option<String>,
}

pub(super) fn add(api: &mut Api) {
    api.add(
        operation(
            &access::VENDOR_PUT,
            "parties",
            "Enter a vendor or replace it wholly · 외부 업체 등록/교체",
        )
        .takes::<VendorRequest>()
        .writes::<VendorView>(StatusCode::OK, "As it stands now."),
        async |asked: Asked| {
            let put: VendorPut = asked.body_as::<VendorRequest, _>()?;
            let id = asked.id("vendor")?;
            let done = asked.server.govern.put_vendor(asked.actor()?, &id, &put, &asked.call).await?;
            written(StatusCode::OK, done, |vendor| view::<VendorView>(&vendor))
        },
    );
    api.add(
        operation(&access::VENDOR_GET, "parties", "One vendor · 외부 업체 조회")
            .gives::<VendorView>(StatusCode::OK, "The vendor.")
            .versioned(),
        async |asked: Asked| one::<Vendor, VendorView>(&asked, "vendor").await,
    );
    api.add(
        operation(&access::VENDOR_LIST, "parties", "Vendors · 외부 업체 목록").lists::<VendorView>(),
        async |asked: Asked| -> Result<_, Problem> { list::<Vendor, VendorView>(&asked, &[]).await },
    );
    api.add(
        operation(&access::VENDOR_STATE, "parties", "Change a vendor's state · 외부 업체 상태 변경")
            .about(
                "Approving takes a complete record of diligence, an attestation of the last year, and a second compliance lead: \
                 it is answered with 202 and waits for him. Anything else is done at once, and answered with 200.",
            )
            .takes::<VendorStateRequest>()
            .writes::<VendorStateView>(StatusCode::ACCEPTED, "It waits for another person."),
        change_state,
    );
}

async fn change_state(asked: Asked) -> Result<Answer, Problem> {
    let change: VendorStateChange = asked.body_as::<VendorStateRequest, _>()?;
    let id = asked.id("vendor")?;
    let done = asked.server.govern.change_vendor_state(asked.actor()?, &id, &change, &asked.call).await?;
    let status = if done.value.approval.is_some() { StatusCode::ACCEPTED } else { StatusCode::OK };
    written(status, done, |changed| view::<VendorStateView>(&changed))
}
