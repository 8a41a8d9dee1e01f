//! What should be true of a key outside, written beside the change that makes it so: one place for every use case, so that none can
//! forget it.
//!
//! A row is written only where something should become otherwise than the destination was last told: a key that was never cut has none.

use super::row::{ActuationBody, ActuationRow, ActuationState};
use super::{Acting, actuator, id};
use crate::actor::Actor;
use crate::call::{Call, Planned};
use crate::govern::{Govern, change, facts, store_refusal};
use crate::keys::row::KeyRow;
use crate::plan::{Effect, Plan};
use crate::refusal::{NOTHING, Refusal, nothing};
use crate::row::{integer, text, unchanged};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use sumun_actuator::Target;
use sumun_model::{KeyState, Reason, Timestamp};
use sumun_store::tables::{ACTUATIONS, KEYS};
use sumun_store::{Expect, Image, RowWrite};

/// Keys taken up in one change when acting begins.
const TAKEN_UP_AT_ONCE: usize = 64;
/// Keys in one state taken up when acting begins.
const TAKEN_UP_MAX: usize = 200_000;

/// What one key should be outside.
struct Wanted {
    key: String,
    account: String,
    target: Target,
    measure: Option<String>,
    reason: String,
}

/// What a key's row asks for; none of one that was never granted or is suspended by the exchange, and of the venue's own, which are tried at
/// gates.
fn wanted(image: &Image) -> Result<Option<Wanted>, Refusal> {
    let row = KeyRow::of(image)?;
    // What the exchange suspended itself is not asked of it: it may serve the key again at any time. What a measure cuts is asked all the same.
    let there = row.is_suspended_there();
    let state = if there { KeyState::Active } else { row.state };
    let asked = |target: &Target| row.canary == 0 && (!there || target.cuts());
    let Some(target) = Target::of(state, row.measure).filter(asked) else {
        return Ok(None);
    };
    let measure = row.measure.map(|measure| measure.as_str().to_owned()).filter(|_| target == Target::Held);
    let cause = row.cause.map(|cause| cause.as_str());
    // No measure: it waits for its owner to register who uses it, and reads and cancels only until then.
    let unregistered = row.campaign.is_some() && target == Target::Live;
    let (target, reason) = match unregistered {
        true => (Target::Held, Reason::RegistrationRequired.as_str().to_owned()),
        false => (target, sumun_actuator::reason(target, measure.as_deref(), cause)),
    };
    Ok(Some(Wanted { key: row.key, account: row.account, target, measure, reason }))
}

impl Govern {
    /// Adds to a plan what should be true outside of the keys it writes. Who else is told of a key is no customer's business: his plan
    /// does not show it.
    pub(crate) async fn intend(&self, actor: &Actor, plan: &mut Plan) -> Result<(), Refusal> {
        let Some(acting) = &self.acting else { return Ok(()) };
        let mut keys = Vec::new();
        for write in plan.change.writes.iter().filter(|write| write.table.name == KEYS.name) {
            let Some(wanted) = wanted(&write.image)? else { continue };
            // One that comes on record dead was never served on our word.
            if write.expect != Expect::Absent || wanted.target != Target::Ended {
                keys.push(wanted);
            }
        }
        let (class, at) = (plan.change.class, plan.change.at);
        let shown = !actor.roles.iter().any(|role| role.is_customer());
        for (write, effect) in self.intents(acting, keys, class, at).await? {
            plan.effects.extend(Some(effect).filter(|_| shown));
            plan.change.writes.push(write);
        }
        Ok(())
    }

