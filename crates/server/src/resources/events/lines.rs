//! A batch's body as lines: each read strictly, each allowed to its sender.

use crate::events::EventLine;
use crate::problem::Problem;
use crate::verdicts::Answered;
use std::collections::BTreeMap;
use sumun_model::wire::event::{ReportKind, SessionAction};
use sumun_model::wire::{Line, Origin, WireError, parse_line, parse_line_counting, to_json};
use sumun_model::{GateId, Timestamp};

/// Lines in one batch.
const LINES_MAX: usize = 10_000;
/// How far a line may be ahead of the wall clock (WIRE 4), microseconds.
const AHEAD_US_MAX: i64 = 60_000_000;

/// Who sends.
#[derive(Clone, Debug)]
pub(super) enum Sender {
    /// A gate.
    Gate(GateId),
    /// The exchange's back end, or a tap on its logs.
    Exchange,
}

/// Names that lines of the exchange's give themselves, each with the line and field that had it first. None may be a gate's of ours.
pub(super) type Names = BTreeMap<String, (u64, &'static str)>;

/// Why a line is not taken.
#[derive(Debug)]
pub(crate) enum Cause {
    /// It may not be, now or later: the field, and why.
    Bad(&'static str, String),
    /// It is ahead of our clock: later it may be taken.
    Ahead(String),
}

/// How a body is read.
pub(super) struct Reading {
    pub(super) source: String,
    pub(super) sender: Sender,
    pub(super) from: u64,
    pub(super) count_unknown: bool,
    pub(super) now: Timestamp,
}

/// What was read.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) lines: Vec<EventLine>,
    /// For each line, what request it tells of.
    pub(super) answered: Vec<Option<Answered>>,
    /// What the exchange's lines call themselves: to be looked up before anything is taken.
    pub(super) names: Names,
    /// Unknown fields dropped.
    pub(super) unknown: u64,
}

/// A line, and what is noted of it.
type ReadLine = (EventLine, Option<Answered>);

impl Reading {
    /// Every line, or the first that is not good.
    pub(super) fn read(&self, body: &[u8]) -> Result<Read, Problem> {
        let mut read = Read { lines: Vec::new(), answered: Vec::new(), names: Names::new(), unknown: 0 };
        let body = body.strip_suffix(b"\n").unwrap_or(body);
        if body.is_empty() {
            return Ok(read);
        }
        for (index, bytes) in body.split(|byte| *byte == b'\n').enumerate() {
            let line = u64::try_from(index).unwrap_or(u64::MAX).saturating_add(1);
            let origin = Origin { source_name: &self.source, line };
            if index >= LINES_MAX {
                let detail = format!("more than {LINES_MAX} lines in one batch");
                return Err(Problem::invalid("events_too_many", detail, "send them in several batches"));
            }
            let (line, answered) = self.line(origin, bytes, &mut read)?;
            read.lines.push(line);
            read.answered.push(answered);
        }
        Ok(read)
    }

    fn line(&self, origin: Origin<'_>, bytes: &[u8], read: &mut Read) -> Result<ReadLine, Problem> {
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let cause = format!("byte {} is not UTF-8", error.valid_up_to().saturating_add(1));
            refused(&self.at(origin.line, None, cause))
        })?;
        let (line, text) = self.parse(origin, text, &mut read.unknown)?;
        let Stamp { ts, seq, source } =
            may_take(&self.sender, &line, self.now).map_err(|cause| match cause {
                Cause::Bad(field, cause) => refused(&self.at(origin.line, Some(field), cause)),
                Cause::Ahead(cause) => ahead_of_us(&self.at(origin.line, Some("ts"), cause)),
            })?;
        if matches!(self.sender, Sender::Exchange) {
            name(&mut read.names, origin.line, &line);
        }
        let position = self.from.saturating_add(origin.line).saturating_sub(1);
        let answered = match &self.sender {
            Sender::Gate(_) => Answered::of(&line),
            // What the exchange's own front answered is no verdict of a gate.
            Sender::Exchange => Answered::elsewhere(&line),
        };
        let source = source.map(str::to_owned);
        Ok((EventLine { position, ts, seq, source, text }, answered))
    }

    /// What is wrong, with its place.
    fn at(&self, line: u64, field: Option<&str>, cause: String) -> WireError {
        let (source_name, field) = (self.source.clone(), field.map(str::to_owned));
        WireError { source_name, line, column: 0, field, cause }
    }

    /// Refuses the batch if one of its lines speaks in the name of one of these gates.
    pub(super) fn refuse_gates(&self, names: &Names, gates: &[String]) -> Result<(), Problem> {
        first_of_gates(names, gates)
            .map_or(Ok(()), |(line, field, cause)| Err(refused(&self.at(line, Some(field), cause))))
    }

    /// The line, and its text: as it came, unless fields that nobody knows were dropped from it.
    fn parse(&self, origin: Origin<'_>, text: &str, unknown: &mut u64) -> Result<(Line, String), Problem> {
        if !self.count_unknown {
            let line = parse_line(origin, text).map_err(|error| refused(&error))?;
            return Ok((line, text.to_owned()));
        }
        let (line, dropped) = parse_line_counting(origin, text).map_err(|error| refused(&error))?;
        if dropped == 0 {
            return Ok((line, text.to_owned()));
        }
        *unknown = unknown.saturating_add(dropped.into());
        let text = to_json(&line).map_err(|_| Problem::fault("fault", "a line could not be written anew"))?;
        Ok((line, text))
    }
}

