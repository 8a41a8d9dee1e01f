//! How a mapping's source is written, checked.

use super::Format;
use crate::file::{self, Escapes};
use crate::problem::Problems;
use crate::record::pattern::Pattern;
use sumun_model::wire::LINE_BYTES_MAX;
use toml::Spanned;

/// Longest line of a source that a mapping may allow, in bytes.
const SOURCE_LINE_BYTES_MAX: usize = 1024 * 1024;

/// The longest line.
pub(super) fn bytes_max(problems: &mut Problems<'_>, written: Option<&Spanned<usize>>) -> usize {
    let Some(written) = written else { return LINE_BYTES_MAX };
    if !(64..=SOURCE_LINE_BYTES_MAX).contains(written.get_ref()) {
        problems
            .wrong(written.span().start, format!("`line_bytes_max` is from 64 to {SOURCE_LINE_BYTES_MAX}"));
    }
    *written.get_ref()
}

/// How records are cut out.
pub(super) fn format(problems: &mut Problems<'_>, source: &file::SourceTable) -> Option<Format> {
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
