//! Campaigns as they are seen: by staff with their coverage, by an owner with his keys and what he can declare.

use super::member::{Declared, MemberRow, MemberState};
use super::plan::CampaignPlan;
use super::{CampaignRow, CampaignState, Span};
use crate::actor::Actor;
use crate::govern::{Govern, not_found, store_refusal};
use crate::keys::KeyRow;
use crate::keys::access::{INSIDE, KEY_OWNERS};
use crate::refusal::Refusal;
use crate::row::{text, text_or_null};
use crate::staff::require;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use sumun_model::{Segment, Timestamp};
use sumun_store::Filter;
use sumun_store::tables::{CAMPAIGNS, DELEGATIONS, KEYS, OPERATORS, VENDORS};

/// Most of each kind that an owner is offered.
const OFFERED_MAX: u32 = 200;

/// A campaign as it is shown. Times are instants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignView {
    /// Its id.
    pub campaign: String,
    /// Where it stands.
    pub state: CampaignState,
    /// Its dates and terms.
    pub plan: CampaignPlan,
    /// The least time between telling an owner and the first step.
    pub ahead: Span,
    /// Who proposed it.
    pub proposed_by: String,
    /// When it was granted.
    pub began: Timestamp,
    /// Why it was proposed, or last changed.
    pub reason: String,
    /// Who changed it last, or granted it.
    pub changed_by: Option<String>,
    /// When.
    pub changed: Option<Timestamp>,
    /// The approval that a change, or the campaign itself, waits for.
    #[serde(default)]
    pub waits_for: Option<String>,
    /// The row's version; 0 while it waits to be granted.
    pub version: i64,
}

impl CampaignView {
    pub(super) fn of(row: CampaignRow) -> Self {
        Self {
            campaign: row.campaign,
            state: row.state,
            plan: row.body.plan,
            ahead: row.body.ahead,
            proposed_by: row.proposed_by,
            began: Timestamp::from_micros(row.began_us),
            reason: row.body.reason,
            changed_by: row.body.changed_by,
            changed: row.body.changed_us.map(Timestamp::from_micros),
            waits_for: None,
            version: row.version,
        }
    }
}

/// How many keys of one segment stand where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Covered {
    /// Which.
    pub segment: Segment,
    /// All of them.
    pub keys: u64,
    /// By state; every state is there.
    pub states: BTreeMap<String, u64>,
}

/// How far a campaign is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// Which.
    pub campaign: String,
    /// As of when.
    pub at: Timestamp,
    /// All keys it asks about.
    pub keys: u64,
    /// By segment; only those it asks about.
    pub segments: Vec<Covered>,
}

/// One of an owner's keys in a campaign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistrationView {
    /// The member's id, for paging.
    pub member: String,
    /// The key.
    pub key: String,
    /// Its account.
    pub account: String,
    /// The program it is for, as far as it was looked up.
    #[serde(default)]
    pub application: String,
    /// Where it stands.
    pub state: MemberState,
    /// Version of the terms to accept.
    pub terms: String,
    /// Registration is open from then on.
    pub opens: Timestamp,
    /// Not before then it reads and cancels only. What he was told later counts more.
    pub read_only: Timestamp,
    /// Not before then it ends. What he was told later counts more.
    pub ends: Timestamp,
    /// What he declared.
    pub declared: Option<Declared>,
    /// Whether he can register it now.
    pub open: bool,
}

impl RegistrationView {
    pub(super) fn of(row: &CampaignRow, member: &MemberRow) -> Self {
        let plan = &row.body.plan;
        let names =
            member.body.progress.told.values().map(|told| Timestamp::from_micros(told.names_us)).max();
        let halted = member.body.progress.read_only_us.is_some();
        let (read_only, ends) = match (halted, names) {
            (false, Some(names)) => (plan.read_only.max(names), plan.ends),
            (true, Some(names)) => (plan.read_only, plan.ends.max(names)),
            (_, None) => (plan.read_only, plan.ends),
        };
        let gap = plan.ends.micros_since(plan.read_only);
        Self {
            member: member.member.clone(),
            key: member.key.clone(),
            account: member.account.clone(),
            application: String::new(),
            state: member.state,
            terms: row.terms.clone(),
            opens: plan.opens,
            read_only,
            ends: if halted { ends } else { ends.max(read_only.plus_micros(gap)) },
            declared: member.body.declared.clone(),
            open: false,
        }
    }
}

/// Whom an owner can name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choices {
    /// Employees and desks of his roster: id, kind, name.
    pub operators: Vec<(String, String, Option<String>)>,
    /// Approved vendors: id, name.
    pub vendors: Vec<(String, String)>,
    /// Delegations in force: id, operator, account, key.
    pub delegations: Vec<(String, String, String, Option<String>)>,
}

impl Govern {
    /// Campaigns, running ones first.
    ///
    /// # Errors
    /// `forbidden`, the store's.
    pub async fn campaigns(&self, actor: &Actor) -> Result<Vec<CampaignView>, Refusal> {
        require(actor, INSIDE)?;
        let states = [CampaignState::Running, CampaignState::Paused, CampaignState::Stopped];
        let mut found = Vec::new();
        for row in self.campaign_rows(&states).await? {
            found.push(self.waiting_for(row).await?);
        }
        Ok(found)
    }

    /// One campaign.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, the store's.
    pub async fn campaign(&self, actor: &Actor, campaign: &str) -> Result<CampaignView, Refusal> {
        require(actor, INSIDE)?;
        let image = self.row_or_not_found(&CAMPAIGNS, "campaign", campaign).await?;
        self.waiting_for(CampaignRow::of(&image)?).await
    }

