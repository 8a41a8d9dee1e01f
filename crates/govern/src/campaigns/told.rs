//! What became of a campaign's letter: told, or not to be delivered, which stops the clock and is somebody's task.

use super::CampaignRow;
use super::aside::parted;
use super::clock::{self, Next};
use super::letters::KIND;
use super::member::{MemberRow, MemberState};
use super::sweep::BY;
use crate::call::{Call, Planned};
use crate::govern::{Govern, change, facts, store_refusal};
use crate::keys::due::clock_actor;
use crate::notices::deliver::Outcome;
use crate::plan::Plan;
use crate::refusal::{NOTHING, Refusal, nothing};
use crate::row::{replace, text, text_or_null};
use crate::tasks::{self, TaskKind, TaskRow};
use serde_json::json;
use sumun_model::{KeyState, Timestamp, Value};
use sumun_store::tables::{CAMPAIGN_KEYS, CAMPAIGNS, KEYS, NOTICES, TASKS};
use sumun_store::{Filter, Image, RowWrite};

/// Name under which a task says which member it is about.
const MEMBER: &str = "member";

/// Campaigns one key was ever in, looked at for a letter.
const CAMPAIGNS_MAX: u32 = 100;

impl Govern {
    /// A notice moved on: if it was a campaign's, so does its clock, in the same change.
    pub(crate) async fn campaign_letter(
        &self,
        plan: &mut Plan,
        notice: &Image,
        outcome: &Outcome,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let Some(key) = text_or_null(notice, "key").filter(|_| text(notice, "kind").starts_with(KIND)) else {
            return Ok(());
        };
        let id = text(notice, NOTICES.key);
        let (members, unreadable) = self.members_of_key(&key).await?;
        // The notice moves on whatever its member's row looks like, or it would be sent again and again. Its clock is made up for when the row
        // can be read again ([`Self::look_aside`]); until then nothing is asked of the key.
        self.set_aside(unreadable);
        for mut member in members {
            let Some(told) = member.body.progress.told.values_mut().find(|told| told.notice == id) else {
                continue;
            };
            match outcome {
                Outcome::Failed(_) => (told.told_us, told.failed) = (None, true),
                // What was told stays told when it was: the second word is the better proof of the first.
                Outcome::Sent(_) | Outcome::Delivered(_) => {
                    (told.told_us, told.failed) = (told.told_us.or(Some(now.as_micros())), false);
                }
            }
            if member.state.is_over() {
                // Told of its end, or of its registration: nothing rests on that.
                continue;
            }
            if let (Outcome::Failed(_), None) = (outcome, &member.body.task) {
                let mut task = TaskRow::new(self.new_id("T"), "", TaskKind::ReachOwner, Some(&key), now);
                task.body.values.insert(MEMBER.to_owned(), Value::from(member.member.as_str()));
                task.body.values.insert("notice".to_owned(), Value::from(id));
                member.body.task = Some(task.task.clone());
                tasks::add(plan, &task);
            }
            let member = self.moved_on(member, now).await?;
            plan.change.writes.push(member.write(false));
            return Ok(());
        }
        Ok(())
    }

    /// Staff have reached the owner by other means: what could not be delivered counts as told now.
    pub(crate) async fn campaign_reached(
        &self,
        plan: &mut Plan,
        task: &TaskRow,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let Some(Value::Text(id)) =
            task.body.values.get(MEMBER).filter(|_| task.kind == TaskKind::ReachOwner)
        else {
            return Ok(());
        };
        let Some(image) = self.row(&CAMPAIGN_KEYS, id).await? else { return Ok(()) };
        let mut member = MemberRow::of(&image)?;
        if member.state.is_over() {
            return Ok(());
        }
        for told in member.body.progress.told.values_mut().filter(|told| told.failed) {
            (told.told_us, told.failed) = (Some(now.as_micros()), false);
        }
        member.body.task = None;
        let member = self.moved_on(member, now).await?;
        plan.change.writes.push(member.write(false));
        Ok(())
    }

    /// Its owner registered, or the key is gone: nobody has to reach him any more.
    pub(super) async fn nobody_to_reach(
        &self,
        plan: &mut Plan,
        member: &mut MemberRow,
        (by, result): (&str, &str),
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let Some(id) = member.body.task.take() else { return Ok(()) };
        let Some(before) = self.row(&TASKS, &id).await? else { return Ok(()) };
        // A task that cannot be read keeps nobody from registering, and no key from ending.
        let Ok(task) = TaskRow::of(&before) else { return Ok(()) };
        if task.state == tasks::TaskState::Open {
            let task = task.done(by, result, now);
            plan.change.writes.push(replace(&TASKS, Some(&before), crate::row::image(&task)));
        }
        Ok(())
    }