    /// The rows that say so, where anything becomes otherwise; with what that is.
    async fn intents(
        &self,
        acting: &Acting,
        keys: Vec<Wanted>,
        class: &str,
        now: Timestamp,
    ) -> Result<Vec<(RowWrite, Effect)>, Refusal> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<String> = keys
            .iter()
            .flat_map(|wanted| acting.destinations.iter().map(|destination| id(destination, &wanted.key)))
            .collect();
        let rows = self.store.get_many(&ACTUATIONS, &ids).await.map_err(store_refusal)?;
        let rows: BTreeMap<&str, &Image> = rows.iter().map(|row| (text(row, ACTUATIONS.key), row)).collect();
        let mut writes = Vec::new();
        for wanted in &keys {
            for destination in &acting.destinations {
                let actuation = id(destination, &wanted.key);
                let before = rows.get(actuation.as_str()).copied();
                let known = before.map(ActuationRow::of).transpose()?;
                let told = known.as_ref().map_or(Target::Live, |row| row.target);
                let why = known.as_ref().map(|row| (row.body.reason.clone(), row.body.measure.clone()));
                let same_why = why
                    .as_ref()
                    .is_none_or(|(reason, measure)| (reason, measure) == (&wanted.reason, &wanted.measure));
                let subject = format!("actuation:{actuation}");
                let effect = |field: &str, before: Value, after: Value| Effect {
                    subject: subject.clone(),
                    field: field.to_owned(),
                    before,
                    after,
                };
                let effect = match (told == wanted.target, same_why) {
                    (true, true) => continue,
                    (false, _) => effect("target", json!(told), json!(wanted.target)),
                    (true, false) => {
                        effect("reason", json!(why.map(|(reason, _)| reason)), json!(wanted.reason))
                    }
                };
                // The same call over again would make nothing otherwise at an exchange that has done it; one that has not is asked with
                // the new words, under a new idempotency key. Who takes messages is told in any case.
                let called = acting.calls && acting.exchange.as_deref() == Some(destination);
                let row = match known {
                    Some(known) if told == wanted.target && called && !known.state.is_open() => {
                        let body = ActuationBody {
                            measure: wanted.measure.clone(),
                            reason: wanted.reason.clone(),
                            ..known.body
                        };
                        ActuationRow { changed_us: now.as_micros(), body, ..known }
                    }
                    known => self.intended(destination, wanted, known, class, now),
                };
                writes.push((row.write(before), effect));
            }
        }
        Ok(writes)
    }

    /// A new intent. What the destination is known to hold stays known.
    fn intended(
        &self,
        destination: &str,
        wanted: &Wanted,
        known: Option<ActuationRow>,
        class: &str,
        now: Timestamp,
    ) -> ActuationRow {
        let actuation = id(destination, &wanted.key);
        let version = known.as_ref().map_or(0, |row| row.version);
        let intent = version.saturating_add(1);
        let body = ActuationBody {
            account: wanted.account.clone(),
            measure: wanted.measure.clone(),
            reason: wanted.reason.clone(),
            class: class.to_owned(),
            idempotency_key: self.idempotency_key(&actuation, intent, wanted.target, now),
            holds: known.and_then(|row| row.body.holds),
            ..ActuationBody::default()
        };
        ActuationRow {
            actuation,
            destination: destination.to_owned(),
            key: wanted.key.clone(),
            target: wanted.target,
            state: ActuationState::Waiting,
            intent,
            intended_us: now.as_micros(),
            changed_us: now.as_micros(),
            acknowledged_us: None,
            body,
            version,
        }
    }

    /// A key that has ended here is still served there by its source's word: everybody who said otherwise is asked once more, and who was
    /// never asked for the first time. Who is being asked already is not.
    pub(crate) async fn end_again(
        &self,
        key: &str,
        class: &str,
        now: Timestamp,
    ) -> Result<Vec<RowWrite>, Refusal> {
        let (Some(acting), Some(row)) = (&self.acting, self.row(&KEYS, key).await?) else {
            return Ok(Vec::new());
        };
        let Some(ended) = wanted(&row)?.filter(|wanted| wanted.target == Target::Ended) else {
            return Ok(Vec::new());
        };
        let mut writes = Vec::new();
        for destination in &acting.destinations {
            let before = self.row(&ACTUATIONS, &id(destination, key)).await?;
            let known = before.as_ref().map(ActuationRow::of).transpose()?;
            match (&before, known) {
                (_, Some(known)) if known.state.is_open() => {}
                (Some(before), Some(known)) if known.target == Target::Ended => {
                    writes.push(self.intended_again(before, known, now));
                }
                (before, known) => {
                    writes.push(self.intended(destination, &ended, known, class, now).write(before.as_ref()));
                }
            }
        }
        Ok(writes)
    }

    /// The same intent once more, as a new one.
    pub(super) fn intended_again(&self, before: &Image, mut row: ActuationRow, now: Timestamp) -> RowWrite {
        row.intent = row.version.saturating_add(1);
        (row.state, row.acknowledged_us) = (ActuationState::Waiting, None);
        (row.intended_us, row.changed_us) = (now.as_micros(), now.as_micros());
        row.body = ActuationBody {
            account: row.body.account,
            measure: row.body.measure,
            reason: row.body.reason,
            class: row.body.class,
            idempotency_key: self.idempotency_key(&row.actuation, row.intent, row.target, now),
            holds: row.body.holds,
            ..ActuationBody::default()
        };
        row.write(Some(before))
    }

    /// The same for one intent for ever; another for any other, also where a record was set back and goes on with the same numbers.
    fn idempotency_key(&self, actuation: &str, intent: i64, target: Target, now: Timestamp) -> String {
        let venue = &self.venue().venue;
        let said = format!("{venue}\n{actuation}\n{intent}\n{}\n{}", target.as_str(), now.as_micros());
        let digest = hex::encode(Sha256::digest(said));
        digest.get(..32).unwrap_or(&digest).to_owned()
    }

    /// Takes up keys that were cut before anybody acted outside. To be called when acting begins; again it finds nothing. Gives how many
    /// intents were written.
    ///
    /// # Errors
    /// The store's.
    pub async fn take_up_actuations(&self) -> Result<usize, Refusal> {
        let Some(acting) = &self.acting else { return Ok(0) };
        let mut cut: Vec<Vec<(&'static str, Value)>> =
            [("state", "suspended"), ("measure", "hold"), ("measure", "reverify")]
                .map(|(column, word)| vec![(column, json!(word))])
                .into();
        // Those that nobody registered read and cancel only, under no measure; suspended ones are among those above.
        for campaign in self.campaigns_of_any_state().await? {
            cut.push(vec![("campaign", json!(campaign)), ("state", json!("active"))]);
        }
        let mut written = 0;
        for equals in cut {
            let rows = self.rows_where(&KEYS, equals, None, TAKEN_UP_MAX).await?;
            let ids: Vec<String> = rows.iter().map(|row| text(row, KEYS.key).to_owned()).collect();
            for some in ids.chunks(TAKEN_UP_AT_ONCE) {
                written += self.take_up(acting, some).await?;
            }
        }
        Ok(written)
    }

    async fn take_up(&self, acting: &Acting, keys: &[String]) -> Result<usize, Refusal> {
        let (actor, call) = (&actuator(), &Call::default());
        let done = self.run(actor, call, |now| async move {
            let rows = self.store.get_many(&KEYS, keys).await.map_err(store_refusal)?;
            let mut asked = Vec::new();
            for row in &rows {
                asked.extend(
                    wanted(row)?.filter(|wanted| wanted.target.cuts() && wanted.target != Target::Ended),
                );
            }
            let writes = self.intents(acting, asked, "actuator.taken_up", now).await?;
            if writes.is_empty() {
                return Err(nothing());
            }
            let count = writes.len();
            let mut facts = facts(actor);
            facts.insert("intents".to_owned(), json!(count));
            let mut change = change("actuator.taken_up", now, facts);
            change.reads.extend(rows.iter().map(|row| unchanged(&KEYS, text(row, KEYS.key), Some(row))));
            change.writes.extend(writes.into_iter().map(|(write, _)| write));
            let title = format!("tell the exchange of {count} cuts that were made before");
            let plan = Plan { title, effects: Vec::new(), warnings: Vec::new(), change };
            Ok(Planned { plan, value: count, status: 200 })
        });
        match done.await {
            Ok(done) => Ok(done.value),
            Err(refusal) if refusal.code == NOTHING => Ok(0),
            Err(refusal) => Err(refusal),
        }
    }
}

