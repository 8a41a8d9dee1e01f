//! Storage in a real folder: private permissions, one writer at a time.
//!
//! Never follows a name out of its folder and never retries a failed sync.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::storage::{Storage, StorageFile};

/// Only the owner may enter: the log holds who did what on whose account.
const FOLDER_MODE: u32 = 0o700;
/// Only the owner may read.
const FILE_MODE: u32 = 0o600;
/// The file that the writing process keeps locked.
const LOCK_NAME: &str = "lock";

/// Why a folder could not be opened as storage.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StorageOpenError {
    /// Another process writes here.
    #[error("`{path}` is in use by another process: stop it, or give this one a folder of its own")]
    Locked {
        /// The folder.
        path: PathBuf,
    },
    /// The folder could not be created, read or locked.
    #[error("failed to {doing} `{path}`")]
    Io {
        /// What was attempted, as a verb phrase.
        doing: &'static str,
        /// The folder or file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
}

/// A folder on disk. The lock is held until the last clone of the storage is gone.
#[derive(Debug)]
pub struct DiskStorage {
    path: PathBuf,
    folder: File,
    /// Held, never read: dropping it releases the lock. `None` is read-only.
    lock: Option<File>,
}

impl DiskStorage {
    /// Opens `path` for writing, creating it (0700) if need be, and locks out other writers.
    ///
    /// # Errors
    /// [`StorageOpenError::Locked`] if another process has it, otherwise what the operating system said.
    pub fn open(path: impl Into<PathBuf>) -> Result<Arc<Self>, StorageOpenError> {
        let path = path.into();
        let fail = |doing, source| StorageOpenError::Io { doing, path: path.clone(), source };
        if !path.is_dir() {
            DirBuilder::new()
                .recursive(true)
                .mode(FOLDER_MODE)
                .create(&path)
                .map_err(|source| fail("create the folder", source))?;
            if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
                File::open(parent)
                    .and_then(|parent| parent.sync_all())
                    .map_err(|source| fail("make durable the folder", source))?;
            }
        }
        let folder = File::open(&path).map_err(|source| fail("open the folder", source))?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(FILE_MODE)
            .open(path.join(LOCK_NAME))
            .map_err(|source| fail("create the lock file in", source))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StorageOpenError::Locked { path }),
            Err(TryLockError::Error(source)) => return Err(fail("lock", source)),
        }
        Ok(Arc::new(Self { path, folder, lock: Some(lock) }))
    }

    /// Opens `path` for reading beside a process that writes. Takes no lock; every write fails.
    ///
    /// # Errors
    /// What the operating system said, for instance that there is no such folder.
    pub fn open_read_only(path: impl Into<PathBuf>) -> Result<Arc<Self>, StorageOpenError> {
        let path = path.into();
        let folder = File::open(&path).map_err(|source| StorageOpenError::Io {
            doing: "open the folder",
            path: path.clone(),
            source,
        })?;
        Ok(Arc::new(Self { path, folder, lock: None }))
    }

    /// Whether a process has `path` open for writing. Never creates anything.
    ///
    /// The lock is taken for an instant to learn that, and never waited for.
    ///
    /// # Errors
    /// What the operating system said about the lock file; that it is not there means that nobody writes.
    pub fn has_writer(path: &Path) -> io::Result<bool> {
        let lock = match File::open(path.join(LOCK_NAME)) {
            Ok(lock) => lock,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        match lock.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn writable(&self) -> io::Result<()> {
        if self.lock.is_some() { Ok(()) } else { Err(io::ErrorKind::ReadOnlyFilesystem.into()) }
    }
}

impl Storage for DiskStorage {
    fn create(&self, name: &str) -> io::Result<Arc<dyn StorageFile>> {
        self.writable()?;
        let path = self.path.join(name);
        // Append and truncate exclude each other in one open, so an old file goes first.
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let file = OpenOptions::new().create_new(true).append(true).read(true).mode(FILE_MODE).open(path)?;
        Ok(Arc::new(DiskFile(file)))
    }

    fn open_append(&self, name: &str) -> io::Result<Arc<dyn StorageFile>> {
        self.writable()?;
        let file = OpenOptions::new().append(true).read(true).open(self.path.join(name))?;
        Ok(Arc::new(DiskFile(file)))
    }

    fn open_read(&self, name: &str) -> io::Result<Arc<dyn StorageFile>> {
        Ok(Arc::new(DiskFile(File::open(self.path.join(name))?)))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            if let Ok(name) = entry?.file_name().into_string() {
                names.push(name);
            }
        }
        Ok(names)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.writable()?;
        fs::rename(self.path.join(from), self.path.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.writable()?;
        fs::remove_file(self.path.join(name))
    }

    fn sync_dir(&self) -> io::Result<()> {
        self.folder.sync_all()
    }
}

#[derive(Debug)]
struct DiskFile(File);

impl StorageFile for DiskFile {
    fn append(&self, bytes: &[u8]) -> io::Result<usize> {
        (&self.0).write(bytes)
    }

    fn read_at(&self, at: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read_at(buffer, at)
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn folder_and_files_are_private() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("a/b");
        let storage = DiskStorage::open(&path).unwrap();
        storage.create("x").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), FOLDER_MODE);
        assert_eq!(mode(&path.join("x")), FILE_MODE);
        assert_eq!(mode(&path.join(LOCK_NAME)), FILE_MODE);
    }

    #[test]
    fn a_second_writer_is_told_so_and_a_reader_is_not_in_the_way() {
        let temp = tempfile::tempdir().unwrap();
        let first = DiskStorage::open(temp.path()).unwrap();
        let error = DiskStorage::open(temp.path()).unwrap_err();
        assert!(matches!(error, StorageOpenError::Locked { .. }), "{error}");
        assert!(error.to_string().contains("another process"));
        let reader = DiskStorage::open_read_only(temp.path()).unwrap();
        assert_eq!(reader.create("x").unwrap_err().kind(), io::ErrorKind::ReadOnlyFilesystem);
        assert!(DiskStorage::has_writer(temp.path()).unwrap());
        drop(first);
        assert!(!DiskStorage::has_writer(temp.path()).unwrap());
        DiskStorage::open(temp.path()).unwrap();
    }
}
