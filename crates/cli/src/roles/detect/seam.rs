//! Where history ends and the event log goes on: what a back-fill leaves to live detection, and what of it is acted on (ADR 0026).
//!
//! Lines of history are numbered before those of the log, so that ids made of places are those of one run over all lines. Towards the
//! record a place is the log's own, as ever. What was said before the seam builds habits and accuses nobody: it is taken out of what is
//! handed over. Never here: reading history (`commands::backfill`), and a measure.

use super::snapshot::{self, Head};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use sumun_detect::Output;
use sumun_model::Timestamp;
use sumun_server::events::History;

/// A back-fill that waits to be taken up.
const STAGED: &str = "backfill.staged";
/// One that could not be.
const REFUSED: &str = "backfill.refused";

/// How far one source of history was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mark {
    /// Its name.
    pub(crate) source: String,
    /// The file, as it was called; of the event log its folder.
    pub(crate) file: String,
    /// Everything before was read: bytes of what is in the file, or lines of the event log.
    pub(crate) offset: u64,
    /// Lines before that.
    pub(crate) lines: u64,
    /// Hash of the last bytes before, hex.
    pub(crate) tail: String,
}

/// The seam.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Seam {
    /// Which back-fill: digest of what it read and how.
    pub(crate) backfill: String,
    /// Lines of history.
    pub(crate) history: u64,
    /// Offset of the event log's first line behind them.
    pub(crate) from: u64,
    /// When the first line of history happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) began: Option<Timestamp>,
    /// Engine time at the end of history.
    pub(crate) ended: Timestamp,
    /// All lines of history in their order, if they were kept: a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) merged: Option<PathBuf>,
    /// Evidence from before is not handed over.
    pub(crate) heed_from: Timestamp,
    /// Signals from before that are hard evidence.
    pub(crate) old_proofs: BTreeSet<String>,
    /// Lines of the log below were looked at before this was taken up: what is found in them is not handed over again.
    pub(crate) quiet_to: u64,
    /// Why a snapshot was replaced that knew more, if one was.
    pub(crate) replaced: Option<String>,
    /// How far every source was read.
    pub(crate) marks: Vec<Mark>,
}

impl Seam {
    /// The number of a line of the log among all lines.
    pub(crate) const fn position(&self, offset: u64) -> u64 {
        self.history.saturating_add(offset.saturating_sub(self.from)).saturating_add(1)
    }

    /// What is told of it.
    pub(crate) const fn known(&self) -> History {
        History { from: self.began, to: self.ended }
    }

    /// The log's own place, as the record knows it, of a number.
    const fn place(&self, position: u64) -> u64 {
        self.from.saturating_add(position.saturating_sub(self.history))
    }

    /// What is handed over of what was found: nothing that was said before the seam.
    pub(crate) fn heeded(&self, outputs: Vec<Output>) -> Vec<Output> {
        let of = |mut output: Output| {
            match &mut output {
                Output::Signal(signal) if signal.ts < self.heed_from => return None,
                Output::Assessment { assessment, .. } => {
                    assessment.position = self.place(assessment.position);
                    assessment.evidence.retain(|piece| piece.at >= self.heed_from);
                    assessment.hard.retain(|_, proof| !self.old_proofs.contains(proof));
                }
                _ => {}
            }
            Some(output)
        };
        outputs.into_iter().filter_map(of).collect()
    }
}

/// Where a back-fill waits.
pub(crate) fn staged_path(folder: &Path) -> PathBuf {
    folder.join(STAGED)
}

/// Where one stands that could not be taken up.
pub(crate) fn refused_path(folder: &Path) -> PathBuf {
    folder.join(REFUSED)
}

/// Puts one there.
///
/// # Errors
/// It may not outlive a power cut.
pub(crate) fn stage(folder: &Path, head: &Head, engine: &[u8]) -> Result<(), String> {
    std::fs::create_dir_all(folder).map_err(|error| error.to_string())?;
    snapshot::write_at(&staged_path(folder), head, engine)
}

/// It cannot be taken up: put aside, so that it is said once.
pub(super) fn set_aside(folder: &Path) {
    let _ = std::fs::rename(staged_path(folder), refused_path(folder));
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use sumun_detect::engine::Causing;
    use sumun_model::finding::Family;
    use sumun_model::score::Evidence;
    use sumun_model::{Assessment, Cause, FindingId, Hard};

    fn seam() -> Seam {
        Seam {
            backfill: String::new(),
            history: 100,
            from: 7,
            began: None,
            merged: None,
            ended: Timestamp::from_micros(50),
            heed_from: Timestamp::from_micros(50),
            old_proofs: BTreeSet::from([FindingId::of([1; 16]).to_string()]),
            quiet_to: 0,
            replaced: None,
            marks: Vec::new(),
        }
    }

    #[test]
    fn history_is_numbered_before_the_log_and_accuses_nobody() {
        let seam = seam();
        assert_eq!((seam.position(7), seam.position(9)), (101, 103));
        assert_eq!(seam.place(seam.position(9)), 10, "as without a seam: behind the line");
        let piece = |at: i64, signal: u8| Evidence {
            detector: format!("d{at}@1"),
            code: "c".to_owned(),
            family: Family::Origin,
            cause: Cause::Lent,
            llr_milli: 1,
            at: Timestamp::from_micros(at),
            signal: FindingId::of([signal; 16]),
            days: 1,
        };
        let assessment = Assessment {
            key: "K1".parse().unwrap(),
            account: "A1".parse().unwrap(),
            customer: None,
            replaces: None,
            segment: None,
            state: None,
            at: Timestamp::from_micros(60),
            position: 103,
            evidence: vec![piece(49, 1), piece(50, 2), piece(60, 3)],
            hard: BTreeMap::from([
                (Hard::OwnerDenies, FindingId::of([1; 16]).to_string()),
                (Hard::ExposureMatched, FindingId::of([2; 16]).to_string()),
            ]),
            acts: Vec::new(),
            facts: BTreeMap::new(),
            cluster: None,
        };
        let output = Output::Assessment { assessment: Box::new(assessment), causing: Causing::Position(103) };
        let heeded = seam.heeded(vec![output]);
        let [Output::Assessment { assessment, .. }] = heeded.as_slice() else { panic!("{heeded:?}") };
        assert_eq!(assessment.position, 10);
        let at: Vec<i64> = assessment.evidence.iter().map(|piece| piece.at.as_micros()).collect();
        assert_eq!(at, [50, 60]);
        assert_eq!(assessment.hard.keys().copied().collect::<Vec<_>>(), [Hard::ExposureMatched]);
    }
}
