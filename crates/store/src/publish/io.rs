//! The seam to the disk: five operations, and what each owes.
//!
//! `write` makes a file's bytes durable under a temporary name before it gives it its own; `sync_dir` makes names
//! durable. A failed sync is fatal to the caller and never retried. Paths are relative, with `/` between.

use std::fmt::Debug;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// What publication asks of a disk.
pub trait PublishIo: Send + Sync + Debug {
    /// Writes a temporary file beside `path`, makes its bytes durable, and renames it. Folders are made on the way.
    ///
    /// # Errors
    /// Whatever the operating system says.
    fn write(&self, path: &str, bytes: &[u8]) -> io::Result<()>;

    /// Makes the names in a folder durable; `""` is the top.
    ///
    /// # Errors
    /// Whatever the operating system says.
    fn sync_dir(&self, folder: &str) -> io::Result<()>;

    /// A file's bytes; `None` if there is none.
    ///
    /// # Errors
    /// Whatever the operating system says.
    fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>>;

    /// Removes a file and, once empty, the folder of partial files it lay in. None there is no error.
    ///
    /// # Errors
    /// Whatever the operating system says.
    fn remove(&self, path: &str) -> io::Result<()>;

    /// Paths of all files, in no particular order.
    ///
    /// # Errors
    /// Whatever the operating system says.
    fn list(&self) -> io::Result<Vec<String>>;
}

/// How temporary files end; left-overs of a crash are removed at open.
pub(crate) const TEMPORARY: &str = ".new";

/// A real folder, private: payloads hold personal data.
#[derive(Debug)]
pub struct DiskIo {
    root: PathBuf,
}

impl DiskIo {
    /// A folder, made (0700) if need be.
    ///
    /// # Errors
    /// Whatever the operating system says.
    pub fn open(root: impl Into<PathBuf>) -> io::Result<Self> {
        let root = root.into();
        make_folders(&root)?;
        Ok(Self { root })
    }
}

/// Makes a folder and those above it, each durable in its own.
fn make_folders(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    if let Some(parent) = parent {
        make_folders(parent)?;
    }
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}

impl PublishIo for DiskIo {
    fn write(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        let path = self.root.join(path);
        if let Some(parent) = path.parent() {
            make_folders(parent)?;
        }
        let mut temporary = path.as_os_str().to_owned();
        temporary.push(TEMPORARY);
        let mut file =
            OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, &path)
    }

    fn sync_dir(&self, folder: &str) -> io::Result<()> {
        File::open(self.root.join(folder))?.sync_all()
    }

    fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.root.join(path)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        let path = self.root.join(path);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        // Refused while other partial files lie there, which is right.
        if let Some(folder) = path.parent().filter(|folder| folder.extension().is_some_and(|end| end == "p"))
        {
            let _ = fs::remove_dir(folder);
        }
        Ok(())
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let mut found = Vec::new();
        let mut folders = vec![self.root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder)? {
                let entry = entry?;
                if entry.file_type()?.is_dir() {
                    folders.push(entry.path());
                } else if let Ok(relative) = entry.path().strip_prefix(&self.root) {
                    found.push(relative.to_string_lossy().into_owned());
                }
            }
        }
        Ok(found)
    }
}
