//! The seed of a test's draws: sealed in the vault until its steps are shown.

use super::super::control::{Kind, Opened, SEED_BYTES, Test, draw};
use crate::govern::{Govern, store_refusal};
use crate::refusal::{Refusal, RefusalKind};
use sha2::{Digest, Sha256};
use sumun_model::{ApiSecret, KeyId};
use sumun_seal::{NONCE_BYTES, SealedSecret};

/// What a seed is sealed for: no key can have this name, since keys' ids hold no `/` at a venue.
fn bound_to(verification: &str, number: u32) -> Option<KeyId> {
    KeyId::new(&format!("control/{verification}/{number}")).ok()
}

fn unsealed() -> Refusal {
    Refusal::new(
        RefusalKind::Unavailable,
        "draws_unreadable",
        "the draws of this test cannot be opened any more",
        "wait until it is void, which counts for nothing, and start another",
    )
}

/// Its name in the vault.
pub(super) fn name_of(sealed: &str) -> String {
    hex::encode(Sha256::digest(sealed))
}

impl Govern {
    /// A new seed, and how it lies in the vault.
    pub(super) fn sealed_seed(&self, id: &str, number: u32) -> Result<([u8; SEED_BYTES], String), Refusal> {
        let seed = self.draw::<SEED_BYTES>();
        let bound = bound_to(id, number).ok_or_else(unsealed)?;
        let secret = ApiSecret::new(seed.to_vec()).map_err(|_| unsealed())?;
        Ok((seed, self.own_keyring().seal(&bound, &secret, self.draw::<NONCE_BYTES>()).to_string()))
    }

    /// The draws of a test, from its sealed seed.
    pub(super) async fn opened(&self, id: &str, test: &Test) -> Result<Vec<Opened>, Refusal> {
        let text = self.store.vault(&test.sealed).await.map_err(store_refusal)?.ok_or_else(unsealed)?;
        let sealed: SealedSecret = text.parse().map_err(|_| unsealed())?;
        let bound = bound_to(id, test.number).ok_or_else(unsealed)?;
        let secret = self.own_keyring().open(&bound, &sealed).map_err(|_| unsealed())?;
        let seed: [u8; SEED_BYTES] = secret.expose().try_into().map_err(|_| unsealed())?;
        let kinds: Vec<Kind> = test.steps.iter().map(|step| step.kind).collect();
        Ok(draw::all(&seed, &kinds, &test.rules))
    }
}
