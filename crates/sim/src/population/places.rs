//! Networks and the hosts in them: made-up providers on documentation, benchmark and private ranges.
//!
//! A provider has /18 neighbourhoods; a home that gets a new address stays in its own. Never here: a real network.

use super::Us;
use super::tree::{Draws, Tree, mixed};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use sumun_model::wire::state::NetworkClass;

/// Addresses in a neighbourhood, as a power of two.
const HOOD_BITS: u32 = 14;

/// A network and where it stands in [`NETS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Net {
    /// Its name, made up.
    pub(super) org: &'static str,
    /// A private AS number.
    pub(super) asn: u32,
    /// Where it is.
    pub(super) country: &'static str,
    /// What it is.
    pub(super) class: NetworkClass,
    /// First two bytes of its IPv4 prefix.
    v4: [u8; 2],
    /// Length of that prefix.
    v4_bits: u8,
    /// Its IPv6, if it has any: which /36 of 2001:db8::/32.
    v6: Option<u8>,
    /// Typical round trip to the gate, microseconds.
    rtt_us: u64,
}

const fn net(
    (org, asn, country): (&'static str, u32, &'static str),
    class: NetworkClass,
    (a, b, v4_bits): (u8, u8, u8),
    v6: Option<u8>,
    rtt_us: u64,
) -> Net {
    Net { org, asn, country, class, v4: [a, b], v4_bits, v6, rtt_us }
}

use NetworkClass::{Business, Hosting, Mobile, Residential, Tor, Vpn};

/// Homes in the venue's country.
pub(super) const HOMES: [Net; 4] = [
    net(("Haneul Home", 64601, "KR"), Residential, (10, 16, 12), Some(0), 6_000),
    net(("Baram Cable", 64602, "KR"), Residential, (10, 32, 12), Some(1), 8_000),
    net(("Saebyeok Fibre", 64603, "KR"), Residential, (10, 48, 12), Some(2), 5_000),
    net(("Dure Broadband", 64604, "KR"), Residential, (10, 64, 12), Some(3), 9_000),
];
/// Mobile carriers, customers behind shared addresses.
pub(super) const CARRIERS: [Net; 3] = [
    net(("Carrier One", 64611, "KR"), Mobile, (100, 64, 12), Some(4), 38_000),
    net(("Carrier Two", 64612, "KR"), Mobile, (100, 80, 12), Some(5), 44_000),
    net(("Carrier Three", 64613, "KR"), Mobile, (100, 96, 12), Some(6), 52_000),
];
/// Offices.
pub(super) const OFFICES: [Net; 2] = [
    net(("Office Lines", 64621, "KR"), Business, (172, 16, 14), None, 4_000),
    net(("Metro Ethernet", 64622, "KR"), Business, (172, 20, 14), None, 3_000),
];
/// Clouds. The first three are popular.
pub(super) const CLOUDS: [Net; 5] = [
    net(("Cloud Alpha", 64631, "KR"), Hosting, (10, 128, 12), Some(8), 1_200),
    net(("Cloud Beta", 64632, "KR"), Hosting, (10, 144, 12), Some(9), 1_500),
    net(("Cloud Gamma", 64633, "JP"), Hosting, (10, 160, 12), Some(10), 32_000),
    net(("Hosting Delta", 64634, "KR"), Hosting, (10, 176, 12), None, 2_200),
    net(("Cloud Epsilon", 64635, "US"), Hosting, (10, 192, 12), None, 140_000),
];
/// VPN exits.
pub(super) const VPNS: [Net; 2] = [
    net(("Veil VPN", 64641, "NL"), Vpn, (198, 18, 16), None, 240_000),
    net(("Cloak VPN", 64642, "SG"), Vpn, (198, 19, 16), None, 75_000),
];
/// Homes and hotels elsewhere.
pub(super) const ABROAD: [Net; 3] = [
    net(("Nihon Home", 64651, "JP"), Residential, (10, 208, 13), None, 35_000),
    net(("Saigon Home", 64652, "VN"), Residential, (10, 216, 13), None, 70_000),
    net(("Prairie Home", 64653, "US"), Residential, (10, 224, 13), None, 150_000),
];
/// Anonymity exits: one neighbourhood of TEST-NET-1.
pub(super) const TOR: Net = net(("Onion Exits", 64671, "DE"), Tor, (192, 0, 24), None, 320_000);
/// The approved vendor's egress: TEST-NET-3.
pub(super) const VENDOR: Net = net(("TradeNest Egress", 64661, "KR"), Hosting, (203, 0, 24), None, 2_000);
/// The egress of a vendor nobody approved: TEST-NET-2.
pub(super) const VENDOR_UNKNOWN: Net =
    net(("QuantHive Egress", 64662, "KR"), Hosting, (198, 51, 24), None, 2_500);

