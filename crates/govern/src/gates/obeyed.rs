//! Which gates obeyed a key's changes: receipts, read from the key's side.
//!
//! A change brought a version of the feed; the first receipt of a gate that covers the version is its word that it obeyed. A gate
//! that has none yet is not listed: that something is missing is told elsewhere.

use super::{GATE_READERS, Receipt};
use crate::actor::Actor;
use crate::govern::{Govern, store_refusal};
use crate::keys::read::{ends, told};
use crate::refusal::Refusal;
use crate::row::text;
use crate::staff::require;
use serde::{Deserialize, Serialize};
use sumun_model::Timestamp;
use sumun_store::tables::{GATES, KEYS, RECEIPTS};
use sumun_store::{FeedStep, Filter};

/// Receipts of one gate looked at for one version: it may acknowledge again what it acknowledged before.
const NEAR: u32 = 8;
/// Changes looked at at once.
const STEPS: u32 = 50;

/// A gate's word that it obeyed a change of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyReceipt {
    /// Change and gate: newer changes stand first.
    pub cursor: String,
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
    /// By which cause it ended the key, if it did, whatever the entry is called.
    pub ended: Option<String>,
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

impl KeyReceipt {
    fn of(step: &FeedStep, receipt: Receipt) -> Self {
        let took_us = receipt.received.micros_since(step.at).max(0);
        Self {
            cursor: format!("{}:{}", step.entry, receipt.gate),
            receipt: receipt.receipt,
            gate: receipt.gate,
            boot: receipt.boot,
            entry: step.entry,
            class: step.class.clone(),
            ended: None,
            feed_version: step.version,
            changed: step.at,
            received: receipt.received,
            took_ms: u64::try_from(took_us / 1_000).unwrap_or_default(),
            acknowledgement: receipt.acknowledgement,
        }
    }
}

/// A place of the list, read: the entry, and the gate.
fn place(after: &str) -> Option<(u64, &str)> {
    let (entry, gate) = after.split_once(':')?;
    Some((entry.parse().ok()?, gate))
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
        let mut after = match after.map(place) {
            None => None,
            Some(Some((entry, gate))) => Some((entry, gate.to_owned())),
            // No place of this list: nothing stands behind it.
            Some(None) => return Ok(Vec::new()),
        };
        let filter = Filter { limit: Filter::LIMIT_MAX, ..Filter::default() };
        let gates = self.store.list(&GATES, &filter).await.map_err(store_refusal)?;
        let mut found = Vec::new();
        loop {
            let up_to = after.as_ref().map(|(entry, _)| *entry);
            let steps = self.store.feed_steps(&KEYS, key, up_to, STEPS).await.map_err(store_refusal)?;
            for step in &steps {
                let ended = self.ended_by(key, step).await?;
                for gate in gates.iter().map(|row| text(row, GATES.key)) {
                    let told = after.as_ref().is_some_and(|(entry, last)| {
                        *entry == step.entry && gate.as_bytes() <= last.as_bytes()
                    });
                    if told {
                        continue;
                    }
                    let word = self.first_word(gate, step).await?;
                    found.extend(word.map(|word| KeyReceipt { ended: ended.clone(), ..word }));
                    if found.len() >= limit as usize {
                        return Ok(found);
                    }
                }
            }
            match steps.last() {
                Some(last) if steps.len() >= STEPS as usize && last.entry > 0 => {
                    after = Some((last.entry - 1, String::new()));
                }
                _ => return Ok(found),
            }
        }
    }

    /// By which cause a step ended this key, if it did.
    async fn ended_by(&self, key: &str, step: &FeedStep) -> Result<Option<String>, Refusal> {
        if !ends(&step.class) {
            return Ok(None);
        }
        let entry = self.store.entry(step.entry).await.map_err(store_refusal)?;
        Ok(entry.and_then(|entry| told(&entry, key, true).ended))
    }

    /// The first receipt of a gate that covers a step.
    pub(crate) async fn first_word(
        &self,
        gate: &str,
        step: &FeedStep,
    ) -> Result<Option<KeyReceipt>, Refusal> {
        let rows = self.store.nearest(&RECEIPTS, ("gate", gate), ("to_version", step.version), NEAR).await;
        let rows = rows.map_err(store_refusal)?;
        let covering = rows.iter().map(Receipt::of).filter(|receipt| receipt.from <= step.version);
        Ok(covering.min_by_key(|receipt| receipt.received).map(|receipt| KeyReceipt::of(step, receipt)))
    }
}
