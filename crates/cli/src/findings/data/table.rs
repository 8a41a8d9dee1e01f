//! Address ranges with network numbers, from lines `first,last,number,name`, addresses as whole numbers, in order.

use std::collections::BTreeMap;
use std::net::IpAddr;
use sumun_model::Prefix;

/// Ranges of both families, sorted.
#[derive(Debug, Default)]
pub(super) struct AsnTable {
    v4: Vec<(u32, u32, u32)>,
    v6: Vec<(u128, u128, u32)>,
    orgs: BTreeMap<u32, String>,
}

/// What was found of an address.
pub(super) struct Found<'a> {
    pub(super) asn: u32,
    pub(super) org: &'a str,
    /// The widest prefix around the address that lies within its range.
    pub(super) prefix: Prefix,
}

impl AsnTable {
    /// Adds the lines of one file; `bits` is 32 or 128. On a bad line, its number and what is wrong.
    pub(super) fn add(&mut self, bytes: &[u8], bits: u8) -> Result<(), (usize, String)> {
        let text = std::str::from_utf8(bytes).map_err(|_| (1, "not UTF-8".to_owned()))?;
        for (index, line) in text.lines().enumerate() {
            let wrong = |what: &str| (index + 1, what.to_owned());
            let mut parts = line.splitn(4, ',');
            let mut next = || parts.next().ok_or_else(|| wrong("expected `first,last,number,name`"));
            let (first, last, asn, org) = (next()?, next()?, next()?, next()?);
            let asn = asn.parse().map_err(|_| wrong("the third column is no network number"))?;
            let ordered = if bits == 32 {
                push(&mut self.v4, first, last, asn)
            } else {
                push(&mut self.v6, first, last, asn)
            };
            match ordered {
                Some(true) => {}
                Some(false) => {
                    return Err(wrong(
                        "the range does not begin behind the one before, or ends before it begins",
                    ));
                }
                None => return Err(wrong("the first two columns are no addresses as whole numbers")),
            }
            self.orgs.entry(asn).or_insert_with(|| unquoted(org));
        }
        Ok(())
    }

    pub(super) fn find(&self, address: IpAddr) -> Option<Found<'_>> {
        let (asn, bits) = match address {
            IpAddr::V4(v4) => {
                let (first, last, asn) = range(&self.v4, v4.to_bits())?;
                let inside = |bits: u32| {
                    let host = u32::MAX.checked_shr(bits).unwrap_or(0);
                    (v4.to_bits() & !host) >= first && (v4.to_bits() | host) <= last
                };
                (asn, (0..=32).find(|bits| inside(*bits))?)
            }
            IpAddr::V6(v6) => {
                let (first, last, asn) = range(&self.v6, v6.to_bits())?;
                let inside = |bits: u32| {
                    let host = u128::MAX.checked_shr(bits).unwrap_or(0);
                    (v6.to_bits() & !host) >= first && (v6.to_bits() | host) <= last
                };
                (asn, (0..=128).find(|bits| inside(*bits))?)
            }
        };
        let prefix = Prefix::around(address, u8::try_from(bits).ok()?)?;
        Some(Found { asn, org: self.orgs.get(&asn).map_or("", String::as_str), prefix })
    }
}

/// Adds a range; false if it does not begin behind the one before, `None` if it is no range. Published files hold a few that end
/// within the next one: there, the later row is the nearer one and wins.
fn push<N: Copy + Ord + std::str::FromStr>(
    ranges: &mut Vec<(N, N, u32)>,
    first: &str,
    last: &str,
    asn: u32,
) -> Option<bool> {
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    let ordered = first <= last && ranges.last().is_none_or(|(before, _, _)| *before < first);
    ranges.push((first, last, asn));
    Some(ordered)
}

fn range<N: Copy + Ord>(ranges: &[(N, N, u32)], address: N) -> Option<(N, N, u32)> {
    let behind = ranges.partition_point(|(first, _, _)| *first <= address);
    ranges.get(behind.checked_sub(1)?).filter(|(_, last, _)| address <= *last).copied()
}

/// A CSV field without its quotes.
fn unquoted(field: &str) -> String {
    match field.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')) {
        Some(inner) => inner.replace("\"\"", "\""),
        None => field.to_owned(),
    }
}

/// The address of a number.
#[cfg(test)]
pub(super) fn address_v4(number: u32) -> IpAddr {
    IpAddr::V4(std::net::Ipv4Addr::from_bits(number))
}

/// The address of a number.
#[cfg(test)]
pub(super) fn address_v6(number: u128) -> IpAddr {
    IpAddr::V6(std::net::Ipv6Addr::from_bits(number))
}
