//! A request's parameters, read in exactly one way or not at all.
//!
//! What this crate read is what the exchange must read too. So names are plain words, broken percent-encoding, `;`
//! as a separator, empty pairs and control characters are refused, and a parameter that we act on must stand there
//! once, under its exact name.

use crate::json::{self, Value};
use crate::rejection::Ambiguity;
use std::borrow::Cow;
use sumun_model::MarketId;

/// One parameter, decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Param<'a> {
    /// Name, without the `[]` of a list.
    pub name: Cow<'a, str>,
    /// Value. Of a JSON number or boolean, its literal text.
    pub value: Cow<'a, str>,
    /// Whether it is an element of a list (`name[]=value`, or in a JSON array).
    pub element: bool,
}

/// The parameters in the order received. Lists are one [`Param`] for each element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params<'a>(Vec<Param<'a>>);

/// A market that is named twice, in a list, under a look-alike name, or is no market's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the market is named more than once, in a list, under a look-alike name, or is not a market's name")]
pub struct AmbiguousMarket;

impl<'a> Params<'a> {
    /// Parameters that one request may have. Upbit's longest list is 100 ids.
    pub const COUNT_MAX: usize = 256;

    /// The parameters in the order received.
    pub fn iter(&self) -> impl Iterator<Item = &Param<'a>> {
        self.0.iter()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The market under the given name, which [`crate::Route::market_param`] holds; `None` if it is not there.
    ///
    /// # Errors
    /// Two readings are possible: the name is repeated, is a list, or differs in case; or the value is no market.
    pub fn market(&self, name: &str) -> Result<Option<MarketId>, AmbiguousMarket> {
        let mut named = self.0.iter().filter(|p| p.name.eq_ignore_ascii_case(name));
        let Some(first) = named.next() else { return Ok(None) };
        if named.next().is_some() || first.element || first.name != name || !is_market(&first.value) {
            return Err(AmbiguousMarket);
        }
        MarketId::new(&first.value).map(Some).map_err(|_| AmbiguousMarket)
    }

    /// Reads a raw query or form. With `separable` false the hashed string could not tell `&` and `=` inside a
    /// name or value from separators.
    pub(crate) fn from_pairs(raw: &'a str, separable: bool) -> Result<Self, PairsError> {
        if raw.bytes().any(|b| !b.is_ascii_graphic() || matches!(b, b';' | b'"' | b'#' | b'\\' | b'<' | b'>'))
        {
            return Err(Ambiguity::RawByte.into());
        }
        let mut params = Vec::with_capacity(8);
        for pair in raw.split('&') {
            if pair.is_empty() {
                return Err(Ambiguity::EmptyPair.into());
            }
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decoded(name)?, decoded(value)?);
            if !separable && (holds_separator(&name) || holds_separator(&value)) {
                return Err(PairsError::Smuggled);
            }
            let element = name.ends_with("[]");
            let name = match name {
                Cow::Borrowed(name) => Cow::Borrowed(name.strip_suffix("[]").unwrap_or(name)),
                Cow::Owned(name) => Cow::Owned(name.strip_suffix("[]").unwrap_or(&name).to_owned()),
            };
            push(&mut params, Param { name, value, element })?;
        }
        Ok(Self(params))
    }

    /// Reads a JSON body: one flat object of texts, numbers, booleans and lists of them.
    ///
    /// Null is refused: clients disagree (one hashes the word `None`, one leaves the member out of the hash).
    pub(crate) fn from_json(body: &'a [u8]) -> Result<Self, Ambiguity> {
        let limits = json::Limits { depth: 2, values: 2 * Self::COUNT_MAX };
        let Ok(Value::Object(members)) = json::parse(body, limits) else { return Err(Ambiguity::Json) };
        let mut params = Vec::with_capacity(members.len());
        for (name, value) in members {
            match value {
                Value::List(items) => {
                    // An empty list leaves no trace in the hashed string: it could be added unseen.
                    if items.is_empty() {
                        return Err(Ambiguity::Json);
                    }
                    for item in items {
                        push(&mut params, Param { name: name.clone(), value: scalar(item)?, element: true })?;
                    }
                }
                value => push(&mut params, Param { name, value: scalar(value)?, element: false })?,
            }
        }
        Ok(Self(params))
    }

    /// Whether a name or value holds `&` or `=`.
    pub(crate) fn hold_separator(&self) -> bool {
        self.0.iter().any(|p| holds_separator(&p.name) || holds_separator(&p.value))
    }

    /// Checks names and values; apart from reading, so that smuggling can be told first.
    pub(crate) fn check(&self) -> Result<(), Ambiguity> {
        for param in &self.0 {
            if !is_name(&param.name) {
                return Err(Ambiguity::Name);
            }
            if param.name.eq_ignore_ascii_case("_method") {
                return Err(Ambiguity::MethodOverride);
            }
            let value = param.value.as_ref();
            let holds_c1 = !value.is_ascii() && value.contains(is_c1_control);
            if value.bytes().any(|b| b.is_ascii_control()) || holds_c1 {
                return Err(Ambiguity::ControlCharacter);
            }
        }
        Ok(())
    }
}