fn refused(error: &WireError) -> Problem {
    Problem::invalid(
        "line_refused",
        error.to_string(),
        "mend or leave out that line and send the batch again; nothing of it was taken",
    )
    .at(format!("line {}", error.line))
}

fn ahead_of_us(error: &WireError) -> Problem {
    Problem::invalid(
        "line_ahead",
        error.to_string(),
        "look at both clocks; send the batch again once that time has come, or the lines before that one now; nothing of it was taken",
    )
    .at(format!("line {}", error.line))
}

/// Whether this sender may tell of this, now.
fn may_take<'a>(sender: &Sender, line: &'a Line, now: Timestamp) -> Result<Stamp<'a>, Cause> {
    may_send(sender, line).map_err(|(field, cause)| Cause::Bad(field, cause))?;
    let stamp = stamp(line);
    may_name(sender, stamp.source).map_err(|cause| Cause::Bad("source", cause))?;
    if stamp.ts.micros_since(now) > AHEAD_US_MAX {
        return Err(Cause::Ahead(format!(
            "{} is more than 60 seconds ahead of {now}, the clock here; check the clocks of both",
            stamp.ts
        )));
    }
    Ok(stamp)
}

/// Notes what an `access` line of the exchange's calls itself.
fn name(names: &mut Names, at: u64, line: &Line) {
    let Line::Access(access) = line else { return };
    if let Some(gate) = &access.gate
        && !names.contains_key(gate.as_str())
    {
        names.insert(gate.to_string(), (at, "gate"));
    }
    if let Some(source) = &access.source
        && !names.contains_key(source)
    {
        names.insert(source.clone(), (at, "source"));
    }
}

/// The first line that speaks in the name of one of these gates.
fn first_of_gates(names: &Names, gates: &[String]) -> Option<(u64, &'static str, String)> {
    let named = gates.iter().filter_map(|gate| {
        let (line, field) = *names.get(gate)?;
        let cause = format!("gate `{gate}` sends its own lines; name the front that wrote this one");
        Some((line, field, cause))
    });
    named.min()
}

