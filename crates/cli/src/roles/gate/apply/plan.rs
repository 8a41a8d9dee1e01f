//! What records would change, as a value: found before anything is done.

use super::super::known::Known;
use super::Applier;
use crate::keys_file::KeyRecord;
use std::collections::HashMap;
use sumun_gate::{Revival, Status};
use sumun_model::{KeyId, KeyState, Timestamp};

/// Another state or measure of a known key.
pub(super) struct Restated {
    pub(super) at: usize,
    pub(super) status: Status,
    /// It lets nothing pass that the one before did not: then it need not wait, whatever else the records say.
    pub(super) narrows: bool,
}

/// What records would change: positions among them.
#[derive(Default)]
pub(super) struct Plan {
    /// Another state or measure.
    pub(super) restated: Vec<Restated>,
    /// New, or another in more than state and measure.
    pub(super) anew: Vec<(usize, Known)>,
    /// Another cause and nothing else.
    pub(super) recaused: Vec<usize>,
    /// How many of them were known.
    pub(super) met: usize,
    /// What is asked for and cannot be, by key.
    pub(super) refused: HashMap<KeyId, String>,
}

impl Applier {
    /// Finds what differs from what is known. A record that asks for what cannot be is made what it can be.
    pub(super) fn plan(&self, records: &mut [KeyRecord], now: Timestamp) -> Plan {
        let mut plan = Plan::default();
        for (at, record) in records.iter_mut().enumerate() {
            let known = self.known.get(&record.key);
            plan.met += usize::from(known.is_some());
            let mut next = self.knowing.of(record);
            if known == Some(&next) {
                continue;
            }
            if !next.status.is_terminal() && self.gate.table.is_dead(&record.key) {
                // Kept as what it is, so that its use is answered and recorded as that of an ended key, not of an
                // unknown one.
                let revival = Revival { key: record.key.clone(), state: record.state };
                plan.refused.insert(record.key.clone(), revival.to_string());
                record.state = KeyState::Expired;
            }
            if let Some(known) = known
                && known.expires <= now
                && record.expires > now
            {
                let text = format!(
                    "key `{}` ended on {} and cannot be given a later end; issue a new key instead",
                    record.key, known.expires
                );
                plan.refused.insert(record.key.clone(), text);
                record.expires = known.expires;
            }
            next = self.knowing.of(record);
            let Some(known) = known else {
                plan.anew.push((at, next));
                continue;
            };
            let narrows = next.status.no_wider_than(known.status);
            let same_but_status = known.same_but_status(&next);
            if !same_but_status {
                plan.anew.push((at, next));
            }
            // A key that is put anew gets what widens its state together with all else.
            if known.status != next.status && (narrows || same_but_status) {
                plan.restated.push(Restated { at, status: next.status, narrows });
            }
            if known.cause != next.cause {
                plan.recaused.push(at);
            }
        }
        plan
    }
}
