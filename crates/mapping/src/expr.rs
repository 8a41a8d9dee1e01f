//! Field expressions: where a value comes from, and what is done with it before the wire's own types read it.

use crate::address;
use crate::file::{ExprTable, IfBad, LineWord, Other, RequestPart};
use crate::hide;
use crate::record::{Cell, Record, Slots};
use crate::refusal::Code;
use crate::request::Request;
use crate::time::TimeFormat;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Longest example of a value, in characters.
const SHOWN_CHARS: usize = 60;

/// What a line is made of, apart from its record.
pub(crate) struct Around<'a> {
    pub(crate) record: &'a Record<'a>,
    pub(crate) request: Option<&'a Request<'a>>,
    pub(crate) given: &'a BTreeMap<String, String>,
    pub(crate) empty: &'a [String],
    /// The line's number in its input, from 1.
    pub(crate) number: u64,
    /// What the input is called, fit for an id.
    pub(crate) input: &'a str,
    /// The line as it came.
    pub(crate) raw: &'a str,
}

#[derive(Debug)]
enum Source {
    Const(Value),
    Fields(Vec<(String, usize)>),
    Line(LineWord),
    Given(String),
    Request(RequestPart),
    Query(String),
}

/// What an expression gives.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) enum Value {
    #[default]
    Absent,
    Text(String),
    List(Vec<String>),
}

/// A value that cannot be made.
#[derive(Debug)]
pub(crate) struct Bad {
    pub(crate) code: Code,
    pub(crate) detail: String,
}

impl Bad {
    pub(crate) fn of(code: Code, text: &str) -> Self {
        Self { code, detail: quoted(text) }
    }
}

/// A value that was found, for people.
pub(crate) fn quoted(text: &str) -> String {
    format!("`{}`", hide::line(text, SHOWN_CHARS))
}

/// One expression, ready to be used.
#[derive(Debug)]
pub(crate) struct Expr {
    source: Source,
    empty: Vec<String>,
    hops: Option<(usize, Option<usize>)>,
    split: Option<String>,
    strip: Option<String>,
    words: Option<BTreeMap<String, String>>,
    other: Other,
    default: Value,
    or: Option<Box<Self>>,
    pub(crate) time: Option<TimeFormat>,
    pub(crate) times: Option<i64>,
    lower: bool,
    upper: bool,
    prefix: String,
    cut: Option<usize>,
    pub(crate) absent_if_bad: bool,
}

impl Expr {
    /// Makes one of its table, or says what is wrong with it and at which byte.
    pub(crate) fn of(at: usize, table: ExprTable, slots: &mut Slots) -> Result<Self, (usize, String)> {
        Self::one_of(at, table, slots, false)
    }

