//! The exchange's word on a renewed verification of identity: "this customer's identity was verified, or not", signed, used once.
//!
//! A compact JWS as its assertion is, with a `typ` of its own, so that neither passes for the other. Pure: keys, audience and the
//! instant come in. That it is used once is the caller's to see to, with `evidence` and `until`.

use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use sumun_feed::{Compact, JwsError, PublicKey, Typ};
use sumun_govern::owner::identity::IdentityWord;
use sumun_govern::venue::PublicKeyText;
use sumun_model::{AccountId, CustomerId, KeyId, Timestamp};

/// How far ahead of ours the exchange's clock may be, in seconds.
const AHEAD_S_MAX: i64 = 5;
/// How old a callback may be, in seconds: it may wait in the exchange's queue, and is worth no less for that.
const AGE_S_MAX: i64 = 3_600;
/// Longest `jti`, in bytes.
const JTI_BYTES_MAX: usize = 128;
/// Longest word for a method, in bytes.
const METHOD_BYTES_MAX: usize = 64;

/// Why a callback is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CallbackError {
    #[error("it is not what the exchange signs: {0}")]
    Jws(#[from] JwsError),
    #[error("it is signed by none of the exchange's keys that `venue.toml` names")]
    Key,
    #[error("it is for another audience than `{0}`")]
    Audience(String),
    #[error("it was issued more than {AGE_S_MAX} seconds ago")]
    Old,
    #[error("it speaks of the future; set the clock")]
    Ahead,
    #[error("its `jti` is empty, too long or not printable ASCII")]
    Jti,
    #[error("its `method` is not 1 to {METHOD_BYTES_MAX} of a-z, 0-9 and _")]
    Method,
    #[error("its `result` is neither `passed` nor `failed`")]
    Result,
}

#[derive(Deserialize)]
struct Claims {
    aud: String,
    iat: i64,
    /// When the identity was verified; `iat` if absent.
    at: Option<i64>,
    jti: String,
    sub: CustomerId,
    key: Option<KeyId>,
    account: Option<AccountId>,
    method: String,
    result: String,
}

/// Checks a callback: signature first, then each claim. Gives what it says, and until when it must not be taken again.
pub(crate) fn check(
    text: &str,
    keys: &BTreeMap<String, PublicKeyText>,
    audience: &str,
    now: Timestamp,
) -> Result<(IdentityWord, Timestamp), CallbackError> {
    let claims = claims(text, keys)?;
    if claims.aud != audience {
        return Err(CallbackError::Audience(audience.to_owned()));
    }
    let now_s = now.as_micros().div_euclid(1_000_000);
    let at = claims.at.unwrap_or(claims.iat);
    if claims.iat.saturating_sub(now_s) > AHEAD_S_MAX || at.saturating_sub(claims.iat) > AHEAD_S_MAX {
        return Err(CallbackError::Ahead);
    }
    if now_s.saturating_sub(claims.iat) > AGE_S_MAX {
        return Err(CallbackError::Old);
    }
    let printable = claims.jti.bytes().all(|byte| byte.is_ascii_graphic());
    if claims.jti.is_empty() || claims.jti.len() > JTI_BYTES_MAX || !printable {
        return Err(CallbackError::Jti);
    }
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if claims.method.is_empty() || claims.method.len() > METHOD_BYTES_MAX || !claims.method.bytes().all(word)
    {
        return Err(CallbackError::Method);
    }
    let passed = match claims.result.as_str() {
        "passed" => true,
        "failed" => false,
        _ => return Err(CallbackError::Result),
    };
    let at = Timestamp::from_seconds(at).ok_or(CallbackError::Old)?.min(now);
    let issued = Timestamp::from_seconds(claims.iat).ok_or(CallbackError::Old)?;
    let word = IdentityWord {
        customer: claims.sub,
        key: claims.key,
        account: claims.account,
        method: claims.method,
        passed,
        at,
        evidence: hex::encode(Sha256::digest(&claims.jti)),
    };
    Ok((word, issued.plus_micros((AGE_S_MAX + 2) * 1_000_000)))
}

/// The claims, once one of the exchange's keys is found to have signed them.
fn claims(text: &str, keys: &BTreeMap<String, PublicKeyText>) -> Result<Claims, CallbackError> {
    let compact = Compact::parse(text, Typ::Identity)?;
    for key in keys.values() {
        let Ok(key) = PublicKey::from_bytes(key.bytes()) else { continue };
        match compact.verify(&key) {
            Err(JwsError::Signature) => {}
            read => return Ok(read?),
        }
    }
    Err(CallbackError::Key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::{Value, json};
    use sumun_feed::{SigningKey, jws};

    const NOW_S: i64 = 1_800_000_000;

    fn judged(text: &str) -> Result<IdentityWord, String> {
        let key = SigningKey::from_seed(&[7; 32]).public();
        let public = PublicKeyText::parse(&URL_SAFE_NO_PAD.encode(key.to_bytes())).unwrap();
        let keys = BTreeMap::from([("k1".to_owned(), public)]);
        let now = Timestamp::from_seconds(NOW_S).unwrap();
        check(text, &keys, "sumun.example/demo", now).map(|(word, _)| word).map_err(|no| no.to_string())
    }

    fn with(field: &str, value: Value) -> String {
        let mut claims = json!({ "aud": "sumun.example/demo", "iat": NOW_S - 5, "jti": "j1", "sub": "C1", "key": "K1",
            "method": "video_call", "result": "passed" });
        claims[field] = value;
        jws::sign(&SigningKey::from_seed(&[7; 32]), Typ::Identity, &claims).unwrap()
    }

    #[test]
    fn what_holds_and_what_does_not() {
        let good = judged(&with("result", json!("passed"))).unwrap();
        assert!(good.passed && good.key.is_some() && good.account.is_none());
        assert!(!judged(&with("result", json!("failed"))).unwrap().passed);
        let assertion = jws::sign(&SigningKey::from_seed(&[7; 32]), Typ::Assertion, &json!({})).unwrap();
        let told: Vec<String> = [
            ("another typ", assertion),
            ("audience", with("aud", json!("other"))),
            ("old", with("iat", json!(NOW_S - 3_601))),
            ("ahead", with("iat", json!(NOW_S + 6))),
            ("verified later than issued", with("at", json!(NOW_S + 3))),
            ("no jti", with("jti", json!(""))),
            ("method", with("method", json!("Video Call"))),
            ("result", with("result", json!("maybe"))),
            ("least iat", with("iat", json!(i64::MIN))),
            ("most at", with("at", json!(i64::MAX))),
        ]
        .iter()
        .map(|(name, text)| format!("{name}: {}", judged(text).unwrap_err()))
        .collect();
        insta::assert_snapshot!(told.join("\n"));
    }
}
