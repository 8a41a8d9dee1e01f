//! A2: a network this key was not used from before.
//!
//! **Sees** the first use from a network operator not seen within 10 or 60 days of the key's use, and adds what else is new about it:
//! country, neighbourhood, program, and a turn from homes to hosting, VPN or Tor. Grouped by key and network, never by address.
//! **Misses** a second operator on the owner's own ISP; whoever relays through the owner's address; a lender who moves the whole key
//! to another place with the same program and proves the new address himself (it looks like the owner moving, and is treated so).
//!
//! Example: thirty days from a home line in Korea, then an order from a cloud abroad with another program: 0.8 + 1.5 + 0.2 + 0.6 + 1.2
//! = 4.3, clipped to 4.0 when the key is known for 60 days, half of it when for 10.
//!
//! Guards: a new neighbourhood inside a known network scores 0, mobile or not; so do an approved vendor's egress and the networks of a
//! running delegation. A network whose address the owner proved with his second factor, or confirmed to be his, scores 0 while the
//! program is one the key had before: that is a move. They touch this family only.
//!
//! State: 32 neighbourhoods, 16 networks, 8 countries, 16 programs of 16 bytes, and the use at hand; at most 1.3 KiB.

#[cfg(test)]
mod tests;

use super::KeyDetector;
use super::around::{client_name, is_declared, is_use, neighbourhood, network_name, us};
use super::recent::Recent;
use crate::emit::{Emit, Raw};
use crate::keys::Around;
use crate::mark::Mark;
use crate::seen::Seen;
use serde::{Deserialize, Serialize};
use sumun_model::finding::Family;
use sumun_model::key::AllowlistEntry;
use sumun_model::wire::ReportLine;
use sumun_model::wire::event::ReportKind;
use sumun_model::{Baseline, Cause, Timestamp, Value};

/// The detector.
#[derive(Clone, Copy, Debug)]
pub struct FirstSeenNetwork;

/// Numbers of the policy file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Not seen for so long is new, evidence of half weight; also how long a key is only learned. Seconds. 10 days (Elastic's rule for
    /// long-term access keys).
    pub history_medium_s: u32,
    /// Not seen for so long is new, evidence of full weight. Seconds. 60 days.
    pub history_strong_s: u32,
    /// Share of the weight between the two, thousandths. 500.
    pub medium_milli: i32,
    /// A new neighbourhood, thousandths of llr. 200.
    pub prefix_milli: i32,
    /// A new network operator. 800.
    pub network_milli: i32,
    /// A new country. 1500.
    pub country_milli: i32,
    /// A new program. 600.
    pub client_milli: i32,
    /// Hosting, VPN or Tor where there was none. 1200.
    pub hosting_milli: i32,
    /// How long an owner's "it was me" covers first uses of his program, seconds. 86400.
    pub confirmed_s: u32,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            history_medium_s: 10 * 86_400,
            history_strong_s: 60 * 86_400,
            medium_milli: 500,
            prefix_milli: 200,
            network_milli: 800,
            country_milli: 1_500,
            client_milli: 600,
            hosting_milli: 1_200,
            confirmed_s: 86_400,
        }
    }
}

/// What is remembered of a key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    first: Option<i64>,
    /// The use at hand; its marks go to the sets below when another begins, so that the common case ends here.
    latest: Option<Use>,
    neighbourhoods: Recent<32>,
    networks: Recent<16>,
    countries: Recent<8>,
    clients: Recent<16>,
    hosting: Option<i64>,
    sessions: u32,
    confirmed: Option<i64>,
}

/// A run of uses with one program from one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Use {
    address: Mark,
    client: Mark,
    neighbourhood: Mark,
    network: Mark,
    country: Option<Mark>,
    hosting: bool,
    last: i64,
}

/// Silence that ends a session, for the count in the baseline only.
const SESSION_GAP_S: u32 = 1_800;

/// How new something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Newness {
    Known,
    Medium,
    Strong,
}

impl KeyDetector for FirstSeenNetwork {
    const NAME: &'static str = "key.first_seen_network@1";
    const FAMILY: Family = Family::Origin;
    type Params = Params;
    type State = State;

    fn access(params: &Params, state: &mut State, seen: &Seen<'_>, emit: &mut Emit) {
        if !is_use(seen) {
            return;
        }
        let now = seen.now.as_micros();
        let first = *state.first.get_or_insert(now);
        let Some(found) = state.note(params, seen, now) else { return };
        let age = found.before - first;
        if found.network == Newness::Known || age < us(params.history_medium_s) {
            return;
        }
        if is_declared(seen) || state.is_a_move(params, seen, found.client, now) {
            return;
        }
        let strong = age >= us(params.history_strong_s);
        let llr = found.llr_milli(params, strong);
        emit.signal(Raw {
            code: "first_seen_network".to_owned(),
            cause: Cause::Unknown,
            llr_milli: llr,
            values: vec![
                ("address".to_owned(), seen.address.to_string().into()),
                ("network".to_owned(), network_name(seen.network).into()),
                ("country".to_owned(), seen.network.country.as_deref().unwrap_or("-").into()),
                ("class".to_owned(), seen.network.class.as_str().into()),
                ("client".to_owned(), client_name(seen.client).into()),
                ("days".to_owned(), (age / us(86_400)).into()),
                ("new".to_owned(), found.words()),
            ],
            baseline: Some(Baseline {
                from: Timestamp::from_micros(first),
                to: seen.now,
                sessions: state.sessions.saturating_sub(1),
            }),
            evidence: Vec::new(),
            hard: None,
        });
    }

