//! Who may begin, lengthen, pause and stop a campaign: forward takes two people, back takes one.

use super::{
    CampaignBody, CampaignPlan, CampaignRow, CampaignState, CampaignView, GRANTS, PROPOSERS, STOPPERS, Span,
};
use crate::actor::Actor;
use crate::approvals::Approval;
use crate::call::{Call, Done, Planned};
use crate::govern::{Govern, change, check_if_match, facts, store_refusal};
use crate::keys::access::reason;
use crate::plan::{Effect, Plan};
use crate::proposal::{CAMPAIGN_SET, Proposal, subject_changed, unreadable};
use crate::refusal::{Refusal, RefusalKind};
use crate::row::{effects, replace, text, unchanged};
use crate::staff::{fresh, require};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use sumun_model::{KeyState, Segment, Timestamp};
use sumun_store::tables::{CAMPAIGN_SEGMENTS, CAMPAIGNS};
use sumun_store::{Filter, Image, RowWrite};

/// Campaigns at once: one per segment, and some that were stopped.
const CAMPAIGNS_MAX: u32 = 1_000;

/// What an approval of a campaign freezes.
#[derive(Serialize, Deserialize)]
struct Frozen {
    campaign: String,
    /// Version of the row it was held against; 0 for a new one.
    before: i64,
    plan: CampaignPlan,
    ahead: Span,
    /// That a paused one goes on.
    resume: bool,
    reason: String,
}

impl Govern {
    /// Proposes a campaign; another entitled person decides.
    ///
    /// # Errors
    /// `forbidden`, `campaign_bad`, `campaign_overlaps`, `reason_missing`.
    pub async fn propose_campaign(
        &self,
        actor: &Actor,
        wanted: &CampaignPlan,
        why: &str,
        call: &Call,
    ) -> Result<Done<CampaignView>, Refusal> {
        require(actor, PROPOSERS)?;
        self.run(actor, call, |now| async move {
            let venue = self.venue();
            fresh(&venue, actor, now)?;
            let why = reason("reason", why)?;
            let ahead = venue.campaign.ahead();
            let mut warnings = wanted.check(ahead, now)?;
            if wanted.terms != venue.terms.version {
                warnings.push(format!(
                    "the terms in force are version `{}`: publish version `{}` before owners are told of it",
                    venue.terms.version, wanted.terms
                ));
            }
            self.no_overlap(None, wanted).await?;
            let id = self.new_id("E");
            let body = CampaignBody {
                plan: wanted.clone(),
                ahead,
                reason: why.to_owned(),
                changed_by: None,
                changed_us: None,
                resumed_us: None,
                given_back_us: None,
            };
            let row = CampaignRow {
                campaign: id,
                state: CampaignState::Proposed,
                terms: wanted.terms.clone(),
                body,
                proposed_by: actor.principal.clone(),
                began_us: now.as_micros(),
                version: 0,
            };
            let mut planned = self.asked_for(actor, (None, &row), false, why, now).await?;
            planned.plan.warnings.extend(warnings);
            if call.dry_run {
                planned.plan.effects.push(self.campaign_covers(&row).await?);
            }
            Ok(planned)
        })
        .await
    }

    /// Proposes that a campaign gets longer, or that a paused one goes on; another entitled person decides.
    ///
    /// # Errors
    /// `forbidden`, `campaign_shortened`, `campaign_state`, `reason_missing`.
    pub async fn change_campaign(
        &self,
        actor: &Actor,
        campaign: &str,
        (dates, resume): (Option<(Timestamp, Timestamp)>, bool),
        why: &str,
        call: &Call,
    ) -> Result<Done<CampaignView>, Refusal> {
        require(actor, PROPOSERS)?;
        self.run(actor, call, |now| async move {
            fresh(&self.venue(), actor, now)?;
            let why = reason("reason", why)?;
            let before = self.row_or_not_found(&CAMPAIGNS, "campaign", campaign).await?;
            let mut row = CampaignRow::of(&before)?;
            check_if_match(call, "campaign", campaign, row.version)?;
            let state = row.state;
            if state == CampaignState::Stopped || resume && state != CampaignState::Paused {
                return Err(wrong_state(campaign, state));
            }
            if let Some((read_only, ends)) = dates {
                let longer = CampaignPlan { read_only, ends, ..row.body.plan.clone() };
                longer.lengthens(&row.body.plan)?;
                row.body.plan = longer;
            }
            self.asked_for(actor, (Some(&before), &row), resume, why, now).await
        })
        .await
    }

