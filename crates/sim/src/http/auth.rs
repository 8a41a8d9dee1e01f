//! Whose request it is. The mock reads the access key out of the token and, unless told to verify, believes it.
//!
//! The check behind `--verify` is written apart from the gate's, so that the two can disagree in a test.

use super::Shared;
use super::error::ApiError;
use crate::venue::AccountIndex;
use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use percent_encoding::percent_decode_str;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256, Sha512};
use std::collections::BTreeSet;
use std::fmt;

/// A token, taken apart but not believed.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    signed: String,
    signature: Vec<u8>,
    algorithm: String,
    pub(crate) claims: Claims,
}

#[derive(Debug, Clone, Deserialize)]
struct Header {
    alg: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Claims {
    pub(crate) access_key: String,
    #[serde(default)]
    nonce: Option<Value>,
    #[serde(default)]
    query_hash: Option<String>,
}

/// The token of the `Authorization` header.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<Token, ApiError> {
    let value = headers.get(header::AUTHORIZATION).ok_or_else(|| {
        ApiError::unauthorized("no_authorization_token", "there is no Authorization header")
    })?;
    let text = value.to_str().unwrap_or("");
    let unreadable = || ApiError::unauthorized("jwt_verification", "the token cannot be read");
    // The scheme is matched without case, as HTTP has it.
    let (scheme, token) = text.split_once(' ').ok_or_else(unreadable)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(unreadable());
    }
    parse(token.trim()).ok_or_else(unreadable)
}

fn parse(token: &str) -> Option<Token> {
    let (signed, signature) = token.rsplit_once('.')?;
    let (head, claims) = signed.split_once('.')?;
    let head: Header = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(head).ok()?).ok()?;
    let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    Some(Token { signed: signed.to_owned(), signature, algorithm: head.alg, claims })
}

/// The access key a request claims, for the request list.
pub(crate) fn claimed_key(headers: &HeaderMap) -> Option<String> {
    bearer(headers).ok().map(|token| token.claims.access_key)
}

/// The account whose key a token names, and the key's secret.
pub(crate) fn account<'a>(
    shared: &'a Shared,
    token: &Token,
) -> Result<(AccountIndex, Option<&'a str>), ApiError> {
    let access_key = &token.claims.access_key;
    if let Some((account, secret)) = shared.keys.get(access_key) {
        return Ok((*account, secret.as_deref()));
    }
    let later = super::locked(&shared.issued).get(access_key).copied();
    let account =
        later.ok_or_else(|| ApiError::unauthorized("invalid_access_key", "there is no such access key"))?;
    Ok((account, None))
}

/// Checks signature and parameter hash.
pub(crate) fn verify(
    token: &Token,
    secret: Option<&str>,
    query: &str,
    body: &[u8],
    content_type: &str,
) -> Result<(), ApiError> {
    let secret = secret
        .ok_or_else(|| ApiError::unauthorized("jwt_verification", "the mock has no secret for this key"))?;
    if !is_genuine(token, secret) {
        return Err(ApiError::unauthorized("jwt_verification", "the signature is wrong"));
    }
    let forms = canonical_forms(query, body, content_type);
    let agrees = match &token.claims.query_hash {
        None => forms.is_empty(),
        Some(hash) => forms.iter().any(|form| hex::encode(Sha512::digest(form.as_bytes())) == *hash),
    };
    if agrees {
        Ok(())
    } else {
        Err(ApiError::unauthorized("invalid_query_payload", "the token was made for other parameters"))
    }
}

/// Whether this secret signed the token, whatever parameters it was made for.
pub(crate) fn is_genuine(token: &Token, secret: &str) -> bool {
    match token.algorithm.as_str() {
        "HS256" => mac::<Hmac<Sha256>>(secret, &token.signed, &token.signature),
        "HS512" => mac::<Hmac<Sha512>>(secret, &token.signed, &token.signature),
        _ => false,
    }
}

fn mac<M: Mac + KeyInit>(secret: &str, signed: &str, signature: &[u8]) -> bool {
    <M as KeyInit>::new_from_slice(secret.as_bytes())
        .is_ok_and(|mac| mac.chain_update(signed.as_bytes()).verify_slice(signature).is_ok())
}

/// The strings clients hash for one request; none when it has no parameters.
fn canonical_forms(query: &str, body: &[u8], content_type: &str) -> Vec<String> {
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let mut forms = Vec::new();
    if !query.is_empty() {
        forms.extend([query.to_owned(), decoded(query)]);
    }
    if body.is_empty() {
        return forms;
    }
    if content_type.contains("json") {
        let Members(members) = serde_json::from_slice(body).unwrap_or_default();
        let pairs: Vec<(String, String)> =
            members.iter().flat_map(|(name, value)| flatten(name, value.get())).collect();
        let join = |encode: &dyn Fn(&str) -> String| {
            let parts: Vec<String> =
                pairs.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
            parts.join("&")
        };
        let form = |text: &str| {
            percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC)
                .to_string()
                .replace("%20", "+")
                .replace("%2D", "-")
                .replace("%2E", ".")
                .replace("%5F", "_")
        };
        forms.extend([join(&str::to_owned), join(&form), decoded(&join(&form))]);
    } else {
        forms.push(String::from_utf8_lossy(body).into_owned());
    }
    forms
}

