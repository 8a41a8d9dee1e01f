//! Parameters of path and query: what each may be, enforced and documented from one place.

use crate::problem::Problem;
use crate::text::{Id, Instant, Line, Reason, Wrong};
use serde_json::{Value, json};
use std::borrow::Cow;

/// What a parameter may be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// An id.
    Id,
    /// A whole number within bounds.
    Integer(u64, u64),
    /// `true` or `false`.
    Bool,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A short line of text.
    Line,
    /// A reason in one's own words.
    Reason,
    /// An instant.
    Instant,
}

/// One parameter of a query.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) required: bool,
    pub(crate) about: &'static str,
}

/// Largest number that every JSON reader holds exactly.
pub(crate) const NUMBER_MAX: u64 = (1 << 53) - 1;
/// Most rows in one page.
pub(crate) const PAGE_MAX: u64 = 1000;
/// Rows in a page if nothing is said.
pub(crate) const PAGE_DEFAULT: u64 = 100;

/// The two parameters of every list.
pub(crate) const PAGE: [Parameter; 2] = [
    Parameter {
        name: "after",
        kind: Kind::Id,
        required: false,
        about: "Only what comes after this id: `next` of the page before.",
    },
    Parameter {
        name: "limit",
        kind: Kind::Integer(1, PAGE_MAX),
        required: false,
        about: "At most this many; 100 if absent.",
    },
];

/// The parameter of every write.
pub(crate) const DRY_RUN: Parameter = Parameter {
    name: "dry_run",
    kind: Kind::Bool,
    required: false,
    about: "`true`: show the plan, write nothing.",
};

impl Kind {
    /// What a parameter of a path may be, by its name.
    pub(crate) fn of_path(name: &str) -> Self {
        if name == "index" { Self::Integer(0, NUMBER_MAX) } else { Self::Id }
    }

    pub(crate) fn schema(self) -> Value {
        match self {
            Self::Id => json!({ "$ref": "#/components/schemas/Id" }),
            Self::Integer(min, max) => json!({ "type": "integer", "minimum": min, "maximum": max }),
            Self::Bool => json!({ "type": "boolean" }),
            Self::OneOf(words) => json!({ "type": "string", "enum": words }),
            Self::Line => json!({ "$ref": "#/components/schemas/Line" }),
            Self::Reason => json!({ "$ref": "#/components/schemas/Reason" }),
            Self::Instant => json!({ "$ref": "#/components/schemas/Instant" }),
        }
    }

    fn allows(self, text: &str) -> bool {
        match self {
            Self::Id => Id::allows(text),
            Self::Integer(min, max) => {
                let plain =
                    text == "0" || (!text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit()));
                plain && text.parse().is_ok_and(|number: u64| (min..=max).contains(&number))
            }
            Self::Bool => matches!(text, "true" | "false"),
            Self::OneOf(words) => words.contains(&text),
            Self::Line => Line::allows(text),
            // Whether it says enough is told as everywhere, by the use case: `reason_missing`.
            Self::Reason => Reason::allows(text) || Wrong::of(text, 1_000) == Some(Wrong::Little),
            Self::Instant => Instant::allows(text),
        }
    }

    fn expected(self) -> Cow<'static, str> {
        match self {
            Self::Id => {
                "an id: 1 to 176 printable ASCII characters without space, quotes or backslash".into()
            }
            Self::Integer(min, max) => format!("a whole number from {min} to {max}").into(),
            Self::Bool => "`true` or `false`".into(),
            Self::OneOf(words) => format!("one of `{}`", words.join("`, `")).into(),
            Self::Line => "a text of 1 to 200 characters that a screen shows, not blank".into(),
            Self::Reason => {
                "a reason of 1 to 1000 printable characters, three different letters or digits among them"
                    .into()
            }
            Self::Instant => "an instant such as `2027-06-01T00:00:00Z`".into(),
        }
    }

    /// Refuses a value that this is not.
    pub(crate) fn check(self, code: &'static str, name: &str, value: &str) -> Result<(), Problem> {
        if self.allows(value) {
            return Ok(());
        }
        let shown: String = value.chars().take(64).collect();
        Err(Problem::bad_request(
            code,
            format!("`{name}` is `{}`", shown.escape_debug()),
            format!("give {}", self.expected()),
        )
        .at(name))
    }
}

