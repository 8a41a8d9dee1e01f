//! The form of payloads checked the plain way: a tree of the whole payload first, then its members. For tests only, which
//! hold `form` against it.

use crate::entry::PAYLOAD_MAX;
use crate::form::{ERASED, Form};

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

/// Checks a payload whose leaf is of `class`.
///
/// # Errors
/// What was expected. The payload itself is never told.
pub(crate) fn form(text: &str, class: &str) -> Result<Form, &'static str> {
    if text.len() as u64 > PAYLOAD_MAX {
        return Err("a payload of at most 16 MiB");
    }
    let value = read(text).ok_or("a payload in canonical JSON")?;
    match &value {
        Value::Object(members) if members.iter().map(|(name, _)| name.as_str()).eq(MEMBERS) => {}
        _ => return Err("a payload with the six members of one"),
    }
    let member = |name: &str| value.member(name).unwrap_or(&Value::Null);
    if member("v").number() != Some(1) {
        return Err("a payload of version 1");
    }
    if member("class").text() != Some(class) {
        return Err("a payload of the leaf's class");
    }
    if !member("at").text().is_some_and(is_time) {
        return Err("`at` in UTC with six decimals");
    }
    if !matches!(member("facts"), Value::Object(_)) {
        return Err("an object of facts");
    }
    let rows = member("rows").list().ok_or("a list of rows")?;
    if !rows.iter().all(is_row) {
        return Err("rows with their table and a version from 1");
    }
    let feed = member("feed").list().ok_or("a list of feed records")?;
    let mut keys: Vec<&str> = feed.iter().filter_map(|record| record.member("key")?.text()).collect();
    keys.retain(|key| !key.is_empty());
    keys.sort_unstable();
    keys.dedup();
    if keys.len() != feed.len() {
        return Err("feed records with a key each, none twice");
    }
    let index = member("facts").member("index").and_then(Value::number);
    Ok(Form { erases: index.filter(|_| class == ERASED).and_then(|index| index.try_into().ok()) })
}

/// In canonical order.
const MEMBERS: [&str; 6] = ["at", "class", "facts", "feed", "rows", "v"];

fn is_row(item: &Value) -> bool {
    let (Value::Object(members), Some(row)) = (item, item.member("row")) else { return false };
    members.len() == 2
        && item.member("table").and_then(Value::text).is_some_and(|table| !table.is_empty())
        && row.member("version").and_then(Value::number).is_some_and(|version| version >= 1)
}

/// `2026-01-02T03:04:05.000006Z`, a time that the calendar has.
fn is_time(text: &str) -> bool {
    let shape = text.len() == 27
        && text.bytes().zip(b"dddd-dd-ddTdd:dd:dd.ddddddZ").all(|(found, wanted)| match wanted {
            b'd' => found.is_ascii_digit(),
            _ => found == *wanted,
        });
    let part =
        |from: usize, to: usize| text.get(from..to).and_then(|part| part.parse::<u32>().ok()).unwrap_or(99);
    let (year, month, day) =
        (text.get(..4).and_then(|year| year.parse::<u32>().ok()).unwrap_or(0), part(5, 7), part(8, 10));
    let leap = year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    shape
        && year > 0
        && (1..=days).contains(&day)
        && part(11, 13) < 24
        && part(14, 16) < 60
        && part(17, 19) < 60
}
