//! What an exchange tells of its keys from then on: snapshots and numbered changes, acknowledged when durable.

use super::imports::{LinesTakenView, NDJSON, Sum, lines, read_part};
use crate::access;
use crate::answer::Answer;
use crate::api::Api;
use crate::asked::Asked;
use crate::operation::operation;
use crate::problem::Problem;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sumun_govern::imports::LineRefused;
use sumun_govern::imports::mirror::{SnapshotEnd, unended};
use sumun_model::Timestamp;
use utoipa::ToSchema;

/// The last line of a snapshot.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    #[serde(rename = "type")]
    _type: EndWord,
    keys: u64,
    #[serde(default)]
    seq: u64,
}

/// `end`.
#[derive(Deserialize)]
enum EndWord {
    #[serde(rename = "end")]
    End,
}

/// A snapshot that was whole.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct SnapshotTakenView {
    /// Its number.
    pub round: u64,
    /// Keys in it, each counted once.
    pub keys: u64,
    /// Keys that the one before had and this one lacks.
    pub gone: u64,
    /// Changes go on behind this number.
    pub seq: u64,
    /// What became of its lines.
    pub taken: LinesTakenView,
}

/// Changes that were taken.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct ChangesTakenView {
    /// Number of the last change held.
    pub held: u64,
    /// Lines that were held already.
    pub skipped: u64,
    /// What became of the others.
    pub taken: LinesTakenView,
}

/// Who tells of keys.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct MirrorsView {
    /// By name.
    #[schema(max_items = 4096)]
    pub items: Vec<MirrorView>,
}

/// One who tells of keys.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct MirrorView {
    /// Its name.
    pub source: String,
    /// Number of the last change held.
    pub seq: u64,
    /// Snapshots that were whole.
    pub round: u64,
    /// When the last of them ended.
    #[schema(value_type = Option<crate::text::Instant>)]
    pub snapshot: Option<Timestamp>,
    /// When it was last heard.
    #[schema(value_type = crate::text::Instant)]
    pub heard: Timestamp,
}

pub(crate) fn add(api: &mut Api) {
    let lines = || json!({ "type": "string", "description": "Lines of the wire." });
    api.add(
        operation(&access::MIRROR_SNAPSHOT, "imports", "All keys of a source · 키 전체 스냅숏")
            .about(
                "Every key that the source has, one `key` line each, and at the end `{\"type\":\"end\",\"keys\":N,\"seq\":S}`: how many there were, and the \
                 number of the last change that is in it. Only then does it count. A key that stood in the snapshot before and lacks in this one is gone \
                 there, which is drift and ends nothing. Lines that are refused are told; what they said is kept, and compared. One that is more than 60 \
                 seconds ahead of the clock here (`line_ahead`) stops it.",
            )
            .takes_other(NDJSON, lines(), usize::MAX)
            .streams()
            .gives::<SnapshotTakenView>(StatusCode::OK, "The snapshot was whole and is durable."),
        snapshot,
    );
    api.add(
        operation(&access::MIRROR_CHANGES, "imports", "Changes of a source's keys · 키 변경 사항")
            .about(
                "`key` lines numbered by `seq` without a gap, going on behind what is held. Lines that are held already are passed over, so that a batch \
                 may be sent again. A gap is 409 `mirror_gap` and says what is held; a line that cannot be read, or is more than 60 \
                 seconds ahead of the clock here (`line_ahead`), is told. What stands before it is durable.",
            )
            .takes_other(NDJSON, lines(), usize::MAX)
            .streams()
            .gives::<ChangesTakenView>(StatusCode::OK, "All of it is durable."),
        changes,
    );
    api.add(
        operation(&access::MIRROR_LIST, "imports", "Who tells of keys · 키 정보 출처")
            .gives::<MirrorsView>(StatusCode::OK, "Every source, by name."),
        async |asked: Asked| -> Result<_, Problem> {
            let sources = asked.server.govern.mirrors().await?;
            let items = sources.into_iter().map(|source| MirrorView {
                source: source.source,
                seq: source.seq,
                round: source.round,
                snapshot: source.snapshot_us.map(Timestamp::from_micros),
                heard: Timestamp::from_micros(source.heard_us),
            });
            Answer::ok(&MirrorsView { items: items.collect() })
        },
    );
}

