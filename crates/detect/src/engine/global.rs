//! What every partition may look at: vendors, networks named by lines, markets. Changed only between segments.

use crate::network::Network;
use crate::seen::VendorView;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::net::IpAddr;
use sumun_model::wire::state::{NetworkClass, VendorState};
use sumun_model::wire::{Line, NetworkLine, VendorLine};
use sumun_model::{MarketId, Prefix, Timestamp, VendorId};

/// A subject's state with its line's own time, by which older lines are known.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Told<T> {
    ts: Timestamp,
    is: T,
}

/// Vendors, networks and markets as lines told them.
#[derive(Debug, Default)]
pub(crate) struct Global {
    vendors: HashMap<VendorId, Told<VendorView>>,
    networks: BTreeMap<Prefix, Told<Network>>,
    /// The same networks by length and first address.
    by_length: ByLength<Network>,
    /// Registered egress of approved vendors, likewise; of several vendors the least id.
    egress: ByLength<VendorId>,
    markets: BTreeMap<MarketId, Timestamp>,
}

/// By length and first address, the longest first.
type ByLength<T> = BTreeMap<Reverse<u8>, HashMap<IpAddr, T>>;

/// What the longest prefix that holds an address has.
fn longest<T>(by_length: &ByLength<T>, address: IpAddr) -> Option<&T> {
    by_length.iter().find_map(|(length, of)| of.get(&first_address(address, length.0)?))
}

/// The form a snapshot holds.
#[derive(Serialize, Deserialize)]
pub(crate) struct SavedGlobal {
    vendors: Vec<Told<VendorView>>,
    networks: Vec<Told<Network>>,
    markets: Vec<(MarketId, Timestamp)>,
}

impl Global {
    /// Takes a vendor, network or market line; false: it is older than its subject's last.
    pub(crate) fn take(&mut self, line: &Line) -> bool {
        match line {
            Line::Vendor(line) => self.vendor(line),
            Line::Network(line) => self.network(line),
            Line::Market(line) => {
                let newer = self.markets.get(&line.market).is_none_or(|ts| *ts <= line.ts);
                if newer {
                    self.markets.insert(line.market.clone(), line.ts);
                }
                newer
            }
            _ => true,
        }
    }

    fn vendor(&mut self, line: &VendorLine) -> bool {
        if self.vendors.get(&line.vendor).is_some_and(|told| told.ts > line.ts) {
            return false;
        }
        let is = VendorView {
            vendor: line.vendor.clone(),
            state: line.state,
            class: line.class,
            networks: line.networks.clone().unwrap_or_default(),
            scopes: line.scopes,
        };
        self.vendors.insert(line.vendor.clone(), Told { ts: line.ts, is });
        self.index_egress();
        true
    }

    fn index_egress(&mut self) {
        self.egress.clear();
        for view in self.vendors.values().map(|told| &told.is) {
            if view.state != Some(VendorState::Approved) {
                continue;
            }
            for prefix in &view.networks {
                let of = self.egress.entry(Reverse(prefix.length())).or_default();
                of.entry(prefix.network())
                    .and_modify(|least| {
                        if view.vendor < *least {
                            least.clone_from(&view.vendor);
                        }
                    })
                    .or_insert_with(|| view.vendor.clone());
            }
        }
    }

    fn network(&mut self, line: &NetworkLine) -> bool {
        if self.networks.get(&line.prefix).is_some_and(|told| told.ts > line.ts) {
            return false;
        }
        let is = Network {
            prefix: line.prefix,
            asn: line.asn,
            org: line.org.clone(),
            country: line.country.clone(),
            class: line.class.unwrap_or(NetworkClass::Unknown),
        };
        self.index(&is);
        self.networks.insert(line.prefix, Told { ts: line.ts, is });
        true
    }

    fn index(&mut self, network: &Network) {
        let length = Reverse(network.prefix.length());
        self.by_length.entry(length).or_default().insert(network.prefix.network(), network.clone());
    }

    /// The vendor of that name.
    pub(crate) fn vendor_of(&self, vendor: &VendorId) -> Option<&VendorView> {
        self.vendors.get(vendor).map(|told| &told.is)
    }

    /// What lines say of an address, the longest prefix first.
    pub(crate) fn network_of(&self, address: IpAddr) -> Option<&Network> {
        longest(&self.by_length, address)
    }

    /// The approved vendor whose registered egress holds an address.
    pub(crate) fn egress_of(&self, address: IpAddr) -> Option<&VendorId> {
        longest(&self.egress, address)
    }

    pub(crate) fn save(&self) -> SavedGlobal {
        let vendors: BTreeMap<_, _> = self.vendors.iter().collect();
        SavedGlobal {
            vendors: vendors.into_values().cloned().collect(),
            networks: self.networks.values().cloned().collect(),
            markets: self.markets.iter().map(|(market, ts)| (market.clone(), *ts)).collect(),
        }
    }

    pub(crate) fn restore(saved: SavedGlobal) -> Self {
        let mut global = Self { markets: saved.markets.into_iter().collect(), ..Self::default() };
        for vendor in saved.vendors {
            global.vendors.insert(vendor.is.vendor.clone(), vendor);
        }
        global.index_egress();
        for network in saved.networks {
            global.index(&network.is);
            global.networks.insert(network.is.prefix, network);
        }
        global
    }
}

/// The first address of the prefix of that length which holds the address; `None`: longer than the address is.
fn first_address(address: IpAddr, length: u8) -> Option<IpAddr> {
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32_u32.checked_sub(u32::from(length))?).unwrap_or(0);
            Some(IpAddr::V4((v4.to_bits() & mask).into()))
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128_u32.checked_sub(u32::from(length))?).unwrap_or(0);
            Some(IpAddr::V6((v6.to_bits() & mask).into()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sumun_model::wire::{Origin, parse_line};

    fn network(global: &mut Global, ts: u32, prefix: &str, asn: u32) -> bool {
        let text = format!(
            r#"{{"type":"network","ts":"2026-05-28T00:00:{ts:02}Z","prefix":"{prefix}","asn":{asn}}}"#
        );
        let Line::Network(line) = parse_line(Origin { source_name: "t", line: 1 }, &text).unwrap() else {
            unreachable!()
        };
        global.network(&line)
    }

    #[test]
    fn the_longest_prefix_wins_and_an_older_line_is_refused() {
        let mut global = Global::default();
        assert!(network(&mut global, 5, "203.0.113.0/24", 1));
        assert!(network(&mut global, 1, "203.0.113.7/32", 2));
        assert!(network(&mut global, 1, "0.0.0.0/0", 3));
        assert!(network(&mut global, 1, "2001:db8::/32", 4));
        assert!(!network(&mut global, 4, "203.0.113.0/24", 9));
        assert!(network(&mut global, 5, "203.0.113.0/24", 5), "the same time is not older");
        let asn = |global: &Global, ip: &str| global.network_of(ip.parse().unwrap()).and_then(|n| n.asn);
        for global in [&global, &Global::restore(global.save())] {
            assert_eq!(asn(global, "203.0.113.7"), Some(2));
            assert_eq!(asn(global, "203.0.113.8"), Some(5));
            assert_eq!(asn(global, "198.51.100.1"), Some(3));
            assert_eq!(asn(global, "2001:db8::1"), Some(4));
            assert_eq!(asn(global, "2001:db9::1"), None);
        }
    }
}
