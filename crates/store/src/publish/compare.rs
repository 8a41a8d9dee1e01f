//! The folder against the rows, at open: what is missing is written, what is behind is brought up, and what contradicts
//! the rows is evidence: the store refuses to open, and touches nothing.

use crate::entries::hashes_of;
use crate::error::{OpenError, database};
use crate::inner::Inner;
use crate::options::StoreOptions;
use crate::publish::io::{PublishIo, TEMPORARY};
use crate::publish::publisher::{contents, failed, write};
use crate::records::Head;
use sha2::{Digest, Sha256};
use sqlx::AnyConnection;
use std::collections::BTreeSet;
use sumun_ledger::files::Kind;
use sumun_ledger::{Appender, Checkpoint, Growth, LogFile, Place, root_at};

/// Files compared at once: bounds memory.
const FILES_AT_ONCE: usize = 64;

/// Compares all files, then completes the folder up to `head`.
pub(crate) async fn complete(
    inner: &Inner,
    options: &StoreOptions,
    io: &dyn PublishIo,
    head: &Head,
) -> Result<(), OpenError> {
    let mut connection = inner.db.connection().await.map_err(database("compare the published ledger"))?;
    let listed = io.list().map_err(|source| failed("list", "the published ledger", source))?;
    let standing = published(&mut connection, options, io, head).await?;
    let wanted: BTreeSet<LogFile> = Growth::all(head.size).into_iter().collect();
    let there: BTreeSet<LogFile> = listed.iter().filter_map(|path| parse(path)).collect();
    let beyond = |file: &&LogFile| file.units().end > units(file.kind, head.size);
    if let Some(file) = there.iter().find(beyond) {
        return Err(OpenError::Contradiction {
            place: format!("published file `{file}`"),
            expected: format!("files of {} entries", head.size),
            found: "one of a longer ledger".to_owned(),
        });
    }
    let all: Vec<LogFile> = there.iter().copied().collect();
    for some in all.chunks(FILES_AT_ONCE) {
        for (file, right) in contents(&mut connection, some).await? {
            let path = file.path();
            let found = io.read(&path).map_err(|source| failed("read", &path, source))?;
            if found.as_ref().is_some_and(|found| *found != right) {
                return Err(differs(&file, &right, &found.unwrap_or_default()));
            }
        }
    }
    verifier_key(options, io)?;
    let missing: Vec<LogFile> = wanted.difference(&there).copied().collect();
    for some in missing.chunks(FILES_AT_ONCE) {
        let files = contents(&mut connection, some).await?;
        write(io, files, None, &[])?;
    }
    let stale: Vec<LogFile> = there.difference(&wanted).copied().collect();
    let checkpoint = (standing.as_deref() != Some(&*head.checkpoint)).then_some(&*head.checkpoint);
    if checkpoint.is_some() {
        write(io, Vec::new(), checkpoint, &[])?;
    }
    // The checkpoint stands over the larger files now: what they replaced is not needed, whoever left it.
    let stale = stale.iter().map(LogFile::path);
    let torn = listed.iter().filter(|path| path.ends_with(TEMPORARY)).cloned();
    for path in stale.chain(torn) {
        io.remove(&path).map_err(|source| failed("remove", &path, source))?;
    }
    Ok(())
}

/// The published checkpoint, if there is one: signed by us, not ahead of the rows, over the same tree.
async fn published(
    connection: &mut AnyConnection,
    options: &StoreOptions,
    io: &dyn PublishIo,
    head: &Head,
) -> Result<Option<String>, OpenError> {
    let found = io.read("checkpoint").map_err(|source| failed("read", "checkpoint", source))?;
    let Some(found) = found else { return Ok(None) };
    let contradiction = |expected: String, found: String| OpenError::Contradiction {
        place: "published file `checkpoint`".to_owned(),
        expected,
        found,
    };
    let text = String::from_utf8_lossy(&found).into_owned();
    let opened = Checkpoint::open(&text, &options.signer.verifier()).map_err(|error| {
        contradiction(format!("a checkpoint signed as `{}`", options.signer.origin()), error.to_string())
    })?;
    if opened.size > head.size {
        return Err(contradiction(
            format!("at most {} entries, as the database has", head.size),
            format!("{} entries: the database is older than what was published", opened.size),
        ));
    }
    let rows: Vec<u64> = Appender::frontier(opened.size).into_iter().map(Place::row).collect();
    let stored = hashes_of(connection, &rows).await?;
    let root = root_at(opened.size, |place| stored.hash(place)).map_err(|error| {
        contradiction(format!("stored hashes for {} entries", opened.size), format!("{error:?}"))
    })?;
    if root != opened.root {
        return Err(contradiction(
            format!("root {} at size {}", hex::encode(root.0), opened.size),
            format!("root {}", hex::encode(opened.root.0)),
        ));
    }
    Ok(Some(text))
}