/// Every network there is.
pub(super) fn all() -> impl Iterator<Item = &'static Net> {
    let lone: &'static [Net] = &[TOR, VENDOR, VENDOR_UNKNOWN];
    let groups: [&'static [Net]; 7] = [&HOMES, &CARRIERS, &OFFICES, &CLOUDS, &VPNS, &ABROAD, lone];
    groups.into_iter().flatten()
}

impl Net {
    /// Its prefixes, as text.
    pub(super) fn prefixes(&self) -> Vec<String> {
        let v4 = format!("{}/{}", Ipv4Addr::from(self.v4_base()), self.v4_bits);
        let v6 = self.v6_base().map(|base| format!("{}/36", Ipv6Addr::from(base)));
        std::iter::once(v4).chain(v6).collect()
    }

    const fn v4_base(&self) -> u32 {
        let [a, b] = self.v4;
        // The three TEST-NETs are told apart by their third byte; every other prefix is /16 or shorter.
        let c = match (a, b, self.v4_bits) {
            (192, 0, 24) => 2,
            (198, 51, 24) => 100,
            (203, 0, 24) => 113,
            _ => 0,
        };
        u32::from_be_bytes([a, b, c, 0])
    }

    fn v6_base(&self) -> Option<u128> {
        self.v6.map(|slot| (0x2001_0db8_u128 << 96) | (u128::from(slot) << 92))
    }

    /// How many neighbourhoods it has.
    const fn hoods(&self) -> u32 {
        let bits = 32 - self.v4_bits as u32;
        if bits > HOOD_BITS { 1 << (bits - HOOD_BITS) } else { 1 }
    }

    /// A neighbourhood of it.
    pub(super) fn hood(&self, draws: &mut Draws) -> u32 {
        u32::try_from(draws.below(u64::from(self.hoods()))).unwrap_or(0)
    }

    /// Some IPv4 address in that neighbourhood.
    pub(super) fn v4(&self, hood: u32, draws: &mut Draws) -> IpAddr {
        let bits = (32 - u32::from(self.v4_bits)).min(HOOD_BITS);
        let block = u32::try_from(draws.below(1 << (bits - 8))).unwrap_or(0);
        self.v4_in(hood, block, u32::try_from(draws.between(2, 253)).unwrap_or(2))
    }

    /// The address number `last` of the neighbourhood's /24 number `block`.
    pub(super) fn v4_in(&self, hood: u32, block: u32, last: u32) -> IpAddr {
        IpAddr::V4(Ipv4Addr::from(self.v4_base() | hood << HOOD_BITS | block << 8 | last & 0xff))
    }

    /// Some /24 of the neighbourhood.
    pub(super) fn block(&self, draws: &mut Draws) -> u32 {
        let bits = (32 - u32::from(self.v4_bits)).min(HOOD_BITS);
        u32::try_from(draws.below(1 << (bits - 8))).unwrap_or(0)
    }

    /// Some IPv6 address in that neighbourhood; IPv4 where the network has none.
    pub(super) fn v6(&self, hood: u32, draws: &mut Draws) -> IpAddr {
        let Some(base) = self.v6_base() else { return self.v4(hood, draws) };
        // 36 bits network, 6 neighbourhood, 14 customer, 8 subnet (0), 64 host.
        let customer = u128::from(draws.below(1 << 14));
        let host = u128::from(draws.any() | 1);
        IpAddr::V6(Ipv6Addr::from(base | u128::from(hood & 0x3f) << 86 | customer << 72 | host))
    }
}

/// Which of a host's addresses a connection leaves by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pick {
    First,
    /// The second this often, in thousandths; each connection anew.
    Either(u64),
    /// Changes after this many seconds, as a carrier's shared addresses do.
    Rotating(i64),
}

/// Where a programme or a person sits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Host {
    /// In which network.
    pub(super) net: Net,
    addresses: Vec<IpAddr>,
    pick: Pick,
    /// Salt of its own turns.
    salt: u64,
    /// Round trip to the gate, microseconds.
    pub(super) rtt_us: u64,
    /// Further round trip behind the address, seen by TLS but not by TCP: a tunnel.
    pub(super) tunnel_us: u64,
    /// How far its clock is off, milliseconds.
    pub(super) skew_ms: i64,
}

