//! A control test from commitment to result: drawn and committed, shown step by step, judged by what gates saw and by the clock.

use super::super::control::{
    FAILURES_MAX, Fact, Kind, Opened, SEED_BYTES, StepState, TESTS_MAX, Test, TestState, draw,
};
use super::super::seen::Noticed;
use super::super::{own, put_facts, system, tell};
use super::{Half, Verification, VerificationState, VerificationView};
use crate::actor::Actor;
use crate::call::{Call, Done, Planned};
use crate::govern::{Govern, check_if_match, store_refusal};
use crate::keys::access;
use crate::keys::issue::Issued;
use crate::keys::rotate::Rotation;
use crate::plan::Plan;
use crate::refusal::{Refusal, RefusalKind};
use crate::venue::ControlTest;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sumun_model::{ActKind, ApiSecret, KeyId, Timestamp};
use sumun_seal::{NONCE_BYTES, SealedSecret};
use sumun_store::VaultItem;
use sumun_store::tables::VERIFICATIONS;

/// The kinds of a test, in order. A program that does not run cannot be stopped: then two codes take its place.
fn kinds(in_use: bool) -> [Kind; 3] {
    [if in_use { Kind::StopAndStart } else { Kind::Code }, Kind::Code, Kind::RotateAndWatch]
}

/// What a seed is sealed for: no key can have this name, since keys' ids hold no `/` at a venue.
fn bound_to(verification: &str, number: u32) -> Option<KeyId> {
    KeyId::new(&format!("control/{verification}/{number}")).ok()
}

fn no(code: &'static str, message: String, remedy: &str) -> Refusal {
    Refusal::new(RefusalKind::Conflict, code, message, remedy)
}

fn unsealed() -> Refusal {
    Refusal::new(
        RefusalKind::Unavailable,
        "draws_unreadable",
        "the draws of this test cannot be opened any more",
        "wait until it is void, which counts for nothing, and start another",
    )
}

