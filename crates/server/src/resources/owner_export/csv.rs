//! An export as one table that a spreadsheet opens: the same facts as the JSON, one a row.
//!
//! `section,key,item,field,value`: what it belongs to, which key, which thing of that kind, which of its fields, what it says.
//!
//! Every value is quoted. One that a spreadsheet would take for a formula, in any script's form of the sign, gets an apostrophe in
//! front: clients and strangers choose names that stand here.

use super::OwnerExportView;
use serde_json::Value;
use std::fmt::Write as _;

/// So that spreadsheets read it as UTF-8.
const MARK: char = '\u{feff}';

/// The whole table.
pub(super) fn of(export: &OwnerExportView) -> String {
    let mut table = Table(String::from(MARK));
    table.row(["section", "key", "item", "field", "value"]);
    // Plain fields only: nothing here can fail to serialise.
    let export = serde_json::to_value(export).unwrap_or_default();
    for field in ["at", "customer", "next"] {
        table.facts(("export", "", ""), field, export.get(field).unwrap_or(&Value::Null));
    }
    for one in list(&export, "keys") {
        let key = one.pointer("/key/key").and_then(Value::as_str).unwrap_or_default();
        table.fields(("key", key, key), one.get("key").unwrap_or(&Value::Null));
        for (section, id) in [
            ("timeline", Some("entry")),
            ("addresses", Some("prefix")),
            ("questions", Some("question")),
            ("verifications", Some("verification")),
            ("measures", None),
        ] {
            table.list((section, key), list(one, section), id);
        }
        table.fields(("activity", key, ""), one.get("activity").unwrap_or(&Value::Null));
    }
    table.list(("notices", ""), list(&export, "notices"), Some("notice"));
    table.list(("objections", ""), list(&export, "objections"), Some("objection"));
    table.list(("left_out", ""), list(&export, "left_out"), None);
    table.0
}

fn list<'a>(of: &'a Value, name: &str) -> &'a [Value] {
    of.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Section, key and item: where a fact stands.
type Place<'a> = (&'a str, &'a str, &'a str);

struct Table(String);

impl Table {
    /// Things of one kind; `id` is the field that names one, else its number does.
    fn list(&mut self, (section, key): (&str, &str), all: &[Value], id: Option<&str>) {
        for (index, one) in all.iter().enumerate() {
            let item = match id.and_then(|id| one.get(id)) {
                Some(Value::String(id)) => id.clone(),
                Some(id) => id.to_string(),
                None => (index + 1).to_string(),
            };
            self.fields((section, key, &item), one);
        }
    }

    fn fields(&mut self, place: Place<'_>, of: &Value) {
        for (field, value) in of.as_object().into_iter().flatten() {
            self.facts(place, field, value);
        }
    }

    /// A fact, or those within it; what is not known has no row.
    fn facts(&mut self, place: Place<'_>, field: &str, value: &Value) {
        let (section, key, item) = place;
        match value {
            Value::Null => {}
            Value::Object(fields) => {
                for (name, value) in fields {
                    self.facts(place, &format!("{field}.{name}"), value);
                }
            }
            Value::Array(all) if all.iter().any(|one| one.is_object() || one.is_array()) => {
                for (index, one) in all.iter().enumerate() {
                    self.facts(place, &format!("{field}.{}", index + 1), one);
                }
            }
            Value::Array(all) => {
                let words: Vec<String> = all.iter().map(plain).collect();
                self.row([section, key, item, field, &words.join("; ")]);
            }
            one => self.row([section, key, item, field, &plain(one)]),
        }
    }

    fn row(&mut self, cells: [&str; 5]) {
        for (index, cell) in cells.into_iter().enumerate() {
            let _ = write!(self.0, "{}{}", if index == 0 { "" } else { "," }, quoted(cell));
        }
        self.0.push_str("\r\n");
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Whether a spreadsheet would reckon instead of showing.
fn is_formula(cell: &str) -> bool {
    let sign = |letter: char| matches!(letter, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠' | '|' | '%');
    let first = cell.chars().find(|letter| !letter.is_whitespace());
    cell.starts_with(['\t', '\r', '\n']) || first.is_some_and(sign)
}

fn quoted(cell: &str) -> String {
    let guard = if is_formula(cell) { "'" } else { "" };
    format!("\"{guard}{}\"", cell.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_cell_is_a_formula_or_ends_it() {
        for (cell, shown) in [
            ("K1", "\"K1\""),
            ("=HYPERLINK(\"http://made.up\")", "\"'=HYPERLINK(\"\"http://made.up\"\")\""),
            ("+1", "\"'+1\""),
            ("-1+2", "\"'-1+2\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("  =1", "\"'  =1\""),
            ("\t=1", "\"'\t=1\""),
            ("\r=1", "\"'\r=1\""),
            ("＝1", "\"'＝1\""),
            ("a,b\nc", "\"a,b\nc\""),
            ("", "\"\""),
            ("203.0.113.7/32", "\"203.0.113.7/32\""),
        ] {
            assert_eq!(quoted(cell), shown);
        }
    }
}
