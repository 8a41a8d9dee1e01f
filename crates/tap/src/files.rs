//! What the follower needs of a file system: what stands there, and bytes of it. [`crate::Disk`] is the real one; tests have one in
//! memory that rotates, truncates and loses as they say.

use serde::{Deserialize, Serialize};
use std::io;

/// What the file system knows a file by, whatever its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inode {
    /// Device.
    pub device: u64,
    /// Number on it.
    pub number: u64,
}

/// How a file is packed, by the end of its name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// As it was written.
    #[default]
    Plain,
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
}

impl Form {
    /// Whether it must be unpacked: such a file is written once, and never grows.
    #[must_use]
    pub const fn is_packed(self) -> bool {
        matches!(self, Self::Gzip | Self::Zstd)
    }
}

/// One file that stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its path.
    pub path: String,
    /// Its identity.
    pub inode: Inode,
    /// Bytes, packed as they are.
    pub size: u64,
    /// When it was last written, microseconds since 1970.
    pub modified_us: i64,
    /// Whether it is one that is written to, by its name; else one that was.
    pub active: bool,
    /// How it is packed.
    pub form: Form,
}

/// The file system, as far as one pattern reaches.
pub trait Files {
    /// Everything that the pattern names.
    ///
    /// # Errors
    /// The folder cannot be read.
    fn list(&mut self) -> io::Result<Vec<Found>>;

    /// Reads bytes of a file from a place on; of a packed one, a place in what it holds. Nothing: its end. A file that stands there no
    /// longer is read where it is still open.
    ///
    /// # Errors
    /// `NotFound`: another file stands under this path, and this one is not open. `UnexpectedEof`: it is packed and breaks off.
    fn read(&mut self, path: &str, inode: Inode, form: Form, at: u64, into: &mut [u8]) -> io::Result<usize>;

    /// This file is of no more interest.
    fn forget(&mut self, inode: Inode);
}
