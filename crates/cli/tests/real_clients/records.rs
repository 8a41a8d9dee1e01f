//! The event log as `sumun log dump` prints it. Every line must be an access line of the wire.

use crate::gate_process::sumun;
use serde_json::Value;
use std::path::Path;
use sumun_model::wire::{Line, Origin, parse_line};

/// All lines so far, oldest first.
///
/// # Panics
/// One of them is not an access line of the wire.
pub(crate) fn dump(folder: &Path) -> Vec<Value> {
    let output = sumun(folder, &["log", "dump"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().enumerate().map(|(index, line)| {
        let parsed = parse_line(Origin { source_name: "dump", line: index as u64 + 1 }, line);
        assert!(matches!(parsed, Ok(Line::Access(_))), "{parsed:?}: {line}");
        serde_json::from_str(line).unwrap()
    });
    lines.collect()
}

/// The one line whose `agent` is this.
///
/// # Panics
/// There is none or there are several.
pub(crate) fn of_agent<'a>(lines: &'a [Value], agent: &str) -> &'a Value {
    let found: Vec<&Value> = lines.iter().filter(|line| line["agent"] == agent).collect();
    match found.as_slice() {
        [line] => line,
        _ => panic!("{} lines of `{agent}`: {found:#?}", found.len()),
    }
}

/// A field's text; `-` for none.
pub(crate) fn text<'a>(line: &'a Value, field: &str) -> &'a str {
    line[field].as_str().unwrap_or("-")
}
