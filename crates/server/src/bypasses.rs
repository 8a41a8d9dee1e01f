//! At which gates everything passes now because somebody there said so, as their lines say. The ledger has each time it began.
//!
//! In this process only: the next line of a gate says it again.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use sumun_govern::gates::bypass::ToldBypass;
use sumun_model::Checks;
use sumun_model::wire::Line;

/// How a record names a client's message on an open stream.
const MESSAGE: &str = "MESSAGE";

/// What one line says: nothing, if it is none of a request; else whether everything passed then. An older gate says it of requests
/// it decided about only: silence of a message, and of what was turned away undecided, means nothing.
pub(crate) fn told(line: &Line) -> Option<Option<ToldBypass>> {
    let Line::Access(access) = line else { return None };
    match access.ext.as_ref().and_then(|ext| ext.get("bypass")) {
        // What cannot be read is no end either.
        Some(told) => serde_json::from_value(told.clone()).ok().map(Some),
        None if access.method.as_deref() == Some(MESSAGE) || access.checks == Some(Checks::NONE) => None,
        None => Some(None),
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use sumun_model::wire::{Origin, parse_line};

    #[test]
    fn silence_is_an_end_only_of_what_was_decided_about() {
        let told = |rest: &str| {
            let text =
                format!(r#"{{"type":"access","id":"a1","ts":"2026-11-02T00:00:01Z","gate":"g1"{rest}}}"#);
            told(&parse_line(Origin { source_name: "g1", line: 1 }, &text).unwrap())
        };
        let on = r#","ext":{"bypass":{"since":"2026-11-02T00:00:00.000000Z","by":"uid 0","reason":"a made-up reason"}}"#;
        assert!(matches!(told(on), Some(Some(_))));
        assert!(matches!(told(&format!(r#","method":"MESSAGE"{on}"#)), Some(Some(_))));
        assert_eq!(told(r#","method":"GET""#), Some(None));
        assert_eq!(told(r#","method":"MESSAGE""#), None, "an older gate does not say it of messages");
        assert_eq!(told(r#","ext":{"bypass":"yes"}"#), None);
    }
}