    async fn asked_for(
        &self,
        actor: &Actor,
        (before, row): (Option<&Image>, &CampaignRow),
        resume: bool,
        why: &str,
        now: Timestamp,
    ) -> Result<Planned<CampaignView>, Refusal> {
        let frozen = Frozen {
            campaign: row.campaign.clone(),
            before: row.version,
            plan: row.body.plan.clone(),
            ahead: row.body.ahead,
            resume,
            reason: why.to_owned(),
        };
        let proposal = Proposal {
            action: CAMPAIGN_SET,
            subject: format!("campaign:{}", row.campaign),
            request: json!(frozen),
            role: GRANTS,
            reason: why,
            reads: vec![unchanged(&CAMPAIGNS, &row.campaign, before)],
        };
        let (mut plan, approval) = self.propose(actor, proposal, now).await?;
        // What granting it makes of it: a new one runs, and so does a paused one that is to go on.
        let runs = resume || before.is_none();
        let granted =
            CampaignRow { state: if runs { CampaignState::Running } else { row.state }, ..row.clone() };
        plan.effects.extend(effects("campaign", &granted.write(before), before));
        let mut value = CampaignView::of(row.clone());
        value.waits_for = Some(approval);
        Ok(Planned { plan, value, status: 202 })
    }

    /// What granting an approval of a campaign writes.
    pub(crate) async fn campaign_approved(
        &self,
        actor: &Actor,
        approval: &Approval,
        now: Timestamp,
    ) -> Result<Plan, Refusal> {
        let frozen: Frozen =
            serde_json::from_value(approval.request.clone()).map_err(|_| unreadable(approval))?;
        let before = self.row(&CAMPAIGNS, &frozen.campaign).await?;
        let known = before.as_ref().map(CampaignRow::of).transpose()?;
        if known.as_ref().map_or(0, |row| row.version) != frozen.before {
            return Err(subject_changed(approval));
        }
        let class = match (&known, frozen.resume) {
            (None, _) => "campaign.begun",
            (Some(_), true) => "campaign.resumed",
            (Some(_), false) => "campaign.lengthened",
        };
        let mut claims = Vec::new();
        if known.is_none() {
            // Before anything else is read: whoever is granted behind this moves one of these rows, and this is planned anew.
            claims = self.claims(&frozen).await?;
            // It may have waited: what is left must still be enough.
            let announce = frozen.plan.announce.max(now);
            CampaignPlan { announce, opens: frozen.plan.opens.max(announce), ..frozen.plan.clone() }
                .check(frozen.ahead, now)?;
            self.no_overlap(None, &frozen.plan).await?;
        }
        let resumed_us = match (&known, frozen.resume) {
            (_, true) => Some(now.as_micros()),
            (known, false) => known.as_ref().and_then(|row| row.body.resumed_us),
        };
        let state = match &known {
            Some(row) if !frozen.resume => row.state,
            _ => CampaignState::Running,
        };
        let row = CampaignRow {
            campaign: frozen.campaign.clone(),
            state,
            terms: frozen.plan.terms.clone(),
            body: CampaignBody {
                plan: frozen.plan,
                ahead: frozen.ahead,
                reason: frozen.reason.clone(),
                changed_by: Some(actor.principal.clone()),
                changed_us: Some(now.as_micros()),
                resumed_us,
                given_back_us: None,
            },
            proposed_by: known
                .as_ref()
                .map_or_else(|| approval.requested_by.clone(), |row| row.proposed_by.clone()),
            began_us: known.as_ref().map_or(now.as_micros(), |row| row.began_us),
            version: frozen.before,
        };
        let mut plan = written(actor, class, (before.as_ref(), &row), &frozen.reason, now);
        plan.change.writes.extend(claims);
        Ok(plan)
    }