/// Why a query or form gave no parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PairsError {
    Ambiguous(Ambiguity),
    Smuggled,
}

impl From<Ambiguity> for PairsError {
    fn from(ambiguity: Ambiguity) -> Self {
        Self::Ambiguous(ambiguity)
    }
}

fn push<'a>(params: &mut Vec<Param<'a>>, param: Param<'a>) -> Result<(), Ambiguity> {
    if params.len() == Params::COUNT_MAX {
        return Err(Ambiguity::TooMany);
    }
    params.push(param);
    Ok(())
}

fn scalar(value: Value<'_>) -> Result<Cow<'_, str>, Ambiguity> {
    match value {
        Value::Text(text) => Ok(text),
        Value::Number(literal) => Ok(Cow::Borrowed(literal)),
        Value::Bool(true) => Ok(Cow::Borrowed("true")),
        Value::Bool(false) => Ok(Cow::Borrowed("false")),
        Value::Null | Value::List(_) | Value::Object(_) => Err(Ambiguity::Json),
    }
}

fn is_c1_control(c: char) -> bool {
    ('\u{80}'..='\u{9f}').contains(&c)
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
}

fn is_market(value: &str) -> bool {
    !value.is_empty()
        && value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'/'))
}

fn holds_separator(text: &str) -> bool {
    text.bytes().any(|b| matches!(b, b'&' | b'='))
}

/// A stretch of percent-encoded text.
pub(crate) enum Piece<'a> {
    /// Stands for itself.
    Literal(&'a [u8]),
    /// The byte that a `%XX` stands for.
    Decoded(u8),
}

