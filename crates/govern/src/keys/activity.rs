//! What a key did: from where, with what, to which routes, when. For a key's page: its baseline against now.
//!
//! One bounded record a key ([`record`]), kept beside the governed rows and made anew from the event log: it is told of, not
//! decided, so no ledger entry stands behind it and no right depends on it. Whoever keeps it up to date reads the log in order and
//! hands batches to [`Govern::keep_activity`]; what it has of a key it knows by the log's place ([`Activity::position`]).
//!
//! Never here: what is unusual about it. That is detection's.

pub mod record;
pub mod view;

pub use record::{Activity, Habits, Sighting};
pub use view::KeyActivity;

use crate::actor::Actor;
use crate::govern::Govern;
use crate::refusal::Refusal;

impl Govern {
    /// What a key did.
    ///
    /// # Errors
    /// `not_found`, the store's.
    pub async fn key_activity(&self, actor: &Actor, key: &str) -> Result<KeyActivity, Refusal> {
        let loaded = self.key_loaded(actor, key).await?;
        let kept = Activity::default();
        Ok(KeyActivity::of(&kept, &loaded.key, Habits::DAY_S, self.world.now()))
    }
}
