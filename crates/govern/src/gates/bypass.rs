//! That everything passed at a gate because somebody there said so: an entry once the control plane hears of it (ADR 0022).

use super::gate_actor;
use crate::call::{Call, Planned};
use crate::govern::{Govern, change, facts};
use crate::plan::Plan;
use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use sumun_model::Timestamp;

/// Longest text of what a gate says, in characters: what stands in the ledger stands there for ever.
const CHARS_MAX: usize = 1000;

/// What a gate says of it, in each line of its record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldBypass {
    /// Since when.
    pub since: Timestamp,
    /// Who said so there.
    pub by: String,
    /// Why.
    pub reason: String,
}

impl Govern {
    /// Enters it in the ledger, once for each time it is switched on.
    ///
    /// # Errors
    /// The store's.
    pub async fn note_bypass(&self, gate: &str, told: &ToldBypass) -> Result<(), Refusal> {
        let actor = gate_actor(gate);
        let short = |text: &str| text.chars().take(CHARS_MAX).collect::<String>();
        let once = format!("bypass-{}", told.since.as_micros());
        let digest = hex::encode(Sha256::digest(format!("{gate} {once}")));
        let call = Call { idempotency: Some((once, digest)), ..Call::default() };
        self.run(&actor, &call, |now| async move {
            let mut facts = facts(&gate_actor(gate));
            facts.insert("gate".to_owned(), json!(gate));
            facts.insert("since".to_owned(), json!(told.since));
            facts.insert("by".to_owned(), json!(short(&told.by)));
            facts.insert("reason".to_owned(), json!(short(&told.reason)));
            let change = change("gate.bypassed", now, facts);
            let title = format!("note that everything passes at gate {gate}");
            let plan = Plan { title, effects: Vec::new(), warnings: Vec::new(), change };
            Ok(Planned { plan, value: (), status: 200 })
        })
        .await
        .map(|_| ())
    }
}
