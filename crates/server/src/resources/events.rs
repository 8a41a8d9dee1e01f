//! Ingest: lines of gates and of the exchange's back end, into the merged log.
//!
//! Exactly once: each line has a position in what its source sends, and what is held already is passed over. What [`lines`]
//! refuses is refused with the whole batch, so that nothing is lost by going on.

mod lines;

use crate::access;
use crate::answer::Answer;
use crate::api::Api;
use crate::asked::Asked;
use crate::encoding;
use crate::events::{Batch, Events, EventsError, FilesTold, Numbered, Source, Taken, TapBatch, TapRefusal};
use crate::operation::operation;
use crate::parameter::{Kind, NUMBER_MAX, Parameter};
use crate::problem::Problem;
use crate::server::Server;
use crate::verdicts::Answered;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sumun_govern::Role;
use sumun_govern::govern::store_refusal;
use sumun_model::Timestamp;
use sumun_store::StoreError;
use sumun_store::tables::GATES;
use utoipa::ToSchema;

/// Largest batch, in bytes: some five thousand access lines.
pub(crate) const BATCH_BYTES_MAX: usize = 4 << 20;

/// Largest batch once unpacked, in bytes: ten thousand lines of some size.
const UNPACKED_BYTES_MAX: usize = 16 << 20;

const FROM: Parameter = Parameter {
    name: "from",
    kind: Kind::Integer(1, NUMBER_MAX),
    required: true,
    about: "Position of the first line, from 1; each further line has the next one.",
};
const AFTER: Parameter = Parameter {
    name: "after",
    kind: Kind::Integer(0, NUMBER_MAX),
    required: false,
    about: "The highest position that the sender believes to be held, 0 if nothing; absent: the one before `from`. Said by a sender that no \
            longer has what lies between.",
};
const LOG: Parameter = Parameter {
    name: "log",
    kind: Kind::Id,
    required: false,
    about: "Which of the sender's logs: positions are of one log. At most 64 characters, without `:`. Absent: `main`.",
};

const BYTES_BEHIND: Parameter =
    told("bytes_behind", "Of a tap: bytes written to its files and not handed in yet.");
const BYTES_LOST: Parameter =
    told("bytes_lost", "Of a tap: bytes known to have been removed or cut before they were read, ever.");
const HOLES: Parameter = told("holes", "Of a tap: how often that happened, known to the byte or not.");
const LINES_REFUSED: Parameter =
    told("lines_refused", "Of a tap: lines that could not be read and were put aside, ever.");
const FILES_FOUND: Parameter = told("files_found", "Of a tap: files that stood there when it last looked.");

const fn told(name: &'static str, about: &'static str) -> Parameter {
    Parameter { name, kind: Kind::Integer(0, NUMBER_MAX), required: false, about }
}

pub(crate) fn add(api: &mut Api) {
    api.add(
        operation(&access::EVENTS_TAKE, "events", "Hand in events · 이벤트 수집")
            .about("One line of the wire each, in the sender's order. Answered once all of it is durable. Lines whose position is held are passed over, so that a batch may be sent again. A bad line refuses the whole batch and is named. A gate signs path, query and body (`Content-Digest`, RFC 9530). A batch without lines says what is held. At most 4 MiB as it is sent, 10,000 lines, and 65,536 bytes a line. It may come packed (`Content-Encoding: gzip` or `zstd`), at most 16 MiB unpacked; the digest is of the body as it is sent. An `access` line of the exchange's own log names its `source`.")
            .query(&[FROM, AFTER, LOG, BYTES_BEHIND, BYTES_LOST, HOLES, LINES_REFUSED, FILES_FOUND])
            .takes_other("application/x-ndjson", json!({ "type": "string", "description": "Lines of the wire." }), BATCH_BYTES_MAX)
            .packed()
            .gives::<EventsTakenView>(StatusCode::OK, "All of it is durable."),
        take,
    );
    api.add(
        operation(&access::EVENTS_SOURCES, "events", "Who sends events, and what is missing · 이벤트 출처")
            .gives::<SourcesView>(StatusCode::OK, "Every source, by name."),
        sources,
    );
}

