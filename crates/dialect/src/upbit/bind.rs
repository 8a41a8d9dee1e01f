//! Ties Upbit's token to the parameters received.
//!
//! The token holds the SHA-512 of one string, and clients disagree on which string stands for the same parameters.
//! So each canonical form is tried in a fixed order and the first match counts. Forms that are not injective could
//! hide one parameter inside another; after a match in one of those, a name or value with `&` or `=` is refused.
//!
//! What no form can tell apart stays untold: whether the signer meant a space or a `+`. Both readings have the same
//! parameters and the same separators; what is read is what the request received says.
//!
//! A body is read by its `Content-Type` alone, as the exchange reads it, never by its looks.

use super::token::{HASH_BYTES, QueryHash, Token};
use crate::params::{PairsError, Params, Piece, percent_decode};
use crate::rejection::{Ambiguity, CanonicalForm, Rejection, Verified};
use crate::request::RawRequest;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use sha2::{Digest, Sha512};
use subtle::ConstantTimeEq;

/// Room for the string of all but the longest requests; more is made when needed.
const TEXT_BYTES: usize = 256;

/// Where the parameters are.
enum Source<'a> {
    Query(&'a str),
    Form(&'a str),
    Json(Params<'a>),
}

/// Checks that the token binds exactly the parameters received, and reads them.
pub(crate) fn bind<'a>(request: &RawRequest<'a>, token: &Token<'_>) -> Result<Verified<'a>, Rejection> {
    let claimed = token.query_hash()?;
    let Some(source) = source(request, claimed)? else {
        return match claimed {
            QueryHash::Absent => Ok(Verified { form: None, params: Params::default() }),
            // Some clients hash the empty string.
            claimed if is_hash(claimed, &[]) => Ok(Verified { form: None, params: Params::default() }),
            _ => Err(Rejection::QueryHashMismatch),
        };
    };
    if claimed == QueryHash::Absent {
        return Err(Rejection::QueryHashMissing);
    }
    // Put together first and hashed in one go: hashing piece by piece costs more than the copy.
    let mut text = Vec::with_capacity(TEXT_BYTES);
    let mut matches = |form| {
        text.clear();
        source.write(form, |piece| text.extend_from_slice(piece));
        is_hash(claimed, &text)
    };
    let form =
        source.forms().iter().copied().find(|form| matches(*form)).ok_or(Rejection::QueryHashMismatch)?;
    let params = source.read(form.is_injective())?;
    Ok(Verified { form: Some(form), params })
}

/// A string that stands for the parameters, and its hash.
pub(crate) struct Candidate {
    pub(crate) form: CanonicalForm,
    pub(crate) text: String,
    pub(crate) hash: [u8; HASH_BYTES],
}

/// Every string that is tried, for explaining; of equal strings only the first.
pub(crate) fn candidates(request: &RawRequest<'_>) -> Vec<Candidate> {
    let Ok(Some(source)) = source(request, QueryHash::Unreadable) else { return Vec::new() };
    let mut candidates: Vec<Candidate> = Vec::new();
    for form in source.forms() {
        let mut bytes = Vec::new();
        source.write(*form, |piece| bytes.extend_from_slice(piece));
        let hash = Sha512::digest(&bytes).into();
        if candidates.iter().all(|c| c.hash != hash) {
            candidates.push(Candidate {
                form: *form,
                text: String::from_utf8_lossy(&bytes).into_owned(),
                hash,
            });
        }
    }
    candidates
}

fn source<'a>(request: &RawRequest<'a>, claimed: QueryHash) -> Result<Option<Source<'a>>, Rejection> {
    match (request.query, request.body) {
        ("", []) => Ok(None),
        (query, []) => Ok(Some(Source::Query(query))),
        ("", body) => match body_kind(request.headers) {
            // With nothing bound, that is the plainer thing to say; only an empty object may go unbound.
            Err(_) if claimed == QueryHash::Absent => Err(Rejection::QueryHashMissing),
            Err(ambiguity) => Err(Rejection::Ambiguous(ambiguity)),
            Ok(BodyKind::Form) => std::str::from_utf8(body)
                .map(|form| Some(Source::Form(form)))
                .map_err(|_| Rejection::Ambiguous(Ambiguity::RawByte)),
            Ok(BodyKind::Json) => match Params::from_json(body) {
                Ok(params) if params.is_empty() => Ok(None),
                Ok(params) => Ok(Some(Source::Json(params))),
                Err(_) if claimed == QueryHash::Absent => Err(Rejection::QueryHashMissing),
                Err(ambiguity) => Err(Rejection::Ambiguous(ambiguity)),
            },
        },
        _ if claimed == QueryHash::Absent => Err(Rejection::QueryHashMissing),
        _ => Err(Rejection::ParametersInBoth),
    }
}

