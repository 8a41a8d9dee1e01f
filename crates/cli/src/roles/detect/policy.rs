//! The policy that detection runs by: named by a line of the log, its text in the record.

use super::Shared;
use crate::exit::Failed;
use crate::findings::Setup;
use serde::Deserialize;
use sumun_store::tables::POLICIES;

/// What a line says of a policy that comes into force there.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Named {
    /// Its id and version, such as `default@3`.
    pub(crate) policy: String,
    /// Hex SHA-256 of its text.
    pub(crate) digest: String,
}

/// The policy that comes into force with a line, if one does: only the record's own lines say so.
pub(crate) fn named(source: &str, line: &[u8]) -> Option<Named> {
    #[derive(Deserialize)]
    struct Carrying {
        ext: Option<Named>,
    }
    if source != crate::roles::events::state::SOURCE || !line.starts_with(br#"{"type":"tick""#) {
        return None;
    }
    serde_json::from_slice::<Carrying>(line).ok()?.ext
}

/// Reads it from the record. Detection runs whatever it holds: see [`Setup::in_force`].
pub(super) async fn read(shared: &Shared, policy: &str) -> anyhow::Result<Setup> {
    let row = shared.govern.store.get(&POLICIES, policy).await;
    let row = row.map_err(|error| {
        Failed(format!("policy `{policy}` cannot be read: {}", crate::exit::with_causes(&error)))
    })?;
    let text = row.as_ref().and_then(|row| row.get("text")?.as_str());
    let text = text.ok_or_else(|| {
        Failed(format!("policy `{policy}` is named by the event log and is not in the record"))
    })?;
    let mut setup = Setup::in_force(policy, text)?;
    (setup.data, setup.data_digest) = shared.data.clone();
    Ok(setup)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_record_names_a_policy() {
        let line = br#"{"type":"tick","ts":"2026-11-20T09:00:00Z","source":"govern","ext":{"policy":"default@3","digest":"ab"}}"#;
        let found = named("govern", line).unwrap();
        assert_eq!((found.policy.as_str(), found.digest.as_str()), ("default@3", "ab"));
        assert_eq!(named("exchange:main", line), None);
        assert_eq!(named("govern", br#"{"type":"tick","ts":"2026-11-20T09:00:00Z"}"#), None);
        assert_eq!(named("govern", br#"{"type":"report","ext":{"policy":"x","digest":"y"}}"#), None);
    }
}