    /// Pauses a campaign: nobody is told anything more, and no key comes to a halt or ends. Keys that read and cancel only stay so.
    ///
    /// # Errors
    /// `forbidden`, `campaign_state`, `reason_missing`.
    pub async fn pause_campaign(
        &self,
        actor: &Actor,
        campaign: &str,
        why: &str,
        call: &Call,
    ) -> Result<Done<CampaignView>, Refusal> {
        self.back(actor, campaign, ("campaign.paused", CampaignState::Paused), why, call).await
    }

    /// Stops a campaign for good: keys that came to a halt by it work again.
    ///
    /// # Errors
    /// `forbidden`, `campaign_state`, `reason_missing`.
    pub async fn stop_campaign(
        &self,
        actor: &Actor,
        campaign: &str,
        why: &str,
        call: &Call,
    ) -> Result<Done<CampaignView>, Refusal> {
        self.back(actor, campaign, ("campaign.stopped", CampaignState::Stopped), why, call).await
    }

    async fn back(
        &self,
        actor: &Actor,
        campaign: &str,
        (class, state): (&'static str, CampaignState),
        why: &str,
        call: &Call,
    ) -> Result<Done<CampaignView>, Refusal> {
        require(actor, STOPPERS)?;
        self.run(actor, call, |now| async move {
            fresh(&self.venue(), actor, now)?;
            let why = reason("reason", why)?;
            let before = self.row_or_not_found(&CAMPAIGNS, "campaign", campaign).await?;
            let mut row = CampaignRow::of(&before)?;
            check_if_match(call, "campaign", campaign, row.version)?;
            if row.state == CampaignState::Stopped || row.state == state {
                return Err(wrong_state(campaign, row.state));
            }
            row.state = state;
            row.body.reason = why.to_owned();
            (row.body.changed_by, row.body.changed_us) =
                (Some(actor.principal.clone()), Some(now.as_micros()));
            let plan = written(actor, class, (Some(&before), &row), why, now);
            row.version += 1;
            Ok(Planned { plan, value: CampaignView::of(row), status: 200 })
        })
        .await
    }

    /// A key is in one campaign at a time.
    async fn no_overlap(&self, but: Option<&str>, wanted: &CampaignPlan) -> Result<(), Refusal> {
        let others = self.campaign_rows(&[CampaignState::Running, CampaignState::Paused]).await?;
        let other =
            others.iter().find(|row| Some(row.campaign.as_str()) != but && row.body.plan.overlaps(wanted));
        let Some(other) = other else { return Ok(()) };
        Err(Refusal::new(
            RefusalKind::Conflict,
            "campaign_overlaps",
            format!("campaign `{}` asks about keys of the same segments", other.campaign),
            "stop that one first, or name other segments",
        )
        .at("/segments"))
    }

    /// Campaigns in these states.
    pub(super) async fn campaign_rows(&self, states: &[CampaignState]) -> Result<Vec<CampaignRow>, Refusal> {
        self.campaign_images(states).await?.iter().map(CampaignRow::of).collect()
    }

    /// The same as they stand.
    async fn campaign_images(&self, states: &[CampaignState]) -> Result<Vec<Image>, Refusal> {
        let mut found = Vec::new();
        for state in states {
            let filter = in_state(*state);
            found.extend(self.store.list(&CAMPAIGNS, &filter).await.map_err(store_refusal)?);
        }
        Ok(found)
    }

    /// The same, and the ids of those whose columns are damaged, for whoever passes over them.
    pub(super) async fn campaigns_readable(
        &self,
        states: &[CampaignState],
    ) -> Result<(Vec<Image>, Vec<String>), Refusal> {
        let (mut found, mut damaged) = (Vec::new(), Vec::new());
        for state in states {
            let filter = in_state(*state);
            let (rows, unreadable) =
                self.store.list_readable(&CAMPAIGNS, &filter).await.map_err(store_refusal)?;
            found.extend(rows);
            damaged.extend(unreadable);
        }
        Ok((found, damaged))
    }

    /// Ids of all campaigns, stopped ones too.
    pub(crate) async fn campaigns_of_any_state(&self) -> Result<Vec<String>, Refusal> {
        let states = [CampaignState::Running, CampaignState::Paused, CampaignState::Stopped];
        let rows = self.campaign_images(&states).await?;
        Ok(rows.iter().map(|row| text(row, CAMPAIGNS.key).to_owned()).collect())
    }

    /// How many keys and accounts a campaign would ask about now, for whoever looks before he proposes. More may come in later.
    async fn campaign_covers(&self, row: &CampaignRow) -> Result<Effect, Refusal> {
        let states = [KeyState::Active.as_str(), KeyState::Suspended.as_str()];
        let counts = self.store.keys_on_other_terms(&states, &row.terms).await.map_err(store_refusal)?;
        let of = |segment: Segment| {
            let found = counts.iter().find(|one| one.segment == segment.to_string());
            let (keys, accounts) = found.map_or((0, 0), |one| (one.keys, one.accounts));
            (segment.to_string(), json!({ "keys": keys, "accounts": accounts }))
        };
        let covered = Segment::ALL.iter().copied().filter(|segment| row.body.plan.covers(*segment));
        Ok(Effect {
            subject: format!("campaign:{}", row.campaign),
            field: "covers".to_owned(),
            before: Json::Null,
            after: Json::Object(covered.map(of).collect()),
        })
    }

    /// That this campaign is the last one granted about its segments, whoever was before. Not what keeps two apart, but what makes the second
    /// of two grants at once look again.
    async fn claims(&self, frozen: &Frozen) -> Result<Vec<RowWrite>, Refusal> {
        let segments = Segment::ALL.iter().filter(|segment| frozen.plan.covers(**segment));
        let segments: Vec<String> = segments.map(ToString::to_string).collect();
        let known = self.rows_by_key(&CAMPAIGN_SEGMENTS, &segments).await?;
        let claim = |segment: &String| {
            let row = json!({ "segment": segment, "campaign": frozen.campaign });
            let row = row.as_object().cloned().unwrap_or_default();
            replace(&CAMPAIGN_SEGMENTS, known.get(segment), row)
        };
        Ok(segments.iter().map(claim).collect())
    }
}

fn in_state(state: CampaignState) -> Filter {
    Filter { equals: vec![("state", json!(state))], limit: CAMPAIGNS_MAX, ..Filter::default() }
}

fn written(
    actor: &Actor,
    class: &'static str,
    (before, row): (Option<&Image>, &CampaignRow),
    why: &str,
    now: Timestamp,
) -> Plan {
    let mut facts = facts(actor);
    facts.insert("campaign".to_owned(), json!(row.campaign));
    facts.insert("reason".to_owned(), json!(why));
    let mut change = change(class, now, facts);
    let write = row.write(before);
    let effects = effects("campaign", &write, before);
    change.writes.push(write);
    let did = class.rsplit('.').next().unwrap_or(class);
    Plan { title: format!("campaign {}: {did}", row.campaign), effects, warnings: Vec::new(), change }
}

fn wrong_state(campaign: &str, state: CampaignState) -> Refusal {
    let (word, remedy) = match state {
        CampaignState::Proposed => ("proposed", "have its approval granted, or withdraw it"),
        CampaignState::Running => ("running", "nothing has to be done; pause it or make it longer"),
        CampaignState::Paused => ("paused", "have it put on again, or stop it"),
        CampaignState::Stopped => ("stopped", "what has stopped stays so: propose another campaign"),
    };
    Refusal::new(RefusalKind::Conflict, "campaign_state", format!("campaign `{campaign}` is {word}"), remedy)
}
