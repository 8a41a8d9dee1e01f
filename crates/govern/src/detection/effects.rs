//! What one step of the ladder writes beside the key: its measure, its case, the notice, the approval, the tasks.

use super::signal;
use super::standing::StandingRow;
use super::taking::Taking;
use super::turn::Input;
use crate::actor::Actor;
use crate::approvals::{Approval, ApprovalState, Opening};
use crate::cases::docket::{Alert, Docket};
use crate::cases::row::{Member, MemberState};
use crate::govern::{Govern, store_refusal};
use crate::keys::access::Loaded;
use crate::keys::change::due;
use crate::measures::row::{SPARED, own_words};
use crate::measures::{MeasureBody, MeasureRow, MeasureState, SUSPEND};
use crate::plan::Plan;
use crate::proposal::KEY_MEASURE;
use crate::refusal::Refusal;
use crate::tasks::{self, TaskKind, TaskRow};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use sumun_model::assessment::{Act, Assessment};
use sumun_model::finding::{Mode, Phase, Signal};
use sumun_model::{Measure, Timestamp};
use sumun_policy::{Reasoned, Step};
use sumun_store::tables::SIGNALS;

/// The ladder's word for telling of a measure that followed from another key.
pub(super) const TAKEN_OVER: &str = "ladder.follows";

/// On what a turn rests.
pub(crate) struct Grounds<'a> {
    pub(crate) actor: &'a Actor,
    pub(crate) loaded: &'a Loaded,
    pub(crate) assessment: &'a Assessment,
    pub(crate) input: &'a Input<'a>,
    pub(crate) acts: &'a [Act],
    /// The key whose place this one took, or from which its measure followed.
    pub(crate) from: Option<&'a str>,
    pub(crate) now: Timestamp,
}

/// What an approval of a measure freezes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FrozenMeasure {
    /// On which key.
    pub key: String,
    /// Whose.
    pub customer: String,
    /// Which measure.
    pub measure: Measure,
    /// Its row.
    pub measure_id: String,
    /// In which case.
    pub case_id: String,
    /// What it rests on.
    pub body: MeasureBody,
}

impl Grounds<'_> {
    /// Who decides what policy does by itself.
    fn by(&self) -> String {
        self.actor.principal.clone()
    }
}

impl Govern {
    /// Plans one step.
    pub(crate) async fn effect(
        &self,
        plan: &mut Plan,
        grounds: &Grounds<'_>,
        step: &Step,
        taking: &mut Taking,
        docket: &mut Docket,
    ) -> Result<(), Refusal> {
        let Grounds { actor, now, input, .. } = grounds;
        match (step.phase, step.mode) {
            (Phase::Enter, mode) => {
                let present = taking.in_force.iter().find(|row| row.measure != SUSPEND);
                let mut present = present.map(|row| row.case_id.clone());
                if let (None, Some(from)) = (&present, grounds.from) {
                    // A measure taken over from another key goes on in that key's case.
                    let before = self.measures_of(from, MeasureState::InForce).await?;
                    present = before.first().map(|row| row.case_id.clone());
                }
                let signals = self.relied_on(grounds, step).await?;
                let case_id = self.alerted(grounds, step, present, docket).await?;
                let mut row = self.measure_row(grounds, step, &signals, case_id.clone())?;
                if mode == Mode::Act {
                    let why = Reasoned {
                        code: "replaced".to_owned(),
                        values: BTreeMap::from([("by".to_owned(), step.measure.as_str().into())]),
                    };
                    taking.end_in_force(plan, &grounds.by(), &why, *now);
                    if step.rule == TAKEN_OVER {
                        self.left_behind_ends(plan, grounds, step.measure).await?;
                    }
                    let approved = Reasoned { code: "approved".to_owned(), values: BTreeMap::new() };
                    let how = (MeasureState::Ended, actor.principal.as_str(), &approved);
                    let settled = taking.settle_proposed(plan, step.measure, how, *now);
                    self.close_approvals(plan, &settled, input.approval).await?;
                    row.approval = input.approval.map(str::to_owned);
                    self.told_owner(plan, grounds, step, &signals, &case_id);
                    self.add_tasks(plan, grounds, step, &case_id);
                } else {
                    let approval = self.asked_of_people(grounds, step, &row);
                    row.approval = Some(approval.approval.clone());
                    plan.change.writes.push(approval.first_write());
                    let task = TaskRow::new(
                        self.new_id("T"),
                        &case_id,
                        TaskKind::DecideProposal,
                        Some(&row.key),
                        *now,
                    );
                    tasks::add(plan, &task.due(step.until));
                }
                let told = json!({ "measure": row.measure, "mode": row.mode, "measure_id": row.measure_id, "why": row.body.why });
                docket.event(&case_id, "measure", &actor.principal, told, *now);
                plan.change.writes.push(row.first_write());
            }
            (Phase::Leave, Mode::Act) => {
                for row in taking.in_force.iter().filter(|row| row.measure != SUSPEND) {
                    if docket.load(self, &row.case_id).await?.is_some() {
                        let told = json!({ "measure": row.measure, "left": true, "why": step.why });
                        docket.event(&row.case_id, "measure", &actor.principal, told, *now);
                    }
                }
                taking.end_in_force(plan, &grounds.by(), &step.why, *now);
                if grounds.from.is_some() {
                    self.left_behind_ends(plan, grounds, step.measure).await?;
                }
                self.told_of_end(plan, grounds, step);
            }
            (Phase::Leave, Mode::Propose) => {
                let refused = input.approval.is_some();
                let state = if refused { MeasureState::Refused } else { MeasureState::Withdrawn };
                let how = (state, actor.principal.as_str(), &step.why);
                let settled = taking.settle_proposed(plan, step.measure, how, *now);
                self.close_approvals(plan, &settled, input.approval).await?;
            }
        }
        Ok(())
    }

