//! What waits to be sent, and what the exchange's own log says of keys that were cut. In memory only, made of the rows; a line of a key
//! that was never cut costs one look into a map.

use super::readable;
use super::row::{ActuationRow, ActuationState};
use crate::govern::{Govern, store_refusal};
use crate::refusal::Refusal;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use sumun_actuator::{LogRules, Target};
use sumun_model::wire::{AccessLine, Signature, Verdict};
use sumun_model::{Effect, Timestamp};
use sumun_store::tables::ACTUATIONS;
use sumun_store::{Filter, StoreError};

/// Rows looked at when a process begins, and cuts watched at once.
const ROWS_MAX: usize = 200_000;
/// Rows are read again from so long before the last one known, microseconds: two processes' clocks, and changes under way.
const MARGIN_US: i64 = 60_000_000;
/// Requests that succeeded after cuts, kept until they are told.
const SEEN_MAX: usize = 10_000;
/// Sources that a receipt names.
const SOURCES_NAMED_MAX: usize = 32;
/// A front that told of nothing for so long, microseconds, counts as taken away: a day. Until then no silence counts that is not its own, too.
const SOURCE_GONE_US: i64 = 86_400_000_000;

/// An intent that is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waits {
    /// Which row.
    pub actuation: String,
    /// Which intent.
    pub intent: i64,
    /// Whether it takes something away.
    pub cuts: bool,
    /// False: nothing is to be sent of it any more.
    pub open: bool,
    /// Somebody was told that it cannot be done.
    pub failed: bool,
}

/// A request that succeeded after a cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Which row.
    pub actuation: String,
    /// Which intent.
    pub intent: i64,
    /// The event's id.
    pub event: String,
    /// Who told of it.
    pub source: String,
    /// When it was, microseconds since 1970.
    pub at_us: i64,
    /// What it did.
    pub effect: Option<Effect>,
}

/// A cut after which the log was silent for long enough.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Quiet {
    pub(super) actuation: String,
    pub(super) intent: i64,
    /// From when on no request should succeed.
    pub(super) cut_us: i64,
    /// The last request seen before that.
    pub(super) last_us: Option<i64>,
    /// How far the log has come, at whichever source is the furthest behind.
    pub(super) until_us: i64,
    /// Whose logs that rests on.
    pub(super) sources: Vec<String>,
}

#[derive(Debug)]
struct Cut {
    actuation: String,
    intent: i64,
    target: Target,
    cut_us: i64,
    last_us: Option<i64>,
    settled: bool,
    alive: bool,
}

#[derive(Debug, Default)]
struct Inner {
    /// The ledger's size when the store was last looked at.
    head: Option<u64>,
    /// The last change known.
    changed_us: i64,
    /// By key.
    cuts: HashMap<String, Vec<Cut>>,
    /// Cuts whose silence is not written down yet.
    unsettled: usize,
    /// How far the exchange's own log has come, by source: each front tells of its own requests only.
    flow: BTreeMap<String, i64>,
    seen: Vec<Seen>,
    waits: Vec<Waits>,
}

/// What is known in memory.
#[derive(Debug, Default)]
pub struct Cuts {
    /// Somebody acts outside.
    acting: bool,
    /// Whose cuts its own log can speak of: the exchange's. Of a subscriber's keys there is none here.
    exchange: Option<String>,
    log: LogRules,
    /// Telling what was seen takes turns: whoever comes second returns only once what the first one took is written.
    pub(super) telling: tokio::sync::Mutex<()>,
    inner: Mutex<Inner>,
}

impl Cuts {
    pub(super) fn new(exchange: Option<String>, log: LogRules) -> Self {
        Self { acting: true, exchange, log, ..Self::default() }
    }

