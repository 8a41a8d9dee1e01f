//! Policies: what decides, and how another one comes into force.

use super::shapes::ReasonBody;
use crate::access;
use crate::answer::Answer;
use crate::api::Api;
use crate::asked::Asked;
use crate::operation::operation;
use crate::problem::Problem;
use crate::text::Id;
use crate::view::{page, view};
use crate::written::written;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sumun_govern::Done;
use sumun_govern::policies::dry_run::Tried;
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
    /// Its ladders in plain words, the one for keys of no known segment first; empty but where one policy is read.
    #[serde(default)]
    pub explained: Vec<ExplainedView>,
}

/// The ladder of a segment in plain words.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct ExplainedView {
    /// Which; null for keys of no known segment.
    #[serde(default)]
    pub segment: Option<String>,
    /// In Korean.
    pub ko: String,
    /// In English.
    pub en: String,
}

/// A policy that is proposed.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PolicyBody {
    /// The whole file.
    #[schema(max_length = 262_144)]
    pub text: String,
}

/// Which policy is tried. One of `policy` and `text` is needed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "policy": "default@1" }))]
pub(crate) struct DryRunBody {
    /// One that is kept, by id and version.
    #[serde(default)]
    pub policy: Option<Id>,
    /// A whole file, kept nowhere.
    #[serde(default)]
    #[schema(max_length = 262_144)]
    pub text: Option<String>,
    /// Goes on behind this key: `next` of the answer before.
    #[serde(default)]
    pub after: Option<Id>,
}

/// What a policy would do where keys stand now.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct DryRunView {
    /// Its id and version; null if the text cannot be read.
    #[schema(example = "default@1")]
    pub policy: Option<String>,
    /// Living keys of which detection or staff spoke, that were looked at.
    pub checked: u64,
    /// The five measures, from the mildest.
    #[schema(min_items = 5, max_items = 5)]
    pub counts: Vec<MeasureCountView>,
    /// Keys that would move, or be proposed for something else, by id.
    #[schema(max_items = 200)]
    pub changed: Vec<KeyChangeView>,
    /// How many would; `changed` names the first of them.
    pub changed_total: u64,
    /// Null if all keys were looked at; else the last one, and the same request with it as `after` goes on there.
    pub next: Option<String>,
    /// What is wrong with the text and what is dubious, in the order of the file. An `unreadable` text was tried on nothing.
    pub problems: Vec<PolicyProblemView>,
}

/// How many keys stand under one measure.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct MeasureCountView {
    /// `monitor`, `warn`, `hold`, `reverify` or `expire`.
    pub measure: String,
    /// Under it now.
    pub now: u64,
    /// Under it with this policy.
    pub would: u64,
    /// Waiting now for people to decide on it.
    pub proposed_now: u64,
    /// Waiting with this policy.
    pub proposed_would: u64,
}

/// A key that would move.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct KeyChangeView {
    /// The key.
    pub key: String,
    /// Its account.
    pub account: String,
    /// Its measure now; null if there is none.
    pub now: Option<String>,
    /// Its measure with this policy.
    pub would: Option<String>,
    /// What would be proposed to people, beside that.
    pub proposes: Option<String>,
}

/// Something about the text of a policy.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct PolicyProblemView {
    /// Line, from 1.
    pub line: u64,
    /// Column in characters, from 1.
    pub column: u64,
    /// `error` keeps it out of force; `warning` is worth a look.
    pub severity: String,
    /// What it is, stable.
    #[schema(example = "window_zero")]
    pub code: String,
    /// In words.
    pub message: String,
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
        operation(
            &access::POLICY_GET,
            "policies",
            "One policy in plain words, and how it differs · 정책 조회",
        )
        .gives::<PolicyAnswerView>(StatusCode::OK, "The policy.")
        .versioned(),
        async |asked: Asked| {
            let found = asked.server.govern.policy_shown(asked.actor()?, asked.path("policy")?).await?;
            let shown: PolicyAnswerView = view(&found)?;
            Ok(Answer::ok(&shown)?.version(shown.policy.version))
        },
    );
    api.add(
        operation(&access::POLICY_DRY_RUN, "policies", "Try one on where keys stand now · 정책 모의 적용")
            .about(
                "Its ladder runs over where keys stand, with a day of alerts that begins now; nothing is written. One at a time for each \
                 person: while it is made, another waits some seconds for its turn, and is then answered 429 `under_way`, or 503 `too_busy` where \
                 those of others are made.",
            )
            .takes::<DryRunBody>()
            .bytes_max(2 * TEXT_BYTES_MAX)
            .gives::<DryRunView>(StatusCode::OK, "What it would do."),
        async |asked: Asked| {
            let body: DryRunBody = asked.body()?;
            let tried = match (body.policy, body.text) {
                (Some(policy), None) => Tried::Named(policy.into_string()),
                (None, Some(text)) => Tried::Text(text),
                _ => return Err(one_of_both()),
            };
            let after = body.after.map(Id::into_string);
            let _turn = asked.server.dry_runs.take(asked.actor()?, "a dry run").await?;
            let found = asked.server.govern.policy_dry_run(asked.actor()?, &tried, after).await?;
            Answer::ok(&view::<DryRunView>(&found)?)
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

fn one_of_both() -> Problem {
    Problem::invalid(
        "policy_or_text",
        "one of `/policy` and `/text` is needed, and not both",
        "name a policy that is kept, or give a whole file",
    )
}

fn shown(status: StatusCode, done: Done<PolicyAnswer>) -> Result<Answer, Problem> {
    written(status, done, |answer| view::<PolicyAnswerView>(&answer))
}
