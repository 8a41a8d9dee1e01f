//! Upbit's credential: a JWT with HS256 or HS512 in the `Authorization` header.
//!
//! Reading comes before trusting: everything a [`Token`] holds is a claim until [`Token::verify_mac`] held. Only
//! algorithms on the list verify, `none` and public-key ones never; a header that asks for critical extensions is
//! not read at all.

use crate::dialect::Dialect;
use crate::json::{self, Value};
use crate::key::{Algorithm, MacKey};
use crate::rejection::{Malformed, Rejection};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use std::fmt;
use sumun_model::{Timestamp, id::ID_BYTES_MAX};

/// Claims and header members; real tokens have two to five.
const JSON_LIMITS: json::Limits = json::Limits { depth: 8, values: 64 };

/// Bytes of a SHA-512 hash.
pub(crate) const HASH_BYTES: usize = 64;

/// What the claim `query_hash` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum QueryHash {
    /// Nothing is bound.
    Absent,
    /// Not the 128 lower-case hexadecimal digits of a SHA-512 hash: matches nothing.
    Unreadable,
    /// The hash.
    Sha512([u8; HASH_BYTES]),
}

/// A token as read. Nothing in it is proved. `Debug` prints the key id alone: whoever has the whole token may use it.
#[derive(Clone)]
pub(crate) struct Token<'a> {
    signing_input: &'a str,
    algorithm: Option<Algorithm>,
    mac: [u8; 64],
    /// 0 if the signature cannot be a MAC of the algorithm: then it verifies never.
    mac_bytes: usize,
    /// Key id, then nonce.
    text: String,
    key_id_bytes: usize,
    issued: Option<Timestamp>,
    query_hash: QueryHash,
    has_other_hash_algorithm: bool,
    has_query_claim: bool,
}

impl<'a> Token<'a> {
    /// Reads the one `Authorization` header; `None` if there is none.
    pub(crate) fn read(headers: &'a HeaderMap) -> Result<Option<Self>, Malformed> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let Some(value) = values.next() else { return Ok(None) };
        if values.next().is_some() {
            return Err(Malformed::RepeatedHeader);
        }
        let text = value.to_str().map_err(|_| Malformed::NotBearer)?;
        let (scheme, token) = text.split_once(' ').ok_or(Malformed::NotBearer)?;
        if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() || !is_graphic(token) {
            return Err(Malformed::NotBearer);
        }
        Self::parse(token).map(Some)
    }

    fn parse(token: &'a str) -> Result<Self, Malformed> {
        if token.len() > Dialect::TOKEN_BYTES_MAX {
            return Err(Malformed::TokenTooLong);
        }
        let (signing_input, signature) = token.rsplit_once('.').ok_or(Malformed::NotThreeParts)?;
        let (header, claims) = signing_input.split_once('.').ok_or(Malformed::NotThreeParts)?;
        if claims.contains('.') {
            return Err(Malformed::NotThreeParts);
        }
        let algorithm = read_header(header)?;
        let mut mac = [0; 64];
        let mut mac_bytes = 0;
        if let Some(algorithm) = algorithm {
            // A signature too long for the buffer is no MAC of ours, whatever it is.
            match URL_SAFE_NO_PAD.decode_slice(signature, &mut mac) {
                Ok(n) if n == algorithm.mac_bytes() => mac_bytes = n,
                Ok(_) | Err(base64::DecodeSliceError::OutputSliceTooSmall) => {}
                Err(base64::DecodeSliceError::DecodeError(_)) => return Err(Malformed::NotThreeParts),
            }
        }
        let claims = URL_SAFE_NO_PAD.decode(claims).map_err(|_| Malformed::NotThreeParts)?;
        let Ok(Value::Object(claims)) = json::parse(&claims, JSON_LIMITS) else {
            return Err(Malformed::Claims);
        };
        let mut this = Self {
            signing_input,
            algorithm,
            mac,
            mac_bytes,
            text: String::new(),
            key_id_bytes: 0,
            issued: None,
            query_hash: QueryHash::Absent,
            has_other_hash_algorithm: false,
            has_query_claim: false,
        };
        let (mut key_id, mut nonce) = (None, None);
        for (name, value) in &claims {
            match (name.as_ref(), value) {
                ("access_key", Value::Text(text)) if is_key_id(text) => key_id = Some(text.as_ref()),
                ("access_key", _) => return Err(Malformed::AccessKey),
                ("nonce", Value::Text(text)) if is_nonce(text) => nonce = Some(text.as_ref()),
                ("nonce", Value::Number(literal)) if is_nonce(literal) && is_whole(literal) => {
                    nonce = Some(literal);
                }
                ("nonce", _) => return Err(Malformed::Nonce),
                ("query_hash", Value::Text(text)) => this.query_hash = read_hash(text),
                ("query_hash_alg", Value::Text(text)) => {
                    this.has_other_hash_algorithm = !text.eq_ignore_ascii_case("sha512");
                }
                ("query_hash", _) => this.query_hash = QueryHash::Unreadable,
                ("query_hash_alg", _) => this.has_other_hash_algorithm = true,
                ("query", _) => this.has_query_claim = true,
                ("iat", Value::Number(literal)) => this.issued = seconds(literal),
                _ => {}
            }
        }
        let (key_id, nonce) = (key_id.ok_or(Malformed::AccessKey)?, nonce.ok_or(Malformed::Nonce)?);
        this.text = [key_id, nonce].concat();
        this.key_id_bytes = key_id.len();
        Ok(this)
    }

