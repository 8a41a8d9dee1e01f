//! Canonical JSON (RFC 8785, whole numbers only), read and judged in one pass: what is spelled otherwise is not read.

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Number(i64),
    Text(String),
    List(Vec<Value>),
    /// Members in their canonical order.
    Object(Vec<(String, Value)>),
}

/// Largest whole number that every reader keeps exactly.
const NUMBER_MAX: i64 = (1 << 53) - 1;
/// Most objects and lists around a value.
const DEPTH_MAX: usize = 96;

impl Value {
    pub(crate) fn member(&self, name: &str) -> Option<&Value> {
        match self {
            Value::Object(members) => members.iter().find(|(known, _)| known == name).map(|(_, value)| value),
            _ => None,
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn number(&self) -> Option<i64> {
        match self {
            Value::Number(number) => Some(*number),
            _ => None,
        }
    }

    pub(crate) fn list(&self) -> Option<&[Value]> {
        match self {
            Value::List(items) => Some(items),
            _ => None,
        }
    }
}

/// The value that `text` spells, if it is the canonical spelling of one.
pub(crate) fn read(text: &str) -> Option<Value> {
    let mut reader = Reader { rest: text };
    let value = reader.value(0)?;
    reader.rest.is_empty().then_some(value)
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn take(&mut self, what: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(what)?;
        Some(())
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        (depth <= DEPTH_MAX).then_some(())?;
        match self.rest.as_bytes().first()? {
            b'n' => self.take("null").map(|()| Value::Null),
            b't' => self.take("true").map(|()| Value::Bool(true)),
            b'f' => self.take("false").map(|()| Value::Bool(false)),
            b'"' => self.text().map(Value::Text),
            b'[' => self.list(depth),
            b'{' => self.object(depth),
            _ => self.number().map(Value::Number),
        }
    }

    fn list(&mut self, depth: usize) -> Option<Value> {
        self.take("[")?;
        let mut items = Vec::new();
        if self.take("]").is_some() {
            return Some(Value::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            if self.take("]").is_some() {
                return Some(Value::List(items));
            }
            self.take(",")?;
        }
    }

    fn object(&mut self, depth: usize) -> Option<Value> {
        self.take("{")?;
        let mut members: Vec<(String, Value)> = Vec::new();
        if self.take("}").is_some() {
            return Some(Value::Object(members));
        }
        loop {
            let name = self.text()?;
            // Ascending by UTF-16 code units; so none comes twice.
            let after = |(before, _): &(String, Value)| before.encode_utf16().lt(name.encode_utf16());
            members.last().is_none_or(after).then_some(())?;
            self.take(":")?;
            members.push((name, self.value(depth + 1)?));
            if self.take("}").is_some() {
                return Some(Value::Object(members));
            }
            self.take(",")?;
        }
    }

    fn number(&mut self) -> Option<i64> {
        let end = self.rest.find(|c: char| c != '-' && !c.is_ascii_digit()).unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at_checked(end)?;
        let number: i64 = digits.parse().ok()?;
        self.rest = rest;
        // One spelling: refuses signs, leading zeroes and minus nought.
        ((-NUMBER_MAX..=NUMBER_MAX).contains(&number) && number.to_string() == digits).then_some(number)
    }

    fn text(&mut self) -> Option<String> {
        self.take("\"")?;
        let mut text = String::new();
        loop {
            let end = self.rest.find(|c: char| c < ' ' || c == '"' || c == '\\')?;
            let (plain, rest) = self.rest.split_at_checked(end)?;
            text.push_str(plain);
            self.rest = rest;
            if self.take("\"").is_some() {
                return Some(text);
            }
            self.take("\\")?;
            text.push(self.escaped()?);
        }
    }

    /// What stands behind a backslash, where RFC 8785 wants one.
    fn escaped(&mut self) -> Option<char> {
        let mut rest = self.rest.chars();
        let escaped = match rest.next()? {
            '"' => '"',
            '\\' => '\\',
            'b' => '\u{8}',
            't' => '\t',
            'n' => '\n',
            'f' => '\u{c}',
            'r' => '\r',
            'u' => {
                let digits = rest.as_str().strip_prefix("00")?.get(..2)?;
                let found = char::from(u8::from_str_radix(digits, 16).ok()?);
                let needed = found < ' ' && !matches!(found, '\u{8}' | '\t' | '\n' | '\u{c}' | '\r');
                (needed && format!("{:02x}", u32::from(found)) == digits).then_some(())?;
                rest = rest.as_str().get(4..)?.chars();
                found
            }
            _ => return None,
        };
        self.rest = rest.as_str();
        Some(escaped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
