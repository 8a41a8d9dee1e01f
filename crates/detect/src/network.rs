//! What is known of the network an address belongs to.
//!
//! `network` lines win over the data files, the longest prefix first; where nothing is known, the /24 or /48 is the network
//! (WIRE 2). Data files are read by the caller, which gives a [`NetworkData`].

use crate::mark::Mark;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use sumun_model::Prefix;
use sumun_model::wire::state::NetworkClass;

/// Where addresses that no line names are looked up. Must answer the same for the same address during a whole run.
pub trait NetworkData: Send + Sync {
    /// What the files say of an address; `None` where they say nothing.
    fn look_up(&self, address: IpAddr) -> Option<Network>;
}

/// No data files.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoData;

impl NetworkData for NoData {
    fn look_up(&self, _: IpAddr) -> Option<Network> {
        None
    }
}

/// A network as detectors see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// Its prefix: of the line or record that names it, else the /24 or /48.
    pub prefix: Prefix,
    /// Autonomous system number.
    pub asn: Option<u32>,
    /// Who runs it.
    pub org: Option<String>,
    /// ISO 3166 two letters.
    pub country: Option<String>,
    /// What kind it is.
    pub class: NetworkClass,
}

impl Network {
    /// Of an address of which nothing is known.
    #[must_use]
    pub fn unknown(address: IpAddr) -> Self {
        Self {
            prefix: Prefix::neighbourhood(address),
            asn: None,
            org: None,
            country: None,
            class: NetworkClass::Unknown,
        }
    }

    /// What tells one network's operator from another's: the ASN, else the organisation, else the prefix.
    #[must_use]
    pub fn operator_mark(&self) -> Mark {
        match (self.asn, &self.org) {
            (Some(asn), _) => Mark::of_autonomous_system(asn),
            (None, Some(org)) => Mark::of(org),
            (None, None) => Mark::of(&self.prefix.to_string()),
        }
    }

    /// Networks whose addresses stand for machines rather than people: hosting, VPN exits, Tor.
    #[must_use]
    pub const fn is_hosting_like(&self) -> bool {
        matches!(self.class, NetworkClass::Hosting | NetworkClass::Vpn | NetworkClass::Tor)
    }

    /// Networks in which unrelated people share an address or change it often: mobile carriers and relays.
    #[must_use]
    pub const fn is_shared(&self) -> bool {
        matches!(self.class, NetworkClass::Mobile | NetworkClass::Relay)
    }
}