    pub(crate) fn key_id(&self) -> &str {
        self.text.get(..self.key_id_bytes).unwrap_or_default()
    }

    pub(crate) fn nonce(&self) -> &str {
        self.text.get(self.key_id_bytes..).unwrap_or_default()
    }

    pub(crate) const fn issued(&self) -> Option<Timestamp> {
        self.issued
    }

    /// What the token says of itself, for explaining: nothing that helps to forge one.
    pub(crate) fn describe(&self) -> String {
        let (key_id, nonce) = (self.key_id(), self.nonce());
        let algorithm = self.algorithm_name();
        let hash = match self.query_hash {
            QueryHash::Absent => "no query_hash".to_owned(),
            QueryHash::Unreadable => "an unreadable query_hash".to_owned(),
            QueryHash::Sha512(hash) => format!("query_hash {}", hash_start(&hash)),
        };
        let time = self.issued.map_or_else(String::new, |t| format!(", made {t}"));
        format!("{algorithm}, access_key `{key_id}`, nonce `{nonce}`, {hash}{time}")
    }

    /// The header's `alg`, as it stands there.
    fn algorithm_name(&self) -> String {
        let header = self.signing_input.split('.').next().unwrap_or_default();
        let header = URL_SAFE_NO_PAD.decode(header).unwrap_or_default();
        let Ok(Value::Object(members)) = json::parse(&header, JSON_LIMITS) else {
            return "no alg".to_owned();
        };
        match members.iter().find(|(name, _)| name == "alg") {
            Some((_, Value::Text(name))) => name.chars().take(16).flat_map(char::escape_default).collect(),
            _ => "no alg".to_owned(),
        }
    }

    /// The bound hash, if the claims about it are ones that this dialect takes.
    ///
    /// An absent `query_hash_alg` means SHA-512, the one algorithm there is and Upbit's documented default.
    pub(super) const fn query_hash(&self) -> Result<QueryHash, Rejection> {
        if self.has_query_claim {
            return Err(Rejection::OldQueryClaim);
        }
        if self.has_other_hash_algorithm && !matches!(self.query_hash, QueryHash::Absent) {
            return Err(Rejection::QueryHashAlg);
        }
        Ok(self.query_hash)
    }

    /// Checks algorithm and MAC.
    pub(crate) fn verify_mac(&self, key: &MacKey) -> Result<(), Rejection> {
        let algorithm = self.algorithm.ok_or(Rejection::AlgNotAllowed)?;
        let mac = self.mac.get(..self.mac_bytes).unwrap_or_default();
        if key.verifies(algorithm, self.signing_input.as_bytes(), mac) {
            Ok(())
        } else {
            Err(Rejection::BadSignature)
        }
    }
}

