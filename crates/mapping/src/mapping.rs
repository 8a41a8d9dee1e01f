//! A mapping, checked and ready: what the file says, with every name looked up and every faulty place told.

use crate::expr::Expr;
use crate::fields::{self, Kind, TypeFields};
use crate::file::{self, Bilingual, Encoding, Escapes, File, LineTable, Repeated};
use crate::paths::PathTable;
use crate::problem::{MappingErrors, Problems, did_you_mean};
use crate::ready;
use crate::record::Slots;
use crate::record::pattern::Pattern;
use sumun_model::wire::LINE_BYTES_MAX;
use toml::Spanned;

/// Longest line of a source that a mapping may allow, in bytes.
const SOURCE_LINE_BYTES_MAX: usize = 1024 * 1024;

/// How records are cut out of the source.
#[derive(Debug)]
pub(crate) enum Format {
    Csv { delimiter: u8, quote: u8, columns: Option<Vec<String>> },
    Json,
    Text(Pattern),
}

/// How the request is found in a record.
#[derive(Debug)]
pub(crate) struct RequestPlan {
    pub(crate) line: Option<Expr>,
    pub(crate) method: Option<Expr>,
    pub(crate) target: Option<Expr>,
    pub(crate) upgrade: Option<Expr>,
    pub(crate) strip: Option<String>,
}

/// A condition on a record.
#[derive(Debug)]
pub(crate) struct When {
    pub(crate) field: String,
    pub(crate) slot: usize,
    is: Option<Vec<String>>,
    starts: Option<Vec<String>>,
    not: bool,
}

impl When {
    /// Whether a text, or the lack of one, meets it.
    pub(crate) fn holds(&self, text: Option<&str>) -> bool {
        let met = text.is_some_and(|text| {
            self.is.as_ref().is_none_or(|list| list.iter().any(|word| word == text))
                && self
                    .starts
                    .as_ref()
                    .is_none_or(|list| list.iter().any(|start| text.starts_with(start.as_str())))
        });
        met != self.not
    }
}

/// One line a record gives.
#[derive(Debug)]
pub(crate) struct LinePlan {
    pub(crate) of: &'static TypeFields,
    pub(crate) when: Vec<When>,
    pub(crate) needs: Vec<String>,
    pub(crate) fields: Vec<FieldPlan>,
}

/// One field of a line.
#[derive(Debug)]
pub(crate) struct FieldPlan {
    pub(crate) name: String,
    /// `type.name`, as reports say it.
    pub(crate) full: String,
    pub(crate) kind: Kind,
    pub(crate) expr: Expr,
}

/// A mapping, ready to be run.
#[derive(Debug)]
pub struct Mapping {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub title: Bilingual,
    pub(crate) format: Format,
    pub(crate) encoding: Encoding,
    pub(crate) empty: Vec<String>,
    pub(crate) comment: Option<String>,
    pub(crate) bytes_max: usize,
    pub(crate) repeated: Repeated,
    pub(crate) slots: Slots,
    pub(crate) request: Option<RequestPlan>,
    pub(crate) paths: Option<PathTable>,
    pub(crate) lines: Vec<LinePlan>,
}

