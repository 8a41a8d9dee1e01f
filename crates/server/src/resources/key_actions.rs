//! What is done to a key. A secret is shown once, in the answer that made it.

use super::approvals::ApprovalView;
use super::keys::{KeyAnswerView, KeyView};
use super::shapes::{AllowlistEntry, ReasonBody, ScopeWord};
use crate::access;
use crate::answer::Answer;
use crate::api::Api;
use crate::asked::Asked;
use crate::operation::operation;
use crate::problem::Problem;
use crate::text::{Id, Instant, PublicKey, Reason};
use crate::view::view;
use crate::written::written;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sumun_govern::Done;
use sumun_govern::approvals::{Answer as Said, Decision};
use sumun_govern::keys::KeyAnswer;
use sumun_govern::keys::ground::Ground;
use sumun_govern::keys::issue::Issued;
use sumun_govern::keys::measures::Hold;
use sumun_govern::keys::rotate::Rotation;
use sumun_model::{ScopeSet, key};
use utoipa::ToSchema;

/// An agreement, in one's own words.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApproveBody {
    /// Why.
    #[serde(default)]
    pub reason: Option<Reason>,
    /// When you opened what you decide about.
    #[serde(default)]
    pub looked_at: Option<Instant>,
}

/// Addresses a key is used from afterwards.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AllowlistBody {
    /// These and no others.
    #[schema(max_items = 64)]
    pub allowlist: Vec<AllowlistEntry>,
    /// Why, in your own words.
    #[serde(default)]
    pub reason: Option<Reason>,
}

/// What a key may do afterwards.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScopesBody {
    /// These and no others.
    #[schema(min_items = 1, max_items = 12)]
    pub scopes: Vec<ScopeWord>,
    /// Why, in your own words.
    #[serde(default)]
    pub reason: Option<Reason>,
}

/// A new key in the place of one.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RotateBody {
    /// Hours for which both live; none at all if not said.
    #[serde(default)]
    #[schema(maximum = 720)]
    pub overlap_hours: u32,
    /// For an owner-held signing key: the new public key.
    #[serde(default)]
    pub public_key: Option<PublicKey>,
}

/// A reversible cut on suspicion.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "reason": "orders from two countries at once", "lesser": "a warning would leave it open over night",
    "review_by": "user:minsu" }))]
pub(crate) struct HoldBody {
    /// What was seen, in your own words.
    pub reason: Reason,
    /// Why a lesser measure would not do.
    pub lesser: Reason,
    /// Who reviews it: a principal of staff.
    pub review_by: Id,
    /// By when; it lapses then. The venue's longest time if not said.
    #[serde(default)]
    pub review_due: Option<Instant>,
}

/// An end by force, proposed.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExpireBody {
    /// What was seen, in your own words.
    pub reason: Reason,
    /// Why a lesser measure would not do.
    pub lesser: Reason,
    /// What was found, as its owner reads it once the key has ended; what you wrote he never reads. Absent: he reads what was seen of the key
    /// by measures in force, or that it was decided after a check.
    #[serde(default)]
    pub ground: Option<GroundWord>,
}

/// What was found, as an owner reads it.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum GroundWord {
    /// Somebody else knows its secret, without its owner's will.
    SecretOut,
    /// Somebody else than its owner uses it, and is not on record.
    UsedByOthers,
    /// What it was used for is not allowed.
    ProhibitedUse,
    /// It was not shown that its owner uses it himself.
    ControlNotShown,
}

impl From<GroundWord> for Ground {
    fn from(word: GroundWord) -> Self {
        match word {
            GroundWord::SecretOut => Self::SecretOut,
            GroundWord::UsedByOthers => Self::UsedByOthers,
            GroundWord::ProhibitedUse => Self::ProhibitedUse,
            GroundWord::ControlNotShown => Self::ControlNotShown,
        }
    }
}

/// An owner's end of his own key.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RevokeBody {
    /// Why, if he likes to say.
    #[serde(default)]
    pub reason: Option<Reason>,
}

/// A key that was issued.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct IssuedView {
    /// The key.
    pub key: KeyView,
    /// Its secret. Shown once, here: absent for an owner-held signing key, in a dry run and when the request is repeated.
    #[serde(default)]
    pub secret: Option<String>,
}

