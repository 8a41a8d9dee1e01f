//! When a measure held at every gate: from receipts, after the fact (R127).
//!
//! A measure's change brought a version of the feed; a gate that acknowledged that version or a later one obeys it. Written
//! once, when every enrolled gate has: one entry `measure.obeyed`, which shows nothing to anybody outside. Where keys are acted on at an
//! exchange that keeps its own gateway, its acknowledgement counts like a gate's, under the name of its destination (ADR 0025).

use super::row::{MeasureRow, MeasureState, Obeyed, SUSPEND};
use crate::actuator::{ActuationRow, id};
use crate::call::{Call, Planned};
use crate::cases::cut::CONFIRM_CUT;
use crate::cases::docket::Docket;
use crate::cases::playbook::Said;
use crate::detection::detect_actor;
use crate::govern::{Govern, change, facts, store_refusal};
use crate::plan::Plan;
use crate::refusal::{Refusal, RefusalKind};
use crate::row::{integer, text};
use serde_json::{Value, json};
use std::sync::PoisonError;
use sumun_actuator::Target;
use sumun_model::{KeyState, Measure, Mode};
use sumun_store::tables::{ACTUATIONS, FEED_KEYS, GATES, MEASURES, RECEIPTS};
use sumun_store::{Filter, Image};

/// Measures looked at in one run.
const BATCH: u32 = 200;
/// A gate that has not obeyed within this time is told of elsewhere; the measure waits no longer for the record of it.
const WAIT_US: i64 = 24 * 3_600_000_000;
/// Receipts of one gate looked back on.
const BACK: u32 = 50;

