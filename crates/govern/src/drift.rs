//! Drift: where the record and the exchange disagree about a key (R190), above all a key that is dead here and alive there.
//!
//! [`compare`] is one pure rule over both sides of one key; [`reconcile`] walks both in step, page by page, and keeps what it finds with
//! the time since when. Nothing is decided by a drift: it is told, and the worst kind is an entry of the ledger and a task.

pub mod compare;
pub mod reconcile;

pub use compare::{Drift, Here, Kind, There, compare};

use crate::actor::Actor;
use crate::govern::{Govern, store_refusal};
use crate::keys::access::INSIDE;
use crate::refusal::Refusal;
use crate::staff::require;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use sumun_model::Timestamp;

/// A drift as it is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DriftView {
    /// Its id: what the next page goes on behind.
    pub drift: String,
    /// Of which key.
    pub key: String,
    /// Since when it is known.
    pub since: Timestamp,
    /// What differs.
    #[serde(flatten)]
    pub what: Drift,
}

impl Govern {
    /// Drifts of one kind, or all, the worst first.
    ///
    /// # Errors
    /// `forbidden`, the store's.
    pub async fn drifts(
        &self,
        actor: &Actor,
        kind: Option<&str>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<DriftView>, Refusal> {
        let mut readers = INSIDE.to_vec();
        readers.push(crate::Role::ExchangeBackend);
        require(actor, &readers)?;
        let rows = self.store.drifts(kind, after, limit).await.map_err(store_refusal)?;
        let view = |row: sumun_store::DriftRow| {
            let what = serde_json::from_str(&row.body).ok()?;
            let since = Timestamp::from_micros(row.since_us);
            Some(DriftView { drift: row.drift, key: row.key, since, what })
        };
        Ok(rows.into_iter().filter_map(view).collect())
    }

    /// How many drifts there are of each kind.
    ///
    /// # Errors
    /// The store's.
    pub async fn drift_counts(&self) -> Result<BTreeMap<String, u64>, Refusal> {
        self.store.drift_counts().await.map_err(store_refusal)
    }
}