impl fmt::Debug for Token<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("key_id", &self.key_id()).finish_non_exhaustive()
    }
}

/// Headers as the known clients write them; all others are parsed.
const COMMON_HEADERS: &[(&str, Algorithm)] = &[
    ("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9", Algorithm::HmacSha256),
    ("eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9", Algorithm::HmacSha256),
    ("eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9", Algorithm::HmacSha512),
    ("eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzUxMiJ9", Algorithm::HmacSha512),
];

/// Reads the token's header; `None`: an algorithm outside the list, or none named.
fn read_header(part: &str) -> Result<Option<Algorithm>, Malformed> {
    if let Some((_, algorithm)) = COMMON_HEADERS.iter().find(|(text, _)| *text == part) {
        return Ok(Some(*algorithm));
    }
    let header = URL_SAFE_NO_PAD.decode(part).map_err(|_| Malformed::NotThreeParts)?;
    let Ok(Value::Object(members)) = json::parse(&header, JSON_LIMITS) else { return Err(Malformed::Header) };
    let mut algorithm = None;
    for (name, value) in &members {
        match (name.as_ref(), value) {
            ("crit" | "b64", _) => return Err(Malformed::CriticalHeader),
            ("alg", Value::Text(text)) if text == "HS256" => algorithm = Some(Algorithm::HmacSha256),
            ("alg", Value::Text(text)) if text == "HS512" => algorithm = Some(Algorithm::HmacSha512),
            _ => {}
        }
    }
    Ok(algorithm)
}

/// Whether all is visible ASCII. Looks at every byte, without a way out halfway, so that the compiler takes many at
/// once: a token is hundreds of bytes long and nearly always good.
fn is_graphic(text: &str) -> bool {
    text.bytes().fold(true, |good, b| good & b.is_ascii_graphic())
}

/// The rule of `KeyId`, without making one; a test holds both together.
fn is_key_id(text: &str) -> bool {
    let quotes = |b: u8| (b == b'"') | (b == b'\\') | (b == b'\'') | (b == b'`');
    (1..=ID_BYTES_MAX).contains(&text.len())
        && text.bytes().fold(true, |good, b| good & b.is_ascii_graphic() & !quotes(b))
}

fn is_nonce(text: &str) -> bool {
    (1..=Dialect::NONCE_BYTES_MAX).contains(&text.len()) && is_graphic(text)
}

fn is_whole(literal: &str) -> bool {
    literal.strip_prefix('-').unwrap_or(literal).bytes().all(|b| b.is_ascii_digit())
}

fn seconds(literal: &str) -> Option<Timestamp> {
    literal.parse().ok().and_then(Timestamp::from_seconds)
}

/// The first hexadecimal digits of a hash: enough to see whether two are the same.
pub(crate) fn hash_start(hash: &[u8; HASH_BYTES]) -> String {
    hash.iter().take(8).fold(String::new(), |text, byte| text + &format!("{byte:02x}")) + "…"
}

