//! Bringing the key table in step with records, wherever they come from: a keys file or the feed.
//!
//! What records take away by state or measure is done first, one store each, and waits for nothing. What ended stays
//! ended: the table has the last word on dead ids, and a key whose end has passed gets no later one. Never waits for the
//! disk: what has to be written goes to the [`Debts`].

mod open;
mod plan;

use super::keeper::Debts;
use super::known::{Knowing, Known};
use crate::config::Config;
use crate::keys_file::KeyRecord;
use plan::{Plan, Restated};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use sumun_gate::{Change, Gate, KeyEntry, KeySpec, KeyTable, Revival, Status};
use sumun_model::{KeyId, KeyState, Timestamp};
use sumun_seal::{Keyring, OpenError};
use tracing::{error, info};

/// What a key that has ended is set to.
pub(super) const ENDED: Status = Status { state: KeyState::Expired, measure: None, registration_due: false };

/// Entries from before a change that are held on to, for when their last request was let pass. Beyond them nobody is told.
const BEFORE_MAX: usize = 5_000;

/// A secret that does not open.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the secret of key `{key}` does not open: {source}")]
pub(super) struct Unopened {
    /// Whose.
    pub(super) key: KeyId,
    /// Why.
    #[source]
    pub(super) source: OpenError,
}

/// What records stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// Every key there is: others are taken out.
    Whole,
    /// Some keys, whole as they stand: others stay.
    Some,
}

/// What is done about a secret that does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OnUnopened {
    /// Nothing more is changed than what narrows.
    GiveUp,
    /// That key alone is refused from now on.
    Refuse,
}

/// What became of records.
#[derive(Debug, Default)]
pub(super) struct Applied {
    /// The records, those that asked for what cannot be made what they can be.
    pub(super) records: Vec<KeyRecord>,
    /// Whether the table or a cause changed.
    pub(super) changed: bool,
    /// Entries of keys that were known and are changed, as they were before.
    pub(super) before: Vec<Arc<KeyEntry>>,
    /// Keys that are refused because their secret does not open.
    pub(super) unusable: Vec<Unopened>,
}

/// Brings the table in step.
pub(super) struct Applier {
    proof_required: bool,
    keyring: Keyring,
    debts: Arc<Debts>,
    gate: Arc<Gate>,
    knowing: Knowing,
    known: HashMap<KeyId, Known>,
    /// What was asked for last and could not be had.
    refused: HashMap<KeyId, String>,
}

impl Applier {
    pub(super) fn new(config: &Config, keyring: Keyring, debts: Arc<Debts>, gate: Arc<Gate>) -> Self {
        Self {
            proof_required: config.gate.address_proof_required,
            keyring,
            debts,
            gate,
            knowing: Knowing::new(),
            known: HashMap::new(),
            refused: HashMap::new(),
        }
    }

    pub(super) fn gate(&self) -> &Gate {
        &self.gate
    }

    pub(super) fn debts(&self) -> &Debts {
        &self.debts
    }

    /// How many keys are known.
    pub(super) fn known(&self) -> usize {
        self.known.len()
    }

    /// What ended by the clock stays ended, even if the secrets of these records do not open.
    pub(super) fn remember_ends(&mut self, records: &[KeyRecord], now: Timestamp) {
        for record in records.iter().filter(|record| record.expires <= now) {
            self.known.insert(record.key.clone(), self.knowing.of(record).only_its_end());
        }
    }

    /// Ends a key of which no more can be read than that it has ended.
    pub(super) fn end(&mut self, key: &KeyId) {
        if !self.gate.table.is_dead(key) {
            tell(self.gate.table.apply(Change::Status(key.clone(), ENDED)));
            self.debts.bury(vec![key.clone()]);
        }
        if let Some(known) = self.known.get_mut(key) {
            known.status = ENDED;
        }
    }

    /// Refuses a key of which nothing more can be read: it is not served until its record can be.
    pub(super) fn refuse(&mut self, key: &KeyId) {
        tell(self.gate.table.apply(Change::Remove(key.clone())));
        if let Some(known) = self.known.get_mut(key) {
            *known = known.only_its_end();
        }
    }

    /// Brings the table in step. `now` is the instant up to which ends by the clock cannot be put off any more.
    ///
    /// # Errors
    /// A secret does not open and `on_unopened` says to give up; what narrows was done all the same.
    pub(super) fn apply(
        &mut self,
        mut records: Vec<KeyRecord>,
        now: Timestamp,
        extent: Extent,
        on_unopened: OnUnopened,
    ) -> Result<Applied, Unopened> {
        let mut plan = self.plan(&mut records, now);
        self.tell_of_refused(std::mem::take(&mut plan.refused));
        let before = self.before(&plan, &records, extent);
        // What takes away comes first, one store each; it does not wait for secrets to be opened.
        let mut changed = self.restate(&plan, &records, true);
        let anew: Vec<&KeyRecord> = plan.anew.iter().filter_map(|(at, _)| records.get(*at)).collect();
        let (specs, unusable) = self.specs(&anew, on_unopened)?;
        changed |= self.restate(&plan, &records, false);
        if extent == Extent::Whole {
            changed |= self.remove(&plan, &records, now);
        }
        changed |= !plan.anew.is_empty();
        self.put(specs);
        for (at, known) in &plan.anew {
            if let Some(record) = records.get(*at) {
                self.known.insert(record.key.clone(), *known);
            }
        }
        for Unopened { key, .. } in &unusable {
            let ended = self.known.get(key).is_some_and(|known| known.status.is_terminal());
            if ended {
                self.end(key);
            } else {
                self.refuse(key);
            }
        }
        for record in plan.recaused.iter().filter_map(|at| records.get(*at)) {
            if let Some(known) = self.known.get_mut(&record.key) {
                known.cause = record.cause;
            }
        }
        changed |= !plan.recaused.is_empty();
        if changed {
            let table = &self.gate.table;
            info!(
                keys = table.len(),
                table.version = table.version(),
                "The key table was brought in step with its source"
            );
        }
        Ok(Applied { records, changed, before, unusable })
    }

