//! Does what the campaign's clock says: lets letters be written, brings keys to a halt, ends them, gives them back.
//!
//! In batches, each one change and one entry; planned on the rows as they are then, so that whoever registers in between is left alone. A run
//! that dies in the middle is made up for by the next, which does nothing twice: what was done stands in the member's row, written with it.

use super::clock::{self, Act, Next, Told};
use super::letters;
use super::member::{MemberRow, MemberState};
use super::{CampaignRow, CampaignState};
use crate::call::{Call, Planned};
use crate::govern::{Govern, change, facts, not_found, store_refusal};
use crate::imports::take::{NOTHING, nothing};
use crate::keys::KeyRow;
use crate::keys::due::clock_actor;
use crate::keys::lint::Origin;
use crate::keys::machine::Action;
use crate::keys::write::{Deed, KeyWrite, Why, plan as keys_plan};
use crate::notices;
use crate::plan::Plan;
use crate::refusal::Refusal;
use crate::row::unchanged;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::PoisonError;
use sumun_model::{ExpiryCause, Timestamp};
use sumun_store::tables::{CAMPAIGN_KEYS, CAMPAIGNS, KEYS};
use sumun_store::{Filter, Image};

/// Keys in one change.
pub(super) const BATCH: usize = 100;
/// Members looked at in one sweep of one campaign.
const SWEEP: u32 = 400;
/// Between the end of one walk over all keys and the beginning of the next, microseconds.
const WALK_EVERY_US: i64 = 600_000_000;

