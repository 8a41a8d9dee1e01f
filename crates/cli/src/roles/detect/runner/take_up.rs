//! Taking up a back-fill: history before the log, in place of what was known.
//!
//! First it is tried whether it can be used; then the record says that it is, and why; then it becomes the one snapshot there is, and only
//! then it waits no longer. A crash at any point does it again, with the same result: the entry is made once.

use super::super::seam::Seam;
use super::super::seam::{set_aside, staged_path};
use super::super::snapshot::{self, Head};
use super::super::{Shared, seam};
use super::{Opened, Runner, restored, said_of_policy};
use crate::config::Config;
use crate::exit::Failed;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;
use sumun_govern::detection::Backfilled;
use sumun_stream::Offset;
use tracing::{error, info, warn};

/// How often, and how many times, is looked whether the event log's last lines are durable.
const SYNC_LOOK: Duration = Duration::from_millis(100);
const SYNC_LOOKS: u32 = 20;
/// How often is looked whether a back-fill waits, microseconds.
const LOOK_STAGED_US: i64 = 1_000_000;

impl Runner {
    /// Looks, once a second, whether a back-fill waits, and goes on from it.
    pub(super) fn look_for_history(&mut self) {
        let now = crate::clock::now();
        if now.micros_since(self.looked).abs() < LOOK_STAGED_US {
            return;
        }
        self.looked = now;
        let live = Some(self.next);
        let found = staged(&self.shared, &self.folder, &self.config, live);
        let Some((engine, head, unused)) = self.shared.runtime.block_on(found) else { return };
        info!(next = head.next, policy = head.policy, "Detection goes on from line {}", head.next);
        self.engine = engine;
        (self.next, self.policy, self.last, self.seam) = (head.next, head.policy, head.last, head.seam);
        self.saved = (self.next, now);
        self.reader = self.shared.events.reader(Offset::new(self.next));
        let history = self.seam.as_ref().map(Seam::known);
        let (next, engine_time, unused) = (self.next, self.engine.now(), said_of_policy(unused));
        self.tell(|standing| {
            (standing.next, standing.engine, standing.policy) = (next, engine_time, unused);
            standing.history = history;
        });
    }

    /// The number of a line among all lines.
    pub(super) fn position(&self, offset: u64) -> u64 {
        self.seam.as_ref().map_or_else(|| offset.saturating_add(1), |seam| seam.position(offset))
    }

    /// Up to where nothing is handed over: it was, before history was known.
    pub(super) fn quiet_to(&self) -> u64 {
        self.seam.as_ref().map_or(0, |seam| seam.quiet_to)
    }
}

/// The engine of a back-fill that waits, if there is one that can be used. `live` is how far detection has looked at the log without it.
pub(super) async fn staged(
    shared: &Shared,
    folder: &Path,
    config: &Config,
    live: Option<u64>,
) -> Option<Opened> {
    let path = staged_path(folder);
    if !path.is_file() {
        return None;
    }
    let Some(mut found) = snapshot::read_at(&path) else {
        error!(
            "`{}` is damaged: history is not taken up; run `sumun backfill` again, which goes on from its own state",
            path.display()
        );
        set_aside(folder);
        return None;
    };
    if let Some(seam) = &mut found.head.seam {
        // What was found in these lines was handed over already, or belongs to a time when nobody looked.
        let quiet_to = seam.quiet_to.max(live.unwrap_or(0));
        if quiet_to > seam.quiet_to {
            seam.quiet_to = quiet_to;
            let (head, engine) = (found.head.clone(), found.engine.clone());
            if let Err(cause) = seam::stage(folder, &head, &engine) {
                warn!("`{}` cannot be written, and is looked at again: {cause}", path.display());
                return None;
            }
        }
    }
    // It was read beside the writer, who may not have synced its last lines yet.
    for _ in 0..SYNC_LOOKS {
        if found.head.next <= shared.events.durable().get() {
            break;
        }
        tokio::time::sleep(SYNC_LOOK).await;
    }
    let (head, engine) = (found.head.clone(), found.engine.clone());
    let opened = match restored(shared, found, config).await {
        Ok(opened) => opened,
        Err(cause) => {
            error!(
                "`{}` cannot be taken up: {cause}. Detection goes on without that history; put aside as `{}`",
                path.display(),
                "backfill.refused"
            );
            set_aside(folder);
            return None;
        }
    };
    match settled(shared, folder, &head, &engine).await {
        Ok(()) => Some(opened),
        Err(cause) => {
            warn!("`{}` is not taken up yet: {cause}", path.display());
            None
        }
    }
}

/// Says so in the record, then makes it the one snapshot.
async fn settled(shared: &Shared, folder: &Path, head: &Head, engine: &[u8]) -> Result<(), Failed> {
    let Some(seam) = &head.seam else {
        return Err(Failed("it is no back-fill".to_owned()));
    };
    let marks = seam.marks.iter().map(|mark| serde_json::to_value(mark).unwrap_or_default()).collect();
    let said = Backfilled {
        backfill: seam.backfill.clone(),
        lines: seam.history,
        ended: seam.ended,
        line: seam.from,
        policy: head.policy.clone(),
        replaced: seam.replaced.clone(),
        marks,
    };
    shared.govern.detection_backfilled(&said).await.map_err(|refusal| Failed(refusal.to_string()))?;
    snapshot::remove_all(folder);
    let needed = snapshot::write(folder, head, engine).map_err(Failed)?;
    shared.snapshots_need.store(needed, Ordering::Relaxed);
    shared.needs();
    let _ = std::fs::remove_file(staged_path(folder));
    info!(lines = seam.history, "History of {} lines is taken up, up to {}", seam.history, seam.ended);
    Ok(())
}
