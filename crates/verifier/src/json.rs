//! Canonical JSON (RFC 8785, whole numbers only), read and judged in one pass: what is spelled otherwise is not read.
//!
//! Nothing is built of what is read. Whoever reads says what he looks at ([`Reader::members`], [`Reader::items`]); the rest
//! is judged and passed over. Text is handed out as it is spelled: as each has one spelling, equal spellings are equal texts.

/// A value; of lists and objects only that it is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    Null,
    Bool,
    Number(i64),
    /// As it is spelled, without the quotation marks.
    Text(&'a str),
    List,
    Object,
}

/// Largest whole number that every reader keeps exactly.
const NUMBER_MAX: i64 = (1 << 53) - 1;
/// Most objects and lists around a value.
const DEPTH_MAX: usize = 96;

/// A text being read. Each method reads one value and answers `None` if it is not there in its canonical spelling; what
/// follows is then not read either.
pub(crate) struct Reader<'a> {
    text: &'a str,
    /// Bytes read.
    at: usize,
    /// Objects and lists around what comes next.
    depth: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0, depth: 0 }
    }

    /// Nothing follows.
    pub(crate) fn end(&self) -> Option<()> {
        (self.at == self.text.len()).then_some(())
    }

    /// Any value.
    pub(crate) fn value(&mut self) -> Option<Value<'a>> {
        match self.first()? {
            b'n' => self.take("null").map(|()| Value::Null),
            b't' => self.take("true").map(|()| Value::Bool),
            b'f' => self.take("false").map(|()| Value::Bool),
            b'"' => self.string().map(Value::Text),
            b'[' => self.items(|json| json.value().map(drop)).map(|_| Value::List),
            b'{' => self.members(|json, _| json.value().map(drop)).map(|_| Value::Object),
            _ => self.number().map(Value::Number),
        }
    }

    /// Any value; of a list, `each` reads every item. Answers whether it was one.
    pub(crate) fn items(&mut self, mut each: impl FnMut(&mut Self) -> Option<()>) -> Option<bool> {
        if self.first()? != b'[' {
            return self.value().map(|_| false);
        }
        self.inside(b']', |json| each(json))
    }

    /// Any value; of an object, `each` reads every member's value, given its name. Answers whether it was one.
    pub(crate) fn members(&mut self, mut each: impl FnMut(&mut Self, &'a str) -> Option<()>) -> Option<bool> {
        if self.first()? != b'{' {
            return self.value().map(|_| false);
        }
        let mut before: Option<&str> = None;
        self.inside(b'}', |json| {
            let name = json.string()?;
            before.is_none_or(|before| ascend(before, name)).then_some(())?;
            before = Some(name);
            json.take(":")?;
            each(json, name)
        })
    }

    /// A list or object up to its `last` byte.
    fn inside(&mut self, last: u8, mut each: impl FnMut(&mut Self) -> Option<()>) -> Option<bool> {
        (self.at, self.depth) = (self.at + 1, self.depth + 1);
        if self.peek()? != last {
            loop {
                each(self)?;
                match self.peek()? {
                    b',' => self.at += 1,
                    other => break (other == last).then_some(())?,
                }
            }
        }
        (self.at, self.depth) = (self.at + 1, self.depth - 1);
        Some(true)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The first byte of a value, unless too much is around it.
    fn first(&self) -> Option<u8> {
        self.peek().filter(|_| self.depth <= DEPTH_MAX)
    }

    fn take(&mut self, what: &str) -> Option<()> {
        self.text.as_bytes().get(self.at..)?.starts_with(what.as_bytes()).then(|| self.at += what.len())
    }

    fn number(&mut self) -> Option<i64> {
        let negative = self.take("-").is_some();
        let start = self.at;
        let (first, mut number) = (self.peek()?, 0_i64);
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            number = number.checked_mul(10)?.checked_add(i64::from(digit - b'0'))?;
            self.at += 1;
        }
        // One spelling: no leading zeroes, and no minus nought.
        let digits = self.at - start;
        let one = digits > 0 && (first != b'0' || digits == 1 && !negative);
        (one && number <= NUMBER_MAX).then_some(if negative { -number } else { number })
    }

    /// A text, as it is spelled.
    fn string(&mut self) -> Option<&'a str> {
        self.take("\"")?;
        let start = self.at;
        loop {
            match self.peek()? {
                b'"' => break,
                b'\\' => self.at += escape(self.text.as_bytes().get(self.at..)?)?.1,
                0..b' ' => return None,
                _ => self.at += 1,
            }
        }
        let spelled = self.text.get(start..self.at);
        self.at += 1;
        spelled
    }
}

