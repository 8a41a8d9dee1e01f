//! The venue's own facts.

use crate::access;
use crate::answer::Answer;
use crate::api::Api;
use crate::asked::Asked;
use crate::operation::operation;
use crate::problem::Problem;
use crate::view::view;
use crate::written::written;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sumun_govern::Venue;
use sumun_govern::venue::adopt::adopted;
use utoipa::ToSchema;

/// The venue's facts in force.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct VenueView {
    /// The venue.
    pub venue: String,
    /// Hex SHA-256 over the facts.
    pub digest: String,
    /// In force since.
    #[schema(format = DateTime)]
    pub adopted: String,
    /// The facts: the content of `venue.toml`, as JSON.
    pub facts: Value,
    /// Version of the row.
    pub version: i64,
    /// The approval that other facts wait for; then the ones shown are still in force.
    #[serde(default)]
    pub waits_for: Option<String>,
}

/// What customers are shown: what they accept, and what holds for their keys. Not how long staff take, how the exchange signs,
/// or which account canaries have.
const FOR_CUSTOMERS: &[&str] = &[
    "venue",
    "dialect",
    "name",
    "ledger",
    "terms",
    "segments",
    "purposes",
    "second_factor",
    "owner",
    "control_test",
];

/// Largest body of facts: terms and notice texts in two languages.
const FACTS_BYTES_MAX: usize = 1024 * 1024;

pub(crate) fn add(api: &mut Api) {
    api.add(
        operation(&access::VENUE_GET, "venue", "The facts in force · 거래소 설정 조회")
            .about("Customers are shown what they accept and what holds for their keys.")
            .gives::<VenueView>(StatusCode::OK, "The facts.")
            .versioned(),
        get,
    );
    api.add(
        operation(&access::VENUE_PUT, "venue", "Put other facts in force · 거래소 설정 변경")
            .about(
                "What loosens a rule, or says who is believed or must agree, waits for another compliance lead: `waits_for` names \
                 the approval. The rest holds at once.",
            )
            .takes_other(
                "application/json",
                json!({ "type": "object", "description": "The content of `venue.toml`, as JSON." }),
                FACTS_BYTES_MAX,
            )
            .writes::<VenueView>(StatusCode::OK, "In force, or waiting for another compliance lead."),
        put,
    );
}

async fn get(asked: Asked) -> Result<Answer, Problem> {
    let govern = &asked.server.govern;
    let id = govern.venue().venue.clone();
    let found = adopted(&govern.store, &id).await?;
    let found = found.ok_or_else(|| Problem::not_found("venue", &id))?;
    let mut shown: VenueView = view(&found)?;
    if asked.actor()?.roles.iter().any(|role| role.is_customer())
        && let Some(facts) = shown.facts.as_object_mut()
    {
        facts.retain(|name, _| FOR_CUSTOMERS.contains(&name.as_str()));
    }
    Ok(Answer::ok(&shown)?.version(shown.version))
}

async fn put(asked: Asked) -> Result<Answer, Problem> {
    let facts: Value = asked.body()?;
    let venue = Venue::from_json(&facts).map_err(|error| {
        Problem::invalid(
            "venue_facts",
            error.to_string(),
            "correct it; `sumun config check` explains a venue's file",
        )
    })?;
    let done = asked.server.govern.adopt(asked.actor()?, venue, &asked.call).await?;
    written(StatusCode::OK, done, |adopted| view::<VenueView>(&adopted))
}
