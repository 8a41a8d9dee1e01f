//! Compact JWS (RFC 7515) with Ed25519 (RFC 8037), as little of it as is needed.
//!
//! One algorithm, `EdDSA`. Each use has a `typ` of its own, which must be there and is compared exactly (RFC 8725, 3.11).
//! A header holds `alg`, `typ` and at most a `kid`, which is not looked at; anything else, `crit` above all, is refused.
//! The key is never chosen by what the token says of algorithms. Claims are read before the signature only to find out
//! whose key to ask ([`Compact::claims_unverified`]), and are not to be believed until [`Compact::verify`].

use crate::key::{PublicKey, SigningKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Typ {
    /// A frame of the feed, signed by govern's feed key.
    Feed,
    /// A gate's acknowledgement.
    Acknowledgement,
    /// Who a gate is, for one request.
    Gate,
    /// That whoever enrols holds the key he names.
    Enrolment,
    /// An exchange's assertion about one of its owners.
    Assertion,
    /// An exchange's word on whether it verified a customer's identity anew.
    Identity,
}

impl Typ {
    /// Every use.
    pub const ALL: &'static [Self] =
        &[Self::Feed, Self::Acknowledgement, Self::Gate, Self::Enrolment, Self::Assertion, Self::Identity];

    /// The header's `typ`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Feed => "sumun-feed+jwt",
            Self::Acknowledgement => "sumun-ack+jwt",
            Self::Gate => "sumun-gate+jwt",
            Self::Enrolment => "sumun-enrol+jwt",
            Self::Assertion => "JWT",
            Self::Identity => "sumun-identity+jwt",
        }
    }

    /// Longest token, in bytes. Nothing longer is looked at.
    #[must_use]
    pub const fn bytes_max(self) -> usize {
        match self {
            // A part of a snapshot; see `PART_RECORDS_MAX`.
            Self::Feed => crate::frame::LINE_BYTES_MAX,
            // Some hundred bytes for each key that ended or was narrowed.
            Self::Acknowledgement => 1 << 20,
            Self::Gate | Self::Enrolment | Self::Assertion | Self::Identity => 8 << 10,
        }
    }
}

/// Why a token is refused. Never repeats it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    /// Longer than its use allows.
    #[error("a token of {bytes} bytes; a `{}` has at most {}", typ.as_str(), typ.bytes_max())]
    TooLong {
        /// What it should be.
        typ: Typ,
        /// Its length.
        bytes: usize,
    },
    /// Not three parts of unpadded base64url, the last of 64 bytes.
    #[error("not a compact JWS: three parts of unpadded base64url with dots between, the last of 64 bytes")]
    Form,
    /// A header with something missing, unknown or twice in it.
    #[error("the header of a token must hold `alg` and `typ`, may hold `kid`, and nothing else")]
    Header,
    /// Another algorithm.
    #[error("a token must be signed by `EdDSA`")]
    Algorithm,
    /// Meant for something else.
    #[error("a token of another `typ` than `{}`", .0.as_str())]
    Typ(Typ),
    /// Claims that are not what they should be.
    #[error("the claims of a token cannot be read: {0}")]
    Claims(String),
    /// The signature does not fit.
    #[error("the signature of a token does not fit its text and key")]
    Signature,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Header<'a> {
    #[serde(borrow)]
    alg: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    typ: std::borrow::Cow<'a, str>,
    #[serde(borrow, default, rename = "kid")]
    _kid: Option<std::borrow::Cow<'a, str>>,
}

/// Signs the JSON of the claims.
///
/// # Errors
/// The claims cannot be written as JSON, or are too long for their use.
pub fn sign(key: &SigningKey, typ: Typ, claims: &impl Serialize) -> Result<String, JwsError> {
    let payload = serde_json::to_vec(claims).map_err(|error| JwsError::Claims(error.to_string()))?;
    sign_bytes(key, typ, &payload)
}

pub(crate) fn sign_bytes(key: &SigningKey, typ: Typ, payload: &[u8]) -> Result<String, JwsError> {
    let header = format!(r#"{{"alg":"EdDSA","typ":"{}"}}"#, typ.as_str());
    let mut token = String::with_capacity((header.len() + payload.len()) * 4 / 3 + 96);
    URL_SAFE_NO_PAD.encode_string(header, &mut token);
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(payload, &mut token);
    let signature = key.sign(token.as_bytes());
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    if token.len() > typ.bytes_max() {
        return Err(JwsError::TooLong { typ, bytes: token.len() });
    }
    Ok(token)
}

/// Verifies a token and reads its claims.
///
/// # Errors
/// Anything wrong with it.
pub fn verify<T: DeserializeOwned>(key: &PublicKey, typ: Typ, token: &str) -> Result<T, JwsError> {
    Compact::parse(token, typ)?.verify(key)
}

/// A token whose form and header are right, and whose signature nobody has checked yet.
#[derive(Debug)]
pub struct Compact<'a> {
    signed: &'a str,
    payload: Vec<u8>,
    signature: [u8; 64],
}

impl<'a> Compact<'a> {
    /// Takes a token apart.
    ///
    /// # Errors
    /// Too long, of another form, algorithm or `typ`.
    pub fn parse(token: &'a str, typ: Typ) -> Result<Self, JwsError> {
        if token.len() > typ.bytes_max() {
            return Err(JwsError::TooLong { typ, bytes: token.len() });
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(JwsError::Form)?;
        let (header, payload) = signed.split_once('.').ok_or(JwsError::Form)?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| JwsError::Form);
        let signature = decode(signature)?.try_into().map_err(|_| JwsError::Form)?;
        let header = decode(header)?;
        let Header { alg, typ: found, .. } = serde_json::from_slice(&header).map_err(|_| JwsError::Header)?;
        if alg != "EdDSA" {
            return Err(JwsError::Algorithm);
        }
        if found != typ.as_str() {
            return Err(JwsError::Typ(typ));
        }
        Ok(Self { signed, payload: decode(payload)?, signature })
    }

    /// What the token says, to find out whose key to ask. Not to be believed.
    ///
    /// # Errors
    /// The claims are not what they should be.
    pub fn claims_unverified<T: DeserializeOwned>(&self) -> Result<T, JwsError> {
        serde_json::from_slice(&self.payload).map_err(|error| JwsError::Claims(error.to_string()))
    }

    /// The claims, once the signature is checked.
    ///
    /// # Errors
    /// The signature does not fit, or the claims are not what they should be.
    pub fn verify<T: DeserializeOwned>(&self, key: &PublicKey) -> Result<T, JwsError> {
        self.verified_bytes(key)?;
        self.claims_unverified()
    }

    pub(crate) fn verified_bytes(&self, key: &PublicKey) -> Result<&[u8], JwsError> {
        if key.verifies(self.signed.as_bytes(), &self.signature) {
            Ok(&self.payload)
        } else {
            Err(JwsError::Signature)
        }
    }
}
