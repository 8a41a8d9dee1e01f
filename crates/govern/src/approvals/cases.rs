//! Deciding, withdrawing and looking at approvals. The one place that knows which action is executed where.

use super::{Approval, ApprovalState, Decision, Outcome};
use crate::actor::Actor;
use crate::call::{Call, Done, Planned};
use crate::detection::cases_named;
use crate::govern::{Govern, change, check_if_match, facts, not_found, store_refusal};
use crate::keys::KeyRow;
use crate::keys::access::{READERS, inside, segment_of};
use crate::plan::Plan;
use crate::proposal::{
    CAMPAIGN_SET, KEY_MEASURE, POLICY_ACTIVATE, RAMP_SET, TOKEN_MAKE, USER_ROLES, VENDOR_APPROVE, VENUE_ADOPT,
};
use crate::refusal::{Refusal, RefusalKind};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use sumun_model::Timestamp;
use sumun_store::tables::{ACCOUNTS, APPROVALS, CASES, KEYS};
use sumun_store::{Filter, Image};

/// Open approvals looked at at once, to find those that wait for somebody.
const LOOKED_AT: u32 = 500;

/// What approvals are judged by, read for all of them at once; by id.
struct Known {
    keys: BTreeMap<String, Image>,
    accounts: BTreeMap<String, Image>,
    cases: BTreeMap<String, Image>,
}

impl Govern {
    /// Decides an approval; the last decision executes what was asked.
    ///
    /// # Errors
    /// As [`Approval::decide`]; `subject_changed` if what was asked no longer fits what is there.
    pub async fn decide(
        &self,
        actor: &Actor,
        approval: &str,
        decision: &Decision,
        call: &Call,
    ) -> Result<Done<Approval>, Refusal> {
        let done = self
            .run(actor, call, |now| async move {
                let before = self.approval_row(actor, approval).await?;
                check_if_match(call, "approval", approval, before.version)?;
                let before = self.needed_now(before).await?;
                if before
                    .needed
                    .iter()
                    .any(|needed| needed.role.is_staff() && actor.roles.contains(&needed.role))
                {
                    crate::staff::fresh(&self.venue(), actor, now)?;
                } else {
                    crate::keys::access::fresh(&self.venue(), actor, now)?;
                }
                self.not_his_case(actor, &before).await?;
                let (mut after, outcome) = before.decide(actor, decision, now)?;
                if let (Some(decided), Some(said)) = (after.decisions.last_mut(), decision.looked_at) {
                    let since = self.looked_since(approval, &actor.principal, said).await?;
                    decided.looked_us = since.map(|since| now.micros_since(since));
                }
                let mut plan = match (outcome, after.action.as_str()) {
                    (Outcome::Waits, _) => waiting(actor, &after, now),
                    (Outcome::Granted, VENDOR_APPROVE) => self.vendor_approved(actor, &after, now).await?,
                    (Outcome::Granted, USER_ROLES) => self.roles_approved(actor, &after, now).await?,
                    (Outcome::Granted, VENUE_ADOPT) => self.venue_approved(actor, &after, now).await?,
                    (Outcome::Granted | Outcome::Refused, TOKEN_MAKE) => {
                        self.token_decided(actor, &after, outcome == Outcome::Granted, now).await?
                    }
                    (Outcome::Granted | Outcome::Refused, KEY_MEASURE) => {
                        self.measure_decided(actor, &after, outcome == Outcome::Granted, now).await?
                    }
                    (Outcome::Granted, POLICY_ACTIVATE) => self.policy_approved(actor, &after, now).await?,
                    (Outcome::Granted, RAMP_SET) => self.ramp_approved(actor, &after, now).await?,
                    (Outcome::Granted, CAMPAIGN_SET) => self.campaign_approved(actor, &after, now).await?,
                    (Outcome::Granted, _) => self.key_approved(actor, &after, now).await?,
                    (Outcome::Refused, "key.grant") => self.key_grant_refused(actor, &after, now).await?,
                    (Outcome::Refused, _) => waiting(actor, &after, now),
                };
                if outcome == Outcome::Granted {
                    plan.change.reads.extend(self.voices(&after).await?);
                }
                if call.dry_run && outcome != Outcome::Refused {
                    self.mind_before_agreeing(actor, &after, &mut plan).await?;
                }
                plan.change.facts.insert("approval".to_owned(), json!(after.approval));
                plan.change.facts.insert("decision".to_owned(), json!(after.decisions.last()));
                plan.change.writes.push(after.next_write());
                Ok(Planned { plan, value: after.seen_by(actor), status: 200 })
            })
            .await?;
        if done.committed.is_some() && done.value.action == VENUE_ADOPT {
            self.reload_venue().await?;
        }
        if done.committed.is_some() && done.value.action == POLICY_ACTIVATE {
            self.reload_policy().await?;
        }
        Ok(done)
    }

