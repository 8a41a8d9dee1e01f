//! A strict JSON reader: one text, one reading.
//!
//! Where parsers differ this one refuses: repeated members at any level, invalid UTF-8, a byte order mark, lone
//! surrogates, trailing data. Numbers keep their literal text, because that text is what clients hash. Bounded in
//! depth and in count of values, so that hostile text costs little.

use std::borrow::Cow;
use std::collections::HashSet;

/// A JSON value, borrowing from its text where nothing is escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    Text(Cow<'a, str>),
    /// The literal token, such as `1e-05`.
    Number(&'a str),
    Bool(bool),
    Null,
    List(Vec<Value<'a>>),
    Object(Vec<(Cow<'a, str>, Value<'a>)>),
}

/// What is too much.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Nesting; a flat object has depth 1.
    pub(crate) depth: usize,
    /// Values in all, the outermost included.
    pub(crate) values: usize,
}

/// Text that is not JSON read in exactly one way within the limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} at byte {at}")]
pub(crate) struct JsonError {
    /// Byte offset.
    pub(crate) at: usize,
    /// What is wrong there.
    pub(crate) what: &'static str,
}

/// Reads one JSON text, whole.
pub(crate) fn parse(text: &[u8], limits: Limits) -> Result<Value<'_>, JsonError> {
    let text =
        std::str::from_utf8(text).map_err(|e| JsonError { at: e.valid_up_to(), what: "invalid UTF-8" })?;
    let mut reader = Reader { text, at: 0, values_left: limits.values };
    reader.skip_space();
    let value = reader.value(limits.depth)?;
    reader.skip_space();
    if reader.at < text.len() {
        return Err(reader.error("trailing data"));
    }
    Ok(value)
}

/// Members beyond which names are compared by hash instead of one by one.
const LINEAR_MEMBERS_MAX: usize = 16;

struct Reader<'a> {
    text: &'a str,
    at: usize,
    values_left: usize,
}

impl<'a> Reader<'a> {
    fn error(&self, what: &'static str) -> JsonError {
        JsonError { at: self.at, what }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// The text from `from` to here. Both ends stand beside ASCII, hence on character boundaries.
    fn since(&self, from: usize) -> &'a str {
        self.text.get(from..self.at).unwrap_or_default()
    }

    fn value(&mut self, depth_left: usize) -> Result<Value<'a>, JsonError> {
        self.values_left = self.values_left.checked_sub(1).ok_or_else(|| self.error("too many values"))?;
        match self.peek() {
            Some(b'"') => Ok(Value::Text(self.string()?)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            Some(b'[') => self.list(self.deeper(depth_left)?),
            Some(b'{') => self.object(self.deeper(depth_left)?),
            _ => Err(self.error("not a JSON value")),
        }
    }

    fn deeper(&self, depth_left: usize) -> Result<usize, JsonError> {
        depth_left.checked_sub(1).ok_or_else(|| self.error("nested too deep"))
    }

