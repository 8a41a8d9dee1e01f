//! Printing to stdout, so that a closed pipe ends a command quietly instead of by a panic.

use serde::Serialize;
use std::io::Write;

/// Prints text as it is.
pub(crate) fn text(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}

/// A count and its noun: `1 key`, `2 keys`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// Prints one JSON document on one line.
pub(crate) fn json(value: &impl Serialize) -> anyhow::Result<()> {
    text(&format!("{}\n", serde_json::to_string(value)?))
}

/// As [`json`], from a thread of its own: a process that goes on neither waits for a reader nor ends because there is
/// none.
pub(crate) fn json_aside(value: &serde_json::Value) {
    let line = format!("{value}\n");
    // Without a thread to spare nothing is said; the log says it too.
    let _ = std::thread::Builder::new().name("stdout".to_owned()).spawn(move || drop(text(&line)));
}
