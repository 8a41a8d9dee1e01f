//! Looks whose turn it is in a campaign, and has it done: letters, halts, ends. What works again because the campaign was made longer or
//! stopped is found by [`super::give_back`].
//!
//! In batches, which [`super::turn`] plans, each one change and one entry. A run that dies in the middle is made up for by the next, which
//! does nothing twice: what was done stands in the member's row, written with it.

use super::aside::parted;
use super::clock::Act;
use super::give_back::Back;
use super::{CampaignRow, CampaignState};
use crate::call::{Call, Planned};
use crate::govern::{Govern, store_refusal};
use crate::keys::due::clock_actor;
use crate::refusal::{NOTHING, Refusal};
use crate::row::{integer, text};
use std::sync::PoisonError;
use sumun_model::Timestamp;
use sumun_store::tables::{CAMPAIGN_KEYS, CAMPAIGNS};
use sumun_store::{Image, Nearest};

/// Keys in one change.
pub(super) const BATCH: usize = 100;
/// Members looked at in one sweep of one campaign.
pub(super) const SWEEP: u32 = 400;
/// Who finishes tasks that nobody has to do any more.
pub(super) const BY: &str = "system:campaign";
/// Between the end of one walk over all keys and the beginning of the next, microseconds.
const WALK_EVERY_US: i64 = 600_000_000;

/// Where the sweep is with one campaign.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// The walk goes on behind this key.
    after: Option<String>,
    /// When the last walk ended; none while one goes on.
    walked_us: Option<i64>,
    /// Members due before this one were looked at, and could not be done: they are tried again in the next round.
    behind: (u64, String),
    /// Where looking for keys that work again is.
    pub(super) back: Back,
}

