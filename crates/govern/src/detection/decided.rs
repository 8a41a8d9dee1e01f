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
use crate::measures::MeasureState;
use crate::plan::Plan;
use crate::proposal::{KEY_EXPIRE, KEY_MEASURE, subject_changed, unreadable};
use crate::refusal::{Refusal, RefusalKind};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use sumun_model::Timestamp;
use sumun_model::assessment::{Act, ActKind};
use sumun_store::Image;
use sumun_store::tables::CASES;

fn text_of<'a>(approval: &'a Approval, name: &str) -> &'a str {
    approval.request.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn listed<'a>(approval: &'a Approval, name: &str) -> impl Iterator<Item = &'a str> {
    approval.request.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// The cases that a request about a measure, or about a key's end, names: whoever works one of them does not decide it.
pub(crate) fn cases_named(approval: &Approval) -> impl Iterator<Item = &str> {
    let one = (approval.action == KEY_MEASURE).then(|| text_of(approval, "case_id"));
    let many = (approval.action == KEY_EXPIRE).then(|| listed(approval, "cases"));
    one.into_iter().chain(many.into_iter().flatten())
}

impl Govern {
    /// Refuses whoever works the case in which this was proposed.
    pub(crate) async fn not_his_case(&self, actor: &Actor, approval: &Approval) -> Result<(), Refusal> {
        let mut present = approval.clone();
        if approval.action == KEY_EXPIRE {
            // Somebody may have taken the case, or placed a hold, since it was asked.
            let (cases, placed_by) = self.hands_on(text_of(approval, "key")).await?;
            for (name, found) in [("cases", cases), ("placed_by", placed_by)] {
                let known: BTreeSet<String> =
                    listed(approval, name).map(str::to_owned).chain(found).collect();
                if let Some(request) = present.request.as_object_mut() {
                    request.insert(name.to_owned(), json!(known));
                }
            }
        }
        let ids: Vec<String> = cases_named(&present).map(str::to_owned).collect();
        let mut rows = BTreeMap::new();
        for id in ids {
            let row = self.row(&CASES, &id).await?;
            rows.extend(row.map(|row| (id, row)));
        }
        Self::not_of_his_case(actor, &present, |case| rows.get(case))
    }

    /// As [`Govern::not_his_case`], by what the request names, with whoever has the cases' rows.
    pub(crate) fn not_of_his_case<'a>(
        actor: &Actor,
        approval: &Approval,
        case: impl Fn(&str) -> Option<&'a Image>,
    ) -> Result<(), Refusal> {
        let own = |message: String| {
            Refusal::new(RefusalKind::Forbidden, "own_case", message, "let another entitled person decide")
        };
        for id in cases_named(approval) {
            let case = case(id).map(CaseRow::of).transpose()?;
            if case.is_some_and(|case| case.is_worked_by(&actor.principal)) {
                return Err(own(format!(
                    "`{}` works case `{id}`, and does not decide what is proposed in it",
                    actor.principal
                )));
            }
        }
        if approval.action == KEY_EXPIRE && listed(approval, "placed_by").any(|by| by == actor.principal) {
            return Err(own(format!(
                "`{}` placed what is in force on `{}`, and does not decide its end",
                actor.principal, approval.subject
            )));
        }
        Ok(())
    }

    /// Whose hands are on a key already: the open cases it is in, and who of staff placed what is in force on it.
    ///
    /// # Errors
    /// The store's, `row_unreadable`.
    pub(crate) async fn hands_on(&self, key: &str) -> Result<(Vec<String>, Vec<String>), Refusal> {
        let (mut cases, mut placed_by) = (BTreeSet::new(), BTreeSet::new());
        for state in [MeasureState::InForce, MeasureState::Proposed] {
            for row in self.measures_of(key, state).await? {
                cases.insert(row.case_id);
                // What others agreed to was judged by them, and is nobody's own.
                let alone = state == MeasureState::InForce && row.approval.is_none();
                placed_by.extend(Some(row.by).filter(|by| alone && by.starts_with("user:")));
            }
        }
        cases.extend(Docket::default().open_of(self, &format!("key:{key}")).await?);
        Ok((cases.into_iter().collect(), placed_by.into_iter().collect()))
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