impl Host {
    /// A host at one address.
    pub(super) fn at(net: Net, address: IpAddr, draws: &mut Draws) -> Self {
        let rtt_us = draws.spread(net.rtt_us, 1);
        // Most clocks are kept by NTP; one in six is not.
        let skew_ms = if draws.chance(160) { draws.between(-900, 900) } else { draws.between(-12, 12) };
        let salt = draws.any();
        Self { net, addresses: vec![address], pick: Pick::First, salt, rtt_us, tunnel_us: 0, skew_ms }
    }

    /// The same machine at another address.
    pub(super) fn moved(&self, net: Net, address: IpAddr) -> Self {
        Self { net, addresses: vec![address], pick: Pick::First, ..self.clone() }
    }

    /// The same machine, with a second address used this often, in thousandths.
    pub(super) fn or(mut self, second: IpAddr, permille: u64) -> Self {
        self.addresses.push(second);
        self.pick = Pick::Either(permille);
        self
    }

    /// The same, behind all of these in turn.
    pub(super) fn rotating(mut self, addresses: Vec<IpAddr>, seconds: i64) -> Self {
        self.addresses = addresses;
        self.pick = Pick::Rotating(seconds.max(1));
        self
    }

    /// The same, changing addresses at other times.
    pub(super) const fn turning(mut self, number: u64) -> Self {
        self.salt ^= number;
        self
    }

    /// The address of a connection at that time. `draw` decides where chance does.
    pub(super) fn address(&self, at: Us, draw: u64) -> IpAddr {
        let index = match self.pick {
            Pick::First => 0,
            Pick::Either(permille) => usize::from(draw % 1000 < permille),
            Pick::Rotating(seconds) => {
                let turn = u64::try_from(at / 1_000_000 / seconds).unwrap_or(0);
                let n = self.addresses.len().max(1) as u64;
                usize::try_from(mixed(self.salt, turn) % n).unwrap_or(0)
            }
        };
        let first = self.addresses.first().copied().unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        self.addresses.get(index).copied().unwrap_or(first)
    }

    /// What an owner would register for it: full addresses, a /64 of IPv6, a /24 where a carrier changes them.
    pub(super) fn prefixes(&self) -> Vec<String> {
        let wide = matches!(self.pick, Pick::Rotating(_));
        let mut prefixes: Vec<String> = self.addresses.iter().map(|address| prefix(*address, wide)).collect();
        prefixes.dedup();
        prefixes
    }
}

fn prefix(address: IpAddr, wide: bool) -> String {
    match address {
        IpAddr::V4(v4) if wide => format!("{}/24", Ipv4Addr::from(u32::from(v4) & 0xffff_ff00)),
        IpAddr::V4(v4) => format!("{v4}/32"),
        IpAddr::V6(v6) => format!("{}/64", Ipv6Addr::from(u128::from(v6) >> 64 << 64)),
    }
}

/// A host at a new address of a network, in a neighbourhood drawn from the branch.
pub(super) fn host_in(net: Net, tree: &Tree) -> Host {
    let mut draws = tree.draws();
    let hood = net.hood(&mut draws);
    let address = net.v4(hood, &mut draws);
    Host::at(net, address, &mut draws)
}

/// A phone behind a carrier: a handful of shared addresses of one /24, changing within the hour.
pub(super) fn phone(tree: &Tree) -> Host {
    let mut draws = tree.draws();
    let net = draws.pick(&CARRIERS);
    let (hood, block) = (net.hood(&mut draws) % 8, net.block(&mut draws) % 8);
    let addresses: Vec<IpAddr> =
        (0..6).map(|_| net.v4_in(hood, block, 1 + u32::try_from(draws.below(48)).unwrap_or(0))).collect();
    let hold = draws.between(1200, 7200);
    let first = net.v4_in(hood, block, 1);
    Host::at(net, first, &mut draws).rotating(addresses, hold)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sumun_model::Prefix;

    #[test]
    fn every_address_lies_in_a_prefix_of_its_network_and_none_overlap() {
        let mut draws = Tree::root(3).draws();
        let mut seen: Vec<Prefix> = Vec::new();
        for net in all() {
            let prefixes: Vec<Prefix> = net.prefixes().iter().map(|p| p.parse().unwrap()).collect();
            for _ in 0..200 {
                let hood = net.hood(&mut draws);
                for address in [net.v4(hood, &mut draws), net.v6(hood, &mut draws)] {
                    assert!(prefixes.iter().any(|p| p.contains(address)), "{} {address}", net.org);
                }
            }
            for prefix in &prefixes {
                let clash = seen.iter().any(|p| p.contains(prefix.network()) || prefix.contains(p.network()));
                assert!(!clash, "{} {prefix}", net.org);
            }
            seen.extend(prefixes);
        }
    }
}
