//! What gates saw, taken in once: proofs of addresses, questions to owners, steps of control tests.
//!
//! Idempotent by event: a line that comes again proves what is proved, asks what is asked, and counts no further than its place in the
//! log. How often an address was seen is written when it doubled or a minute has passed, so that a flood costs a count.

use super::questions::{About, Question, QuestionState};
use super::seen::Noticed;
use super::watch::{Place, Tally};
use super::{made, put_facts, rewritten, system, tell};
use crate::call::{Call, Planned};
use crate::govern::{Govern, change, facts};
use crate::keys::KeyRow;
use crate::plan::Plan;
use crate::refusal::{Refusal, RefusalKind};
use serde_json::json;
use sha2::{Digest, Sha256};
use sumun_model::{KeyState, Timestamp};
use sumun_store::tables::{KEYS, QUESTIONS};

/// Open questions of one key: who holds a leaked secret and many addresses must not bury its owner in questions. Further addresses are
/// refused without one.
pub const OPEN_QUESTIONS_MAX: usize = 8;
/// A count is written at least so often while requests come.
const WRITTEN_EVERY_US: i64 = 60_000_000;
const DAY_US: i64 = 86_400_000_000;

/// What one batch led to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Saw {
    /// Questions asked.
    pub asked: usize,
    /// Addresses proved.
    pub proved: usize,
    /// What could not be taken in: event and code. The line is to be given again.
    pub failed: Vec<(String, &'static str)>,
}

/// What counting says is to be done.
enum Counted {
    Quiet,
    Write(String, i64),
    Unknown,
}

impl Govern {
    /// Takes in what gates saw, in log order.
    ///
    /// # Errors
    /// The store's; everything else is in the answer.
    pub async fn saw(&self, seen: &[Noticed]) -> Result<Saw, Refusal> {
        let mut saw = Saw::default();
        for noticed in seen {
            match self.saw_one(noticed, &mut saw).await {
                Ok(()) => {}
                Err(refusal) if refusal.kind == RefusalKind::Unavailable => return Err(refusal),
                Err(refusal) => saw.failed.push((noticed.event.to_string(), refusal.code)),
            }
        }
        Ok(saw)
    }

    async fn saw_one(&self, noticed: &Noticed, saw: &mut Saw) -> Result<(), Refusal> {
        if !noticed.fresh {
            // Whoever caught one request can send it again: it says nothing of who holds the secret, and frightens nobody.
            return Ok(());
        }
        if noticed.of_gate
            && let Some(verification) = self.watch.verification(noticed.key.as_str())
        {
            self.watch.used(noticed);
            self.test_saw(&verification, noticed).await?;
        }
        if noticed.registered {
            return Ok(());
        }
        // Before anything is counted: what is on its way may have been asked about before.
        if self.watch.awaits_proof(noticed.key.as_str()) && self.proves(noticed).await? {
            saw.proved += 1;
            return Ok(());
        }
        let place = (noticed.key.clone(), noticed.address, noticed.at.as_micros().div_euclid(DAY_US));
        match self.counted(&place, noticed) {
            Counted::Quiet => Ok(()),
            Counted::Write(question, count) => self.count_written(&question, noticed, count).await,
            Counted::Unknown if self.proves(noticed).await? => {
                saw.proved += 1;
                Ok(())
            }
            Counted::Unknown => {
                saw.asked += usize::from(self.asks(place, noticed).await?);
                Ok(())
            }
        }
    }

    fn counted(&self, place: &Place, noticed: &Noticed) -> Counted {
        self.watch.tally(place, |tally| {
            let Some(tally) = tally else { return Counted::Unknown };
            let Some(question) = &tally.question else { return Counted::Quiet };
            if noticed.position <= tally.position {
                return Counted::Quiet;
            }
            tally.position = noticed.position;
            tally.count += 1;
            tally.last_us = tally.last_us.max(noticed.at.as_micros());
            let due = tally.count >= 2 * tally.written
                || tally.last_us.saturating_sub(tally.written_us) >= WRITTEN_EVERY_US;
            if !due {
                return Counted::Quiet;
            }
            (tally.written, tally.written_us) = (tally.count, tally.last_us);
            Counted::Write(question.clone(), tally.count)
        })
    }

