//! The client's address in foreign logs: plain, with a port, or in a chain of hops read from the right.
//!
//! What stands further left than the trusted hops was written by whoever sent the request and is never believed.

use std::net::{IpAddr, SocketAddr};

/// Most entries of a chain that are looked at.
const ENTRIES_MAX: usize = 64;

/// An address, with or without a port or brackets. IPv4 in IPv6 is IPv4.
pub(crate) fn plain(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<IpAddr>().ok();
    text.parse::<IpAddr>()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
        .or_else(bare)
        .map(|address| address.to_canonical())
}

/// A chain too short for its hops, or an entry that is no address.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NoAddress;

/// The address `hops` trusted hops to the left of the chain's end, where the peer, if told, is the end.
pub(crate) fn forwarded(list: Option<&str>, peer: Option<&str>, hops: usize) -> Result<IpAddr, NoAddress> {
    let entries = list.into_iter().flat_map(|list| list.rsplit(',')).map(str::trim);
    let mut chain = peer.into_iter().chain(entries).filter(|entry| !entry.is_empty()).take(ENTRIES_MAX);
    chain.nth(hops).and_then(plain).ok_or(NoAddress)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_and_brackets_fall_off() {
        for (text, wanted) in [
            ("203.0.113.7", "203.0.113.7"),
            (" 203.0.113.7:51034 ", "203.0.113.7"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
        ] {
            assert_eq!(plain(text).unwrap().to_string(), wanted);
        }
        for bad in ["", "-", "unknown", "203.0.113", "203.0.113.7:x"] {
            assert_eq!(plain(bad), None, "{bad}");
        }
    }

    #[test]
    fn hops_are_counted_from_the_right() {
        let spoofed = Some("1.2.3.4, 203.0.113.7, 10.0.0.5");
        assert_eq!(forwarded(spoofed, None, 1).unwrap().to_string(), "203.0.113.7");
        assert_eq!(forwarded(spoofed, Some("10.0.0.9"), 2).unwrap().to_string(), "203.0.113.7");
        assert_eq!(forwarded(spoofed, Some("10.0.0.9"), 0).unwrap().to_string(), "10.0.0.9");
        assert_eq!(forwarded(Some("203.0.113.7"), Some("10.0.0.9"), 1).unwrap().to_string(), "203.0.113.7");
        assert!(forwarded(Some("203.0.113.7"), None, 1).is_err(), "one hop too many");
        assert!(forwarded(None, Some("10.0.0.9"), 1).is_err(), "who came past the hop is not guessed");
        assert!(forwarded(Some("unknown"), Some("10.0.0.9"), 1).is_err());
    }
}
