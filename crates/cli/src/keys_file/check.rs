//! What is wrong or unwise in a keys file that parses: seals that do not open, keys past their end, wide prefixes.

use super::{KeyRecord, KeysFile, KeysProblem};
use serde::Serialize;
use std::collections::BTreeMap;
use sumun_model::{Prefix, Timestamp};
use sumun_seal::Keyring;

/// Shortest IPv4 prefix that passes without a word: one network of 256 addresses.
pub const PREFIX_V4_BITS_MIN: u8 = 24;
/// Shortest IPv6 prefix that passes without a word: one site.
pub const PREFIX_V6_BITS_MIN: u8 = 48;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The gate would not serve this key, or not this file.
    Error,
    /// The gate serves it; somebody should look.
    Attention,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// Where and what.
    #[serde(flatten)]
    pub problem: KeysProblem,
}

impl KeysFile {
    /// Opens every secret and throws it away.
    #[must_use]
    pub fn seals(&self, keyring: &Keyring) -> Vec<Finding> {
        self.findings(|record| {
            let error = keyring.open(&record.key, record.secret.as_ref()?).err()?;
            Some((Severity::Error, "secret", format!("does not open: {error}")))
        })
    }

    /// What is unwise, but lawful.
    #[must_use]
    pub fn unwise(&self, now: Timestamp) -> Vec<Finding> {
        let mut found = self.findings(|record| {
            (!record.state.is_terminal() && record.expires <= now).then(|| {
                let message = format!(
                    "was {}: the gate refuses this key; issue another with `sumun keys new`",
                    record.expires
                );
                (Severity::Attention, "expires", message)
            })
        });
        found.extend(self.findings(|record| {
            let wide = record.allowlist.iter().map(|entry| entry.prefix()).find(is_wide)?;
            let least = if wide.is_v4() { PREFIX_V4_BITS_MIN } else { PREFIX_V6_BITS_MIN };
            let message =
                format!("holds `{wide}`, wider than /{least}: name the addresses the key is used from");
            Some((Severity::Attention, "allowlist", message))
        }));
        found.sort_by_key(|finding| finding.problem.at);
        found
    }

    fn findings(
        &self,
        look: impl Fn(&KeyRecord) -> Option<(Severity, &'static str, String)>,
    ) -> Vec<Finding> {
        self.entries()
            .filter_map(|(index, record, at)| {
                let (severity, field, message) = look(record)?;
                let (key, field) = (Some(record.key.to_string()), Some(field.to_owned()));
                let problem = KeysProblem { at: Some(at), index: Some(index), key, field, message };
                Some(Finding { severity, problem })
            })
            .collect()
    }

    /// How many keys are in each state.
    #[must_use]
    pub fn states(&self) -> BTreeMap<&'static str, usize> {
        self.keys.iter().fold(BTreeMap::new(), |mut states, record| {
            *states.entry(record.state.as_str()).or_default() += 1;
            states
        })
    }
}

fn is_wide(prefix: &Prefix) -> bool {
    prefix.length() < if prefix.is_v4() { PREFIX_V4_BITS_MIN } else { PREFIX_V6_BITS_MIN }
}