/// Which line comes first of those that cannot be read and those from a time to come.
fn first<'a>(refused: &'a [LineRefused], ahead: &'a [LineRefused]) -> Option<&'a LineRefused> {
    refused.first().into_iter().chain(ahead.first()).min_by_key(|no| no.line)
}

/// A line that cannot be read, or is from a time to come, where going on would lose it.
fn unreadable(no: &LineRefused) -> Problem {
    let at = no.field.as_ref().map(|field| format!(", field `{field}`")).unwrap_or_default();
    let code = if no.code == "line_ahead" { "line_ahead" } else { "mirror_line" };
    Problem::invalid(
        code,
        format!("line {}{at}: {}", no.line, no.message),
        "correct it and send from that line on: what stands before it is held, and nothing behind it was read",
    )
    .at(format!("line {}", no.line))
}

async fn snapshot(asked: Asked) -> Result<Answer, Problem> {
    let govern = &asked.server.govern;
    let (actor, source) = (asked.actor()?, asked.path("source")?);
    let taking = govern.snapshot_begins(actor, source).await?;
    let mut lines = lines(&asked)?;
    let (mut sum, mut end) = (Sum::default(), None);
    while let Some(mut part) = lines.part().await? {
        if end.is_some() {
            return Err(unended("something stands behind the line that ends it").into());
        }
        if let Some(found) = part.last().and_then(|(_, line)| serde_json::from_slice::<End>(line).ok()) {
            part.pop();
            end = Some(SnapshotEnd { keys: found.keys, seq: found.seq });
        }
        let (told, refused) = read_part(source, part);
        let ahead = govern.lines_ahead(&told);
        if let Some(no) = first(&refused, &ahead) {
            return Err(unreadable(no));
        }
        sum.add(govern.take_lines(actor, &taking, &told).await?);
    }
    let keys = sum.named();
    let ended = govern.snapshot_ends(&taking, end, keys).await?;
    let taken = sum.view(&taking);
    Answer::ok(&SnapshotTakenView { round: ended.round, keys, gone: ended.gone, seq: ended.seq, taken })
}

async fn changes(asked: Asked) -> Result<Answer, Problem> {
    let govern = &asked.server.govern;
    let (actor, source) = (asked.actor()?, asked.path("source")?);
    let (taking, mut held) = govern.changes_begin(actor, source).await?;
    let mut lines = lines(&asked)?;
    let (mut sum, mut skipped) = (Sum::default(), 0);
    while let Some(part) = lines.part().await? {
        let (mut told, refused) = read_part(source, part);
        // What stands before a line that cannot be taken is taken.
        let ahead = govern.lines_ahead(&told);
        let stops = first(&refused, &ahead);
        let readable = stops.map_or(u64::MAX, |no| no.line);
        told.retain(|line| line.number < readable);
        let done = govern.take_changes(actor, &taking, told).await?;
        (held, skipped) = (done.held, skipped + done.skipped);
        sum.add(done.taken);
        if let Some(gap) = done.gap {
            return Err(gapped(gap.line, held, gap.found));
        }
        if let Some(no) = stops {
            return Err(unreadable(no));
        }
    }
    Answer::ok(&ChangesTakenView { held, skipped, taken: sum.view(&taking) })
}

fn gapped(line: u64, held: u64, found: Option<u64>) -> Problem {
    let what = found.map_or_else(|| "no `seq`".to_owned(), |seq| format!("`seq` {seq}"));
    Problem::new(
        StatusCode::CONFLICT,
        "mirror_gap",
        format!("line {line} has {what} where {} is next: {held} is held", held + 1),
        "send the changes from the next number on; if they are lost, send a snapshot",
    )
    .at("seq")
}
