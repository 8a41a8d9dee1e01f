//! The bypasses of this gate that the control plane is to hear of: kept on the disk from when one is seen until it was heard that it ended.
//!
//! So a bypass that began and ended while the control plane was away is told of all the same, whatever was killed in between
//! (ADR 0022). What is lost with the folder shows in the record's lines only (`ext.bypass`).

use crate::atomic_file;
use serde::{Deserialize, Serialize};
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use sumun_gate::Bypass;
use sumun_model::Timestamp;
use sumun_model::wire::{AccessLine, Verdict};
use tracing::{error, warn};

/// Bypasses kept: as many as the control plane takes at once. Who switches so often while nobody hears of it loses the oldest.
const KEPT_MAX: usize = 64;
/// Longest text told, in characters.
const CHARS_MAX: usize = 1000;

/// One bypass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::roles::gate) struct Kept {
    since: Timestamp,
    by: String,
    reason: String,
    until: Option<Timestamp>,
    /// Refusals that did not hold; null if this gate was started anew while it lasted, and so cannot know.
    let_pass: Option<u64>,
}

/// What is told at once, and as of when.
#[derive(Debug)]
pub(in crate::roles::gate) struct Telling {
    revision: u64,
    bypasses: Vec<Kept>,
}

/// All of them, and the file.
#[derive(Debug)]
pub(in crate::roles::gate) struct Journal {
    path: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// The oldest first; the last one may last.
    bypasses: Vec<Kept>,
    /// Rises with each change that is to be told.
    revision: u64,
    /// Which one was heard.
    heard: u64,
    /// The file does not say so yet.
    unwritten: bool,
}

impl Journal {
    /// Reads what is there. A file that cannot be read is told of, and what it held is not.
    pub(in crate::roles::gate) fn open(path: PathBuf) -> Self {
        let read = match std::fs::read(&path) {
            Ok(text) => serde_json::from_slice::<Vec<Kept>>(&text).map_err(|error| error.to_string()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error.to_string()),
        };
        let mut bypasses = read.unwrap_or_else(|problem| {
            error!(
                "`{}` cannot be read ({problem}): bypasses of before that the control plane has not heard of are in this gate's record \
                 only (`sumun log`, `ext.bypass`)",
                path.display()
            );
            Vec::new()
        });
        for open in bypasses.iter_mut().filter(|kept| kept.until.is_none()) {
            open.let_pass = None;
        }
        // Said once in each run: the control plane may think of one that this folder no longer knows.
        let state = State { bypasses, revision: 1, heard: 0, unwritten: false };
        Self { path, state: Mutex::new(state) }
    }

    /// Notes what holds from now on.
    pub(in crate::roles::gate) fn note(&self, on: Option<&Bypass>, now: Timestamp) {
        let mut state = self.lock();
        let goes_on =
            |kept: &Kept| on.is_some_and(|on| on.since == kept.since && short(&on.reason) == kept.reason);
        let mut changed = false;
        for kept in state.bypasses.iter_mut().filter(|kept| kept.until.is_none() && !goes_on(kept)) {
            kept.until = Some(now.max(kept.since));
            changed = true;
        }
        let known = state.bypasses.iter().any(|kept| kept.until.is_none());
        if let Some(on) = on.filter(|_| !known) {
            // One that begins at the very time of another would be taken for it.
            let taken = state.bypasses.iter().any(|kept| kept.since == on.since);
            let since = if taken { now } else { on.since };
            let (by, reason) = (short(&on.by), short(&on.reason));
            state.bypasses.push(Kept { since, by, reason, until: None, let_pass: Some(0) });
            changed = true;
        }
        if changed {
            while state.bypasses.len() > KEPT_MAX {
                let lost = state.bypasses.remove(0);
                warn!(
                    "More than {KEPT_MAX} bypasses wait to be told to the control plane: that of {} goes untold",
                    lost.since
                );
            }
            state.revision += 1;
            state.unwritten = true;
            self.write(&mut state);
        }
    }

    /// Counts a line of the record that says of a refusal that it did not hold while everything passed.
    pub(in crate::roles::gate) fn count(&self, line: &AccessLine) {
        let went_on = line.verdict == Some(Verdict::Deny) && line.enforced == Some(false);
        if !went_on || line.ext.as_ref().is_none_or(|ext| ext.get("bypass").is_none()) {
            return;
        }
        // Of one that has just ended, its last lines come a moment behind.
        if let Some(last) = self.lock().bypasses.last_mut() {
            last.let_pass = last.let_pass.map(|n| n.saturating_add(1));
        }
    }

    /// What the control plane has not heard yet; nothing if it has heard all.
    pub(in crate::roles::gate) fn to_tell(&self) -> Option<Telling> {
        let state = self.lock();
        (state.heard < state.revision)
            .then(|| Telling { revision: state.revision, bypasses: state.bypasses.clone() })
    }

