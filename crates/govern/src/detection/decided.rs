//! What policy proposed and people decided: an approval of one measure on one key.
//!
//! Two entitled people decide, neither of whom works the case. What they agreed to must be what still waits: a proposal that
//! was withdrawn, or gave way to a stricter one, is not taken on an old word.

use super::effects::FrozenMeasure;
use super::turn::Input;
use crate::actor::Actor;
use crate::approvals::{Approval, ApprovalState};
use crate::cases::docket::Docket;
use crate::cases::row::CaseRow;
use crate::govern::Govern;
use crate::plan::Plan;
use crate::proposal::{KEY_MEASURE, subject_changed, unreadable};
use crate::refusal::{Refusal, RefusalKind};
use serde_json::json;
use sumun_model::Timestamp;
use sumun_model::assessment::{Act, ActKind};
use sumun_store::Image;
use sumun_store::tables::CASES;

impl Govern {
    /// Refuses whoever works the case in which this was proposed.
    pub(crate) async fn not_his_case(&self, actor: &Actor, approval: &Approval) -> Result<(), Refusal> {
        if approval.action != KEY_MEASURE {
            return Ok(());
        }
        let row = self.row(&CASES, &frozen(approval)?.case_id).await?;
        Self::not_of_his_case(actor, approval, |_| row.as_ref())
    }

    /// As [`Govern::not_his_case`], with whoever has the case's row.
    pub(crate) fn not_of_his_case<'a>(
        actor: &Actor,
        approval: &Approval,
        case: impl FnOnce(&str) -> Option<&'a Image>,
    ) -> Result<(), Refusal> {
        if approval.action != KEY_MEASURE {
            return Ok(());
        }
        let frozen = frozen(approval)?;
        let case = case(&frozen.case_id).map(CaseRow::of).transpose()?;
        if !case.is_some_and(|case| case.is_worked_by(&actor.principal)) {
            return Ok(());
        }
        Err(Refusal::new(
            RefusalKind::Forbidden,
            "own_case",
            format!(
                "`{}` works case `{}`, and does not decide what is proposed in it",
                actor.principal, frozen.case_id
            ),
            "let another entitled person decide",
        ))
    }

    /// What granting or refusing a proposed measure writes.
    pub(crate) async fn measure_decided(
        &self,
        actor: &Actor,
        approval: &Approval,
        granted: bool,
        now: Timestamp,
    ) -> Result<Plan, Refusal> {
        let frozen = frozen(approval)?;
        let loaded = self.key_loaded(actor, &frozen.key).await?;
        let (stood, _) = self.standing(&loaded.key, &loaded.account, now).await?;
        let at = Timestamp::from_micros(frozen.body.decided_us);
        let rule = frozen.body.rule.as_deref().unwrap_or_default();
        let waits = stood.standing.waits_for(frozen.measure, rule, at);
        if granted && !waits {
            return Err(subject_changed(approval));
        }
        let kind = if granted { ActKind::Approved } else { ActKind::Refused };
        let acts = [Act { kind, at: now, event: None }];
        let reason = approval.decisions.last().and_then(|decided| decided.reason.as_deref());
        let mut docket = Docket::default();
        let input = Input {
            acts: if waits { &acts } else { &[] },
            reason,
            approval: Some(&approval.approval),
            ..Input::default()
        };
        let (mut plan, turned) = self.turn(actor, &loaded, input, &mut docket, now).await?;
        docket.write(&mut plan);
        let state = if granted || approval.state == ApprovalState::Refused {
            approval.state
        } else {
            ApprovalState::Lapsed
        };
        let went = match state {
            ApprovalState::Granted => "take",
            ApprovalState::Refused => "refuse",
            _ => "let lapse",
        };
        plan.title = format!("{went} the proposed {} of key {}", frozen.measure, frozen.key);
        // Where nothing in force changes, the decision is what happened; a key's timeline goes by what does change.
        if turned.measure == loaded.key.measure {
            plan.change.class = "approval.decided";
            plan.change.facts.insert("action".to_owned(), json!(approval.action));
            plan.change.facts.insert("subject".to_owned(), json!(approval.subject));
            plan.change.facts.insert("state".to_owned(), json!(state));
            // Of what was proposed, not of what is in force.
            plan.change.facts.insert("measure".to_owned(), json!(frozen.measure));
            plan.change.facts.insert("rule".to_owned(), json!(frozen.body.rule));
            plan.change.facts.insert("case".to_owned(), json!(frozen.case_id));
            plan.change.facts.insert("signals".to_owned(), json!(frozen.body.signals));
        }
        Ok(plan)
    }
}

/// What an approval of a measure freezes.
///
/// # Errors
/// `row_unreadable`.
pub(crate) fn frozen(approval: &Approval) -> Result<FrozenMeasure, Refusal> {
    serde_json::from_value(approval.request.clone()).map_err(|_| unreadable(approval))
}