/// Hands out percent-encoded text in pieces; `false` if a `%` is not followed by two hexadecimal digits.
pub(crate) fn percent_decode(text: &str, mut piece: impl FnMut(Piece<'_>)) -> bool {
    let mut parts = text.split('%');
    piece(Piece::Literal(parts.next().unwrap_or_default().as_bytes()));
    for part in parts {
        let hex = |i: usize| part.as_bytes().get(i).and_then(|b| char::from(*b).to_digit(16));
        let (Some(high), Some(low)) = (hex(0), hex(1)) else { return false };
        // Two hexadecimal digits make at most 255.
        piece(Piece::Decoded(u8::try_from(high << 4 | low).unwrap_or_default()));
        piece(Piece::Literal(part.as_bytes().get(2..).unwrap_or_default()));
    }
    true
}

/// Form-decodes: `+` is a space, `%XX` a byte.
fn decoded(text: &str) -> Result<Cow<'_, str>, Ambiguity> {
    if !text.bytes().any(|b| matches!(b, b'%' | b'+')) {
        return Ok(Cow::Borrowed(text));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let whole = percent_decode(text, |piece| match piece {
        Piece::Literal(literal) => bytes.extend(literal.iter().map(|b| if *b == b'+' { b' ' } else { *b })),
        Piece::Decoded(byte) => bytes.push(byte),
    });
    if !whole {
        return Err(Ambiguity::PercentEncoding);
    }
    String::from_utf8(bytes).map(Cow::Owned).map_err(|_| Ambiguity::PercentEncoding)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(raw: &str) -> Result<Vec<(String, String, bool)>, PairsError> {
        let params = Params::from_pairs(raw, true)?;
        params.check()?;
        Ok(params.iter().map(|p| (p.name.to_string(), p.value.to_string(), p.element)).collect())
    }

    #[test]
    fn reads_pairs_as_forms_are_read() {
        let row = |n: &str, v: &str, e| (n.to_owned(), v.to_owned(), e);
        assert_eq!(
            pairs("market=KRW-BTC&states%5B%5D=wait&states[]=done&id=a+b%2Bc%3D%26&flag&memo=%EA%B0%80")
                .unwrap(),
            [
                row("market", "KRW-BTC", false),
                row("states", "wait", true),
                row("states", "done", true),
                row("id", "a b+c=&", false),
                row("flag", "", false),
                row("memo", "가", false),
            ]
        );
    }

    #[test]
    fn what_servers_read_differently_is_refused() {
        for (bad, why) in [
            ("a=1;b=2", Ambiguity::RawByte),
            ("a=1#b", Ambiguity::RawByte),
            ("a=가", Ambiguity::RawByte),
            ("a=1&&b=2", Ambiguity::EmptyPair),
            ("&a=1", Ambiguity::EmptyPair),
            ("=1", Ambiguity::Name),
            ("a%00=1", Ambiguity::Name),
            ("a%3Db=1", Ambiguity::Name),
            ("a[b]=1", Ambiguity::Name),
            ("a[][]=1", Ambiguity::Name),
            ("[]=1", Ambiguity::Name),
            ("+a=1", Ambiguity::Name),
            ("_method=DELETE", Ambiguity::MethodOverride),
            ("a=1&_Method[]=DELETE", Ambiguity::MethodOverride),
            ("a=%00", Ambiguity::ControlCharacter),
            ("a=%0a", Ambiguity::ControlCharacter),
            ("a=%C2%85", Ambiguity::ControlCharacter),
            ("a=%C0%AF", Ambiguity::PercentEncoding),
            ("a=%", Ambiguity::PercentEncoding),
            ("a=%4", Ambiguity::PercentEncoding),
            ("a=%+1", Ambiguity::PercentEncoding),
            ("a=%gg", Ambiguity::PercentEncoding),
        ] {
            assert_eq!(pairs(bad), Err(PairsError::Ambiguous(why)), "{bad}");
        }
        let many = "a=1&".repeat(Params::COUNT_MAX) + "a=1";
        assert_eq!(pairs(&many), Err(PairsError::Ambiguous(Ambiguity::TooMany)));
    }

    #[test]
    fn json_is_flat_and_names_are_words() {
        for bad in [
            r#"{"a":null}"#,
            r#"{"a":{}}"#,
            r#"{"a":[]}"#,
            r#"{"a":[null]}"#,
            r#"{"a":[[1]]}"#,
            r#"{"a":1,"a":1}"#,
            "[]",
            "1",
            "{}x",
            "\u{feff}{}",
        ] {
            assert_eq!(Params::from_json(bad.as_bytes()), Err(Ambiguity::Json), "{bad}");
        }
        for bad in [r#"{"a[]":1}"#, r#"{"":1}"#, r#"{"a b":1}"#, r#"{"a\u0000":1}"#, r#"{"ａ":1}"#] {
            assert_eq!(Params::from_json(bad.as_bytes()).unwrap().check(), Err(Ambiguity::Name), "{bad}");
        }
        let nul = Params::from_json(br#"{"a":"\u0000"}"#).unwrap();
        assert_eq!(nul.check(), Err(Ambiguity::ControlCharacter));
    }

    #[test]
    fn a_market_stands_there_once_under_its_name_or_is_ambiguous() {
        let market = |raw: &'static str| Params::from_pairs(raw, true).unwrap().market("market");
        assert_eq!(market("market=KRW-BTC&side=bid").unwrap().unwrap().as_str(), "KRW-BTC");
        assert_eq!(market("side=bid"), Ok(None));
        for bad in [
            "market=KRW-BTC&market=KRW-ETH",
            "market=KRW-BTC&market[]=KRW-ETH",
            "market[]=KRW-BTC",
            "Market=KRW-BTC",
            "market=KRW-BTC&MARKET=KRW-ETH",
            "market=",
            "market=KRW-BTC,KRW-ETH",
            "market=KRW-BTC%20",
        ] {
            assert_eq!(market(bad), Err(AmbiguousMarket), "{bad}");
        }
    }
}
