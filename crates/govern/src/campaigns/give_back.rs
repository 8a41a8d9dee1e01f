//! Keys that work again: of a campaign that was made longer, or stopped.
//!
//! They are found by the mark in their own rows, whatever their members' rows say: one that took another's place in a pause has none, and
//! among thousands that nobody could reach only some came to a halt. Looked through once for each change of the campaign; that everything
//! of a stopped one works again stands in its row, and then nobody looks any more.

use super::clock::{self, Act};
use super::letters;
use super::member::{MemberRow, MemberState};
use super::sweep::{BATCH, BY, SWEEP, Swept};
use super::{CampaignRow, CampaignState};
use crate::call::{Call, Planned};
use crate::govern::{Govern, change, facts, not_found, store_refusal};
use crate::keys::KeyRow;
use crate::keys::due::clock_actor;
use crate::notices;
use crate::plan::Plan;
use crate::refusal::{NOTHING, Refusal, nothing};
use crate::row::{text, unchanged};
use serde_json::{Value, json};
use sumun_model::KeyState;
use sumun_store::tables::{CAMPAIGN_KEYS, CAMPAIGNS, KEYS};
use sumun_store::{Filter, RowRead, Table};

/// States in which a key can be at a halt.
const LIVING: [KeyState; 2] = [KeyState::Active, KeyState::Suspended];
/// Members that a stopped campaign leaves behind: some have tasks, and of some the keys have ended meanwhile.
const LEFT: [MemberState; 2] = [MemberState::Unreachable, MemberState::ReadOnly];

/// Where looking for them is: by state, behind which row, for which version of the campaign.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Back {
    version: i64,
    part: usize,
    after: Option<String>,
    /// Something could not be done: it is looked through once more.
    failed: bool,
}

impl Back {
    /// From the beginning, if the campaign has changed since.
    fn of(&mut self, row: &CampaignRow) {
        if self.version != row.version {
            *self = Self::anew(row);
        }
    }

    fn anew(row: &CampaignRow) -> Self {
        Self { version: row.version, ..Self::default() }
    }

    /// Something that was found could not be done.
    pub(super) fn fails(&mut self) {
        self.failed = true;
    }

    /// Behind this page.
    fn turn(&mut self, page: &[String]) {
        let full = page.len() >= SWEEP as usize;
        self.after = page.last().filter(|_| full).cloned();
        self.part += usize::from(!full);
    }
}

impl Govern {
    /// The next members whose keys are at a halt; and whether there may be more. Of one version of the campaign each is given once.
    pub(super) async fn halted(
        &self,
        row: &CampaignRow,
        back: &mut Back,
    ) -> Result<(Vec<String>, bool), Refusal> {
        back.of(row);
        if back.part >= LIVING.len() && back.failed {
            *back = Back::anew(row);
        }
        let Some(state) = LIVING.get(back.part) else { return Ok((Vec::new(), false)) };
        let page = self.page_of(&KEYS, row, json!(state), back).await?;
        let ids = page.iter().map(|key| MemberRow::id(&row.campaign, key)).collect();
        Ok((ids, back.part < LIVING.len()))
    }

    /// The next rows in this state, by their keys: one that is damaged stops none of the others, and fails by itself in its turn.
    async fn page_of(
        &self,
        table: &'static Table,
        row: &CampaignRow,
        state: Value,
        back: &mut Back,
    ) -> Result<Vec<String>, Refusal> {
        let equals = vec![("campaign", json!(row.campaign)), ("state", state)];
        let filter = Filter { equals, after: back.after.clone(), limit: SWEEP, ..Filter::default() };
        let (rows, damaged) = self.store.list_readable(table, &filter).await.map_err(store_refusal)?;
        let mut page: Vec<String> = rows.iter().map(|row| text(row, table.key).to_owned()).collect();
        page.extend(damaged);
        page.sort_unstable();
        back.turn(&page);
        Ok(page)
    }