/// What is held of a source, once a batch was taken.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(example = json!({ "source": "gate:gate-1:5f0c9b1e7c0a4a33", "held": 4711, "taken": 12, "skipped": 0 }))]
pub(crate) struct EventsTakenView {
    /// The source, as the merged log names it.
    pub source: String,
    /// The highest position held; 0 if nothing. The next line to send is behind it.
    #[schema(maximum = 9007199254740991u64)]
    pub held: u64,
    /// Lines written now.
    #[schema(maximum = 9007199254740991u64)]
    pub taken: u64,
    /// Lines that were held already.
    #[schema(maximum = 9007199254740991u64)]
    pub skipped: u64,
}

/// Every source.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct SourcesView {
    /// By name.
    #[schema(max_items = 4096)]
    pub items: Vec<SourceView>,
}

/// One source.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(example = json!({ "source": "gate:gate-1:5f0c9b1e7c0a4a33", "held": 4711, "lines": 4712, "passed_over": 0, "seq": 4712,
    "missing": 0, "repeated": 0, "restarted": 0, "unnumbered": 0,
    "numbered": [{ "source": "gate-1", "seq": 4712, "missing": 0, "repeated": 0, "restarted": 0 }], "ts": "2026-11-20T09:00:00.250000Z", "heard": "2026-11-20T09:00:00.300000Z", "lag_ms": 50, "files": null }))]
pub(crate) struct SourceView {
    /// Its name: `gate:`, `exchange:`, or the control plane's own `govern` and `clock`.
    pub source: String,
    /// The highest position held; 0 if nothing.
    pub held: u64,
    /// Lines taken, ever.
    pub lines: u64,
    /// Positions that the sender no longer had; 0 of the control plane's own, whose positions are no count of lines.
    pub passed_over: u64,
    /// The highest `seq` of its lines.
    pub seq: Option<u64>,
    /// Numbers missing in `seq`: events that never came. Each `source` of the lines counts for itself; this is the sum.
    pub missing: u64,
    /// Numbers that came again, or late.
    pub repeated: u64,
    /// How often a `source` of the lines began to count anew; what it misses since then is in `missing`.
    pub restarted: u64,
    /// Numbered lines of further sources than the 64 that are counted apart: a number missing there is not seen.
    pub unnumbered: u64,
    /// Source by source, of those whose lines have numbers.
    #[schema(max_items = 64)]
    pub numbered: Vec<NumberedView>,
    /// Time of the newest line.
    #[schema(value_type = Option<crate::text::Instant>)]
    pub ts: Option<Timestamp>,
    /// When this process last heard of it; null if not since it began.
    #[schema(value_type = Option<crate::text::Instant>)]
    pub heard: Option<Timestamp>,
    /// How late its lines came lately, milliseconds.
    pub lag_ms: i64,
    /// Of a source that follows files, what they say; null of any other.
    pub files: Option<FilesView>,
}

/// What the numbers of one `source` say, among those whose lines a sender hands in.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct NumberedView {
    /// `source` of its lines; empty of lines without one.
    pub source: String,
    /// The highest `seq` since it began to count.
    pub seq: u64,
    /// Numbers missing.
    pub missing: u64,
    /// Numbers that came again, or late.
    pub repeated: u64,
    /// How often it began to count anew.
    pub restarted: u64,
}

impl From<Numbered> for NumberedView {
    fn from(told: Numbered) -> Self {
        let Numbered { source, seq, missing, repeated, restarted } = told;
        Self { source, seq, missing, repeated, restarted }
    }
}

/// What a tap says of the files it follows.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct FilesView {
    /// Bytes written and not handed in yet.
    pub bytes_behind: u64,
    /// Bytes known to have been removed or cut before they were read, ever.
    pub bytes_lost: u64,
    /// How often that happened, known to the byte or not.
    pub holes: u64,
    /// Lines that could not be read and were put aside, ever.
    pub lines_refused: u64,
    /// Files that stood there when it last looked: if 0, what it is to follow names none. Null if it does not say.
    pub found: Option<u64>,
}

impl From<FilesTold> for FilesView {
    fn from(told: FilesTold) -> Self {
        let FilesTold { bytes_behind, bytes_lost, holes, lines_refused, found } = told;
        Self { bytes_behind, bytes_lost, holes, lines_refused, found }
    }
}

