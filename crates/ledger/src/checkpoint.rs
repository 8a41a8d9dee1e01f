//! The signed head of the log: size and root, as a C2SP checkpoint signed with Ed25519.
//!
//! Text as in `c2sp.org/tlog-checkpoint`: origin, size, root in base64, an empty line, signature lines. No extension
//! lines. Lines by keys we do not know (witnesses) are carried and not judged. Never here: where the seed is kept.

use base64::{Engine, prelude::BASE64_STANDARD};
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use signed_note::{Note, Signer, StandardVerifier, VerifierList};
use tlog_tiles::Hash;

use crate::tree::SIZE_MAX;

/// Longest origin, in bytes.
pub const ORIGIN_MAX: usize = 200;

/// First bytes of what keys are derived with.
const DERIVE_VERSION: &[u8] = b"sumun-derive/v1";

/// Whether a log may be named so: visible ASCII, so that every reader in every language splits the same way.
fn is_origin(name: &str) -> bool {
    (1..=ORIGIN_MAX).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'+')
}

/// Why a key cannot sign or verify checkpoints.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Origin that a signed note cannot carry.
    #[error("origin `{0}` must be 1 to {ORIGIN_MAX} visible ASCII characters without `+`")]
    Origin(String),
    /// Verifier key of another shape.
    #[error("`{0}` is not a verifier key such as `sumun.example/venue+8 hex digits+base64`")]
    Verifier(String),
}

/// Why a text is no checkpoint of this log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Not a signed note.
    #[error("the checkpoint is not a signed note")]
    NotANote,
    /// Signed by others only, or wrongly.
    #[error("the checkpoint bears no valid signature by `{0}`")]
    Unsigned(String),
    /// Another log's.
    #[error("the checkpoint is of `{found}`, not of `{wanted}`")]
    Origin {
        /// Origin found.
        found: String,
        /// Origin of the key.
        wanted: String,
    },
    /// Signed, but not three lines of origin, size and root.
    #[error("the checkpoint's text is not three lines: origin, size, root")]
    Shape,
}

/// Signs checkpoints. Prints as its origin only; the key is wiped from memory when dropped.
pub struct CheckpointSigner {
    key: SigningKey,
    origin: String,
    id: u32,
}

impl std::fmt::Debug for CheckpointSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CheckpointSigner({})", self.origin)
    }
}

impl CheckpointSigner {
    /// A signer from an Ed25519 seed.
    ///
    /// # Errors
    /// [`KeyError::Origin`].
    pub fn new(seed: &[u8; 32], origin: &str) -> Result<Self, KeyError> {
        if !is_origin(origin) {
            return Err(KeyError::Origin(origin.chars().take(ORIGIN_MAX).collect()));
        }
        let key = SigningKey::from_bytes(seed);
        let mut encoded = vec![1];
        encoded.extend(key.verifying_key().to_bytes());
        let id = signed_note::key_id(origin, &encoded);
        Ok(Self { key, origin: origin.to_owned(), id })
    }

    /// Name of the log.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The signed checkpoint of a tree of `size` entries with `root`.
    #[must_use]
    pub fn sign(&self, size: u64, root: Hash) -> String {
        let text = format!("{}\n{size}\n{}\n", self.origin, BASE64_STANDARD.encode(root.0));
        let mut signature = self.id.to_be_bytes().to_vec();
        signature.extend(self.key.sign(text.as_bytes()).to_bytes());
        format!("{text}\n— {} {}\n", self.origin, BASE64_STANDARD.encode(signature))
    }

    /// A key for another purpose, for whoever has the log's key and nobody else: HMAC-SHA256 under the seed over the
    /// label. One label for each purpose.
    #[must_use]
    pub fn derive(&self, label: &str) -> [u8; 32] {
        let mut block = [0; 64];
        block.iter_mut().zip(self.key.as_bytes()).for_each(|(to, byte)| *to = *byte);
        let mut mac = Hmac::<Sha256>::new(&block.into());
        mac.update(DERIVE_VERSION);
        mac.update(&[0]);
        mac.update(label.as_bytes());
        mac.finalize().into_bytes().into()
    }