    /// Nothing under this lock panics.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn grace_us(&self) -> i64 {
        i64::from(self.log.grace_s) * 1_000_000
    }

    /// How far the exchange's own log has come, by source: for whoever keeps that beside his place in it.
    #[must_use]
    pub fn flow(&self) -> BTreeMap<String, i64> {
        self.lock().flow.clone()
    }

    /// It had come so far when it was last read.
    pub fn flowed(&self, flow: &BTreeMap<String, i64>) {
        let mut inner = self.lock();
        for (source, at_us) in flow {
            come(&mut inner.flow, source, *at_us);
        }
    }

    /// A line of the exchange's own log, that came by now.
    pub fn notice(&self, line: &AccessLine, source: &str, now: Timestamp) {
        if !self.acting {
            return;
        }
        let mut inner = self.lock();
        let at_us = line.ts.as_micros();
        // A clock that is ahead says nothing of what has not been yet.
        come(&mut inner.flow, source, at_us.min(now.as_micros()));
        let Some(key) = &line.key else { return };
        let Inner { cuts, seen, .. } = &mut *inner;
        let Some(cuts) = cuts.get_mut(key.as_str()) else { return };
        if !succeeded(line) {
            return;
        }
        for cut in cuts {
            if at_us <= cut.cut_us {
                cut.last_us = cut.last_us.max(Some(at_us));
            } else if !cut.alive && !cut.target.passes(line.effect) && seen.len() < SEEN_MAX {
                cut.alive = true;
                seen.push(Seen {
                    actuation: cut.actuation.clone(),
                    intent: cut.intent,
                    event: line.id.to_string(),
                    source: source.to_owned(),
                    at_us,
                    effect: line.effect,
                });
            }
        }
    }

    /// Requests that succeeded after cuts, each once.
    pub(super) fn take_seen(&self) -> Vec<Seen> {
        std::mem::take(&mut self.lock().seen)
    }

    /// They could not be told.
    pub(super) fn see_again(&self, seen: impl Iterator<Item = Seen>) {
        self.lock().seen.extend(seen);
    }

    /// They could not be written down.
    pub(super) fn settle_again(&self, quiet: &[Quiet]) {
        let mut inner = self.lock();
        let Inner { cuts, unsettled, .. } = &mut *inner;
        for cut in cuts.values_mut().flatten() {
            if quiet.iter().any(|one| one.actuation == cut.actuation && one.intent == cut.intent) {
                cut.settled = false;
                *unsettled += 1;
            }
        }
    }

    /// What became due, or no longer is, since this was last asked.
    #[must_use]
    pub fn take_waits(&self) -> Vec<Waits> {
        std::mem::take(&mut self.lock().waits)
    }

    /// Cuts after which the log went on long enough in silence.
    pub(super) fn quiet(&self, now: Timestamp) -> Vec<Quiet> {
        let settle_us = i64::from(self.log.settle_s) * 1_000_000;
        let mut inner = self.lock();
        if inner.unsettled == 0 {
            return Vec::new();
        }
        // A key may be used at any front: silence counts only as far as all of them have told.
        let gone_us = now.as_micros().saturating_sub(SOURCE_GONE_US);
        let told = inner.flow.iter().filter(|(_, at_us)| **at_us > gone_us);
        let Some(until_us) = told.clone().map(|(_, at_us)| *at_us).min() else { return Vec::new() };
        let sources: Vec<String> = told.map(|(source, _)| source.clone()).take(SOURCES_NAMED_MAX).collect();
        let Inner { cuts, unsettled, .. } = &mut *inner;
        let mut quiet = Vec::new();
        for cut in cuts.values_mut().flatten() {
            if cut.settled || cut.alive || until_us < cut.cut_us.saturating_add(settle_us) {
                continue;
            }
            cut.settled = true;
            *unsettled = unsettled.saturating_sub(1);
            quiet.push(Quiet {
                actuation: cut.actuation.clone(),
                intent: cut.intent,
                cut_us: cut.cut_us,
                last_us: cut.last_us,
                until_us,
                sources: sources.clone(),
            });
        }
        quiet
    }

    fn take_in(&self, row: &ActuationRow) {
        let mut inner = self.lock();
        inner.changed_us = inner.changed_us.max(row.changed_us);
        let (cuts, open) = (row.target.cuts(), row.state.is_open());
        let failed = row.state == ActuationState::Failed;
        inner.waits.push(Waits { actuation: row.actuation.clone(), intent: row.intent, cuts, open, failed });
        let Inner { cuts: by_key, unsettled, .. } = &mut *inner;
        let of_key = by_key.entry(row.key.clone()).or_default();
        let known = of_key.iter().position(|cut| cut.actuation == row.actuation);
        let before = known.map(|at| of_key.swap_remove(at));
        *unsettled = unsettled.saturating_sub(usize::from(before.as_ref().is_some_and(|cut| !cut.settled)));
        let watched = row.target.cuts() && self.exchange.as_deref() == Some(row.destination.as_str());
        if let (true, Some(acknowledged_us)) = (watched, row.acknowledged_us) {
            let same = before.filter(|cut| cut.intent == row.intent);
            let settled = row.state != ActuationState::Acknowledged;
            *unsettled += usize::from(!settled);
            of_key.push(Cut {
                actuation: row.actuation.clone(),
                intent: row.intent,
                target: row.target,
                cut_us: acknowledged_us.saturating_add(self.grace_us()),
                last_us: same.as_ref().and_then(|cut| cut.last_us),
                settled,
                // Told, or about to be.
                alive: row.state == ActuationState::Alive || same.is_some_and(|cut| cut.alive),
            });
        }
        if of_key.is_empty() {
            by_key.remove(&row.key);
        }
    }
}

