//! Where the key-encryption keys come from: a file only its owner can read, or an environment variable.

use crate::config::SealConfig;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use sumun_seal::{Keyring, KeyringError};
use zeroize::Zeroizing;

/// Largest key file read, in bytes: sixteen keys of 71 characters, and room for comments.
const FILE_BYTES_MAX: u64 = 64 << 10;

/// Why there is no keyring.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyringSourceError {
    /// The file cannot be read.
    #[error(
        "failed to read the key-encryption keys from `{path}`: {problem}; check its owner, or make a file with \
         `sumun keys kek-new --out FILE`"
    )]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        problem: io::Error,
    },
    /// Others than the owner can get at the file.
    #[error(
        "`{path}` holds key-encryption keys and has mode {mode:03o}: others than its owner can get at it; \
         run `chmod 600 {path}`"
    )]
    Permissions {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file holds something else.
    #[error("`{path}` does not hold key-encryption keys: {problem}")]
    File {
        /// The file.
        path: PathBuf,
        /// Where and what.
        problem: KeyringError,
    },
    /// Neither file nor variable.
    #[error(
        "no key-encryption key: set `seal.key_file` in the configuration (make one with `sumun keys kek-new \
         --out FILE`), or the environment variable {variable}"
    )]
    Missing {
        /// The variable looked at.
        variable: String,
    },
    /// The variable holds something else.
    #[error("environment variable {variable} does not hold key-encryption keys: {problem}")]
    Variable {
        /// The variable.
        variable: String,
        /// Where and what.
        problem: KeyringError,
    },
}

/// The keyring a configuration names: `seal.key_file` if set, else the variable `seal.key_env`.
///
/// # Errors
/// There is none, it is not to be trusted, or it cannot be read.
pub fn load(seal: &SealConfig) -> Result<Keyring, KeyringSourceError> {
    match &seal.key_file {
        Some(path) => from_file(path),
        None => from_variable(&seal.key_env),
    }
}

/// The keyring in a file.
///
/// # Errors
/// Unreadable, open to others than its owner, or not a keyring.
pub fn from_file(path: &Path) -> Result<Keyring, KeyringSourceError> {
    let failed = |problem| KeyringSourceError::Read { path: path.to_owned(), problem };
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    let mode = metadata.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyringSourceError::Permissions { path: path.to_owned(), mode });
    }
    // Room for the whole at once, so that growing leaves no copies behind.
    let mut text = Zeroizing::new(String::with_capacity(FILE_BYTES_MAX as usize + 1));
    file.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(failed)?;
    Keyring::parse(&text).map_err(|problem| KeyringSourceError::File { path: path.to_owned(), problem })
}

fn from_variable(variable: &str) -> Result<Keyring, KeyringSourceError> {
    let variable = variable.to_owned();
    match std::env::var(&variable).map(Zeroizing::new) {
        Ok(text) => {
            Keyring::parse(&text).map_err(|problem| KeyringSourceError::Variable { variable, problem })
        }
        Err(_) => Err(KeyringSourceError::Missing { variable }),
    }
}
