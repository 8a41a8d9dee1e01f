//! `operator.fanout@1`: many customers' keys used from one address (detectors.md B1).
//!
//! What is scored is the edge between a customer and the address, never the address: whoever has a reason on record to be there
//! (sessions of his own from it, an approved vendor's egress, a running delegation) is told so and counts for nobody else's
//! accusation. An edge takes an allowed, validly signed use from an address whose registration by that key is proved, so a
//! stranger who registers somebody's address, or probes a posted key, says nothing about anybody.
//!
//! Bounded by [`Params`]: addresses, and at most 32 customers by name and 8 KiB of sketches each ([`origin`]).

mod odds;
mod origin;
mod say;
mod sketch;

use crate::emit::{Link, LinkSignal};
use crate::links::aged::Aged;
use crate::links::{LinkDetector, LinkMessage};
use crate::mark::{Mark, hash64_of_parts};
use odds::History;
use origin::{Origin, Used, Vouched, Word};
use serde::{Deserialize, Serialize};
use sumun_model::finding::Family;
use sumun_model::wire::state::{NetworkClass, VendorState};
use sumun_model::{KeyId, Prefix, Segment, Timestamp};

/// Registrations remembered per key; the oldest makes room.
const REGISTRATIONS_MAX: usize = 16;

/// Parameters, `[detectors.operator.fanout]`; windows in seconds, strengths in thousandths.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// The short window. Default one day.
    pub short_s: u32,
    /// The long window, and how long a customer counts after the last use. Default seven days.
    pub long_s: u32,
    /// Customers without explanation from which on an address of a data centre or office is told of. Default 5.
    pub hosting_min: u32,
    /// The same for homes, and for networks of which nothing is known. Default 8.
    pub residential_min: u32,
    /// The same where strangers share addresses (mobile, relays, VPN, Tor, satellite), and only of one client. Default 8.
    pub shared_min: u32,
    /// Retail customers of one home that are a household. Default 3.
    pub household_max: u32,
    /// Whether a use counts only from an address whose registration by this key was proved. Default true.
    pub registered_only: bool,
    /// Customers an operator usually has. Default 20.
    pub operator_customers: u32,
    /// Most that a member's edge weighs. Default 3500.
    pub llr_max_milli: i32,
    /// Most that it weighs where strangers share addresses. Default 1500.
    pub shared_llr_max_milli: i32,
    /// What an approved vendor's egress weighs. Default −2000.
    pub vendor_llr_milli: i32,
    /// How long an owner's own session from an address explains his keys there. Default fourteen days.
    pub home_s: u32,
    /// First hour of the day (UTC) in which a session from an office counts. Default 0: 09:00 in Seoul.
    pub business_from_hour: u32,
    /// The hour (UTC) from which on it counts no more. Default 10: 19:00 in Seoul.
    pub business_until_hour: u32,
    /// While nothing changes, the same is said again after so long. Default one day.
    pub repeat_s: u32,
    /// Beyond 32 customers, newcomers are told of at most so often. Default one hour.
    pub crowded_s: u32,
    /// Addresses remembered; the longest unused makes room. Default 1,000,000.
    pub origins_max: u32,
    /// Owners' sessions remembered. Default 500,000.
    pub homes_max: u32,
    /// Keys whose registrations are remembered. Default 2,000,000.
    pub registered_max: u32,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            short_s: 86_400,
            long_s: 7 * 86_400,
            hosting_min: 5,
            residential_min: 8,
            shared_min: 8,
            household_max: 3,
            registered_only: true,
            operator_customers: 20,
            llr_max_milli: 3_500,
            shared_llr_max_milli: 1_500,
            vendor_llr_milli: -2_000,
            home_s: 14 * 86_400,
            business_from_hour: 0,
            business_until_hour: 10,
            repeat_s: 86_400,
            crowded_s: 3_600,
            origins_max: 1_000_000,
            homes_max: 500_000,
            registered_max: 2_000_000,
        }
    }
}

impl Params {
    /// Whether strangers share addresses in such networks, so that their number alone says nothing.
    const fn is_shared(class: NetworkClass) -> bool {
        use NetworkClass::{Mobile, Relay, Satellite, Tor, Vpn};
        matches!(class, Mobile | Relay | Satellite | Tor | Vpn)
    }

    const fn least(&self, class: NetworkClass) -> u32 {
        match class {
            NetworkClass::Hosting | NetworkClass::Business => self.hosting_min,
            NetworkClass::Residential | NetworkClass::Unknown => self.residential_min,
            _ => self.shared_min,
        }
    }

    /// Whether a session of the owner shows that he is at home or at work there. Nobody lives in a data centre or on a relay.
    fn is_home(&self, class: NetworkClass, at: Timestamp) -> bool {
        let hour = at.as_micros().div_euclid(3_600_000_000).rem_euclid(24);
        match class {
            NetworkClass::Residential | NetworkClass::Unknown => true,
            NetworkClass::Business => {
                (i64::from(self.business_from_hour)..i64::from(self.business_until_hour)).contains(&hour)
            }
            _ => false,
        }
    }
}

