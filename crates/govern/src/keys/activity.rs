//! What a key did: from where, with what, to which routes, when. For a key's page: its baseline against now.
//!
//! One bounded record a key ([`record`]), kept beside the governed rows and made anew from the event log: it is told of, not
//! decided, so no ledger entry stands behind it and no right depends on it. Whoever keeps it up to date reads the log in order and
//! hands batches to [`Govern::keep_activity`], with how far it read; what is known of a key is known by the log's place, so that no
//! line counts twice.
//!
//! Never here: what is unusual about it. That is detection's.

pub mod record;
pub mod view;

pub use record::{Activity, Habits, Sighting, sighting_of};
pub use view::{KeyActivity, Looked};

use crate::actor::Actor;
use crate::govern::{Govern, store_refusal};
use crate::keys::KeyView;
use crate::keys::access::inside;
use crate::keys::row::KeyRow;
use crate::measures::{MeasureRow, MeasureState};
use crate::refusal::{Refusal, RefusalKind};
use crate::row::integer;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use sumun_model::Timestamp;
use sumun_store::tables::{DEAD_KEYS, MEASURES};
use sumun_store::{ActivityPlace, ActivityRow};

/// Measures of one key looked at, to say since when it was suspected.
const MEASURES_MAX: usize = 1_000;

fn read(row: &ActivityRow) -> Result<Activity, Refusal> {
    let mut kept: Activity = serde_json::from_str(&row.body).map_err(|error| {
        Refusal::new(
            RefusalKind::Unavailable,
            "activity_unreadable",
            format!("what key `{}` did cannot be read: {error}", row.key),
            "this is a fault of the server, and of this record only; report it",
        )
    })?;
    kept.position = row.position;
    kept.each_once();
    Ok(kept)
}

impl Govern {
    /// What a key did.
    ///
    /// # Errors
    /// `not_found`, the store's.
    pub async fn key_activity(&self, actor: &Actor, key: &str) -> Result<KeyActivity, Refusal> {
        let loaded = self.key_loaded(actor, key).await?;
        let rows = self.store.activity(&[key.to_owned()]).await.map_err(store_refusal)?;
        let kept = rows.first().map(read).transpose()?.unwrap_or_default();
        let looked = self.looked_at(actor, &loaded.key).await?;
        Ok(KeyActivity::of(&kept, &loaded.key, looked))
    }

    /// Now; or for a key that has ended, its end. That it was watched before is no customer's to know.
    async fn looked_at(&self, actor: &Actor, key: &KeyRow) -> Result<Looked, Refusal> {
        let ended_us = match key.state.is_terminal() {
            true => self.row(&DEAD_KEYS, &key.key).await?.and_then(|dead| integer(&dead, "ended_us")),
            false => None,
        };
        let Some(ended_us) = ended_us else { return Ok(Looked::Now(self.world.now())) };
        let suspected = if inside(actor) { self.suspected_before(&key.key, ended_us).await? } else { None };
        Ok(Looked::AtEnd { at: Timestamp::from_micros(ended_us), suspected })
    }

    /// When the first measure began of the cases whose measures held when the key ended.
    async fn suspected_before(&self, key: &str, ended_us: i64) -> Result<Option<Timestamp>, Refusal> {
        let rows = self.rows_where(&MEASURES, vec![("key", json!(key))], None, MEASURES_MAX).await?;
        let rows = rows.iter().map(MeasureRow::of).collect::<Result<Vec<_>, _>>()?;
        let held: Vec<_> = rows
            .iter()
            .filter(|row| matches!(row.state, MeasureState::InForce | MeasureState::Ended))
            .filter(|row| row.began_us <= ended_us)
            .collect();
        let last: BTreeSet<_> = held
            .iter()
            .filter(|row| row.ended_us.is_none_or(|ended| ended >= ended_us))
            .map(|row| row.case_id.as_str())
            .collect();
        let first =
            held.iter().filter(|row| last.contains(row.case_id.as_str())).map(|row| row.began_us).min();
        Ok(first.map(Timestamp::from_micros))
    }

    /// Fills in when keys were last used.
    pub(crate) async fn with_last_used(&self, views: &mut [KeyView]) -> Result<(), Refusal> {
        let keys: Vec<String> = views.iter().map(|view| view.key.clone()).collect();
        let used = self.store.last_used(&keys).await.map_err(store_refusal)?;
        for view in views {
            view.last_used = used.get(&view.key).map(|at| Timestamp::from_micros(*at));
        }
        Ok(())
    }

    /// What is kept of these keys. One that cannot be read is begun anew.
    ///
    /// # Errors
    /// The store's.
    pub async fn kept_activity(&self, keys: &[String]) -> Result<BTreeMap<String, Activity>, Refusal> {
        let rows = self.store.activity(keys).await.map_err(store_refusal)?;
        let kept = rows.into_iter().map(|row| {
            let kept = read(&row).unwrap_or_else(|refusal| {
                tracing::error!(key.id = row.key, "It is begun anew: {refusal}");
                Activity { position: row.position, ..Activity::default() }
            });
            (row.key, kept)
        });
        Ok(kept.collect())
    }

    /// How far the event log was taken in.
    ///
    /// # Errors
    /// The store's.
    pub async fn activity_place(&self) -> Result<Option<ActivityPlace>, Refusal> {
        self.store.activity_place().await.map_err(store_refusal)
    }

    /// Keeps what keys did, and how far the event log was taken in with it: both or neither. `anew`: places of records kept before
    /// belong to another log, and hold no more.
    ///
    /// # Errors
    /// The store's.
    pub async fn keep_activity<'a>(
        &self,
        changed: impl Iterator<Item = (&'a String, &'a mut Activity)>,
        place: &ActivityPlace,
        anew: bool,
    ) -> Result<(), Refusal> {
        let rows = changed.map(|(key, kept)| ActivityRow {
            key: key.clone(),
            position: kept.position,
            last_used_us: kept.last_used_us,
            body: kept.to_text(),
        });
        self.store.keep_activity(rows.collect(), place, anew).await.map_err(store_refusal)
    }
}
