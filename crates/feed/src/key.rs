//! Ed25519 keys and their texts.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use zeroize::Zeroizing;

/// What the text of a signing key begins with, so that scanners and people know it for a secret.
const SIGNING_TEXT_PREFIX: &str = "sumun-signing-key:v1:";
/// What the text of a public key begins with.
const PUBLIC_TEXT_PREFIX: &str = "ed25519:";

/// Text that is not a key. Does not repeat the text, which may be a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyTextError {
    /// Not a signing key.
    #[error("not a signing key: `{SIGNING_TEXT_PREFIX}` and 64 hexadecimal digits are expected")]
    Signing,
    /// Not a public key.
    #[error("not a public key: `{PUBLIC_TEXT_PREFIX}` and 64 hexadecimal digits are expected")]
    Public,
    /// 32 bytes that are no point of the curve, or one with which anything could be signed.
    #[error("not a public key that can be used: make another pair")]
    Weak,
}

/// A key that signs. Never printed, zeroed when dropped.
#[derive(Clone)]
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// From 32 bytes of the system's generator.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// Reads the text of a key file; white space around it is passed over.
    ///
    /// # Errors
    /// Something else.
    pub fn parse(text: &str) -> Result<Self, KeyTextError> {
        let digits = text.trim().strip_prefix(SIGNING_TEXT_PREFIX).ok_or(KeyTextError::Signing)?;
        let mut seed = Zeroizing::new([0; 32]);
        hex::decode_to_slice(digits, seed.as_mut_slice()).map_err(|_| KeyTextError::Signing)?;
        Ok(Self::from_seed(&seed))
    }

    /// The text of a key file. A secret.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut digits = Zeroizing::new([0; 64]);
        // Twice as many digits as bytes: it fits.
        let _ = hex::encode_to_slice(self.0.as_bytes(), digits.as_mut_slice());
        let mut text = Zeroizing::new(String::with_capacity(SIGNING_TEXT_PREFIX.len() + digits.len() + 1));
        text.push_str(SIGNING_TEXT_PREFIX);
        text.push_str(std::str::from_utf8(digits.as_slice()).unwrap_or_default());
        text.push('\n');
        text
    }

    /// Its public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        use ed25519_dalek::Signer;
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey(of {})", self.public())
    }
}

/// The public half of a key. Its text is `ed25519:` and 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey(ed25519_dalek::VerifyingKey);

impl PublicKey {
    /// From its 32 bytes.
    ///
    /// # Errors
    /// No point of the curve, or one of small order.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyTextError> {
        let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| KeyTextError::Weak)?;
        if key.is_weak() { Err(KeyTextError::Weak) } else { Ok(Self(key)) }
    }

    /// Its 32 bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.0.verify_strict(message, &ed25519_dalek::Signature::from_bytes(signature)).is_ok()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PUBLIC_TEXT_PREFIX}{}", hex::encode(self.0.as_bytes()))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

impl FromStr for PublicKey {
    type Err = KeyTextError;

    fn from_str(text: &str) -> Result<Self, KeyTextError> {
        let digits = text.strip_prefix(PUBLIC_TEXT_PREFIX).ok_or(KeyTextError::Public)?;
        let mut bytes = [0; 32];
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| KeyTextError::Public)?;
        Self::from_bytes(&bytes)
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(d)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_read_back_and_nothing_else_does() {
        let key = SigningKey::from_seed(&[7; 32]);
        let text = key.to_text();
        assert_eq!(SigningKey::parse(&text).unwrap().public(), key.public());
        assert_eq!(key.public().to_string().parse(), Ok(key.public()));
        assert!(!format!("{key:?}").contains(&"07".repeat(8)));
        for bad in
            ["", "sumun-signing-key:v1:", "sumun-signing-key:v1:zz", "kek:v1:00", &text[..text.len() - 2]]
        {
            assert_eq!(SigningKey::parse(bad).unwrap_err(), KeyTextError::Signing);
        }
        assert_eq!("ed25519:00".parse::<PublicKey>(), Err(KeyTextError::Public));
        // The neutral element: with it as a key, one signature would fit every message.
        let neutral = format!("ed25519:01{}", "00".repeat(31));
        assert_eq!(neutral.parse::<PublicKey>(), Err(KeyTextError::Weak));
    }
}