impl SourceView {
    fn of(of: Source) -> Self {
        Self {
            source: of.source,
            held: of.held,
            lines: of.lines,
            passed_over: of.passed_over,
            seq: of.seq,
            missing: of.missing,
            repeated: of.repeated,
            restarted: of.restarted,
            unnumbered: of.unnumbered,
            numbered: of.numbered.into_iter().map(NumberedView::from).collect(),
            ts: of.ts,
            heard: of.heard,
            lag_ms: of.lag_us / 1000,
            files: of.files.map(FilesView::from),
        }
    }
}

fn log_of(asked: &Asked) -> Result<Events, Problem> {
    asked.server.events.clone().ok_or_else(|| {
        Problem::new(
            StatusCode::NOT_FOUND,
            "events_elsewhere",
            "this control plane keeps no event log",
            "send events to the one that does",
        )
    })
}

/// Who sends, as a source and as whose rights are asked.
fn sender(asked: &Asked) -> Result<(String, lines::Sender), Problem> {
    let log = asked.query("log").unwrap_or("main");
    if log.len() > LOG_CHARACTERS_MAX || log.contains(':') {
        let detail = format!("a log's name has at most {LOG_CHARACTERS_MAX} characters and no `:`");
        return Err(Problem::bad_request("bad_query", detail, "shorten it").at("log"));
    }
    if asked.actor()?.roles.contains(&Role::Gate) {
        let gate = super::feed::gate(asked)?;
        return Ok((format!("gate:{gate}:{log}"), lines::Sender::Gate(gate)));
    }
    Ok((format!("exchange:{log}"), lines::Sender::Exchange))
}

/// Which of these names are gates' of ours, whatever became of them: what a revoked one told stands in the log for good. Without an
/// answer nothing is taken.
async fn gates_of(server: &Server, names: &lines::Names) -> Result<Vec<String>, StoreError> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<String> = names.keys().cloned().collect();
    let rows = server.govern.store.get_many(&GATES, &names).await?;
    Ok(rows.iter().filter_map(|row| Some(row.get("gate")?.as_str()?.to_owned())).collect())
}

/// Characters in the name of a sender's log.
const LOG_CHARACTERS_MAX: usize = 64;

/// What the sender signed is what came. A machine's token signs nothing, and may say a digest all the same.
pub(super) fn check_digest(asked: &Asked) -> Result<(), Problem> {
    match &asked.digest {
        Some(digest) if *digest != sumun_feed::content_digest(&asked.body) => Err(Problem::bad_request(
            "digest_mismatch",
            "the body is not what `Content-Digest` says",
            "send `Content-Digest: sha-256=:…:` of the body as it is sent",
        )),
        None if asked.actor()?.roles.contains(&Role::Gate) => Err(Problem::bad_request(
            "digest_missing",
            "a gate signs what it sends, and there is no `Content-Digest`",
            "send `Content-Digest: sha-256=:…:` and sign it with path and query",
        )),
        _ => Ok(()),
    }
}

async fn take(asked: Asked) -> Result<Answer, Problem> {
    let events = log_of(&asked)?;
    check_digest(&asked)?;
    let (source, sender) = sender(&asked)?;
    let gate = match &sender {
        lines::Sender::Gate(gate) => Some(gate.clone()),
        lines::Sender::Exchange => None,
    };
    let from = asked.query_number("from").unwrap_or(1);
    let after = asked.query_number("after").unwrap_or_else(|| from.saturating_sub(1));
    if after >= from {
        return Err(Problem::invalid(
            "events_order",
            "`after` is not before `from`",
            "say the highest position that was acknowledged as `after`",
        )
        .at("after"));
    }
    let reading = lines::Reading {
        source: source.clone(),
        sender,
        from,
        count_unknown: events.count_unknown,
        now: asked.server.govern.world.now(),
    };
    let (body, encoding, metrics) = (asked.body.clone(), asked.encoding, &asked.server.metrics);
    // Parsing takes milliseconds, and those who only wait must not wait for that.
    let read = tokio::task::spawn_blocking(move || {
        let read = reading.read(&encoding::unpacked(encoding, &body, UNPACKED_BYTES_MAX)?)?;
        Ok::<_, Problem>((reading, read))
    })
    .await;
    let (reading, read) =
        read.map_err(|_| Problem::fault("fault", "a fault of the server"))?.inspect_err(|_| {
            metrics.events_refused.inc();
        })?;
    let gates = gates_of(&asked.server, &read.names).await.map_err(store_refusal)?;
    reading.refuse_gates(&read.names, &gates).inspect_err(|_| {
        metrics.events_refused.inc();
    })?;
    metrics.events_unknown_fields.inc_by(read.unknown);
    // A batch without lines asks what is held, and believes nothing.
    let after = if read.lines.is_empty() { 0 } else { after };
    let taken = events
        .log
        .take(Batch { source: source.clone(), after, lines: read.lines, files: files(&asked) })
        .await
        .map_err(problem)?;
    note(&asked.server, read.answered, &taken);
    let now = asked.server.govern.world.now();
    if let Some(gate) = gate {
        asked.server.gates.heard(gate.as_str(), now);
    }
    Answer::ok(&EventsTakenView { source, held: taken.held, taken: taken.taken, skipped: taken.skipped })
}

