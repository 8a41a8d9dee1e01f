//! A message as lines of the wire: the same message gives the same lines, whenever it is read. The book rests on that.

use super::book::Message;
use super::mapping::{Form, TYPES};
use super::mark;
use sumun_mapping::shown;
use sumun_model::wire::{LINE_BYTES_MAX, Origin, parse_line_counting, to_json};
use sumun_tap::{Made, Refused, Translated, name_source, translate_lines};

/// Characters shown of a line that was refused.
const SHOWN_CHARS: usize = 2000;
/// What a message takes beside its bytes, roughly.
const OVERHEAD_BYTES: usize = 512;

/// A message of Kafka.
#[derive(Clone, Copy)]
pub(super) struct Raw<'m> {
    pub(super) offset: u64,
    /// Milliseconds since 1970, if it says.
    pub(super) at_ms: Option<i64>,
    pub(super) key: Option<&'m [u8]>,
    pub(super) payload: Option<&'m [u8]>,
}

/// Reads a message. `log` and `incarnation` stand in ids that are made of places; `source` is written into lines that name none.
pub(super) fn read(
    form: &Form,
    (log, source): (&str, &str),
    incarnation: u64,
    raw: Raw<'_>,
) -> (Message<Made>, Vec<Refused>) {
    let payload = raw.payload.unwrap_or_default();
    let translated = match form {
        _ if payload.is_empty() => Translated {
            refused: vec![refused(1, "empty", "", "a message without a value".to_owned(), "")],
            ..Translated::default()
        },
        Form::Wire => of_wire((log, source), payload),
        Form::Mapped(mapping, given) => {
            let input = match incarnation {
                0 => format!("{log}.{}", raw.offset),
                again => format!("{log}.{again}.{}", raw.offset),
            };
            translate_lines(mapping, given, (&input, source), 1, payload)
        }
    };
    let made = |made: &Made| made.text.len() + made.raw.len();
    let message = Message {
        offset: raw.offset,
        at_ms: raw.at_ms.unwrap_or(i64::MIN),
        print: mark::print(raw.key, payload),
        refused: u64::try_from(translated.refused.len()).unwrap_or(u64::MAX),
        bytes: translated.made.iter().map(made).sum::<usize>().saturating_add(payload.len() + OVERHEAD_BYTES),
        lines: translated.made,
    };
    (message, translated.refused)
}

fn refused(number: u64, code: &str, field: &str, detail: String, raw: &str) -> Refused {
    Refused { number, code: code.to_owned(), field: field.to_owned(), detail, raw: shown(raw, SHOWN_CHARS) }
}

fn of_wire((log, source): (&str, &str), payload: &[u8]) -> Translated {
    let mut done = Translated::default();
    for (number, bytes) in (1..).zip(payload.split(|byte| *byte == b'\n')) {
        let bytes = bytes.trim_ascii();
        if bytes.is_empty() {
            continue;
        }
        match one_of_wire((log, source), number, bytes) {
            Ok(made) => done.made.push(made),
            Err(refused) => done.refused.push(*refused),
        }
    }
    done
}

fn one_of_wire((log, source): (&str, &str), number: u64, bytes: &[u8]) -> Result<Made, Box<Refused>> {
    let lossy = String::from_utf8_lossy(bytes);
    let no = |code: &str, field: &str, detail: String| Box::new(refused(number, code, field, detail, &lossy));
    if bytes.len() > LINE_BYTES_MAX {
        return Err(no("too_long", "", format!("> {LINE_BYTES_MAX} bytes")));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        no("bad_encoding", "", format!("byte {} is not UTF-8", error.valid_up_to().saturating_add(1)))
    })?;
    let (mut line, unknown) =
        parse_line_counting(Origin { source_name: log, line: number }, text).map_err(|error| {
            no("not_of_the_wire", error.field.as_deref().unwrap_or_default(), error.cause.clone())
        })?;
    if !TYPES.contains(&line.type_word()) {
        let detail = format!("`{}` lines are not the exchange's to send", line.type_word());
        return Err(no("not_of_the_wire", "type", detail));
    }
    let before = line.clone();
    name_source(&mut line, source);
    let text = if line == before {
        // As it came: whether a field that nobody knows is dropped or refused is the control plane's to say.
        text.to_owned()
    } else if !text.contains("\"source\"") {
        let name = serde_json::Value::from(source).to_string();
        // At the end: what reads a line quickly looks for its type at the beginning.
        format!("{},\"source\":{name}}}", text.strip_suffix('}').unwrap_or(text))
    } else if unknown == 0 {
        to_json(&line).map_err(|error| no("not_of_the_wire", "", error.to_string()))?
    } else {
        return Err(no(
            "not_of_the_wire",
            "source",
            "it is null; leave it out, or name the front".to_owned(),
        ));
    };
    Ok(Made { number, line, text, raw: shown(&lossy, SHOWN_CHARS) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(form: &Form, payload: &str) -> String {
        let raw = Raw { offset: 41, at_ms: None, key: None, payload: Some(payload.as_bytes()) };
        let (message, refused) = read(form, ("kafka.front.0", "front"), 0, raw);
        let made = message.lines.iter().map(|made| format!("{} {}", made.number, made.text));
        let refused =
            refused.iter().map(|one| format!("{} {} {}: {}", one.number, one.code, one.field, one.detail));
        made.chain(refused).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn messages_of_the_wire_are_taken_line_by_line() {
        let line = r#"{"type":"access","id":"a1","ts":"2026-11-20T09:00:00Z","key":"K1"}"#;
        let said = [
            told(&Form::Wire, line),
            told(&Form::Wire, &line.replace("\"key\"", "\"source\":\"f2\",\"key\"")),
            told(&Form::Wire, &line.replace("\"key\"", "\"colour\":\"blue\",\"key\"")),
            told(&Form::Wire, &line.replace("\"key\"", "\"colour\":\"blue\",\"source\":null,\"key\"")),
            told(&Form::Wire, &format!("{line}\r\n\nmade up\n{}\n", line.replace("a1", "a2"))),
            told(
                &Form::Wire,
                r#"{"type":"key","ts":"2026-11-20T09:00:00Z","key":"K1","account":"A1","state":"active"}"#,
            ),
            told(&Form::Wire, ""),
        ];
        insta::assert_snapshot!(said.join("\n---\n"));
    }

    #[test]
    fn messages_of_another_form_are_mapped_and_their_place_is_an_id() {
        let mapping = "[mapping]\nformat = 1\nname = \"made-up\"\ntitle = { ko = \"로그\", en = \"Log\" }\n[source]\nkind = \"json\"\n[[line]]\ntype = \"access\"\n[line.fields]\nid = { line = \"place\" }\nts = { field = \"at\", time = \"rfc3339\" }\nkey = { field = \"k\" }\n";
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("mine.toml"), mapping).unwrap();
        let (form, digest) =
            super::super::mapping::read("mine.toml", None, Default::default(), folder.path()).unwrap();
        assert_eq!(digest.len(), 16);
        let row = r#"{"at":"2026-11-20T09:00:00Z","k":"K1"}"#;
        insta::assert_snapshot!(told(&form, &format!("{row}\n{row}\nmade up")));
    }
}
