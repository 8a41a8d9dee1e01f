//! Says in prose what was signed, what was expected and what to do, for `sumun request check --explain`.
//!
//! Never prints a secret, or anything computed from one: the reader may be anyone who holds the request. What it
//! quotes is of the request itself, shortened and escaped.

use crate::dialect::Dialect;
use crate::rejection::{CanonicalForm, Malformed, Rejection};
use crate::request::RawRequest;
use crate::upbit;
use std::fmt::Write as _;
use sumun_model::Reason;

/// What came of judging one request by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Signature and binding hold, and the nonce is new.
    Accepted {
        /// The canonical form that matched; `None` without parameters.
        form: Option<CanonicalForm>,
        /// How many parameters are bound.
        parameters: usize,
    },
    /// No credential at all.
    NoCredential,
    /// A credential that cannot be read.
    Malformed(Malformed),
    /// The credential names another key.
    UnknownKey,
    /// The credential does not hold for this request.
    Rejected(Rejection),
    /// It holds, but its nonce was seen before.
    Replayed,
}

impl Outcome {
    /// Why it was not accepted, in the vector file's own words; `None` if accepted.
    #[must_use]
    pub const fn reason(&self) -> Option<&'static str> {
        match self {
            Self::Accepted { .. } => None,
            // The file has no word for these; nothing verified is the nearest.
            Self::NoCredential => Some("bad_signature"),
            Self::Malformed(malformed) => Some(malformed.reason()),
            Self::UnknownKey => Some("unknown_key"),
            Self::Rejected(rejection) => Some(rejection.reason()),
            Self::Replayed => Some("nonce_replayed"),
        }
    }

    /// The gate's reason code; `None` if accepted.
    #[must_use]
    pub const fn code(&self) -> Option<Reason> {
        match self {
            Self::Accepted { .. } => None,
            Self::NoCredential => Some(Reason::MalformedCredentials),
            Self::Malformed(malformed) => Some(malformed.code()),
            Self::UnknownKey => Some(Reason::UnknownKey),
            Self::Rejected(rejection) => Some(rejection.code()),
            Self::Replayed => Some(Reason::Replayed),
        }
    }
}

/// Longest quotation, in characters.
const QUOTED_CHARS_MAX: usize = 200;

/// The finding in prose: what was found, what was signed, what to do.
#[must_use]
pub fn explain(dialect: Dialect, request: &RawRequest<'_>, outcome: &Outcome) -> String {
    let mut text = String::new();
    let mut line = |args: std::fmt::Arguments<'_>| {
        // Writing to a string does not fail.
        let _ = text.write_fmt(args);
        text.push('\n');
    };
    let (method, path) = (request.method, quoted(request.path));
    let upgrade = if request.upgrade { " (WebSocket upgrade)" } else { "" };
    line(format_args!("request   {method} {path}{upgrade}, dialect {dialect}"));
    if let Ok(Some(credential)) = dialect.credential(request) {
        line(format_args!("token     {}", credential.0.describe()));
    }
    match outcome {
        Outcome::Accepted { form: None, .. } => {
            line(format_args!("verdict   accepted: the signature holds; there are no parameters to bind"));
        }
        Outcome::Accepted { form: Some(form), parameters } => {
            let (form, noun) = (form.as_str(), if *parameters == 1 { "parameter" } else { "parameters" });
            line(format_args!(
                "verdict   accepted: the signature holds and binds {parameters} {noun}, hashed as {form}"
            ));
        }
        Outcome::NoCredential => line(format_args!("verdict   refused: there is no `Authorization` header")),
        Outcome::Malformed(malformed) => line(format_args!("verdict   refused: {malformed}")),
        Outcome::UnknownKey => line(format_args!("verdict   refused: the token names another access key")),
        Outcome::Rejected(rejection) => line(format_args!("verdict   refused: {rejection}")),
        Outcome::Replayed => {
            line(format_args!(
                "verdict   refused: signature and parameters hold, but the nonce was used before"
            ));
        }
    }
    if shows_forms(outcome) {
        let candidates = upbit::candidates(request);
        if candidates.is_empty() {
            line(format_args!("hashed    nothing that could be read as parameters in one way"));
        }
        for candidate in candidates {
            let form = candidate.form;
            let matched = matches!(outcome, Outcome::Accepted { form: Some(found), .. } if *found == form);
            let mark = if matched { "  <- matched" } else { "" };
            let (hash, string) = (upbit::hash_start(&candidate.hash), quoted(&candidate.text));
            line(format_args!("hashed    {:<31} {hash}  {string}{mark}", form.as_str()));
            if matched {
                break;
            }
        }
    }
    if let (Some(reason), Some(code)) = (outcome.reason(), outcome.code()) {
        line(format_args!("reason    {reason}; the gate answers {code}"));
    }
    if let Some(advice) = advice(outcome) {
        line(format_args!("do        {advice}"));
    }
    text
}