    fn report(_: &Params, state: &mut State, line: &ReportLine, around: Around<'_>, _: &mut Emit) {
        if line.kind == Some(ReportKind::OwnerConfirms) {
            state.confirmed = Some(around.now.as_micros());
        }
    }
}

/// What is new about a use.
#[derive(Clone, Copy, Debug)]
struct Found {
    /// The use before, microseconds.
    before: i64,
    neighbourhood: Newness,
    network: Newness,
    country: Newness,
    client: Newness,
    hosting: Newness,
}

impl State {
    /// What is new about this use; `None` where the last one goes on.
    fn note(&mut self, params: &Params, seen: &Seen<'_>, now: i64) -> Option<Found> {
        let (address, client) = (Mark::of_address(seen.address), seen.client_mark);
        let before = self.latest.map_or(now, |latest| latest.last);
        if now - before > us(SESSION_GAP_S) {
            self.sessions = self.sessions.saturating_add(1);
        }
        if let Some(latest) = &mut self.latest
            && latest.address == address
            && latest.client == client
        {
            latest.last = now;
            return None;
        }
        if let Some(before) = self.latest.take() {
            self.remember(&before);
        }
        self.sessions = self.sessions.max(1);
        let this = Use {
            address,
            client,
            neighbourhood: neighbourhood(seen.address),
            network: seen.network.operator_mark(),
            country: seen.network.country.as_deref().map(Mark::of),
            hosting: seen.network.is_hosting_like(),
            last: now,
        };
        self.latest = Some(this);
        // Absence is counted in the key's own use: who comes back home after a month of rest has been nowhere else.
        let new = |last: Option<i64>| match last.map(|last| before - last) {
            Some(age) if age < us(params.history_medium_s) => Newness::Known,
            Some(age) if age < us(params.history_strong_s) => Newness::Medium,
            _ => Newness::Strong,
        };
        Some(Found {
            before,
            neighbourhood: new(self.neighbourhoods.last(this.neighbourhood)),
            network: new(self.networks.last(this.network)),
            country: this.country.map_or(Newness::Known, |country| new(self.countries.last(country))),
            client: new(self.clients.last(client)),
            hosting: if this.hosting { new(self.hosting) } else { Newness::Known },
        })
    }

    fn remember(&mut self, before: &Use) {
        self.neighbourhoods.touch(before.neighbourhood, before.last);
        self.networks.touch(before.network, before.last);
        self.clients.touch(before.client, before.last);
        if let Some(country) = before.country {
            self.countries.touch(country, before.last);
        }
        if before.hosting {
            self.hosting = Some(before.last);
        }
    }

    /// The owner's own act stands behind the new place, and the program came along.
    fn is_a_move(&self, params: &Params, seen: &Seen<'_>, client: Newness, now: i64) -> bool {
        let ceremony = seen.key.entry_for(seen.address).is_some_and(
            |entry| matches!(entry, AllowlistEntry::Recorded(recorded) if recorded.proved.is_some()),
        );
        let confirmed = self.confirmed.is_some_and(|at| now - at <= us(params.confirmed_s));
        client == Newness::Known && (ceremony || confirmed)
    }
}

impl Found {
    fn parts(&self) -> [(Newness, &'static str); 5] {
        [
            (self.neighbourhood, "neighbourhood"),
            (self.network, "network"),
            (self.country, "country"),
            (self.client, "client"),
            (self.hosting, "hosting"),
        ]
    }

    fn words(&self) -> Value {
        Value::List(
            self.parts()
                .iter()
                .filter(|(n, _)| *n > Newness::Known)
                .map(|(_, word)| (*word).to_owned())
                .collect(),
        )
    }

    fn llr_milli(&self, params: &Params, strong: bool) -> i32 {
        let weights = [
            params.prefix_milli,
            params.network_milli,
            params.country_milli,
            params.client_milli,
            params.hosting_milli,
        ];
        self.parts()
            .iter()
            .zip(weights)
            .map(|((newness, _), weight)| match newness {
                Newness::Known => 0,
                Newness::Strong if strong => weight,
                _ => weight.saturating_mul(params.medium_milli) / 1000,
            })
            .fold(0, i32::saturating_add)
    }
}