/// This instant, so many seconds earlier.
fn before(now: Timestamp, seconds: u32) -> Timestamp {
    now.plus_micros(-i64::from(seconds) * 1_000_000)
}

/// What it remembers.
#[derive(Default, Serialize, Deserialize)]
pub struct State {
    origins: Aged<Prefix, Origin>,
    /// Owners' own sessions, by address and customer.
    homes: Aged<(Prefix, u64), ()>,
    registered: Aged<KeyId, Vec<Prefix>>,
    history: History,
}

/// The detector.
pub struct Fanout;

/// Whose it is: the customer, else the account, which then counts as its own.
pub(super) fn who(message: &LinkMessage) -> u64 {
    match &message.customer {
        Some(customer) => hash64_of_parts(&[b"c:", customer.as_str().as_bytes()]),
        None => hash64_of_parts(&[b"a:", message.account.as_str().as_bytes()]),
    }
}

impl LinkDetector for Fanout {
    const NAME: &'static str = "operator.fanout@1";
    const FAMILY: Family = Family::Operator;
    type Params = Params;
    type State = State;

    fn message(params: &Params, state: &mut State, message: &LinkMessage, out: &mut Vec<LinkSignal>) {
        match &message.link {
            Link::Use { origin, client } => state.used(params, message, *origin, *client, out),
            Link::Registration { prefix } => state.register(params, message, *prefix),
            Link::OwnerSession { origin } => state.session(params, message, *origin),
            Link::Change { .. } => {}
        }
    }

    fn minute(params: &Params, state: &mut State, now: Timestamp, _: &mut Vec<LinkSignal>) {
        while let Some((_, origin)) = state.origins.pop_until(before(now, params.long_s)) {
            state.history.remove(origin.network, origin.counted);
        }
        while state.homes.pop_until(before(now, params.home_s)).is_some() {}
    }
}

impl State {
    fn register(&mut self, params: &Params, message: &LinkMessage, prefix: Prefix) {
        let held = self.registered.touch(&message.key, message.now, Vec::new);
        held.retain(|other| *other != prefix);
        if held.len() >= REGISTRATIONS_MAX {
            held.remove(0);
        }
        held.push(prefix);
        while self.registered.len() > params.registered_max as usize {
            self.registered.pop_oldest();
        }
    }

    fn session(&mut self, params: &Params, message: &LinkMessage, origin: Prefix) {
        let class = message.network.as_ref().map_or(NetworkClass::Unknown, |network| network.class);
        if !params.is_home(class, message.now) {
            return;
        }
        self.homes.touch(&(origin, who(message)), message.now, || ());
        while self.homes.len() > params.homes_max as usize {
            self.homes.pop_oldest();
        }
    }

    fn is_registered(&self, key: &KeyId, origin: Prefix) -> bool {
        let address = origin.network();
        self.registered.get(key).is_some_and(|held| held.iter().any(|prefix| prefix.contains(address)))
    }

    fn is_at_home(&self, params: &Params, origin: Prefix, who: u64, now: Timestamp) -> bool {
        self.homes.at(&(origin, who)).is_some_and(|at| at > before(now, params.home_s))
    }

    fn used(
        &mut self,
        params: &Params,
        message: &LinkMessage,
        prefix: Prefix,
        client: Mark,
        out: &mut Vec<LinkSignal>,
    ) {
        if params.registered_only && !self.is_registered(&message.key, prefix) {
            return;
        }
        let (network, class) = match &message.network {
            Some(network) => (network.operator_mark(), network.class),
            None => (Mark::of(&Prefix::neighbourhood(prefix.network()).to_string()), NetworkClass::Unknown),
        };
        let vouched = message.declared.then_some(match &message.vendor {
            Some((_, Some(VendorState::Approved))) => Vouched::Vendor,
            _ => Vouched::Delegation,
        });
        let used = Used {
            key: message.key.clone(),
            last: message.now,
            client,
            event: message.event.clone(),
            vouched,
            word: Word::None,
            word_at: None,
        };
        let origin = self.origins.touch(&prefix, message.now, || Origin::new(network, class));
        let (old_network, old_counted) = (origin.network, origin.counted);
        origin.forget(before(message.now, params.long_s));
        origin.used(who(message), message.segment == Some(Segment::Retail), used);
        (origin.network, origin.class, origin.client) = (network, class, client);
        let long = origin.count_since(before(message.now, params.long_s));
        let short = origin.count_since(before(message.now, params.short_s));
        origin.counted = long.customers;
        if (old_network, old_counted) != (network, origin.counted) {
            if old_counted > 0 {
                self.history.remove(old_network, old_counted);
            }
            self.history.add(network, origin.counted);
        }
        while self.origins.len() > params.origins_max as usize {
            if let Some((_, gone)) = self.origins.pop_oldest() {
                self.history.remove(gone.network, gone.counted);
            }
        }
        self.judge(params, message, prefix, (short, long), out);
    }
}

#[cfg(test)]
mod tests;
