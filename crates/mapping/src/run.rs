//! Runs a mapping over inputs, line by line, in bounded memory; whoever asks gets each row with what came of it.
//!
//! Order is the source's own. A bad line is counted and the run goes on; only an input that cannot be read at all ends it.

mod asked;
mod rows;

use crate::beside::{self, Beside, BesideError};
use crate::build::{self, Built};
use crate::expr::Around;
use crate::file::{Encoding, Invalid, Repeated};
use crate::lines::{Ended, Lines, Next, Unusable};
use crate::mapping::{Format, LinePlan, Mapping};
use crate::record::csv::Csv;
use crate::record::{Cell, Record, json};
use crate::refusal::{Code, Refusal};
use crate::report::{Because, InputReport, Place, Report};
use asked::request;
use siphasher::sip::SipHasher13;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet, VecDeque};
use std::hash::Hasher as _;
use std::io::BufRead;
use std::ops::ControlFlow;
use sumun_model::Timestamp;
use sumun_model::wire::Line;

/// Lines among which a repeated one is found.
const WINDOW: usize = 65_536;
/// Longest name of an input inside an id, in bytes.
const INPUT_NAME_BYTES: usize = 96;

/// One record and what came of it.
#[derive(Debug)]
pub struct Row<'r> {
    /// The input's name.
    pub input: &'r str,
    /// Its line, from 1.
    pub number: u64,
    /// As it came, decoded where it could be.
    pub raw: &'r str,
    /// The lines of the wire it gave.
    pub lines: &'r [Line],
    /// Why it gave none, or not all.
    pub refusals: &'r [Refusal],
    /// What stands in the field that was asked for beside them.
    pub beside: Beside<'r>,
}

/// A run of a mapping over one input or several.
#[derive(Debug)]
pub struct Run<'m> {
    mapping: &'m Mapping,
    given: BTreeMap<String, String>,
    report: Report,
    window: VecDeque<u64>,
    seen: HashSet<u64>,
    /// The field handed out beside the lines.
    beside: Option<String>,
}

/// Where the run stands in its input.
struct At<'a> {
    input: &'a str,
    /// Fit for an id.
    name: String,
    number: u64,
}

impl At<'_> {
    fn place(&self) -> Place {
        Place { input: self.input.to_owned(), line: self.number }
    }
}

