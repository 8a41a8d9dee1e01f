//! A control test as its owner takes it: started, shown step by step, its rotation done. What it comes to is in [`super::judge`].

use super::super::control::{Fact, Kind, Step, TESTS_MAX, Test, TestState};
use super::super::{own, put_facts};
use super::seed::name_of;
use super::{Half, Verification, VerificationState, VerificationView};
use crate::actor::Actor;
use crate::call::{Call, Done, Planned};
use crate::govern::{Govern, check_if_match};
use crate::keys::access;
use crate::keys::issue::Issued;
use crate::keys::rotate::Rotation;
use crate::refusal::{Refusal, RefusalKind};
use crate::venue::ControlTest;
use serde_json::{Value, json};
use sumun_model::{KeyId, Timestamp};
use sumun_store::VaultItem;

/// The kinds of a test, in order. A program that does not run cannot be stopped: then two codes take its place.
fn kinds(in_use: bool) -> [Kind; 3] {
    [if in_use { Kind::StopAndStart } else { Kind::Code }, Kind::Code, Kind::RotateAndWatch]
}

pub(super) fn no(code: &'static str, message: String, remedy: &str) -> Refusal {
    Refusal::new(RefusalKind::Conflict, code, message, remedy)
}

impl Govern {
    /// The owner starts a control test: its draws are made, sealed and committed to. Nothing of them is shown yet.
    ///
    /// # Errors
    /// `second_factor_needed`, `verification_over`, `control_proved`, `test_running`, `tests_spent`.
    pub async fn start_test(
        &self,
        actor: &Actor,
        id: &str,
        call: &Call,
    ) -> Result<Done<VerificationView>, Refusal> {
        let done = self
            .run(actor, call, |now| async move {
                let mut found = self.verification_of_owner(actor, id, call, now).await?;
                if found.control() == Half::Passed {
                    return Err(no(
                        "control_proved",
                        format!("control is shown already for `{id}`"),
                        "nothing more is asked of you in this; look at what else is outstanding",
                    ));
                }
                if found.running().is_some() {
                    return Err(no(
                        "test_running",
                        format!("a control test of `{id}` is going on"),
                        "open its next step, or finish the one that is open",
                    ));
                }
                if found.tests.len() >= TESTS_MAX {
                    return Err(no(
                        "tests_spent",
                        format!("`{id}` had {TESTS_MAX} tests already"),
                        "turn to the exchange's customer service",
                    ));
                }
                let rules = self.venue().control_test;
                let number = u32::try_from(found.tests.len()).unwrap_or(u32::MAX).saturating_add(1);
                let (seed, sealed) = self.sealed_seed(id, number)?;
                let kinds = kinds(self.in_use(&found.key, &rules, now));
                let test = Test::commit((id, number), &kinds, &rules, (&seed, &name_of(&sealed)), now);
                let committed = commitments(&test);
                found.tests.push(test);
                let title = format!("commit to the draws of test {number} of {id}");
                let mut plan = found.planned("control.committed", title, actor, now);
                put_facts(&mut plan.change.facts, committed);
                let told = ("test_begun", actor.principal.as_str());
                self.case_reverified(&mut plan, &found, told, [("test", i64::from(number))], now).await?;
                plan.change.vault.push(VaultItem { sealed });
                Ok(Planned { plan, value: VerificationView::of(&found, actor), status: 201 })
            })
            .await?;
        self.test_followed(&done);
        Ok(done)
    }

    /// The owner opens the next step: its draw is shown, and time runs.
    ///
    /// # Errors
    /// `second_factor_needed`, `verification_over`, `no_test`, `step_running`, `draws_unreadable`.
    pub async fn next_step(
        &self,
        actor: &Actor,
        id: &str,
        call: &Call,
    ) -> Result<Done<VerificationView>, Refusal> {
        let done = self
            .run(actor, call, |now| async move {
                let mut found = self.verification_of_owner(actor, id, call, now).await?;
                let index = found.running().ok_or_else(|| no_test(id))?;
                let test = found.tests.get(index).ok_or_else(|| no_test(id))?;
                let Some(step) = test.next() else {
                    return Err(no(
                        "step_running",
                        format!("a step of `{id}` is open"),
                        "do what it asks; the next one can be opened once it is done",
                    ));
                };
                let opened = match self.opened(id, test).await {
                    Err(refusal) if refusal.code != "draws_unreadable" => return Err(refusal),
                    opened => opened.unwrap_or_default(),
                };
                let test = found.tests.get_mut(index).ok_or_else(|| no_test(id))?;
                if !test.reveal(id, &opened, now) {
                    // What was committed to cannot be shown any more: that is our fault, and nobody's failure.
                    test.void(now);
                    let plan = self.test_ended(&mut found, index, actor, now).await?;
                    return Ok(Planned { plan, value: VerificationView::of(&found, actor), status: 200 });
                }
                let shown = revealed(test, step);
                let title = format!("show step {} of test {} of {id}", step + 1, test.number);
                let mut plan = found.planned("control.revealed", title, actor, now);
                put_facts(&mut plan.change.facts, shown);
                Ok(Planned { plan, value: VerificationView::of(&found, actor), status: 200 })
            })
            .await?;
        self.test_followed(&done);
        Ok(done)
    }