    /// The public half in signed-note form, for whoever verifies.
    #[must_use]
    pub fn vkey(&self) -> String {
        signed_note::new_ed25519_verifier_key(&self.origin, &self.key.verifying_key())
    }

    /// The public half, ready to use.
    #[must_use]
    pub fn verifier(&self) -> VerifierKey {
        VerifierKey { text: self.vkey(), origin: self.origin.clone() }
    }
}

/// So that other signed notes can be made with the log's key through `signed_note`.
impl Signer for CheckpointSigner {
    fn name(&self) -> &str {
        &self.origin
    }

    fn key_id(&self) -> u32 {
        self.id
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, ed25519_dalek::SignatureError> {
        self.key.try_sign(message).map(|signature| signature.to_bytes().to_vec())
    }
}

/// The public half of a log's key with the log's origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    text: String,
    origin: String,
}

impl VerifierKey {
    /// Reads a verifier key in signed-note form; one line end is forgiven.
    ///
    /// # Errors
    /// [`KeyError::Verifier`].
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let text = text.strip_suffix('\n').unwrap_or(text);
        let bad = || KeyError::Verifier(text.chars().take(ORIGIN_MAX).collect());
        StandardVerifier::new(text).map_err(|_| bad())?;
        let (origin, _) = text.split_once('+').filter(|(origin, _)| is_origin(origin)).ok_or_else(bad)?;
        Ok(Self { text: text.to_owned(), origin: origin.to_owned() })
    }

    /// The key in signed-note form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Name of the log.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The bare Ed25519 key.
    #[must_use]
    pub fn public_key(&self) -> Option<VerifyingKey> {
        // Base64 has `+` too, so count from the front.
        let encoded = self.text.splitn(3, '+').nth(2)?;
        let bytes = BASE64_STANDARD.decode(encoded).ok()?;
        VerifyingKey::from_bytes(bytes.get(1..)?.try_into().ok()?).ok()
    }
}

/// What a checkpoint says, once its signature has been checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// Name of the log.
    pub origin: String,
    /// Number of entries.
    pub size: u64,
    /// Root of their tree.
    pub root: Hash,
}

impl Checkpoint {
    /// Reads a checkpoint signed by `key`.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub fn open(text: &str, key: &VerifierKey) -> Result<Self, CheckpointError> {
        let note = Note::from_bytes(text.as_bytes()).map_err(|_| CheckpointError::NotANote)?;
        let unsigned = || CheckpointError::Unsigned(key.origin.clone());
        let verifier = StandardVerifier::new(&key.text).map_err(|_| unsigned())?;
        note.verify(&VerifierList::new(vec![Box::new(verifier)])).map_err(|_| unsigned())?;
        let body = std::str::from_utf8(note.text()).map_err(|_| CheckpointError::Shape)?;
        let mut lines = body.strip_suffix('\n').ok_or(CheckpointError::Shape)?.split('\n');
        let (Some(origin), Some(size), Some(root), None) =
            (lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(CheckpointError::Shape);
        };
        if origin != key.origin {
            return Err(CheckpointError::Origin { found: origin.to_owned(), wanted: key.origin.clone() });
        }
        let number = decimal(size).filter(|size| *size <= SIZE_MAX).ok_or(CheckpointError::Shape)?;
        let root = hash(root).ok_or(CheckpointError::Shape)?;
        Ok(Self { origin: origin.to_owned(), size: number, root })
    }
}

/// A whole number written the only way it may be: no sign, no leading zero.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    text.parse::<u64>().ok().filter(|number| number.to_string() == text)
}