type Told<'t> = &'t mut dyn FnMut(&Row<'_>) -> ControlFlow<()>;

impl<'m> Run<'m> {
    /// A run that begins; `given` are the values that the mapping asks for by name.
    #[must_use]
    pub fn new(mapping: &'m Mapping, given: BTreeMap<String, String>) -> Self {
        let report = Report::of(mapping);
        Self { mapping, given, report, window: VecDeque::new(), seen: HashSet::new(), beside: None }
    }

    /// Hands this field out beside each record's lines. Then nothing that stands in a record is quoted: of a refusal, place, code and field
    /// are told.
    ///
    /// # Errors
    /// The mapping itself would make something of it, or reads what has no fields.
    pub fn with_beside(mut self, field: &str) -> Result<Self, BesideError> {
        beside::check(self.mapping, field)?;
        self.beside = Some(field.to_owned());
        Ok(self)
    }

    /// What was counted so far.
    #[must_use]
    pub const fn report(&self) -> &Report {
        &self.report
    }

    /// Ends the run.
    #[must_use]
    pub fn into_report(self) -> Report {
        self.report
    }

    /// Reads one input to its end, or until it is told to stop.
    ///
    /// # Errors
    /// The input cannot be read at all. What was read before is counted and told.
    pub fn read(&mut self, input: &str, from: impl BufRead, told: Told<'_>) -> Result<(), Unusable> {
        let mut lines = Lines::open(input, from, self.mapping.bytes_max)?;
        let mut at = At { input, name: fit_for_id(input), number: 0 };
        let ended = match &self.mapping.format {
            Format::Csv { delimiter, quote, columns } => {
                let csv = Csv::new(*delimiter, *quote);
                self.read_csv(&mut lines, &mut at, csv, columns.as_deref(), told)
            }
            Format::Json | Format::Text(_) => self.read_plain(&mut lines, &mut at, told),
        };
        let (ended, problem) = match ended {
            Ok(ended) => (ended, None),
            Err(problem) => (Ended::Stopped, Some(problem)),
        };
        self.report.inputs.push(InputReport { name: input.to_owned(), lines: at.number, ended });
        problem.map_or(Ok(()), Err)
    }

    /// Reads whole lines out of the middle of an input that grows: `first` is the number of the first of them. They are lines as they
    /// stand, never a packed stream, and of CSV one row each, without a header.
    ///
    /// # Errors
    /// A mapping of CSV that names no columns.
    pub fn read_lines(
        &mut self,
        input: &str,
        first: u64,
        bytes: &[u8],
        told: Told<'_>,
    ) -> Result<(), Unusable> {
        let mut lines = Lines::plain(bytes, self.mapping.bytes_max);
        let mut at = At { input, name: fit_for_id(input), number: first.saturating_sub(1) };
        match &self.mapping.format {
            Format::Csv { delimiter, quote, columns } => {
                let csv = Csv::new(*delimiter, *quote);
                self.read_csv(&mut lines, &mut at, csv, columns.as_deref(), told)
            }
            Format::Json | Format::Text(_) => self.read_plain(&mut lines, &mut at, told),
        }
        .map(|_| ())
    }

    fn read_plain(
        &mut self,
        lines: &mut Lines<'_>,
        at: &mut At<'_>,
        told: Told<'_>,
    ) -> Result<Ended, Unusable> {
        let mut buffer = Vec::new();
        loop {
            match next(lines, &mut buffer, at)? {
                Next::End(ended) => return Ok(ended),
                Next::TooLong => {
                    if self.too_long(&buffer, at, told).is_break() {
                        return Ok(Ended::Stopped);
                    }
                }
                Next::Line => {
                    let Some(text) = self.text(&buffer, at, told) else { continue };
                    let record = match &self.mapping.format {
                        Format::Text(pattern) => {
                            pattern.read(&text, &self.mapping.slots).map_err(|two_ways| {
                                let code = if two_ways { Code::Ambiguous } else { Code::NoMatch };
                                Refusal::new(code, "", crate::hide::line(&text, 80))
                            })
                        }
                        _ => json::read(&text, &self.mapping.slots, self.beside.as_deref())
                            .map_err(|why| Refusal::new(Code::BadJson, "", why)),
                    };
                    if self.record(record, &text, at, told).is_break() {
                        return Ok(Ended::Stopped);
                    }
                }
            }
        }
    }

    fn too_long(&mut self, buffer: &[u8], at: &At<'_>, told: Told<'_>) -> ControlFlow<()> {
        let detail = format!("> {} bytes", self.mapping.bytes_max);
        self.bad_line(Code::TooLong, detail, buffer, at, told)
    }

    fn bad_line(
        &mut self,
        code: Code,
        detail: String,
        buffer: &[u8],
        at: &At<'_>,
        told: Told<'_>,
    ) -> ControlFlow<()> {
        let refusal = Refusal::new(code, "", detail);
        self.report.records += 1;
        self.report.refuse(&refusal, || at.place());
        let start = buffer.get(..buffer.len().min(256)).unwrap_or(buffer);
        let raw = String::from_utf8_lossy(start);
        let beside = Beside::Absent;
        told(&Row { input: at.input, number: at.number, raw: &raw, lines: &[], refusals: &[refusal], beside })
    }

    /// The line as text; `None` where it is none, empty, or a comment.
    fn text<'b>(&mut self, buffer: &'b [u8], at: &At<'_>, told: Told<'_>) -> Option<Cow<'b, str>> {
        let bytes =
            if at.number == 1 { buffer.strip_prefix(b"\xef\xbb\xbf").unwrap_or(buffer) } else { buffer };
        let korean = || encoding_rs::EUC_KR.decode_without_bom_handling_and_without_replacement(bytes);
        let utf8 = || std::str::from_utf8(bytes).ok().map(Cow::Borrowed);
        let text = match self.mapping.encoding {
            Encoding::Utf8 => utf8(),
            Encoding::EucKr => korean(),
            Encoding::Mixed => utf8().or_else(korean),
        };
        let replaced = || (self.mapping.invalid == Invalid::Replace).then(|| String::from_utf8_lossy(bytes));
        let is_text = text.is_some();
        let text = text.or_else(replaced);
        self.report.replaced += u64::from(!is_text && text.is_some());
        let Some(text) = text else {
            let is_korean = self.mapping.encoding == Encoding::Utf8 && korean().is_some();
            let code = if is_korean { Code::KoreanEncoding } else { Code::BadEncoding };
            // A break here is seen with the next line.
            let _ = self.bad_line(code, String::new(), buffer, at, told);
            return None;
        };
        let comment = self.mapping.comment.as_deref().is_some_and(|sign| text.starts_with(sign));
        if comment || text.trim().is_empty() {
            self.report.passed_over += 1;
            return None;
        }
        Some(text)
    }

    fn record(
        &mut self,
        record: Result<Record<'_>, Refusal>,
        text: &str,
        at: &At<'_>,
        told: Told<'_>,
    ) -> ControlFlow<()> {
        self.report.records += 1;
        if self.is_repeated(text) && self.mapping.repeated == Repeated::Drop {
            return ControlFlow::Continue(());
        }
        let (mut lines, mut refusals) = (Vec::new(), Vec::new());
        match &record {
            Err(refusal) => refusals.push(refusal.clone()),
            Ok(record) => self.lines_of(record, text, at, &mut lines, &mut refusals),
        }
        if self.beside.is_some() {
            refusals.iter_mut().for_each(Refusal::quote_nothing);
        }
        let cell = record.as_ref().ok().and_then(|record| record.beside.as_ref());
        let beside = beside::of(cell, &self.mapping.empty);
        for refusal in &refusals {
            self.report.refuse(refusal, || at.place());
        }
        told(&Row {
            input: at.input,
            number: at.number,
            raw: text,
            lines: &lines,
            refusals: &refusals,
            beside,
        })
    }

    fn lines_of(
        &mut self,
        record: &Record<'_>,
        raw: &str,
        at: &At<'_>,
        lines: &mut Vec<Line>,
        refusals: &mut Vec<Refusal>,
    ) {
        let mapping = self.mapping;
        for (name, value) in &record.unknown {
            let value = if self.beside.is_some() { "" } else { value.as_ref() };
            self.report.unknown_field(name, value);
        }
        let given = std::mem::take(&mut self.given);
        let mut around = Around {
            record,
            request: None,
            given: &given,
            empty: &mapping.empty,
            number: at.number,
            input: &at.name,
            raw,
        };
        // What is no request matters only where a line would be made of it: scanners send anything, and no key.
        let (request, mut no_request) = match request(mapping, &around) {
            Ok(request) => (request, None),
            Err(refusal) => (None, Some(refusal)),
        };
        let has_none = no_request.is_some();
        around.request = request.as_ref();
        if let Some(request) = &request
            && mapping.paths.is_some()
            && request.route.is_none()
        {
            let shown = || crate::hide::line(&request.path, 60);
            self.report.unknown_path(&request.method, &request.path, shown);
        }
        let mut first_time = None;
        for plan in &mapping.lines {
            if let Some(why) = not_met(plan, record, mapping) {
                self.report.skip(plan.of.word, why, Because::When);
                continue;
            }
            match build::line(plan, &around) {
                Built::Lacks(field) => self.report.skip(plan.of.word, field, Because::Needs),
                Built::Refused(_) | Built::Line { .. } if has_none => refusals.extend(no_request.take()),
                Built::Refused(refusal) => refusals.push(refusal),
                Built::Line { line, filled, emptied } => {
                    for field in filled {
                        self.report.filled.count(field.counted);
                    }
                    for mut refusal in emptied {
                        if self.beside.is_some() {
                            refusal.quote_nothing();
                        }
                        self.report.empty(&refusal, || at.place());
                    }
                    *self.report.made.entry(plan.of.word).or_default() += 1;
                    self.report.addresses.note(&line);
                    if !plan.of.state && first_time.is_none() {
                        first_time = ts(&line);
                    }
                    lines.push(*line);
                }
            }
        }
        self.given = given;
        if let Some(time) = first_time {
            self.report.time(time, || at.place());
        }
    }

    fn is_repeated(&mut self, text: &str) -> bool {
        let mut hasher = SipHasher13::new();
        hasher.write(text.as_bytes());
        let hash = hasher.finish();
        if !self.seen.insert(hash) {
            self.report.repeated += 1;
            return true;
        }
        self.window.push_back(hash);
        if self.window.len() > WINDOW
            && let Some(oldest) = self.window.pop_front()
        {
            self.seen.remove(&oldest);
        }
        false
    }
}

