//! Does what the campaign's clock says: lets letters be written, brings keys to a halt, ends them. What works again because the campaign was
//! made longer or stopped is found by [`super::give_back`].
//!
//! In batches, each one change and one entry; planned on the rows as they are then, so that whoever registers in between is left alone. A run
//! that dies in the middle is made up for by the next, which does nothing twice: what was done stands in the member's row, written with it.

use super::clock::{self, Act, Next, Told};
use super::give_back::{Back, give_back};
use super::letters;
use super::member::{MemberRow, MemberState};
use super::{CampaignRow, CampaignState};
use crate::call::{Call, Planned};
use crate::govern::{Govern, change, facts, store_refusal};
use crate::keys::KeyRow;
use crate::keys::due::clock_actor;
use crate::keys::lint::Origin;
use crate::keys::machine::Action;
use crate::keys::write::{Deed, KeyWrite, Why, plan as keys_plan};
use crate::notices;
use crate::plan::Plan;
use crate::refusal::{NOTHING, Refusal, nothing};
use crate::row::{integer, text, unchanged};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::PoisonError;
use sumun_model::{ExpiryCause, Timestamp};
use sumun_store::Image;
use sumun_store::tables::{CAMPAIGN_KEYS, CAMPAIGNS, KEYS};

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
    /// Whether more is waiting to be done at once.
    pub more: bool,
}

/// What becomes of one member.
struct Turn {
    member: MemberRow,
    key: KeyRow,
    act: Act,
}

