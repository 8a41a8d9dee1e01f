//! Watches the switch of [`crate::bypass`], and sets the gate by it: at the start before it listens, then every few milliseconds.

pub(super) mod journal;

use super::stamp;
use crate::bypass::{self, BypassError};
use crate::clock;
use journal::Journal;
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use sumun_gate::{Bypass, Gate};
use sumun_proxy::admin::Note;
use tracing::{error, warn};

/// What tells one state of the file from another: what it is, its mode, whose it is; none if it is not there.
type Stamp = Option<(stamp::Stamp, u32, u32)>;

/// Looks at the file.
pub(super) struct Watch {
    path: PathBuf,
    gate: Arc<Gate>,
    /// What the control plane is to hear of, where there is one.
    journal: Option<Arc<Journal>>,
    /// The state of the file that the gate was set by.
    seen: Mutex<Option<Stamp>>,
    /// Why a file that is there is not obeyed.
    trouble: Mutex<Option<String>>,
    /// Why nobody knows what it says.
    unread: Mutex<Option<String>>,
}

impl Watch {
    pub(super) fn new(path: PathBuf, gate: Arc<Gate>, journal: Option<Arc<Journal>>) -> Self {
        Self {
            path,
            gate,
            journal,
            seen: Mutex::default(),
            trouble: Mutex::default(),
            unread: Mutex::default(),
        }
    }

    fn stamp(&self) -> io::Result<Stamp> {
        use std::os::unix::fs::MetadataExt;
        match std::fs::symlink_metadata(&self.path) {
            Ok(found) => Ok(Some((stamp::Stamp::of(&found), found.mode(), found.uid()))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Looks, and sets the gate. True if that changed what is enforced. What cannot be read leaves things as they are, and is
    /// looked at again.
    pub(super) fn look(&self) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // Taken before reading: a file that is written meanwhile is another one at the next look.
        let read = match self.stamp() {
            Ok(stamp) if *seen == Some(stamp) => {
                // It may have been out of sight in between.
                self.tell_unread(None);
                return false;
            }
            Ok(stamp) => {
                bypass::read(&self.path).map(|found| (stamp, found, None)).or_else(|error| match error {
                    BypassError::Bad { .. } => Ok((stamp, None, Some(error.to_string()))),
                    BypassError::Unread { .. } => Err(error),
                })
            }
            Err(problem) => Err(BypassError::Unread { path: self.path.clone(), problem }),
        };
        let (stamp, found, trouble) = match read {
            Ok(read) => read,
            Err(error) => {
                self.tell_unread(Some(error.to_string()));
                return false;
            }
        };
        *seen = Some(stamp);
        drop(seen);
        self.tell_unread(None);
        if let Some(text) = &trouble {
            error!("{text}");
        }
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
        let wanted = found.map(Bypass::from);
        // One that lasted when this gate was last seen may be over.
        let note = || self.journal.iter().for_each(|journal| journal.note(wanted.as_ref(), clock::now()));
        if self.gate.bypass().as_deref() == wanted.as_ref() {
            note();
            return false;
        }
        match &wanted {
            Some(on) => warn!(
                bypass.since = %on.since, bypass.by = %on.by, bypass.reason = %on.reason,
                "BYPASS: everything passes at this gate but keys that have ended; `sumun gate bypass off` ends it"
            ),
            None => warn!("The bypass is over: refusals hold again as the ramp says"),
        }
        // In force before it is written down: what it is there to end does harm meanwhile, and a disk may be slow.
        self.gate.set_bypass(wanted.clone());
        note();
        true
    }

    /// Writes down what could not be written before.
    pub(super) fn settle(&self) {
        self.journal.iter().for_each(|journal| journal.settle());
    }

    /// Said once, however often it is looked at.
    fn tell_unread(&self, now: Option<String>) {
        let mut unread = self.unread.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(text) = now.as_ref().filter(|_| *unread != now) {
            error!("{text}");
        }
        *unread = now;
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
        let unread = self.unread.lock().unwrap_or_else(PoisonError::into_inner).clone();
        on.into_iter().chain(trouble).chain(unread).map(|text| Note { text, serious: false }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bypass::BypassFile;
    use std::os::unix::fs::PermissionsExt;
    use sumun_gate::{GatePolicy, KeyTable, ReplayMemory};
    use sumun_model::Timestamp;

    #[test]
    fn what_cannot_be_read_leaves_things_as_they_are_and_is_looked_at_again() {
        let folder = tempfile::tempdir().unwrap();
        let (data, away) = (folder.path().join("data"), folder.path().join("away"));
        std::fs::create_dir(&data).unwrap();
        let path = data.join("bypass.json");
        let memory = ReplayMemory::new(1 << 12, [5; 16]);
        let gate = Arc::new(Gate::new(GatePolicy::default(), KeyTable::new([]), memory));
        let watch = Watch::new(path.clone(), Arc::clone(&gate), None);
        assert!(!watch.look() && gate.bypass().is_none());
        // A file in the place of its folder: an error of the system that is not "not found".
        let hide = || {
            std::fs::rename(&data, &away).unwrap();
            std::fs::write(&data, "").unwrap();
        };
        let show = || {
            std::fs::remove_file(&data).unwrap();
            std::fs::rename(&away, &data).unwrap();
        };
        let said = BypassFile {
            since: Timestamp::from_millis(1_800_000_000_000),
            by: "uid 0".to_owned(),
            reason: "a made-up reason".to_owned(),
        };
        bypass::write(&path, &said).unwrap();
        hide();
        assert!(!watch.look() && gate.bypass().is_none());
        assert!(watch.notes()[0].text.contains("cannot be read now"));
        show();
        assert!(watch.look() && gate.bypass().is_some(), "nothing of the file changed in between");
        assert_eq!(watch.notes().len(), 1);
        hide();
        assert!(!watch.look() && gate.bypass().is_some(), "nobody switched it off");
        show();
        assert!(!watch.look() && watch.notes().len() == 1);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o662)).unwrap();
        assert!(watch.look() && gate.bypass().is_none(), "others could have written it");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert!(watch.look() && gate.bypass().is_some());
        std::fs::remove_file(&path).unwrap();
        assert!(watch.look() && gate.bypass().is_none());
    }
}
