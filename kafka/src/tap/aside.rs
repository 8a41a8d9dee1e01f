//! Lines that were put aside: a file of bounded size, and the one before it. Credentials in them are hidden.

use serde::Serialize;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// One line that was put aside.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Aside<'a> {
    /// When.
    pub(super) at: String,
    /// Where it stands.
    pub(super) topic: &'a str,
    pub(super) partition: i32,
    pub(super) offset: u64,
    /// Its line in that message, from 1.
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

/// Where they are put.
pub(super) struct Quarantine {
    path: PathBuf,
    bytes_max: u64,
}

impl Quarantine {
    /// Makes the folder.
    ///
    /// # Errors
    /// It cannot be made.
    pub(super) fn open(folder: &Path, name: &str, bytes_max: u64) -> io::Result<Self> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        Ok(Self { path: folder.join(format!("{name}.refused.ndjson")), bytes_max })
    }

    /// Puts one aside. Where that is not possible it is counted all the same.
    pub(super) fn add(&self, line: &Aside<'_>) {
        if let Err(error) = self.write(line) {
            let shown = self.path.display();
            tracing::warn!("`{shown}` cannot be written: {error}; refused lines are only counted");
        }
    }

    fn write(&self, line: &Aside<'_>) -> io::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        let open = || OpenOptions::new().create(true).append(true).mode(0o600).open(&self.path);
        let mut file = open()?;
        let bytes = u64::try_from(text.len()).unwrap_or(u64::MAX);
        if file.metadata()?.len().saturating_add(bytes) > self.bytes_max {
            std::fs::rename(&self.path, self.path.with_extension("1.ndjson"))?;
            file = open()?;
        }
        file.write_all(&text)
    }
}
