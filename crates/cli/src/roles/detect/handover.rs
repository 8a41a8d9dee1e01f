//! Findings on their way into the record: placed, in order, until they are taken.
//!
//! The record knows by its place what it has taken of a key, so that the same findings again change nothing. One line may
//! change what is known of a key twice (a second that passes, and then the line itself): the later one says all, and takes the
//! earlier one's acts with it.

use super::Shared;
use std::collections::BTreeMap;
use std::time::Duration;
use sumun_detect::Output;
use sumun_govern::detection::{Findings, PlacedSignal};
use sumun_model::Assessment;
use tracing::{error, info};

/// Assessments handed over at once.
const BATCH: usize = 128;
/// The first pause after a failure, and the longest.
const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// Batches of findings, of what came out of lines up to this place.
pub(super) fn batches(outputs: Vec<Output>, position: u64) -> Vec<Findings> {
    let outputs = later_ones(outputs);
    // A signal stands before the assessment that it changed; its place is that one's.
    let mut place = position;
    let mut placed: Vec<(u64, Output)> = Vec::with_capacity(outputs.len());
    for output in outputs.into_iter().rev() {
        if let Output::Assessment { assessment, .. } = &output {
            place = assessment.position;
        }
        placed.push((place, output));
    }
    let mut batches = Vec::new();
    let mut batch = Findings::default();
    for (position, output) in placed.into_iter().rev() {
        match output {
            Output::Signal(signal) => batch.signals.push(PlacedSignal { position, signal: *signal }),
            Output::Assessment { assessment, .. } => batch.assessments.push(*assessment),
            // Decided by a judge; live there is none.
            Output::Measure(_) => {}
        }
        if batch.assessments.len() >= BATCH {
            batches.push(std::mem::take(&mut batch));
        }
    }
    if batch != Findings::default() {
        batches.push(batch);
    }
    batches
}

/// Without assessments that a later one of the same key and place says again.
fn later_ones(outputs: Vec<Output>) -> Vec<Output> {
    let mut last: BTreeMap<(String, u64), usize> = BTreeMap::new();
    for (index, output) in outputs.iter().enumerate() {
        if let Output::Assessment { assessment, .. } = output {
            last.insert((assessment.key.to_string(), assessment.position), index);
        }
    }
    let mut acts: BTreeMap<(String, u64), Vec<sumun_model::Act>> = BTreeMap::new();
    let mut kept = Vec::with_capacity(outputs.len());
    for (index, mut output) in outputs.into_iter().enumerate() {
        if let Output::Assessment { assessment, .. } = &mut output {
            let Assessment { key, position, acts: told, .. } = &mut **assessment;
            let place = (key.to_string(), *position);
            let before = acts.entry(place.clone()).or_default();
            before.append(told);
            if last.get(&place) != Some(&index) {
                continue;
            }
            told.append(before);
        }
        kept.push(output);
    }
    kept
}

/// Hands a batch over, however often it takes. False if it is time to stop first.
pub(super) fn give(shared: &Shared, batch: &Findings, mut trouble: impl FnMut(Option<String>)) -> bool {
    let mut pause = PAUSE_MIN;
    loop {
        match shared.runtime.block_on(shared.govern.take_findings(batch)) {
            Ok(taken) => {
                for (key, code) in &taken.failed {
                    error!(key.id = key, code, "What was found of key {key} was not taken: {code}");
                }
                if pause > PAUSE_MIN {
                    info!("Findings are taken again");
                }
                trouble(None);
                return true;
            }
            Err(refusal) => {
                let text = format!("what is found is not taken by the record: {refusal}");
                if pause == PAUSE_MIN {
                    error!("{text}");
                }
                trouble(Some(text));
                if !shared.pause(pause) {
                    return false;
                }
                pause = (pause * 2).min(PAUSE_MAX);
            }
        }
    }
}
