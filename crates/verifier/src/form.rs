//! What every payload must look like, whatever it says.

use crate::entry::PAYLOAD_MAX;
use crate::json::{Reader, Value};

/// Class of the entries that own up to an erasure.
pub(crate) const ERASED: &str = "payload.erased";

/// What the verification needs of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    /// The entry whose erasure it tells of.
    pub(crate) erases: Option<u64>,
}

/// Checks a payload whose leaf is of `class`, in one pass and without building anything of it.
///
/// # Errors
/// What was expected. The payload itself is never told.
pub(crate) fn form(text: &str, class: &str) -> Result<Form, &'static str> {
    if text.len() as u64 > PAYLOAD_MAX {
        return Err("a payload of at most 16 MiB");
    }
    let found = Found::read(text, class).ok_or("a payload in canonical JSON")?;
    let wanted = [
        (found.members, "a payload with the six members of one"),
        (found.version, "a payload of version 1"),
        (found.class, "a payload of the leaf's class"),
        (found.time, "`at` in UTC with six decimals"),
        (found.facts, "an object of facts"),
        (found.rows.list, "a list of rows"),
        (found.rows.good, "rows with their table and a version from 1"),
        (found.feed.list, "a list of feed records"),
        (found.feed.good, "feed records with a key each, none twice"),
    ];
    match wanted.iter().find(|(holds, _)| !holds) {
        Some((_, expected)) => Err(expected),
        None => Ok(Form {
            erases: found.index.filter(|_| class == ERASED).and_then(|index| index.try_into().ok()),
        }),
    }
}

/// In canonical order.
const MEMBERS: [&str; 6] = ["at", "class", "facts", "feed", "rows", "v"];

/// What of a payload is as it must be.
#[derive(Default)]
struct Found {
    members: bool,
    version: bool,
    class: bool,
    time: bool,
    facts: bool,
    rows: Items,
    feed: Items,
    /// The fact of that name.
    index: Option<i64>,
}

/// Of a member that must be a list.
#[derive(Default)]
struct Items {
    list: bool,
    /// Each item is as it must be.
    good: bool,
}

impl Found {
    /// `None` unless all of `text` is canonical JSON.
    fn read(text: &str, class: &str) -> Option<Self> {
        let (mut found, mut json) = (Self::default(), Reader::new(text));
        let (mut names, mut wanted) = (true, MEMBERS.iter());
        let object = json.members(|json, name| {
            names &= wanted.next() == Some(&name);
            match name {
                "at" => found.time = matches!(json.value()?, Value::Text(at) if is_time(at)),
                "class" => found.class = json.value()? == Value::Text(class),
                "facts" => (found.facts, found.index) = facts(json)?,
                "feed" => found.feed = feed(json)?,
                "rows" => found.rows = rows(json)?,
                "v" => found.version = json.value()? == Value::Number(1),
                _ => drop(json.value()?),
            }
            Some(())
        })?;
        found.members = object && names && wanted.next().is_none();
        json.end().map(|()| found)
    }
}

/// Whether they are an object, and the number in it named `index`.
fn facts(json: &mut Reader<'_>) -> Option<(bool, Option<i64>)> {
    let mut index = None;
    let object = json.members(|json, name| {
        if let (Value::Number(number), "index") = (json.value()?, name) {
            index = Some(number);
        }
        Some(())
    })?;
    Some((object, index))
}

fn rows(json: &mut Reader<'_>) -> Option<Items> {
    let mut good = true;
    let list = json.items(|json| {
        good &= row(json)?;
        Some(())
    })?;
    Some(Items { list, good })
}

/// Whether the value is a row's after-image: its table, the row with a version, and nothing else.
fn row(json: &mut Reader<'_>) -> Option<bool> {
    let (mut members, mut table, mut version) = (0, false, false);
    let object = json.members(|json, name| {
        members += 1;
        match name {
            "table" => table = matches!(json.value()?, Value::Text(table) if !table.is_empty()),
            "row" => {
                json.members(|json, name| {
                    let value = json.value()?;
                    version |= name == "version" && matches!(value, Value::Number(1..));
                    Some(())
                })?;
            }
            _ => drop(json.value()?),
        }
        Some(())
    })?;
    Some(object && members == 2 && table && version)
}

