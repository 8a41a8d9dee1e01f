//! The ramp: how far gates enforce, stepping back, and what would have been refused (ADR 0022).

use super::activity::EffectWord;
use super::shapes::SegmentWord;
use crate::access;
use crate::answer::Answer;
use crate::api::Api;
use crate::asked::Asked;
use crate::operation::operation;
use crate::parameter::{Kind, Parameter};
use crate::problem::Problem;
use crate::text::Reason;
use crate::view::view;
use crate::written::written;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sumun_govern::gates::bypass::OpenBypass;
use sumun_model::{Ramp, Stage, Timestamp};
use utoipa::ToSchema;

/// What is enforced, from nothing to everything.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StageWord {
    /// The exchange's own gateway decides; what gates see is only recorded.
    Tap,
    /// Everything is decided and recorded, and nothing is refused.
    Shadow,
    /// What credentials and addresses earn is refused.
    Allowlist,
    /// Everything is refused that should be.
    Ladder,
}

/// Where one steps back to.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BackWord {
    /// As if gates only watched.
    Tap,
    /// Everything is decided and recorded, and nothing is refused.
    Shadow,
}

/// What becomes of a request of a key that has ended, where its stage refuses nothing.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EndsWord {
    /// Refused all the same.
    Refused,
    /// Recorded like any other refusal; only where no stage refuses anything.
    Recorded,
}

/// One rule. What it leaves out, it does not ask.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RampRule {
    /// Keys of this segment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<SegmentWord>,
    /// Requests with this effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<EffectWord>,
    /// Requests to routes of this pattern; `*` stands for any characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[/*][!-~]*$", min_length = 1, max_length = 256, example = "/v1/orders*")]
    pub route: Option<String>,
    /// So many of a hundred keys, always the same ones; 100 if left out.
    #[serde(default = "whole")]
    #[schema(minimum = 1, maximum = 100)]
    pub percent: u8,
    /// What is enforced then.
    pub stage: StageWord,
}

const fn whole() -> u8 {
    100
}

/// A ramp: the first rule that fits decides.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RampBodyRamp {
    /// What holds where no rule fits. Never left out: a ramp that says nothing would refuse everybody.
    pub default: StageWord,
    /// What becomes of ended keys where nothing else is refused; `refused` if left out.
    #[serde(default = "refused")]
    pub ends: EndsWord,
    /// The rules.
    #[serde(default)]
    #[schema(max_items = 64)]
    pub rules: Vec<RampRule>,
}

const fn refused() -> EndsWord {
    EndsWord::Refused
}

/// Another ramp, and why.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "ramp": { "default": "shadow", "rules": [{ "segment": "retail", "effect": "order", "percent": 25, "stage": "allowlist" }] }, "reason": "two quiet weeks in shadow" }))]
pub(crate) struct RampBody {
    /// The whole ramp.
    pub ramp: RampBodyRamp,
    /// Why.
    pub reason: Reason,
}

/// How far back, and why.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StepBackBody {
    /// Where to; `shadow` if left out.
    #[serde(default)]
    pub to: Option<BackWord>,
    /// Why.
    pub reason: Reason,
}

/// The ramp in force.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct RampView {
    /// It. Where none was ever set, the one that enforces everything.
    pub ramp: RampBodyRamp,
    /// Who set it; null if nobody did.
    pub by: Option<String>,
    /// When.
    #[schema(format = DateTime)]
    pub at: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// The one before it.
    pub before: Option<RampBodyRamp>,
    /// The version of the feed that told gates of it; 0 if none was set.
    pub feed_version: u64,
    /// Version of the row; 0 if none was set.
    pub version: i64,
    /// The approval that another one waits for; then the one shown is still in force.
    #[serde(default)]
    pub waits_for: Option<String>,
    /// The other one; null if none waits.
    #[serde(default)]
    pub proposed: Option<RampBodyRamp>,
    /// In the answer to a step back or a proposal: the approvals of ramps that were withdrawn with it. Else empty.
    #[serde(default)]
    pub withdrawn: Vec<String>,
    /// Whether gates obey it; empty in the answer to a write.
    #[serde(default)]
    pub gates: Vec<RampGateView>,
}

/// Whether a gate obeys the ramp.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct RampGateView {
    /// Which gate.
    pub gate: String,
    /// `obeys`; `waits` while it has not said so; `cannot_read` if it is of a build that knows no such ramp; `bypassed` while everything
    /// passes there, whatever the ramp says.
    pub state: String,
    /// When its word came.
    #[schema(format = DateTime)]
    pub received: Option<String>,
    /// Since when everything passes there because somebody at that gate said so; null if the ramp holds.
    #[serde(default)]
    #[schema(format = DateTime)]
    pub bypass: Option<String>,
    /// Why.
    #[serde(default)]
    pub bypass_reason: Option<String>,
}

impl RampGateView {
    fn bypassed(&mut self, open: &OpenBypass) {
        self.state = "bypassed".to_owned();
        self.bypass = Some(open.since.to_string());
        self.bypass_reason = Some(open.reason.clone());
    }
}

