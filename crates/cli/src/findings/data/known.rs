//! The list of known networks: names in Korean and English, and their kind, by number; and prefixes that are an exception.

use super::NetworkDataError;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::IpAddr;
use sumun_model::Prefix;
use sumun_model::wire::state::NetworkClass;

/// A network by number.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Named {
    asn: u32,
    ko: String,
    en: String,
    pub(super) class: NetworkClass,
}

impl Named {
    /// For both kinds of readers; once, where both names are the same.
    pub(super) fn shown(&self) -> String {
        if self.ko == self.en { self.en.clone() } else { format!("{} ({})", self.en, self.ko) }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exception {
    prefix: Prefix,
    class: NetworkClass,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    network: Vec<Named>,
    #[serde(default)]
    prefix: Vec<Exception>,
}

/// The list, read.
pub(super) struct Known {
    by_asn: BTreeMap<u32, Named>,
    /// The longest first.
    prefixes: Vec<Exception>,
}

impl Known {
    /// Reads the list strictly.
    pub(super) fn read(text: &str) -> Result<Self, NetworkDataError> {
        let wrong = NetworkDataError::Known;
        let Text { network, mut prefix } = toml::from_str(text).map_err(|error| wrong(error.to_string()))?;
        let mut by_asn = BTreeMap::new();
        for named in network {
            let asn = named.asn;
            if by_asn.insert(asn, named).is_some() {
                return Err(wrong(format!("AS{asn} stands twice")));
            }
        }
        prefix.sort_by_key(|exception| (std::cmp::Reverse(exception.prefix.length()), exception.prefix));
        Ok(Self { by_asn, prefixes: prefix })
    }

    pub(super) fn asn(&self, asn: u32) -> Option<&Named> {
        self.by_asn.get(&asn)
    }

    pub(super) fn prefix(&self, address: IpAddr) -> Option<(Prefix, NetworkClass)> {
        let found = self.prefixes.iter().find(|exception| exception.prefix.contains(address))?;
        Some((found.prefix, found.class))
    }
}
