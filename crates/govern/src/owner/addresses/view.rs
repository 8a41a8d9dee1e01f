//! A key's addresses as their owner sees them: each with when it takes effect.

use super::{Ceremony, CeremonyState};
use crate::actor::Actor;
use crate::govern::Govern;
use crate::owner::texts::{Said, said};
use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};
use sumun_model::key::AllowlistEntry;
use sumun_model::{Prefix, Timestamp};

/// One address of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressView {
    /// Which.
    pub prefix: Prefix,
    /// Whether requests from it may pass.
    pub in_effect: bool,
    /// When it was registered, if that is known.
    pub since: Option<Timestamp>,
    /// When it was proved.
    pub proved: Option<Timestamp>,
    /// The request that proved it.
    pub event: Option<String>,
    /// Until when it can be proved.
    pub until: Option<Timestamp>,
    /// When it takes effect, in words.
    pub takes_effect: Said,
}

fn view(entry: &AllowlistEntry, ceremonies: &[Ceremony]) -> AddressView {
    let (since, proved) = match entry {
        AllowlistEntry::Plain(_) => (None, None),
        AllowlistEntry::Recorded(recorded) => (recorded.since, recorded.proved),
    };
    let in_effect = entry.in_effect(true);
    let of = ceremonies.iter().filter(|ceremony| ceremony.prefix == entry.prefix());
    let wanted = if in_effect { CeremonyState::Proved } else { CeremonyState::Pending };
    let ceremony = of.into_iter().find(|ceremony| ceremony.state == wanted);
    let until = ceremony.filter(|_| !in_effect).map(|ceremony| Timestamp::from_micros(ceremony.until_us));
    let prefix = entry.prefix().to_string();
    let takes_effect = match (in_effect, proved, until) {
        (true, Some(at), _) => said("address.since", &[("prefix", prefix), ("at", at.to_string())]),
        (true, None, _) => said("address.in_effect", &[("prefix", prefix)]),
        (false, _, Some(until)) => {
            said("address.pending", &[("prefix", prefix), ("until", until.to_string())])
        }
        (false, _, None) => said("address.out", &[("prefix", prefix)]),
    };
    let event = ceremony.and_then(|ceremony| ceremony.event.clone());
    AddressView { prefix: entry.prefix(), in_effect, since, proved, event, until, takes_effect }
}

impl Govern {
    /// The addresses of a key.
    ///
    /// # Errors
    /// `not_found`, the store's.
    pub async fn addresses(&self, actor: &Actor, key: &str) -> Result<Vec<AddressView>, Refusal> {
        let loaded = self.key_loaded(actor, key).await?;
        let ceremonies = self.ceremonies_of(key).await?;
        Ok(loaded.key.allowlist.iter().map(|entry| view(entry, &ceremonies)).collect())
    }
}
