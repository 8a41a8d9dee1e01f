//! Cases: the one file on a suspicion, for those inside.

use super::keys::SentenceView;
use super::measures::{self, MeasureView};
use super::shapes::ReasonBody;
use crate::access;
use crate::answer::Answer;
use crate::api::Api;
use crate::asked::Asked;
use crate::operation::operation;
use crate::parameter::{Kind, Parameter};
use crate::problem::Problem;
use crate::text::{Id, Reason};
use crate::view::{page, view};
use crate::written::written;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use sumun_govern::Done;
use sumun_govern::cases::CaseRow;
use sumun_govern::cases::plan::{MemberDecision, PlannedMember};
use sumun_govern::cases::read::CaseFilter;
use sumun_govern::cases::row::{CaseEvent, CaseOutcome};
use sumun_govern::cases::work::Work;
use sumun_govern::measures::said::kept_reason_said;
use sumun_model::Timestamp;
use sumun_store::tables::CASES;
use utoipa::ToSchema;

/// A key in a case.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct MemberView {
    /// Which key.
    pub key: String,
    /// Of which account.
    pub account: String,
    /// Of which customer.
    pub customer: Option<String>,
    /// `suspected`, `follow_on` (it took another's place, and its measure: nothing was found about it), `exonerated` or `confirmed`.
    pub state: String,
    /// Who said so.
    pub by: Option<String>,
    /// Why, in own words.
    pub reason: Option<String>,
}

/// A case.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct CaseView {
    /// Its id; older ones sort first.
    #[schema(example = "C0006512b9d2f5c04a1b2c3d4")]
    pub case_id: String,
    /// `key:K1` or `cluster:<id>`.
    pub subject: String,
    /// `open`, `closed` or `merged`.
    pub state: String,
    /// Its keys.
    pub members: Vec<MemberView>,
    /// What is most believed.
    pub cause: String,
    /// Whose it is.
    pub assignee: Option<String>,
    /// Higher is looked at first; below 0 once all its keys have ended.
    pub priority: i64,
    /// Since when.
    #[schema(format = DateTime)]
    pub opened: String,
    /// By when.
    #[schema(format = DateTime)]
    pub due: Option<String>,
    /// `confirmed`, `false_positive` or `benign`.
    pub outcome: Option<String>,
    /// When it ended.
    #[schema(format = DateTime)]
    pub closed: Option<String>,
    /// Signals, playbook, counts.
    pub body: Value,
    /// Version of the row.
    pub version: i64,
}

/// Something that happened in a case.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct CaseEventView {
    /// Its id.
    pub case_event: String,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
    /// What.
    pub kind: String,
    /// Who.
    pub by: String,
    /// The rest.
    pub body: Value,
    /// Why, in words, where policy took or ended a measure.
    #[serde(default)]
    pub because: Option<SentenceView>,
}

/// A case with all that happened in it.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct CaseShownView {
    /// The case.
    pub case: CaseView,
    /// Steps of the playbook that keep it from closing.
    pub missing: Vec<String>,
    /// What happened, oldest first.
    pub timeline: Vec<CaseEventView>,
}

/// The cases to look at first.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct QueueView {
    /// The most pressing first, as many as the day's budget of alerts.
    pub items: Vec<CaseView>,
}

/// A member as the plan of a case shows it.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct PlannedMemberView {
    /// Which key.
    pub key: String,
    /// Of which account.
    pub account: String,
    /// How it is thought of.
    pub member: String,
    /// Where the key stands.
    pub state: String,
    /// What it suffers.
    pub measure: Option<String>,
    /// Its measures in this case, those that wait among them.
    pub measures: Vec<MeasureView>,
    /// What may be decided about it.
    pub choices: Vec<String>,
}

/// One case, one plan.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct CasePlanView {
    /// Every member with what happens to it.
    pub members: Vec<PlannedMemberView>,
}

/// To whom a case is given.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AssignBody {
    /// A principal of staff.
    pub assignee: Id,
}

/// A comment.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CommentBody {
    /// In your own words.
    pub text: Reason,
}

/// What came of something.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResultBody {
    /// In your own words.
    pub result: Reason,
}

/// What is decided about one member.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ChoiceWord {
    /// It stays as it is.
    Keep,
    /// It was not this key.
    Exonerate,
    /// What it suffers ends.
    Lift,
    /// It was this key.
    Confirm,
}

