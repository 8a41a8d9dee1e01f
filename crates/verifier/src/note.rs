//! Signed notes: the verifier key and the checkpoint (`c2sp.org/signed-note`, `c2sp.org/tlog-checkpoint`).

use crate::fault::{Fault, FaultKind, Place, shown};
use base64::{Engine, prelude::BASE64_STANDARD};
use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest, Sha256};

/// Most entries a log may have.
const SIZE_MAX: u64 = (1 << 53) - 1;
/// What a fault of the key that was given is blamed on: no file of the folder.
pub(crate) const GIVEN_KEY: &str = "given verifier key";
/// Longest checkpoint, in bytes: all the witnesses one could wish for.
pub(crate) const CHECKPOINT_MAX: u64 = 64 * 1024;
/// Most signature lines below a checkpoint.
const SIGNATURES_MAX: usize = 100;

/// A log's or witness's name: 1 to 200 visible ASCII characters, no `+`.
fn is_name(name: &str) -> bool {
    (1..=200).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'+')
}

/// Whether 32 bytes spell a point's y the only way it may be: below 2^255 - 19.
fn is_reduced(key: &[u8; 32]) -> bool {
    let [first, middle @ .., last] = key;
    *first < 0xed || last & 0x7f != 0x7f || middle.iter().any(|byte| *byte != 0xff)
}

pub(crate) struct Key<'a> {
    pub(crate) text: &'a str,
    origin: &'a str,
    id: [u8; 4],
    key: VerifyingKey,
}

pub(crate) struct Head {
    pub(crate) origin: String,
    pub(crate) size: u64,
    pub(crate) root: [u8; 32],
}

/// Reads `name+id+base64(1, key)`, where the id is the beginning of a hash over name and key.
pub(crate) fn key(text: &str) -> Result<Key<'_>, Fault> {
    let text = text.strip_suffix('\n').unwrap_or(text);
    let read = || {
        let mut parts = text.splitn(3, '+');
        let (origin, id, encoded) = (parts.next()?, parts.next()?, parts.next()?);
        let decoded = BASE64_STANDARD.decode(encoded).ok()?;
        let key: &[u8; 32] = decoded.strip_prefix(&[1])?.try_into().ok()?;
        let hash = Sha256::new().chain_update(origin).chain_update("\n").chain_update(&decoded).finalize();
        let derived = *hash.first_chunk::<4>()?;
        (is_name(origin) && is_reduced(key) && hex::encode(derived) == id).then_some(())?;
        Some(Key { text, origin, id: derived, key: VerifyingKey::from_bytes(key).ok()? })
    };
    read().ok_or_else(|| {
        Fault::new(
            FaultKind::Key,
            GIVEN_KEY,
            "a verifier key such as `name+8 hex digits+base64`",
            shown(text.as_bytes()),
        )
    })
}

/// Reads a checkpoint and checks its signature. `file` is what a fault is blamed on.
pub(crate) fn head(bytes: &[u8], key: &Key<'_>, file: &str) -> Result<Head, Fault> {
    let fault = |line, expected: &str, found: String| {
        Fault::new(FaultKind::Checkpoint, file, expected, found).at(Place::Line(line))
    };
    if bytes.len() as u64 > CHECKPOINT_MAX {
        return Err(fault(1, "at most 64 KiB", "more".to_owned()));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| fault(1, "text in UTF-8", shown(bytes)))?;
    let (body, signatures) = text
        .split_once("\n\n")
        .ok_or_else(|| fault(1, "three lines, an empty line, signatures", shown(bytes)))?;
    let lines: Vec<&str> = body.split('\n').collect();
    let &[origin, size, root] = lines.as_slice() else {
        return Err(fault(4, "an empty line after origin, size and root", shown(body.as_bytes())));
    };
    if origin != key.origin {
        return Err(fault(1, &format!("the log `{}`", key.origin), shown(origin.as_bytes())));
    }
    let number = decimal(size).filter(|size| *size <= SIZE_MAX);
    let number = number.ok_or_else(|| fault(2, "the number of entries", shown(size.as_bytes())))?;
    let hash = base64_hash(root).ok_or_else(|| fault(3, "a hash in base64", shown(root.as_bytes())))?;
    let signatures = signatures
        .strip_suffix('\n')
        .ok_or_else(|| fault(5, "signature lines with line ends", shown(signatures.as_bytes())))?;
    if signatures.split('\n').count() > SIGNATURES_MAX {
        return Err(fault(105, "at most 100 signature lines", "more".to_owned()));
    }
    let signed = format!("{body}\n");
    let mut valid = false;
    for (at, line) in (5..).zip(signatures.split('\n')) {
        let malformed = || fault(at, "`— name base64`", shown(line.as_bytes()));
        let (name, encoded) =
            line.strip_prefix("— ").and_then(|rest| rest.split_once(' ')).ok_or_else(malformed)?;
        let decoded = BASE64_STANDARD.decode(encoded).map_err(|_| malformed())?;
        if !is_name(name) || decoded.len() < 5 {
            return Err(malformed());
        }
        // Lines by other keys (witnesses) are not ours to judge.
        let Some(signature) = decoded.strip_prefix(&key.id).filter(|_| name == key.origin) else { continue };
        let signature = Signature::from_slice(signature).map_err(|_| malformed())?;
        key.key
            .verify_strict(signed.as_bytes(), &signature)
            .map_err(|_| fault(at, "the signature of the three lines above", "another".to_owned()))?;
        valid = true;
    }
    if !valid {
        return Err(fault(5, &format!("a signature by `{}`", key.text), "none".to_owned()));
    }
    Ok(Head { origin: origin.to_owned(), size: number, root: hash })
}

/// A whole number in its only spelling.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let one = text == "0" || text.starts_with(|first: char| matches!(first, '1'..='9'));
    text.parse().ok().filter(|_| one)
}

pub(crate) fn base64_hash(text: &str) -> Option<[u8; 32]> {
    BASE64_STANDARD.decode(text).ok()?.try_into().ok()
}
