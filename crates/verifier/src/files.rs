//! The published folder's files: their paths, and reading them with a bound.

use crate::fault::{Fault, FaultKind};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// Path of number `n` in `folder`, with `width` of 256 in it.
pub(crate) fn path(folder: &str, n: u64, width: u64) -> String {
    let mut number = format!("{:03}", n % 1000);
    let mut rest = n / 1000;
    while rest > 0 {
        number = format!("x{:03}/{number}", rest % 1000);
        rest /= 1000;
    }
    if width == 256 { format!("{folder}/{number}") } else { format!("{folder}/{number}.p/{width}") }
}

/// How many of 256 are in number `n`, when there are `units` altogether.
pub(crate) fn width(units: u64, n: u64) -> u64 {
    units.saturating_sub(n.saturating_mul(256)).min(256)
}

/// Opens a plain file of the folder.
pub(crate) fn open(folder: &Path, file: &str) -> Result<File, Fault> {
    let whole = folder.join(file);
    let failed = |e: io::Error| match e.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            Fault::new(FaultKind::Missing, file, "a file", "none")
        }
        _ => Fault::new(FaultKind::Unreadable, file, "a readable file", e.to_string()),
    };
    // A pipe would hold us up for ever, and a link lead elsewhere.
    if !fs::symlink_metadata(&whole).map_err(failed)?.is_file() {
        return Err(Fault::new(FaultKind::Unreadable, file, "a plain file", "something else"));
    }
    File::open(&whole).map_err(failed)
}

/// Reads at most `limit` bytes of a plain file of the folder; whoever compares the contents notices a cut.
pub(crate) fn read(folder: &Path, file: &str, limit: u64) -> Result<Vec<u8>, Fault> {
    rest(open(folder, file)?, file, limit)
}

/// Reads at most `limit` bytes of an open file.
pub(crate) fn rest(opened: File, file: &str, limit: u64) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    opened
        .take(limit)
        .read_to_end(&mut bytes)
        .map_err(|e| Fault::new(FaultKind::Unreadable, file, "a readable file", e.to_string()))?;
    Ok(bytes)
}
