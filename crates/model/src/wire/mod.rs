//! The wire: one JSON object per line (WIRE 1–3).
//!
//! `type` is read first, then the struct of that type, so that an error keeps line, column and field. An unknown
//! or repeated field is an error, except under `ext`, which is carried and never used; [`parse_line_counting`]
//! counts unknown fields instead, for live ingest whose producers are upgraded first.
//!
//! State lines are in [`state`], events in [`event`]. Never here: order, time or de-duplication; see the engine.

pub mod event;
mod ext;
pub mod state;

pub use event::{
    AccessLine, OrderLine, QuoteLine, ReportLine, SessionLine, Signature, TickLine, TradeLine, TransferLine,
    Verdict,
};
pub use ext::Ext;
pub use state::{AccountLine, DelegationLine, KeyLine, MarketLine, NetworkLine, VendorLine};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Longest line, in bytes. An access line with every field at its limit is under 8 KiB.
pub const LINE_BYTES_MAX: usize = 64 * 1024;

/// A line that cannot be read: where, which field, why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{source_name}:{line}:{column}: {}{cause}", field.as_ref().map(|f| format!("field `{f}`: ")).unwrap_or_default())]
pub struct WireError {
    /// File, topic or connection.
    pub source_name: String,
    /// Line number, from 1.
    pub line: u64,
    /// Byte column, from 1; 0 when unknown.
    pub column: usize,
    /// Path of the field, when known.
    pub field: Option<String>,
    /// What is wrong.
    pub cause: String,
}

/// Where a line came from, for errors.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// File, topic or connection.
    pub source_name: &'a str,
    /// Line number, from 1.
    pub line: u64,
}

macro_rules! lines {
    ($($(#[$meta:meta])* $variant:ident ($body:ty) = $word:literal),+ $(,)?) => {
        /// One line of the wire.
        #[derive(Clone, Debug, PartialEq, Serialize)]
        #[serde(tag = "type", rename_all = "snake_case")]
        pub enum Line { $($(#[$meta])* $variant(Box<$body>)),+ }

        impl Line {
            /// Every `type` word.
            pub const TYPES: &'static [&'static str] = &[$($word),+];

            /// The `type` word of this line.
            #[must_use]
            pub const fn type_word(&self) -> &'static str {
                match self { $(Self::$variant(_) => $word),+ }
            }

            /// Every field a line of this `type` may have.
            fn fields(word: &str) -> Option<&'static [&'static str]> {
                match word {
                    $($word => Some(<$body>::FIELDS),)+
                    _ => None,
                }
            }

            fn read(word: &str, read: &mut impl BodyReader) -> Option<Result<Self, WireError>> {
                Some(match word {
                    $($word => read.body::<$body>().map(|b| Self::$variant(Box::new(b))),)+
                    _ => return None,
                })
            }
        }
    };
}

lines! {
    /// State of an account.
    Account(AccountLine) = "account",
    /// State of a vendor.
    Vendor(VendorLine) = "vendor",
    /// State of a key.
    Key(KeyLine) = "key",
    /// State of a delegation.
    Delegation(DelegationLine) = "delegation",
    /// What is known of a network.
    Network(NetworkLine) = "network",
    /// What is known of a market.
    Market(MarketLine) = "market",
    /// A sign-in or another act of a person.
    Session(SessionLine) = "session",
    /// A request at a gate.
    Access(AccessLine) = "access",
    /// An act on an order.
    Order(OrderLine) = "order",
    /// A fill.
    Trade(TradeLine) = "trade",
    /// Best prices.
    Quote(QuoteLine) = "quote",
    /// A deposit or withdrawal.
    Transfer(TransferLine) = "transfer",
    /// Something told by somebody.
    Report(ReportLine) = "report",
    /// Time passing.
    Tick(TickLine) = "tick",
}

trait BodyReader {
    fn body<T: DeserializeOwned>(&mut self) -> Result<T, WireError>;
}

#[derive(Deserialize)]
struct TypeProbe<'a> {
    #[serde(borrow, rename = "type")]
    word: Cow<'a, str>,
}

fn error_at(origin: Origin<'_>, column: usize, field: Option<String>, cause: String) -> WireError {
    WireError { source_name: origin.source_name.to_owned(), line: origin.line, column, field, cause }
}

/// `serde_json` appends its own position to the message; ours is the line's, so it is taken off.
fn plain_cause(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(at) => text.get(..at).unwrap_or(&text).to_owned(),
        None => text,
    }
}

struct Strict<'a> {
    origin: Origin<'a>,
    text: &'a str,
}

impl BodyReader for Strict<'_> {
    fn body<T: DeserializeOwned>(&mut self) -> Result<T, WireError> {
        // Fast path without tracking; only a bad line is read again to learn the field.
        if let Ok(body) = serde_json::from_str(self.text) {
            return Ok(body);
        }
        let mut json = serde_json::Deserializer::from_str(self.text);
        let outcome = serde_path_to_error::deserialize::<_, T>(&mut json).map_err(|error| {
            let path = error.path().to_string();
            let field = (path != "." && !path.is_empty()).then_some(path);
            let inner = error.into_inner();
            error_at(self.origin, inner.column(), field, plain_cause(&inner))
        })?;
        json.end().map_err(|e| error_at(self.origin, e.column(), None, plain_cause(&e)))?;
        Ok(outcome)
    }
}