    /// The entries that are about to change or to go.
    fn before(&self, plan: &Plan, records: &[KeyRecord], extent: Extent) -> Vec<Arc<KeyEntry>> {
        let changed =
            plan.restated.iter().map(|restated| restated.at).chain(plan.anew.iter().map(|(at, _)| *at));
        let changed = changed.filter_map(|at| records.get(at)).map(|record| &record.key);
        let there: HashSet<&KeyId> = match extent {
            Extent::Whole if plan.met < self.known.len() => {
                records.iter().map(|record| &record.key).collect()
            }
            Extent::Whole | Extent::Some => HashSet::new(),
        };
        let gone = self.known.keys().filter(|key| !there.is_empty() && !there.contains(key));
        let mut seen = HashSet::new();
        changed
            .chain(gone)
            .filter(|key| self.known.contains_key(*key) && seen.insert(*key))
            .filter_map(|key| self.gate.table.get(key.as_str()))
            .take(BEFORE_MAX)
            .collect()
    }

    /// Says what records ask for and cannot have, once and not at each reading.
    fn tell_of_refused(&mut self, refused: HashMap<KeyId, String>) {
        /// Lines about single keys; beyond them only their number is told.
        const LINES_MAX: usize = 20;
        let fresh: Vec<&String> = refused
            .iter()
            .filter(|(key, text)| self.refused.get(*key) != Some(*text))
            .map(|(_, text)| text)
            .collect();
        for text in fresh.iter().take(LINES_MAX) {
            error!("{text}");
        }
        if fresh.len() > LINES_MAX {
            error!("So it is with {} more keys", fresh.len() - LINES_MAX);
        }
        self.refused = refused;
    }

    /// Sets the states and measures that narrow, or those that do not; whether there was any.
    fn restate(&mut self, plan: &Plan, records: &[KeyRecord], narrowing: bool) -> bool {
        let table = &self.gate.table;
        let mut ended = Vec::new();
        let mut any = false;
        for Restated { at, status, .. } in plan.restated.iter().filter(|r| r.narrows == narrowing) {
            let Some(record) = records.get(*at) else { continue };
            let key = &record.key;
            any = true;
            // Should nothing else of a file be usable, the snapshot still learns of it.
            self.debts.restate(key.clone(), *status, record.cause);
            if status.is_terminal() && !table.is_dead(key) {
                ended.push(key.clone());
            }
            tell(table.apply(Change::Status(key.clone(), *status)));
            if let Some(known) = self.known.get_mut(key) {
                known.status = *status;
            }
        }
        self.debts.bury(ended);
        any
    }

    /// Takes out what is no longer among all records; whether there was any.
    fn remove(&mut self, plan: &Plan, records: &[KeyRecord], now: Timestamp) -> bool {
        if plan.met == self.known.len() {
            return false;
        }
        let table = &self.gate.table;
        let there: HashSet<&KeyId> = records.iter().map(|record| &record.key).collect();
        let mut ended = Vec::new();
        self.known.retain(|id, known| {
            if there.contains(id) {
                return true;
            }
            // What ended by the clock is taken out in the end; it must not come back with later records.
            if known.expires <= now && !table.is_dead(id) {
                tell(table.apply(Change::Status(id.clone(), ENDED)));
                ended.push(id.clone());
            }
            tell(table.apply(Change::Remove(id.clone())));
            false
        });
        self.debts.bury(ended);
        true
    }

    /// A few keys are put one by one; many in one pass over the shards.
    fn put(&self, specs: Vec<KeySpec>) {
        const ONE_BY_ONE_MAX: usize = 64;
        let table: &KeyTable = &self.gate.table;
        let ends = |spec: &&KeySpec| spec.status.is_terminal() && !table.is_dead(&spec.id);
        let ended = specs.iter().filter(ends).map(|spec| spec.id.clone()).collect();
        if specs.len() > ONE_BY_ONE_MAX {
            table.load(specs).into_iter().for_each(|revival| tell(Err(revival)));
        } else {
            specs.into_iter().for_each(|spec| tell(table.apply(Change::Put(Box::new(spec)))));
        }
        self.debts.bury(ended);
    }
}

/// The table has the last word on who is dead.
fn tell(made: Result<(), Revival>) {
    if let Err(revival) = made {
        error!("{revival}");
    }
}
