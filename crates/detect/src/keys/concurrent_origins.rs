//! A4: one key used from two places by turns.
//!
//! **Sees** returns: the key's use goes from A to B and back to A within half an hour, again and again. A bot that moves does not
//! return; two hands on one key do. With another program on each side it counts wholly, with the same program half.
//! **Misses** turns taken over days (A2 and later A9 carry those); two operators in one ASN organisation, such as two lines of one
//! ISP or two machines of one cloud; relaying through the owner's address.
//!
//! Example: the owner's `ccxt` from home, a borrower's `pyupbit` from a cloud, by turns: home, cloud, home (1), cloud (2), home (3): told,
//! min(3.5, 0.6 · 3) · 1 = 1.8; at six returns 3.5.
//!
//! Places are ASN organisations ([`Organisation`]): a mobile pool, a NAT64 or a proxy farm of one network is one place, and so is a dual
//! stack, unless both its networks are known and differ. Only use that was let through counts: where one side is refused, the secret
//! is in foreign hands and A8 says so. Where both addresses were proved by the owner, the cause is `lent`, else it is not told.
//!
//! Guards: networks of a running delegation and an approved vendor's egress make no returns; nor do two hosting places with the same
//! program that both stand on the allowlist (a registered second site). They touch this family only.
//!
//! State: 8 places of about 150 bytes, 32 returns of 8, 6 event ids (176 at most); at most 2.6 KiB, some 0.6 as a rule.

#[cfg(test)]
mod tests;

use super::KeyDetector;
use super::around::{Organisation, is_declared, is_proved, is_use, us};
use super::recent::Recent;
use crate::emit::{Emit, Raw};
use crate::mark::Mark;
use crate::seen::{KeyView, Seen};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::net::IpAddr;
use sumun_model::finding::Family;
use sumun_model::wire::state::NetworkClass;
use sumun_model::{Cause, EventId, Fact, Timestamp};

/// Most places told apart.
pub const PLACES_MAX: usize = 8;
/// Most returns counted: beyond, "at least".
pub const RETURNS_MAX: usize = 32;
/// Most event ids kept of returns.
pub const EVENTS_MAX: usize = 6;

/// The detector.
#[derive(Clone, Copy, Debug)]
pub struct ConcurrentOrigins;

/// Numbers of the policy file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// The window in which a return counts, and in which one must come back to return at all, seconds. 1800.
    pub window_s: u32,
    /// Told from so many returns on. 3.
    pub returns_least: u32,
    /// Strength of one return, thousandths. 600.
    pub return_milli: i32,
    /// Most strength, thousandths. 3500.
    pub strength_milli_max: i32,
    /// Share that counts where both sides use the same program, thousandths. 500.
    pub same_client_milli: i32,
    /// While it goes on it is told again after so many seconds, if it did not grow meanwhile. 3600.
    pub repeat_s: u32,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            window_s: 1_800,
            returns_least: 3,
            return_milli: 600,
            strength_milli_max: 3_500,
            same_client_milli: 500,
            repeat_s: 3_600,
        }
    }
}

/// A place the key was used from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    organisation: Organisation,
    address: IpAddr,
    last: i64,
    clients: Recent<4>,
    hosting: bool,
    declared: bool,
    registered: bool,
    proved: bool,
}

/// What is remembered of a key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    places: Vec<Place>,
    here: Option<usize>,
    /// Address and program of the last use: the common case is over when both are the same.
    same: Option<(Mark, Mark)>,
    returns: VecDeque<i64>,
    events: VecDeque<EventId>,
    said: i64,
    told: Option<(i32, i64)>,
}

impl KeyDetector for ConcurrentOrigins {
    const NAME: &'static str = "key.concurrent_origins@1";
    const FAMILY: Family = Family::Origin;
    type Params = Params;
    type State = State;

    fn access(params: &Params, state: &mut State, seen: &Seen<'_>, emit: &mut Emit) {
        if !is_use(seen) {
            return;
        }
        let now = seen.now.as_micros();
        let from = now - us(params.window_s);
        state.forget(from);
        if let Some(came_from) = state.arrive(seen, now)
            && state.is_return(came_from, from)
        {
            state.keep(now, &seen.line.id);
            if let Some(oldest) = state.returns.front() {
                emit.wake_at(Timestamp::from_micros(oldest + us(params.window_s) + 1));
            }
            if let Some(raw) = state.judge(params, came_from, now) {
                emit.signal(raw);
            }
        }
        state.say(emit);
    }

    fn wake(params: &Params, state: &mut State, _: &KeyView, now: Timestamp, emit: &mut Emit) {
        state.forget(now.as_micros() - us(params.window_s));
        if let Some(oldest) = state.returns.front() {
            emit.wake_at(Timestamp::from_micros(oldest + us(params.window_s) + 1));
        }
        state.say(emit);
    }
}

/// Where the use came from before, and when that place we are at now had last been used, if it had.
#[derive(Clone, Copy, Debug)]
struct Turn {
    before: usize,
    here_last: Option<i64>,
}

