//! One entry, proven by one text (`c2sp.org/tlog-proof@v1`).

use crate::entry::{Leaf, commitment, leaf, leaf_bytes, line as payload_line};
use crate::fault::{Fault, FaultKind, Place, shown};
use crate::form::form;
use crate::note;
use crate::tiles::{Hash, leaf_hash, node_hash};
use base64::{Engine, prelude::BASE64_STANDARD};

/// What the reader of a proof was shown of the entry.
#[derive(Clone, Copy, Debug)]
pub enum Disclosed<'a> {
    /// Nothing but the proof, whose extra data is the leaf: class, time and place are proven.
    Nothing,
    /// The entry's line of a payload bundle, line end or not; the leaf is the proof's extra data.
    Line(&'a [u8]),
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
    /// Hex of what the leaf commits to.
    pub commitment: String,
    /// The leaf's own text.
    pub leaf: String,
    /// Whether the payload was shown, and is the one committed to.
    pub payload: bool,
}

/// Checks that what was disclosed is an entry of the log whose verifier key is `vkey`.
///
/// # Errors
/// [`Fault`], naming the line of the proof.
pub fn verify_proof(text: &str, disclosed: Disclosed<'_>, vkey: &str) -> Result<Proven, Fault> {
    let key = note::key(vkey)?;
    let read = Text::read(text)?;
    let head = note::head(read.checkpoint.as_bytes(), &key, "proof: checkpoint")?;
    let index = read.index;
    if index >= head.size {
        let fault =
            Fault::new(FaultKind::Proof, "proof", format!("an index below {}", head.size), index.to_string());
        return Err(fault.at(Place::Line(read.index_line)));
    }
    let size = head.size;
    let leads = |leaf: &[u8]| climb(leaf_hash(leaf), index, size, &read.path) == Some(head.root);
    let bytes = match disclosed {
        Disclosed::Nothing | Disclosed::Line(_) => {
            let lacks =
                || Fault::new(FaultKind::Proof, "proof", "the leaf as extra data", "none").at(Place::Line(2));
            read.extra.clone().ok_or_else(lacks)?
        }
        Disclosed::Leaf(bytes) => bytes.to_vec(),
        Disclosed::Payload { class, sequenced, salt, payload } => {
            leaf_bytes(class, sequenced, &commitment(salt, class, payload))
        }
    };
    if !leads(&bytes) {
        // The proof may carry the leaf that it was made for: then it is known which of the two was changed.
        let own = read.extra.as_deref().filter(|own| leads(own)).and_then(leaf);
        return Err(own.map_or_else(|| astray(index), |own| another(&own, disclosed, index)));
    }
    let opened = leaf(&bytes).ok_or_else(|| {
        Fault::new(FaultKind::Entry, "leaf", "four lines from `sumun-leaf/v1`", shown(&bytes))
    })?;
    // The payload is personal data: it never stands in a message.
    let wrong =
        |expected: &str, found: &str| Fault::new(FaultKind::Payload, "payload", expected, found).of(index);
    let payload = match disclosed {
        Disclosed::Nothing | Disclosed::Leaf(_) => false,
        Disclosed::Payload { class, payload, .. } => {
            form(payload, class).map_err(|expected| wrong(expected, "another payload"))?;
            true
        }
        Disclosed::Line(line) => {
            let line = payload_line(line.strip_suffix(b"\n").unwrap_or(line), index);
            match line
                .ok_or_else(|| wrong("a line with this index, salt and payload, or erased", "another"))?
            {
                None => false,
                Some(shown) => {
                    let found = commitment(&shown.salt, opened.class, shown.text);
                    if found != opened.commitment {
                        let committed = hex::encode(opened.commitment);
                        return Err(wrong(
                            &format!("the salt and payload committed to as {committed}"),
                            &format!("those of {}", hex::encode(found)),
                        ));
                    }
                    form(shown.text, opened.class).map_err(|expected| wrong(expected, "another payload"))?;
                    true
                }
            }
        }
    };
    let (class, sequenced) = (opened.class.to_owned(), opened.sequenced);
    let commitment = hex::encode(opened.commitment);
    let leaf = String::from_utf8_lossy(&bytes).into_owned();
    Ok(Proven { origin: head.origin, size: head.size, index, class, sequenced, commitment, leaf, payload })
}

