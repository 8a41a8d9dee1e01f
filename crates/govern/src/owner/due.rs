//! What the clock brings: addresses nobody proved, questions nobody answered, windows of control tests, verifications out of time.
//!
//! Called every second by one process; safe to call twice, and what fails is tried again by the next run.

use super::addresses::CeremonyState;
use super::questions::{Question, QuestionState};
use super::verification::VerificationState;
use super::{put_facts, rewritten, system};
use crate::call::{Call, Planned};
use crate::govern::{Govern, change, facts};
use crate::plan::Plan;
use crate::refusal::{Refusal, RefusalKind};
use crate::row;
use serde_json::json;
use sumun_store::tables::{CEREMONIES, QUESTIONS, VERIFICATIONS};

/// Things done in one run at most; the next one does the rest.
const RUN_MAX: usize = 10_000;

/// What one run did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnerDue {
    /// Ceremonies that lapsed.
    pub lapsed_addresses: Vec<String>,
    /// Questions that lapsed.
    pub lapsed_questions: Vec<String>,
    /// Verifications whose test moved on or whose time ran out.
    pub verifications: Vec<String>,
    /// What could not be done: subject and code.
    pub failed: Vec<(String, &'static str)>,
}

impl Govern {
    /// Does everything that is due now.
    ///
    /// # Errors
    /// `store_unavailable` if nothing can be read; what fails for one subject is in the answer.
    pub async fn owner_due(&self) -> Result<OwnerDue, Refusal> {
        let now = self.world.now().as_micros();
        let mut run = OwnerDue::default();
        let pending = vec![("state", json!(CeremonyState::Pending))];
        // What gates saw in time may still arrive.
        let settled = now.saturating_sub(i64::from(self.venue().control_test.settle_s.get()) * 1_000_000);
        for row in self.rows_where(&CEREMONIES, pending, Some(("until_us", settled)), RUN_MAX).await? {
            let id = row::text(&row, CEREMONIES.key);
            let done = self.ceremony_ends(id, super::addresses::Fate::Lapsed).await;
            note(&mut run.lapsed_addresses, &mut run.failed, id, done);
        }
        let window_us = i64::from(self.venue().owner.question_s.get()) * 1_000_000;
        let open = vec![("state", json!(QuestionState::Open))];
        let before = Some(("asked_us", now.saturating_sub(window_us)));
        for row in self.rows_where(&QUESTIONS, open, before, RUN_MAX).await? {
            let id = row::text(&row, QUESTIONS.key);
            let done = self.question_lapses(id).await;
            note(&mut run.lapsed_questions, &mut run.failed, id, done);
        }
        let open = vec![("state", json!(VerificationState::Open))];
        for row in self.rows_where(&VERIFICATIONS, open, Some(("next_due_us", now)), RUN_MAX).await? {
            let id = row::text(&row, VERIFICATIONS.key);
            let done = self.verification_due(id).await;
            note(&mut run.verifications, &mut run.failed, id, done);
        }
        Ok(run)
    }

    async fn question_lapses(&self, id: &str) -> Result<(), Refusal> {
        let actor = &system("clock");
        self.run(actor, &Call::default(), |now| async move {
            let before = Question::of(&self.row_or_not_found(&QUESTIONS, "question", id).await?)?;
            if before.state != QuestionState::Open || self.question_until(&before) > now {
                return Err(Refusal::new(
                    RefusalKind::Conflict,
                    "not_due",
                    format!("question `{id}` does not lapse now"),
                    "nothing has to be done",
                ));
            }
            let after =
                Question { state: QuestionState::Lapsed, version: before.version + 1, ..before.clone() };
            let title = format!("question {id} lapses; nothing follows");
            let change = change("question.lapsed", now, facts(actor));
            let mut plan = Plan { title, effects: Vec::new(), warnings: Vec::new(), change };
            super::intake::about(&mut plan, &after);
            put_facts(
                &mut plan.change.facts,
                [("asked", json!(sumun_model::Timestamp::from_micros(after.asked_us)))],
            );
            plan.change.writes.push(rewritten(&QUESTIONS, &after, before.version));
            Ok(Planned { plan, value: after.key, status: 200 })
        })
        .await
        .map(|done| self.watch.forget(&done.value))
    }
}

fn note(
    done: &mut Vec<String>,
    failed: &mut Vec<(String, &'static str)>,
    id: &str,
    what: Result<(), Refusal>,
) {
    match what {
        Ok(()) => done.push(id.to_owned()),
        Err(refusal) => failed.push((id.to_owned(), refusal.code)),
    }
}