    /// A campaign that was stopped: what came to a halt by it works again, and nobody has to be reached for its sake.
    pub(super) async fn campaign_gives_back(
        &self,
        row: &CampaignRow,
        swept: &mut Swept,
    ) -> Result<(), Refusal> {
        let mut place = self.place(&row.campaign);
        let back = &mut place.back;
        back.of(row);
        let failed_before = swept.failed.len();
        // Nobody looks any more once it stands in the row.
        let more = back.part < LIVING.len() + LEFT.len() || back.failed;
        if let Some(state) = LIVING.get(back.part) {
            for key in self.page_of(&KEYS, row, json!(state), back).await? {
                match self.key_given_back(row, &key).await {
                    Ok(given_back) => swept.given_back += usize::from(given_back),
                    Err(refusal) => swept.failed.push((format!("key:{key}"), refusal.code)),
                }
            }
        } else if let Some(state) = LEFT.get(back.part - LIVING.len()) {
            let page = self.page_of(&CAMPAIGN_KEYS, row, json!(state), back).await?;
            for part in page.chunks(BATCH) {
                self.members_left(row, part, swept).await;
            }
        } else if back.failed {
            *back = Back::anew(row);
        } else {
            self.all_given_back(row).await?;
        }
        back.failed |= swept.failed.len() > failed_before;
        swept.more |= more;
        self.set_place(&row.campaign, place);
        Ok(())
    }

    /// The campaign as it stands, if it was stopped.
    async fn stopped(&self, campaign: &str) -> Result<(CampaignRow, RowRead), Refusal> {
        let image = self.row_or_not_found(&CAMPAIGNS, "campaign", campaign).await?;
        let row = CampaignRow::of(&image)?;
        if row.state != CampaignState::Stopped {
            return Err(nothing());
        }
        Ok((row, unchanged(&CAMPAIGNS, campaign, Some(&image))))
    }

    /// One key of a stopped campaign works again, and its owner is told.
    async fn key_given_back(&self, row: &CampaignRow, key: &str) -> Result<bool, Refusal> {
        let actor = &clock_actor();
        let done = self
            .run(actor, &Call::default(), |now| async move {
                let key = self.row(&KEYS, key).await?.ok_or_else(|| not_found("key", key))?;
                let key = KeyRow::of(&key)?;
                if key.state.is_terminal() || key.campaign.as_ref() != Some(&row.campaign) {
                    return Err(nothing());
                }
                let title = format!("campaign {}: key {} works again", row.campaign, key.key);
                let id = MemberRow::id(&row.campaign, &key.key);
                // A member that cannot be read keeps no key at a halt.
                let (members, _) = self.members_readable(std::slice::from_ref(&id)).await?;
                let member = members.into_iter().next();
                let about = (key.key.clone(), key.account.clone());
                let mut plan =
                    self.halts("campaign.given_back", &title, row, &[(&key, Act::GiveBack)], now)?;
                notices::add(&mut plan, letters::given_back(&about.0, &about.1), now);
                plan.change.facts.insert("campaign".to_owned(), json!(row.campaign));
                if let Some(mut member) = member.filter(|member| !member.state.is_over()) {
                    self.nobody_to_reach(&mut plan, &mut member, (BY, STOPPED), now).await?;
                    give_back(&mut member.body.progress);
                    member.state = MemberState::Window;
                    plan.change.writes.push(member.due(None).write(false));
                }
                Ok(Planned { plan, value: true, status: 200 })
            })
            .await;
        match done {
            Ok(done) => Ok(done.value),
            Err(refusal) if refusal.code == NOTHING => Ok(false),
            Err(refusal) => Err(refusal),
        }
    }

    /// Members of a stopped campaign whose keys are not at a halt: tasks to reach owners are done with, and a key that ended is gone.
    async fn members_left(&self, row: &CampaignRow, ids: &[String], swept: &mut Swept) {
        if self.members_left_at_once(row, ids).await.is_ok() {
            return;
        }
        // One of them is in the way: the others are done without it.
        for id in ids {
            if let Err(refusal) = self.members_left_at_once(row, std::slice::from_ref(id)).await {
                swept.failed.push((id.clone(), refusal.code));
            }
        }
    }

