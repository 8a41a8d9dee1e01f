//! Members whose rows cannot be read: set aside, told, and looked at again, so that one damaged row stops none of the others.
//!
//! Nothing is asked of them, which takes nothing away from their owners. In memory: after a start they are found anew.

use super::member::MemberRow;
use crate::govern::{Govern, store_refusal};
use crate::refusal::Refusal;
use crate::row::text;
use std::collections::BTreeSet;
use std::sync::PoisonError;
use sumun_store::Image;
use sumun_store::tables::CAMPAIGN_KEYS;

/// Most members that are kept in mind; each of more is found again in its turn.
const ASIDE_MAX: usize = 1_000;

/// Those of these rows that can be read, and the ids of the others.
pub(super) fn parted(rows: Vec<Image>) -> (Vec<MemberRow>, Vec<String>) {
    let (mut members, mut unreadable) = (Vec::with_capacity(rows.len()), Vec::new());
    for row in rows {
        match MemberRow::readable(&row) {
            Some(member) => members.push(member),
            None => unreadable.push(text(&row, CAMPAIGN_KEYS.key).to_owned()),
        }
    }
    (members, unreadable)
}

impl Govern {
    /// Members of campaigns whose rows cannot be read, as far as they were come across: nothing is asked of them.
    #[must_use]
    pub fn campaign_members_aside(&self) -> Vec<String> {
        let sweeps = self.sweeps.lock().unwrap_or_else(PoisonError::into_inner);
        sweeps.aside.iter().cloned().collect()
    }

    /// Notes that these cannot be read; each is told in the log once.
    pub(super) fn set_aside(&self, members: impl IntoIterator<Item = String>) {
        let mut sweeps = self.sweeps.lock().unwrap_or_else(PoisonError::into_inner);
        for member in members {
            if sweeps.aside.len() < ASIDE_MAX && sweeps.aside.insert(member.clone()) {
                tracing::error!(
                    member,
                    "What a campaign knows of `{member}` cannot be read, and nothing is asked of it; run `sumun ledger verify`"
                );
            }
        }
    }

    /// Those of these members that can be read, and the ids of the others; what is not there is in neither.
    pub(super) async fn members_readable(
        &self,
        ids: &[String],
    ) -> Result<(Vec<MemberRow>, Vec<String>), Refusal> {
        let (rows, damaged) =
            self.store.get_many_readable(&CAMPAIGN_KEYS, ids).await.map_err(store_refusal)?;
        let (members, mut unreadable) = parted(rows);
        unreadable.extend(damaged);
        Ok((members, unreadable))
    }

    /// Looks at those that were set aside: whatever can be read again, or is gone, has its turn again.
    pub(super) async fn look_aside(&self) -> Result<(), Refusal> {
        let known = self.campaign_members_aside();
        if known.is_empty() {
            return Ok(());
        }
        let (mended, unreadable) = self.members_readable(&known).await?;
        for member in &mended {
            self.member_mended(member).await?;
        }
        let still: BTreeSet<String> = unreadable.into_iter().collect();
        let mut sweeps = self.sweeps.lock().unwrap_or_else(PoisonError::into_inner);
        sweeps.aside.retain(|member| still.contains(member) || !known.contains(member));
        Ok(())
    }
}
