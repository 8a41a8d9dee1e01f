//! What came of reading and verifying: every "no" with its reason, every "yes" with what it proved.

use crate::params::Params;
use sumun_model::Reason;

/// A credential that cannot be read. Nothing was verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// More than one `Authorization` header.
    #[error("there is more than one `Authorization` header")]
    RepeatedHeader,
    /// Not `Bearer` and one token of visible ASCII.
    #[error("the `Authorization` header is not `Bearer` followed by one token")]
    NotBearer,
    /// The token is longer than [`crate::Dialect::TOKEN_BYTES_MAX`].
    #[error("the token is longer than {} bytes", crate::Dialect::TOKEN_BYTES_MAX)]
    TokenTooLong,
    /// Not three parts of canonical, unpadded base64url.
    #[error("the token is not three parts of unpadded base64url")]
    NotThreeParts,
    /// The token's header is not a JSON object read in exactly one way.
    #[error("the token's header is not a JSON object without repeated members")]
    Header,
    /// The token's header asks for what is not supported (`crit`, `b64`).
    #[error("the token's header holds a `crit` or `b64` member, which changes how the token is to be read")]
    CriticalHeader,
    /// The claims are not a JSON object read in exactly one way.
    #[error("the token's claims are not a JSON object without repeated members")]
    Claims,
    /// `access_key` is absent, not a string, or not an id.
    #[error("the claim `access_key` is absent or not a key id")]
    AccessKey,
    /// `nonce` is absent, neither a string nor a whole number, empty, or too long.
    #[error(
        "the claim `nonce` is absent or not a string of at most {} visible characters or a whole number",
        crate::Dialect::NONCE_BYTES_MAX
    )]
    Nonce,
}

impl Malformed {
    /// The nearest word of the vector file (WIRE 6).
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Nonce => "bad_nonce",
            Self::AccessKey => "unknown_key",
            _ => "bad_signature",
        }
    }

    /// The gate's reason code.
    #[must_use]
    pub const fn code(self) -> Reason {
        Reason::MalformedCredentials
    }
}

/// Why a readable credential does not hold for the request received.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The token names an algorithm outside the allowlist.
    #[error("the token's `alg` is not one that this exchange accepts")]
    AlgNotAllowed,
    /// The MAC does not verify.
    #[error("the signature does not match the token and the key's secret")]
    BadSignature,
    /// The superseded `query` claim.
    #[error("the token holds the superseded claim `query` in place of `query_hash`")]
    OldQueryClaim,
    /// Parameters arrived and the token binds none.
    #[error("the request has parameters but the token has no `query_hash`")]
    QueryHashMissing,
    /// `query_hash_alg` is not SHA-512.
    #[error("the claim `query_hash_alg` is not `SHA512`")]
    QueryHashAlg,
    /// No canonical form of the parameters has the hash claimed.
    #[error("`query_hash` matches no canonical form of the parameters received")]
    QueryHashMismatch,
    /// Parameters in the query and in the body; the token binds one string only.
    #[error("there are parameters both in the query and in the body")]
    ParametersInBoth,
    /// The parameters can be read in more than one way.
    #[error("the parameters can be read in more than one way: {0}")]
    Ambiguous(Ambiguity),
    /// The hash matched only through a form in which a name or value holds `&` or `=`.
    #[error("a parameter holds `&` or `=`, which the hashed form cannot tell from separate parameters")]
    SmuggledParameter,
}

/// What made parameters ambiguous.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Ambiguity {
    /// `%` without two hexadecimal digits, or encoded bytes that are not UTF-8.
    #[error("percent-encoding is broken or not UTF-8")]
    PercentEncoding,
    /// Raw bytes that a query or form may not hold, among them `;`, which some servers take for `&`.
    #[error("a query or form holds `;`, a space, a quote or a byte outside printable ASCII")]
    RawByte,
    /// An empty pair, as in `a=1&&b=2`.
    #[error("a query or form holds an empty pair")]
    EmptyPair,
    /// A name outside letters, digits, `_`, `-`, `.` and one trailing `[]`.
    #[error(
        "a parameter's name is empty or holds other than letters, digits, `_`, `-`, `.` and a trailing `[]`"
    )]
    Name,
    /// The name `_method`, by which some servers let a POST pass for another method.
    #[error(
        "there is a parameter `_method`, by which some servers take the request for one of another method"
    )]
    MethodOverride,
    /// A decoded value holds control characters.
    #[error("a parameter's value holds a control character")]
    ControlCharacter,
    /// Not a flat JSON object without repeated members.
    #[error("the body is not a flat JSON object without repeated members, nulls or trailing data")]
    Json,
    /// A body whose type is absent, repeated, or neither JSON nor a form in UTF-8.
    #[error("the body's `Content-Type` is absent, repeated, or neither JSON nor a form in UTF-8")]
    ContentType,
    /// A body under a `Content-Encoding`.
    #[error("the body is under a `Content-Encoding`")]
    ContentEncoding,
    /// More than [`crate::Params::COUNT_MAX`] parameters.
    #[error("there are more than {} parameters", crate::Params::COUNT_MAX)]
    TooMany,
}

impl Rejection {
    /// The vector file's own word for it (WIRE 6). Where that file has no word, the nearest true one.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::AlgNotAllowed => "alg_not_allowed",
            Self::BadSignature => "bad_signature",
            Self::OldQueryClaim | Self::QueryHashMissing => "query_hash_missing",
            Self::QueryHashAlg | Self::QueryHashMismatch | Self::ParametersInBoth | Self::Ambiguous(_) => {
                "query_hash_mismatch"
            }
            Self::SmuggledParameter => "smuggled_parameter",
        }
    }

    /// The gate's reason code: all of these are `signature_invalid` (WIRE 6).
    #[must_use]
    pub const fn code(self) -> Reason {
        Reason::SignatureInvalid
    }
}

/// The string that was hashed, in the order in which forms are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CanonicalForm {
    /// The raw query.
    QueryRaw,
    /// The raw query, percent-decoded; `+` left alone.
    QueryDecoded,
    /// JSON members as `k=v`, joined by `&`.
    JsonPlain,
    /// The same, form-encoded: space is `+`, other bytes `%XX`.
    JsonFormEncoded,
    /// The same, then percent-decoded again: in effect plain with `+` for a space.
    JsonFormEncodedThenDecoded,
    /// The raw form body.
    FormRaw,
}

impl CanonicalForm {
    /// The name that the vector file gives the form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::QueryRaw => "query-raw",
            Self::QueryDecoded => "query-decoded",
            Self::JsonPlain => "json-plain",
            Self::JsonFormEncoded => "json-form-encoded",
            Self::JsonFormEncodedThenDecoded => "json-form-encoded-then-decoded",
            Self::FormRaw => "form-raw",
        }
    }

    /// Whether distinct parameters can never give the same string in this form.
    #[must_use]
    pub const fn is_injective(self) -> bool {
        matches!(self, Self::QueryRaw | Self::FormRaw)
    }
}

/// A request whose credential holds: the MAC is right and it binds exactly these parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified<'a> {
    /// The form that matched; `None` if there were no parameters.
    pub form: Option<CanonicalForm>,
    /// The parameters, read as the exchange reads them.
    pub params: Params<'a>,
}
