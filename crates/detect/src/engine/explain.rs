//! What the engine holds of one key, for people who ask why.

use super::Engine;
use serde::Serialize;
use sumun_model::KeyId;
use sumun_model::{Assessment, Measure, Timestamp};

/// One key, as detection knows it after the last line taken.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// Evidence, hard evidence, features, cluster, as policy would be shown them now.
    pub assessment: Assessment,
    /// A measure in force, as detectors were told of it.
    pub measure: Option<Measure>,
    /// When a line of it was last seen.
    pub last_seen: Timestamp,
    /// What each detector remembers of it: its baselines.
    pub baselines: serde_json::Value,
}

impl Engine {
    /// What is known of a key; `None`: it was never seen, or forgotten.
    #[must_use]
    pub fn explain(&self, key: &KeyId) -> Option<Explanation> {
        let at = self.at_hand()?;
        let partition = self.partitions.get(usize::from(self.router.partition(key)))?;
        let slot = partition.keys.get(key)?;
        Some(Explanation {
            assessment: partition.fusion.assess(key, at, Vec::new(), &self.weights)?,
            measure: slot.measure,
            last_seen: slot.last,
            baselines: serde_json::to_value(&slot.states).unwrap_or_default(),
        })
    }

    /// Bytes of a key in a snapshot: what detectors, fusion and the engine hold of it. 0 for a key that is not known.
    #[must_use]
    pub fn state_bytes(&self, key: &KeyId) -> usize {
        let Some(partition) = self.partitions.get(usize::from(self.router.partition(key))) else { return 0 };
        let slot = partition.keys.get(key).and_then(|slot| postcard::to_stdvec(slot).ok());
        let fused = partition.fusion.keys.get(key).and_then(|fused| postcard::to_stdvec(fused).ok());
        slot.map_or(0, |bytes| bytes.len()) + fused.map_or(0, |bytes| bytes.len())
    }
}
