//! What came of an intent: acknowledged, or not to be done for now; and what the exchange's log said afterwards. Each is an entry of the
//! ledger; what calls for somebody is a task, too.

use super::actuator;
use super::cuts::{Quiet, Seen};
use super::intend::is_of;
use super::row::{ActuationRow, ActuationState, Alive, Holds};
use crate::call::{Call, Planned};
use crate::govern::{Govern, change, facts};
use crate::plan::Plan;
use crate::refusal::{NOTHING, Refusal, nothing};
use crate::row::{image, replace, text};
use crate::tasks::{TaskKind, TaskRow};
use serde_json::json;
use sha2::{Digest, Sha256};
use sumun_actuator::Target;
use sumun_model::Timestamp;
use sumun_store::tables::{ACTUATIONS, TASKS};
use sumun_store::{Change, Image};

/// How soon somebody looks at a key that the exchange could not be made to cut, microseconds: a quarter of an hour.
const TASK_DUE_US: i64 = 900_000_000;
/// The code of a refusal that says that a row cannot be read, which no repetition changes.
const UNREADABLE: &str = "row_unreadable";
/// Longest cause kept, in characters.
const CAUSE_CHARS_MAX: usize = 300;

/// An answer that said that it is so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledged {
    /// What was asked for.
    pub target: Target,
    /// When the call began, microseconds since 1970.
    pub sent_us: i64,
    /// Status of the answer.
    pub status: u16,
    /// Hex SHA-256 of its body.
    pub answer: String,
    /// It was so before.
    pub already: bool,
}

impl Govern {
    /// A destination said that an intent is so. Of an intent that is no longer the newest only what it holds now is noted.
    ///
    /// # Errors
    /// The store's, `not_found`.
    pub async fn actuation_acknowledged(
        &self,
        id: &str,
        intent: i64,
        said: &Acknowledged,
    ) -> Result<(), Refusal> {
        self.noted(id, |before, mut row, now| async move {
            let known = self.last_uses(std::slice::from_ref(&row.key)).await?.get(&row.key).copied();
            let holds = Holds { target: said.target, intent, at_us: now.as_micros() };
            if row.body.holds.as_ref().is_some_and(|known| known.intent >= intent) {
                return Err(nothing());
            }
            row.body.holds = Some(holds);
            let newest = is_of(&before, intent);
            if newest {
                row.state = ActuationState::Acknowledged;
                row.acknowledged_us = Some(now.as_micros());
                (row.body.sent_us, row.body.status) = (Some(said.sent_us), Some(said.status));
                (row.body.answer, row.body.already) = (Some(said.answer.clone()), said.already);
                row.body.last_access_us = known;
            }
            let mut change = about(&row, "actuator.acknowledged", now);
            let facts = [
                ("intent", json!(intent)),
                ("target", json!(said.target)),
                ("superseded", json!(!newest)),
                ("status", json!(said.status)),
                ("answer", json!(said.answer)),
                ("already", json!(said.already)),
                ("sent", json!(Timestamp::from_micros(said.sent_us))),
                ("last_access", json!(known.map(Timestamp::from_micros))),
            ];
            change.facts.extend(facts.map(|(name, value)| (name.to_owned(), value)));
            if newest {
                self.task_done(&mut change, &row, "the exchange acknowledged it", now).await?;
            }
            let title =
                format!("{} acknowledged that key {} is {}", row.destination, row.key, said.target.as_str());
            Ok((row, change, title))
        })
        .await
    }

