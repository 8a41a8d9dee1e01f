//! A signed request in Upbit's dialect: never panics, refuses what was not signed with the key, and accepts only
//! parameters that are, pair by pair, the ones in the string that was signed.
//!
//! Input, one part per line: target, content type, algorithm, mode, text; the body is the rest. In mode `sign` the
//! text is the string the token's hash covers and the token is signed with the key, as an attacker could who makes
//! the owner sign one thing and sends another. In any other mode the text is the `Authorization` header itself.

#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};
use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256, Sha512};
use sumun_dialect::{Dialect, MacKey, RawRequest, Verified};
use sumun_model::ApiSecret;

/// Made up, as is the key id below.
const SECRET: &[u8] = b"fuzz-secret-made-up";

fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.splitn(6, |byte| *byte == b'\n');
    let mut part = || parts.next().unwrap_or_default();
    let (target, content_type, algorithm, mode, text, body) =
        (part(), part(), part(), part(), part(), part());
    let (Ok(target), Ok(algorithm)) = (std::str::from_utf8(target), std::str::from_utf8(algorithm)) else {
        return;
    };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let is_signed = mode == b"sign";
    let authorization = if is_signed { signed(algorithm, text) } else { text.to_vec() };
    let mut headers = HeaderMap::new();
    let Ok(authorization) = HeaderValue::from_bytes(&authorization) else { return };
    headers.insert(AUTHORIZATION, authorization);
    if let Ok(value) = HeaderValue::from_bytes(content_type)
        && !content_type.is_empty()
    {
        headers.insert(CONTENT_TYPE, value);
    }
    let request = RawRequest { method: &Method::POST, path, query, headers: &headers, body, upgrade: false };

    let Ok(Some(credential)) = Dialect::Upbit.credential(&request) else {
        assert!(!is_signed || !matches!(algorithm, "HS256" | "HS512"), "a sound token is readable");
        return;
    };
    let key = MacKey::new(&ApiSecret::new(SECRET.to_vec()).expect("the secret is well formed"));
    let Ok(verified) = Dialect::Upbit.verify(&request, &credential, &key) else { return };
    assert!(is_signed, "a token nobody signed was accepted");
    assert!(query.is_empty() || body.is_empty() || verified.params.is_empty(), "parameters in both places");
    if verified.form.is_some() {
        assert_covered(&verified, text);
    } else {
        assert!(verified.params.is_empty());
    }
});

/// A token over the string, as Upbit's clients make it.
fn signed(algorithm: &str, string: &[u8]) -> Vec<u8> {
    let hash: String = Sha512::digest(string).iter().map(|byte| format!("{byte:02x}")).collect();
    let header = format!(r#"{{"alg":"{algorithm}","typ":"JWT"}}"#);
    let claims =
        format!(r#"{{"access_key":"FUZZ","nonce":"n1","query_hash":"{hash}","query_hash_alg":"SHA512"}}"#);
    let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let mac = if algorithm == "HS512" {
        let mut mac = Hmac::<Sha512>::new_from_slice(SECRET).expect("any length is a key");
        mac.update(input.as_bytes());
        mac.finalize().into_bytes().to_vec()
    } else {
        let mut mac = Hmac::<Sha256>::new_from_slice(SECRET).expect("any length is a key");
        mac.update(input.as_bytes());
        mac.finalize().into_bytes().to_vec()
    };
    format!("Bearer {input}.{}", URL_SAFE_NO_PAD.encode(mac)).into_bytes()
}

/// The parameters accepted are those of the signed string, under one of the ways clients write them into it.
fn assert_covered(verified: &Verified<'_>, string: &[u8]) {
    let accepted: Vec<(Vec<u8>, Vec<u8>)> = verified
        .params
        .iter()
        .map(|param| {
            let mut name = param.name.as_bytes().to_vec();
            if param.element {
                name.extend_from_slice(b"[]");
            }
            (name, param.value.as_bytes().to_vec())
        })
        .collect();
    let readings = [(false, false), (false, true), (true, false), (true, true)];
    let covered = readings.iter().any(|(percent, plus)| pairs(string, *percent, *plus) == accepted);
    assert!(covered, "accepted {accepted:?}, signed {:?}", String::from_utf8_lossy(string));
}

/// A naive form reader: whether `%XX` and `+` are decoded is the caller's guess.
fn pairs(string: &[u8], percent: bool, plus: bool) -> Vec<(Vec<u8>, Vec<u8>)> {
    let decode = |text: &[u8]| {
        let mut out = Vec::new();
        let mut at = 0;
        while let Some(byte) = text.get(at) {
            let hex = |i: usize| text.get(i).and_then(|digit| char::from(*digit).to_digit(16));
            match (byte, hex(at + 1), hex(at + 2)) {
                (b'%', Some(high), Some(low)) if percent => {
                    out.push((high * 16 + low) as u8);
                    at += 2;
                }
                (b'+', ..) if plus => out.push(b' '),
                _ => out.push(*byte),
            }
            at += 1;
        }
        out
    };
    string
        .split(|byte| *byte == b'&')
        .map(|pair| {
            let at = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
            (decode(&pair[..at]), decode(pair.get(at + 1..).unwrap_or_default()))
        })
        .collect()
}