pub(crate) fn add(api: &mut Api) {
    decisions(api);
    owners(api);
    cuts(api);
}

fn key_answer(status: StatusCode, done: Done<KeyAnswer>) -> Result<Answer, Problem> {
    written(status, done, |answer| view::<KeyAnswerView>(&answer))
}

pub(crate) fn issued(status: StatusCode, mut done: Done<Issued>) -> Result<Answer, Problem> {
    let secret = done.value.secret.take().filter(|_| done.committed.is_some());
    written(status, done, |issued| {
        let mut shown: IssuedView = view(&issued)?;
        // Issued secrets are ASCII.
        shown.secret = secret.map(|secret| String::from_utf8_lossy(secret.expose()).into_owned());
        Ok(shown)
    })
}

fn decisions(api: &mut Api) {
    api.add(
        operation(&access::KEY_APPROVE, "keys", "Agree to a key · 키 승인")
            .about("Decides the first of its open steps that you are entitled to.")
            .takes::<ApproveBody>()
            .writes::<ApprovalView>(StatusCode::OK, "The approval as it stands now."),
        async |asked: Asked| {
            let body: ApproveBody = asked.body()?;
            let looked_at = body
                .looked_at
                .map(|at| at.as_str().parse())
                .transpose()
                .map_err(|_| bad_time("/looked_at"))?;
            let decision =
                Decision { decision: Said::Approve, reason: body.reason.map(Reason::into_string), looked_at };
            let key = asked.path("key")?;
            let done = asked.server.govern.approve_key(asked.actor()?, key, &decision, &asked.call).await?;
            written(StatusCode::OK, done, |approval| view::<ApprovalView>(&approval))
        },
    );
    api.add(
        operation(&access::KEY_REJECT, "keys", "Refuse a key · 키 거절")
            .takes::<ReasonBody>()
            .writes::<KeyAnswerView>(StatusCode::OK, "Refused."),
        async |asked: Asked| {
            let body: ReasonBody = asked.body()?;
            let (key, reason) = (asked.path("key")?, body.reason.as_str());
            key_answer(
                StatusCode::OK,
                asked.server.govern.reject_key(asked.actor()?, key, reason, &asked.call).await?,
            )
        },
    );
}

fn owners(api: &mut Api) {
    api.add(
        operation(&access::KEY_ISSUE, "keys", "Have an approved key issued · 키 발급")
            .about("The secret is shown once, in this answer.")
            .writes::<IssuedView>(StatusCode::OK, "Issued."),
        async |asked: Asked| {
            let done = asked.server.govern.issue_key(asked.actor()?, asked.path("key")?, &asked.call).await?;
            issued(StatusCode::OK, done)
        },
    );
    api.add(
        operation(&access::KEY_ROTATE, "keys", "Put a new key in its place · 키 교체")
            .about("The new secret is shown once, in this answer.")
            .takes::<RotateBody>()
            .writes::<IssuedView>(StatusCode::CREATED, "The new key."),
        async |asked: Asked| {
            let rotation: Rotation = asked.body_as::<RotateBody, _>()?;
            let key = asked.path("key")?;
            let done = asked.server.govern.rotate_key(asked.actor()?, key, &rotation, &asked.call).await?;
            issued(StatusCode::CREATED, done)
        },
    );
    api.add(
        operation(&access::KEY_ALLOWLIST, "keys", "Use it from other addresses · 허용 주소 변경")
            .about("Narrowing holds at once; widening waits for what the key itself waited for.")
            .takes::<AllowlistBody>()
            .writes::<KeyAnswerView>(StatusCode::OK, "As it stands now, and what it waits for."),
        allowlist,
    );
    api.add(
        operation(&access::KEY_SCOPES, "keys", "Let it do other things · 권한 변경")
            .about("Narrowing holds at once; widening waits for what the key itself waited for.")
            .takes::<ScopesBody>()
            .writes::<KeyAnswerView>(StatusCode::OK, "As it stands now, and what it waits for."),
        scopes,
    );
    api.add(
        operation(&access::KEY_REVOKE, "keys", "End one's own key · 키 종료")
            .about("At once, and for ever.")
            .takes::<RevokeBody>()
            .writes::<KeyAnswerView>(StatusCode::OK, "Ended."),
        async |asked: Asked| {
            let body: RevokeBody = asked.body()?;
            let (key, reason) = (asked.path("key")?, body.reason.as_ref().map(Reason::as_str));
            key_answer(
                StatusCode::OK,
                asked.server.govern.revoke_key(asked.actor()?, key, reason, &asked.call).await?,
            )
        },
    );
}

