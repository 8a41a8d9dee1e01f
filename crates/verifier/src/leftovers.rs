//! No file besides: whatever the log's size does not call for is a fault.

use crate::fault::{Fault, FaultKind, Place};
use crate::files::{open, path, width};
use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::Path;

/// Walks the folder of a log of `size` entries. Partial files that larger ones replaced may still stand, but must say
/// the same; answers how many.
pub(crate) fn check(folder: &Path, size: u64) -> Result<u64, Fault> {
    let (mut unread, mut superseded) = (vec![String::new()], 0);
    while let Some(below) = unread.pop() {
        let unreadable =
            |e: io::Error| Fault::new(FaultKind::Unreadable, &below, "a readable folder", e.to_string());
        for found in fs::read_dir(folder.join(&below)).map_err(unreadable)? {
            let found = found.map_err(unreadable)?;
            let file = format!("{below}{}", found.file_name().to_string_lossy());
            let kind = found.file_type().map_err(unreadable)?;
            if kind.is_dir() {
                unread.push(format!("{file}/"));
                continue;
            }
            match called_for(&file, size).filter(|_| kind.is_file()) {
                Some(CalledFor::Now) => {}
                Some(CalledFor::Before { larger }) => {
                    same_beginning(folder, &file, &larger)?;
                    superseded += 1;
                }
                None => {
                    let expected = format!("only the files of {size} entries");
                    return Err(Fault::new(
                        FaultKind::Leftover,
                        &file,
                        expected,
                        "a file that nothing calls for",
                    ));
                }
            }
        }
    }
    Ok(superseded)
}

enum CalledFor {
    /// By this size.
    Now,
    /// By a smaller size; now `larger` holds the same and more.
    Before { larger: String },
}

fn called_for(file: &str, size: u64) -> Option<CalledFor> {
    if file == "checkpoint" || file == "vkey" {
        return Some(CalledFor::Now);
    }
    let (kind, n, wide) = parse(file)?;
    let level = kind.strip_prefix("tile/").and_then(|level| level.parse::<u32>().ok()).unwrap_or(0);
    let needed = width(size >> (8 * level), n);
    match wide.cmp(&needed) {
        std::cmp::Ordering::Less => Some(CalledFor::Before { larger: path(kind, n, needed) }),
        std::cmp::Ordering::Equal => Some(CalledFor::Now),
        std::cmp::Ordering::Greater => None,
    }
}

fn same_beginning(folder: &Path, file: &str, larger: &str) -> Result<(), Fault> {
    let difference = first_difference(open(folder, file)?, open(folder, larger)?)
        .map_err(|e| Fault::new(FaultKind::Unreadable, file, "a readable file", e.to_string()))?;
    match difference {
        Some(byte) => {
            let expected = format!("the beginning of `{larger}`");
            Err(Fault::new(FaultKind::Leftover, file, expected, "other bytes").at(Place::Byte(byte)))
        }
        None => Ok(()),
    }
}

/// Kind, number and width of a tile or bundle, from its path.
fn parse(file: &str) -> Option<(&str, u64, u64)> {
    let after = if file.starts_with("tile/") { file.get(5..)?.find('/')? + 5 } else { file.find('/')? };
    let (kind, number) = (file.get(..after)?, file.get(after + 1..)?);
    let (number, wide) =
        number.split_once(".p/").map_or(Some((number, 256)), |(n, w)| Some((n, w.parse().ok()?)))?;
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let n = digits.parse().ok()?;
    let known = kind == "payload"
        || kind == "tile/entries"
        || kind.strip_prefix("tile/").is_some_and(|level| {
            level.parse::<u32>().is_ok_and(|number| number < 7 && number.to_string() == level)
        });
    (known && wide > 0 && path(kind, n, wide) == file).then_some((kind, n, wide))
}

/// First byte at which `small` is not the beginning of `large`.
fn first_difference(small: File, large: File) -> io::Result<Option<u64>> {
    let mut large = BufReader::new(large).bytes();
    for (at, byte) in (0..).zip(BufReader::new(small).bytes()) {
        if large.next().transpose()? != Some(byte?) {
            return Ok(Some(at));
        }
    }
    Ok(None)
}