enum BodyKind {
    Json,
    Form,
}

/// One `Content-Type`, JSON or form, with no parameter but `charset=utf-8`; no `Content-Encoding`.
fn body_kind(headers: &HeaderMap) -> Result<BodyKind, Ambiguity> {
    if headers.contains_key(CONTENT_ENCODING) {
        return Err(Ambiguity::ContentEncoding);
    }
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return Err(Ambiguity::ContentType) };
    let text = value.to_str().map_err(|_| Ambiguity::ContentType)?;
    let (essence, parameter) = match text.split_once(';') {
        Some((essence, parameter)) => (essence.trim(), Some(parameter.trim())),
        None => (text.trim(), None),
    };
    let is_utf8 =
        |p: &str| p.eq_ignore_ascii_case("charset=utf-8") || p.eq_ignore_ascii_case("charset=\"utf-8\"");
    if !parameter.is_none_or(is_utf8) {
        return Err(Ambiguity::ContentType);
    }
    if essence.eq_ignore_ascii_case("application/json") {
        Ok(BodyKind::Json)
    } else if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        Ok(BodyKind::Form)
    } else {
        Err(Ambiguity::ContentType)
    }
}

/// Whether the string has the hash claimed; in constant time for a given string.
fn is_hash(claimed: QueryHash, text: &[u8]) -> bool {
    let QueryHash::Sha512(claimed) = claimed else { return false };
    let hash: [u8; HASH_BYTES] = Sha512::digest(text).into();
    hash.ct_eq(&claimed).into()
}

impl<'a> Source<'a> {
    /// The forms that can stand for this source, in the order tried.
    fn forms(&self) -> &'static [CanonicalForm] {
        use CanonicalForm as F;
        match self {
            Self::Query(query) if query.contains('%') => &[F::QueryRaw, F::QueryDecoded],
            Self::Query(_) => &[F::QueryRaw],
            Self::Form(_) => &[F::FormRaw],
            Self::Json(_) => &[F::JsonPlain, F::JsonFormEncoded, F::JsonFormEncodedThenDecoded],
        }
    }

    /// Writes the source in a form, piece by piece.
    fn write(&self, form: CanonicalForm, mut out: impl FnMut(&[u8])) {
        match self {
            Self::Query(query) if form == CanonicalForm::QueryDecoded => {
                let whole = percent_decode(query, |piece| match piece {
                    Piece::Literal(literal) => out(literal),
                    Piece::Decoded(byte) => out(&[byte]),
                });
                // A broken `%` has no decoded form. A byte that UTF-8 never holds keeps what was written from
                // standing for any string; reading the parameters would refuse them anyway.
                if !whole {
                    out(&[0xff]);
                }
            }
            Self::Query(raw) | Self::Form(raw) => out(raw.as_bytes()),
            Self::Json(params) => {
                let mut is_first = true;
                for param in params.iter() {
                    if !is_first {
                        out(b"&");
                    }
                    is_first = false;
                    write_text(&param.name, form, &mut out);
                    out(if param.element { b"[]=" } else { b"=" });
                    write_text(&param.value, form, &mut out);
                }
            }
        }
    }

    /// Reads the parameters once a form matched.
    fn read(self, is_injective: bool) -> Result<Params<'a>, Rejection> {
        let params = match self {
            Self::Query(raw) | Self::Form(raw) => {
                Params::from_pairs(raw, is_injective).map_err(|e| match e {
                    PairsError::Ambiguous(ambiguity) => Rejection::Ambiguous(ambiguity),
                    PairsError::Smuggled => Rejection::SmuggledParameter,
                })?
            }
            Self::Json(params) if params.hold_separator() => return Err(Rejection::SmuggledParameter),
            Self::Json(params) => params,
        };
        params.check().map_err(Rejection::Ambiguous)?;
        Ok(params)
    }
}

/// Writes a JSON name or value in one of the JSON forms.
fn write_text(text: &str, form: CanonicalForm, out: &mut impl FnMut(&[u8])) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |n: u8| HEX.get(usize::from(n)).copied().unwrap_or_default();
    match form {
        CanonicalForm::JsonFormEncoded => {
            for byte in text.bytes() {
                match byte {
                    b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out(&[byte]),
                    b' ' => out(b"+"),
                    other => out(&[b'%', digit(other >> 4), digit(other & 15)]),
                }
            }
        }
        // Encoding and then decoding with `+` left alone gives back all but the spaces.
        CanonicalForm::JsonFormEncodedThenDecoded => {
            let mut words = text.split(' ');
            out(words.next().unwrap_or_default().as_bytes());
            for word in words {
                out(b"+");
                out(word.as_bytes());
            }
        }
        _ => out(text.as_bytes()),
    }
}
