//! What happens by the clock alone: keys run out, rotated ones end, rights lapse, holds lapse, approvals lapse.
//!
//! The gates enforce ends by their own clocks; here they are recorded. Called every few seconds by one process; safe to call
//! twice, and a run that fails in the middle is made up for by the next.

#[cfg(test)]
mod tests;

use super::access::Loaded;
use super::lint::Origin;
use super::machine::{Action, apply};
use super::row::KeyRow;
use super::steps::without_ended;
use super::write::{Deed, KeyWrite, Why, plan};
use crate::actor::Actor;
use crate::approvals::{Approval, ApprovalState};
use crate::call::{Call, Planned};
use crate::govern::{Govern, change, facts, store_refusal};
use crate::measures::staff::OwnDeed;
use crate::plan::Plan;
use crate::refusal::{Refusal, RefusalKind};
use serde_json::json;
use sumun_model::{ExpiryCause, KeyState, Measure, Timestamp};
use sumun_store::records::Filter;
use sumun_store::tables::{APPROVALS, KEYS};
use sumun_store::{Image, Table};

/// Rows looked at in one read.
const PAGE: u32 = 1_000;

/// What one run did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DueRun {
    /// Keys of which the ladder was asked.
    pub turned: Vec<String>,
    /// Keys that ended.
    pub ended: Vec<String>,
    /// Keys whose rights to trade or move assets ended.
    pub narrowed: Vec<String>,
    /// Keys whose hold lapsed.
    pub lapsed_holds: Vec<String>,
    /// Approvals that lapsed.
    pub lapsed_approvals: Vec<String>,
    /// Keys that should have been rotated by now.
    pub rotation_overdue: Vec<String>,
    /// What could not be done, rows that cannot be read among it: subject and code. The next run tries again.
    pub failed: Vec<(String, &'static str)>,
}

/// What the clock asks of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// It ends, with this cause.
    End(ExpiryCause),
    /// Its hold lapses.
    LapseHold,
    /// Some of its rights end.
    Narrow,
}

/// What the clock asks of this key now; the end before anything else.
#[must_use]
pub fn due(key: &KeyRow, now: Timestamp) -> Option<Due> {
    if key.state.is_terminal() {
        return None;
    }
    if key.ends() <= now {
        // The earlier of both is the cause: a key that ran out before its overlap was over ended naturally.
        let rotated = key.ends_us.is_some_and(|ends| ends <= key.expires_us);
        return Some(Due::End(if rotated { ExpiryCause::Rotated } else { ExpiryCause::Natural }));
    }
    if key.state == KeyState::Requested {
        return None;
    }
    if key.measure == Some(Measure::Hold) && key.review_due_us.is_some_and(|due| due <= now.as_micros()) {
        return Some(Due::LapseHold);
    }
    let left = without_ended(key.scopes, &key.approvals, now);
    (left != key.scopes && !left.is_empty()).then_some(Due::Narrow)
}

/// When the clock next asks something of this key: the first instant at which [`due`] answers, or at which it should have
/// been rotated. Kept in its row, so that whatever is due is found without looking at all that is not.
#[must_use]
pub fn next_due(key: &KeyRow) -> Option<Timestamp> {
    if key.state.is_terminal() {
        return None;
    }
    let rotation = key.rotate_by_us.filter(|_| key.ends_us.is_none());
    let hold = key.review_due_us.filter(|_| key.measure == Some(Measure::Hold));
    let review = [hold, narrows(key)].into_iter().flatten().filter(|_| key.state != KeyState::Requested);
    review.chain(rotation).chain([key.ends().as_micros()]).min().map(Timestamp::from_micros)
}

/// When the first of its rights ends by itself, if others are left then.
fn narrows(key: &KeyRow) -> Option<i64> {
    let left = |until: i64| without_ended(key.scopes, &key.approvals, Timestamp::from_micros(until));
    let untils = key.approvals.iter().filter_map(|grant| grant.until_us);
    let first = untils.filter(|until| left(*until) != key.scopes).min()?;
    (!left(first).is_empty()).then_some(first)
}

/// The clock's name in the record.
pub(crate) const CLOCK: &str = "system:clock";

/// Who acts when the clock does.
#[must_use]
pub fn clock_actor() -> Actor {
    Actor { principal: CLOCK.to_owned(), ..Actor::system("clock") }
}

impl Govern {
    /// Does everything that is due now.
    ///
    /// # Errors
    /// `store_unavailable` if nothing can be read; what fails for one subject is in the answer.
    pub async fn due(&self) -> Result<DueRun, Refusal> {
        let turns = self.turn_due().await?;
        let now = self.world.now();
        let mut run = DueRun { turned: turns.turned, failed: turns.failed, ..DueRun::default() };
        self.lapse_after_end(&mut run.failed).await?;
        self.note_effects(&mut run.failed).await?;
        let page = Filter { limit: PAGE, ..Filter::default() };
        let at_most = Some(("due_us", now.as_micros()));
        let equals = vec![("state", json!(ApprovalState::Open))];
        let mut open = Some(Filter { equals, at_most, ..page.clone() });
        while open.is_some() {
            for row in self.page(&APPROVALS, &mut open).await? {
                let id = crate::row::text(&row, APPROVALS.key).to_owned();
                let lapsed = match Approval::of(&row) {
                    Ok(approval) => self.lapse(&approval).await,
                    Err(refusal) => Err(refusal),
                };
                match lapsed {
                    Ok(()) => run.lapsed_approvals.push(id),
                    Err(refusal) => run.failed.push((id, refusal.code)),
                }
            }
        }
        let at_most = Some(("next_due_us", now.as_micros()));
        let mut keys = Some(Filter { at_most, ..page });
        while keys.is_some() {
            for row in self.page(&KEYS, &mut keys).await? {
                match KeyRow::of(&row) {
                    Ok(key) => self.due_for(&key, now, &mut run).await,
                    Err(refusal) => {
                        run.failed.push((crate::row::text(&row, KEYS.key).to_owned(), refusal.code));
                    }
                }
            }
        }
        Ok(run)
    }

