//! Enrolment campaigns: proposed, granted, paused, stopped, and how far they are (R195, ADR 0027). What owners do is in
//! [`super::registrations`].

use super::shapes::{ReasonBody, SegmentWord};
use crate::access;
use crate::answer::Answer;
use crate::api::Api;
use crate::asked::Asked;
use crate::operation::operation;
use crate::parameter::{Kind, Parameter};
use crate::problem::Problem;
use crate::text::{Instant, Line, Reason};
use crate::view::{page, view};
use crate::written::written;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use sumun_govern::campaigns::{BehindFilter, CampaignPlan, Span};
use sumun_govern::{Refusal, RefusalKind};
use sumun_model::Timestamp;
use utoipa::ToSchema;

/// Where a campaign stands.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CampaignStateWord {
    /// Owners are told, and steps are taken.
    Running,
    /// A new one that waits to be granted; only in the answer to its proposal, since nothing of it is on record before.
    Proposed,
    /// Nobody is told anything, nothing is taken away.
    Paused,
    /// Over: keys that came to a halt by it work again.
    Stopped,
}

/// A campaign's dates and terms.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "Who uses your key", "terms": "2", "announce": "2027-01-04T00:00:00Z", "opens": "2027-01-11T00:00:00Z",
    "read_only": "2027-02-15T00:00:00Z", "ends": "2027-03-15T00:00:00Z", "reminders": ["14d", "3d"] }))]
pub(crate) struct CampaignPlanBody {
    /// What staff call it.
    pub name: Line,
    /// Version of the terms that owners accept.
    pub terms: Line,
    /// Only keys of these segments; all if left out. An empty list is refused: nobody can tell whether it means all or none.
    #[serde(default)]
    #[schema(min_items = 1, max_items = 5)]
    pub segments: Option<Vec<SegmentWord>>,
    /// Owners are told from then on.
    pub announce: Instant,
    /// They can register from then on.
    pub opens: Instant,
    /// Keys not registered by then read and cancel only.
    pub read_only: Instant,
    /// Keys not registered by then end.
    pub ends: Instant,
    /// How long before each of the two steps owners are reminded, the longest first: `14d`, `12h`, `30m`, `20s`.
    #[schema(min_items = 1, max_items = 5)]
    pub reminders: Vec<Line>,
}

/// A campaign, and why.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CampaignBody {
    /// The campaign.
    pub plan: CampaignPlanBody,
    /// Why.
    pub reason: Reason,
}

/// Later dates, and why.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LengthenBody {
    /// Keys not registered by then read and cancel only.
    pub read_only: Instant,
    /// Keys not registered by then end.
    pub ends: Instant,
    /// Why.
    pub reason: Reason,
}

/// A campaign's dates and terms, as shown.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct CampaignPlanView {
    /// What staff call it.
    pub name: String,
    /// Version of the terms that owners accept.
    pub terms: String,
    /// Only keys of these segments; all if none is named.
    pub segments: Vec<SegmentWord>,
    /// Owners are told from then on.
    #[schema(format = DateTime)]
    pub announce: String,
    /// They can register from then on.
    #[schema(format = DateTime)]
    pub opens: String,
    /// Keys not registered by then read and cancel only.
    #[schema(format = DateTime)]
    pub read_only: String,
    /// Keys not registered by then end.
    #[schema(format = DateTime)]
    pub ends: String,
    /// How long before each of the two steps owners are reminded.
    pub reminders: Vec<String>,
}

/// A campaign.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct CampaignView {
    /// Its id.
    pub campaign: String,
    /// Where it stands.
    pub state: CampaignStateWord,
    /// Its dates and terms.
    pub plan: CampaignPlanView,
    /// The least time between telling an owner and the first step; whoever is told late gets all of it.
    #[schema(example = "30d")]
    pub ahead: String,
    /// Who proposed it.
    pub proposed_by: String,
    /// When it was granted.
    #[schema(format = DateTime)]
    pub began: String,
    /// Why it was proposed, or last changed.
    pub reason: String,
    /// Who changed it last, or granted it.
    pub changed_by: Option<String>,
    /// When.
    #[schema(format = DateTime)]
    pub changed: Option<String>,
    /// The approval that a change, or the campaign itself, waits for.
    #[serde(default)]
    pub waits_for: Option<String>,
    /// Version of the row; 0 while it waits to be granted.
    pub version: i64,
}

/// How many keys of one segment stand where.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct CoveredView {
    /// Which segment.
    pub segment: SegmentWord,
    /// All of its keys that the campaign asks about.
    pub keys: u64,
    /// By state: `not_told`, `told`, `window`, `enrolled`, `read_only`, `ended`, `unreachable`, `gone`.
    pub states: BTreeMap<String, u64>,
}

/// How far a campaign is.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct CoverageView {
    /// Which.
    pub campaign: String,
    /// As of when.
    #[schema(format = DateTime)]
    pub at: String,
    /// All keys it asks about.
    pub keys: u64,
    /// By segment.
    pub segments: Vec<CoveredView>,
}

