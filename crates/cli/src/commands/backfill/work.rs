//! What a back-fill keeps on its disk: one file of state, replaced whole, and what was written beside it, cut back to what the state knows.
//!
//! So that whoever is killed goes on from the last state and writes the same bytes again. Nothing here knows a line.

use super::senders::Senders;
use crate::atomic_file;
use crate::exit::{BadInput, Failed};
use crate::roles::detect::snapshot::{framed, unframed};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use sumun_model::Timestamp;

/// Of what this reads.
const FORMAT: u32 = 1;
const STATE: &str = "state";
/// What was found in history, as `sumun replay` prints it.
pub(super) const FINDINGS: &str = "findings.ndjson";
/// Lines that could not be read, with place and reason.
pub(super) const REFUSED: &str = "refused.ndjson";
/// All lines in the order in which they were read, if asked for.
pub(super) const MERGED: &str = "merged.ndjson";

/// How far everything is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Progress {
    format: u32,
    /// Digest of all that decides what is read and how; another needs another folder.
    pub(super) inputs: String,
    /// As of when tables count: when the first line of the logs happened.
    pub(super) as_of: Timestamp,
    /// Tables that were read.
    pub(super) tables: usize,
    /// Whether a round is under way, and since when its lines may be at most.
    pub(super) round: Option<Round>,
    /// Rounds done.
    pub(super) rounds: u32,
    /// Every source.
    pub(super) files: Vec<super::files::FilesMark>,
    /// The next line of the event log, the oldest there was, and lines taken of it.
    pub(super) log: (u64, u64, u64),
    /// Digest of the event log's last line read.
    pub(super) log_last: String,
    /// When the event log begins.
    pub(super) log_from: Option<Timestamp>,
    /// Lines fed.
    pub(super) lines: u64,
    /// Lines of tables that were put aside.
    pub(super) refused_in_tables: u64,
    /// What will never come: how often, and bytes where they are known.
    pub(super) holes: u64,
    /// Bytes known to be lost.
    pub(super) bytes_lost: u64,
    /// Signals found.
    pub(super) signals: u64,
    /// Bytes of what is written beside.
    pub(super) findings_bytes: u64,
    /// As before.
    pub(super) refused_bytes: u64,
    /// As before; none: not asked for.
    pub(super) merged_bytes: Option<u64>,
    /// Everything was handed over.
    pub(super) handed_over: bool,
    /// What senders brought, up to where the event log is read in this round.
    #[serde(default)]
    pub(super) senders: Senders,
}

/// A round: all there was at one look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Round {
    /// When it was looked.
    pub(super) at: Timestamp,
    /// The event log is read up to this line.
    pub(super) log_end: u64,
}

impl Progress {
    pub(super) fn new(inputs: String, files: Vec<super::files::FilesMark>, merged: bool) -> Self {
        Self {
            format: FORMAT,
            inputs,
            as_of: Timestamp::MIN,
            tables: 0,
            round: None,
            rounds: 0,
            files,
            log: (0, 0, 0),
            log_last: String::new(),
            log_from: None,
            lines: 0,
            refused_in_tables: 0,
            holes: 0,
            bytes_lost: 0,
            signals: 0,
            findings_bytes: 0,
            refused_bytes: 0,
            merged_bytes: merged.then_some(0),
            handed_over: false,
            senders: Senders::default(),
        }
    }
}

/// The folder, for this process alone.
pub(super) struct Work {
    folder: PathBuf,
    _lock: File,
}

impl Work {
    /// Takes it.
    ///
    /// # Errors
    /// It cannot be made, or another has it.
    pub(super) fn open(folder: &Path) -> anyhow::Result<Self> {
        let failed = |error: io::Error| Failed(format!("cannot use `{}`: {error}", folder.display()));
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        let lock = OpenOptions::new().create(true).append(true).open(folder.join("lock")).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { folder: folder.to_owned(), _lock: lock }),
            Err(std::fs::TryLockError::WouldBlock) => {
                let told =
                    format!("another back-fill works in `{}`; wait for it, or stop it", folder.display());
                Err(Failed(told).into())
            }
            Err(std::fs::TryLockError::Error(error)) => Err(failed(error).into()),
        }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The state, with the engine's part, if there is one.
    ///
    /// # Errors
    /// It cannot be read, or is of something else.
    pub(super) fn read(&self, inputs: &str) -> anyhow::Result<Option<(Progress, Vec<u8>)>> {
        let path = self.path(STATE);
        let shown = path.display();
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Failed(format!("cannot read `{shown}`: {error}")).into()),
        };
        let (progress, engine) = unframed::<Progress>(&bytes)
            .filter(|(progress, _)| progress.format == FORMAT)
            .ok_or_else(|| {
                BadInput(format!(
                    "`{shown}` is damaged, or of another release: remove the folder, and history is read from its beginning"
                ))
            })?;
        if progress.inputs != inputs {
            return Err(BadInput(format!(
                "`{shown}` is of other sources, mappings, policy or data files: go on with those, or name another `work` folder to begin anew"
            ))
            .into());
        }
        Ok(Some((progress, engine)))
    }

    /// Writes the state down for good.
    ///
    /// # Errors
    /// It may not be there after a power cut.
    pub(super) fn save(&self, progress: &Progress, engine: &[u8]) -> anyhow::Result<()> {
        let bytes = framed(progress, engine)?;
        Ok(atomic_file::replace(&self.path(STATE), &bytes)?.durably()?)
    }

    /// A file beside, cut back to what the state knows.
    ///
    /// # Errors
    /// It is shorter than that, or cannot be written.
    pub(super) fn beside(&self, name: &str, bytes: u64) -> anyhow::Result<Beside> {
        let path = self.path(name);
        let failed = |error: io::Error| Failed(format!("cannot write `{}`: {error}", path.display()));
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(failed)?;
        let is = file.metadata().map_err(failed)?.len();
        if is < bytes {
            let told = format!(
                "`{}` has {is} bytes, and its state knows {bytes}: it was cut. Remove the folder, and history is read from its beginning",
                path.display()
            );
            return Err(BadInput(told).into());
        }
        file.set_len(bytes).map_err(failed)?;
        file.seek(SeekFrom::Start(bytes)).map_err(failed)?;
        Ok(Beside { out: BufWriter::with_capacity(1 << 16, file), bytes })
    }
}

/// A file that grows.
pub(super) struct Beside {
    out: BufWriter<File>,
    /// Bytes in it.
    pub(super) bytes: u64,
}

impl Beside {
    /// All that was written is on the disk.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        self.out.flush()?;
        self.out.get_ref().sync_data()
    }
}

impl Write for Beside {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.bytes = self.bytes.saturating_add(u64::try_from(written).unwrap_or(u64::MAX));
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
