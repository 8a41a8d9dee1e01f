//! Secrets out of a table or JSON: each stands in a field of the record that its key was made of, and is sent beside that key's line only.
//!
//! An id has one secret for ever, so what a table may have changed is refused rather than sealed. What is sent is wiped behind it; the
//! file, and what reads it, hold it in the clear.

use crate::exit::BadInput;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;
use sumun_mapping::{Beside, Mapping, Row, Run};
use sumun_model::wire::Line;

/// What is said in the place of what stood in a record.
pub(super) const NOT_SHOWN: &str = "what stands there is not shown, as this file holds secrets";
/// What to do about a record of a file with secrets that could not be read.
pub(super) const LOOK: &str = "look at that line of the file, and correct the cell or the mapping";
/// Fields named where the one asked for is missing.
const NAMED_MAX: usize = 32;

/// Where secrets stand, and how many were found.
pub(super) struct Secrets {
    field: String,
    /// Key lines sent with theirs.
    with: u64,
    /// Key lines sent without.
    without: u64,
    /// Records with a secret that no key line was made of.
    unused: u64,
}

/// Why a record is not sent: code, what is wrong, what to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct No(&'static str, &'static str, &'static str);

impl No {
    /// As the file of reasons has it, about this key if it is one.
    pub(super) fn reason(&self, line: u64, lines: &[Line]) -> Value {
        let key = keys(lines).into_iter().next().map(|key| format!("key:{key}"));
        json!({ "line": line, "column": null, "subject": key, "field": "secret", "code": self.0, "message": self.1, "remedy": self.2 })
    }
}

impl Secrets {
    /// In this field.
    pub(super) fn of(field: &str) -> Self {
        Self { field: field.to_owned(), with: 0, without: 0, unused: 0 }
    }

    /// The run that hands the field out. JSON says nothing of its fields beforehand: there the file is looked through until one record has it.
    ///
    /// # Errors
    /// The mapping reads the field itself; no record has it; it is JSON from standard input.
    pub(super) fn beside<'m>(
        &self,
        mapping: &'m Mapping,
        given: &std::collections::BTreeMap<String, String>,
        file: &Path,
    ) -> anyhow::Result<Run<'m>> {
        let run = || {
            let run = Run::new(mapping, given.clone()).with_beside(&self.field);
            run.map_err(|error| BadInput(format!("{error}; keep the secret in a field of its own")))
        };
        if !mapping.is_table() {
            if file == Path::new("-") {
                let told = "standard input is read once, and whether its JSON has the field of `--secret` must be known before anything is \
                            sent: import from a file";
                return Err(BadInput(told.to_owned()).into());
            }
            let (name, from) = super::open(file)?;
            let (mut look, mut found) = (run()?, false);
            let read = look.read(&name, from, &mut |row| {
                found = row.beside != Beside::Absent;
                if found { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            read.map_err(super::unusable)?;
            if !found {
                let fields = &look.report().unknown_fields;
                let named: Vec<&str> =
                    fields.iter().map(|field| field.name.as_str()).take(NAMED_MAX).collect();
                let named = match named.as_slice() {
                    [] => "the mapping knows all fields there are".to_owned(),
                    named => format!("fields that the mapping does not read: {}", named.join(", ")),
                };
                return Err(
                    BadInput(format!("`{name}`: no record has a field `{}` ({named})", self.field)).into()
                );
            }
        }
        Ok(run()?)
    }

    /// The secret to be sent beside the record's key line; none if there is none.
    ///
    /// # Errors
    /// Why nothing of the record is sent.
    pub(super) fn take<'r>(&mut self, row: &Row<'r>) -> Result<Option<&'r str>, No> {
        let keys = keys(row.lines);
        let lines = row.lines.iter().filter(|line| matches!(line, Line::Key(_))).count() as u64;
        match (row.beside, keys.len()) {
            (Beside::Absent | Beside::Empty, _) => {
                self.without += lines;
                Ok(None)
            }
            (Beside::Text(_) | Beside::NotText, 0) => {
                self.unused += 1;
                Ok(None)
            }
            (Beside::Text(secret), 1) if is_as_issued(secret) => {
                self.with += lines;
                Ok(Some(secret))
            }
            (Beside::Text(_), 1) => Err(No(
                "secret_bad",
                "the secret has white space at an end, or characters that are no printable ASCII: the table may have changed it, and a key has \
                 one secret for ever",
                "export it as it was issued; if it was issued so, send the key as a line of the wire with its secret beside it",
            )),
            (Beside::NotText, 1) => {
                Err(No("secret_bad", "the secret is no text", "write it in quotes, as it was issued"))
            }
            (Beside::Text(_) | Beside::NotText, _) => Err(No(
                "secret_of_several",
                "the mapping makes lines of several keys of this record, and the secret belongs to one",
                "give each key a record of its own, or import without `--secret`",
            )),
        }
    }

    /// For programs.
    pub(super) fn json(&self, into: &mut Value) {
        if let Some(fields) = into.as_object_mut() {
            fields.insert("with_secret".to_owned(), json!(self.with));
            fields.insert("without_secret".to_owned(), json!(self.without));
            fields.insert("secrets_unused".to_owned(), json!(self.unused));
        }
    }

    /// For people.
    pub(super) fn words(&self) -> String {
        let mut text = format!("Keys sent with a secret {}, without {}\n", self.with, self.without);
        if self.unused > 0 {
            text.push_str(&format!(
                "Secrets sent nowhere, as no key came of their record: {}\n",
                self.unused
            ));
        }
        text
    }
}

