//! JSON read strictly: no field twice, no field unknown, nothing nested without end; each no with a pointer and a remedy.
//!
//! Two readers of one document must not see two things. `serde_json` alone takes the last of two equal names in open maps,
//! so a document is read to a value first, by a reader that refuses the second.

use crate::problem::Problem;
use crate::text::{Wrong, unix_lines};
use serde::de::{DeserializeOwned, DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use serde_path_to_error::Segment;
use std::cell::RefCell;
use std::fmt;

mod objects;

/// Deepest nesting of a request. The deepest schema has five levels; the rest is room.
const DEPTH_MAX: usize = 16;

/// Reads a body as `T`.
///
/// # Errors
/// 400 `bad_json` if it is not JSON; 422 `duplicate_field`, `unknown_field`, `missing_field` or `bad_field` otherwise.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    read_value(&value(body)?)
}

fn read_value<T: DeserializeOwned>(value: &Value) -> Result<T, Problem> {
    if value.is_array() {
        // A list of a request's fields in their order would pass for the request.
        return Err(Problem::invalid("bad_field", "the body is a list", "send one JSON object").at(""));
    }
    serde_path_to_error::deserialize(objects::Reader(value)).map_err(|error| {
        let pointer = pointer(error.path());
        shape(&pointer, &error.into_inner().to_string())
    })
}

/// Reads a body as `T`, every text with line ends of one kind: of what was checked already, where the line ends of forms may stand.
///
/// # Errors
/// As [`read`].
pub(crate) fn read_lines<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let mut value = value(body)?;
    one_kind_of_lines(&mut value);
    read_value(&value)
}

fn one_kind_of_lines(value: &mut Value) {
    match value {
        Value::String(text) if text.contains('\r') => *text = unix_lines(text.as_str().into()).into_owned(),
        Value::Array(items) => items.iter_mut().for_each(one_kind_of_lines),
        Value::Object(fields) => fields.values_mut().for_each(one_kind_of_lines),
        _ => {}
    }
}

/// Reads a body as a value in which no name stands twice.
fn value(body: &[u8]) -> Result<Value, Problem> {
    let trail = Trail::default();
    let mut reader = serde_json::Deserializer::from_slice(body);
    let read = Node(&trail).deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    read.map_err(|error| match trail.refused.take() {
        Some((code, pointer)) if code == "duplicate_field" => {
            Problem::invalid(code, format!("`{pointer}` stands twice"), "keep one of the two").at(pointer)
        }
        Some((code, pointer)) => Problem::invalid(
            code,
            format!("`{pointer}` is nested more than {DEPTH_MAX} levels deep"),
            "no request needs that many; see /v1/openapi.json",
        )
        .at(pointer),
        None => Problem::bad_request(
            "bad_json",
            format!("the body is not JSON: {error}"),
            "send one JSON object in UTF-8",
        ),
    })
}

#[derive(Default)]
struct Trail {
    at: RefCell<Vec<String>>,
    refused: RefCell<Option<(&'static str, String)>>,
}

impl Trail {
    fn refuse(&self, code: &'static str, last: Option<&str>) {
        let mut pointer = String::new();
        for part in self.at.borrow().iter().map(String::as_str).chain(last) {
            push(&mut pointer, part);
        }
        *self.refused.borrow_mut() = Some((code, pointer));
    }

    fn enter<E: serde::de::Error>(&self, part: String) -> Result<(), E> {
        self.at.borrow_mut().push(part);
        if self.at.borrow().len() > DEPTH_MAX {
            self.refuse("too_deep", None);
            return Err(E::custom("too deep"));
        }
        Ok(())
    }

    fn leave(&self) {
        self.at.borrow_mut().pop();
    }
}

#[derive(Clone, Copy)]
struct Node<'t>(&'t Trail);

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;
    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_bool<E>(self, it: bool) -> Result<Value, E> {
        Ok(Value::Bool(it))
    }
    fn visit_u64<E>(self, it: u64) -> Result<Value, E> {
        Ok(Value::Number(it.into()))
    }
    fn visit_i64<E>(self, it: i64) -> Result<Value, E> {
        Ok(Value::Number(it.into()))
    }
    fn visit_f64<E: serde::de::Error>(self, it: f64) -> Result<Value, E> {
        Number::from_f64(it).map(Value::Number).ok_or_else(|| E::custom("not a number"))
    }
    fn visit_str<E>(self, it: &str) -> Result<Value, E> {
        Ok(Value::String(it.to_owned()))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        loop {
            self.0.enter(array.len().to_string())?;
            let item = items.next_element_seed(self)?;
            self.0.leave();
            match item {
                Some(item) => array.push(item),
                None => return Ok(Value::Array(array)),
            }
        }
    }
    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            if object.contains_key(&name) {
                self.0.refuse("duplicate_field", Some(&name));
                return Err(A::Error::custom("twice"));
            }
            self.0.enter(name.clone())?;
            let value = fields.next_value_seed(self)?;
            self.0.leave();
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