    /// Asks, unless it was asked already or there is nobody to ask; true if it is asked now.
    async fn asks(&self, place: Place, noticed: &Noticed) -> Result<bool, Refusal> {
        let key = match self.row(&KEYS, noticed.key.as_str()).await? {
            Some(row) => Some(KeyRow::of(&row)?),
            None => None,
        };
        // The venue's own keys ask nobody; an ended key needs no answer.
        let lives =
            |key: &KeyRow| matches!(key.state, KeyState::Active | KeyState::Suspended) && key.canary == 0;
        let Some(key) = key.filter(lives) else {
            self.watch.count(place, Tally::default());
            return Ok(false);
        };
        if key.allowlist.iter().any(|entry| entry.in_effect(true) && entry.prefix().contains(noticed.address))
        {
            // In effect since: the gate decided by what it knew then.
            return Ok(false);
        }
        let open = vec![("key", json!(key.key)), ("state", json!(QuestionState::Open))];
        let open = self.rows_where(&QUESTIONS, open, None, OPEN_QUESTIONS_MAX + 1).await?;
        let open = open.iter().map(Question::of).collect::<Result<Vec<_>, _>>()?;
        let address = noticed.address.to_string();
        if let Some(same) = open.iter().find(|question| question.address == address) {
            let About { count, position, .. } = same.body;
            let written_us = same.last_seen_us;
            let question = Some(same.question.clone());
            self.watch.count(
                place.clone(),
                Tally { question, count, written: count, written_us, position, last_us: written_us },
            );
            if let Counted::Write(question, count) = self.counted(&place, noticed) {
                self.count_written(&question, noticed, count).await?;
            }
            return Ok(false);
        }
        let id = question_id(&place);
        if open.len() >= OPEN_QUESTIONS_MAX || self.row(&QUESTIONS, &id).await?.is_some() {
            // Asked and answered today, or there are enough questions already.
            self.watch.count(place, Tally::default());
            return Ok(false);
        }
        let question = self.question_asked(&id, &key, noticed).await?;
        let at_us = noticed.at.as_micros();
        let tally = Tally {
            question,
            count: 1,
            written: 1,
            written_us: at_us,
            position: noticed.position,
            last_us: at_us,
        };
        self.watch.count(place, tally);
        Ok(true)
    }

    async fn question_asked(
        &self,
        id: &str,
        key: &KeyRow,
        noticed: &Noticed,
    ) -> Result<Option<String>, Refusal> {
        let actor = &system("intake");
        self.run(actor, &Call::default(), |now| async move {
            let (account, _) = self.account_facts(&key.account).await?;
            let at_us = noticed.at.as_micros();
            let question = Question {
                question: id.to_owned(),
                key: key.key.clone(),
                account: key.account.clone(),
                customer: account.customer,
                address: noticed.address.to_string(),
                state: QuestionState::Open,
                asked_us: at_us,
                last_seen_us: at_us,
                answer: None,
                answered_by: None,
                answered_us: None,
                body: About {
                    event: noticed.event.to_string(),
                    position: noticed.position,
                    count: 1,
                    enforced: noticed.enforced,
                    client: noticed.client.clone(),
                    asn: noticed.asn,
                    country: noticed.country.clone(),
                    closed: None,
                },
                version: 1,
            };
            let title = format!("ask the owner of key {} about {}", key.key, noticed.address);
            let change = change("question.asked", now, facts(actor));
            let mut plan = Plan { title, effects: Vec::new(), warnings: Vec::new(), change };
            about(&mut plan, &question);
            put_facts(
                &mut plan.change.facts,
                [
                    ("event", json!(noticed.event)),
                    ("at", json!(noticed.at)),
                    ("enforced", json!(noticed.enforced)),
                    ("client", json!(noticed.client)),
                    ("asn", json!(noticed.asn)),
                    ("country", json!(noticed.country)),
                ],
            );
            plan.change.writes.push(made(&QUESTIONS, &question));
            tell::question_asked(&mut plan, &question, self.question_until(&question), now);
            Ok(Planned { plan, value: Some(question.question), status: 201 })
        })
        .await
        .map(|done| done.value)
    }

    async fn count_written(&self, id: &str, noticed: &Noticed, count: i64) -> Result<(), Refusal> {
        let actor = &system("intake");
        let done = self
            .run(actor, &Call::default(), |now| async move {
                let before = Question::of(&self.row_or_not_found(&QUESTIONS, "question", id).await?)?;
                if before.state != QuestionState::Open || self.has_ended(&before.key).await? {
                    return Err(super::questions::closed(id));
                }
                let mut after = Question { version: before.version + 1, ..before.clone() };
                after.last_seen_us = before.last_seen_us.max(noticed.at.as_micros());
                after.body.count = before.body.count.max(count);
                after.body.position = before.body.position.max(noticed.position);
                let title = format!("count what question {id} is about");
                let change = change("question.seen", now, facts(actor));
                let mut plan = Plan { title, effects: Vec::new(), warnings: Vec::new(), change };
                about(&mut plan, &after);
                let last = Timestamp::from_micros(after.last_seen_us);
                put_facts(
                    &mut plan.change.facts,
                    [("count", json!(after.body.count)), ("last_seen", json!(last))],
                );
                plan.change.writes.push(rewritten(&QUESTIONS, &after, before.version));
                Ok(Planned { plan, value: (), status: 200 })
            })
            .await;
        match done {
            Err(refusal) if refusal.code == "question_closed" => {
                self.watch.forget(noticed.key.as_str());
                Ok(())
            }
            done => done.map(|_| ()),
        }
    }
}

pub(super) fn about(plan: &mut Plan, question: &Question) {
    put_facts(
        &mut plan.change.facts,
        [
            ("question", json!(question.question)),
            ("key", json!(question.key)),
            ("account", json!(question.account)),
            ("customer", json!(question.customer)),
            ("address", json!(question.address)),
        ],
    );
}

/// The same key, address and day, the same question.
fn question_id((key, address, day): &Place) -> String {
    let digest = hex::encode(Sha256::digest(format!("sumun-question/1\0{key}\0{address}\0{day}")));
    format!("Q{}", digest.get(..32).unwrap_or(&digest))
}