    /// The control plane has heard that: what ended by then is kept no longer.
    pub(in crate::roles::gate) fn heard(&self, telling: &Telling) {
        let mut state = self.lock();
        state.heard = state.heard.max(telling.revision);
        let ended = |kept: &Kept| {
            telling.bypasses.iter().any(|told| told.since == kept.since && told.until.is_some())
        };
        let before = state.bypasses.len();
        state.bypasses.retain(|kept| !ended(kept));
        if state.bypasses.len() < before {
            state.unwritten = true;
            self.write(&mut state);
        }
    }

    /// Writes what could not be written before.
    pub(in crate::roles::gate) fn settle(&self) {
        let mut state = self.lock();
        if state.unwritten {
            self.write(&mut state);
        }
    }

    fn write(&self, state: &mut State) {
        // Numbers and texts: nothing of it can fail.
        let text = serde_json::to_vec(&state.bypasses).unwrap_or_default();
        match atomic_file::replace(&self.path, &text) {
            Ok(written) => {
                written.warned();
                state.unwritten = false;
            }
            Err(cause) => warn!(
                "A bypass is not noted on the disk; should this gate be killed now, the control plane may never hear of it: {}",
                crate::exit::with_causes(&cause)
            ),
        }
    }

    /// What is under this lock is whole between statements.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Telling {
    /// As it is sent.
    pub(in crate::roles::gate) fn body(&self) -> Vec<u8> {
        let told = self.bypasses.iter().map(|kept| Kept {
            // Of one that lasts nobody knows it yet.
            let_pass: kept.let_pass.filter(|_| kept.until.is_some()),
            ..kept.clone()
        });
        let told: Vec<Kept> = told.collect();
        serde_json::to_vec(&serde_json::json!({ "bypasses": told })).unwrap_or_default()
    }
}

fn short(text: &str) -> String {
    text.chars().take(CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn at(s: i64) -> Timestamp {
        Timestamp::from_seconds(1_800_000_000 + s).unwrap()
    }

    fn on(s: i64) -> Bypass {
        Bypass { since: at(s), by: "uid 0".to_owned(), reason: "a made-up reason".to_owned() }
    }

    /// Since when, until when, in seconds, and how many passed.
    fn told(telling: &Telling) -> Vec<(i64, Option<i64>, Value)> {
        let body: Value = serde_json::from_slice(&telling.body()).unwrap();
        let seconds = |time: &Value| {
            let time = time.as_str()?.parse::<Timestamp>().unwrap();
            Some(time.micros_since(at(0)) / 1_000_000)
        };
        let one = |told: &Value| {
            (seconds(&told["since"]).unwrap(), seconds(&told["until"]), told["let_pass"].clone())
        };
        body["bypasses"].as_array().unwrap().iter().map(one).collect()
    }

    fn let_pass() -> AccessLine {
        let text = r#"{"type":"access","id":"a1","ts":"2026-11-02T00:00:01Z","gate":"g1","verdict":"deny","reason":"key_held","enforced":false,"ext":{"bypass":{}}}"#;
        *super::super::super::recorder::access_line(text.as_bytes()).unwrap()
    }

    #[test]
    fn one_that_nobody_heard_of_is_told_of_after_every_kill_and_no_longer_once_its_end_was_heard() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bypasses.json");
        let journal = Journal::open(path.clone());
        assert_eq!(told(&journal.to_tell().unwrap()), [], "said once in each run");
        journal.note(Some(&on(1)), at(2));
        journal.note(Some(&on(1)), at(3));
        for _ in 0..3 {
            journal.count(&let_pass());
        }
        let begun = journal.to_tell().unwrap();
        assert_eq!(told(&begun), [(1, None, Value::Null)]);
        journal.note(None, at(9));
        assert_eq!(told(&journal.to_tell().unwrap()), [(1, Some(9), json!(3))]);
        // What was heard is older than what is to be told.
        journal.heard(&begun);
        assert!(journal.to_tell().is_some());

        // Killed, begun anew while another one lasts, killed, switched off meanwhile.
        let journal = Journal::open(path.clone());
        journal.note(Some(&on(20)), at(21));
        let journal = Journal::open(path.clone());
        journal.note(None, at(30));
        journal.count(&let_pass());
        let both = journal.to_tell().unwrap();
        assert_eq!(
            told(&both),
            [(1, Some(9), json!(3)), (20, Some(30), Value::Null)],
            "nobody counted through"
        );
        journal.heard(&both);
        assert!(journal.to_tell().is_none());
        assert_eq!(told(&Journal::open(path).to_tell().unwrap()), []);
    }

    #[test]
    fn no_more_are_kept_than_are_taken_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(folder.path().join("bypasses.json"));
        for s in 0..70 {
            journal.note(Some(&on(s * 10)), at(s * 10));
            journal.note(None, at(s * 10 + 1));
        }
        let telling = journal.to_tell().unwrap();
        assert_eq!((told(&telling).len(), told(&telling)[0].0), (KEPT_MAX, 60));
    }

    #[test]
    fn a_file_of_rubbish_is_no_reason_to_stay_silent_from_then_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bypasses.json");
        std::fs::write(&path, "rubbish").unwrap();
        let journal = Journal::open(path);
        journal.note(Some(&on(1)), at(2));
        assert_eq!(told(&journal.to_tell().unwrap()), [(1, None, Value::Null)]);
    }
}
