//! What a gate is to govern: its own key, and what it learnt when it was enrolled.
//!
//! `gate.key` holds the key it signs with; it never leaves the disk. `enrolment.json` beside it in `data_dir` names the
//! gate and the venue, and holds the key that signs the feed.

use crate::atomic_file;
use crate::config::Config;
use serde::{Deserialize, Serialize};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use sumun_feed::{EnrolmentAnswer, KeyTextError, PublicKey, SigningKey};
use sumun_model::GateId;

/// Why a gate does not know itself.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnrolmentError {
    /// Never enrolled.
    #[error(
        "this gate is not enrolled: there is no `{0}`; have it invited with `sumun gates invite`, then run `sumun gate enrol`"
    )]
    Absent(PathBuf),
    /// A file cannot be read.
    #[error(
        "failed to read `{path}`: {source}; check its owner, or enrol this gate anew with `sumun gate enrol`"
    )]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file holds something else.
    #[error(
        "`{path}` cannot be used: {problem}; restore it, or enrol this gate anew with `sumun gate enrol`"
    )]
    Malformed {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// Others can read the key.
    #[error(
        "`{path}` holds this gate's key and has mode {mode:03o}: others can get at it; run `chmod 600 {path}`"
    )]
    Permissions {
        /// Which.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Two names for one gate.
    #[error(
        "`gate.id` is `{configured}`, and this gate was enrolled as `{enrolled}`; set `gate.id` to that, or enrol anew"
    )]
    AnotherGate {
        /// In the configuration.
        configured: GateId,
        /// In the enrolment.
        enrolled: GateId,
    },
    /// A key is there already.
    #[error("`{0}` is there already: this gate has a key. Move it away if it is to be enrolled anew")]
    KeyThere(PathBuf),
    /// A file cannot be written.
    #[error(transparent)]
    Write(#[from] atomic_file::WriteError),
    /// A file may not outlive a power cut.
    #[error(transparent)]
    Unsynced(#[from] atomic_file::Unsynced),
}

/// What a gate learnt when it was enrolled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrolment {
    /// Its id.
    pub gate: GateId,
    /// The venue's id.
    pub venue: String,
    /// The key that signs the feed.
    pub feed_key: PublicKey,
}

impl From<EnrolmentAnswer> for Enrolment {
    fn from(answer: EnrolmentAnswer) -> Self {
        Self { gate: answer.gate, venue: answer.venue, feed_key: answer.feed_key }
    }
}

impl Enrolment {
    /// Reads the enrolment and the gate's own key.
    ///
    /// # Errors
    /// Not enrolled, or a file that cannot be used.
    pub fn load(config: &Config) -> Result<(Self, SigningKey), EnrolmentError> {
        let path = config.enrolment_file();
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(EnrolmentError::Absent(path));
            }
            Err(source) => return Err(EnrolmentError::Read { path, source }),
        };
        let enrolment: Self = serde_json::from_str(&text)
            .map_err(|error| EnrolmentError::Malformed { path, problem: error.to_string() })?;
        if enrolment.gate != config.gate.id {
            return Err(EnrolmentError::AnotherGate {
                configured: config.gate.id.clone(),
                enrolled: enrolment.gate,
            });
        }
        Ok((enrolment, read_key(&config.gate_key_file())?))
    }

    /// Writes it into the data folder.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save(&self, config: &Config) -> Result<(), EnrolmentError> {
        let path = config.enrolment_file();
        let mut text = serde_json::to_vec_pretty(self)
            .map_err(|error| EnrolmentError::Malformed { path: path.clone(), problem: error.to_string() })?;
        text.push(b'\n');
        atomic_file::replace(&path, &text)?.durably()?;
        Ok(())
    }
}

/// Writes a new gate's key, readable by its owner only. One that is there is never overwritten.
///
/// # Errors
/// There is one, or it cannot be written.
pub fn write_key(path: &Path, key: &SigningKey) -> Result<(), EnrolmentError> {
    if path.exists() {
        return Err(EnrolmentError::KeyThere(path.to_owned()));
    }
    atomic_file::create(path, key.to_text().as_bytes())?.durably()?;
    Ok(())
}

/// Reads a gate's key, if only its owner can.
///
/// # Errors
/// Unreadable, open to others, or no key.
pub fn read_key(path: &Path) -> Result<SigningKey, EnrolmentError> {
    let failed = |source| EnrolmentError::Read { path: path.to_owned(), source };
    let mode = std::fs::metadata(path).map_err(failed)?.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(EnrolmentError::Permissions { path: path.to_owned(), mode });
    }
    let text = zeroize::Zeroizing::new(std::fs::read_to_string(path).map_err(failed)?);
    SigningKey::parse(&text).map_err(|problem: KeyTextError| EnrolmentError::Malformed {
        path: path.to_owned(),
        problem: problem.to_string(),
    })
}