impl Govern {
    /// Does what is due of every campaign, at most a batch of each.
    ///
    /// # Errors
    /// `store_unavailable` if nothing can be read; what fails for one subject is in the answer.
    pub async fn campaigns_due(&self) -> Result<Swept, Refusal> {
        let mut swept = Swept::default();
        for image in self.campaign_images(&[CampaignState::Running, CampaignState::Stopped]).await? {
            let row = match CampaignRow::of(&image) {
                Ok(row) => row,
                // One that cannot be read stops no other.
                Err(refusal) => {
                    swept.failed.push((format!("campaign:{}", text(&image, CAMPAIGNS.key)), refusal.code));
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
        let due = self
            .store
            .nearest_after(&CAMPAIGN_KEYS, ("campaign", &row.campaign), behind, SWEEP)
            .await
            .map_err(store_refusal)?;
        let at = |image: &Image| integer(image, "next_due_us");
        let due: Vec<&Image> =
            due.iter().filter(|image| at(image).is_some_and(|at| at <= now.as_micros())).collect();
        let failed_before = swept.failed.len();
        for part in due.chunks(BATCH) {
            let ids: Vec<String> =
                part.iter().map(|image| text(image, CAMPAIGN_KEYS.key).to_owned()).collect();
            self.members_turn(&row.campaign, &ids, swept).await;
        }
        let full = due.len() >= SWEEP as usize;
        swept.more |= full;
        // Whoever cannot be done does not stand in the way of those behind him, also of those due at the same instant.
        place.behind = match due.last().filter(|_| full && swept.failed.len() > failed_before) {
            Some(last) => {
                let at = at(last).and_then(|at| u64::try_from(at).ok()).unwrap_or_default();
                (at, text(last, CAMPAIGN_KEYS.key).to_owned())
            }
            None => (0, String::new()),
        };
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

    /// The campaign, if it runs: nothing is done by one that was paused or stopped in between.
    pub(super) async fn campaign_running(&self, campaign: &str) -> Result<(CampaignRow, Image), Refusal> {
        let image = self.row_or_not_found(&CAMPAIGNS, "campaign", campaign).await?;
        let row = CampaignRow::of(&image)?;
        if row.state == CampaignState::Running { Ok((row, image)) } else { Err(nothing()) }
    }

    /// What the clock asks of these members now.
    async fn members_now(&self, campaign: &str, ids: &[String]) -> Result<Vec<Turn>, Refusal> {
        let (row, _) = self.campaign_running(campaign).await?;
        let now = self.world.now();
        let (turns, _) = self.members_looked_at(&row, ids, now).await?;
        Ok(turns)
    }

    /// What the clock asks of these members, and those of which only their place changes.
    async fn members_looked_at(
        &self,
        row: &CampaignRow,
        ids: &[String],
        now: Timestamp,
    ) -> Result<(Vec<Turn>, Vec<MemberRow>), Refusal> {
        let members = self.rows_by_key(&CAMPAIGN_KEYS, ids).await?;
        let members: Vec<MemberRow> = members.values().map(MemberRow::of).collect::<Result<_, _>>()?;
        let keys: Vec<String> = members.iter().map(|member| member.key.clone()).collect();
        let keys = self.rows_by_key(&KEYS, &keys).await?;
        let resumed = row.body.resumed_us.map(Timestamp::from_micros);
        let (mut turns, mut moved) = (Vec::new(), Vec::new());
        for member in members.into_iter().filter(|member| !member.state.is_over()) {
            let key = keys.get(&member.key).map(KeyRow::of).transpose()?;
            // Ended by whomever, or on its way out since another took its place, which is asked in its stead.
            let Some(key) =
                key.filter(|key| !key.state.is_terminal() && key.ends_us.is_none() && key.ends() > now)
            else {
                moved.push(member.over(MemberState::Gone));
                continue;
            };
            match clock::next(&row.body.plan, resumed, row.body.ahead, &member.body.progress, now) {
                Next::Now(act) => turns.push(Turn { member, key, act }),
                Next::At(at) => moved.push(member.due(Some(at)).restated()),
                Next::Waits => moved.push(member.due(None).restated()),
            }
        }
        Ok((turns, moved))
    }

    async fn batch_planned(
        &self,
        campaign: &str,
        ids: &[String],
        now: Timestamp,
    ) -> Result<(Plan, (usize, usize, usize, Vec<String>)), Refusal> {
        let (row, image) = self.campaign_running(campaign).await?;
        let (turns, moved) = self.members_looked_at(&row, ids, now).await?;
        let ends =
            turns.iter().filter(|turn| turn.act == Act::End).map(|turn| turn.member.member.clone()).collect();
        let turns: Vec<&Turn> = turns.iter().filter(|turn| turn.act != Act::End).collect();
        if turns.is_empty() && moved.is_empty() {
            return Err(nothing());
        }
        let has = |wanted: fn(&Act) -> bool| turns.iter().filter(|turn| wanted(&turn.act)).count();
        let told = has(|act| matches!(act, Act::Tell(..)));
        let halted = has(|act| matches!(act, Act::ReadOnly(_)));
        let given_back = has(|act| matches!(act, Act::GiveBack));
        let class = match (halted > 0, given_back > 0, told > 0) {
            (true, ..) => "campaign.read_only",
            (_, true, _) => "campaign.given_back",
            (_, _, true) => "campaign.told",
            _ => "campaign.looked_at",
        };
        let title = format!("campaign {campaign}: {} keys", turns.len() + moved.len());
        let keys: Vec<(&KeyRow, Act)> = turns.iter().map(|turn| (&turn.key, turn.act)).collect();
        let mut plan = self.halts(class, &title, &row, &keys, now)?;
        plan.change.facts.insert("campaign".to_owned(), json!(campaign));
        let acts: BTreeMap<&str, String> =
            turns.iter().map(|turn| (turn.key.key.as_str(), word(turn.act))).collect();
        plan.change.facts.insert("acts".to_owned(), json!(acts));
        plan.change.reads.push(unchanged(&CAMPAIGNS, campaign, Some(&image)));
        for turn in &turns {
            Self::told_of(&mut plan, &row, turn, now);
        }
        for mut member in moved {
            if member.state == MemberState::Gone {
                let why = (BY, "the key is gone: nothing more is asked of it");
                self.nobody_to_reach(&mut plan, &mut member, why, now).await?;
            }
            plan.change.writes.push(member.write(false));
        }
        Ok((plan, (told, halted, given_back, ends)))
    }

    /// The keys that come to a halt or work again.
    pub(super) fn halts(
        &self,
        class: &'static str,
        title: &str,
        row: &CampaignRow,
        turns: &[(&KeyRow, Act)],
        now: Timestamp,
    ) -> Result<Plan, Refusal> {
        let (actor, venue) = (clock_actor(), self.venue());
        let mut writes = Vec::new();
        for (key, act) in turns {
            let campaign = match act {
                Act::ReadOnly(_) => Some(row.campaign.clone()),
                Act::GiveBack => None,
                _ => continue,
            };
            let after = KeyRow { campaign, ..(*key).clone() };
            if after != **key {
                writes.push(KeyWrite { before: Some(key), after, origin: Origin::Campaign });
            }
        }
        if writes.is_empty() {
            let change = change(class, now, facts(&actor));
            return Ok(Plan { title: title.to_owned(), effects: Vec::new(), warnings: Vec::new(), change });
        }
        keys_plan(Deed { class, title, actor: &actor, venue: &venue, now }, &Why::default(), writes)
    }

    /// The letter and the member's row.
    fn told_of(plan: &mut Plan, row: &CampaignRow, turn: &Turn, now: Timestamp) {
        let mut member = turn.member.clone();
        let about = (member.key.as_str(), member.account.as_str());
        let progress = &mut member.body.progress;
        let (telling, names) = match turn.act {
            Act::Tell(telling, names) => (telling, names),
            Act::ReadOnly(names) => {
                progress.read_only_us = Some(now.as_micros());
                (clock::Telling::ReadOnly, names)
            }
            Act::GiveBack => {
                give_back(progress);
                notices::add(plan, letters::given_back(about.0, about.1), now);
                plan.change.writes.push(member.due(Some(now)).restated().write(false));
                return;
            }
            Act::End => return,
        };
        let notice = notices::add(plan, letters::telling(&row.body.plan, telling, names, about), now);
        let told = Told { notice, names_us: names.as_micros(), told_us: None, failed: false };
        progress.told.insert(telling.code(), told);
        // It goes on once the letter has left.
        plan.change.writes.push(member.due(None).restated().write(false));
    }

    /// Ends one key. To the wire it ends as one whose time ran out: nothing was found against it.
    async fn member_ends(&self, campaign: &str, id: &str) -> Result<(), Refusal> {
        let (actor, call) = (&clock_actor(), Call::default());
        let done = self.run(actor, &call, |now| async move {
            let (row, image) = self.campaign_running(campaign).await?;
            let ids = [id.to_owned()];
            let (turns, _) = self.members_looked_at(&row, &ids, now).await?;
            let Some(turn) = turns.into_iter().find(|turn| turn.act == Act::End) else {
                return Err(nothing());
            };
            let how = (Action::RunOut, ExpiryCause::Natural);
            let why = "nobody registered who uses it";
            let mut plan = self.ended_as("campaign.key_ended", actor, &turn.key, how, Some(why), now).await?;
            plan.change.facts.insert("campaign".to_owned(), json!(campaign));
            plan.change.reads.push(unchanged(&CAMPAIGNS, campaign, Some(&image)));
            notices::add(&mut plan, letters::ended(&turn.member.key, &turn.member.account), now);
            let mut member = turn.member.over(MemberState::Ended);
            self.nobody_to_reach(&mut plan, &mut member, (BY, "the key has ended"), now).await?;
            plan.change.writes.push(member.write(false));
            Ok(Planned { plan, value: (), status: 200 })
        });
        match done.await {
            Ok(_) => Ok(()),
            Err(refusal) if refusal.code == NOTHING => Ok(()),
            Err(refusal) => Err(refusal),
        }
    }
}

fn word(act: Act) -> String {
    match act {
        Act::Tell(telling, _) => telling.code(),
        Act::ReadOnly(_) => "read_only".to_owned(),
        Act::End => "end".to_owned(),
        Act::GiveBack => "given_back".to_owned(),
    }
}