/// What one sweep did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Keys that came in.
    pub entered: usize,
    /// Letters written.
    pub told: usize,
    /// Keys that read and cancel only now.
    pub read_only: usize,
    /// Keys that ended.
    pub ended: usize,
    /// Keys that work again.
    pub given_back: usize,
    /// What could not be done: subject and code. The next sweep tries again.
    pub failed: Vec<(String, &'static str)>,
    /// What stays as it is until somebody mends a row: subject and code. It is tried again in every sweep, and holds nobody else up.
    pub damaged: Vec<(String, &'static str)>,
    /// Whether more is waiting to be done at once.
    pub more: bool,
}

/// Members whose turn it is, of one page in the order of their turns.
struct Due {
    /// Those that can be read.
    members: Vec<String>,
    /// Those that cannot.
    unreadable: Vec<String>,
    /// All of them.
    looked_at: usize,
    /// When the last one is due, and which it is.
    last: Option<(u64, String)>,
}

impl Due {
    fn of(nearest: Nearest, now: Timestamp) -> Self {
        let is_due = |at: u64| i64::try_from(at).is_ok_and(|at| at <= now.as_micros());
        let at = |image: &Image| {
            integer(image, "next_due_us").and_then(|at| u64::try_from(at).ok()).unwrap_or_default()
        };
        let key = |image: &Image| text(image, CAMPAIGN_KEYS.key).to_owned();
        let rows: Vec<Image> = nearest.rows.into_iter().filter(|image| is_due(at(image))).collect();
        let damaged: Vec<_> = nearest.damaged.into_iter().filter(|(at, _)| is_due(*at)).collect();
        let last = rows.last().map(|image| (at(image), key(image))).max(damaged.last().cloned());
        let looked_at = rows.len() + damaged.len();
        let (members, unreadable) = parted(rows);
        Self {
            members: members.into_iter().map(|member| member.member).collect(),
            unreadable: damaged.into_iter().map(|(_, key)| key).chain(unreadable).collect(),
            looked_at,
            last,
        }
    }
}

impl Govern {
    /// Does what is due of every campaign, at most a batch of each.
    ///
    /// # Errors
    /// `store_unavailable` if nothing can be read; what fails for one subject is in the answer.
    pub async fn campaigns_due(&self) -> Result<Swept, Refusal> {
        let mut swept = Swept::default();
        self.look_aside(&mut swept).await;
        let (images, damaged) =
            self.campaigns_readable(&[CampaignState::Running, CampaignState::Stopped]).await?;
        let unreadable =
            damaged.into_iter().map(|campaign| (format!("campaign:{campaign}"), "row_unreadable"));
        swept.damaged.extend(unreadable);
        for image in images {
            let row = match CampaignRow::of(&image) {
                Ok(row) => row,
                // One that cannot be read stops no other.
                Err(refusal) => {
                    swept.damaged.push((format!("campaign:{}", text(&image, CAMPAIGNS.key)), refusal.code));
                    continue;
                }
            };
            let done = match row.state {
                CampaignState::Running => self.campaign_runs(&row, &mut swept).await,
                _ if row.body.given_back_us.is_some() => Ok(()),
                _ => self.campaign_gives_back(&row, &mut swept).await,
            };
            if let Err(refusal) = done {
                swept.failed.push((format!("campaign:{}", row.campaign), refusal.code));
            }
        }
        Ok(swept)
    }

    pub(super) fn place(&self, campaign: &str) -> Place {
        let sweeps = self.sweeps.lock().unwrap_or_else(PoisonError::into_inner);
        sweeps.places.get(campaign).cloned().unwrap_or_default()
    }

    pub(super) fn set_place(&self, campaign: &str, place: Place) {
        let mut sweeps = self.sweeps.lock().unwrap_or_else(PoisonError::into_inner);
        sweeps.places.insert(campaign.to_owned(), place);
    }

    /// What is due first: a page of the walk that cannot be read keeps no letter waiting and no key at a halt.
    async fn campaign_runs(&self, row: &CampaignRow, swept: &mut Swept) -> Result<(), Refusal> {
        self.campaign_does(row, swept).await?;
        let mut place = self.place(&row.campaign);
        let now = self.world.now();
        if place.walked_us.is_none_or(|walked| now.as_micros() - walked >= WALK_EVERY_US) {
            let (next, entered) = self.campaign_enters(row, place.after.clone(), swept).await?;
            swept.entered += entered;
            swept.more |= next.is_some() || entered > 0;
            place.walked_us = next.is_none().then(|| now.as_micros());
            place.after = next;
            self.set_place(&row.campaign, place);
        }
        Ok(())
    }

    async fn campaign_does(&self, row: &CampaignRow, swept: &mut Swept) -> Result<(), Refusal> {
        let mut place = self.place(&row.campaign);
        let now = self.world.now();
        if now < row.body.plan.read_only {
            // It was made longer: whatever came to a halt before works again.
            let (halted, more) = self.halted(row, &mut place.back).await?;
            swept.more |= more;
            let failed_before = swept.failed.len();
            for part in halted.chunks(BATCH) {
                self.members_turn(&row.campaign, part, swept).await;
            }
            if swept.failed.len() > failed_before {
                place.back.fails();
            }
        }
        let behind = ("next_due_us", place.behind.0, place.behind.1.as_str());
        let nearest = self
            .store
            .nearest_after(&CAMPAIGN_KEYS, ("campaign", &row.campaign), behind, SWEEP)
            .await
            .map_err(store_refusal)?;
        let due = Due::of(nearest, now);
        let (full, last) = (due.looked_at >= SWEEP as usize, due.last);
        let (failed_before, aside) = (swept.failed.len(), !due.unreadable.is_empty());
        self.set_aside(due.unreadable);
        for part in due.members.chunks(BATCH) {
            self.members_turn(&row.campaign, part, swept).await;
        }
        swept.more |= full;
        // Whoever cannot be done does not stand in the way of those behind him, also of those due at the same instant.
        let passed_over = swept.failed.len() > failed_before || aside;
        place.behind = last.filter(|_| full && passed_over).unwrap_or_default();
        self.set_place(&row.campaign, place);
        Ok(())
    }

    /// One batch: all its letters and halts as one change; ends one by one, since each closes what waits about its key.
    async fn members_turn(&self, campaign: &str, ids: &[String], swept: &mut Swept) {
        match self.batch(campaign, ids, swept).await {
            Ok(()) => {}
            Err(_) if ids.len() > 1 => {
                // One of them is in the way: the others are done without it.
                for id in ids {
                    if let Err(refusal) = self.batch(campaign, std::slice::from_ref(id), swept).await {
                        swept.failed.push((id.clone(), refusal.code));
                    }
                }
            }
            Err(refusal) => swept.failed.extend(ids.iter().map(|id| (id.clone(), refusal.code))),
        }
    }

    async fn batch(&self, campaign: &str, ids: &[String], swept: &mut Swept) -> Result<(), Refusal> {
        let done = self
            .run(&clock_actor(), &Call::default(), |now| async move {
                let (plan, value) = self.batch_planned(campaign, ids, now).await?;
                Ok(Planned { plan, value, status: 200 })
            })
            .await;
        let ends: Vec<String> = match done {
            Ok(done) => {
                let (told, read_only, given_back, ends) = done.value;
                swept.told += told;
                swept.read_only += read_only;
                swept.given_back += given_back;
                ends
            }
            Err(refusal) if refusal.code == NOTHING => self
                .members_now(campaign, ids)
                .await?
                .into_iter()
                .filter(|turn| turn.act == Act::End)
                .map(|turn| turn.member.member)
                .collect(),
            Err(refusal) => return Err(refusal),
        };
        for id in ends {
            match self.member_ends(campaign, &id).await {
                Ok(()) => swept.ended += 1,
                Err(refusal) => swept.failed.push((id, refusal.code)),
            }
        }
        Ok(())
    }
}