/// A JSON object's members in document order, values as the text they came in.
#[derive(Default)]
struct Members(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

/// A member as clients hash it: strings unquoted, array elements one by one under `name[]`, anything else as written.
fn flatten(name: &str, value: &str) -> Vec<(String, String)> {
    if let Ok(text) = serde_json::from_str::<String>(value) {
        return vec![(name.to_owned(), text)];
    }
    if let Ok(values) = serde_json::from_str::<Vec<Box<RawValue>>>(value) {
        let name = format!("{}[]", name.strip_suffix("[]").unwrap_or(name));
        return values.iter().flat_map(|value| flatten(&name, value.get())).collect();
    }
    vec![(name.to_owned(), value.to_owned())]
}

/// Nonces seen so far, when the mock verifies. Unbounded: a mock does not live long.
#[derive(Debug, Default)]
pub(crate) struct Nonces(BTreeSet<(String, String)>);

impl Nonces {
    /// Notes a nonce, or refuses one that was noted before.
    pub(crate) fn first_use(&mut self, token: &Token) -> Result<(), ApiError> {
        let nonce = token.claims.nonce.as_ref().map(Value::to_string).unwrap_or_default();
        if nonce.is_empty() {
            return Err(ApiError::unauthorized("jwt_verification", "the token has no nonce"));
        }
        if self.0.insert((token.claims.access_key.clone(), nonce)) {
            Ok(())
        } else {
            Err(ApiError::unauthorized("nonce_used", "this nonce was used before"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] =
        br#"{"market":"KRW-BTC","side":"bid","ord_type":"limit","price":"50000000","volume":"0.001"}"#;
    /// From the exchange's worked example of this body.
    const HASH: &str = "e9c3d1608445e04e1633fe2c0aa244f8b137307300d2e859ebb66d0bd3a24fd54f70488ad08adab3bd46a78c431c660e566328c200c791b40c0a44fb127680dd";

    #[test]
    fn a_json_body_hashes_to_what_a_client_hashes() {
        let forms = canonical_forms("", BODY, "application/json");
        assert_eq!(forms[0], "market=KRW-BTC&side=bid&ord_type=limit&price=50000000&volume=0.001");
        assert_eq!(hex::encode(Sha512::digest(&forms[0])), HASH);
    }

    #[test]
    fn numbers_keep_their_text_and_arrays_their_brackets() {
        let forms = canonical_forms("", br#"{"amount":1.10,"uuids":["a","b"]}"#, "application/json");
        assert_eq!(forms[0], "amount=1.10&uuids[]=a&uuids[]=b");
    }

    fn token(algorithm: &str, secret: &str, claims: &str) -> Token {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let signed = format!("{}.{}", part(&format!(r#"{{"alg":"{algorithm}"}}"#)), part(claims));
        let signature =
            Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap().chain_update(&signed).finalize();
        parse(&format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.into_bytes()))).unwrap()
    }

    #[test]
    fn only_a_genuine_token_for_these_parameters_passes() {
        let claims = format!(r#"{{"access_key":"MADExUP","nonce":"1","query_hash":"{HASH}"}}"#);
        let check = |token: &Token, body: &[u8]| {
            verify(token, Some("secret"), "", body, "application/json").map_err(|e| e.name)
        };
        assert_eq!(check(&token("HS256", "secret", &claims), BODY), Ok(()));
        assert_eq!(check(&token("HS256", "guess", &claims), BODY), Err("jwt_verification"));
        assert_eq!(check(&token("none", "secret", &claims), BODY), Err("jwt_verification"));
        assert_eq!(
            check(&token("HS256", "secret", &claims), br#"{"market":"KRW-ETH"}"#),
            Err("invalid_query_payload")
        );
        assert_eq!(check(&token("HS256", "secret", &claims), b""), Err("invalid_query_payload"));
        let bare = token("HS256", "secret", r#"{"access_key":"MADExUP","nonce":"1"}"#);
        assert_eq!(check(&bare, BODY), Err("invalid_query_payload"));
        assert_eq!(check(&bare, b""), Ok(()));
    }

    #[test]
    fn a_nonce_is_good_once_per_key() {
        let mut nonces = Nonces::default();
        let first = token("HS256", "secret", r#"{"access_key":"ONE","nonce":"n"}"#);
        let other = token("HS256", "secret", r#"{"access_key":"TWO","nonce":"n"}"#);
        assert!(nonces.first_use(&first).is_ok() && nonces.first_use(&other).is_ok());
        assert_eq!(nonces.first_use(&first).unwrap_err().name, "nonce_used");
    }
}
