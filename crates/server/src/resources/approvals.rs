//! What waits for a second pair of eyes, and what came of it.

use super::keys::SentenceView;
use super::measures::{self, SignalView};
use super::owner_notices::ObjectionView;
use crate::access;
use crate::answer::Answer;
use crate::api::Api;
use crate::asked::Asked;
use crate::operation::operation;
use crate::parameter::{Kind, Parameter};
use crate::problem::Problem;
use crate::text::{Instant, Reason};
use crate::view::{page, view};
use crate::written::written;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sumun_govern::approvals::grounds::Grounds;
use sumun_govern::approvals::{ApprovalState, Decision};
use sumun_store::tables::APPROVALS;
use utoipa::ToSchema;

/// Yes or no.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DecisionWord {
    /// Yes.
    Approve,
    /// No.
    Refuse,
}

/// What somebody decides.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "decision": "approve", "reason": "checked the desk's address by phone" }))]
pub(crate) struct DecisionBody {
    /// Yes or no.
    pub decision: DecisionWord,
    /// In your own words; a no needs one.
    #[serde(default)]
    pub reason: Option<Reason>,
    /// When you opened what you decide about; the record shows whether the second look was one, by what the server saw of it.
    #[serde(default)]
    pub looked_at: Option<Instant>,
}

/// Where an approval stands.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ApprovalStateWord {
    /// Waits.
    Open,
    /// Everybody needed agreed, and it was executed.
    Granted,
    /// Somebody said no.
    Refused,
    /// Nobody came in time.
    Lapsed,
    /// No longer wanted, or without an object.
    Withdrawn,
}

/// How many of a role must agree.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct NeededView {
    /// The role.
    #[schema(example = "approver")]
    pub role: String,
    /// How many.
    pub count: u32,
}

/// A decision that was made.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct DecidedView {
    /// Who.
    pub by: String,
    /// The role whose place he filled.
    pub role: String,
    /// Yes or no.
    pub decision: DecisionWord,
    /// In his own words.
    pub reason: Option<String>,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
    /// From opening the thing to deciding, in microseconds: as said, and never longer than since `GET /v1/approvals/{approval}` was first answered
    /// to this person. Null if it was not said, or nothing was opened.
    pub looked_us: Option<i64>,
}

/// An approval.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct ApprovalView {
    /// Its id.
    #[schema(example = "AP1")]
    pub approval: String,
    /// What is done when it is granted.
    #[schema(example = "key.grant")]
    pub action: String,
    /// To what.
    #[schema(example = "key:K1")]
    pub subject: String,
    /// What was asked, frozen.
    pub request: Value,
    /// Hex SHA-256 over the request.
    pub digest: String,
    /// Who asked; he decides nothing.
    pub requested_by: String,
    /// When.
    #[schema(format = DateTime)]
    pub requested: String,
    /// Who must agree.
    pub needed: Vec<NeededView>,
    /// Who did, or did not.
    pub decisions: Vec<DecidedView>,
    /// Where it stands.
    pub state: ApprovalStateWord,
    /// When it lapses.
    #[schema(format = DateTime)]
    pub due: String,
    /// When it was decided, lapsed or was taken back; null while it waits, and where that was not kept yet.
    #[serde(default)]
    #[schema(required, format = DateTime)]
    pub decided: Option<String>,
    /// On what it rests, where it is about a measure on a key: to be read first. Null of any other, in lists, in the answer of a write, and for
    /// customers.
    #[serde(default)]
    pub grounds: Option<ApprovalGroundsView>,
    /// By whom and why it was withdrawn, where it was: not in lists, nor in the answer of a write.
    #[serde(default)]
    pub withdrawn: Option<ApprovalWithdrawnView>,
    /// Version of the row.
    pub version: i64,
}

/// How an approval came to be withdrawn.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct ApprovalWithdrawnView {
    /// Who, or what; `staff` to customers, for whoever of staff it was.
    #[schema(example = "user:mina")]
    pub by: String,
    /// Why, in words.
    pub because: SentenceView,
    /// What was said of it by whoever did it, in own words; null where nothing was, and for customers.
    pub reason: Option<String>,
    /// Index of the entry that says so.
    pub entry: u64,
}

/// On what a measure rests that waits for people.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct ApprovalGroundsView {
    /// On which key.
    pub key: String,
    /// Which measure.
    #[schema(example = "expire")]
    pub measure: String,
    /// In which case; null where staff proposed it by hand and no measure is in force.
    pub case_id: Option<String>,
    /// The rule of policy that proposed it, or the ladder's own, such as `ladder.timed_out`; null where staff did.
    pub rule: Option<String>,
    /// What that rule says, in words; null where there is no rule.
    #[serde(default)]
    pub rule_said: Option<SentenceView>,
    /// Why it is asked, in words.
    pub because: SentenceView,
    /// Why a lesser measure would not do, in words.
    pub lesser: SentenceView,
    /// What was found and is relied on: the latest, oldest first.
    #[schema(max_items = 20)]
    pub signals: Vec<SignalView>,
    /// How far the owner came in his last re-verification; null if there was none.
    pub reverification: Option<ReverifiedView>,
    /// His objections that nobody has answered yet, the newest first.
    #[schema(max_items = 10)]
    pub objections: Vec<ObjectionView>,
    /// Whether agreeing tells the owner.
    pub owner_told: bool,
}

