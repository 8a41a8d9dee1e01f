//! A key's activity as it is shown: names, instants, and what was known before against what is seen now.

use super::record::{Activity, ClientNote, Habits, RouteNote, SourceNote};
use crate::keys::row::KeyRow;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::net::IpAddr;
use sumun_model::key::AllowlistEntry;
use sumun_model::{Effect, Timestamp};

/// An address a key was used from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The address.
    pub address: IpAddr,
    /// Its network, as a number or an organisation; none if nobody knows.
    pub network: Option<String>,
    /// The network's country, if known.
    pub country: Option<String>,
    /// First seen, as far as remembered.
    pub first: Timestamp,
    /// Last seen.
    pub last: Timestamp,
    /// Requests that went through.
    pub uses: u64,
    /// Validly signed requests that were refused.
    pub refused: u64,
    /// Whether it stands in the key's allowlist now and is in effect.
    pub registered: bool,
    /// When its registration was proved, if it was.
    pub proved: Option<Timestamp>,
}

/// A client a key was used with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// What it calls itself.
    pub client: String,
    /// First seen, as far as remembered.
    pub first: Timestamp,
    /// Last seen.
    pub last: Timestamp,
    /// Requests that went through.
    pub uses: u64,
}

/// A route a key was used for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// Method and route.
    pub route: String,
    /// What it does, if known.
    pub effect: Option<Effect>,
    /// Last seen.
    pub last: Timestamp,
    /// Requests that went through.
    pub uses: u64,
}

/// What was seen within the window that ends now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recent {
    /// When the window began.
    pub since: Timestamp,
    /// Requests that went through, to a twenty-fourth of the window.
    pub uses: u64,
    /// From how many addresses it was signed, refused ones among them.
    pub sources: u64,
    /// With which clients.
    pub clients: Vec<String>,
    /// From which networks.
    pub networks: Vec<String>,
}

/// What was known before the window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    /// Since when something is known; none: nothing was known before the window.
    pub since: Option<Timestamp>,
    /// Requests that went through in a window's time, on average; at least 1 if there were any.
    pub uses_day: u64,
    /// From how many addresses.
    pub sources: u64,
    /// With which clients.
    pub clients: Vec<String>,
    /// From which networks.
    pub networks: Vec<String>,
}

/// What a key did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyActivity {
    /// The key.
    pub key: String,
    /// Since when it is followed; none: it was never used.
    pub since: Option<Timestamp>,
    /// When a request last went through.
    pub last_used: Option<Timestamp>,
    /// Requests that went through.
    pub uses: u64,
    /// Validly signed requests that were refused.
    pub refused: u64,
    /// How long a day is here, seconds: 86400, or what the policy compresses it to.
    pub day_s: u32,
    /// The addresses seen last, the latest first.
    pub sources: Vec<Source>,
    /// The clients seen last, the latest first.
    pub clients: Vec<Client>,
    /// The routes seen last, the latest first.
    pub routes: Vec<Route>,
    /// Uses by the hour of the venue's day, all days together.
    pub hours: Vec<u64>,
    /// Within the last day.
    pub recent: Recent,
    /// Before it.
    pub baseline: Baseline,
}

impl KeyActivity {
    /// As it is shown now.
    #[must_use]
    pub fn of(kept: &Activity, key: &KeyRow, now: Timestamp) -> Self {
        let day_s = if kept.day_s == 0 { Habits::DAY_S } else { kept.day_s };
        let since_us = now.as_micros().saturating_sub(i64::from(day_s) * 1_000_000);
        let mut sources: Vec<_> = kept.sources.iter().map(|note| source(note, key)).collect();
        sources.sort_by(|one, other| other.last.cmp(&one.last).then(one.address.cmp(&other.address)));
        let mut clients: Vec<_> = kept.clients.iter().map(client).collect();
        clients.sort_by(|one, other| other.last.cmp(&one.last).then(one.client.cmp(&other.client)));
        let mut routes: Vec<_> = kept.routes.iter().map(route).collect();
        routes.sort_by(|one, other| other.last.cmp(&one.last).then(one.route.cmp(&other.route)));
        Self {
            key: key.key.clone(),
            since: kept.since_us.map(Timestamp::from_micros),
            last_used: kept.last_used_us.map(Timestamp::from_micros),
            uses: kept.uses,
            refused: kept.refused,
            day_s,
            sources,
            clients,
            routes,
            hours: kept.hours.iter().map(|count| u64::from(*count)).collect(),
            recent: recent(kept, since_us, now),
            baseline: baseline(kept, since_us, now),
        }
    }
}

