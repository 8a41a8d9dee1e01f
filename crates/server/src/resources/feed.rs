//! The key feed: signed frames as they come to be, and what gates acknowledge.

use super::gates::ReceiptView;
use crate::access;
use crate::answer::Answer;
use crate::api::Api;
use crate::asked::Asked;
use crate::feed_stream;
use crate::operation::operation;
use crate::parameter::{Kind, NUMBER_MAX, Parameter};
use crate::problem::Problem;
use axum::body::Body;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sumun_feed::{Acknowledgement, Mark, Typ};
use sumun_model::GateId;
use utoipa::ToSchema;

/// Frames waiting for one gate to read them, at most. Whoever reads slower than this is dropped and connects anew.
const FRAMES_WAITING_MAX: usize = 64;

const FROM: Parameter = Parameter {
    name: "from",
    kind: Kind::Integer(0, NUMBER_MAX),
    required: false,
    about: "The version the gate holds; 0, or absent, if none.",
};

const MARK: Parameter = Parameter {
    name: "mark",
    kind: Kind::Id,
    required: false,
    about: "What the version in `from` is, as the feed said; absent if `from` is 0.",
};

const SEGMENTS: Parameter = Parameter {
    name: "segments",
    kind: Kind::Integer(0, 1),
    required: false,
    about: "1 if the gate can read a key's segment, on which rules of a ramp may depend.",
};

pub(crate) fn add(api: &mut Api) {
    api.add(
        operation(&access::FEED, "feed", "Key state as it changes · 키 상태 피드")
            .about("One signed frame a line: a snapshot if needed, then each version, and a heartbeat each second. Never ends by itself.")
            .query(&[FROM, MARK, SEGMENTS])
            .gives_other("application/x-ndjson", "Frames, each a compact JWS.")
            .endless(),
        feed,
    );
    api.add(
        operation(&access::FEED_ACKNOWLEDGE, "feed", "Say that a gate has obeyed · 이행 확인")
            .about("Each becomes a ledger entry, with the control plane's clock. Sent again it is known, and nothing is written.")
            .takes_other("application/jose", json!({ "type": "string", "description": "A compact JWS." }), Typ::Acknowledgement.bytes_max())
            .gives::<TakenView>(StatusCode::CREATED, "Taken.")
            .gives::<TakenView>(StatusCode::OK, "Known already."),
        acknowledge,
    );
}

/// A receipt that covers what was acknowledged.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct TakenView {
    /// The receipt.
    pub receipt: ReceiptView,
    /// Whether it was known before; then nothing was written.
    pub known: bool,
    /// Index of its ledger entry, if one was written now.
    pub entry: Option<u64>,
}

async fn acknowledge(asked: Asked) -> Result<Answer, Problem> {
    let gate = gate(&asked)?;
    let bad = || {
        Problem::invalid(
            "acknowledgement_invalid",
            "the body is no acknowledgement of this gate",
            "send what this gate signed",
        )
    };
    let token = std::str::from_utf8(&asked.body).map_err(|_| bad())?.trim();
    // Whoever asks, and whoever signed: the same.
    let signed_by = Acknowledgement::gate_unverified(token).map_err(|_| bad())?;
    if signed_by != gate {
        return Err(bad());
    }
    let server = &asked.server;
    let taken = server.govern.take_receipt(token).await?;
    server.gates.acknowledged(gate.as_str(), taken.receipt.to, taken.receipt.received);
    if !taken.known {
        server.metrics.feed_acknowledgements.inc();
    }
    let status = if taken.known { StatusCode::OK } else { StatusCode::CREATED };
    let shown =
        TakenView { receipt: ReceiptView::of(&taken.receipt), known: taken.known, entry: taken.entry };
    Answer::json(status, &shown)
}

/// The gate that asks. Only a gate's signature gives the role, so there is one.
pub(crate) fn gate(asked: &Asked) -> Result<GateId, Problem> {
    let principal = &asked.actor()?.principal;
    principal
        .strip_prefix("gate:")
        .and_then(|gate| GateId::new(gate).ok())
        .ok_or_else(|| Problem::forbidden("feed", "gate"))
}

/// What the version is that the gate holds, if it is that here too.
async fn mark(asked: &Asked, gate: &GateId, from: u64) -> Result<Option<Mark>, Problem> {
    if from == 0 {
        return Ok(None);
    }
    let mark: Option<Mark> = asked.query("mark").and_then(|text| text.parse().ok());
    let mark = mark.ok_or_else(|| {
        Problem::invalid(
            "mark_invalid",
            "a gate that holds a version says what it is",
            "send `mark` as the feed said it with that version, or `from=0` to begin anew",
        )
        .at("mark")
    })?;
    if asked.server.govern.feed_is(from, mark).await? {
        return Ok(Some(mark));
    }
    tracing::error!(
        gate.id = %gate,
        "Gate {gate} holds version {from} as {mark}, and here version {from} is another one: the storage was rolled back and has \
         grown again, or forked. The gate is refused. Run `sumun ledger verify --since` with a checkpoint kept elsewhere"
    );
    Err(Problem::new(
        StatusCode::CONFLICT,
        "feed_forked",
        format!("version {from} is another one here than the one the gate holds"),
        "the control plane's storage was rolled back and has grown again, or forked: keep the gate as it is, and restore the storage",
    )
    .at("mark"))
}

async fn feed(asked: Asked) -> Result<Answer, Problem> {
    let gate = gate(&asked)?;
    let from = asked.query_number("from").unwrap_or_default();
    let head = asked.server.govern.store.feed_head();
    if from > head {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "feed_behind_gate",
            format!("the gate holds version {from}, and the feed ends at {head}"),
            "the control plane's storage is older than what this gate has obeyed: keep the gate as it is, and restore the storage",
        )
        .at("from"));
    }
    let mark = mark(&asked, &gate, from).await?;
    let segments = asked.query_number("segments") == Some(1);
    let (sender, receiver) = tokio::sync::mpsc::channel(FRAMES_WAITING_MAX);
    tokio::spawn(feed_stream::run(asked.server, gate, (from, mark), segments, sender));
    let lines = futures_util::stream::unfold(receiver, async |mut receiver| {
        let line = receiver.recv().await?;
        Some((line, receiver))
    });
    Ok(Answer::typed(StatusCode::OK, "application/x-ndjson", Body::from_stream(lines)))
}
