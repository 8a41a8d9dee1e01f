//! How things stand over all keys, as numbers: the ladder, the queue, what waits for people, how long cutting off took.
//!
//! Counts are made by indexes and the lists are short, so that it costs the same with a million keys. Nothing is kept here: who asks
//! often keeps the answer a while.

use crate::approvals::{Approval, ApprovalState};
use crate::cases::row::CaseState;
use crate::govern::{Govern, store_refusal};
use crate::measures::{MeasureRow, MeasureState};
use crate::refusal::Refusal;
use serde_json::{Value, json};
use sumun_model::{KeyState, Measure, Mode, Timestamp};
use sumun_store::tables::{APPROVALS, CASES, KEYS, MEASURES};
use sumun_store::{Count, Filter};

/// A day.
const DAY_US: i64 = 24 * 3_600_000_000;
/// Cut-offs looked at: enough for one in a hundred to be told from the others.
const CUTOFFS_MAX: u32 = 200;
/// Open approvals looked at, to say which of them are somebody's to decide.
const OPEN_MAX: u32 = 500;

/// One measure over all keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rung {
    /// Which.
    pub measure: Measure,
    /// Living keys under it; of a forced end, those of the last 24 hours. Keys that ended by no measure are none of these.
    pub in_force: u64,
    /// Entered within the last 24 hours.
    pub entered_day: u64,
    /// Proposed.
    pub proposed: u64,
}

/// One cut-off that every gate has obeyed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cutoff {
    /// The key.
    pub key: String,
    /// The measure's word.
    pub measure: String,
    /// When the suspicion arose.
    pub suspected: Timestamp,
    /// When it was decided.
    pub decided: Timestamp,
    /// When the last gate had obeyed.
    pub effect: Timestamp,
    /// From the suspicion to the effect where policy acted alone; else from the people's decision. Microseconds.
    pub took_us: i64,
    /// Whether that counts from the suspicion.
    pub from_suspicion: bool,
    /// From the suspicion to the effect; none where nothing was found.
    pub suspicion_us: Option<i64>,
    /// From the decision to the effect.
    pub decision_us: i64,
}

/// Cases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Queue {
    /// Open.
    pub open: u64,
    /// Open, and nobody's.
    pub unassigned: u64,
    /// Open, and past their time.
    pub overdue: u64,
    /// Alerts that the policy lets the machine raise in a day; 0 while none is in force.
    pub budget_day: u32,
    /// Opened within the last 24 hours.
    pub raised_day: u64,
}

/// What decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deciding {
    /// Its id and version.
    pub policy: String,
    /// Places in its `[detectors]` that detection cannot use: the catalogue's values hold there.
    pub unusable: usize,
}

/// How things stand.
#[derive(Clone, Debug, PartialEq)]
pub struct Overview {
    /// The five measures, the mildest first.
    pub ladder: Vec<Rung>,
    /// Cut-offs of the last 24 hours, the latest first.
    pub cutoffs: Vec<Cutoff>,
    /// The policy in force; none while there is none.
    pub policy: Option<Deciding>,
    /// Cases.
    pub queue: Queue,
    /// Approvals that wait.
    pub waiting: u64,
    /// The first of them.
    pub open: Vec<Approval>,
}

impl Govern {
    /// How things stand now.
    ///
    /// # Errors
    /// The store's.
    pub async fn overview(&self) -> Result<Overview, Refusal> {
        let now_us = self.world.now().as_micros();
        let day_us = now_us.saturating_sub(DAY_US);
        let mut ladder = Vec::with_capacity(Measure::ALL.len());
        for measure in Measure::ALL {
            ladder.push(self.rung(*measure, day_us).await?);
        }
        let equals = vec![("state", json!(ApprovalState::Open))];
        let filter = Filter { equals: equals.clone(), limit: OPEN_MAX, ..Filter::default() };
        let open = self.store.list(&APPROVALS, &filter).await.map_err(store_refusal)?;
        let waiting = self
            .store
            .count(&APPROVALS, &Count { equals, ..Count::default() })
            .await
            .map_err(store_refusal)?;
        let policy = self
            .active_policy()
            .await?
            .map(|row| Deciding { unusable: (self.detector_check)(&row.text).len(), policy: row.policy });
        Ok(Overview {
            ladder,
            policy,
            cutoffs: self.cutoffs(day_us).await?,
            queue: self.queue(now_us, day_us).await?,
            waiting,
            // One that cannot be read is told of where it is looked at.
            open: open.iter().filter_map(|row| Approval::of(row).ok()).collect(),
        })
    }

