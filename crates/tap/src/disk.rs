//! [`Files`] on a real file system. Files are kept open once read: one that is removed is then read to its end all the same.

use crate::files::{Files, Form, Found, Inode};
use crate::packed::Packed;
use crate::pattern::Pattern;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

/// Files open at once.
const OPEN_MAX: usize = 256;
/// Packed files being unpacked at once: one per front and a rotation, where several are read by turns.
const UNPACKING_MAX: usize = 32;

/// Why a folder cannot be followed.
#[derive(Debug, thiserror::Error)]
pub enum DiskError {
    /// The two patterns are of different folders.
    #[error(
        "`{rotated}` is not in the folder of `{active}`; what is rotated into another folder is not found again"
    )]
    Folders {
        /// The pattern of files written to.
        active: PathBuf,
        /// The pattern of files that were.
        rotated: PathBuf,
    },
}

/// A folder, as far as two patterns reach.
#[derive(Debug)]
pub struct Disk {
    active: Pattern,
    rotated: Pattern,
    open: BTreeMap<Inode, File>,
    /// The one used last stands last.
    packed: Vec<Packed>,
}

impl Disk {
    /// Of files written to, and those that were.
    ///
    /// # Errors
    /// They are not in one folder.
    pub fn new(active: Pattern, rotated: Option<Pattern>) -> Result<Self, DiskError> {
        let rotated = rotated.unwrap_or_else(|| active.rotated());
        if rotated.folder != active.folder {
            return Err(DiskError::Folders { active: active.folder, rotated: rotated.folder });
        }
        Ok(Self { active, rotated, open: BTreeMap::new(), packed: Vec::new() })
    }

    /// The file of this identity, if it still stands under its path.
    fn open(path: &str, inode: Inode) -> io::Result<File> {
        let file = File::open(path)?;
        if inode_of(&file.metadata()?) == inode { Ok(file) } else { Err(io::ErrorKind::NotFound.into()) }
    }

    fn keep(&mut self, inode: Inode, file: File) {
        if self.open.len() >= OPEN_MAX {
            // One that still stands is opened again when it is needed.
            let standing = |file: &File| file.metadata().is_ok_and(|of| of.nlink() > 0);
            let first = self.open.iter().find(|(_, file)| standing(file)).map(|(inode, _)| *inode);
            if let Some(first) = first.or_else(|| self.open.keys().next().copied()) {
                self.open.remove(&first);
            }
        }
        self.open.insert(inode, file);
    }
}

fn inode_of(of: &Metadata) -> Inode {
    Inode { device: of.dev(), number: of.ino() }
}

/// By the end of a name; `None`: packed in a way that is not read.
fn form_of(name: &str) -> Option<Form> {
    match Path::new(name).extension().and_then(|end| end.to_str()) {
        Some("gz") => Some(Form::Gzip),
        Some("zst") => Some(Form::Zstd),
        Some("bz2" | "xz" | "lz4" | "zip") => None,
        _ => Some(Form::Plain),
    }
}

impl Files for Disk {
    fn list(&mut self) -> io::Result<Vec<Found>> {
        let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.active.folder)? {
            // A name that is no text fits no pattern.
            if let Ok(name) = entry?.file_name().into_string() {
                names.push(name);
            }
        }
        // A link beside the file it names: the name that is written to counts.
        names.sort_by_key(|name| !self.active.fits(name));
        for name in names {
            let active = self.active.fits(&name);
            let (true, Some(form)) = (active || self.rotated.fits(&name), form_of(&name)) else { continue };
            let path = self.active.folder.join(&name);
            // It may be gone by now.
            let Ok(of) = fs::metadata(&path) else { continue };
            let inode = inode_of(&of);
            if !of.is_file() || !seen.insert(inode) {
                continue;
            }
            let modified_us = of.mtime().saturating_mul(1_000_000).saturating_add(of.mtime_nsec() / 1000);
            let path = path.to_string_lossy().into_owned();
            let active = active && form == Form::Plain;
            found.push(Found { path, inode, size: of.len(), modified_us, active, form });
        }
        Ok(found)
    }

    fn read(&mut self, path: &str, inode: Inode, form: Form, at: u64, into: &mut [u8]) -> io::Result<usize> {
        if form.is_packed() {
            let mut packed = match self.packed.iter().position(|packed| packed.is_of(inode)) {
                Some(place) => self.packed.remove(place),
                None => Packed::new(inode, form, Self::open(path, inode)?),
            };
            if !packed.serves(inode, at) {
                packed = Packed::new(inode, form, Self::open(path, inode)?);
            }
            let read = packed.read(at, into);
            if self.packed.len() >= UNPACKING_MAX {
                self.packed.remove(0);
            }
            self.packed.push(packed);
            return read;
        }
        if let Some(file) = self.open.get(&inode) {
            return file.read_at(into, at);
        }
        let file = Self::open(path, inode)?;
        let read = file.read_at(into, at)?;
        self.keep(inode, file);
        Ok(read)
    }

    fn forget(&mut self, inode: Inode) {
        self.open.remove(&inode);
        self.packed.retain(|packed| !packed.is_of(inode));
    }
}
