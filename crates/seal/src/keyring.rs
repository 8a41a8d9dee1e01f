//! The key-encryption keys at hand: one seals, all open.

use crate::sealed::NONCE_BYTES;
use crate::{KekId, KeyEncryptionKey, SealedSecret};
use chacha20poly1305::aead::AeadInPlace;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use sumun_model::id::ID_BYTES_MAX;
use sumun_model::{ApiSecret, KeyId};

/// Most key-encryption keys in one keyring: a rotation needs two; sixteen leave years of old backups readable.
pub const KEKS_MAX: usize = 16;

/// What is authenticated before the key's id: purpose and version of the format.
const AAD_DOMAIN: &[u8] = b"sumun sealed secret v1\0";

/// Text that is not a keyring. Says where, never what stood there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    /// No key at all.
    #[error("no key-encryption key found; make one with `sumun keys kek-new`")]
    Empty,
    /// An entry that is not a key.
    #[error("line {line}: not a key-encryption key; one is `kek:v1:` and 64 hexadecimal digits")]
    Malformed {
        /// Line, from 1.
        line: usize,
    },
    /// The same key, or another of the same id, stands there twice.
    #[error("line {line}: a key-encryption key of id {id} was already given; remove one of the two")]
    SameId {
        /// Line of the second, from 1.
        line: usize,
        /// The id.
        id: KekId,
    },
    /// More than [`KEKS_MAX`].
    #[error("more than {KEKS_MAX} key-encryption keys; remove those that no sealed secret needs any more")]
    TooMany,
}

/// Why a sealed secret did not open.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Sealed under a key that is not here.
    #[error(
        "the secret is sealed under key-encryption key {needs}, the keyring has {}; add the missing one, or reseal",
        list(has)
    )]
    UnknownKek {
        /// The one it needs.
        needs: KekId,
        /// Those at hand, the primary first.
        has: Vec<KekId>,
    },
    /// The key is here, but what it opens is not what was sealed.
    #[error(
        "authentication failed under key-encryption key {kek}: the sealed secret was altered, or is that of \
         another key than `{key}`"
    )]
    Authentication {
        /// The key whose record it stands in.
        key: KeyId,
        /// The key-encryption key tried.
        kek: KekId,
    },
}

fn list(ids: &[KekId]) -> String {
    ids.iter().map(KekId::to_string).collect::<Vec<_>>().join(", ")
}

/// One key-encryption key that seals, and any number that still open.
#[derive(Clone, Debug)]
pub struct Keyring {
    primary: KeyEncryptionKey,
    others: Vec<KeyEncryptionKey>,
}

impl Keyring {
    /// A keyring of one key.
    #[must_use]
    pub fn of(primary: KeyEncryptionKey) -> Self {
        Self { primary, others: Vec::new() }
    }