    async fn waiting_for(&self, row: CampaignRow) -> Result<CampaignView, Refusal> {
        let now = self.world.now().as_micros();
        let open = self.open_approvals(&format!("campaign:{}", row.campaign)).await?;
        let waits_for = open.into_iter().find(|open| now < open.due_us).map(|open| open.approval);
        Ok(CampaignView { waits_for, ..CampaignView::of(row) })
    }

    /// How far a campaign is, per segment. From counts that the database keeps with each row, so that it costs the same with a million keys.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, the store's.
    pub async fn campaign_coverage(&self, actor: &Actor, campaign: &str) -> Result<Coverage, Refusal> {
        require(actor, INSIDE)?;
        let image = self.row_or_not_found(&CAMPAIGNS, "campaign", campaign).await?;
        let row = CampaignRow::of(&image)?;
        let counts = self.store.campaign_counts(campaign).await.map_err(store_refusal)?;
        let of = |segment: Segment| {
            let none = MemberState::ALL.iter().map(|state| (state.as_str().to_owned(), 0));
            let mut states: BTreeMap<String, u64> = none.collect();
            for one in counts.iter().filter(|one| one.segment == segment.to_string()) {
                // What no state is called is a row that cannot be read.
                if let Some(keys) = states.get_mut(&one.state) {
                    *keys = one.keys;
                }
            }
            Covered { segment, keys: states.values().sum(), states }
        };
        let covered = Segment::ALL.iter().copied().filter(|segment| row.body.plan.covers(*segment));
        let segments: Vec<Covered> = covered.map(of).collect();
        let keys = segments.iter().map(|covered| covered.keys).sum();
        Ok(Coverage { campaign: campaign.to_owned(), at: self.world.now(), keys, segments })
    }

    /// An owner's keys that campaigns ask about, by id.
    ///
    /// # Errors
    /// `forbidden`, the store's.
    pub async fn registrations(
        &self,
        actor: &Actor,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<RegistrationView>, Refusal> {
        require(actor, KEY_OWNERS)?;
        let Some(customer) = &actor.customer else { return Ok(Vec::new()) };
        let limit = limit.clamp(1, Filter::LIMIT_MAX);
        let (mut after, mut found) = (after, Vec::new());
        // Page by page until there are enough: what is left out must not look like the end.
        loop {
            let (members, more) = self.members_of_customer(customer, after, limit).await?;
            after = more;
            self.registrations_of(&members, &mut found).await?;
            if after.is_none() || found.len() >= limit as usize {
                found.truncate(limit as usize);
                return Ok(found);
            }
        }
    }

    /// These as their owner sees them. What a stopped campaign asked is asked no more; what he registered stands.
    async fn registrations_of(
        &self,
        members: &[MemberRow],
        found: &mut Vec<RegistrationView>,
    ) -> Result<(), Refusal> {
        let now = self.world.now();
        let keys: Vec<String> = members.iter().map(|member| member.key.clone()).collect();
        let keys = self.rows_by_key(&KEYS, &keys).await?;
        let ids: Vec<String> = members.iter().map(|member| member.campaign.clone()).collect();
        let rows = self.rows_by_key(&CAMPAIGNS, &ids).await?;
        for member in members {
            let image = rows.get(&member.campaign).ok_or_else(|| not_found("campaign", &member.campaign))?;
            let row = CampaignRow::of(image)?;
            if row.state == CampaignState::Stopped && member.state != MemberState::Enrolled {
                continue;
            }
            let key = keys.get(&member.key).map(KeyRow::of).transpose()?;
            let mut view = RegistrationView::of(&row, member);
            view.open = row.state != CampaignState::Stopped
                && row.body.plan.opens <= now
                && key.as_ref().is_some_and(|key| !key.state.is_terminal());
            view.application = key.map(|key| key.application).unwrap_or_default();
            found.push(view);
        }
        Ok(())
    }

    /// Whom an owner can name.
    ///
    /// # Errors
    /// `forbidden`, the store's.
    pub async fn registration_choices(&self, actor: &Actor) -> Result<Choices, Refusal> {
        require(actor, KEY_OWNERS)?;
        let Some(customer) = &actor.customer else { return Ok(Choices::default()) };
        let now = self.world.now().as_micros();
        let list = async |table, equals| {
            let filter = Filter { equals, limit: OFFERED_MAX, ..Filter::default() };
            self.store.list(table, &filter).await.map_err(store_refusal)
        };
        let mut choices = Choices::default();
        for row in list(&OPERATORS, vec![("customer", json!(customer)), ("state", json!("active"))]).await? {
            let kind = text(&row, "kind");
            if kind != "owner" {
                choices.operators.push((
                    text(&row, "operator").to_owned(),
                    kind.to_owned(),
                    text_or_null(&row, "name"),
                ));
            }
        }
        for row in list(&VENDORS, vec![("state", json!("approved"))]).await? {
            choices.vendors.push((text(&row, "vendor").to_owned(), text(&row, "name").to_owned()));
        }
        for account in list(&sumun_store::tables::ACCOUNTS, vec![("customer", json!(customer))]).await? {
            let account = text(&account, "account").to_owned();
            for row in
                list(&DELEGATIONS, vec![("account", json!(account)), ("state", json!("active"))]).await?
            {
                if crate::row::integer(&row, "until_us").is_some_and(|until| until > now) {
                    let (id, operator) =
                        (text(&row, "delegation").to_owned(), text(&row, "operator").to_owned());
                    choices.delegations.push((id, operator, account.clone(), text_or_null(&row, "key")));
                }
            }
        }
        Ok(choices)
    }
}
