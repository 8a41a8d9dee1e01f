//! Taking up a back-fill: history before the log, in place of what was known.
//!
//! First it is tried whether it can be used; then the record says that it is, and why; then it becomes the one snapshot there is, and only
//! then it waits no longer. A crash at any point does it again, with the same result: the entry is made once.

use super::super::seam::{set_aside, staged_path};
use super::super::snapshot::{self, Head};
use super::super::{Shared, seam};
use super::{Opened, restored};
use crate::config::Config;
use crate::exit::Failed;
use std::path::Path;
use std::sync::atomic::Ordering;
use sumun_govern::detection::Backfilled;
use tracing::{error, info, warn};

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
