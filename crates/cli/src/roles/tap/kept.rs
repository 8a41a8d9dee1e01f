//! What a tap keeps on its disk: the checkpoint, replaced whole, and the lines that were put aside.

use crate::exit::{BadInput, Failed};
use crate::{atomic_file, entropy};
use serde::Serialize;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use sumun_tap::Checkpoint;

/// Takes the folder for this process alone.
///
/// # Errors
/// It cannot be made, or another has it.
pub(super) fn lock(folder: &Path) -> anyhow::Result<Arc<File>> {
    let failed =
        |error: io::Error| Failed(format!("cannot use `{}` for checkpoints: {error}", folder.display()));
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    let file = OpenOptions::new().create(true).append(true).open(folder.join("lock")).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(Arc::new(file)),
        Err(std::fs::TryLockError::WouldBlock) => Err(Failed(format!(
            "another tap uses `{}`; give each a `tap.state_dir` of its own",
            folder.display()
        ))
        .into()),
        Err(std::fs::TryLockError::Error(error)) => Err(failed(error).into()),
    }
}

/// The checkpoint's file.
pub(super) struct Store {
    path: PathBuf,
}

impl Store {
    /// Reads the checkpoint of this name, or begins one under a name that is drawn for it.
    ///
    /// # Errors
    /// It cannot be read, or is none.
    pub(super) fn open(folder: &Path, name: &str) -> anyhow::Result<(Self, Checkpoint)> {
        let store = Self { path: folder.join(format!("{name}.json")) };
        let shown = store.path.display();
        match std::fs::read(&store.path) {
            Ok(text) => {
                let read = serde_json::from_slice::<Checkpoint>(&text).ok().filter(Checkpoint::is_known);
                let checkpoint = read.ok_or_else(|| {
                    BadInput(format!(
                        "`{shown}` is damaged, or of another release: without it nobody knows how far the files were read. Bring it back \
                         from a copy; or remove it, and the files are followed as new ones, by `begin`"
                    ))
                })?;
                Ok((store, checkpoint))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let drawn = hex::encode(*entropy::draw::<8>()?);
                let checkpoint = Checkpoint::new(format!("tap.{name}.{drawn}"));
                store.save(&checkpoint)?;
                Ok((store, checkpoint))
            }
            Err(error) => Err(Failed(format!("cannot read `{shown}`: {error}")).into()),
        }
    }

    /// Writes it down for good.
    ///
    /// # Errors
    /// It may not be there after a power cut; then nothing may be sent that relies on it.
    pub(super) fn save(&self, checkpoint: &Checkpoint) -> Result<(), Failed> {
        let failed = |error: &dyn std::error::Error| Failed(crate::exit::with_causes(error));
        let text = serde_json::to_vec(checkpoint).map_err(|error| failed(&error))?;
        let written = atomic_file::replace(&self.path, &text).map_err(|error| failed(&error))?;
        written.durably().map_err(|error| failed(&error))
    }
}

/// One line that was put aside.
#[derive(Serialize)]
pub(super) struct Aside<'a> {
    /// When.
    pub(super) at: String,
    /// Of which file, as it was called then.
    pub(super) file: &'a str,
    /// Its line, counted from where this tap began to read it.
    pub(super) line: u64,
    /// Why, as a word.
    pub(super) code: &'a str,
    /// The wire's field; empty when it is the line as a whole.
    pub(super) field: &'a str,
    /// What was found.
    pub(super) detail: &'a str,
    /// The start of the line, credentials hidden.
    pub(super) raw: &'a str,
}

/// Lines that were put aside: a file of bounded size, and the one before it.
pub(super) struct Quarantine {
    path: PathBuf,
    bytes_max: u64,
}

impl Quarantine {
    pub(super) fn new(folder: &Path, name: &str, bytes_max: u64) -> Self {
        Self { path: folder.join(format!("{name}.refused.ndjson")), bytes_max }
    }

    /// Puts them aside. Where that is not possible they are counted all the same.
    pub(super) fn add(&self, lines: &[Aside<'_>]) {
        if lines.is_empty() {
            return;
        }
        if let Err(error) = self.write(lines) {
            tracing::warn!(
                "`{}` cannot be written: {error}; refused lines are only counted",
                self.path.display()
            );
        }
    }

    fn write(&self, lines: &[Aside<'_>]) -> io::Result<()> {
        let mut text = Vec::new();
        for line in lines {
            serde_json::to_writer(&mut text, line)?;
            text.push(b'\n');
        }
        let mut file = OpenOptions::new().create(true).append(true).mode(0o600).open(&self.path)?;
        if file.metadata()?.len().saturating_add(u64::try_from(text.len()).unwrap_or(u64::MAX))
            > self.bytes_max
        {
            std::fs::rename(&self.path, self.path.with_extension("1.ndjson"))?;
            file = OpenOptions::new().create(true).append(true).mode(0o600).open(&self.path)?;
        }
        file.write_all(&text)
    }
}
