//! What is amiss around the proxy, for `/readyz`: the source of keys, and what the disk would not take.
//!
//! Serious is what must be looked at before this gate can be relied on: what it recorded or ended would not outlive it.
//! A source that cannot be used is told at once and is not serious by itself: the table stays, and says when it is too
//! old.

use super::bypass;
use super::keeper::Debts;
use super::source::Source;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use sumun_proxy::admin::Note;
use sumun_stream::DrainThread;

/// Where to look.
pub(super) struct Sources {
    pub(super) source: Source,
    pub(super) debts: Arc<Debts>,
    pub(super) nonces_owed: Arc<AtomicBool>,
    pub(super) drain: Arc<DrainThread>,
    /// Why events are not handed in, where they are.
    pub(super) shipping: Option<Asked>,
    /// The switch that lets everything pass.
    pub(super) bypass: Arc<bypass::Watch>,
}

/// Something that is asked what is wrong.
pub(super) type Asked = Box<dyn Fn() -> Option<String> + Send + Sync>;

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
        let serious = [ends, drain, nonces].into_iter().flatten().map(|text| Note { text, serious: true });
        let shipping = self.shipping.as_ref().and_then(|ask| ask());
        let shipping =
            shipping.map(|cause| format!("what is seen here is not handed in to the control plane: {cause}"));
        let others = [snapshot, shipping].into_iter().flatten().map(|text| Note { text, serious: false });
        let (mut notes, keys): (Vec<Note>, Vec<Note>) =
            self.source.notes().into_iter().partition(|n| n.serious);
        notes.splice(0..0, self.bypass.notes());
        notes.extend(serious);
        notes.extend(others);
        notes.extend(keys);
        notes
    }
}