/// What a test's result is known by, on the ladder and on the wire: told twice, it counts once.
fn event_of(verification: &str, number: u32) -> String {
    format!("{verification}/control/{number}")
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
                    let plan = self.test_ended(&mut found, index, actor, now);
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

    /// Takes in what a gate saw of a key that is being tested.
    pub(in crate::owner) async fn test_saw(&self, id: &str, noticed: &Noticed) -> Result<(), Refusal> {
        self.test_moves(id, |test, now| {
            let fact = Fact::Request {
                key: &noticed.key,
                at: noticed.at,
                registered: noticed.registered && noticed.fresh,
                code: noticed.code.as_deref(),
                event: noticed.event.as_str(),
            };
            test.see(&fact, now)
        })
        .await
    }

    /// What the clock says of a verification: windows that are over, and its own time.
    pub(in crate::owner) async fn verification_due(&self, id: &str) -> Result<(), Refusal> {
        let row = self.row_or_not_found(&VERIFICATIONS, "verification", id).await?;
        let found = Verification::of(&row)?;
        let now = self.world.now().as_micros();
        if found.state == VerificationState::Open && found.until_us.is_some_and(|until| until <= now) {
            let actor = &system("clock");
            return self
                .run(actor, &Call::default(), |now| async move {
                    let mut found = self.verification_loaded(actor, id).await?;
                    let over = found.state == VerificationState::Open
                        && found.until_us.is_some_and(|until| until <= now.as_micros());
                    if !over {
                        return Err(nothing());
                    }
                    let plan = self.verification_timed_out(&mut found, now);
                    Ok(Planned { plan, value: (), status: 200 })
                })
                .await
                .map(|_| ())
                .or_else(unless_nothing);
        }
        self.test_moves(id, Test::due).await
    }

    /// Lets something happen to the running test of a verification, writes what changed, and tells the ladder what it came to.
    async fn test_moves(
        &self,
        id: &str,
        moves: impl Fn(&mut Test, Timestamp) -> bool + Copy + Send + Sync,
    ) -> Result<(), Refusal> {
        let actor = &system("control");
        let done = self
            .run(actor, &Call::default(), |now| async move {
                let mut found = self.verification_loaded(actor, id).await?;
                let index = found.running().ok_or_else(nothing)?;
                let before = found.tests.get(index).and_then(Test::running);
                let test = found.tests.get_mut(index).ok_or_else(nothing)?;
                if found.state != VerificationState::Open || !moves(test, now) {
                    return Err(nothing());
                }
                let plan = if test.state == TestState::Open {
                    let events =
                        test.steps.get(before.unwrap_or_default()).map(|step| step.seen.events.clone());
                    let number = test.number;
                    let mut plan =
                        found.planned("control.seen", format!("note what was seen of {id}"), actor, now);
                    let seen = [("test", json!(number)), ("step", json!(before)), ("events", json!(events))];
                    put_facts(&mut plan.change.facts, seen);
                    plan
                } else {
                    // What was never shown is shown now, so that all of it can be checked. Without its seed, the result stands all the same.
                    let opened = self.opened(id, test).await.unwrap_or_default();
                    if let Some(test) = found.tests.get_mut(index) {
                        test.show_rest(&opened);
                    }
                    self.test_ended(&mut found, index, actor, now)
                };
                let test = found.tests.get(index);
                let event = event_of(id, test.map_or(0, |test| test.number));
                let value = (found.key.clone(), test.map(|test| test.state), event);
                Ok(Planned { plan, value, status: 200 })
            })
            .await;
        let done = match done {
            Err(refusal) if refusal.code == "nothing_due" => return Ok(()),
            done => done?,
        };
        let (key, test, event) = &done.value;
        let passed = match test {
            Some(TestState::Passed) => true,
            Some(TestState::Failed) => false,
            _ => return Ok(()),
        };
        let kind = if passed { ActKind::ControlProved } else { ActKind::ControlFailed };
        self.owner_acted(key, kind, (self.world.now(), event)).await
    }

    /// The plan by which a test ends, with its result and every draw.
    fn test_ended(&self, found: &mut Verification, index: usize, actor: &Actor, now: Timestamp) -> Plan {
        let Some(test) = found.tests.get(index).cloned() else {
            return found.planned("control.ended", String::new(), actor, now);
        };
        found.failures += i64::from(test.state == TestState::Failed);
        let title = format!("test {} of {} ends", test.number, found.verification);
        let failed = test.steps.iter().zip(0_u32..).find_map(|(step, at)| match step.state {
            StepState::Failed(why) => Some((at, why)),
            _ => None,
        });
        let shown: Vec<Option<Opened>> = test.steps.iter().map(|step| step.shown.clone()).collect();
        let mut plan = found.planned("control.ended", title, actor, now);
        put_facts(
            &mut plan.change.facts,
            [
                ("test", json!(test.number)),
                ("result", json!(test.state)),
                ("step", json!(failed.map(|(at, _)| at))),
                ("why", json!(failed.map(|(_, why)| why))),
                ("one_in", json!(test.one_in)),
                ("failures", json!(found.failures.min(FAILURES_MAX))),
                ("at", json!(now)),
                ("event", json!(event_of(&found.verification, test.number))),
                ("shown", json!(shown)),
            ],
        );
        tell::verification(&mut plan, "control.ended", found, now);
        plan
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

    fn sealed_seed(&self, id: &str, number: u32) -> Result<([u8; SEED_BYTES], String), Refusal> {
        let seed = self.draw::<SEED_BYTES>();
        let bound = bound_to(id, number).ok_or_else(unsealed)?;
        let secret = ApiSecret::new(seed.to_vec()).map_err(|_| unsealed())?;
        Ok((seed, self.own_keyring().seal(&bound, &secret, self.draw::<NONCE_BYTES>()).to_string()))
    }

    /// The draws of a test, from its sealed seed.
    async fn opened(&self, id: &str, test: &Test) -> Result<Vec<Opened>, Refusal> {
        let text = self.store.vault(&test.sealed).await.map_err(store_refusal)?.ok_or_else(unsealed)?;
        let sealed: SealedSecret = text.parse().map_err(|_| unsealed())?;
        let bound = bound_to(id, test.number).ok_or_else(unsealed)?;
        let secret = self.own_keyring().open(&bound, &sealed).map_err(|_| unsealed())?;
        let seed: [u8; SEED_BYTES] = secret.expose().try_into().map_err(|_| unsealed())?;
        let kinds: Vec<Kind> = test.steps.iter().map(|step| step.kind).collect();
        Ok(draw::all(&seed, &kinds, &test.rules))
    }
}

fn name_of(sealed: &str) -> String {
    hex::encode(Sha256::digest(sealed))
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
    let window = step.and_then(super::super::control::Step::window);
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

fn nothing() -> Refusal {
    no("nothing_due", "nothing changed".to_owned(), "nothing has to be done")
}

fn unless_nothing(refusal: Refusal) -> Result<(), Refusal> {
    if refusal.code == "nothing_due" { Ok(()) } else { Err(refusal) }
}
