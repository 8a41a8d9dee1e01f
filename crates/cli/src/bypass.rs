//! The switch that lets everything pass at one gate, without the control plane: a file in the gate's own folder (ADR 0022).
//!
//! Who may write there may stop the gate anyway; a file that others could have written is not obeyed. A key that has ended stays
//! refused. Never here: what passing everything means; that is the gate's.

use crate::atomic_file;
use crate::config::Config;
use serde::{Deserialize, Serialize};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use sumun_gate::Bypass;
use sumun_model::Timestamp;

/// Longest file read, bytes: a reason of a thousand characters of four bytes, and the rest.
const BYTES_MAX: u64 = 8 * 1024;
/// Longest reason, in characters.
pub const REASON_CHARS_MAX: usize = 1000;

/// What the file holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BypassFile {
    /// Since when.
    pub since: Timestamp,
    /// Who said so.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// A file that is not obeyed.
#[derive(Debug, thiserror::Error)]
pub enum BypassError {
    /// It is there, and cannot be trusted or understood.
    #[error(
        "`{path}` is not obeyed: {problem}; write it with `sumun gate bypass on --reason …`, or remove it"
    )]
    Bad {
        /// Where it stands.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// Nobody knows what it says, or whether it is there: too many open files, a failing disk.
    #[error("`{path}` cannot be read now, so what was said last holds: {problem}")]
    Unread {
        /// Where it stands.
        path: PathBuf,
        /// What the system says.
        problem: std::io::Error,
    },
}

/// Where it stands.
#[must_use]
pub fn path(config: &Config) -> PathBuf {
    config.data_dir.join("bypass.json")
}

/// What the file says; none if there is none.
///
/// # Errors
/// It cannot be read, or not be trusted.
pub fn read(path: &Path) -> Result<Option<BypassFile>, BypassError> {
    let bad = |problem: String| BypassError::Bad { path: path.to_owned(), problem };
    let unread = |problem| BypassError::Unread { path: path.to_owned(), problem };
    let found = match std::fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unread(error)),
    };
    if !found.file_type().is_file() {
        return Err(bad("it is no plain file".to_owned()));
    }
    let (owner, user) = (found.uid(), rustix::process::geteuid().as_raw());
    if owner != user && owner != 0 {
        return Err(bad(format!("it belongs to user {owner}, and the gate runs as {user}")));
    }
    if found.mode() & 0o022 != 0 {
        return Err(bad(format!(
            "its mode is {:03o}: others than its owner can write it",
            found.mode() & 0o777
        )));
    }
    let mut text = Vec::new();
    match std::fs::File::open(path).and_then(|file| file.take(BYTES_MAX).read_to_end(&mut text)) {
        Ok(_) => serde_json::from_slice(&text).map(Some).map_err(|error| bad(error.to_string())),
        // Removed meanwhile.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unread(error)),
    }
}

/// Switches it on.
///
/// # Errors
/// It cannot be written.
pub fn write(path: &Path, said: &BypassFile) -> Result<(), String> {
    let text = serde_json::to_vec(said).map_err(|error| error.to_string())?;
    let written = atomic_file::replace(path, &text).map_err(|error| error.to_string())?;
    written.durably().map_err(|error| error.to_string())
}

/// Switches it off; whether it was on.
///
/// # Errors
/// It cannot be removed.
pub fn remove(path: &Path) -> Result<bool, String> {
    match std::fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error.to_string()),
    }
}

impl From<BypassFile> for Bypass {
    fn from(file: BypassFile) -> Self {
        Self { since: file.since, by: file.by, reason: file.reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_file_is_obeyed_if_nobody_else_could_have_written_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bypass.json");
        assert_eq!(read(&path).unwrap(), None);
        let said = BypassFile {
            since: Timestamp::from_millis(1_800_000_000_000),
            by: "uid 0".to_owned(),
            reason: "a made-up reason".to_owned(),
        };
        write(&path, &said).unwrap();
        assert_eq!(read(&path).unwrap(), Some(said));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o662)).unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("others than its owner can write it"));
        assert!(remove(&path).unwrap() && !remove(&path).unwrap());
        std::fs::write(&path, "on").unwrap();
        assert!(read(&path).is_err());
        std::fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("/etc/hostname", &path).unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("no plain file"));
    }
}
