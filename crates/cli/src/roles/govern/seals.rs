//! What seals secrets, and a word of warning where gates elsewhere share it.

use crate::config::Config;
use crate::exit::BadInput;
use sumun_seal::Keyring;
use sumun_store::tables::GATES;
use sumun_store::{Filter, Store};

/// What seals: API keys' secrets, which gates open, under the shared keyring; all else under the control plane's own.
pub(crate) struct Keyrings {
    /// Gates have it too.
    pub(super) shared: Keyring,
    /// Nobody else has it, if `govern.key_file` is set.
    pub(crate) own: Keyring,
}

impl Keyrings {
    /// # Errors
    /// One of the two cannot be had.
    pub(crate) fn load(config: &Config) -> Result<Self, BadInput> {
        let bad = |error: crate::keyring::KeyringSourceError| BadInput(error.to_string());
        let shared = crate::keyring::load(&config.seal).map_err(bad)?;
        Ok(Self { shared, own: crate::keyring::load_own(config).map_err(bad)? })
    }
}

/// Says so if a gate elsewhere has what opens the ledger's key.
pub(super) async fn remote_gates_share_the_keyring(config: &Config, store: &Store) {
    let enrolled = Filter { equals: vec![("state", "enrolled".into())], limit: 2, ..Filter::default() };
    let gates = store.list(&GATES, &enrolled).await.unwrap_or_default();
    let own = config.gate.id.as_str();
    if gates.iter().any(|gate| gate.get("gate").is_some_and(|gate| gate != own)) {
        tracing::warn!(
            "`govern.key_file` is not set: whoever takes a gate's key-encryption keys and a copy of this folder can sign the \
             ledger and the feed; see `sumun config check`"
        );
    }
}
