//! Members whose rows cannot be read: set aside, told, and looked at again, so that one damaged row stops none of the others.
//!
//! Nothing is asked of them, which takes nothing away from their owners. In memory: after a start each is found anew in its turn; one that
//! waits for a letter has none.

use super::member::MemberRow;
use super::sweep::Swept;
use crate::govern::{Govern, store_refusal};
use crate::refusal::Refusal;
use crate::row::text;
use std::collections::BTreeSet;
use std::sync::PoisonError;
use sumun_store::tables::CAMPAIGN_KEYS;
use sumun_store::{Image, Table};

/// Most members that are kept in mind. Of more, one that is due is found again in its turn; one that waits for a letter has none, and is
/// passed over.
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

/// Behind which key there may be more, if a page of this size was full: those of its rows that cannot be read have their places in it, too.
pub(super) fn behind_page(table: &Table, rows: &[Image], damaged: &[String], limit: u32) -> Option<String> {
    let last = rows.last().map(|row| text(row, table.key)).max(damaged.last().map(String::as_str));
    last.filter(|_| rows.len() + damaged.len() >= limit as usize).map(str::to_owned)
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

    /// Looks at those that were set aside: whatever can be read again, or is gone, has its turn again. One that cannot be made up for stays
    /// aside, and stops none of the others.
    pub(super) async fn look_aside(&self, swept: &mut Swept) {
        let known = self.campaign_members_aside();
        if known.is_empty() {
            return;
        }
        let (mended, unreadable) = match self.members_readable(&known).await {
            Ok(read) => read,
            Err(refusal) => {
                swept.damaged.push(("members:aside".to_owned(), refusal.code));
                return;
            }
        };
        let mut still: BTreeSet<String> = unreadable.into_iter().collect();
        for member in mended {
            if let Err(refusal) = self.made_up_for(&member).await {
                swept.damaged.push((format!("member:{}", member.member), refusal.code));
                still.insert(member.member);
            }
        }
        let mut sweeps = self.sweeps.lock().unwrap_or_else(PoisonError::into_inner);
        sweeps.aside.retain(|member| still.contains(member) || !known.contains(member));
    }

    /// What went by while its row could not be read.
    async fn made_up_for(&self, member: &MemberRow) -> Result<(), Refusal> {
        self.member_mended(member).await?;
        self.member_left(member).await
    }
}