    async fn due_for(&self, key: &KeyRow, now: Timestamp, run: &mut DueRun) {
        if key.rotate_by_us.is_some_and(|by| by <= now.as_micros()) && key.ends_us.is_none() {
            run.rotation_overdue.push(key.key.clone());
        }
        let Some(what) = due(key, now) else { return };
        let did = self
            .run(&clock_actor(), &Call::default(), |now| async move {
                let plan = self.due_planned(&key.key, now).await?;
                Ok(Planned { plan, value: (), status: 200 })
            })
            .await;
        match (did, what) {
            (Ok(_), Due::End(_)) => run.ended.push(key.key.clone()),
            (Ok(_), Due::LapseHold) => run.lapsed_holds.push(key.key.clone()),
            (Ok(_), Due::Narrow) => run.narrowed.push(key.key.clone()),
            (Err(refusal), _) => run.failed.push((key.key.clone(), refusal.code)),
        }
    }

    /// Decides again on the row as it is now: somebody may have acted since the list was read.
    async fn due_planned(&self, key: &str, now: Timestamp) -> Result<Plan, Refusal> {
        let actor = clock_actor();
        let Loaded { key: loaded, account } = self.key_loaded(&actor, key).await?;
        let venue = self.venue();
        let (after, action, class) = match due(&loaded, now) {
            Some(Due::End(cause)) => {
                return self.ended(&actor, &loaded, (Action::RunOut, cause), None, now).await;
            }
            Some(Due::LapseHold) => {
                let loaded = Loaded { key: loaded, account };
                let own = OwnDeed { actor: &actor, loaded: &loaded, reason: "due", lesser: None, now };
                return self.lapsed(&own).await;
            }
            None => {
                return Err(Refusal::new(
                    RefusalKind::Conflict,
                    "not_due",
                    format!("nothing is due of key `{key}` any more"),
                    "nothing has to be done",
                ));
            }
            Some(Due::Narrow) => {
                let standing = apply(loaded.standing(), Action::Narrow)?;
                let scopes = without_ended(loaded.scopes, &loaded.approvals, now);
                (KeyRow { scopes, ..loaded.at(standing) }, Action::Narrow, "key.changed")
            }
        };
        let title = format!("{} key {key}: its time has come", action.as_str());
        let deed = Deed { class, title: &title, actor: &actor, venue: &venue, now };
        let write = KeyWrite { before: Some(&loaded), after, origin: Origin::By(action) };
        plan(deed, &Why { reason: Some("due"), ..Why::default() }, vec![write])
    }

    /// The next page of a list; `rest` is none once there is no further one. However much is due, only one page of it is
    /// in memory.
    async fn page(&self, table: &'static Table, rest: &mut Option<Filter>) -> Result<Vec<Image>, Refusal> {
        let Some(mut filter) = rest.take() else { return Ok(Vec::new()) };
        let rows = self.store.list(table, &filter).await.map_err(store_refusal)?;
        if rows.len() >= filter.limit as usize {
            filter.after = rows.last().map(|row| crate::row::text(row, table.key).to_owned());
            *rest = Some(filter);
        }
        Ok(rows)
    }

    /// An approval nobody gave. A key that was asked for and lacks one ends with it.
    async fn lapse(&self, approval: &Approval) -> Result<(), Refusal> {
        let actor = &clock_actor();
        self.run(actor, &Call::default(), |now| async move {
            let present = self.approval_row(actor, &approval.approval).await?;
            if present.state != ApprovalState::Open {
                return Err(Refusal::new(
                    RefusalKind::Conflict,
                    "approval_closed",
                    "it was closed meanwhile",
                    "nothing has to be done",
                ));
            }
            let key = present.subject.strip_prefix("key:").filter(|_| present.action == "key.grant");
            let loaded = match key {
                Some(key) => Some(self.key_loaded(actor, key).await?.key),
                None => None,
            };
            let proposed = present.action == crate::proposal::KEY_MEASURE;
            let mut plan = match loaded.filter(|key| key.state == KeyState::Requested) {
                // Nobody came: what policy proposed is not taken.
                None if proposed => self.measure_decided(actor, &present, false, now).await?,
                // Ending the key closes what waits about it, this approval among them.
                Some(key) => {
                    let how = (Action::RunOut, ExpiryCause::Natural);
                    let why = Some("nobody decided about it in time");
                    let mut plan = self.ended(actor, &key, how, why, now).await?;
                    let id = json!(present.approval);
                    plan.change.writes.retain(|write| write.image.get("approval") != Some(&id));
                    plan
                }
                None => {
                    let mut facts = facts(actor);
                    facts.insert("state".to_owned(), json!(ApprovalState::Lapsed));
                    facts.insert("subject".to_owned(), json!(present.subject));
                    Plan {
                        title: format!("approval {} lapses", present.approval),
                        effects: Vec::new(),
                        warnings: Vec::new(),
                        change: change("approval.decided", now, facts),
                    }
                }
            };
            plan.change.facts.insert("approval".to_owned(), json!(present.approval));
            plan.change.writes.push(present.closed(ApprovalState::Lapsed, now).next_write());
            Ok(Planned { plan, value: (), status: 200 })
        })
        .await
        .map(|_| ())
    }
}