/// What a tap said of its files; nothing unless it said all of it, and nothing of a gate.
fn files(asked: &Asked) -> Option<FilesTold> {
    let number = |name| asked.query_number(name);
    let (bytes_behind, bytes_lost) = (number("bytes_behind")?, number("bytes_lost")?);
    Some(FilesTold {
        bytes_behind,
        bytes_lost,
        holes: number("holes")?,
        lines_refused: number("lines_refused")?,
        found: number("files_found"),
    })
}

fn problem(error: EventsError) -> Problem {
    let detail = error.to_string();
    match error {
        EventsError::Gap { .. } => Problem::new(
            StatusCode::CONFLICT,
            "events_gap",
            detail,
            "ask what is held with a batch without lines and go on from there; if the sender no longer has it, say what is held as `after`",
        )
        .at("after"),
        EventsError::Sources(_) => Problem::new(
            StatusCode::CONFLICT,
            "events_sources",
            detail,
            "keep to one log per sender; a log's name belongs to it for good",
        )
        .at("log"),
        EventsError::Full | EventsError::Stopped(_) => Problem::unavailable("events_unavailable", detail),
    }
}

/// As [`take`], of a tap in this process.
pub(crate) async fn take_of_tap(server: &Server, batch: TapBatch) -> Result<Taken, TapRefusal> {
    let events = server.events.clone();
    let events =
        events.ok_or_else(|| EventsError::Stopped("this control plane keeps no event log".to_owned()))?;
    // What the exchange's own front answered is no verdict of a gate.
    let answered = batch.lines.iter().map(|_| None).collect();
    let read = lines::of_tap(batch.from, batch.lines, server.govern.world.now());
    let (lines, names) = read.map_err(|(index, cause)| match cause {
        lines::Cause::Bad(field, cause) => {
            TapRefusal::Line { index, cause: format!("field `{field}`: {cause}") }
        }
        lines::Cause::Ahead(cause) => TapRefusal::Ahead { index, cause },
    })?;
    let gates = gates_of(server, &names).await;
    let gates =
        gates.map_err(|error| EventsError::Stopped(format!("the database does not answer: {error}")))?;
    if let Some((index, cause)) = lines::tap_of_gate(&names, &gates) {
        return Err(TapRefusal::Line { index, cause });
    }
    let source = format!("exchange:{}", batch.log);
    let after = if lines.is_empty() { 0 } else { batch.after };
    let taken = events.log.take(Batch { source, after, lines, files: Some(batch.files) }).await?;
    note(server, answered, &taken);
    Ok(taken)
}

/// Counts what came of a batch.
fn note(server: &Server, answered: Vec<Option<Answered>>, taken: &Taken) {
    // What was held already stood before what was not.
    let new = answered.len().saturating_sub(usize::try_from(taken.taken).unwrap_or(usize::MAX));
    server.verdicts.note(answered.into_iter().skip(new).flatten(), server.govern.world.now());
    server.metrics.events_taken.inc_by(taken.taken);
    server.metrics.events_skipped.inc_by(taken.skipped);
}

async fn sources(asked: Asked) -> Result<Answer, Problem> {
    let items = log_of(&asked)?.log.sources().into_iter().map(SourceView::of).collect();
    Answer::ok(&SourcesView { items })
}