    /// Takes back what one asked for.
    ///
    /// # Errors
    /// `not_found`, `approval_closed`, `requester_only`.
    pub async fn withdraw_approval(
        &self,
        actor: &Actor,
        approval: &str,
        call: &Call,
    ) -> Result<Done<Approval>, Refusal> {
        self.run(actor, call, |now| async move {
            let before = self.approval_row(actor, approval).await?;
            check_if_match(call, "approval", approval, before.version)?;
            if before.requested_by != actor.principal || before.action == "key.grant" {
                return Err(Refusal::new(
                    RefusalKind::Forbidden,
                    "requester_only",
                    "only who asked for it takes it back; a key that is asked for is revoked as a whole",
                    "refuse it if you are entitled to decide, or revoke the key that was asked for",
                ));
            }
            if before.state != ApprovalState::Open {
                return Err(Refusal::new(
                    RefusalKind::Conflict,
                    "approval_closed",
                    format!("approval `{approval}` is closed already"),
                    "nothing has to be done",
                ));
            }
            let after = before.closed(ApprovalState::Withdrawn, now);
            let mut plan = waiting(actor, &after, now);
            plan.title = format!("withdraw approval {approval}");
            plan.change.facts.insert("approval".to_owned(), json!(after.approval));
            plan.change.writes.push(after.next_write());
            Ok(Planned { plan, value: after.seen_by(actor), status: 200 })
        })
        .await
    }

    /// One approval that this principal may see.
    ///
    /// # Errors
    /// `not_found`, `store_unavailable`.
    pub async fn approval(&self, actor: &Actor, approval: &str) -> Result<Approval, Refusal> {
        let row = self.approval_row(actor, approval).await?;
        self.look_opened(approval, &actor.principal).await;
        Ok(row.seen_by(actor))
    }

    /// One approval, whole: to decide it, not to show it.
    pub(crate) async fn approval_row(&self, actor: &Actor, approval: &str) -> Result<Approval, Refusal> {
        let row = Approval::of(&self.row_or_not_found(&APPROVALS, "approval", approval).await?)?;
        if sees(actor, &row) { Ok(row) } else { Err(not_found("approval", approval)) }
    }

