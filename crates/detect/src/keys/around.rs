//! What several key detectors ask of a request alike: spans of time, places, guards, names for people.
//!
//! Never here: anything remembered.

use crate::mark::{Mark, hash64};
use crate::network::Network;
use crate::seen::{Client, DelegationView, Seen};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use sumun_model::wire::state::{NetworkClass, VendorState};
use sumun_model::{Prefix, Timestamp};

/// Seconds as microseconds.
#[must_use]
pub const fn us(seconds: u32) -> i64 {
    seconds as i64 * 1_000_000
}

/// Which span of `seconds` since the epoch an instant lies in: days, where a day may be compressed.
#[must_use]
pub const fn span(at: Timestamp, seconds: u32) -> i64 {
    at.as_micros().div_euclid(us(if seconds == 0 { 1 } else { seconds }))
}

/// The mark of an address's neighbourhood, its /24 or /48.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "the low half of a hash is as good as the whole")]
pub fn neighbourhood(address: IpAddr) -> Mark {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            Mark(hash64(&[a, b, c]) as u32)
        }
        IpAddr::V6(v6) => {
            let [a, b, c, d, e, f, ..] = v6.octets();
            Mark(hash64(&[a, b, c, d, e, f]) as u32)
        }
    }
}

/// Who runs a network, as far as is known: what tells two operators of networks apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organisation {
    org: Option<Mark>,
    asn: Option<u32>,
    neighbourhood: Mark,
    v4: bool,
}

impl Organisation {
    /// Of the network around an address.
    #[must_use]
    pub fn of(network: &Network, address: IpAddr) -> Self {
        Self {
            org: network.org.as_deref().map(Mark::of),
            asn: network.asn,
            neighbourhood: neighbourhood(address),
            v4: address.to_canonical().is_ipv4(),
        }
    }

    /// Whether the two are **known** to differ. Where one side is unknown, neighbourhoods of the same IP version stand in; an
    /// unknown IPv4 and IPv6 may be one household's dual stack, and so do not differ.
    #[must_use]
    pub fn differs(&self, other: &Self) -> bool {
        if self.neighbourhood == other.neighbourhood && self.v4 == other.v4 {
            return self.asn.is_some() && other.asn.is_some() && self.asn != other.asn;
        }
        match ((self.asn, other.asn), (self.org, other.org)) {
            ((Some(a), Some(b)), _) if a == b => false,
            (_, (Some(a), Some(b))) => a != b,
            ((Some(_), Some(_)), _) => true,
            _ => self.v4 == other.v4,
        }
    }
}

/// Whether a delegation runs at this instant.
#[must_use]
pub fn runs(delegation: &DelegationView, now: Timestamp) -> bool {
    delegation.active
        && delegation.from.is_none_or(|from| from <= now)
        && delegation.until.is_none_or(|until| now < until)
}

/// Whether the address is on record as another's lawful place: the named, approved vendor's egress, or a network of a delegation that
/// runs. A guard of the origin family only; it ends with the record.
#[must_use]
pub fn is_declared(seen: &Seen<'_>) -> bool {
    let holds = |networks: &[Prefix]| networks.iter().any(|prefix| prefix.contains(seen.address));
    seen.vendor.is_some_and(|v| v.state == Some(VendorState::Approved) && holds(&v.networks))
        || seen.delegations.iter().any(|d| runs(d, seen.now) && holds(&d.networks))
}

/// Whether the owner's own act put this address into effect on the key, and it was proved: a plain prefix by this very request, a
/// recorded one by its ceremony.
#[must_use]
pub fn is_proved(seen: &Seen<'_>) -> bool {
    use sumun_model::key::AllowlistEntry::{Plain, Recorded};
    seen.key.entry_for(seen.address).is_some_and(|entry| match entry {
        Plain(_) => true,
        Recorded(recorded) => recorded.proved.is_some(),
    })
}

/// Whether the request went on from an address not known to be refused: the only use a baseline learns from.
#[must_use]
pub fn is_use(seen: &Seen<'_>) -> bool {
    seen.valid && seen.passed && seen.address_ok != Some(false)
}

/// A network's name for people: organisation, else number, else prefix.
#[must_use]
pub fn network_name(network: &Network) -> String {
    match (&network.org, network.asn) {
        (Some(org), _) => org.clone(),
        (None, Some(asn)) => format!("AS{asn}"),
        (None, None) => network.prefix.to_string(),
    }
}

/// A client's name for people.
#[must_use]
pub fn client_name(client: &Client) -> String {
    match (client.family.as_str(), client.major) {
        ("", _) => "-".to_owned(),
        (family, Some(major)) => format!("{family}/{major}"),
        (family, None) => family.to_owned(),
    }
}

/// A set of network classes; a bit each.
#[must_use]
pub const fn class_bit(class: NetworkClass) -> u16 {
    1 << class as u16
}

/// In which span each of at most [`SPANS_MAX`] things was told last, so that each is told once in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spans(Vec<(u8, i64)>);

/// Most things of one [`Spans`].
pub const SPANS_MAX: usize = 32;

impl Spans {
    /// Whether a thing was told in this span.
    #[must_use]
    pub fn is(&self, thing: usize, span: i64) -> bool {
        self.0.iter().any(|(at, told)| usize::from(*at) == thing && *told == span)
    }

    /// Notes that it was.
    pub fn set(&mut self, thing: usize, span: i64) {
        let Ok(thing) = u8::try_from(thing) else { return };
        if let Some((_, told)) = self.0.iter_mut().find(|(at, _)| *at == thing) {
            *told = span;
        } else if self.0.len() < SPANS_MAX {
            self.0.push((thing, span));
        }
    }
}
