//! What stage one remembers of one account and of one key.

use super::uses::Uses;
use crate::keys::{self, KeyStates};
use crate::seen::{AccountView, DelegationView, KeyView};
use serde::{Deserialize, Serialize};
use sumun_model::{AccountId, DelegationId, KeyId, Measure, Timestamp};

/// The place of [`Uses`] among those who ask to be woken: behind all detectors.
pub(crate) const USES: usize = keys::COUNT;
/// No wake asked for.
pub(crate) const NO_WAKE: i64 = i64::MAX;

/// An account with what stands under it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct AccountSlot {
    pub(crate) view: AccountView,
    /// Time of its last line.
    pub(crate) told: Option<Timestamp>,
    /// Its keys that were seen or told of, sorted.
    pub(crate) keys: Vec<KeyId>,
    /// Its delegations, by id.
    pub(crate) delegations: Vec<Delegation>,
}

/// A delegation with the key it names.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Delegation {
    pub(crate) id: DelegationId,
    pub(crate) key: Option<KeyId>,
    pub(crate) view: DelegationView,
}

impl AccountSlot {
    pub(crate) fn new(account: AccountId) -> Self {
        let view =
            AccountView { account, customer: None, person: None, segment: None, country: None, owner: None };
        Self { view, told: None, keys: Vec::new(), delegations: Vec::new() }
    }

    /// Delegations that name this key or none.
    pub(crate) fn delegations_of(&self, key: &KeyId) -> Vec<DelegationView> {
        let bears = |d: &&Delegation| d.key.as_ref().is_none_or(|named| named == key);
        self.delegations.iter().filter(bears).map(|d| d.view.clone()).collect()
    }

    pub(crate) fn add_key(&mut self, key: &KeyId) {
        if let Err(place) = self.keys.binary_search(key) {
            self.keys.insert(place, key.clone());
        }
    }

    pub(crate) fn remove_key(&mut self, key: &KeyId) {
        self.keys.retain(|known| known != key);
    }
}

/// A key with all that detectors remember of it.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct KeySlot {
    #[serde(with = "super::as_json")]
    pub(crate) view: KeyView,
    /// Its account, once known.
    pub(crate) account: Option<AccountId>,
    /// Delegations that bear on it.
    pub(crate) delegations: Vec<DelegationView>,
    /// A measure in force, as detectors are told of it.
    pub(crate) measure: Option<Measure>,
    /// When a request or line of it was last seen; it is forgotten by this.
    pub(crate) last: Timestamp,
    /// When it was last used, for sessions of the population.
    pub(crate) used: Option<Timestamp>,
    pub(crate) states: KeyStates,
    /// What the link stage was told of.
    pub(crate) uses: Uses,
    /// The second each detector asked to be woken at.
    pub(crate) wakes: Vec<i64>,
}

impl KeySlot {
    pub(crate) fn new(key: KeyId, account: Option<AccountId>, now: Timestamp) -> Self {
        let view = KeyView {
            key,
            state: None,
            scopes: None,
            allowlist: Vec::new(),
            told: false,
            purpose: None,
            operator: None,
            vendor: None,
            created: None,
            expires: None,
            replaces: None,
            mandate: None,
        };
        Self {
            view,
            account,
            delegations: Vec::new(),
            measure: None,
            last: now,
            used: None,
            states: KeyStates::default(),
            uses: Uses::default(),
            wakes: vec![NO_WAKE; keys::COUNT + 1],
        }
    }

    /// Its own events feed only links: it ended, or policy ended it.
    pub(crate) fn has_ended(&self) -> bool {
        self.view.state.is_some_and(|state| state.is_terminal()) || self.measure == Some(Measure::Expire)
    }
}
