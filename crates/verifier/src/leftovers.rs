//! No file besides. What a stopped publisher leaves is known and passed over; any other file is a fault.

use crate::fault::{Fault, FaultKind, Place};
use crate::files::{open, path, width};
use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::Path;

/// What lies in the folder beside the files that the log's size calls for.
#[derive(Debug, Default)]
pub(crate) struct Leftovers {
    /// Partial files that larger ones replaced, each with its larger one.
    superseded: Vec<(String, String)>,
    /// Files of a longer log, which nothing signed vouches for.
    pub(crate) ahead: u64,
    /// Files that were being written, under their temporary names.
    pub(crate) unfinished: u64,
}

/// Walks the folder of a log of `size` entries.
pub(crate) fn list(folder: &Path, size: u64) -> Result<Leftovers, Fault> {
    let (mut unread, mut found) = (vec![String::new()], Leftovers::default());
    while let Some(below) = unread.pop() {
        let unreadable =
            |e: io::Error| Fault::new(FaultKind::Unreadable, &below, "a readable folder", e.to_string());
        let entries = match fs::read_dir(folder.join(&below)) {
            // A log that grows removes folders of partial files.
            Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
            entries => entries.map_err(unreadable)?,
        };
        for entry in entries {
            let entry = entry.map_err(unreadable)?;
            let file = format!("{below}{}", entry.file_name().to_string_lossy());
            let kind = entry.file_type().map_err(unreadable)?;
            if kind.is_dir() {
                unread.push(format!("{file}/"));
                continue;
            }
            match called_for(&file, size).filter(|_| kind.is_file()) {
                Some(CalledFor::Now) => {}
                Some(CalledFor::Before { larger }) => found.superseded.push((file, larger)),
                Some(CalledFor::Later) => found.ahead += 1,
                Some(CalledFor::Unfinished) => found.unfinished += 1,
                None => {
                    let expected = format!("only the files of {size} entries");
                    let found = "a file that nothing calls for";
                    return Err(Fault::new(FaultKind::Leftover, &file, expected, found));
                }
            }
        }
    }
    Ok(found)
}

impl Leftovers {
    /// Partial files that were replaced may still stand, but must say the same; answers how many.
    pub(crate) fn compare(&self, folder: &Path) -> Result<u64, Fault> {
        for (file, larger) in &self.superseded {
            match same_beginning(folder, file, larger) {
                // Removed meanwhile.
                Err(fault) if fault.kind == FaultKind::Missing && fault.file == *file => {}
                compared => compared?,
            }
        }
        Ok(self.superseded.len() as u64)
    }
}

enum CalledFor {
    /// By this size.
    Now,
    /// By a smaller size; now `larger` holds the same and more.
    Before { larger: String },
    /// By a larger size.
    Later,
    /// By whoever writes it.
    Unfinished,
}

fn called_for(file: &str, size: u64) -> Option<CalledFor> {
    if file == "checkpoint" || file == "vkey" {
        return Some(CalledFor::Now);
    }
    if let Some(written) = file.strip_suffix(".new") {
        let known = written == "checkpoint" || written == "vkey" || parse(written).is_some();
        return known.then_some(CalledFor::Unfinished);
    }
    let (kind, n, wide) = parse(file)?;
    let level = kind.strip_prefix("tile/").and_then(|level| level.parse::<u32>().ok()).unwrap_or(0);
    let needed = width(size >> (8 * level), n);
    Some(match wide.cmp(&needed) {
        std::cmp::Ordering::Less => CalledFor::Before { larger: path(kind, n, needed) },
        std::cmp::Ordering::Equal => CalledFor::Now,
        std::cmp::Ordering::Greater => CalledFor::Later,
    })
}

fn same_beginning(folder: &Path, file: &str, larger: &str) -> Result<(), Fault> {
    let (kind, _, width) = parse(file).unwrap_or(("", 0, 0));
    let difference = whole_beginning(kind, width, open(folder, file)?, open(folder, larger)?)
        .map_err(|e| Fault::new(FaultKind::Unreadable, file, "a readable file", e.to_string()))?;
    match difference {
        Some(byte) => {
            let expected = format!("the beginning of `{larger}`, {width} of what it holds");
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

/// First byte at which `small` is not the first `width` hashes, leaves or lines of `large`.
fn whole_beginning(kind: &str, width: u64, small: File, large: File) -> io::Result<Option<u64>> {
    let (mut small, mut large) = (BufReader::new(small).bytes(), BufReader::new(large).bytes());
    let (mut at, mut units, mut left) = (0_u64, 0_u64, 0_u64);
    let mut length: Vec<u8> = Vec::new();
    while units < width {
        let (Some(right), found) = (large.next().transpose()?, small.next().transpose()?) else { break };
        if found != Some(right) {
            return Ok(Some(at));
        }
        at += 1;
        match kind {
            "payload" => units += u64::from(right == b'\n'),
            "tile/entries" if left == 0 => {
                length.push(right);
                if let &[high, low] = length.as_slice() {
                    left = u16::from_be_bytes([high, low]).into();
                    units += u64::from(left == 0);
                    length.clear();
                }
            }
            "tile/entries" => {
                left -= 1;
                units += u64::from(left == 0);
            }
            _ => units += u64::from(at.is_multiple_of(32)),
        }
    }
    // It must end there, and not before.
    Ok((units < width || small.next().transpose()?.is_some()).then_some(at))
}