    /// The same of one whose row can be read again, if its campaign was stopped meanwhile.
    pub(super) async fn member_left(&self, member: &MemberRow) -> Result<(), Refusal> {
        match self.stopped(&member.campaign).await {
            Ok((row, _)) => self.members_left_at_once(&row, std::slice::from_ref(&member.member)).await,
            Err(refusal) if refusal.code == NOTHING => Ok(()),
            Err(refusal) => Err(refusal),
        }
    }

    /// Whether there is a key of this name that can be read and has not ended.
    async fn lives(&self, key: &str) -> Result<bool, Refusal> {
        let keys = [key.to_owned()];
        let (rows, _) = self.store.get_many_readable(&KEYS, &keys).await.map_err(store_refusal)?;
        Ok(rows.first().and_then(|row| KeyRow::of(row).ok()).is_some_and(|key| !key.state.is_terminal()))
    }

    async fn members_left_at_once(&self, row: &CampaignRow, ids: &[String]) -> Result<(), Refusal> {
        let actor = &clock_actor();
        let done = self
            .run(actor, &Call::default(), |now| async move {
                let (_, read) = self.stopped(&row.campaign).await?;
                let (members, unreadable) = self.members_readable(ids).await?;
                self.set_aside(unreadable);
                let mut facts = facts(actor);
                facts.insert("campaign".to_owned(), json!(row.campaign));
                let mut plan = Plan {
                    title: format!("campaign {}: nobody has to be reached any more", row.campaign),
                    effects: Vec::new(),
                    warnings: Vec::new(),
                    change: change("campaign.looked_at", now, facts),
                };
                plan.change.reads.push(read);
                for member in members {
                    let mut after = member.clone();
                    self.nobody_to_reach(&mut plan, &mut after, (BY, STOPPED), now).await?;
                    if after.state == MemberState::ReadOnly {
                        // What was at a halt and lives was given back before, maybe while this row could not be read.
                        if self.lives(&after.key).await? {
                            give_back(&mut after.body.progress);
                            (after.state, after.next_due_us) = (MemberState::Window, None);
                        } else {
                            after = after.over(MemberState::Gone);
                        }
                    }
                    if after != member {
                        plan.change.writes.push(after.write(false));
                    }
                }
                if plan.change.writes.is_empty() {
                    return Err(nothing());
                }
                Ok(Planned { plan, value: (), status: 200 })
            })
            .await;
        match done {
            Ok(_) => Ok(()),
            Err(refusal) if refusal.code == NOTHING => Ok(()),
            Err(refusal) => Err(refusal),
        }
    }

    /// Notes that everything of a stopped campaign works again.
    async fn all_given_back(&self, row: &CampaignRow) -> Result<(), Refusal> {
        let actor = &clock_actor();
        let done = self
            .run(actor, &Call::default(), |now| async move {
                let before = self.row_or_not_found(&CAMPAIGNS, "campaign", &row.campaign).await?;
                let mut row = CampaignRow::of(&before)?;
                if row.state != CampaignState::Stopped || row.body.given_back_us.is_some() {
                    return Err(nothing());
                }
                row.body.given_back_us = Some(now.as_micros());
                let mut facts = facts(actor);
                facts.insert("campaign".to_owned(), json!(row.campaign));
                let mut change = change("campaign.looked_at", now, facts);
                change.writes.push(row.write(Some(&before)));
                let title = format!("campaign {}: everything works again", row.campaign);
                let plan = Plan { title, effects: Vec::new(), warnings: Vec::new(), change };
                Ok(Planned { plan, value: (), status: 200 })
            })
            .await;
        match done {
            Ok(_) => Ok(()),
            Err(refusal) if refusal.code == NOTHING => Ok(()),
            Err(refusal) => Err(refusal),
        }
    }
}

/// What is noted at a task that a stopped campaign leaves behind.
const STOPPED: &str = "the campaign was stopped: nothing more is asked";

/// As if it had never come to a halt: what was told of its end is of no use any more.
pub(super) fn give_back(progress: &mut clock::Progress) {
    progress.read_only_us = None;
    progress.told.retain(|code, _| code != &clock::Telling::ReadOnly.code() && !code.starts_with("end-"));
}
