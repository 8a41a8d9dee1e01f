//! What one person proposes and another decides: the approval that a vendor's or a user's change waits for.
//!
//! What deciding it does stands with the thing: [`crate::parties`] for vendors, [`crate::staff`] for roles, [`crate::venue`].

use crate::actor::{Actor, Role};
use crate::approvals::{Approval, Opening};
use crate::govern::{Govern, change, facts};
use crate::plan::Plan;
use crate::refusal::{Refusal, RefusalKind};
use crate::venue::{Bounded, Needed};
use serde_json::{Value, json};
use sumun_model::Timestamp;
use sumun_store::RowRead;

/// Approves a vendor.
pub(crate) const VENDOR_APPROVE: &str = "vendor.approve";
/// Gives a user other roles.
pub(crate) const USER_ROLES: &str = "user.roles";

/// Lets a machine's token open.
pub(crate) const TOKEN_MAKE: &str = "token.make";
/// Puts other facts of the venue in force.
pub(crate) const VENUE_ADOPT: &str = "venue.adopt";

/// Takes a measure that policy proposes.
pub(crate) const KEY_MEASURE: &str = "key.measure";
/// To end a key by force, proposed by staff.
pub(crate) const KEY_EXPIRE: &str = "key.expire";
/// Puts another policy in force.
pub(crate) const POLICY_ACTIVATE: &str = "policy.activate";
/// Puts another ramp in force.
pub(crate) const RAMP_SET: &str = "ramp.set";
/// Begins, lengthens or resumes an enrolment campaign.
pub(crate) const CAMPAIGN_SET: &str = "campaign.set";

/// What is proposed.
#[derive(Debug)]
pub(crate) struct Proposal<'a> {
    /// What is done when it is granted.
    pub(crate) action: &'static str,
    /// To what: `vendor:V1`.
    pub(crate) subject: String,
    /// What is asked, frozen.
    pub(crate) request: Value,
    /// Whose agreement it takes; one other person.
    pub(crate) role: Role,
    /// Why.
    pub(crate) reason: &'a str,
    /// Rows relied on.
    pub(crate) reads: Vec<RowRead>,
}

/// One person of this role.
pub(crate) fn one(role: Role) -> Vec<Needed> {
    Bounded::new(1).map(|count| Needed { role, count }).into_iter().collect()
}

impl Govern {
    /// What proposing writes: an open approval. One of the same action and subject may not be open already.
    pub(crate) async fn propose(
        &self,
        actor: &Actor,
        proposal: Proposal<'_>,
        now: Timestamp,
    ) -> Result<(Plan, String), Refusal> {
        self.propose_over(actor, proposal, &[], now).await
    }

    /// As [`Govern::propose`]; these do not stand in the way, because the caller withdraws them with the same plan.
    pub(crate) async fn propose_over(
        &self,
        actor: &Actor,
        proposal: Proposal<'_>,
        withdrawn: &[Approval],
        now: Timestamp,
    ) -> Result<(Plan, String), Refusal> {
        let open = self.open_approvals(&proposal.subject).await?;
        let goes = |open: &Approval| withdrawn.iter().any(|one| one.approval == open.approval);
        let waits =
            |open: &&Approval| open.action == proposal.action && now.as_micros() < open.due_us && !goes(open);
        if let Some(same) = open.iter().find(waits) {
            return Err(Refusal::new(
                RefusalKind::Conflict,
                "approval_open",
                format!(
                    "approval `{}` of the same kind still waits for `{}`",
                    same.approval, proposal.subject
                ),
                "have it decided, or withdraw it first",
            ));
        }
        let approval = self.approval_of(actor, &proposal, now);
        let mut facts = facts(actor);
        facts.insert("approval".to_owned(), json!(approval.approval));
        facts.insert("action".to_owned(), json!(proposal.action));
        facts.insert("subject".to_owned(), json!(proposal.subject));
        facts.insert("reason".to_owned(), json!(proposal.reason));
        let mut change = change("approval.opened", now, facts);
        change.writes.push(approval.first_write());
        change.reads = proposal.reads;
        let title = format!("propose {} of {}", proposal.action, proposal.subject);
        let warnings = vec![format!("waits for another person with the role `{}`", proposal.role.as_str())];
        Ok((Plan { title, effects: Vec::new(), warnings, change }, approval.approval))
    }

    /// The approval itself, for a change that writes more than it.
    pub(crate) fn approval_of(&self, actor: &Actor, proposal: &Proposal<'_>, now: Timestamp) -> Approval {
        let days = i64::from(self.venue().clocks.approval_due_days.get());
        let opening = Opening {
            id: self.new_id("P"),
            action: proposal.action,
            subject: proposal.subject.clone(),
            request: proposal.request.clone(),
            requested_by: &actor.principal,
            needed: &one(proposal.role),
            due: now.plus_micros(days * 24 * 3600 * 1_000_000),
        };
        Approval::open(opening, now)
    }
}

/// What was frozen cannot be read any more.
pub(crate) fn unreadable(approval: &Approval) -> Refusal {
    Refusal::new(
        RefusalKind::Unavailable,
        "row_unreadable",
        format!("what approval `{}` asks for cannot be read", approval.approval),
        "have it refused, and ask anew",
    )
}

/// What was asked about is no longer what was looked at.
pub(crate) fn subject_changed(approval: &Approval) -> Refusal {
    Refusal::new(
        RefusalKind::Conflict,
        "subject_changed",
        format!("`{}` changed since approval `{}` was asked for", approval.subject, approval.approval),
        "have this one refused, look at what there is now, and ask anew",
    )
}
