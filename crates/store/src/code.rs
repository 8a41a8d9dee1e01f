//! Codes under rows that no ledger entry vouches for: whoever can write the database can make such rows, but no code.
//!
//! HMAC-SHA256 under a key derived from the log's own, which stands sealed outside the database. Every part is preceded by
//! its length, so that no two lists of parts are the same bytes. Never here: what to do with a row whose code is wrong.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use sumun_ledger::CheckpointSigner;

/// What a code is made for. Codes of one purpose are worth nothing for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A change that waits for its place in the ledger.
    Leaf,
    /// A session.
    Session,
}

impl Purpose {
    fn label(self) -> &'static str {
        match self {
            Self::Leaf => "pending leaf",
            Self::Session => "session",
        }
    }
}

/// The code under these parts.
pub(crate) fn code(signer: &CheckpointSigner, purpose: Purpose, parts: &[&[u8]]) -> Vec<u8> {
    mac(signer, purpose, parts).finalize().into_bytes().to_vec()
}

/// Whether `found` is the code under these parts; compared in constant time.
pub(crate) fn holds(
    signer: &CheckpointSigner,
    purpose: Purpose,
    parts: &[&[u8]],
    found: Option<&[u8]>,
) -> bool {
    found.is_some_and(|found| mac(signer, purpose, parts).verify_slice(found).is_ok())
}

fn mac(signer: &CheckpointSigner, purpose: Purpose, parts: &[&[u8]]) -> Hmac<Sha256> {
    let key = signer.derive(purpose.label());
    let mut block = [0; 64];
    block.iter_mut().zip(key).for_each(|(to, byte)| *to = byte);
    let mut mac = Hmac::<Sha256>::new(&block.into());
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_for_one_purpose_one_key_and_these_parts() {
        let signer = |seed| CheckpointSigner::new(&[seed; 32], "sumun.example/made-up").unwrap();
        let made = code(&signer(1), Purpose::Leaf, &[b"ab", b"c"]);
        let found = Some(made.as_slice());
        assert!(holds(&signer(1), Purpose::Leaf, &[b"ab", b"c"], found));
        assert!(!holds(&signer(1), Purpose::Leaf, &[b"a", b"bc"], found));
        assert!(!holds(&signer(1), Purpose::Session, &[b"ab", b"c"], found));
        assert!(!holds(&signer(2), Purpose::Leaf, &[b"ab", b"c"], found));
        assert!(!holds(&signer(1), Purpose::Leaf, &[b"ab", b"c"], None));
        assert!(!holds(&signer(1), Purpose::Leaf, &[b"ab", b"c"], Some(&[])));
    }
}
