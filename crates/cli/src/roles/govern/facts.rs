//! The venue's facts at the start: the operator's file is adopted when it has changed since it was last adopted here.
//!
//! Facts changed through the API stay in force although the file says otherwise, until the file itself is edited: which
//! text was adopted last is noted beside the database.

use crate::atomic_file;
use crate::config::Config;
use crate::exit::{BadInput, Failed};
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use sumun_govern::venue::{Venue, adopt};
use sumun_govern::{Actor, Call, Govern};
use tracing::info;

/// The file's facts, as the operator wrote them.
#[derive(Debug)]
pub(crate) struct VenueFile {
    /// What it says.
    pub(crate) venue: Venue,
    digest: String,
}

/// Who adopts the operator's file.
pub(crate) fn operator() -> Actor {
    Actor {
        principal: adopt::SYSTEM_OPERATOR.to_owned(),
        roles: Vec::new(),
        customer: None,
        session: None,
        second_factor: None,
        rights: None,
    }
}

impl VenueFile {
    /// Reads it.
    ///
    /// # Errors
    /// It is not there, or says what it may not; with line and column.
    pub(crate) fn read(config: &Config) -> Result<Self, BadInput> {
        let path = &config.govern.venue_file;
        let text = std::fs::read_to_string(path).map_err(|error| {
            BadInput(format!(
                "failed to read `{}`: {error}; `sumun init` writes one, and `govern.venue_file` names another",
                path.display()
            ))
        })?;
        let venue =
            Venue::parse(&path.display().to_string(), &text).map_err(|error| BadInput(error.to_string()))?;
        Ok(Self { venue, digest: hex::encode(Sha256::digest(text.as_bytes())) })
    }

    /// Puts it in force, unless this very text was adopted before.
    ///
    /// # Errors
    /// It is another venue's, or the store does not answer.
    pub(crate) async fn adopt(self, govern: &Govern, config: &Config) -> anyhow::Result<()> {
        let note = note(config);
        if std::fs::read_to_string(&note).is_ok_and(|noted| noted.trim() == self.digest)
            && let Some(adopted) = adopt::adopted(&govern.store, &self.venue.venue).await?
        {
            let in_force = Venue::from_json(&adopted.facts)
                .map_err(|error| Failed(format!("the venue's facts in force cannot be read: {error}")))?;
            if in_force.digest() != self.venue.digest() {
                info!(
                    "The venue's facts in force were changed through the API since the file was; the file is left alone"
                );
            }
            govern.reload_venue().await?;
            return Ok(());
        }
        let done = govern.adopt(&operator(), self.venue, &Call::default()).await?;
        if let Some(committed) = done.committed {
            info!(entry = committed.entry, "{}", done.plan.title);
            for warning in done.plan.warnings {
                tracing::warn!("The venue's facts: {warning}");
            }
        }
        atomic_file::replace(&note, self.digest.as_bytes())?.warned();
        Ok(())
    }
}

/// Which text was adopted last.
fn note(config: &Config) -> PathBuf {
    config.data_dir.join("venue.adopted")
}
