//! What happens between segments, when no partition is at work: feedback, population, lines for all, keys that move.

use super::Engine;
use super::moment::{At, HOUR_US, Moment, SECOND_US};
use super::partition::{PARTITIONS, partition_of};
use super::population::cut;
use super::slot::{AccountSlot, Delegation};
use crate::seen::DelegationView;
use sumun_model::wire::state::DelegationState;
use sumun_model::wire::{DelegationLine, Line};
use sumun_model::{AccountId, KeyId, Timestamp};

/// Each hour one of so many shares of the partitions is looked through for keys unseen for long.
const FORGET_SHARES: i64 = 24;

impl Engine {
    /// A whole minute begins: detectors learn of measures; at a whole hour, of the population.
    pub(super) fn begin_minute(&mut self, hour: bool, now: Timestamp) {
        for (key, measure) in std::mem::take(&mut self.feedback) {
            let number = self.router.partition(&key);
            if let Some(slot) = self
                .partitions
                .get_mut(usize::from(number))
                .and_then(|partition| partition.keys.get_mut(&key))
            {
                slot.measure = measure;
            }
        }
        if hour {
            for partition in &mut self.partitions {
                partition.tally.reduce_into(&mut self.population);
            }
            cut(&mut self.population, self.params.engine.population_values_max);
            self.forget(now);
        }
    }

    fn forget(&mut self, now: Timestamp) {
        let share = now.as_micros().div_euclid(HOUR_US).rem_euclid(FORGET_SHARES);
        let oldest = now.plus_micros(-i64::from(self.params.engine.forget_after_s) * SECOND_US);
        for (partition, due) in self.partitions.iter_mut().zip(&mut self.due) {
            if i64::from(partition.number) % FORGET_SHARES != share {
                continue;
            }
            for key in partition.forget_before(oldest) {
                self.router.homes.remove(&key);
            }
            *due = partition.next_wake();
        }
    }

    /// A vendor, network or market line.
    pub(super) fn global_line(&mut self, line: &Line) {
        if !self.global.take(line) {
            self.counts.stale_states += 1;
        } else if !matches!(line, Line::Market(_)) {
            self.lookups.iter_mut().for_each(super::lookups::Lookups::forget_places);
        }
    }

    /// A delegation replaces what was known of it, wherever that stood.
    pub(super) fn delegation(&mut self, line: &DelegationLine) {
        let id = &line.delegation;
        let before = self.router.delegations.get(id).cloned();
        if before.as_ref().is_some_and(|(told, _)| *told > line.ts) {
            self.counts.stale_states += 1;
            return;
        }
        let of_key = || line.key.as_ref().and_then(|key| self.router.homes.get(key)?.account.clone());
        let account = line.account.clone().or_else(of_key);
        self.router.delegations.insert(id.clone(), (line.ts, account.clone()));
        if let Some((_, Some(old))) = before {
            self.with_account(&old, |slot| slot.delegations.retain(|known| known.id != *id));
        }
        let Some(account) = account else { return };
        let delegation = Delegation {
            id: id.clone(),
            key: line.key.clone(),
            view: DelegationView {
                operator: line.operator.clone(),
                networks: line.networks.clone().unwrap_or_default(),
                scopes: line.scopes,
                from: line.from,
                until: line.until,
                active: line.state != Some(DelegationState::Ended),
            },
        };
        let most = self.params.engine.delegations_per_account_max as usize;
        let mut left_out = false;
        if delegation.view.active {
            self.with_account(&account, |slot| {
                left_out = slot.delegations.len() >= most;
                if !left_out {
                    slot.delegations.push(delegation);
                    slot.delegations.sort_by(|a, b| a.id.cmp(&b.id));
                }
            });
        }
        self.counts.over_cap += u64::from(left_out);
    }

    fn with_account(&mut self, account: &AccountId, change: impl FnOnce(&mut AccountSlot)) {
        let number = usize::from(partition_of(account.as_str()));
        let Some(partition) = self.partitions.get_mut(number) else { return };
        let slot =
            partition.accounts.entry(account.clone()).or_insert_with(|| AccountSlot::new(account.clone()));
        change(slot);
        for key in &slot.keys {
            if let Some(known) = partition.keys.get_mut(key) {
                known.delegations = slot.delegations_of(key);
            }
        }
    }

    /// A key became known to belong to an account: all of it goes to the account's partition.
    pub(super) fn move_key(&mut self, line: &Line, from: u16, to: u16, account: Option<&AccountId>) {
        let key = match line {
            Line::Key(line) => Some(&line.key),
            Line::Access(line) => line.key.as_ref(),
            _ => None,
        };
        let Some(key) = key else { return };
        let Some(source) = self.partitions.get_mut(usize::from(from)) else { return };
        let (slot, fused) = (source.take_key(key), source.fusion.keys.remove(key));
        self.set_due(from);
        if let Some(target) = self.partitions.get_mut(usize::from(to)) {
            if let Some(slot) = slot {
                target.put_key(key, account, slot);
            }
            if let Some(mut fused) = fused {
                fused.account = account.cloned();
                target.fusion.keys.insert(key.clone(), fused);
            }
        }
        self.set_due(to);
    }

    /// A new key takes the place of an old one: baselines and evidence go with it (DESIGN 4).
    pub(super) fn inherit(
        &mut self,
        new: &KeyId,
        old: &KeyId,
        from: Option<u16>,
        to: u16,
        account: Option<&AccountId>,
    ) {
        let of_old = usize::from(self.router.partition(old));
        let Some(source) = self.partitions.get(of_old) else { return };
        let (slot, fused) = (source.keys.get(old).cloned(), source.fusion.heir(old));
        let own = from.unwrap_or(to);
        if let Some(partition) = self.partitions.get_mut(usize::from(own))
            && slot.is_some()
        {
            partition.take_key(new);
            partition.fusion.forget(new);
            self.set_due(own);
        }
        if let Some(target) = self.partitions.get_mut(usize::from(to)) {
            if let Some(mut slot) = slot {
                slot.view.key = new.clone();
                slot.view.told = false;
                slot.view.state = None;
                slot.measure = None;
                target.put_key(new, account, slot);
            }
            if let Some(mut fused) = fused {
                fused.account = account.cloned();
                target.fusion.keys.insert(new.clone(), fused);
            }
        }
        self.set_due(to);
    }

    pub(super) fn set_due(&mut self, number: u16) {
        let number = usize::from(number);
        if let (Some(due), Some(partition)) = (self.due.get_mut(number), self.partitions.get(number)) {
            *due = partition.next_wake();
        }
    }

    /// Partitions in which something wakes up to now.
    pub(super) fn waking(&self, now: Timestamp) -> impl Iterator<Item = u16> {
        let second = now.as_micros().div_euclid(SECOND_US);
        (0..PARTITIONS).zip(&self.due).filter(move |(_, due)| **due <= second).map(|(number, _)| number)
    }

    /// The place of the last line, for what is asked from outside.
    pub(super) fn at_hand(&self) -> Option<At> {
        Some(At { moment: Moment::line(self.position?), now: self.now? })
    }
}