fn push(pointer: &mut String, part: &str) {
    pointer.push('/');
    pointer.extend(part.chars().take(64).flat_map(|c| match c {
        '~' => vec!['~', '0'],
        '/' => vec!['~', '1'],
        c => vec![c],
    }));
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => push(&mut pointer, &index.to_string()),
            Segment::Map { key } => push(&mut pointer, key),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

/// What serde says of a wrong shape, as a problem. Its three sentences about names are recognised; all else is a bad field.
fn shape(pointer: &str, said: &str) -> Problem {
    let named = |prefix: &str| said.strip_prefix(prefix)?.split('`').next().map(str::to_owned);
    if let Some(name) = named("missing field `") {
        let mut pointer = pointer.to_owned();
        push(&mut pointer, &name);
        return Problem::invalid(
            "missing_field",
            format!("`{pointer}` is missing"),
            "add it; /v1/openapi.json says what belongs there",
        )
        .at(pointer);
    }
    if let Some(name) = named("unknown field `") {
        // The path of an unknown field already ends with its name.
        let mut whole = pointer.to_owned();
        let mut last = String::new();
        push(&mut last, &name);
        if !pointer.ends_with(&last) {
            whole.push_str(&last);
        }
        let known = said.split_once("expected ").map_or("nothing", |(_, known)| known);
        return Problem::invalid(
            "unknown_field",
            format!("`{whole}` is not a field of this request"),
            format!("take it out; what may stand there: {known}"),
        )
        .at(whole);
    }
    if let Some(wrong) = Wrong::read(said) {
        return words(pointer, wrong);
    }
    if let Some((_, meant)) = said.split_once("has host bits set; did you mean `")
        && let Some(meant) = meant.split('`').next()
    {
        return host_bits(pointer, said, meant);
    }
    let place = if pointer.is_empty() { "the body" } else { pointer };
    Problem::invalid("bad_field", format!("`{place}`: {said}"), "see /v1/openapi.json for what belongs there")
        .at(pointer)
}

/// A range whose writer meant something else: one address, or the whole of it.
fn host_bits(pointer: &str, said: &str, meant: &str) -> Problem {
    let said = said.split(" at line ").next().unwrap_or(said);
    let remedy = format!(
        "give the one address without `/` and number; the whole range is written `{meant}`, and may be too wide"
    );
    Problem::invalid("prefix_host_bits", said.to_owned(), remedy).at(pointer)
}

/// What is wrong with words that somebody wrote, for him.
fn words(pointer: &str, wrong: Wrong) -> Problem {
    let (code, detail, remedy) = match wrong {
        Wrong::Empty => {
            ("reason_missing", format!("`{pointer}` is empty"), "say it in your own words".to_owned())
        }
        Wrong::Little => (
            "reason_missing",
            format!("`{pointer}` says nothing that somebody could check later"),
            "say it in your own words: three different letters or digits at least".to_owned(),
        ),
        Wrong::Long(count, most) => (
            "reason_too_long",
            format!("`{pointer}` has {count} characters, and at most {most} may stand there"),
            format!("make it shorter by {}", count.saturating_sub(most)),
        ),
        Wrong::Unprintable(place) => (
            "reason_unprintable",
            format!("`{pointer}` holds a character that no screen shows: the one at place {place}"),
            "take it out, if need be by typing that passage anew; line breaks may stand there".to_owned(),
        ),
    };
    Problem::invalid(code, detail, remedy).at(pointer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Reason;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Outer {
        name: String,
        #[serde(default)]
        inner: Vec<Inner>,
        #[serde(default)]
        open: Value,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Inner {
        count: u32,
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        let cases = [
            r#"{"name":"a"}"#,
            r#"{"name":"a","name":"b"}"#,
            r#"{"name":"a","open":{"x":{"y":1,"y":2}}}"#,
            r#"{"name":"a","open":[{"a/b":1,"a/b":2}]}"#,
            r#"{"nam":"a"}"#,
            r#"{"name":"a","inner":[{"count":1},{"count":1,"more":2}]}"#,
            r#"{"name":"a","inner":[{"count":-1}]}"#,
            r#"{"name":"a","inner":[{}]}"#,
            r#"{"name":"a","inner":[[1]]}"#,
            r#"{"name":7}"#,
            r#"{}"#,
            r#"[]"#,
            r#"{"name":"a"} {}"#,
            r#"{"name":"a""#,
            "",
            r#"{"name":"a","open":[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]}"#,
        ];
        let told = cases.map(|case| match read::<Outer>(case.as_bytes()) {
            Ok(_) => format!("{case}\n  taken"),
            Err(no) => format!(
                "{case}\n  {} {} {}: {}; {}",
                no.status.as_u16(),
                no.code,
                no.pointer.as_deref().unwrap_or("-"),
                no.detail,
                no.remedy
            ),
        });
        insta::assert_snapshot!(told.join("\n"));
    }

    #[test]
    fn what_is_wrong_with_words_is_told_to_whoever_wrote_them() {
        #[derive(Deserialize)]
        struct Said {
            #[expect(dead_code, reason = "only read")]
            decisions: Vec<One>,
        }
        #[derive(Deserialize)]
        struct One {
            #[expect(dead_code, reason = "only read")]
            reason: Reason,
        }
        let told =
            ["가".repeat(1_204), "a\u{7}b".to_owned(), String::new(), "aaaaaaaa".to_owned()].map(|text| {
                let body = serde_json::json!({ "decisions": [{ "reason": "fine" }, { "reason": text }] });
                let Err(no) = read::<Said>(body.to_string().as_bytes()) else { panic!("taken") };
                format!("{} {}: {}; {}", no.code, no.pointer.unwrap_or_default(), no.detail, no.remedy)
            });
        insta::assert_snapshot!(told.join("\n"));
    }

    #[test]
    fn line_ends_are_of_one_kind() {
        let body = br#"{"a":["x\r\ny",{"b":"\r\n"}],"c":"\r"}"#;
        let read: Value = read_lines(body).unwrap();
        assert_eq!(read, serde_json::json!({ "a": ["x\ny", { "b": "\n" }], "c": "\r" }));
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_refused() {
        assert_eq!(read::<Value>(b"{\"a\":\"\xff\"}").unwrap_err().code, "bad_json");
    }
}
