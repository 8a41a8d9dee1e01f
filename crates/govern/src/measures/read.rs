//! Measures as those see them who look into suspicions.

use super::row::MeasureRow;
use crate::actor::Actor;
use crate::govern::{Govern, not_found, store_refusal};
use crate::keys::access::INSIDE;
use crate::refusal::Refusal;
use crate::row::{integer, text};
use crate::staff::require;
use serde_json::json;
use std::collections::BTreeMap;
use sumun_model::Timestamp;
use sumun_store::Filter;
use sumun_store::tables::{DEAD_KEYS, MEASURES};

/// Which measures to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MeasureFilter {
    /// On this key.
    pub key: Option<String>,
    /// Of this account.
    pub account: Option<String>,
    /// In this case.
    pub case_id: Option<String>,
    /// In this state, by its word.
    pub state: Option<String>,
    /// After this id.
    pub after: Option<String>,
    /// At most so many.
    pub limit: u32,
}

impl Govern {
    /// One measure.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, the store's.
    pub async fn measure(&self, actor: &Actor, id: &str) -> Result<MeasureRow, Refusal> {
        require(actor, INSIDE)?;
        let row = self.row(&MEASURES, id).await?.ok_or_else(|| not_found("measure", id))?;
        MeasureRow::of(&row)
    }

    /// Measures, by id.
    ///
    /// # Errors
    /// `forbidden`, the store's.
    pub async fn measures(&self, actor: &Actor, wanted: &MeasureFilter) -> Result<Vec<MeasureRow>, Refusal> {
        require(actor, INSIDE)?;
        let columns = [
            ("key", &wanted.key),
            ("account", &wanted.account),
            ("case_id", &wanted.case_id),
            ("state", &wanted.state),
        ];
        let equals =
            columns.into_iter().filter_map(|(name, value)| Some((name, json!(value.as_ref()?)))).collect();
        let limit = wanted.limit.clamp(1, Filter::LIMIT_MAX);
        self.measures_with(Filter { equals, after: wanted.after.clone(), limit, ..Filter::default() }).await
    }

    /// When the keys of these measures ended: those that have.
    ///
    /// # Errors
    /// The store's.
    pub async fn keys_ended(&self, of: &[MeasureRow]) -> Result<BTreeMap<String, Timestamp>, Refusal> {
        let mut keys: Vec<String> = of.iter().map(|row| row.key.clone()).collect();
        keys.sort_unstable();
        keys.dedup();
        let mut ended = BTreeMap::new();
        for some in keys.chunks(Filter::LIMIT_MAX as usize) {
            for row in self.store.get_many(&DEAD_KEYS, some).await.map_err(store_refusal)? {
                let at = integer(&row, "ended_us").map(Timestamp::from_micros);
                ended.extend(at.map(|at| (text(&row, DEAD_KEYS.key).to_owned(), at)));
            }
        }
        Ok(ended)
    }

    pub(crate) async fn measures_with(&self, filter: Filter) -> Result<Vec<MeasureRow>, Refusal> {
        let rows = self.store.list(&MEASURES, &filter).await.map_err(store_refusal)?;
        rows.iter().map(MeasureRow::of).collect()
    }

    /// Measures of a key in this state.
    pub(crate) async fn measures_of(
        &self,
        key: &str,
        state: super::MeasureState,
    ) -> Result<Vec<MeasureRow>, Refusal> {
        let equals = vec![("key", json!(key)), ("state", json!(state))];
        self.measures_with(Filter { equals, limit: Filter::LIMIT_MAX, ..Filter::default() }).await
    }
}