/// Whether the strings that were hashed help to understand the outcome.
const fn shows_forms(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Accepted { form, .. } => form.is_some(),
        Outcome::Rejected(rejection) => matches!(
            rejection,
            Rejection::QueryHashMismatch | Rejection::QueryHashMissing | Rejection::SmuggledParameter
        ),
        Outcome::NoCredential | Outcome::Malformed(_) | Outcome::UnknownKey | Outcome::Replayed => false,
    }
}

const fn advice(outcome: &Outcome) -> Option<&'static str> {
    Some(match outcome {
        Outcome::Accepted { .. } => return None,
        Outcome::NoCredential => "send `Authorization: Bearer <JWT>`",
        Outcome::Malformed(Malformed::Nonce) => "put a fresh UUID into the claim `nonce`",
        Outcome::Malformed(Malformed::AccessKey) => {
            "put the access key, as issued, into the claim `access_key`"
        }
        Outcome::Malformed(_) => {
            "send one `Authorization: Bearer <JWT>` header, the JWT in three parts of base64url without padding"
        }
        Outcome::UnknownKey => "check that the access key belongs to the secret that signed",
        Outcome::Replayed => "sign every request anew, with a nonce never used before with this key",
        Outcome::Rejected(rejection) => match rejection {
            Rejection::AlgNotAllowed => "sign with HS256 or HS512",
            Rejection::BadSignature => {
                "check the secret: it is the HMAC key as issued, not base64-decoded; and that nothing altered the token"
            }
            Rejection::OldQueryClaim => {
                "replace the claim `query` by `query_hash`, the SHA-512 of the same string, and `query_hash_alg`"
            }
            Rejection::QueryHashMissing => {
                "hash the parameters as `name=value` joined by `&` with SHA-512, and put the lower-case hexadecimal \
                 digits into the claim `query_hash`, with `query_hash_alg` `SHA512`"
            }
            Rejection::QueryHashAlg => "hash with SHA-512 and say `SHA512`",
            Rejection::QueryHashMismatch => {
                "hash one of the strings above, from exactly the parameters sent and in the order sent"
            }
            Rejection::ParametersInBoth => {
                "send all parameters in the query (GET, DELETE) or all in the body (POST): the token binds one string"
            }
            Rejection::Ambiguous(_) => {
                "send plain parameters: a query without `;`, or a flat JSON body under `application/json`"
            }
            Rejection::SmuggledParameter => {
                "percent-encode the query and hash it as sent; a JSON body cannot carry `&` or `=` in this scheme"
            }
        },
    })
}

/// Text from the request, in back-ticks, escaped and shortened.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("`");
    for c in text.chars().take(QUOTED_CHARS_MAX) {
        if c.is_control() || c == '`' { quoted.extend(c.escape_default()) } else { quoted.push(c) }
    }
    if text.chars().nth(QUOTED_CHARS_MAX).is_some() {
        quoted.push('…');
    }
    quoted.push('`');
    quoted
}
