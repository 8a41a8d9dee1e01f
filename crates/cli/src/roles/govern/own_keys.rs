//! The keys this process signs with: the ledger's and the feed's. Sealed on the disk under the control plane's own keyring
//! (`govern.key_file`), which no gate has.
//!
//! Several control planes on one database sign one ledger: they share these files, which may lie on any machine that has the
//! key-encryption key. Never here: making new ones over old ones; a ledger of two keys is two ledgers.

use crate::atomic_file;
use crate::entropy;
use crate::exit::{BadInput, Failed};
use std::path::{Path, PathBuf};
use sumun_feed::SigningKey;
use sumun_ledger::CheckpointSigner;
use sumun_model::{ApiSecret, KeyId};
use sumun_seal::{Keyring, SealedSecret};
use zeroize::Zeroizing;

/// Bytes of a seed.
const SEED_BYTES: usize = 32;

/// One of the keys: its file, and the name its seal is bound to. Names with a slash are no API key's.
#[derive(Clone, Copy, Debug)]
struct Own {
    file: &'static str,
    name: &'static str,
}

const LEDGER: Own = Own { file: "ledger.key", name: "process/ledger" };
const FEED: Own = Own { file: "feed.key", name: "process/feed" };

/// The keys this process signs with.
#[derive(Debug)]
pub(crate) struct OwnKeys {
    /// Signs checkpoints.
    ledger: Zeroizing<[u8; SEED_BYTES]>,
    /// Signs the feed.
    pub(crate) feed: SigningKey,
}

impl OwnKeys {
    /// Draws both and writes them into the folder.
    ///
    /// # Errors
    /// No entropy, or one is there already, or cannot be written.
    pub(crate) fn make(folder: &Path, keyring: &Keyring) -> anyhow::Result<Self> {
        let ledger = make(folder, LEDGER, keyring)?;
        let feed = make(folder, FEED, keyring)?;
        Ok(Self { ledger, feed: SigningKey::from_seed(&feed) })
    }

    /// Reads both from the folder.
    ///
    /// # Errors
    /// One is not there, or does not open.
    pub(crate) fn load(folder: &Path, keyring: &Keyring) -> Result<Self, BadInput> {
        let ledger = load(folder, LEDGER, keyring)?;
        let feed = load(folder, FEED, keyring)?;
        Ok(Self { ledger, feed: SigningKey::from_seed(&feed) })
    }

    /// Whether a folder has any of them: it was initialised.
    pub(crate) fn any_in(folder: &Path) -> Option<PathBuf> {
        [LEDGER, FEED].iter().map(|own| folder.join(own.file)).find(|path| path.exists())
    }

    /// Signs checkpoints of this origin.
    ///
    /// # Errors
    /// The origin cannot name a ledger.
    pub(crate) fn signer(&self, origin: &str) -> Result<CheckpointSigner, BadInput> {
        CheckpointSigner::new(&self.ledger, origin).map_err(|error| {
            BadInput(format!("`ledger.origin` of the venue's facts cannot be used: {error}"))
        })
    }
}

fn bound_to(own: Own) -> Result<KeyId, Failed> {
    KeyId::new(own.name).map_err(|error| Failed(format!("a fault in Sumun itself: {error}")))
}

fn make(folder: &Path, own: Own, keyring: &Keyring) -> anyhow::Result<Zeroizing<[u8; SEED_BYTES]>> {
    let seed = entropy::draw::<SEED_BYTES>()?;
    let secret = ApiSecret::new(seed.to_vec()).map_err(|error| Failed(error.to_string()))?;
    let sealed = keyring.seal(&bound_to(own)?, &secret, *entropy::draw()?);
    atomic_file::create(&folder.join(own.file), format!("{sealed}\n").as_bytes())?.durably()?;
    Ok(seed)
}

fn load(folder: &Path, own: Own, keyring: &Keyring) -> Result<Zeroizing<[u8; SEED_BYTES]>, BadInput> {
    let path = folder.join(own.file);
    let shown = path.display();
    let text = std::fs::read_to_string(&path).map_err(|error| {
        BadInput(format!(
            "failed to read `{shown}`: {error}; `sumun init` makes a control plane's folder, and a backup brings it back"
        ))
    })?;
    let bad = |problem: String| BadInput(format!("`{shown}` cannot be used: {problem}"));
    let sealed: SealedSecret = text.trim().parse().map_err(|error| bad(format!("{error}")))?;
    let id = bound_to(own).map_err(|error| bad(error.to_string()))?;
    let secret = keyring.open(&id, &sealed).map_err(|error| bad(error.to_string()))?;
    let seed: [u8; SEED_BYTES] =
        secret.expose().try_into().map_err(|_| bad(format!("it holds no key of {SEED_BYTES} bytes")))?;
    Ok(Zeroizing::new(seed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sumun_seal::KeyEncryptionKey;

    #[test]
    fn keys_are_sealed_and_open_only_as_what_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let keyring = Keyring::of(KeyEncryptionKey::new(Zeroizing::new([1; 32])));
        assert!(OwnKeys::any_in(folder.path()).is_none());
        assert!(OwnKeys::load(folder.path(), &keyring).is_err());
        let made = OwnKeys::make(folder.path(), &keyring).unwrap();
        let read = OwnKeys::load(folder.path(), &keyring).unwrap();
        assert_eq!(
            (made.ledger.as_slice(), made.feed.public()),
            (read.ledger.as_slice(), read.feed.public())
        );
        assert!(OwnKeys::make(folder.path(), &keyring).is_err());
        // Another's key-encryption key, or one file in the place of the other.
        let stranger = Keyring::of(KeyEncryptionKey::new(Zeroizing::new([2; 32])));
        assert!(OwnKeys::load(folder.path(), &stranger).is_err());
        std::fs::copy(folder.path().join("feed.key"), folder.path().join("ledger.key")).unwrap();
        assert!(OwnKeys::load(folder.path(), &keyring).unwrap_err().to_string().contains("ledger.key"));
    }
}
