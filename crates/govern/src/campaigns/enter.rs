//! Which keys a campaign asks about: living ones that stand on other terms, or of which nobody has said who uses them.
//!
//! Found by walking over the keys, one page at a time, again and again: a key that is imported while a campaign runs is entered too, and
//! its owner gets the whole time. Entering tells nobody anything.

use super::aside::behind_page;
use super::clock::Progress;
use super::member::{MemberBody, MemberRow, MemberState};
use super::{CampaignRow, Swept, sweep, told};
use crate::call::{Call, Planned};
use crate::govern::{Govern, change, facts, store_refusal};
use crate::keys::KeyRow;
use crate::keys::access::segment_of;
use crate::keys::due::clock_actor;
use crate::plan::Plan;
use crate::refusal::{NOTHING, Refusal, nothing};
use crate::row::{text, unchanged};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use sumun_model::KeyState;
use sumun_store::tables::{ACCOUNTS, CAMPAIGN_KEYS, CAMPAIGNS, KEYS};
use sumun_store::{Filter, Image, Table};

/// Keys looked at in one step.
const PAGE: u32 = 500;
/// How many keys back a chain of rotations is followed.
const CHAIN_MAX: usize = 16;

impl Govern {
    /// One page of the walk: enters what is not in yet. Gives the key to go on behind, none at the end, and how many were entered. A key
    /// about which something cannot be read is noted, and left out until it can.
    pub(super) async fn campaign_enters(
        &self,
        row: &CampaignRow,
        after: Option<String>,
        swept: &mut Swept,
    ) -> Result<(Option<String>, usize), Refusal> {
        let filter = Filter { after, limit: PAGE, ..Filter::default() };
        let (page, damaged) = self.store.list_readable(&KEYS, &filter).await.map_err(store_refusal)?;
        let next = behind_page(&KEYS, &page, &damaged, PAGE);
        let mut found = Vec::new();
        for image in &page {
            // One that cannot be read is the ledger check's business, and is asked nothing.
            let Ok(key) = KeyRow::of(image) else { continue };
            match self.is_asked(row, &key).await {
                Ok(true) => found.push(key),
                Ok(false) => {}
                Err(refusal) if refusal.code == "row_unreadable" => {
                    swept.failed.push((format!("key:{}", key.key), refusal.code));
                }
                Err(refusal) => return Err(refusal),
            }
        }
        let ids: Vec<String> = found.iter().map(|key| MemberRow::id(&row.campaign, &key.key)).collect();
        let (known, damaged) =
            self.store.get_many_readable(&CAMPAIGN_KEYS, &ids).await.map_err(store_refusal)?;
        let known: BTreeSet<&str> = known.iter().map(|member| text(member, CAMPAIGN_KEYS.key)).collect();
        found.retain(|key| {
            let id = MemberRow::id(&row.campaign, &key.key);
            !known.contains(id.as_str()) && !damaged.contains(&id)
        });
        self.set_aside(damaged);
        if found.is_empty() {
            return Ok((next, 0));
        }
        let mut entered = 0;
        for part in found.chunks(sweep::BATCH) {
            match self.keys_enter(row, part).await {
                Ok(members) => entered += members,
                Err(refusal) if part.len() == 1 => {
                    swept.failed.push(of_key(part, refusal.code));
                }
                // One of them is in the way: the others are entered without it.
                Err(_) => {
                    for one in part.chunks(1) {
                        match self.keys_enter(row, one).await {
                            Ok(members) => entered += members,
                            Err(refusal) => swept.failed.push(of_key(one, refusal.code)),
                        }
                    }
                }
            }
        }
        Ok((next, entered))
    }

    async fn keys_enter(&self, row: &CampaignRow, part: &[KeyRow]) -> Result<usize, Refusal> {
        let done = self
            .run(&clock_actor(), &Call::default(), |now| async move {
                let (campaign, current) = self.campaign_running(&row.campaign).await?;
                let members = self.members_of(&campaign, part).await?;
                if members.is_empty() {
                    return Err(nothing());
                }
                let mut facts = facts(&clock_actor());
                facts.insert("campaign".to_owned(), json!(campaign.campaign));
                let keys: Vec<&str> = members.iter().map(|member| member.key.as_str()).collect();
                facts.insert("keys".to_owned(), json!(keys));
                let mut change = change("campaign.entered", now, facts);
                change.writes = members.iter().map(|member| member.write(true)).collect();
                change.reads.push(unchanged(&CAMPAIGNS, &campaign.campaign, Some(&current)));
                let title = format!("campaign {}: {} keys entered", campaign.campaign, members.len());
                let plan = Plan { title, effects: Vec::new(), warnings: Vec::new(), change };
                Ok(Planned { plan, value: members.len(), status: 200 })
            })
            .await;
        match done {
            Ok(done) => Ok(done.value),
            Err(refusal) if refusal.code == NOTHING => Ok(0),
            Err(refusal) => Err(refusal),
        }
    }

