//! Handing history over to those who go on: the tap gets how far every file was read, live detection the engine's state and its place in
//! the event log. The tap first: a tap that began by itself would leave a gap or read twice.

use super::files::Files;
use super::history::History;
use super::log::Stands;
use super::work::{FINDINGS, MERGED};
use crate::config::Config;
use crate::exit::{BadInput, Failed};
use crate::findings::Setup;
use crate::roles::detect::seam::{Mark, Seam, stage, staged_path};
use crate::roles::detect::snapshot::{self, Head};
use crate::roles::tap::kept;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use sumun_model::Timestamp;
use sumun_tap::Checkpoint;

/// Whether detection may go on from this history, in place of what it knows now. Looked at before anything is read, and again at the end.
pub(super) fn may_replace(
    config: &Config,
    log: &Stands,
    inputs: &str,
    replace: Option<&str>,
) -> anyhow::Result<()> {
    let folder = config.detect_dir();
    let Some(live) = snapshot::newest_head(&folder) else { return Ok(()) };
    let shown = folder.display();
    let why = match &live.seam {
        Some(seam) if seam.backfill != inputs => {
            format!("they hold {} lines of history of another back-fill", seam.history)
        }
        _ if log.first > 0 && live.seam.is_none() => {
            format!("they know the lines before {}, which the event log no longer has", log.first)
        }
        _ if live.next > log.next => {
            format!("they know line {}, and the event log ends at {}", live.next, log.next)
        }
        _ => return Ok(()),
    };
    if replace.is_some() {
        return Ok(());
    }
    Err(BadInput(format!(
        "the snapshots of live detection in `{shown}` know more than this would: {why}. Add `--replace \"…\"` with the reason, which the \
         record will keep, to do without that"
    ))
    .into())
}

/// Whether the taps' checkpoints stand as this back-fill found or left them.
pub(super) fn taps_can_go_on(files: &[Files], folder: Option<&Path>) -> anyhow::Result<()> {
    let Some(folder) = folder else { return Ok(()) };
    for one in files.iter().filter(|files| files.followed) {
        let found = kept::Store::at(folder, &one.name).read()?;
        let log = found.as_ref().map(|checkpoint| checkpoint.log.as_str());
        let path = folder.join(format!("{}.json", one.name));
        let told = match (&one.begun, found.as_ref()) {
            (Some(begun), _) if log == Some(&begun.log) => continue,
            (Some(_), _) => "is not the one that was there when this back-fill began",
            (None, None) => continue,
            // What an earlier run of this back-fill wrote, and nobody used since.
            (None, Some(it)) if it.log == one.mark().log && it.position == 0 && it.pending.is_none() => {
                continue;
            }
            (None, Some(_)) => "was made since this back-fill began: a tap has begun in the meantime",
        };
        return Err(BadInput(format!(
            "the tap's checkpoint `{}` {told}; begin anew, in another `work` folder, and leave the tap alone until the end",
            path.display()
        ))
        .into());
    }
    Ok(())
}

/// Writes the taps' checkpoints: their next line is the one behind the last that was read here.
fn taps_go_on(files: &[Files], folder: Option<&Path>) -> anyhow::Result<()> {
    let Some(folder) = folder else { return Ok(()) };
    taps_can_go_on(files, Some(folder))?;
    let mut begin = files.iter().filter(|files| files.followed && files.begun.is_none()).peekable();
    if begin.peek().is_none() {
        return Ok(());
    }
    let _lock = kept::lock(folder)?;
    for one in begin {
        let mark = one.mark();
        let mut checkpoint = Checkpoint::new(mark.log);
        (checkpoint.files, checkpoint.refused) = (mark.state, mark.refused);
        kept::Store::at(folder, &one.name).save(&checkpoint)?;
    }
    Ok(())
}

fn marks(history: &History, config: &Config) -> Vec<Mark> {
    let mut marks: Vec<Mark> = history
        .files
        .iter()
        .map(|files| {
            let mark = files.mark();
            // The file read last says where the source goes on; the tap's checkpoint has them all.
            let last =
                mark.state.files.iter().max_by_key(|file| (file.active, file.modified_us, file.number));
            Mark {
                source: files.name.clone(),
                file: last.map(|file| file.path.clone()).unwrap_or_default(),
                offset: last.map_or(0, |file| file.offset),
                lines: mark.made,
                tail: last.map(|file| format!("{:016x}", file.tail.hash)).unwrap_or_default(),
            }
        })
        .collect();
    if history.log.next > 0 {
        marks.push(Mark {
            source: "event log".to_owned(),
            file: config.events_dir().display().to_string(),
            offset: history.log.next,
            lines: history.log.lines,
            tail: history.progress.log_last.clone(),
        });
    }
    marks
}

/// Hands over; returns the seam that was left.
///
/// # Errors
/// A checkpoint or the snapshot cannot be written.
pub(super) fn hand_over(
    history: &mut History,
    setup: &Setup,
    config: &Config,
    tap_state: Option<&Path>,
    replaced: Option<&str>,
) -> anyhow::Result<Seam> {
    let ended = history.engine.now().ok_or_else(|| {
        BadInput(
            "no line could be read: look at `refused.ndjson`, and at the mapping with `sumun map check`"
                .to_owned(),
        )
    })?;
    let folder = config.detect_dir();
    let live = snapshot::newest_head(&folder);
    // Where live detection has looked at the event log already, what it found there was live, and counts.
    let heed_from = match &live {
        None => ended,
        Some(Head { seam: Some(seam), .. }) => seam.heed_from,
        Some(_) => history.progress.log_from.unwrap_or(ended),
    };
    let old_proofs = old_proofs(history, heed_from)?;
    let seam = Seam {
        backfill: history.progress.inputs.clone(),
        history: history.progress.lines,
        from: history.log.next,
        began: Some(history.progress.as_of).filter(|at| *at > Timestamp::MIN),
        merged: history.progress.merged_bytes.map(|_| merged_path(history)),
        ended,
        heed_from,
        old_proofs,
        quiet_to: 0,
        replaced: replaced.map(str::to_owned),
        marks: marks(history, config),
    };
    taps_go_on(&history.files, tap_state)?;
    let head = Head {
        next: history.log.next,
        policy: setup.policy.name(),
        last: history.progress.log_last.clone(),
        seam: Some(seam.clone()),
    };
    let engine = history.engine.save().map_err(|error| Failed(error.to_string()))?;
    stage(&folder, &head, &engine)
        .map_err(|cause| Failed(format!("cannot write `{}`: {cause}", staged_path(&folder).display())))?;
    history.progress.handed_over = true;
    history.save()?;
    Ok(seam)
}

/// Where all lines stand, as whoever asks later finds it from any folder.
fn merged_path(history: &History) -> PathBuf {
    let path = history.path(MERGED);
    std::path::absolute(&path).unwrap_or(path)
}

/// Hard evidence that stands on a signal of history.
fn old_proofs(history: &History, heed_from: Timestamp) -> anyhow::Result<BTreeSet<String>> {
    #[derive(serde::Deserialize)]
    struct Said {
        id: String,
        ts: Timestamp,
    }
    let mut proofs = history.engine.proofs();
    if proofs.is_empty() {
        return Ok(proofs);
    }
    let findings = BufReader::new(std::fs::File::open(history.path(FINDINGS))?);
    for line in findings.lines() {
        let Ok(said) = serde_json::from_str::<Said>(&line?) else { continue };
        if said.ts >= heed_from {
            proofs.remove(&said.id);
        }
    }
    Ok(proofs)
}
