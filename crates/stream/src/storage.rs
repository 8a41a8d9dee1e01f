//! The storage seam: the few file operations a log needs, and nothing else.
//!
//! Two implementations: [`DiskStorage`](crate::DiskStorage) for real, and `fault::FaultStorage` for crash
//! tests. What an implementation owes: `sync` makes a file's bytes and length durable, `sync_dir` makes
//! creations, renames and removals durable, and nothing is durable before. Names are flat, never paths.

use std::fmt::Debug;
use std::io;
use std::sync::Arc;

/// One open file. Methods take `&self`, since appending and syncing happen on different threads.
pub trait StorageFile: Send + Sync + Debug {
    /// Writes at the end of the file and returns how many bytes were taken, which may be fewer than given.
    ///
    /// # Errors
    /// Whatever the operating system says; `StorageFull` and `QuotaExceeded` are understood as "no space".
    fn append(&self, bytes: &[u8]) -> io::Result<usize>;

    /// Reads from byte `at` and returns how many bytes were read; 0 means the end.
    ///
    /// # Errors
    /// Whatever the operating system says.
    fn read_at(&self, at: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// Length in bytes.
    ///
    /// # Errors
    /// Whatever the operating system says.
    fn len(&self) -> io::Result<u64>;

    /// Whether the file holds no byte.
    ///
    /// # Errors
    /// As [`StorageFile::len`].
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Shortens the file to `len` bytes.
    ///
    /// # Errors
    /// Whatever the operating system says.
    fn truncate(&self, len: u64) -> io::Result<()>;

    /// Makes content and length durable (`fdatasync`). A failure must never be retried.
    ///
    /// # Errors
    /// Whatever the operating system says; what was unsynced is then in doubt for ever.
    fn sync(&self) -> io::Result<()>;
}

/// A flat folder of files.
pub trait Storage: Send + Sync + Debug {
    /// Creates an empty file, replacing one of the same name.
    ///
    /// # Errors
    /// Whatever the operating system says.
    fn create(&self, name: &str) -> io::Result<Arc<dyn StorageFile>>;

    /// Opens an existing file for appending and reading.
    ///
    /// # Errors
    /// `NotFound` if there is none, or whatever the operating system says.
    fn open_append(&self, name: &str) -> io::Result<Arc<dyn StorageFile>>;

    /// Opens an existing file for reading.
    ///
    /// # Errors
    /// `NotFound` if there is none, or whatever the operating system says.
    fn open_read(&self, name: &str) -> io::Result<Arc<dyn StorageFile>>;

    /// Names of all files, in no particular order.
    ///
    /// # Errors
    /// Whatever the operating system says.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Renames a file, replacing the target atomically.
    ///
    /// # Errors
    /// Whatever the operating system says.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file. Handles that are open stay readable.
    ///
    /// # Errors
    /// Whatever the operating system says.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes creations, renames and removals durable.
    ///
    /// # Errors
    /// Whatever the operating system says; the names are then in doubt.
    fn sync_dir(&self) -> io::Result<()>;
}

/// Reads a whole file.
pub(crate) fn read_all(file: &dyn StorageFile) -> io::Result<Vec<u8>> {
    let len = usize::try_from(file.len()?).map_err(|_| io::ErrorKind::FileTooLarge)?;
    let mut bytes = vec![0; len];
    let mut done = 0;
    while let Some(rest) = bytes.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match file.read_at(done as u64, rest)? {
            0 => break,
            read => done += read,
        }
    }
    bytes.truncate(done);
    Ok(bytes)
}

/// Appends all of `bytes`, however many writes that takes.
pub(crate) fn append_all(file: &dyn StorageFile, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.append(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