    /// It could not be done so often that somebody is told: an entry, a task. Of the newest intent only, and once.
    ///
    /// # Errors
    /// The store's, `not_found`.
    pub async fn actuation_failed(
        &self,
        id: &str,
        intent: i64,
        failures: u32,
        cause: &str,
    ) -> Result<(), Refusal> {
        let cause: String = cause.chars().take(CAUSE_CHARS_MAX).collect();
        let cause = &cause;
        self.noted(id, |before, mut row, now| async move {
            if !is_of(&before, intent) || row.state != ActuationState::Waiting {
                return Err(nothing());
            }
            row.state = ActuationState::Failed;
            (row.body.failures, row.body.cause) = (failures, Some(cause.clone()));
            let mut change = about(&row, "actuator.failed", now);
            change.facts.insert("intent".to_owned(), json!(intent));
            change.facts.insert("target".to_owned(), json!(row.target));
            change.facts.insert("failures".to_owned(), json!(failures));
            change.facts.insert("cause".to_owned(), json!(cause));
            self.task_opened(&mut change, &row, cause, now).await?;
            let title = format!(
                "{} could not be told that key {} is {}",
                row.destination,
                row.key,
                row.target.as_str()
            );
            Ok((row, change, title))
        })
        .await
    }

    /// The exchange's own log shows requests that succeeded after cuts: an entry and a task each, once an intent. Whoever calls this while
    /// another does returns once all that was seen before is written: he may note then how far he has read.
    ///
    /// # Errors
    /// The store's: they are told again the next time.
    pub async fn tell_alive(&self) -> Result<(), Refusal> {
        let _turn = self.cuts.telling.lock().await;
        let (mut again, mut failed) = (Vec::new(), None);
        for one in self.cuts.take_seen() {
            // Nothing is written while the store is away.
            if failed.is_some() {
                again.push(one);
                continue;
            }
            match self.alive(&one).await {
                Err(refusal) if refusal.code != UNREADABLE => {
                    again.push(one);
                    failed = Some(refusal);
                }
                // One whose row cannot be read, which is in the log, does not keep the others back.
                Ok(()) | Err(_) => {}
            }
        }
        self.cuts.see_again(again.into_iter());
        failed.map_or(Ok(()), Err)
    }

    async fn alive(&self, one: &Seen) -> Result<(), Refusal> {
        self.noted(&one.actuation, |before, mut row, now| async move {
            let open = matches!(row.state, ActuationState::Acknowledged | ActuationState::Confirmed);
            if !is_of(&before, one.intent) || !open {
                return Err(nothing());
            }
            row.state = ActuationState::Alive;
            row.body.last_access_us = row.body.last_access_us.max(Some(one.at_us));
            row.body.alive = Some(Alive {
                event: one.event.clone(),
                source: one.source.clone(),
                at_us: one.at_us,
                effect: one.effect.map(|effect| effect.as_str().to_owned()),
            });
            let mut change = about(&row, "actuator.alive", now);
            change.facts.insert("intent".to_owned(), json!(one.intent));
            change.facts.insert("target".to_owned(), json!(row.target));
            change.facts.insert("alive".to_owned(), json!(row.body.alive));
            let cause =
                "it was acknowledged, and the exchange's own log shows a request that succeeded afterwards";
            self.task_opened(&mut change, &row, cause, now).await?;
            tracing::error!(
                key.id = row.key,
                destination = row.destination,
                event.id = one.event,
                "Key {} is {} at {} by its own word, and still alive by its own log",
                row.key,
                row.target.as_str(),
                row.destination
            );
            let title = format!("key {} is still alive at {}", row.key, row.destination);
            Ok((row, change, title))
        })
        .await
    }

    /// The exchange's own log has gone on for so long after cuts, and was silent about their keys: the receipts are whole.
    ///
    /// # Errors
    /// The store's.
    pub async fn actuations_silent(&self) -> Result<usize, Refusal> {
        let quiet: Vec<Quiet> = self.cuts.quiet(self.world.now());
        for (at, one) in quiet.iter().enumerate() {
            match self.silent(one).await {
                Err(refusal) if refusal.code != UNREADABLE => {
                    self.cuts.settle_again(quiet.get(at..).unwrap_or_default());
                    return Err(refusal);
                }
                Ok(()) | Err(_) => {}
            }
        }
        Ok(quiet.len())
    }