/// Lower-case only: what every client sends, and a server that compares text accepts nothing else.
fn read_hash(text: &str) -> QueryHash {
    const NO_DIGIT: u8 = 0xf0;
    let digit = |b: u8| match b {
        b'0'..=b'9' => b - b'0',
        b'a'..=b'f' => b - b'a' + 10,
        _ => NO_DIGIT,
    };
    let (pairs, []) = text.as_bytes().as_chunks() else { return QueryHash::Unreadable };
    if pairs.len() != HASH_BYTES {
        return QueryHash::Unreadable;
    }
    let mut hash = [0; HASH_BYTES];
    let mut seen = 0;
    for (byte, [high, low]) in hash.iter_mut().zip(pairs) {
        let (high, low) = (digit(*high), digit(*low));
        seen |= high | low;
        *byte = high << 4 | low;
    }
    if seen & NO_DIGIT == 0 { QueryHash::Sha512(hash) } else { QueryHash::Unreadable }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use proptest::prelude::*;
    use sumun_model::KeyId;

    fn part(text: &str) -> String {
        URL_SAFE_NO_PAD.encode(text)
    }

    /// Reads a token of the given header and claims under a signature of zeros.
    fn read(header: &str, claims: &str) -> Result<(String, String, Option<Algorithm>), Malformed> {
        let token = format!("{}.{}.{}", part(header), part(claims), URL_SAFE_NO_PAD.encode([0; 32]));
        Token::parse(&token).map(|t| (t.key_id().to_owned(), t.nonce().to_owned(), t.algorithm))
    }

    const HS256: &str = r#"{"alg":"HS256","typ":"JWT"}"#;
    const CLAIMS: &str = r#"{"access_key":"K1","nonce":"n-1"}"#;

    #[test]
    fn common_headers_are_what_they_say() {
        for (text, algorithm) in COMMON_HEADERS {
            let json = URL_SAFE_NO_PAD.decode(text).unwrap();
            let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
            let name = if *algorithm == Algorithm::HmacSha256 { "HS256" } else { "HS512" };
            assert_eq!(json, serde_json::json!({"alg": name, "typ": "JWT"}));
        }
    }

    #[test]
    fn the_header_names_an_allowed_algorithm_or_none() {
        let algorithm = |header: &str| read(header, CLAIMS).map(|(_, _, a)| a);
        assert_eq!(algorithm(HS256), Ok(Some(Algorithm::HmacSha256)));
        assert_eq!(algorithm(r#"{"kid":"x","alg":"HS512"}"#), Ok(Some(Algorithm::HmacSha512)));
        for other in ["none", "None", "hs256", "HS384", "RS256", "ES256", "HS256 ", ""] {
            assert_eq!(algorithm(&format!(r#"{{"alg":"{other}"}}"#)), Ok(None), "{other}");
        }
        assert_eq!(algorithm("{}"), Ok(None));
        assert_eq!(algorithm(r#"{"alg":["HS256"]}"#), Ok(None));
        assert_eq!(algorithm(r#"{"alg":"HS256","alg":"none"}"#), Err(Malformed::Header));
        assert_eq!(algorithm(r#"{"alg":"HS256","\u0061lg":"none"}"#), Err(Malformed::Header));
        assert_eq!(algorithm(r#"{"alg":"HS256","crit":["exp"]}"#), Err(Malformed::CriticalHeader));
        assert_eq!(algorithm(r#"{"alg":"HS256","b64":false}"#), Err(Malformed::CriticalHeader));
        assert_eq!(algorithm("[]"), Err(Malformed::Header));
    }

    #[test]
    fn claims_are_read_in_one_way() {
        let claims = |claims: &str| read(HS256, claims).map(|(key, nonce, _)| (key, nonce));
        assert_eq!(claims(CLAIMS), Ok(("K1".into(), "n-1".into())));
        assert_eq!(
            claims(r#"{"nonce":1795164470469,"x":{"y":[1]},"access_key":"K1"}"#).unwrap().1,
            "1795164470469"
        );
        for (bad, why) in [
            (r#"{"access_key":"K1","access_key":"K2","nonce":"n"}"#, Malformed::Claims),
            (r#"{"access_key":"K1","nonce":"n"} "x""#, Malformed::Claims),
            (r#"{"nonce":"n"}"#, Malformed::AccessKey),
            (r#"{"access_key":1,"nonce":"n"}"#, Malformed::AccessKey),
            (r#"{"access_key":"K 1","nonce":"n"}"#, Malformed::AccessKey),
            (r#"{"access_key":"K1"}"#, Malformed::Nonce),
            (r#"{"access_key":"K1","nonce":""}"#, Malformed::Nonce),
            (r#"{"access_key":"K1","nonce":1.5}"#, Malformed::Nonce),
            (r#"{"access_key":"K1","nonce":1e3}"#, Malformed::Nonce),
            (r#"{"access_key":"K1","nonce":null}"#, Malformed::Nonce),
            (r#"{"access_key":"K1","nonce":"a\u0000"}"#, Malformed::Nonce),
        ] {
            assert_eq!(claims(bad), Err(why), "{bad}");
        }
    }

    #[test]
    fn the_authorization_header_is_one_bearer_token() {
        let token = format!("{}.{}.{}", part(HS256), part(CLAIMS), URL_SAFE_NO_PAD.encode([0; 32]));
        let with = |values: &[String]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
            }
            Token::read(&headers).map(|t| t.is_some())
        };
        assert_eq!(with(&[]), Ok(false));
        assert_eq!(with(&[format!("Bearer {token}")]), Ok(true));
        assert_eq!(with(&[format!("bEARER {token}")]), Ok(true));
        assert_eq!(
            with(&[format!("Bearer {token}"), format!("Bearer {token}")]),
            Err(Malformed::RepeatedHeader)
        );
        for bad in ["", "Bearer", "Bearer ", "Basic eA==", &token, &format!("Bearer {token}, Bearer {token}")]
        {
            assert_eq!(with(&[bad.to_owned()]), Err(Malformed::NotBearer), "{bad}");
        }
        for bad in
            [format!("Bearer {token}="), format!("Bearer {token}.x"), "Bearer a.b".into(), "Bearer ..".into()]
        {
            assert!(with(std::slice::from_ref(&bad)).is_err(), "{bad}");
        }
        let long = "x".repeat(Dialect::TOKEN_BYTES_MAX + 1);
        assert_eq!(with(&[format!("Bearer {long}")]), Err(Malformed::TokenTooLong));
    }

    #[test]
    fn a_signature_has_one_spelling() {
        let head = format!("{}.{}", part(HS256), part(CLAIMS));
        let signature = URL_SAFE_NO_PAD.encode([0xff; 32]);
        assert!(Token::parse(&format!("{head}.{signature}")).is_ok());
        // The last character of 43 carries four bits; the two low bits must be zero.
        let other = format!("{}9", &signature[..42]);
        assert_eq!(Token::parse(&format!("{head}.{other}")).unwrap_err(), Malformed::NotThreeParts);
        assert_eq!(
            Token::parse(&format!("{head}.{}", signature.replace('_', "/"))).unwrap_err(),
            Malformed::NotThreeParts
        );
        // Of another length it is read, and verifies never.
        assert_eq!(Token::parse(&format!("{head}.")).unwrap().mac_bytes, 0);
        assert_eq!(Token::parse(&format!("{head}.{}", "A".repeat(86))).unwrap().mac_bytes, 0);
        assert_eq!(Token::parse(&format!("{head}.{}", "A".repeat(400))).unwrap().mac_bytes, 0);
    }

    #[test]
    fn iat_in_whole_seconds_is_the_tokens_time() {
        let time = |iat: &str| {
            let claims = format!(r#"{{"access_key":"K1","nonce":"n","iat":{iat}}}"#);
            let token = format!("{}.{}.AA", part(HS256), part(&claims));
            Token::parse(&token).unwrap().issued()
        };
        assert_eq!(time("1795164470").unwrap().to_string(), "2026-11-20T08:47:50.000000Z");
        for none in ["1795164470.5", "1e9", "9223372036854775807", "\"1795164470\"", "null"] {
            assert_eq!(time(none), None, "{none}");
        }
    }

    proptest! {
        #[test]
        fn key_ids_are_the_models(text in r#"[ -~가"\\'`]{0,8}|[a-z]{170,180}"#) {
            prop_assert_eq!(is_key_id(&text), KeyId::new(&text).is_ok());
        }

        #[test]
        fn a_hash_is_read_as_hexadecimal_is(text in "[0-9a-f]{128}|[0-9a-gA-F/:`]{126,130}|[0-9a-f]{127}[g@ ]") {
            let mut hash = [0; HASH_BYTES];
            let is_lower = !text.bytes().any(|b| b.is_ascii_uppercase());
            let known = if is_lower && hex::decode_to_slice(&text, &mut hash).is_ok() {
                QueryHash::Sha512(hash)
            } else {
                QueryHash::Unreadable
            };
            prop_assert_eq!(read_hash(&text), known);
        }

        #[test]
        fn no_token_panics(text in r"[A-Za-z0-9_.=-]{0,80}") {
            let _ = Token::parse(&text);
        }
    }
}
