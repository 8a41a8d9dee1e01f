//! Whether every gate has obeyed the end of all that a case holds against: read off the record, whatever ended the keys.
//!
//! Where a measure ended a key, its receipts close the step ([`crate::measures`]). An end of another kind, such as the owner's *not me*, has no
//! measure that waits for receipts: whoever opens the case or does something in it finds the step done, by the same receipts.

use super::playbook::{Said, waits};
use super::row::{CaseRow, CaseState, MemberState};
use crate::govern::{Govern, store_refusal};
use crate::refusal::Refusal;
use crate::row::text;
use serde_json::json;
use sumun_model::Timestamp;
use sumun_store::Filter;
use sumun_store::tables::{GATES, KEYS};

/// The step that asks whether the cut holds at every gate.
pub(crate) const CONFIRM_CUT: &str = "confirm_cut";
/// Members and gates looked at, one with the other; a larger case is confirmed by people.
const LOOKED_MAX: usize = 200;

impl Govern {
    /// What the record says of the step [`CONFIRM_CUT`], and since when; none while the step does not wait, a key of the case lives, or a gate
    /// has not obeyed.
    pub(crate) async fn cut_on_record(&self, case: &CaseRow) -> Result<Option<(Said, Timestamp)>, Refusal> {
        if case.state != CaseState::Open || !waits(&case.body.playbook, CONFIRM_CUT) {
            return Ok(None);
        }
        let held = case.members.iter().filter(|member| member.state != MemberState::Exonerated);
        let keys: Vec<String> = held.map(|member| member.key.clone()).collect();
        let rows = self.store.get_many(&KEYS, &keys).await.map_err(store_refusal)?;
        let ended = |row| matches!(text(row, "state"), "expired" | "rejected");
        if keys.is_empty() || rows.len() < keys.len() || !rows.iter().all(ended) {
            return Ok(None);
        }
        let equals = vec![("state", json!("enrolled"))];
        let gates = Filter { equals, limit: Filter::LIMIT_MAX, ..Filter::default() };
        let gates = self.store.list(&GATES, &gates).await.map_err(store_refusal)?;
        if gates.is_empty() || gates.len() * keys.len() > LOOKED_MAX {
            return Ok(None);
        }
        let mut since: Option<Timestamp> = None;
        for key in &keys {
            // Its last change: nothing follows an end.
            let steps = self.store.feed_steps(&KEYS, key, None, 1).await.map_err(store_refusal)?;
            let Some(step) = steps.first() else { return Ok(None) };
            for gate in &gates {
                let Some(word) = self.first_word(text(gate, GATES.key), step).await? else { return Ok(None) };
                since = since.max(Some(word.received));
            }
        }
        Ok(since.map(|since| (Said::gates_obeyed(gates.len()), since)))
    }
}
