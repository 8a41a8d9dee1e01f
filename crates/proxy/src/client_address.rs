//! Who is calling: the socket's address, or what configured trusted hops say of it.
//!
//! `X-Forwarded-For` is read from the right: each trusted hop vouches for the address to its left, and the first
//! that is not a trusted hop is the client. A client that forges the header only adds entries on the left,
//! which are never reached.

use http::HeaderMap;
use std::net::IpAddr;
use sumun_model::{Prefix, prefix};

/// Header in which hops pass the client's address on.
pub const X_FORWARDED_FOR: &str = "x-forwarded-for";

/// A trusted hop passed on something that is not a list of addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a trusted hop sent an `X-Forwarded-For` that is not a list of addresses")]
pub struct BadForwardedFor;

/// The client's address.
///
/// # Errors
/// The peer is a trusted hop, and what it passed on cannot be read: nobody can be named then.
pub fn client_address(
    peer: IpAddr,
    headers: &HeaderMap,
    trusted: &[Prefix],
) -> Result<IpAddr, BadForwardedFor> {
    let peer = prefix::canonical(peer);
    let is_trusted = |address: IpAddr| trusted.iter().any(|hop| hop.contains(address));
    if !is_trusted(peer) {
        return Ok(peer);
    }
    let mut client = peer;
    for value in headers.get_all(X_FORWARDED_FOR).iter().rev() {
        let text = value.to_str().map_err(|_| BadForwardedFor)?;
        for hop in text.split(',').rev() {
            client = prefix::canonical(hop.trim().parse().map_err(|_| BadForwardedFor)?);
            if !is_trusted(client) {
                return Ok(client);
            }
        }
    }
    Ok(client)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn from(peer: &str, forwarded: &[&str], trusted: &[&str]) -> Result<String, BadForwardedFor> {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(X_FORWARDED_FOR, HeaderValue::from_str(value).unwrap());
        }
        let trusted: Vec<Prefix> = trusted.iter().map(|t| t.parse().unwrap()).collect();
        client_address(peer.parse().unwrap(), &headers, &trusted).map(|a| a.to_string())
    }

    #[test]
    fn only_configured_hops_are_believed() {
        let hops = ["10.0.0.0/8"];
        assert_eq!(from("203.0.113.9", &["203.0.113.7"], &hops).unwrap(), "203.0.113.9", "a spoof");
        assert_eq!(from("203.0.113.9", &["203.0.113.7"], &[]).unwrap(), "203.0.113.9");
        assert_eq!(from("10.0.0.1", &["203.0.113.7"], &hops).unwrap(), "203.0.113.7");
        assert_eq!(
            from("10.0.0.1", &["203.0.113.7, 198.51.100.4"], &hops).unwrap(),
            "198.51.100.4",
            "left is forged"
        );
        assert_eq!(
            from("10.0.0.1", &["203.0.113.7", "198.51.100.4, 10.0.0.2"], &hops).unwrap(),
            "198.51.100.4"
        );
        assert_eq!(from("10.0.0.1", &[], &hops).unwrap(), "10.0.0.1");
        assert_eq!(from("::ffff:10.0.0.1", &["::ffff:203.0.113.7"], &hops).unwrap(), "203.0.113.7");
        assert_eq!(from("10.0.0.1", &["unknown"], &hops), Err(BadForwardedFor));
        assert_eq!(from("10.0.0.1", &[""], &hops), Err(BadForwardedFor));
    }
}
