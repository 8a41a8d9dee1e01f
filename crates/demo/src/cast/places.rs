//! Where programs run: parts of the loopback network, each said to be a made-up operator's.

use super::Draws;
use std::net::Ipv4Addr;

/// A made-up network.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Net {
    /// The second part of its addresses: `127.x.0.0/16`.
    pub(crate) second: u8,
    pub(crate) asn: u32,
    pub(crate) org: &'static str,
    pub(crate) country: &'static str,
    pub(crate) class: &'static str,
}

const fn net(second: u8, asn: u32, org: &'static str, country: &'static str, class: &'static str) -> Net {
    Net { second, asn, org, country, class }
}

/// Lines of homes.
pub(super) const HOMES: [Net; 2] = [
    net(10, 64_510, "Hangang Cable (made up)", "KR", "residential"),
    net(11, 64_511, "Namsan Fibre (made up)", "KR", "residential"),
];
/// An office.
pub(super) const OFFICE: Net = net(20, 64_520, "Tower Office (made up)", "KR", "business");
/// A cloud at home.
pub(super) const CLOUD: Net = net(30, 64_530, "Seorak Cloud (made up)", "KR", "hosting");
/// Clouds abroad.
pub(super) const ABROAD: [Net; 2] = [
    net(31, 64_531, "Merlion Hosting (made up)", "SG", "hosting"),
    net(32, 64_532, "Elbe Servers (made up)", "DE", "hosting"),
];
/// The approved vendor's own egress.
pub(super) const VENDOR: Net = net(40, 64_540, "TradeNest (made up)", "KR", "hosting");

/// All of them, as the exchange tells them.
pub(crate) const NETS: [Net; 7] = [HOMES[0], HOMES[1], OFFICE, CLOUD, ABROAD[0], ABROAD[1], VENDOR];

impl Net {
    /// Its addresses.
    pub(crate) fn prefix(self) -> String {
        format!("127.{}.0.0/16", self.second)
    }

    /// Whether an address is one of them.
    #[cfg(test)]
    pub(crate) fn holds(self, address: Ipv4Addr) -> bool {
        address.octets()[..2] == [127, self.second]
    }

    /// One of its addresses.
    pub(super) fn address(self, draws: &mut Draws) -> Ipv4Addr {
        let part = |draws: &mut Draws| u8::try_from(1 + draws.below(250)).unwrap_or(1);
        Ipv4Addr::new(127, self.second, part(draws), part(draws))
    }
}
