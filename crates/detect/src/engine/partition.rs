//! One of the 1,024 partitions: its accounts and keys, stage one over its lines and wakes.
//!
//! What it holds is reached by one thread at a time, and its caps are its own, so the number of threads never shows (WIRE 4).
//! A line's way through it stands in [`super::stage_one`].

use super::counts::Counts;
use super::fusion::Fusion;
use super::item::StageOne;
use super::lookups::Lookups;
use super::moment::{At, Rises, SECOND_US};
use super::population::Tally;
use super::repeats::Repeats;
use super::slot::{AccountSlot, KeySlot, NO_WAKE};
use super::stage_one::Ground;
use crate::emit::Emit;
use crate::mark::hash64;
use hashbrown::HashMap;
use std::collections::BTreeSet;
use sumun_model::wire::Line;
use sumun_model::{AccountId, KeyId, Timestamp};

/// How many partitions there are, whatever the number of threads.
pub const PARTITIONS: u16 = 1_024;

/// The partition of an account, or of a key without one.
#[must_use]
pub(crate) fn partition_of(text: &str) -> u16 {
    // The remainder of 1,024 fits.
    u16::try_from(hash64(text.as_bytes()) % u64::from(PARTITIONS)).unwrap_or(0)
}

/// A line on its way, with the engine time it brought.
#[derive(Debug)]
pub(crate) struct Fed {
    pub(crate) at: At,
    /// The account of the key it names, as the router knows it.
    pub(crate) home: Option<AccountId>,
    pub(crate) line: Line,
}

/// One partition.
pub(crate) struct Partition {
    pub(crate) number: u16,
    pub(crate) accounts: HashMap<AccountId, AccountSlot>,
    pub(crate) keys: HashMap<KeyId, Box<KeySlot>>,
    pub(crate) repeats: Repeats,
    /// Wakes by second, key and detector: the order in which they fire.
    pub(crate) wakes: BTreeSet<(i64, KeyId, usize)>,
    pub(crate) tally: Tally,
    pub(crate) fusion: Fusion,
    pub(crate) counts: Counts,
    /// What the segment at hand left; taken by the stages behind.
    pub(crate) out: StageOne,
    /// Reused between detectors.
    pub(crate) emit: Emit,
}

impl Partition {
    pub(crate) fn new(number: u16) -> Self {
        Self {
            number,
            accounts: HashMap::new(),
            keys: HashMap::new(),
            repeats: Repeats::default(),
            wakes: BTreeSet::new(),
            tally: Tally::default(),
            fusion: Fusion::default(),
            counts: Counts::default(),
            out: StageOne::default(),
            emit: Emit::default(),
        }
    }

    /// The earliest second at which something wakes.
    pub(crate) fn next_wake(&self) -> i64 {
        self.wakes.first().map_or(NO_WAKE, |(second, _, _)| *second)
    }

    /// Stage one over a segment: this partition's lines and wakes, in their order.
    pub(crate) fn run(
        &mut self,
        lines: &[Fed],
        mine: &[u32],
        rises: &Rises,
        end: Timestamp,
        ground: &Ground<'_>,
        lookups: &mut Lookups,
    ) {
        let mut mine = mine.iter().filter_map(|index| lines.get(*index as usize)).peekable();
        loop {
            let line = mine.peek().map(|fed| fed.at.moment);
            match self.due(rises, end) {
                Some(at) if line.is_none_or(|line| at.moment < line) => self.wake(at, ground, lookups),
                _ => match mine.next() {
                    Some(fed) => self.line(fed, ground, lookups),
                    None => return,
                },
            }
        }
    }

    fn due(&mut self, rises: &Rises, end: Timestamp) -> Option<At> {
        loop {
            let (second, _, _) = self.wakes.first()?;
            if second.saturating_mul(SECOND_US) > end.as_micros() {
                return None;
            }
            if let Some(at) = rises.of_second(*second) {
                return Some(at);
            }
            // A wake is always put behind engine time, so it is passed once and only once.
            debug_assert!(false, "a wake at a second that no rise passes");
            self.wakes.pop_first();
        }
    }

    /// Takes a key out, to be put into another partition.
    pub(crate) fn take_key(&mut self, key: &KeyId) -> Option<Box<KeySlot>> {
        let slot = self.keys.remove(key)?;
        for (which, second) in slot.wakes.iter().enumerate() {
            self.wakes.remove(&(*second, key.clone(), which));
        }
        if let Some(account) = slot.account.as_ref().and_then(|account| self.accounts.get_mut(account)) {
            account.remove_key(key);
        }
        Some(slot)
    }

    /// Puts a key in, with its wakes.
    pub(crate) fn put_key(&mut self, key: &KeyId, account: Option<&AccountId>, mut slot: Box<KeySlot>) {
        for (which, second) in slot.wakes.iter().enumerate() {
            if *second != NO_WAKE {
                self.wakes.insert((*second, key.clone(), which));
            }
        }
        slot.account = account.cloned();
        slot.delegations = Vec::new();
        if let Some(account) = account {
            let of =
                self.accounts.entry(account.clone()).or_insert_with(|| AccountSlot::new(account.clone()));
            of.add_key(key);
            slot.delegations = of.delegations_of(key);
        }
        self.keys.insert(key.clone(), slot);
    }

    /// Forgets keys unseen since then.
    pub(crate) fn forget_before(&mut self, oldest: Timestamp) -> Vec<KeyId> {
        let mut old: Vec<KeyId> =
            self.keys.iter().filter(|(_, slot)| slot.last < oldest).map(|(key, _)| key.clone()).collect();
        old.sort_unstable();
        for key in &old {
            let account = self.take_key(key).and_then(|slot| slot.account);
            self.fusion.forget(key);
            self.counts.forgotten += 1;
            let bare = |slot: &AccountSlot| slot.keys.is_empty() && slot.told.is_none();
            if let Some(account) = account
                && self.accounts.get(&account).is_some_and(bare)
            {
                self.accounts.remove(&account);
            }
        }
        old
    }
}
