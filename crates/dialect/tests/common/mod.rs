//! Signs requests as clients do, without using anything of the crate under test.

#![allow(dead_code, reason = "each test binary uses a part")]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderValue, Method};
use sha2::{Digest, Sha256, Sha512};
use sumun_dialect::{Dialect, MacKey, RawRequest, Rejection, Verified};
use sumun_model::ApiSecret;

/// Made up.
pub(crate) const SECRET: &str = "made-up-secret";

/// A request that owns its parts.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) query: String,
    pub(crate) body: Vec<u8>,
    pub(crate) headers: HeaderMap,
}

pub(crate) fn mac_key() -> MacKey {
    MacKey::new(&ApiSecret::new(SECRET.as_bytes().to_vec()).unwrap())
}

/// A JWT over the claims, by HS256 or HS512.
pub(crate) fn token(claims: &serde_json::Value, long: bool) -> String {
    let alg = if long { "HS512" } else { "HS256" };
    let header = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"{alg}","typ":"JWT"}}"#));
    let input = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let mac = if long {
        let mac = Hmac::<Sha512>::new_from_slice(SECRET.as_bytes()).unwrap();
        mac.chain_update(&input).finalize().into_bytes().to_vec()
    } else {
        let mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
        mac.chain_update(&input).finalize().into_bytes().to_vec()
    };
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(mac))
}

pub(crate) fn claims(hashed: Option<&str>) -> serde_json::Value {
    let mut claims = serde_json::json!({"access_key": "K1", "nonce": "n-1"});
    if let Some(hashed) = hashed {
        claims["query_hash"] = hex::encode(Sha512::digest(hashed)).into();
        claims["query_hash_alg"] = "SHA512".into();
    }
    claims
}

impl Request {
    /// A request whose token hashes the given string.
    pub(crate) fn new(query: &str, body: &[u8], content_type: Option<&str>, hashed: Option<&str>) -> Self {
        Self::with_claims(query, body, content_type, &claims(hashed))
    }

    pub(crate) fn with_claims(
        query: &str,
        body: &[u8],
        content_type: Option<&str>,
        claims: &serde_json::Value,
    ) -> Self {
        let mut headers = HeaderMap::new();
        let bearer = format!("Bearer {}", token(claims, false));
        headers.insert("authorization", HeaderValue::from_str(&bearer).unwrap());
        if let Some(content_type) = content_type {
            headers.insert("content-type", HeaderValue::from_str(content_type).unwrap());
        }
        Self { query: query.to_owned(), body: body.to_owned(), headers }
    }

    pub(crate) fn raw(&self) -> RawRequest<'_> {
        RawRequest {
            method: &Method::POST,
            path: "/v1/orders",
            query: &self.query,
            headers: &self.headers,
            body: &self.body,
            upgrade: false,
        }
    }

    /// Reads the credential, which must be readable, and verifies.
    pub(crate) fn verify(&self) -> Result<Verified<'_>, Rejection> {
        let request = self.raw();
        let credential = Dialect::Upbit.credential(&request).unwrap().unwrap();
        Dialect::Upbit.verify(&request, &credential, &mac_key())
    }
}
