//! Replacing a file so that a crash leaves the old one or the new one, never a mixture.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

/// Only the owner may read or write: keys files and key-encryption keys.
pub const OWNER_ONLY: u32 = 0o600;

/// Why a file was not written. The old one, if there was one, still stands.
#[derive(Debug, thiserror::Error)]
#[error("failed to {step} `{path}`; nothing was changed")]
pub struct WriteError {
    step: &'static str,
    path: PathBuf,
    #[source]
    source: io::Error,
}

/// A file is written and in its place, as every process sees it.
#[derive(Debug)]
#[must_use = "a power cut may undo what could not be synced"]
pub enum Written {
    /// Also after a power cut.
    Durably,
    /// The folder could not be synced: a power cut may bring the old file back, or none.
    Unsynced(Unsynced),
}

/// The folder of a file in its place could not be synced.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{path}` is written and in its place, but its folder could not be synced: {source}; after a power cut the old file \
     may be back. Look at the disk"
)]
pub struct Unsynced {
    path: PathBuf,
    #[source]
    source: io::Error,
}

impl Written {
    /// For whoever must not go on unless it outlives a power cut.
    ///
    /// # Errors
    /// It may not.
    pub fn durably(self) -> Result<(), Unsynced> {
        match self {
            Self::Durably => Ok(()),
            Self::Unsynced(unsynced) => Err(unsynced),
        }
    }

    /// For whoever goes on in any case: says on the log that it may not outlive a power cut.
    pub fn warned(self) {
        if let Self::Unsynced(unsynced) = self {
            tracing::warn!("{unsynced}");
        }
    }

    fn of(path: &Path, synced: io::Result<()>) -> Self {
        match synced {
            Ok(()) => Self::Durably,
            Err(source) => Self::Unsynced(Unsynced { path: path.to_owned(), source }),
        }
    }
}

/// Writes a temporary file beside `path`, syncs it, renames it over `path`, syncs the folder.
///
/// A file that exists keeps its owner, its group and its permissions; a new one gets [`OWNER_ONLY`]. A link is followed, so that the
/// file it names is replaced and not the link.
///
/// # Errors
/// Names the step that failed; the old file stands as it was.
pub fn replace(path: &Path, content: &[u8]) -> Result<Written, WriteError> {
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let path = target.as_path();
    let temporary = beside(path);
    let failed = |step, path: &Path| {
        let path = path.to_owned();
        move |source| WriteError { step, path, source }
    };
    let write = || {
        let old = fs::metadata(path).ok();
        let mode = old.as_ref().map_or(OWNER_ONLY, |old| old.permissions().mode() & 0o777);
        // One left by a crash is of no use to anybody.
        let _ = fs::remove_file(&temporary);
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(OWNER_ONLY)
            .open(&temporary)
            .map_err(failed("create", &temporary))?;
        file.write_all(content).map_err(failed("write", &temporary))?;
        if let Some(old) = &old {
            let new = file.metadata().map_err(failed("look at", &temporary))?;
            // Others read the file by them: a gate that no longer may would keep its last table and grow old.
            if (new.uid(), new.gid()) != (old.uid(), old.gid()) {
                fchown(&file, Some(old.uid()), Some(old.gid())).map_err(failed(
                    "keep the owner and group of; run this as that owner or as root:",
                    path,
                ))?;
            }
        }
        file.set_permissions(fs::Permissions::from_mode(mode))
            .map_err(failed("set permissions of", &temporary))?;
        file.sync_all().map_err(failed("sync", &temporary))?;
        fs::rename(&temporary, path).map_err(failed("rename into place", path))
    };
    write().inspect_err(|_| {
        let _ = fs::remove_file(&temporary);
    })?;
    Ok(Written::of(path, sync_folder(path)))
}

/// Creates a file that must not exist yet, readable by its owner only.
///
/// # Errors
/// It exists, or a step failed; then there is none.
pub fn create(path: &Path, content: &[u8]) -> Result<Written, WriteError> {
    let failed = |step| move |source| WriteError { step, path: path.to_owned(), source };
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(OWNER_ONLY)
        .open(path)
        .map_err(failed("create"))?;
    file.write_all(content).and_then(|()| file.sync_all()).map_err(failed("write")).inspect_err(|_| {
        let _ = fs::remove_file(path);
    })?;
    Ok(Written::of(path, sync_folder(path)))
}

/// Keeps other commands from changing files in the same folder between reading and replacing, until dropped.
///
/// # Errors
/// The folder cannot be opened or locked.
pub fn guard(path: &Path) -> Result<File, WriteError> {
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = folder(&target);
    let failed = |source| WriteError { step: "lock the folder", path: folder.to_owned(), source };
    let file = File::open(folder).map_err(failed)?;
    file.lock().map_err(failed)?;
    Ok(file)
}

fn beside(path: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".new");
    path.with_file_name(name)
}

fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder(path))?.sync_all()
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_and_keeps_permissions() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.toml");
        replace(&path, b"one").unwrap().durably().unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, OWNER_ONLY);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        // A temporary file left by a crash does not stand in the way.
        fs::write(folder.path().join(".keys.toml.new"), b"half").unwrap();
        replace(&path, b"two").unwrap().durably().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn keeps_owner_and_group_or_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.toml");
        fs::write(&path, b"one").unwrap();
        // Made up; only root can give a file away, and anybody else's file is his own already.
        let given = std::os::unix::fs::chown(&path, Some(4711), Some(4712)).is_ok();
        let before = fs::metadata(&path).unwrap();
        replace(&path, b"two").unwrap().durably().unwrap();
        let after = fs::metadata(&path).unwrap();
        assert_eq!((after.uid(), after.gid()), (before.uid(), before.gid()));
        assert_eq!((after.uid() == 4711, fs::read(&path).unwrap()), (given, b"two".to_vec()));
    }

    #[test]
    fn a_folder_that_cannot_be_synced_is_no_failure_to_write() {
        let path = Path::new("keys.toml");
        assert!(Written::of(path, Ok(())).durably().is_ok());
        let said = Written::of(path, Err(io::Error::other("made up"))).durably().unwrap_err().to_string();
        assert!(
            said.contains("`keys.toml` is written and in its place") && said.contains("made up"),
            "{said}"
        );
        assert!(!said.contains("nothing was changed"), "{said}");
    }

    #[test]
    fn a_link_is_followed_and_an_old_file_is_never_overwritten_by_create() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&real, b"one").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        replace(&link, b"two").unwrap().durably().unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&real).unwrap(), b"two");
        assert!(create(&real, b"three").is_err());
        assert_eq!(fs::read(&real).unwrap(), b"two");
    }
}