/// Reads a query: known parameters only, none twice, each as its kind.
pub(crate) fn read_query(query: &str, known: &[Parameter]) -> Result<Vec<(&'static str, String)>, Problem> {
    let mut read: Vec<(&'static str, String)> = Vec::new();
    for part in query.split('&').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let (name, value) = (decode(name)?, decode(value)?);
        let Some(parameter) = known.iter().find(|parameter| parameter.name == name) else {
            let names = known.iter().map(|p| format!("`{}`", p.name)).collect::<Vec<_>>().join(", ");
            let shown: String = name.chars().take(64).collect();
            return Err(Problem::bad_request(
                "unknown_parameter",
                format!("`{}` is not a parameter of this operation", shown.escape_debug()),
                if names.is_empty() {
                    "take it out; there are none".to_owned()
                } else {
                    format!("take it out, or use one of {names}")
                },
            )
            .at(shown));
        };
        if read.iter().any(|(name, _)| *name == parameter.name) {
            return Err(Problem::bad_request(
                "duplicate_parameter",
                format!("`{name}` stands twice"),
                "keep one of the two",
            )
            .at(name));
        }
        parameter.kind.check("bad_parameter", parameter.name, &value)?;
        read.push((parameter.name, value));
    }
    match known.iter().find(|p| p.required && !read.iter().any(|(name, _)| *name == p.name)) {
        Some(missing) => Err(Problem::bad_request(
            "missing_parameter",
            format!("`{}` is missing", missing.name),
            format!("add it: {}", missing.about),
        )
        .at(missing.name)),
        None => Ok(read),
    }
}

/// `application/x-www-form-urlencoded`, one name or value. A stray percent sign is refused rather than guessed at.
fn decode(text: &str) -> Result<String, Problem> {
    let bad = || {
        Problem::bad_request(
            "bad_query",
            "the query is not percent-encoded UTF-8",
            "encode each name and value as `%` and two hex digits",
        )
    };
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter();
    while let Some(&byte) = rest.next() {
        match byte {
            b'+' => decoded.push(b' '),
            b'%' => {
                let pair = [*rest.next().ok_or_else(bad)?, *rest.next().ok_or_else(bad)?];
                let mut one = [0];
                hex::decode_to_slice(pair, &mut one).map_err(|_| bad())?;
                decoded.extend(one);
            }
            byte => decoded.push(byte),
        }
    }
    String::from_utf8(decoded).map_err(|_| bad())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_strictly() {
        let known = [PAGE[0], PAGE[1], DRY_RUN];
        let read = |query| read_query(query, &known).map_err(|problem| problem.code.to_owned());
        assert_eq!(
            read("after=K%2F1&limit=5"),
            Ok(vec![("after", "K/1".to_owned()), ("limit", "5".to_owned())])
        );
        assert_eq!(read(""), Ok(vec![]));
        for (query, code) in [
            ("limit=0", "bad_parameter"),
            ("limit=01", "bad_parameter"),
            ("limit=1001", "bad_parameter"),
            ("limit=-1", "bad_parameter"),
            ("limit=", "bad_parameter"),
            ("dry_run", "bad_parameter"),
            ("dry_run=TRUE", "bad_parameter"),
            ("after=a+b", "bad_parameter"),
            ("limit=1&limit=1", "duplicate_parameter"),
            ("l%69mit=1&limit=1", "duplicate_parameter"),
            ("other=1", "unknown_parameter"),
            ("after=%f", "bad_query"),
            ("after=%ff", "bad_query"),
            ("after=%zz", "bad_query"),
        ] {
            assert_eq!(read(query), Err(code.to_owned()), "{query}");
        }
    }
}
