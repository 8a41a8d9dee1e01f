//! Keys, accounts and vendors that an exchange has already: lines of the wire, as many as there are.
//!
//! The body is read as it comes, and written part by part: whoever lost the answer sends the same again, and what stands is written
//! nowhere. So it takes no `Idempotency-Key`.

use crate::access;
use crate::answer::Answer;
use crate::api::Api;
use crate::asked::Asked;
use crate::line_stream::{LineStream, Numbered};
use crate::operation::operation;
use crate::parameter::{DRY_RUN, Kind, Parameter};
use crate::problem::Problem;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sumun_govern::imports::{LineRefused, SOURCE_DEFAULT, Taken, Taking, Told, read};
use utoipa::ToSchema;

/// Refused lines that one answer lists.
pub(crate) const REFUSED_MAX: usize = 10_000;
/// What these operations take.
pub(crate) const NDJSON: &str = "application/x-ndjson";

const SOURCE: Parameter = Parameter {
    name: "source",
    kind: Kind::Id,
    required: false,
    about: "Who tells of these keys: one key has one source. Absent: `exchange`.",
};

/// What became of the lines.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(example = json!({ "source": "exchange", "dry_run": false, "lines": 3, "made": 1, "changed": 0, "same": 1, "ended": 0, "held_back": 0,
    "older": 0, "differing": 0, "secrets": 0, "refused_total": 1, "refused": [{ "line": 3, "column": null, "subject": "key:K3", "field": "key",
    "code": "dead_id", "message": "key `K3` has ended here", "remedy": "end it at the exchange now" }] }))]
pub(crate) struct LinesTakenView {
    /// Who told.
    pub source: String,
    /// Nothing was written.
    pub dry_run: bool,
    /// Lines read.
    pub lines: u64,
    /// Accounts, vendors and keys entered anew.
    pub made: u64,
    /// Brought up to date.
    pub changed: u64,
    /// Standing so already.
    pub same: u64,
    /// Keys that ended because they are dead there.
    pub ended: u64,
    /// Keys dead there that did not end: `authority.ends_max` of the venue bounds what all sources together end within an hour. They stand as drift.
    pub held_back: u64,
    /// Lines older than what was told before.
    pub older: u64,
    /// Keys that differ in something of which Sumun's word counts: drift.
    pub differing: u64,
    /// Secrets sealed.
    pub secrets: u64,
    /// Lines refused.
    pub refused_total: u64,
    /// Them, in their order; the first ten thousand.
    #[schema(max_items = 10000)]
    pub refused: Vec<LineRefusedView>,
}

/// Why a line was not taken.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct LineRefusedView {
    /// Which line of the body, from 1.
    pub line: u64,
    /// Where in it, in bytes from 1, if that is known.
    pub column: Option<u64>,
    /// What it is about.
    #[schema(example = "key:K3")]
    pub subject: Option<String>,
    /// The field.
    pub field: Option<String>,
    /// Stable word for programs.
    #[schema(example = "dead_id")]
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub remedy: String,
}

impl LineRefusedView {
    fn of(refused: LineRefused) -> Self {
        let LineRefused { line, column, subject, field, code, message, remedy } = refused;
        Self { line, column, subject, field, code, message, remedy }
    }
}

/// What became of a body's lines, with no more of the refused than an answer lists.
#[derive(Default)]
pub(crate) struct Sum {
    taken: Taken,
    refused: u64,
}

impl Sum {
    pub(crate) fn add(&mut self, taken: Taken) {
        self.refused += taken.refused.len() as u64;
        self.taken.add(taken);
        self.taken.refused.truncate(REFUSED_MAX);
    }

    /// Keys that a snapshot named, each once.
    pub(crate) fn named(&self) -> u64 {
        self.taken.named
    }

    pub(crate) fn view(self, taking: &Taking) -> LinesTakenView {
        let Taken {
            lines, made, changed, same, ended, held_back, older, differing, secrets, refused, ..
        } = self.taken;
        LinesTakenView {
            source: taking.source.clone(),
            dry_run: taking.dry_run,
            lines,
            made,
            changed,
            same,
            ended,
            held_back,
            older,
            differing,
            secrets,
            refused_total: self.refused,
            refused: refused.into_iter().map(LineRefusedView::of).collect(),
        }
    }
}

/// The body's lines, which are read as they come.
pub(crate) fn lines(asked: &Asked) -> Result<LineStream, Problem> {
    let body = asked.stream().ok_or_else(|| Problem::fault("fault", "the body was read already"))?;
    Ok(LineStream::of(body.into_data_stream()))
}

/// A part read, line by line: those that are lines, and why the others are none.
pub(crate) fn read_part(source: &str, part: Vec<Numbered>) -> (Vec<Told>, Vec<LineRefused>) {
    let (mut told, mut refused) = (Vec::with_capacity(part.len()), Vec::new());
    for (number, line) in part {
        match read(source, number, &line) {
            Ok(line) => told.push(line),
            Err(no) => refused.push(no),
        }
    }
    (told, refused)
}

pub(crate) fn add(api: &mut Api) {
    api.add(
        operation(&access::IMPORT, "imports", "Import accounts, vendors and keys · 계정·업체·키 가져오기")
            .about(
                "`account`, `vendor` and `key` lines of the wire, one each, of any number; a key's secret stands beside its line: `{\"line\": {…}, \
                 \"secret\": \"…\"}`. Read as it comes and written in changes of some hundred lines. What stands already is written nowhere, so that the \
                 same body may be sent again; lines that are refused are told, and the others go in. An id that has ended here is refused. \
                 A dry run writes no account, so that a key whose account comes in the same body is refused in it as `account_unknown`.",
            )
            .query(&[SOURCE, DRY_RUN])
            .takes_other(NDJSON, json!({ "type": "string", "description": "Lines of the wire." }), usize::MAX)
            .streams()
            .gives::<LinesTakenView>(StatusCode::OK, "All that was not refused is durable."),
        import,
    );
}

async fn import(asked: Asked) -> Result<Answer, Problem> {
    let govern = &asked.server.govern;
    let source = asked.query("source").unwrap_or(SOURCE_DEFAULT);
    let dry_run = asked.query("dry_run") == Some("true");
    let taking = Taking::of(source, govern.venue().authority.ends_max.get()).dry_run(dry_run);
    let mut lines = lines(&asked)?;
    let mut sum = Sum::default();
    while let Some(part) = lines.part().await? {
        let (told, refused) = read_part(source, part);
        sum.add(Taken { lines: refused.len() as u64, refused, ..Taken::default() });
        sum.add(govern.take_lines(asked.actor()?, &taking, &told).await?);
    }
    Answer::ok(&sum.view(&taking))
}
