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
pub(crate) fn lock(folder: &Path) -> anyhow::Result<Arc<File>> {
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

/// A name for the log of what is followed under this one.
///
/// # Errors
/// There is no randomness to be had.
pub(crate) fn draw_name(name: &str) -> anyhow::Result<String> {
    Ok(format!("tap.{name}.{}", hex::encode(*entropy::draw::<8>()?)))
}

/// The checkpoint's file.
pub(crate) struct Store {
    path: PathBuf,
}

impl Store {
    /// Where the checkpoint of this name is, whether there is one or not.
    pub(crate) fn at(folder: &Path, name: &str) -> Self {
        Self { path: folder.join(format!("{name}.json")) }
    }

    /// The checkpoint, if there is one.
    ///
    /// # Errors
    /// It cannot be read, or is none.
    pub(crate) fn read(&self) -> anyhow::Result<Option<Checkpoint>> {
        let shown = self.path.display();
        match std::fs::read(&self.path) {
            Ok(text) => {
                let read = serde_json::from_slice::<Checkpoint>(&text).ok().filter(Checkpoint::is_known);
                let damaged = || {
                    BadInput(format!(
                        "`{shown}` is damaged, or of another release: without it nobody knows how far the files were read. Bring it back \
                         from a copy; or remove it, and the files are followed as new ones, by `begin`"
                    ))
                };
                Ok(Some(read.ok_or_else(damaged)?))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failed(format!("cannot read `{shown}`: {error}")).into()),
        }
    }

    /// Reads the checkpoint of this name, or begins one under a name that is drawn for it.
    ///
    /// # Errors
    /// It cannot be read, or is none.
    pub(crate) fn open(folder: &Path, name: &str) -> anyhow::Result<(Self, Checkpoint)> {
        let store = Self::at(folder, name);
        if let Some(checkpoint) = store.read()? {
            return Ok((store, checkpoint));
        }
        let checkpoint = Checkpoint::new(draw_name(name)?);
        store.save(&checkpoint)?;
        Ok((store, checkpoint))
    }

    /// Writes it down for good.
    ///
    /// # Errors
    /// It may not be there after a power cut; then nothing may be sent that relies on it.
    pub(crate) fn save(&self, checkpoint: &Checkpoint) -> Result<(), Failed> {
        let failed = |error: &dyn std::error::Error| Failed(crate::exit::with_causes(error));
        let text = serde_json::to_vec(checkpoint).map_err(|error| failed(&error))?;
        let written = atomic_file::replace(&self.path, &text).map_err(|error| failed(&error))?;
        written.durably().map_err(|error| failed(&error))
    }
}

/// One line that was put aside.
#[derive(Serialize)]
pub(crate) struct Aside<'a> {
    /// When.
    pub(crate) at: String,
    /// Of which file, as it was called then.
    pub(crate) file: &'a str,
    /// Its line, counted from where this tap began to read it.
    pub(crate) line: u64,
    /// Why, as a word.
    pub(crate) code: &'a str,
    /// The wire's field; empty when it is the line as a whole.
    pub(crate) field: &'a str,
    /// What was found.
    pub(crate) detail: &'a str,
    /// The start of the line, credentials hidden.
    pub(crate) raw: &'a str,
}

/// Lines that were put aside: a file of bounded size, and the one before it.
pub(crate) struct Quarantine {
    path: PathBuf,
    bytes_max: u64,
}

impl Quarantine {
    pub(crate) fn new(folder: &Path, name: &str, bytes_max: u64) -> Self {
        Self { path: folder.join(format!("{name}.refused.ndjson")), bytes_max }
    }

    /// Puts them aside. Where that is not possible they are counted all the same.
    pub(crate) fn add(&self, lines: &[Aside<'_>]) {
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
