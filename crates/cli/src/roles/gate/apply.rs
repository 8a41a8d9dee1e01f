//! Bringing the key table in step with records, wherever they come from: a keys file or the feed.
//!
//! What records take away by state or measure is done first, one store each, and waits for nothing. What ended stays
//! ended: the table has the last word on dead ids, and a key whose end has passed gets no later one. Never waits for the
//! disk: what has to be written goes to the [`Debts`].

use super::keeper::Debts;
use super::known::{Knowing, Known};
use crate::config::Config;
use crate::keys_file::KeyRecord;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::thread;
use sumun_dialect::MacKey;
use sumun_gate::{Change, Gate, KeyEntry, KeySpec, KeyTable, Revival, Status};
use sumun_model::{KeyId, KeyState, Timestamp};
use sumun_seal::{Keyring, OpenError};
use tracing::{error, info};

/// What a key that has ended is set to.
pub(super) const ENDED: Status = Status { state: KeyState::Expired, measure: None };

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

/// Another state or measure of a known key.
struct Restated {
    at: usize,
    status: Status,
    /// It lets nothing pass that the one before did not: then it need not wait, whatever else the records say.
    narrows: bool,
}

/// What records would change: positions among them.
#[derive(Default)]
struct Plan {
    /// Another state or measure.
    restated: Vec<Restated>,
    /// New, or another in more than state and measure.
    anew: Vec<(usize, Known)>,
    /// Another cause and nothing else.
    recaused: Vec<usize>,
    /// How many of them were known.
    met: usize,
    /// What is asked for and cannot be, by key.
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

    /// Finds what differs from what is known. A record that asks for what cannot be is made what it can be.
    fn plan(&self, records: &mut [KeyRecord], now: Timestamp) -> Plan {
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

    /// Opens the secrets, many of them on all cores: one takes some two microseconds.
    fn specs(
        &self,
        records: &[&KeyRecord],
        on_unopened: OnUnopened,
    ) -> Result<(Vec<KeySpec>, Vec<Unopened>), Unopened> {
        const ONE_THREAD_MAX: usize = 1 << 12;
        let threads = match records.len() {
            few if few <= ONE_THREAD_MAX => 1,
            _ => thread::available_parallelism().map_or(1, usize::from),
        };
        let share = records.len().div_ceil(threads).max(1);
        let opened: Vec<Result<KeySpec, Unopened>> = if threads == 1 {
            records.iter().map(|record| self.spec(record)).collect()
        } else {
            thread::scope(|scope| {
                let opening: Vec<_> = records
                    .chunks(share)
                    .map(|records| scope.spawn(|| records.iter().map(|r| self.spec(r)).collect::<Vec<_>>()))
                    .collect();
                let joined = opening.into_iter().flat_map(|thread| match thread.join() {
                    Ok(opened) => opened,
                    Err(panic) => std::panic::resume_unwind(panic),
                });
                joined.collect()
            })
        };
        let mut specs = Vec::with_capacity(opened.len());
        let mut unusable = Vec::new();
        for opened in opened {
            match (opened, on_unopened) {
                (Ok(spec), _) => specs.push(spec),
                (Err(unopened), OnUnopened::GiveUp) => return Err(unopened),
                (Err(unopened), OnUnopened::Refuse) => unusable.push(unopened),
            }
        }
        Ok((specs, unusable))
    }

    fn spec(&self, record: &KeyRecord) -> Result<KeySpec, Unopened> {
        let secret = self
            .keyring
            .open(&record.key, &record.secret)
            .map_err(|source| Unopened { key: record.key.clone(), source })?;
        let in_effect = record.allowlist.iter().filter(|entry| entry.in_effect(self.proof_required));
        let mandate = record.mandate.as_ref();
        Ok(KeySpec {
            id: record.key.clone(),
            account: record.account.clone(),
            status: Status { state: record.state, measure: record.measure },
            scopes: record.scopes,
            allowlist: in_effect.map(sumun_model::key::AllowlistEntry::prefix).collect(),
            expires: record.expires,
            markets: mandate.and_then(|m| m.markets.clone()),
            orders_per_second_max: mandate.and_then(|m| m.orders_per_second_max),
            mac: MacKey::new(&secret),
        })
    }
}

/// The table has the last word on who is dead.
fn tell(made: Result<(), Revival>) {
    if let Err(revival) = made {
        error!("{revival}");
    }
}