impl Mapping {
    /// Reads a mapping; `file` is only what errors call it. `paths` finds the path table that the mapping `uses`, by its name, and is
    /// asked for ready ones too when it knows none.
    ///
    /// # Errors
    /// Everything wrong with it, by file, line and column.
    pub fn parse(
        file: &str,
        text: &str,
        paths: &mut dyn FnMut(&str) -> Option<Result<PathTable, MappingErrors>>,
    ) -> Result<Self, MappingErrors> {
        let mut problems = Problems::of(file, text);
        let read: File = match toml::from_str(text) {
            Ok(read) => read,
            Err(error) => return Err(problems.unreadable(&error)),
        };
        let head = read.mapping;
        if *head.format.get_ref() != 1 {
            problems.wrong(head.format.span().start, "this program reads `format = 1` of mappings");
        }
        let name = head.name.get_ref().clone();
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        {
            problems.wrong(head.name.span().start, "a name is made of small letters, digits and `-`");
        }
        let table = match head.uses {
            None => None,
            Some(uses) => {
                let found = paths(uses.get_ref()).or_else(|| ready::paths(uses.get_ref()));
                match found {
                    Some(table) => Some(table?),
                    None => {
                        let near = did_you_mean(uses.get_ref(), ready::PATHS.iter().map(|(name, _)| *name));
                        problems.wrong(
                            uses.span().start,
                            format!("there is no path table `{}`{near}", uses.get_ref()),
                        );
                        None
                    }
                }
            }
        };
        let mut slots = Slots::default();
        let bytes_max = bytes_max(&mut problems, read.source.line_bytes_max.as_ref());
        let format = format(&mut problems, &read.source);
        let request = read.request.and_then(|request| request_plan(&mut problems, request, &mut slots));
        if read.lines.is_empty() {
            problems.wrong(0, "a mapping makes at least one kind of line; add a `[[line]]`");
        }
        let mut lines = Vec::new();
        for line in read.lines {
            lines.extend(line_plan(&mut problems, line, &mut slots, request.is_some()));
        }
        slots.ignore(&read.source.ignore);
        if let Some(Format::Text(pattern)) = &format {
            for wanted in slots.names() {
                if !pattern.names().any(|name| name == wanted) {
                    let near = did_you_mean(wanted, pattern.names());
                    let at = read.source.pattern.as_ref().map_or(0, |pattern| pattern.span().start);
                    problems.wrong(at, format!("the pattern has no `${wanted}`, which a field reads{near}"));
                }
            }
        }
        let mapping = format.map(|format| Self {
            name,
            title: head.title,
            format,
            encoding: read.source.encoding,
            empty: read.source.empty.unwrap_or_else(|| vec![String::new(), "-".to_owned()]),
            comment: read.source.comment,
            bytes_max,
            repeated: read.source.repeated,
            slots,
            request,
            paths: table,
            lines,
        });
        problems.end(mapping)
    }

    /// Puts another path table in the place of the one the mapping uses.
    #[must_use]
    pub fn with_paths(mut self, table: PathTable) -> Self {
        self.paths = Some(table);
        self
    }

    /// Names of values that whoever runs it has to give.
    #[must_use]
    pub fn given(&self) -> std::collections::BTreeSet<&str> {
        self.lines.iter().flat_map(|line| &line.fields).flat_map(|field| field.expr.given()).collect()
    }

    /// The fields it fills, as `type.name`.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().flat_map(|line| &line.fields).map(|field| field.full.as_str())
    }

    /// The line types it makes.
    pub fn types(&self) -> impl Iterator<Item = &'static str> {
        self.lines.iter().map(|line| line.of.word)
    }
}

fn bytes_max(problems: &mut Problems<'_>, written: Option<&Spanned<usize>>) -> usize {
    let Some(written) = written else { return LINE_BYTES_MAX };
    if !(64..=SOURCE_LINE_BYTES_MAX).contains(written.get_ref()) {
        problems
            .wrong(written.span().start, format!("`line_bytes_max` is from 64 to {SOURCE_LINE_BYTES_MAX}"));
    }
    *written.get_ref()
}

fn format(problems: &mut Problems<'_>, source: &file::SourceTable) -> Option<Format> {
    let mut only = |kind: file::Kind, word: &str, at: Option<usize>| {
        if let Some(at) = at
            && *source.kind.get_ref() != kind
        {
            problems.wrong(at, format!("`{word}` does not belong to this kind of source; take it away"));
        }
    };
    only(file::Kind::Csv, "delimiter", source.delimiter.as_ref().map(|it| it.span().start));
    only(file::Kind::Csv, "quote", source.quote.as_ref().map(|it| it.span().start));
    only(file::Kind::Csv, "columns", source.columns.as_ref().map(|it| it.span().start));
    only(file::Kind::Text, "pattern", source.pattern.as_ref().map(|it| it.span().start));
    only(file::Kind::Text, "escapes", source.escapes.as_ref().map(|it| it.span().start));
    match source.kind.get_ref() {
        file::Kind::Json => Some(Format::Json),
        file::Kind::Csv => {
            let delimiter = one_byte(problems, source.delimiter.as_ref(), "delimiter", b',');
            let quote = one_byte(problems, source.quote.as_ref(), "quote", b'"');
            let columns = source.columns.as_ref().map(|columns| columns.get_ref().clone());
            Some(Format::Csv { delimiter: delimiter?, quote: quote?, columns })
        }
        file::Kind::Text => {
            let Some(pattern) = &source.pattern else {
                problems.wrong(
                    source.kind.span().start,
                    "a text source needs a `pattern`: your own log format, or `combined` or `envoy`",
                );
                return None;
            };
            let nginx = source.escapes.as_ref().map(|escapes| *escapes.get_ref() == Escapes::Nginx);
            match Pattern::of(pattern.get_ref(), nginx) {
                Ok(pattern) => Some(Format::Text(pattern)),
                Err(what) => {
                    problems.wrong(pattern.span().start, what);
                    None
                }
            }
        }
    }
}

