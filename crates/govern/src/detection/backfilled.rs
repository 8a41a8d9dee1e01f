//! History that detection took up: which, up to where, and in place of what. Nothing else comes of it: no signal, no measure, no notice.

use super::detect_actor;
use crate::call::{Call, Planned};
use crate::govern::{Govern, change, facts};
use crate::plan::Plan;
use crate::refusal::Refusal;
use serde_json::{Value, json};
use sumun_model::Timestamp;

/// What is said of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Backfilled {
    /// Which: hex digest of what was read and how.
    pub backfill: String,
    /// Lines read.
    pub lines: u64,
    /// When the last of them happened.
    pub ended: Timestamp,
    /// Line of the event log from which detection goes on.
    pub line: u64,
    /// The policy it was read by.
    pub policy: String,
    /// Why it took the place of a snapshot that knew more, in a person's words; none if it did not.
    pub replaced: Option<String>,
    /// How far each source was read.
    pub marks: Vec<Value>,
}

impl Govern {
    /// Says that detection goes on from this history. Said again, it is there once.
    ///
    /// # Errors
    /// The store's.
    pub async fn detection_backfilled(&self, said: &Backfilled) -> Result<(), Refusal> {
        let actor = &detect_actor();
        let named = (format!("backfill:{}", said.backfill), said.backfill.clone());
        let call = Call { idempotency: Some(named), ..Call::default() };
        self.run(actor, &call, |now| async move {
            let mut facts = facts(actor);
            facts.insert("digest".to_owned(), json!(said.backfill));
            facts.insert("history_lines".to_owned(), json!(said.lines));
            facts.insert("history_to".to_owned(), json!(said.ended));
            facts.insert("from_line".to_owned(), json!(said.line));
            facts.insert("policy".to_owned(), json!(said.policy));
            facts.insert("reason".to_owned(), json!(said.replaced));
            facts.insert("sources_read".to_owned(), json!(said.marks));
            let change = change("detection.backfilled", now, facts);
            let title = format!("go on from {} lines of history", said.lines);
            Ok(Planned {
                plan: Plan { title, effects: Vec::new(), warnings: Vec::new(), change },
                value: (),
                status: 200,
            })
        })
        .await
        .map(|_| ())
    }
}