    fn word(&mut self, word: &'static str, value: Value<'a>) -> Result<Value<'a>, JsonError> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        if !rest.starts_with(word) {
            return Err(self.error("not a JSON value"));
        }
        self.at += word.len();
        Ok(value)
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let from = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == from { Err(self.error("a digit is missing")) } else { Ok(()) }
    }

    fn number(&mut self) -> Result<Value<'a>, JsonError> {
        let from = self.at;
        self.eat(b'-');
        if !self.eat(b'0') {
            self.digits()?;
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            if !self.eat(b'+') {
                self.eat(b'-');
            }
            self.digits()?;
        }
        // `01`, `1x` and the like stop here and fail at the separator that is then missing.
        Ok(Value::Number(self.since(from)))
    }

    fn string(&mut self) -> Result<Cow<'a, str>, JsonError> {
        self.at += 1;
        let mut from = self.at;
        let mut unescaped: Option<String> = None;
        loop {
            let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
            self.at += plain_bytes(rest);
            let stretch = self.since(from);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(match unescaped {
                        None => Cow::Borrowed(stretch),
                        Some(text) => Cow::Owned(text + stretch),
                    });
                }
                Some(b'\\') => {
                    self.at += 1;
                    let escaped = self.escape()?;
                    let text = unescaped.get_or_insert_default();
                    text.push_str(stretch);
                    text.push(escaped);
                    from = self.at;
                }
                Some(_) => return Err(self.error("a control character in a string")),
                None => return Err(self.error("a string does not end")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        let letter = self.peek().ok_or_else(|| self.error("a string does not end"))?;
        self.at += 1;
        Ok(match letter {
            b'"' | b'\\' | b'/' => char::from(letter),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.four_hex()?;
                let scalar = if (0xd800..0xdc00).contains(&first) {
                    if !(self.eat(b'\\') && self.eat(b'u')) {
                        return Err(self.error("a lone surrogate"));
                    }
                    let second = self.four_hex()?;
                    if !(0xdc00..0xe000).contains(&second) {
                        return Err(self.error("a lone surrogate"));
                    }
                    0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00)
                } else {
                    first
                };
                char::from_u32(scalar).ok_or_else(|| self.error("a lone surrogate"))?
            }
            _ => return Err(self.error("an unknown escape")),
        })
    }

    fn four_hex(&mut self) -> Result<u32, JsonError> {
        let mut value = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|b| char::from(b).to_digit(16));
            value = value << 4 | digit.ok_or_else(|| self.error("four hexadecimal digits are missing"))?;
            self.at += 1;
        }
        Ok(value)
    }

    fn list(&mut self, depth_left: usize) -> Result<Value<'a>, JsonError> {
        self.at += 1;
        self.skip_space();
        let mut items = Vec::new();
        if self.eat(b']') {
            return Ok(Value::List(items));
        }
        loop {
            self.skip_space();
            items.push(self.value(depth_left)?);
            self.skip_space();
            if self.eat(b']') {
                return Ok(Value::List(items));
            }
            if !self.eat(b',') {
                return Err(self.error("`,` or `]` is missing"));
            }
        }
    }

    fn object(&mut self, depth_left: usize) -> Result<Value<'a>, JsonError> {
        self.at += 1;
        self.skip_space();
        let mut members: Vec<(Cow<'a, str>, Value<'a>)> = Vec::new();
        if self.eat(b'}') {
            return Ok(Value::Object(members));
        }
        members.reserve(8);
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return Err(self.error("a member's name is missing"));
            }
            let name = self.string()?;
            self.skip_space();
            if !self.eat(b':') {
                return Err(self.error("`:` is missing"));
            }
            self.skip_space();
            members.push((name, self.value(depth_left)?));
            self.skip_space();
            if self.eat(b'}') {
                break;
            }
            if !self.eat(b',') {
                return Err(self.error("`,` or `}` is missing"));
            }
        }
        if has_repeated_name(&members) {
            return Err(self.error("a repeated member"));
        }
        Ok(Value::Object(members))
    }
}

