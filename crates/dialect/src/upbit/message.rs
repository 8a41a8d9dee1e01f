//! What a client asks of Upbit's streams: `[{"ticket":…},{"type":…,"codes":[…]},{"format":…}]` and its kin.
//!
//! Every object must be one of the four documented kinds, with no member that is not documented for it. Types,
//! their scopes, paths and members are data.

use super::STREAMS;
use crate::dialect::Dialect;
use crate::json::{self, Value};
use crate::stream::{AskKind, MessageError, StreamAsk};
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use sumun_model::Scope;

/// Depth of the deepest documented message (an indicator's parameters); codes of every market several times over.
const LIMITS: json::Limits = json::Limits { depth: 6, values: 8192 };

/// Longest ticket; clients send a UUID or less.
const TICKET_BYTES_MAX: usize = 256;

/// The words that `format` may have.
const FORMATS: &[&str] = &["DEFAULT", "SIMPLE", "JSON_LIST", "SIMPLE_LIST"];

type Members<'a> = [(Cow<'a, str>, Value<'a>)];

/// Reads one message.
pub(crate) fn read_message(path: &str, text: &[u8]) -> Result<StreamAsk, MessageError> {
    if text.len() > Dialect::MESSAGE_BYTES_MAX {
        return Err(MessageError::TooLong);
    }
    if text == b"PING" {
        return Ok(StreamAsk { kind: AskKind::Ping, asks: Vec::new(), markets: Vec::new() });
    }
    let message = json::parse(text, LIMITS).map_err(|e| MessageError::NotJson { what: e.what, at: e.at })?;
    let Value::List(parts) = message else { return Err(MessageError::NotUnderstood("it is not an array")) };
    let mut reading = Reading::default();
    for part in &parts {
        let Value::Object(members) = part else {
            return Err(MessageError::NotUnderstood("the array holds something else than objects"));
        };
        reading.part(path, members)?;
    }
    reading.finish()
}

#[derive(Default)]
struct Reading<'a> {
    tickets: usize,
    formats: usize,
    lists: usize,
    types: usize,
    asks: Vec<Scope>,
    markets: Vec<&'a str>,
    seen: HashSet<&'a str>,
}

impl<'a> Reading<'a> {
    fn part(&mut self, path: &str, members: &'a Members<'a>) -> Result<(), MessageError> {
        if let Some(Value::Text(found)) = member(members, "type") {
            self.types += 1;
            return self.subscription(path, found, members);
        }
        match members {
            [(name, Value::Text(text))]
                if name == "ticket" && (1..=TICKET_BYTES_MAX).contains(&text.len()) =>
            {
                self.tickets += 1;
            }
            [(name, Value::Text(text))] if name == "format" && FORMATS.contains(&text.as_ref()) => {
                self.formats += 1;
            }
            [(name, Value::Text(text))] if name == "method" && text == "LIST_SUBSCRIPTIONS" => {
                self.lists += 1;
            }
            _ => {
                return Err(MessageError::NotUnderstood(
                    "an object is neither ticket, type, format nor method",
                ));
            }
        }
        Ok(())
    }

    fn subscription(
        &mut self,
        path: &str,
        found: &str,
        members: &'a Members<'a>,
    ) -> Result<(), MessageError> {
        let unknown = || MessageError::UnknownType { found: found.chars().take(64).collect() };
        let stream =
            STREAMS.0.get(found).filter(|s| s.paths.iter().any(|p| p == path)).ok_or_else(unknown)?;
        for (name, value) in members.iter().filter(|(name, _)| name != "type") {
            let kind = stream.members.get(name.as_ref());
            let kind = *kind
                .ok_or(MessageError::NotUnderstood("a type has a member that is not documented for it"))?;
            let fits = match (kind, value) {
                (MemberKind::Any, _)
                | (MemberKind::Flag, Value::Bool(_))
                | (MemberKind::Number, Value::Number(_)) => true,
                (MemberKind::Words, Value::List(items)) => items.iter().all(|i| word(i).is_some()),
                (MemberKind::Markets, Value::List(items)) => items.iter().all(|i| self.market(i)),
                _ => false,
            };
            if !fits {
                return Err(MessageError::NotUnderstood(
                    "a member of a type has another form than documented",
                ));
            }
        }
        if !self.asks.contains(&stream.scope) {
            self.asks.push(stream.scope);
        }
        Ok(())
    }

    /// Notes a market code such as `KRW-BTC` or, with a depth, `KRW-BTC.15`.
    fn market(&mut self, value: &'a Value<'a>) -> bool {
        let Some(code) = word(value) else { return false };
        let market = code.split('.').next().unwrap_or_default();
        if self.seen.insert(market) {
            self.markets.push(market);
        }
        !market.is_empty()
    }

    fn finish(self) -> Result<StreamAsk, MessageError> {
        if self.tickets != 1 {
            return Err(MessageError::NotUnderstood("there is not exactly one ticket"));
        }
        if self.formats > 1 {
            return Err(MessageError::NotUnderstood("there is more than one format"));
        }
        let kind = match (self.types, self.lists) {
            (1.., 0) => AskKind::Subscribe,
            (0, 1) => AskKind::ListSubscriptions,
            _ => return Err(MessageError::NotUnderstood("there are not either types or one method")),
        };
        let markets = self.markets.into_iter().map(str::to_owned).collect();
        Ok(StreamAsk { kind, asks: self.asks, markets })
    }
}

fn member<'a>(members: &'a Members<'a>, name: &str) -> Option<&'a Value<'a>> {
    members.iter().find(|(n, _)| n == name).map(|(_, value)| value)
}

fn word<'a>(value: &'a Value<'a>) -> Option<&'a str> {
    let Value::Text(text) = value else { return None };
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    (!text.is_empty() && text.bytes().all(plain)).then_some(text)
}

/// The stream types, by name.
#[derive(Debug)]
pub(super) struct StreamTable(HashMap<String, Stream>);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stream {
    #[serde(rename = "type")]
    name: String,
    scope: Scope,
    paths: Vec<String>,
    members: HashMap<String, MemberKind>,
}

/// What a member of a subscription may be.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum MemberKind {
    /// A list of market codes.
    Markets,
    /// A list of plain words.
    Words,
    /// True or false.
    Flag,
    /// A number.
    Number,
    /// Anything: only for types whose whole path needs one scope.
    Any,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    stream: Vec<Stream>,
}

impl StreamTable {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|e| e.to_string())?;
        let mut streams = HashMap::new();
        for stream in file.stream {
            let name = stream.name.clone();
            if streams.insert(name.clone(), stream).is_some() {
                return Err(format!("stream type `{name}` is there twice"));
            }
        }
        Ok(Self(streams))
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
