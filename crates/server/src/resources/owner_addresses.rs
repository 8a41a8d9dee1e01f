//! Addresses a key is used from: each with when it takes effect, added with a second factor, proved by a signed request from there.

use super::keys::KeyAnswerView;
use super::shapes::SaidView;
use crate::access;
use crate::answer::Answer;
use crate::api::Api;
use crate::asked::Asked;
use crate::operation::operation;
use crate::problem::Problem;
use crate::text::Network;
use crate::view::{page, view};
use crate::written::written;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sumun_model::Prefix;
use utoipa::ToSchema;

/// One address of a key.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct AddressView {
    /// Which.
    pub prefix: String,
    /// Whether requests from it may pass.
    pub in_effect: bool,
    /// When it was registered, if that is known.
    #[schema(format = DateTime)]
    pub since: Option<String>,
    /// When it was proved.
    #[schema(format = DateTime)]
    pub proved: Option<String>,
    /// The request that proved it.
    pub event: Option<String>,
    /// Until when it can be proved.
    #[schema(format = DateTime)]
    pub until: Option<String>,
    /// When it takes effect, in words.
    pub takes_effect: SaidView,
}

/// An address.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddressBody {
    /// The address, or a network within what the segment allows.
    pub prefix: Network,
}

#[derive(Deserialize)]
struct Wanted {
    prefix: Prefix,
}

pub(crate) fn add(api: &mut Api) {
    api.add(
        operation(&access::ADDRESS_LIST, "owners", "Addresses of a key · 키의 주소 목록")
            .about("All of them on one page: there are 64 at most.")
            .lists::<AddressView>(),
        async |asked: Asked| -> Result<_, Problem> {
            let found = asked.server.govern.addresses(asked.actor()?, asked.path("key")?).await?;
            let views = found.iter().map(view::<AddressView>).collect::<Result<Vec<_>, _>>()?;
            Answer::ok(&page(views, crate::parameter::PAGE_MAX, |last| last.prefix.clone()))
        },
    );
    api.add(
        operation(&access::ADDRESS_REGISTER, "owners", "Register an address · 주소 등록")
            .about(
                "Takes a second factor. Where the segment asks for proof, the address is pending: a signed request from it within the \
                 window puts it in effect at once. Elsewhere it waits for what any widening waits for: `waits_for`.",
            )
            .takes::<AddressBody>()
            .writes::<KeyAnswerView>(StatusCode::ACCEPTED, "It waits for its proof, or for others."),
        async |asked: Asked| {
            let Wanted { prefix } = asked.body_as::<AddressBody, _>()?;
            let key = asked.path("key")?;
            let done = asked.server.govern.register_address(asked.actor()?, key, prefix, &asked.call).await?;
            written(StatusCode::ACCEPTED, done, |answer| view::<KeyAnswerView>(&answer))
        },
    );
    api.add(
        operation(&access::ADDRESS_REMOVE, "owners", "Remove an address · 주소 삭제")
            .about("At once; pending ones too. The last address in effect stays: revoke the key instead.")
            .takes::<AddressBody>()
            .writes::<KeyAnswerView>(StatusCode::OK, "Removed."),
        async |asked: Asked| {
            let Wanted { prefix } = asked.body_as::<AddressBody, _>()?;
            let key = asked.path("key")?;
            let done = asked.server.govern.remove_address(asked.actor()?, key, prefix, &asked.call).await?;
            written(StatusCode::OK, done, |answer| view::<KeyAnswerView>(&answer))
        },
    );
}
