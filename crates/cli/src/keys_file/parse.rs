//! Parsing a keys file: all entries, all problems, each with where it stands.

use super::{Format, KeyRecord, KeysFile};
use crate::suggest::nearest;
use crate::text_position::{Lines, Position};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use sumun_model::Prefix;
use sumun_seal::MalformedSeal;
use toml::de::{DeTable, DeValue, ValueDeserializer};

/// Problems shown before the rest is only counted: a screenful.
const PROBLEMS_SHOWN_MAX: usize = 20;

/// One thing wrong with a keys file.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct KeysProblem {
    /// Where it stands; `None` if the file as a whole is meant.
    pub at: Option<Position>,
    /// Which entry, from 0.
    pub index: Option<usize>,
    /// The entry's key id, if it could be read.
    pub key: Option<String>,
    /// The field.
    pub field: Option<String>,
    /// What is wrong, and what to do.
    pub message: String,
}

/// Everything wrong with a keys file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeysFileError {
    /// The file, as it was named.
    pub path: PathBuf,
    /// What is wrong; at least one.
    pub problems: Vec<KeysProblem>,
}

impl KeysFileError {
    /// One problem with the file as a whole.
    pub(crate) fn one(path: &Path, message: &str) -> Self {
        let problem =
            KeysProblem { at: None, index: None, key: None, field: None, message: message.to_owned() };
        Self { path: path.to_owned(), problems: vec![problem] }
    }
}

impl std::error::Error for KeysFileError {}

impl fmt::Display for KeysFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the keys file cannot be used")?;
        for problem in self.problems.iter().take(PROBLEMS_SHOWN_MAX) {
            write!(f, "\n  {}", problem.located(&self.path))?;
        }
        match self.problems.len().checked_sub(PROBLEMS_SHOWN_MAX) {
            Some(more) if more > 0 => write!(f, "\n  and {more} more; `sumun keys check` lists all"),
            _ => Ok(()),
        }
    }
}

impl KeysProblem {
    /// One line: file, position, entry, field, what is wrong.
    #[must_use]
    pub fn located(&self, path: &Path) -> String {
        let mut text = path.display().to_string();
        if let Some(at) = self.at {
            text.push_str(&format!(":{}:{}", at.line, at.column));
        }
        text.push_str(": ");
        match (&self.key, self.index) {
            (Some(key), _) => text.push_str(&format!("key `{key}`: ")),
            (None, Some(index)) => text.push_str(&format!("keys[{index}]: ")),
            (None, None) => {}
        }
        if let Some(field) = &self.field {
            text.push_str(&format!("`{field}` "));
        }
        text.push_str(&self.message);
        text
    }
}

/// An entry that is no key record.
struct BadEntry {
    /// Where, in bytes from the start of the text.
    offset: usize,
    field: Option<String>,
    message: String,
    /// The entry's id, if it has one.
    key: Option<String>,
}

impl KeysFile {
    /// Parses the text. `path_for_errors` is only named in problems.
    ///
    /// # Errors
    /// Every problem found, in the order of the file.
    pub fn parse(path_for_errors: &Path, text: &str, format: Format) -> Result<Self, KeysFileError> {
        let lines = Lines::of(text);
        let mut reader = Reading {
            lines: &lines,
            file: Self { keys: Vec::new(), positions: Vec::new() },
            problems: Vec::new(),
        };
        match format {
            Format::Json => reader.json(text),
            Format::Toml => reader.toml(text),
        }
        reader.no_id_twice();
        let Reading { file, mut problems, .. } = reader;
        if problems.is_empty() {
            return Ok(file);
        }
        problems.sort_by_key(|problem| problem.at);
        Err(KeysFileError { path: path_for_errors.to_owned(), problems })
    }

    /// The entries, each with where it begins.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (usize, &KeyRecord, Position)> {
        self.keys.iter().zip(&self.positions).enumerate().map(|(index, (record, at))| (index, record, *at))
    }
}

struct Reading<'a> {
    lines: &'a Lines<'a>,
    file: KeysFile,
    problems: Vec<KeysProblem>,
}

