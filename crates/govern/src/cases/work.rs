//! What people do in a case: take it, comment, do or waive a step, close it. Each with its reason, each an event.

use super::cut::CONFIRM_CUT;
use super::docket::Docket;
use super::playbook::{self, PlaybookStep, StepState};
use super::row::{CaseOutcome, CaseRow, CaseState, MemberState};
use crate::actor::{Actor, Role};
use crate::call::{Call, Done, Planned};
use crate::detection::detect_actor;
use crate::govern::{Govern, change, check_if_match, facts, not_found};
use crate::keys::access::reason;
use crate::measures::MeasureState;
use crate::plan::Plan;
use crate::refusal::{Refusal, RefusalKind};
use crate::row::{text, unchanged};
use crate::staff::require;
use serde_json::{Value, json};
use sumun_model::{Measure, Timestamp};
use sumun_store::tables::USERS;

/// Who works cases.
pub const WORKERS: &[Role] = &[Role::Analyst, Role::Approver, Role::ComplianceLead];
/// Who agrees to a waiver.
pub const WAIVERS: &[Role] = &[Role::Approver, Role::ComplianceLead];

/// What somebody does in a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work<'a> {
    /// Gives it to somebody of staff, or takes it.
    Assign(&'a str),
    /// Says something.
    Comment(&'a str),
    /// Has done a step of the playbook, with what came of it.
    StepDone(&'a str, &'a str),
    /// Asks that a step be waived, with why.
    AskWaiver(&'a str, &'a str),
    /// Agrees that a step be waived.
    Waive(&'a str, &'a str),
    /// Closes it, with why.
    Close(CaseOutcome, &'a str),
}

impl Work<'_> {
    const fn class(&self) -> &'static str {
        match self {
            Self::Assign(_) => "case.assigned",
            Self::Comment(_) => "case.commented",
            Self::StepDone(..) => "case.step_done",
            Self::AskWaiver(..) => "case.waiver_asked",
            Self::Waive(..) => "case.step_waived",
            Self::Close(..) => "case.closed",
        }
    }
}

impl Govern {
    /// Does one thing in a case.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `version_stale`, `case_closed`, `reason_missing`, `step_unknown`, `step_settled`,
    /// `own_waiver`, `playbook_open`, `cut_open`.
    pub async fn work_case(
        &self,
        actor: &Actor,
        id: &str,
        work: Work<'_>,
        call: &Call,
    ) -> Result<Done<CaseRow>, Refusal> {
        require(actor, if matches!(work, Work::Waive(..)) { WAIVERS } else { WORKERS })?;
        self.run(actor, call, |now| async move {
            let mut docket = Docket::default();
            let mut case = self.open_case(&mut docket, id, call).await?;
            if let Some((said, _)) = self.cut_on_record(&case).await? {
                docket.on_record(id, CONFIRM_CUT, &detect_actor().principal, &said, now);
                case = docket.case(id).cloned().unwrap_or(case);
            }
            let mut facts = facts(actor);
            facts.insert("case".to_owned(), json!(id));
            let mut plan = Plan {
                title: format!("{} {id}", work.class()),
                effects: Vec::new(),
                warnings: Vec::new(),
                change: change(work.class(), now, facts),
            };
            let (kind, told) = self.worked(actor, work, &case, (&mut docket, &mut plan), now).await?;
            if let Some(kind) = kind {
                docket.event(id, kind, &actor.principal, told, now);
            }
            let value = shown(&docket, id)?;
            docket.write(&mut plan);
            Ok(Planned { plan, value, status: 200 })
        })
        .await
    }

    /// An open case at the version that the caller has seen.
    pub(crate) async fn open_case(
        &self,
        docket: &mut Docket,
        id: &str,
        call: &Call,
    ) -> Result<CaseRow, Refusal> {
        docket.load(self, id).await?;
        let case = docket.case(id).cloned().ok_or_else(|| not_found("case", id))?;
        check_if_match(call, "case", id, case.version)?;
        if case.state != CaseState::Open {
            return Err(Refusal::new(
                RefusalKind::Conflict,
                "case_closed",
                format!("case `{id}` is closed"),
                "what is new opens another case; this one stays as it ended",
            ));
        }
        Ok(case)
    }

