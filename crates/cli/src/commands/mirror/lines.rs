//! Lines of the wire out of a file, whichever way it is written, each with its line in it.

use super::super::import::Format;
use super::super::import::refused::plain;
use super::super::map::{Source, open, unusable};
use crate::exit::{BadInput, Failed};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufWriter, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use sumun_mapping::{Mapping, Run};
use sumun_model::wire::to_json;
use zeroize::Zeroizing;

/// The mapping of a table that names none.
const MAP_DEFAULT: &str = "keys-csv";

/// How a snapshot ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Snapshot {
    /// Keys in it.
    pub(super) keys: u64,
    /// Number of the last change in it.
    pub(super) seq: u64,
}

/// The line that ends a snapshot.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    #[serde(rename = "type")]
    kind: String,
    keys: u64,
    #[serde(default)]
    seq: u64,
}

/// What stands in the file.
pub(super) enum Found<'a> {
    /// A line, and where.
    Line(u64, &'a [u8]),
    /// A row that gives none, and why.
    Refused(Value),
    /// A snapshot's end, and where; nothing stands behind it.
    End(u64, Snapshot),
}

/// A file.
pub(super) struct Lines {
    file: PathBuf,
    /// What a table is read by; lines of the wire are read as they are.
    table: Option<(Mapping, BTreeMap<String, String>)>,
}

impl Lines {
    /// Of this file.
    ///
    /// # Errors
    /// The mapping is bad, or asks for what was not given.
    pub(super) fn open(
        file: &Path,
        format: Format,
        map: Option<&str>,
        set: &[(String, String)],
    ) -> anyhow::Result<Self> {
        let table = match format {
            Format::Ndjson if map.is_some() || !set.is_empty() => {
                let told = "lines of the wire are read by no mapping: leave out `--map` and `--set`, or say `--format csv`";
                return Err(BadInput(told.to_owned()).into());
            }
            Format::Ndjson => None,
            Format::Csv => {
                let map = map.unwrap_or(MAP_DEFAULT).to_owned();
                let source = Source { map, paths: None, set: set.to_vec(), inputs: Vec::new() };
                let mapping = source.mapping()?;
                let given = source.given(&mapping)?;
                Some((mapping, given))
            }
        };
        Ok(Self { file: file.to_owned(), table })
    }

