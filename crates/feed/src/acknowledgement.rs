//! What a gate signs once it has obeyed.

use crate::jws::{self, Compact, JwsError, Typ};
use crate::key::{PublicKey, SigningKey};
use crate::mark::Mark;
use serde::{Deserialize, Serialize};
use sumun_model::{GateId, KeyId, Timestamp};

/// The last request of a key that a gate let pass before it obeyed a change of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LastAdmitted {
    /// The key that was changed.
    pub key: KeyId,
    /// When, by the gate's clock; `null` if this run of the gate let none pass.
    pub at: Option<Timestamp>,
}

/// A gate has obeyed these versions: they are in its table and fsynced on its disk, no request decided under an older one
/// still awaits forwarding, and the streams they refuse are closed. Each continues the last one: `from` is one more than
/// the `to` before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acknowledgement {
    /// Which gate.
    pub gate: GateId,
    /// Which run of it: hexadecimal digits drawn at its start.
    pub boot: String,
    /// The first version acknowledged.
    pub from: u64,
    /// The last one. A snapshot acknowledges all up to its own.
    pub to: u64,
    /// What version `to` is, as the gate was told.
    pub mark: Mark,
    /// When `to` was in the table, by the gate's clock.
    pub applied_at: Timestamp,
    /// When all else was true too, by the gate's clock.
    pub acknowledged_at: Timestamp,
    /// For each key that `from` to `to` changed and that was served before, sorted by key: those that ended or were narrowed
    /// among them.
    pub last_admitted: Vec<LastAdmitted>,
    /// Streams this gate closed since its last acknowledgement.
    pub streams_closed: u64,
    /// Keys that this gate cannot serve because it cannot read or open their record; it refuses them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unusable: Vec<KeyId>,
}

/// An acknowledgement that cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AcknowledgeError {
    /// Not signed as it should be.
    #[error("the acknowledgement cannot be believed: {0}")]
    Jws(#[from] JwsError),
    /// Runs backwards.
    #[error("the acknowledgement goes from version {from} to {to}")]
    Backwards {
        /// First version.
        from: u64,
        /// Last one.
        to: u64,
    },
}

impl Acknowledgement {
    /// The signed text: the body of `POST /v1/feed/acknowledgements`.
    ///
    /// # Errors
    /// Too long.
    pub fn sign(&self, key: &SigningKey) -> Result<String, JwsError> {
        jws::sign(key, Typ::Acknowledgement, self)
    }

    /// Which gate says to have signed it, to find its key. Not to be believed.
    ///
    /// # Errors
    /// Not an acknowledgement.
    pub fn gate_unverified(token: &str) -> Result<GateId, AcknowledgeError> {
        let said: Self = Compact::parse(token, Typ::Acknowledgement)?.claims_unverified()?;
        Ok(said.gate)
    }

    /// Reads what a gate signed.
    ///
    /// # Errors
    /// Not signed by this key, or running backwards.
    pub fn verify(token: &str, key: &PublicKey) -> Result<Self, AcknowledgeError> {
        let read: Self = jws::verify(key, Typ::Acknowledgement, token)?;
        if read.from == 0 || read.from > read.to {
            return Err(AcknowledgeError::Backwards { from: read.from, to: read.to });
        }
        Ok(read)
    }
}
