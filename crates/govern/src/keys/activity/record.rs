//! The bounded record of one key's use, and how a line of the log changes it. Pure: no clock, no storage.
//!
//! At most 16 addresses, 8 clients and 16 routes, the latest; twenty-four counts of a day's hours and twenty-four of the last day;
//! [`BYTES_MAX`] as text. Counts only rise, and stay at their highest number when they reach it.
//!
//! What a stranger can do: nothing. Only a valid signature is a [`Sighting`]; one that was refused is counted apart, and makes room
//! for itself in the place of another refused one first.

mod names;
mod notes;
mod sighting;

pub use notes::{ClientNote, RouteNote, SourceNote};
pub use sighting::{Sighting, sighting_of};

use names::{NETWORK_BYTES_FEW, NETWORK_BYTES_MAX, cut_network};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use sumun_model::{Effect, Timestamp};

/// Most addresses of a key.
pub const SOURCES_MAX: usize = 16;
/// Most clients of a key.
pub const CLIENTS_MAX: usize = 8;
/// Most routes of a key.
pub const ROUTES_MAX: usize = 16;
/// Parts of a day.
pub const PARTS: usize = 24;
/// Longest record, as text. Full of the longest names it would be longer: then names of networks are cut
/// shorter, and last the oldest route goes.
pub const BYTES_MAX: usize = 4096;
/// How time is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Habits {
    /// What counts as a day, seconds: a policy may compress days.
    pub day_s: u32,
}

impl Habits {
    /// A day as calendars have it.
    pub const DAY_S: u32 = 86_400;
    /// How far the venue's day begins before that of UTC.
    const OFFSET_US: i64 = 9 * 3_600_000_000;

    fn part_us(self) -> i64 {
        (i64::from(self.day_s) * 1_000_000 / 24).max(1)
    }

    /// Which part of a day since 1970 this is.
    fn part(self, at_us: i64) -> i64 {
        at_us.div_euclid(self.part_us())
    }

    /// Which hour of the venue's day this is.
    fn hour(self, at_us: i64) -> usize {
        let hour = at_us.saturating_add(Self::OFFSET_US).div_euclid(self.part_us()).rem_euclid(24);
        usize::try_from(hour).unwrap_or(0)
    }
}

impl Default for Habits {
    fn default() -> Self {
        Self { day_s: Self::DAY_S }
    }
}

/// What is remembered of a key. Times are microseconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Activity {
    /// Up to which place of the log it is known; kept beside the text.
    #[serde(skip)]
    pub position: u64,
    /// The earliest request known.
    pub since_us: Option<i64>,
    /// When a request last went through.
    pub last_used_us: Option<i64>,
    /// What went through.
    pub uses: u64,
    /// What was refused.
    pub refused: u64,
    /// What counted as a day, seconds; 0 before the first request.
    pub day_s: u32,
    /// The latest part of a day seen.
    pub part: i64,
    /// Uses in that part and the 23 before it, the latest first.
    pub parts: [u32; PARTS],
    /// Uses by the hour of the venue's day.
    pub hours: [u32; PARTS],
    /// Addresses.
    pub sources: Vec<SourceNote>,
    /// Clients.
    pub clients: Vec<ClientNote>,
    /// Routes.
    pub routes: Vec<RouteNote>,
}

impl Activity {
    /// Takes in a request, unless it is known already; false if it was.
    pub fn note(&mut self, seen: &Sighting, habits: Habits) -> bool {
        if seen.position <= self.position {
            return false;
        }
        self.position = seen.position;
        let at = seen.at.as_micros();
        self.since_us = Some(self.since_us.map_or(at, |since| since.min(at)));
        if self.day_s != habits.day_s {
            // Days of another length: what was counted by the old one's hours says nothing of the new one's.
            (self.day_s, self.part) = (habits.day_s, habits.part(at));
            (self.parts, self.hours) = ([0; PARTS], [0; PARTS]);
        }
        let passed = u32::from(seen.passed);
        if seen.passed {
            self.last_used_us = self.last_used_us.max(Some(at));
            self.uses = self.uses.saturating_add(1);
            self.count(at, habits);
        } else {
            self.refused = self.refused.saturating_add(1);
        }
        self.note_source(seen, at, passed);
        if let Some(client) = &seen.client {
            self.note_client(client, at, passed);
        }
        if let Some(route) = &seen.route {
            self.note_route(route, seen.effect, at, passed);
        }
        true
    }

    /// Counts a use in its part of the day and its hour.
    fn count(&mut self, at: i64, habits: Habits) {
        if let Some(hour) = self.hours.get_mut(habits.hour(at)) {
            *hour = hour.saturating_add(1);
        }
        let part = habits.part(at);
        if let Ok(over) = usize::try_from(part.saturating_sub(self.part)) {
            let over = over.min(PARTS);
            self.parts.rotate_right(over);
            self.parts.iter_mut().take(over).for_each(|count| *count = 0);
            self.part = part;
        }
        let back = usize::try_from(self.part.saturating_sub(part)).unwrap_or(PARTS);
        if let Some(count) = self.parts.get_mut(back) {
            *count = count.saturating_add(1);
        }
    }