    async fn silent(&self, one: &Quiet) -> Result<(), Refusal> {
        self.noted(&one.actuation, |before, mut row, now| async move {
            if !is_of(&before, one.intent) || row.state != ActuationState::Acknowledged {
                return Err(nothing());
            }
            let known = self.last_uses(std::slice::from_ref(&row.key)).await?.get(&row.key).copied();
            // What came later was refused, or was of what still passes.
            let before_cut = known.filter(|at| *at <= one.cut_us);
            row.body.last_access_us = row.body.last_access_us.max(before_cut).max(one.last_us);
            row.state = ActuationState::Confirmed;
            row.body.silent_until_us = Some(one.until_us);
            let mut change = about(&row, "actuator.confirmed", now);
            change.facts.insert("intent".to_owned(), json!(one.intent));
            change.facts.insert("target".to_owned(), json!(row.target));
            let last = row.body.last_access_us.map(Timestamp::from_micros);
            change.facts.insert("last_access".to_owned(), json!(last));
            change.facts.insert("silent_until".to_owned(), json!(Timestamp::from_micros(one.until_us)));
            change.facts.insert("sources".to_owned(), json!(one.sources));
            self.task_done(&mut change, &row, "the exchange's log was silent afterwards", now).await?;
            let title = format!("the log of {} is silent about key {}", row.destination, row.key);
            Ok((row, change, title))
        })
        .await
    }

    /// One change of one row; nothing if it turns out to be none.
    async fn noted<F, Fut>(&self, id: &str, make: F) -> Result<(), Refusal>
    where
        F: Fn(Image, ActuationRow, Timestamp) -> Fut,
        Fut: Future<Output = Result<(ActuationRow, Change, String), Refusal>>,
    {
        let (actor, make, call) = (&actuator(), &make, &Call::default());
        let done = self.run(actor, call, |now| async move {
            let before = self.row_or_not_found(&ACTUATIONS, "actuation", id).await?;
            let (mut row, mut change, title) = make(before.clone(), ActuationRow::of(&before)?, now).await?;
            row.changed_us = now.as_micros();
            change.writes.insert(0, row.write(Some(&before)));
            let plan = Plan { title, effects: Vec::new(), warnings: Vec::new(), change };
            Ok(Planned { plan, value: (), status: 200 })
        });
        match done.await {
            Ok(_) => Ok(()),
            Err(refusal) if refusal.code == NOTHING => Ok(()),
            Err(refusal) => Err(refusal),
        }
    }

    async fn task_opened(
        &self,
        change: &mut Change,
        row: &ActuationRow,
        why: &str,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let task = task_of(&row.actuation);
        let before = self.row(&TASKS, &task).await?;
        let due = Some(now.plus_micros(TASK_DUE_US));
        let mut made = TaskRow::new(task, "", TaskKind::ActAtExchange, Some(&row.key), now).due(due);
        for (name, value) in [
            ("destination", row.destination.as_str()),
            ("action", row.target.action().as_str()),
            ("why", why),
        ] {
            made.body.values.insert(name.to_owned(), value.into());
        }
        change.writes.push(replace(&TASKS, before.as_ref(), image(&made)));
        Ok(())
    }

    async fn task_done(
        &self,
        change: &mut Change,
        row: &ActuationRow,
        result: &str,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let Some(before) = self.row(&TASKS, &task_of(&row.actuation)).await? else { return Ok(()) };
        if text(&before, "state") == "open" {
            let done = TaskRow::of(&before)?.done(&actuator().principal, result, now);
            change.writes.push(replace(&TASKS, Some(&before), image(&done)));
        }
        Ok(())
    }
}

fn about(row: &ActuationRow, class: &'static str, now: Timestamp) -> Change {
    let mut facts = facts(&actuator());
    facts.insert("key".to_owned(), json!(row.key));
    facts.insert("destination".to_owned(), json!(row.destination));
    change(class, now, facts)
}

/// The one task about a key at a destination: opened again if it comes again.
fn task_of(actuation: &str) -> String {
    let digest = hex::encode(Sha256::digest(format!("actuation {actuation}")));
    format!("T{}", digest.get(..32).unwrap_or(&digest))
}
