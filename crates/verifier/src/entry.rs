//! One entry: its leaf, and the payload and salt that the leaf commits to.

use sha2::{Digest, Sha256};

/// Longest payload, in bytes.
pub const PAYLOAD_MAX: u64 = 16 * 1024 * 1024;

/// Last microsecond a leaf may name: 9999-12-30T22:00:00Z.
const TIME_MAX: u64 = 253_402_207_200 * 1_000_000;

/// One entry whose leaf is in the tree and, unless erased, whose payload is the one committed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Place in the log, from 0.
    pub index: u64,
    /// What happened.
    pub class: String,
    /// When it was given its place, microseconds since 1970, by the sequencer's clock.
    pub sequenced: u64,
    /// What the leaf commits to; it stays when the payload is erased.
    pub commitment: [u8; 32],
    /// Payload and salt; `None` if they were erased.
    pub payload: Option<Payload>,
}

/// What an entry commits to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// The commitment's randomness.
    pub salt: [u8; 32],
    /// The payload's canonical text.
    pub text: String,
}

/// A leaf, taken apart.
pub(crate) struct Leaf<'a> {
    pub(crate) class: &'a str,
    pub(crate) sequenced: u64,
    pub(crate) commitment: [u8; 32],
}

/// Takes a leaf apart; `None` unless it is spelled the only way it may be.
pub(crate) fn leaf(bytes: &[u8]) -> Option<Leaf<'_>> {
    let text = std::str::from_utf8(bytes).ok()?.strip_prefix("sumun-leaf/v1\n")?.strip_suffix('\n')?;
    let mut lines = text.split('\n');
    let (class, time, digits) = (lines.next()?, lines.next()?, lines.next()?);
    let word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_lowercase())
            && word.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_'))
    };
    let (of, what) = class.split_once('.')?;
    let sequenced = crate::note::decimal(time).filter(|us| *us <= TIME_MAX)?;
    let commitment = hex32(digits)?;
    (lines.next().is_none() && class.len() <= 64 && word(of) && word(what)).then_some(())?;
    Some(Leaf { class, sequenced, commitment })
}

pub(crate) fn leaf_bytes(class: &str, sequenced: u64, commitment: &[u8; 32]) -> Vec<u8> {
    format!("sumun-leaf/v1\n{class}\n{sequenced}\n{}\n", hex::encode(commitment)).into_bytes()
}

pub(crate) fn commitment(salt: &[u8; 32], class: &str, payload: &str) -> [u8; 32] {
    Sha256::new()
        .chain_update(b"sumun-commitment/v1\0")
        .chain_update(salt)
        .chain_update(class)
        .chain_update([0])
        .chain_update(payload)
        .finalize()
        .into()
}

/// A line of a payload bundle that was not erased, taken apart.
pub(crate) struct Line<'a> {
    pub(crate) salt: [u8; 32],
    pub(crate) text: &'a str,
}

/// Takes apart the line of entry `index` in a payload bundle. Outer `None`: no such line; inner `None`: erased.
pub(crate) fn line(bytes: &[u8], index: u64) -> Option<Option<Line<'_>>> {
    let (number, rest) = std::str::from_utf8(bytes).ok()?.strip_prefix("{\"index\":")?.split_once(',')?;
    (crate::note::decimal(number) == Some(index)).then_some(())?;
    if rest == "\"erased\":true}" {
        return Some(None);
    }
    let (digits, rest) = rest.strip_prefix("\"salt\":\"")?.split_once('"')?;
    let text = rest.strip_prefix(",\"payload\":")?.strip_suffix('}')?;
    Some(Some(Line { salt: hex32(digits)?, text }))
}

/// Lower-case hexadecimal of 32 bytes. Without a branch on any digit: as good as random, they would be guessed wrong.
fn hex32(digits: &str) -> Option<[u8; 32]> {
    let pairs = digits.as_bytes().as_chunks::<2>().0.first_chunk::<32>()?;
    let worth = |digit: u8| match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => u8::MAX,
    };
    let (mut bytes, mut all) = ([0; 32], 0);
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        let (high, low) = (worth(*high), worth(*low));
        all |= high | low;
        *byte = high << 4 | low & 15;
    }
    (digits.len() == 64 && all < 16).then_some(bytes)
}

/// The leaf at `offset` of an entry bundle; moves `offset` behind it.
pub(crate) fn next_leaf<'a>(bundle: &'a [u8], offset: &mut usize) -> Option<&'a [u8]> {
    let (length, rest) = bundle.get(*offset..)?.split_first_chunk::<2>()?;
    let leaf = rest.get(..u16::from_be_bytes(*length).into())?;
    *offset += 2 + leaf.len();
    Some(leaf)
}