    /// Whether the campaign asks about this key, its segment aside.
    async fn is_asked(&self, row: &CampaignRow, key: &KeyRow) -> Result<bool, Refusal> {
        if !matches!(key.state, KeyState::Active | KeyState::Suspended) || key.canary == 1 {
            return Ok(false);
        }
        if key.terms != row.terms || key.campaign.is_some() {
            return Ok(true);
        }
        // Its own terms are the campaign's; but it may have taken the place of a key of which nobody said who uses it.
        let mut before = key.replaces.clone();
        for _ in 0..CHAIN_MAX {
            let Some(id) = before else { return Ok(false) };
            let Some(image) = self.row(&KEYS, &id).await? else { return Ok(false) };
            let old = KeyRow::of(&image)?;
            let member = self.row(&CAMPAIGN_KEYS, &MemberRow::id(&row.campaign, &id)).await?;
            let open = member
                .as_ref()
                .map(MemberRow::of)
                .transpose()?
                .is_some_and(|old| old.body.declared.is_none());
            // Asked for anew, a key names who uses it; by rotation it takes over what nobody said.
            let rotated = old.ends_us.is_some() && old.operator == key.operator;
            if rotated && (open || old.terms.is_empty()) {
                return Ok(true);
            }
            before = old.replaces;
        }
        Ok(false)
    }

    /// Members to be made of these keys. One that took the place of another in the same campaign goes on where that stood: rotating wins
    /// nobody time.
    async fn members_of(&self, row: &CampaignRow, keys: &[KeyRow]) -> Result<Vec<MemberRow>, Refusal> {
        let accounts: BTreeSet<String> = keys.iter().map(|key| key.account.clone()).collect();
        let accounts = self.rows_by_key(&ACCOUNTS, &accounts.into_iter().collect::<Vec<_>>()).await?;
        let ids: Vec<String> = keys.iter().map(|key| MemberRow::id(&row.campaign, &key.key)).collect();
        let known = self.rows_by_key(&CAMPAIGN_KEYS, &ids).await?;
        let replaced: Vec<String> = keys
            .iter()
            .filter_map(|key| key.replaces.as_ref())
            .map(|old| MemberRow::id(&row.campaign, old))
            .collect();
        let replaced = self.rows_by_key(&CAMPAIGN_KEYS, &replaced).await?;
        let mut members = Vec::new();
        for key in keys {
            let member = MemberRow::id(&row.campaign, &key.key);
            let Some(account) = accounts.get(&key.account).filter(|_| !known.contains_key(&member)) else {
                continue;
            };
            let segment = segment_of(&key.account, account)?;
            if !row.body.plan.covers(segment) {
                continue;
            }
            let old = key.replaces.as_ref().and_then(|old| replaced.get(&MemberRow::id(&row.campaign, old)));
            let old = old.map(MemberRow::of).transpose()?.filter(|old| old.body.declared.is_none());
            // A letter about the old key that has not left yet tells nothing of this one.
            let mut progress = old.map_or_else(Progress::default, |old| old.body.progress);
            progress.told.retain(|_, told| told.told_us.is_some());
            if key.campaign.is_none() {
                progress.read_only_us = None;
            }
            let made = MemberRow {
                member,
                campaign: row.campaign.clone(),
                key: key.key.clone(),
                account: key.account.clone(),
                customer: text(account, "customer").to_owned(),
                segment,
                state: MemberState::NotTold,
                body: MemberBody { progress, ..MemberBody::default() },
                next_due_us: None,
                version: 0,
            };
            let at = told::due(row, &made, self.world.now());
            members.push(made.due(at).restated());
        }
        Ok(members)
    }

    /// Rows of these keys, by key.
    pub(super) async fn rows_by_key(
        &self,
        table: &'static Table,
        keys: &[String],
    ) -> Result<BTreeMap<String, Image>, Refusal> {
        if keys.is_empty() {
            return Ok(BTreeMap::new());
        }
        let rows = self.store.get_many(table, keys).await.map_err(store_refusal)?;
        Ok(rows.into_iter().map(|row| (text(&row, table.key).to_owned(), row)).collect())
    }
}

/// What could not be done for the first of these keys.
fn of_key(keys: &[KeyRow], code: &'static str) -> (String, &'static str) {
    (keys.first().map_or_else(String::new, |key| format!("key:{}", key.key)), code)
}
