//! What is looked up for every request and seldom differs: its network, and the program behind it. One per thread; it answers the same
//! as looking up anew, so what it holds never shows.

use super::global::Global;
use crate::mark::{Mark, hash64};
use crate::network::{Network, NetworkData};
use crate::seen::Client;
use hashbrown::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use sumun_model::{Prefix, VendorId};

/// Most entries of one kind; beyond it the cache begins anew.
const ENTRIES_MAX: usize = 65_536;

/// A program with its mark.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) client: Arc<Client>,
    pub(crate) mark: Mark,
}

/// An address with what is known of it.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) network: Arc<Network>,
    /// The approved vendor whose egress it is.
    pub(crate) egress_of: Option<VendorId>,
}

/// A thread's cache.
#[derive(Debug, Default)]
pub(crate) struct Lookups {
    places: HashMap<IpAddr, Place>,
    /// Networks that lines named, by their prefix: many addresses share one.
    networks: HashMap<Prefix, Arc<Network>>,
    programs: HashMap<(u64, u64), Program>,
}

impl Lookups {
    /// A `network` or `vendor` line came: what was known of addresses no longer holds.
    pub(crate) fn forget_places(&mut self) {
        self.places.clear();
        self.networks.clear();
    }

    /// A canonical address: lines first, then the data files, else its neighbourhood.
    pub(crate) fn place(&mut self, address: IpAddr, global: &Global, data: &dyn NetworkData) -> Place {
        if let Some(known) = self.places.get(&address) {
            return known.clone();
        }
        if self.places.len() >= ENTRIES_MAX {
            self.places.clear();
        }
        let network = match global.network_of(address) {
            Some(told) => self.told(told),
            None => Arc::new(data.look_up(address).unwrap_or_else(|| Network::unknown(address))),
        };
        let place = Place { network, egress_of: global.egress_of(address).cloned() };
        self.places.insert(address, place.clone());
        place
    }

    /// This thread's own of a network that a line named: threads that counted together how often it is in use would wait for each other.
    fn told(&mut self, network: &Network) -> Arc<Network> {
        if let Some(known) = self.networks.get(&network.prefix) {
            return Arc::clone(known);
        }
        if self.networks.len() >= ENTRIES_MAX {
            self.networks.clear();
        }
        let own = Arc::new(network.clone());
        self.networks.insert(network.prefix, Arc::clone(&own));
        own
    }

    /// The program that an agent text and a TLS fingerprint speak of.
    pub(crate) fn program(&mut self, ja4: Option<&str>, agent: Option<&str>) -> Program {
        let (ja4, agent) = (ja4.unwrap_or_default(), agent.unwrap_or_default());
        let name = (hash64(ja4.as_bytes()), hash64(agent.as_bytes()));
        if let Some(known) = self.programs.get(&name) {
            return known.clone();
        }
        if self.programs.len() >= ENTRIES_MAX {
            self.programs.clear();
        }
        let client = Client::of(agent);
        let major = client.major.map_or_else(String::new, |major| major.to_string());
        let mark = Mark::of(&format!("{ja4}|{}|{major}", client.family));
        let program = Program { client: Arc::new(client), mark };
        self.programs.insert(name, program.clone());
        program
    }
}

/// Longest family kept, in bytes: an agent text is anybody's to choose.
const FAMILY_BYTES_MAX: usize = 48;

impl Client {
    /// From an agent text: its first product token, lower case, and the number before the first dot of its version.
    #[must_use]
    pub fn of(agent: &str) -> Self {
        let token = agent.split_whitespace().next().unwrap_or_default();
        let (name, version) = token.split_once('/').unwrap_or((token, ""));
        let digits: String =
            version.trim_start_matches(['v', 'V']).chars().take_while(char::is_ascii_digit).take(9).collect();
        let mut family = String::new();
        for c in name.chars().flat_map(char::to_lowercase) {
            if family.len() + c.len_utf8() > FAMILY_BYTES_MAX {
                break;
            }
            family.push(c);
        }
        Self { family, major: digits.parse().ok() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agents_are_read_for_family_and_major() {
        let table = [
            ("ccxt/4.5", "ccxt", Some(4)),
            ("python-requests/2.32.3 extra", "python-requests", Some(2)),
            ("Go-http-client/v2.0", "go-http-client", Some(2)),
            ("axios", "axios", None),
            ("", "", None),
            ("x/y", "x", None),
            ("big/99999999999", "big", Some(999_999_999)),
        ];
        for (agent, family, major) in table {
            assert_eq!(Client::of(agent), Client { family: family.to_owned(), major }, "{agent}");
        }
        assert!(Client::of(&"가".repeat(100)).family.len() <= FAMILY_BYTES_MAX);
    }

    #[test]
    fn a_mark_splits_by_fingerprint_family_and_major_only() {
        let mut lookups = Lookups::default();
        let mut mark = |ja4, agent| lookups.program(ja4, agent).mark;
        assert_eq!(mark(Some("t13"), Some("ccxt/4.5")), mark(Some("t13"), Some("ccxt/4.6 node")));
        assert_ne!(mark(Some("t13"), Some("ccxt/4.5")), mark(Some("t13"), Some("ccxt/5.0")));
        assert_ne!(mark(Some("t13"), Some("ccxt/4.5")), mark(None, Some("ccxt/4.5")));
    }
}
