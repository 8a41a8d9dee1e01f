//! A mapping, checked and ready: what the file says, with every name looked up and every faulty place told.

mod plan;
mod source;

use crate::expr::Expr;
use crate::fields::{Kind, TypeFields};
use crate::file::{Bilingual, Encoding, File, Invalid, Repeated};
use crate::paths::PathTable;
use crate::problem::{MappingErrors, Problems, did_you_mean};
use crate::ready;
use crate::record::Slots;
use crate::record::pattern::Pattern;
use plan::{line_plan, request_plan};
use source::{bytes_max, format};

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
    /// Its place among the fields counted.
    pub(crate) counted: usize,
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
    pub(crate) invalid: Invalid,
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
            for wanted in slots.required() {
                if !pattern.names().any(|name| name == wanted) {
                    let near = did_you_mean(wanted, pattern.names());
                    let at = read.source.pattern.as_ref().map_or(0, |pattern| pattern.span().start);
                    problems.wrong(at, format!("the pattern has no `${wanted}`, which a field reads{near}"));
                }
            }
        }
        count_by_name(&mut lines);
        let mapping = format.map(|format| Self {
            name,
            title: head.title,
            format,
            encoding: read.source.encoding,
            invalid: read.source.invalid,
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

    /// The fields it fills, as `type.name`, each once, in the order they are counted.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        let fields = self.lines.iter().flat_map(|line| &line.fields);
        let mut next = 0;
        fields.filter_map(move |field| {
            let first = field.counted == next;
            next += usize::from(first);
            first.then_some(field.full.as_str())
        })
    }

    /// Whether records can be read out of the middle of a file that grows: not where a header must have been read before.
    #[must_use]
    pub const fn reads_anywhere(&self) -> bool {
        !matches!(self.format, Format::Csv { columns: None, .. })
    }

    /// Whether it reads a table, whose columns are known before its rows.
    #[must_use]
    pub const fn is_table(&self) -> bool {
        matches!(self.format, Format::Csv { .. })
    }

    /// Fields of its source that every record has to have, such as columns of a table; sorted.
    #[must_use]
    pub fn needed(&self) -> Vec<&str> {
        self.slots.required()
    }

    /// Fields of its source that are read where they are there; sorted.
    #[must_use]
    pub fn optional(&self) -> Vec<&str> {
        self.slots.can_be_absent()
    }

    /// Longest line it reads, in bytes.
    #[must_use]
    pub const fn line_bytes_max(&self) -> usize {
        self.bytes_max
    }

    /// The line types it makes.
    pub fn types(&self) -> impl Iterator<Item = &'static str> {
        self.lines.iter().map(|line| line.of.word)
    }
}

/// Gives fields of one name one place to be counted at.
fn count_by_name(lines: &mut [LinePlan]) {
    let mut names: Vec<String> = Vec::new();
    for field in lines.iter_mut().flat_map(|line| &mut line.fields) {
        field.counted = names.iter().position(|name| *name == field.full).unwrap_or_else(|| {
            names.push(field.full.clone());
            names.len() - 1
        });
    }
}