impl Reading<'_> {
    fn whole(&mut self, offset: usize, message: String) {
        let at = Some(self.lines.position(offset));
        self.problems.push(KeysProblem { at, index: None, key: None, field: None, message });
    }

    fn entry(&mut self, index: usize, offset: usize, entry: Result<KeyRecord, BadEntry>) {
        match entry {
            Ok(record) => {
                let unsealed = record.secret.is_none() && record.secret_held.is_none();
                if unsealed {
                    self.problems.push(KeysProblem {
                        at: Some(self.lines.position(offset)),
                        index: Some(index),
                        key: Some(record.key.to_string()),
                        field: None,
                        message: remedy("missing field `secret`", None, |_| None),
                    });
                } else if let Some((field, message)) = record.problem() {
                    self.problems.push(KeysProblem {
                        at: Some(self.lines.position(offset)),
                        index: Some(index),
                        key: Some(record.key.to_string()),
                        field: Some(field.to_owned()),
                        message,
                    });
                }
                self.file.positions.push(self.lines.position(offset));
                self.file.keys.push(record);
            }
            Err(bad) => self.problems.push(KeysProblem {
                at: Some(self.lines.position(bad.offset)),
                index: Some(index),
                key: bad.key,
                field: bad.field,
                message: bad.message,
            }),
        }
    }

    fn json(&mut self, text: &str) {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Top<'a> {
            #[serde(borrow)]
            keys: Vec<&'a RawValue>,
        }
        match serde_json::from_str::<Top<'_>>(text) {
            Ok(top) => {
                self.file.keys.reserve(top.keys.len());
                for (index, raw) in top.keys.iter().enumerate() {
                    // `raw` is a slice of `text`, so the distance of their addresses is its offset.
                    let offset = raw.get().as_ptr() as usize - text.as_ptr() as usize;
                    self.entry(index, offset, json_entry(raw.get(), offset));
                }
            }
            Err(error) => self.whole(json_offset(text, &error), top_level(&without_position(&error))),
        }
    }

    fn toml(&mut self, text: &str) {
        let table = match DeTable::parse(text) {
            Ok(table) => table.into_inner(),
            Err(error) => {
                return self.whole(
                    error.span().map_or(0, |span| span.start),
                    format!("not TOML: {}", error.message()),
                );
            }
        };
        let mut found = false;
        for (key, value) in table {
            if key.as_ref() != "keys" {
                self.whole(key.span().start, top_level(&format!("unknown field `{}`", key.as_ref())));
                continue;
            }
            found = true;
            let span = value.span();
            match value.into_inner() {
                DeValue::Array(entries) => {
                    for (index, entry) in entries.into_iter().enumerate() {
                        let offset = entry.span().start;
                        let id =
                            entry.as_ref().get("key").and_then(|id| id.as_ref().as_str()).map(str::to_owned);
                        self.entry(index, offset, toml_entry(entry, offset, id));
                    }
                }
                other => {
                    self.whole(span.start, top_level(&format!("`keys` is no list ({})", other.type_str())));
                }
            }
        }
        if !found {
            self.whole(0, top_level("missing field `keys`"));
        }
    }

    fn no_id_twice(&mut self) {
        let mut first: HashMap<&str, Position> = HashMap::with_capacity(self.file.keys.len());
        for (index, record, at) in self.file.entries() {
            if let Some(earlier) = first.insert(record.key.as_str(), at) {
                self.problems.push(KeysProblem {
                    at: Some(at),
                    index: Some(index),
                    key: Some(record.key.to_string()),
                    field: Some("key".to_owned()),
                    message: format!(
                        "stands on line {} already; an id belongs to one key for ever",
                        earlier.line
                    ),
                });
            }
        }
    }
}

fn json_entry(text: &str, offset: usize) -> Result<KeyRecord, BadEntry> {
    // The plain way first; tracking the field costs time that only a bad entry is worth.
    if let Ok(record) = serde_json::from_str(text) {
        return Ok(record);
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        #[derive(Deserialize)]
        struct Named {
            key: String,
        }
        let path = error.path().to_string();
        let inner = error.into_inner();
        let says = without_position(&inner);
        let field = field(&path, &says);
        BadEntry {
            offset: offset + json_offset(text, &inner),
            message: remedy(&says, field.as_deref(), |index| {
                serde_json::from_str::<serde_json::Value>(text)
                    .ok()?
                    .get("allowlist")?
                    .get(index)?
                    .as_str()
                    .map(str::to_owned)
            }),
            field,
            key: serde_json::from_str::<Named>(text).ok().map(|named| named.key),
        }
    })
}

fn toml_entry(
    entry: toml::Spanned<DeValue<'_>>,
    offset: usize,
    key: Option<String>,
) -> Result<KeyRecord, BadEntry> {
    let written = entry.get_ref().clone();
    serde_path_to_error::deserialize(ValueDeserializer::from(entry)).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        let field = field(&path, inner.message());
        BadEntry {
            offset: inner.span().map_or(offset, |span| span.start),
            message: remedy(inner.message(), field.as_deref(), |index| {
                written.get("allowlist")?.get_ref().get(index)?.get_ref().as_str().map(str::to_owned)
            }),
            field,
            key,
        }
    })
}

