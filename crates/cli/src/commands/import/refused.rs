//! Refused rows: their places while the file is read, their bytes copied from it afterwards, why beside them.

use crate::exit::BadInput;
use anyhow::Context;
use flate2::bufread::MultiGzDecoder;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Reasons kept for people.
const SHOWN_MAX: usize = 64;

/// Refused rows of one import.
pub(super) struct Refused {
    to: Option<PathBuf>,
    reasons: Option<BufWriter<File>>,
    /// First line of each row, and how many lines it has.
    rows: BTreeMap<u64, u64>,
    shown: Vec<String>,
}

impl Refused {
    /// Copying them into this file, if one is named. It may hold what the input holds, secrets too: only its owner reads it.
    pub(super) fn into(to: Option<&Path>) -> anyhow::Result<Self> {
        let reasons = to.map(|path| create(&reasons_of(path))).transpose()?;
        Ok(Self {
            to: to.map(Path::to_path_buf),
            reasons: reasons.map(BufWriter::new),
            rows: BTreeMap::new(),
            shown: Vec::new(),
        })
    }

    /// One more reason, about the row that begins there.
    pub(super) fn note(&mut self, (line, lines): (u64, u64), reason: Value) -> anyhow::Result<()> {
        self.rows.insert(line, lines);
        if self.shown.len() < SHOWN_MAX {
            self.shown.push(in_words(&reason));
        }
        if let Some(out) = &mut self.reasons {
            writeln!(out, "{reason}")?;
        }
        Ok(())
    }

    /// The first of them, as people read them: line, field, what is wrong, what to do.
    pub(super) fn shown(&self, most: u64) -> impl Iterator<Item = &str> {
        self.shown.iter().take(usize::try_from(most).unwrap_or(usize::MAX)).map(String::as_str)
    }

    /// Copies the refused rows as they stand in the file, below its header if it has one. Gives how many lines.
    pub(super) fn copy(&mut self, from: &Path, header: bool) -> anyhow::Result<u64> {
        if let Some(out) = &mut self.reasons {
            out.flush()?;
        }
        let Some(to) = self.to.clone().filter(|_| !self.rows.is_empty()) else { return Ok(0) };
        let mut out = BufWriter::new(create(&to)?);
        let (name, input) = super::open(from)?;
        let mut input = plain(&name, input)?;
        let (mut line, mut number, mut until, mut copied) = (Vec::new(), 0, 0, 0);
        loop {
            line.clear();
            // A stream that is cut off or damaged gave all it had.
            match input.read_until(b'\n', &mut line) {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) if is_of_the_stream(&error) => break,
                Err(error) => return Err(error.into()),
            }
            number += 1;
            if let Some(lines) = self.rows.get(&number) {
                until = number + lines;
            }
            let of_header = header && number == 1;
            if of_header || number < until {
                out.write_all(&line)?;
                copied += u64::from(!of_header);
            }
        }
        out.flush()?;
        Ok(copied)
    }
}

/// Whether what was packed is at fault, and not what it was read from.
pub(super) fn is_of_the_stream(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    matches!(error.kind(), UnexpectedEof | InvalidData | InvalidInput)
}

fn reasons_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".reasons");
    PathBuf::from(name)
}

fn create(path: &Path) -> anyhow::Result<File> {
    let opened = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
    // One that was there before has the rights it had.
    let own = opened.and_then(|file| file.set_permissions(Permissions::from_mode(0o600)).map(|()| file));
    own.map_err(|error| BadInput(format!("failed to write `{}`: {error}", path.display())).into())
}

/// `7: field `scopes` of key:K1: what is wrong; what to do`.
pub(in crate::commands) fn in_words(reason: &Value) -> String {
    let said = |name: &str| reason.get(name).and_then(Value::as_str).unwrap_or_default();
    let mut text = reason.get("line").and_then(Value::as_u64).unwrap_or_default().to_string();
    if let Some(column) = reason.get("column").and_then(Value::as_u64) {
        text.push_str(&format!(":{column}"));
    }
    text.push_str(": ");
    if !said("subject").is_empty() {
        text.push_str(&format!("{}: ", said("subject")));
    }
    if !said("field").is_empty() {
        text.push_str(&format!("`{}`: ", said("field")));
    }
    text.push_str(&format!("{} ({})\n  what to do: {}", said("message"), said("code"), said("remedy")));
    text
}

/// The input unpacked, if it is packed.
pub(in crate::commands) fn plain(name: &str, mut from: Box<dyn BufRead>) -> anyhow::Result<Box<dyn BufRead>> {
    if from.fill_buf().with_context(|| format!("failed to read `{name}`"))?.starts_with(b"\x1f\x8b") {
        return Ok(Box::new(BufReader::with_capacity(1 << 18, MultiGzDecoder::new(from))));
    }
    Ok(from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn refused_rows_are_copied_byte_by_byte_below_the_header() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("keys.csv"), folder.path().join("refused.csv"));
        // A cell over two lines, and one in another encoding.
        let bytes = b"key,name\nK1,a\nK2,\"b\nc\"\nK3,\xb0\xa1\r\nK4,d".to_vec();
        std::fs::write(&from, &bytes).unwrap();
        let mut refused = Refused::into(Some(&to)).unwrap();
        std::fs::write(&to, "older").unwrap();
        std::fs::set_permissions(&to, Permissions::from_mode(0o644)).unwrap();
        refused.note((3, 2), json!({ "line": 3, "code": "dead_id", "message": "m", "remedy": "r" })).unwrap();
        refused
            .note((5, 1), json!({ "line": 5, "field": "state", "code": "c", "message": "m", "remedy": "r" }))
            .unwrap();
        assert_eq!(refused.copy(&from, true).unwrap(), 3);
        assert_eq!(std::fs::read(&to).unwrap(), b"key,name\nK2,\"b\nc\"\nK3,\xb0\xa1\r\n");
        assert_eq!(std::fs::metadata(&to).unwrap().permissions().mode() & 0o777, 0o600);
        let reasons = std::fs::read_to_string(folder.path().join("refused.csv.reasons")).unwrap();
        assert_eq!(reasons.lines().count(), 2);
        let shown: Vec<&str> = refused.shown(9).collect();
        insta::assert_snapshot!(shown.join("\n"), @"
        3: m (dead_id)
          what to do: r
        5: `state`: m (c)
          what to do: r
        ");
    }
}
