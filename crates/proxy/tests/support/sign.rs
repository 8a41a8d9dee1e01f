//! Signs requests as Upbit's clients do, without anything of the crates under test.

use super::SECRET;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256, Sha512};
use std::sync::atomic::{AtomicU64, Ordering};

static NONCE: AtomicU64 = AtomicU64::new(1);

/// A nonce never used in this process.
pub fn nonce() -> String {
    format!("n-{}", NONCE.fetch_add(1, Ordering::Relaxed))
}

/// `Bearer` and a token with HS512 or HS256 over the claims.
pub fn bearer_with(claims: &serde_json::Value, secret: &str, long: bool) -> String {
    let alg = if long { "HS512" } else { "HS256" };
    let header = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"{alg}","typ":"JWT"}}"#));
    let input = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let mac = if long {
        Hmac::<Sha512>::new_from_slice(secret.as_bytes())
            .unwrap()
            .chain_update(&input)
            .finalize()
            .into_bytes()
            .to_vec()
    } else {
        Hmac::<Sha256>::new_from_slice(secret.as_bytes())
            .unwrap()
            .chain_update(&input)
            .finalize()
            .into_bytes()
            .to_vec()
    };
    format!("Bearer {input}.{}", URL_SAFE_NO_PAD.encode(mac))
}

/// A credential of a key for the parameters hashed (`""`: none), under a nonce.
pub fn bearer_nonce(key: &str, hashed: &str, nonce: &str) -> String {
    let mut claims = serde_json::json!({"access_key": key, "nonce": nonce});
    if !hashed.is_empty() {
        claims["query_hash"] = hex::encode(Sha512::digest(hashed)).into();
        claims["query_hash_alg"] = "SHA512".into();
    }
    // By the nonce, so that both algorithms are met everywhere.
    bearer_with(&claims, SECRET, nonce.len().is_multiple_of(2))
}

/// A credential of a key for the parameters hashed, under a fresh nonce.
pub fn bearer(key: &str, hashed: &str) -> String {
    bearer_nonce(key, hashed, &nonce())
}

/// The key that a credential names.
pub fn key_of(authorization: &str) -> String {
    key_and_nonce_of(authorization).0
}

/// The key and the nonce in a credential.
pub fn key_and_nonce_of(authorization: &str) -> (String, String) {
    let token = authorization.split(' ').nth(1).unwrap();
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
    (claims["access_key"].as_str().unwrap().to_owned(), claims["nonce"].as_str().unwrap().to_owned())
}

/// A head with `Host`, a fresh credential of K1 and what is told, up to its empty line.
pub fn head(method: &str, target: &str, hashed: &str, more: &str) -> String {
    format!(
        "{method} {target} HTTP/1.1\r\nHost: api.example\r\nAuthorization: {}\r\n{more}\r\n",
        bearer("K1", hashed)
    )
}

/// A whole request of K1: its query, or its form body, is what is signed.
pub fn request(method: &str, target: &str, form: &str) -> String {
    let query = target.split_once('?').map_or("", |(_, query)| query);
    if form.is_empty() {
        return head(method, target, query, "");
    }
    let more =
        format!("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n", form.len());
    format!("{}{form}", head(method, target, form, &more))
}
