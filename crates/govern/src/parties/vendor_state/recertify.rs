//! A vendor that was not looked into again in time loses its approval, by policy: nobody has to think of it.
//!
//! Its keys stay as they are; the entry names them, and what becomes of them is decided apart.

use super::{VendorStateChange, plan};
use crate::call::{Call, Planned};
use crate::govern::{Govern, store_refusal};
use crate::keys::due::clock_actor;
use crate::parties::VendorState;
use crate::refusal::{Refusal, RefusalKind};
use crate::row;
use serde_json::json;
use sumun_model::Timestamp;
use sumun_store::tables::VENDORS;
use sumun_store::{Filter, Image};

/// What one look at the vendors did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecertifyRun {
    /// Vendors suspended now, each with the living keys made for it.
    pub suspended: Vec<(String, Vec<String>)>,
    /// What could not be done: vendor and code. The next run tries again.
    pub failed: Vec<(String, &'static str)>,
}

/// When it should have been looked into, if it is approved and that time has passed.
#[must_use]
pub fn past_due(row: &Image, now: Timestamp) -> Option<Timestamp> {
    let approved = row::text(row, "state") == VendorState::Approved.as_str();
    let due = row::integer(row, "recertify_us").map(Timestamp::from_micros);
    due.filter(|due| approved && *due <= now)
}

impl Govern {
    /// Suspends every vendor whose recertification is past due.
    ///
    /// # Errors
    /// `store_unavailable` if nothing can be read; what fails for one vendor is in the answer.
    pub async fn recertify_vendors(&self) -> Result<RecertifyRun, Refusal> {
        let now = self.world.now();
        let mut run = RecertifyRun::default();
        let equals = vec![("state", json!(VendorState::Approved.as_str()))];
        let mut filter = Filter { equals, limit: Filter::LIMIT_MAX, ..Filter::default() };
        loop {
            let rows = self.store.list(&VENDORS, &filter).await.map_err(store_refusal)?;
            for row in rows.iter().filter(|row| past_due(row, now).is_some()) {
                let id = row::text(row, "vendor");
                match self.recertify_lapsed(id).await {
                    Ok(keys) => run.suspended.push((id.to_owned(), keys)),
                    Err(refusal) => run.failed.push((id.to_owned(), refusal.code)),
                }
            }
            match rows.last() {
                Some(last) if rows.len() >= Filter::LIMIT_MAX as usize => {
                    filter.after = Some(row::text(last, "vendor").to_owned());
                }
                _ => return Ok(run),
            }
        }
    }

    /// Decides again on the row as it is now: somebody may have acted since the list was read.
    async fn recertify_lapsed(&self, id: &str) -> Result<Vec<String>, Refusal> {
        let done = self
            .run(&clock_actor(), &Call::default(), |now| async move {
                let row = self.row_or_not_found(&VENDORS, "vendor", id).await?;
                let due = past_due(&row, now).ok_or_else(|| {
                    Refusal::new(
                        RefusalKind::Conflict,
                        "not_due",
                        format!("vendor `{id}` is not past due any more"),
                        "nothing has to be done",
                    )
                })?;
                let to = VendorStateChange {
                    state: VendorState::Suspended,
                    reason: format!("recertification was due at {due}"),
                };
                let keys = self.keys_of_vendor(id).await?;
                let (plan, _) = plan(&clock_actor(), &row, &to, &keys, None, now)?;
                Ok(Planned { plan, value: keys, status: 200 })
            })
            .await?;
        Ok(done.value)
    }
}
