//! What gates tell of the times in which everything passed at them, because somebody there said so (ADR 0022).
//!
//! A gate tells of each until it is heard, and again after a restart of either: what is known already writes nothing.

use super::events::check_digest;
use crate::access;
use crate::answer::Answer;
use crate::api::Api;
use crate::asked::Asked;
use crate::operation::operation;
use crate::problem::Problem;
use crate::text::Instant;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sumun_govern::gates::bypass::{TOLD_MAX, Told};
use utoipa::ToSchema;

/// Largest body, in bytes: as many as are taken at once, each with two texts of a thousand characters of four bytes.
const BODY_BYTES_MAX: usize = 1 << 20;

/// What a gate says of its bypasses.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BypassesBody {
    /// Those of which the gate has not heard yet that their end is known, the oldest first. One that is not among them is over.
    #[schema(max_items = 64)]
    pub bypasses: Vec<BypassBody>,
}

/// One of them.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BypassBody {
    /// Since when, by the gate's clock.
    pub since: Instant,
    /// Who said so there.
    #[schema(max_length = 1000, example = "uid 0")]
    pub by: String,
    /// Why.
    #[schema(max_length = 1000, example = "orders are refused and nobody knows why")]
    pub reason: String,
    /// Until when; null while it lasts.
    #[serde(default)]
    pub until: Option<Instant>,
    /// How many requests went on that would have been refused; null while it lasts, or if the gate does not know.
    #[serde(default)]
    pub let_pass: Option<u64>,
}

/// What was entered.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct BypassesTakenView {
    /// Entries written now.
    #[schema(maximum = 9007199254740991u64)]
    pub entered: u64,
}

pub(crate) fn add(api: &mut Api) {
    api.add(
        operation(&access::BYPASSES_TELL, "feed", "Say when everything passed at a gate · 우회 통보")
            .about("Each becomes a ledger entry when it is first heard of, and another once its end is; one entry if it is over by then. Sent again it is known, and nothing is written. A gate signs path and body (`Content-Digest`, RFC 9530).")
            .takes::<BypassesBody>()
            .bytes_max(BODY_BYTES_MAX)
            .gives::<BypassesTakenView>(StatusCode::OK, "All of it is in the ledger."),
        tell,
    );
}

async fn tell(asked: Asked) -> Result<Answer, Problem> {
    let gate = super::feed::gate(&asked)?;
    check_digest(&asked)?;
    let told: Told = asked.body_as::<BypassesBody, _>()?;
    if told.bypasses.len() > TOLD_MAX {
        let detail = format!("{} bypasses at once, and at most {TOLD_MAX} are taken", told.bypasses.len());
        return Err(Problem::invalid("bypasses_too_many", detail, "leave out the oldest").at("/bypasses"));
    }
    let news = asked.server.govern.note_bypasses(gate.as_str(), &told.bypasses).await?;
    for news in &news {
        match news.until {
            None => tracing::warn!(
                gate.id = %gate, bypass.since = %news.since, bypass.by = %news.by, bypass.reason = %news.reason,
                "Everything passes at gate {gate} but keys that have ended: somebody there switched it so"
            ),
            Some(until) => tracing::warn!(
                gate.id = %gate, bypass.since = %news.since, bypass.by = %news.by, bypass.reason = %news.reason,
                "Everything passed at gate {gate} but keys that have ended, from {} until {until}", news.since
            ),
        }
    }
    Answer::ok(&BypassesTakenView { entered: u64::try_from(news.len()).unwrap_or(u64::MAX) })
}