    /// Uses within the day that ends now, to a part of a day.
    #[must_use]
    pub fn recent_uses(&self, now: Timestamp) -> u64 {
        let now = Habits { day_s: self.day_s.max(1) }.part(now.as_micros());
        let over = usize::try_from(now.saturating_sub(self.part)).unwrap_or(0).min(PARTS);
        self.parts.iter().take(PARTS - over).map(|count| u64::from(*count)).sum()
    }

    fn note_source(&mut self, seen: &Sighting, at: i64, passed: u32) {
        let address = seen.address;
        let known = self.sources.iter().position(|note| note.address == address);
        let index = known.unwrap_or_else(|| {
            // A refused one goes before one that was let through, the oldest first.
            make_room(&mut self.sources, SOURCES_MAX, |note| (note.uses > 0, note.last_us));
            let (network, country) = (None, None);
            let (first_us, last_us, uses, refused) = (at, at, 0, 0);
            self.sources.push(SourceNote { address, network, country, first_us, last_us, uses, refused });
            self.sources.len().saturating_sub(1)
        });
        if let Some(note) = self.sources.get_mut(index) {
            (note.first_us, note.last_us) = (note.first_us.min(at), note.last_us.max(at));
            note.uses = note.uses.saturating_add(passed);
            note.refused = note.refused.saturating_add(1 - passed);
        }
    }

    fn note_client(&mut self, client: &str, at: i64, passed: u32) {
        let known = self.clients.iter().position(|note| note.client == client);
        let index = known.unwrap_or_else(|| {
            make_room(&mut self.clients, CLIENTS_MAX, |note| (note.uses > 0, note.last_us));
            self.clients.push(ClientNote { client: client.to_owned(), first_us: at, last_us: at, uses: 0 });
            self.clients.len().saturating_sub(1)
        });
        if let Some(note) = self.clients.get_mut(index) {
            (note.first_us, note.last_us) = (note.first_us.min(at), note.last_us.max(at));
            note.uses = note.uses.saturating_add(passed);
        }
    }

    fn note_route(&mut self, route: &str, effect: Option<Effect>, at: i64, passed: u32) {
        let known = self.routes.iter().position(|note| note.route == route);
        let index = known.unwrap_or_else(|| {
            make_room(&mut self.routes, ROUTES_MAX, |note| (note.uses > 0, note.last_us));
            self.routes.push(RouteNote { route: route.to_owned(), effect, last_us: at, uses: 0 });
            self.routes.len().saturating_sub(1)
        });
        if let Some(note) = self.routes.get_mut(index) {
            (note.last_us, note.uses) = (note.last_us.max(at), note.uses.saturating_add(passed));
            note.effect = note.effect.or(effect);
        }
    }

    /// Names networks that have no name yet; `look` gives name and country.
    pub fn name_networks(&mut self, look: impl Fn(IpAddr) -> Option<(String, Option<String>)>) {
        for note in self.sources.iter_mut().filter(|note| note.network.is_none()) {
            if let Some((network, country)) = look(note.address) {
                note.network = Some(cut_network(&network, NETWORK_BYTES_MAX));
                note.country = country.as_deref().map(|country| country.chars().take(2).collect());
            }
        }
    }

    /// As it was kept, each client and route once: a name that was cut stood there as it was cut then, and again as it is cut now.
    pub(super) fn each_once(&mut self) {
        let mut clients: Vec<ClientNote> = Vec::with_capacity(self.clients.len());
        for note in std::mem::take(&mut self.clients) {
            match clients.iter_mut().find(|known| known.client == note.client) {
                Some(known) => known.take(&note),
                None => clients.push(note),
            }
        }
        let mut routes: Vec<RouteNote> = Vec::with_capacity(self.routes.len());
        for note in std::mem::take(&mut self.routes) {
            match routes.iter_mut().find(|known| known.route == note.route) {
                Some(known) => known.take(&note),
                None => routes.push(note),
            }
        }
        (self.clients, self.routes) = (clients, routes);
    }

    /// As it is kept: no longer than [`BYTES_MAX`].
    #[must_use]
    pub fn to_text(&mut self) -> String {
        let mut long = true;
        loop {
            // Numbers and texts only: nothing here can fail to serialise.
            let text = serde_json::to_string(self).unwrap_or_default();
            if text.len() <= BYTES_MAX || (!long && self.routes.is_empty()) {
                return text;
            }
            if std::mem::take(&mut long) {
                for network in self.sources.iter_mut().filter_map(|note| note.network.as_mut()) {
                    *network = cut_network(network, NETWORK_BYTES_FEW);
                }
                continue;
            }
            make_room(&mut self.routes, 1, |note| (note.uses > 0, note.last_us));
        }
    }
}

/// Takes out whatever comes first by `rank`, if there is no room for one more.
fn make_room<T, R: Ord>(notes: &mut Vec<T>, most: usize, rank: impl Fn(&T) -> R) {
    if notes.len() < most {
        return;
    }
    let first = notes.iter().enumerate().min_by_key(|(_, note)| rank(note)).map(|(index, _)| index);
    if let Some(index) = first {
        notes.remove(index);
    }
}

#[cfg(test)]
mod tests;
