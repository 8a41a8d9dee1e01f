//! The walk over both sides in step, by id, a page at a time; and what it finds against what was found before.

use super::compare::{Drift, Here, Kind, There, compare};
use crate::actor::Actor;
use crate::call::{Call, Planned};
use crate::govern::{Govern, change, facts, store_refusal};
use crate::keys::row::KeyRow;
use crate::plan::Plan;
use crate::refusal::Refusal;
use crate::row::{image, integer, replace, text};
use crate::tasks::{TaskKind, TaskRow};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use sumun_model::Timestamp;
use sumun_store::tables::{DEAD_KEYS, KEYS, TASKS};
use sumun_store::{DriftRow, Filter, MirrorKey, MirrorSource};

/// Keys of either side in one step.
pub const PAGE: u32 = 1_000;
/// Longest id of a drift: that of the API's ids.
const ID_BYTES_MAX: usize = 176;
/// How soon somebody looks at a key that is dead here and alive there, microseconds.
const TASK_DUE_US: i64 = 3_600_000_000;

/// What one run found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// Keys looked at.
    pub keys: u64,
    /// Drifts that stand.
    pub stand: u64,
    /// Of them, those that appeared.
    pub appeared: u64,
    /// Drifts that are gone.
    pub gone: u64,
    /// Keys dead here and alive there.
    pub worst: u64,
}

/// A stretch of keys, both sides of it whole.
#[derive(Debug, Default)]
struct Stretch {
    here: BTreeMap<String, Here>,
    there: BTreeMap<String, There>,
    /// The last key of it; none: to the end.
    up_to: Option<String>,
}

/// Who acts when nobody does.
fn reconciler() -> Actor {
    Actor::system("reconciler")
}

/// The id of a drift: how bad it is, which attribute, which key.
#[must_use]
pub fn id(key: &str, drift: &Drift) -> String {
    let rank = Kind::ALL.iter().position(|kind| *kind == drift.kind).unwrap_or_default() + 1;
    let id = match drift.kind {
        Kind::Differs => format!("{rank}-{}-{key}", drift.attribute.as_str()),
        _ => format!("{rank}-{key}"),
    };
    if id.len() <= ID_BYTES_MAX { id } else { format!("{rank}~{}", hex::encode(Sha256::digest(id))) }
}

/// Whether this can be the id of a drift, of today or of one that is gone.
#[must_use]
pub fn is_id(text: &str) -> bool {
    let mut letters = text.chars();
    let rank = letters.next().and_then(|first| first.to_digit(10)).unwrap_or_default() as usize;
    (1..=Kind::ALL.len()).contains(&rank)
        && matches!(letters.next(), Some('-' | '~'))
        && letters.next().is_some()
}

impl Govern {
    /// Compares the record with what was told, and keeps what differs.
    ///
    /// # Errors
    /// The store's: what was kept until then stays, and the next run goes on.
    pub async fn reconcile(&self) -> Result<Reconciled, Refusal> {
        self.reconcile_by(PAGE).await
    }

    /// As [`Govern::reconcile`], with so many keys in one step.
    ///
    /// # Errors
    /// As there.
    pub async fn reconcile_by(&self, page: u32) -> Result<Reconciled, Refusal> {
        let sources = self.mirrors().await?;
        let mut done = Reconciled::default();
        // Where nobody tells of keys there is nobody to disagree with.
        if sources.is_empty() {
            return Ok(done);
        }
        let complete = sources.iter().all(|source| source.round > 0);
        let mut after = String::new();
        loop {
            let stretch = self.stretch(&sources, &after, page).await?;
            self.compared(&stretch, &after, complete, &mut done).await?;
            match stretch.up_to {
                Some(up_to) => after = up_to,
                None => return Ok(done),
            }
        }
    }

