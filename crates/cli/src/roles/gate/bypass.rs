//! Watches the switch of [`crate::bypass`], and sets the gate by it: at the start before it listens, then every few milliseconds.

use crate::bypass;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;
use sumun_gate::{Bypass, Gate};
use sumun_proxy::admin::Note;
use tracing::{error, warn};

/// What tells one state of the file from another.
type Stamp = Option<(SystemTime, u64, u64)>;

/// Looks at the file.
pub(super) struct Watch {
    path: PathBuf,
    gate: Arc<Gate>,
    seen: Mutex<Option<Stamp>>,
    /// Why a file that is there is not obeyed.
    trouble: Mutex<Option<String>>,
}

impl Watch {
    pub(super) fn new(path: PathBuf, gate: Arc<Gate>) -> Self {
        Self { path, gate, seen: Mutex::default(), trouble: Mutex::default() }
    }

    fn stamp(&self) -> Stamp {
        use std::os::unix::fs::MetadataExt;
        let found = std::fs::symlink_metadata(&self.path).ok()?;
        Some((found.modified().ok()?, found.ino(), u64::from(found.mode())))
    }

    /// Looks, and sets the gate. True if that changed what is enforced.
    pub(super) fn look(&self) -> bool {
        let stamp = self.stamp();
        {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            if *seen == Some(stamp) {
                return false;
            }
            *seen = Some(stamp);
        }
        let (wanted, trouble) = match bypass::read(&self.path) {
            Ok(found) => (found.map(Bypass::from), None),
            Err(problem) => (None, Some(problem.to_string())),
        };
        if let Some(text) = &trouble {
            error!("{text}");
        }
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
        if self.gate.bypass().as_deref() == wanted.as_ref() {
            return false;
        }
        match &wanted {
            Some(on) => warn!(
                bypass.since = %on.since, bypass.by = %on.by, bypass.reason = %on.reason,
                "BYPASS: everything passes at this gate but keys that have ended; `sumun gate bypass off` ends it"
            ),
            None => warn!("The bypass is over: refusals hold again as the ramp says"),
        }
        self.gate.set_bypass(wanted);
        true
    }

    /// What `/readyz` says of it. The gate stays ready: to be taken out of service is the harm that the switch is there to prevent.
    pub(super) fn notes(&self) -> Vec<Note> {
        let on = self.gate.bypass().map(|on| {
            format!(
                "BYPASS: everything passes but keys that have ended, since {} by {}: {}; `sumun gate bypass off` ends it",
                on.since, on.by, on.reason
            )
        });
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone();
        on.into_iter().chain(trouble).map(|text| Note { text, serious: false }).collect()
    }
}
