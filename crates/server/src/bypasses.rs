//! At which gates everything passes now because somebody there said so, as their lines say. The ledger has each time it began.
//!
//! In this process only: the next line of a gate says it again.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use sumun_govern::gates::bypass::ToldBypass;
use sumun_model::wire::Line;

/// What one line says: nothing, if it is none of a request; else whether everything passed then.
pub(crate) fn told(line: &Line) -> Option<Option<ToldBypass>> {
    let Line::Access(access) = line else { return None };
    let told = access.ext.as_ref().and_then(|ext| ext.get("bypass"));
    Some(told.and_then(|told| serde_json::from_value(told.clone()).ok()))
}

/// By gate.
#[derive(Debug, Default)]
pub(crate) struct Bypasses(Mutex<BTreeMap<String, ToldBypass>>);

impl Bypasses {
    /// Notes what a gate's newest line says; what is news is returned, to be entered in the ledger.
    pub(crate) fn note(&self, gate: &str, told: Option<ToldBypass>) -> Option<ToldBypass> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match told {
            Some(told) if held.get(gate) == Some(&told) => None,
            Some(told) => {
                held.insert(gate.to_owned(), told.clone());
                Some(told)
            }
            None => {
                held.remove(gate);
                None
            }
        }
    }

    /// What was noted could not be entered: it is news again with the next line.
    pub(crate) fn forget(&self, gate: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(gate);
    }

    /// Since when everything passes there.
    pub(crate) fn since(&self, gate: &str) -> Option<String> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.get(gate).map(|told| told.since.to_string())
    }
}