    /// What ended keys handed on to this one is borne by this one from now on: after it, it follows nobody any more.
    async fn left_behind_ends(
        &self,
        plan: &mut Plan,
        grounds: &Grounds<'_>,
        measure: Measure,
    ) -> Result<(), Refusal> {
        let why = Reasoned {
            code: "followed".to_owned(),
            values: BTreeMap::from([("to".to_owned(), grounds.loaded.key.key.as_str().into())]),
        };
        for row in self.left_behind(&grounds.loaded.account.customer, measure).await? {
            let row = row.ended(MeasureState::Ended, &grounds.by(), why.clone(), grounds.now.as_micros());
            plan.change.writes.push(row.next_write());
        }
        Ok(())
    }

    /// The signals a step relies on, those at hand first.
    async fn relied_on(&self, grounds: &Grounds<'_>, step: &Step) -> Result<Vec<Signal>, Refusal> {
        let at_hand: BTreeMap<_, _> =
            grounds.input.signals.iter().map(|placed| (placed.signal.id, &placed.signal)).collect();
        let wanted: Vec<String> =
            step.signals.iter().filter(|id| !at_hand.contains_key(id)).map(ToString::to_string).collect();
        let rows = self.store.get_many(&SIGNALS, &wanted).await.map_err(store_refusal)?;
        let mut found: Vec<Signal> = rows.iter().filter_map(signal::of).collect();
        found.extend(step.signals.iter().filter_map(|id| at_hand.get(id)).map(|signal| (*signal).clone()));
        found.sort_by_key(|signal| (signal.ts, signal.id));
        Ok(found)
    }

    async fn alerted(
        &self,
        grounds: &Grounds<'_>,
        step: &Step,
        present: Option<String>,
        docket: &mut Docket,
    ) -> Result<String, Refusal> {
        let Loaded { key, account } = grounds.loaded;
        let alert = Alert {
            member: Member {
                key: key.key.clone(),
                account: key.account.clone(),
                customer: Some(account.customer.clone()),
                state: if step.rule == TAKEN_OVER { MemberState::FollowOn } else { MemberState::Suspected },
                by: None,
                reason: None,
            },
            cluster: grounds.assessment.cluster.as_ref().map(|of| of.cluster.to_string()),
            present,
            cause: step.cause,
            risk: step.risk,
            signals: &step.signals,
            measure: Some(step.measure),
            due: step.until.filter(|_| step.measure >= Measure::Hold),
        };
        docket.alert(self, &grounds.actor.principal, &alert, grounds.now).await
    }