    /// `one_of_many`: it stands in another's stead, so its field need not be there.
    fn one_of(
        at: usize,
        table: ExprTable,
        slots: &mut Slots,
        one_of_many: bool,
    ) -> Result<Self, (usize, String)> {
        let one_of_many = one_of_many || table.or.is_some();
        let wrong = |what: String| (at, what);
        let time = match &table.time {
            None if table.zone.is_some() => {
                return Err(wrong("`zone` needs `time`, the format it belongs to".to_owned()));
            }
            None => None,
            Some(word) => {
                let zone = table.zone.as_ref().map(|zone| zone.get_ref().as_str());
                Some(TimeFormat::of(word.get_ref(), zone).map_err(|what| (word.span().start, what))?)
            }
        };
        let words = table.words;
        if table.other.is_some() && words.is_none() {
            return Err(wrong("`other` needs `words`, the list it is about".to_owned()));
        }
        if table.times.as_ref().is_some_and(|times| *times.get_ref() <= 0) {
            return Err(wrong("`times` is a whole number above 0".to_owned()));
        }
        let mut sources = Vec::new();
        if let Some(value) = table.r#const {
            sources.push(Source::Const(constant(&value).map_err(wrong)?));
        }
        if let Some(name) = table.field {
            let slot = if one_of_many { slots.optional(&name) } else { slots.slot(&name) };
            sources.push(Source::Fields(vec![(name, slot)]));
        }
        if let Some(names) = table.first {
            sources.push(Source::Fields(
                names.into_iter().map(|name| (name.clone(), slots.optional(&name))).collect(),
            ));
        }
        sources.extend(table.line.map(Source::Line));
        sources.extend(table.given.map(Source::Given));
        sources.extend(table.request.map(Source::Request));
        sources.extend(table.query.map(Source::Query));
        let (Some(source), true) = (sources.pop(), sources.is_empty()) else {
            return Err(wrong(
                "a field takes its value from exactly one of `const`, `field`, `first`, `line`, `given`, `request`, `query`"
                    .to_owned(),
            ));
        };
        let or =
            table.or.map(|or| Self::one_of(or.span().start, or.into_inner(), slots, true)).transpose()?;
        let hops = table.forwarded.map(|table| (table.hops, table.peer.map(|peer| slots.slot(&peer))));
        Ok(Self {
            source,
            empty: table.empty.unwrap_or_default(),
            hops,
            split: table.split,
            strip: table.strip,
            words,
            other: table.other.unwrap_or_default(),
            or: or.map(Box::new),
            default: table.default.map_or(Ok(Value::Absent), |value| constant(&value)).map_err(wrong)?,
            time,
            times: table.times.map(toml::Spanned::into_inner),
            lower: table.lower,
            upper: table.upper,
            prefix: table.prefix.unwrap_or_default(),
            cut: table.cut,
            absent_if_bad: table.bad == IfBad::Absent,
        })
    }

    /// It, and what is looked at in its stead where it gives nothing, in order.
    pub(crate) fn chain(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |expr| expr.or.as_deref())
    }

    /// Names that whoever runs the mapping has to give.
    pub(crate) fn given(&self) -> impl Iterator<Item = &str> {
        self.chain().filter_map(|expr| {
            if let Source::Given(name) = &expr.source { Some(name.as_str()) } else { None }
        })
    }

    /// Whether it makes something of the whole line.
    pub(crate) fn digests(&self) -> bool {
        self.chain().any(|expr| matches!(expr.source, Source::Line(LineWord::Digest)))
    }

    /// Whether it asks for the request.
    pub(crate) fn asks_request(&self) -> bool {
        self.chain().any(|expr| matches!(expr.source, Source::Request(_) | Source::Query(_)))
    }

    /// The value for one record.
    pub(crate) fn value(&self, around: &Around<'_>) -> Result<Value, Bad> {
        if let Some((hops, peer)) = self.hops {
            let Value::Text(chain) = self.addresses(around)? else { return self.defaulted(Value::Absent) };
            let peer = peer.and_then(|slot| self.cell_text(around.record.get(slot), around));
            let list = (!chain.is_empty()).then_some(chain.as_str());
            return match address::forwarded(list, peer, hops) {
                Ok(address) => Ok(Value::Text(address.to_string())),
                Err(address::NoAddress) => Err(Bad::of(Code::BadAddress, &chain)),
            };
        }
        let value = match self.raw(around)? {
            Value::Text(text) => match &self.split {
                Some(sign) => {
                    let parts = text.split(sign.as_str()).map(str::trim).filter(|part| !part.is_empty());
                    Value::List(parts.map(str::to_owned).collect())
                }
                None => Value::Text(text),
            },
            other => other,
        };
        let value = match value {
            Value::Absent => Value::Absent,
            Value::Text(text) => self.shaped(text)?.map_or(Value::Absent, Value::Text),
            Value::List(list) => {
                let mut shaped = Vec::with_capacity(list.len());
                for item in list {
                    shaped.extend(self.shaped(item)?);
                }
                Value::List(shaped)
            }
        };
        self.defaulted(value)
    }

    #[expect(clippy::unnecessary_wraps, reason = "ends every arm of `value` alike")]
    fn defaulted(&self, value: Value) -> Result<Value, Bad> {
        Ok(if value == Value::Absent { self.default.clone() } else { value })
    }

    /// The chain of addresses; empty where there is none but a peer is told.
    fn addresses(&self, around: &Around<'_>) -> Result<Value, Bad> {
        Ok(match self.raw(around)? {
            Value::List(list) => Value::Text(list.join(",")),
            Value::Absent if self.hops.is_some_and(|(_, peer)| peer.is_some()) => Value::Text(String::new()),
            other => other,
        })
    }

    fn is_empty(&self, text: &str, around: &Around<'_>) -> bool {
        text.is_empty() || around.empty.iter().chain(&self.empty).any(|empty| empty == text)
    }

    fn cell_text<'c>(&self, cell: &'c Cell<'_>, around: &Around<'_>) -> Option<&'c str> {
        if let Cell::Text(text) = cell {
            Some(text.trim()).filter(|text| !self.is_empty(text, around))
        } else {
            None
        }
    }

    fn raw(&self, around: &Around<'_>) -> Result<Value, Bad> {
        let text =
            |text: String| if self.is_empty(&text, around) { Value::Absent } else { Value::Text(text) };
        let request = || around.request;
        Ok(match &self.source {
            Source::Const(value) => value.clone(),
            Source::Fields(fields) => {
                for (name, slot) in fields {
                    match around.record.get(*slot) {
                        Cell::Absent => {}
                        cell @ Cell::Text(_) => {
                            if let Some(text) = self.cell_text(cell, around) {
                                return Ok(Value::Text(text.to_owned()));
                            }
                        }
                        Cell::List(list) => {
                            return Ok(Value::List(
                                list.iter().map(|item| item.clone().into_owned()).collect(),
                            ));
                        }
                        Cell::Other => {
                            return Err(Bad::of(Code::WrongShape, name));
                        }
                    }
                }
                Value::Absent
            }
            Source::Line(LineWord::Number) => Value::Text(around.number.to_string()),
            Source::Line(LineWord::Place) => Value::Text(format!("{}:{}", around.input, around.number)),
            Source::Line(LineWord::Digest) => Value::Text(digest(around.raw)),
            Source::Given(name) => around.given.get(name).cloned().map_or(Value::Absent, text),
            Source::Query(name) => {
                request().and_then(|request| request.param(name)).map_or(Value::Absent, text)
            }
            Source::Request(part) => request().map_or(Value::Absent, |request| {
                let known = request.route;
                let value: Option<Cow<'_, str>> = match part {
                    RequestPart::Method => Some(request.method.clone()),
                    RequestPart::Path => Some(request.path.clone()),
                    RequestPart::Route => Some(request.route().into()),
                    RequestPart::Effect => known.map(|route| route.effect.as_str().into()),
                    RequestPart::Scope => {
                        known.and_then(|route| route.scope).map(|scope| scope.as_str().into())
                    }
                    RequestPart::Market => request.market().map(Into::into),
                    RequestPart::Channel => Some(request.channel().into()),
                };
                value.map_or(Value::Absent, |value| text(value.into_owned()))
            }),
        })
    }

    /// One text, stripped, cased, looked up, cut; `None` where its word stands for nothing.
    fn shaped(&self, text: String) -> Result<Option<String>, Bad> {
        let mut text = text;
        if let Some(strip) = &self.strip
            && let Some(rest) = text.strip_prefix(strip.as_str())
        {
            text = rest.to_owned();
        }
        if self.lower {
            text = text.to_lowercase();
        }
        if self.upper {
            text = text.to_uppercase();
        }
        if let Some(words) = &self.words {
            match words.get(&text).or_else(|| words.get(&hundreds(&text)?)) {
                Some(word) if word.is_empty() => return Ok(None),
                Some(word) => text.clone_from(word),
                None => match self.other {
                    Other::Keep => {}
                    Other::Absent => return Ok(None),
                    Other::Refuse => {
                        return Err(Bad::of(Code::UnknownWord, &text));
                    }
                },
            }
        }
        if let Some(cut) = self.cut {
            text = text.chars().take(cut).collect();
        }
        Ok(Some(if self.prefix.is_empty() { text } else { format!("{}{text}", self.prefix) }))
    }
}

/// `4xx` for `404`, so that a list of words can name whole classes of statuses.
fn hundreds(text: &str) -> Option<String> {
    let status = text.len() == 3 && text.bytes().all(|b| b.is_ascii_digit());
    status.then(|| text.chars().take(1).chain(['x', 'x']).collect())
}

/// The first 16 bytes, in hex, of the SHA-256 of a line as it came.
fn digest(raw: &str) -> String {
    use sha2::Digest as _;
    let hash = sha2::Sha256::digest(raw.as_bytes());
    hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

fn constant(value: &toml::Value) -> Result<Value, String> {
    let scalar = |value: &toml::Value| match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(truth) => Some(truth.to_string()),
        _ => None,
    };
    let wrong = || "a constant is a text, a whole number, true or false, or a list of those".to_owned();
    match value {
        toml::Value::Array(items) => {
            items.iter().map(scalar).collect::<Option<Vec<_>>>().map(Value::List).ok_or_else(wrong)
        }
        other => scalar(other).map(Value::Text).ok_or_else(wrong),
    }
}
