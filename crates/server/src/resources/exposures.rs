//! A secret or an id was seen where it should not be. The secret is compared and forgotten: it stands in no answer, log or entry.

use super::keys::KeyView;
use crate::access;
use crate::answer::Answer;
use crate::api::Api;
use crate::asked::Asked;
use crate::operation::operation;
use crate::problem::Problem;
use crate::text::{Id, Line, Opaque};
use crate::view::view;
use crate::written::written;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sumun_model::ApiSecret;
use utoipa::ToSchema;

/// What was seen, and where. One of `secret` and `key` is needed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "key": "K1", "seen_at": "https://code.example/somebody/bot/commit/5f0c" }))]
pub(crate) struct ExposureBody {
    /// The secret. If it is a key's, that key ends at once. It is not kept and not repeated.
    #[serde(default)]
    pub secret: Option<Opaque>,
    /// The key's id. An id alone ends nothing, since anybody can post one: its owner is told.
    #[serde(default)]
    pub key: Option<Id>,
    /// Where: an address, never the text that was found there.
    pub seen_at: Line,
}

/// What became of the report.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct ExposureView {
    /// The key as it stands now.
    pub key: KeyView,
    /// Whether the secret was the key's, which then has ended; otherwise its owner is told.
    pub ended: bool,
}

pub(crate) fn add(api: &mut Api) {
    api.add(
        operation(
            &access::EXPOSURE_REPORT,
            "keys",
            "Report a secret or an id that was seen in public · 유출 신고",
        )
        .about("A secret that is a key's ends it at once; an id alone only has its owner told.")
        .takes::<ExposureBody>()
        .writes::<ExposureView>(StatusCode::OK, "Ended, or told."),
        report,
    );
}

async fn report(asked: Asked) -> Result<Answer, Problem> {
    let ExposureBody { secret, key, seen_at } = asked.body()?;
    let secret = secret.map(|secret| ApiSecret::new(secret.into_string().into_bytes())).transpose();
    // What is wrong with it is its length; its text is nobody's business.
    let secret = secret.map_err(|_| {
        Problem::invalid("bad_field", "`/secret` is longer than any secret", "give the secret alone")
            .at("/secret")
    })?;
    let seen = (secret.as_ref(), seen_at.as_str());
    let key = key.as_ref().map(Id::as_str);
    let done = asked.server.govern.report_exposure(asked.actor()?, key, seen, &asked.call).await?;
    written(StatusCode::OK, done, |exposure| view::<ExposureView>(&exposure))
}
