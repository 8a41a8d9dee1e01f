//! The two sides A8 compares: where the key is in effect, and where it knocks.
//!
//! Here: bounded memory, turns, likeness. Not here: what follows from them.

use super::Params;
use crate::keys::around::us;
use crate::mark::Mark;
use crate::seen::Seen;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::net::IpAddr;
use sumun_model::EventId;

/// Most foreign addresses remembered; the one silent longest gives way.
pub(super) const FOREIGN_MAX: usize = 8;
/// Most registered sides remembered.
pub(super) const REGISTERED_MAX: usize = 4;
/// Most nonces of foreign requests remembered, by which a storm of retries counts once.
pub(super) const NONCES_MAX: usize = 16;

/// How a foreign request resembles the registered side. Where there is nothing to compare with, it is taken to resemble.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Likeness {
    /// The same program.
    pub(super) client: bool,
    /// The same clock; null: one of both shows none.
    pub(super) clock: Option<bool>,
    /// The same network operator.
    pub(super) network: bool,
    /// The key was used from this very address when it was in effect.
    pub(super) old_host: bool,
    /// The same network's other version of the protocol: a line on which IPv6 was switched on takes turns by itself, for each
    /// connection anew.
    pub(super) dual_stack: bool,
}

/// A foreign address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Foreign {
    pub(super) address: IpAddr,
    pub(super) likeness: Likeness,
    pub(super) last: i64,
    /// Turns registered, foreign, registered; begun anew after a day without one.
    pub(super) turns: u16,
    turned: i64,
    /// Its latest request.
    pub(super) event: EventId,
    pub(super) told_day: Option<i64>,
    /// The owner said it was him.
    pub(super) confirmed: bool,
    /// Once shown to be another's it stays so until the owner says otherwise.
    pub(super) other_hands: bool,
}

impl Foreign {
    /// Whether what is known of it shows a second hand.
    pub(super) fn is_in_other_hands(&self, params: &Params) -> bool {
        let Likeness { client, clock, old_host, dual_stack, .. } = self.likeness;
        if self.confirmed || old_host {
            return false;
        }
        // Asked like drift; turns say nothing there.
        let one_line = dual_stack && client && clock != Some(false);
        let turns = if client { params.turns_same_client } else { params.turns_other_client };
        self.other_hands || !one_line && self.turns >= turns || !client && clock == Some(false)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Registered {
    address: IpAddr,
    client: Mark,
    network: Mark,
    skew_ms: Option<i64>,
    last: i64,
}

/// Both sides of a key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sides {
    foreign: Vec<Foreign>,
    registered: Vec<Registered>,
    /// The side used last, and whether a foreign request came since.
    at: usize,
    knocked: bool,
    nonces: VecDeque<Mark>,
}

impl Sides {
    /// Whether a nonce was seen on a foreign request; remembers it.
    pub(super) fn knows_nonce(&mut self, nonce: &str) -> bool {
        let mark = Mark::of(nonce);
        let known = self.nonces.contains(&mark);
        if !known {
            if self.nonces.len() == NONCES_MAX {
                self.nonces.pop_front();
            }
            self.nonces.push_back(mark);
        }
        known
    }

    /// How a foreign request resembles the registered side.
    pub(super) fn likeness(&self, clock_ms: i64, seen: &Seen<'_>) -> Likeness {
        let none = self.registered.is_empty();
        let network = seen.network.operator_mark();
        let apart = self
            .registered
            .iter()
            .filter_map(|side| Some(side.skew_ms?.saturating_sub(seen.line.skew_ms?).saturating_abs()))
            .min();
        Likeness {
            client: none || self.registered.iter().any(|side| side.client == seen.client_mark),
            clock: apart.map(|ms| ms <= clock_ms),
            network: none || self.registered.iter().any(|side| side.network == network),
            old_host: self.registered.iter().any(|side| side.address == seen.address),
            dual_stack: {
                let mut beside = self.registered.iter().filter(|side| side.network == network).peekable();
                let versions = |address: IpAddr| address.to_canonical().is_ipv4();
                beside.peek().is_some() && beside.all(|side| versions(side.address) != versions(seen.address))
            },
        }
    }