/// Where a key stands that is not registered.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BehindStateWord {
    /// Its owner has not been told yet.
    NotTold,
    /// Told; he does not know yet that he can register.
    Told,
    /// He knows that he can register.
    Window,
    /// It reads and cancels only.
    ReadOnly,
    /// A letter could not be delivered: nothing more happens until somebody reaches its owner.
    Unreachable,
}

/// A step that a campaign takes.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StepWord {
    /// The key reads and cancels only.
    ReadOnly,
    /// It ends.
    End,
}

/// What comes next for a key that nobody registers.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct UpcomingView {
    /// Which step.
    pub step: StepWord,
    /// Not before then.
    #[schema(format = DateTime)]
    pub at: String,
}

/// One letter about a key.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct CampaignLetterView {
    /// Which: `announced`, `opened`, `read_only`, or a step and how long before it, such as `read_only-14d`.
    pub letter: String,
    /// The notice.
    pub notice: String,
    /// Since when its owner counts as told; null while he does not.
    #[schema(format = DateTime, required)]
    pub told: Option<String>,
    /// Where the notice stands: `queued`, `sent`, `delivered`, `failed`, `acknowledged`; null if that cannot be read.
    #[schema(required)]
    pub delivery: Option<String>,
}

/// A key that is not registered.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct BehindView {
    /// Its place in the list.
    pub place: String,
    /// The key.
    pub key: String,
    /// Its account.
    pub account: String,
    /// Its customer.
    pub customer: String,
    /// Its segment when the campaign began to ask about it.
    pub segment: SegmentWord,
    /// The program it is for; null if that cannot be read.
    #[schema(required)]
    pub application: Option<String>,
    /// Where it stands.
    pub state: BehindStateWord,
    /// What comes next; null while its owner is not reached, and of a campaign that was stopped.
    #[schema(required)]
    pub next: Option<UpcomingView>,
    /// What its owner was told, in that order.
    pub letters: Vec<CampaignLetterView>,
    /// When it was last used; null: never, as far as is known.
    #[schema(format = DateTime, required)]
    pub last_used: Option<String>,
    /// The task of whoever has to reach its owner.
    #[schema(required)]
    pub task: Option<String>,
}

const NARROW: [Parameter; 2] = [
    Parameter {
        name: "state",
        kind: Kind::OneOf(&["unreachable", "read_only", "window", "told", "not_told"]),
        required: false,
        about: "Only in this state; if absent all of them, in the order in which they stand here.",
    },
    Parameter {
        name: "segment",
        kind: Kind::OneOf(&["retail", "corporate", "broker", "market_maker", "custodian"]),
        required: false,
        about: "Only of this segment.",
    },
];