/// Whether this sender may tell of this at all.
fn may_send(sender: &Sender, line: &Line) -> Result<(), (&'static str, String)> {
    match (sender, line) {
        (Sender::Gate(gate), Line::Access(access)) => match &access.gate {
            Some(named) if named == gate => Ok(()),
            _ => Err(("gate", format!("gate `{gate}` sends its own lines only"))),
        },
        (Sender::Gate(_), _) => Err(("type", "a gate sends `access` lines only".to_owned())),
        (Sender::Exchange, Line::Session(session)) => match session.action {
            Some(SessionAction::ControlProved | SessionAction::ControlFailed) => {
                Err(("action", "control is tested by the control plane itself, which tells of it".to_owned()))
            }
            Some(SessionAction::IdentityVerified) => Err((
                "action",
                "identity verified anew is told by `POST /v1/identity-callbacks`, signed".to_owned(),
            )),
            _ => Ok(()),
        },
        (Sender::Exchange, Line::Report(report)) => match report.kind {
            Some(ReportKind::OwnerDenies | ReportKind::OwnerConfirms | ReportKind::CaseOutcome) => Err((
                "kind",
                "owners answer, and cases end, at the control plane, which tells of it itself".to_owned(),
            )),
            _ => Ok(()),
        },
        // Without one, its id could be a gate's line's. Whether it is a gate's name is looked up for the whole batch.
        (Sender::Exchange, Line::Access(access)) if access.source.is_none() => Err((
            "source",
            "an `access` line of the exchange's own log names its source, such as the front's name"
                .to_owned(),
        )),
        (
            Sender::Exchange,
            Line::Access(_)
            | Line::Order(_)
            | Line::Trade(_)
            | Line::Quote(_)
            | Line::Transfer(_)
            | Line::Market(_)
            | Line::Network(_)
            | Line::Account(_),
        ) => Ok(()),
        (Sender::Exchange, Line::Key(_) | Line::Vendor(_) | Line::Delegation(_) | Line::Tick(_)) => {
            Err(("type", format!("`{}` lines are not the exchange's to send", line.type_word())))
        }
    }
}

/// Whether this sender may call itself that. Lines with source, type and id of an earlier one are repeats (WIRE 1): in another's
/// name, one line would make another's vanish.
fn may_name(sender: &Sender, source: Option<&str>) -> Result<(), String> {
    let Some(source) = source else { return Ok(()) };
    match sender {
        Sender::Gate(gate) if source == gate.as_str() => Ok(()),
        Sender::Gate(gate) => Err(format!("gate `{gate}` sends its own lines only")),
        Sender::Exchange if OURS.contains(&source) => {
            Err(format!("`{source}` is the control plane's own; give the exchange's lines another"))
        }
        Sender::Exchange => Ok(()),
    }
}

/// Sources of the control plane's own lines.
const OURS: &[&str] = &["govern", "clock"];

/// Lines of the exchange's that a tap in this process read, as ones handed in over HTTP; or the first that may not be, from 0, and why.
pub(super) fn of_tap(
    from: u64,
    read: Vec<(Line, String)>,
    now: Timestamp,
) -> Result<(Vec<EventLine>, Names), (usize, Cause)> {
    let (mut lines, mut names) = (Vec::new(), Names::new());
    for (index, (line, text)) in read.into_iter().enumerate() {
        let at = u64::try_from(index).unwrap_or(u64::MAX);
        let Stamp { ts, seq, source } =
            may_take(&Sender::Exchange, &line, now).map_err(|cause| (index, cause))?;
        name(&mut names, at, &line);
        let source = source.map(str::to_owned);
        lines.push(EventLine { position: from.saturating_add(at), ts, seq, source, text });
    }
    Ok((lines, names))
}

/// The first of a tap's lines, from 0, that speaks in the name of one of these gates, and why it may not.
pub(super) fn tap_of_gate(names: &Names, gates: &[String]) -> Option<(usize, String)> {
    let (at, field, cause) = first_of_gates(names, gates)?;
    Some((usize::try_from(at).unwrap_or(usize::MAX), format!("field `{field}`: {cause}")))
}

/// What every line says of itself.
struct Stamp<'a> {
    /// When.
    ts: Timestamp,
    /// The source's own number.
    seq: Option<u64>,
    /// Who says so.
    source: Option<&'a str>,
}

