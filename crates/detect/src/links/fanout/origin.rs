//! One address and the customers whose keys were used from it.
//!
//! Customers are held by name, the latest [`EXACT_MAX`] of them, each with the instant of its last use; so the number in a sliding
//! window is exact as long as nobody who belongs in it had to be let go, and the address itself knows whether that is so. From the
//! first one let go, sketches count along. Never here: whether the number is too high.

use super::sketch::Days;
use crate::mark::Mark;
use serde::{Deserialize, Serialize};
use sumun_model::wire::state::NetworkClass;
use sumun_model::{EventId, KeyId, Timestamp};

/// Most customers of one address held by name.
pub(super) const EXACT_MAX: usize = 32;
/// Most keys held per customer and address; the longest unused makes room.
pub(super) const KEYS_MAX: usize = 4;

/// What was last said of a key here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Word {
    /// Nothing.
    #[default]
    None,
    /// That it is one of too many.
    Accused,
    /// Why it may be here.
    Explained,
}

/// Why a use is on record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Vouched {
    /// An approved vendor's registered egress.
    Vendor,
    /// A running delegation's network.
    Delegation,
}

/// One key's use of the address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Used {
    pub(super) key: KeyId,
    pub(super) last: Timestamp,
    pub(super) client: Mark,
    pub(super) event: Option<EventId>,
    pub(super) vouched: Option<Vouched>,
    pub(super) word: Word,
    pub(super) word_at: Option<Timestamp>,
}

/// One customer of the address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Member {
    /// Hash of the customer's id, or the account's where it has none.
    pub(super) who: u64,
    pub(super) last: Timestamp,
    pub(super) retail: bool,
    pub(super) keys: Vec<Used>,
}

/// One address.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Origin {
    pub(super) network: Mark,
    pub(super) class: NetworkClass,
    /// The client used last.
    pub(super) client: Mark,
    pub(super) members: Vec<Member>,
    /// The latest use of anyone who was let go for want of room.
    let_go: Option<Timestamp>,
    days: Days,
    /// What the network's history was told of it.
    pub(super) counted: u32,
    /// When its customers were last named together.
    pub(super) said: Option<Timestamp>,
}

/// A number of customers, and whether it is exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) customers: u32,
    pub(super) exact: bool,
}

impl Origin {
    pub(super) fn new(network: Mark, class: NetworkClass) -> Self {
        Self {
            network,
            class,
            client: Mark(0),
            members: Vec::new(),
            let_go: None,
            days: Days::default(),
            counted: 0,
            said: None,
        }
    }

    /// Forgets whoever was last here at or before `until`.
    pub(super) fn forget(&mut self, until: Timestamp) {
        self.members.retain(|member| member.last > until);
        for member in &mut self.members {
            member.keys.retain(|used| used.last > until);
        }
        if self.let_go.is_some_and(|let_go| let_go <= until) {
            self.let_go = None;
            self.days = Days::default();
        }
    }

    /// A key of this customer was used from here.
    pub(super) fn used(&mut self, who: u64, retail: bool, mut used: Used) {
        let at = used.last;
        if !self.members.iter().any(|member| member.who == who) {
            if self.members.len() >= EXACT_MAX {
                self.let_one_go();
            }
            self.members.push(Member { who, last: at, retail, keys: Vec::new() });
        }
        if !self.days.is_empty() {
            self.days.add(who, at);
        }
        let Some(member) = self.members.iter_mut().find(|member| member.who == who) else { return };
        member.last = member.last.max(at);
        member.retail = retail;
        if let Some(held) = member.keys.iter_mut().find(|held| held.key == used.key) {
            (used.word, used.word_at) = (held.word, held.word_at);
            *held = used;
            return;
        }
        if member.keys.len() >= KEYS_MAX
            && let Some(oldest) = (0..member.keys.len()).min_by_key(|n| member.keys.get(*n).map(|k| k.last))
        {
            member.keys.remove(oldest);
        }
        member.keys.push(used);
    }

    /// Makes room: the customer longest unused leaves, and sketches begin with everybody known.
    fn let_one_go(&mut self) {
        if self.days.is_empty() {
            for member in &self.members {
                self.days.add(member.who, member.last);
            }
        }
        let oldest = (0..self.members.len()).min_by_key(|n| self.members.get(*n).map(|m| (m.last, m.who)));
        if let Some(oldest) = oldest {
            let gone = self.members.remove(oldest);
            self.let_go = self.let_go.max(Some(gone.last));
        }
    }

    /// Customers whose last use is after `from`. Exact unless one of them may have been let go; then at least so many.
    pub(super) fn count_since(&mut self, from: Timestamp) -> Count {
        let named = self.members.iter().filter(|member| member.last > from).count();
        let named = u32::try_from(named).unwrap_or(u32::MAX);
        if self.let_go.is_none_or(|let_go| let_go <= from) {
            return Count { customers: named, exact: true };
        }
        Count { customers: named.max(self.days.count_since(from)), exact: false }
    }

    pub(super) fn key_mut(&mut self, who: u64, key: &KeyId) -> Option<&mut Used> {
        let member = self.members.iter_mut().find(|member| member.who == who)?;
        member.keys.iter_mut().find(|used| used.key == *key)
    }
}
