//! A line of JSON: an object whose members are the fields, nested ones by dotted names.
//!
//! Numbers keep the digits they were written with. A member that is there twice makes the line unreadable: two readers could disagree.

use super::{Cell, Record, Slots};
use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Deepest nesting that names reach into.
const DEPTH_MAX: usize = 8;
/// Most members of one object.
const MEMBERS_MAX: usize = 512;

#[derive(Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members: Vec<(Cow<'de, str>, &'de RawValue)> = Vec::with_capacity(24);
                while let Some((Text(name), value)) = map.next_entry()? {
                    if members.iter().any(|(other, _)| *other == name) {
                        return Err(serde::de::Error::custom(format!("field `{name}` is there twice")));
                    }
                    if members.len() == MEMBERS_MAX {
                        return Err(serde::de::Error::custom(format!("more than {MEMBERS_MAX} fields")));
                    }
                    members.push((name, value));
                }
                Ok(Members(members))
            }
        }
        d.deserialize_map(Pairs)
    }
}

/// Reads a line; the member of that name is handed out beside what is made of it.
pub(crate) fn read<'a>(text: &'a str, slots: &Slots, beside: Option<&str>) -> Result<Record<'a>, String> {
    let mut record = Record::of(slots);
    let Members(members) = parse(text)?;
    for (name, value) in members {
        if beside == Some(name.as_ref()) {
            // A number is none: which of its digits count, two readers could see differently.
            let is_text = matches!(value.get().as_bytes().first(), Some(b'"' | b'n'));
            record.beside = Some(if is_text { cell(value.get())? } else { Cell::Other });
        } else {
            take(&mut record, name, value, slots, 1)?;
        }
    }
    Ok(record)
}

fn parse(text: &str) -> Result<Members<'_>, String> {
    serde_json::from_str(text).map_err(|error| {
        let hint = if text.contains("\\x") {
            " (nginx writes JSON only with `log_format … escape=json`)"
        } else {
            ""
        };
        format!("{error}{hint}")
    })
}

fn take<'a>(
    record: &mut Record<'a>,
    name: Cow<'a, str>,
    value: &'a RawValue,
    slots: &Slots,
    depth: usize,
) -> Result<(), String> {
    let raw = value.get();
    if let Some(slot) = slots.find(&name) {
        record.put(slot, cell(raw)?);
    } else if depth < DEPTH_MAX && raw.starts_with('{') && slots.is_parent(&name) {
        for (inner, value) in parse(raw)?.0 {
            take(record, Cow::Owned(format!("{name}.{inner}")), value, slots, depth + 1)?;
        }
    } else if !slots.is_ignored(&name) {
        let shown = raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"')).unwrap_or(raw);
        record.unknown.push((name, Cow::Borrowed(shown)));
    }
    Ok(())
}

fn text(raw: &str) -> Result<Cow<'_, str>, String> {
    serde_json::from_str::<Text<'_>>(raw).map(|Text(text)| text).map_err(|error| error.to_string())
}

fn cell(raw: &str) -> Result<Cell<'_>, String> {
    Ok(match raw.as_bytes().first() {
        Some(b'"') => Cell::Text(text(raw)?),
        Some(b'n') | None => Cell::Absent,
        Some(b'{') => Cell::Other,
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(raw).map_err(|error| error.to_string())?;
            let mut list = Vec::with_capacity(items.len());
            for item in items {
                match item.get().as_bytes().first() {
                    Some(b'"') => list.push(text(item.get())?),
                    Some(b'{' | b'[' | b'n') | None => return Ok(Cell::Other),
                    Some(_) => list.push(Cow::Borrowed(item.get())),
                }
            }
            Cell::List(list)
        }
        Some(_) => Cell::Text(Cow::Borrowed(raw)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slots(names: &[&str]) -> Slots {
        let mut slots = Slots::default();
        for name in names {
            slots.slot(name);
        }
        slots
    }

    #[test]
    fn cells_by_name_and_by_path() {
        let slots = slots(&["a", "b.c", "n", "l", "o", "x.y"]);
        let record = read(
            r#"{"a":"1\n2","b":{"c":true,"d":7},"n":95000000.000000000000000001,"l":["x",3],"o":{},"z":null,"x.y":"dotted"}"#,
            &slots,
            None,
        )
        .unwrap();
        let text = |text: &'static str| Cell::Text(Cow::Borrowed(text));
        assert_eq!(record.cells[0], text("1\n2"));
        assert_eq!(record.cells[1], text("true"));
        assert_eq!(record.cells[2], text("95000000.000000000000000001"), "every digit");
        assert_eq!(record.cells[3], Cell::List(vec!["x".into(), "3".into()]));
        assert_eq!(record.cells[4], Cell::Other);
        assert_eq!(record.cells[5], text("dotted"));
        assert_eq!(record.unknown, [("b.d".into(), "7".into()), ("z".into(), "null".into())]);
    }

    #[test]
    fn what_two_readers_could_take_apart_differently_is_no_record() {
        let slots = slots(&["a"]);
        assert!(read(r#"{"a":1,"a":2}"#, &slots, None).unwrap_err().contains("`a` is there twice"));
        assert!(read(r#"{"a":1,"\u0061":2}"#, &slots, None).is_err());
        assert!(read("[1]", &slots, None).is_err());
        assert!(read(r#"{"a":"\x22"}"#, &slots, None).unwrap_err().contains("escape=json"));
    }
}
