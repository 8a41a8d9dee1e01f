//! The key that encrypts secrets, and the public id that says which one a sealed secret needs.

use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;
use zeroize::Zeroizing;

/// Bytes of a key-encryption key: XChaCha20-Poly1305 takes exactly 256 bits.
pub const KEK_BYTES: usize = 32;

/// What a key-encryption key's text begins with; 64 hexadecimal digits follow.
pub const KEK_TEXT_PREFIX: &str = "kek:v1:";

/// Keeps the id's hash apart from any other use of SHA-256 over the same bytes.
const ID_DOMAIN: &[u8] = b"sumun key-encryption key id v1\0";

/// Names a key-encryption key without telling anything of it: the first 32 bits of a domain-separated SHA-256.
///
/// A label, not a proof: two keys of one keyring may not share it ([`crate::KeyringError::SameId`]).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KekId([u8; 4]);

impl fmt::Display for KekId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

impl fmt::Debug for KekId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KekId({self})")
    }
}

/// Text that is not eight lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotAKekId;

impl FromStr for KekId {
    type Err = crate::MalformedSeal;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text).map_err(|_| crate::MalformedSeal::KekId)
    }
}

impl KekId {
    pub(crate) fn parse(text: &str) -> Result<Self, NotAKekId> {
        let mut bytes = [0; 4];
        if text.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(NotAKekId);
        }
        hex::decode_to_slice(text, &mut bytes).map_err(|_| NotAKekId)?;
        Ok(Self(bytes))
    }
}

/// A key-encryption key. Zeroed on drop; `Debug` shows its id only; no `Display`, no `Serialize`.
#[derive(Clone)]
pub struct KeyEncryptionKey {
    // Boxed, so that moving the value leaves no copy behind.
    bytes: Box<Zeroizing<[u8; KEK_BYTES]>>,
    id: KekId,
}

impl KeyEncryptionKey {
    /// Takes the key's bytes, as fresh from a source of entropy.
    #[must_use]
    pub fn new(bytes: Zeroizing<[u8; KEK_BYTES]>) -> Self {
        let digest = Sha256::new().chain_update(ID_DOMAIN).chain_update(*bytes).finalize();
        let mut id = [0; 4];
        for (to, from) in id.iter_mut().zip(digest) {
            *to = from;
        }
        Self { bytes: Box::new(bytes), id: KekId(id) }
    }

    /// Its public name.
    #[must_use]
    pub fn id(&self) -> KekId {
        self.id
    }

    /// Reads [`KEK_TEXT_PREFIX`] and 64 hexadecimal digits; `None` says nothing of what stood there.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(KEK_TEXT_PREFIX)?;
        let mut bytes = Zeroizing::new([0; KEK_BYTES]);
        hex::decode_to_slice(digits, bytes.as_mut_slice()).ok()?;
        Some(Self::new(bytes))
    }

    /// The text a key file holds. For writing a new key down, and for nothing else.
    #[must_use]
    pub fn expose_text(&self) -> Zeroizing<String> {
        let digits = Zeroizing::new(hex::encode(self.bytes.as_slice()));
        Zeroizing::new([KEK_TEXT_PREFIX, &digits].concat())
    }

    pub(crate) fn bytes(&self) -> &[u8; KEK_BYTES] {
        &self.bytes
    }
}

impl fmt::Debug for KeyEncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyEncryptionKey({})", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_its_id_and_never_itself() {
        let kek = KeyEncryptionKey::new(Zeroizing::new([0x5a; KEK_BYTES]));
        insta::assert_snapshot!(format!("{kek:?} {:?}", kek.id()), @"KeyEncryptionKey(c113b738) KekId(c113b738)");
        assert_eq!(KeyEncryptionKey::parse(&kek.expose_text()).unwrap().bytes(), kek.bytes());
    }

    #[test]
    fn what_is_not_a_key_is_not_read() {
        for bad in
            ["", "kek:v1:", "kek:v1:5a", "kek:v2:", &format!("kek:v1:{}", "5a".repeat(33)), &"5a".repeat(32)]
        {
            assert!(KeyEncryptionKey::parse(bad).is_none(), "{bad}");
        }
        assert!(KekId::parse("0011aabb").is_ok());
        for bad in ["", "0011aab", "0011aabbc", "0011AABB", "0011aabg"] {
            assert!(KekId::parse(bad).is_err(), "{bad}");
        }
    }
}