    /// Keys that this plan ends, by whomever: nobody has to reach their owners for a campaign's sake any more.
    pub(crate) async fn unreached(&self, plan: &mut Plan) -> Result<(), Refusal> {
        let ended = |write: &&RowWrite| {
            write.table.name == KEYS.name && text(&write.image, "state") == KeyState::Expired.as_str()
        };
        let ended = plan.change.writes.iter().filter(ended);
        let keys: Vec<String> = ended.map(|write| text(&write.image, KEYS.key).to_owned()).collect();
        let now = plan.change.at;
        for key in keys {
            let (members, unreadable) = self.members_of_key(&key).await?;
            // One that cannot be read keeps no key from ending.
            self.set_aside(unreadable);
            for mut member in members {
                let own = plan.change.writes.iter().any(|write| {
                    write.table.name == CAMPAIGN_KEYS.name
                        && text(&write.image, CAMPAIGN_KEYS.key) == member.member
                });
                if own || member.state.is_over() || member.body.task.is_none() {
                    continue;
                }
                self.nobody_to_reach(plan, &mut member, (BY, "the key has ended"), now).await?;
                plan.change.writes.push(member.over(MemberState::Gone).write(false));
            }
        }
        Ok(())
    }

    /// Members about one key that can be read, and the ids of the others.
    async fn members_of_key(&self, key: &str) -> Result<(Vec<MemberRow>, Vec<String>), Refusal> {
        let filter = Filter { equals: vec![("key", json!(key))], limit: CAMPAIGNS_MAX, ..Filter::default() };
        let (rows, damaged) =
            self.store.list_readable(&CAMPAIGN_KEYS, &filter).await.map_err(store_refusal)?;
        let (members, mut unreadable) = parted(rows);
        unreadable.extend(damaged);
        Ok((members, unreadable))
    }

    /// A member whose row can be read again: what became meanwhile of the letters that it waits for. Whoever was told counts as told from now
    /// on, and is given the whole time.
    pub(super) async fn member_mended(&self, member: &MemberRow) -> Result<(), Refusal> {
        for told in member.body.progress.told.values().filter(|told| told.told_us.is_none() && !told.failed) {
            let (actor, call) = (&clock_actor(), Call::default());
            let done = self.run(actor, &call, |now| async move {
                let notice = self.row_or_not_found(&NOTICES, "notice", &told.notice).await?;
                let why = "while its row could not be read".to_owned();
                let outcome = match text(&notice, "state") {
                    "sent" | "delivered" | "acknowledged" => Outcome::Sent(why),
                    "failed" => Outcome::Failed(why),
                    _ => return Err(nothing()),
                };
                let mut facts = facts(actor);
                facts.insert("campaign".to_owned(), json!(member.campaign));
                let title =
                    format!("campaign {}: what became of a letter about key {}", member.campaign, member.key);
                let change = change("campaign.looked_at", now, facts);
                let mut plan = Plan { title, effects: Vec::new(), warnings: Vec::new(), change };
                self.campaign_letter(&mut plan, &notice, &outcome, now).await?;
                if plan.change.writes.is_empty() {
                    return Err(nothing());
                }
                Ok(Planned { plan, value: (), status: 200 })
            });
            match done.await {
                Ok(_) => {}
                Err(refusal) if refusal.code == NOTHING => {}
                Err(refusal) => return Err(refusal),
            }
        }
        Ok(())
    }

    /// The member with the state and the due time that follow from what was told.
    async fn moved_on(&self, member: MemberRow, now: Timestamp) -> Result<MemberRow, Refusal> {
        let row = self.row_or_not_found(&CAMPAIGNS, "campaign", &member.campaign).await?;
        let at = due(&CampaignRow::of(&row)?, &member, now);
        Ok(member.due(at).restated())
    }
}

/// When the clock next asks something of this member.
pub(super) fn due(row: &CampaignRow, member: &MemberRow, now: Timestamp) -> Option<Timestamp> {
    let resumed = row.body.resumed_us.map(Timestamp::from_micros);
    match clock::next(&row.body.plan, resumed, row.body.ahead, &member.body.progress, now) {
        Next::Now(_) => Some(now),
        Next::At(at) => Some(at),
        Next::Waits => None,
    }
}