    /// The next keys of both sides, as far as both were read.
    async fn stretch(&self, sources: &[MirrorSource], after: &str, page: u32) -> Result<Stretch, Refusal> {
        let told = self.store.mirror_keys_after(after, page).await.map_err(store_refusal)?;
        let from = Some(after.to_owned()).filter(|after| !after.is_empty());
        let filter = Filter { after: from, limit: page, ..Filter::default() };
        let rows = self.store.list(&KEYS, &filter).await.map_err(store_refusal)?;
        let full = |read: usize| read >= page as usize;
        let ends = [
            told.last().filter(|_| full(told.len())).map(|told| told.key.clone()),
            rows.last().filter(|_| full(rows.len())).map(|row| text(row, KEYS.key).to_owned()),
        ];
        let up_to = ends.into_iter().flatten().min();
        let within = |key: &str| up_to.as_deref().is_none_or(|up_to| key <= up_to);
        let mut stretch = Stretch::default();
        for told in told.into_iter().filter(|told| within(&told.key)) {
            stretch.there.insert(told.key.clone(), there(told, sources));
        }
        let keys = rows.iter().filter(|row| within(text(row, KEYS.key))).map(KeyRow::of);
        let keys = keys.collect::<Result<Vec<_>, _>>()?;
        let dead: Vec<String> =
            keys.iter().filter(|key| key.state.is_terminal()).map(|key| key.key.clone()).collect();
        let dead = self.store.get_many(&DEAD_KEYS, &dead).await.map_err(store_refusal)?;
        let ended: BTreeMap<&str, i64> = dead
            .iter()
            .map(|row| (text(row, DEAD_KEYS.key), integer(row, "ended_us").unwrap_or_default()))
            .collect();
        // The venue's own keys are made to be ended, and tried at every gate behind it: neither side of them is compared. An exchange that
        // tells of one tells nothing new.
        for key in keys.iter().filter(|key| key.canary != 0) {
            stretch.there.remove(&key.key);
        }
        for key in keys.iter().filter(|key| key.canary == 0) {
            let ended = ended.get(key.key.as_str()).copied().map(Timestamp::from_micros);
            stretch.here.insert(key.key.clone(), Here::of(key, ended));
        }
        stretch.up_to = up_to;
        Ok(stretch)
    }

    async fn compared(
        &self,
        stretch: &Stretch,
        after: &str,
        complete: bool,
        done: &mut Reconciled,
    ) -> Result<(), Refusal> {
        let authority = self.venue().authority;
        let now = self.world.now();
        let known =
            self.store.drifts_between(after, stretch.up_to.as_deref()).await.map_err(store_refusal)?;
        let known: BTreeMap<String, DriftRow> =
            known.into_iter().map(|row| (row.drift.clone(), row)).collect();
        let mut found: BTreeMap<String, (String, Drift)> = BTreeMap::new();
        let mut ids: Vec<&String> = stretch.here.keys().chain(stretch.there.keys()).collect();
        ids.sort_unstable();
        ids.dedup();
        done.keys += ids.len() as u64;
        for key in ids {
            for drift in compare(stretch.here.get(key), stretch.there.get(key), &authority, complete) {
                found.insert(id(key, &drift), (key.clone(), drift));
            }
        }
        let mut put = Vec::new();
        for (drift, (key, what)) in &found {
            done.stand += 1;
            done.worst += u64::from(what.kind == Kind::DeadHereAliveThere);
            // Plain fields only: nothing here can fail to serialise.
            let body = serde_json::to_string(what).unwrap_or_default();
            let before = known.get(drift);
            if before.is_none() {
                done.appeared += 1;
                if what.kind == Kind::DeadHereAliveThere {
                    self.worst_appeared(key, what).await?;
                }
            }
            if before.is_none_or(|before| before.body != body) {
                let kind = what.kind.as_str().to_owned();
                put.push(DriftRow {
                    drift: drift.clone(),
                    key: key.clone(),
                    kind,
                    since_us: now.as_micros(),
                    body,
                });
            }
        }
        let gone: Vec<&DriftRow> = known.values().filter(|row| !found.contains_key(&row.drift)).collect();
        for row in &gone {
            done.gone += 1;
            if row.kind == Kind::DeadHereAliveThere.as_str() {
                self.worst_gone(row).await?;
            }
        }
        let gone: Vec<String> = gone.into_iter().map(|row| row.drift.clone()).collect();
        // After its entry: whoever stops in between finds it again, and its task standing.
        self.store.drifts_set(put, &gone).await.map_err(store_refusal)
    }