    fn measure_row(
        &self,
        grounds: &Grounds<'_>,
        step: &Step,
        signals: &[Signal],
        case_id: String,
    ) -> Result<MeasureRow, Refusal> {
        let policy = self.policy()?;
        let Loaded { key, account } = grounds.loaded;
        let suspected = signals.iter().map(|signal| signal.ts).max().unwrap_or(grounds.assessment.at);
        let state = if step.mode == Mode::Act { MeasureState::InForce } else { MeasureState::Proposed };
        Ok(MeasureRow {
            measure_id: self.new_id("M"),
            key: key.key.clone(),
            account: key.account.clone(),
            case_id,
            measure: step.measure.as_str().to_owned(),
            mode: step.mode,
            state,
            by: if grounds.input.approval.is_some() {
                grounds.actor.principal.clone()
            } else {
                format!("policy:{}", policy.policy)
            },
            approval: None,
            began_us: grounds.now.as_micros(),
            until_us: step.until.map(Timestamp::as_micros),
            ended_us: None,
            effect_us: None,
            body: MeasureBody {
                customer: Some(account.customer.clone()),
                signals: step.signals.clone(),
                baselines: signals.iter().map(|one| (one.id.to_string(), one.baseline.clone())).collect(),
                policy: Some(policy.policy.clone()),
                policy_digest: Some(policy.digest.clone()),
                rule: Some(step.rule.clone()),
                score: Some(step.score),
                points: Some(step.points),
                terms: step.terms.clone(),
                risk: Some(step.risk),
                cause: Some(step.cause),
                lesser: step.lesser.clone(),
                why: step.why.clone(),
                spared: SPARED.to_owned(),
                suspected_us: suspected.as_micros().min(grounds.now.as_micros()),
                // The ladder's own now, by which it names a proposal.
                decided_us: grounds.now.max(grounds.assessment.at).as_micros(),
                obeyed: Vec::new(),
                ended: None,
            },
            version: 1,
        })
    }

    fn asked_of_people(&self, grounds: &Grounds<'_>, step: &Step, row: &MeasureRow) -> Approval {
        let venue = self.venue();
        let frozen = FrozenMeasure {
            key: row.key.clone(),
            customer: grounds.loaded.account.customer.clone(),
            measure: step.measure,
            measure_id: row.measure_id.clone(),
            case_id: row.case_id.clone(),
            body: row.body.clone(),
        };
        let lapses = due(&venue, grounds.now);
        let opening = Opening {
            id: self.new_id("P"),
            action: KEY_MEASURE,
            subject: format!("key:{}", row.key),
            request: json!(frozen),
            requested_by: &grounds.actor.principal,
            needed: &venue.expiry.approvals,
            due: step.until.map_or(lapses, |until| until.min(lapses)),
        };
        Approval::open(opening, grounds.now)
    }

    /// Staff ended a measure beside the ladder: its row ends in their words, and what stands instead has a row too.
    pub(crate) fn followed(
        &self,
        plan: &mut Plan,
        grounds: &Grounds<'_>,
        next: &StandingRow,
        taking: &mut Taking,
    ) {
        let why = own_words(grounds.input.reason.unwrap_or_default());
        let ended = taking.in_force.iter().find(|row| row.measure != SUSPEND).cloned();
        taking.end_in_force(plan, &grounds.actor.principal, &why, grounds.now);
        let (Some(ended), Some(measure)) = (ended, next.measure) else { return };
        let row = MeasureRow {
            measure_id: self.new_id("M"),
            measure: measure.as_str().to_owned(),
            by: grounds.actor.principal.clone(),
            approval: None,
            began_us: grounds.now.as_micros(),
            until_us: None,
            effect_us: None,
            body: MeasureBody {
                why,
                decided_us: grounds.now.as_micros(),
                obeyed: Vec::new(),
                ..ended.body.clone()
            },
            version: 1,
            ..ended
        };
        plan.change.writes.push(row.first_write());
    }

    /// Closes what waited about these proposals, but the one that is being decided: its decision writes it.
    pub(crate) async fn close_approvals(
        &self,
        plan: &mut Plan,
        settled: &[MeasureRow],
        but: Option<&str>,
    ) -> Result<(), Refusal> {
        let ids: BTreeSet<&str> = settled.iter().filter_map(|row| row.approval.as_deref()).collect();
        for id in ids.into_iter().filter(|id| Some(*id) != but) {
            let Some(row) = self.row(&sumun_store::tables::APPROVALS, id).await? else { continue };
            let approval = Approval::of(&row)?;
            if approval.state == ApprovalState::Open {
                let closed = approval.closed(ApprovalState::Withdrawn, plan.change.at);
                plan.change.writes.push(closed.next_write());
            }
        }
        Ok(())
    }
}