/// Whether a row of the table is behind an intent.
pub(super) fn is_of(image: &Image, intent: i64) -> bool {
    integer(image, "intent") == Some(intent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::write::tests::key;
    use sumun_model::Measure;

    #[test]
    fn a_key_that_nobody_registered_is_held_and_no_measure_is_named() {
        let asked = |key: &KeyRow| {
            let wanted = wanted(&key.image()).unwrap().unwrap();
            (wanted.target, wanted.measure, wanted.reason)
        };
        let unregistered = KeyRow { campaign: Some("E1".into()), ..key() };
        assert_eq!(asked(&key()).0, Target::Live);
        assert_eq!(asked(&unregistered), (Target::Held, None, "registration_required".to_owned()));
        let there = KeyRow { state: KeyState::Suspended, session: "import:exchange".into(), ..key() };
        let told = |row: &KeyRow| wanted(&row.image()).unwrap().map(|wanted| wanted.target);
        assert_eq!(told(&there), None, "the exchange's own suspension");
        for (measure, target) in [
            (Measure::Warn, None),
            (Measure::Hold, Some(Target::Held)),
            (Measure::Reverify, Some(Target::Held)),
        ] {
            assert_eq!(told(&KeyRow { measure: Some(measure), ..there.clone() }), target, "{measure}");
        }
        let held = KeyRow { measure: Some(Measure::Hold), ..unregistered };
        assert_eq!(asked(&held), (Target::Held, Some("hold".to_owned()), "hold".to_owned()));
    }
}
