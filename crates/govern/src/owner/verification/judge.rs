//! What a control test comes to: moved on by what gates saw and by the clock, ended with its result and every draw.

use super::super::control::{FAILURES_MAX, Fact, Opened, StepState, Test, TestState};
use super::super::seen::Noticed;
use super::super::{put_facts, system, tell};
use super::{Verification, VerificationState};
use crate::actor::Actor;
use crate::call::{Call, Planned};
use crate::govern::Govern;
use crate::plan::Plan;
use crate::refusal::{NOTHING, Refusal, nothing};
use serde_json::json;
use sumun_model::{ActKind, Timestamp};
use sumun_store::tables::VERIFICATIONS;

/// How long what gates saw in a window is waited for; then the test is void.
const HEARD_WAIT_US: i64 = 600 * 1_000_000;

/// What a test's result is known by, on the ladder and on the wire: told twice, it counts once.
fn event_of(verification: &str, number: u32) -> String {
    format!("{verification}/control/{number}")
}

impl Govern {
    /// Takes in what a gate saw of a key that is being tested.
    pub(in crate::owner) async fn test_saw(&self, id: &str, noticed: &Noticed) -> Result<(), Refusal> {
        self.test_moves(id, |test, now| {
            let fact = Fact::Request {
                key: &noticed.key,
                at: noticed.at,
                registered: noticed.registered,
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
                    let mut plan = self.verification_timed_out(&mut found, now);
                    let told = ("timed_out", actor.principal.as_str());
                    self.case_reverified(&mut plan, &found, told, [], now).await?;
                    Ok(Planned { plan, value: (), status: 200 })
                })
                .await
                .map(|_| ())
                .or_else(unless_nothing);
        }
        let heard = self.watch.heard_up_to();
        self.test_moves(id, |test, now| match (heard, test.window_ends()) {
            // What came in time may still be on its way from a gate: that is our trouble, and nobody's failure.
            (Some(heard), Some(ends)) if heard < ends => {
                let given_up = now.micros_since(ends) > HEARD_WAIT_US;
                if given_up {
                    test.void(now);
                }
                given_up
            }
            _ => test.due(now),
        })
        .await
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
                    self.test_ended(&mut found, index, actor, now).await?
                };
                let test = found.tests.get(index);
                let event = event_of(id, test.map_or(0, |test| test.number));
                let value = (found.key.clone(), test.map(|test| test.state), event);
                Ok(Planned { plan, value, status: 200 })
            })
            .await;
        let done = match done {
            Err(refusal) if refusal.code == NOTHING => return Ok(()),
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
    ///
    /// # Errors
    /// The store's.
    pub(super) async fn test_ended(
        &self,
        found: &mut Verification,
        index: usize,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Plan, Refusal> {
        let Some(test) = found.tests.get(index).cloned() else {
            return Ok(found.planned("control.ended", String::new(), actor, now));
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
        let code = match test.state {
            TestState::Passed => "test_passed",
            TestState::Failed => "test_failed",
            _ => "test_void",
        };
        let values = [("test", i64::from(test.number)), ("failures", found.failures.min(FAILURES_MAX))];
        self.case_reverified(&mut plan, found, (code, &actor.principal), values, now).await?;
        Ok(plan)
    }
}

fn unless_nothing(refusal: Refusal) -> Result<(), Refusal> {
    if refusal.code == NOTHING { Ok(()) } else { Err(refusal) }
}