    /// An entry of the ledger and a task: a key that has ended is still served.
    async fn worst_appeared(&self, key: &str, drift: &Drift) -> Result<(), Refusal> {
        let task = task_of(key);
        let standing = self.row(&TASKS, &task).await?;
        if standing.as_ref().is_some_and(|row| text(row, "state") == "open") {
            return Ok(());
        }
        let (actor, task) = (&reconciler(), &task);
        self.run(actor, &Call::default(), |now| async move {
            let mut facts = facts(actor);
            facts.insert("key".to_owned(), json!(key));
            facts.insert("source".to_owned(), json!(drift.source));
            facts.insert("here".to_owned(), drift.here.clone());
            facts.insert("there".to_owned(), drift.there.clone());
            let mut change = change("drift.appeared", now, facts);
            let before = self.row(&TASKS, task).await?;
            let due = Some(now.plus_micros(TASK_DUE_US));
            let row = TaskRow::new(task.clone(), "", TaskKind::EndAtExchange, Some(key), now).due(due);
            change.writes.push(replace(&TASKS, before.as_ref(), image(&row)));
            // Where somebody acts there, he is asked to end it; the task stays until the source says that it has.
            change.writes.extend(self.end_again(key, "drift.appeared", now).await?);
            let title = format!("key {key} is dead here and alive at the exchange");
            Ok(Planned {
                plan: Plan { title, effects: Vec::new(), warnings: Vec::new(), change },
                value: (),
                status: 200,
            })
        })
        .await
        .map(|_| ())
    }

    /// An entry of the ledger, and the task is done: the exchange serves it no more.
    async fn worst_gone(&self, drift: &DriftRow) -> Result<(), Refusal> {
        let (actor, task) = (&reconciler(), &task_of(&drift.key));
        self.run(actor, &Call::default(), |now| async move {
            let mut facts = facts(actor);
            facts.insert("key".to_owned(), json!(drift.key));
            facts.insert("since".to_owned(), json!(Timestamp::from_micros(drift.since_us)));
            let mut change = change("drift.gone", now, facts);
            if let Some(before) = self.row(&TASKS, task).await?
                && text(&before, "state") == "open"
            {
                let row =
                    TaskRow::of(&before)?.done(&actor.principal, "the exchange serves the key no more", now);
                change.writes.push(replace(&TASKS, Some(&before), image(&row)));
            }
            let title = format!("key {} is dead at the exchange too", drift.key);
            Ok(Planned {
                plan: Plan { title, effects: Vec::new(), warnings: Vec::new(), change },
                value: (),
                status: 200,
            })
        })
        .await
        .map(|_| ())
    }
}

/// The one task about a key that is dead here and alive there: opened again if that comes again.
fn task_of(key: &str) -> String {
    let digest = hex::encode(Sha256::digest(format!("drift {key}")));
    format!("T{}", digest.get(..32).unwrap_or(&digest))
}

fn there(told: MirrorKey, sources: &[MirrorSource]) -> There {
    let mut there: There = serde_json::from_str(&told.body).unwrap_or_default();
    there.heard_us =
        sources.iter().find(|source| source.source == told.source).map_or(0, |source| source.heard_us);
    there.told_us = told.told_us;
    there.gone = told.gone_us.is_some();
    there.source = told.source;
    there
}