async fn allowlist(asked: Asked) -> Result<Answer, Problem> {
    #[derive(Deserialize)]
    struct Entries {
        allowlist: Vec<key::AllowlistEntry>,
    }
    let Entries { allowlist } = asked.body_as::<AllowlistBody, _>()?;
    let key = asked.path("key")?;
    key_answer(
        StatusCode::OK,
        asked.server.govern.change_allowlist(asked.actor()?, key, &allowlist, &asked.call).await?,
    )
}

async fn scopes(asked: Asked) -> Result<Answer, Problem> {
    #[derive(Deserialize)]
    struct Scopes {
        scopes: ScopeSet,
    }
    let Scopes { scopes } = asked.body_as::<ScopesBody, _>()?;
    let key = asked.path("key")?;
    key_answer(
        StatusCode::OK,
        asked.server.govern.change_scopes(asked.actor()?, key, scopes, &asked.call).await?,
    )
}

macro_rules! with_reason {
    ($api:ident, $row:ident, $summary:literal, $method:ident, $about:literal) => {
        $api.add(
            operation(&access::$row, "keys", $summary)
                .takes::<ReasonBody>()
                .writes::<KeyAnswerView>(StatusCode::OK, $about),
            async |asked: Asked| {
                let body: ReasonBody = asked.body()?;
                let (key, reason) = (asked.path("key")?, body.reason.as_str());
                key_answer(
                    StatusCode::OK,
                    asked.server.govern.$method(asked.actor()?, key, reason, &asked.call).await?,
                )
            },
        );
    };
}

fn cuts(api: &mut Api) {
    with_reason!(api, KEY_SUSPEND, "Suspend it · 키 정지", suspend_key, "Suspended: only `cancel` passes.");
    with_reason!(api, KEY_LIFT, "Lift a suspension · 키 정지 해제", lift_key, "Lives again.");
    with_reason!(api, KEY_RELEASE, "End a hold · 키 일시 제한 해제", release_key, "No longer held.");
    api.add(
        operation(&access::KEY_HOLD, "keys", "Hold it on suspicion · 키 일시 제한")
            .about("Reversible, at once: only `read` and `cancel` pass. It lapses when its review is due.")
            .takes::<HoldBody>()
            .writes::<KeyAnswerView>(StatusCode::OK, "Held."),
        hold,
    );
    api.add(
        operation(&access::KEY_EXPIRE, "keys", "Propose to end it by force · 강제 만료 제안")
            .about("Two persons decide.")
            .takes::<ExpireBody>()
            .writes::<KeyAnswerView>(StatusCode::ACCEPTED, "It waits for others."),
        async |asked: Asked| {
            let body: ExpireBody = asked.body()?;
            let (key, why) = (asked.path("key")?, (body.reason.as_str(), body.lesser.as_str()));
            let (govern, ground) = (&asked.server.govern, body.ground.map(Into::into));
            let done = govern.expire_key_on(asked.actor()?, key, why, ground, &asked.call).await?;
            key_answer(StatusCode::ACCEPTED, done)
        },
    );
}

async fn hold(asked: Asked) -> Result<Answer, Problem> {
    let body: HoldBody = asked.body()?;
    let due =
        body.review_due.map(|due| due.as_str().parse()).transpose().map_err(|_| bad_time("/review_due"))?;
    let hold = Hold {
        reason: body.reason.into_string(),
        lesser: body.lesser.into_string(),
        reviewer: body.review_by.into_string(),
        due,
    };
    key_answer(
        StatusCode::OK,
        asked.server.govern.hold_key(asked.actor()?, asked.path("key")?, &hold, &asked.call).await?,
    )
}

fn bad_time(pointer: &'static str) -> Problem {
    Problem::invalid(
        "bad_field",
        format!("`{pointer}` is no time of the calendar"),
        "give an instant such as `2027-06-01T00:00:00Z`",
    )
    .at(pointer)
}
