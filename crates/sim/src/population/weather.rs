//! What happens to everybody at once: outages of the venue and of providers, release days of libraries.
//!
//! Follows from the seed and the days alone, never from who is in the world.

use super::clients::LIBRARIES;
use super::places::{CARRIERS, CLOUDS, HOMES, OFFICES};
use super::tree::Tree;
use super::{DAY, MINUTE, Us};

/// The world's shared events.
#[derive(Clone, Debug)]
pub(super) struct Weather {
    venue: Vec<(Us, Us)>,
    /// By AS number.
    networks: Vec<(u32, Us, Us)>,
    /// By library, two each.
    releases: Vec<[Us; 2]>,
}

impl Weather {
    /// The weather from `start`, for that long.
    pub(super) fn new(tree: &Tree, start: Us, length: Us) -> Self {
        // One venue outage in two weeks, one of each provider in a month, ten minutes to two hours.
        let outages = |tree: &Tree, every: Us| {
            let mut draws = tree.draws();
            let n = draws.count(u64::try_from(length * 1000 / every).unwrap_or(0));
            let mut spans = Vec::new();
            for _ in 0..n {
                let from = start + draws.between(0, length);
                spans.push((from, from + draws.between(10, 120) * MINUTE));
            }
            spans
        };
        let venue = outages(&tree.child("venue", 0), 14 * DAY);
        let providers: [&[_]; 4] = [&HOMES, &CARRIERS, &OFFICES, &CLOUDS];
        let networks = providers
            .into_iter()
            .flatten()
            .flat_map(|net| {
                let spans = outages(&tree.child("network", u64::from(net.asn)), 30 * DAY);
                spans.into_iter().map(|(from, until)| (net.asn, from, until))
            })
            .collect();
        let releases = (0..LIBRARIES.len() as u64 + 2)
            .map(|library| {
                let mut draws = tree.child("release", library).draws();
                // A release a month or so; the hour is the maintainers' working day.
                let first = start + draws.between(0, 28) * DAY + draws.between(8, 20) * 60 * MINUTE;
                [first, first + draws.between(14, 40) * DAY]
            })
            .collect();
        Self { venue, networks, releases }
    }

    /// Whether requests from that network reach the venue then.
    pub(super) fn is_up(&self, asn: u32, at: Us) -> bool {
        let within = |from: Us, until: Us| (from..until).contains(&at);
        !self.venue.iter().any(|(from, until)| within(*from, *until))
            && !self.networks.iter().any(|(net, from, until)| *net == asn && within(*from, *until))
    }

    /// When the library's releases within reach of the world came out.
    pub(super) fn releases(&self, library: usize) -> &[Us] {
        self.releases.get(library).map_or(&[], |releases| releases.as_slice())
    }
}
