//! Lines that are the wire's already, read as they are.

use super::{Item, SHOWN_CHARS};
use std::collections::VecDeque;
use sumun_mapping::shown;
use sumun_model::wire::{Origin, parse_line};
use sumun_tap::{Chunk, Made, Refused};

/// Lines that are the wire's already.
pub(super) fn wire(chunk: &Chunk) -> VecDeque<Item> {
    let refused = |number: u64, code: &str, field: Option<String>, detail: String, bytes: &[u8]| {
        let raw = shown(&String::from_utf8_lossy(bytes), SHOWN_CHARS);
        Item::Refused(Refused {
            number,
            code: code.to_owned(),
            field: field.unwrap_or_default(),
            detail,
            raw,
        })
    };
    if chunk.too_long {
        let one = refused(chunk.first_line, "too_long", None, String::new(), &chunk.bytes);
        return VecDeque::from([one]);
    }
    let body = chunk.bytes.strip_suffix(b"\n").unwrap_or(&chunk.bytes);
    if chunk.bytes.is_empty() {
        return VecDeque::new();
    }
    let lines = body.split(|byte| *byte == b'\n').zip(chunk.first_line..);
    let read = |(bytes, number): (&[u8], u64)| {
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return None;
        }
        let Ok(text) = std::str::from_utf8(bytes) else {
            return Some(refused(number, "bad_encoding", None, "not UTF-8".to_owned(), bytes));
        };
        let origin = Origin { source_name: &chunk.path, line: number };
        Some(match parse_line(origin, text) {
            Ok(line) => Item::Line(Made { number, line, text: text.to_owned(), raw: String::new() }),
            Err(error) => refused(number, "bad_line", error.field, error.cause, bytes),
        })
    };
    lines.filter_map(read).collect()
}
