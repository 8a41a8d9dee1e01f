//! Where a request came from: the socket's address, or what configured trusted hops say of it.
//!
//! `X-Forwarded-For` is read from the right: each trusted hop vouches for the address to its left, and the first that is no
//! trusted hop is the client. Whoever forges the header adds entries on the left, which are never reached. The gate reads it
//! the same way (`sumun-proxy`, which this crate must not link).

use crate::problem::Problem;
use http::{HeaderMap, HeaderName};
use std::net::IpAddr;
use sumun_model::{Prefix, prefix};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The client's address.
///
/// # Errors
/// 400 `forwarded_for_bad`: a trusted hop passed on what cannot be read, and nobody can be named then.
pub(crate) fn client_address(
    peer: IpAddr,
    headers: &HeaderMap,
    trusted: &[Prefix],
) -> Result<IpAddr, Problem> {
    let is_trusted = |address: IpAddr| trusted.iter().any(|hop| hop.contains(address));
    let mut client = prefix::canonical(peer);
    if !is_trusted(client) {
        return Ok(client);
    }
    for value in headers.get_all(X_FORWARDED_FOR).iter().rev() {
        for hop in value.to_str().map_err(|_| bad())?.split(',').rev() {
            client = prefix::canonical(hop.trim().parse().map_err(|_| bad())?);
            if !is_trusted(client) {
                return Ok(client);
            }
        }
    }
    Ok(client)
}

fn bad() -> Problem {
    Problem::bad_request(
        "forwarded_for_bad",
        "a hop in front of this server sent an `X-Forwarded-For` that is not a list of addresses",
        "have the hop named in `govern.trusted_hops` send addresses only, separated by commas",
    )
    .at("X-Forwarded-For")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(peer: &str, forwarded: &[&'static str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(X_FORWARDED_FOR, http::HeaderValue::from_static(value));
        }
        let trusted: Vec<Prefix> = trusted.iter().map(|hop| hop.parse().unwrap()).collect();
        match client_address(peer.parse().unwrap(), &headers, &trusted) {
            Ok(address) => address.to_string(),
            Err(problem) => problem.code.to_owned(),
        }
    }

    #[test]
    fn the_first_from_the_right_that_is_no_trusted_hop() {
        let hops = ["10.0.0.0/8", "2001:db8::/32"];
        for (peer, forwarded, expected) in [
            ("203.0.113.7", &["198.51.100.1"][..], "203.0.113.7"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["192.0.2.66, 198.51.100.1, 10.0.0.2"], "198.51.100.1"),
            ("10.0.0.1", &["192.0.2.66", "198.51.100.1", "10.0.0.2"], "198.51.100.1"),
            ("10.0.0.1", &["no address, 198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["198.51.100.1, no address"], "forwarded_for_bad"),
            ("10.0.0.1", &["198.51.100.1:4711"], "forwarded_for_bad"),
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            ("::ffff:10.0.0.1", &["::ffff:198.51.100.1"], "198.51.100.1"),
            ("2001:db8::1", &["2001:db9::5"], "2001:db9::5"),
        ] {
            assert_eq!(from(peer, forwarded, &hops), expected, "{peer} {forwarded:?}");
        }
        assert_eq!(from("10.0.0.1", &["198.51.100.1"], &[]), "10.0.0.1", "nobody is trusted unasked");
    }
}
