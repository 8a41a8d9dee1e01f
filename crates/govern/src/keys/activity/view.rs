//! A key's activity as it is shown: names, instants, and what was known before against what is seen now.

use super::record::{Activity, ClientNote, Habits, RouteNote, SourceNote};
use crate::keys::row::KeyRow;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::net::IpAddr;
use sumun_model::key::AllowlistEntry;
use sumun_model::{Effect, Timestamp};

/// At which moment a key's use is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Looked {
    /// As it is now.
    Now(Timestamp),
    /// As it was when the key ended: what is told of an ended key changes no more.
    AtEnd {
        /// When it ended.
        at: Timestamp,
        /// When the first measure began of the case in which it ended, if there was one. Who came later is no part of how the key was used.
        suspected: Option<Timestamp>,
    },
}

impl Looked {
    const fn at(self) -> Timestamp {
        match self {
            Self::Now(at) | Self::AtEnd { at, .. } => at,
        }
    }
}

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

/// What was seen within the window that ends now, or when the key ended.
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
    /// As it is shown.
    #[must_use]
    pub fn of(kept: &Activity, key: &KeyRow, looked: Looked) -> Self {
        let day_s = if kept.day_s == 0 { Habits::DAY_S } else { kept.day_s };
        let day_us = i64::from(day_s) * 1_000_000;
        let since_us = looked.at().as_micros().saturating_sub(day_us);
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
            recent: recent(kept, since_us, looked),
            baseline: baseline(kept, day_us, looked),
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

fn recent(kept: &Activity, since_us: i64, looked: Looked) -> Recent {
    let at = looked.at();
    // Known before the window and last seen behind the end is no proof of the window: its bot may have tried again only then. It counts if
    // anything went through in the window; from where, nobody remembers.
    let proved = |first_us: i64, last_us: i64| match looked {
        Looked::Now(_) => true,
        Looked::AtEnd { at, .. } => {
            last_us <= at.as_micros()
                || first_us >= since_us
                || kept.last_used_us.is_some_and(|used| used >= since_us)
        }
    };
    let within = |first_us: i64, last_us: i64| {
        last_us >= since_us && first_us <= at.as_micros() && proved(first_us, last_us)
    };
    let sources: Vec<_> = kept.sources.iter().filter(|note| within(note.first_us, note.last_us)).collect();
    let clients = kept.clients.iter().filter(|note| within(note.first_us, note.last_us));
    Recent {
        since: Timestamp::from_micros(since_us),
        uses: kept.recent_uses(at),
        sources: whole(sources.len()),
        clients: names(clients.map(|note| &note.client)),
        networks: names(sources.iter().filter_map(|note| note.network.as_ref())),
    }
}

fn baseline(kept: &Activity, day_us: i64, looked: Looked) -> Baseline {
    let before = |at: Timestamp| at.as_micros().saturating_sub(day_us);
    let until_us = before(looked.at());
    // As it stood when the first measure began, and how often it was used while it could be: a key that is held is not used less.
    let (known_until_us, used_until_us) = match looked {
        Looked::Now(_) => (until_us, until_us),
        Looked::AtEnd { suspected, .. } => (
            suspected.map_or(until_us, |at| before(at).min(until_us)),
            kept.last_used_us.map_or(until_us, |last| last.min(until_us)),
        ),
    };
    let since_us = kept.since_us.filter(|since| *since < known_until_us);
    let sources: Vec<_> =
        kept.sources.iter().filter(|note| note.first_us < known_until_us && note.uses > 0).collect();
    // Who was refused tried to be it, and is not how the key is used.
    let clients = kept.clients.iter().filter(|note| note.first_us < known_until_us && note.uses > 0);
    let uses = since_us.map_or(0, |since| {
        let before = kept.uses.saturating_sub(kept.recent_uses(looked.at()));
        let length = used_until_us.saturating_sub(since);
        // Half a day's uses are a day's, at the most: nobody knows what the other half would have brought.
        let days_mille = length.max(day_us).saturating_mul(1_000) / day_us.max(1);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::activity::Sighting;
    use crate::keys::write::tests::{DAY, NOW, key};

    const HOUR: i64 = DAY / 24;

    /// Used hourly from home for nine days; from the fifth on, once a day, from somebody else's network too. Ended after the ninth.
    fn lent() -> Activity {
        let mut kept = Activity::default();
        let mut note = |after_us: i64, address: &str, network: &str| {
            let seen = Sighting {
                key: "K1".parse().unwrap(),
                position: kept.position + 1,
                at: NOW.plus_micros(after_us),
                address: address.parse().unwrap(),
                client: Some(format!("bot of {network}")),
                route: None,
                effect: None,
                passed: true,
            };
            kept.note(&seen, Habits::default());
            kept.name_networks(|_| Some((network.to_owned(), None)));
        };
        for hour in 0..9 * 24 {
            note(hour * HOUR, "203.0.113.7", "home");
            if hour >= 5 * 24 && hour % 24 == 0 {
                note(hour * HOUR + 1, "198.51.100.9", "elsewhere");
            }
        }
        kept
    }

    #[test]
    fn an_ended_keys_baseline_stays_as_it_stood_before_the_first_measure() {
        let (kept, end) = (lent(), NOW.plus_micros(9 * DAY));
        let shown = |looked| KeyActivity::of(&kept, &key(), looked);
        let suspected = Some(NOW.plus_micros(5 * DAY + HOUR));
        let at_end = shown(Looked::AtEnd { at: end, suspected });
        assert_eq!(
            (at_end.baseline.networks.as_slice(), at_end.baseline.sources),
            (&["home".to_owned()][..], 1)
        );
        assert_eq!(
            at_end.recent.networks,
            ["elsewhere", "home"],
            "what it was ended for is still told apart"
        );
        assert_eq!((at_end.baseline.uses_day, at_end.recent.uses), (24, 23));
        // Looked at as if it lived, the other network is known by now, and a month later the key seems hardly used.
        let later = shown(Looked::Now(end.plus_micros(30 * DAY)));
        assert_eq!((later.baseline.networks.len(), later.baseline.uses_day), (2, 5));
        // Ended with no measure on it: as of the end.
        let own = shown(Looked::AtEnd { at: end, suspected: None });
        assert_eq!((own.baseline.networks.len(), own.baseline.uses_day), (2, 24));
        // Held for a month before it ended: it was not used less, it could not be used.
        let held = shown(Looked::AtEnd { at: end.plus_micros(30 * DAY), suspected });
        assert_eq!(
            (held.baseline.networks.as_slice(), held.baseline.uses_day),
            (&["home".to_owned()][..], 24)
        );
        // Suspected from its first day on: nothing is known of how it was used before.
        let first = shown(Looked::AtEnd { at: end, suspected: Some(NOW.plus_micros(HOUR)) });
        assert_eq!((first.baseline.since, first.baseline.uses_day), (None, 0));
    }

    /// Somebody tries, and is refused.
    fn refused(kept: &Activity, at: Timestamp, address: &str, client: Option<&str>) -> Sighting {
        Sighting {
            key: "K1".parse().unwrap(),
            position: kept.position + 1,
            at,
            address: address.parse().unwrap(),
            client: client.map(str::to_owned),
            route: None,
            effect: None,
            passed: false,
        }
    }

    #[test]
    fn who_tries_an_ended_key_is_not_of_its_last_day() {
        let (mut kept, end) = (lent(), NOW.plus_micros(9 * DAY));
        let tried = refused(&kept, end.plus_micros(HOUR), "192.0.2.1", None);
        let looked = Looked::AtEnd { at: end, suspected: None };
        let before = KeyActivity::of(&kept, &key(), looked).recent;
        kept.note(&tried, Habits::default());
        let after = KeyActivity::of(&kept, &key(), looked);
        assert_eq!(after.recent, before);
        assert_eq!((after.refused, after.sources.len()), (1, 3), "it is among what was seen");
    }

    #[test]
    fn a_known_address_that_retries_behind_the_end_is_not_of_the_last_day() {
        let (mut kept, end) = (lent(), NOW.plus_micros(99 * DAY));
        let tried = refused(&kept, end.plus_micros(HOUR), "203.0.113.7", Some("bot of home"));
        let looked = Looked::AtEnd { at: end, suspected: None };
        let before = KeyActivity::of(&kept, &key(), looked).recent;
        kept.note(&tried, Habits::default());
        let after = KeyActivity::of(&kept, &key(), looked).recent;
        assert_eq!((after.sources, &after), (0, &before));
        // Used to the end, it is of the last day whatever it tries later.
        let used = Looked::AtEnd { at: NOW.plus_micros(9 * DAY), suspected: None };
        let used = KeyActivity::of(&kept, &key(), used).recent;
        assert_eq!(used.networks, ["elsewhere", "home"]);
    }
}
