//! The prefixes from which a key may be used.

use std::net::IpAddr;
use sumun_model::Prefix;

/// Prefixes in effect. Most keys have one: it lies in place, so that reading it costs no further cache miss and holding
/// it no allocation.
#[derive(Debug)]
pub struct Allowlist(Prefixes);

#[derive(Debug)]
enum Prefixes {
    One([Prefix; 1]),
    Any(Box<[Prefix]>),
}

impl Allowlist {
    /// The prefixes.
    #[must_use]
    pub fn prefixes(&self) -> &[Prefix] {
        match &self.0 {
            Prefixes::One(one) => one,
            Prefixes::Any(any) => any,
        }
    }

    /// Whether the address is registered. A few prefixes: a plain walk beats any tree up to about sixteen.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.prefixes().iter().any(|prefix| prefix.contains(address))
    }
}

impl From<Prefix> for Allowlist {
    fn from(prefix: Prefix) -> Self {
        Self(Prefixes::One([prefix]))
    }
}

impl FromIterator<Prefix> for Allowlist {
    fn from_iter<I: IntoIterator<Item = Prefix>>(prefixes: I) -> Self {
        let mut prefixes = prefixes.into_iter();
        match (prefixes.next(), prefixes.next()) {
            (None, _) => Self(Prefixes::Any(Box::default())),
            (Some(only), None) => only.into(),
            (Some(first), Some(second)) => {
                Self(Prefixes::Any([first, second].into_iter().chain(prefixes).collect()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_prefix_or_several_or_none() {
        let texts = ["203.0.113.7/32", "2001:db8::/48", "198.51.100.0/24"];
        for count in 0..=texts.len() {
            let held: Allowlist = texts.iter().take(count).map(|t| t.parse::<Prefix>().unwrap()).collect();
            let held: Vec<String> = held.prefixes().iter().map(Prefix::to_string).collect();
            assert_eq!(held, texts[..count]);
        }
        assert_eq!(size_of::<Allowlist>(), 24);
    }
}