/// Where the sweep is with one campaign.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// The walk goes on behind this key.
    after: Option<String>,
    /// When the last walk ended; none while one goes on.
    walked_us: Option<i64>,
    /// Members due before were looked at, and could not be done: they are tried again in the next round.
    from_us: u64,
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
        for row in self.campaign_rows(&[CampaignState::Running, CampaignState::Stopped]).await? {
            let done = match row.state {
                CampaignState::Running => self.campaign_runs(&row, &mut swept).await,
                _ => self.campaign_gives_back(&row, &mut swept).await,
            };
            if let Err(refusal) = done {
                swept.failed.push((format!("campaign:{}", row.campaign), refusal.code));
            }
        }
        Ok(swept)
    }

    fn place(&self, campaign: &str) -> Place {
        let sweeps = self.sweeps.lock().unwrap_or_else(PoisonError::into_inner);
        sweeps.places.get(campaign).cloned().unwrap_or_default()
    }

    fn set_place(&self, campaign: &str, place: Place) {
        let mut sweeps = self.sweeps.lock().unwrap_or_else(PoisonError::into_inner);
        sweeps.places.insert(campaign.to_owned(), place);
    }

    async fn campaign_runs(&self, row: &CampaignRow, swept: &mut Swept) -> Result<(), Refusal> {
        let mut place = self.place(&row.campaign);
        let now = self.world.now();
        if place.walked_us.is_none_or(|walked| now.as_micros() - walked >= WALK_EVERY_US) {
            let (next, entered) = self.campaign_enters(row, place.after.take()).await?;
            swept.entered += entered;
            swept.more |= next.is_some() || entered > 0;
            place.walked_us = next.is_none().then(|| now.as_micros());
            place.after = next;
            self.set_place(&row.campaign, place.clone());
        }
        let due = self
            .store
            .nearest(&CAMPAIGN_KEYS, ("campaign", &row.campaign), ("next_due_us", place.from_us), SWEEP)
            .await
            .map_err(store_refusal)?;
        let due: Vec<MemberRow> = due.iter().filter_map(|image| MemberRow::of(image).ok()).collect();
        let is_due = |member: &&MemberRow| member.next_due_us.is_some_and(|at| at <= now.as_micros());
        let due: Vec<&MemberRow> = due.iter().filter(is_due).collect();
        if now < row.body.plan.read_only {
            // It was made longer: whatever came to a halt before works again.
            let halted = self.members_halted(&row.campaign).await?;
            swept.more |= halted.len() >= SWEEP as usize;
            for part in halted.chunks(BATCH) {
                self.members_turn(&row.campaign, part, swept).await;
            }
        }
        let last = due.last().and_then(|member| member.next_due_us).and_then(|at| u64::try_from(at).ok());
        let failed_before = swept.failed.len();
        for part in due.chunks(BATCH) {
            let ids: Vec<String> = part.iter().map(|member| member.member.clone()).collect();
            self.members_turn(&row.campaign, &ids, swept).await;
        }
        let full = due.len() >= SWEEP as usize;
        swept.more |= full;
        // Whoever cannot be done does not stand in the way of those behind him.
        place.from_us = match (swept.failed.len() > failed_before, full, last) {
            (true, true, Some(last)) => last.saturating_add(1),
            _ => 0,
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
        let mut plan = self.halts(class, &title, &row, &turns, now)?;
        plan.change.facts.insert("campaign".to_owned(), json!(campaign));
        let acts: BTreeMap<&str, String> =
            turns.iter().map(|turn| (turn.key.key.as_str(), word(turn.act))).collect();
        plan.change.facts.insert("acts".to_owned(), json!(acts));
        plan.change.reads.push(unchanged(&CAMPAIGNS, campaign, Some(&image)));
        for turn in &turns {
            Self::told_of(&mut plan, &row, turn, now);
        }
        plan.change.writes.extend(moved.iter().map(|member| member.write(false)));
        Ok((plan, (told, halted, given_back, ends)))
    }

    /// The keys that come to a halt or work again.
    fn halts(
        &self,
        class: &'static str,
        title: &str,
        row: &CampaignRow,
        turns: &[&Turn],
        now: Timestamp,
    ) -> Result<Plan, Refusal> {
        let (actor, venue) = (clock_actor(), self.venue());
        let mut writes = Vec::new();
        for turn in turns {
            let campaign = match turn.act {
                Act::ReadOnly(_) => Some(row.campaign.clone()),
                Act::GiveBack => None,
                _ => continue,
            };
            let after = KeyRow { campaign, ..turn.key.clone() };
            if after != turn.key {
                writes.push(KeyWrite { before: Some(&turn.key), after, origin: Origin::Campaign });
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
            plan.change.writes.push(turn.member.over(MemberState::Ended).write(false));
            Ok(Planned { plan, value: (), status: 200 })
        });
        match done.await {
            Ok(_) => Ok(()),
            Err(refusal) if refusal.code == NOTHING => Ok(()),
            Err(refusal) => Err(refusal),
        }
    }

    /// Members that read and cancel only, at most as many as one sweep looks at.
    async fn members_halted(&self, campaign: &str) -> Result<Vec<String>, Refusal> {
        let mut found = Vec::new();
        for state in [MemberState::ReadOnly, MemberState::Unreachable] {
            let equals = vec![("campaign", json!(campaign)), ("state", json!(state))];
            let filter = Filter { equals, limit: SWEEP, ..Filter::default() };
            for image in self.store.list(&CAMPAIGN_KEYS, &filter).await.map_err(store_refusal)? {
                let member = MemberRow::of(&image)?;
                if member.body.progress.read_only_us.is_some() {
                    found.push(member.member);
                }
            }
        }
        Ok(found)
    }

    /// A campaign that was stopped: what came to a halt by it works again.
    async fn campaign_gives_back(&self, row: &CampaignRow, swept: &mut Swept) -> Result<(), Refusal> {
        let halted = self.members_halted(&row.campaign).await?;
        swept.more |= halted.len() >= SWEEP as usize;
        for id in halted {
            match self.member_given_back(row, &id).await {
                Ok(true) => swept.given_back += 1,
                Ok(false) => {}
                Err(refusal) => swept.failed.push((id, refusal.code)),
            }
        }
        Ok(())
    }

    async fn member_given_back(&self, row: &CampaignRow, id: &str) -> Result<bool, Refusal> {
        let actor = &clock_actor();
        let done = self
            .run(actor, &Call::default(), |now| async move {
                let image = self.row(&CAMPAIGN_KEYS, id).await?.ok_or_else(|| not_found("member", id))?;
                let mut member = MemberRow::of(&image)?;
                if member.state.is_over() {
                    return Err(nothing());
                }
                let key = self.row(&KEYS, &member.key).await?.as_ref().map(KeyRow::of).transpose()?;
                let key = key
                    .filter(|key| !key.state.is_terminal() && key.campaign.as_ref() == Some(&row.campaign));
                let title = format!("campaign {}: key {} works again", row.campaign, member.key);
                let given_back = key.is_some();
                let mut plan = match key {
                    Some(key) => {
                        let about = (member.key.clone(), member.account.clone());
                        let turn = Turn { member: member.clone(), key, act: Act::GiveBack };
                        let mut plan = self.halts("campaign.given_back", &title, row, &[&turn], now)?;
                        notices::add(&mut plan, letters::given_back(&about.0, &about.1), now);
                        plan
                    }
                    None => Plan {
                        title,
                        effects: Vec::new(),
                        warnings: Vec::new(),
                        change: change("campaign.looked_at", now, facts(actor)),
                    },
                };
                plan.change.facts.insert("campaign".to_owned(), json!(row.campaign));
                give_back(&mut member.body.progress);
                member.state = if given_back { MemberState::Window } else { MemberState::Told };
                plan.change.writes.push(member.due(None).write(false));
                Ok(Planned { plan, value: given_back, status: 200 })
            })
            .await;
        match done {
            Ok(done) => Ok(done.value),
            Err(refusal) if refusal.code == NOTHING => Ok(false),
            Err(refusal) => Err(refusal),
        }
    }
}

/// As if it had never come to a halt: what was told of its end is of no use any more.
fn give_back(progress: &mut clock::Progress) {
    progress.read_only_us = None;
    progress.told.retain(|code, _| code != &clock::Telling::ReadOnly.code() && !code.starts_with("end-"));
}

fn word(act: Act) -> String {
    match act {
        Act::Tell(telling, _) => telling.code(),
        Act::ReadOnly(_) => "read_only".to_owned(),
        Act::End => "end".to_owned(),
        Act::GiveBack => "given_back".to_owned(),
    }
}
