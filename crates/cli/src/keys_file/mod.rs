//! The keys file: which keys a gate serves, with their secrets sealed.
//!
//! JSON or TOML by extension; a top-level `keys` array whose entries have the fields of the wire's `key` line
//! (without `type`, `ts`, `source`, `seq`, `ext`) and a `secret` in its sealed form. Unknown fields are errors:
//! a misspelt `allowlist` must not mean "any address".
//!
//! [`KeysFile::parse`] finds every problem at once and says where each stands. Whether the seals open, and what
//! is merely unwise, is [`check`]'s; [`edit`] adds and reseals entries without touching the rest of the text.

pub mod check;
pub mod edit;
mod parse;
mod record;

pub use parse::{KeysFileError, KeysProblem};
pub use record::KeyRecord;

use std::path::Path;

/// How the file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `.json`
    Json,
    /// `.toml`
    Toml,
}

impl Format {
    /// By extension.
    ///
    /// # Errors
    /// Neither `.json` nor `.toml`.
    pub fn of(path: &Path) -> Result<Self, KeysFileError> {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("json") => Ok(Self::Json),
            Some("toml") => Ok(Self::Toml),
            _ => Err(KeysFileError::one(path, "a keys file's name must end in `.json` or `.toml`")),
        }
    }
}

/// A keys file as read: every entry is whole, and no id stands in it twice.
#[derive(Clone, Debug, PartialEq)]
pub struct KeysFile {
    /// The entries, in the order of the file.
    pub keys: Vec<KeyRecord>,
    /// Where each entry begins, beside `keys`.
    positions: Vec<crate::text_position::Position>,
}

impl KeysFile {
    /// Reads and parses the file; the format is told by its extension.
    ///
    /// # Errors
    /// Unreadable, or every problem found in it.
    pub fn read(path: &Path) -> Result<Self, KeysFileError> {
        let format = Format::of(path)?;
        Self::parse(path, &read_text(path)?, format)
    }
}

/// The file's text.
///
/// # Errors
/// Unreadable, or not UTF-8.
pub fn read_text(path: &Path) -> Result<String, KeysFileError> {
    std::fs::read_to_string(path).map_err(|error| {
        let remedy = match error.kind() {
            std::io::ErrorKind::NotFound => {
                format!(
                    "make a first key with `sumun keys new … --append {}`, or name another file",
                    path.display()
                )
            }
            _ => "check its owner and permissions".to_owned(),
        };
        KeysFileError::one(path, &format!("failed to read the keys file: {error}; {remedy}"))
    })
}