impl State {
    fn forget(&mut self, from: i64) {
        while self.returns.front().is_some_and(|at| *at < from) {
            self.returns.pop_front();
        }
        if self.returns.is_empty() {
            self.events.clear();
            self.told = None;
        }
    }

    /// Notes the use; the turn, if it went to another place.
    fn arrive(&mut self, seen: &Seen<'_>, now: i64) -> Option<Turn> {
        let same = (Mark::of_address(seen.address), seen.client_mark);
        if self.same == Some(same)
            && let Some(place) = self.here.and_then(|here| self.places.get_mut(here))
        {
            place.last = now;
            place.clients.touch(seen.client_mark, now);
            return None;
        }
        self.same = Some(same);
        let organisation = Organisation::of(seen.network, seen.address);
        let found = self.places.iter().position(|place| !place.organisation.differs(&organisation));
        let at = found.unwrap_or_else(|| self.place_for(self.here));
        let fresh = Place {
            organisation,
            address: seen.address,
            last: now,
            clients: Recent::default(),
            hosting: seen.network.class == NetworkClass::Hosting,
            declared: is_declared(seen),
            registered: seen.key.entry_for(seen.address).is_some(),
            proved: is_proved(seen),
        };
        let here_last = match (found, self.places.get_mut(at)) {
            (Some(_), Some(place)) => {
                let last = place.last;
                let (organisation, clients) = (place.organisation, std::mem::take(&mut place.clients));
                *place = Place { organisation, clients, ..fresh };
                Some(last)
            }
            (None, Some(place)) => {
                *place = fresh;
                None
            }
            (_, None) => {
                self.places.push(fresh);
                None
            }
        };
        if let Some(place) = self.places.get_mut(at) {
            place.clients.touch(seen.client_mark, now);
        }
        let before = self.here.replace(at).filter(|before| *before != at)?;
        Some(Turn { before, here_last })
    }

    /// A free place, else the one used longest ago, never the one we come from.
    fn place_for(&self, here: Option<usize>) -> usize {
        if self.places.len() < PLACES_MAX {
            return self.places.len();
        }
        let others = self.places.iter().enumerate().filter(|(at, _)| Some(*at) != here);
        others.min_by_key(|(_, place)| place.last).map_or(0, |(at, _)| at)
    }

    /// Whether a turn is a return that says something: back within the window, neither side on record as another's lawful place.
    fn is_return(&self, turn: Turn, from: i64) -> bool {
        let (Some(here), Some(before)) = (self.present(), self.places.get(turn.before)) else { return false };
        if turn.here_last.is_none_or(|last| last < from) || here.declared || before.declared {
            return false;
        }
        let second_site = here.hosting
            && before.hosting
            && here.registered
            && before.registered
            && here.clients.shares(&before.clients, from);
        !second_site
    }

    fn present(&self) -> Option<&Place> {
        self.here.and_then(|here| self.places.get(here))
    }

    fn keep(&mut self, now: i64, event: &EventId) {
        if self.returns.len() == RETURNS_MAX {
            self.returns.pop_front();
        }
        self.returns.push_back(now);
        if self.events.len() == EVENTS_MAX {
            self.events.pop_front();
        }
        self.events.push_back(event.clone());
    }

    fn judge(&mut self, params: &Params, turn: Turn, now: i64) -> Option<Raw> {
        let returns = i32::try_from(self.returns.len()).unwrap_or(i32::MAX);
        let (here, before) = (self.present()?, self.places.get(turn.before)?);
        if returns < i32::try_from(params.returns_least).unwrap_or(i32::MAX) {
            return None;
        }
        let strength = params.return_milli.saturating_mul(returns).min(params.strength_milli_max);
        let same_client = here.clients.shares(&before.clients, now - us(params.window_s));
        let share = if same_client { params.same_client_milli } else { 1_000 };
        let llr = i32::try_from(i64::from(strength) * i64::from(share) / 1_000).unwrap_or(i32::MAX);
        if self.told.is_some_and(|(milli, at)| llr <= milli && now - at < us(params.repeat_s)) {
            return None;
        }
        let cause = if here.proved && before.proved { Cause::Lent } else { Cause::Unknown };
        let raw = Raw {
            code: "returns_between_origins".to_owned(),
            cause,
            llr_milli: llr,
            values: vec![
                ("returns".to_owned(), i64::from(returns).into()),
                ("minutes".to_owned(), i64::from(params.window_s.div_ceil(60)).into()),
                ("address".to_owned(), here.address.to_string().into()),
                ("other".to_owned(), before.address.to_string().into()),
                ("clients_differ".to_owned(), i64::from(!same_client).into()),
            ],
            baseline: None,
            evidence: self.events.iter().cloned().collect(),
            hard: None,
        };
        self.told = Some((llr, now));
        Some(raw)
    }

    fn say(&mut self, emit: &mut Emit) {
        let returns = i64::try_from(self.returns.len()).unwrap_or(i64::MAX);
        if returns != self.said {
            self.said = returns;
            emit.fact(super::facts::RETURNS_30M, Fact::Int(returns));
        }
    }
}