impl Govern {
    /// Fills in when measures held at the gates, for the next [`BATCH`] of those of which it is not known; after the last it begins
    /// anew, so that none waits behind others that never complete. Gives how many were completed; what fails is noted.
    ///
    /// # Errors
    /// The store's.
    pub async fn note_effects(&self, failed: &mut Vec<(String, &'static str)>) -> Result<usize, Refusal> {
        let equals = vec![("state", json!(MeasureState::InForce)), ("effect_us", Value::Null)];
        let after = self.effects_from.lock().unwrap_or_else(PoisonError::into_inner).take();
        let filter = Filter { equals, after, limit: BATCH, ..Filter::default() };
        let now = self.world.now().as_micros();
        let rows = self.store.list(&MEASURES, &filter).await.map_err(store_refusal)?;
        if rows.len() >= BATCH as usize {
            let last = rows.last().map(|row| text(row, MEASURES.key).to_owned());
            *self.effects_from.lock().unwrap_or_else(PoisonError::into_inner) = last;
        }
        let mut open = Vec::new();
        for row in &rows {
            match MeasureRow::of(row) {
                Ok(row) if row.mode == Mode::Act && now - row.began_us < WAIT_US => open.push(row),
                Ok(_) => {}
                Err(refusal) => failed.push((text(row, MEASURES.key).to_owned(), refusal.code)),
            }
        }
        if open.is_empty() {
            return Ok(0);
        }
        let equals = vec![("state", json!("enrolled"))];
        let gates = Filter { equals, limit: Filter::LIMIT_MAX, ..Filter::default() };
        let gates = self.store.list(&GATES, &gates).await.map_err(store_refusal)?;
        let mut receipts: Vec<(String, Vec<Image>)> = Vec::new();
        for gate in &gates {
            let gate = text(gate, GATES.key).to_owned();
            let filter = Filter { equals: vec![("gate", json!(gate))], limit: BACK, ..Filter::default() };
            let rows = self.store.list(&RECEIPTS, &filter).await.map_err(store_refusal)?;
            receipts.push((gate, rows));
        }
        let mut completed = 0;
        for measure in open {
            let Some(obeyed) = self.obeyed(&measure, &receipts).await? else { continue };
            match self.note_effect(&measure.measure_id, &obeyed).await {
                Ok(()) => completed += 1,
                // Another process was first, or it ended meanwhile.
                Err(refusal) if refusal.kind == RefusalKind::Conflict => {}
                Err(refusal) => failed.push((measure.measure_id, refusal.code)),
            }
        }
        Ok(completed)
    }

    /// When each gate obeyed; none while one has not, or where there is nothing to obey.
    async fn obeyed(
        &self,
        measure: &MeasureRow,
        receipts: &[(String, Vec<Image>)],
    ) -> Result<Option<Vec<Obeyed>>, Refusal> {
        let Some(fed) = self.row(&FEED_KEYS, &measure.key).await? else { return Ok(None) };
        // A later change of the key brought a later version: then the gate obeyed at the latest by that one.
        let version = integer(&fed, "feed_version").unwrap_or(i64::MAX);
        let Some(mut obeyed) = self.acknowledged(measure).await? else { return Ok(None) };
        for (gate, rows) in receipts {
            let covering =
                rows.iter().filter(|row| integer(row, "to_version").is_some_and(|to| to >= version));
            let first = covering
                .filter_map(|row| integer(row, "received_us"))
                .filter(|at| *at >= measure.began_us)
                .min();
            match first {
                Some(at_us) => obeyed.push(Obeyed { gate: gate.clone(), at_us }),
                None => return Ok(None),
            }
        }
        Ok((!obeyed.is_empty()).then_some(obeyed))
    }

    /// When each destination outside acknowledged what a measure asks of it; none while one has not. A measure that takes nothing away asks
    /// nothing of them.
    async fn acknowledged(&self, measure: &MeasureRow) -> Result<Option<Vec<Obeyed>>, Refusal> {
        let target = match measure.measure.as_str() {
            SUSPEND => Target::Suspended,
            word => match word.parse::<Measure>() {
                Ok(measure) => Target::of(KeyState::Active, Some(measure)).unwrap_or(Target::Live),
                Err(_) => Target::Live,
            },
        };
        let Some(acting) = self.acting.as_ref().filter(|_| target.cuts()) else {
            return Ok(Some(Vec::new()));
        };
        let ids: Vec<String> =
            acting.destinations.iter().map(|destination| id(destination, &measure.key)).collect();
        let mut obeyed = Vec::new();
        for row in self.store.get_many(&ACTUATIONS, &ids).await.map_err(store_refusal)? {
            let row = ActuationRow::of(&row)?;
            let Some(at_us) = row.acknowledged_us.filter(|_| row.target >= target) else { return Ok(None) };
            obeyed.push(Obeyed { gate: row.destination, at_us: at_us.max(measure.began_us) });
        }
        Ok((obeyed.len() == ids.len()).then_some(obeyed))
    }

    async fn note_effect(&self, id: &str, obeyed: &[Obeyed]) -> Result<(), Refusal> {
        self.run(&detect_actor(), &Call::default(), |now| async move {
            let row = self.row_or_not_found(&MEASURES, "measure", id).await?;
            let mut row = MeasureRow::of(&row)?;
            if row.effect_us.is_some() {
                return Err(Refusal::new(
                    RefusalKind::Conflict,
                    "conflict",
                    "it is written already",
                    "nothing has to be done",
                ));
            }
            row.effect_us = obeyed.iter().map(|one| one.at_us).max();
            row.body.obeyed = obeyed.to_vec();
            let mut facts = facts(&detect_actor());
            facts.insert("measure".to_owned(), json!(id));
            facts.insert("obeyed".to_owned(), json!(obeyed));
            facts.insert("from_suspicion_us".to_owned(), json!(row.suspicion_to_effect_us()));
            facts.insert("from_decision_us".to_owned(), json!(row.decision_to_effect_us()));
            let mut change = change("measure.obeyed", now, facts);
            change.writes.push(row.next_write());
            let title = format!("note when measure {id} held at every gate");
            let mut plan = Plan { title, effects: Vec::new(), warnings: Vec::new(), change };
            if row.measure == Measure::Expire.as_str() {
                let mut docket = Docket::default();
                docket.load(self, &row.case_id).await?;
                let of_one = docket.case(&row.case_id).is_some_and(|case| case.members.len() == 1);
                if of_one {
                    let said = Said::gates_obeyed(obeyed.len());
                    docket.on_record(&row.case_id, CONFIRM_CUT, &detect_actor().principal, &said, now);
                }
                docket.write(&mut plan);
            }
            Ok(Planned { plan, value: (), status: 200 })
        })
        .await
        .map(|_| ())
    }
}