    /// The owner rotates the key because a step asks for it: the old key ends at once, the new one has what the old one had, measures
    /// included. The new secret is shown once.
    ///
    /// # Errors
    /// `no_rotation_asked`, and what [`Govern::rotate_key`] refuses.
    pub async fn rotate_for_test(
        &self,
        actor: &Actor,
        id: &str,
        rotation: &Rotation,
        call: &Call,
    ) -> Result<Done<Issued>, Refusal> {
        let at_once = &Rotation { overlap_hours: 0, ..rotation.clone() };
        // What is seen of the row is the verification's; the key's own version is not asked about.
        let of_key = &Call { if_match: None, ..call.clone() };
        let mut done = self
            .run(actor, call, |now| async move {
                let mut found = self.verification_of_owner(actor, id, call, now).await?;
                let not_asked = || {
                    no(
                        "no_rotation_asked",
                        format!("no step of `{id}` waits for a rotation"),
                        "open the next step and see what it asks for",
                    )
                };
                let index = found.running().ok_or_else(not_asked)?;
                let test = found.tests.get(index).ok_or_else(not_asked)?;
                let step = test.running().ok_or_else(not_asked)?;
                let waits = test
                    .steps
                    .get(step)
                    .is_some_and(|step| step.kind == Kind::RotateAndWatch && step.seen.rotated_us.is_none());
                if !waits {
                    return Err(not_asked());
                }
                let old = found.key.clone();
                let mut planned = self.rotation_planned(actor, &old, at_once, (of_key, now)).await?;
                let new = planned.value.key.key.clone();
                let (Ok(old_id), Ok(new_id)) = (KeyId::new(&old), KeyId::new(&new)) else {
                    return Err(not_asked());
                };
                let test = found.tests.get_mut(index).ok_or_else(not_asked)?;
                let number = test.number;
                let fact = Fact::Rotated { old: &old_id, new: &new_id, at: now };
                if !test.see(&fact, now) || test.state != TestState::Open {
                    return Err(not_asked());
                }
                found.key = new;
                planned.plan.change.writes.push(found.next_write());
                put_facts(
                    &mut planned.plan.change.facts,
                    [("verification", json!(id)), ("test", json!(number)), ("step", json!(step))],
                );
                Ok(planned)
            })
            .await?;
        if call.dry_run {
            done.value.secret = None;
        } else {
            self.watch.follow(&done.value.key.key, id);
        }
        Ok(done)
    }

    async fn verification_of_owner(
        &self,
        actor: &Actor,
        id: &str,
        call: &Call,
        now: Timestamp,
    ) -> Result<Verification, Refusal> {
        let found = self.verification_loaded(actor, id).await?;
        own(actor, &found.customer, ("verification", id))?;
        check_if_match(call, "verification", id, found.version)?;
        access::fresh(&self.venue(), actor, now)?;
        let over = found.state != VerificationState::Open
            || found.until_us.is_some_and(|until| until <= now.as_micros());
        if over {
            return Err(no(
                "verification_over",
                format!("verification `{id}` is over"),
                "look at how it ended and what follows; object from its notice if you disagree",
            ));
        }
        Ok(found)
    }

    /// Whether the key's program runs often enough that its stopping shows.
    fn in_use(&self, key: &str, rules: &ControlTest, now: Timestamp) -> bool {
        let judged_us =
            i64::from(rules.slot_s.get() - rules.grace_s.get().min(rules.slot_s.get())) * 1_000_000;
        self.watch.in_use(key, judged_us, 2 * i64::from(rules.slot_s.get()) * 1_000_000, now.as_micros())
    }

    fn test_followed(&self, done: &Done<VerificationView>) {
        if done.committed.is_some() {
            self.watch.follow(&done.value.key, &done.value.verification);
        }
    }
}

fn commitments(test: &Test) -> [(&'static str, Value); 4] {
    let steps: Vec<Value> = test
        .steps
        .iter()
        .map(|step| json!({ "kind": step.kind, "commitment": step.commitment, "one_in": step.one_in.to_string() }))
        .collect();
    [
        ("test", json!(test.number)),
        ("commitment", json!(test.commitment)),
        ("one_in", json!(test.one_in)),
        ("steps", json!(steps)),
    ]
}

fn revealed(test: &Test, index: usize) -> [(&'static str, Value); 8] {
    let step = test.steps.get(index);
    let window = step.and_then(Step::window);
    let shown = step.and_then(|step| step.shown.as_ref());
    [
        ("test", json!(test.number)),
        ("step", json!(index)),
        ("kind", json!(step.map(|step| step.kind))),
        ("commitment", json!(step.map(|step| step.commitment.as_str()))),
        ("draw", json!(shown.map(|opened| &opened.draw))),
        ("salt", json!(shown.map(|opened| opened.salt.as_str()))),
        ("from", json!(window.map(|(from, _)| from))),
        ("until", json!(window.map(|(_, until)| until))),
    ]
}

fn no_test(id: &str) -> Refusal {
    no("no_test", format!("no control test of `{id}` is going on"), "start one")
}
