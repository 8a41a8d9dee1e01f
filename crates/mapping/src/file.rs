//! A mapping file as written: every table and key it may have, and no other. What they mean is [`crate::Mapping`]'s.

use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    pub(crate) mapping: Head,
    pub(crate) source: SourceTable,
    pub(crate) request: Option<Spanned<RequestTable>>,
    #[serde(default, rename = "line")]
    pub(crate) lines: Vec<Spanned<LineTable>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Head {
    pub(crate) format: Spanned<u32>,
    pub(crate) name: Spanned<String>,
    pub(crate) title: Bilingual,
    pub(crate) uses: Option<Spanned<String>>,
}

/// A text in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bilingual {
    /// Korean.
    pub ko: String,
    /// English.
    pub en: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Csv,
    Json,
    Text,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) enum Encoding {
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    #[serde(rename = "euc-kr")]
    EucKr,
    #[serde(rename = "utf-8-or-euc-kr")]
    Mixed,
}

/// What becomes of bytes that are no text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Invalid {
    /// The line is refused.
    #[default]
    Refuse,
    /// Each is replaced by U+FFFD and the line is read: where clients choose a value, none can hide a request by its bytes.
    Replace,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Escapes {
    #[default]
    None,
    Nginx,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Repeated {
    #[default]
    Keep,
    Drop,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourceTable {
    pub(crate) kind: Spanned<Kind>,
    #[serde(default)]
    pub(crate) encoding: Encoding,
    #[serde(default)]
    pub(crate) invalid: Invalid,
    pub(crate) delimiter: Option<Spanned<String>>,
    pub(crate) quote: Option<Spanned<String>>,
    pub(crate) columns: Option<Spanned<Vec<String>>>,
    pub(crate) pattern: Option<Spanned<String>>,
    pub(crate) escapes: Option<Spanned<Escapes>>,
    pub(crate) empty: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) ignore: Vec<String>,
    pub(crate) comment: Option<String>,
    pub(crate) line_bytes_max: Option<Spanned<usize>>,
    #[serde(default)]
    pub(crate) repeated: Repeated,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequestTable {
    pub(crate) line: Option<Spanned<ExprTable>>,
    pub(crate) method: Option<Spanned<ExprTable>>,
    pub(crate) target: Option<Spanned<ExprTable>>,
    pub(crate) upgrade: Option<Spanned<ExprTable>>,
    pub(crate) strip: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LineTable {
    #[serde(rename = "type")]
    pub(crate) word: Spanned<String>,
    #[serde(default)]
    pub(crate) when: Vec<Spanned<WhenTable>>,
    #[serde(default)]
    pub(crate) needs: Vec<Spanned<String>>,
    pub(crate) fields: BTreeMap<Spanned<String>, Spanned<ExprTable>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WhenTable {
    pub(crate) field: String,
    pub(crate) is: Option<Vec<String>>,
    pub(crate) starts: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) not: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LineWord {
    Number,
    Place,
    Digest,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RequestPart {
    Method,
    Path,
    Route,
    Effect,
    Scope,
    Market,
    Channel,
}

/// What becomes of a word that no list knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Other {
    #[default]
    Refuse,
    Absent,
    Keep,
}

/// What becomes of a value that cannot be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum IfBad {
    #[default]
    Refuse,
    Absent,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ForwardedTable {
    pub(crate) hops: usize,
    pub(crate) peer: Option<String>,
}

/// One field expression: exactly one of the first seven, then what is done with it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExprTable {
    pub(crate) r#const: Option<toml::Value>,
    pub(crate) field: Option<String>,
    pub(crate) first: Option<Vec<String>>,
    pub(crate) line: Option<LineWord>,
    pub(crate) given: Option<String>,
    pub(crate) request: Option<RequestPart>,
    pub(crate) query: Option<String>,

    pub(crate) empty: Option<Vec<String>>,
    pub(crate) forwarded: Option<ForwardedTable>,
    pub(crate) split: Option<String>,
    pub(crate) strip: Option<String>,
    pub(crate) words: Option<BTreeMap<String, String>>,
    pub(crate) other: Option<Other>,
    pub(crate) default: Option<toml::Value>,
    pub(crate) or: Option<Box<Spanned<Self>>>,
    pub(crate) time: Option<Spanned<String>>,
    pub(crate) zone: Option<Spanned<String>>,
    pub(crate) times: Option<Spanned<i64>>,
    #[serde(default)]
    pub(crate) lower: bool,
    #[serde(default)]
    pub(crate) upper: bool,
    pub(crate) prefix: Option<String>,
    pub(crate) cut: Option<usize>,
    #[serde(default)]
    pub(crate) bad: IfBad,
}