fn source(note: &SourceNote, key: &KeyRow) -> Source {
    let mut of = key.allowlist.iter().filter(|entry| entry.prefix().contains(note.address));
    let entry = of.clone().find(|entry| entry.in_effect(true)).or_else(|| of.next());
    Source {
        address: note.address,
        network: note.network.clone(),
        country: note.country.clone(),
        first: Timestamp::from_micros(note.first_us),
        last: Timestamp::from_micros(note.last_us),
        uses: note.uses.into(),
        refused: note.refused.into(),
        registered: entry.is_some_and(|entry| entry.in_effect(true)),
        proved: match entry {
            Some(AllowlistEntry::Recorded(recorded)) => recorded.proved,
            _ => None,
        },
    }
}

fn client(note: &ClientNote) -> Client {
    Client {
        client: note.client.clone(),
        first: Timestamp::from_micros(note.first_us),
        last: Timestamp::from_micros(note.last_us),
        uses: note.uses.into(),
    }
}

fn route(note: &RouteNote) -> Route {
    Route {
        route: note.route.clone(),
        effect: note.effect,
        last: Timestamp::from_micros(note.last_us),
        uses: note.uses.into(),
    }
}

fn recent(kept: &Activity, since_us: i64, now: Timestamp) -> Recent {
    let sources: Vec<_> = kept.sources.iter().filter(|note| note.last_us >= since_us).collect();
    let clients = kept.clients.iter().filter(|note| note.last_us >= since_us);
    Recent {
        since: Timestamp::from_micros(since_us),
        uses: kept.recent_uses(now),
        sources: whole(sources.len()),
        clients: names(clients.map(|note| &note.client)),
        networks: names(sources.iter().filter_map(|note| note.network.as_ref())),
    }
}

fn baseline(kept: &Activity, until_us: i64, now: Timestamp) -> Baseline {
    let since_us = kept.since_us.filter(|since| *since < until_us);
    let sources: Vec<_> =
        kept.sources.iter().filter(|note| note.first_us < until_us && note.uses > 0).collect();
    // Who was refused tried to be it, and is not how the key is used.
    let clients = kept.clients.iter().filter(|note| note.first_us < until_us && note.uses > 0);
    let uses = since_us.map_or(0, |since| {
        let before = kept.uses.saturating_sub(kept.recent_uses(now));
        let (length, day) = (until_us.saturating_sub(since), now.as_micros().saturating_sub(until_us));
        // Half a day's uses are a day's, at the most: nobody knows what the other half would have brought.
        let days_mille = length.max(day).saturating_mul(1_000) / day.max(1);
        let average = before.saturating_mul(1_000) / u64::try_from(days_mille).unwrap_or(1).max(1);
        average.max(u64::from(before > 0))
    });
    Baseline {
        since: since_us.map(Timestamp::from_micros),
        uses_day: uses,
        sources: whole(sources.len()),
        clients: names(clients.map(|note| &note.client)),
        networks: names(sources.iter().filter_map(|note| note.network.as_ref())),
    }
}

/// Each name once, in order.
fn names<'a>(all: impl Iterator<Item = &'a String>) -> Vec<String> {
    all.collect::<BTreeSet<_>>().into_iter().cloned().collect()
}

fn whole(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
