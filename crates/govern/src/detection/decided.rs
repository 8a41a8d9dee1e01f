//! What policy proposed and people decided: an approval of one measure on one key.
//!
//! Two entitled people decide, neither of whom works the case. What they agreed to must be what still waits: a proposal that
//! was withdrawn, or gave way to a stricter one, is not taken on an old word.

use super::effects::FrozenMeasure;
use super::turn::Input;
use crate::actor::Actor;
use crate::approvals::Approval;
use crate::cases::docket::Docket;
use crate::cases::row::CaseRow;
use crate::govern::Govern;
use crate::plan::Plan;
use crate::proposal::{KEY_MEASURE, subject_changed, unreadable};
use crate::refusal::{Refusal, RefusalKind};
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
        let (mut plan, _) = self.turn(actor, &loaded, input, &mut docket, now).await?;
        docket.write(&mut plan);
        Ok(plan)
    }
}

fn frozen(approval: &Approval) -> Result<FrozenMeasure, Refusal> {
    serde_json::from_value(approval.request.clone()).map_err(|_| unreadable(approval))
}
