//! One turn of one key: the ladder decides on what is known now, and what it decides is planned as one change.

use super::effects::Grounds;
use super::moved::{class, moved};
use super::signal::PlacedSignal;
use super::standing::{StandingRow, begun};
use super::taking::Taking;
use crate::actor::Actor;
use crate::cases::docket::Docket;
use crate::govern::{Govern, change, facts};
use crate::keys::access::Loaded;
use crate::keys::lint::Origin;
use crate::keys::machine::Action;
use crate::keys::row::KeyRow;
use crate::keys::write::{Deed, KeyWrite, Why};
use crate::measures::MeasureState;
use crate::owner::verification;
use crate::plan::Plan;
use crate::refusal::{Refusal, RefusalKind};
use crate::row::{replace, text};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sumun_model::assessment::{Act, Assessment};
use sumun_model::finding::{Mode, Phase};
use sumun_model::{KeyState, Measure, Segment, Timestamp};
use sumun_policy::{Outcome, Step};
use sumun_store::tables::{MEASURES, SIGNALS, STANDINGS};

/// Least time between two turns by the clock: whatever policy asks, a key is not turned without end.
const TURN_US_MIN: i64 = 200_000;
/// Acts remembered of a key, so that none counts twice.
const ACTS_KEPT: usize = 32;

/// What makes a key turn; nothing of it is the clock.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Input<'a> {
    /// What detection says now.
    pub(crate) assessment: Option<&'a Assessment>,
    /// Signals about the key that are not kept yet.
    pub(crate) signals: &'a [PlacedSignal],
    /// What people did.
    pub(crate) acts: &'a [Act],
    /// Why they did, in their own words.
    pub(crate) reason: Option<&'a str>,
    /// The approval whose decision this is.
    pub(crate) approval: Option<&'a str>,
    /// Where a key stands that is still held after the ladder's word: its hold was released, or is over.
    pub(crate) unheld: Option<Measure>,
}

/// One step as it is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldStep {
    /// Which measure.
    pub measure: Measure,
    /// Begins or ends.
    pub phase: Phase,
    /// By policy, or asked of people.
    pub mode: Mode,
    /// The rule.
    pub rule: String,
}

/// What a turn did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turned {
    /// The key.
    pub key: String,
    /// The measure in force afterwards.
    pub measure: Option<Measure>,
    /// What the ladder decided.
    pub steps: Vec<ToldStep>,
    /// When the clock next asks.
    pub next_due: Option<Timestamp>,
    /// What it spends of the day's alerts of this segment, once it is real.
    #[serde(skip)]
    pub(crate) spent: (Option<Segment>, u32),
}

impl Govern {
    /// Plans a turn of this key. Whoever calls writes the docket into the plan in the end.
    pub(crate) async fn turn(
        &self,
        actor: &Actor,
        loaded: &Loaded,
        input: Input<'_>,
        docket: &mut Docket,
        now: Timestamp,
    ) -> Result<(Plan, Turned), Refusal> {
        let key = &loaded.key;
        let (stood, before) = self.standing(key, &loaded.account, now).await?;
        let mut next = heard(&stood, &input)?;
        let acts = unheard(&mut next.assessment.acts, &input);
        let outcome = self.decided(key, &next, (&input, acts.clone()), now)?;
        next.standing = outcome.standing;
        if next.standing.measure == Some(Measure::Hold) && input.unheld.is_some() {
            next.standing = begun(next.standing, input.unheld, now, None);
        }
        next.measure = next.standing.measure;
        next.next_due_us = outcome
            .next_due
            .map(|due| due.as_micros().max(now.as_micros() + TURN_US_MIN))
            .filter(|_| alive(key));
        let after = moved(key, &next, &outcome.steps, now)?;
        let shown = self.change_of_key(actor, key, after.as_ref(), &outcome.steps, now)?;
        let mut plan = shown;
        for signal in input.signals {
            plan.change.writes.push(replace(&SIGNALS, None, signal.image()));
        }
        next.version = before.as_ref().map_or(1, |_| stood.version + 1);
        plan.change.writes.push(replace(&STANDINGS, before.as_ref(), next.image()));
        let told: Vec<ToldStep> = outcome.steps.iter().map(told).collect();
        let grounds = Grounds {
            actor,
            loaded,
            assessment: &next.assessment,
            input: &input,
            acts: &acts,
            from: stood.standing.from.as_deref(),
            now,
        };
        self.take(&mut plan, &grounds, outcome.steps, (&next, docket)).await?;
        if after.as_ref().is_some_and(|after| after.state.is_terminal()) {
            docket.ranked_without(self, &key.key).await?;
        }
        if after.as_ref().is_some_and(|after| after.measure != key.measure) {
            loaded.account.gets_a_measure(&mut plan.change);
        }
        if after.as_ref().is_some_and(|after| after.state.is_terminal()) {
            self.withdraw_open(&mut plan, &key.key, input.approval).await?;
        }
        self.verified_anew(&mut plan, &grounds, &next, &told).await?;
        if key.measure == Some(Measure::Hold) && next.measure != Some(Measure::Hold) {
            let result = input.reason.unwrap_or("the hold is over");
            self.hold_reviewed(&mut plan, &key.key, (&actor.principal, result), now).await?;
        }
        self.tell(&mut plan, &grounds, &next, &told);
        let turned = Turned {
            key: key.key.clone(),
            measure: next.measure,
            steps: told,
            next_due: next.next_due_us.map(Timestamp::from_micros),
            spent: (next.assessment.segment, outcome.spent),
        };
        Ok((plan, turned))
    }