/// A source has told up to this instant.
fn come(flow: &mut BTreeMap<String, i64>, source: &str, at_us: i64) {
    match flow.get_mut(source) {
        Some(known) => *known = at_us.max(*known),
        None => {
            flow.insert(source.to_owned(), at_us);
        }
    }
}

/// Whether the exchange did what was asked: a request that was let through and then found wanting says nothing of the key.
fn succeeded(line: &AccessLine) -> bool {
    let signed = !matches!(line.signature, Some(Signature::Invalid | Signature::Absent));
    signed && line.verdict == Some(Verdict::Allow) && line.status.is_none_or(|status| status < 400)
}

impl Govern {
    /// Brings what is known in memory in step with the rows, if any of them changed.
    ///
    /// # Errors
    /// The store's.
    pub async fn refresh_cuts(&self) -> Result<(), Refusal> {
        if self.acting.is_none() {
            return Ok(());
        }
        let _turn = self.refreshing.lock().await;
        let head = self.store.head().size;
        let (known, changed_us) = {
            let inner = self.cuts.lock();
            (inner.head, inner.changed_us)
        };
        if known == Some(head) {
            return Ok(());
        }
        let rows = match known {
            None => self.actuations_readable(Vec::new(), ROWS_MAX).await?,
            Some(known) => {
                let written = self.store.written(known.min(head), head).await.map_err(store_refusal)?;
                if !written.iter().any(|table| table == ACTUATIONS.name) {
                    self.cuts.lock().head = Some(head);
                    return Ok(());
                }
                let (from, most) = (changed_us - MARGIN_US, Filter::LIMIT_MAX);
                match self.store.latest(&ACTUATIONS, "changed_us", from, most).await {
                    Ok(rows) if rows.len() < most as usize => readable(&rows).collect(),
                    // There are more, or one of them is damaged: then all are looked at, each by itself.
                    Ok(_) | Err(StoreError::Damaged { .. }) => {
                        self.actuations_readable(Vec::new(), ROWS_MAX).await?
                    }
                    Err(error) => return Err(store_refusal(error)),
                }
            }
        };
        rows.iter().for_each(|row| self.cuts.take_in(row));
        self.cuts.lock().head = Some(head);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