    async fn rung(&self, measure: Measure, day_us: i64) -> Result<Rung, Refusal> {
        let of = |state: MeasureState, since: Option<i64>| {
            let equals = vec![("state", json!(state)), ("measure", json!(measure))];
            let at_least = since.map(|since| ("began_us", since));
            async move {
                let wanted = Count { equals, at_least, at_most: None };
                self.store.count(&MEASURES, &wanted).await.map_err(store_refusal)
            }
        };
        let entered = of(MeasureState::InForce, Some(day_us)).await?;
        // A forced end holds for ever: only the latest say how things stand. Of the others, living keys are counted: a measure of an
        // ended key waits for the account's next key, and cuts nobody.
        let in_force = if measure == Measure::Expire {
            entered
        } else {
            self.living_under(measure, KeyState::Active).await?
                + self.living_under(measure, KeyState::Suspended).await?
        };
        Ok(Rung {
            measure,
            in_force,
            entered_day: entered.saturating_add(of(MeasureState::Ended, Some(day_us)).await?),
            proposed: of(MeasureState::Proposed, None).await?,
        })
    }

    async fn living_under(&self, measure: Measure, state: KeyState) -> Result<u64, Refusal> {
        let equals = vec![("measure", json!(measure)), ("state", json!(state))];
        self.store.count(&KEYS, &Count { equals, ..Count::default() }).await.map_err(store_refusal)
    }

    async fn queue(&self, now_us: i64, day_us: i64) -> Result<Queue, Refusal> {
        let open = || vec![("state", json!(CaseState::Open))];
        let count = async |wanted: Count| self.store.count(&CASES, &wanted).await.map_err(store_refusal);
        let mut nobodys = open();
        nobodys.push(("assignee", Value::Null));
        Ok(Queue {
            open: count(Count { equals: open(), ..Count::default() }).await?,
            unassigned: count(Count { equals: nobodys, ..Count::default() }).await?,
            overdue: count(Count { equals: open(), at_most: Some(("due_us", now_us)), ..Count::default() })
                .await?,
            budget_day: self.policy().map_or(0, |policy| policy.alerts_per_day),
            raised_day: count(Count { at_least: Some(("opened_us", day_us)), ..Count::default() }).await?,
        })
    }

    async fn cutoffs(&self, day_us: i64) -> Result<Vec<Cutoff>, Refusal> {
        let rows = self.store.latest(&MEASURES, "effect_us", day_us, CUTOFFS_MAX).await;
        let rows = rows.map_err(store_refusal)?;
        // One that cannot be read is told of where it is looked at.
        Ok(rows.iter().filter_map(|row| cutoff(&MeasureRow::of(row).ok()?)).collect())
    }
}

/// The cut-off that this measure was; none if it took nothing away.
fn cutoff(row: &MeasureRow) -> Option<Cutoff> {
    let mild = [Measure::Monitor, Measure::Warn].iter().any(|mild| mild.as_str() == row.measure);
    let effect_us = row.effect_us.filter(|_| !mild && row.mode == Mode::Act)?;
    let decision_us = row.decision_to_effect_us()?;
    let suspicion_us = row.suspicion_to_effect_us();
    let from_suspicion = row.by.starts_with("policy:") && suspicion_us.is_some();
    Some(Cutoff {
        key: row.key.clone(),
        measure: row.measure.clone(),
        suspected: Timestamp::from_micros(row.body.suspected_us),
        decided: Timestamp::from_micros(row.body.decided_us),
        effect: Timestamp::from_micros(effect_us),
        took_us: suspicion_us.filter(|_| from_suspicion).unwrap_or(decision_us),
        from_suspicion,
        suspicion_us,
        decision_us,
    })
}