/// The `type` word where it stands first, as every producer here writes it: found without reading the whole line for it.
///
/// The line is still read wholly and strictly after it, so that a second `type` is found.
fn first_word(text: &str) -> Option<&str> {
    let (word, _) = text.strip_prefix(r#"{"type":""#)?.split_once('"')?;
    (text.len() <= LINE_BYTES_MAX && word.bytes().all(|b| b.is_ascii_lowercase())).then_some(word)
}

/// Reads without tracking where it is; what is wrong is learnt by reading again.
struct Quick<'a>(&'a str);

impl BodyReader for Quick<'_> {
    fn body<T: DeserializeOwned>(&mut self) -> Result<T, WireError> {
        let nowhere = Origin { source_name: "", line: 0 };
        serde_json::from_str(self.0).map_err(|_| error_at(nowhere, 0, None, String::new()))
    }
}

fn probe<'a>(origin: Origin<'_>, text: &'a str) -> Result<Cow<'a, str>, WireError> {
    if text.len() > LINE_BYTES_MAX {
        let cause = format!("line is {} bytes long, at most {LINE_BYTES_MAX} are allowed", text.len());
        return Err(error_at(origin, 0, None, cause));
    }
    serde_json::from_str::<TypeProbe<'a>>(text)
        .map(|probe| probe.word)
        .map_err(|e| error_at(origin, e.column(), Some("type".into()), plain_cause(&e)))
}

fn unknown_type(origin: Origin<'_>, word: &str) -> WireError {
    let word: String = word.chars().take(64).collect();
    let cause = format!("unknown line type `{word}`, expected one of {}", Line::TYPES.join(", "));
    error_at(origin, 0, Some("type".into()), cause)
}

/// Reads one line strictly.
///
/// # Errors
/// Says source, line, column, field and cause; nothing of the line is taken.
pub fn parse_line(origin: Origin<'_>, text: &str) -> Result<Line, WireError> {
    if let Some(Ok(line)) = first_word(text).and_then(|word| Line::read(word, &mut Quick(text))) {
        return Ok(line);
    }
    let word = probe(origin, text)?;
    Line::read(&word, &mut Strict { origin, text }).unwrap_or_else(|| Err(unknown_type(origin, &word)))
}

/// Reads one line, dropping and counting top-level fields its type does not have.
///
/// # Errors
/// As [`parse_line`], but an unknown top-level field is no error. The column is 0 where fields were dropped.
pub fn parse_line_counting(origin: Origin<'_>, text: &str) -> Result<(Line, u32), WireError> {
    let first = match parse_line(origin, text) {
        Ok(line) => return Ok((line, 0)),
        Err(error) => error,
    };
    let known = probe(origin, text).ok().and_then(|word| Line::fields(&word));
    let (Some(known), Ok(Members(members))) = (known, serde_json::from_str::<Members<'_>>(text)) else {
        return Err(first);
    };
    let mut names = std::collections::HashSet::new();
    if let Some((name, _)) = members.iter().find(|(name, _)| !names.insert(name.as_ref())) {
        return Err(error_at(origin, 0, Some(name.to_string()), format!("duplicate field `{name}`")));
    }
    let (kept, dropped): (Vec<_>, Vec<_>) =
        members.iter().partition(|(name, _)| known.contains(&name.as_ref()));
    if dropped.is_empty() {
        return Err(first);
    }
    let kept: Vec<String> = kept.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    let line = parse_line(origin, &format!("{{{}}}", kept.join(",")))
        .map_err(|error| WireError { column: 0, ..error })?;
    Ok((line, u32::try_from(dropped.len()).unwrap_or(u32::MAX)))
}

/// The members of an object as written, in order, repeated ones too.
struct Members<'a>(Vec<(Cow<'a, str>, &'a serde_json::value::RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> serde::de::Visitor<'de> for Pairs {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        d.deserialize_map(Pairs)
    }
}

/// Writes one line, without the line feed.
///
/// # Errors
/// Only if a value cannot be JSON, which no value of these types is.
pub fn to_json(line: &Line) -> Result<String, serde_json::Error> {
    serde_json::to_string(line)
}

/// Room for nearly every access line; more is made when needed.
const ACCESS_BYTES: usize = 1024;

/// Writes an access line, without the line feed and without taking it: the gate writes one per request.
///
/// # Errors
/// As [`to_json`].
pub fn access_to_json(line: &AccessLine) -> Result<String, serde_json::Error> {
    let mut text = Vec::with_capacity(ACCESS_BYTES);
    text.extend_from_slice(br#"{"type":"access""#);
    let body = text.len();
    serde_json::to_writer(&mut text, line)?;
    // The brace that opens the body becomes the comma after the type.
    if let Some(brace) = text.get_mut(body) {
        *brace = b',';
    }
    String::from_utf8(text).map_err(serde::ser::Error::custom)
}

#[cfg(test)]
mod tests;
