//! Gates: invited, enrolled by themselves, revoked; and their receipts.

use super::shapes::ReasonBody;
use crate::access;
use crate::answer::Answer;
use crate::api::Api;
use crate::asked::Asked;
use crate::operation::operation;
use crate::problem::Problem;
use crate::text::{Id, Opaque};
use crate::view::{page, view};
use crate::written::written;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sumun_feed::EnrolmentRequest;
use sumun_govern::gates::Receipt;
use sumun_model::GateId;
use utoipa::ToSchema;

/// A gate to be invited.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GateInviteBody {
    /// Its id, as in its `gate.id`.
    pub gate: Id,
}

/// A gate enrols.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GateEnrolBody {
    /// The invite, used once.
    pub invite: Opaque,
    /// The key that this gate will sign with.
    #[schema(pattern = "^ed25519:[0-9a-f]{64}$", min_length = 72, max_length = 72)]
    pub public_key: String,
    /// That it holds the key: a compact JWS, `typ` `sumun-enrol+jwt`.
    pub proof: Opaque,
}

/// What a gate must know to follow the feed.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct GateEnrolledView {
    /// The gate's id, as invited.
    pub gate: String,
    /// The venue's id.
    pub venue: String,
    /// The key that signs the feed.
    #[schema(pattern = "^ed25519:[0-9a-f]{64}$")]
    pub feed_key: String,
}

/// Where a gate stands.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum GateStateWord {
    /// Invited, and has not come.
    Invited,
    /// Follows the feed.
    Enrolled,
    /// No more.
    Revoked,
}

/// A gate.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct GateView {
    /// Its id.
    #[schema(example = "gate-1")]
    pub gate: String,
    /// Where it stands.
    pub state: GateStateWord,
    /// The key it signs with.
    pub public_key: Option<String>,
    /// Until when its invitation holds.
    #[schema(format = DateTime)]
    pub invite_until: Option<String>,
    /// Who invited it.
    pub invited_by: String,
    /// Enrolled since.
    #[schema(format = DateTime)]
    pub enrolled: Option<String>,
    /// Version of the row.
    pub version: i64,
}

/// A gate that was invited.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct InvitedGateView {
    /// It.
    pub gate: GateView,
    /// What it enrols with. Shown once, here: absent in a dry run and when the request is repeated.
    #[serde(default)]
    pub invite: Option<String>,
}

/// When a gate obeyed.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct ReceiptView {
    /// Its id. Newer ones sort first.
    pub receipt: String,
    /// Whose.
    pub gate: String,
    /// Of which run.
    pub boot: String,
    /// First version acknowledged.
    pub from_version: u64,
    /// Last one.
    pub to_version: u64,
    /// The gate's acknowledgement, verbatim: anybody can verify it with the gate's key.
    pub acknowledgement: String,
    /// When it came, by the control plane's clock.
    #[schema(format = DateTime)]
    pub received: String,
}

impl ReceiptView {
    pub(super) fn of(receipt: &Receipt) -> Self {
        Self {
            receipt: receipt.receipt.clone(),
            gate: receipt.gate.clone(),
            boot: receipt.boot.clone(),
            from_version: receipt.from,
            to_version: receipt.to,
            acknowledgement: receipt.acknowledgement.clone(),
            received: receipt.received.to_string(),
        }
    }
}

pub(crate) fn add(api: &mut Api) {
    api.add(
        operation(&access::GATE_INVITE, "gates", "Invite a gate · 게이트 등록 코드 발급")
            .about("The invite is shown once.")
            .takes::<GateInviteBody>()
            .writes::<InvitedGateView>(StatusCode::CREATED, "Invited."),
        invite,
    );
    api.add(
        operation(&access::GATE_LIST, "gates", "Gates · 게이트 목록").lists::<GateView>(),
        async |asked: Asked| {
            let wanted = asked.page();
            let gates = asked.server.govern.gates(asked.actor()?, wanted.after, wanted.limit).await?;
            let views = gates.iter().map(view::<GateView>).collect::<Result<Vec<_>, _>>()?;
            Answer::ok(&page(views, asked.limit(), |last| last.gate.clone()))
        },
    );
    api.add(
        operation(&access::GATE_GET, "gates", "One gate · 게이트 조회")
            .gives::<GateView>(StatusCode::OK, "The gate.")
            .versioned(),
        async |asked: Asked| {
            let gate: GateView = view(&asked.server.govern.gate(asked.actor()?, asked.path("gate")?).await?)?;
            Ok(Answer::ok(&gate)?.version(gate.version))
        },
    );
    api.add(
        operation(&access::GATE_REVOKE, "gates", "Revoke a gate · 게이트 폐기")
            .about("It learns of no change any more: take it out of the traffic.")
            .takes::<ReasonBody>()
            .writes::<GateView>(StatusCode::OK, "Revoked."),
        async |asked: Asked| {
            let body: ReasonBody = asked.body()?;
            let (gate, reason) = (asked.id("gate")?, body.reason.as_str());
            let done = asked.server.govern.revoke_gate(asked.actor()?, &gate, reason, &asked.call).await?;
            written(StatusCode::OK, done, |gate| view::<GateView>(&gate))
        },
    );
    api.add(
        operation(&access::GATE_ENROL, "gates", "A gate enrols · 게이트 등록")
            .about("By its invite, and the proof that it holds its key.")
            .takes::<GateEnrolBody>()
            .gives::<GateEnrolledView>(StatusCode::CREATED, "Enrolled."),
        enrol,
    );
    api.add(
        operation(&access::GATE_RECEIPTS, "gates", "When a gate obeyed · 이행 확인서 목록")
            .about("The newest first.")
            .lists::<ReceiptView>(),
        receipts,
    );
}

async fn invite(asked: Asked) -> Result<Answer, Problem> {
    let body: GateInviteBody = asked.body()?;
    let gate = GateId::new(body.gate.as_str())
        .map_err(|error| Problem::invalid("bad_field", error.to_string(), "choose another id").at("/gate"))?;
    let mut done = asked.server.govern.invite_gate(asked.actor()?, &gate, &asked.call).await?;
    let ticket = done.value.invite.take().filter(|_| done.committed.is_some());
    written(StatusCode::CREATED, done, |invited| {
        let mut shown: InvitedGateView = view(&invited)?;
        shown.invite = ticket.map(|ticket| ticket.expose().to_owned());
        Ok(shown)
    })
}

async fn enrol(asked: Asked) -> Result<Answer, Problem> {
    let request: EnrolmentRequest = asked.body_as::<GateEnrolBody, _>()?;
    let server = &asked.server;
    let enrolled = server.govern.enrol_gate(&request, server.feed_key.public()).await?;
    Answer::json(StatusCode::CREATED, &view::<GateEnrolledView>(&enrolled)?)
}

async fn receipts(asked: Asked) -> Result<Answer, Problem> {
    let wanted = asked.page();
    let gate = asked.path("gate")?;
    let found = asked.server.govern.receipts(asked.actor()?, gate, wanted.after, wanted.limit).await?;
    let views = found.iter().map(ReceiptView::of).collect();
    Answer::ok(&page(views, asked.limit(), |last: &ReceiptView| last.receipt.clone()))
}
