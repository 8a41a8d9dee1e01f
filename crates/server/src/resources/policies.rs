//! Policies: what decides, and how another one comes into force.

use super::shapes::ReasonBody;
use crate::access;
use crate::answer::Answer;
use crate::api::Api;
use crate::asked::Asked;
use crate::operation::operation;
use crate::problem::Problem;
use crate::view::{page, view};
use crate::written::written;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sumun_govern::Done;
use sumun_govern::policies::propose::{PolicyAnswer, TEXT_BYTES_MAX};
use utoipa::ToSchema;

/// A policy.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct PolicyView {
    /// Its id and version.
    #[schema(example = "default@1")]
    pub policy: String,
    /// Hex SHA-256 over the text.
    pub digest: String,
    /// `proposed`, `active` or `retired`.
    pub state: String,
    /// Who proposed it.
    pub proposed_by: String,
    /// When.
    #[schema(format = DateTime)]
    pub proposed: String,
    /// Since when it is, or when it came, in force.
    #[schema(format = DateTime)]
    pub activated: Option<String>,
    /// Version of the row.
    pub version: i64,
}

/// A policy with its text.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct PolicyWholeView {
    /// Its id and version.
    pub policy: String,
    /// Hex SHA-256 over the text.
    pub digest: String,
    /// The whole file.
    pub text: String,
    /// `proposed`, `active` or `retired`.
    pub state: String,
    /// Who proposed it.
    pub proposed_by: String,
    /// When.
    #[schema(format = DateTime)]
    pub proposed: String,
    /// Since when it is, or when it came, in force.
    #[schema(format = DateTime)]
    pub activated: Option<String>,
    /// Version of the row.
    pub version: i64,
}

/// A policy beside the one in force.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct PolicyAnswerView {
    /// The policy.
    pub policy: PolicyWholeView,
    /// What it changes beside the one in force, segment by segment: lines in English, then in Korean.
    pub differs: Vec<String>,
    /// The approval that putting it in force waits for.
    #[serde(default)]
    pub waits_for: Option<String>,
}

/// A policy that is proposed.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PolicyBody {
    /// The whole file.
    #[schema(max_length = 262_144)]
    pub text: String,
}

pub(crate) fn add(api: &mut Api) {
    api.add(
        operation(&access::POLICY_LIST, "policies", "Policies · 정책 목록").lists::<PolicyView>(),
        async |asked: Asked| {
            let wanted = asked.page();
            let found = asked.server.govern.policies(asked.actor()?, wanted.after, wanted.limit).await?;
            let views = found.iter().map(view::<PolicyView>).collect::<Result<Vec<_>, _>>()?;
            Answer::ok(&page(views, asked.limit(), |last| last.policy.clone()))
        },
    );
    api.add(
        operation(&access::POLICY_GET, "policies", "One policy, and how it differs · 정책 조회")
            .gives::<PolicyAnswerView>(StatusCode::OK, "The policy.")
            .versioned(),
        async |asked: Asked| {
            let found = asked.server.govern.policy_shown(asked.actor()?, asked.path("policy")?).await?;
            let shown: PolicyAnswerView = view(&found)?;
            Ok(Answer::ok(&shown)?.version(shown.policy.version))
        },
    );
    api.add(
        operation(&access::POLICY_PROPOSE, "policies", "Propose one · 정책 제안")
            .about("It is read and linted, and in force nowhere.")
            .takes::<PolicyBody>()
            // Escaped, a text may be twice as long.
            .bytes_max(2 * TEXT_BYTES_MAX)
            .writes::<PolicyAnswerView>(StatusCode::CREATED, "Kept."),
        async |asked: Asked| {
            let body: PolicyBody = asked.body()?;
            let done = asked.server.govern.propose_policy(asked.actor()?, &body.text, &asked.call).await?;
            shown(StatusCode::CREATED, done)
        },
    );
    api.add(
        operation(&access::POLICY_ACTIVATE, "policies", "Have it put in force · 정책 적용 요청")
            .about("Another compliance lead decides: `waits_for` names the approval.")
            .takes::<ReasonBody>()
            .writes::<PolicyAnswerView>(StatusCode::ACCEPTED, "It waits for another person."),
        async |asked: Asked| {
            let body: ReasonBody = asked.body()?;
            let (id, why) = (asked.path("policy")?, body.reason.as_str());
            let done = asked.server.govern.activate_policy(asked.actor()?, id, why, &asked.call).await?;
            shown(StatusCode::ACCEPTED, done)
        },
    );
    api.add(
        operation(&access::POLICY_RETIRE, "policies", "Take it out of the choice · 정책 폐기")
            .takes::<ReasonBody>()
            .writes::<PolicyAnswerView>(StatusCode::OK, "Retired."),
        async |asked: Asked| {
            let body: ReasonBody = asked.body()?;
            let (id, why) = (asked.path("policy")?, body.reason.as_str());
            let done = asked.server.govern.retire_policy(asked.actor()?, id, why, &asked.call).await?;
            shown(StatusCode::OK, done)
        },
    );
}

fn shown(status: StatusCode, done: Done<PolicyAnswer>) -> Result<Answer, Problem> {
    written(status, done, |answer| view::<PolicyAnswerView>(&answer))
}
