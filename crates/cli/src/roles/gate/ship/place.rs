//! Which log the positions are of, and how far it was acknowledged: a small file beside the log itself, so that whoever
//! moves the log away moves this with it.

use crate::{atomic_file, entropy};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::PathBuf;
use tracing::warn;

/// Why it cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum PlaceError {
    #[error("failed to read `{path}`: {source}; check its owner and the disk")]
    Read { path: PathBuf, source: io::Error },
    #[error("failed to make `{path}`: {cause}")]
    Write { path: PathBuf, cause: String },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    /// Drawn for each log, so that another log's positions are not taken for this one's.
    log: String,
    /// The highest position that the control plane has acknowledged.
    acknowledged: u64,
}

/// The file, open for writing.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
    written: Written,
}

impl Place {
    /// Reads it, or makes it.
    pub(super) fn open(path: PathBuf) -> Result<Self, PlaceError> {
        let text = match std::fs::read(&path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(source) => return Err(PlaceError::Read { path, source }),
        };
        if let Some(written) = text.as_ref().and_then(|text| serde_json::from_slice(text).ok()) {
            return Ok(Self { path, written });
        }
        if text.is_some() {
            warn!("`{}` is damaged; all events in the log are handed in as another log's", path.display());
        }
        let written = drawn().map_err(|cause| PlaceError::Write { path: path.clone(), cause })?;
        let place = Self { path, written };
        place.write().map_err(|cause| PlaceError::Write { path: place.path.clone(), cause })?;
        Ok(place)
    }

    /// The log's name.
    pub(super) fn log(&self) -> &str {
        &self.written.log
    }

    /// Notes what was acknowledged. The control plane knows better: what cannot be written is no harm.
    pub(super) fn note(&mut self, acknowledged: u64) {
        if self.written.acknowledged != acknowledged {
            self.written.acknowledged = acknowledged;
            if let Err(cause) = self.write() {
                warn!("How far events are handed in could not be noted: {cause}");
            }
        }
    }

    /// The log is another one than its name says: it gets a name of its own.
    pub(super) fn begin_anew(&mut self) {
        let anew = drawn().and_then(|written| {
            self.written = written;
            self.write()
        });
        if let Err(cause) = anew {
            warn!("A new name for this log could not be written: {cause}");
        }
    }

    fn write(&self) -> Result<(), String> {
        let text = serde_json::to_vec(&self.written).map_err(|error| error.to_string())?;
        atomic_file::replace(&self.path, &text).map_err(|error| crate::exit::with_causes(&error))?.warned();
        Ok(())
    }
}

fn drawn() -> Result<Written, String> {
    let log = entropy::draw::<8>().map_err(|error| error.to_string())?;
    Ok(Written { log: hex::encode(log.as_slice()), acknowledged: 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_keeps_its_name_until_it_is_another_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shipping.json");
        let mut place = Place::open(path.clone()).unwrap();
        let name = place.log().to_owned();
        place.note(41);
        assert_eq!(Place::open(path.clone()).unwrap().written, place.written);
        place.begin_anew();
        assert_ne!(place.log(), name);
        assert_eq!(
            Place::open(path.clone()).unwrap().written,
            Written { log: place.log().to_owned(), acknowledged: 0 }
        );
        std::fs::write(&path, "{").unwrap();
        assert_ne!(Place::open(path).unwrap().log(), place.log());
    }
}
