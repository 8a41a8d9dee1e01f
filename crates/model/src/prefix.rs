//! Address prefixes, IPv4 and IPv6.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// An address prefix whose host bits are zero. A bare address is a prefix of full length.
///
/// IPv4-mapped IPv6 (`::ffff:a.b.c.d`) counts as IPv4, so that one client has one address whatever socket it
/// came in on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix(ipnet::IpNet);

/// Text that is not a prefix.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PrefixError {
    /// Neither an address nor a prefix.
    #[error("`{0}` is not an address prefix such as 203.0.113.7/32 or 2001:db8::/48")]
    Malformed(String),
    /// Bits set beyond the length: the writer meant something else.
    #[error("prefix `{found}` has host bits set; did you mean `{meant}`?")]
    HostBits {
        /// As written.
        found: String,
        /// With the host bits cleared.
        meant: String,
    },
}

/// The address with IPv4-mapped IPv6 turned into IPv4.
#[must_use]
pub fn canonical(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

impl Prefix {
    /// The prefix that holds just this address.
    #[must_use]
    pub fn host(address: IpAddr) -> Self {
        Self(ipnet::IpNet::from(canonical(address)))
    }

    /// The prefix of this many bits around an address; `None` if an address has not so many.
    #[must_use]
    pub fn around(address: IpAddr, bits: u8) -> Option<Self> {
        ipnet::IpNet::new(canonical(address), bits).ok().map(|net| Self(net.trunc()))
    }

    /// Whether the address lies inside.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&canonical(address))
    }

    /// Length in bits.
    #[must_use]
    pub fn length(&self) -> u8 {
        self.0.prefix_len()
    }

    /// Whether it is an IPv4 prefix.
    #[must_use]
    pub fn is_v4(&self) -> bool {
        matches!(self.0, ipnet::IpNet::V4(_))
    }

    /// The first address.
    #[must_use]
    pub fn network(&self) -> IpAddr {
        self.0.network()
    }

    /// The network an address belongs to when nothing else is known of it: its /24 or /48 (WIRE 2).
    #[must_use]
    pub fn neighbourhood(address: IpAddr) -> Self {
        let address = canonical(address);
        let bits = if address.is_ipv4() { 24 } else { 48 };
        Self(ipnet::IpNet::new_assert(address, bits).trunc())
    }
}

impl FromStr for Prefix {
    type Err = PrefixError;
    fn from_str(s: &str) -> Result<Self, PrefixError> {
        let malformed = || PrefixError::Malformed(s.chars().take(64).collect());
        if let Ok(address) = s.parse::<IpAddr>() {
            return Ok(Self::host(address));
        }
        let net: ipnet::IpNet = s.parse().map_err(|_| malformed())?;
        if net.trunc() != net {
            return Err(PrefixError::HostBits { found: s.to_owned(), meant: net.trunc().to_string() });
        }
        match net {
            ipnet::IpNet::V6(v6) => match v6.addr().to_ipv4_mapped() {
                Some(v4) if v6.prefix_len() >= 96 => {
                    ipnet::IpNet::new(IpAddr::V4(v4), v6.prefix_len() - 96).map(Self).map_err(|_| malformed())
                }
                _ => Ok(Self(net)),
            },
            ipnet::IpNet::V4(_) => Ok(Self(net)),
        }
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Prefix {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Prefix {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        crate::text::parsed(d)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_of_both_families() {
        let p = |s: &str| s.parse::<Prefix>().unwrap();
        assert!(p("203.0.113.0/24").contains("203.0.113.9".parse().unwrap()));
        assert!(!p("203.0.113.7").contains("203.0.113.8".parse().unwrap()));
        assert!(p("203.0.113.7").contains("::ffff:203.0.113.7".parse().unwrap()));
        assert!(p("2001:db8::/32").contains("2001:db8:1::1".parse().unwrap()));
        assert_eq!(p("::ffff:203.0.113.0/120"), p("203.0.113.0/24"));
        assert!(!p("0.0.0.0/0").contains("2001:db8::1".parse().unwrap()));
        assert_eq!(Prefix::neighbourhood("2001:db8:1:2::3".parse().unwrap()).to_string(), "2001:db8:1::/48");
    }

    #[test]
    fn a_prefix_that_means_something_else_is_refused() {
        assert_eq!(
            "10.0.0.1/8".parse::<Prefix>().unwrap_err().to_string(),
            "prefix `10.0.0.1/8` has host bits set; did you mean `10.0.0.0/8`?"
        );
        for bad in ["", "10.0.0.0/33", "10.0.0/8", "example", "10.0.0.0/"] {
            assert!(bad.parse::<Prefix>().is_err(), "{bad}");
        }
    }
}