    /// Approvals that this principal may see, by id, of one subject or state if said. What he may not see is left out before
    /// the page is cut: a page is shorter than `limit` only at the end.
    ///
    /// # Errors
    /// `store_unavailable`.
    pub async fn approvals(
        &self,
        actor: &Actor,
        subject: Option<&str>,
        state: Option<ApprovalState>,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<Approval>, Refusal> {
        let limit = limit.clamp(1, Filter::LIMIT_MAX);
        let staff = actor.has(READERS) || actor.principal.starts_with("system:");
        let mut equals = Vec::new();
        equals.extend(subject.map(|subject| ("subject", json!(subject))));
        equals.extend(state.map(|state| ("state", json!(state))));
        if !staff {
            let Some(customer) = &actor.customer else { return Ok(Vec::new()) };
            equals.push(("customer", json!(customer)));
        }
        let filter = Filter { equals, after, limit, ..Filter::default() };
        let mut found = self.approvals_seen(actor, filter).await?;
        found.truncate(limit as usize);
        Ok(found.into_iter().map(|approval| approval.seen_by(actor)).collect())
    }

    /// Approvals in this state that this principal may see, the last decided first, after one of them. What he may not see is left out
    /// before the page is cut.
    ///
    /// # Errors
    /// `store_unavailable`.
    pub async fn approvals_newest(
        &self,
        actor: &Actor,
        subject: Option<&str>,
        state: ApprovalState,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<Approval>, Refusal> {
        let limit = limit.clamp(1, Filter::LIMIT_MAX);
        let mut equals = vec![("state", json!(state))];
        equals.extend(subject.map(|subject| ("subject", json!(subject))));
        if !actor.has(READERS) {
            let Some(customer) = &actor.customer else { return Ok(Vec::new()) };
            equals.push(("customer", json!(customer)));
        }
        let (mut after, mut found) = (after, Vec::new());
        loop {
            let page = self.store.last_by(&APPROVALS, &equals, "decided_us", after.as_deref(), limit);
            let page = page.await.map_err(store_refusal)?;
            let seen = page.iter().filter_map(readable).filter(|approval| sees(actor, approval));
            found.extend(seen.map(|approval| approval.seen_by(actor)));
            if page.len() < limit as usize || found.len() >= limit as usize {
                found.truncate(limit as usize);
                return Ok(found);
            }
            after = page.last().map(|row| crate::row::text(row, APPROVALS.key).to_owned());
        }
    }

    /// Approvals that wait for this principal: those that [`Govern::decide`] would let him decide now. By id.
    ///
    /// # Errors
    /// `store_unavailable`.
    pub async fn approvals_for(
        &self,
        actor: &Actor,
        subject: Option<&str>,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<Approval>, Refusal> {
        let (now, limit) = (self.world.now(), limit.clamp(1, Filter::LIMIT_MAX));
        let mut equals = vec![("state", json!(ApprovalState::Open))];
        equals.extend(subject.map(|subject| ("subject", json!(subject))));
        if let Some(customer) = actor.customer.as_ref().filter(|_| !actor.has(READERS)) {
            equals.push(("customer", json!(customer)));
        }
        let mut filter = Filter { equals, after, limit: limit.max(LOOKED_AT), ..Filter::default() };
        let mut found = Vec::new();
        loop {
            let page = self.store.list(&APPROVALS, &filter).await.map_err(store_refusal)?;
            let open: Vec<Approval> = page.iter().filter_map(readable).collect();
            for approval in self.those_for(actor, &open, now).await? {
                found.push(approval.clone().seen_by(actor));
                if found.len() >= limit as usize {
                    return Ok(found);
                }
            }
            if page.len() < filter.limit as usize {
                return Ok(found);
            }
            filter.after = page.last().map(|row| crate::row::text(row, APPROVALS.key).to_owned());
        }
    }

    /// How many of these wait for this principal.
    ///
    /// # Errors
    /// `store_unavailable`.
    pub async fn count_for(&self, actor: &Actor, open: &[Approval]) -> Result<usize, Refusal> {
        Ok(self.those_for(actor, open, self.world.now()).await?.len())
    }

    /// Those of these that this principal may decide now: under the rules in force, and not in a case of his own. Keys, accounts and cases
    /// are read once for all of them, so that it costs the same few statements with one and with five hundred.
    async fn those_for<'a>(
        &self,
        actor: &Actor,
        open: &'a [Approval],
        now: Timestamp,
    ) -> Result<Vec<&'a Approval>, Refusal> {
        // Nothing is asked of the database about what is out of the question anyway.
        let may = |approval: &&Approval| sees(actor, approval) && approval.waits(actor, now).is_ok();
        let open: Vec<&Approval> = open.iter().filter(may).collect();
        let named = |name: &str| -> Vec<String> {
            let names = open.iter().filter_map(|approval| approval.request.get(name)?.as_str());
            names.map(str::to_owned).collect()
        };
        let many = async |table, keys: Vec<String>| -> Result<BTreeMap<String, Image>, Refusal> {
            if keys.is_empty() {
                return Ok(BTreeMap::new());
            }
            let rows = self.store.get_many(table, &keys).await.map_err(store_refusal)?;
            Ok(rows.into_iter().map(|row| (crate::row::text(&row, table.key).to_owned(), row)).collect())
        };
        let keys = many(&KEYS, named("key")).await?;
        let of = keys.values().map(|key| crate::row::text(key, "account").to_owned());
        let accounts = many(&ACCOUNTS, of.collect()).await?;
        let cases = open.iter().flat_map(|approval| cases_named(approval)).map(str::to_owned);
        let cases = many(&CASES, cases.collect()).await?;
        let known = Known { keys, accounts, cases };
        Ok(open.into_iter().filter(|approval| self.is_for(actor, approval, &known, now).is_ok()).collect())
    }

    /// As [`Govern::decide`] would judge it by what is known.
    fn is_for(
        &self,
        actor: &Actor,
        approval: &Approval,
        known: &Known,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let present = self.needed_by(approval.clone(), |key| {
            let row = known.keys.get(key).ok_or_else(|| not_found("key", key))?;
            let key = KeyRow::of(row)?;
            let account =
                known.accounts.get(&key.account).ok_or_else(|| not_found("account", &key.account))?;
            Ok((segment_of(&key.account, account)?, key.scopes))
        })?;
        present.entitled(actor, now)?;
        Self::not_of_his_case(actor, &present, |case| known.cases.get(case))
    }

    /// The first so many that this principal may see.
    async fn approvals_seen(&self, actor: &Actor, mut filter: Filter) -> Result<Vec<Approval>, Refusal> {
        let mut found = Vec::new();
        loop {
            let rows = self.store.list(&APPROVALS, &filter).await.map_err(store_refusal)?;
            for row in &rows {
                found.extend(readable(row).filter(|approval| sees(actor, approval)));
            }
            if rows.len() < filter.limit as usize || found.len() >= filter.limit as usize {
                return Ok(found);
            }
            filter.after = rows.last().map(|row| crate::row::text(row, APPROVALS.key).to_owned());
        }
    }

    /// Approvals of this subject that still wait. One that cannot be read waits for nobody, since nobody can decide it: it is
    /// left out and told, so that no altered row stands in the way of ending a key.
    pub(crate) async fn open_approvals(&self, subject: &str) -> Result<Vec<Approval>, Refusal> {
        let equals = vec![("subject", json!(subject)), ("state", json!(ApprovalState::Open))];
        let filter = Filter { equals, after: None, limit: Filter::LIMIT_MAX, ..Filter::default() };
        let rows = self.store.list(&APPROVALS, &filter).await.map_err(store_refusal)?;
        Ok(rows.iter().filter_map(readable).collect())
    }
}

/// The approval, if its row can be read.
fn readable(row: &Image) -> Option<Approval> {
    Approval::of(row)
        .inspect_err(|_| {
            let id = crate::row::text(row, APPROVALS.key);
            tracing::error!(approval.id = %id, "Approval `{id}` cannot be read and was left out: verify the ledger");
        })
        .ok()
}

/// What a customer asks for, and so may see.
const ASKED_OUTSIDE: &[&str] = &["key.grant", "key.widen"];

/// Staff see all; a customer sees his own, but not what staff propose about him, and neither does who talks with him.
fn sees(actor: &Actor, approval: &Approval) -> bool {
    if inside(actor) {
        return true;
    }
    let customer = approval.request.get("customer").and_then(Value::as_str);
    let his = actor.has(READERS) || actor.customer.as_deref() == customer;
    customer.is_some() && his && ASKED_OUTSIDE.contains(&approval.action.as_str())
}

/// A decision that executes nothing.
fn waiting(actor: &Actor, after: &Approval, now: Timestamp) -> Plan {
    let mut facts = facts(actor);
    facts.insert("action".to_owned(), json!(after.action));
    facts.insert("subject".to_owned(), json!(after.subject));
    facts.insert("state".to_owned(), json!(after.state));
    Plan {
        title: format!("decide {} of {}", after.action, after.subject),
        effects: Vec::new(),
        warnings: Vec::new(),
        change: change("approval.decided", now, facts),
    }
}