    /// Every line in its order, until told to stop.
    ///
    /// # Errors
    /// The file cannot be read, or not to its end.
    pub(super) fn each(&self, take: &mut dyn FnMut(Found<'_>) -> ControlFlow<()>) -> anyhow::Result<()> {
        match &self.table {
            None => self.ndjson(take),
            Some((mapping, given)) => self.csv(mapping, given.clone(), take),
        }
    }

    /// Writes every line, and last what ends a snapshot.
    ///
    /// # Errors
    /// The file is another than it was, or whoever reads has gone: he knows why.
    pub(super) fn send(&self, to: &mut dyn Write, end: Snapshot) -> anyhow::Result<()> {
        let mut to = BufWriter::with_capacity(1 << 16, to);
        let mut written: io::Result<()> = Ok(());
        let mut changed = false;
        self.each(&mut |found| {
            match found {
                Found::Line(_, line) => written = to.write_all(line).and_then(|()| to.write_all(b"\n")),
                Found::Refused(_) => changed = true,
                Found::End(..) => {}
            }
            if written.is_ok() && !changed { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        if changed {
            // Without the line that ends it, it does not count.
            let told = format!(
                "`{}` changed while it was read: nothing counts as gone; send it again",
                self.file.display()
            );
            return Err(Failed(told).into());
        }
        let last = json!({ "type": "end", "keys": end.keys, "seq": end.seq });
        match written.and_then(|()| writeln!(to, "{last}")).and_then(|()| to.flush()) {
            // The server said no before all of it had come; what it said is told.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => Ok(other?),
        }
    }

    fn ndjson(&self, take: &mut dyn FnMut(Found<'_>) -> ControlFlow<()>) -> anyhow::Result<()> {
        let (name, from) = open(&self.file)?;
        let mut from = plain(&name, from)?;
        let (mut line, mut number, mut ended) = (Zeroizing::new(Vec::new()), 0, false);
        loop {
            line.clear();
            match from.read_until(b'\n', &mut line) {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                Err(error) => {
                    let told =
                        format!("`{name}` cannot be read behind line {number}: {error}; export it again");
                    return Err(BadInput(told).into());
                }
            }
            number += 1;
            while line.last().is_some_and(u8::is_ascii_whitespace) {
                line.pop();
            }
            if line.is_empty() {
                continue;
            }
            if ended {
                let told =
                    format!("{name}:{number}: something stands behind the line that ends the snapshot");
                return Err(BadInput(told).into());
            }
            let end = serde_json::from_slice::<End>(&line).ok().filter(|end| end.kind == "end");
            ended = end.is_some();
            let found = match end {
                Some(End { keys, seq, .. }) => Found::End(number, Snapshot { keys, seq }),
                None => Found::Line(number, &line),
            };
            if take(found).is_break() {
                return Ok(());
            }
        }
    }

    fn csv(
        &self,
        mapping: &Mapping,
        given: BTreeMap<String, String>,
        take: &mut dyn FnMut(Found<'_>) -> ControlFlow<()>,
    ) -> anyhow::Result<()> {
        let (name, from) = open(&self.file)?;
        let mut run = Run::new(mapping, given);
        let mut stopped = false;
        let mut failed: anyhow::Result<()> = Ok(());
        let outcome = run.read(&name, from, &mut |row| {
            let told = each_of(row, take);
            stopped |= !matches!(told, Ok(ControlFlow::Continue(())));
            if let Err(error) = told {
                failed = Err(error);
            }
            if stopped { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        failed?;
        outcome.map_err(unusable)?;
        if !stopped && !run.report().whole() {
            return Err(BadInput(format!("`{name}` is cut off or damaged; export it again")).into());
        }
        Ok(())
    }
}

/// What one row of a table gives.
fn each_of(
    row: &sumun_mapping::Row<'_>,
    take: &mut dyn FnMut(Found<'_>) -> ControlFlow<()>,
) -> anyhow::Result<ControlFlow<()>> {
    for no in row.refusals {
        let reason = json!({
            "line": row.number, "column": null, "subject": null, "field": no.field, "code": serde_json::to_value(no.code)?,
            "message": no.detail, "remedy": "correct the cell or the mapping; `sumun map check` shows what is read",
        });
        if take(Found::Refused(reason)).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    for line in row.lines {
        if take(Found::Line(row.number, to_json(line)?.as_bytes())).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(name: &str, text: &[u8]) -> Result<String, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let lines = Lines::open(&path, Format::of(&path), None, &[]).map_err(|error| error.to_string())?;
        let mut told = Vec::new();
        let read = lines.each(&mut |found| {
            told.push(match found {
                Found::Line(number, line) => format!("{number} {}", String::from_utf8_lossy(line)),
                Found::Refused(reason) => format!("{} refused", reason["line"]),
                Found::End(number, end) => format!("{number} end of {} behind {}", end.keys, end.seq),
            });
            ControlFlow::Continue(())
        });
        let shown =
            |error: anyhow::Error| error.to_string().replace(&folder.path().display().to_string(), "");
        read.map(|()| told.join("; ")).map_err(shown)
    }

    #[test]
    fn lines_keep_their_place_and_nothing_stands_behind_the_end() {
        let end = br#"{"type":"end","keys":2,"seq":7}"#;
        let text = [&b"{1}\n\n{2} \r\n"[..], end, b"\n\n"].concat();
        assert_eq!(all("keys.ndjson", &text).unwrap(), "1 {1}; 3 {2}; 4 end of 2 behind 7");
        let behind = [end, &b"\n{3}\n"[..]].concat();
        let said = all("keys.ndjson", &behind).unwrap_err();
        assert_eq!(
            said,
            "`/keys.ndjson`:2: something stands behind the line that ends the snapshot".replace('`', "")
        );
        assert!(all("keys.csv", b"key_id\n").unwrap_err().contains("as_of"));
    }
}
