//! Snapshots of the engine on the disk: two are kept, so that a damaged one costs a piece of the log, not all of it.
//!
//! ```text
//! {"next":…,"policy":"default@3","last":"…"}  line feed  what the engine saved  SHA-256 over all of it
//! ```
//!
//! A snapshot belongs to one log: it holds the digest of the last line it knows, and whoever exchanged the log has no use for it.

use super::seam::Seam;
use crate::atomic_file;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use tracing::warn;

/// Snapshots kept.
const KEPT: usize = 2;
const ENDING: &str = "snapshot";
const DIGEST_BYTES: usize = 32;

/// What a snapshot says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Head {
    /// Offset of the line behind it.
    pub(crate) next: u64,
    /// The policy in force there.
    pub(crate) policy: String,
    /// Hex SHA-256 of the last line it knows; empty if it knows none.
    pub(crate) last: String,
    /// What was read before the log, if something was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) seam: Option<Seam>,
}

/// A snapshot, read and whole.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(super) path: PathBuf,
    pub(crate) head: Head,
    /// What the engine saved.
    pub(super) engine: Vec<u8>,
}

/// Digest of a line, as a snapshot names it.
pub(crate) fn of_line(line: &[u8]) -> String {
    hex::encode(Sha256::digest(line))
}

/// A head and what belongs to it, with a digest over both.
pub(crate) fn framed(head: &impl Serialize, body: &[u8]) -> serde_json::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec(head)?;
    bytes.push(b'\n');
    bytes.extend_from_slice(body);
    let sum: [u8; DIGEST_BYTES] = Sha256::digest(&bytes).into();
    bytes.extend_from_slice(&sum);
    Ok(bytes)
}

/// Writes one to a place, for good.
pub(super) fn write_at(path: &Path, head: &Head, engine: &[u8]) -> Result<(), String> {
    let bytes = framed(head, engine).map_err(|error| error.to_string())?;
    let written = atomic_file::replace(path, &bytes);
    written.map_err(|error| crate::exit::with_causes(&error))?.durably().map_err(|error| error.to_string())
}

/// Writes a snapshot and removes what is older than the two newest. Returns the lowest place that a kept one needs.
pub(super) fn write(folder: &Path, head: &Head, engine: &[u8]) -> Result<u64, String> {
    write_at(&path(folder, head.next), head, engine)?;
    let all = places(folder);
    for (_, old) in all.iter().skip(KEPT) {
        let _ = fs::remove_file(old);
    }
    Ok(needed(&all))
}

/// The lowest place that a kept snapshot needs: its last line, by which it knows the log. 0 unless two are kept.
pub(super) fn needed_by_kept(folder: &Path) -> u64 {
    needed(&places(folder))
}

fn needed(newest_first: &[(u64, PathBuf)]) -> u64 {
    // With one alone, a damaged one means the whole log.
    newest_first.get(KEPT - 1).map_or(0, |(next, _)| next.saturating_sub(1))
}

/// Whole snapshots, the newest first. One that is not is named and passed over.
pub(crate) fn read(folder: &Path) -> impl Iterator<Item = Snapshot> {
    places(folder).into_iter().filter_map(|(_, path)| {
        let bytes = fs::read(&path);
        let read = bytes.ok().and_then(|bytes| unframed::<Head>(&bytes));
        if read.is_none() {
            warn!("`{}` is damaged and is not used", path.display());
        }
        read.map(|(head, engine)| Snapshot { path, head, engine })
    })
}

/// Removes every snapshot: what is known comes from elsewhere now.
pub(super) fn remove_all(folder: &Path) {
    for (_, old) in places(folder) {
        let _ = fs::remove_file(old);
    }
}

/// The place of the newest snapshot, whole or not.
pub(crate) fn newest(folder: &Path) -> Option<u64> {
    places(folder).first().map(|(next, _)| *next)
}

/// What the newest snapshot says of itself, whatever stands behind it.
pub(crate) fn newest_head(folder: &Path) -> Option<Head> {
    let (_, path) = places(folder).into_iter().next()?;
    let mut line = Vec::new();
    BufReader::new(fs::File::open(path).ok()?).read_until(b'\n', &mut line).ok()?;
    serde_json::from_slice(&line).ok()
}

/// One that stands at a place; none if it is damaged.
pub(super) fn read_at(path: &Path) -> Option<Snapshot> {
    let (head, engine) = unframed(&fs::read(path).ok()?)?;
    Some(Snapshot { path: path.to_owned(), head, engine })
}

/// Takes a head and its body apart; none if a byte of it is another.
pub(crate) fn unframed<H: serde::de::DeserializeOwned>(bytes: &[u8]) -> Option<(H, Vec<u8>)> {
    let (summed, sum) = bytes.split_at_checked(bytes.len().checked_sub(DIGEST_BYTES)?)?;
    let is: [u8; DIGEST_BYTES] = Sha256::digest(summed).into();
    if is != *sum {
        return None;
    }
    let end = summed.iter().position(|byte| *byte == b'\n')?;
    let (head, engine) = summed.split_at_checked(end)?;
    Some((serde_json::from_slice(head).ok()?, engine.get(1..)?.to_vec()))
}

fn path(folder: &Path, next: u64) -> PathBuf {
    folder.join(format!("{next:020}.{ENDING}"))
}

/// Every snapshot's place and file, the newest first.
fn places(folder: &Path) -> Vec<(u64, PathBuf)> {
    let named = |entry: fs::DirEntry| {
        let path = entry.path();
        let next = path.file_stem()?.to_str()?.parse().ok()?;
        (path.extension()? == ENDING).then_some((next, path))
    };
    let mut all: Vec<_> =
        fs::read_dir(folder).into_iter().flatten().filter_map(|entry| entry.ok().and_then(named)).collect();
    all.sort_unstable_by(|one, other| other.cmp(one));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(next: u64) -> Head {
        Head { next, policy: "default@3".to_owned(), last: of_line(b"{}"), seam: None }
    }

    #[test]
    fn two_are_kept_and_a_damaged_one_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        assert_eq!(needed_by_kept(folder), 0);
        for (next, needed) in [(10, 0), (25, 9), (31, 24)] {
            assert_eq!(write(folder, &head(next), b"state").unwrap(), needed);
        }
        let found: Vec<_> = read(folder).map(|snapshot| snapshot.head).collect();
        assert_eq!(found, [head(31), head(25)]);
        let newest = path(folder, 31);
        let whole = fs::read(&newest).unwrap();
        for damage in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[damage] ^= 1;
            assert!(unframed::<Head>(&bytes).is_none(), "byte {damage}");
            assert!(unframed::<Head>(&whole[..damage]).is_none(), "cut at {damage}");
        }
        fs::write(&newest, b"half").unwrap();
        let found: Vec<_> = read(folder).map(|snapshot| (snapshot.head.next, snapshot.engine)).collect();
        assert_eq!(found, [(25, b"state".to_vec())]);
    }
}