    /// What the ladder decides. A key that has ended, or does not live yet, is remembered only; so is any while no policy is in
    /// force.
    fn decided(
        &self,
        key: &KeyRow,
        next: &StandingRow,
        (input, acts): (&Input<'_>, Vec<Act>),
        now: Timestamp,
    ) -> Result<Outcome, Refusal> {
        let idle = Outcome { standing: next.standing.clone(), steps: Vec::new(), next_due: None, spent: 0 };
        if !alive(key) {
            return Ok(idle);
        }
        let policy = match self.policy() {
            Ok(policy) => policy,
            Err(refusal) if input.assessment.is_some() => return Err(refusal),
            Err(_) => return Ok(idle),
        };
        let asked = Assessment { acts, ..next.assessment.clone() };
        Ok(policy.ladder.step(&next.standing, &asked, now))
    }

    /// A renewed verification opens with the measure that asks for it, and closes with it.
    async fn verified_anew(
        &self,
        plan: &mut Plan,
        grounds: &Grounds<'_>,
        next: &StandingRow,
        steps: &[ToldStep],
    ) -> Result<(), Refusal> {
        let Loaded { key, account } = grounds.loaded;
        // A measure that followed from another key stands in the row before the ladder tells of it.
        let told = steps.iter().any(|step| {
            (step.measure, step.phase, step.mode) == (Measure::Reverify, Phase::Enter, Mode::Act)
        });
        let (was, is) = [key.measure, next.measure].map(|one| one == Some(Measure::Reverify)).into();
        if is && (!was || told) && alive(key) {
            let measures = plan.change.writes.iter().filter(|write| write.table.name == MEASURES.name);
            let case_id = measures
                .filter(|write| text(&write.image, "state") == "in_force")
                .map(|write| text(&write.image, "case_id").to_owned())
                .next_back();
            let asking = verification::Asking {
                key: &key.key,
                account: &key.account,
                customer: &account.customer,
                case_id: case_id.as_deref(),
                until: next.standing.due,
            };
            verification::open(self, plan, asking, grounds.now).await?;
        } else if was && !is {
            verification::close(self, plan, &key.key, grounds.now).await?;
        }
        Ok(())
    }

    /// The plan for the key's own row, or for none of it.
    fn change_of_key(
        &self,
        actor: &Actor,
        key: &KeyRow,
        after: Option<&KeyRow>,
        steps: &[Step],
        now: Timestamp,
    ) -> Result<Plan, Refusal> {
        let class = class(key.measure, after.map_or(key.measure, |after| after.measure), steps);
        let title = format!("turn key {}: {class}", key.key);
        let Some(after) = after else {
            let change = change(class, now, facts(actor));
            return Ok(Plan { title, effects: Vec::new(), warnings: Vec::new(), change });
        };
        let venue = self.venue();
        let deed = Deed { class, title: &title, actor, venue: &venue, now };
        let action = Action::to_measure(after.measure);
        let write = KeyWrite { before: Some(key), after: after.clone(), origin: Origin::By(action) };
        crate::keys::write::plan(deed, &Why::default(), vec![write])
    }

    fn tell(&self, plan: &mut Plan, grounds: &Grounds<'_>, next: &StandingRow, steps: &[ToldStep]) {
        let mut fact = |name: &str, value: Value| {
            plan.change.facts.insert(name.to_owned(), value);
        };
        fact("keys", json!([next.key]));
        fact("position", json!(next.position));
        fact("steps", json!(steps));
        fact("measure", json!(next.measure));
        if !grounds.acts.is_empty() {
            fact("acts", json!(grounds.acts));
        }
        if let Some(reason) = grounds.input.reason {
            fact("reason", json!(reason));
        }
        if let Ok(policy) = self.policy() {
            fact("policy", json!({ "policy": policy.policy, "digest": policy.digest }));
        }
        let signals: Vec<_> = grounds.input.signals.iter().map(|placed| placed.signal.id).collect();
        if !signals.is_empty() {
            fact("signals", json!(signals));
        }
    }

    /// Notes what a turn that was made spent of the day's alerts.
    pub(super) fn booked(&self, turned: &Turned, at: Timestamp) {
        let (segment, spent) = turned.spent;
        if spent > 0
            && let Ok(policy) = self.policy()
        {
            policy.ladder.spend(segment, at, spent);
        }
    }

    async fn take(
        &self,
        plan: &mut Plan,
        grounds: &Grounds<'_>,
        steps: Vec<Step>,
        (next, docket): (&StandingRow, &mut Docket),
    ) -> Result<(), Refusal> {
        let key = &grounds.loaded.key.key;
        let mut taking = Taking {
            in_force: self.measures_of(key, MeasureState::InForce).await?,
            proposed: self.measures_of(key, MeasureState::Proposed).await?,
        };
        for step in &steps {
            self.effect(plan, grounds, step, &mut taking, docket).await?;
        }
        let gone = taking.settle(plan, grounds, next);
        self.close_approvals(plan, &gone, grounds.input.approval).await?;
        if steps.is_empty() && next.measure != grounds.loaded.key.measure {
            self.followed(plan, grounds, next, &mut taking);
        }
        Ok(())
    }
}

/// What is known of the key now.
fn heard(stood: &StandingRow, input: &Input<'_>) -> Result<StandingRow, Refusal> {
    let mut next = stood.clone();
    if let Some(assessment) = input.assessment {
        let position = i64::try_from(assessment.position).unwrap_or(i64::MAX);
        if position <= stood.position {
            return Err(Refusal::new(
                RefusalKind::Conflict,
                "finding_old",
                format!("what was found at {position} was taken in before, up to {}", stood.position),
                "nothing has to be done",
            ));
        }
        let known = std::mem::take(&mut next.assessment.acts);
        next.assessment = Assessment { acts: known, ..assessment.clone() };
        next.position = position;
    }
    Ok(next)
}

/// Acts that were not heard before, by what they are and their event; the latest are remembered with the assessment.
fn unheard(known: &mut Vec<Act>, input: &Input<'_>) -> Vec<Act> {
    let told = input.assessment.map_or(&[][..], |assessment| assessment.acts.as_slice());
    let mut fresh = Vec::new();
    for act in told.iter().chain(input.acts) {
        if act.event.is_none() || !known.iter().any(|one| one.kind == act.kind && one.event == act.event) {
            known.push(act.clone());
            fresh.push(act.clone());
        }
    }
    known.drain(..known.len().saturating_sub(ACTS_KEPT));
    fresh
}

pub(super) fn alive(key: &KeyRow) -> bool {
    matches!(key.state, KeyState::Active | KeyState::Suspended)
}

fn told(step: &Step) -> ToldStep {
    ToldStep { measure: step.measure, phase: step.phase, mode: step.mode, rule: step.rule.clone() }
}