/// A decision about one member.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MemberDecisionBody {
    /// Which key.
    pub key: Id,
    /// What.
    pub choice: ChoiceWord,
    /// Why, in your own words.
    pub reason: Reason,
}

/// Decisions about members, made at once.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DecideBody {
    /// One for each member that something is decided about.
    #[schema(min_items = 1, max_items = 200)]
    pub decisions: Vec<MemberDecisionBody>,
}

/// How a case ends.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OutcomeWord {
    /// The suspicion was right.
    Confirmed,
    /// What was found was not so.
    FalsePositive,
    /// What was found was so, and is allowed.
    Benign,
}

/// The end of a case.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CloseBody {
    /// How it ends.
    pub outcome: OutcomeWord,
    /// Why, in your own words.
    pub reason: Reason,
}

const NARROW: [Parameter; 4] = [
    Parameter {
        name: "state",
        kind: Kind::OneOf(&["open", "closed", "merged"]),
        required: false,
        about: "Only in this state.",
    },
    Parameter { name: "assignee", kind: Kind::Id, required: false, about: "Only of this person." },
    Parameter {
        name: "subject",
        kind: Kind::Id,
        required: false,
        about: "Only about this, such as `key:K1`.",
    },
    Parameter {
        name: "order",
        kind: Kind::OneOf(&["oldest", "newest"]),
        required: false,
        about: "Which stand first; `oldest` if absent. `after` goes on in the same order.",
    },
];

pub(crate) fn add(api: &mut Api) {
    api.add(
        operation(&access::CASE_LIST, "cases", "Cases · 케이스 목록")
            .about("By when they were opened.")
            .query(&NARROW)
            .lists::<CaseView>(),
        list,
    );
    api.add(
        operation(&access::CASE_QUEUE, "cases", "What to look at first · 우선 처리 목록")
            .about("Open cases that are nobody's, by priority, as many as the day's budget of alerts. Last stand those whose keys have all ended.")
            .gives::<QueueView>(StatusCode::OK, "The queue."),
        async |asked: Asked| {
            let cases = asked.server.govern.case_queue(asked.actor()?).await?;
            let items = cases.iter().map(view::<CaseView>).collect::<Result<_, _>>()?;
            Answer::ok(&QueueView { items })
        },
    );
    api.add(
        operation(&access::CASE_GET, "cases", "One case with its timeline · 케이스 조회")
            .gives::<CaseShownView>(StatusCode::OK, "The case.")
            .versioned(),
        get,
    );
    api.add(
        operation(&access::CASE_PLAN, "cases", "Every member with what happens to it · 케이스 조치 계획")
            .gives::<CasePlanView>(StatusCode::OK, "The plan."),
        async |asked: Asked| {
            let govern = &asked.server.govern;
            let members = govern.case_plan(asked.actor()?, asked.path("case")?).await?;
            let measures: Vec<_> =
                members.iter().flat_map(|member| member.measures.iter().cloned()).collect();
            let ended = govern.keys_ended(&measures).await?;
            let members = members.iter().map(|member| planned(member, &ended)).collect::<Result<_, _>>()?;
            Answer::ok(&CasePlanView { members })
        },
    );
    works(api);
    ends(api);
}

fn works(api: &mut Api) {
    api.add(
        operation(&access::CASE_ASSIGN, "cases", "Give it to somebody · 담당자 지정")
            .takes::<AssignBody>()
            .writes::<CaseView>(StatusCode::OK, "As it stands now."),
        async |asked: Asked| {
            let body: AssignBody = asked.body()?;
            work(&asked, Work::Assign(body.assignee.as_str())).await
        },
    );
    api.add(
        operation(&access::CASE_COMMENT, "cases", "Say something · 의견 추가")
            .takes::<CommentBody>()
            .writes::<CaseView>(StatusCode::OK, "As it stands now."),
        async |asked: Asked| {
            let body: CommentBody = asked.body()?;
            work(&asked, Work::Comment(body.text.as_str())).await
        },
    );
    api.add(
        operation(&access::CASE_STEP, "cases", "A step of the playbook is done · 절차 완료")
            .takes::<ResultBody>()
            .writes::<CaseView>(StatusCode::OK, "As it stands now."),
        async |asked: Asked| {
            let body: ResultBody = asked.body()?;
            work(&asked, Work::StepDone(asked.path("step")?, body.result.as_str())).await
        },
    );
    api.add(
        operation(&access::CASE_ASK_WAIVER, "cases", "Ask that a step be waived · 절차 생략 요청")
            .takes::<ReasonBody>()
            .writes::<CaseView>(StatusCode::OK, "As it stands now."),
        async |asked: Asked| {
            let body: ReasonBody = asked.body()?;
            work(&asked, Work::AskWaiver(asked.path("step")?, body.reason.as_str())).await
        },
    );
    api.add(
        operation(&access::CASE_WAIVE, "cases", "Agree that a step be waived · 절차 생략 승인")
            .about("By another person than who asked.")
            .takes::<ReasonBody>()
            .writes::<CaseView>(StatusCode::OK, "As it stands now."),
        async |asked: Asked| {
            let body: ReasonBody = asked.body()?;
            work(&asked, Work::Waive(asked.path("step")?, body.reason.as_str())).await
        },
    );
}