/// The field meant by the parser's path; for one that there is not, the field it stands in.
fn field(path: &str, message: &str) -> Option<String> {
    let path = match path.rsplit_once('.') {
        Some((outer, _)) if message.starts_with("unknown field") => outer,
        None if message.starts_with("unknown field") => return None,
        _ => path,
    };
    (!path.is_empty() && path != "." && !path.contains('?')).then(|| path.to_owned())
}

/// Byte offset of a JSON error: its column counts bytes, and points behind what it complains of.
fn json_offset(text: &str, error: &serde_json::Error) -> usize {
    let before: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    before + error.column().saturating_sub(1)
}

fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(at) => text.get(..at).unwrap_or(&text).to_owned(),
        None => text,
    }
}

fn top_level(message: &str) -> String {
    format!("{message}; a keys file is a list of entries under `keys` and nothing else")
}

/// The parser's words, and what to do where that is not plain. `prefix` gives what is written in the allowlist.
fn remedy(message: &str, field: Option<&str>, prefix: impl Fn(usize) -> Option<String>) -> String {
    match field {
        // The parser repeats a value of the wrong type, and this one may be a bare secret.
        Some("secret") if message.starts_with("invalid type") => {
            return format!("cannot be used: {}", MalformedSeal::Prefix);
        }
        Some("created" | "expires") if message.starts_with("invalid type") => {
            return "has the wrong type: write a string such as \"2027-06-01T00:00:00Z\"".to_owned();
        }
        Some(field) => {
            // An entry may be text or an object, so the parser only says that it is neither.
            let index =
                field.strip_prefix("allowlist[").and_then(|rest| rest.strip_suffix(']')?.parse().ok());
            if let Some(error) = index.and_then(prefix).and_then(|text| text.parse::<Prefix>().err()) {
                return format!("cannot be used: {error}");
            }
        }
        None => {}
    }
    let behind_field = field.is_some();
    if let Some(rest) = message.strip_prefix("unknown field `")
        && let Some((found, expected)) = rest.split_once('`')
    {
        let known = expected.split('`').skip(1).step_by(2);
        return match nearest(found, known) {
            Some(meant) => format!("has an unknown field `{found}`; did you mean `{meant}`?"),
            None => format!("has an unknown field `{found}`; take it out"),
        };
    }
    match message {
        "missing field `secret`" => {
            "has no `secret`; seal one with `sumun keys seal --key ID`, or make the key with `sumun keys new`"
                .to_owned()
        }
        "missing field `expires`" => {
            "has no `expires`; every key ends, such as at 2027-06-01T00:00:00Z".to_owned()
        }
        "missing field `allowlist`" => {
            "has no `allowlist`; register the addresses it is used from, such as [\"203.0.113.7/32\"]"
                .to_owned()
        }
        _ => match (message.strip_prefix("missing field "), message.strip_prefix("invalid type: ")) {
            (Some(name), _) => format!("has no {name}, which every key needs"),
            (_, Some(rest)) if behind_field => format!("has the wrong type: {rest}"),
            _ if behind_field => format!("cannot be used: {message}"),
            _ => message.to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{"key":"K1","account":"A1","state":"active","scopes":["read"],"allowlist":["203.0.113.7/32"],"expires":"2027-06-01T00:00:00Z","secret":"sealed:v1:00000000:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#;

    fn problems(text: &str, format: Format) -> String {
        KeysFile::parse(Path::new("keys"), text, format).unwrap_err().to_string()
    }

    #[test]
    fn both_formats_give_the_same_records() {
        let json = KeysFile::parse(Path::new("k"), &format!("{{\"keys\":[{GOOD}]}}"), Format::Json).unwrap();
        #[derive(serde::Serialize)]
        struct Top<'a> {
            keys: &'a [KeyRecord],
        }
        let toml = toml::to_string(&Top { keys: &json.keys }).unwrap();
        assert_eq!(KeysFile::parse(Path::new("k"), &toml, Format::Toml).unwrap().keys, json.keys);
        assert_eq!(json.keys.len(), 1);
        assert_eq!(KeysFile::parse(Path::new("k"), "{\"keys\":[]}", Format::Json).unwrap().keys, []);
    }

    #[test]
    fn a_mandate_of_no_orders_is_refused_in_both_formats() {
        let json = GOOD.replace("\"secret\"", "\"mandate\":{\"orders_per_second_max\":0},\"secret\"");
        insta::assert_snapshot!(problems(&format!("{{\"keys\":[{json}]}}"), Format::Json), @"
        the keys file cannot be used
          keys:1:10: key `K1`: `mandate.orders_per_second_max` is 0, which would refuse every order; a key that may place none lacks the scope `trade`: take the scope out, or the 0
        ");
        let one = json.replace(":0}", ":1}");
        assert!(KeysFile::parse(Path::new("k"), &format!("{{\"keys\":[{one}]}}"), Format::Json).is_ok());
        let record: serde_json::Value = serde_json::from_str(&json).unwrap();
        let toml = toml::to_string(&serde_json::json!({ "keys": [record] })).unwrap();
        assert!(problems(&toml, Format::Toml).contains("lacks the scope `trade`"));
    }

    #[test]
    fn every_problem_of_a_json_file_at_once() {
        let text = format!(
            "{{\"keys\":[\n  {GOOD},\n  {},\n  {},\n  {},\n  {},\n  {},\n  {GOOD},\n  7\n]}}",
            GOOD.replace("\"K1\"", "\"K2\"").replace("203.0.113.7/32", "203.0.113.7/24"),
            GOOD.replace("\"K1\"", "\"K3\"").replace("allowlist", "alowlist"),
            GOOD.replace("\"K1\"", "\"K4\"").replace("\"203.0.113.7/32\"", ""),
            GOOD.replace("\"K1\"", "\"K5\"").replace("sealed:v1:", ""),
            GOOD.replace("\"key\":\"K1\",", ""),
        );
        insta::assert_snapshot!(problems(&text, Format::Json), @"
    the keys file cannot be used
      keys:3:94: key `K2`: `allowlist[0]` cannot be used: prefix `203.0.113.7/24` has host bits set; did you mean `203.0.113.0/24`?
      keys:4:74: key `K3`: has an unknown field `alowlist`; did you mean `allowlist`?
      keys:5:3: key `K4`: `allowlist` is empty, but the key holds `read_balances`; register the addresses it is used from
      keys:6:205: key `K5`: `secret` cannot be used: not a sealed secret: it must begin with `sealed:v1:`; seal a bare secret with `sumun keys seal`
      keys:7:204: keys[5]: has no `key`, which every key needs
      keys:8:3: key `K1`: `key` stands on line 2 already; an id belongs to one key for ever
      keys:9:3: keys[7]: invalid type: integer `7`, expected a key's fields
    ");
    }

    #[test]
    fn every_problem_of_a_toml_file_at_once() {
        insta::assert_snapshot!(problems("[[keys]]\nkey = \"K1\"\nstate = \"activ\"\n\n[[keys]]\nkey = \"K2\"\naccount = \"A1\"\nstate = 3\n\n[other]\n", Format::Toml), @"
    the keys file cannot be used
      keys:3:9: key `K1`: `state` cannot be used: unknown key state `activ`, expected one of `requested`, `active`, `suspended`, `expired`, `rejected`
      keys:8:9: key `K2`: `state` has the wrong type: integer `3`, expected a string
      keys:10:2: unknown field `other`; a keys file is a list of entries under `keys` and nothing else
    ");
        insta::assert_snapshot!(problems("keys = 3", Format::Toml), @"
    the keys file cannot be used
      keys:1:8: `keys` is no list (integer); a keys file is a list of entries under `keys` and nothing else
    ");
        insta::assert_snapshot!(problems("", Format::Toml), @"
    the keys file cannot be used
      keys:1:1: missing field `keys`; a keys file is a list of entries under `keys` and nothing else
    ");
        insta::assert_snapshot!(problems("keys = [", Format::Toml), @"
    the keys file cannot be used
      keys:1:9: not TOML: unclosed array, expected `]`
    ");
    }

    #[test]
    fn what_is_no_list_of_keys_is_said() {
        insta::assert_snapshot!(problems("", Format::Json), @"
    the keys file cannot be used
      keys:1:1: EOF while parsing a value; a keys file is a list of entries under `keys` and nothing else
    ");
        insta::assert_snapshot!(problems("{\"keys\":[{]}", Format::Json), @"
    the keys file cannot be used
      keys:1:11: key must be a string; a keys file is a list of entries under `keys` and nothing else
    ");
        insta::assert_snapshot!(problems("{\"kees\":[]}", Format::Json), @"
    the keys file cannot be used
      keys:1:7: unknown field `kees`, expected `keys`; a keys file is a list of entries under `keys` and nothing else
    ");
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC{0,80}", entry in "[a-z:\\[\\]{}\",0-9 =\n]{0,60}") {
            for text in [text, entry.clone(), format!("[[keys]]\n{entry}"), format!("{{\"keys\":[{{{entry}}}]}}")] {
                for format in [Format::Json, Format::Toml] {
                    if let Err(error) = KeysFile::parse(Path::new("keys"), &text, format) {
                        proptest::prop_assert!(!error.problems.is_empty());
                    }
                }
            }
        }
    }
}