    /// Notes a foreign request; its place.
    pub(super) fn note_foreign(&mut self, seen: &Seen<'_>, likeness: Likeness, now: i64) -> usize {
        self.knocked = true;
        let event = seen.line.id.clone();
        if let Some((at, known)) =
            self.foreign.iter_mut().enumerate().find(|(_, f)| f.address == seen.address)
        {
            known.last = now;
            known.likeness = likeness;
            known.event = event;
            return at;
        }
        let fresh = Foreign {
            address: seen.address,
            likeness,
            last: now,
            turns: 0,
            turned: i64::MIN,
            event,
            told_day: None,
            confirmed: false,
            other_hands: false,
        };
        if self.foreign.len() < FOREIGN_MAX {
            self.foreign.push(fresh);
            return self.foreign.len() - 1;
        }
        let oldest = self.foreign.iter().enumerate().min_by_key(|(_, f)| f.last).map_or(0, |(at, _)| at);
        if let Some(place) = self.foreign.get_mut(oldest) {
            *place = fresh;
        }
        oldest
    }

    /// Notes a request from an address in effect. The first foreign address that it makes a turn with and so shows in other hands.
    pub(super) fn note_registered(&mut self, params: &Params, seen: &Seen<'_>, now: i64) -> Option<usize> {
        let same = self.registered.get_mut(self.at);
        if let Some(side) = same
            && side.address == seen.address
            && side.client == seen.client_mark
            && !self.knocked
        {
            side.last = now;
            side.skew_ms = seen.line.skew_ms.or(side.skew_ms);
            return None;
        }
        let before = self.registered.iter().map(|side| side.last).max();
        self.foreign.retain(|foreign| foreign.address != seen.address);
        if std::mem::take(&mut self.knocked) {
            self.turn(params, before, now);
        }
        self.at = self.side(seen, now);
        self.foreign.iter().position(|foreign| foreign.turned == now && foreign.is_in_other_hands(params))
    }

    fn turn(&mut self, params: &Params, before: Option<i64>, now: i64) {
        let (Some(before), window) = (before, us(params.meanwhile_s)) else { return };
        for foreign in &mut self.foreign {
            let between = foreign.last >= before;
            if !between || now - foreign.last > window || foreign.last - before > window {
                continue;
            }
            if now.saturating_sub(foreign.turned) > us(params.day_s) {
                foreign.turns = 0;
            }
            foreign.turns = foreign.turns.saturating_add(1);
            foreign.turned = now;
        }
    }

    fn side(&mut self, seen: &Seen<'_>, now: i64) -> usize {
        let found = self
            .registered
            .iter()
            .position(|side| side.address == seen.address && side.client == seen.client_mark);
        let fresh = Registered {
            address: seen.address,
            client: seen.client_mark,
            network: seen.network.operator_mark(),
            skew_ms: seen.line.skew_ms,
            last: now,
        };
        let at = match found {
            Some(at) => at,
            None if self.registered.len() < REGISTERED_MAX => {
                self.registered.push(fresh.clone());
                self.registered.len() - 1
            }
            None => {
                self.registered.iter().enumerate().min_by_key(|(_, side)| side.last).map_or(0, |(at, _)| at)
            }
        };
        if let Some(side) = self.registered.get_mut(at) {
            *side =
                Registered { skew_ms: fresh.skew_ms.or(side.skew_ms.filter(|_| found.is_some())), ..fresh };
        }
        at
    }

    /// One of the foreign addresses.
    pub(super) fn foreign_mut(&mut self, at: usize) -> Option<&mut Foreign> {
        self.foreign.get_mut(at)
    }

    /// Foreign addresses that knocked since.
    pub(super) fn foreign_since(&self, from: i64) -> impl Iterator<Item = &Foreign> {
        self.foreign.iter().filter(move |foreign| foreign.last >= from)
    }

    /// How many foreign addresses the owner has not confirmed.
    pub(super) fn unexplained(&self) -> i64 {
        i64::try_from(self.foreign.iter().filter(|foreign| !foreign.confirmed).count()).unwrap_or(i64::MAX)
    }

    /// Takes those for the owner's; their names.
    pub(super) fn confirm_since(&mut self, from: i64) -> Vec<String> {
        let mut names = Vec::new();
        for foreign in self.foreign.iter_mut().filter(|foreign| foreign.last >= from) {
            foreign.confirmed = true;
            foreign.other_hands = false;
            foreign.turns = 0;
            names.push(foreign.address.to_string());
        }
        names
    }
}
