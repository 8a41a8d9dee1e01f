//! One entry, proven by one text (`c2sp.org/tlog-proof@v1`).

use crate::entry::{commitment, leaf, leaf_bytes};
use crate::fault::{Fault, FaultKind, Place, shown};
use crate::note;
use crate::tiles::{Hash, leaf_hash, node_hash};

/// What the reader of a proof was shown of the entry.
#[derive(Clone, Copy, Debug)]
pub enum Disclosed<'a> {
    /// The leaf's bytes alone.
    Leaf(&'a [u8]),
    /// The payload, and what turns it into the leaf.
    Payload {
        /// What happened.
        class: &'a str,
        /// Sequencing time, microseconds since 1970.
        sequenced: u64,
        /// The commitment's randomness.
        salt: &'a [u8; 32],
        /// The payload's canonical text, verbatim.
        payload: &'a str,
    },
}

/// What a proof has proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    /// Name of the log.
    pub origin: String,
    /// Entries of the log at that checkpoint.
    pub size: u64,
    /// Place of the entry.
    pub index: u64,
    /// What happened.
    pub class: String,
    /// When it was sequenced, microseconds since 1970.
    pub sequenced: u64,
}

/// Checks that what was disclosed is an entry of the log whose verifier key is `vkey`.
///
/// # Errors
/// [`Fault`], naming the line of the proof.
pub fn verify_proof(text: &str, disclosed: Disclosed<'_>, vkey: &str) -> Result<Proven, Fault> {
    let key = note::key(vkey)?;
    let fault = |line, expected: &str, found: &str| {
        Fault::new(FaultKind::Proof, "proof", expected, shown(found.as_bytes())).at(Place::Line(line))
    };
    let bytes = match disclosed {
        Disclosed::Leaf(bytes) => bytes.to_vec(),
        Disclosed::Payload { class, sequenced, salt, payload } => {
            leaf_bytes(class, sequenced, &commitment(salt, class, payload))
        }
    };
    let opened = leaf(&bytes).ok_or_else(|| {
        Fault::new(FaultKind::Entry, "leaf", "four lines from `sumun-leaf/v1`", shown(&bytes))
    })?;

    let (above, checkpoint) =
        text.split_once("\n\n").ok_or_else(|| fault(1, "a proof, an empty line, a checkpoint", text))?;
    let mut lines = (1_u64..).zip(above.split('\n')).peekable();
    match lines.next() {
        Some((_, "c2sp.org/tlog-proof@v1")) => {}
        other => return Err(fault(1, "`c2sp.org/tlog-proof@v1`", other.map_or("", |(_, line)| line))),
    }
    // Extra data is opaque and unsigned: passed over.
    lines.next_if(|(_, line)| line.starts_with("extra "));
    let (at, line) = lines.next().unwrap_or((2, ""));
    let index = line.strip_prefix("index ").and_then(note::decimal);
    let index = index.ok_or_else(|| fault(at, "`index ` and a whole number", line))?;
    let mut path: Vec<Hash> = Vec::new();
    for (at, line) in lines {
        let hash = note::base64_hash(line).filter(|_| path.len() < 64);
        path.push(hash.ok_or_else(|| fault(at, "one of at most 64 hashes in base64", line))?);
    }
    let head = note::head(checkpoint.as_bytes(), &key, "proof: checkpoint")?;
    if index >= head.size {
        return Err(fault(at, &format!("an index below {}", head.size), line));
    }
    if climb(leaf_hash(&bytes), index, head.size, &path) != Some(head.root) {
        let fault = Fault::new(
            FaultKind::Proof,
            "proof",
            "hashes that lead from the leaf to the signed root",
            "others",
        );
        return Err(fault.of(index));
    }
    let (class, sequenced) = (opened.class.to_owned(), opened.sequenced);
    Ok(Proven { origin: head.origin, size: head.size, index, class, sequenced })
}

/// Root that `path` leads to from `leaf` at `index` of `size` (RFC 9162, 2.1.3.2).
fn climb(leaf: Hash, index: u64, size: u64, path: &[Hash]) -> Option<Hash> {
    let (mut at, mut last, mut hash) = (index, size.checked_sub(1)?, leaf);
    for sibling in path {
        if last == 0 {
            return None;
        }
        if at & 1 == 1 || at == last {
            hash = node_hash(sibling, &hash);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    (last == 0).then_some(hash)
}
