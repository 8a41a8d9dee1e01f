//! Parameters of detection, as the policy file's `[detectors]` table holds them: the engine's own and every detector's.
//!
//! Strict: an unknown section or field is an error that names it, so is a number that means nothing ([`faults`]), and what is not there
//! has its default. Never here: α, half-lives and thresholds of measures, which are the policy's own.

mod faults;

use crate::keys::{self, KeyParams};
use crate::links::{self, LinkParams};
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use sumun_model::Weights;

pub use faults::Fault;

/// The engine's own: windows in seconds, and caps per partition or entity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EngineParams {
    /// A gap in a key's use after which the next request begins another session of it, seconds (detectors.md A1).
    pub session_gap_s: u32,
    /// A key is silent after so long without use, and at least after eight of its usual gaps, seconds (detectors.md B7).
    pub silent_s: u32,
    /// A key unseen for so long is forgotten, seconds. 400 days: a yearly re-confirmation passes it.
    pub forget_after_s: u32,
    /// Most keys a partition remembers; keys beyond are counted and not watched.
    pub keys_per_partition_max: u32,
    /// Most keys of one account that a session of it is shown to.
    pub keys_per_account_max: u32,
    /// Most ids a partition holds to know a repeat by; the oldest go first.
    pub ids_per_partition_max: u32,
    /// Most allowlist entries of one key; those beyond are counted and not known.
    pub allowlist_max: u32,
    /// Most running delegations of one account.
    pub delegations_per_account_max: u32,
    /// Most values whose frequency among all keys is counted.
    pub population_values_max: u32,
}

impl Default for EngineParams {
    fn default() -> Self {
        Self {
            session_gap_s: 1_800,
            silent_s: 300,
            forget_after_s: 400 * 86_400,
            keys_per_partition_max: 65_536,
            keys_per_account_max: 64,
            ids_per_partition_max: 65_536,
            allowlist_max: 64,
            delegations_per_account_max: 64,
            population_values_max: 65_536,
        }
    }
}

/// Everything detection takes from a policy file but the weights.
#[derive(Clone, Default, Serialize)]
pub struct Params {
    /// `[detectors.engine]`.
    pub engine: EngineParams,
    /// Of detectors of one key.
    pub keys: KeyParams,
    /// Of detectors of shared things.
    pub links: LinkParams,
}

impl Params {
    /// SHA-256 over all parameters and weights, defaults included: equal digests, equal findings.
    #[must_use]
    pub fn digest(&self, weights: &Weights) -> [u8; 32] {
        let mut hash = Sha256::new();
        // Structs of numbers and lists: writing them as JSON cannot fail.
        hash.update(serde_json::to_vec(&(self, weights)).unwrap_or_default());
        for (name, _) in keys::DETECTORS.iter().chain(links::DETECTORS) {
            hash.update(name.as_bytes());
            hash.update([0]);
        }
        hash.finalize().into()
    }
}

impl Params {
    /// Numbers that mean nothing, by section and name; none of those that were read as [`Params`].
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        faults::of(self)
    }
}

impl<'de> Deserialize<'de> for Params {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let Written(params) = Written::deserialize(d)?;
        let faults = params.faults();
        if faults.is_empty() {
            return Ok(params);
        }
        let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
        Err(de::Error::custom(told.join("; ")))
    }
}

/// Parameters as they are written: names and types hold, numbers are not judged. For whoever tells each fault at its own place.
#[derive(Clone, Default)]
pub struct Written(pub Params);

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Sections;
        impl<'de> Visitor<'de> for Sections {
            type Value = Params;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table of detectors' parameters")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Params, A::Error> {
                let mut params = Params::default();
                while let Some(section) = map.next_key::<String>()? {
                    if section == "engine" {
                        params.engine = map.next_value()?;
                    } else if let Some(read) = params.keys.read(&section, &mut map) {
                        read?;
                    } else if let Some(read) = params.links.read(&section, &mut map) {
                        read?;
                    } else {
                        let known: Vec<_> =
                            ["engine"].iter().chain(keys::SECTIONS).chain(links::SECTIONS).copied().collect();
                        return Err(de::Error::custom(format!(
                            "unknown detector `{section}`, expected one of {}",
                            known.join(", ")
                        )));
                    }
                }
                Ok(params)
            }
        }
        d.deserialize_map(Sections).map(Written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_named_as_their_detectors() {
        let of = |name: &'static str| name.split(['.', '@']).nth(1).unwrap();
        let names: Vec<_> =
            keys::DETECTORS.iter().chain(links::DETECTORS).map(|(name, _)| of(name)).collect();
        let sections: Vec<_> = keys::SECTIONS.iter().chain(links::SECTIONS).copied().collect();
        assert_eq!(names, sections);
    }

    #[test]
    fn unknown_sections_and_fields_are_named() {
        let error = |text: &str| serde_json::from_str::<Params>(text).err().unwrap().to_string();
        assert!(error(r#"{"weather":{}}"#).starts_with("unknown detector `weather`, expected one of engine"));
        assert!(error(r#"{"engine":{"colour":1}}"#).contains("unknown field `colour`"));
        for section in keys::SECTIONS.iter().chain(links::SECTIONS) {
            let text = format!(r#"{{"{section}":{{"no_such_parameter":1}}}}"#);
            assert!(error(&text).contains("no_such_parameter"), "{section}");
            let text = format!(r#"{{"{section}":{{}}}}"#);
            assert!(serde_json::from_str::<Params>(&text).is_ok(), "{section}");
        }
    }

    #[test]
    fn the_digest_changes_with_parameters_and_weights() {
        let (params, weights) = (Params::default(), Weights::default());
        let mut other = params.clone();
        other.engine.session_gap_s += 1;
        assert_ne!(params.digest(&weights), other.digest(&weights));
        assert_ne!(params.digest(&weights), params.digest(&Weights { prior_ppm: 1, ..weights.clone() }));
    }
}
