//! Keys that are ended to see from outside whether ending works.

use crate::access;
use crate::answer::Answer;
use crate::api::Api;
use crate::asked::Asked;
use crate::operation::operation;
use crate::view::{page, view};
use crate::written::written;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// A canary.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct CanaryView {
    /// Its id. Newer ones sort first.
    pub canary: String,
    /// Its key.
    pub key: String,
    /// The gates that had to obey.
    pub gates: Vec<String>,
    /// When it was ended.
    #[schema(format = DateTime)]
    pub expired: Option<String>,
    /// What it came to.
    pub outcome: Option<String>,
    /// What was found, gate by gate.
    pub findings: Value,
    /// Version of the row.
    pub version: i64,
}

pub(crate) fn add(api: &mut Api) {
    api.add(
        operation(&access::CANARY_LIST, "canaries", "Canaries and what they found · 점검용 키 시험 목록")
            .about("The newest first.")
            .lists::<CanaryView>(),
        async |asked: Asked| {
            let wanted = asked.page();
            let found = asked.server.govern.canaries(asked.actor()?, wanted.after, wanted.limit).await?;
            let views = found.iter().map(view::<CanaryView>).collect::<Result<Vec<_>, _>>()?;
            Answer::ok(&page(views, asked.limit(), |last| last.canary.clone()))
        },
    );
    api.add(
        operation(&access::CANARY_START, "canaries", "Start one now · 점검용 키 시험 시작")
            .writes::<CanaryView>(StatusCode::CREATED, "Started."),
        async |asked: Asked| {
            let done = asked.server.govern.start_canary(asked.actor()?, &asked.call).await?;
            written(StatusCode::CREATED, done, |canary| view::<CanaryView>(&canary))
        },
    );
}
