//! What is amiss around the proxy, for `/readyz`: the keys file, and what the disk would not take.
//!
//! Serious is what must be looked at before this gate can be relied on: what it recorded or ended would not outlive it.
//! A keys file that cannot be used is told at once and is not serious by itself: the table stays, and says when it is too
//! old.

use super::keeper::Debts;
use super::keys::Trouble;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use sumun_proxy::admin::Note;
use sumun_stream::DrainThread;

/// Where to look.
pub(super) struct Sources {
    pub(super) keys: Trouble,
    pub(super) debts: Arc<Debts>,
    pub(super) nonces_owed: Arc<AtomicBool>,
    pub(super) drain: Arc<DrainThread>,
}

impl Sources {
    /// What is amiss now.
    pub(super) fn notes(&self) -> Vec<Note> {
        let [ends, snapshot] = self.debts.failed();
        let drain = self.drain.failing().map(|cause| {
            format!(
                "what was recorded stays in the spool and `sumun log` does not show it: {cause}; look at the disk of \
                 data_dir"
            )
        });
        let nonces = self.nonces_owed.load(Ordering::Relaxed).then(|| {
            "nonces used are not in their journal: after a restart they could be used again; look at the disk of data_dir"
                .to_owned()
        });
        let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let serious = [ends, drain, nonces].into_iter().flatten().map(|text| Note { text, serious: true });
        let others = [snapshot, keys].into_iter().flatten().map(|text| Note { text, serious: false });
        serious.chain(others).collect()
    }
}
