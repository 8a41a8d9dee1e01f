//! Deciding, withdrawing and looking at approvals. The one place that knows which action is executed where.

use super::{Approval, ApprovalState, Decision, Outcome};
use crate::actor::Actor;
use crate::call::{Call, Done, Planned};
use crate::govern::{Govern, change, check_if_match, facts, not_found, store_refusal};
use crate::keys::access::READERS;
use crate::plan::Plan;
use crate::proposal::{USER_ROLES, VENDOR_APPROVE};
use crate::refusal::{Refusal, RefusalKind};
use serde_json::{Value, json};
use sumun_model::Timestamp;
use sumun_store::Filter;
use sumun_store::tables::APPROVALS;

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
        self.run(actor, call, |now| async move {
            let before = self.approval_row(actor, approval).await?;
            check_if_match(call, "approval", approval, before.version)?;
            let (after, outcome) = before.decide(actor, decision, now)?;
            let mut plan = match (outcome, after.action.as_str()) {
                (Outcome::Waits, _) => waiting(actor, &after, now),
                (Outcome::Granted, VENDOR_APPROVE) => self.vendor_approved(actor, &after, now).await?,
                (Outcome::Granted, USER_ROLES) => self.roles_approved(actor, &after, now).await?,
                (Outcome::Granted, _) => self.key_approved(actor, &after, now).await?,
                (Outcome::Refused, "key.grant") => self.key_grant_refused(actor, &after, now).await?,
                (Outcome::Refused, _) => waiting(actor, &after, now),
            };
            plan.change.facts.insert("approval".to_owned(), json!(after.approval));
            plan.change.facts.insert("decision".to_owned(), json!(after.decisions.last()));
            plan.change.writes.push(after.next_write());
            Ok(Planned { plan, value: after.seen_by(actor), status: 200 })
        })
        .await
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
            let after = before.closed(ApprovalState::Withdrawn);
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
        Ok(self.approval_row(actor, approval).await?.seen_by(actor))
    }

    /// One approval, whole: to decide it, not to show it.
    pub(crate) async fn approval_row(&self, actor: &Actor, approval: &str) -> Result<Approval, Refusal> {
        let row = Approval::of(&self.row_or_not_found(&APPROVALS, "approval", approval).await?)?;
        if sees(actor, &row) { Ok(row) } else { Err(not_found("approval", approval)) }
    }

    /// Approvals that this principal may see, by id, of one subject or state if said.
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
        let mut equals = Vec::new();
        if let Some(subject) = subject {
            equals.push(("subject", json!(subject)));
        }
        if let Some(state) = state {
            equals.push(("state", json!(state)));
        }
        let rows = self
            .store
            .list(
                &APPROVALS,
                &Filter { equals, after, limit: limit.min(Filter::LIMIT_MAX), ..Filter::default() },
            )
            .await
            .map_err(store_refusal)?;
        let approvals: Result<Vec<Approval>, Refusal> = rows.iter().map(Approval::of).collect();
        let seen = approvals?.into_iter().filter(|approval| sees(actor, approval));
        Ok(seen.map(|approval| approval.seen_by(actor)).collect())
    }

    /// Approvals of this subject that still wait.
    pub(crate) async fn open_approvals(&self, subject: &str) -> Result<Vec<Approval>, Refusal> {
        let equals = vec![("subject", json!(subject)), ("state", json!(ApprovalState::Open))];
        let filter = Filter { equals, after: None, limit: Filter::LIMIT_MAX, ..Filter::default() };
        let rows = self.store.list(&APPROVALS, &filter).await.map_err(store_refusal)?;
        rows.iter().map(Approval::of).collect()
    }
}

/// Staff see all; a customer sees his own, but not what staff propose about him.
fn sees(actor: &Actor, approval: &Approval) -> bool {
    if actor.has(READERS) || actor.principal.starts_with("system:") {
        return true;
    }
    let customer = approval.request.get("customer").and_then(Value::as_str);
    customer.is_some() && actor.customer.as_deref() == customer && approval.action != "key.expire"
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