/// The log's key in words, for verifiers.
fn verifier_key(options: &StoreOptions, io: &dyn PublishIo) -> Result<(), OpenError> {
    let right = format!("{}\n", options.signer.vkey());
    match io.read("vkey").map_err(|source| failed("read", "vkey", source))? {
        Some(found) if found == right.as_bytes() => Ok(()),
        Some(found) => Err(OpenError::Contradiction {
            place: "published file `vkey`".to_owned(),
            expected: right.trim_end().to_owned(),
            found: String::from_utf8_lossy(&found).trim_end().to_owned(),
        }),
        None => {
            io.write("vkey", right.as_bytes()).map_err(|source| failed("write", "vkey", source))?;
            io.sync_dir("").map_err(|source| failed("make durable the folder", "of the key", source))
        }
    }
}

/// How many units of a kind a ledger of `size` entries has.
fn units(kind: Kind, size: u64) -> u64 {
    match kind {
        Kind::Entries | Kind::Payloads => size,
        Kind::Tile(level) => size.checked_shr(8 * u32::from(level)).unwrap_or(0),
    }
}

/// A path back to its file; `None` for what is not ours to judge.
fn parse(path: &str) -> Option<LogFile> {
    let (kind, rest) = if let Some(rest) = path.strip_prefix("tile/entries/") {
        (Kind::Entries, rest)
    } else if let Some(rest) = path.strip_prefix("payload/") {
        (Kind::Payloads, rest)
    } else {
        let (level, rest) = path.strip_prefix("tile/")?.split_once('/')?;
        (Kind::Tile(level.parse().ok()?), rest)
    };
    let (number, width) = match rest.split_once(".p/") {
        Some((number, width)) => (number, width.parse().ok().filter(|width| (1..256).contains(width))?),
        None => (rest, 256),
    };
    let mut n = 0_u64;
    for group in number.split('/') {
        n = n.checked_mul(1000)?.checked_add(group.trim_start_matches('x').parse().ok()?)?;
    }
    let file = LogFile { kind, n, width };
    // One spelling each: anything else is not ours.
    (file.path() == path).then_some(file)
}

/// Names the first entry or hash in which a file differs from the rows.
fn differs(file: &LogFile, right: &[u8], found: &[u8]) -> OpenError {
    let at = right.iter().zip(found).take_while(|(right, found)| right == found).count();
    let before = right.get(..at).unwrap_or_default();
    let unit = match file.kind {
        Kind::Payloads => before.iter().filter(|byte| **byte == b'\n').count(),
        Kind::Entries => leaves(before),
        Kind::Tile(_) => at / 32,
    };
    // Payloads hold personal data, and errors end in logs.
    let shown = |bytes: &[u8]| match file.kind {
        Kind::Payloads => line_digest(bytes, unit),
        _ => shown(bytes, at),
    };
    let unit = file.units().start.saturating_add(unit as u64);
    let what = if matches!(file.kind, Kind::Tile(_)) { "hash" } else { "entry" };
    OpenError::Contradiction {
        place: format!("published file `{file}`, {what} {unit}, byte {at}"),
        expected: shown(right),
        found: shown(found),
    }
}

/// Whole leaves in the beginning of a bundle.
fn leaves(mut bytes: &[u8]) -> usize {
    let mut count = 0;
    while let Some((length, rest)) = bytes.split_at_checked(2) {
        let length = length.iter().fold(0_usize, |sum, byte| sum * 256 + usize::from(*byte));
        let Some(rest) = rest.get(length..) else { break };
        bytes = rest;
        count += 1;
    }
    count
}

/// A line of a bundle by its digest; its salt keeps anybody from guessing what it says.
fn line_digest(bytes: &[u8], line: usize) -> String {
    match bytes.split_inclusive(|byte| *byte == b'\n').nth(line) {
        Some(line) => format!("a line with SHA-256 {}", hex::encode(Sha256::digest(line))),
        None => format!("an end after {} bytes", bytes.len()),
    }
}

/// Some bytes around a place: text as text, hashes in hexadecimal.
fn shown(bytes: &[u8], at: usize) -> String {
    let end = bytes.len().min(at.saturating_add(24));
    let part = bytes.get(at.saturating_sub(8)..end).unwrap_or_default();
    if at >= bytes.len() {
        return format!("an end after {} bytes", bytes.len());
    }
    match std::str::from_utf8(part) {
        Ok(text) if !text.contains(char::is_control) => format!("`…{text}…`"),
        _ => hex::encode(part),
    }
}