fn feed(json: &mut Reader<'_>) -> Option<Items> {
    let (mut records, mut keys) = (0, Vec::new());
    let list = json.items(|json| {
        records += 1;
        json.members(|json, name| {
            match (json.value()?, name) {
                (Value::Text(key), "key") if !key.is_empty() => keys.push(key),
                _ => {}
            }
            Some(())
        })?;
        Some(())
    })?;
    keys.sort_unstable();
    keys.dedup();
    Some(Items { list, good: keys.len() == records })
}

/// `2026-01-02T03:04:05.000006Z`, a time that the calendar has.
fn is_time(text: &str) -> bool {
    let shape = text.len() == 27
        && text.bytes().zip(b"dddd-dd-ddTdd:dd:dd.ddddddZ").all(|(found, wanted)| match wanted {
            b'd' => found.is_ascii_digit(),
            _ => found == *wanted,
        });
    if !shape {
        return false;
    }
    let part = |from: usize, to: usize| {
        let digits = text.bytes().skip(from).take(to - from);
        digits.fold(0, |number, digit| number * 10 + u32::from(digit - b'0'))
    };
    let (year, month, day) = (part(0, 4), part(5, 7), part(8, 10));
    let leap = year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    year > 0 && (1..=days).contains(&day) && part(11, 13) < 24 && part(14, 16) < 60 && part(17, 19) < 60
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle;
    use proptest::prelude::*;
    use serde_json::json;

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

    fn payloads() -> impl Strategy<Value = serde_json::Value> {
        let name = prop_oneof![
            prop::sample::select(vec![
                "",
                "index",
                "key",
                "row",
                "table",
                "version",
                "\n",
                "\u{e000}",
                "\u{10000}"
            ])
            .prop_map(str::to_owned),
            any::<String>(),
        ];
        let leaf = prop_oneof![
            (-1_i64..3).prop_map(Into::into),
            name.clone().prop_map(Into::into),
            prop::sample::select(vec![
                json!(null),
                json!(true),
                json!("made.up"),
                json!("2024-02-30T00:00:00.000000Z")
            ]),
        ];
        let any = leaf.prop_recursive(3, 12, 3, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Into::into),
                prop::collection::btree_map(name.clone(), inner, 0..4)
                    .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
            ]
        });
        let row = (any.clone(), any.clone(), 0..3).prop_map(|(table, row, version)| match version {
            0 => json!({"row": row, "table": table}),
            _ => json!({"row": {"a": row, "version": version}, "table": "keys"}),
        });
        let record = prop_oneof![any.clone(), "[A-D\"]".prop_map(|key| json!({"a": [], "key": key}))];
        let good = (any.clone(), prop::collection::vec(row, 0..3), prop::collection::vec(record, 0..3));
        let good = good.prop_map(|(fact, rows, feed)| {
            json!({"at": "2024-02-29T23:59:59.000006Z", "class": ERASED, "facts": {"index": fact}, "feed": feed, "rows": rows, "v": 1})
        });
        let member = prop::sample::select(MEMBERS.to_vec());
        let replaced = (good.clone(), member, any.clone()).prop_map(|(mut payload, member, value)| {
            payload[member] = value;
            payload
        });
        prop_oneof![4 => good, 2 => replaced, 1 => any]
    }

    proptest! {
        /// Whatever the text, the one pass says what the tree says, and names the same thing first.
        #[test]
        fn it_judges_as_the_tree_does(payload in payloads(), at in any::<prop::sample::Index>(), with in any::<Option<char>>(), made_up in any::<bool>()) {
            let class = if made_up { "made.up" } else { ERASED };
            let text = sumun_ledger::Canonical::of(&payload).unwrap().into_string();
            prop_assert_eq!(form(&text, class), oracle::form(&text, class), "{}", text);
            let mut changed: Vec<char> = text.chars().collect();
            let at = at.index(changed.len());
            match with {
                Some(with) => changed[at] = with,
                None => drop(changed.remove(at)),
            }
            let changed: String = changed.into_iter().collect();
            prop_assert_eq!(form(&changed, class), oracle::form(&changed, class), "{}", changed);
        }

        /// The same for text that is made of JSON's own characters, and mostly wrong.
        #[test]
        fn it_reads_what_the_tree_reads(text in "([\\[\\]{}:,\"\\\\u0-9a-f-]|null|true|00|\"a\":|\\{\"|\\\\u001f|\u{e000}|\u{10000}){0,12}") {
            prop_assert_eq!(Found::read(&text, "made.up").is_some(), oracle::read(&text).is_some(), "{}", text);
        }
    }
}