fn one_byte(
    problems: &mut Problems<'_>,
    written: Option<&Spanned<String>>,
    word: &str,
    usual: u8,
) -> Option<u8> {
    let Some(written) = written else { return Some(usual) };
    match written.get_ref().as_bytes() {
        [byte] if byte.is_ascii() && !matches!(byte, b'\n' | b'\r') => Some(*byte),
        _ => {
            problems.wrong(
                written.span().start,
                format!("`{word}` is one ASCII character, such as `,` or `\\t`"),
            );
            None
        }
    }
}

fn expr(problems: &mut Problems<'_>, table: Spanned<file::ExprTable>, slots: &mut Slots) -> Option<Expr> {
    Expr::of(table.span().start, table.into_inner(), slots)
        .map_err(|(at, what)| problems.wrong(at, what))
        .ok()
}

fn request_plan(
    problems: &mut Problems<'_>,
    table: Spanned<file::RequestTable>,
    slots: &mut Slots,
) -> Option<RequestPlan> {
    let at = table.span().start;
    let table = table.into_inner();
    let parts = (table.line.is_some(), table.method.is_some(), table.target.is_some());
    if !matches!(parts, (true, false, false) | (false, true, true)) {
        problems.wrong(at, "a request is found by `line` alone, or by `method` and `target`");
        return None;
    }
    let mut part =
        |table: Option<Spanned<file::ExprTable>>| table.and_then(|table| expr(problems, table, slots));
    Some(RequestPlan {
        line: part(table.line),
        method: part(table.method),
        target: part(table.target),
        upgrade: part(table.upgrade),
        strip: table.strip,
    })
}

fn line_plan(
    problems: &mut Problems<'_>,
    table: Spanned<LineTable>,
    slots: &mut Slots,
    has_request: bool,
) -> Option<LinePlan> {
    let table = table.into_inner();
    let of = match fields::of_type(table.word.get_ref()) {
        Ok(of) => of,
        Err(what) => {
            problems.wrong(table.word.span().start, what);
            return None;
        }
    };
    for required in of.required {
        if !table.fields.keys().any(|name| name.get_ref() == required) {
            let what = format!("a line of type `{}` needs the field `{required}`", of.word);
            problems.wrong(table.word.span().start, what);
        }
    }
    let mut plan = Vec::new();
    for (name, written) in table.fields {
        let (at, name) = (name.span().start, name.into_inner());
        let kind = match of.kind(&name) {
            Ok(kind) => kind,
            Err(what) => {
                problems.wrong(at, what);
                continue;
            }
        };
        let Some(expr) = expr(problems, written, slots) else { continue };
        if let Some(what) = expr.chain().find_map(|expr| unfit(kind, expr, &name, has_request)) {
            problems.wrong(at, what);
        }
        plan.push(FieldPlan { full: format!("{}.{name}", of.word), name, kind, expr });
    }
    for need in &table.needs {
        if !plan.iter().any(|field| field.name == *need.get_ref()) {
            let what = format!("`needs` names `{}`, which this line does not fill", need.get_ref());
            problems.wrong(need.span().start, what);
        }
    }
    let mut when = Vec::new();
    for condition in table.when {
        let (at, condition) = (condition.span().start, condition.into_inner());
        if condition.is.is_none() && condition.starts.is_none() {
            problems.wrong(at, "a condition says `is` or `starts`, each a list of texts");
        }
        let slot = slots.slot(&condition.field);
        let file::WhenTable { field, is, starts, not } = condition;
        when.push(When { field, slot, is, starts, not });
    }
    let needs = table.needs.into_iter().map(Spanned::into_inner).collect();
    Some(LinePlan { of, when, needs, fields: plan })
}

/// What about an expression cannot fit its field.
fn unfit(kind: Kind, expr: &Expr, name: &str, has_request: bool) -> Option<String> {
    if expr.asks_request() && !has_request {
        return Some(format!("`{name}` asks for the request; add a `[request]` that says where it stands"));
    }
    match kind {
        Kind::Time if expr.time.is_none() => Some(format!(
            "`{name}` is a time; say how it is written, such as `time = \"rfc3339\"` or `time = \"ms\"`"
        )),
        Kind::Time | Kind::Date => None,
        _ if expr.time.is_some() && !name.starts_with("ext.") => {
            Some(format!("`{name}` is no time; take `time` away"))
        }
        _ if expr.times.is_some() && kind != Kind::Integer => {
            Some(format!("`{name}` is no whole number; take `times` away"))
        }
        _ => None,
    }
}