pub(crate) fn add(api: &mut Api) {
    api.add(
        operation(&access::CAMPAIGN_LIST, "campaigns", "Campaigns · 등록 캠페인 목록")
            .lists::<CampaignView>(),
        async |asked: Asked| -> Result<_, Problem> {
            let found = asked.server.govern.campaigns(asked.actor()?).await?;
            let views = found.iter().map(view::<CampaignView>).collect::<Result<Vec<_>, _>>()?;
            Answer::ok(&page(views, u64::MAX, |last| last.campaign.clone()))
        },
    );
    api.add(
        operation(&access::CAMPAIGN_PROPOSE, "campaigns", "Propose a campaign · 등록 캠페인 제안")
            .about("Another person decides: `waits_for` names the approval. Nobody is told anything before.")
            .takes::<CampaignBody>()
            .writes::<CampaignView>(StatusCode::ACCEPTED, "It waits for another person."),
        async |asked: Asked| {
            let body = asked.body::<CampaignBody>()?.plan;
            spans(&body.reminders)?;
            if body.segments.is_some_and(|segments| segments.is_empty()) {
                let refusal = Refusal::new(
                    RefusalKind::Invalid,
                    "campaign_bad",
                    "the list of segments is empty",
                    "name the segments whose keys are asked about, or leave `segments` out for all",
                );
                return Err(refusal.at("/plan/segments").into());
            }
            let Proposed { plan, reason } = asked.body_as::<CampaignBody, _>()?;
            let govern = &asked.server.govern;
            let done = govern.propose_campaign(asked.actor()?, &plan, &reason, &asked.call).await?;
            written(StatusCode::ACCEPTED, done, |answer| view::<CampaignView>(&answer))
        },
    );
    api.add(
        operation(&access::CAMPAIGN_GET, "campaigns", "One campaign · 등록 캠페인 조회")
            .gives::<CampaignView>(StatusCode::OK, "The campaign.")
            .versioned(),
        async |asked: Asked| {
            let found = asked.server.govern.campaign(asked.actor()?, asked.path("campaign")?).await?;
            let shown: CampaignView = view(&found)?;
            Ok(Answer::ok(&shown)?.version(shown.version))
        },
    );
    api.add(
        operation(&access::CAMPAIGN_COVERAGE, "campaigns", "How far a campaign is · 등록 현황")
            .about("Counted from an index, whatever the number of keys.")
            .gives::<CoverageView>(StatusCode::OK, "How many keys of which segment stand where."),
        async |asked: Asked| {
            let found =
                asked.server.govern.campaign_coverage(asked.actor()?, asked.path("campaign")?).await?;
            Answer::ok(&view::<CoverageView>(&found)?)
        },
    );
    api.add(
        operation(&access::CAMPAIGN_BEHIND, "campaigns", "Keys not registered · 미등록 키 목록")
            .about("Those that could still be registered, with what comes next and what their owners were told. What owners declared is shown to nobody else.")
            .query(&NARROW)
            .lists::<BehindView>(),
        behind,
    );
    api.add(
        operation(&access::CAMPAIGN_LENGTHEN, "campaigns", "Make a campaign longer · 등록 캠페인 연장 제안")
            .about("Another person decides. Dates only move back: owners were told them.")
            .takes::<LengthenBody>()
            .writes::<CampaignView>(StatusCode::ACCEPTED, "It waits for another person."),
        async |asked: Asked| {
            let later: Later = asked.body_as::<LengthenBody, _>()?;
            changed(asked, (Some((later.read_only, later.ends)), false), &later.reason).await
        },
    );
    api.add(
        operation(&access::CAMPAIGN_RESUME, "campaigns", "Put a campaign on again · 등록 캠페인 재개 제안")
            .about("Another person decides. Nobody is cut without having been reminded again if his day went by in the pause.")
            .takes::<ReasonBody>()
            .writes::<CampaignView>(StatusCode::ACCEPTED, "It waits for another person."),
        async |asked: Asked| {
            let body: ReasonBody = asked.body()?;
            changed(asked, (None, true), body.reason.as_str()).await
        },
    );
    api.add(
        operation(&access::CAMPAIGN_PAUSE, "campaigns", "Pause a campaign · 등록 캠페인 일시 중지")
            .about("One person is enough. Keys that read and cancel only stay so; owners can still register.")
            .takes::<ReasonBody>()
            .writes::<CampaignView>(StatusCode::OK, "It is paused."),
        async |asked: Asked| {
            let body: ReasonBody = asked.body()?;
            let (govern, campaign) = (&asked.server.govern, asked.path("campaign")?);
            let done =
                govern.pause_campaign(asked.actor()?, campaign, body.reason.as_str(), &asked.call).await?;
            written(StatusCode::OK, done, |answer| view::<CampaignView>(&answer))
        },
    );
    api.add(
        operation(&access::CAMPAIGN_STOP, "campaigns", "Stop a campaign · 등록 캠페인 중단")
            .about(
                "One person is enough. Keys that came to a halt by it work again; what has ended stays so.",
            )
            .takes::<ReasonBody>()
            .writes::<CampaignView>(StatusCode::OK, "It is stopped."),
        async |asked: Asked| {
            let body: ReasonBody = asked.body()?;
            let (govern, campaign) = (&asked.server.govern, asked.path("campaign")?);
            let done =
                govern.stop_campaign(asked.actor()?, campaign, body.reason.as_str(), &asked.call).await?;
            written(StatusCode::OK, done, |answer| view::<CampaignView>(&answer))
        },
    );
}

async fn behind(asked: Asked) -> Result<Answer, Problem> {
    let wanted = asked.page();
    let word = |name| asked.query(name).map(|word| Value::from(word.to_owned()));
    let filter = BehindFilter {
        // These words are checked already.
        state: word("state").and_then(|word| serde_json::from_value(word).ok()),
        segment: word("segment").and_then(|word| serde_json::from_value(word).ok()),
        after: wanted.after,
        limit: wanted.limit,
    };
    let (govern, campaign) = (&asked.server.govern, asked.path("campaign")?);
    let found = govern.campaign_behind(asked.actor()?, campaign, &filter).await?;
    let views = found.iter().map(view::<BehindView>).collect::<Result<Vec<_>, _>>()?;
    Answer::ok(&page(views, asked.limit(), |last| last.place.clone()))
}

async fn changed(
    asked: Asked,
    wanted: (Option<(Timestamp, Timestamp)>, bool),
    why: &str,
) -> Result<Answer, Problem> {
    let (govern, campaign) = (&asked.server.govern, asked.path("campaign")?);
    let done = govern.change_campaign(asked.actor()?, campaign, wanted, why, &asked.call).await?;
    written(StatusCode::ACCEPTED, done, |answer| view::<CampaignView>(&answer))
}

/// A campaign that is asked for, as govern has it.
#[derive(Deserialize)]
struct Proposed {
    plan: CampaignPlan,
    reason: String,
}

/// Later dates, as govern has them. A date that is none, such as the 34th, is told at its place.
#[derive(Deserialize)]
struct Later {
    read_only: Timestamp,
    ends: Timestamp,
    reason: String,
}

/// Whether reminders are lengths of time.
fn spans(reminders: &[Line]) -> Result<(), Problem> {
    for (index, text) in reminders.iter().enumerate() {
        if Span::parse(text.as_str()).is_none() {
            let refusal = Refusal::new(
                RefusalKind::Invalid,
                "campaign_bad",
                format!("`{}` is no length of time", text.as_str()),
                "write a number and one of d, h, m, s, such as `14d`",
            );
            return Err(refusal.at(format!("/plan/reminders/{index}")).into());
        }
    }
    Ok(())
}