fn stamp(line: &Line) -> Stamp<'_> {
    macro_rules! of {
        ($($kind:ident),+) => {
            match line { $(Line::$kind(body) => Stamp { ts: body.ts, seq: body.seq, source: body.source.as_deref() },)+ }
        };
    }
    of!(
        Account, Vendor, Key, Delegation, Network, Market, Session, Access, Order, Trade, Quote, Transfer,
        Report, Tick
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(sender: Sender, count_unknown: bool) -> Reading {
        let now = "2026-11-20T09:00:00Z".parse().unwrap();
        Reading { source: "made-up".to_owned(), sender, from: 7, count_unknown, now }
    }

    fn gate() -> Sender {
        Sender::Gate("g1".parse().unwrap())
    }

    const ACCESS: &str =
        r#"{"type":"access","id":"a1","ts":"2026-11-20T09:00:00Z","gate":"g1","key":"K1","seq":4}"#;

    fn told(reading: &Reading, body: &str) -> String {
        let gates = ["g1".to_owned()];
        let read = reading.read(body.as_bytes());
        match read.and_then(|read| reading.refuse_gates(&read.names, &gates).map(|()| read)) {
            Ok(read) => {
                let lines =
                    read.lines.iter().map(|line| format!("{} {:?} {}", line.position, line.seq, line.text));
                let lines: Vec<_> = lines.collect();
                format!("{} unknown; {}", read.unknown, lines.join(" / "))
            }
            Err(problem) => {
                format!("{} {}: {}", problem.code, problem.pointer.unwrap_or_default(), problem.detail)
            }
        }
    }

    #[test]
    fn a_batch_is_taken_or_refused_with_its_place() {
        let (of_gate, of_exchange) = (reading(gate(), false), reading(Sender::Exchange, false));
        let other = ACCESS.replace("g1", "g2");
        let ahead = ACCESS.replace("09:00:00Z", "09:01:00.000001Z");
        let unknown = ACCESS.replace("\"seq\":4", "\"seq\":4,\"colour\":\"blue\"");
        let session =
            r#"{"type":"session","id":"s1","ts":"2026-11-20T09:00:00Z","account":"A1","action":"login"}"#;
        let proved = session.replace("login", "control_proved");
        let denies =
            r#"{"type":"report","id":"r1","ts":"2026-11-20T09:00:00Z","kind":"owner_denies","key":"K1"}"#;
        let told = [
            told(&of_gate, ""),
            told(&of_gate, &format!("{ACCESS}\r\n{ACCESS}\n")),
            told(&of_gate, &format!("{ACCESS}\n\n{ACCESS}\n")),
            told(&of_gate, &format!("{ACCESS}\n{other}\n")),
            told(&of_gate, &ahead),
            told(&of_gate, &unknown),
            told(&reading(gate(), true), &unknown),
            told(&of_gate, session),
            told(&of_exchange, session),
            told(&of_exchange, &proved),
            told(&of_exchange, denies),
            told(&of_exchange, ACCESS),
            told(&of_exchange, &ACCESS.replace("g1", "nginx")),
            told(&of_exchange, &ACCESS.replace(r#""gate":"g1""#, r#""source":"g1""#)),
            told(&of_exchange, &ACCESS.replace(r#""gate":"g1""#, r#""gate":"nginx","source":"front-1""#)),
            told(
                &of_exchange,
                r#"{"type":"key","ts":"2026-11-20T09:00:00Z","key":"K1","account":"A1","state":"active"}"#,
            ),
            told(&of_exchange, &denies.replace("owner_denies", "owner_complaint")),
            told(&of_exchange, &session.replace("login", "identity_verified")),
            told(&of_exchange, &session.replace(r#""id""#, r#""source":"govern","id""#)),
            told(&of_gate, &ACCESS.replace(r#""id""#, r#""source":"g2","id""#)),
            told(&of_gate, &ACCESS.replace(r#""id""#, r#""source":"g1","id""#)),
        ];
        insta::assert_snapshot!(told.join("\n"));
    }
}