/// The keys that lines are about, each once.
fn keys(lines: &[Line]) -> BTreeSet<&str> {
    let mut ids = BTreeSet::new();
    for line in lines {
        if let Line::Key(key) = line {
            ids.insert(key.key.as_str());
        }
    }
    ids
}

/// Whether nothing that makes and reads tables changes it: no white space that is cut off, no line end, nothing that has two encodings.
fn is_as_issued(secret: &str) -> bool {
    secret.bytes().all(|byte| matches!(byte, b' '..=b'~')) && secret.trim() == secret
}

#[cfg(test)]
mod tests {
    use super::*;
    use sumun_model::wire::{Origin, parse_line};

    fn line(text: &str) -> Line {
        parse_line(Origin { source_name: "x", line: 1 }, text).unwrap()
    }

    fn key(id: &str) -> Line {
        line(&format!(r#"{{"type":"key","ts":"2026-11-02T00:00:00Z","key":"{id}"}}"#))
    }

    /// What is sent for these lines, and the counts.
    fn taken(lines: &[Line], beside: Beside<'_>) -> String {
        let mut secrets = Secrets::of("sk");
        let row = Row { input: "x", number: 7, raw: "", lines, refusals: &[], beside };
        let sent = match secrets.take(&row) {
            Ok(sent) => format!("{sent:?}"),
            Err(no) => no.0.to_owned(),
        };
        format!("{sent} {} {} {}", secrets.with, secrets.without, secrets.unused)
    }

    #[test]
    fn a_secret_goes_with_the_one_key_of_its_record_or_nowhere() {
        let account =
            line(r#"{"type":"account","ts":"2026-11-02T00:00:00Z","account":"A1","customer":"C1"}"#);
        let one = [account.clone(), key("K1")];
        let cases: [(&[Line], Beside<'_>, &str); 11] = [
            (&one, Beside::Text("a b!"), "Some(\"a b!\") 1 0 0"),
            (&one, Beside::Empty, "None 0 1 0"),
            (&one, Beside::Absent, "None 0 1 0"),
            (&one, Beside::NotText, "secret_bad 0 0 0"),
            (&one, Beside::Text(" a"), "secret_bad 0 0 0"),
            (&one, Beside::Text("a\nb"), "secret_bad 0 0 0"),
            (&one, Beside::Text("비밀"), "secret_bad 0 0 0"),
            // Told of twice, it is the same key; of two keys, nobody knows whose it is.
            (&[key("K1"), key("K1")], Beside::Text("a"), "Some(\"a\") 2 0 0"),
            (&[key("K1"), key("K2")], Beside::Text("a"), "secret_of_several 0 0 0"),
            (&[key("K1"), key("K2")], Beside::Empty, "None 0 2 0"),
            (&[account], Beside::Text("a"), "None 0 0 1"),
        ];
        for (lines, beside, wanted) in cases {
            assert_eq!(taken(lines, beside), wanted, "{beside:?}");
        }
    }
}
