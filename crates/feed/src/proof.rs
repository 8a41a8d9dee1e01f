//! How a gate says who it is: once when it enrols, then for each request.

use crate::jws::{self, Compact, JwsError, Typ};
use crate::key::{PublicKey, SigningKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sumun_model::{GateId, Timestamp};

/// `request` of a [`GateProof`] for the feed.
pub const REQUEST_FEED: &str = "GET /v1/feed";
/// `request` of a [`GateProof`] for an acknowledgement.
pub const REQUEST_ACKNOWLEDGE: &str = "POST /v1/feed/acknowledgements";

/// `request` of a [`GateProof`] for a batch of events: path and query as sent, and the body by its digest (a `Content-Digest`
/// header, RFC 9530). So that nobody on the way can exchange one of them.
#[must_use]
pub fn request_events(target: &str, digest: &str) -> String {
    format!("POST {target} {digest}")
}

/// The `Content-Digest` of a body: `sha-256=:…:`.
#[must_use]
pub fn content_digest(body: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(body)))
}

/// Oldest proof that is taken, and how far one may be ahead, in microseconds: two clocks of machines that keep time differ
/// by less.
pub const AGE_US_MAX: i64 = 60_000_000;

/// Why a proof is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// Not signed as it should be.
    #[error(transparent)]
    Jws(#[from] JwsError),
    /// For another venue, request, key or invite.
    #[error("the proof is for another {0}")]
    Another(&'static str),
    /// Not of now.
    #[error("the proof is of {at}, and it is {now}; check the clocks of the gate and of govern")]
    Time {
        /// When it says it was made.
        at: Timestamp,
        /// Govern's clock.
        now: Timestamp,
    },
}

/// Who a gate is, for one request: `Authorization: Bearer <this, signed>`. Whoever takes it also sees to it that `nonce`
/// is used once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateProof {
    /// Which gate.
    pub gate: GateId,
    /// At which venue.
    pub venue: String,
    /// Method and path, such as [`REQUEST_FEED`].
    pub request: String,
    /// Now, by the gate's clock.
    pub at: Timestamp,
    /// Drawn for this request.
    pub nonce: String,
}

impl GateProof {
    /// The token.
    ///
    /// # Errors
    /// Too long.
    pub fn sign(&self, key: &SigningKey) -> Result<String, JwsError> {
        jws::sign(key, Typ::Gate, self)
    }

    /// Which gate says to have signed it, to find its key. Not to be believed.
    ///
    /// # Errors
    /// Not such a token.
    pub fn gate_unverified(token: &str) -> Result<GateId, ProofError> {
        let said: Self = Compact::parse(token, Typ::Gate)?.claims_unverified()?;
        Ok(said.gate)
    }

    /// Reads a token: signed by this key, for this venue and request, of now.
    ///
    /// # Errors
    /// Any of it is not so.
    pub fn verify(
        token: &str,
        key: &PublicKey,
        venue: &str,
        request: &str,
        now: Timestamp,
    ) -> Result<Self, ProofError> {
        let read: Self = jws::verify(key, Typ::Gate, token)?;
        if read.venue != venue {
            return Err(ProofError::Another("venue"));
        }
        if read.request != request {
            return Err(ProofError::Another("request"));
        }
        of_now(read.at, now)?;
        Ok(read)
    }
}

fn of_now(at: Timestamp, now: Timestamp) -> Result<(), ProofError> {
    if now.micros_since(at).unsigned_abs() > AGE_US_MAX.unsigned_abs() {
        return Err(ProofError::Time { at, now });
    }
    Ok(())
}

/// That whoever enrols holds the private half of the key he names, and that it is for this invite.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrolmentProof {
    /// Hex SHA-256 of the invite token.
    pub invite: String,
    /// The key.
    pub public_key: PublicKey,
    /// Now, by the gate's clock.
    pub at: Timestamp,
}

/// Body of `POST /v1/gates/enrol`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrolmentRequest {
    /// The invite token, used once.
    pub invite: String,
    /// The key that this gate will sign with.
    pub public_key: PublicKey,
    /// [`EnrolmentProof`], signed.
    pub proof: String,
}

/// Answer to it: what a gate must know to follow the feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolmentAnswer {
    /// The gate's id, as invited.
    pub gate: GateId,
    /// The venue's id.
    pub venue: String,
    /// The key that signs the feed.
    pub feed_key: PublicKey,
}

impl EnrolmentRequest {
    /// The request of whoever holds this key and was given this invite.
    ///
    /// # Errors
    /// Too long.
    pub fn new(key: &SigningKey, invite: &str, at: Timestamp) -> Result<Self, JwsError> {
        let proof = EnrolmentProof { invite: digest(invite), public_key: key.public(), at };
        Ok(Self {
            invite: invite.to_owned(),
            public_key: key.public(),
            proof: jws::sign(key, Typ::Enrolment, &proof)?,
        })
    }

    /// Checks that the sender holds the key that he names. Whether the invite is good is not known here.
    ///
    /// # Errors
    /// He does not, or the proof is for another invite or time.
    pub fn verify(&self, now: Timestamp) -> Result<(), ProofError> {
        let proof: EnrolmentProof = jws::verify(&self.public_key, Typ::Enrolment, &self.proof)?;
        if proof.public_key != self.public_key {
            return Err(ProofError::Another("key"));
        }
        if proof.invite != digest(&self.invite) {
            return Err(ProofError::Another("invite"));
        }
        of_now(proof.at, now)
    }
}

fn digest(invite: &str) -> String {
    hex::encode(Sha256::digest(invite.as_bytes()))
}