/// What the escape that `bytes` begin with stands for and how long it is, where RFC 8785 wants one.
fn escape(bytes: &[u8]) -> Option<(char, usize)> {
    let short = |found| Some((found, 2));
    match bytes.get(1)? {
        b'"' => short('"'),
        b'\\' => short('\\'),
        b'b' => short('\u{8}'),
        b't' => short('\t'),
        b'n' => short('\n'),
        b'f' => short('\u{c}'),
        b'r' => short('\r'),
        b'u' => {
            let [b'0', b'0', high @ (b'0' | b'1'), low] = bytes.get(2..6)? else { return None };
            let low = match low {
                b'0'..=b'9' => low - b'0',
                b'a'..=b'f' => low - b'a' + 10,
                _ => return None,
            };
            let found = char::from((high - b'0') * 16 + low);
            let needed = !matches!(found, '\u{8}' | '\t' | '\n' | '\u{c}' | '\r');
            needed.then_some((found, 6))
        }
        _ => None,
    }
}

/// Whether two spelled names ascend by UTF-16 code units; so none comes twice.
fn ascend(before: &str, after: &str) -> bool {
    let plain = |name: &str| name.bytes().all(|byte| byte.is_ascii() && byte != b'\\');
    if plain(before) && plain(after) { before < after } else { units(before).lt(units(after)) }
}

fn units(spelled: &str) -> impl Iterator<Item = u16> {
    let mut rest = spelled;
    let chars = std::iter::from_fn(move || {
        let (found, length) = match rest.chars().next()? {
            '\\' => escape(rest.as_bytes())?,
            other => (other, other.len_utf8()),
        };
        rest = rest.get(length..)?;
        Some(found)
    });
    chars.flat_map(|found| {
        let mut both = [0; 2];
        let count = found.encode_utf16(&mut both).len();
        both.into_iter().take(count)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Option<Value<'_>> {
        let mut json = Reader::new(text);
        let value = json.value()?;
        json.end().map(|()| value)
    }

    #[test]
    fn one_spelling_is_read() {
        for good in
            ["null", "[]", "{}", "[1,-1,0,9007199254740991]", "\"\u{7f}é\u{2028}\\u001f\\b\\\"\"", "{\"\":1}"]
        {
            assert!(read(good).is_some(), "{good}");
        }
        for bad in [
            "",
            " 1",
            "1 ",
            "01",
            "-0",
            "+1",
            "1.0",
            "1e0",
            "9007199254740992",
            "-9007199254740992",
            "[1,]",
            "[,1]",
            "{\"b\":1,\"a\":2}",
            "{\"a\":1,\"a\":1}",
            "{\"a\": 1}",
            "\"\\/\"",
            "\"\\u0041\"",
            "\"\\u001F\"",
            "\"\\u0008\"",
            "\"\\ud83d\\ude00\"",
            "\"\t\"",
            "\"",
            "nul",
            "[",
            "{",
            "[1",
            "{\"\u{fb33}\":1,\"\u{1f600}\":2}",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
        let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(read(&nested(DEPTH_MAX + 1)).is_some());
        assert_eq!(read(&nested(DEPTH_MAX + 2)), None);
        assert_eq!(read(&"[".repeat(1 << 20)), None);
    }

    fn values() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            (-NUMBER_MAX..=NUMBER_MAX).prop_map(Into::into),
            any::<String>().prop_map(Into::into),
            "[\\x00-\\x20\"\\\\a]{0,6}".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
                proptest::collection::hash_map(any::<String>(), inner, 0..5)
                    .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        /// What the ledger writes is read; the same text changed anywhere is read only if the ledger would write it so.
        #[test]
        fn it_reads_what_the_ledger_writes_and_nothing_else(value in values(), at in any::<prop::sample::Index>(), with in any::<char>()) {
            let text = sumun_ledger::Canonical::of(&value).unwrap().into_string();
            prop_assert!(read(&text).is_some(), "{}", text);
            let mut changed: Vec<char> = text.chars().collect();
            let at = at.index(changed.len());
            changed[at] = with;
            let changed: String = changed.into_iter().collect();
            let right = serde_json::from_str::<serde_json::Value>(&changed)
                .ok()
                .and_then(|value| sumun_ledger::Canonical::of(&value).ok())
                .is_some_and(|canonical| canonical.as_str() == changed);
            prop_assert_eq!(read(&changed).is_some(), right, "{}", changed);
        }
    }
}
