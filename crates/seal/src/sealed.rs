//! A sealed secret as text: `sealed:v1:<key-encryption key id>:<base64url(nonce ‖ ciphertext ‖ tag)>`.

use crate::KekId;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use sumun_model::secret::SECRET_BYTES_MAX;

/// What the text begins with.
pub const SEALED_TEXT_PREFIX: &str = "sealed:v1:";

/// Bytes of a nonce: XChaCha20 takes 192 bits, long enough to be drawn at random for every sealing.
pub const NONCE_BYTES: usize = 24;

/// Bytes of Poly1305's tag.
pub(crate) const TAG_BYTES: usize = 16;

/// A secret under AEAD. Safe to print and to store: it opens only with its key-encryption key and its key's id.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SealedSecret {
    kek: KekId,
    nonce: [u8; NONCE_BYTES],
    /// Ciphertext, then tag.
    body: Box<[u8]>,
}

/// Text that is not a sealed secret. Does not repeat the text: somebody may have put a bare secret there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedSeal {
    /// Another beginning.
    #[error(
        "not a sealed secret: it must begin with `{SEALED_TEXT_PREFIX}`; seal a bare secret with `sumun keys seal`"
    )]
    Prefix,
    /// The key-encryption key's id cannot be read.
    #[error(
        "not a sealed secret: after `{SEALED_TEXT_PREFIX}` must stand eight hexadecimal digits and a colon"
    )]
    KekId,
    /// The rest is not base64url.
    #[error("not a sealed secret: its last part is not unpadded base64url; it may have been cut or wrapped")]
    Base64,
    /// Too few or too many bytes.
    #[error(
        "not a sealed secret: its last part holds {0} bytes, which no secret gives; it may have been cut"
    )]
    Length(usize),
}

impl SealedSecret {
    pub(crate) fn new(kek: KekId, nonce: [u8; NONCE_BYTES], body: Box<[u8]>) -> Self {
        Self { kek, nonce, body }
    }

    /// Which key-encryption key opens it.
    #[must_use]
    pub fn kek_id(&self) -> KekId {
        self.kek
    }

    pub(crate) fn nonce(&self) -> &[u8; NONCE_BYTES] {
        &self.nonce
    }

    /// Ciphertext and tag.
    pub(crate) fn parts(&self) -> Option<(&[u8], &[u8; TAG_BYTES])> {
        self.body.split_last_chunk()
    }
}

impl FromStr for SealedSecret {
    type Err = MalformedSeal;

    fn from_str(text: &str) -> Result<Self, MalformedSeal> {
        let rest = text.strip_prefix(SEALED_TEXT_PREFIX).ok_or(MalformedSeal::Prefix)?;
        let (kek, coded) = rest.split_once(':').ok_or(MalformedSeal::KekId)?;
        let kek = KekId::parse(kek).map_err(|_| MalformedSeal::KekId)?;
        const BYTES_MAX: usize = NONCE_BYTES + SECRET_BYTES_MAX + TAG_BYTES;
        if coded.len() > BYTES_MAX.div_ceil(3) * 4 {
            return Err(MalformedSeal::Length(coded.len() / 4 * 3));
        }
        let bytes = URL_SAFE_NO_PAD.decode(coded).map_err(|_| MalformedSeal::Base64)?;
        let whole = MalformedSeal::Length(bytes.len());
        let (nonce, body) = bytes.split_first_chunk().ok_or(whole)?;
        // A secret is never empty.
        if body.len() <= TAG_BYTES || body.len() > SECRET_BYTES_MAX + TAG_BYTES {
            return Err(whole);
        }
        Ok(Self { kek, nonce: *nonce, body: body.into() })
    }
}

impl fmt::Display for SealedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [self.nonce.as_slice(), &self.body].concat();
        write!(f, "{SEALED_TEXT_PREFIX}{}:{}", self.kek, URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl Serialize for SealedSecret {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SealedSecret {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(d)?.parse().map_err(de::Error::custom)
    }
}