/// A hash in base64.
pub(crate) fn hash(text: &str) -> Option<Hash> {
    Some(Hash(BASE64_STANDARD.decode(text).ok()?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn signer() -> CheckpointSigner {
        CheckpointSigner::new(&[42; 32], "sumun.example/made-up").unwrap()
    }

    #[test]
    fn what_is_signed_opens_with_the_printed_key() {
        let signer = signer();
        let key = VerifierKey::parse(&format!("{}\n", signer.vkey())).unwrap();
        let text = signer.sign(7, Hash([9; 32]));
        assert_eq!(
            signer.vkey(),
            "sumun.example/made-up+9143d2eb+ARl/ayPhbIUyxqvIOPrNXqeJvgx2spIDNAOb+os9No1h"
        );
        assert_eq!(
            text,
            "sumun.example/made-up
7
CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=

— sumun.example/made-up kUPS6xIx8oXk4WhL8K/eApK/UleX4+xFDetDn/ZkfU3VhLdw6Gk1Yvv6sjfJW2mAfzM0xlTLTV+tTXcD7StAnQdNFwM=
"
        );
        let opened = Checkpoint::open(&text, &key).unwrap();
        assert_eq!(
            opened,
            Checkpoint { origin: "sumun.example/made-up".into(), size: 7, root: Hash([9; 32]) }
        );
        assert_eq!(signer.verifier(), key);
        assert!(key.public_key().is_some());
    }

    #[test]
    fn keys_for_other_purposes_follow_from_the_seed_and_the_label() {
        let key = signer().derive("leaf");
        // Python: hmac.new(bytes([42]) * 32, b"sumun-derive/v1\0leaf", "sha256").hexdigest()
        assert_eq!(hex::encode(key), "6254626fc705f1bb08bf2a580c5d9b14140870e7592ff6acb5e4c46dfbc2ea8a");
        assert_ne!(key, signer().derive("session"));
        let other = CheckpointSigner::new(&[43; 32], "sumun.example/made-up").unwrap();
        assert_ne!(key, other.derive("leaf"));
    }

    #[test]
    fn every_changed_byte_is_refused() {
        let signer = signer();
        let text = signer.sign(7, Hash([9; 32])).into_bytes();
        for at in 0..text.len() {
            for bit in 0..8 {
                let mut changed = text.clone();
                changed[at] ^= 1 << bit;
                if let Ok(changed) = String::from_utf8(changed) {
                    assert!(
                        Checkpoint::open(&changed, &signer.verifier()).is_err(),
                        "byte {at} bit {bit}: {changed}"
                    );
                }
            }
        }
    }

    #[test]
    fn another_log_or_another_key_is_refused() {
        let text = signer().sign(7, Hash([9; 32]));
        let other = CheckpointSigner::new(&[43; 32], "sumun.example/made-up").unwrap();
        assert_eq!(
            Checkpoint::open(&text, &other.verifier()).unwrap_err().to_string(),
            "the checkpoint bears no valid signature by `sumun.example/made-up`"
        );
        for origin in ["", "a b", "a+b", "a\u{7f}", "a\nb", "이름", &"a".repeat(201)] {
            assert!(CheckpointSigner::new(&[1; 32], origin).is_err(), "{origin}");
        }
    }

    #[test]
    fn a_line_by_somebody_else_is_carried() {
        let witness = CheckpointSigner::new(&[1; 32], "witness.example").unwrap();
        let text = signer().sign(7, Hash([9; 32]));
        let line = witness.sign(7, Hash([9; 32]));
        let with = format!("{text}{}\n", line.lines().last().unwrap());
        assert!(Checkpoint::open(&with, &signer().verifier()).is_ok());
    }

    proptest! {
        #[test]
        fn any_text_is_refused_without_a_panic(text in "\\PC{0,200}") {
            prop_assert!(Checkpoint::open(&text, &signer().verifier()).is_err());
            prop_assert!(VerifierKey::parse(&text).is_err());
        }
    }
}
