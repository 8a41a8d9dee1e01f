//! What becomes of a batch of members: their letters and halts as one change, the end of each as one of its own.
//!
//! Planned on the rows as they are then, so that whoever registers in between is left alone. When is whose turn, [`super::sweep`] says.

use super::clock::{self, Act, Next, Told};
use super::give_back::give_back;
use super::letters;
use super::member::{MemberRow, MemberState};
use super::sweep::BY;
use super::{CampaignRow, CampaignState};
use crate::call::{Call, Planned};
use crate::govern::{Govern, change, facts};
use crate::keys::KeyRow;
use crate::keys::due::clock_actor;
use crate::keys::lint::Origin;
use crate::keys::machine::Action;
use crate::keys::write::{Deed, KeyWrite, Why, plan as keys_plan};
use crate::notices;
use crate::plan::Plan;
use crate::refusal::{NOTHING, Refusal, nothing};
use crate::row::unchanged;
use serde_json::json;
use std::collections::BTreeMap;
use sumun_model::{ExpiryCause, Timestamp};
use sumun_store::Image;
use sumun_store::tables::{CAMPAIGN_KEYS, CAMPAIGNS, KEYS};

/// What becomes of one member.
pub(super) struct Turn {
    pub(super) member: MemberRow,
    pub(super) key: KeyRow,
    pub(super) act: Act,
}

impl Govern {
    /// The campaign, if it runs: nothing is done by one that was paused or stopped in between.
    pub(super) async fn campaign_running(&self, campaign: &str) -> Result<(CampaignRow, Image), Refusal> {
        let image = self.row_or_not_found(&CAMPAIGNS, "campaign", campaign).await?;
        let row = CampaignRow::of(&image)?;
        if row.state == CampaignState::Running { Ok((row, image)) } else { Err(nothing()) }
    }

    /// What the clock asks of these members now.
    pub(super) async fn members_now(&self, campaign: &str, ids: &[String]) -> Result<Vec<Turn>, Refusal> {
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

    pub(super) async fn batch_planned(
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
    pub(super) async fn member_ends(&self, campaign: &str, id: &str) -> Result<(), Refusal> {
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