/// What would have been refused, and went on.
#[derive(Serialize, ToSchema)]
pub(crate) struct RampReportView {
    /// Counted from here on: the hour asked for, or the first that is kept. Restarts count nothing anew.
    #[schema(format = DateTime)]
    pub since: String,
    /// As of when.
    #[schema(format = DateTime)]
    pub at: String,
    /// Lines of the event log that are not counted yet.
    #[schema(maximum = 9007199254740991u64)]
    pub lines_behind: u64,
    /// All of it.
    pub total: u64,
    /// By cause, segment and effect, the most frequent first.
    pub causes: Vec<RampCauseView>,
}

/// How often one cause would have been one.
#[derive(Serialize, ToSchema)]
pub(crate) struct RampCauseView {
    /// The gate's reason code.
    #[schema(example = "address_not_allowed")]
    pub reason: String,
    /// Of which segment; null where no account was known.
    #[schema(required)]
    pub segment: Option<String>,
    /// What the requests would have done.
    pub effect: String,
    /// How often.
    pub count: u64,
}

const SINCE: Parameter = Parameter {
    name: "since",
    kind: Kind::Instant,
    required: false,
    about: "Count from the hour of this instant on; four weeks are kept.",
};

pub(crate) fn add(api: &mut Api) {
    api.add(
        operation(&access::RAMP_GET, "ramp", "How far gates enforce · 단계 적용 조회")
            .gives::<RampView>(StatusCode::OK, "The ramp in force, and whether gates obey it.")
            .versioned(),
        async |asked: Asked| {
            let govern = &asked.server.govern;
            let found = govern.ramp(asked.actor()?).await?;
            let mut shown: RampView = view(&found)?;
            let bypasses = govern.open_bypasses().await?;
            for gate in govern.ramp_gates(asked.actor()?, &found).await? {
                let mut gate: RampGateView = view(&gate)?;
                if let Some(open) = bypasses.get(&gate.gate) {
                    gate.bypassed(open);
                }
                shown.gates.push(gate);
            }
            Ok(Answer::ok(&shown)?.version(shown.version))
        },
    );
    api.add(
        operation(&access::RAMP_PUT, "ramp", "Have another ramp put in force · 단계 적용 변경 요청")
            .about("Another security administrator decides: `waits_for` names the approval.")
            .takes::<RampBody>()
            .writes::<RampView>(StatusCode::ACCEPTED, "It waits for another person."),
        async |asked: Asked| {
            let body: RampBody = asked.body()?;
            let ramp = ramp(&body.ramp)?;
            let govern = &asked.server.govern;
            let done = govern.set_ramp(asked.actor()?, &ramp, body.reason.as_str(), &asked.call).await?;
            written(StatusCode::ACCEPTED, done, |answer| view::<RampView>(&answer))
        },
    );
    api.add(
        operation(&access::RAMP_STEP_BACK, "ramp", "Step back now · 차단 적용 즉시 중지")
            .about(
                "One person is enough, with a second factor shown lately. Every gate that follows obeys at its next request; a key that has \
                 ended stays refused, unless the ramp says otherwise. Ramps that wait for agreement are withdrawn, also where nothing is \
                 refused now.",
            )
            .takes::<StepBackBody>()
            .writes::<RampView>(StatusCode::OK, "Nothing is refused any more but what has ended."),
        async |asked: Asked| {
            let body: StepBackBody = asked.body()?;
            let to = match body.to {
                Some(BackWord::Tap) => Stage::Tap,
                None | Some(BackWord::Shadow) => Stage::Shadow,
            };
            let govern = &asked.server.govern;
            let done = govern.step_back(asked.actor()?, to, body.reason.as_str(), &asked.call).await?;
            written(StatusCode::OK, done, |answer| view::<RampView>(&answer))
        },
    );
    api.add(
        operation(&access::RAMP_REPORT, "ramp", "What would have been refused · 섀도 결과 보고")
            .about("From what gates recorded with a refusal that did not hold, where it happened, whichever process took it in. An account counts by the segment it had when its line was counted, true to an hour: a change of segment may show up to an hour later.")
            .query(&[SINCE])
            .gives::<RampReportView>(StatusCode::OK, "The report."),
        async |asked: Asked| {
            let now = asked.server.govern.world.now();
            let since: Option<Timestamp> = asked.query("since").and_then(|text| text.parse().ok());
            let server = &asked.server;
            let lines = server.events.as_ref().map_or(0, |events| events.log.standing().next);
            let lines_behind = lines.saturating_sub(server.shadow.next());
            let (since, causes) = server.shadow.report(since, now);
            Answer::ok(&RampReportView {
                since: since.to_string(),
                at: now.to_string(),
                lines_behind,
                total: causes.iter().map(|(_, count)| count).sum(),
                causes: causes
                    .into_iter()
                    .map(|(cause, count)| RampCauseView {
                        reason: cause.reason.to_string(),
                        segment: cause.segment.map(|segment| segment.to_string()),
                        effect: cause.effect.to_string(),
                        count,
                    })
                    .collect(),
            })
        },
    );
}

/// What was sent, as the model has it: the words are the same.
fn ramp(sent: &RampBodyRamp) -> Result<Ramp, Problem> {
    view(sent)
}
