//! Where the key-encryption keys come from: a file only its owner can read, or an environment variable.

use crate::config::{Config, SealConfig};
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
    /// Something else has that name.
    #[error(
        "`{path}` is {kind}, not a file of key-encryption keys; name a plain file, or put its lines into the variable of `seal.key_env`"
    )]
    NotAFile {
        /// Its path.
        path: PathBuf,
        /// What it is.
        kind: &'static str,
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
    /// Somebody else could change it at any time.
    #[error(
        "`{path}` holds key-encryption keys and belongs to user {owner}, neither to this process's user {user} nor to \
         root; run `chown {user} {path}`"
    )]
    Owner {
        /// The file.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
        /// Who asks.
        user: u32,
    },
    /// No keyring is that long.
    #[error(
        "`{path}` is longer than {FILE_BYTES_MAX} bytes, which no file of key-encryption keys is; name the right one"
    )]
    TooLong {
        /// The file.
        path: PathBuf,
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

/// The control plane's own keyring: that of `govern.key_file`, or the shared one if none is named.
///
/// # Errors
/// As [`load`].
pub fn load_own(config: &Config) -> Result<Keyring, KeyringSourceError> {
    match &config.govern.key_file {
        Some(path) => from_file(path),
        None => load(&config.seal),
    }
}

/// The keyring in a file.
///
/// # Errors
/// Unreadable, open to others than its owner, not ours or root's, too long, or not a keyring.
pub fn from_file(path: &Path) -> Result<Keyring, KeyringSourceError> {
    let failed = |problem| KeyringSourceError::Read { path: path.to_owned(), problem };
    // Asked before it is opened: that of a pipe waits for whoever writes into it.
    let kind = std::fs::metadata(path).map_err(failed)?.file_type();
    if !kind.is_file() {
        let kind = if kind.is_dir() { "a folder" } else { "a pipe or a device" };
        return Err(KeyringSourceError::NotAFile { path: path.to_owned(), kind });
    }
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    let mode = metadata.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyringSourceError::Permissions { path: path.to_owned(), mode });
    }
    let (owner, user) = (metadata.uid(), rustix::process::geteuid().as_raw());
    if !is_trusted(owner, user) {
        return Err(KeyringSourceError::Owner { path: path.to_owned(), owner, user });
    }
    // Room for the whole at once, so that growing leaves no copies behind.
    let mut text = Zeroizing::new(String::with_capacity(FILE_BYTES_MAX as usize + 1));
    file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text).map_err(failed)?;
    if text.len() as u64 > FILE_BYTES_MAX {
        return Err(KeyringSourceError::TooLong { path: path.to_owned() });
    }
    Keyring::parse(&text).map_err(|problem| KeyringSourceError::File { path: path.to_owned(), problem })
}

/// Root can read and change every file anyway.
const fn is_trusted(owner: u32, user: u32) -> bool {
    owner == user || owner == 0
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    const KEK: &str = "kek:v1:0101010101010101010101010101010101010101010101010101010101010101\n";

    fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kek.txt");
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        (folder, path)
    }

    #[test]
    fn a_file_of_our_own_or_of_root_is_trusted_and_no_other() {
        for (owner, user, trusted) in
            [(0, 0, true), (0, 1000, true), (1000, 1000, true), (1001, 1000, false), (1000, 0, false)]
        {
            assert_eq!(is_trusted(owner, user), trusted, "{owner} {user}");
        }
    }

    #[test]
    fn what_is_no_plain_file_is_named_and_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let said = from_file(folder.path()).unwrap_err().to_string();
        assert!(said.contains("is a folder, not a file") && !said.contains("chmod"), "{said}");
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let said = from_file(&pipe).unwrap_err().to_string();
        assert!(said.contains("is a pipe or a device") && !said.contains("chmod"), "{said}");
    }

    #[test]
    fn another_users_file_is_refused_and_named() {
        let (_folder, path) = file(KEK);
        assert!(from_file(&path).is_ok());
        // Only root can give a file away; anybody else meets the rule above alone.
        if std::os::unix::fs::chown(&path, Some(4711), None).is_ok() && rustix::process::geteuid().is_root() {
            let said = from_file(&path).unwrap_err().to_string();
            assert!(said.contains("belongs to user 4711") && said.contains("chown 0 "), "{said}");
        }
    }

    #[test]
    fn a_long_file_is_refused_whole_and_not_read_in_part() {
        let comment = "# made up\n";
        let room = FILE_BYTES_MAX as usize - KEK.len();
        let (_folder, path) = file(&format!("{KEK}{}", "#".repeat(room)));
        assert!(from_file(&path).is_ok());
        let (_folder, path) = file(&format!("{KEK}{}", comment.repeat(room / comment.len() + 1)));
        let said = from_file(&path).unwrap_err().to_string();
        assert!(said.contains("longer than 65536 bytes"), "{said}");
    }
}