fn ends(api: &mut Api) {
    api.add(
        operation(&access::CASE_DECIDE, "cases", "Decide about its members · 대상별 결정")
            .about("All in one change: what is decided about one holds with the rest, or nothing does.")
            .takes::<DecideBody>()
            .writes::<CaseView>(StatusCode::OK, "As it stands now."),
        async |asked: Asked| {
            #[derive(Deserialize)]
            struct Decisions {
                decisions: Vec<MemberDecision>,
            }
            let Decisions { decisions } = asked.body_as::<DecideBody, _>()?;
            let id = asked.path("case")?;
            shown(asked.server.govern.decide_case(asked.actor()?, id, &decisions, &asked.call).await?)
        },
    );
    api.add(
        operation(&access::CASE_CLOSE, "cases", "Close it · 케이스 종결")
            .about("Refused while a step of the playbook is neither done nor waived.")
            .takes::<CloseBody>()
            .writes::<CaseView>(StatusCode::OK, "Closed."),
        async |asked: Asked| {
            let body: CloseBody = asked.body()?;
            let outcome = match body.outcome {
                OutcomeWord::Confirmed => CaseOutcome::Confirmed,
                OutcomeWord::FalsePositive => CaseOutcome::FalsePositive,
                OutcomeWord::Benign => CaseOutcome::Benign,
            };
            work(&asked, Work::Close(outcome, body.reason.as_str())).await
        },
    );
}

async fn work(asked: &Asked, work: Work<'_>) -> Result<Answer, Problem> {
    let id = asked.path("case")?;
    shown(asked.server.govern.work_case(asked.actor()?, id, work, &asked.call).await?)
}

fn shown(done: Done<CaseRow>) -> Result<Answer, Problem> {
    written(StatusCode::OK, done, |case| view::<CaseView>(&case))
}

/// A member with its measures' reasons in words.
fn planned(
    member: &PlannedMember,
    ended: &BTreeMap<String, Timestamp>,
) -> Result<PlannedMemberView, Problem> {
    let measures = member.measures.iter().map(|row| measures::shown(row, ended)).collect::<Result<_, _>>()?;
    Ok(PlannedMemberView { measures, ..view(member)? })
}

fn happened(event: &CaseEvent) -> Result<CaseEventView, Problem> {
    let because = event.body.get("why").and_then(kept_reason_said).map(Into::into);
    Ok(CaseEventView { because, ..view(event)? })
}

async fn list(asked: Asked) -> Result<Answer, Problem> {
    let wanted = asked.page_of(&CASES).await?;
    let narrow = |name: &str| asked.query(name).map(str::to_owned);
    let filter = CaseFilter {
        state: narrow("state"),
        assignee: narrow("assignee"),
        subject: narrow("subject"),
        after: wanted.after,
        newest: asked.query("order") == Some("newest"),
        limit: wanted.limit,
    };
    let cases = asked.server.govern.cases(asked.actor()?, &filter).await?;
    let views = cases.iter().map(view::<CaseView>).collect::<Result<Vec<_>, _>>()?;
    Answer::ok(&page(views, asked.limit(), |last| last.case_id.clone()))
}

async fn get(asked: Asked) -> Result<Answer, Problem> {
    let found = asked.server.govern.case_shown(asked.actor()?, asked.path("case")?).await?;
    let shown = CaseShownView {
        case: view(&found.case)?,
        missing: found.missing,
        timeline: found.timeline.iter().map(happened).collect::<Result<_, _>>()?,
    };
    Ok(Answer::ok(&shown)?.version(shown.case.version))
}
