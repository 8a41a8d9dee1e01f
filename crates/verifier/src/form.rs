//! What every payload must look like, whatever it says.

use crate::entry::PAYLOAD_MAX;
use crate::json::{self, Value};

/// Class of the entries that own up to an erasure.
const ERASED: &str = "payload.erased";

/// What the verification needs of a payload.
pub(crate) struct Form {
    /// The entry whose erasure it tells of.
    pub(crate) erases: Option<u64>,
}

/// Checks a payload whose leaf is of `class`.
///
/// # Errors
/// What was expected. The payload itself is never told.
pub(crate) fn form(text: &str, class: &str) -> Result<Form, &'static str> {
    if text.len() as u64 > PAYLOAD_MAX {
        return Err("a payload of at most 16 MiB");
    }
    let value = json::read(text).ok_or("a payload in canonical JSON")?;
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

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{"at":"2024-02-29T23:59:59.000006Z","class":"made.up","facts":{},"feed":[{"key":"K1"},{"key":"K2"}],"rows":[{"row":{"version":1},"table":"keys"}],"v":1}"#;

    #[test]
    fn each_member_has_its_form() {
        assert!(form(GOOD, "made.up").is_ok());
        for (from, to) in [
            ("2024-02-29", "2023-02-29"),
            ("23:59:59", "24:00:00"),
            ("23:59:59", "23:59:60"),
            (".000006Z", "Z"),
            ("2024-02-29", "0000-02-29"),
            ("T23", " 23"),
            ("06Z", "06+"),
            ("made.up", "made.down"),
            ("\"v\":1", "\"v\":2"),
            ("\"v\":1", "\"v\":true"),
            ("\"facts\":{}", "\"facts\":[]"),
            ("\"K2\"", "\"K1\""),
            ("\"K2\"", "\"\""),
            ("\"K2\"", "2"),
            ("\"keys\"", "\"\""),
            ("\"version\":1", "\"version\":0"),
            ("\"version\":1", "\"version\":true"),
            ("{\"version\":1}", "[]"),
            (",\"table\":\"keys\"", ""),
            ("\"v\":1", "\"v\":1,\"w\":1"),
            ("\"facts\":{},", ""),
            ("[{\"key\":\"K1\"},{\"key\":\"K2\"}]", "{}"),
            ("\"v\":1", "\"v\": 1"),
        ] {
            let changed = GOOD.replacen(from, to, 1);
            assert_ne!(changed, GOOD, "{from}");
            assert!(form(&changed, "made.up").is_err(), "{changed}");
        }
        assert!(form(GOOD, "made.down").is_err());
    }

    #[test]
    fn only_its_own_class_names_an_erased_entry() {
        let text = GOOD.replace("\"facts\":{}", "\"facts\":{\"index\":7}");
        assert_eq!(form(&text, "made.up").ok().and_then(|form| form.erases), None);
        let text = text.replace("made.up", "payload.erased");
        assert_eq!(form(&text, "payload.erased").ok().and_then(|form| form.erases), Some(7));
    }
}
