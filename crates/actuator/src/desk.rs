//! What is to be done, and in which order: one call a key at a time, the newest intent only, cuts before restorations, and what is new
//! before what has failed before.
//!
//! The desk is a memory of what the record says; lost with its process and made again from the record. It never sends: it says what is due.

use std::collections::{BTreeMap, BTreeSet};

/// Keys on the desk at once; others wait on record until there is room.
pub const SLOTS_MAX: usize = 200_000;

/// One thing to be done now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// Which row of the record.
    pub id: String,
    /// Which intent of it.
    pub intent: i64,
    /// How often it failed before.
    pub failures: u32,
}

/// Place in the queue: what failed before comes later, a restoration after a cut, then by time.
type Place = (bool, bool, i64);

#[derive(Debug)]
struct Slot {
    intent: i64,
    cuts: bool,
    failures: u32,
    due_us: i64,
    /// The intent that is being sent.
    sending: Option<i64>,
    /// Its intent is not sent any more.
    rests: bool,
}

impl Slot {
    const fn place(&self) -> Place {
        (self.failures > 0, !self.cuts, self.due_us)
    }
}

/// What is to be done.
#[derive(Debug, Default)]
pub struct Desk {
    slots: BTreeMap<String, Slot>,
    queue: BTreeSet<(Place, String)>,
    sending: usize,
    /// Of them, those that failed before.
    sending_again: usize,
}

impl Desk {
    /// The record has this intent. An older one than is known is passed over; a newer one takes its place and begins anew.
    /// False: there is no room.
    pub fn wants(&mut self, id: &str, intent: i64, cuts: bool, now_us: i64) -> bool {
        let full = self.slots.len() >= SLOTS_MAX;
        match self.slots.get_mut(id) {
            Some(slot) if slot.intent >= intent => {}
            Some(slot) => {
                self.queue.remove(&(slot.place(), id.to_owned()));
                (slot.intent, slot.cuts, slot.failures, slot.rests) = (intent, cuts, 0, false);
                slot.due_us = now_us;
                if slot.sending.is_none() {
                    self.queue.insert((slot.place(), id.to_owned()));
                }
            }
            None if full => return false,
            None => {
                let slot = Slot { intent, cuts, failures: 0, due_us: now_us, sending: None, rests: false };
                self.queue.insert((slot.place(), id.to_owned()));
                self.slots.insert(id.to_owned(), slot);
            }
        }
        true
    }

    /// The record asks for nothing of it any more, unless for a newer intent than this.
    pub fn forget(&mut self, id: &str, intent: i64) {
        let Some(slot) = self.slots.get(id).filter(|slot| slot.intent <= intent) else { return };
        self.queue.remove(&(slot.place(), id.to_owned()));
        if slot.sending.is_none() {
            self.slots.remove(id);
        } else if let Some(slot) = self.slots.get_mut(id) {
            slot.rests = true;
        }
    }

    /// What may be sent now, while at most so many are under way. Of those at most half have failed before: an exchange that hangs on
    /// some keys must not keep a new cut waiting. Each must be [`Desk::ended`].
    pub fn next(&mut self, now_us: i64, at_once_max: usize) -> Option<Due> {
        if self.sending >= at_once_max {
            return None;
        }
        let again_has_room = self.sending_again < (at_once_max / 2).max(1);
        let due = |(again, _, due_us): &Place| *due_us <= now_us && (!*again || again_has_room);
        // Four stretches of the queue, each ordered by time: the first place of each is the earliest of it.
        let found = [(false, false), (false, true), (true, false), (true, true)].into_iter().find_map(
            |(again, restores)| {
                let from = ((again, restores, i64::MIN), String::new());
                let first = self.queue.range(from..).next()?;
                (first.0.0 == again && first.0.1 == restores && due(&first.0)).then(|| first.clone())
            },
        )?;
        self.queue.remove(&found);
        let slot = self.slots.get_mut(&found.1)?;
        slot.sending = Some(slot.intent);
        self.sending += 1;
        self.sending_again += usize::from(slot.failures > 0);
        Some(Due { id: found.1, intent: slot.intent, failures: slot.failures })
    }

    /// A call has ended: for good, or to be made again at this time, or (`Some(None)`) only as a new intent. Meanwhile a newer intent may
    /// have come: that one is due now.
    pub fn ended(&mut self, due: &Due, again_us: Option<Option<i64>>) {
        let Some(slot) = self.slots.get_mut(&due.id).filter(|slot| slot.sending == Some(due.intent)) else {
            return;
        };
        slot.sending = None;
        self.sending = self.sending.saturating_sub(1);
        self.sending_again = self.sending_again.saturating_sub(usize::from(due.failures > 0));
        if slot.intent != due.intent {
            self.queue.insert((slot.place(), due.id.clone()));
            return;
        }
        match again_us {
            None => {
                self.slots.remove(&due.id);
            }
            Some(_) if slot.rests => {
                self.slots.remove(&due.id);
            }
            Some(again_us) => {
                slot.failures = slot.failures.saturating_add(1);
                match again_us {
                    Some(at) => {
                        slot.due_us = at;
                        self.queue.insert((slot.place(), due.id.clone()));
                    }
                    None => slot.rests = true,
                }
            }
        }
    }

    /// Keys on the desk.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether nothing is to be done.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }
}