fn next(lines: &mut Lines<'_>, buffer: &mut Vec<u8>, at: &mut At<'_>) -> Result<Next, Unusable> {
    let next = lines.next(buffer).map_err(|source| Unusable::Read { input: at.input.to_owned(), source })?;
    if !matches!(next, Next::End(_)) {
        at.number += 1;
    }
    Ok(next)
}

/// The field of the condition that a record does not meet.
fn not_met<'p>(plan: &'p LinePlan, record: &Record<'_>, mapping: &Mapping) -> Option<&'p str> {
    plan.when.iter().find_map(|when| {
        let text = match record.get(when.slot) {
            Cell::Text(text) => {
                Some(text.as_ref()).filter(|text| !mapping.empty.iter().any(|empty| empty == text))
            }
            _ => None,
        };
        (!when.holds(text)).then_some(when.field.as_str())
    })
}

fn ts(line: &Line) -> Option<Timestamp> {
    Some(match line {
        Line::Session(line) => line.ts,
        Line::Access(line) => line.ts,
        Line::Order(line) => line.ts,
        Line::Trade(line) => line.ts,
        Line::Quote(line) => line.ts,
        Line::Transfer(line) => line.ts,
        Line::Report(line) => line.ts,
        _ => return None,
    })
}

/// The last part of a path, of characters an id may have.
fn fit_for_id(input: &str) -> String {
    let name = input.rsplit(['/', '\\']).next().unwrap_or(input);
    let fit = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' };
    name.chars().map(fit).take(INPUT_NAME_BYTES).collect()
}