/// Neither what was disclosed nor the proof's own leaf leads to the signed root.
fn astray(index: u64) -> Fault {
    let expected = "hashes that lead from the leaf to the signed root";
    Fault::new(FaultKind::Proof, "proof", expected, "others").of(index)
}

/// The proof is sound, and of the leaf `own`; what was disclosed is another one. Neither payload nor salt may stand in a message.
fn another(own: &Leaf<'_>, disclosed: Disclosed<'_>, index: u64) -> Fault {
    let entry = |expected: String, found: String| Fault::new(FaultKind::Entry, "entry", expected, found);
    let fault = match disclosed {
        Disclosed::Payload { class, sequenced, salt, payload } => {
            let found = commitment(salt, class, payload);
            if class != own.class {
                entry(format!("class `{}`", own.class), shown(class.as_bytes()))
            } else if found != own.commitment {
                let expected =
                    format!("the salt and payload committed to as {}", hex::encode(own.commitment));
                Fault::new(
                    FaultKind::Payload,
                    "payload",
                    expected,
                    format!("those of {}", hex::encode(found)),
                )
            } else {
                let time = |us: u64| format!("time {us} in microseconds since 1970");
                entry(time(own.sequenced), time(sequenced))
            }
        }
        Disclosed::Leaf(bytes) => {
            let right = leaf_bytes(own.class, own.sequenced, &own.commitment);
            entry(format!("the leaf {}", shown(&right)), shown(bytes))
        }
        Disclosed::Nothing | Disclosed::Line(_) => return astray(index),
    };
    fault.of(index)
}

/// A proof's text, taken apart.
struct Text<'a> {
    extra: Option<Vec<u8>>,
    index: u64,
    index_line: u64,
    path: Vec<Hash>,
    checkpoint: &'a str,
}

impl<'a> Text<'a> {
    fn read(text: &'a str) -> Result<Self, Fault> {
        let fault = |line, expected: &str, found: &str| {
            Fault::new(FaultKind::Proof, "proof", expected, shown(found.as_bytes())).at(Place::Line(line))
        };
        let (above, checkpoint) =
            text.split_once("\n\n").ok_or_else(|| fault(1, "a proof, an empty line, a checkpoint", text))?;
        let mut lines = (1_u64..).zip(above.split('\n')).peekable();
        match lines.next() {
            Some((_, "c2sp.org/tlog-proof@v1")) => {}
            other => return Err(fault(1, "`c2sp.org/tlog-proof@v1`", other.map_or("", |(_, line)| line))),
        }
        // No signature covers extra data; if it is the leaf, the path does.
        let extra = match lines.next_if(|(_, line)| line.starts_with("extra ")) {
            Some((at, line)) => {
                let decoded =
                    line.strip_prefix("extra ").and_then(|encoded| BASE64_STANDARD.decode(encoded).ok());
                let decoded = decoded.filter(|decoded| !decoded.is_empty());
                Some(decoded.ok_or_else(|| fault(at, "`extra ` and base64", line))?)
            }
            None => None,
        };
        let (index_line, line) = lines.next().unwrap_or((2, ""));
        let index = line.strip_prefix("index ").and_then(note::decimal);
        let index = index.ok_or_else(|| fault(index_line, "`index ` and a whole number", line))?;
        let mut path: Vec<Hash> = Vec::new();
        for (at, line) in lines {
            let hash = note::base64_hash(line).filter(|_| path.len() < 64);
            path.push(hash.ok_or_else(|| fault(at, "one of at most 64 hashes in base64", line))?);
        }
        Ok(Self { extra, index, index_line, path, checkpoint })
    }
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