/// How far an owner came in his re-verification.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct ReverifiedView {
    /// Which.
    pub verification: String,
    /// `open`, `proved`, `failed`, `timed_out` or `closed`.
    pub state: String,
    /// Identity: `outstanding`, `passed` or `failed`.
    pub identity: String,
    /// When the exchange said so.
    #[schema(format = DateTime)]
    pub identity_at: Option<String>,
    /// Control: `outstanding`, `passed` or `failed`.
    pub control: String,
    /// Control tests begun.
    pub tests: u32,
    /// Control tests failed.
    pub failures: u32,
    /// How many more may fail: with the last the key ends.
    pub tries_left: u32,
    /// When its time runs out, or ran out.
    #[schema(format = DateTime)]
    pub due: Option<String>,
}

const NARROW: [Parameter; 4] = [
    Parameter {
        name: "state",
        kind: Kind::OneOf(&["open", "granted", "refused", "lapsed", "withdrawn"]),
        required: false,
        about: "Only in this state.",
    },
    Parameter {
        name: "subject",
        kind: Kind::Id,
        required: false,
        about: "Only about this, such as `key:K1`.",
    },
    Parameter {
        name: "for",
        kind: Kind::OneOf(&["me"]),
        required: false,
        about: "`me`: only what waits and I may decide now: asked for by somebody else, not decided by me yet, a place of my role free.",
    },
    Parameter {
        name: "order",
        kind: Kind::OneOf(&["newest"]),
        required: false,
        about: "`newest`: what was decided last stands first; only together with a `state`. `after` goes on in the same order. Absent: by id.",
    },
];

pub(crate) fn add(api: &mut Api) {
    api.add(
        operation(&access::APPROVAL_LIST, "approvals", "What waits, and what came of it · 승인 목록")
            .query(&NARROW)
            .lists::<ApprovalView>(),
        list,
    );
    api.add(
        operation(&access::APPROVAL_GET, "approvals", "One approval · 승인 조회")
            .gives::<ApprovalView>(StatusCode::OK, "The approval.")
            .versioned(),
        async |asked: Asked| {
            let (govern, actor) = (&asked.server.govern, asked.actor()?);
            let row = govern.approval(actor, asked.path("approval")?).await?;
            let grounds = govern.approval_grounds(actor, &row).await?;
            let withdrawn = govern.approval_withdrawn(actor, &row).await?;
            let shown = ApprovalView {
                grounds: grounds.as_ref().map(resting).transpose()?,
                withdrawn: withdrawn.as_ref().map(view).transpose()?,
                ..view(&row)?
            };
            Ok(Answer::ok(&shown)?.version(shown.version))
        },
    );
    api.add(
        operation(&access::APPROVAL_DECIDE, "approvals", "Decide · 승인 또는 거절")
            .about("Whoever asked decides nothing, nobody decides twice; the last agreement executes what was asked.")
            .takes::<DecisionBody>()
            .writes::<ApprovalView>(StatusCode::OK, "As it stands now."),
        async |asked: Asked| {
            let decision: Decision = asked.body_as::<DecisionBody, _>()?;
            let id = asked.path("approval")?;
            let done = asked.server.govern.decide(asked.actor()?, id, &decision, &asked.call).await?;
            written(StatusCode::OK, done, |approval| view::<ApprovalView>(&approval))
        },
    );
    api.add(
        operation(&access::APPROVAL_WITHDRAW, "approvals", "Take back what one asked for · 철회")
            .writes::<ApprovalView>(StatusCode::OK, "Withdrawn."),
        async |asked: Asked| {
            let id = asked.path("approval")?;
            let done = asked.server.govern.withdraw_approval(asked.actor()?, id, &asked.call).await?;
            written(StatusCode::OK, done, |approval| view::<ApprovalView>(&approval))
        },
    );
}

/// Grounds with what was found in words.
fn resting(grounds: &Grounds) -> Result<ApprovalGroundsView, Problem> {
    let signals = grounds.signals.iter().map(measures::found).collect::<Result<_, _>>()?;
    Ok(ApprovalGroundsView { signals, ..view(grounds)? })
}

async fn list(asked: Asked) -> Result<Answer, Problem> {
    // Its words are checked already.
    let state: Option<ApprovalState> =
        asked.query("state").and_then(|word| serde_json::from_value(word.into()).ok());
    let (wanted, govern) = (asked.page_of(&APPROVALS).await?, &asked.server.govern);
    let (actor, subject) = (asked.actor()?, asked.query("subject"));
    let newest = asked.query("order").is_some();
    let approvals = match (asked.query("for"), state) {
        (None, Some(state)) if newest => {
            govern.approvals_newest(actor, subject, state, wanted.after, wanted.limit).await?
        }
        _ if newest => return Err(one_state()),
        (None, state) => govern.approvals(actor, subject, state, wanted.after, wanted.limit).await?,
        (Some(_), None | Some(ApprovalState::Open)) => {
            govern.approvals_for(actor, subject, wanted.after, wanted.limit).await?
        }
        // What is closed waits for nobody.
        (Some(_), Some(_)) => Vec::new(),
    };
    let views = approvals.iter().map(view::<ApprovalView>).collect::<Result<Vec<_>, _>>()?;
    Answer::ok(&page(views, asked.limit(), |last| last.approval.clone()))
}

/// Approvals of all states, and those that wait for somebody, have no moment in common by which they could stand in order.
fn one_state() -> Problem {
    Problem::bad_request(
        "order_without_state",
        "`order=newest` puts the approvals of one state in order",
        "name a `state`, and leave `for` out",
    )
    .at("order")
}
