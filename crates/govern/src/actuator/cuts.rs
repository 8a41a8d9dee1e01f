//! What waits to be sent, and what the exchange's own log says of keys that were cut. In memory only, made of the rows; a line of a key
//! that was never cut costs one look into a map.

use super::row::{ActuationRow, ActuationState};
use crate::govern::{Govern, store_refusal};
use crate::refusal::Refusal;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use sumun_actuator::{LogRules, Target};
use sumun_model::Effect;
use sumun_model::wire::{AccessLine, Signature, Verdict};
use sumun_store::Filter;
use sumun_store::tables::ACTUATIONS;

/// Rows looked at when a process begins, and cuts watched at once.
const ROWS_MAX: usize = 200_000;
/// Rows are read again from so long before the last one known, microseconds: two processes' clocks, and changes under way.
const MARGIN_US: i64 = 60_000_000;
/// Requests that succeeded after cuts, kept until they are told.
const SEEN_MAX: usize = 10_000;

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
    /// How far the log has come.
    pub(super) until_us: i64,
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
    /// How far the exchange's own log has come.
    flow_us: i64,
    seen: Vec<Seen>,
    waits: Vec<Waits>,
}

/// What is known in memory.
#[derive(Debug, Default)]
pub struct Cuts {
    /// Somebody acts outside.
    acting: bool,
    log: LogRules,
    inner: Mutex<Inner>,
}

impl Cuts {
    pub(super) fn new(log: LogRules) -> Self {
        Self { acting: true, log, inner: Mutex::default() }
    }

    /// Nothing under this lock panics.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn grace_us(&self) -> i64 {
        i64::from(self.log.grace_s) * 1_000_000
    }

    /// A line of the exchange's own log.
    pub fn notice(&self, line: &AccessLine, source: &str) {
        if !self.acting {
            return;
        }
        let mut inner = self.lock();
        let at_us = line.ts.as_micros();
        inner.flow_us = inner.flow_us.max(at_us);
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
    pub(super) fn quiet(&self) -> Vec<Quiet> {
        let settle_us = i64::from(self.log.settle_s) * 1_000_000;
        let mut inner = self.lock();
        let until_us = inner.flow_us;
        if inner.unsettled == 0 {
            return Vec::new();
        }
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
        if let (true, Some(acknowledged_us)) = (row.target.cuts(), row.acknowledged_us) {
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
            None => self.rows_where(&ACTUATIONS, Vec::new(), None, ROWS_MAX).await?,
            Some(known) => {
                let written = self.store.written(known.min(head), head).await.map_err(store_refusal)?;
                if !written.iter().any(|table| table == ACTUATIONS.name) {
                    self.cuts.lock().head = Some(head);
                    return Ok(());
                }
                let (from, most) = (changed_us - MARGIN_US, Filter::LIMIT_MAX);
                let rows =
                    self.store.latest(&ACTUATIONS, "changed_us", from, most).await.map_err(store_refusal)?;
                if rows.len() < most as usize {
                    rows
                } else {
                    self.rows_where(&ACTUATIONS, Vec::new(), None, ROWS_MAX).await?
                }
            }
        };
        for row in &rows {
            self.cuts.take_in(&ActuationRow::of(row)?);
        }
        self.cuts.lock().head = Some(head);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sumun_model::wire::{Line, Origin, parse_line};

    fn line(id: &str, second: u32, fields: &str) -> AccessLine {
        let text = format!(
            r#"{{"type":"access","id":"{id}","ts":"2026-11-02T00:00:{second:02}Z","key":"K1","account":"A1",{fields}}}"#
        );
        match parse_line(Origin { source_name: "test", line: 1 }, &text) {
            Ok(Line::Access(line)) => *line,
            other => panic!("{other:?}"),
        }
    }

    fn row(target: Target, state: ActuationState) -> ActuationRow {
        // 2026-11-02T00:00:10Z
        let at_us = 1_793_577_610_000_000;
        ActuationRow {
            actuation: "exchange:K1".to_owned(),
            destination: "exchange".to_owned(),
            key: "K1".to_owned(),
            target,
            state,
            intent: 1,
            intended_us: at_us,
            changed_us: at_us,
            acknowledged_us: (!state.is_open()).then_some(at_us),
            body: super::super::ActuationBody::default(),
            version: 2,
        }
    }

    const OK: &str = r#""verdict":"allow","status":200,"effect":"order""#;

    #[test]
    fn a_request_that_succeeds_after_a_cut_is_seen_once() {
        let cuts = Cuts::new(LogRules { grace_s: 5, settle_s: 10 });
        cuts.notice(&line("before", 1, OK), "front");
        cuts.take_in(&row(Target::Held, ActuationState::Acknowledged));
        cuts.notice(&line("under-way", 14, OK), "front");
        cuts.notice(&line("refused", 20, r#""verdict":"deny","status":401,"effect":"order""#), "front");
        cuts.notice(&line("failed", 20, r#""verdict":"allow","status":422,"effect":"order""#), "front");
        cuts.notice(&line("reads", 20, r#""verdict":"allow","status":200,"effect":"read""#), "front");
        assert_eq!(cuts.take_seen(), []);
        cuts.notice(&line("alive", 21, OK), "front");
        cuts.notice(&line("again", 22, OK), "front");
        let seen: Vec<String> = cuts.take_seen().into_iter().map(|seen| seen.event).collect();
        assert_eq!(seen, ["alive"]);
        cuts.notice(&line("later", 40, OK), "front");
        assert!(cuts.quiet().is_empty() && cuts.take_seen().is_empty());
    }

    #[test]
    fn silence_is_noted_once_the_log_has_gone_on_without_the_key() {
        let cuts = Cuts::new(LogRules { grace_s: 5, settle_s: 10 });
        cuts.take_in(&row(Target::Ended, ActuationState::Acknowledged));
        cuts.notice(&line("last", 9, OK), "front");
        assert!(cuts.quiet().is_empty(), "a log that stands still is not silent");
        let other = line("other", 30, OK);
        let other = AccessLine { key: Some("K2".parse().unwrap()), ..other };
        cuts.notice(&other, "front");
        let quiet = cuts.quiet();
        assert_eq!(quiet.len(), 1);
        assert_eq!(quiet[0].last_us.map(|us| us % 60_000_000), Some(9_000_000));
        assert!(cuts.quiet().is_empty(), "it is noted once");
        // Restored: nothing is watched any more.
        cuts.take_in(&row(Target::Live, ActuationState::Acknowledged));
        cuts.notice(&line("served", 40, OK), "front");
        assert!(cuts.take_seen().is_empty());
    }
}