    async fn worked(
        &self,
        actor: &Actor,
        work: Work<'_>,
        case: &CaseRow,
        (docket, plan): (&mut Docket, &mut Plan),
        now: Timestamp,
    ) -> Result<(Option<&'static str>, Value), Refusal> {
        let id = &case.case_id;
        match work {
            Work::Assign(to) => {
                let to = to.trim();
                let user = to.strip_prefix("user:").unwrap_or(to);
                let row = if user.is_empty() { None } else { self.row(&USERS, user).await? };
                let Some(row) = row.filter(|row| text(row, "state") == "active") else {
                    return Err(Refusal::new(
                        RefusalKind::Invalid,
                        "assignee_unknown",
                        "a case is worked by somebody of staff who can sign in",
                        "name one, such as `user:alice`",
                    )
                    .at("/assignee"));
                };
                plan.change.reads.push(unchanged(&USERS, user, Some(&row)));
                let to = format!("user:{user}");
                if let Some(case) = docket.case_mut(id) {
                    case.assignee = Some(to.clone());
                }
                Ok((Some("assigned"), json!({ "to": to, "from": case.assignee })))
            }
            Work::Comment(said) => Ok((Some("comment"), json!({ "text": reason("text", said)? }))),
            Work::StepDone(step, result) => {
                let present = step_mut(docket, id, step)?;
                let result = reason("result", result)?.to_owned();
                open_step(present)?;
                present.state = StepState::Done;
                (present.by, present.at_us) = (Some(actor.principal.clone()), Some(now.as_micros()));
                present.result = Some(result.clone());
                Ok((Some("step"), json!({ "step": step, "result": result })))
            }
            Work::AskWaiver(step, why) => {
                let present = step_mut(docket, id, step)?;
                let why = reason("reason", why)?.to_owned();
                open_step(present)?;
                present.state = StepState::WaiverAsked;
                (present.by, present.at_us) = (Some(actor.principal.clone()), Some(now.as_micros()));
                present.result = Some(why.clone());
                Ok((Some("waiver_asked"), json!({ "step": step, "reason": why })))
            }
            Work::Waive(step, why) => {
                crate::staff::fresh(&self.venue(), actor, now)?;
                let present = step_mut(docket, id, step)?;
                let why = reason("reason", why)?.to_owned();
                if present.state != StepState::WaiverAsked {
                    return Err(settled(present, "nobody asks that it be waived"));
                }
                if present.by.as_deref() == Some(actor.principal.as_str()) {
                    return Err(Refusal::new(
                        RefusalKind::Forbidden,
                        "own_waiver",
                        "whoever asks that a step be waived does not agree to it",
                        "let another entitled person agree",
                    ));
                }
                present.state = StepState::Waived;
                present.approver = Some(actor.principal.clone());
                Ok((Some("waived"), json!({ "step": step, "reason": why })))
            }
            Work::Close(outcome, why) => {
                let why = reason("reason", why)?;
                let missing = playbook::missing(&case.body.playbook);
                if !missing.is_empty() {
                    return Err(Refusal::new(
                        RefusalKind::Conflict,
                        "playbook_open",
                        format!("steps of the playbook are neither done nor waived: {}", missing.join(", ")),
                        "do them, or have them waived by another person, with a reason each",
                    ));
                }
                self.no_loose_end(case, outcome).await?;
                self.objections_decided(plan, id, (actor, outcome.as_str()), now).await?;
                if let Some(case) = docket.case_mut(id).filter(|_| outcome != CaseOutcome::Confirmed) {
                    for member in &mut case.members {
                        if member.state == MemberState::Suspected {
                            member.state = MemberState::Exonerated;
                            (member.by, member.reason) =
                                (Some(actor.principal.clone()), Some(why.to_owned()));
                        }
                    }
                }
                docket.close(id, &actor.principal, outcome, why, now);
                plan.change.facts.insert("outcome".to_owned(), json!(outcome));
                plan.change.facts.insert("reason".to_owned(), json!(why));
                Ok((None, Value::Null))
            }
        }
    }

    /// A confirmed suspicion ends in an invalidation or a recorded exemption, and none that was wrong leaves a cut behind (R107).
    async fn no_loose_end(&self, case: &CaseRow, outcome: CaseOutcome) -> Result<(), Refusal> {
        if outcome == CaseOutcome::Confirmed {
            return Ok(());
        }
        for member in &case.members {
            let open = self.measures_of(&member.key, MeasureState::InForce).await?;
            let cut = [Measure::Hold, Measure::Reverify].map(Measure::as_str);
            // Whichever case it stands in: a case that a cluster's took up left its measures behind.
            if open.iter().any(|row| cut.contains(&row.measure.as_str())) {
                return Err(Refusal::new(
                    RefusalKind::Conflict,
                    "cut_open",
                    format!("key `{}` is still cut though nothing is held against it", member.key),
                    "exonerate it or lift the measure first",
                ));
            }
        }
        Ok(())
    }
}

/// The case as it will stand.
pub(crate) fn shown(docket: &Docket, id: &str) -> Result<CaseRow, Refusal> {
    let mut case = docket.case(id).cloned().ok_or_else(|| not_found("case", id))?;
    case.version += 1;
    Ok(case)
}

fn step_mut<'a>(docket: &'a mut Docket, id: &str, step: &str) -> Result<&'a mut PlaybookStep, Refusal> {
    let book = docket.case_mut(id).map(|case| &mut case.body.playbook);
    book.and_then(|book| book.iter_mut().find(|known| known.step == step)).ok_or_else(|| {
        Refusal::new(
            RefusalKind::Invalid,
            "step_unknown",
            format!("the playbook of this case has no step `{}`", step.chars().take(64).collect::<String>()),
            "look at the case for its steps",
        )
        .at("/step")
    })
}

fn open_step(step: &PlaybookStep) -> Result<(), Refusal> {
    match step.state {
        StepState::Open | StepState::WaiverAsked => Ok(()),
        StepState::Done | StepState::Waived => Err(settled(step, "it is done or waived already")),
    }
}

fn settled(step: &PlaybookStep, why: &str) -> Refusal {
    Refusal::new(
        RefusalKind::Conflict,
        "step_settled",
        format!("step `{}`: {why}", step.step),
        "look at the case for who settled it and how",
    )
}
