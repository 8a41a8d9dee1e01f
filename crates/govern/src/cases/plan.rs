//! One case, one plan: every member with what would happen to it, and one decision over all of them (R200).

use super::docket::Docket;
use super::row::{CaseRow, MemberState};
use super::work::{WORKERS, shown};
use crate::actor::Actor;
use crate::call::{Call, Done, Planned};
use crate::detection::{Input, Turned};
use crate::govern::{Govern, change, facts, not_found};
use crate::keys::access::{INSIDE, reason};
use crate::keys::machine::{Action, apply};
use crate::measures::{MeasureRow, MeasureState};
use crate::plan::Plan;
use crate::refusal::{Refusal, RefusalKind};
use crate::staff::{fresh, require};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeSet;
use sumun_model::assessment::{Act, ActKind};
use sumun_model::{KeyState, Measure, Timestamp};
use sumun_store::tables::CASES;

/// What is decided about one member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// It stays as it is.
    Keep,
    /// It was not this key: what was found of it no longer counts.
    Exonerate,
    /// What it suffers ends; what was found is settled.
    Lift,
    /// It was this key; what follows is decided apart, by two.
    Confirm,
}

/// A decision about one member, in own words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberDecision {
    /// Which key.
    pub key: String,
    /// What.
    pub choice: Choice,
    /// Why.
    pub reason: String,
}

/// A member as the plan of a case shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlannedMember {
    /// Which key.
    pub key: String,
    /// Of which account.
    pub account: String,
    /// How it is thought of.
    pub member: MemberState,
    /// Whether it lives.
    pub state: KeyState,
    /// What it suffers.
    pub measure: Option<Measure>,
    /// Its measures in this case, those that wait among them.
    pub measures: Vec<MeasureRow>,
    /// What may be decided about it.
    pub choices: Vec<Choice>,
}

impl Govern {
    /// Every member of a case with what happens to it.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, the store's.
    pub async fn case_plan(&self, actor: &Actor, id: &str) -> Result<Vec<PlannedMember>, Refusal> {
        require(actor, INSIDE)?;
        let case = CaseRow::of(&self.row(&CASES, id).await?.ok_or_else(|| not_found("case", id))?)?;
        let mut members = Vec::new();
        for member in case.members {
            let loaded = self.key_loaded(actor, &member.key).await?;
            let mut measures = self.measures_of(&member.key, MeasureState::InForce).await?;
            measures.extend(self.measures_of(&member.key, MeasureState::Proposed).await?);
            measures.retain(|row| row.case_id == id);
            let mut choices = vec![Choice::Keep, Choice::Confirm];
            if !loaded.key.state.is_terminal() {
                choices.push(Choice::Exonerate);
                if loaded.key.measure.is_some() {
                    choices.push(Choice::Lift);
                }
            }
            members.push(PlannedMember {
                key: member.key,
                account: member.account,
                member: member.state,
                state: loaded.key.state,
                measure: loaded.key.measure,
                measures,
                choices,
            });
        }
        Ok(members)
    }

    /// Decides about members of a case, all in one change.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `case_closed`, `member_unknown`, `member_twice`, `reason_missing`, `own_case`, what the ladder
    /// refuses.
    pub async fn decide_case(
        &self,
        actor: &Actor,
        id: &str,
        decisions: &[MemberDecision],
        call: &Call,
    ) -> Result<Done<CaseRow>, Refusal> {
        require(actor, WORKERS)?;
        self.run(actor, call, |now| async move {
            let mut docket = Docket::default();
            let case = self.open_case(&mut docket, id, call).await?;
            each_once(&case, decisions)?;
            if decisions.iter().any(|one| matches!(one.choice, Choice::Exonerate | Choice::Lift)) {
                fresh(&self.venue(), actor, now)?;
            }
            let mut facts = facts(actor);
            facts.insert("case".to_owned(), json!(id));
            facts.insert("decisions".to_owned(), json!(decisions));
            let mut plan = Plan {
                title: format!("decide about {} members of case {id}", decisions.len()),
                effects: Vec::new(),
                warnings: Vec::new(),
                change: change("case.decided", now, facts),
            };
            for one in decisions {
                let why = reason("reason", &one.reason)?;
                if let Some((part, _)) = self.member_turned(actor, one, (&case, &mut docket), now).await? {
                    plan.absorb(part)?;
                }
                if let Some(member) = docket.case_mut(id).and_then(|case| case.member_mut(&one.key)) {
                    match one.choice {
                        Choice::Exonerate => member.state = MemberState::Exonerated,
                        Choice::Confirm => member.state = MemberState::Confirmed,
                        Choice::Keep | Choice::Lift => {}
                    }
                    (member.by, member.reason) = (Some(actor.principal.clone()), Some(why.to_owned()));
                }
                let told = json!({ "key": one.key, "choice": one.choice, "reason": why });
                docket.event(id, "decision", &actor.principal, told, now);
            }
            let value = shown(&docket, id)?;
            docket.write(&mut plan);
            Ok(Planned { plan, value, status: 200 })
        })
        .await
    }

    async fn member_turned(
        &self,
        actor: &Actor,
        one: &MemberDecision,
        (case, docket): (&CaseRow, &mut Docket),
        now: Timestamp,
    ) -> Result<Option<(Plan, Turned)>, Refusal> {
        let kind = match one.choice {
            Choice::Exonerate => ActKind::Exonerated,
            Choice::Lift => ActKind::Lifted,
            Choice::Keep | Choice::Confirm => return Ok(None),
        };
        let loaded = self.key_loaded(actor, &one.key).await?;
        if loaded.key.measure == Some(Measure::Reverify) {
            by_another(actor, case)?;
        }
        if one.choice == Choice::Lift {
            // What is not there cannot be lifted, and a key that has ended is not given back.
            apply(loaded.key.standing(), Action::Clear)?;
        }
        let acts = [Act { kind, at: now, event: None }];
        let unheld = Some(loaded.key.standing().after_hold());
        let input = Input { acts: &acts, reason: Some(&one.reason), unheld, ..Input::default() };
        self.turn(actor, &loaded, input, docket, now).await.map(Some)
    }
}

/// What identity and control were asked for is given back by two: one who looked into the case, another who decides.
fn by_another(actor: &Actor, case: &CaseRow) -> Result<(), Refusal> {
    if case.is_looked_into_beside(&actor.principal) && !case.is_worked_by(&actor.principal) {
        return Ok(());
    }
    Err(Refusal::new(
        RefusalKind::Forbidden,
        "own_case",
        format!("re-verification is not ended by one person alone, and `{}` would", actor.principal),
        "let whoever works the case do its steps, and another entitled person decide",
    ))
}

fn each_once(case: &CaseRow, decisions: &[MemberDecision]) -> Result<(), Refusal> {
    let mut seen = BTreeSet::new();
    for (index, one) in decisions.iter().enumerate() {
        let bad = |code, message: String| {
            let remedy = "look at the case's plan for its members, and decide about each once";
            Err(Refusal::new(RefusalKind::Invalid, code, message, remedy)
                .at(format!("/decisions/{index}/key")))
        };
        if !case.members.iter().any(|member| member.key == one.key) {
            return bad("member_unknown", format!("key `{}` is no member of this case", one.key));
        }
        if !seen.insert(&one.key) {
            return bad("member_twice", format!("key `{}` is decided about twice", one.key));
        }
    }
    if decisions.is_empty() {
        return Err(Refusal::new(
            RefusalKind::Invalid,
            "decisions_missing",
            "nothing is decided",
            "say of at least one member what happens to it",
        )
        .at("/decisions"));
    }
    Ok(())
}