/// How many bytes come before the first quote, backslash or control character; eight are looked at in one step.
fn plain_bytes(text: &[u8]) -> usize {
    const EACH: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH_BITS: u64 = 0x80 * EACH;
    // Sets the high bit of each byte below `bound` (at most 0x80), and perhaps of bytes after such a one, by borrowing:
    // the first that is set is exact.
    let below = |word: u64, bound: u64| word.wrapping_sub(bound * EACH) & !word & HIGH_BITS;
    let is = |word: u64, byte: u8| below(word ^ (u64::from(byte) * EACH), 1);
    let (words, rest) = text.as_chunks();
    for (n, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let found = below(word, 0x20) | is(word, b'"') | is(word, b'\\');
        if found != 0 {
            return n * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    let last = rest.iter().position(|b| matches!(b, b'"' | b'\\' | 0..=0x1f));
    text.len() - rest.len() + last.unwrap_or(rest.len())
}

fn has_repeated_name(members: &[(Cow<'_, str>, Value<'_>)]) -> bool {
    if members.len() > LINEAR_MEMBERS_MAX {
        let mut seen = HashSet::with_capacity(members.len());
        return members.iter().any(|(name, _)| !seen.insert(name.as_ref()));
    }
    let mut rest = members;
    while let Some(((name, _), tail)) = rest.split_first() {
        if tail.iter().any(|(other, _)| other == name) {
            return true;
        }
        rest = tail;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMITS: Limits = Limits { depth: 4, values: 64 };

    fn read(text: &str) -> Result<Value<'_>, JsonError> {
        parse(text.as_bytes(), LIMITS)
    }

    #[test]
    fn keeps_literals_and_resolves_escapes() {
        let Value::Object(members) =
            read(r#" {"a":1e-05,"b":"x\u0026\ud83d\ude00\/","c":[true,null]} "#).unwrap()
        else {
            panic!("an object")
        };
        assert_eq!(members[0].1, Value::Number("1e-05"));
        assert_eq!(members[1].1, Value::Text("x&😀/".into()));
        assert_eq!(members[2].1, Value::List(vec![Value::Bool(true), Value::Null]));
    }

    #[test]
    fn what_parsers_read_differently_is_refused() {
        for bad in [
            r#"{"a":1,"a":2}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"[{"b":{"a":1,"a":1}}]"#,
            "\u{feff}{}",
            r#""\ud800""#,
            r#""\ud800\u0041""#,
            r#""\udc00""#,
            "{} {}",
            "{}x",
            "[1,]",
            r#"{"a":1,}"#,
            "{'a':1}",
            "01",
            "1.",
            ".5",
            "+1",
            "1e",
            "NaN",
            "Infinity",
            "\"a\nb\"",
            r#""\x41""#,
            "/**/1",
            "",
            "[[[[[1]]]]]",
        ] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
        assert!(parse(b"\"\xc0\xaf\"", LIMITS).is_err(), "overlong UTF-8");
        assert!(read(&format!("[{}1]", "1,".repeat(63))).is_err(), "too many values");
    }

    #[test]
    fn repeated_names_are_found_in_long_objects_too() {
        let members = |n: usize| (0..n).map(|i| format!("\"m{i}\":0")).collect::<Vec<_>>().join(",");
        assert!(read(&format!("{{{}}}", members(40))).is_ok());
        assert!(read(&format!("{{{},\"m7\":0}}", members(40))).is_err());
    }

    fn plain(value: &Value<'_>) -> serde_json::Value {
        match value {
            Value::Text(t) => t.as_ref().into(),
            Value::Number(n) => serde_json::from_str(n).unwrap(),
            Value::Bool(b) => (*b).into(),
            Value::Null => serde_json::Value::Null,
            Value::List(items) => items.iter().map(plain).collect(),
            Value::Object(m) => m.iter().map(|(k, v)| (k.to_string(), plain(v))).collect(),
        }
    }

    fn tree() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<String>().prop_map(Into::into),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
                prop::collection::btree_map(any::<String>(), inner, 0..4)
                    .prop_map(|m| serde_json::Value::Object(m.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn plain_bytes_are_counted_as_one_by_one(
            bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(b'"'), Just(b'\\'), 0x1eu8..0x24, 0x7fu8..0x82], 0..40),
            plain in 0usize..40,
        ) {
            let text = [vec![b'a'; plain], bytes].concat();
            let naive = text.iter().position(|b| matches!(b, b'"' | b'\\' | 0..=0x1f)).unwrap_or(text.len());
            prop_assert_eq!(plain_bytes(&text), naive);
        }

        #[test]
        fn reads_what_another_writer_wrote(value in tree()) {
            let limits = Limits { depth: 8, values: 1000 };
            for text in [serde_json::to_string(&value).unwrap(), serde_json::to_string_pretty(&value).unwrap()] {
                prop_assert_eq!(&plain(&parse(text.as_bytes(), limits).unwrap()), &value);
            }
        }

        #[test]
        fn never_accepts_what_another_reader_refuses(text in r#"[\[\]{}",:0-9eE.+\-\\ua-f ntrl]{0,24}"#) {
            if let Ok(value) = read(&text) {
                let other = serde_json::from_str::<serde_json::Value>(&text);
                // Exponents beyond a double are JSON all the same; the other reader gives up on them.
                prop_assert!(other.is_ok_and(|o| o == plain(&value)) || text.contains(['e', 'E']), "{}", text);
            }
        }

        #[test]
        fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = parse(&bytes, LIMITS);
        }
    }
}