    /// Reads the text of a key file or of an environment variable: keys on lines or between commas, the first
    /// is the primary; what follows `#` on a line is a comment.
    ///
    /// # Errors
    /// No key, an entry that is none, the same id twice, or more than [`KEKS_MAX`].
    pub fn parse(text: &str) -> Result<Self, KeyringError> {
        let mut ring: Option<Self> = None;
        for (line, content) in (1..).zip(text.lines()) {
            let content = content.split('#').next().unwrap_or_default();
            for entry in content.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
                let kek = KeyEncryptionKey::parse(entry).ok_or(KeyringError::Malformed { line })?;
                match &mut ring {
                    None => ring = Some(Self::of(kek)),
                    Some(ring) => ring.add(kek, line)?,
                }
            }
        }
        ring.ok_or(KeyringError::Empty)
    }

    fn add(&mut self, kek: KeyEncryptionKey, line: usize) -> Result<(), KeyringError> {
        if self.get(kek.id()).is_some() {
            return Err(KeyringError::SameId { line, id: kek.id() });
        }
        if self.others.len() + 1 >= KEKS_MAX {
            return Err(KeyringError::TooMany);
        }
        self.others.push(kek);
        Ok(())
    }

    /// The id of the key that seals.
    #[must_use]
    pub fn primary_id(&self) -> KekId {
        self.primary.id()
    }

    /// Ids of all keys, the primary first.
    #[must_use]
    pub fn ids(&self) -> Vec<KekId> {
        std::iter::once(&self.primary).chain(&self.others).map(KeyEncryptionKey::id).collect()
    }

    fn get(&self, id: KekId) -> Option<&KeyEncryptionKey> {
        std::iter::once(&self.primary).chain(&self.others).find(|kek| kek.id() == id)
    }

    /// Seals a key's secret under the primary key. The nonce must be fresh from a source of entropy: used twice,
    /// it gives away both secrets.
    #[must_use]
    pub fn seal(&self, key: &KeyId, secret: &ApiSecret, nonce: [u8; NONCE_BYTES]) -> SealedSecret {
        let mut body = secret.expose().to_vec();
        let mut aad = [0; AAD_BYTES_MAX];
        #[expect(
            clippy::expect_used,
            reason = "INVARIANT: a secret is at most 1 KiB, the cipher takes 256 GiB"
        )]
        let tag = cipher(&self.primary)
            .encrypt_in_place_detached(XNonce::from_slice(&nonce), bound_to(key, &mut aad), &mut body)
            .expect("a secret is short enough to encrypt");
        body.extend_from_slice(&tag);
        SealedSecret::new(self.primary.id(), nonce, body.into_boxed_slice())
    }

    /// Opens a key's secret with whichever key it names.
    ///
    /// # Errors
    /// The key-encryption key is not here, or authentication failed.
    pub fn open(&self, key: &KeyId, sealed: &SealedSecret) -> Result<ApiSecret, OpenError> {
        let kek = self
            .get(sealed.kek_id())
            .ok_or_else(|| OpenError::UnknownKek { needs: sealed.kek_id(), has: self.ids() })?;
        let failed = || OpenError::Authentication { key: key.clone(), kek: kek.id() };
        let (ciphertext, tag) = sealed.parts().ok_or_else(failed)?;
        let mut aad = [0; AAD_BYTES_MAX];
        // The cipher checks the tag before it decrypts: on failure this buffer still holds ciphertext.
        let mut secret = ciphertext.to_vec();
        cipher(kek)
            .decrypt_in_place_detached(
                XNonce::from_slice(sealed.nonce()),
                bound_to(key, &mut aad),
                &mut secret,
                tag.into(),
            )
            .map_err(|_| failed())?;
        ApiSecret::new(secret).map_err(|_| failed())
    }

    /// Opens a key's secret and seals it under the primary key: one step of rotating key-encryption keys.
    ///
    /// # Errors
    /// As [`Keyring::open`].
    pub fn reseal(
        &self,
        key: &KeyId,
        sealed: &SealedSecret,
        nonce: [u8; NONCE_BYTES],
    ) -> Result<SealedSecret, OpenError> {
        Ok(self.seal(key, &self.open(key, sealed)?, nonce))
    }
}

const AAD_BYTES_MAX: usize = AAD_DOMAIN.len() + ID_BYTES_MAX;

/// What is authenticated beside the secret, written without touching the heap: a gate opens millions at start.
fn bound_to<'a>(key: &KeyId, buffer: &'a mut [u8; AAD_BYTES_MAX]) -> &'a [u8] {
    let mut length = 0;
    for (to, from) in buffer.iter_mut().zip(AAD_DOMAIN.iter().chain(key.as_str().as_bytes())) {
        *to = *from;
        length += 1;
    }
    // The zip ends within the buffer, so the whole of it is the answer at most.
    buffer.get(..length).unwrap_or(buffer)
}

fn cipher(kek: &KeyEncryptionKey) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(kek.bytes().into())
}
