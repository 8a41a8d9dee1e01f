//! Networks that lines of the log name, for people to read beside an address. Data files say the rest.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;
use sumun_model::Prefix;
use sumun_model::wire::state::NetworkLine;

/// Most networks remembered from lines: an exchange names its own and its partners', files name the world.
const NETWORKS_MAX: usize = 512;

/// A network's name and country.
pub(super) type Name = (String, Option<String>);

/// Networks by prefix.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Networks(BTreeMap<Prefix, Name>);

/// A network for people: who runs it, else its number.
pub(super) fn named(org: Option<&str>, asn: Option<u32>) -> Option<String> {
    org.map(str::to_owned).or_else(|| asn.map(|asn| format!("AS{asn}")))
}

impl Networks {
    /// Takes in a line; one that names nothing takes the name away.
    pub(super) fn take(&mut self, line: &NetworkLine) {
        match named(line.org.as_deref(), line.asn) {
            Some(name) if self.0.len() < NETWORKS_MAX || self.0.contains_key(&line.prefix) => {
                self.0.insert(line.prefix, (name, line.country.clone()));
            }
            Some(_) => {}
            None => {
                self.0.remove(&line.prefix);
            }
        }
    }

    /// What lines say of an address: the longest prefix wins.
    pub(super) fn look_up(&self, address: IpAddr) -> Option<Name> {
        if self.0.is_empty() {
            return None;
        }
        let longest = if address.is_ipv4() { 32 } else { 128 };
        (0..=longest).rev().find_map(|bits| self.0.get(&Prefix::around(address, bits)?).cloned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sumun_model::wire::{Line, Origin, parse_line};

    fn line(fields: &str) -> NetworkLine {
        let text = format!(r#"{{"type":"network","ts":"2026-11-02T00:00:00Z",{fields}}}"#);
        match parse_line(Origin { source_name: "test", line: 1 }, &text) {
            Ok(Line::Network(line)) => *line,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_longest_prefix_wins() {
        let mut networks = Networks::default();
        for fields in [
            r#""prefix":"203.0.0.0/16","asn":64500,"country":"KR""#,
            r#""prefix":"203.0.113.0/24","asn":64501,"org":"A made-up host""#,
            r#""prefix":"2001:db8::/32","asn":64502"#,
        ] {
            networks.take(&line(fields));
        }
        let look = |address: &str| networks.look_up(address.parse().unwrap());
        assert_eq!(look("203.0.113.9"), Some(("A made-up host".to_owned(), None)));
        assert_eq!(look("203.0.1.9"), Some(("AS64500".to_owned(), Some("KR".to_owned()))));
        assert_eq!(look("2001:db8::1"), Some(("AS64502".to_owned(), None)));
        assert_eq!(look("198.51.100.1"), None);
        networks.take(&line(r#""prefix":"203.0.113.0/24""#));
        assert_eq!(networks.look_up("203.0.113.9".parse().unwrap()).unwrap().0, "AS64500");
        let text = serde_json::to_string(&networks).unwrap();
        assert_eq!(serde_json::from_str::<Networks>(&text).unwrap(), networks);
    }
}
